"""Which days a period has, what it may bill, and what is awaited: the rules alone."""

from dataclasses import replace
from datetime import date

import pytest

from registry.errors import NotFoundError, RuleError
from registry.exchange.model import Invoice, Order, OrderFile, OrderState, ProductKind, Verification
from registry.exchange.period_billing import (
    billed_by,
    claim_obstacles,
    invoice_obstacles,
    is_open,
    provider_obstacles,
    to_bill,
)
from registry.exchange.period_model import OrderPeriod, PeriodState, StatePeriod
from registry.exchange.period_rules import completes, days_to_state, due_of, month_of, require_statement, unstated
from registry.exchange.steps import dues, waits
from registry.parties.model import Certificate, Period, Provenance, Provider, ProviderKind
from registry.policy.service import calendar
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, FactId, PeriodId
from registry.values.moment import Moment
from registry.values.money import Money
from tests.registry.exchange.test_billing import red
from tests.registry.exchange.test_rules import (
    ORDER_ID,
    SELLER_ID,
    a_payment,
    an_invoice,
    an_issue,
    an_order,
)

SIGNED_ON = date(2026, 3, 2)
LOG = Digest.of(b"usage log")
RUNNING = replace(an_order(state=OrderState.ACCEPTED), delivered_at=None, quantity=1200)


def day(month: int, of_month: int) -> date:
    return date(2026, month, of_month)


def a_period(first: date, last: date, used: int = 400, state: PeriodState = PeriodState.ACCEPTED) -> OrderPeriod:
    answered = None if state is PeriodState.STATED else Moment.of_text("2026-06-08T02:00:00Z")
    stated_at = Moment.of_text("2026-06-01T02:00:00Z")
    due = due_of(RUNNING, used)
    return OrderPeriod(
        PeriodId.new(), ORDER_ID, first, last, used, due, LOG, None, stated_at, state, answered_at=answered
    )


MARCH, APRIL, MAY = (a_period(day(3, 2), day(3, 31)), a_period(day(4, 1), day(4, 30)), a_period(day(5, 1), day(5, 31)))


def statement(first: date, last: date, used: int | None = 400, log: Digest | None = LOG) -> StatePeriod:
    return StatePeriod(ORDER_ID, first, last, used, log, None)


def refused(
    command: StatePeriod,
    *earlier: OrderPeriod,
    order: Order = RUNNING,
    today: date | None = None,
    metered: bool = False,
) -> list[str]:
    """Return the codes of what keeps a period from being stated."""
    try:
        require_statement(order, command, earlier, today or day(7, 1), is_metered=metered)
    except RuleError as refusal:
        return [each.code for each in refusal.obstacles]
    return []


def test_the_first_period_begins_with_the_contract_and_every_other_with_its_month() -> None:
    assert month_of(date(2028, 2, 10)) == (date(2028, 2, 1), date(2028, 2, 29))
    assert month_of(date.max) == (date(9999, 12, 1), date.max)
    assert month_of(date(2026, 12, 31)) == (date(2026, 12, 1), date(2026, 12, 31))
    assert days_to_state(RUNNING, [], day(3, 20), is_metered=False) == (SIGNED_ON, day(3, 31))
    assert refused(statement(SIGNED_ON, day(3, 31))) == []
    assert refused(statement(day(3, 1), day(3, 31))) == ["period_not_whole_month"]
    assert refused(statement(day(3, 3), day(3, 31))) == ["period_not_whole_month"]
    assert refused(statement(SIGNED_ON, day(3, 30))) == ["period_not_whole_month"]
    assert refused(statement(day(4, 1), day(5, 31))) == ["period_not_whole_month"]
    assert refused(statement(day(4, 1), day(4, 30)), MARCH) == []
    assert refused(statement(day(2, 1), day(2, 28))) == ["period_outside_order"]


def test_a_month_is_stated_once_it_is_over() -> None:
    assert refused(statement(SIGNED_ON, day(3, 31)), today=day(3, 31)) == ["period_in_future"]
    assert refused(statement(SIGNED_ON, day(3, 31)), today=day(4, 1)) == []


