"""Many at once: no cap is ever exceeded, and every fen that one counter knows the others know too."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from registry.actors.model import Actor
from registry.errors import ConflictError, RuleError, SancaiError
from registry.exchange.model import Invoice, Order
from registry.house import House
from registry.journal.work import Command
from registry.values.digest import Digest
from registry.values.identifiers import OrderId, VoucherId
from registry.values.money import Money
from registry.vouchers import pools, service
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.model import COUNTING, Voucher
from tests.registry.exchange.builders import Market, a_buyer, a_listing, a_market, an_accepted_order, ask, do, firm_of
from tests.registry.parties.builders import an_owner
from tests.registry.vouchers.builders import a_pool, hold, ready_to_redeem, redeem

RACERS = 32


def race(acts: Sequence[Callable[[], Voucher]]) -> list[Voucher | SancaiError]:
    """Let all begin at the same instant, each on a connection of its own; return what each came to."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Voucher]) -> Voucher | SancaiError:
        gate.wait()
        try:
            return act()
        except (RuleError, ConflictError) as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


POOL = Money.of_yuan("1700000.01")
"""Four firms could have 500,000 yuan each; the pool has less for all of them."""


@pytest.fixture
def market(house: House, monkeypatch: pytest.MonkeyPatch) -> Market:
    """A market whose pool was opened with little."""
    made = a_market(house)
    monkeypatch.setattr(pools, "cap_amount", lambda *_: POOL)
    a_pool(made)
    return made


def sums(market: Market) -> tuple[Money, Money, Money]:
    """Return what pool, firm-years and counting vouchers say is used, after the ledger was verified."""
    with market.house.database.reading() as connection:
        verify_ledger(connection)
    pool = ask(market.house, market.reviewer, service.pools)[0]
    years = ask(market.house, market.reviewer, lambda view: service.firm_years(view, None, None))
    vouchers = ask(market.house, market.reviewer, lambda view: service.vouchers(view, None, 200))
    zero = Money(0)
    counting = sum((each.amount for each in vouchers if each.state in COUNTING), zero)
    return pool.used, sum((each.used for each in years), zero), counting


@pytest.fixture
def orders(market: Market) -> list[Order]:
    """32 orders of four firms, worth more than the caps of the firms and of the pool allow."""
    buyers = [market.buyer, *(a_buyer(market.house, market.registrar) for _ in range(3))]
    listing = a_listing(market)
    return [an_accepted_order(market, listing, 250_001 + place, buyers[place % 4]) for place in range(RACERS)]


def buyer_of(order: Order) -> Actor:
    return an_owner(order.buyer)


def test_32_holds_at_once_exceed_neither_cap(market: Market, orders: list[Order]) -> None:
    came_to = race([lambda order=order: hold(market, order, buyer_of(order)) for order in orders])
    pool, firm_years, counting = sums(market)
    assert pool == firm_years == counting == POOL
    assert sum(isinstance(each, RuleError) for each in came_to) > 0
    years = ask(market.house, market.reviewer, lambda view: service.firm_years(view, None, None))
    assert len(years) == 4
    assert all(each.used <= each.cap for each in years)


def test_32_redemptions_at_once_at_the_edge_of_both_caps(market: Market, orders: list[Order]) -> None:
    held: list[tuple[Voucher, Invoice, Actor]] = []
    for order in orders:
        buyer = buyer_of(order)
        try:
            voucher = hold(market, order, buyer)
        except RuleError:
            continue
        held.append((voucher, ready_to_redeem(market, order, buyer), buyer))
    # There are fewer vouchers than racers, so some are redeemed by two at the same instant; one of them wins.
    assert 0 < len(held) < RACERS
    acts = [
        lambda voucher=voucher, invoice=invoice, buyer=buyer: redeem(market, voucher, invoice, buyer)
        for voucher, invoice, buyer in (held * 2)[:RACERS]
    ]
    came_to = race(acts)
    won = [each for each in came_to if isinstance(each, Voucher)]
    assert len(won) == len(held)
    assert all(isinstance(each, ConflictError) for each in came_to if not isinstance(each, Voucher))
    pool, firm_years, counting = sums(market)
    assert pool == firm_years == counting == POOL


def test_holds_redemptions_and_releases_cross_without_losing_a_fen(market: Market, orders: list[Order]) -> None:
    first, second = orders[:16], orders[16:]
    ready = []
    for order in first[:7]:
        buyer = buyer_of(order)
        ready.append((hold(market, order, buyer), ready_to_redeem(market, order, buyer), buyer))
    acts: list[Callable[[], Voucher]] = []
    for place, (voucher, invoice, buyer) in enumerate(ready):
        if place % 2:
            acts.append(lambda v=voucher, i=invoice, b=buyer: redeem(market, v, i, b))
        else:
            acts.append(lambda v=voucher, b=buyer: _release(market, v, b))
    acts += [lambda order=order: hold(market, order, buyer_of(order)) for order in second]
    race(acts)
    pool, firm_years, counting = sums(market)
    assert pool == firm_years == counting > Money(0)


def _release(market: Market, voucher: Voucher, buyer: Actor) -> Voucher:
    return do(market.house, buyer, lambda work: service.release(work, VoucherId(voucher.id)))


def test_the_same_key_twice_at_once_holds_once(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    command = Command("hold_voucher", "one-and-the-same-key", Digest.of(order.id.encode()))

    def once() -> str:
        outcome = market.house.perform(
            market.buyer, command, lambda work: {"id": str(service.hold(work, OrderId(order.id)).id)}
        )
        return str(outcome.result["id"])

    gate = threading.Barrier(8)

    def run(_: int) -> str:
        gate.wait()
        return once()

    with ThreadPoolExecutor(8) as threads:
        answers = set(threads.map(run, range(8)))
    assert len(answers) == 1
    assert len(ask(market.house, market.buyer, lambda view: service.vouchers(view, None, 10))) == 1


def test_two_vouchers_for_one_order_at_once_are_one(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    came_to = race([lambda: hold(market, order) for _ in range(4)])
    assert sum(isinstance(each, Voucher) for each in came_to) == 1
    refused = [each for each in came_to if isinstance(each, RuleError)]
    assert {each.obstacles[0].code for each in refused} == {"order_without_voucher"}
    assert firm_of(market.buyer) == next(each.firm for each in came_to if isinstance(each, Voucher))
