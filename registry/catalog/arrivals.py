"""Reading what arrived for a draft, file by file and pack by pack, and keeping what was found as it goes.

Rules:
* Bytes are copied out of ``incoming``, where whoever holds a URL might still write, and the copy is read.
* A pack is copied once and read once, in order: the range of each of its files is hashed, and the whole.
* What was read of a file or a pack is written at once, in a small transaction; a repeat reads only what is left. What
  arrived is then removed.
* Of a file with a fault nothing is kept: it waits for its publisher to send another or to take it out.
* The small files of a pack are looked at in memory; no disk sees them one by one.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from registry.catalog import records
from registry.catalog.bench import Bench
from registry.catalog.inspection import Inspected
from registry.catalog.model import Fault, Version, VersionFile
from registry.catalog.packing import FILE_UNITS
from registry.catalog.premises import Premises
from registry.errors import InvalidValueError
from registry.manifests import records as stored
from registry.manifests.model import FilePath
from registry.manifests.source import DiskSource
from registry.manifests.uploads import Blob, Purpose, Upload
from registry.quality.card import CARD_PATH, FRONT_MATTER_MAX_BYTES, card_of
from registry.values.digest import Digest
from registry.values.identifiers import BlobId, UploadId
from storage.errors import ObjectLockedError, ObjectMissingError
from storage.object_store import Bucket, ObjectStore, Place, published_key

FAULTS_MAX: Final = 1_000
UPLOADS_AT_ONCE: Final = 1_000


class OverError(Exception):
    """The draft is not being verified any more: another worker has stated what it is."""


class EnoughFaultsError(Exception):
    """A thousand faults were found; nobody mends more at once."""


@dataclass(slots=True)
class Reading:
    """What reading the files of a draft has led to so far; ``told`` is called with the units that were done."""

    premises: Premises
    draft: Version
    bench: Bench
    told: Callable[[int], None]
    faults: list[Fault] = field(default_factory=list)
    units_done: int = 0

    def did(self, units: int) -> None:
        """Tell that so much more was done. Raises what stops the work."""
        self.units_done += units
        self.told(self.units_done)

    def find_fault(self, path: str, error: InvalidValueError) -> None:
        """Note what is wrong with a file. Raises EnoughFaultsError."""
        stated = {name: value for name, value in error.parameters.items() if name != "path"}
        self.faults.append(Fault(path, error.code, stated))
        if len(self.faults) >= FAULTS_MAX:
            raise EnoughFaultsError


def read_arrivals(reading: Reading) -> None:
    """Read every upload of the draft that was not read before. Raises StoreError, OverError, EnoughFaultsError."""
    after: UploadId | None = None
    while True:
        with reading.premises.database.reading() as connection:
            waiting = records.uploads_in(connection, reading.draft.id, after, UPLOADS_AT_ONCE, unread_only=True)
            uploads = stored.uploads_of(connection, waiting)
        if not waiting:
            return
        for upload in waiting:
            _read_upload(reading, uploads[upload])
        after = waiting[-1]


def _read_upload(reading: Reading, upload: Upload) -> None:
    with reading.premises.database.reading() as connection:
        files = records.files_of_upload(connection, reading.draft.id, upload.id)
    if not files:
        return
    read = _read_pack if upload.purpose is Purpose.PACK else _read_single
    place: Place | None = None
    faults_before = len(reading.faults)
    try:
        place = _copied(reading.premises.store, upload)
        found = read(reading, upload, place, files)
    except InvalidValueError as error:
        found = []
        del reading.faults[faults_before:]
        for file in files:
            reading.find_fault(str(file.path), error)
    finally:
        reading.bench.spool.unlink(missing_ok=True)
    if found and place is not None:
        _keep(reading, place, found)
    elif place is not None:
        _remove_copy(reading.premises, place)
    if len(reading.faults) == faults_before:
        reading.premises.store.delete(upload.place)


def _copied(store: ObjectStore, upload: Upload) -> Place:
    """Copy an upload out of ``incoming`` and return where to. Raises InvalidValueError when there is none."""
    if upload.digest is None:
        raise InvalidValueError("file_not_received")
    place = Place(Bucket.PUBLISHED, published_key(upload.digest.hex, upload.id.uuid))
    try:
        return store.copy(upload.place, place.bucket, place.key).place
    except ObjectMissingError:
        with suppress(ObjectMissingError):
            return store.stat(place).place  # Copied by an earlier attempt, which then tidied up.
        raise InvalidValueError("file_not_received") from None


def _read_single(
    reading: Reading, upload: Upload, place: Place, files: Sequence[VersionFile]
) -> list[tuple[VersionFile, Blob]]:
    """Read a file that has an object of its own.

    Raises:
        InvalidValueError: It has another size or digest than was declared, or is broken.
    """
    [file] = files
    size_bytes, digest = spooled(reading, reading.premises.store, place)
    reading.did(FILE_UNITS)
    if size_bytes != file.size_bytes:
        raise InvalidValueError("file_size_wrong", declared_bytes=file.size_bytes, seen_bytes=size_bytes)
    if digest != upload.digest:
        raise InvalidValueError("file_digest_wrong", declared=str(upload.digest), seen=str(digest))
    found = reading.bench.look(DiskSource(reading.bench.spool), str(file.path))
    return [_verified(reading, upload, place, file, digest, found)]


def spooled(
    reading: Reading, store: ObjectStore, place: Place, offset_bytes: int = 0, length: int | None = None
) -> tuple[int, Digest]:
    """Write stored bytes to the one file that is looked at; return their number and digest."""
    seen, size_bytes = hashlib.sha256(), 0
    with reading.bench.spool.open("wb") as spool:
        for chunk in store.read(place, offset_bytes, length):
            spool.write(chunk)
            seen.update(chunk)
            size_bytes += len(chunk)
            reading.did(len(chunk))
    return size_bytes, Digest(seen.hexdigest())


def _read_pack(
    reading: Reading, upload: Upload, place: Place, files: Sequence[VersionFile]
) -> list[tuple[VersionFile, Blob]]:
    """Read a pack once, in order, and return those of its files that are what was declared.

    Raises:
        InvalidValueError: The whole has another size or digest than was declared.
    """
    whole, size_bytes = hashlib.sha256(), 0
    found: list[tuple[VersionFile, Blob]] = []

    def chunks() -> Iterator[bytes]:
        nonlocal size_bytes
        for chunk in reading.premises.store.read(place):
            whole.update(chunk)
            size_bytes += len(chunk)
            yield chunk

    for file, content in files_in(chunks(), files):
        try:
            found.append(_read_packed(reading, upload, place, file, content))
        except InvalidValueError as error:
            reading.find_fault(str(file.path), error)
        reading.did(FILE_UNITS + len(content))
    if size_bytes != upload.size_bytes:
        raise InvalidValueError("file_size_wrong", declared_bytes=upload.size_bytes, seen_bytes=size_bytes)
    if whole.hexdigest() != (upload.digest.hex if upload.digest else ""):
        raise InvalidValueError("file_digest_wrong", declared=str(upload.digest), seen=f"sha256:{whole.hexdigest()}")
    return found


def files_in(chunks: Iterator[bytes], files: Sequence[VersionFile]) -> Iterator[tuple[VersionFile, bytes]]:
    """Yield each file of a pack with its bytes, as far as there are bytes; ``chunks`` is read to its end.

    ``files`` are in the order of their offsets and do not overlap; what lies between them is passed over.
    """
    held, begins = bytearray(), 0
    for file in files:
        while begins + len(held) < file.offset_bytes + file.size_bytes and (chunk := next(chunks, b"")):
            held += chunk
            passed = min(len(held), max(0, file.offset_bytes - begins))
            del held[:passed]
            begins += passed
        passed = min(len(held), max(0, file.offset_bytes - begins))
        del held[:passed]
        begins += passed
        yield file, bytes(held[: file.size_bytes])
    for _ in chunks:
        pass


def _read_packed(
    reading: Reading, upload: Upload, place: Place, file: VersionFile, content: bytes
) -> tuple[VersionFile, Blob]:
    """Look at one file of a pack. Raises InvalidValueError."""
    digest = Digest(hashlib.sha256(content).hexdigest())
    if digest != file.declared:
        raise InvalidValueError("file_digest_wrong", declared=str(file.declared), seen=str(digest))
    with reading.bench.small_file(content) as source:
        found = reading.bench.look(source, str(file.path))
    return _verified(reading, upload, place, file, digest, found)


def _verified(
    reading: Reading, upload: Upload, place: Place, file: VersionFile, digest: Digest, found: Inspected
) -> tuple[VersionFile, Blob]:
    """Return a file as it was read, and its bytes as a blob of their own."""
    blob = Blob(
        id=BlobId.new(),
        size_bytes=file.size_bytes,
        digest=digest,
        store=reading.premises.store.identity,
        place=place,
        offset_bytes=file.offset_bytes,
        packed=upload.purpose is Purpose.PACK,
        owner=upload.owner_firm,
        upload=upload.id,
    )
    return as_found(file, found, digest=digest, blob=blob.id), blob


def as_found(
    file: VersionFile, found: Inspected, digest: Digest | None = None, blob: BlobId | None = None
) -> VersionFile:
    """Return a file with what was found in it."""
    inventory = found.inventory
    return replace(
        file,
        digest=digest or file.digest,
        blob=blob or file.blob,
        format=inventory.format.value,
        rows=inventory.rows,
        columns=found.columns,
        inventory=inventory.as_json(),
    )


def _keep(reading: Reading, place: Place, found: Sequence[tuple[VersionFile, Blob]]) -> None:
    """Write what was read. Raises OverError when the draft is not being verified any more."""
    premises = reading.premises
    with premises.database.writing() as connection:
        if not records.still_verifying(connection, reading.draft.id):
            raise OverError
        files = [file for file, _ in found]
        if stored.add_blobs(connection, [blob for _, blob in found], premises.clock.now()) < len(found):
            # A repeat finds rows of the attempt before it.
            there = stored.blobs_at(connection, premises.store.identity, place)
            kept = {(blob.offset_bytes, blob.size_bytes): blob.id for blob in there}
            files = [replace(file, blob=kept[blob.offset_bytes, blob.size_bytes]) for file, blob in found]
        records.note_read(connection, reading.draft.id, files)


def _remove_copy(premises: Premises, place: Place) -> None:
    """Remove a copy nothing of which is kept, but for one that an earlier verification has rows for."""
    with premises.database.reading() as connection:
        known = stored.blobs_at(connection, premises.store.identity, place)
    if not known:
        with suppress(ObjectLockedError):
            premises.store.delete(place)


def read_card_first(reading: Reading) -> None:
    """Read the card before all other files: it may say how their text is written. Raises StoreError."""
    store = reading.premises.store
    with reading.premises.database.reading() as connection:
        files = records.files_at(connection, reading.draft.id, [FilePath(CARD_PATH)])
        uploads = stored.uploads_of(connection, [file.upload for file in files if file.upload])
        blobs = stored.blobs_of(connection, [file.blob for file in files if file.blob])
    for file in files:
        try:
            if file.blob in blobs:
                blob = blobs[file.blob]
                held, place, offset_bytes = store.at(blob.store), blob.place, blob.offset_bytes
            elif file.upload in uploads:
                held, place, offset_bytes = store, _copied(store, uploads[file.upload]), file.offset_bytes
            else:
                continue
            length = min(file.size_bytes, FRONT_MATTER_MAX_BYTES + 1_024)
            content = b"".join(held.read(place, offset_bytes, length))
        except (ObjectMissingError, InvalidValueError):
            continue  # What has not arrived is said of it when its turn comes.
        try:
            reading.bench.card = card_of(content)
        except InvalidValueError as error:
            reading.find_fault(CARD_PATH, error)