def test_what_makes_up_the_whole_quantity_ends_early_and_not_in_the_future() -> None:
    command = statement(day(5, 1), day(5, 12))
    assert refused(command, MARCH, APRIL, today=day(5, 12)) == []
    assert refused(command, MARCH, APRIL, today=day(5, 11)) == ["period_in_future"]
    assert refused(replace(command, used=399), MARCH, APRIL, today=day(5, 12)) == ["period_not_whole_month"]
    assert refused(replace(command, used=401), MARCH, APRIL, today=day(6, 1))[0] == "period_over_quantity"


def test_a_month_goes_on_after_a_period_that_ended_early_in_it() -> None:
    early = a_period(day(5, 1), day(5, 12))
    fewer = replace(MARCH, used=100)
    assert refused(statement(day(5, 13), day(5, 31), used=300), fewer, early, APRIL) == []
    assert refused(statement(day(5, 1), day(5, 31), used=0), early) == ["period_overlaps"]
    objected, rest = replace(early, state=PeriodState.OBJECTED), a_period(day(5, 13), day(5, 31), 100)
    assert days_to_state(RUNNING, [fewer, objected, rest], day(5, 1), is_metered=False) == (day(5, 1), day(5, 12))
    assert refused(statement(day(5, 1), day(5, 12), used=300), fewer, objected, rest) == []
    assert refused(statement(day(5, 1), day(5, 11), used=300), fewer, objected, rest) == ["period_not_whole_month"]


def test_the_last_period_ends_with_the_delivery_and_none_comes_after_it() -> None:
    ended = replace(RUNNING, state=OrderState.DELIVERED, delivered_at=Moment.of_text("2026-05-12T15:59:59Z"))
    assert refused(statement(day(5, 1), day(5, 12)), order=ended, today=day(5, 12)) == []
    assert refused(statement(day(5, 1), day(5, 31)), order=ended) == ["period_not_whole_month"]
    assert refused(statement(day(6, 1), day(6, 30)), order=ended) == ["period_outside_order"]
    # A minute later it is the next day in Shanghai.
    later = replace(ended, delivered_at=Moment.of_text("2026-05-12T16:00:59Z"))
    assert refused(statement(day(5, 1), day(5, 13)), order=later) == []


def test_periods_share_no_day_unless_the_buyer_objected() -> None:
    assert refused(statement(SIGNED_ON, day(3, 31)), MARCH) == ["period_overlaps"]
    assert refused(statement(SIGNED_ON, day(3, 31)), replace(MARCH, state=PeriodState.OBJECTED)) == []


def test_use_is_never_more_than_was_ordered() -> None:
    assert refused(statement(day(4, 1), day(4, 30), used=800), MARCH) == []
    assert refused(statement(day(4, 1), day(4, 30), used=801), MARCH) == ["period_over_quantity"]
    objected = replace(MARCH, state=PeriodState.OBJECTED)
    assert refused(statement(day(4, 1), day(4, 30), used=1200), objected) == []


def test_everything_that_a_period_lacks_is_listed() -> None:
    dataset = replace(RUNNING, product_kind=ProductKind.DATASET, state=OrderState.PLACED)
    assert refused(statement(SIGNED_ON, day(3, 31), None, None), order=dataset) == [
        "period_of_one_delivery",
        "period_not_to_state",
        "period_without_use",
    ]
    closed = replace(RUNNING, state=OrderState.CLOSED)
    assert refused(statement(SIGNED_ON, day(3, 31)), order=closed) == ["period_not_to_state"]
    assert refused(statement(SIGNED_ON, day(3, 31), None), order=closed, metered=True) == []
    assert refused(statement(SIGNED_ON, day(3, 31), log=None)) == ["period_without_log"]
    data = replace(RUNNING, product_kind=ProductKind.DATASET)
    assert refused(statement(SIGNED_ON, day(3, 31)), order=data, metered=True) == ["period_use_is_metered"]
    assert refused(statement(SIGNED_ON, day(3, 31), None, None), order=data, metered=True) == []


def test_accepted_periods_of_the_whole_quantity_complete_the_delivery() -> None:
    assert not completes(RUNNING, [MARCH, APRIL], is_metered=False)
    assert completes(RUNNING, [MARCH, APRIL, MAY], is_metered=False)
    assert not completes(RUNNING, [MARCH, APRIL, replace(MAY, state=PeriodState.STATED)], is_metered=False)
    assert not completes(RUNNING, [MARCH, APRIL, MAY], is_metered=True)


# What is awaited.


