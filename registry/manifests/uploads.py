"""Bytes on their way in: uploads, the blobs they become, and documents that prove something.

Rules:
* Every upload has a key of its own in ``incoming``; what arrived there is hearsay until the server has read it again.
* ``open → completing → received``; only one request at a time completes an upload. ``open → aborted | expired``.
  Who completes renews its lease while it lives, so that another need not wait for one that crashed; a completion that
  crashed and was not taken up again expires as an open upload does.
* A document becomes evidence when its bytes were read and have the declared digest, at once, for it is small.
* Bytes that somebody refers to are never removed with the version or case that refers to them.
* Small files travel and lie in packs: one object that holds many of them one after the other, so that a store is asked
  once for ten thousand. What lies in a pack has no address of its own: it would open its neighbours with it.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from registry.manifests.model import FilePath
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, BlobId, EvidenceId, FirmId, UploadId
from registry.values.moment import Moment
from storage.object_store import Bucket, Place, part_count, part_size_bytes

FILE_SIZE_MAX_BYTES: Final = 5 * 2**40
"""What an object store holds in one object."""
ERASED_FILE_NAME: Final = "*"
"""How the name of a document is shown that was erased."""
EVIDENCE_SIZE_MAX_BYTES: Final = 20 * 2**20
PACK_FILE_MAX_BYTES: Final = 2**20
"""A larger file has an object of its own."""
PACK_MAX_BYTES: Final = 64 * 2**20
PACK_FILES_MAX: Final = 10_000
UPLOAD_LIFE: Final = timedelta(days=7)
PART_URL_LIFE: Final = timedelta(hours=1)
PART_URLS_MAX: Final = 100
COMPLETION_LEASE: Final = timedelta(seconds=10)
"""After this without renewal a completion counts as crashed and may be taken over."""


class UploadState(StrEnum):
    """Where an upload is."""

    OPEN = "open"
    COMPLETING = "completing"
    RECEIVED = "received"
    ABORTED = "aborted"
    EXPIRED = "expired"


class Purpose(StrEnum):
    """What an upload is for."""

    DATASET = "dataset"
    PACK = "pack"
    EVIDENCE = "evidence"


class EvidenceKind(StrEnum):
    """What a document is."""

    STATEMENT = "statement"
    CONTRACT = "contract"
    DELIVERY_RECEIPT = "delivery_receipt"
    QUALITY_REPORT = "quality_report"
    LICENCE = "licence"
    OTHER = "other"


class EvidenceState(StrEnum):
    """Whether the bytes of a document are there and are what was declared, or were erased."""

    AWAITING = "awaiting"
    VERIFIED = "verified"
    ERASED = "erased"
    """With the data of the natural person who filed it: digest and size stay."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file on its way in. ``ref`` is the store's own name for it, empty until the first URL was asked for."""

    id: UploadId
    purpose: Purpose
    owner_firm: FirmId | None
    owner_authority: AuthorityId | None
    size_bytes: int
    state: UploadState
    ref: str | None
    digest: Digest | None
    created_at: Moment
    expires_at: Moment

    @property
    def key(self) -> str:
        """Where it arrives in ``incoming``."""
        return str(self.id.uuid)

    @property
    def place(self) -> Place:
        """Where its bytes lie once it is complete."""
        return Place(Bucket.INCOMING, self.key)

    @property
    def part_size_bytes(self) -> int:
        """The size of every part but the last."""
        return part_size_bytes(self.size_bytes)

    @property
    def part_count(self) -> int:
        """How many parts there are; an empty file has a single empty one."""
        return part_count(self.size_bytes)

    def size_of_part(self, number: int) -> int:
        """Return the size in bytes of part ``number``, which counts from 1."""
        return min(self.part_size_bytes, self.size_bytes - (number - 1) * self.part_size_bytes)


@dataclass(frozen=True, slots=True)
class Blob:
    """Verified bytes and where they lie; ``store`` is the identity of the store that ``place`` is in.

    ``packed`` bytes share their object with those of other files and begin ``offset_bytes`` into it. ``owner`` is the
    firm that sent them and may have them again without sending; nobody's for what the service wrote itself.
    """

    id: BlobId
    size_bytes: int
    digest: Digest
    store: str
    place: Place
    offset_bytes: int = 0
    packed: bool = False
    owner: FirmId | None = None
    upload: UploadId | None = None


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file of a pack as its sender declares it; its bytes follow those of the file before."""

    path: FilePath
    size_bytes: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class Sought:
    """Bytes a firm may hold already: of this size, and of this digest where it is known."""

    size_bytes: int
    digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A document that proves something. It belongs to the firm or to the authority that filed it."""

    id: EvidenceId
    kind: EvidenceKind
    file_name: str
    size_bytes: int
    digest: Digest
    owner_firm: FirmId | None
    owner_authority: AuthorityId | None
    upload: UploadId
    state: EvidenceState
    filed_at: Moment
