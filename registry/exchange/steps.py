"""Who must act on an order next, and by when: pure, from the order with the facts beside it and the calendar.

Rules:
* An order that was placed waits for the seller to accept; an accepted one for the buyer to sign; from then on it waits
  for the buyer to pay and to confirm what arrived, and from the delivery for the seller to invoice what is not yet.
* Of a metered order nobody has to pay more than is invoiced, and what is not read is not invoiced: it waits for the
  buyer to pay from the day of the first invoice that payments do not cover.
* An order of a service that goes by periods waits for the buyer to answer each, for the seller to state each month that
  is over and to invoice each accepted one, and for the buyer to pay what is invoiced; nobody waits for one receipt of
  all of it, or for all of its price.
* An invoice and a red letter wait for an officer who looks them up; a refund waits for the buyer to say whether it
  arrived; one that arrived waits for the seller to take back on paper what went back in money. These are waited for
  whatever the state of the order.
* A dispute waits for the seller to propose, then for the buyer to agree, and beside both for an officer to decide; a
  refund that ended one waits for the seller to send it. Meanwhile nobody has to pay or to invoice.
* A step is overdue when its term has ended; it escalates when it stays open for some working days more: then it is an
  affair of both sides and of the offices concerned. A day that the calendar does not know is left open.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from registry.errors import UnavailableError
from registry.exchange.billing import paid_in_all, refunded, standing
from registry.exchange.dispute_model import DisputeState
from registry.exchange.dispute_rules import holds, refund_due
from registry.exchange.model import TAKEN_BACK, Invoice, OrderFile, OrderState, RedLetter, RefundState, Verification
from registry.exchange.period_billing import to_bill
from registry.exchange.period_model import PeriodState
from registry.exchange.period_rules import unstated
from registry.exchange.step_model import Lateness, OrderDue, OrderStep, OrderWait
from registry.exchange.step_terms import step_terms
from registry.policy.rules import working_days_after
from registry.policy.working_days import WorkingCalendar
from registry.values.moment import Moment
from registry.values.money import ZERO

_ONE_DAY: Final = timedelta(days=1)


def waits(file: OrderFile) -> tuple[OrderWait, ...]:
    """Return every step an order waits for, whatever the day is."""
    return (*_of_state(file), *_of_papers(file), *_of_periods(file), *_of_disputes(file))


def statements_awaited(file: OrderFile, today: date) -> tuple[OrderWait, ...]:
    """Return the periods an order waits for its seller to state: a month is waited for once it is over."""
    awaited = unstated(file.order, file.periods, today, is_metered=file.is_metered)
    return tuple(OrderWait(OrderStep.PERIOD_STATEMENT, each.since, each.first.isoformat()) for each in awaited)


def _of_state(file: OrderFile) -> Iterable[OrderWait]:
    order = file.order
    if order.state is OrderState.PLACED:
        yield OrderWait(OrderStep.ACCEPTANCE, order.placed_at)
    elif order.state is OrderState.ACCEPTED and order.signed_at is None and order.accepted_at is not None:
        yield OrderWait(OrderStep.SIGNATURE, order.accepted_at)
    elif order.state in {OrderState.ACCEPTED, OrderState.DELIVERED} and order.signed_at is not None:
        if order.state is OrderState.ACCEPTED and not file.goes_by_periods:
            yield OrderWait(OrderStep.RECEIPT, order.signed_at)
        if any(holds(each, file.refunds) for each in file.disputes):
            return
        for period in to_bill(file.periods, file.invoices) if file.goes_by_periods else ():
            if period.answered_at is not None:
                yield OrderWait(OrderStep.INVOICE, period.answered_at, period.id)
        if file.is_metered or file.goes_by_periods:
            yield from _of_metered_payment(file)
            return
        if paid_in_all(file.payments) < order.gross:
            yield OrderWait(OrderStep.PAYMENT, order.signed_at)
        if order.delivered_at is not None and _lacks_invoice(file):
            yield OrderWait(OrderStep.INVOICE, order.delivered_at)
    elif order.state is OrderState.CLOSED and file.is_metered:
        # Late reads are invoiced after the closing, too.
        yield from _of_metered_payment(file)


def _of_metered_payment(file: OrderFile) -> Iterable[OrderWait]:
    """Return that what is invoiced waits to be paid, from the day of the invoice that is not covered."""
    paid = paid_in_all(file.payments).less(refunded(file.refunds)).fen
    owed = [each for each in file.invoices if each.verification not in TAKEN_BACK]
    for invoice in sorted(owed, key=lambda each: (each.issued_on, each.number)):
        # What a refund sent back is not owed again while its red letter is awaited.
        paid -= invoice.gross.less(max(invoice.red_gross, refunded(file.refunds, invoice))).fen
        if paid < 0:
            yield OrderWait(OrderStep.PAYMENT, Moment.start_of(invoice.issued_on), invoice.number)
            return


def _lacks_invoice(file: OrderFile) -> bool:
    _, invoiced = standing(each for each in file.invoices if each.verification not in TAKEN_BACK)
    return invoiced + refunded(file.refunds) < file.order.gross


def _of_papers(file: OrderFile) -> Iterable[OrderWait]:
    for invoice in file.invoices:
        papers: list[Invoice | RedLetter] = [invoice, *invoice.red_letters]
        for paper in papers:
            if paper.verification is Verification.UNVERIFIED:
                yield OrderWait(OrderStep.INVOICE_LOOK_UP, Moment.start_of(paper.issued_on), paper.number)
        back = [each for each in file.refunds if each.invoice == invoice.id and each.state is RefundState.CONFIRMED]
        sent = sum((each.amount for each in back), ZERO)
        answered = max((each.answered_at for each in back if each.answered_at), default=None)
        if answered is not None and invoice.verification not in TAKEN_BACK and invoice.red_gross < sent:
            yield OrderWait(OrderStep.RED_LETTER, answered, invoice.number)
    for refund in file.refunds:
        if refund.state is RefundState.RECORDED:
            yield OrderWait(OrderStep.REFUND_ANSWER, refund.recorded_at, refund.id)


def _of_periods(file: OrderFile) -> Iterable[OrderWait]:
    for each in file.periods:
        if file.order.binds and each.state is PeriodState.STATED:
            yield OrderWait(OrderStep.PERIOD_ACCEPTANCE, each.stated_at, each.id)


def _of_disputes(file: OrderFile) -> Iterable[OrderWait]:
    for each in file.disputes:
        if each.state is DisputeState.OPEN:
            yield OrderWait(OrderStep.DISPUTE_DECISION, each.opened_at, each.id)
            if each.proposal is None:
                yield OrderWait(OrderStep.DISPUTE_PROPOSAL, each.opened_at, each.id)
            else:
                yield OrderWait(OrderStep.DISPUTE_AGREEMENT, each.proposal.proposed_at, each.id)
        elif each.outcome is not None and refund_due(each, file.refunds):
            yield OrderWait(OrderStep.REFUND, each.outcome.ended_at, each.id)


def due(wait: OrderWait, now: Moment, calendar: WorkingCalendar) -> OrderDue:
    """Return a step with the end of its term. A day that the calendar does not know is left open."""
    days, working = step_terms().days[wait.step]
    began_on = wait.began_at.civil_day()
    try:
        last = (
            working_days_after(began_on, days, calendar)
            if working
            else calendar.working_day_from(began_on + timedelta(days=days))
        )
        late = _working_days_late(last, now.civil_day(), calendar)
    except UnavailableError:
        return OrderDue(wait, None, 0, Lateness.UNKNOWN)
    lateness = Lateness.OVERDUE if late else Lateness.WITHIN
    if late > step_terms().escalates_after:
        lateness = Lateness.ESCALATED
    return OrderDue(wait, Moment.start_of(last + _ONE_DAY), late, lateness)


def _working_days_late(last: date, today: date, calendar: WorkingCalendar) -> int:
    """Return on how many working days after the last one of its term, today included, a step was still open."""
    late, day = 0, last
    while day < today:
        day += _ONE_DAY
        late += calendar.is_working_day(day)
    return late


def dues(file: OrderFile, now: Moment, calendar: WorkingCalendar) -> tuple[OrderDue, ...]:
    """Return every step an order waits for with its term, the earliest end first; what has no known end last."""
    found = [due(each, now, calendar) for each in (*waits(file), *statements_awaited(file, now.civil_day()))]
    return tuple(sorted(found, key=lambda each: (each.due_at is None, str(each.due_at), each.wait.key)))
