"""Objects in MinIO or another S3 store. The only file that imports ``minio``.

- Only portable S3 calls. What differs between servers is probed, never assumed.
- Multipart calls of minio-py 7.2 are private and change in 8.0, hence the pin and this one file.
- A completed upload may be answered 200 with an error inside, which minio-py takes for success: the answer counts only
  with an entity tag, and the size is asked for again.
- An error body that is not XML (proxies, other servers) is no ``S3Error``: both are mapped, by status where there is no
  code.
- One file, hence a long one: nothing else may know minio-py.
- ``If-None-Match`` is sent although not every server heeds it; a look before the write catches the ordinary case, and
  fresh keys make the rest moot.
"""

import base64
import hashlib
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from urllib.parse import quote, urlsplit
from uuid import uuid4

import urllib3
from minio import Minio, MinioAdmin
from minio.commonconfig import COMPLIANCE, GOVERNANCE
from minio.credentials.providers import StaticProvider
from minio.datatypes import Part as MinioPart
from minio.error import InvalidResponseError, MinioAdminException, S3Error, ServerError
from minio.retention import Retention

from storage.errors import (
    ContentSizeError,
    ObjectExistsError,
    ObjectLockedError,
    ObjectMissingError,
    StoreConfigurationError,
    StoreError,
    StoreUnavailableError,
    UploadForgottenError,
    UploadIncompleteError,
)
from storage.named_store import NamedStore
from storage.object_store import (
    CHUNK_BYTES,
    MIB,
    PARTS_PLANNED_MAX,
    READ_PARAMETER,
    Bucket,
    Capabilities,
    ObjectStat,
    ObjectStore,
    Part,
    Place,
    attachment,
    part_size_bytes,
    pieces,
    require_key,
    require_part,
    require_range,
    require_readable,
    require_term,
    upload_order,
)
from storage.presigned_url import presigned_url
from storage.settings import RetentionMode, S3Settings, StoreKey
from storage.store_keys import StoreKeys, bucket_name, key_policies

CONNECT_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 60
COPY_PIECE_BYTES = 512 * MIB
"""Copied by one request; small enough to be done within the time for an answer on a slow disk."""
READ_RESUMES_MAX = 3
NO_HEADERS: Mapping[str, str] = {}
_MISSING = {"NoSuchKey", "NoSuchVersion", "NoSuchObject", "MethodNotAllowed"}
_INCOMPLETE = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall"}
_TAKEN = {"PreconditionFailed", "XMinioParentIsObject", "XMinioObjectExistsAsDirectory"}
_REFUSED = {
    "AccessDenied",
    "AuthorizationHeaderMalformed",
    "InvalidAccessKeyId",
    "InvalidBucketName",
    "NoSuchBucket",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
}
_LOCKABLE = {Bucket.LOG, Bucket.PUBLISHED}
_MODES = {RetentionMode.GOVERNANCE: GOVERNANCE, RetentionMode.COMPLIANCE: COMPLIANCE}
_LOCKED = {"InvalidRequest", "ObjectLocked", "AccessDenied"}


