"""All bytes move to another store while the service writes and reads; none is lost."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from registry.errors import ConflictError
from registry.house import House
from registry.upkeep.moving import Moved, finish_move, move
from registry.upkeep.records import places
from registry.upkeep.scrubbing import scrub
from registry.upkeep.stores import OtherStores, open_store
from registry.values.identifiers import BlobId
from storage.errors import StoreConfigurationError, StoreUnavailableError
from storage.minio_server import MinioServer
from storage.object_store import Bucket, ObjectStat
from storage.settings import FolderSettings, S3Settings, StoreSettings
from tests.registry.upkeep.yard import Yard


def on(house: House, where: StoreSettings) -> House:
    """Return the installation as a process sees it that was started with another store."""
    settings = replace(
        house.settings,
        s3=where if isinstance(where, S3Settings) else None,
        folder=where if isinstance(where, FolderSettings) else None,
    )
    store = open_store(where, settings, house.secret)
    store.prepare()
    store.read_others_from(OtherStores(house.database, settings, house.secret))
    return replace(house, settings=settings, store=store)


@pytest.fixture
def here(house: House, owner_url: str, tmp_path: Path) -> Yard:
    return Yard(on(house, FolderSettings(tmp_path / "first")), owner_url)


@pytest.mark.minio
def test_from_minio_to_rclone_with_writes_in_flight_nothing_is_lost(
    house: House, owner_url: str, minio_server: MinioServer, rclone_settings: S3Settings
) -> None:
    root = minio_server.root
    old = S3Settings(minio_server.endpoint, "moved-from", "us-east-1", root, root, root, minio_server.endpoint)
    yard = Yard(on(house, old), owner_url)
    kept: dict[BlobId, bytes] = {}

    def keep(number: int) -> None:
        content = b"object %d" % number
        kept[yard.keep(content)[0]] = content

    for number in range(6):
        keep(number)
    pack = yard.keep(b"first ", b"second")
    stop = threading.Event()

    def write() -> None:
        number = 100
        while not stop.is_set():
            keep(number := number + 1)

    def read() -> None:
        while not stop.is_set():
            for blob, content in list(kept.items()):
                assert yard.held(blob) == content

    threads = [Checked(write), Checked(read)]
    moved = move(yard.house, rclone_settings)
    assert (moved.objects >= 7, moved.left) == (True, ())
    yard.house = on(house, rclone_settings)  # The restart: from here on new bytes go to the new store.
    move(yard.house)
    stop.set()
    for thread in threads:
        thread.end()
    move(yard.house)
    finished = finish_move(yard.house)
    assert finished.kept == 0
    assert {blob: yard.held(blob) for blob in kept} == kept
    assert {yard.place(blob)[0] for blob in [*kept, *pack]} == {yard.house.store.identity}
    assert yard.held(pack[0]) == b"first second"
    assert scrub(yard.house).damaged == ()
    left = open_store(old, house.settings, house.secret)
    assert list(left.list(Bucket.PUBLISHED)) == []
    with pytest.raises(StoreConfigurationError):
        on(house, rclone_settings).store.at(left.identity)


class Checked(threading.Thread):
    """A thread whose failure is the test's."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self.failure: BaseException | None = None
        self._act = act
        self.start()

    def run(self) -> None:
        try:
            self._act()
        except BaseException as error:  # noqa: BLE001
            self.failure = error

    def end(self) -> None:
        self.join(timeout=30)
        assert not self.is_alive()
        if self.failure:
            raise self.failure


def test_a_move_that_was_killed_is_taken_up_where_it_stopped(
    here: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = {here.keep(b"%d" % number)[0]: b"%d" % number for number in range(5)}
    there, put, calls = FolderSettings(tmp_path / "second"), type(here.house.store).put_stream, iter(range(100))

    def failing(self: object, bucket: Bucket, key: str, chunks: Iterable[bytes], size: int) -> ObjectStat:
        if next(calls) == 3:
            raise StoreUnavailableError("disk_failed", reason="full")
        return put(self, bucket, key, chunks, size)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(type(here.house.store), "put_stream", failing)
        with pytest.raises(StoreUnavailableError):
            move(here.house, there)
    assert {here.place(blob)[0] for blob in blobs} == {here.house.store.identity, f"file://{there.folder}"}
    assert {blob: here.held(blob) for blob in blobs} == blobs, "both stores are read"
    assert move(here.house, there).objects + 2 == len(blobs)
    assert {here.place(blob)[0] for blob in blobs} == {f"file://{there.folder}"}


def test_what_was_received_and_is_to_be_verified_goes_along(here: Yard, tmp_path: Path) -> None:
    upload, given_up = uuid4(), uuid4()
    with here.house.database.writing() as connection:
        here.add_upload(connection, upload, 5, "received")
        here.add_upload(connection, given_up, 5, "aborted")
    for key in (upload, given_up):
        here.house.store.put(Bucket.INCOMING, str(key), b"bytes")
    there = FolderSettings(tmp_path / "second")
    move(here.house, there)
    arrived = on(here.house, there).store
    assert [found.place.key for found in arrived.list(Bucket.INCOMING)] == [str(upload)]


def test_what_is_damaged_is_named_and_stays(here: Yard, tmp_path: Path) -> None:
    good, bad = here.keep(b"good")[0], here.keep(b"fine")[0]
    store, place = here.place(bad)
    path = here.house.settings.objects_folder / "sancai-published" / place.key
    path.chmod(0o644)
    path.write_bytes(b"evil")
    moved = move(here.house, FolderSettings(tmp_path / "second"))
    assert (moved.objects, moved.left) == (1, (f"published/{place.key}",))
    assert here.place(bad)[0] == store
    assert here.held(good) == b"good"


def test_a_move_is_not_finished_while_rows_name_the_old_store(here: Yard, tmp_path: Path) -> None:
    here.keep(b"here")
    there = FolderSettings(tmp_path / "second")
    switched = on(here.house, there)
    with pytest.raises(ConflictError, match="store_move_unfinished"):
        finish_move(switched)
    move(here.house, there)
    assert finish_move(switched).deleted == 1


@pytest.mark.parametrize("again", ["same", "linked"])
def test_a_store_does_not_move_onto_itself(here: Yard, tmp_path: Path, again: str) -> None:
    here.keep(b"here")
    (tmp_path / "linked").symlink_to(tmp_path / "first")
    with pytest.raises(ConflictError, match="store_move_same"):
        move(here.house, FolderSettings(tmp_path / ("first" if again == "same" else "linked")))


def test_where_a_store_is_stands_sealed_in_the_database(here: Yard, rclone_settings: S3Settings) -> None:
    assert move(here.house, rclone_settings) == Moved(0, 0, 0, ())
    with here.house.database.reading() as connection:
        sealed = places.sealed_store(connection, f"s3://{rclone_settings.bucket_prefix}")
    assert sealed is not None
    assert rclone_settings.catalog.secret_key.encode() not in sealed
