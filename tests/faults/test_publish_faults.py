"""A few points of ``make faults SUITE=publish``, and that the suite says so when something is lost."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.object_store import Bucket
from tests.faults import __main__ as command
from tests.faults import publish
from tests.faults.gateway import Trouble
from tests.faults.installation import Installation
from tests.faults.points import VICTIMS, Point, points
from tests.faults.publish import Outcome, Publications

pytestmark = [pytest.mark.minio, pytest.mark.slow]

SEED = 37
"""Draws points at every phase, none of which waits long."""
SIZE = 8
HARMLESS = Point(None, clock="client", fast_s=0)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("faults")) as running:
        yield running


def test_whatever_is_killed_the_repeat_succeeds_and_nothing_is_lost(here: Installation, tmp_path: Path) -> None:
    chosen = list(itertools.islice(points(SEED), SIZE))
    assert {point.kill for point in chosen} >= set(VICTIMS)
    publications = Publications(here, tmp_path, SEED)
    for number, point in enumerate(chosen):
        publications.meet(number, point)
    outcome = publications.end()
    assert outcome.line() == f"points tried {SIZE}, recovered {SIZE}, lost 0"
    assert outcome.holds


def test_a_store_that_drops_what_was_acknowledged_is_found_out(here: Installation, tmp_path: Path) -> None:
    before = {found.place for found in here.house.store.list(Bucket.PUBLISHED)}
    publications = Publications(here, tmp_path, SEED)
    publications.meet(1_000, HARMLESS)
    assert publications.outcome.holds
    made = [found for found in here.house.store.list(Bucket.PUBLISHED) if found.place not in before]
    lost = max(made, key=lambda found: found.size_bytes)
    here.house.store.delete(lost.place, despite_retention=True)
    outcome = publications.end()
    assert not outcome.holds
    assert any(said.startswith("fsck: ") and lost.place.key in said for said in outcome.lost)
    assert any(said.startswith(f"{publications.name_of(1_000)}: ") for said in outcome.lost)


def test_a_version_that_was_acknowledged_and_is_not_there_is_found_out(here: Installation, tmp_path: Path) -> None:
    publications = Publications(here, tmp_path, SEED)
    publications.meet(1_001, HARMLESS)
    publications.acknowledged[publications.name_of(1_002)] = publications.acknowledged[publications.name_of(1_001)]
    assert publications.outcome.holds
    assert any(said.startswith(f"{publications.name_of(1_002)}: ") for said in publications.end().lost)


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome(tried=2, recovered=2), 0),
        (Outcome(tried=2, recovered=2, lost=["a version"]), 1),
        (Outcome(tried=2, recovered=1, unrecovered=["a point"]), 1),
        (Outcome(tried=0, not_reached=2), 1),
    ],
)
def test_the_exit_code_says_whether_all_recovered(outcome: Outcome, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["faults", "publish"])
    monkeypatch.setattr(command, "stop_on_signals", lambda: None)
    monkeypatch.setattr(publish, "run", lambda *_: outcome)
    assert command.main() == code


def test_the_points_of_a_seed_are_always_the_same_and_kill_every_process_in_every_phase() -> None:
    drawn = list(itertools.islice(points(SEED), command.SIZE))
    assert drawn == list(itertools.islice(points(SEED), command.SIZE))
    assert drawn != list(itertools.islice(points(SEED + 1), command.SIZE))
    kills = {(point.kill, point.phase) for point in drawn if point.kill}
    assert kills == set(itertools.product(VICTIMS, ("begin", "parts", "complete", "verify", "publish")))
    assert sum(bool(point.kill) for point in drawn) >= 100
    assert {point.trouble for point in drawn if point.stage} == set(Trouble)
