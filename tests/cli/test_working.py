"""What a worker does beside its jobs."""

import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from cli.working import _beside, run_once
from registry.house import House
from registry.journal.service import backlog, newest_note
from registry.values.identifiers import VoucherId
from registry.values.moment import Moment, SystemClock
from registry.vouchers import service as vouchers
from registry.vouchers.model import VoucherState
from tests.conftest import FixedClock
from tests.registry.exchange.builders import a_listing, a_market, an_accepted_order, ask
from tests.registry.vouchers.builders import a_pool, hold

PATIENCE_S: Final = 60


@dataclass
class FaultyOnce:
    """A clock that breaks at its first question, as anything may that nobody thought of."""

    asked: int = 0

    def now(self) -> Moment:
        """Return the present instant from the second time on."""
        self.asked += 1
        if self.asked == 1:
            raise ValueError("a fault that nobody thought of")
        return SystemClock().now()


def test_a_worker_ends_holds_that_have_run_out(house: House, clock: FixedClock) -> None:
    market = a_market(house)
    a_pool(market)
    voucher = hold(market, an_accepted_order(market, a_listing(market)))
    run_once(house)
    held = ask(house, market.buyer, lambda view: vouchers.voucher(view, VoucherId(voucher.id)))
    assert held.state is VoucherState.HELD
    clock.advance(timedelta(days=90))
    run_once(house)
    ended = ask(house, market.buyer, lambda view: vouchers.voucher(view, VoucherId(voucher.id)))
    assert ended.state is VoucherState.EXPIRED
    assert not ask(house, market.buyer, vouchers.pools)[0].used


def test_the_log_goes_on_after_a_fault_nobody_thought_of(house: House) -> None:
    market = a_market(house)
    faulty = replace(house, clock=FaultyOnce())
    stop = threading.Event()
    beside = threading.Thread(target=_beside, args=(faulty, stop))
    beside.start()
    pause = threading.Event()
    for _ in range(PATIENCE_S * 10):
        if not ask(house, market.registrar, backlog):
            break
        pause.wait(0.1)
    stop.set()
    beside.join()
    assert ask(house, market.registrar, newest_note)