def awaited(*periods: OrderPeriod, today: date, order: Order = RUNNING) -> list[tuple[date, date]]:
    return [(each.first, each.last) for each in unstated(order, periods, today, is_metered=False)]


def test_from_the_first_period_on_each_month_that_is_over_is_awaited() -> None:
    assert awaited(today=day(7, 1)) == []
    assert awaited(MARCH, today=day(4, 30)) == []
    assert awaited(MARCH, today=day(5, 1)) == [(day(4, 1), day(4, 30))]
    assert awaited(MARCH, MAY, today=day(7, 1)) == [(day(4, 1), day(4, 30)), (day(6, 1), day(6, 30))]
    assert awaited(MARCH, APRIL, MAY, today=day(9, 1)) == []
    refunded = replace(RUNNING, state=OrderState.REFUNDED)
    assert awaited(MARCH, today=day(7, 1), order=refunded) == []


def test_days_the_buyer_objected_to_are_awaited_since_the_objection() -> None:
    objected = replace(APRIL, state=PeriodState.OBJECTED)
    (found,) = unstated(RUNNING, [MARCH, objected], day(5, 1), is_metered=False)
    assert (found.first, found.last, found.since) == (day(4, 1), day(4, 30), objected.answered_at)
    assert unstated(RUNNING, [MARCH, objected, replace(APRIL, used=1)], day(5, 1), is_metered=False) == ()
    assert len(unstated(RUNNING, [objected], day(5, 1), is_metered=True)) == 1


def file(*periods: OrderPeriod, invoices: tuple[Invoice, ...] = (), paid: str = "0") -> OrderFile:
    return OrderFile(RUNNING, None, invoices, (a_payment(paid),), periods=periods)


def test_an_order_in_periods_waits_for_them_and_for_what_is_invoiced() -> None:
    stated = replace(APRIL, state=PeriodState.STATED)
    found = dues(file(MARCH, stated), Moment.of_text("2026-06-01T02:00:00Z"), calendar())
    assert sorted((each.wait.step.value, each.wait.about) for each in found) == [
        ("invoice", MARCH.id),
        ("period_acceptance", stated.id),
        ("period_statement", "2026-05-01"),
    ]
    # Two weeks from the end of May: to the end of Friday the 12th.
    (statement_due,) = [each for each in found if each.wait.step.value == "period_statement"]
    assert str(statement_due.due_at) == str(Moment.start_of(day(6, 16)))
    billed = replace(an_invoice(net="40000", vat="2400"), periods=(MARCH.id,))
    assert [each.step.value for each in waits(file(MARCH, invoices=(billed,)))] == ["order_payment"]
    assert waits(file(MARCH, invoices=(billed,), paid="42400")) == ()


# What is billed.


def obstacles(*billed: OrderPeriod, net: str = "40000", earlier: tuple[Invoice, ...] = ()) -> list[str]:
    command = an_issue(net=Money.of_yuan(net), periods=tuple(each.id for each in billed))
    found = invoice_obstacles(command, RUNNING, [MARCH, APRIL, STATED], earlier, [A_CENTRE], is_metered=False)
    return [each.code for each in found]


def a_centre(licence: Period, *green: Period) -> Provider:
    certificates = tuple(Certificate("green", "G-1", each) for each in green)
    said = Provenance("register", day(1, 1), AuthorityId.new(), None, Moment.of_text("2026-01-01T02:00:00Z"))
    return Provider(FactId.new(), SELLER_ID, ProviderKind.COMPUTE_CENTRE, "L-1", licence, certificates, said)


STATED = replace(MAY, state=PeriodState.STATED)
ALWAYS = Period(None, None)
A_CENTRE = a_centre(ALWAYS, ALWAYS)


def test_an_invoice_bills_accepted_periods_up_to_what_they_come_to() -> None:
    assert MARCH.due == Money.of_yuan("40000")
    assert obstacles(MARCH) == []
    assert obstacles(MARCH, APRIL, net="80000") == []
    assert obstacles(MARCH, net="40000.01") == ["invoice_over_periods"]
    assert obstacles(STATED) == ["period_not_accepted"]
    assert obstacles() == ["invoice_without_periods"]
    assert invoice_obstacles(an_issue(), RUNNING, [], [], [], is_metered=False) == []
    assert invoice_obstacles(an_issue(), RUNNING, [MARCH], [], [], is_metered=True) == []
    with pytest.raises(NotFoundError, match="period_not_found"):
        obstacles(replace(MARCH, id=PeriodId.new()))


