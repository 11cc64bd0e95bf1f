"""Many workers at the edge of every cap: one pool, three firms, several processes, on a real PostgreSQL.

``python -m tests.registry.vouchers.storm OPERATIONS [SEED]``, or ``make storm SIZE=… SEED=…``: each of 64 workers sends
so many commands, half of them about what another worker is at. While they do, and at the end,

* Σ firm-years = Σ vouchers = what the pool says is used = what its accounts hold (a counter that was raised where
  another refused would show here, and nowhere else);
* no cap is passed, no account is negative.

At the end the ledger is verified, every outcome that a worker was told is found, and no key has another one. A deadlock
that PostgreSQL resolved must have been answered by the retry of the write path: a worker sees none.
"""

import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from registry.exchange.model import Order
from registry.values.identifiers import VoucherId
from registry.values.money import Money
from registry.vouchers import service
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.model import Appropriate, VoucherState
from storage.database import Database
from tests.registry.exchange.builders import Market, do, firm_of
from tests.registry.vouchers.counter import Counters, a_pool_of, an_order, counters
from tests.registry.vouchers.storm_crew import LINE, TICK, YEAR, Scene, TickingClock, Told, a_price, crew

WORKERS: Final = 64
PROCESSES: Final = 4
FIRMS: Final = 3
BUDGET: Final = Money.of_yuan("1300000.01")
"""Three firms may have 1,500,000 yuan in a year: the pool is less."""
ORDERS: Final = 48
"""Shared by all processes from the beginning."""
LIFE_PER_WORKER: Final = 4
"""How many commands of each worker a hold lasts, so that some run out."""
SAMPLED_EVERY_S: Final = 0.5
LIVES_ON: Final = frozenset({"redeemed", "settled", "instructed", "paid", "returned"})

_SUMS: Final = text("""
SELECT p.budget, p.used,
 (SELECT coalesce(sum(used), 0) FROM firm_years),
 (SELECT coalesce(sum(amount), 0) FROM vouchers WHERE state NOT IN ('released', 'expired')),
 (SELECT sum(balance) FROM ledger_accounts WHERE account LIKE 'pool/%' AND account NOT LIKE '%/budget'
    AND account NOT LIKE '%/available'),
 (SELECT balance FROM ledger_accounts WHERE account LIKE 'pool/%/available'),
 (SELECT coalesce(bool_and(used BETWEEN 0 AND cap), true) FROM firm_years),
 (SELECT min(balance) FROM ledger_accounts)
FROM pools p
""")


_AFTERWARDS: Final = text("""
SELECT deadlocks, (SELECT count(*) FROM vouchers WHERE state = 'expired'), (
  SELECT coalesce(max(used), 0) FROM (
    SELECT sum(CASE WHEN credit LIKE '%/available' THEN amount ELSE -amount END) OVER (
      ORDER BY CASE WHEN credit LIKE '%/available' THEN credit_move ELSE debit_move END) AS used
    FROM ledger_postings
    WHERE (credit LIKE 'pool/%/available' OR debit LIKE 'pool/%/available') AND credit NOT LIKE 'pool/%/budget'
  ) AS log)
FROM pg_stat_database WHERE datname = current_database()
""")
"""Deadlocks, holds that ran out, and the most of the pool that was used at any move of the log."""


def require_sums(database: Database) -> None:
    """Raise AssertionError unless all counters agree and no cap is passed."""
    with database.reading() as connection:
        budget, used, firms, vouchers, accounts, available, within, least = connection.execute(_SUMS).one()
    assert used == firms == vouchers == accounts, (
        "pool, firm-years, vouchers, accounts",
        used,
        firms,
        vouchers,
        accounts,
    )
    assert available == budget - used >= 0, (budget, used, available)
    assert within
    assert least >= 0


@dataclass
class Weather:
    """What a storm came to."""

    counted: Counter[str]
    samples: int
    full: int
    deadlocks: int
    expired: int
    took_s: float


