"""Reading what a draft had before its arrivals: tables for their fingerprints, and what is new under its name.

The small files of a pack are looked at in memory, and a pack is read once for many of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Final

from registry.catalog import records
from registry.catalog.arrivals import OverError, Reading, as_found, spooled
from registry.catalog.model import VersionFile
from registry.errors import InvalidValueError
from registry.manifests import records as stored
from registry.manifests.dialect import UNDECLARED
from registry.manifests.source import DiskSource, Source
from registry.manifests.uploads import PACK_FILE_MAX_BYTES, Blob
from registry.values.identifiers import BlobId
from storage.errors import ObjectMissingError

HELD_AT_ONCE: Final = 1_000
HELD_BYTES_AT_ONCE: Final = 64 * 2**20
"""How much of packs is in memory at once; a batch ends before more."""
RANGE_SPARSE_MAX: Final = 4
"""How many times what is wanted of a pack is read at most, so as to read it in one go."""


def read_held(reading: Reading) -> None:
    """Read what the draft had before: tables for their fingerprints, and what was never seen under its name.

    Raises:
        StoreError, OverError, EnoughFaultsError
    """
    after = ""
    while True:
        with reading.premises.database.reading() as connection:
            files = _within(records.held_files(connection, reading.draft.id, after, HELD_AT_ONCE))
            blobs = stored.blobs_of(connection, [file.blob for file in files if file.blob])
        if not files:
            return
        found: list[VersionFile] = []
        for file, blob, content in _held_contents(reading, files, blobs):
            if blob is None:
                reading.find_fault(str(file.path), InvalidValueError("file_not_received"))
            elif (seen := _read_held(reading, file, blob, content)) is not None:
                found.append(seen)
        if found:
            with reading.premises.database.writing() as connection:
                if not records.still_verifying(connection, reading.draft.id):
                    raise OverError
                records.note_read(connection, reading.draft.id, found)
        after = str(files[-1].path)


def _within(files: Sequence[VersionFile]) -> Sequence[VersionFile]:
    """Return the first of some files, as many as may be in memory together, but one at least; others are spooled."""
    taken = 0
    for index, file in enumerate(files):
        if file.size_bytes <= PACK_FILE_MAX_BYTES:
            taken += file.size_bytes
        if taken > HELD_BYTES_AT_ONCE and index:
            return files[:index]
    return files


def _held_contents(
    reading: Reading, files: Sequence[VersionFile], blobs: Mapping[BlobId, Blob]
) -> Iterator[tuple[VersionFile, Blob | None, bytes | None]]:
    """Yield files with where they lie, and those of packs with their bytes: each pack is read once, not file by file.

    The rows of tables come in the order of ``files``; of a pack only what lies between its first and last file is read.
    """
    packs: dict[tuple[str, str], list[Blob]] = {}
    for file in files:
        blob = blobs.get(file.blob) if file.blob else None
        if blob is not None and blob.packed:
            packs.setdefault((blob.store, blob.place.key), []).append(blob)
    contents: dict[BlobId, bytes] = {}
    for held in packs.values():
        with suppress(ObjectMissingError):  # Each of its files is then found missing.
            contents |= _ranges(reading, held)
    for file in files:
        blob = blobs.get(file.blob) if file.blob else None
        yield file, blob, contents.get(blob.id) if blob is not None else None


def _ranges(reading: Reading, held: Sequence[Blob]) -> dict[BlobId, bytes]:
    """Return what lies at some ranges of one object, which is read once; nothing where they are a small part of it.

    Raises ObjectMissingError.
    """
    begins = min(blob.offset_bytes for blob in held)
    length = max(blob.offset_bytes + blob.size_bytes for blob in held) - begins
    if length > RANGE_SPARSE_MAX * sum(blob.size_bytes for blob in held):
        return {}
    chunks = reading.premises.store.at(held[0].store).read(held[0].place, begins, length) if length else ()
    pack = memoryview(b"".join(chunks))
    return {blob.id: bytes(pack[blob.offset_bytes - begins :][: blob.size_bytes]) for blob in held}


def _read_held(reading: Reading, file: VersionFile, blob: Blob, content: bytes | None) -> VersionFile | None:
    """Look at a file the draft had before; return it as it is, None when nothing new is known of it."""
    path, bench = str(file.path), reading.bench
    with ExitStack() as opened:
        try:
            if content is not None:
                source: Source = opened.enter_context(bench.small_file(content))
                reading.did(len(content))
            else:
                source = DiskSource(bench.spool)
                opened.callback(bench.spool.unlink, missing_ok=True)
                spooled(reading, reading.premises.store.at(blob.store), blob.place, blob.offset_bytes, blob.size_bytes)
            # The card may say of the text of a table what it did not say when that was read.
            if file.format is not None and bench.card.dialect_of(path) == UNDECLARED:
                bench.look_again(source, file)
                return None
            return as_found(file, bench.look(source, path))
        except ObjectMissingError:
            reading.find_fault(path, InvalidValueError("file_not_received"))
        except InvalidValueError as error:
            reading.find_fault(path, error)
    return None
