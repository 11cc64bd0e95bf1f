"""Who must act on an order next, and by when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.exchange.model import Invoice, Order, OrderFile, OrderState, RefundState, Verification
from registry.exchange.step_model import SIDE_OF_STEP, Lateness, OrderStep, OrderWait, Side
from registry.exchange.steps import due, dues, step_terms, waits
from registry.policy.service import calendar
from registry.policy.working_days import WorkingCalendar
from registry.values.moment import Moment
from tests.registry.exchange.test_billing import back, red
from tests.registry.exchange.test_rules import NOW, TODAY, a_payment, an_invoice, an_order

PLACED = replace(
    an_order(state=OrderState.PLACED), accepted_at=None, contract_digest=None, delivered_at=None, signed_at=None
)
OFFERED = replace(an_order(state=OrderState.ACCEPTED), delivered_at=None, signed_at=None)
SIGNED = replace(an_order(state=OrderState.ACCEPTED), delivered_at=None)
CALENDAR = calendar()
LATER = TODAY + timedelta(days=30)


def file(order: Order, *invoices: Invoice, paid: bool = False, refunds: tuple[object, ...] = ()) -> OrderFile:
    payments = (a_payment(),) if paid else ()
    return OrderFile(order, None, invoices, payments, refunds)  # type: ignore[arg-type]


def steps_of(found: OrderFile) -> list[str]:
    return [each.step.value for each in waits(found)]


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        (file(PLACED), ["acceptance"]),
        (file(OFFERED), ["contract_signature"]),
        (file(SIGNED), ["receipt", "order_payment"]),
        (file(SIGNED, paid=True), ["receipt"]),
        (file(an_order()), ["order_payment", "invoice"]),
        (file(an_order(), an_invoice(verification=Verification.UNVERIFIED), paid=True), ["invoice_look_up"]),
        (file(an_order(), an_invoice(), paid=True), []),
        # A void invoice leaves everything to be invoiced again.
        (file(an_order(), an_invoice(verification=Verification.VOID), paid=True), ["invoice"]),
        (file(an_order(), an_invoice(net="60000", vat="3600"), paid=True), ["invoice"]),
        (file(an_order(state=OrderState.CLOSED), an_invoice(), paid=True), []),
        (file(replace(PLACED, state=OrderState.CANCELLED)), []),
        (file(replace(OFFERED, state=OrderState.CANCELLED)), []),
    ],
)
def test_what_an_order_waits_for_follows_from_where_it_stands(found: OrderFile, steps: list[str]) -> None:
    assert steps_of(found) == steps


def test_of_a_metered_order_what_is_invoiced_waits_to_be_paid_and_nothing_else() -> None:
    first, second = an_invoice(1, "60000", "3600"), an_invoice(2, "30000", "1800", issued_on=LATER)

    def metered(order: Order, *invoices: Invoice, paid: str = "0") -> OrderFile:
        return OrderFile(order, None, invoices, (a_payment(paid),), is_metered=True)

    assert steps_of(metered(SIGNED)) == ["receipt"]
    assert steps_of(metered(an_order())) == []
    assert waits(metered(an_order(), first, second)) == (
        OrderWait(OrderStep.PAYMENT, Moment.start_of(TODAY), first.number),
    )
    half = metered(an_order(), second, first, paid="63600")
    assert waits(half) == (OrderWait(OrderStep.PAYMENT, Moment.start_of(LATER), second.number),)
    assert steps_of(metered(an_order(), first, second, paid="95400")) == []
    void = replace(second, verification=Verification.VOID)
    assert steps_of(metered(an_order(), first, void, paid="63600")) == []
    assert steps_of(metered(an_order(state=OrderState.CLOSED), first, second, paid="63600")) == ["order_payment"]
    went_back = replace(metered(an_order(), first, paid="63600"), refunds=(back("31800", first),))
    assert steps_of(went_back) == ["red_letter"]


def test_money_that_went_back_is_answered_and_taken_back_on_paper_whatever_the_state() -> None:
    invoice = an_invoice()
    closed = an_order(state=OrderState.CLOSED)
    recorded = back("42400", invoice, RefundState.RECORDED)
    assert steps_of(file(closed, invoice, paid=True, refunds=(recorded,))) == ["refund_answer"]
    confirmed = replace(recorded, state=RefundState.CONFIRMED)
    assert steps_of(file(closed, invoice, paid=True, refunds=(confirmed,))) == ["red_letter"]
    unseen = replace(invoice, red_letters=(red(invoice, "40000", "2400", Verification.UNVERIFIED),))
    assert steps_of(file(closed, unseen, paid=True, refunds=(confirmed,))) == ["invoice_look_up"]
    seen = replace(invoice, red_letters=(red(invoice, "40000", "2400"),))
    assert steps_of(file(closed, seen, paid=True, refunds=(confirmed,))) == []
    refused = replace(recorded, state=RefundState.REFUSED)
    assert steps_of(file(closed, invoice, paid=True, refunds=(refused,))) == []


def test_every_step_has_a_side_and_a_term() -> None:
    assert set(SIDE_OF_STEP) == set(OrderStep) == set(step_terms().days)
    assert OrderWait(OrderStep.ACCEPTANCE, NOW).side is Side.SELLER
    assert OrderWait(OrderStep.INVOICE_LOOK_UP, NOW).side is Side.OFFICE


@pytest.mark.parametrize(
    ("now", "days_late", "lateness"),
    [
        # Monday 2 March, five working days: until the end of Monday the 9th.
        ("2026-03-09T15:59:59.999999Z", 0, Lateness.WITHIN),
        ("2026-03-09T16:00:00Z", 1, Lateness.OVERDUE),
        ("2026-03-16T15:59:59Z", 5, Lateness.OVERDUE),
        ("2026-03-16T16:00:00Z", 6, Lateness.ESCALATED),
    ],
)
def test_a_term_ends_at_midnight_in_shanghai_and_escalates_after_five_more_working_days(
    now: str, days_late: int, lateness: Lateness
) -> None:
    (found,) = dues(file(PLACED), Moment.of_text(now), CALENDAR)
    assert str(found.due_at) == str(Moment.of_text("2026-03-09T16:00:00Z"))
    assert (found.days_late, found.lateness) == (days_late, lateness)


def test_a_term_in_days_that_ends_on_a_holiday_ends_on_the_next_working_day() -> None:
    # Thirty days from 2 April end on Saturday 2 May, a holiday to the 5th.
    began = Moment.of_text("2026-04-02T02:00:00Z")
    found = due(OrderWait(OrderStep.PAYMENT, began), began, CALENDAR)
    assert found.due_at is not None
    last = found.due_at.plus(-timedelta(microseconds=1)).civil_day()
    assert CALENDAR.is_working_day(last)
    assert last > began.civil_day() + timedelta(days=30)
    assert all(
        not CALENDAR.is_working_day(began.civil_day() + timedelta(days=each))
        for each in range(30, (last - began.civil_day()).days)
    )


def test_a_year_that_no_calendar_knows_is_left_open() -> None:
    found = due(OrderWait(OrderStep.ACCEPTANCE, NOW), NOW, WorkingCalendar())
    assert (found.due_at, found.lateness) == (None, Lateness.UNKNOWN)


def test_the_step_that_ends_first_stands_first() -> None:
    found = dues(file(SIGNED), NOW, CALENDAR)
    assert [each.wait.step for each in found] == [OrderStep.RECEIPT, OrderStep.PAYMENT]
    assert [str(each.due_at) for each in found] == sorted(str(each.due_at) for each in found)
