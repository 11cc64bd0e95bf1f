"""What is known of an order on a day, and what a voucher would cover of it.

A quote is a query: it promises nothing and goes by defaults where no ruling is entered. A hold and a redemption gather
the same facts again, under lock, and keep them with their digest.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from registry.actors.model import Action, Resource
from registry.actors.rules import require_visible
from registry.errors import Finding, Obstacle, RuleError
from registry.exchange import service as exchange
from registry.exchange.model import Invoice, Order, OrderState, Payment
from registry.exchange.rules import SELLER_KIND
from registry.journal.work import View
from registry.parties.model import Predicate, ProviderKind
from registry.policy.activation import ActiveInstrument
from registry.policy.assumptions import written
from registry.policy.kinds import Percent
from registry.policy.model import CapScope
from registry.policy.rules import (
    FirmYearRule,
    FirmYearSoFar,
    Quote,
    VoucherTerms,
    cap_amount,
    effective_value,
    pool_account,
    what_binds,
)
from registry.values.canonical import Json
from registry.values.identifiers import AuthorityId, OrderId, VoucherId
from registry.values.money import ZERO, Money
from registry.vouchers import records, round_rules, rules
from registry.vouchers.known import Known
from registry.vouchers.model import FirmYear, FirmYearKey, Pool, VoucherQuote

GREEN: Final = "green"
"""The kind of certificate a public compute centre shows (符合绿色节能标准, S1 cl.4)."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """An order under an instrument on a day: terms, pool, facts and the register lines they were read from."""

    order: Order
    active: ActiveInstrument
    terms: VoucherTerms
    year_rule: FirmYearRule
    group: str
    pool: Pool | None
    facts: rules.VoucherFacts
    sources: dict[str, Json]

    def firm_year(self, year: int) -> FirmYearKey:
        """Return the firm-year of the buyer in ``year``."""
        return FirmYearKey(self.active.authority, self.order.buyer, self.group, year)


def quote(view: View, order_id: OrderId) -> VoucherQuote:
    """Return what a voucher would cover of an order if it were held today, with every limit and condition.

    Raises:
        NotAllowedError, NotFoundError: The order is another firm's.
        RuleError: No policy supports such a purchase, or the one that does is not in force today.
    """
    order = exchange.order(view, order_id)
    resource = Resource(frozenset({order.buyer}), view.actor.authority, order.dataset, order.id)
    require_visible(view.actor, Action.READ_VOUCHER, resource, "order")
    day = view.now.civil_day()
    assessment = assess(view, order, *instrument_for(view, order, day), day)
    # The order belongs to no authority, but what is left of a firm's year and of a pool does (RULINGS 24).
    office = Resource(frozenset({order.buyer}), assessment.active.authority, order.dataset, order.id)
    require_visible(view.actor, Action.READ_VOUCHER, office, "order")
    key = assessment.firm_year(day.year)
    so_far = so_far_of(records.firm_year_of(view.connection, key))
    found = what_binds(
        order.net, so_far, pool_left(assessment.pool), assessment.terms, _round_left(view, assessment.pool)
    )
    return VoucherQuote(
        order=order.id,
        firm=order.buyer,
        authority=assessment.active.authority,
        instrument=assessment.active.instrument.id,
        document=assessment.active.document.revision.document,
        title_en=assessment.active.instrument.title_en,
        title_zh=assessment.active.instrument.title_zh,
        pool=assessment.pool.id if assessment.pool else None,
        year=key.year,
        base=order.net,
        amount=found.amount,
        limits=found.limits,
        conditions=rules.conditions(assessment.active.instrument, assessment.facts),
        open_assumptions=assessment.active.open_assumptions,
        revision=assessment.active.revision,
        facts=facts_json(assessment, found, so_far, order.net, key.year),
    )


def instrument_for(view: View, order: Order, day: date, known: Known | None = None) -> tuple[AuthorityId, str]:
    """Return the authority and instrument that support an order.

    The policy of the authority in whose area the buyer operates goes first, of several the newest (时间从新, S1 四).

    Raises:
        RuleError: No loaded policy supports purchases from such sellers.
    """
    kind, known = SELLER_KIND[order.product_kind], known or Known(view)
    found = []
    for loaded in known.loaded_policies():
        for instrument in loaded.document.instruments:
            if rules.fits(instrument, kind):
                fact = known.fact(loaded.authority, order.buyer, Predicate.OPERATES_IN_REGION, day)
                found.append((fact.finding is Finding.MET, loaded.issued_on, loaded.authority, instrument.id))
    if not found:
        obstacle = Obstacle("no_policy_for_purchase", "S1 cl.4", parameters={"product": order.product_kind.value})
        raise RuleError("voucher_refused", (obstacle,))
    _, _, authority, instrument_id = max(found)
    return authority, instrument_id


def assess(
    view: View,
    order: Order,
    authority: AuthorityId,
    instrument_id: str,
    day: date,
    own: VoucherId | None = None,
    known: Known | None = None,
) -> Assessment:
    """Gather what is known of ``order`` on ``day``; ``own`` is the voucher that is asked about, if there is one.

    ``known`` is what was read already in this transaction.

    The revision in force on the day of the event holds (RULINGS 19); a ruling acts on every decision taken from its
    date on, so those entered by today are used.

    Raises:
        RuleError: The instrument is not in force on that day.
    """
    known, today = known or Known(view), view.now.civil_day()
    active = known.active(authority, instrument_id, day)
    instrument = active.instrument
    firm_cap = instrument.cap(CapScope.FIRM)
    rule = effective_value(instrument, firm_cap.assumption, active.rulings, today) if firm_cap.assumption else None
    name = pool_account(instrument, active.rulings, today, day.year)
    pool = known.pool(authority, active.document.revision.document, name)
    facts, sources = _facts(view, order, active, day, pool, own, known)
    assert isinstance(instrument.terms, Percent)  # noqa: S101 -- ``rules.fits`` chose it
    return Assessment(
        order=order,
        active=active,
        terms=VoucherTerms(instrument.terms.rate, cap_amount(instrument, CapScope.FIRM, active.rulings, today)),
        year_rule=FirmYearRule(rule) if isinstance(rule, str) else FirmYearRule.LATER,
        group=firm_cap.group,
        pool=pool,
        facts=facts,
        sources=sources,
    )


def _facts(
    view: View,
    order: Order,
    active: ActiveInstrument,
    day: date,
    pool: Pool | None,
    own: VoucherId | None,
    known: Known,
) -> tuple[rules.VoucherFacts, dict[str, Json]]:
    """Return the facts on ``day`` and the lines of the registers they were read from."""
    authority = active.authority
    asked = (Predicate.DATA_ANNOTATION_FIRM, Predicate.OPERATES_IN_REGION, Predicate.CREDIT_CLEAN)
    said = {each: known.fact(authority, order.buyer, each, day) for each in asked}
    kind = SELLER_KIND[order.product_kind]
    provider = known.provider(authority, order.seller, kind, day)
    relation = known.relation(order.buyer, order.seller, day)
    green = None
    if kind is ProviderKind.COMPUTE_CENTRE:
        has = provider is not None and provider.certificate(GREEN, day) is not None
        green = Finding.MET if has else Finding.UNMET
    counting = known.counting(order.id)
    if counting and rules.has_run_out(counting, view.now):
        counting = None
    sources: dict[str, Json] = {each.value: fact.id for each, fact in said.items()}
    sources["provider"] = provider.id if provider else None
    facts = rules.VoucherFacts(
        day=day,
        in_force=True,  # ``policy.in_force`` refuses otherwise, and says why.
        in_term=active.term.holds(day),
        pool_open=pool is not None,
        annotation_firm=said[Predicate.DATA_ANNOTATION_FIRM].finding,
        operates_in_region=said[Predicate.OPERATES_IN_REGION].finding,
        credit_clean=said[Predicate.CREDIT_CLEAN].finding,
        seller_licensed=Finding.MET if provider else Finding.UNMET,
        seller_green=green,
        related_by=relation.chain if relation else (),
        product_kind=rules.PRODUCT_CODE[order.product_kind],
        purpose=order.purpose.value,
        order_accepted=order.state not in {OrderState.PLACED, OrderState.CANCELLED},
        counting_voucher=counting.id if counting and counting.id != own else None,
    )
    return facts, sources


def so_far_of(firm_year: FirmYear | None, without: tuple[Money, Money] = (ZERO, ZERO)) -> FirmYearSoFar:
    """Return base and use of a firm-year, ``without`` the (base, amount) of a voucher that is looked at again."""
    if firm_year is None:
        return FirmYearSoFar(ZERO, ZERO)
    base, amount = without
    return FirmYearSoFar(firm_year.base - base, firm_year.used - amount)


def pool_left(pool: Pool | None) -> Money:
    """Return what a pool has left; one that is not open has nothing."""
    return pool.left if pool else ZERO


def _round_left(view: View, pool: Pool | None) -> Money | None:
    """Return what the flash round that is open has left; None where none is."""
    rounds = records.rounds_of_pool(view.connection, [pool.id]) if pool else []
    flash = round_rules.open_flash(rounds, view.now)
    return flash.left if flash else None


def facts_json(assessment: Assessment, found: Quote, so_far: FirmYearSoFar, base: Money, year: int) -> dict[str, Json]:
    """Return everything a decision was made of; with it, conditions and amount are computed again."""
    order, active = assessment.order, assessment.active
    return {
        "format": "sancai/voucher-facts/v1",
        "authority": str(active.authority),
        "instrument": active.instrument.id,
        "document": active.document.revision.document,
        "revision": str(active.revision),
        "rulings": [
            {"assumption": each.assumption_id, "number": each.number, "value": written(each.value)}
            for each in active.rulings
        ],
        "facts": assessment.facts.as_json(),
        "sources": {name: None if line is None else str(line) for name, line in assessment.sources.items()},
        "order": {
            "id": str(order.id),
            "buyer": str(order.buyer),
            "seller": str(order.seller),
            "net_fen": order.net.fen,
            "vat_fen": order.vat.fen,
            "contract": None if order.contract_digest is None else str(order.contract_digest),
        },
        "amounts": {
            "rate_bp": assessment.terms.rate.basis_points,
            "firm_year_cap_fen": assessment.terms.firm_year_cap.fen,
            "year": year,
            "year_base_fen": so_far.base.fen,
            "year_used_fen": so_far.awarded.fen,
            "base_fen": base.fen,
            "amount_fen": found.amount.fen,
            "limits": {limit.kind.value: limit.left.fen for limit in found.limits},
        },
    }


def approved_json(approved: FirmYearSoFar) -> dict[str, Json]:
    """Return what of a firm-year was redeemed before a redemption, which holds that may be given back do not raise."""
    return {"base_fen": approved.base.fen, "used_fen": approved.awarded.fen}


def claim_json(invoice: Invoice, payments: tuple[Payment, ...]) -> dict[str, Json]:
    """Return the invoice and payments a redemption rests on."""
    return {
        "invoice": {
            "id": str(invoice.id),
            "number": invoice.number,
            "issued_on": invoice.issued_on.isoformat(),
            "kind": invoice.kind.value,
            "net_fen": invoice.net.fen,
            "vat_fen": invoice.vat.fen,
            "verification": invoice.verification.value,
            "checked_on": invoice.checked_on.isoformat() if invoice.checked_on else None,
        },
        "payments": [
            {
                "reference": each.reference,
                "paid_on": each.paid_on.isoformat(),
                "amount_fen": each.amount.fen,
                "from_own_account": each.from_own_account,
            }
            for each in payments
        ],
    }
