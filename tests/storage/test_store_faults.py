"""What a store does when its network or its disk fails: it says so, and leaves nothing half done."""

import errno
import random
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from registry.upkeep.garbage import collect
from registry.upkeep.rules import GRACE
from registry.upkeep.scrubbing import scrub
from storage import local_store
from storage.errors import ObjectMissingError, StoreUnavailableError
from storage.minio_store import MinioStore
from storage.object_store import MIB, Bucket, Place
from storage.settings import S3Settings
from tests.conftest import FixedClock
from tests.faults.proxy import Faults, Proxy
from tests.registry.upkeep.yard import Yard
from tests.storage.conftest import StoreUnderTest

CONTENT = random.Random(5).randbytes(3 * MIB)
PLACE = Place(Bucket.EVIDENCE, "a")


@pytest.fixture
def proxy(rclone_settings: S3Settings) -> Iterator[Proxy]:
    server = urlsplit(rclone_settings.endpoint)
    with Proxy((server.hostname or "", server.port or 0)) as made:
        yield made


@pytest.fixture
def broken(proxy: Proxy, rclone_settings: S3Settings, rclone_pair: StoreUnderTest) -> MinioStore:
    """A store behind the proxy; its buckets are emptied around it."""
    return MinioStore(replace(rclone_settings, endpoint=proxy.url, public_endpoint=proxy.url))


def test_a_reading_that_is_cut_is_taken_up_where_it_broke(
    broken: MinioStore, proxy: Proxy, rclone_pair: StoreUnderTest
) -> None:
    rclone_pair.store.put(Bucket.EVIDENCE, "a", CONTENT)
    proxy.faults = Faults(cut_down_after=2 * MIB - 77)
    assert b"".join(broken.read(PLACE)) == CONTENT
    assert proxy.connections > 2


def test_a_store_that_answers_503_is_unavailable_and_works_again_after(broken: MinioStore, proxy: Proxy) -> None:
    proxy.faults = Faults(status=503)
    with pytest.raises(StoreUnavailableError):
        broken.put(Bucket.EVIDENCE, "a", b"x")
    proxy.faults = Faults()
    again = MinioStore(replace(broken._settings))
    assert again.put(Bucket.EVIDENCE, "a", b"x").size_bytes == 1


def test_a_store_that_nobody_reaches_is_unavailable(broken: MinioStore, proxy: Proxy) -> None:
    proxy.faults = Faults(refuse=True)
    with pytest.raises(StoreUnavailableError):
        broken.health()


def test_an_upload_whose_answer_was_lost_is_found_done_when_it_is_repeated(
    broken: MinioStore, proxy: Proxy, rclone_pair: StoreUnderTest
) -> None:
    key = str(uuid4())
    ref = rclone_pair.store.start_upload(key)
    assert httpx.put(rclone_pair.store.part_url(key, ref, 1, 60, 4), content=b"part").status_code == 200
    parts = rclone_pair.store.parts(key, ref)
    proxy.faults = Faults(drop_response=True)
    with pytest.raises(StoreUnavailableError):
        broken.complete_upload(key, ref, parts)
    proxy.faults = Faults()
    assert MinioStore(replace(broken._settings)).complete_upload(key, ref, parts).size_bytes == 4


def test_a_stream_that_is_cut_on_the_way_leaves_no_object(
    broken: MinioStore, proxy: Proxy, rclone_pair: StoreUnderTest
) -> None:
    proxy.faults = Faults(cut_up_after=2 * MIB)
    with pytest.raises(StoreUnavailableError):
        broken.put_stream(Bucket.EVIDENCE, "a", [CONTENT], len(CONTENT))
    with pytest.raises(ObjectMissingError):
        rclone_pair.store.stat(PLACE)


def test_a_byte_that_turned_on_the_wire_is_not_read_as_the_content(
    broken: MinioStore, proxy: Proxy, rclone_pair: StoreUnderTest
) -> None:
    rclone_pair.store.put(Bucket.EVIDENCE, "a", CONTENT)
    proxy.faults = Faults(corrupt_down_at=MIB)
    seen = b"".join(MinioStore(replace(broken._settings)).read(PLACE))
    assert len(seen) == len(CONTENT)
    assert seen != CONTENT, "the store cannot know; whoever reads must hash"


def test_a_full_disk_stores_nothing_and_says_so(local_pair: StoreUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(local_store, "to_disk", full)
        with pytest.raises(StoreUnavailableError, match="No space left"):
            local_pair.store.put_stream(Bucket.EVIDENCE, "a", [CONTENT], len(CONTENT))
        key = str(uuid4())
        ref = local_pair.store.start_upload(key)
        url = local_pair.store.part_url(key, ref, 1, 60, 4)
        assert httpx.put(url, content=b"part").status_code == 404
    assert list(local_pair.store.list(Bucket.EVIDENCE)) == []
    assert local_pair.store.parts(key, ref) == ()
    assert httpx.put(url, content=b"part").status_code == 200


def test_a_store_that_fails_in_the_middle_of_a_collection_loses_nothing(
    yard: Yard, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, dropped = yard.keep(b"kept")[0], yard.keep(b"dropped")[0]
    yard.refer(kept)
    collect(yard.house)
    clock.advance(GRACE)

    def down(*_: object, **__: object) -> None:
        raise StoreUnavailableError("store_unreachable", reason="down")

    with monkeypatch.context() as store:
        store.setattr(type(yard.house.store), "delete", down)
        with pytest.raises(StoreUnavailableError):
            collect(yard.house)
    assert (yard.state(dropped), yard.held(dropped)) == ("deleting", b"dropped")
    assert collect(yard.house).deleted == 1
    assert (yard.held(kept), yard.held(dropped)) == (b"kept", None)
    assert scrub(yard.house).damaged == ()
