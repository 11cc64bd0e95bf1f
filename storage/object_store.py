"""The port to where bytes live, and what is the same for every store behind it.

- A key is written once and never re-used; every upload gets a fresh one. The hash of the content is in SQL.
- Buckets are divided by how long their objects are kept. The physical name is ``<prefix>-<bucket>``.
- Bytes travel between client and store by signed URLs: parts go to ``incoming``, reads come from ``published``.
  No other bucket is ever reachable by URL.
- An entity tag is opaque; it says "same bytes as before", never which bytes.
- What arrived in ``incoming`` is hearsay: copy it to ``published``, then hash the copy.

Figures: Amazon S3 limits (10,000 parts, 5 MiB smallest part but the last, 7 days per URL); the least part size and its
growth keep MinIO fast (docs/decisions/0002-object-stores.md).
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from urllib.parse import quote
from uuid import UUID

from storage.errors import UploadIncompleteError

MIB = 1 << 20
PART_SIZE_MIN_BYTES = 16 * MIB
"""What we hand out; smaller parts make servers slow."""
PART_ACCEPTED_MIN_BYTES = 5 * MIB
"""What a store takes for any part but the last."""
PART_SIZE_MAX_BYTES = 5 * 1024 * MIB
PARTS_PLANNED_MAX = 9_000
PARTS_MAX = 10_000
OBJECT_MAX_BYTES = 5 * MIB * MIB
SMALL_OBJECT_MAX_BYTES = PART_SIZE_MIN_BYTES
URL_LIFE_MAX_S = 7 * 86_400
READ_PARAMETER = "x-sancai-read"
"""The query parameter of a signed address that names the read. Stores pass over a parameter that begins with ``x-`` and
that they do not know."""
CHUNK_BYTES = MIB

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*(/[A-Za-z0-9][A-Za-z0-9._=-]*)*", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_UNSAFE_IN_FILE_NAME = re.compile(r"[\x00-\x1f\x7f/\\]")


class Bucket(StrEnum):
    """Where an object lies, by how long it is kept."""

    INCOMING = "incoming"
    """Uploads that nobody verified; swept after their grace."""
    PUBLISHED = "published"
    """Verified content of versions; kept while a row refers to it."""
    EVIDENCE = "evidence"
    """Contracts, reports and invoices of cases; kept for the archive's term."""
    LOG = "log"
    """Checkpoints and dossiers; under object lock where the store has one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one object lies. ``version_id`` is set where the bucket keeps versions; read by it whenever it is set."""

    bucket: Bucket
    key: str
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectStat:
    """What a store says of an object it holds. ``modified_at``: by the store's clock, when it got its name."""

    place: Place
    size_bytes: int
    etag: str
    modified_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an upload as the store holds it; ``number`` counts from 1."""

    number: int
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a store was seen to do (never what it says it does).

    ``versioning`` and ``object_lock`` are of the log bucket, the other two of the published one: a bucket that was
    there before us may have been made without.
    """

    versioning: bool
    object_lock: bool
    conditional_put: bool
    published_versioning: bool = False
    published_lock: bool = False


def require_key(key: str) -> str:
    """Return ``key`` if it may name an object in every store: ASCII segments that begin with a letter or digit.

    Raises:
        ValueError: The key is longer than 900 characters, leaves its bucket, or holds a character that some file system
            or URL rewrites.
    """
    if len(key) > 900 or not _KEY.fullmatch(key):
        raise ValueError(f"not an object key: {key[:120]!r}")
    return key


def incoming_key(upload: UUID) -> str:
    """Return the key under which an upload arrives."""
    return str(upload)


def published_key(sha256_hex: str, upload: UUID) -> str:
    """Return the key of verified content: found by its hash after a disaster, unique by its upload.

    Raises:
        ValueError: ``sha256_hex`` is not 64 lower-case hex digits.
    """
    if not _SHA256.fullmatch(sha256_hex):
        raise ValueError(f"not a SHA-256: {sha256_hex[:80]!r}")
    return f"{sha256_hex[:2]}/{sha256_hex}/{upload}"


def evidence_key(sha256_hex: str, document: UUID) -> str:
    """Return the key of a document of a case, built like ``published_key``. Raises ValueError."""
    return published_key(sha256_hex, document)


