"""What periods an invoice may bill, and when public money may rest on it.

Rules:
* An invoice may name accepted periods of its order; of a service that has periods it must. Its net amount is at most
  what the use of these periods comes to (RULINGS 22).
* A period is billed by one invoice at most. It is free again when that one is void or red, or when red letters that
  were looked up take all of it back.
* Of compute, the centre's licence and its green certificate were valid on every day of each period (S1 cl.4; RULINGS
  6), whichever line of the register says so; an invoice or a claim that rests on another period is refused.
* An invoice that names periods rests on their acceptance, not on the delivery of the whole order. One of a service that
  names none, because it was issued before the first period, rests on the delivery and on the answer to every period.
* An order that goes by periods is settled once nothing is left to state, to answer or to bill.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from registry.errors import NotFoundError, Obstacle
from registry.exchange.model import (
    TAKEN_BACK,
    Invoice,
    IssueInvoice,
    Order,
    ProductKind,
    Verification,
)
from registry.exchange.period_model import OrderPeriod, PeriodState
from registry.exchange.period_rules import unstated
from registry.parties.model import Provider
from registry.values.identifiers import PeriodId
from registry.values.money import ZERO

GREEN: Final = "green"
"""The kind of certificate a public compute centre shows (符合绿色节能标准, S1 cl.4)."""

_ONE_DAY = timedelta(days=1)
_CLAUSE = "RULINGS 22"


def named(periods: Sequence[OrderPeriod], wanted: Iterable[PeriodId]) -> tuple[OrderPeriod, ...]:
    """Return the periods an invoice names, each once, by their days. Raises NotFoundError."""
    ids, held = set(wanted), {each.id for each in periods}
    if missing := sorted(ids - held):
        raise NotFoundError("period_not_found", id=missing[0])
    return tuple(each for each in periods if each.id in ids)


def billed_by(period: PeriodId, invoices: Iterable[Invoice]) -> Invoice | None:
    """Return the invoice that bills a period and stands, or None."""
    return next((each for each in invoices if period in each.periods and _stands(each)), None)


def _stands(invoice: Invoice) -> bool:
    if invoice.verification in TAKEN_BACK:
        return False
    # A red letter that nobody looked up may turn out void: then the period would be billed twice.
    seen = (each.net for each in invoice.red_letters if each.verification is Verification.VERIFIED)
    return sum(seen, ZERO) < invoice.net


def invoice_obstacles(
    command: IssueInvoice,
    order: Order,
    periods: Sequence[OrderPeriod],
    earlier: Sequence[Invoice],
    providers: Sequence[Provider],
    *,
    is_metered: bool,
) -> list[Obstacle]:
    """Return everything that keeps an invoice from billing the periods it names. Raises NotFoundError."""
    billed = named(periods, command.periods)
    if not billed:
        return [Obstacle("invoice_without_periods", _CLAUSE)] if periods and not is_metered else []
    found = acceptance_obstacles(billed)
    for each in billed:
        if other := billed_by(each.id, earlier):
            parameters = {"period": each.id, "number": other.number}
            found.append(Obstacle("period_billed_already", _CLAUSE, parameters=parameters))
    most = sum((each.due for each in billed), ZERO)
    if command.net > most:
        found.append(Obstacle("invoice_over_periods", _CLAUSE, parameters={"most": str(most)}))
    return [*found, *provider_obstacles(order, billed, providers)]


def acceptance_obstacles(periods: Iterable[OrderPeriod]) -> list[Obstacle]:
    """Return one obstacle for each period the buyer has not accepted."""
    return [
        Obstacle(
            "period_not_accepted",
            _CLAUSE,
            parameters={"period": each.id, "first": str(each.first), "last": str(each.last)},
            evidence=("acceptance",),
        )
        for each in periods
        if each.state is not PeriodState.ACCEPTED
    ]


def provider_obstacles(order: Order, periods: Iterable[OrderPeriod], providers: Sequence[Provider]) -> list[Obstacle]:
    """Return the first day of each period without licence, and without green certificate; of compute alone."""
    if order.product_kind is not ProductKind.COMPUTE:
        return []
    found = []
    for each in periods:
        for code, certificate, evidence in (
            ("period_without_licence", None, "licence"),
            ("period_without_green_certificate", GREEN, "green_certificate"),
        ):
            if day := _first_day_without(each, providers, certificate):
                parameters = {"period": each.id, "day": day.isoformat()}
                found.append(Obstacle(code, "S1 cl.4", parameters=parameters, evidence=(evidence,)))
    return found


def _first_day_without(period: OrderPeriod, providers: Sequence[Provider], certificate: str | None) -> date | None:
    day = period.first
    while day <= period.last:
        valid = (each for each in providers if each.valid.holds(day))
        if not any(certificate is None or each.certificate(certificate, day) for each in valid):
            return day
        day += _ONE_DAY
    return None


def claim_obstacles(
    order: Order, invoice: Invoice, periods: Sequence[OrderPeriod], providers: Sequence[Provider], *, is_metered: bool
) -> list[Obstacle]:
    """Return what keeps public money from resting on an invoice of an order that has periods."""
    if invoice.periods:
        billed = named(periods, invoice.periods)
        return [*acceptance_obstacles(billed), *provider_obstacles(order, billed, providers)]
    if is_metered:
        return []
    standing = [each for each in periods if each.stands]
    return [*acceptance_obstacles(standing), *provider_obstacles(order, standing, providers)]


def to_bill(periods: Iterable[OrderPeriod], invoices: Sequence[Invoice]) -> tuple[OrderPeriod, ...]:
    """Return the accepted periods that no invoice bills, of which anything is due."""
    accepted = (each for each in periods if each.state is PeriodState.ACCEPTED and each.due)
    return tuple(each for each in accepted if billed_by(each.id, invoices) is None)


def is_open(order: Order, periods: Sequence[OrderPeriod], invoices: Sequence[Invoice], today: date) -> bool:
    """Say whether anything of the periods of a service is left to state, to answer or to bill.

    The day of the delivery is over for this: what was used until then is to be stated.
    """
    return (
        any(each.state is PeriodState.STATED for each in periods)
        or bool(to_bill(periods, invoices))
        or bool(unstated(order, periods, today + _ONE_DAY, is_metered=False))
    )
