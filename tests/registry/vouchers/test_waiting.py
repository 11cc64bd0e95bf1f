"""Holds that wait for each other: one transaction, and each has an outcome of its own."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from registry.actors.model import Actor
from registry.errors import ConflictError, NotFoundError, RuleError, SancaiError
from registry.exchange.model import Order
from registry.house import House
from registry.journal.gate import Gate
from registry.journal.together import Waiting, perform_together
from registry.journal.work import Command, Outcome, Work
from registry.values.digest import Digest
from registry.values.identifiers import OrderId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers import holding, pools, service, waiting
from registry.vouchers.holding import NotTogetherError
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.model import HOLD_LIFE, Voucher
from registry.vouchers.waiting import WaitingHolds
from tests.conftest import FixedClock
from tests.registry.exchange.builders import Market, a_buyer, a_listing, a_market, an_accepted_order, ask
from tests.registry.parties.builders import an_owner
from tests.registry.vouchers.builders import a_pool, hold
from tests.registry.vouchers.test_rounds import command, publish

POOL = Money.of_yuan("100000.01")


@pytest.fixture
def market(house: House, monkeypatch: pytest.MonkeyPatch) -> Market:
    """A market whose pool was opened with little."""
    made = a_market(house)
    monkeypatch.setattr(pools, "cap_amount", lambda *_: POOL)
    a_pool(made)
    return made


@pytest.fixture
def orders(market: Market) -> list[Order]:
    """Orders of two firms, worth more than the pool."""
    buyers = [market.buyer, a_buyer(market.house, market.registrar)]
    listing = a_listing(market)
    return [an_accepted_order(market, listing, 100_000 + place, buyers[place % 2]) for place in range(6)]


def a_command(number: int, body: str = "") -> Command:
    return Command("hold_voucher", f"key-of-order-{number}", Digest.of(f"{number}{body}".encode()))


def shown(made: Voucher) -> dict[str, str]:
    return {"id": str(made.id), "amount": str(made.amount)}


def owners(orders: Sequence[Order]) -> list[Actor]:
    return [an_owner(order.buyer) for order in orders]


def together(market: Market, orders: Sequence[Order], actors: Sequence[Actor]) -> list[Outcome | SancaiError | None]:
    """Hold for orders in one transaction, as a process does for those that wait."""
    now = market.house.clock.now()

    def act(works: Sequence[Work], places: Sequence[int]) -> list[dict[str, str] | SancaiError]:
        claims = [holding.Claim(work, OrderId(orders[place].id)) for work, place in zip(works, places, strict=True)]
        return [each if isinstance(each, SancaiError) else shown(each) for each in holding.hold_together(claims)]

    asked = [Waiting(actor, a_command(number), now) for number, actor in enumerate(actors)]
    return perform_together(market.house.database, asked, act)


def await_waiting(gate: Gate[Any, Any], number: int) -> None:
    """Return once so many wait at a gate."""
    deadline = time.monotonic() + 30
    while len(gate._waiting) < number:
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.001)


def used(market: Market) -> Money:
    with market.house.database.reading() as connection:
        verify_ledger(connection)
    return ask(market.house, market.reviewer, service.pools)[0].used


def test_those_held_together_come_to_what_they_would_one_after_the_other(market: Market, orders: list[Order]) -> None:
    came_to = together(market, orders, owners(orders))
    amounts = [each.result["amount"] for each in came_to if isinstance(each, Outcome)]
    assert amounts == ["¥30,000.00", "¥30,000.30", "¥30,000.60", "¥9,999.11"]
    assert [each.code for each in came_to[4:] if isinstance(each, RuleError)] == ["nothing_to_hold"] * 2
    assert used(market) == POOL
    entries = {each.entry_id for each in _postings(market)}
    assert len(entries) == 1 + len(amounts)


def _postings(market: Market) -> Sequence[object]:
    from sqlalchemy import select

    from registry.vouchers.records import ledger_postings

    with market.house.database.reading() as connection:
        return list(connection.execute(select(ledger_postings)))


def test_an_outcome_is_kept_with_its_key_also_a_refusal(market: Market, orders: list[Order]) -> None:
    actors = owners(orders)
    first = together(market, orders, actors)
    assert together(market, orders, actors) == [None] * len(orders)
    again = WaitingHolds(market.house.database, market.house.clock)
    for number, order in enumerate(orders):
        came_to: Outcome | SancaiError
        try:
            came_to = again.hold(actors[number], a_command(number), OrderId(order.id), shown)
        except RuleError as refusal:
            came_to = refusal
        before = first[number]
        if isinstance(before, Outcome):
            assert isinstance(came_to, Outcome)
            assert came_to.replayed
            assert came_to.result == before.result
        else:
            assert isinstance(came_to, RuleError)
    with pytest.raises(ConflictError, match="idempotency_key_reused"):
        again.hold(actors[0], a_command(0, "other"), OrderId(orders[0].id), shown)


def test_a_refusal_of_one_takes_nothing_from_the_others(market: Market, orders: list[Order]) -> None:
    hold(market, orders[1], an_owner(orders[1].buyer))
    # The first is asked for by the other firm, the second has a voucher.
    actors = [an_owner(orders[1].buyer), an_owner(orders[1].buyer), an_owner(orders[2].buyer)]
    came_to = together(market, orders[:3], actors)
    assert isinstance(came_to[0], NotFoundError)
    assert isinstance(came_to[1], RuleError)
    assert [each.code for each in came_to[1].obstacles] == ["order_without_voucher"]
    assert isinstance(came_to[2], Outcome)
    assert used(market) == Money.of_yuan("60000.90")


def test_what_goes_wrong_with_one_makes_each_go_alone(
    market: Market, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(claims: Sequence[holding.Claim]) -> list[Voucher | SancaiError]:
        holding.hold_together(claims)
        raise ZeroDivisionError

    monkeypatch.setattr(waiting, "hold_together", broken)
    assert _race(market, orders) == 4
    assert used(market) == POOL


def test_many_at_once_pass_no_cap_whatever_is_taken_together(market: Market, orders: list[Order]) -> None:
    assert _race(market, orders) == 4
    assert used(market) == POOL


def _race(market: Market, orders: Sequence[Order]) -> int:
    """Let all hold at once in two processes' places; return how many hold something."""
    places = [WaitingHolds(market.house.database, market.house.clock) for _ in range(2)]
    gate = threading.Barrier(len(orders))

    def run(number: int) -> bool:
        gate.wait()
        order = orders[number]
        try:
            places[number % 2].hold(an_owner(order.buyer), a_command(number), OrderId(order.id), shown)
        except RuleError:
            return False
        return True

    with ThreadPoolExecutor(len(orders)) as threads:
        return sum(threads.map(run, range(len(orders))))


