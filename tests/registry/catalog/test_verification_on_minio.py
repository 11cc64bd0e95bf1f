"""What ``verify`` finds in a real MinIO, which notices rotten bits itself and refuses to read them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from cli.working import run_once
from registry.actors.model import Actor
from registry.catalog import service
from registry.catalog.model import Version
from registry.catalog.rereading import verify_versions
from registry.errors import UnavailableError
from registry.house import House
from registry.manifests import service as manifests
from registry.manifests.model import FilePath
from registry.values.digest import Digest
from storage.minio_server import MinioServer, obtain_minio
from storage.minio_store import MinioStore
from tests.registry.catalog.builders import a_csv, a_dataset, a_draft, a_publisher, complete, do, publish
from tests.storage.conftest import settings_of_their_own

pytestmark = pytest.mark.minio
INLINED_BYTES = 128 * 1024
"""MinIO keeps smaller objects inside its own records."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    with MinioServer(obtain_minio(print), tmp_path_factory.mktemp("minio")) as running:
        yield running


@pytest.fixture
def on_minio(house: House, server: MinioServer) -> House:
    store = MinioStore(settings_of_their_own(server))
    store.prepare()
    return replace(house, store=store)


def published(house: House, owner: Actor, contents: dict[str, bytes]) -> Version:
    draft = a_draft(house, owner, a_dataset(house, owner, "lab/rot"))
    for path, content in contents.items():
        announced = FilePath(path), len(content)
        _, upload = do(house, owner, lambda work, said=announced: service.add_file(work, draft.id, *said))
        signed = manifests.part_urls(house.database, house.clock, house.store, owner, upload.id, [1])
        httpx.put(signed.urls[0].url, content=content).raise_for_status()
        complete(house, owner, upload.id, Digest.of(content))
    do(house, owner, lambda work: service.submit_draft(work, draft.id))
    run_once(house)
    return publish(house, owner, draft)


def flip_a_byte(server: MinioServer, digest: Digest) -> None:
    found = [path for path in (server.folder / "data").rglob("*") if path.is_file() and digest.hex in path.as_posix()]
    place: Path = max(found, key=lambda path: path.stat().st_size)
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)


def test_a_flipped_byte_is_named_and_the_others_are_still_read(on_minio: House, server: MinioServer) -> None:
    contents = {"a.csv": a_csv(), "b.bin": bytes(INLINED_BYTES * 4), "c.md": b"# last\n"}
    published(on_minio, a_publisher(on_minio), contents)
    assert list(verify_versions(on_minio)) == []
    flip_a_byte(server, Digest.of(contents["b.bin"]))
    found = list(verify_versions(on_minio))
    assert [(each.dataset, each.version, each.path, each.code) for each in found] == [
        ("lab/rot", "v1", "b.bin", "object_unreadable")
    ]


def test_a_store_that_does_not_answer_damages_nothing(on_minio: House, server: MinioServer) -> None:
    published(on_minio, a_publisher(on_minio), {"c.md": b"# last\n"})
    assert isinstance(on_minio.store, MinioStore)
    gone = MinioStore(replace(on_minio.store._settings, endpoint="http://127.0.0.1:9"))
    with pytest.raises(UnavailableError, match="store_unavailable"):
        list(verify_versions(replace(on_minio, store=gone)))
