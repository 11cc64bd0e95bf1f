"""Database and objects go out together and come back together, byte for byte, into an empty installation."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from registry.errors import ConflictError, CorruptContentError, NotFoundError
from registry.house import House, application_url
from registry.journal.service import sequence, verify_log
from registry.journal.signing import SigningKey
from registry.upkeep.backup import BackedUp, back_up, backups, read_backup
from registry.upkeep.checking import check_objects
from registry.upkeep.history import watch_history
from registry.upkeep.journaling import journaled
from registry.upkeep.restoring import Restored, restore_database, restore_objects
from registry.upkeep.scrubbing import scrub
from registry.upkeep.stores import OtherStores, open_store
from registry.upkeep.sweeping import sweep
from storage.database import Database
from storage.embedded_postgres import EmbeddedPostgres
from storage.errors import StoreUnavailableError
from storage.migrate import create_database
from storage.minio_server import MinioServer
from storage.object_store import Bucket, ObjectStore
from storage.settings import FolderSettings, S3Settings, StoreSettings
from tests.conftest import FixedClock
from tests.registry.upkeep.yard import Yard

_numbers = itertools.count()


@pytest.fixture
def empty_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The address of an empty database, as its owner."""
    name = f"restored_{next(_numbers)}"
    create_database(postgres.superuser_url(), name)
    yield postgres.superuser_url(name)
    engine = create_engine(postgres.superuser_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


@contextmanager
def installation(house: House, owner_url: str, folder: Path) -> Iterator[House]:
    """Open what was restored: another database, another folder, the same keys."""
    settings = replace(house.settings, folder=FolderSettings(folder))
    database = Database(application_url(owner_url), pool_size=4)
    store = open_store(FolderSettings(folder), settings, house.secret)
    store.prepare()
    store.read_others_from(OtherStores(database, settings, house.secret))
    yield replace(house, settings=settings, database=database, store=store)
    database.dispose()


def target(yard: Yard, where: StoreSettings) -> ObjectStore:
    return open_store(where, yard.house.settings, yard.house.secret)


def restored(house: House, url: str, store: ObjectStore) -> Restored:
    backup = read_backup(store, None, house.signing_key.verifier)
    restore_database(url, store, backup)
    return restore_objects(house, store, backup)


def contents(yard: Yard, count: int) -> dict[object, bytes]:
    return {yard.keep(b"%d" % number)[0]: b"%d" % number for number in range(count)}


def drill(yard: Yard, clock: FixedClock, urls: tuple[str, str], where: StoreSettings, folder: Path) -> None:
    """Back up, go on working, back up again, lose everything, restore, verify."""
    owner_url, empty_url = urls
    kept = contents(yard, 3)
    journaled(yard.house, "upkeep.store_moved", "installation", {})
    assert sequence(yard.house.database, yard.house.clock, yard.house.signing_key)
    store = target(yard, where)
    first = back_up(yard.house, owner_url, store)
    assert (first.copied, first.backup.objects, first.backup.damaged) == (3, 3, ())
    clock.advance(timedelta(hours=1))
    first_of, second_of = yard.keep(b"first ", b"second")
    second = back_up(yard.house, owner_url, store)
    assert (second.copied, second.backup.objects) == (1, 4)
    assert backups(store) == sorted([first.backup.name, second.backup.name])
    with installation(yard.house, empty_url, folder) as house:
        done = restored(house, empty_url, store)
        assert (done.backup, done.objects, done.missing) == (second.backup.name, 4, ())
        lost, yard.house = yard.house, house
        assert {blob: yard.held(blob) for blob in kept} == kept  # type: ignore[arg-type]
        assert (yard.held(first_of), yard.state(second_of)) == (b"first second", "verified")
        assert list(check_objects(house)) == []
        assert scrub(house).damaged == ()
        with house.view() as view:
            newest = verify_log(view.connection, [house.signing_key.verifier])
        assert newest
        assert newest.size == second.backup.log_size
        assert not watch_history(house)
        with pytest.raises(ConflictError, match="sweep_database_set_back"):
            sweep(house, delete=True)
        assert sweep(house, accept=True).refused == ""
        assert restored(house, empty_url, store).objects == 4, "a restore may be repeated"
        yard.house = lost


def test_a_folder_takes_a_backup_and_gives_it_back(
    yard: Yard, clock: FixedClock, owner_url: str, empty_url: str, tmp_path: Path
) -> None:
    drill(yard, clock, (owner_url, empty_url), FolderSettings(tmp_path / "backup"), tmp_path / "restored")


@pytest.mark.minio
def test_a_minio_takes_a_backup_and_gives_it_back(
    yard: Yard, clock: FixedClock, owner_url: str, empty_url: str, tmp_path: Path, minio_server: MinioServer
) -> None:
    root = minio_server.root
    where = S3Settings(minio_server.endpoint, "backup", "us-east-1", root, root, root, minio_server.endpoint)
    drill(yard, clock, (owner_url, empty_url), where, tmp_path / "restored")


def test_a_backup_that_was_killed_is_none_and_the_next_copies_only_the_rest(
    yard: Yard, owner_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents(yard, 4)
    store, calls = target(yard, FolderSettings(tmp_path / "backup")), iter(range(100))
    put: Callable[..., object] = type(store).put_stream

    def failing(*arguments: object) -> object:
        if next(calls) == 2:
            raise StoreUnavailableError("disk_failed", reason="full")
        return put(*arguments)

    with monkeypatch.context() as broken:
        broken.setattr(type(store), "put_stream", failing)
        with pytest.raises(StoreUnavailableError):
            back_up(yard.house, owner_url, store)
    assert backups(store) == []
    with pytest.raises(NotFoundError):
        read_backup(store, None, yard.house.signing_key.verifier)
    assert back_up(yard.house, owner_url, store).copied == 2


def test_a_damaged_object_is_named_and_the_rest_is_backed_up(yard: Yard, owner_url: str, tmp_path: Path) -> None:
    contents(yard, 2)
    (bad,) = yard.keep(b"fine")
    key = yard.place(bad)[1].key
    path = yard.house.settings.objects_folder / "sancai-published" / key
    path.chmod(0o644)
    path.write_bytes(b"evil")
    made: BackedUp = back_up(yard.house, owner_url, target(yard, FolderSettings(tmp_path / "backup")))
    assert (made.copied, made.backup.damaged) == (2, (f"published/{key}",))


def test_an_object_that_rotted_in_the_backup_is_named_at_the_restore(
    yard: Yard, owner_url: str, empty_url: str, tmp_path: Path
) -> None:
    (bad,) = yard.keep(b"fine")
    kept = contents(yard, 2)
    store = target(yard, FolderSettings(tmp_path / "backup"))
    back_up(yard.house, owner_url, store)
    key = yard.place(bad)[1].key
    path = tmp_path / "backup" / "sancai-published" / key
    path.chmod(0o644)
    path.write_bytes(b"evil")
    with installation(yard.house, empty_url, tmp_path / "restored") as house:
        assert restored(house, empty_url, store).missing == (f"published/{key}",)
        lost, yard.house = yard.house, house
        assert yard.state(bad) == "damaged"
        assert all(yard.held(blob) == content for blob, content in kept.items())  # type: ignore[arg-type]
        yard.house = lost


def test_a_restore_into_a_database_that_is_not_empty_is_refused(
    yard: Yard, owner_url: str, tmp_path: Path, clock: FixedClock
) -> None:
    store = target(yard, FolderSettings(tmp_path / "backup"))
    back_up(yard.house, owner_url, store)
    journaled(yard.house, "upkeep.store_moved", "installation", {})
    assert sequence(yard.house.database, clock, yard.house.signing_key)
    with pytest.raises(ConflictError, match="restore_not_empty"):
        restore_database(owner_url, store, read_backup(store, None, yard.house.signing_key.verifier))


def test_a_backup_of_another_installation_or_that_was_changed_is_refused(
    yard: Yard, owner_url: str, tmp_path: Path
) -> None:
    store = target(yard, FolderSettings(tmp_path / "backup"))
    name = back_up(yard.house, owner_url, store).backup.name
    with pytest.raises(CorruptContentError, match="backup_not_authentic"):
        read_backup(store, name, SigningKey.create("another.org").verifier)
    path = tmp_path / "backup" / f"sancai-{Bucket.LOG}" / "backups" / name / "backup.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace('objects_bytes\\":0', 'objects_bytes\\":1'))
    with pytest.raises(CorruptContentError, match="backup_not_authentic"):
        read_backup(store, name, yard.house.signing_key.verifier)