def test_who_waits_at_a_gate_is_taken_along_and_an_error_reaches_its_batch_only() -> None:
    entered, batches = threading.Event(), list[list[int]]()
    let_on = threading.Event()

    def run(batch: Sequence[int]) -> list[int]:
        batches.append(list(batch))
        entered.set()
        let_on.wait(30)
        if 0 in batch:
            raise ZeroDivisionError
        return [each * 10 for each in batch]

    gate: Gate[int, int] = Gate(run, 3)
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(gate.through, 0)
        assert entered.wait(30)
        rest = [threads.submit(gate.through, each) for each in range(1, 6)]
        await_waiting(gate, 5)
        let_on.set()
        with pytest.raises(ZeroDivisionError):
            first.result(30)
        assert [each.result(30) for each in rest] == [10, 20, 30, 40, 50]
    assert [len(each) for each in batches] == [1, 3, 2]
    assert gate.through(7) == 70


def test_who_was_answered_together_and_comes_again_is_waited_for() -> None:
    entered, let_on, batches = threading.Event(), threading.Event(), list[int]()

    def run(batch: Sequence[int]) -> Sequence[int]:
        batches.append(len(batch))
        entered.set()
        let_on.wait(30)
        return batch

    gate: Gate[int, int] = Gate(run, 3, gather_s=1.0)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(gate.through, 0)
        assert entered.wait(30)
        rest = [threads.submit(gate.through, each) for each in (1, 2, 3)]
        await_waiting(gate, 3)
        let_on.set()
        assert [each.result(30) for each in (first, *rest)] == [0, 1, 2, 3]
        again = [threads.submit(gate.through, each) for each in (4, 5)]
        assert [each.result(30) for each in again] == [4, 5]
    assert batches == [1, 3, 2]


def test_those_that_come_while_one_holds_alone_go_together(
    market: Market, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, let_on, sizes = threading.Event(), threading.Event(), list[int]()
    real, real_together = waiting.hold, waiting.hold_together

    def slow(work: Work, order: OrderId) -> Voucher:
        entered.set()
        assert let_on.wait(30)
        return real(work, order)

    def counted(claims: Sequence[holding.Claim]) -> list[Voucher | SancaiError]:
        sizes.append(len(claims))
        return real_together(claims)

    monkeypatch.setattr(waiting, "hold", slow)
    monkeypatch.setattr(waiting, "hold_together", counted)
    holds, actors = WaitingHolds(market.house.database, market.house.clock), owners(orders)

    def act(place: int) -> Outcome:
        return holds.hold(actors[place], a_command(place), OrderId(orders[place].id), shown)

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(act, 0)
        assert entered.wait(30)
        rest = [threads.submit(act, place) for place in (1, 2, 3)]
        await_waiting(holds._gate, 3)
        let_on.set()
        assert [each.result(30).replayed for each in (first, *rest)] == [False] * 4
    assert sizes == [3]


class _Ticking:
    """A clock that has passed on at the second look."""

    def __init__(self, first: Moment, then: Moment) -> None:
        self._next = [first]
        self._then = then

    def now(self) -> Moment:
        return self._next.pop() if self._next else self._then


def test_who_goes_alone_is_not_late_by_having_waited(market: Market, orders: list[Order]) -> None:
    made = publish(market, command(market, "30000"))
    clock = _Ticking(made.closes_at.plus(-timedelta(microseconds=1)), made.closes_at)
    held = WaitingHolds(market.house.database, clock)
    came_to = held.hold(an_owner(orders[0].buyer), a_command(0), OrderId(orders[0].id), shown)
    assert came_to.result["amount"] == "¥30,000.00"
    assert used(market) == Money.of_yuan("30000")


def test_a_round_whose_holds_have_run_out_is_not_used_up(
    market: Market, orders: list[Order], clock: FixedClock
) -> None:
    asked = command(market, "30000")
    publish(market, replace(asked, closes_at=asked.closes_at.plus(HOLD_LIFE)))
    clock.advance(timedelta(minutes=10))
    hold(market, orders[0], an_owner(orders[0].buyer))
    came_to = together(market, orders[1:2], owners(orders[1:2]))
    assert [each.code for each in came_to if isinstance(each, RuleError)] == ["nothing_to_hold"]
    clock.advance(HOLD_LIFE)
    with pytest.raises(NotTogetherError):
        together(market, orders[4:], owners(orders[4:]))
    assert hold(market, orders[4], an_owner(orders[4].buyer)).amount == Money.of_yuan("30000")
