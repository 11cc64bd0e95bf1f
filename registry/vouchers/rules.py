"""Who may have a voucher for what, how much, and how it moves.

Rules:
* The buyer is a data-annotation firm that operates in the area of the authority (S1 三, cl.4; RULINGS 6): register
  facts, on the day; unknown does not help.
* The seller on contract and invoice is itself a data-trading institution with a licence on that day, or a public
  compute centre with licence and green certificate on that day (S1 cl.4; RULINGS 6; F17).
* Product kind and purpose are among those the clause names; others wait for a recorded decision (RULINGS 7).
* Buyer and seller are not related, nor are buyer and whoever offered what the seller passes on (``related.py``; RULINGS
  1; POLICY §5 F3); the buyer's credit is clean (RULINGS 31).
* The event lies in the term and the policy is in force (RULINGS 19, 21).
* Another benefit that is recorded for the same purchase excludes it; nothing is topped up (RULINGS 11; F6, F20).
* One order has at most one counting voucher, beside those that were redeemed on its periods (``earlier.py``; RULINGS
  22); an invoice is claimed once, Σ claims on it never over its base (RULINGS 16).
* Of a firm and year, what was redeemed never exceeds the rate on the bases that were redeemed: a hold that is still
  open may be given back, so its base earns nothing for others (RULINGS 16; POLICY §4.3, invariant 4).
* A hold counts in the year it is made; at redemption it moves to the claim's year in one transaction, and what does
  not fit there or exceeds the real base is released (RULINGS 15).
* A redeemed claim that less of its purchase stands for is lessened (核减) to what the redemption would have given on
  the base that is left, never raised; where that is nothing, it is released. Once it is in a batch it is taken out
  first, and once it is paid the excess is recovered (RULINGS 16; ``lessening.py``).
* Money moves between a pool's accounts exactly as the voucher's state moves (ACCOUNT_OF); debits equal credits.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from registry.errors import ConflictError, Finding, Obstacle, RuleError
from registry.exchange.model import ProductKind
from registry.parties.model import ProviderKind
from registry.policy.kinds import Kind
from registry.policy.model import CapScope, Condition, Instrument, NamedList
from registry.policy.rules import FirmYearSoFar, VoucherTerms, voucher_amount
from registry.values.canonical import Json
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers.model import ACCOUNT_OF, COUNTING, VOUCHER_MOVES, Account, Voucher, VoucherState

SELLER_REGISTER: Final[Mapping[ProviderKind, str]] = {
    ProviderKind.DATA_EXCHANGE: "data_exchange",
    ProviderKind.COMPUTE_CENTRE: "public_compute_centre",
}
"""How a policy document names the register a seller stands in."""

PRODUCT_CODE: Final[Mapping[ProductKind, str]] = {
    ProductKind.DATASET: "dataset",
    ProductKind.API: "data_api",
    ProductKind.DESENSITISED_DATA: "desensitised_data",
    ProductKind.COMPUTE: "compute",
}
"""How a policy document names what is sold."""


def fits(instrument: Instrument, seller_kind: ProviderKind) -> bool:
    """Say whether an instrument supports purchases from sellers of this kind: a share of a price, out of a pool."""
    scopes = {cap.scope for cap in instrument.caps}
    return (
        instrument.kind is Kind.PERCENT
        and SELLER_REGISTER.get(seller_kind) in instrument.sellers
        and {CapScope.FIRM, CapScope.POOL} <= scopes
    )


@dataclass(frozen=True, slots=True)
class VoucherFacts:
    """Everything a verdict on a voucher rests on, as known on ``day``.

    ``seller_green`` is None where the instrument asks for no certificate; ``related_by`` names the chain between buyer
    and seller; ``counting_voucher`` is another voucher of the same order that excludes one more, ``supported_by`` names
    the documents by which another benefit for the same purchase is recorded.
    """

    day: date
    in_force: bool
    in_term: bool
    pool_open: bool
    annotation_firm: Finding
    operates_in_region: Finding
    credit_clean: Finding
    seller_licensed: Finding
    seller_green: Finding | None
    related_by: tuple[str, ...]
    product_kind: str
    purpose: str
    order_accepted: bool
    counting_voucher: str | None
    supported_by: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Return the facts as they are kept with a decision."""
        written: dict[str, Json] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Finding):
                value = value.value
            elif isinstance(value, date):
                value = value.isoformat()
            elif isinstance(value, tuple):
                value = list(value)
            written[item.name] = value
        return written

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "VoucherFacts":
        """Return the facts a decision was kept with, so that its verdict can be made again."""
        green = kept["seller_green"]
        return cls(
            **{
                **kept,
                "day": date.fromisoformat(kept["day"]),
                "annotation_firm": Finding(kept["annotation_firm"]),
                "operates_in_region": Finding(kept["operates_in_region"]),
                "credit_clean": Finding(kept["credit_clean"]),
                "seller_licensed": Finding(kept["seller_licensed"]),
                "seller_green": None if green is None else Finding(green),
                "related_by": tuple(kept["related_by"]),
                # Facts of the first releases know of no other benefit.
                "supported_by": tuple(kept.get("supported_by", ())),
            }
        )


