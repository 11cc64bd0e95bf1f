"""Stored bytes are read again; what rotted is named, kept from readers, and mended where there is a replica."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from registry.errors import CorruptContentError
from registry.house import House
from registry.manifests import service
from registry.upkeep.checking import check_objects
from registry.upkeep.model import Damage
from registry.upkeep.nightly import keep_nightly
from registry.upkeep.replicas import replicate
from registry.upkeep.scrubbing import scrub
from registry.values.identifiers import BlobId
from storage.settings import FolderSettings
from tests.conftest import FixedClock
from tests.registry.upkeep.yard import Yard


@pytest.fixture
def replicated(yard: Yard, tmp_path: Path) -> House:
    """The yard's installation with a replica store."""
    yard.house = replace(
        yard.house, settings=replace(yard.house.settings, replica=FolderSettings(tmp_path / "replica"))
    )
    return yard.house


def file_of(yard: Yard, blob: BlobId) -> Path:
    _, place = yard.place(blob)
    return yard.house.settings.objects_folder / f"sancai-{place.bucket}" / place.key


def rot(yard: Yard, blob: BlobId, content: bytes) -> None:
    path = file_of(yard, blob)
    path.chmod(0o644)
    path.write_bytes(content)


def entries(yard: Yard) -> list[str]:
    from sqlalchemy import text

    with yard.house.database.reading() as connection:
        return list(connection.execute(text("SELECT type FROM journal_entries ORDER BY decided_at")).scalars())


def test_bytes_that_rotted_are_named_marked_and_journaled(yard: Yard, caplog: pytest.LogCaptureFixture) -> None:
    good, bad = yard.keep(b"good")[0], yard.keep(b"fine")[0]
    rot(yard, bad, b"evil")
    done = scrub(yard.house)
    assert (done.objects, done.repaired, [item.blob for item in done.damaged]) == (2, 0, [bad])
    assert (yard.state(good), yard.state(bad)) == ("verified", "damaged")
    assert [record.alarm for record in caplog.records if hasattr(record, "alarm")] == [True]
    scrub(yard.house)
    assert entries(yard) == ["upkeep.blob_damaged"]


def test_of_a_pack_only_the_file_that_rotted_is_damaged(yard: Yard) -> None:
    first, second, third = yard.keep(b"first", b"second", b"")
    rot(yard, first, b"firstSECOND")
    scrub(yard.house)
    assert [yard.state(blob) for blob in (first, second, third)] == ["verified", "damaged", "verified"]


@pytest.mark.parametrize("content", [b"fin", b"fine+", None], ids=["cut", "longer", "missing"])
def test_an_object_that_is_cut_longer_or_missing_is_damaged(yard: Yard, content: bytes | None) -> None:
    (blob,) = yard.keep(b"fine")
    rot(yard, blob, content or b"")
    if content is None:
        file_of(yard, blob).unlink()
    scrub(yard.house)
    assert yard.state(blob) == "damaged"
    assert {item.code for item in check_objects(yard.house)} >= {Damage.DIGEST}


def test_bytes_that_an_operator_put_back_are_whole_again(yard: Yard) -> None:
    (blob,) = yard.keep(b"fine")
    rot(yard, blob, b"evil")
    scrub(yard.house)
    rot(yard, blob, b"fine")
    assert scrub(yard.house).damaged == ()
    assert yard.state(blob) == "verified"


def test_what_was_read_longest_ago_is_read_first(yard: Yard, clock: FixedClock) -> None:
    blobs = [
        yard.keep(b"%d" % number, verified_at=clock.now().plus(timedelta(days=number - 9)))[0] for number in range(3)
    ]
    for blob in blobs:
        rot(yard, blob, b"x")
        clock.advance(timedelta(minutes=1))
        assert [item.blob for item in scrub(yard.house, 1).damaged] == [blob]


def test_what_rotted_is_mended_from_the_replica_as_a_fresh_object(yard: Yard, replicated: House) -> None:
    first, second = yard.keep(b"first", b"second")
    assert replicate(replicated) == 1
    assert replicate(replicated) == 0
    old = yard.place(first)
    rot(yard, first, b"first rotted")
    done = scrub(replicated)
    assert (done.repaired, done.damaged) == (1, ())
    assert (yard.state(first), yard.state(second), yard.held(second)) == ("verified", "verified", b"firstsecond")
    assert yard.place(first) != old
    assert scrub(replicated).damaged == ()
    assert replicate(replicated) == 0, "the replica holds the mended object, too"
    assert entries(yard) == ["upkeep.blob_damaged", "upkeep.blob_repaired"]


def test_a_replica_that_rotted_too_mends_nothing(yard: Yard, replicated: House, tmp_path: Path) -> None:
    (blob,) = yard.keep(b"fine")
    replicate(replicated)
    rot(yard, blob, b"evil")
    (copy,) = (tmp_path / "replica" / "sancai-published").rglob("*-*-*-*-*")
    copy.chmod(0o644)
    copy.write_bytes(b"worse")
    assert len(scrub(replicated).damaged) == 1
    assert yard.state(blob) == "damaged"


def test_damage_is_never_copied_to_the_replica(yard: Yard, replicated: House) -> None:
    (blob,) = yard.keep(b"fine")
    rot(yard, blob, b"evil")
    assert replicate(replicated) == 0


def test_a_night_scrubs_once_whoever_asks_and_a_day_never(yard: Yard, clock: FixedClock) -> None:
    yard.keep(b"fine")
    clock.set("2026-03-02T02:00:00Z")  # Ten in the morning in Shanghai.
    assert keep_nightly(yard.house) == []
    clock.set("2026-03-02T18:30:00Z")  # Half past two at night.
    assert keep_nightly(yard.house) == ["reminders", "order_reminders", "garbage", "scrub"]
    assert keep_nightly(yard.house) == []
    clock.advance(timedelta(days=1))
    assert keep_nightly(yard.house) == ["reminders", "order_reminders", "garbage", "scrub"]


def test_a_check_names_what_is_missing_or_of_another_size_without_reading(yard: Yard) -> None:
    whole, cut, missing = (yard.keep(content)[0] for content in (b"whole", b"cut", b"missing"))
    rot(yard, cut, b"c")
    file_of(yard, missing).unlink()
    rot(yard, whole, b"WHOLE")
    found = {(item.blob, item.code) for item in check_objects(yard.house)}
    assert found == {(cut, Damage.SIZE), (missing, Damage.MISSING)}


def test_a_check_names_rows_of_a_store_that_nobody_told_us_of(yard: Yard) -> None:
    from sqlalchemy import text

    yard.keep(b"elsewhere")
    with yard.house.database.writing() as connection:
        connection.execute(text("UPDATE blobs SET store = 's3://elsewhere'"))
    assert [item.code for item in check_objects(yard.house)] == [Damage.STORE_UNKNOWN]


def test_damaged_bytes_are_given_to_nobody(yard: Yard) -> None:
    (blob,) = yard.keep(b"fine")
    rot(yard, blob, b"evil")
    with yard.house.view() as view:
        assert service.blob(view, blob).size_bytes == 4
    scrub(yard.house)
    with yard.house.view() as view, pytest.raises(CorruptContentError, match="blob_damaged"):
        service.blob(view, blob)
