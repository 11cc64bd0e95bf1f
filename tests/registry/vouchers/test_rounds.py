"""Rounds of a pool: when they may be published, who receives what, and that nothing is given out twice."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from registry.actors.model import Actor
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.exchange.model import Order
from registry.house import House
from registry.messages.model import Topic
from registry.policy.model import Allocation
from registry.values.identifiers import OrderId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers import requests, rounds, service
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.model import HOLD_LIFE, Pool, VoucherState
from registry.vouchers.round_model import (
    MoveVoucherRoundClosing,
    PublishVoucherRound,
    VoucherRequestState,
    VoucherRound,
    VoucherRoundState,
)
from tests.registry.exchange.builders import (
    Market,
    a_buyer,
    a_listing,
    a_market,
    a_refund,
    an_accepted_order,
    ask,
    do,
    firm_of,
    pay,
)
from tests.registry.messages.test_announcing import a_webhook, told
from tests.registry.parties.builders import an_owner
from tests.registry.vouchers.builders import hold, ready_to_redeem, redeem


def the_pool(market: Market) -> Pool:
    return ask(market.house, market.reviewer, service.pools)[0]


def command(market: Market, yuan: str, allocation: Allocation | None = Allocation.FIRST_COME) -> PublishVoucherRound:
    """Return a round that opens in ten minutes for an hour."""
    now = market.house.clock.now()
    opens = Moment(now.instant.replace(second=0, microsecond=0)).plus(timedelta(minutes=10))
    closes = opens.plus(timedelta(hours=1))
    return PublishVoucherRound(the_pool(market).id, "第一批", opens, closes, Money.of_yuan(yuan), allocation)


def publish(market: Market, asked: PublishVoucherRound, by: Actor | None = None) -> VoucherRound:
    return do(market.house, by or market.registrar, lambda work: rounds.publish_voucher_round(work, asked))


def advance(market: Market, span: timedelta) -> None:
    market.house.clock.advance(span)  # type: ignore[attr-defined]


def an_open_round(market: Market, yuan: str, allocation: Allocation = Allocation.FIRST_COME) -> VoucherRound:
    made = publish(market, command(market, yuan, allocation))
    advance(market, timedelta(minutes=10))
    return made


def state_of(market: Market, found: VoucherRound) -> VoucherRound:
    with market.house.database.reading() as connection:
        verify_ledger(connection)
    return ask(market.house, market.buyer, lambda view: rounds.voucher_round(view, found.id))


def request(market: Market, order: Order, buyer: Actor | None = None) -> Any:
    return do(market.house, buyer or market.buyer, lambda work: requests.request_voucher(work, OrderId(order.id)))


def divide(market: Market, found: VoucherRound) -> VoucherRound:
    return do(market.house, market.reviewer, lambda work: requests.divide_voucher_round(work, found.id))


def requests_of(market: Market, found: VoucherRound, by: Actor | None = None) -> list[Any]:
    return ask(market.house, by or market.reviewer, lambda view: requests.voucher_requests(view, found.id, None, 1_000))


def test_a_round_is_published_before_it_opens_within_its_pool_and_apart_from_others(market: Market) -> None:
    asked = command(market, "100000")
    with pytest.raises(RuleError, match="round_opens_too_early"):
        publish(market, replace(asked, opens_at=asked.opens_at.plus(-timedelta(minutes=20))))
    pool = the_pool(market)
    with pytest.raises(RuleError, match="voucher_round_over_pool"):
        publish(market, replace(asked, budget=pool.left + Money(1)))
    first = publish(market, replace(asked, budget=pool.left - Money(5)))
    with pytest.raises(ConflictError, match="voucher_round_windows_meet"):
        publish(market, replace(asked, budget=Money(1)))
    later = replace(asked, opens_at=asked.closes_at, closes_at=asked.closes_at.plus(timedelta(hours=1)))
    with pytest.raises(RuleError, match="voucher_round_over_pool"):
        publish(market, replace(later, budget=Money(6)))
    publish(market, replace(later, budget=Money(5)))
    cancel = do(market.house, market.registrar, lambda work: rounds.cancel_voucher_round(work, first.id))
    assert cancel.state_at(market.house.clock.now()) is VoucherRoundState.CANCELLED
    publish(market, asked)


def test_nobody_but_a_registrar_of_the_authority_publishes_and_a_reviewer_divides(house: House, market: Market) -> None:
    asked = command(market, "100000")
    with pytest.raises(NotAllowedError):
        publish(market, asked, market.reviewer)
    with pytest.raises(NotAllowedError):
        publish(market, asked, market.buyer)
    other = a_market(house)
    with pytest.raises(NotFoundError):
        publish(market, asked, other.registrar)
    made = an_open_round(market, "100000", Allocation.PRO_RATA)
    with pytest.raises(NotFoundError):
        do(house, other.reviewer, lambda work: requests.divide_voucher_round(work, made.id))
    with pytest.raises(NotFoundError):
        requests_of(market, made, other.reviewer)


def test_in_a_pool_with_rounds_a_hold_is_made_in_an_open_one_only(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    made = publish(market, command(market, "100000"))
    with pytest.raises(RuleError, match="voucher_round_opens_later") as early:
        hold(market, order)
    assert early.value.parameters["opens_at"] == str(made.opens_at)
    advance(market, timedelta(minutes=9))
    with pytest.raises(RuleError, match="voucher_round_opens_later"):
        hold(market, order)
    advance(market, timedelta(minutes=1))
    held = hold(market, order)
    assert held.round == made.id
    advance(market, timedelta(hours=1))
    with pytest.raises(RuleError, match="voucher_round_closed") as late:
        hold(market, an_accepted_order(market, a_listing(market)))
    assert late.value.parameters["left"] == "¥64,000.00"


def test_less_is_held_where_less_fits_and_then_it_is_used_up(market: Market) -> None:
    made = an_open_round(market, "40000")
    listing = a_listing(market)
    assert hold(market, an_accepted_order(market, listing)).amount == Money.of_yuan("36000")
    last = hold(market, an_accepted_order(market, listing))
    assert last.amount == Money.of_yuan("4000")
    with pytest.raises(RuleError, match="nothing_to_hold") as refused:
        hold(market, an_accepted_order(market, listing))
    assert [each.code for each in refused.value.obstacles] == ["voucher_round_used_up"]
    assert not state_of(market, made).left
    do(market.house, market.buyer, lambda work: service.release(work, VoucherId(last.id)))
    assert state_of(market, made).left == Money.of_yuan("4000")


def test_what_runs_out_or_is_not_redeemed_is_there_in_the_round_again(market: Market) -> None:
    made = an_open_round(market, "100000")
    order = an_accepted_order(market, a_listing(market))
    voucher = hold(market, order)
    redeemed = redeem(market, voucher, ready_to_redeem(market, order))
    assert redeemed.round == made.id
    hold(market, an_accepted_order(market, a_listing(market)))
    assert state_of(market, made).used == Money.of_yuan("72000")
    advance(market, HOLD_LIFE)
    assert service.expire_due(market.house.database, market.house.clock) == 1
    assert state_of(market, made).used == Money.of_yuan("36000")


def test_many_at_once_use_a_round_to_its_last_fen_and_no_more(market: Market) -> None:
    buyers = [market.buyer, a_buyer(market.house, market.registrar)]
    listing = a_listing(market)
    orders = [an_accepted_order(market, listing, 30_001 + place, buyers[place % 2]) for place in range(24)]
    made = an_open_round(market, "100000.01")
    gate = threading.Barrier(len(orders))

    def run(order: Order) -> bool:
        gate.wait()
        try:
            hold(market, order, an_owner(order.buyer))
        except RuleError:
            return False
        return True

    with ThreadPoolExecutor(len(orders)) as threads:
        came_to = list(threads.map(run, orders))
    found = state_of(market, made)
    assert found.used == found.budget
    assert 0 < sum(came_to) < len(orders)


def test_a_closed_round_is_divided_by_what_was_asked(market: Market) -> None:
    other = a_buyer(market.house, market.registrar)
    listing = a_listing(market)
    first, second = an_accepted_order(market, listing), an_accepted_order(market, listing, 60_000, other)
    made = an_open_round(market, "27000.01", Allocation.PRO_RATA)
    with pytest.raises(RuleError, match="voucher_round_takes_requests_only"):
        hold(market, first)
    request(market, first)
    with pytest.raises(ConflictError, match="voucher_requested_already"):
        request(market, first)
    request(market, second, other)
    assert [each.firm for each in requests_of(market, made, other)] == [firm_of(other)]
    with pytest.raises(ConflictError, match="voucher_round_takes_requests"):
        divide(market, made)
    advance(market, timedelta(hours=1))
    with pytest.raises(RuleError):
        request(market, an_accepted_order(market, listing))
    divide(market, made)
    found = requests_of(market, made)
    assert [(each.ceiling, each.amount) for each in found] == [
        (Money.of_yuan("36000"), Money.of_yuan("18000.01")),
        (Money.of_yuan("18000"), Money.of_yuan("9000")),
    ]
    divided = state_of(market, made)
    assert divided.used == divided.budget
    with pytest.raises(ConflictError, match="voucher_round_divided_already"):
        divide(market, made)
    voucher = ask(market.house, market.buyer, lambda view: service.voucher(view, found[0].voucher))
    assert (voucher.state, voucher.round, voucher.amount) == (VoucherState.HELD, made.id, Money.of_yuan("18000.01"))


def test_requests_of_one_firm_stay_within_its_year_and_what_is_refused_says_why(market: Market) -> None:
    listing = a_listing(market, unit_price=Money(1_000))
    made = publish(market, command(market, "900000", Allocation.PRO_RATA))
    first, second, over = (an_accepted_order(market, listing, each) for each in (150_000, 1_000, 150_000))
    last = an_accepted_order(market, listing, 1)
    advance(market, timedelta(minutes=10))
    for order in (first, second, over, last):
        request(market, order)
    advance(market, timedelta(hours=1))
    divide(market, made)
    found = requests_of(market, made)
    assert [each.amount for each in found] == [Money.of_yuan(each) for each in ("450000", "3000", "47000", "0")]
    assert [each.state for each in found] == [VoucherRequestState.HELD] * 3 + [VoucherRequestState.REFUSED]
    assert [each.reason for each in found] == ["", "", "", "firm_year_full"]
    assert state_of(market, made).used == Money.of_yuan("500000")


def test_what_went_back_before_the_division_is_not_supported(market: Market) -> None:
    listing = a_listing(market)
    made = publish(market, command(market, "900000", Allocation.PRO_RATA))
    half, nothing, late = (an_accepted_order(market, listing) for _ in range(3))
    advance(market, timedelta(minutes=10))
    request(market, half)
    request(market, nothing)
    for order, yuan in ((half, "60000"), (nothing, "120000"), (late, "120000")):
        pay(market, order)
        a_refund(market, order, market.centre, Money.of_yuan(yuan))
    with pytest.raises(RuleError, match="nothing_to_hold") as refused:
        request(market, late)
    assert [each.code for each in refused.value.obstacles] == ["purchase_without_price"]
    advance(market, timedelta(hours=1))
    divide(market, made)
    found = requests_of(market, made)
    assert [(each.amount, each.reason) for each in found] == [
        (Money.of_yuan("18000"), ""),
        (Money(0), "purchase_without_price"),
    ]
    voucher = ask(market.house, market.buyer, lambda view: service.voucher(view, found[0].voucher))
    assert voucher.base == Money.of_yuan("60000")


def test_each_firm_is_told_what_became_of_its_request(market: Market) -> None:
    made = an_open_round(market, "10000", Allocation.PRO_RATA)
    hooks = [a_webhook(market.house, each, Topic.VOUCHER_REQUEST_DECIDED) for each in (market.buyer, market.centre)]
    request(market, an_accepted_order(market, a_listing(market)))
    advance(market, timedelta(hours=1))
    assert hooks[0] not in told(market.house)
    divide(market, made)
    assert [each for each in told(market.house) if each in hooks] == [hooks[0]]


def move_closing(market: Market, found: VoucherRound, closes_at: Moment, by: Actor | None = None) -> VoucherRound:
    asked = MoveVoucherRoundClosing(found.id, closes_at, " 数发〔2026〕9号 ", "系统检修顺延")
    return do(market.house, by or market.registrar, lambda work: rounds.move_voucher_round_closing(work, asked))


def test_a_closing_moves_to_a_later_minute_by_a_decision_everybody_reads(market: Market) -> None:
    made = an_open_round(market, "100000")
    first, second = (made.closes_at.plus(timedelta(hours=hours)) for hours in (1, 2))
    for earlier in (made.closes_at, made.closes_at.plus(-timedelta(minutes=1))):
        with pytest.raises(RuleError, match="voucher_round_closing_not_later"):
            move_closing(market, made, earlier)
    assert move_closing(market, made, first).closes_at == first
    advance(market, timedelta(minutes=90))
    assert hold(market, an_accepted_order(market, a_listing(market))).round == made.id
    move_closing(market, made, second)
    moved = ask(market.house, market.buyer, lambda view: rounds.moved_closings(view, [made.id]))[made.id]
    assert [(each.number, each.closed_before, each.closes_at) for each in moved] == [
        (1, made.closes_at, first),
        (2, first, second),
    ]
    assert {(each.document_number, each.reason) for each in moved} == {("数发〔2026〕9号", "系统检修顺延")}
    advance(market, timedelta(hours=2))
    with pytest.raises(ConflictError, match="voucher_round_has_closed"):
        move_closing(market, made, second.plus(timedelta(days=1)))
    assert state_of(market, made).closes_at == second


def test_a_closing_meets_no_other_window_and_moves_by_a_registrar_of_the_authority_only(market: Market) -> None:
    asked = command(market, "1000", Allocation.PRO_RATA)
    coming = publish(market, asked)
    later = asked.closes_at.plus(timedelta(hours=2))
    other = publish(market, replace(asked, opens_at=later, closes_at=later.plus(timedelta(hours=1))))
    with pytest.raises(ConflictError, match="voucher_round_windows_meet"):
        move_closing(market, coming, later.plus(timedelta(minutes=1)))
    assert move_closing(market, coming, later).closes_at == later
    for refused, error in ((market.reviewer, NotAllowedError), (market.buyer, NotAllowedError)):
        with pytest.raises(error):
            move_closing(market, other, later.plus(timedelta(hours=2)), refused)
    with pytest.raises(NotFoundError):
        move_closing(market, other, later.plus(timedelta(hours=2)), a_market(market.house).registrar)
    do(market.house, market.registrar, lambda work: rounds.cancel_voucher_round(work, other.id))
    with pytest.raises(ConflictError, match="voucher_round_has_closed"):
        move_closing(market, other, later.plus(timedelta(hours=2)))
    with pytest.raises(InvalidValueError, match="round_not_to_the_minute"):
        move_closing(market, coming, later.plus(timedelta(seconds=1)))


def withdraw(market: Market, request_id: Any, by: Actor | None = None) -> Any:
    return do(market.house, by or market.buyer, lambda work: requests.withdraw_voucher_request(work, request_id))


def test_a_request_is_withdrawn_before_the_closing_and_may_be_filed_anew(market: Market) -> None:
    made = an_open_round(market, "40000", Allocation.PRO_RATA)
    listing = a_listing(market)
    kept, left, again = (an_accepted_order(market, listing) for _ in range(3))
    standing = request(market, kept)
    gone = withdraw(market, request(market, left).id)
    assert (gone.state, gone.withdrawn_at) == (VoucherRequestState.WITHDRAWN, market.house.clock.now())
    withdraw(market, request(market, again).id)
    anew = request(market, again)
    with pytest.raises(ConflictError, match="voucher_requested_already"):
        request(market, again)
    with pytest.raises(ConflictError, match="voucher_request_ended"):
        withdraw(market, gone.id)
    advance(market, timedelta(hours=1))
    with pytest.raises(ConflictError, match="voucher_request_stands"):
        withdraw(market, standing.id)
    divide(market, made)
    found = {each.id: each for each in requests_of(market, made)}
    assert (found[standing.id].amount, found[anew.id].amount) == (Money.of_yuan("20000"), Money.of_yuan("20000"))
    assert (found[gone.id].state, found[gone.id].amount) == (VoucherRequestState.WITHDRAWN, Money(0))
    assert not state_of(market, made).left
    with pytest.raises(ConflictError, match="voucher_request_ended"):
        withdraw(market, standing.id)


def test_nobody_withdraws_the_request_of_another(market: Market) -> None:
    an_open_round(market, "40000", Allocation.PRO_RATA)
    filed = request(market, an_accepted_order(market, a_listing(market)))
    for refused in (market.centre, a_buyer(market.house, market.registrar), market.reviewer):
        with pytest.raises((NotAllowedError, NotFoundError)):
            withdraw(market, filed.id, refused)
    with pytest.raises(NotFoundError, match="voucher_request_not_found"):
        withdraw(market, type(filed.id).new())
    assert withdraw(market, filed.id).state is VoucherRequestState.WITHDRAWN


def caps(market: Market) -> dict[int, Money]:
    found = ask(market.house, market.payer, lambda view: service.firm_years(view, None, None))
    return {each.year: each.cap for each in found if each.firm == firm_of(market.buyer)}


@pytest.mark.parametrize("together", [False, True])
def test_a_hold_that_is_cleared_away_leaves_the_cap_of_its_year(market: Market, *, together: bool) -> None:
    """A firm-year belongs to the terms it was drawn on by; what is given back to it does not raise its cap."""
    listing = a_listing(market)
    order = an_accepted_order(market, listing)
    held = hold(market, order)
    with market.house.database.writing() as connection:
        connection.execute(text("UPDATE firm_years SET cap = 4000000"))
    advance(market, Moment.of_text("2027-01-04T00:00:00Z").instant - market.house.clock.now().instant)
    if together:
        made = an_open_round(market, "1000", Allocation.PRO_RATA)
        request(market, order)
        advance(market, timedelta(hours=1))
        divide(market, made)
    else:
        hold(market, order)
    assert ask(market.house, market.buyer, lambda view: service.voucher(view, held.id)).state is VoucherState.EXPIRED
    assert caps(market) == {2026: Money(4_000_000), 2027: Money.of_yuan("500000")}
