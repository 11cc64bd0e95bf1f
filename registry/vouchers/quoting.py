"""What is known of an order on a day, and what a voucher would cover of it.

A quote is a query: it promises nothing and goes by defaults where no ruling is entered. A hold and a redemption gather
the same facts again, under lock, and keep them with their digest.
"""

from dataclasses import dataclass, replace
from datetime import date

from registry.actors.model import Action, Resource
from registry.actors.rules import require_visible
from registry.errors import Finding, NotFoundError, Obstacle, RuleError
from registry.exchange import service as exchange
from registry.exchange.billing import SupportedBase, supported_base
from registry.exchange.model import Invoice, Order, Payment, Refund, RefundState, Verification
from registry.exchange.period_billing import GREEN
from registry.exchange.period_model import OrderPeriod
from registry.exchange.rules import SELLER_KIND
from registry.journal.work import View
from registry.parties.model import Predicate, ProviderKind
from registry.policy.activation import ActiveInstrument
from registry.policy.assumptions import written
from registry.policy.rules import (
    FirmYearRule,
    FirmYearSoFar,
    Quote,
    VoucherTerms,
    what_binds,
)
from registry.values.canonical import Json
from registry.values.identifiers import AuthorityId, InvoiceId, OrderId, VoucherId
from registry.values.money import ZERO, Money
from registry.vouchers import records, round_rules, rules
from registry.vouchers.earlier import Earlier, earlier_of
from registry.vouchers.explaining import QuoteFigures, statements
from registry.vouchers.known import Footing, Known
from registry.vouchers.model import FirmYear, FirmYearKey, Pool, VoucherQuote
from registry.vouchers.related import related_by
from registry.vouchers.round_model import VoucherRound


@dataclass(frozen=True, slots=True)
class Assessment:
    """An order under an instrument on a day: terms, pool, facts and the register lines they were read from.

    ``price`` is what is left of the order's price without VAT, after refunds, red letters and what ``earlier`` vouchers
    of the order claimed.
    """

    order: Order
    active: ActiveInstrument
    terms: VoucherTerms
    year_rule: FirmYearRule
    group: str
    pool: Pool | None
    price: Money
    earlier: Earlier
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
    base = assessment.price
    entered = _flash_round(view, assessment.pool)
    round_left = entered.left if entered else None
    found = what_binds(base, so_far, pool_left(assessment.pool), assessment.terms, round_left)
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
        base=base,
        amount=found.amount,
        limits=found.limits,
        conditions=rules.conditions(assessment.active.instrument, assessment.facts),
        open_assumptions=assessment.active.open_assumptions,
        revision=assessment.active.revision,
        facts=facts_json(assessment, found, so_far, base, key.year),
        statements=statements(
            QuoteFigures(
                instrument=assessment.active.instrument,
                terms=assessment.terms,
                year=key.year,
                base=base,
                so_far=so_far,
                pool=assessment.pool,
                appropriated=tuple(records.appropriations_of(view.connection, assessment.active.authority)),
                excluded_by=_excluded_by(assessment.facts),
                quoted=found,
                entered=entered,
                earlier=assessment.earlier,
            )
        ),
    )


def _excluded_by(facts: rules.VoucherFacts) -> tuple[str, ...]:
    """Return the benefits for the same purchase that exclude one more (RULINGS 11)."""
    return (*((facts.counting_voucher,) if facts.counting_voucher else ()), *facts.supported_by)


def instrument_for(view: View, order: Order, day: date, known: Known | None = None) -> tuple[AuthorityId, str]:
    """Return the authority and instrument that support an order.

    The policy of the authority in whose area the buyer operates goes first, of several the newest (时间从新, S1 四).

    Raises:
        RuleError: No loaded policy supports purchases from such sellers.
    """
    kind, known = SELLER_KIND[order.product_kind], known or Known(view)
    found = []
    for loaded, instrument in known.fitting(kind):
        fact = known.fact(loaded.authority, order.buyer, Predicate.OPERATES_IN_REGION, day)
        found.append((fact.finding is Finding.MET, loaded.issued_on, loaded.authority, instrument.id))
    if not found:
        obstacle = Obstacle("no_policy_for_purchase", "S1 cl.4", parameters={"product": order.product_kind.value})
        raise RuleError("voucher_refused", (obstacle, *_others_decide(known, order, day)))
    _, _, authority, instrument_id = max(found)
    return authority, instrument_id


def _others_decide(known: Known, order: Order, day: date) -> tuple[Obstacle, ...]:
    """Return who decides on vouchers of other pools for such a purchase, where the buyer operates (S4 七)."""
    product = rules.PRODUCT_CODE[order.product_kind]
    return tuple(
        Obstacle(
            "others_decide_on_voucher",
            each.clause,
            Finding.UNKNOWN,
            {
                "title_en": each.title_en,
                "title_zh": each.title_zh,
                "decided_by_en": each.decided_by_en,
                "decided_by_zh": each.decided_by_zh,
            },
        )
        for loaded in known.loaded_policies()
        for each in loaded.document.external
        if product in each.products
        and known.fact(loaded.authority, order.buyer, Predicate.OPERATES_IN_REGION, day).finding is Finding.MET
    )


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
    known = known or Known(view)
    footing = known.footing(authority, instrument_id, day)
    earlier = earlier_of(known, order, own)
    facts, sources = _facts(order, footing, day, earlier, known)
    return Assessment(
        order=order,
        active=footing.active,
        terms=footing.terms,
        year_rule=footing.year_rule,
        group=footing.group,
        pool=footing.pool,
        price=known.net_price(order).less(earlier.taken),
        earlier=earlier,
        facts=facts,
        sources=sources,
    )


