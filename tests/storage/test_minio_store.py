"""What is particular to MinIO: scoped keys, locked objects, and answers that lie. All against a real server."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import uuid4

import httpx
import pytest
from minio.commonconfig import COMPLIANCE, GOVERNANCE
from minio.error import S3Error
from minio.retention import Retention

from storage import minio_store
from storage.errors import (
    ObjectLockedError,
    ObjectMissingError,
    StoreConfigurationError,
    StoreUnavailableError,
    UploadForgottenError,
)
from storage.minio_store import MinioStore
from storage.object_store import MIB, PART_SIZE_MIN_BYTES, Bucket, ObjectStore, Part, Place, incoming_key
from storage.presigned_url import presigned_url
from storage.settings import RetentionMode, S3Settings, StoreKey
from tests.storage.conftest import StoreUnderTest

pytestmark = pytest.mark.minio
SECRET_TEXT = b"published for some eyes only"


@pytest.fixture
def minio(minio_pair: StoreUnderTest) -> ObjectStore:
    return minio_pair.store


def signed(settings: S3Settings, key: StoreKey, method: str, bucket: Bucket, name: str) -> str:
    url = f"{settings.endpoint}/{settings.bucket_prefix}-{bucket}/{name}"
    return presigned_url(method, url, key, settings.region, datetime.now(UTC), 60, {})


@pytest.mark.parametrize("bucket", [Bucket.PUBLISHED, Bucket.EVIDENCE, Bucket.LOG])
def test_the_key_of_uploads_writes_nowhere_but_incoming(
    minio: ObjectStore, minio_settings: S3Settings, bucket: Bucket
) -> None:
    assert httpx.put(signed(minio_settings, minio_settings.up, "PUT", bucket, "a"), content=b"x").status_code == 403


@pytest.mark.parametrize("bucket", list(Bucket))
def test_the_key_of_uploads_reads_nothing(minio: ObjectStore, minio_settings: S3Settings, bucket: Bucket) -> None:
    minio.put(bucket, "a", SECRET_TEXT)
    assert httpx.get(signed(minio_settings, minio_settings.up, "GET", bucket, "a")).status_code == 403


@pytest.mark.parametrize("bucket", list(Bucket))
def test_the_key_of_downloads_writes_nothing(minio: ObjectStore, minio_settings: S3Settings, bucket: Bucket) -> None:
    assert httpx.put(signed(minio_settings, minio_settings.down, "PUT", bucket, "a"), content=b"x").status_code == 403


@pytest.mark.parametrize("bucket", [Bucket.INCOMING, Bucket.EVIDENCE, Bucket.LOG])
def test_the_key_of_downloads_reads_nothing_but_published(
    minio: ObjectStore, minio_settings: S3Settings, bucket: Bucket
) -> None:
    minio.put(bucket, "a", SECRET_TEXT)
    assert httpx.get(signed(minio_settings, minio_settings.down, "GET", bucket, "a")).status_code == 403


def test_who_holds_an_upload_url_cannot_copy_published_content_into_it(
    minio: ObjectStore, minio_settings: S3Settings
) -> None:
    minio.put(Bucket.PUBLISHED, "a", SECRET_TEXT)
    source = f"/{minio_settings.bucket_prefix}-published/a"
    url = signed(minio_settings, minio_settings.up, "PUT", Bucket.INCOMING, "stolen")
    assert httpx.put(url, content=b"", headers={"x-amz-copy-source": source}).status_code == 403
    with pytest.raises(ObjectMissingError):
        minio.stat(Place(Bucket.INCOMING, "stolen"))


def test_the_copying_that_scoped_keys_prevent_works_with_a_broad_key(
    minio: ObjectStore, minio_settings: S3Settings
) -> None:
    """Shows that the test above tests the key, not the server; fails once the server is mended (CVE-2026-97731)."""
    minio.put(Bucket.PUBLISHED, "a", SECRET_TEXT)
    source = f"/{minio_settings.bucket_prefix}-published/a"
    url = signed(minio_settings, minio_settings.catalog, "PUT", Bucket.INCOMING, "stolen")
    assert httpx.put(url, content=b"", headers={"x-amz-copy-source": source}).status_code == 200


def test_urls_never_show_the_catalog_key(minio: ObjectStore, minio_settings: S3Settings) -> None:
    urls = [minio.part_url("a", "ref", 1, 60, 1), minio.read_url(Place(Bucket.PUBLISHED, "a"), 60, "a")]
    assert not [url for url in urls if minio_settings.catalog.access_key in url]


def test_a_real_minio_has_versions_and_locks_in_the_log(minio: ObjectStore) -> None:
    seen = minio.probe()
    assert (seen.versioning, seen.object_lock, seen.conditional_put) == (True, True, True)


def test_an_object_under_retention_cannot_be_deleted(lasting_settings: S3Settings) -> None:
    store = MinioStore(lasting_settings)
    store.prepare()
    made = store.put(Bucket.LOG, "checkpoint", b"root").place
    retention = Retention(GOVERNANCE, datetime.now(UTC) + timedelta(days=1))
    name = f"{lasting_settings.bucket_prefix}-log"
    store._client.set_object_retention(name, made.key, retention, version_id=made.version_id)
    with pytest.raises(ObjectLockedError):
        store.delete(made)
    with pytest.raises(ObjectLockedError):
        store.delete(replace(made, version_id=None))
    assert b"".join(store.read(made)) == b"root"


def test_in_compliance_mode_not_even_the_bypass_deletes(lasting_settings: S3Settings) -> None:
    store = MinioStore(lasting_settings, retention_mode=RetentionMode.COMPLIANCE)
    store.prepare()
    term = datetime.now(UTC) + timedelta(days=1)
    made = store.put(Bucket.LOG, "checkpoint", b"root", retain_until=term).place
    name = f"{lasting_settings.bucket_prefix}-log"
    with pytest.raises(S3Error, match="WORM protected"):
        store._delete_bypassing_retention(name, made.key, made.version_id)
    kept = store._client.get_object_retention(name, made.key, version_id=made.version_id)
    assert kept is not None
    assert (kept.mode, kept.retain_until_date) == (COMPLIANCE, term.replace(microsecond=0))


def test_a_store_is_known_by_the_prefix_of_its_buckets(minio: ObjectStore, minio_settings: S3Settings) -> None:
    assert minio.identity == f"s3://{minio_settings.bucket_prefix}"


def test_what_is_one_part_goes_in_one_request(minio: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload that is begun and whose process is killed would leave a part that nobody knows of."""

    def begun(*_: object) -> str:
        raise AssertionError("an upload is begun")

    monkeypatch.setattr(MinioStore, "_create", begun)
    made = minio.put_stream(Bucket.PUBLISHED, "one/part", iter([b"a" * MIB, b"b"]), MIB + 1)
    assert b"".join(minio.read(made.place)) == b"a" * MIB + b"b"
    with pytest.raises(AssertionError, match="an upload is begun"):
        minio.put_stream(Bucket.PUBLISHED, "two/parts", iter([b"c"]), PART_SIZE_MIN_BYTES + 1)