class MinioStore(NamedStore):
    """Keeps objects in the buckets ``<prefix>-<bucket>`` of an S3 store.

    ``threads_max`` connections are kept open. ``now`` dates the signed URLs; the store compares it with its own clock.
    ``retention_mode`` says who may still delete what has a term in the log, ``published_mode`` in the published bucket.
    """

    def __init__(
        self,
        settings: S3Settings,
        threads_max: int = 16,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        retention_mode: RetentionMode = RetentionMode.GOVERNANCE,
        published_mode: RetentionMode = RetentionMode.GOVERNANCE,
    ) -> None:
        if urlsplit(settings.public_endpoint).path.strip("/"):
            raise StoreConfigurationError("public_endpoint_has_path", given=settings.public_endpoint)
        endpoint = urlsplit(settings.endpoint)
        self._settings = settings
        self._now = now
        self._retention_mode = _MODES[retention_mode]
        self._published_mode = _MODES[published_mode]
        self._seen: Capabilities | None = None
        self._client = Minio(
            endpoint.netloc,
            settings.catalog.access_key,
            settings.catalog.secret_key,
            secure=endpoint.scheme == "https",
            region=settings.region,
            http_client=_connections(threads_max),
        )

    @property
    def identity(self) -> str:
        """Which store this is; see ObjectStore."""
        return f"s3://{self._settings.bucket_prefix}"

    def at(self, identity: str) -> ObjectStore:
        """Return this store by its name; see ObjectStore."""
        return self if identity == self.identity else self._other(identity)

    def prepare(self) -> None:
        """Create the buckets that are missing, log and published with object lock where the store has it."""
        for bucket in Bucket:
            name = self._name(bucket)
            with _mapped():
                if self._client.bucket_exists(name):
                    continue
            if bucket in _LOCKABLE:
                with suppress(StoreError), _mapped():
                    self._make_bucket(name, object_lock=True)
                    continue
            with _mapped():
                self._make_bucket(name, object_lock=False)

    def health(self) -> None:
        """Return if the store answers and holds every bucket."""
        for bucket in Bucket:
            with _mapped():
                if not self._client.bucket_exists(self._name(bucket)):
                    raise StoreConfigurationError("bucket_missing", bucket=self._name(bucket))

    def probe(self) -> Capabilities:
        """Overwrite, then try to delete what is locked for a day; see ObjectStore."""
        key = f"probe/{uuid4()}"
        self.put(Bucket.INCOMING, key, b"1")
        try:
            with _mapped():
                self._put_if_absent(self._name(Bucket.INCOMING), key, b"2")
            conditional = False
        except ObjectExistsError:
            conditional = True
        self.delete(Place(Bucket.INCOMING, key))
        versions, locks = self._probe_lock(Bucket.LOG, key)
        published_versions, published_locks = self._probe_lock(Bucket.PUBLISHED, key)
        self._seen = Capabilities(versions, locks, conditional, published_versions, published_locks)
        return self._seen

    def _probe_lock(self, bucket: Bucket, key: str) -> tuple[bool, bool]:
        """Return whether a bucket keeps versions, and whether it kept one from being deleted that was locked."""
        name, until = self._name(bucket), datetime.now(UTC) + timedelta(days=1)
        try:
            with _mapped():
                locked = self._client.put_object(name, key, BytesIO(b"1"), 1, retention=Retention(GOVERNANCE, until))
        except StoreError:
            return False, False
        version = locked.version_id
        try:
            with _mapped(locked=True):
                self._client.remove_object(name, key, version_id=version)
        except ObjectLockedError:
            # Where the bypass is not allowed the canary goes when its day is over.
            with suppress(StoreError), _mapped():
                self._delete_bypassing_retention(name, key, version)
            return version is not None, True
        return version is not None, False

    def remember(self, seen: Capabilities) -> None:
        """Lock, or do not, by what was seen before; see ObjectStore."""
        self._seen = seen

    def put(self, bucket: Bucket, key: str, content: bytes, retain_until: datetime | None = None) -> ObjectStat:
        """Store a small object; see ObjectStore."""
        require_key(key)
        require_term(bucket, content, retain_until)
        try:
            self._require_free(bucket, key)
            with _mapped(key=key):
                self._put_if_absent(self._name(bucket), key, content, self._lock_headers(content, retain_until))
        except ObjectExistsError:
            with suppress(ObjectMissingError):
                there = self.stat(Place(bucket, key))
                if there.size_bytes == len(content) and b"".join(self.read(there.place)) == content:
                    return there
            raise
        return self.stat(Place(bucket, key))

    def put_stream(self, bucket: Bucket, key: str, chunks: Iterable[bytes], size_bytes: int) -> ObjectStat:
        """Store a stream, part by part; see ObjectStore.

        What is one part goes in one request: of an upload whose process is killed the store would keep that part, and
        nobody would know of it.
        """
        require_key(key)
        self._require_free(bucket, key)
        name = self._name(bucket)
        if size_bytes <= part_size_bytes(size_bytes):
            content = _whole(chunks, size_bytes)
            with _mapped(key=key):
                self._put_if_absent(name, key, content)
            return self.stat(Place(bucket, key))
        with _mapped(key=key):
            ref = self._create(name, key)
        try:
            made = self._send_pieces(name, key, ref, chunks, size_bytes)
            return self._complete(bucket, key, ref, made)
        except BaseException:
            self._abort(name, key, ref)
            raise

    def read(self, place: Place, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield bytes; a cut connection is taken up where it broke, a few times. See ObjectStore."""
        require_key(place.key)
        require_range(offset, length)
        left = max(self.stat(place).size_bytes - offset, 0)
        left = left if length is None else min(left, length)
        return self._stream(place, offset, left, self._open(place, offset, left)) if left else iter(())

    def stat(self, place: Place) -> ObjectStat:
        """Return what HEAD says; see ObjectStore."""
        require_key(place.key)
        with _mapped(key=place.key):
            found = self._client.stat_object(self._name(place.bucket), place.key, version_id=place.version_id)
        made = _versioned(place.bucket, place.key, found.version_id)
        return ObjectStat(made, found.size or 0, found.etag or "", found.last_modified)

    def copy(self, source: Place, bucket: Bucket, key: str) -> ObjectStat:
        """Copy within the store, in pieces where it is large; see ObjectStore."""
        require_key(key)
        there = self.stat(source)
        try:
            self._require_free(bucket, key)
        except ObjectExistsError:
            earlier = self.stat(Place(bucket, key))
            if earlier.size_bytes != there.size_bytes:
                raise
            return earlier
        name, origin = self._name(bucket), self._copy_source(there.place)
        if there.size_bytes <= COPY_PIECE_BYTES:
            with _mapped(key=source.key):
                answer = self._client._execute("PUT", name, key, headers={"x-amz-copy-source": origin})  # noqa: SLF001
                _require_etag(ET.fromstring(answer.data.decode()).findtext("{*}ETag"), key)  # noqa: S314
            return self.stat(Place(bucket, key))
        with _mapped(key=key):
            ref = self._create(name, key)
        try:
            copied = self._copy_pieces(there, name, key, ref, origin)
            return self._complete(bucket, key, ref, copied)
        except BaseException:
            self._abort(name, key, ref)
            raise

    def retain(self, place: Place, until: datetime) -> bool:
        """Put a retention on a published version; see ObjectStore."""
        require_key(place.key)
        if place.bucket is not Bucket.PUBLISHED:
            raise ValueError(f"no retention for the bucket {place.bucket}")
        version = place.version_id or self.stat(place).place.version_id
        if version is None or not self._capabilities().published_lock:
            return False
        with suppress(ObjectLockedError), _mapped(key=place.key, locked=True):  # Refused: a longer term stands.
            self._client.set_object_retention(
                self._name(place.bucket), place.key, Retention(self._published_mode, until), version
            )
        return True

    def delete(self, place: Place, *, despite_retention: bool = False) -> None:
        """Remove an object; in a bucket with versions the version itself, because a marker would only hide it."""
        require_key(place.key)
        with suppress(ObjectMissingError):
            version = place.version_id or self.stat(place).place.version_id
            if despite_retention:
                with _mapped(key=place.key, locked=version is not None):
                    self._delete_bypassing_retention(self._name(place.bucket), place.key, version)
                return
            with _mapped(key=place.key, locked=version is not None):
                self._client.remove_object(self._name(place.bucket), place.key, version_id=version)

    def list(self, bucket: Bucket, prefix: str = "", start_after: str = "") -> Iterator[ObjectStat]:
        """Yield objects in order of their keys; see ObjectStore."""
        with _mapped():
            found = self._client.list_objects(self._name(bucket), prefix, recursive=True, start_after=start_after)
            for item in found:
                place, etag = Place(bucket, item.object_name or ""), (item.etag or "").strip('"')
                yield ObjectStat(place, item.size or 0, etag, item.last_modified)

    def start_upload(self, key: str) -> str:
        """Begin an upload; see ObjectStore."""
        require_key(key)
        with _mapped(key=key):
            return self._create(self._name(Bucket.INCOMING), key)

    def parts(self, key: str, ref: str) -> tuple[Part, ...]:
        """Return what arrived, page by page; see ObjectStore."""
        require_key(key)
        found: list[Part] = []
        marker: str | None = None
        while True:
            with _mapped(key=key, upload=True):
                page = self._client._list_parts(  # noqa: SLF001
                    self._name(Bucket.INCOMING), key, ref, part_number_marker=marker
                )
            found += [Part(part.part_number, part.size or 0, part.etag) for part in page.parts]
            marker = page.next_part_number_marker
            if not page.is_truncated or not marker:
                return tuple(found)

    def complete_upload(self, key: str, ref: str, parts: Sequence[Part]) -> ObjectStat:
        """Make the object; a late or repeated call finds it made. See ObjectStore."""
        require_key(key)
        wanted = upload_order(parts)
        try:
            return self._complete(Bucket.INCOMING, key, ref, wanted)
        except UploadForgottenError:
            with suppress(ObjectMissingError):
                there = self.stat(Place(Bucket.INCOMING, key))
                if there.size_bytes == sum(part.size_bytes for part in wanted) and self._is_made_of(there, wanted):
                    return there
            raise

    def abort_upload(self, key: str, ref: str) -> None:
        """Drop an upload; see ObjectStore."""
        require_key(key)
        with suppress(UploadForgottenError), _mapped(key=key, upload=True):
            self._client._abort_multipart_upload(self._name(Bucket.INCOMING), key, ref)  # noqa: SLF001

    def part_url(self, key: str, ref: str, number: int, expires_s: int, size_bytes: int) -> str:
        """Sign with the key that can only put into ``incoming``; see ObjectStore."""
        require_part(number, size_bytes)
        named = {"uploadId": ref, "partNumber": str(number)}
        return self._signed("PUT", Place(Bucket.INCOMING, key), self._settings.up, expires_s, named, size_bytes)

    def read_url(self, place: Place, expires_s: int, file_name: str, read: str = "") -> str:
        """Sign with the key that can only read ``published``; see ObjectStore."""
        named = {
            "response-content-disposition": attachment(file_name),
            "response-content-type": "application/octet-stream",
        }
        if place.version_id:
            named["versionId"] = place.version_id
        if read:
            named[READ_PARAMETER] = read
        return self._signed("GET", require_readable(place), self._settings.down, expires_s, named)

    def _name(self, bucket: Bucket) -> str:
        return bucket_name(self._settings.bucket_prefix, bucket)

    def _signed(
        self,
        method: str,
        place: Place,
        key: StoreKey,
        expires_s: int,
        named: dict[str, str],
        size_bytes: int | None = None,
    ) -> str:
        url = f"{self._settings.public_endpoint}/{self._name(place.bucket)}/{require_key(place.key)}"
        return presigned_url(method, url, key, self._settings.region, self._now(), expires_s, named, size_bytes)

    def _make_bucket(self, name: str, *, object_lock: bool) -> None:
        try:
            self._client.make_bucket(name, object_lock=object_lock)
        except S3Error as error:
            if error.code != "BucketAlreadyOwnedByYou":  # Another process was faster.
                raise

    def _require_free(self, bucket: Bucket, key: str) -> None:
        with suppress(ObjectMissingError):
            self.stat(Place(bucket, key))
            raise ObjectExistsError("object_exists", key=key)

    def _lock_headers(self, content: bytes, retain_until: datetime | None) -> dict[str, str]:
        """Return the headers that lock an object; none for a store that was seen not to lock."""
        if retain_until is None:
            return {}
        if not self._capabilities().object_lock:
            return {}
        return {
            # S3 takes a locked object only with a digest of its content.
            "Content-MD5": base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
            "x-amz-object-lock-mode": self._retention_mode,
            "x-amz-object-lock-retain-until-date": retain_until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _capabilities(self) -> Capabilities:
        """Return what was seen; probe only when nobody has told us."""
        return self._seen or self.probe()

    def _put_if_absent(self, name: str, key: str, content: bytes, headers: Mapping[str, str] = NO_HEADERS) -> None:
        self._client._put_object(name, key, content, headers={"If-None-Match": "*", **headers})  # noqa: SLF001

    def _delete_bypassing_retention(self, name: str, key: str, version: str | None) -> None:
        self._client._execute(  # noqa: SLF001
            "DELETE",
            name,
            key,
            headers={"x-amz-bypass-governance-retention": "true"},
            query_params={"versionId": version} if version else None,
        )

    def _create(self, name: str, key: str) -> str:
        return self._client._create_multipart_upload(name, key, {})  # noqa: SLF001

    def _upload_part(self, name: str, key: str, content: bytes, ref: str, number: int) -> str:
        return self._client._upload_part(name, key, content, None, ref, number)  # noqa: SLF001

    def _abort(self, name: str, key: str, ref: str) -> None:
        """Clean up after a failure that is about to be raised; what stays is swept by the store."""
        with suppress(StoreError), _mapped():
            self._client._abort_multipart_upload(name, key, ref)  # noqa: SLF001

    def _complete(self, bucket: Bucket, key: str, ref: str, parts: Sequence[Part]) -> ObjectStat:
        named = [MinioPart(part.number, part.etag) for part in parts]
        with _mapped(key=key, upload=True):
            result = self._client._complete_multipart_upload(self._name(bucket), key, ref, named)  # noqa: SLF001
        _require_etag(result.etag, key)
        made = self.stat(_versioned(bucket, key, result.version_id))
        expected = sum(part.size_bytes for part in parts)
        if made.size_bytes != expected:
            raise UploadIncompleteError("object_size_wrong", expected_bytes=expected, seen_bytes=made.size_bytes)
        return made

    def _is_made_of(self, there: ObjectStat, parts: Sequence[Part]) -> bool:
        """Return whether an object is what its parts describe; where the tag does not say it, by reading it."""
        if "-" in there.etag:
            return there.etag == _joined_etag(parts)
        offset = 0
        for part in parts:
            digest = hashlib.md5(usedforsecurity=False)
            for chunk in self.read(there.place, offset, part.size_bytes):
                digest.update(chunk)
            if digest.hexdigest() != part.etag:
                return False
            offset += part.size_bytes
        return True

    def _send_pieces(self, name: str, key: str, ref: str, chunks: Iterable[bytes], size_bytes: int) -> Sequence[Part]:
        seen, made = 0, []
        for number, piece in enumerate(pieces(chunks, part_size_bytes(size_bytes)), 1):
            seen += len(piece)
            if seen > size_bytes:
                break
            with _mapped(key=key):
                made.append(Part(number, len(piece), self._upload_part(name, key, piece, ref, number)))
        if seen != size_bytes:
            raise ContentSizeError("content_size_wrong", expected_bytes=size_bytes, seen_bytes=seen)
        return made

    def _copy_source(self, place: Place) -> str:
        origin = quote(f"/{self._name(place.bucket)}/{place.key}")
        return f"{origin}?versionId={quote(place.version_id)}" if place.version_id else origin

    def _copy_pieces(self, there: ObjectStat, name: str, key: str, ref: str, origin: str) -> Sequence[Part]:
        least = -(-there.size_bytes // PARTS_PLANNED_MAX)
        piece_bytes = max(COPY_PIECE_BYTES, -(-least // MIB) * MIB)
        copied = []
        for number, start in enumerate(range(0, there.size_bytes, piece_bytes), 1):
            end = min(start + piece_bytes, there.size_bytes)
            headers: dict[str, str | list[str] | tuple[str]] = {
                "x-amz-copy-source": origin,
                "x-amz-copy-source-range": f"bytes={start}-{end - 1}",
            }
            with _mapped(key=there.place.key):
                etag, _ = self._client._upload_part_copy(name, key, ref, number, headers)  # noqa: SLF001
            copied.append(Part(number, end - start, _require_etag(etag, key)))
        return copied

    def _open(self, place: Place, offset: int, length: int) -> urllib3.BaseHTTPResponse:
        with _mapped(key=place.key):
            return self._client.get_object(
                self._name(place.bucket), place.key, offset, length, version_id=place.version_id
            )

    def _stream(self, place: Place, offset: int, left: int, answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        resumes = 0
        while True:
            try:
                for chunk in answer.stream(CHUNK_BYTES):
                    offset, left = offset + len(chunk), left - len(chunk)
                    yield chunk
                if not left:
                    return
                reason = "ended early"
            except urllib3.exceptions.HTTPError as error:
                reason = type(error).__name__
            finally:
                answer.close()
                answer.release_conn()
            resumes += 1
            if resumes > READ_RESUMES_MAX:
                raise StoreUnavailableError("store_unreachable", reason=reason)
            answer = self._open(place, offset, left)


def create_store_keys(endpoint: str, root: StoreKey, bucket_prefix: str, region: str = "us-east-1") -> StoreKeys:
    """Make the three scoped keys of ``store_keys`` on a MinIO server with its root key; each call makes new ones.

    Raises:
        StoreConfigurationError: The server refuses the root key, or is not a MinIO.
        StoreUnavailableError: It does not answer.
    """
    parts = urlsplit(endpoint)
    admin = MinioAdmin(
        endpoint=parts.netloc,
        credentials=StaticProvider(root.access_key, root.secret_key),
        region=region,
        secure=parts.scheme == "https",
        http_client=_connections(1),
    )
    made = {}
    for name, policy in key_policies(bucket_prefix).items():
        try:
            answer = json.loads(admin.add_service_account(name=f"{bucket_prefix}-{name}", policy=policy))
        except MinioAdminException as error:
            raise StoreConfigurationError("store_keys_refused", reason=str(error)[:200]) from error
        except urllib3.exceptions.HTTPError as error:
            raise StoreUnavailableError("store_unreachable", reason=type(error).__name__) from error
        made[name] = StoreKey(answer["credentials"]["accessKey"], answer["credentials"]["secretKey"])
    return StoreKeys(**made)


def _connections(threads_max: int) -> urllib3.PoolManager:
    """Our own pool: minio-py waits five minutes for an answer and keeps ten connections."""
    return urllib3.PoolManager(
        maxsize=threads_max,
        timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=ANSWER_TIMEOUT_S),
        retries=urllib3.Retry(3, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), raise_on_status=False),
    )


@contextmanager
def _mapped(*, key: str = "", upload: bool = False, locked: bool = False) -> Iterator[None]:
    """Turn what minio-py and urllib3 raise into errors of ours.

    ``upload``: a bare 404 means the upload, not an object. ``locked``: a refusal to delete means retention.
    """
    try:
        yield
    except S3Error as error:
        raise _of_code(error.code or "", error.response.status, key, upload=upload, locked=locked) from error
    except InvalidResponseError as error:
        code = _code_in(error._body or "")  # noqa: SLF001
        raise _of_code(code, int(error._code), key, upload=upload, locked=locked) from error  # noqa: SLF001
    except ServerError as error:
        raise _of_code("", error.status_code, key, upload=upload, locked=locked) from error
    except urllib3.exceptions.HTTPError as error:
        raise StoreUnavailableError("store_unreachable", reason=type(error).__name__) from error
    except (ET.ParseError, ValueError) as error:  # ValueError: minio-py itself stumbles over a bare 409.
        raise StoreUnavailableError("store_answer_unreadable", reason=str(error)) from error


def _code_in(body: str) -> str:
    """Return the code in an error body that is XML but was not said to be (``text/xml``), or nothing."""
    try:
        return ET.fromstring(body).findtext("{*}Code") or ""  # noqa: S314
    except ET.ParseError:
        return ""


def _of_code(code: str, status: int, key: str, *, upload: bool, locked: bool) -> StoreError:
    if status >= 500:
        return StoreUnavailableError("store_failed", reason=code or str(status))
    if code == "NoSuchUpload" or (upload and status == 404 and code in {"", "NoSuchKey"}):
        return UploadForgottenError("upload_forgotten", key=key)
    if locked and code in _LOCKED:
        return ObjectLockedError("object_locked", key=key)
    if code in _MISSING or (not code and status == 404):
        return ObjectMissingError("object_missing", key=key)
    if code in _TAKEN or (not code and status == 412):
        return ObjectExistsError("object_exists", key=key)
    if code in _INCOMPLETE:
        return UploadIncompleteError("parts_refused", key=key, reason=code)
    if code in _REFUSED or (not code and status in {401, 403}):
        return StoreConfigurationError("store_refuses", reason=code or str(status))
    return StoreUnavailableError("store_failed", reason=code or str(status))


def _require_etag(etag: str | None, key: str) -> str:
    """Return the tag without quotes. An answer of 200 without one hides an error."""
    if not etag:
        raise StoreUnavailableError("store_hid_an_error", key=key)
    return etag.strip('"')


def _versioned(bucket: Bucket, key: str, version_id: str | None) -> Place:
    return Place(bucket, key, None if version_id in {None, "", "null"} else version_id)


def _whole(chunks: Iterable[bytes], size_bytes: int) -> bytes:
    """Return a stream of one part. Raises ContentSizeError unless it has the size that was stated."""
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > size_bytes:
            break
    if len(content) != size_bytes:
        raise ContentSizeError("content_size_wrong", expected_bytes=size_bytes, seen_bytes=len(content))
    return bytes(content)


def _joined_etag(parts: Sequence[Part]) -> str:
    """Return the tag that S3 gives to an object made of ``parts``: MD5 of their MD5s, and their number."""
    joined = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False)
    return f"{joined.hexdigest()}-{len(parts)}"
