"""Content through the service: the bytes of files that have no address of their own, or that are many and small.

The same gate and the same records of use as for signed addresses; what is asked for together and lies together in a
pack is read together.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from registry.catalog.model import VersionFile, VersionName
from registry.catalog.reading import read_locations
from registry.errors import CorruptContentError, InvalidValueError
from registry.journal.work import View
from registry.manifests import service as manifests
from registry.manifests.model import FilePath
from registry.manifests.uploads import Blob
from storage.errors import ObjectMissingError
from storage.object_store import ObjectStore, Place

CONTENT_PATHS_MAX: Final = 1_000
CONTENT_BYTES_MAX: Final = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes that are read in one go."""

    store: str
    place: Place
    offset_bytes: int
    length_bytes: int


@dataclass(frozen=True, slots=True)
class AskedContent:
    """Files whose bytes follow one another: each file once, and the stretches in the order that was asked for."""

    files: tuple[tuple[VersionFile, Blob], ...]
    stretches: tuple[Stretch, ...]
    size_bytes: int


def content_of(view: View, name: VersionName, paths: Sequence[FilePath]) -> AskedContent:
    """Return where the bytes of files lie, for whoever may read them.

    Raises:
        InvalidValueError: No path or more than 1,000, or more than 64 MiB in all (``content_too_large``).
        NotFoundError, NotAllowedError: As ``read_locations``.
    """
    found = read_locations(view, name, paths, CONTENT_PATHS_MAX)
    blobs = {file.path: blob for file, blob in found}
    asked = [blobs[path] for path in paths]
    size_bytes = sum(blob.size_bytes for blob in asked)
    if size_bytes > CONTENT_BYTES_MAX:
        raise InvalidValueError("content_too_large", size_bytes=size_bytes, limit_bytes=CONTENT_BYTES_MAX)
    return AskedContent(found, stretches_of(asked), size_bytes)


def stretches_of(asked: Iterable[Blob]) -> tuple[Stretch, ...]:
    """Return what is read for these bytes, in their order; neighbours in an object are read as one."""
    made: list[Stretch] = []
    for blob in asked:
        last = made[-1] if made else None
        if not blob.size_bytes:
            continue
        if (
            last
            and (last.store, last.place) == (blob.store, blob.place)
            and last.offset_bytes + last.length_bytes == blob.offset_bytes
        ):
            made[-1] = Stretch(last.store, last.place, last.offset_bytes, last.length_bytes + blob.size_bytes)
        else:
            made.append(Stretch(blob.store, blob.place, blob.offset_bytes, blob.size_bytes))
    return tuple(made)


def content_bytes(store: ObjectStore, stretches: Sequence[Stretch]) -> Iterator[bytes]:
    """Yield the bytes of ``stretches``.

    Raises:
        CorruptContentError: The store lacks an object that a version refers to.
        UnavailableError: The store does not answer.
    """
    for each in stretches:
        try:
            yield from manifests.content(store.at(each.store), each.place, each.offset_bytes, each.length_bytes)
        except ObjectMissingError as error:
            raise CorruptContentError("object_missing", key=each.place.key) from error
