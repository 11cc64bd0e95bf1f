"""The worker's part: safe to repeat, alone, and able to name a flipped byte."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cli import working
from registry.catalog import service
from registry.catalog.model import VersionState
from registry.catalog.packing import FILE_UNITS
from registry.catalog.rereading import verify_versions
from registry.catalog.verification import verify_draft
from registry.errors import RuleError
from registry.house import House
from storage import queue
from storage.database import Connection, Database, DatabaseUnavailableError
from tests.registry.catalog.builders import (
    a_csv,
    a_dataset,
    a_draft,
    a_publisher,
    a_table,
    a_verified_draft,
    a_version,
    csv_of,
    do,
    draft_now,
    objects_of,
    publish,
    put_file,
)


class CrashError(BaseException):
    """Stands for a process that ends in the middle."""


def test_a_crash_half_way_is_repaired_by_the_next_attempt(house: House) -> None:
    owner = a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    put_file(house, owner, draft, "wind.csv", a_csv())
    do(house, owner, lambda work: service.submit_draft(work, draft.id))

    def crash(_: int, __: int) -> None:
        raise CrashError

    with pytest.raises(CrashError):
        verify_draft(house, draft.id, "one", crash)
    assert draft_now(house, owner, draft.id).state is VersionState.VERIFYING
    working.run_once(house)
    assert draft_now(house, owner, draft.id).state is VersionState.VERIFIED
    assert objects_of(house) == {"incoming": 0, "published": 2, "evidence": 0, "log": 2}


def test_a_repeat_reads_only_what_the_attempt_before_left(house: House) -> None:
    owner = a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    put_file(house, owner, draft, "first.bin", b"1" * 5_000)
    put_file(house, owner, draft, "second.bin", b"2" * 7_000)
    do(house, owner, lambda work: service.submit_draft(work, draft.id))
    totals: list[int] = []

    def crash_later(done: int, total: int) -> None:
        totals.append(total)
        if done > 5_000 + FILE_UNITS:
            raise CrashError

    with pytest.raises(CrashError):
        verify_draft(house, draft.id, "one", crash_later)
    assert objects_of(house) == {"incoming": 1, "published": 2, "evidence": 0, "log": 0}
    verify_draft(house, draft.id, "two", lambda _, total: totals.append(total))
    assert totals[0] - totals[-1] == 5_000 + FILE_UNITS
    assert draft_now(house, owner, draft.id).state is VersionState.VERIFIED
    assert objects_of(house) == {"incoming": 0, "published": 3, "evidence": 0, "log": 0}


def test_a_job_in_the_express_slot_is_given_back_when_the_worker_stops(house: House) -> None:
    owner = a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    put_file(house, owner, draft, "wind.csv", a_csv())
    do(house, owner, lambda work: service.submit_draft(work, draft.id))
    stop = threading.Event()
    stop.set()
    assert working.work_on_next(house, "w1", queue.EXPRESS_UNITS_MAX, stop)
    with house.database.writing() as connection:
        again = queue.take(connection, "w2", working.KINDS)
    assert again is not None
    assert again.attempt == 1


def test_verifying_twice_states_it_once(house: House) -> None:
    owner = a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    put_file(house, owner, draft, "wind.csv", a_csv())
    do(house, owner, lambda work: service.submit_draft(work, draft.id))
    workers = [threading.Thread(target=verify_draft, args=(house, draft.id, f"w{n}")) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert draft_now(house, owner, draft.id).state is VersionState.VERIFIED
    assert objects_of(house)["published"] == 2


def test_a_job_at_hand_is_given_back_when_the_worker_is_stopped(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    put_file(house, owner, draft, "wind.csv", a_csv())
    do(house, owner, lambda work: service.submit_draft(work, draft.id))

    def stopped(*_: object) -> None:
        raise CrashError

    with monkeypatch.context() as patched:
        patched.setattr(working, "verify_draft", stopped)
        with pytest.raises(CrashError):
            working.work_on_next(house, "w1")
    with house.database.writing() as connection:
        again = queue.take(connection, "w2", working.KINDS)
    assert again is not None
    assert again.attempt == 1


class Restarting(Database):
    """A database that does not answer the next writers."""

    refusals = 0

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        if self.refusals:
            self.refusals -= 1
            raise DatabaseUnavailableError("restarting")
        with super().writing() as connection:
            yield connection


@pytest.mark.parametrize("fails", [True, False], ids=["failed", "done"])
def test_a_job_whose_database_is_restarted_does_not_wait_for_its_lease(
    house: House, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    owner = a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    put_file(house, owner, draft, "wind.csv", a_csv())
    do(house, owner, lambda work: service.submit_draft(work, draft.id))
    database = Restarting(house.database.url.render_as_string(hide_password=False))

    def verify(*_: object) -> None:
        database.refusals = 3
        if fails:
            raise DatabaseUnavailableError("restarting")

    monkeypatch.setattr(working, "verify_draft", verify)
    monkeypatch.setattr(working, "LOOKED_FOR_EVERY_S", 0.01)
    assert working.work_on_next(replace(house, database=database), "w1")
    database.dispose()
    with house.database.reading() as connection:
        counts = queue.counts(connection)
    assert counts == ({"waiting": 1} if fails else {"done": 1})


def test_of_two_copies_published_at_the_same_moment_one_is_refused(house: House) -> None:
    drafts = []
    for order in (1, -1):
        owner = a_publisher(house)
        table = a_table().take(list(range(200))[::order])
        drafts.append((owner, a_verified_draft(house, owner, a_dataset(house, owner), {"w.csv": csv_of(table)})))
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def race(owner: object, draft: object) -> None:
        gate.wait()
        try:
            publish(house, owner, draft)  # type: ignore[arg-type]
            outcomes.append("published")
        except RuleError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=race, args=pair) for pair in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["near_duplicate", "published"]


def test_a_withdrawn_version_still_stands_against_its_copy(house: House) -> None:
    from registry.catalog.model import VersionName

    owner = a_publisher(house)
    dataset, _ = a_version(house, owner)
    do(house, owner, lambda work: service.withdraw_version(work, VersionName(dataset.name, 1), "mistake"))
    thief = a_publisher(house)
    draft = a_verified_draft(house, thief, a_dataset(house, thief), {"copy.csv": a_csv()})
    with pytest.raises(RuleError, match="near_duplicate"):
        publish(house, thief, draft)


def test_verify_names_dataset_version_and_path_of_a_flipped_byte(house: House) -> None:
    dataset, _ = a_version(house, a_publisher(house), {"data/wind.csv": a_csv(), "README.md": b"# wind\n"})
    assert list(verify_versions(house)) == []
    stored = max(
        Path(house.settings.objects_folder / "sancai-published").rglob("*-*-*"), key=lambda p: p.stat().st_size
    )
    content = bytearray(stored.read_bytes())
    content[100] ^= 1
    stored.chmod(0o644)
    stored.write_bytes(content)
    found = list(verify_versions(house))
    assert [(f.dataset, f.version, f.path, f.code) for f in found] == [
        (str(dataset.name), "v1", "data/wind.csv", "object_digest_differs")
    ]


def test_verify_says_when_the_database_tells_other_files_than_were_signed(house: House, owner_url: str) -> None:
    from sqlalchemy import create_engine, text

    a_version(house, a_publisher(house))
    engine = create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE version_files SET path = 'other.csv', path_key = 'other.csv'"))
    engine.dispose()
    assert [found.code for found in verify_versions(house)] == ["manifest_not_authentic"]