def conditions(instrument: Instrument, facts: VoucherFacts) -> tuple[Condition, ...]:
    """Return every condition of a voucher with what is known of it."""
    clause = instrument.clause
    found = [
        Condition("voucher_policy_in_force", "RULINGS 21", _known(facts.in_force), {"day": str(facts.day)}),
        Condition("voucher_event_in_term", "RULINGS 19", _known(facts.in_term), {"day": str(facts.day)}),
        Condition("pool_open", "RULINGS 18", _known(facts.pool_open), evidence=("pool",)),
        Condition("buyer_is_annotation_firm", clause, facts.annotation_firm, evidence=("register",)),
        Condition("buyer_operates_in_region", "S1 三", facts.operates_in_region, evidence=("register",)),
        Condition("buyer_credit_clean", "RULINGS 31", facts.credit_clean, evidence=("credit_report",)),
        Condition("seller_licensed", clause, facts.seller_licensed, evidence=("licence",)),
        Condition(
            "seller_not_related", "RULINGS 1", _known(not facts.related_by), {"chain": " → ".join(facts.related_by)}
        ),
        Condition("order_accepted", "RULINGS 37", _known(facts.order_accepted), evidence=("contract",)),
        Condition(
            "order_without_voucher",
            "RULINGS 16",
            _known(facts.counting_voucher is None),
            {"voucher": facts.counting_voucher or ""},
        ),
        Condition(
            "purchase_not_supported_elsewhere",
            "RULINGS 11",
            _known(not facts.supported_by),
            {"documents": ", ".join(facts.supported_by)},
        ),
        _named("voucher_product_named", instrument.product_kinds, facts.product_kind),
    ]
    if facts.seller_green is not None:
        found.append(Condition("seller_green", clause, facts.seller_green, evidence=("green_certificate",)))
        found.append(_named("voucher_purpose_named", instrument.purposes, facts.purpose))
    return tuple(found)


def _known(met: bool) -> Finding:
    return Finding.MET if met else Finding.UNMET


def _named(code: str, named: NamedList | None, given: str) -> Condition:
    """A value the clause names passes at once; any other waits for a recorded decision (RULINGS 7)."""
    if named is None:
        return Condition(code, "RULINGS 7", Finding.MET, {"given": given})
    return Condition(code, named.clause, Finding.MET if given in named.codes else Finding.UNKNOWN, {"given": given})


# Invariant 6 (single resolution).
def require_move(voucher: Voucher, to: VoucherState) -> None:
    """Raise ConflictError unless the voucher may go to ``to`` now."""
    if to not in VOUCHER_MOVES[voucher.state]:
        raise ConflictError("voucher_wrong_state", id=voucher.id, state=voucher.state.value, wanted=to.value)


def require_claimed(voucher: Voucher, to: VoucherState) -> None:
    """Raise ConflictError for a hold: what a batch or the bank does to vouchers redeems none, only an invoice does."""
    if voucher.state is VoucherState.HELD:
        raise ConflictError("voucher_wrong_state", id=voucher.id, state=voucher.state.value, wanted=to.value)


def require_held(voucher: Voucher, to: VoucherState) -> None:
    """Raise ConflictError unless a voucher is held: what was claimed is not given back as a hold is."""
    if voucher.state is not VoucherState.HELD:
        raise ConflictError("voucher_wrong_state", id=voucher.id, state=voucher.state.value, wanted=to.value)


