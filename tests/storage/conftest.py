"""Real stores to test against: a folder behind a small web server, and a MinIO per test worker."""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

import pytest

from registry.house import House
from storage.errors import PartRefusedError, StoreError
from storage.local_store import LocalStore
from storage.minio_server import MinioServer, obtain_minio
from storage.minio_store import MinioStore, create_store_keys
from storage.object_store import Bucket, ObjectStore
from storage.settings import S3Settings, StoreKey
from tests.registry.upkeep.yard import Yard
from tests.storage.rclone import serve_rclone

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class StoreUnderTest:
    """A store and another on the same objects whose clock is an hour late, so that its URLs have expired.

    The rest says what a server cannot do, so that the suite holds it to what it does instead.
    """

    store: ObjectStore
    late: ObjectStore
    conditional_put: bool = True
    """Of two who store one key at the same time only one may win."""
    says_ranges: bool = True
    """A signed URL answers a range with 206, as it should, not with 200."""
    mends_uploads: bool = True
    """A part may be sent again, a refused completion leaves the upload, and of two completions both are answered."""
    keeps_terms: bool = True
    """What has a term cannot be deleted."""


class LocalDoor(BaseHTTPRequestHandler):
    """Serves the signed URLs of a local store, as the service's own door does."""

    store: LocalStore
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        with self._refusals():
            etag = self.store.accept_part(self._path(), self._query(), [body], length)
            self._answer(200, b"", {"ETag": f'"{etag}"'})

    def do_GET(self) -> None:
        with self._refusals():
            permit = self.store.authorize_read(self._path(), self._query())
            offset, length, status = 0, None, 200
            if span := self.headers.get("Range"):
                first, last = span.removeprefix("bytes=").split("-")
                offset, length, status = int(first), int(last) - int(first) + 1, 206
            content = b"".join(self.store.read(permit.place, offset, length))
            self._answer(status, content, {"Content-Disposition": permit.content_disposition})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent."""

    def _path(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/objects/")

    def _query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except PartRefusedError as error:
            self._answer(403, error.code.encode(), {})
        except StoreError as error:
            self._answer(404, error.code.encode(), {})

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def local_pair(tmp_path: Path) -> Iterator[StoreUnderTest]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), LocalDoor)
    server.daemon_threads = True
    url = f"http://127.0.0.1:{server.server_port}"

    def made(now: Callable[[], float]) -> LocalStore:
        return LocalStore(tmp_path / "objects", url, b"s" * 32, now=now)

    store = made(time.time)
    store.prepare()
    server.RequestHandlerClass = type("Door", (LocalDoor,), {"store": store})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield StoreUnderTest(store, made(lambda: time.time() - HOUR.total_seconds()))
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def apart() -> Iterator[Path]:
    """A folder for homes with an embedded database, which another user than root must be able to reach.

    Not in pytest's own temporary folder: every run that starts beside this one closes that to other users.
    """
    with tempfile.TemporaryDirectory(prefix="sancai-tests-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def minio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    """A real MinIO. Obtaining it may fail, and then so do the tests that need it: they are never skipped."""
    with MinioServer(obtain_minio(print), tmp_path_factory.mktemp("minio")) as server:
        yield server


def settings_of_their_own(server: MinioServer) -> S3Settings:
    prefix = f"t{uuid4().hex[:12]}"
    keys = create_store_keys(server.endpoint, server.root, prefix)
    return S3Settings(server.endpoint, prefix, "us-east-1", keys.catalog, keys.up, keys.down, server.endpoint)


@pytest.fixture(scope="session")
def minio_settings(minio_server: MinioServer) -> S3Settings:
    """Buckets and keys of this test worker. Making them takes seconds; each test leaves the buckets empty."""
    settings = settings_of_their_own(minio_server)
    MinioStore(settings).prepare()
    return settings


@pytest.fixture
def minio_pair(minio_settings: S3Settings) -> Iterator[StoreUnderTest]:
    store = MinioStore(minio_settings)
    yield StoreUnderTest(store, MinioStore(minio_settings, now=lambda: datetime.now(UTC) - HOUR))
    for bucket in Bucket:
        for found in list(store.list(bucket)):
            store.delete(found.place)


@pytest.fixture
def lasting_settings(minio_server: MinioServer) -> S3Settings:
    """Buckets of one test that puts something there which cannot be deleted."""
    return settings_of_their_own(minio_server)


@pytest.fixture(scope="session")
def rclone_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Settings]:
    """Another S3 server than MinIO, with code of its own: what holds on both holds on more than these two."""
    key = StoreKey("rclone-key", "rclone-secret-of-tests")
    with serve_rclone(tmp_path_factory.mktemp("rclone"), key) as endpoint:
        settings = S3Settings(endpoint, f"t{uuid4().hex[:12]}", "us-east-1", key, key, key, endpoint)
        MinioStore(settings).prepare()
        yield settings


@pytest.fixture
def rclone_pair(rclone_settings: S3Settings) -> Iterator[StoreUnderTest]:
    store = MinioStore(rclone_settings)
    yield StoreUnderTest(
        store,
        MinioStore(rclone_settings, now=lambda: datetime.now(UTC) - HOUR),
        conditional_put=False,
        says_ranges=False,
        mends_uploads=False,
        keeps_terms=False,
    )
    for bucket in Bucket:
        for found in list(store.list(bucket)):
            store.delete(found.place)


STORES = ["local", pytest.param("minio", marks=pytest.mark.minio), "rclone"]


@pytest.fixture(params=STORES)
def pair(request: pytest.FixtureRequest) -> StoreUnderTest:
    found = request.getfixturevalue(f"{request.param}_pair")
    assert isinstance(found, StoreUnderTest)
    return replace(found)


@pytest.fixture(params=STORES)
def lasting_store(request: pytest.FixtureRequest) -> ObjectStore:
    """Return a store for objects that cannot be deleted."""
    if request.param == "local":
        local: StoreUnderTest = request.getfixturevalue("local_pair")
        return local.store
    if request.param == "rclone":
        served: StoreUnderTest = request.getfixturevalue("rclone_pair")
        return served.store
    server: MinioServer = request.getfixturevalue("minio_server")
    prefix = f"t{uuid4().hex[:12]}"  # With the root key, because narrow ones take seconds to make.
    made = MinioStore(S3Settings(server.endpoint, prefix, "us-east-1", *[server.root] * 3, server.endpoint))
    made.prepare()
    return made


@pytest.fixture
def keeps_terms(request: pytest.FixtureRequest) -> bool:
    """Whether ``lasting_store`` heeds a term."""
    return "rclone" not in request.node.callspec.params.values()


@pytest.fixture
def store(pair: StoreUnderTest) -> ObjectStore:
    return pair.store


@pytest.fixture
def yard(house: House, owner_url: str) -> Yard:
    """An installation with stored bytes and a local store."""
    return Yard(house, owner_url)
