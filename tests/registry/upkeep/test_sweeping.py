"""What no row knows is reported first and removed later, and never by a database that is not the store's."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry.errors import ConflictError
from registry.journal.service import sequence
from registry.upkeep import sweeping
from registry.upkeep.history import accept_history, watch_history
from registry.upkeep.journaling import journaled
from registry.upkeep.rules import GRACE
from registry.upkeep.sweeping import sweep
from storage.object_store import Bucket, ObjectStat, Place, published_key
from tests.conftest import FixedClock
from tests.registry.upkeep.yard import Yard


@pytest.fixture
def aged(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> Yard:
    """A yard whose store has had its objects for longer than the grace."""
    listed = type(yard.house.store).list

    def older(*arguments: object) -> Iterator[ObjectStat]:
        for found in listed(*arguments):  # type: ignore[arg-type]
            yield ObjectStat(found.place, found.size_bytes, found.etag, datetime.now(UTC) - 2 * GRACE)

    monkeypatch.setattr(type(yard.house.store), "list", older)
    return yard


def a_stray(yard: Yard) -> Place:
    key = published_key("ab" * 32, uuid.uuid4())
    return yard.house.store.put(Bucket.PUBLISHED, key, b"stray").place


def keys(yard: Yard) -> set[str]:
    return {found.place.key for found in yard.house.store.list(Bucket.PUBLISHED)}


def test_the_first_run_reports_and_a_later_one_removes_what_was_reported(aged: Yard, clock: FixedClock) -> None:
    (blob,) = aged.keep(b"kept")
    stray = a_stray(aged)
    first = sweep(aged.house, delete=True, percent_max=60)
    assert (first.objects, first.strays, first.known_before, first.deleted) == (2, 1, 0, 0)
    clock.advance(timedelta(days=1))
    younger = a_stray(aged)
    second = sweep(aged.house, delete=True, percent_max=80)
    assert (second.strays, second.known_before, second.deleted) == (2, 1, 1)
    assert keys(aged) == {aged.place(blob)[1].key, younger.key}
    assert stray.key not in keys(aged)


def test_without_delete_nothing_is_removed_however_often(aged: Yard, clock: FixedClock) -> None:
    aged.keep(b"kept")
    a_stray(aged)
    for _ in range(3):
        assert sweep(aged.house).deleted == 0
        clock.advance(timedelta(days=1))
    assert len(keys(aged)) == 2


def test_an_object_within_its_grace_is_no_stray(yard: Yard) -> None:
    yard.keep(b"kept")
    a_stray(yard)
    assert sweep(yard.house).strays == 0


def test_an_upload_that_is_still_to_be_verified_keeps_its_objects(aged: Yard, clock: FixedClock) -> None:
    aged.keep(b"kept")
    upload = uuid.uuid4()
    with aged.house.database.writing() as connection:
        aged.add_upload(connection, upload, 5, "received")
    aged.house.store.put(Bucket.INCOMING, str(upload), b"bytes")
    aged.house.store.put(Bucket.PUBLISHED, published_key("cd" * 32, upload), b"bytes")
    assert sweep(aged.house).strays == 0


def test_what_got_a_row_after_it_was_reported_stays(aged: Yard, clock: FixedClock) -> None:
    from sqlalchemy import text

    (blob,) = aged.keep(b"late")
    aged.keep(b"kept")
    with aged.house.database.writing() as connection:
        connection.execute(text("UPDATE blobs SET state = 'gone' WHERE id = :id"), {"id": blob.uuid})
    assert sweep(aged.house).strays == 1
    with aged.house.database.writing() as connection:
        connection.execute(text("UPDATE blobs SET state = 'verified' WHERE id = :id"), {"id": blob.uuid})
    clock.advance(timedelta(days=1))
    assert sweep(aged.house, delete=True, percent_max=60).deleted == 0
    assert aged.held(blob) == b"late"


def test_a_database_that_knows_no_bytes_deletes_nothing(aged: Yard) -> None:
    a_stray(aged)
    assert sweep(aged.house, percent_max=100).refused == "sweep_database_empty"
    with pytest.raises(ConflictError, match="sweep_database_empty"):
        sweep(aged.house, delete=True, percent_max=100)


def test_a_sweep_that_would_remove_too_much_removes_nothing(aged: Yard) -> None:
    aged.keep(b"kept")
    a_stray(aged)
    with pytest.raises(ConflictError, match="sweep_too_many"):
        sweep(aged.house, delete=True)
    assert len(keys(aged)) == 2


def test_a_database_that_is_older_than_the_store_deletes_nothing_until_it_is_accepted(
    aged: Yard, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # Ages of checkpoints matter here.
    aged.keep(b"kept")
    assert watch_history(aged.house)
    # A checkpoint of a log that is longer than this database's: what another, younger state of it had exported.
    aged.house.store.put(Bucket.LOG, "checkpoints/00000000000000000999.note", b"later")
    with pytest.raises(ConflictError, match="sweep_database_set_back"):
        sweep(aged.house, delete=True)
    journaled(aged.house, "upkeep.store_moved", "installation", {})
    assert sequence(aged.house.database, clock, aged.house.signing_key)
    assert sweep(aged.house).refused == "sweep_database_set_back", "growing does not make it the right one"
    assert sweep(aged.house, delete=True, accept=True).refused == ""
    assert sweep(aged.house).refused == ""


def test_a_new_database_before_a_store_of_another_is_not_accepted(yard: Yard) -> None:
    yard.house.store.put(Bucket.LOG, "epochs/of-another.json", b"{}")
    assert not watch_history(yard.house)
    accept_history(yard.house)
    assert watch_history(yard.house)


def test_a_sweep_ends_uploads_that_ran_out(yard: Yard, clock: FixedClock, tmp_path: Path) -> None:
    from sqlalchemy import text

    upload = uuid.uuid4()
    with yard.house.database.writing() as connection:
        yard.add_upload(connection, upload, 5, "open")
        connection.execute(text("UPDATE uploads SET expires_at = :at"), {"at": clock.now().instant})
    assert sweep(yard.house).uploads_ended == 1
    assert sweeping.sweep(yard.house).uploads_ended == 0
