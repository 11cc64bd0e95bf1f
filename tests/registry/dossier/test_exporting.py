"""Checkpoints and dossiers leave the database once each, and tell when the log was set back or rewritten."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from cli.working import run_once
from registry.dossier.exporting import CHECKPOINTS, DOSSIERS, export_log, verify_exports
from registry.dossier.rules import recompute_bytes
from registry.house import House
from registry.journal import service as journal
from registry.journal.checkpoints import verify_checkpoint
from storage.errors import ObjectLockedError
from storage.object_store import Bucket, Place
from tests.conftest import FixedClock
from tests.registry.awards.builders import a_desk, instruct, pay, ready_for_payment
from tests.registry.catalog.builders import a_publisher
from tests.registry.exchange.builders import a_market

TERM = timedelta(days=30)


def sequence(house: House) -> None:
    while journal.sequence(house.database, house.clock, house.signing_key):
        pass


def kept(house: House, prefix: str) -> list[Place]:
    return [found.place for found in house.store.list(Bucket.LOG, prefix)]


def content(house: House, place: Place) -> bytes:
    return b"".join(house.store.read(place))


def change(owner_url: str, *statements: str) -> None:
    """Do to the database what its owner can."""
    engine = create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for statement in ("SET session_replication_role = replica", *statements):
            connection.execute(text(statement))
    engine.dispose()


def damage(place: Path) -> None:
    changed = bytearray(place.read_bytes())
    changed[len(changed) // 2] ^= 1
    place.chmod(0o644)
    place.write_bytes(changed)


@pytest.fixture
def exported(house: House) -> House:
    """Return an installation whose log has entries, all of them under an exported checkpoint."""
    a_publisher(house)
    sequence(house)
    assert export_log(house, TERM) == 1
    return house


def test_an_empty_log_has_nothing_to_export(house: House) -> None:
    assert export_log(house, TERM) == 0


def test_the_newest_checkpoint_is_exported_once_under_its_size(exported: House) -> None:
    assert export_log(exported, TERM) == 0
    (place,) = kept(exported, CHECKPOINTS)
    key = exported.signing_key
    checkpoint = verify_checkpoint(content(exported, place).decode(), [key.verifier], key.name)
    assert place.key == f"checkpoints/{checkpoint.size:020d}.note"
    a_publisher(exported)
    sequence(exported)
    a_publisher(exported)
    sequence(exported)
    assert export_log(exported, TERM) == 1
    assert len(kept(exported, CHECKPOINTS)) == 2
    assert list(verify_exports(exported)) == []


def test_what_was_exported_cannot_be_deleted_before_its_term(exported: House) -> None:
    with pytest.raises(ObjectLockedError):
        exported.store.delete(kept(exported, CHECKPOINTS)[0])


def test_a_lost_row_is_written_again_for_the_same_object(exported: House, owner_url: str) -> None:
    before = kept(exported, CHECKPOINTS)
    change(owner_url, "DELETE FROM log_exports")
    assert export_log(exported, TERM) == 1
    assert kept(exported, CHECKPOINTS) == before


def test_a_database_that_was_set_back_is_found_by_the_checkpoint(exported: House, owner_url: str) -> None:
    change(owner_url, "DELETE FROM log_exports", "DELETE FROM journal_checkpoints")
    assert [found.code for found in verify_exports(exported)] == ["checkpoint_beyond_log"]


def test_a_log_that_was_written_anew_contradicts_the_checkpoint(exported: House, owner_url: str) -> None:
    change(owner_url, "UPDATE journal_leaves SET leaf_hash = sha256('other') WHERE leaf_index = 0")
    change(owner_url, "UPDATE journal_nodes SET hash = sha256('other')")
    assert [found.code for found in verify_exports(exported)] == ["checkpoint_contradicts_log"]


def test_a_changed_export_is_named(exported: House) -> None:
    (place,) = kept(exported, CHECKPOINTS)
    damage(exported.settings.objects_folder / "sancai-log" / place.key)
    found = {(each.key, each.code) for each in verify_exports(exported)}
    assert (place.key, "export_digest_differs") in found
    assert (place.key, "checkpoint_not_authentic") in found


def test_a_paid_case_is_exported_once_when_its_entries_are_in_the_log(
    house: House, clock: FixedClock, owner_url: str
) -> None:
    desk = a_desk(a_market(house))
    case = ready_for_payment(desk, clock)
    instruct(desk, case.id)
    sequence(house)
    export_log(house, TERM)
    assert kept(house, DOSSIERS) == []
    pay(desk, case.id)
    export_log(house, TERM)
    assert kept(house, DOSSIERS) == []
    run_once(house)
    (place,) = kept(house, DOSSIERS)
    dossier = content(house, place)
    assert json.loads(dossier)["case"]["id"] == case.id
    assert recompute_bytes(dossier, [house.signing_key.verifier]) == []
    change(owner_url, "DELETE FROM log_exports WHERE kind = 'dossier'")
    clock.advance(timedelta(hours=1))
    assert export_log(house, TERM) == 1
    assert kept(house, DOSSIERS) == [place]
    assert list(verify_exports(house)) == []