def has_run_out(voucher: Voucher, now: Moment) -> bool:
    """Say whether a hold has run out, whether or not anybody wrote that down yet."""
    return voucher.state is VoucherState.HELD and now >= voucher.expires_at


def require_not_expired(voucher: Voucher, now: Moment) -> None:
    """Raise ConflictError once a hold has run out, whether or not anybody wrote that down yet."""
    if now >= voucher.expires_at:
        raise ConflictError("voucher_expired", id=voucher.id, expired_at=str(voucher.expires_at))


def accounts_of_move(before: VoucherState | None, after: VoucherState) -> tuple[Account, Account]:
    """Return (debited, credited) accounts of a pool for a move; ``before`` None: the voucher is new."""
    credited = Account.AVAILABLE if before is None else ACCOUNT_OF[before]
    return ACCOUNT_OF[after], credited


@dataclass(frozen=True, slots=True)
class Redemption:
    """What a redemption comes to: the amount due, the part of the hold that is released, and the year it counts in."""

    amount: Money
    released: Money
    year: int


def redemption(
    voucher: Voucher,
    base: Money,
    year: int,
    so_far: FirmYearSoFar,
    terms: VoucherTerms,
    now: Moment,
    *,
    approved: FirmYearSoFar,
) -> Redemption:
    """Return what redeeming ``voucher`` on a real ``base`` in ``year`` comes to.

    ``so_far`` is the firm-year of the claim without this voucher, ``approved`` what of it is redeemed and no longer
    only held. Never more than was held: the pool promised no more.

    Raises:
        ConflictError: The voucher is not held, or its hold has run out.
        RuleError: Nothing is left of the year for it.
    """
    require_move(voucher, VoucherState.REDEEMED)
    require_not_expired(voucher, now)
    amount = min(voucher.amount, voucher_amount(base, so_far, terms), voucher_amount(base, approved, terms))
    if not amount:
        raise RuleError(
            "nothing_to_redeem",
            (Obstacle("firm_year_used_up", "S1 cl.4", parameters={"year": year, "cap": str(terms.firm_year_cap)}),),
        )
    return Redemption(amount, voucher.amount - amount, year)


_NOT_LESSENED: Final[Mapping[VoucherState, str]] = {
    VoucherState.SETTLED: "claim_settled",
    VoucherState.RETURNED: "claim_returned",
    VoucherState.INSTRUCTED: "claim_instructed",
    VoucherState.PAID: "claim_paid",
}
"""Why a claim is not lessened where it stands, and with it what is to be done instead."""


def require_lessenable(voucher: Voucher) -> None:
    """Raise ConflictError unless a voucher is redeemed and in no batch; it says what is to be done first."""
    if code := _NOT_LESSENED.get(voucher.state):
        raise ConflictError(code, id=voucher.id, case=voucher.case or "")
    if voucher.state is not VoucherState.REDEEMED:
        wanted = VoucherState.REDEEMED.value
        raise ConflictError("voucher_wrong_state", id=voucher.id, state=voucher.state.value, wanted=wanted)


@dataclass(frozen=True, slots=True)
class Lessening:
    """What a claim comes to on what is left of its base; ``back`` of its amount goes back to the pool."""

    base: Money
    amount: Money
    back: Money


def lessening(
    voucher: Voucher, base: Money, so_far: FirmYearSoFar, terms: VoucherTerms, *, approved: FirmYearSoFar
) -> Lessening:
    """Return what ``voucher`` comes to when ``base`` is left of its invoice, by the rules of its redemption.

    ``so_far`` is its firm-year without it, ``approved`` what of that is redeemed. Nothing is ever raised. Another
    voucher whose share rested on a base that went may be lessened as well, though its own stands (invariant 4, rate).

    Raises ConflictError: it is not redeemed or in a batch, or nothing is to be lessened.
    """
    require_lessenable(voucher)
    left = min(voucher.base, base)
    amount = min(voucher.amount, voucher_amount(left, so_far, terms), voucher_amount(left, approved, terms))
    if (left, amount) == (voucher.base, voucher.amount):
        raise ConflictError("nothing_to_lessen", id=voucher.id, base=str(voucher.base))
    return Lessening(left, amount, voucher.amount - amount)


def counts(state: VoucherState) -> bool:
    """Say whether a voucher in this state uses pool and firm-year."""
    return state in COUNTING