def part_size_bytes(size_bytes: int) -> int:
    """Return the size of every part but the last of an object of ``size_bytes``, in whole MiB.

    Raises:
        ValueError: The size is negative or beyond what a store holds in one object (5 TiB).
    """
    if not 0 <= size_bytes <= OBJECT_MAX_BYTES:
        raise ValueError(f"an object holds 0 to {OBJECT_MAX_BYTES} bytes, not {size_bytes}")
    least = -(-size_bytes // PARTS_PLANNED_MAX)
    return max(PART_SIZE_MIN_BYTES, -(-least // MIB) * MIB)


def part_count(size_bytes: int) -> int:
    """Return how many parts an object of ``size_bytes`` has; an empty one has one empty part. Raises ValueError."""
    return max(1, -(-size_bytes // part_size_bytes(size_bytes)))


def upload_order(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts by number.

    Raises:
        UploadIncompleteError: There is none, one is named twice, or one that is not the last is smaller than 5 MiB: no
            store makes an object of them.
    """
    ordered = tuple(sorted(parts, key=lambda part: part.number))
    if not ordered:
        raise UploadIncompleteError("part_missing", number=1)
    for part, following in itertools.pairwise(ordered):
        if part.number == following.number:
            raise UploadIncompleteError("part_named_twice", number=part.number)
        if part.size_bytes < PART_ACCEPTED_MIN_BYTES:
            raise UploadIncompleteError("part_too_small", number=part.number, least_bytes=PART_ACCEPTED_MIN_BYTES)
    return ordered


def require_part(number: int, size_bytes: int) -> None:
    """Return if there can be such a part. Raises ValueError."""
    if not (1 <= number <= PARTS_MAX and 0 <= size_bytes <= PART_SIZE_MAX_BYTES):
        raise ValueError(f"no such part: number {number}, {size_bytes} bytes")


def require_range(offset: int, length: int | None) -> None:
    """Return if there can be such a range of bytes. Raises ValueError."""
    if offset < 0 or (length is not None and length < 0):
        raise ValueError(f"no such range: offset {offset}, length {length}")


def pieces(chunks: Iterable[bytes], piece_bytes: int) -> Iterator[bytes]:
    """Regroup ``chunks`` into pieces of ``piece_bytes`` and a shorter rest; a single empty piece of nothing."""
    gathered, count = bytearray(), 0
    for chunk in chunks:
        gathered += chunk
        while len(gathered) >= piece_bytes:
            yield bytes(gathered[:piece_bytes])
            del gathered[:piece_bytes]
            count += 1
    if gathered or not count:
        yield bytes(gathered)


def attachment(file_name: str) -> str:
    """Return the ``Content-Disposition`` that saves a download as ``file_name`` (RFC 6266, RFC 8187)."""
    plain = _UNSAFE_IN_FILE_NAME.sub("_", file_name) or "download"
    ascii_only = re.sub(r"[^A-Za-z0-9._ -]", "_", plain)
    return f"attachment; filename=\"{ascii_only}\"; filename*=UTF-8''{quote(plain, safe='')}"


def require_url_life(expires_s: int) -> int:
    """Return ``expires_s`` if a URL may live so long (1 second to 7 days). Raises ValueError."""
    if not 1 <= expires_s <= URL_LIFE_MAX_S:
        raise ValueError(f"a URL lives 1 to {URL_LIFE_MAX_S} seconds, not {expires_s}")
    return expires_s


def require_term(bucket: Bucket, content: bytes, retain_until: datetime | None) -> None:
    """Return if ``put`` stores such an object.

    Raises:
        ValueError: It is too large, or the term has no zone, or is for a bucket whose objects nobody locks.
    """
    if len(content) > SMALL_OBJECT_MAX_BYTES:
        raise ValueError(f"put stores at most {SMALL_OBJECT_MAX_BYTES} bytes")
    if retain_until is not None and (bucket is not Bucket.LOG or retain_until.utcoffset() is None):
        raise ValueError(f"no term for the bucket {bucket}: {retain_until}")


def require_readable(place: Place) -> Place:
    """Return ``place`` if a URL may lead to it: published content only. Raises ValueError."""
    if place.bucket is not Bucket.PUBLISHED:
        raise ValueError(f"no URL leads to the bucket {place.bucket}")
    require_key(place.key)
    return place


class ObjectStore(Protocol):
    """Holds bytes under keys that are written once.

    Every method may also raise StoreUnavailableError and StoreConfigurationError, and ValueError for a key that
    ``require_key`` refuses. Instances may be shared by threads.
    """

    @property
    def identity(self) -> str:
        """Which store this is, kept with every row that says where bytes lie.

        ``local``, ``file://<folder>`` or ``s3://<prefix>``.
        """

    def at(self, identity: str) -> "ObjectStore":
        """Return the store of that identity: this one, or another that bytes are still read from.

        Raises StoreConfigurationError for one that nobody told us of.
        """

    def prepare(self) -> None:
        """Create what is missing (folders, buckets; log and published under object lock where possible). Idempotent."""

    def health(self) -> None:
        """Return if the store answers and its buckets are there; raise otherwise."""

    def probe(self) -> Capabilities:
        """Try out what the store really does, with objects that are removed again. For start-up, not for requests."""

    def remember(self, seen: Capabilities) -> None:
        """Work by what an earlier ``probe`` has seen, without probing again."""

    def put(self, bucket: Bucket, key: str, content: bytes, retain_until: datetime | None = None) -> ObjectStat:
        """Store a small object (at most ``SMALL_OBJECT_MAX_BYTES``).

        The same bytes under the same key again are fine and change nothing, so a lost answer may be repeated.
        ``retain_until`` (log bucket only) is when it may be deleted: under object lock where the store was seen to
        have it, otherwise as a term that ``delete`` heeds and whoever owns the disk need not.
        Raises ObjectExistsError when the key holds other bytes.
        """

    def put_stream(self, bucket: Bucket, key: str, chunks: Iterable[bytes], size_bytes: int) -> ObjectStat:
        """Store an object of exactly ``size_bytes`` from ``chunks``, holding one part in memory.

        Raises ObjectExistsError, ContentSizeError. After an error nothing is at ``key`` that was not there before.
        """

    def read(self, place: Place, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``offset``, at most ``length``; none from the end on.

        Raises ObjectMissingError at the call, not at the first chunk.
        """

    def stat(self, place: Place) -> ObjectStat:
        """Return what the store holds there. Raises ObjectMissingError."""

    def copy(self, source: Place, bucket: Bucket, key: str) -> ObjectStat:
        """Copy an object of any size within the store, without its bytes passing through here.

        A copy of the same size that is already there counts as this one, so a crashed caller may repeat itself; it
        hashes the copy in any case. Raises ObjectMissingError, ObjectExistsError (an object of another size is there).
        """

    def retain(self, place: Place, until: datetime) -> bool:
        """Keep published content from being deleted until then; a term is lengthened, never shortened.

        Returns False, and does nothing, in a store that was not seen to lock its published objects. Raises
        ObjectMissingError.
        """

    def delete(self, place: Place, *, despite_retention: bool = False) -> None:
        """Remove an object (that version where it has one); a missing one is fine.

        ``despite_retention``: use the right to bypass a retention in governance mode, for content that the law wants
        gone. Raises ObjectLockedError.
        """

    def list(self, bucket: Bucket, prefix: str = "", start_after: str = "") -> Iterator[ObjectStat]:
        """Yield the objects whose key begins with ``prefix`` and comes after ``start_after``, in order of the key."""

    def start_upload(self, key: str) -> str:
        """Begin an upload to ``key`` in ``incoming``; return the store's reference.

        Stores cannot list their references: keep it in SQL.
        """

    def parts(self, key: str, ref: str) -> tuple[Part, ...]:
        """Return the parts that arrived so far, by number. Raises UploadForgottenError."""

    def complete_upload(self, key: str, ref: str, parts: Sequence[Part]) -> ObjectStat:
        """Make the object from ``parts`` (in any order, numbers may have gaps).

        May be repeated and raced: whoever comes late gets the same answer, if the object is the one its parts describe.
        Raises UploadForgottenError, UploadIncompleteError.
        """

    def abort_upload(self, key: str, ref: str) -> None:
        """Drop an upload and its parts; a forgotten one is fine."""

    def part_url(self, key: str, ref: str, number: int, expires_s: int, size_bytes: int) -> str:
        """Return a URL to which one part of exactly ``size_bytes`` may be PUT for ``expires_s`` seconds.

        Raises ValueError for a number, size or life outside the limits above.
        """

    def read_url(self, place: Place, expires_s: int, file_name: str, read: str = "") -> str:
        """Return a URL that answers GET, also in ranges, and saves as ``file_name``.

        ``read`` stands in the URL, covered by its signature and passed over by the store, so that the access log of a
        proxy before the store says which read was answered.

        Raises ValueError outside ``published``.
        """
