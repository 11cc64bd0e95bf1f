"""Vouchers under load: a flash opening over HTTP beside a bare PostgreSQL function, and a year of a province verified.

``SANCAI_BENCH_SIZE`` sets the claims of the year (1,000,000); a hundredth of it are the firms of the opening, a
thousandth its connections. Every run checks what the opening must leave behind: the round is used to the last fen, what
firm-years, pool and round say is what the vouchers come to, and the ledger verifies.
"""

import os
import random
import time
from typing import Any, Final

from benchmarks._voucher_flash import Opening, opened_to_all, peer_claims_per_second
from benchmarks._voucher_market import Place, a_place, add_firms
from benchmarks._voucher_year import Year
from benchmarks.report import Row
from cli.working import keep
from registry.values.digest import Digest
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.model import LedgerReport
from registry.vouchers.replay import replay
from tests.registry.exchange.builders import a_listing, an_accepted_order
from tests.registry.vouchers.builders import hold

SIZE: Final = int(os.environ.get("SANCAI_BENCH_SIZE") or 1_000_000)
PEER_SECONDS: Final = 20
SEED: Final = 20260302
ENTRIES_PER_SECOND: Final = 50_000
MINUTES_MAX: Final = 10.0
NET_FEN: Final = (100_000, 800_000)


def rows(size: int = SIZE, peer_seconds: int = PEER_SECONDS) -> list[Row]:
    """Measure and return the rows."""
    return [*_flash(max(size // 100, 20), max(size // 1_000, 10), peer_seconds), *_year(size)]


# The flash opening.


def _flash(firms: int, connections: int, peer_seconds: int) -> list[Row]:
    with a_place() as place:
        peer = peer_claims_per_second(place, firms, peer_seconds)
        values = random.Random(SEED)
        orders = add_firms(place, [values.randrange(*NET_FEN) for _ in range(firms)])
        # Between one and five in Shanghai the worker would do the work of the night beside the opening.
        keep(place.market.house)
        budget = _open_round(place)
        opening = opened_to_all(place, orders, connections)
        used = _checked(place, opening, budget, firms)
    speed = opening.held / opening.taken_until_last_hold
    named = f"{firms:,} firms, {connections:,} connections"
    function = "PL/pgSQL function, pgbench"
    return [
        Row(f"claims held, {named}", speed, "/s", function, peer, peer / 2, at_least=True),
        Row("round used", used, "fen", "its budget", budget, budget, at_least=True),
        Row("answers 5xx or none", opening.failures, "", "answers", firms, 0),
        Row("answer to a claim, p50", opening.percentile_ms(50), "ms", "p99", opening.percentile_ms(99)),
        Row("answer to a claim, p99", opening.percentile_ms(99), "ms", "p50", opening.percentile_ms(50)),
    ]


def _open_round(place: Place) -> int:
    """Open a flash round of three quarters of what the firms could have; return its budget in fen."""
    with place.database() as connection:
        found = connection.execute(
            "INSERT INTO voucher_rounds"
            " (id, authority_id, pool_id, title, opens_at, closes_at, budget, used, allocation, published_at)"
            " SELECT gen_random_uuid(), authority_id, id, 'flash', date_trunc('minute', now()),"
            " date_trunc('minute', now()) + interval '1 day',"
            " least(budget, (SELECT (sum(net * 3 / 10) * 3 / 4)::bigint FROM made)), 0, 'first_come', now()"
            " FROM pools RETURNING budget"
        ).fetchone()
        assert found is not None
        return int(found[0])


def _checked(place: Place, opening: Opening, budget: int, firms: int) -> int:
    """Return what of the round is used, once everything that must agree agrees. Raises SystemExit."""
    with place.market.house.database.reading() as connection:
        verify_ledger(connection)
    with place.database() as connection:
        query = (
            "SELECT (SELECT sum(used) FROM voucher_rounds), (SELECT sum(used) FROM pools),"
            " (SELECT sum(used) FROM firm_years), (SELECT sum(amount) FROM vouchers), (SELECT count(*) FROM vouchers)"
        )
        found = connection.execute(query).fetchone()
    assert found is not None
    *sums, vouchers = (int(each) for each in found)
    if len(set(sums)) != 1 or sums[0] != budget:
        raise SystemExit(f"round, pool, firm-years and vouchers come to {sums}, the budget is {budget}")
    if opening.held != vouchers or sum(opening.statuses.values()) != firms:
        raise SystemExit(f"{opening.held} held of {firms} answers {dict(opening.statuses)}, but {vouchers} vouchers")
    print(f"round, pool, firm-years and vouchers each come to {sums[0]:,} fen, all of the budget", flush=True)
    print(f"{opening.held:,} held, refused: {dict(opening.refused)}, in {opening.taken:.1f} s", flush=True)
    return sums[0]


# A year of a province.


def _year(claims: int) -> list[Row]:
    with a_place() as place:
        market = place.market
        facts, revision = _facts_of(place, hold(market, an_accepted_order(market, a_listing(market))).id.uuid.hex)
        year, started = Year(place, facts, revision), time.perf_counter()
        with place.database() as connection:
            year.write(connection, claims)
        print(
            f"{claims:,} claims, {year.postings:,} postings made in {time.perf_counter() - started:.0f} s", flush=True
        )
        wall, cpu = time.perf_counter(), time.process_time()
        with market.house.database.reading() as opened:
            replay(opened)
        replayed, cpu = time.perf_counter() - wall, time.process_time() - cpu
        wall = time.perf_counter()
        with market.house.database.reading() as opened:
            report: LedgerReport = verify_ledger(opened)
        verified = time.perf_counter() - wall
    if report.vouchers != claims + 1 or report.postings < year.postings:
        raise SystemExit(f"{claims} claims were made, {report} was verified")
    return [
        Row(
            f"log verified, {report.postings:,} entries",
            report.postings / replayed,
            "/s",
            "of one core's time",
            report.postings / cpu,
            ENTRIES_PER_SECOND,
            at_least=True,
        ),
        Row(f"ledger of {claims:,} claims verified", verified / 60, "min", "the log alone", replayed / 60, MINUTES_MAX),
    ]


def _facts_of(place: Place, voucher: str) -> tuple[dict[str, Any], Digest]:
    with place.database() as connection:
        found = connection.execute(
            "SELECT facts, revision FROM voucher_decisions WHERE voucher_id = %s", [voucher]
        ).fetchone()
    assert found is not None
    return dict(found[0]), Digest(bytes(found[1]).hex())
