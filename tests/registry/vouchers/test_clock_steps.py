"""Clocks that step, and zones: log time goes on, holds run out by it, and the year is that of Shanghai."""

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from registry.errors import ConflictError
from registry.exchange import service as exchange
from registry.journal.work import Work
from registry.values.identifiers import OrderId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers import ledger, records, service
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.model import HOLD_LIFE, Account, Voucher
from storage.database import Database
from tests.conftest import FixedClock
from tests.registry.exchange.builders import Market, a_listing, ask, do, firm_of
from tests.registry.vouchers.builders import redeem
from tests.registry.vouchers.counter import a_paid_invoice, an_order

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
LAST = Moment.of_text("2026-12-31T15:59:59.999Z")
"""23:59:59.999 in Shanghai."""
NEW_YEAR = Moment.of_text("2026-12-31T16:00:00Z")
IN_SHANGHAI = """
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone TO ''Asia/Shanghai''', current_database()); END $$
"""


class Till:
    """Holds one after another, each for an order of its own."""

    def __init__(self, market: Market, clock: FixedClock) -> None:
        self._market, self._clock, self._listing = market, clock, a_listing(market)

    def hold(self) -> Voucher:
        with self._market.house.database.writing() as connection:
            order = an_order(connection, self._clock, self._listing, firm_of(self._market.buyer), Money.of_yuan("100"))
        return do(self._market.house, self._market.buyer, lambda work: service.hold(work, OrderId(order.id)))

    def release(self, voucher: Voucher) -> None:
        do(self._market.house, self._market.buyer, lambda work: service.release(work, VoucherId(voucher.id)))

    def redeem(self, voucher: Voucher) -> Voucher:
        day = self._clock.now().civil_day()
        order = ask(self._market.house, self._market.buyer, lambda view: exchange.order(view, voucher.order))
        with self._market.house.database.writing() as connection:
            invoice = a_paid_invoice(connection, self._clock, order, order.net, day, day)
        return redeem(self._market, voucher, invoice)


@pytest.fixture
def till(market: Market, clock: FixedClock) -> Till:
    return Till(market, clock)


def log_times(market: Market) -> list[int]:
    """Return the log times of the pool, in the order of the moves of what it has available."""
    with market.house.database.reading() as connection:
        verify_ledger(connection)
        log = [row for row in records.log_of_postings(connection) if "/available" in row[1] + row[2]]
    moves = sorted((row[5] if row[1].endswith("/available") else row[6], row[7]) for row in log)
    return [at for _, at in moves]


def test_log_time_goes_on_through_steps_of_a_day_in_both_directions(
    market: Market, clock: FixedClock, till: Till
) -> None:
    """Invariant 15 (clock)."""
    values = random.Random(15)
    clock.advance(60 * DAY)
    held: list[Voucher] = []
    for _ in range(30):
        clock.advance(values.choice((DAY, -DAY, -DAY, TICK, timedelta())))
        if held and values.random() < 0.4:
            till.release(held.pop(values.randrange(len(held))))
        else:
            held.append(till.hold())
    times = log_times(market)
    assert len(times) == 31
    assert all(before < after for before, after in pairwise(times))


@pytest.mark.parametrize(("off", "may"), [(-2 * TICK, True), (-TICK, False), (timedelta(), False), (DAY, False)])
def test_a_hold_runs_out_by_log_time_to_the_microsecond(
    market: Market, clock: FixedClock, till: Till, off: timedelta, may: bool
) -> None:
    """Invariant 15 (clock): an instant the log has seen is past, however far the wall clock steps back."""
    held, early = till.hold(), clock.now()
    assert held.expires_at == early.plus(HOLD_LIFE)
    clock.set(held.expires_at.plus(off))
    # The office moves a fen to and fro: two postings, of which the second is logged a microsecond later.
    do(market.house, market.payer, lambda work: _to_and_fro(work, held))
    clock.set(early)
    if may:
        assert till.redeem(held).id == held.id
        return
    with pytest.raises(ConflictError, match="voucher_expired"):
        till.redeem(held)


def _to_and_fro(work: Work, held: Voucher) -> None:
    one, other = (ledger.account_of_pool(held.pool, each) for each in (Account.HELD, Account.AVAILABLE))
    ledger.post(work, [(one, other, Money(1)), (other, one, Money(1))], held.id)
    work.journal("tests.posted", held.id)


@pytest.fixture(params=["UTC", "Asia/Shanghai", "Asia/Kolkata", "America/New_York"])
def elsewhere(
    request: pytest.FixtureRequest, market: Market, owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The process lives in a zone, with daylight saving or without; the database says that it lives in Shanghai."""
    owner = Database(owner_url)
    with owner.writing() as connection:
        connection.execute(text(IN_SHANGHAI))
    owner.dispose()
    market.house.database.dispose()
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_the_year_turns_at_midnight_in_shanghai_wherever_app_and_database_are(
    market: Market, clock: FixedClock, till: Till, elsewhere: str
) -> None:
    """Invariant 12 (term and year)."""
    clock.set(LAST)
    old = till.hold()
    clock.set(NEW_YEAR)
    new = till.hold()
    assert (old.year, new.year) == (2026, 2027)
    assert (old.expires_at, new.expires_at) == (LAST.plus(HOLD_LIFE), NEW_YEAR.plus(HOLD_LIFE))
    # A step back over midnight does not undo it; what is claimed then counts by its own dates.
    clock.set(LAST)
    claimed = till.redeem(new)
    assert (claimed.year, claimed.event_on) == (2026, LAST.civil_day())
    shown = ask(market.house, market.buyer, lambda view: service.voucher(view, claimed.id))
    assert str(shown.held_at) == "2026-12-31T16:00:00.000000Z"
    times = log_times(market)
    assert all(before < after for before, after in pairwise(times))
    years = ask(market.house, market.payer, lambda view: service.firm_years(view, None, None))
    assert {each.year: each.used for each in years} == {2026: old.amount + claimed.amount, 2027: Money(0)}
