"""A few points of ``make faults SUITE=ledger``, and that the suite says so when something is lost."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.faults.__main__ import SUITES
from tests.faults.gateway import Trouble
from tests.faults.ledger import REQUESTS, VICTIMS, Answer, Desk, Office, Point, points

pytestmark = pytest.mark.slow

SIZE = 4
HARMLESS_S = 0.0


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with Office(tmp_path_factory.mktemp("ledger-faults")) as running:
        yield running


def test_whoever_is_killed_nothing_acknowledged_is_lost_and_a_retry_gives_the_first_outcome(here: Office) -> None:
    desk = Desk(here)
    chosen = [
        Point("hold", "postgres", Trouble.AFTER, HARMLESS_S),
        Point("redeem", "api", Trouble.AFTER, HARMLESS_S),
        *itertools.islice(points(1), SIZE - 2),
    ]
    for number, point in enumerate(chosen):
        desk.meet(number, point)
    outcome = desk.end()
    assert outcome.line() == f"points tried {SIZE}, recovered {SIZE}, lost 0"
    assert outcome.holds
    # An answer that was given and did not arrive, a ledger that was changed: the suite finds out.
    key, (asked, answer) = next(iter(desk.acknowledged.items()))
    desk.acknowledged[key] = asked, replace(answer, body={**answer.body, "amount_fen": 1})
    assert len(desk.end().lost) == 1
    desk.acknowledged[key] = asked, Answer(answer.status, answer.body)
    with here.house.database.writing() as connection:
        connection.execute(text("UPDATE firm_years SET used = used - 1"))
    assert [said for said in desk._of_the_books() if "ledger_firm_year_differs" in said]


def test_the_points_of_a_seed_are_always_the_same_and_kill_both_at_every_request() -> None:
    drawn = list(itertools.islice(points(3), SUITES["ledger"]))
    assert drawn == list(itertools.islice(points(3), len(drawn)))
    assert drawn != list(itertools.islice(points(4), len(drawn)))
    assert {(point.request, point.victim) for point in drawn} == set(itertools.product(REQUESTS, VICTIMS))
    assert {point.trouble for point in drawn} == {Trouble.BEFORE, Trouble.DURING, Trouble.AFTER}
    assert len(drawn) >= 200