def test_a_period_is_billed_once_and_again_when_all_of_it_was_taken_back() -> None:
    before = replace(an_invoice(net="40000", vat="2400"), periods=(MARCH.id,))
    assert obstacles(MARCH, earlier=(before,)) == ["period_billed_already"]
    assert obstacles(APRIL, earlier=(before,)) == []
    for taken in (Verification.VOID, Verification.RED):
        assert obstacles(MARCH, earlier=(replace(before, verification=taken),)) == []
    part = replace(before, red_letters=(red(before, "39999.99", "2400"),))
    unseen = replace(before, red_letters=(red(before, "40000", "2400", Verification.UNVERIFIED),))
    whole = replace(before, red_letters=(red(before, "40000", "2400"),))
    assert [billed_by(MARCH.id, [each]) for each in (part, unseen, whole)] == [part, unseen, None]
    assert to_bill([MARCH, APRIL, STATED], [before]) == (APRIL,)


@pytest.mark.parametrize(
    ("providers", "found"),
    [
        ([A_CENTRE], []),
        ([], ["period_without_licence 2026-04-01", "period_without_green_certificate 2026-04-01"]),
        ([a_centre(ALWAYS)], ["period_without_green_certificate 2026-04-01"]),
        # The end of a period of the register is the first day on which it holds no more.
        ([a_centre(ALWAYS, Period(None, day(4, 30)))], ["period_without_green_certificate 2026-04-30"]),
        ([a_centre(ALWAYS, Period(day(4, 1), day(5, 1)))], []),
        ([a_centre(ALWAYS, Period(day(4, 2), None))], ["period_without_green_certificate 2026-04-01"]),
        (
            [a_centre(ALWAYS, Period(None, day(4, 15)), Period(day(4, 16), None))],
            ["period_without_green_certificate 2026-04-15"],
        ),
        ([a_centre(ALWAYS, Period(None, day(4, 15)), Period(day(4, 15), None))], []),
        (
            [a_centre(Period(None, day(4, 10)), ALWAYS), a_centre(Period(day(4, 11), None), ALWAYS)],
            ["period_without_licence 2026-04-10", "period_without_green_certificate 2026-04-10"],
        ),
    ],
)
def test_licence_and_green_certificate_are_valid_on_every_day(providers: list[Provider], found: list[str]) -> None:
    obstacles = provider_obstacles(RUNNING, [APRIL], providers)
    assert [f"{each.code} {each.parameters['day']}" for each in obstacles] == found
    assert provider_obstacles(replace(RUNNING, product_kind=ProductKind.API), [APRIL], []) == []


def test_public_money_rests_on_accepted_periods() -> None:
    def claimed(invoice: Invoice, *periods: OrderPeriod, metered: bool = False) -> list[str]:
        found = claim_obstacles(RUNNING, invoice, periods, [A_CENTRE], is_metered=metered)
        return [each.code for each in found]

    billed = replace(an_invoice(), periods=(MARCH.id,))
    assert claimed(billed, MARCH, STATED) == []
    assert claimed(replace(billed, periods=(STATED.id,)), STATED) == ["period_not_accepted"]
    # One of before the first period rests on all of them.
    assert claimed(an_invoice(), MARCH, STATED) == ["period_not_accepted"]
    assert claimed(an_invoice(), MARCH, replace(MAY, state=PeriodState.OBJECTED)) == []
    assert claimed(an_invoice(), MARCH, STATED, metered=True) == []


def test_an_order_is_open_until_nothing_is_left_to_state_answer_or_bill() -> None:
    ended = replace(RUNNING, state=OrderState.DELIVERED, delivered_at=Moment.of_text("2026-04-30T02:00:00Z"))
    billed = [replace(an_invoice(), periods=(MARCH.id, APRIL.id))]
    today = day(4, 30)
    assert not is_open(ended, [MARCH, APRIL], billed, today)
    assert is_open(ended, [MARCH], billed, today)
    assert is_open(ended, [MARCH, replace(APRIL, state=PeriodState.STATED)], billed, today)
    assert is_open(ended, [MARCH, replace(APRIL, state=PeriodState.OBJECTED)], billed, today)
    assert is_open(ended, [MARCH, APRIL], [replace(an_invoice(), periods=(MARCH.id,))], today)