def _facts(
    order: Order,
    footing: Footing,
    day: date,
    earlier: Earlier,
    known: Known,
) -> tuple[rules.VoucherFacts, dict[str, Json]]:
    """Return the facts on ``day`` and the lines of the registers they were read from."""
    authority = footing.active.authority
    asked = (Predicate.DATA_ANNOTATION_FIRM, Predicate.OPERATES_IN_REGION, Predicate.CREDIT_CLEAN)
    said = {each: known.fact(authority, order.buyer, each, day) for each in asked}
    kind = SELLER_KIND[order.product_kind]
    provider = known.provider(authority, order.seller, kind, day)
    green = None
    if kind is ProviderKind.COMPUTE_CENTRE:
        has = provider is not None and provider.certificate(GREEN, day) is not None
        green = Finding.MET if has else Finding.UNMET
    sources: dict[str, Json] = {each.value: fact.id for each, fact in said.items()}
    sources["provider"] = provider.id if provider else None
    facts = rules.VoucherFacts(
        day=day,
        in_force=True,  # ``policy.in_force`` refuses otherwise, and says why.
        in_term=footing.term.holds(day),
        pool_open=footing.pool is not None,
        annotation_firm=said[Predicate.DATA_ANNOTATION_FIRM].finding,
        operates_in_region=said[Predicate.OPERATES_IN_REGION].finding,
        credit_clean=said[Predicate.CREDIT_CLEAN].finding,
        seller_licensed=Finding.MET if provider else Finding.UNMET,
        seller_green=green,
        related_by=related_by(known, order, [day]),
        product_kind=rules.PRODUCT_CODE[order.product_kind],
        purpose=order.purpose.value,
        order_accepted=order.binds,
        counting_voucher=earlier.in_the_way,
        supported_by=known.external_uses(order.id),
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


def _flash_round(view: View, pool: Pool | None) -> VoucherRound | None:
    """Return the flash round that is open; None where none is."""
    rounds = records.rounds_of_pool(view.connection, [pool.id]) if pool else []
    return round_rules.open_flash(rounds, view.now)


def facts_json(assessment: Assessment, found: Quote, so_far: FirmYearSoFar, base: Money, year: int) -> dict[str, Json]:
    """Return everything a decision was made of; with it, conditions and amount are computed again."""
    order, active = assessment.order, assessment.active
    made: dict[str, Json] = {
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
    return made | assessment.earlier.as_json()


def approved_json(approved: FirmYearSoFar) -> dict[str, Json]:
    """Return what of a firm-year was redeemed before a redemption, which holds that may be given back do not raise."""
    return {"base_fen": approved.base.fen, "used_fen": approved.awarded.fen}


def claim_json(
    invoice: Invoice, payments: tuple[Payment, ...], refunds: tuple[Refund, ...], periods: tuple[OrderPeriod, ...] = ()
) -> dict[str, Json]:
    """Return the invoice, payments, what was taken back and the accepted periods that a redemption rests on."""
    return _periods_json(periods) | {
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
        "red_letters": [
            {"number": each.number, "net_fen": each.net.fen, "vat_fen": each.vat.fen}
            for each in invoice.red_letters
            if each.verification is not Verification.VOID
        ],
        "refunds": [
            {"reference": each.reference, "refunded_on": each.refunded_on.isoformat(), "amount_fen": each.amount.fen}
            for each in refunds
            if each.state is not RefundState.REFUSED
        ],
    }


def _periods_json(periods: tuple[OrderPeriod, ...]) -> dict[str, Json]:
    """Return the periods an invoice bills; what was decided on invoices without any stays as it was written."""
    if not periods:
        return {}
    return {
        "periods": [
            {
                "id": str(each.id),
                "first": each.first.isoformat(),
                "last": each.last.isoformat(),
                "used": each.used,
                "due_fen": each.due.fen,
                "log": None if each.log is None else str(each.log),
                "accepted_at": None if each.answered_at is None else str(each.answered_at),
            }
            for each in periods
        ]
    }


def supported(view: View, order: Order, invoice_id: InvoiceId, authority: AuthorityId) -> tuple[Invoice, SupportedBase]:
    """Return an invoice of the order and the base it gives, by the registers of an authority. Raises NotFoundError."""
    issued = exchange.invoices(view, order.id)
    for invoice in issued:
        if invoice.id == invoice_id:
            paid, back = exchange.payments(view, order.id), exchange.refunds(view, order.id)
            base = supported_base(invoice, order, issued, paid, back)
            if exchange.is_disputed(view, order.id):
                base = replace(base, obstacles=(*base.obstacles, disputed(order)))
            of_periods = exchange.claim_obstacles(view, order, invoice, authority)
            return invoice, replace(base, obstacles=(*base.obstacles, *of_periods))
    raise NotFoundError("invoice_not_found", id=invoice_id)


def disputed(order: Order) -> Obstacle:
    """Return what stands in the way while a dispute over an order is open, or a refund that ended it is due."""
    return Obstacle("order_disputed", "RULINGS 37", parameters={"order": order.id})
