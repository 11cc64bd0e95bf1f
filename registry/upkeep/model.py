"""What is known of stored bytes beyond who may read them.

Legal moves of a blob (OBJECTS §5.4)::

    verified → condemned → deleting → gone          nobody refers to it, and both graces are over
    condemned → verified                            somebody refers to it again (dedup), or did all along
    deleting → condemned                            the store keeps it under retention: not yet
    verified → damaged → verified                   its bytes are not what they were; repaired from a replica

Several blobs may lie in one object; it goes only when every one of them may go.
"""

from dataclasses import dataclass
from enum import StrEnum

from registry.errors import ConflictError
from registry.values.digest import Digest
from registry.values.identifiers import BlobId
from registry.values.moment import Moment


class BlobState(StrEnum):
    """Where stored bytes are on their way out."""

    VERIFIED = "verified"
    CONDEMNED = "condemned"
    DELETING = "deleting"
    GONE = "gone"
    DAMAGED = "damaged"


MOVES: dict[BlobState, frozenset[BlobState]] = {
    BlobState.VERIFIED: frozenset({BlobState.CONDEMNED, BlobState.DAMAGED}),
    BlobState.CONDEMNED: frozenset({BlobState.VERIFIED, BlobState.DELETING, BlobState.DAMAGED}),
    BlobState.DELETING: frozenset({BlobState.GONE, BlobState.CONDEMNED}),
    BlobState.DAMAGED: frozenset({BlobState.VERIFIED, BlobState.GONE}),
    BlobState.GONE: frozenset(),
}


def require_move(before: BlobState, after: BlobState) -> None:
    """Raise ConflictError unless a blob may go from one state to the other."""
    if after not in MOVES[before]:
        raise ConflictError("blob_move", state=before.value, wanted=after.value)


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """One object of one store: what may be copied, moved or deleted as a whole."""

    store: str
    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """One row of bytes at a place."""

    id: BlobId
    digest: Digest
    offset_bytes: int
    size_bytes: int
    state: BlobState
    version_id: str | None
    condemned_at: Moment | None
    scrubbed_at: Moment | None


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object, and the blobs that lie in it, in order of their offset."""

    name: ObjectName
    blobs: tuple[StoredBlob, ...]

    @property
    def version_id(self) -> str | None:
        """The version of the object that the rows mean."""
        return next((blob.version_id for blob in self.blobs if blob.version_id), None)

    @property
    def size_bytes(self) -> int:
        """The least size the object must have to hold its blobs."""
        return max((blob.offset_bytes + blob.size_bytes for blob in self.blobs), default=0)


class Damage(StrEnum):
    """What can be wrong with stored bytes."""

    MISSING = "object_missing"
    UNREADABLE = "object_unreadable"
    SIZE = "object_size_differs"
    DIGEST = "object_digest_differs"
    HIDDEN = "object_hidden"
    """A delete marker hides it from whoever reads without a version; by its version it is whole."""
    OVERWRITTEN = "object_overwritten"
    """A younger version lies above it; by its version it is whole."""
    STORE_UNKNOWN = "store_unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something of the stored bytes that is not as the database says."""

    blob: str
    store: str
    bucket: str
    key: str
    code: str
    detail: str = ""
