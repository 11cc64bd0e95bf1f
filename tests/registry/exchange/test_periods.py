"""An order in periods on a real database: from the first statement to the voucher that rests on it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from registry.actors.model import Actor
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.exchange import service
from registry.exchange.model import Order, OrderFile, OrderState
from registry.exchange.period_model import AnswerPeriod, OrderPeriod, PeriodState, StatePeriod
from registry.exchange.reminding import remind
from registry.house import House
from registry.manifests import service as manifests
from registry.parties.model import Period, ProviderKind
from registry.values.digest import Digest
from registry.values.identifiers import EvidenceId, OrderId
from registry.values.money import Money
from tests.conftest import FixedClock
from tests.registry.exchange.builders import (
    Market,
    a_document,
    a_listing,
    a_red_letter,
    an_accepted_order,
    an_invoice,
    ask,
    deliver,
    do,
    pay,
    register_provider,
    verify,
)
from tests.registry.exchange.test_metering import by_volume, read_bytes
from tests.registry.exchange.test_service import Shop, codes
from tests.registry.vouchers.builders import a_pool, hold, redeem

YUAN = Money.of_yuan
LOG = Digest.of(b"usage log")
IN_APRIL, IN_MAY, IN_JUNE = "2026-04-01T02:00:00Z", "2026-05-06T02:00:00Z", "2026-06-01T02:00:00Z"
MARCH = (date(2026, 3, 2), date(2026, 3, 31))
APRIL = (date(2026, 4, 1), date(2026, 4, 30))


def state(
    market: Market,
    order: Order,
    days: tuple[date, date],
    used: int | None = 40_000,
    seller: Actor | None = None,
    evidence: EvidenceId | None = None,
    log: Digest | None = LOG,
) -> OrderPeriod:
    command = StatePeriod(OrderId(order.id), *days, used, log, evidence)
    return do(market.house, seller or market.centre, lambda work: service.state_period(work, command))


def answer(market: Market, made: OrderPeriod, reason: str = "", buyer: Actor | None = None) -> OrderPeriod:
    """Accept a period, or object to it for a reason."""
    command = AnswerPeriod(made.id, accepted=not reason, reason=reason)
    return do(market.house, buyer or market.buyer, lambda work: service.answer_period(work, command))


def accepted(market: Market, order: Order, days: tuple[date, date], used: int = 40_000) -> OrderPeriod:
    return answer(market, state(market, order, days, used))


def file_of(market: Market, order: Order) -> OrderFile:
    return ask(market.house, market.buyer, lambda view: service.order_file(view, OrderId(order.id)))


def steps_of(market: Market, order: Order) -> set[str]:
    return {each.wait.step.value for each in file_of(market, order).dues}


@pytest.fixture
def order(market: Market) -> Order:
    """120,000 units of compute at one yuan, under a contract of 2 March."""
    return an_accepted_order(market, a_listing(market))


def test_a_month_ends_at_midnight_in_shanghai(market: Market, clock: FixedClock, order: Order) -> None:
    clock.set("2026-03-31T15:59:59Z")
    with pytest.raises(RuleError) as refusal:
        state(market, order, MARCH)
    assert codes(refusal) == {"period_in_future"}
    clock.set("2026-03-31T16:00:00Z")
    made = state(market, order, MARCH)
    assert (made.used, made.due, made.state) == (40_000, YUAN("40000"), PeriodState.STATED)
    assert file_of(market, order).periods == (made,)


def test_what_the_buyer_objects_to_is_stated_anew_and_both_stay_written(
    market: Market, clock: FixedClock, order: Order
) -> None:
    clock.set(IN_APRIL)
    first = state(market, order, MARCH)
    assert "period_acceptance" in steps_of(market, order)
    with pytest.raises(RuleError) as refusal:
        state(market, order, MARCH)
    assert codes(refusal) == {"period_overlaps"}
    objected = answer(market, first, "The log counts 200 hours twice.")
    assert (objected.state, objected.reason) == (PeriodState.OBJECTED, "The log counts 200 hours twice.")
    assert "period_statement" in steps_of(market, order)
    with pytest.raises(ConflictError, match="period_answered"):
        answer(market, first)
    again = accepted(market, order, MARCH, 39_800)
    assert file_of(market, order).periods == (objected, again)
    assert steps_of(market, order) == {"invoice"}


def test_what_was_stated_and_answered_is_never_changed(market: Market, clock: FixedClock, order: Order) -> None:
    clock.set(IN_APRIL)
    accepted(market, order, MARCH)
    for change in ("UPDATE order_periods SET used = 0", "DELETE FROM order_period_answers"):
        with market.house.database.writing() as connection, pytest.raises(DBAPIError):
            connection.execute(text(change))


def test_each_step_of_a_period_is_for_one_side_and_for_nobody_else(
    market: Market, clock: FixedClock, order: Order
) -> None:
    clock.set(IN_APRIL)
    with pytest.raises(NotAllowedError):
        state(market, order, MARCH, seller=market.buyer)
    with pytest.raises(NotFoundError, match="order_not_found"):
        state(market, order, MARCH, seller=market.exchange)
    made = state(market, order, MARCH)
    with pytest.raises(NotAllowedError):
        answer(market, made, buyer=market.centre)
    with pytest.raises(NotFoundError, match="period_not_found"):
        answer(market, made, buyer=market.exchange)


def test_of_two_who_state_the_same_days_one_wins(market: Market, clock: FixedClock, order: Order) -> None:
    clock.set(IN_APRIL)
    gate = threading.Barrier(2)

    def run(used: int) -> list[str]:
        gate.wait()
        try:
            state(market, order, MARCH, used)
        except RuleError as refusal:
            return [each.code for each in refusal.obstacles]
        return []

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(run, (1, 2))) == [[], ["period_overlaps"]]
    assert len(file_of(market, order).periods) == 1


def test_of_two_answers_one_stands(market: Market, clock: FixedClock, order: Order) -> None:
    clock.set(IN_APRIL)
    made, gate = state(market, order, MARCH), threading.Barrier(2)

    def run(reason: str) -> bool:
        gate.wait()
        try:
            answer(market, made, reason)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(run, ("", "Too much."))) == [False, True]


def test_a_document_is_the_log_and_the_sellers_own(market: Market, clock: FixedClock, order: Order) -> None:
    clock.set(IN_APRIL)
    own, strange = a_document(market.house, market.centre), a_document(market.house, market.buyer)
    with pytest.raises(RuleError) as refusal:
        state(market, order, MARCH, evidence=own)
    assert codes(refusal) == {"period_log_differs"}
    with pytest.raises(NotFoundError, match="evidence_not_found"):
        state(market, order, MARCH, evidence=strange)
    with market.house.view(market.centre) as view:
        (document,) = manifests.require_evidence(view, [own])
    assert state(market, order, MARCH, evidence=own, log=document.digest).evidence == own


def test_both_sides_read_the_log_that_was_filed_and_nobody_else(
    market: Market, clock: FixedClock, order: Order
) -> None:
    clock.set(IN_APRIL)
    filed = a_document(market.house, market.centre)
    (document,) = ask(market.house, market.centre, lambda view: manifests.require_evidence(view, [filed]))
    made = state(market, order, MARCH, evidence=filed, log=document.digest)
    for side in (market.buyer, market.centre, market.reviewer):
        found, blob = ask(market.house, side, lambda view: service.period_log(view, made.id))
        assert (found.id, found.digest, blob.digest) == (filed, document.digest, document.digest)
    with pytest.raises(NotFoundError, match="period_not_found"):
        ask(market.house, market.exchange, lambda view: service.period_log(view, made.id))
    # What was objected to can still be read; it is what the objection is about.
    answer(market, made, "Too much.")
    assert ask(market.house, market.buyer, lambda view: service.period_log(view, made.id))[0].id == filed


def test_a_log_of_which_only_the_digest_is_known_cannot_be_read(
    market: Market, clock: FixedClock, order: Order
) -> None:
    clock.set(IN_APRIL)
    made = state(market, order, MARCH)
    with pytest.raises(NotFoundError, match="period_log_not_filed"):
        ask(market.house, market.buyer, lambda view: service.period_log(view, made.id))


def test_the_last_accepted_period_completes_the_delivery_and_its_payment_closes_the_order(
    market: Market, clock: FixedClock, order: Order
) -> None:
    clock.set(IN_MAY)
    first, second = accepted(market, order, MARCH, 80_000), state(market, order, APRIL, 40_000)
    assert file_of(market, order).order.state is OrderState.ACCEPTED
    answer(market, second)
    delivered = file_of(market, order).order
    assert (delivered.state, delivered.delivered_at) == (OrderState.DELIVERED, clock.now())
    assert delivered.usage == "120000 (2026-04-30)"
    verify(market, an_invoice(market, order, market.centre, YUAN("80000"), periods=(first.id,)))
    pay(market, order, YUAN("80000"))
    assert file_of(market, order).order.state is OrderState.DELIVERED
    verify(market, an_invoice(market, order, market.centre, YUAN("40000"), periods=(second.id,)))
    pay(market, order, YUAN("40000"))
    assert (file_of(market, order).order.state, steps_of(market, order)) == (OrderState.CLOSED, set())


def test_a_last_receipt_ends_an_order_before_all_was_used(market: Market, clock: FixedClock, order: Order) -> None:
    clock.set(IN_APRIL)
    made = accepted(market, order, MARCH)
    verify(market, an_invoice(market, order, market.centre, YUAN("40000"), periods=(made.id,)))
    pay(market, order, YUAN("40000"))
    assert deliver(market, order).state is OrderState.DELIVERED
    today = (date(2026, 4, 1), date(2026, 4, 1))
    clock.advance(timedelta(days=1))
    assert steps_of(market, order) == {"period_statement"}
    rest = state(market, order, today, 0)
    assert file_of(market, order).order.state is OrderState.DELIVERED
    answer(market, rest)
    assert file_of(market, order).order.state is OrderState.CLOSED


def test_an_order_of_which_nothing_was_used_ends_with_nothing_due(
    market: Market, clock: FixedClock, order: Order
) -> None:
    clock.set(IN_APRIL)
    accepted(market, order, MARCH, 0)
    deliver(market, order)
    clock.advance(timedelta(days=1))
    answer(market, state(market, order, (date(2026, 4, 1), date(2026, 4, 1)), 0))
    assert (file_of(market, order).order.state, steps_of(market, order)) == (OrderState.CLOSED, set())


def test_an_invoice_names_accepted_periods_and_bills_each_once(market: Market, clock: FixedClock, order: Order) -> None:
    clock.set(IN_MAY)
    first, second = accepted(market, order, MARCH), state(market, order, APRIL)
    for named, net, code in (
        ((), "40000", "invoice_without_periods"),
        ((second.id,), "40000", "period_not_accepted"),
        ((first.id,), "40000.01", "invoice_over_periods"),
    ):
        with pytest.raises(RuleError) as refusal:
            an_invoice(market, order, market.centre, YUAN(net), periods=named)
        assert codes(refusal) == {code}
    made = an_invoice(market, order, market.centre, YUAN("40000"), periods=(first.id,))
    assert file_of(market, order).invoices[0].periods == (first.id,)
    with pytest.raises(RuleError) as refusal:
        an_invoice(market, order, market.centre, YUAN("1"), periods=(first.id,))
    assert codes(refusal) == {"period_billed_already"}
    verify(market, made)
    a_red_letter(market, made, market.centre, YUAN("40000"))
    with pytest.raises(RuleError, match="invoice_refused"):
        an_invoice(market, order, market.centre, YUAN("40000"), periods=(first.id,))


def test_a_gap_in_the_green_certificate_lets_the_period_stand_and_refuses_its_invoice(
    market: Market, clock: FixedClock, order: Order
) -> None:
    register_provider(market, market.centre, ProviderKind.COMPUTE_CENTRE, Period(date(2026, 4, 10), date(2026, 4, 12)))
    clock.set(IN_MAY)
    march, april = accepted(market, order, MARCH), accepted(market, order, APRIL)
    an_invoice(market, order, market.centre, YUAN("40000"), periods=(march.id,))
    with pytest.raises(RuleError) as refusal:
        an_invoice(market, order, market.centre, YUAN("40000"), periods=(april.id,))
    (obstacle,) = refusal.value.obstacles
    assert (obstacle.code, obstacle.parameters["day"]) == ("period_without_green_certificate", "2026-04-10")


def test_a_voucher_rests_on_an_accepted_period_before_all_is_delivered(
    market: Market, clock: FixedClock, order: Order
) -> None:
    a_pool(market)
    clock.set(IN_APRIL)
    made = accepted(market, order, MARCH)
    voucher = hold(market, order)
    invoice = verify(market, an_invoice(market, order, market.centre, YUAN("40000"), periods=(made.id,)))
    pay(market, order, YUAN("40000"))
    redeemed = redeem(market, voucher, invoice)
    assert (redeemed.base, redeemed.amount) == (YUAN("40000"), YUAN("12000"))
    assert file_of(market, order).order.state is OrderState.ACCEPTED


def test_no_voucher_rests_on_a_period_the_register_does_not_cover_any_more(
    market: Market, clock: FixedClock, order: Order
) -> None:
    a_pool(market)
    clock.set(IN_APRIL)
    made = accepted(market, order, MARCH)
    voucher = hold(market, order)
    invoice = verify(market, an_invoice(market, order, market.centre, YUAN("40000"), periods=(made.id,)))
    pay(market, order, YUAN("40000"))
    register_provider(
        market, market.centre, ProviderKind.COMPUTE_CENTRE, Period(date(2026, 3, 31), date(2026, 4, 1)), green=None
    )
    with pytest.raises(RuleError) as refusal:
        redeem(market, voucher, invoice)
    assert codes(refusal) == {"period_without_green_certificate"}


def test_no_voucher_rests_on_an_invoice_of_before_the_periods_until_each_is_answered(
    market: Market, clock: FixedClock, order: Order
) -> None:
    a_pool(market)
    invoice = verify(market, an_invoice(market, order, market.centre))
    pay(market, order)
    clock.set(IN_APRIL)
    voucher = hold(market, order)
    made = state(market, order, MARCH, 120_000)

    def refused() -> set[str]:
        with pytest.raises(RuleError) as refusal:
            redeem(market, voucher, invoice)
        return codes(refusal)

    assert refused() == {"period_not_accepted", "order_not_delivered"}
    answer(market, made)
    assert redeem(market, voucher, invoice).base == YUAN("120000")


def test_of_a_metered_order_the_service_says_what_was_used(market: Market, clock: FixedClock) -> None:
    shop = Shop(market)
    order = by_volume(shop)
    read_bytes(shop, (0, 1500))
    clock.set(IN_APRIL)
    with pytest.raises(RuleError) as refusal:
        state(market, order, MARCH, 1_500, seller=market.exchange)
    assert codes(refusal) == {"period_use_is_metered"}
    made = state(market, order, MARCH, None, seller=market.exchange, log=None)
    assert (made.used, made.due) == (1500, Money(150))
    answer(market, made)
    billed = an_invoice(market, order, market.exchange, Money(150), periods=(made.id,))
    assert billed.periods == (made.id,)
    # The order itself is delivered as before, by its content.
    assert "receipt" in steps_of(market, order)


def test_a_month_that_nobody_stated_is_reminded_of_and_escalates(
    house: House, market: Market, clock: FixedClock, order: Order
) -> None:
    clock.set(IN_APRIL)
    accepted(market, order, MARCH)
    clock.set(IN_JUNE)
    due = {each.wait.about: each for each in file_of(market, order).dues}
    assert {"2026-04-01", "2026-05-01"} <= set(due)
    assert due["2026-04-01"].days_late > 0
    assert remind(house.database, clock) > 0
    assert remind(house.database, clock) == 0
    (waiting,), _ = ask(house, market.centre, lambda view: service.waiting(view, None, 10))
    assert {each.wait.about for each in waiting.dues} >= {"2026-04-01", "2026-05-01"}


def test_data_at_one_price_has_no_periods(market: Market, clock: FixedClock) -> None:
    shop = Shop(market)
    order = shop.ordered()
    clock.set(IN_APRIL)
    with pytest.raises(RuleError) as refusal:
        state(market, order, MARCH, seller=market.exchange, used=1)
    assert codes(refusal) == {"period_of_one_delivery"}