def storm(operations: int, seed: int, workers: int = WORKERS, processes: int = PROCESSES) -> Weather:
    """Let it blow; raise AssertionError when anything does not hold."""
    with counters(FIRMS) as at:
        ticks = multiprocessing.get_context("spawn").Value("q", 0)
        clock = TickingClock(ticks)
        with at.market(clock) as market:
            a_pool_of(market, BUDGET)
            granted = Appropriate(YEAR, LINE, Money.of_yuan("1000000000"), "N-1")
            do(market.house, market.payer, lambda work: service.appropriate(work, granted))
            scene = Scene(
                at.url(market), market.house.settings.home, at.authority, market.payer, at.buyers, at.payees,
                at.listing, _shared_orders(at, market, clock, seed), seed, operations, workers // processes,
                LIFE_PER_WORKER * workers * TICK,
            )  # fmt: skip
            return _blown(scene, market, processes, ticks)


def _shared_orders(at: Counters, market: Market, clock: TickingClock, seed: int) -> tuple[Order, ...]:
    rng = random.Random(seed)
    with market.house.database.writing() as connection:
        return tuple(
            an_order(connection, clock, at.listing, firm_of(at.buyers[place % FIRMS]), a_price(rng))
            for place in range(ORDERS)
        )


def _blown(scene: Scene, market: Market, processes: int, ticks: Any) -> Weather:
    spawn = multiprocessing.get_context("spawn")
    told, counted, broken, samples = list[Told](), Counter[str](), list[str](), 0
    running, ways = [], []
    database, began_s = market.house.database, time.monotonic()
    for number in range(processes):
        way, far = spawn.Pipe(duplex=False)
        running.append(spawn.Process(target=crew, args=(scene, number, ticks, far), daemon=True))
        running[-1].start()
        far.close()
        ways.append(way)
    for process, way in zip(running, ways, strict=True):
        while not way.poll(SAMPLED_EVERY_S):
            require_sums(database)
            samples += 1
            assert process.is_alive() or way.poll(0), f"a process ended with {process.exitcode}"
        theirs = way.recv()
        told += theirs[0]
        counted += theirs[1]
        broken += theirs[2]
        process.join()
    took_s = time.monotonic() - began_s
    assert not broken, broken[:5]
    require_sums(database)
    with database.reading() as connection:
        verify_ledger(connection)
    require_told(database, told)
    with database.reading() as connection:
        deadlocks, expired, full = connection.execute(_AFTERWARDS).one()
    return Weather(counted, samples, int(full), int(deadlocks), int(expired), took_s)


def require_told(database: Database, told: Sequence[Told]) -> None:
    """Raise AssertionError unless every outcome that was told is kept, and the vouchers are what was told of them."""
    with database.reading() as connection:
        kept = {
            (row.party, row.operation, row.key): row.outcome
            for row in connection.execute(
                text("SELECT party, operation, key, outcome FROM idempotency_answers WHERE operation LIKE 'storm_%'")
            )
        }
        states = {
            VoucherId.of_uuid(row.id): VoucherState(row.state)
            for row in connection.execute(text("SELECT id, state FROM vouchers"))
        }
    assert len(kept) == len(told), "a key without an answer that was told"
    resolved = Counter[str]()
    for each in told:
        outcome = kept[each.party, each.operation, each.key]
        assert ("done" if "result" in outcome else outcome["code"]) == each.outcome, each
        if each.outcome != "done":
            continue
        state = states[VoucherId(each.voucher)]
        if each.operation in {"storm_redeem", "storm_release"}:
            resolved[each.voucher] += 1
            assert (state.value in LIVES_ON) == (each.operation == "storm_redeem"), (each, state)
    held = sum(each.operation == "storm_hold" and each.outcome == "done" for each in told)
    assert held == len(states), "a hold that nobody was told of, or the other way round"
    assert set(resolved.values()) <= {1}, "invariant 6 (single resolution)"
    unresolved = [key for key, state in states.items() if not resolved[key] and state.value in LIVES_ON | {"released"}]
    assert not unresolved, unresolved[:3]


if __name__ == "__main__":
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {chosen}: {WORKERS} workers in {PROCESSES} processes, {sys.argv[1]} operations each\n")
    sys.stdout.flush()
    found = storm(int(sys.argv[1]), chosen)
    for said, count in sorted(found.counted.items()):
        sys.stdout.write(f"{count:8} {said}\n")
    total = sum(found.counted.values())
    sys.stdout.write(
        f"{total} answers in {found.took_s:.0f} s, {found.samples} samples, at most {Money(found.full)} of {BUDGET} "
        f"used, {found.expired} holds ran out, {found.deadlocks} deadlocks resolved, nothing lost\n"
    )
