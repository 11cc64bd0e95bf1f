"""Orders to erase content, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.values.identifiers import AccountId, AuthorityId, BlobId, ErasureId, VersionId
from registry.values.moment import Moment
from storage.object_store import Place

ERASURE_VERSIONS_MAX: Final = 200
SHARING_SHOWN_MAX: Final = 50


class ErasureState(StrEnum):
    """Where an order to erase is. ``confirmed``: nobody reads any more, bytes may still lie; ``done``: none lies."""

    REQUESTED = "requested"
    TAKEN_BACK = "taken_back"
    CONFIRMED = "confirmed"
    DONE = "done"


ERASURE_MOVES: Final[Mapping[ErasureState, frozenset[ErasureState]]] = {
    ErasureState.REQUESTED: frozenset({ErasureState.CONFIRMED, ErasureState.TAKEN_BACK}),
    ErasureState.CONFIRMED: frozenset({ErasureState.DONE}),
    ErasureState.TAKEN_BACK: frozenset(),
    ErasureState.DONE: frozenset(),
}


@dataclass(frozen=True, slots=True)
class RequestErasure:
    """Ask to erase versions and drafts, each named as ``namespace/slug@v1`` or by its id.

    ``keep`` names versions that hold some of the same content and keep it; ``hide_files`` removes names and sizes of
    the files as well.
    """

    versions: tuple[str, ...]
    keep: tuple[str, ...]
    reason: str
    legal_basis: str
    document_number: str
    hide_files: bool


@dataclass(frozen=True, slots=True)
class Erasure:
    """An order to erase, by two officers of one authority. ``stuck`` is the code of what holds the bytes back."""

    id: ErasureId
    authority: AuthorityId
    state: ErasureState
    reason: str
    legal_basis: str
    document_number: str
    hide_files: bool
    requested_by: AccountId
    requested_at: Moment
    confirmed_by: AccountId | None = None
    confirmed_at: Moment | None = None
    done_at: Moment | None = None
    stuck: str | None = None
    versions: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    objects: int = 0
    objects_gone: int = 0


@dataclass(frozen=True, slots=True)
class Sharing:
    """A version or draft that holds content of others: how many files, how many bytes."""

    version: VersionId
    name: str
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Condemned:
    """Bytes that an order erases, and where they lie."""

    blob: BlobId
    store: str
    place: Place