def test_a_large_object_is_copied_in_pieces(minio: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minio_store, "COPY_PIECE_BYTES", 5 * MIB)
    content = bytes(range(256)) * (11 * MIB // 256) + b"rest"
    source = minio.put_stream(Bucket.INCOMING, "a", [content], len(content))
    copy = minio.copy(source.place, Bucket.PUBLISHED, "aa/b")
    assert copy.etag.endswith("-3")
    assert b"".join(minio.read(copy.place)) == content


def test_all_parts_are_listed_beyond_one_page(minio: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(minio, MinioStore)
    key = incoming_key(uuid4())
    ref = minio.start_upload(key)
    for number in range(1, 6):
        httpx.put(minio.part_url(key, ref, number, 60, 1), content=b"x")
    listing = minio._client._list_parts

    def two_a_page(bucket: str, name: str, upload: str, part_number_marker: str | None) -> object:
        return listing(bucket, name, upload, max_parts=2, part_number_marker=part_number_marker)

    monkeypatch.setattr(minio._client, "_list_parts", two_a_page)
    assert [part.number for part in minio.parts(key, ref)] == [1, 2, 3, 4, 5]


def test_a_bucket_that_vanished_is_the_operators_matter(minio: ObjectStore, minio_settings: S3Settings) -> None:
    other = MinioStore(replace(minio_settings, bucket_prefix=f"{minio_settings.bucket_prefix}-none"))
    with pytest.raises(StoreConfigurationError):
        other.health()


def test_a_wrong_key_is_the_operators_matter(minio_settings: S3Settings) -> None:
    other = MinioStore(replace(minio_settings, catalog=StoreKey("nobody-knows", "nobody-knows")))
    with pytest.raises(StoreConfigurationError):
        other.stat(Place(Bucket.INCOMING, "a"))
    with pytest.raises(StoreConfigurationError):
        other.list(Bucket.INCOMING).__next__()


@contextmanager
def a_server_that_answers(status: int, content: bytes, kind: str) -> Iterator[str]:
    class Door(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_HEAD = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def a_store_at(endpoint: str) -> MinioStore:
    key = StoreKey("access", "secret-of-access")
    return MinioStore(S3Settings(endpoint, "sancai", "us-east-1", key, key, key, endpoint))


def test_an_error_inside_an_answer_of_200_is_no_success() -> None:
    hidden = b"<?xml version='1.0'?><Error><Code>InternalError</Code></Error>"
    with a_server_that_answers(200, hidden, "application/xml") as endpoint, pytest.raises(StoreUnavailableError):
        a_store_at(endpoint).complete_upload("a", "ref", [Part(1, 1, "0" * 32)])


@pytest.mark.parametrize("kind", ["text/html", "text/xml", "application/xml"])
@pytest.mark.parametrize(
    ("status", "error"),
    [(404, UploadForgottenError), (403, StoreConfigurationError), (400, StoreUnavailableError)],
)
def test_an_error_without_a_code_is_read_by_its_status(kind: str, status: int, error: type[Exception]) -> None:
    with a_server_that_answers(status, b"<html></html>", kind) as endpoint, pytest.raises(error):
        a_store_at(endpoint).parts("a", "ref")


@pytest.mark.parametrize("status", [409, 501, 502])
def test_an_odd_status_to_head_is_an_unavailable_store(status: int) -> None:
    with a_server_that_answers(status, b"", "text/plain") as endpoint, pytest.raises(StoreUnavailableError):
        a_store_at(endpoint).stat(Place(Bucket.INCOMING, "a"))


def test_a_store_that_does_not_answer_is_unavailable() -> None:
    with a_server_that_answers(200, b"", "text/plain") as endpoint:
        pass
    with pytest.raises(StoreUnavailableError):
        a_store_at(endpoint).health()


def test_a_public_endpoint_with_a_path_is_refused() -> None:
    key = StoreKey("access", "secret-of-access")
    with pytest.raises(StoreConfigurationError):
        MinioStore(S3Settings("http://a", "sancai", "us-east-1", key, key, key, "https://b/minio"))
