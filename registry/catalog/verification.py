"""The worker's part: nothing the client computed is trusted, every byte is read again (DESIGN §3.4).

For each file: copy it out of ``incoming``, where whoever holds a URL might still write, hash and inspect the copy, and
compare with what was declared. Then one transaction states everything at once: verified, or faulty with every fault. A
crash before it leaves copies without a row, which the next attempt finds and uses; a fault removes them.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from registry.actors.model import Actor
from registry.catalog import records
from registry.catalog.inspection import Inspected, inspect_hashed, load
from registry.catalog.model import Fault, Version, VersionFile, VersionState
from registry.catalog.reading import overlap_of, shown_overlap, stored_manifest
from registry.errors import InvalidValueError, SancaiError, UnavailableError
from registry.journal.signing import SigningKey
from registry.journal.work import Command, View, Work, perform
from registry.manifests import records as stored
from registry.manifests import service as manifests
from registry.manifests import signatures
from registry.manifests.columns import ColumnBatch
from registry.manifests.dialect import Dialect
from registry.manifests.inventory import dialect_kept
from registry.manifests.model import Format
from registry.manifests.reading import read_columns
from registry.manifests.rules import root_json
from registry.manifests.uploads import Blob, Upload
from registry.quality.card import CARD_PATH, NO_CARD, Card, read_card
from registry.sketches import service as sketches
from registry.sketches.building import SketchBuilder
from registry.sketches.deriving import new_share
from registry.sketches.model import TableSketch
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import BlobId, UploadId, VersionId
from registry.values.moment import Clock
from storage.database import Database
from storage.errors import ObjectLockedError, ObjectMissingError, StoreConfigurationError, StoreUnavailableError
from storage.object_store import Bucket, ObjectStore, Place, published_key

WORKER: Final = Actor(name="worker")
FAULTS_MAX: Final = 1_000

Progress = Callable[[int, int], None]
"""Told (bytes done, bytes in all) from time to time; raises when the work is to stop."""


class Premises(Protocol):
    """What the worker needs of an installation."""

    @property
    def database(self) -> Database:
        """The database."""

    @property
    def clock(self) -> Clock:
        """The clock."""

    @property
    def store(self) -> ObjectStore:
        """Where bytes live."""

    @property
    def signing_key(self) -> SigningKey:
        """The key of manifests."""


@dataclass(slots=True)
class Reading:
    """What reading the files of a draft has led to so far."""

    files: list[tuple[VersionFile, Blob]]
    copies: list[Place]
    faults: list[Fault]
    columns: list[Json]
    builder: SketchBuilder
    card: Card = NO_CARD
    loads_with: Mapping[str, Json] = field(default_factory=dict)
    rows: int = 0
    tables: int = 0
    bytes_done: int = 0


def verify_draft(premises: Premises, draft: VersionId, attempt: str, progress: Progress = lambda *_: None) -> None:
    """Read every byte of a submitted draft and state what it is; does nothing when that has been stated.

    ``attempt`` names the job, so that a repeat after a lost answer is the same command.

    Raises:
        UnavailableError: The store or the database does not answer; the job is tried again.
    """
    with premises.database.reading() as connection:
        found = records.version_of(connection, draft)
        if found is None or found.state is not VersionState.VERIFYING:
            return
        files = records.files_of(connection, draft)
        uploads = stored.uploads_of(connection, [file.upload for file in files])
    reading = Reading([], [], [], [], SketchBuilder())
    sketch, share = None, None
    try:
        with TemporaryDirectory(prefix="sancai-verify-") as folder:
            _read_files(premises.store, found, files, uploads, reading, Path(folder), progress)
            if not reading.faults:
                read = sorted((file for file, _ in reading.files), key=lambda file: str(file.path))
                reading.loads_with, broken = load(reading.card, read)
                reading.faults += broken
            sketch = reading.builder.finish() if reading.tables and not reading.faults else None
            if sketch is not None and found.parents:
                share = _new_share(premises, found, reading, Path(folder))
    except InvalidValueError as error:
        reading.faults.append(Fault("", error.code, error.parameters))
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error
    command = Command("verify_draft", f"verify-{attempt}", Digest.of_json({"draft": draft}))
    if reading.faults:
        perform(premises.database, premises.clock, WORKER, command, lambda work: _fault(work, draft, reading.faults))
        _remove_copies(premises, reading)
        return
    perform(
        premises.database,
        premises.clock,
        WORKER,
        command,
        lambda work: _verified(work, draft, reading, sketch, share),
    )
    for upload in uploads.values():
        premises.store.delete(upload.place)


def _read_files(
    store: ObjectStore,
    found: Version,
    files: tuple[VersionFile, ...],
    uploads: dict[UploadId, Upload],
    reading: Reading,
    folder: Path,
    progress: Progress,
) -> None:
    # The card first: it may say how the text of the other files is written.
    for place, file in sorted(enumerate(files), key=lambda each: str(each[1].path) != CARD_PATH):
        local = folder / f"file-{place}"
        upload = uploads[file.upload]
        try:
            blob = _copied(store, file, upload, local, reading, lambda: progress(reading.bytes_done, found.size_bytes))
            seen = inspect_hashed(local, str(file.path), reading.card, blob.digest, reading.builder.update)
            described = _note(reading, seen)
            if str(file.path) == CARD_PATH:
                reading.card = read_card(local)
        except InvalidValueError as error:
            stated = {name: value for name, value in error.parameters.items() if name != "path"}
            reading.faults.append(Fault(str(file.path), error.code, stated))
            if len(reading.faults) == FAULTS_MAX:
                break
        else:
            read = replace(
                file,
                digest=blob.digest,
                blob=blob.id,
                format=seen.inventory.format.value,
                rows=seen.inventory.rows,
                columns=described,
                inventory=seen.inventory.as_json(),
            )
            reading.files.append((read, blob))
        finally:
            if not found.parents:
                local.unlink(missing_ok=True)


def _copied(
    store: ObjectStore, file: VersionFile, upload: Upload, local: Path, reading: Reading, told: Callable[[], None]
) -> Blob:
    """Copy a file out of ``incoming``, read the copy to ``local`` and return it as the blob it is declared to be.

    Raises:
        InvalidValueError: It is not there, or has another size than was declared.
    """
    if upload.digest is None:
        raise InvalidValueError("file_not_received")
    place = Place(Bucket.PUBLISHED, published_key(upload.digest.hex, upload.id.uuid))
    size_bytes = 0
    try:
        try:
            place = store.copy(upload.place, place.bucket, place.key).place
        except ObjectMissingError:
            place = store.stat(place).place  # Copied by an earlier attempt, which then tidied up.
        reading.copies.append(place)
        with local.open("wb") as spool:
            for chunk in store.read(place):
                spool.write(chunk)
                size_bytes += len(chunk)
                reading.bytes_done += len(chunk)
                told()
    except ObjectMissingError as error:
        raise InvalidValueError("file_not_received") from error
    if size_bytes != file.size_bytes:
        raise InvalidValueError("file_size_wrong", declared_bytes=file.size_bytes, seen_bytes=size_bytes)
    return Blob(BlobId.new(), size_bytes, upload.digest, store.identity, place)


def _note(reading: Reading, found: Inspected) -> tuple[dict[str, Json], ...]:
    """Count a table that was read, and return its columns."""
    if found.inventory.format.is_table:
        reading.tables += 1
        reading.rows += found.inventory.rows or 0
        if not reading.columns:
            reading.columns.extend(found.columns)
    return found.columns


def _new_share(premises: Premises, found: Version, reading: Reading, folder: Path) -> int:
    """Return the new share of a derivative in basis points, counted against the stored bytes of its parents."""
    with premises.database.reading() as connection:
        parents = [
            [
                (stored.blob_of(connection, file.blob), Format(file.format), dialect_kept(file.inventory))
                for file in records.files_of(connection, parent)
                if file.blob and file.format
            ]
            for parent in found.parents
        ]
    rows = []
    for place, files in enumerate(parents):
        tables = []
        for number, (blob, file_format, dialect) in enumerate(files):
            if blob is None or not file_format.is_table:
                continue
            local = folder / f"parent-{place}-{number}"
            with local.open("wb") as spool:
                for chunk in premises.store.at(blob.store).read(blob.place):
                    spool.write(chunk)
            tables.append((local, file_format, dialect))
        rows.append(_rows_of(tables))
    own = [
        (folder / f"file-{place}", Format(file.format), dialect_kept(file.inventory))
        for place, (file, _) in enumerate(reading.files)
        if file.format and Format(file.format).is_table
    ]
    return new_share(_rows_of(own), rows, folder / "share").share.basis_points


def _rows_of(tables: list[tuple[Path, Format, Dialect]]) -> Iterator[ColumnBatch]:
    for local, file_format, dialect in tables:
        yield from read_columns(local, file_format, None, dialect)


def _remove_copies(premises: Premises, reading: Reading) -> None:
    """Remove the copies of a draft that is faulty, but for those an earlier verification has a row for."""
    with premises.database.reading() as connection:
        store = premises.store.identity
        unknown = [place for place in reading.copies if stored.blob_at(connection, store, place) is None]
    for place in unknown:
        with suppress(ObjectLockedError):
            premises.store.delete(place)


def _fault(work: Work, draft: VersionId, faults: list[Fault]) -> dict[str, Json]:
    found = records.version_of(work.connection, draft, lock=True)
    if found is not None and found.state is VersionState.VERIFYING:
        stated: list[Json] = [
            {"path": fault.path, "code": fault.code, "parameters": dict(fault.parameters)} for fault in faults
        ]
        records.set_version(work.connection, draft, state=VersionState.FAULTY, faults=stated)
    work.journal("catalog.draft_found_faulty", draft, faults=len(faults))
    return {"state": VersionState.FAULTY.value}


def _verified(
    work: Work, draft: VersionId, reading: Reading, sketch: TableSketch | None, share_bp: int | None
) -> dict[str, Json]:
    """State everything that was read, in one transaction."""
    found = records.version_of(work.connection, draft, lock=True)
    if found is None or found.state is not VersionState.VERIFYING:
        work.journal("catalog.draft_verification_dropped", draft)
        return {"state": found.state.value if found else ""}
    for file, blob in reading.files:
        kept = stored.blob_at(work.connection, blob.store, blob.place)
        if kept is None:
            stored.add_blob(work.connection, blob, file.upload, work.now)
        records.set_file_verified(work.connection, draft, replace(file, blob=kept.id if kept else blob.id))
    overlap: list[Json] = []
    if sketch is not None:
        sketches.keep_within(work, draft, sketch)
        overlap = [
            {
                "version": like.version,
                "name": like.name,
                "row_containment_bp": like.row_containment_bp,
                "column_containment_bp": like.column_containment_bp,
            }
            for like in shown_overlap(overlap_of(work, found))
        ]
    report: dict[str, Json] = {"rows": reading.rows if reading.tables else None, "columns": reading.columns}
    report["loads_with"] = dict(reading.loads_with)
    records.set_version(
        work.connection,
        draft,
        state=VersionState.VERIFIED,
        rows=reading.rows if reading.tables else None,
        report=report,
        overlap=overlap,
        new_share_bp=share_bp,
    )
    work.journal("catalog.draft_verified", draft, files=len(reading.files), rows=reading.rows)
    return {"state": VersionState.VERIFIED.value}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something of a published version that is not what it was. ``path`` is empty where it is about all of it."""

    dataset: str
    version: str
    path: str
    code: str
    detail: str


def verify_versions(premises: Premises) -> Iterator[Finding]:
    """Read every published object again and yield what differs from its digest, or whose signature does not hold."""
    with premises.database.reading() as connection:
        wanted = records.published_ids(connection)
    for identifier in wanted:
        yield from _verify_version(premises, identifier)


def _verify_version(premises: Premises, identifier: VersionId) -> Iterator[Finding]:
    with premises.database.reading() as connection:
        view = View(connection, WORKER, premises.clock.now())
        found = records.version_of(connection, identifier)
        held = records.dataset_of(connection, found.dataset) if found else None
        if found is None or held is None:
            return
        files = records.files_of(connection, identifier)
        blobs = {file.path: stored.blob_of(connection, file.blob) if file.blob else None for file in files}
        name = f"v{found.number}"
        broken = ""
        try:
            envelope, made = stored_manifest(view, found)
            if signatures.verify(envelope.encode(), [premises.signing_key.public_key]) != root_json(made.root):
                broken = "manifest_differs"
        except SancaiError as error:
            broken = error.code
    if broken:
        yield Finding(str(held.name), name, "", "manifest_not_authentic", broken)
    for file in files:
        blob = blobs[file.path]
        if blob is None:
            yield Finding(str(held.name), name, str(file.path), "object_missing", "")
        elif difference := _difference(premises.store.at(blob.store), blob.place, file):
            yield Finding(str(held.name), name, str(file.path), *difference)


def _difference(store: ObjectStore, place: Place, file: VersionFile) -> tuple[str, str] | None:
    """Return (code, detail) of how stored bytes differ from the manifest, or None.

    A store that finds the damage itself, as MinIO does, refuses to read that object and answers otherwise.
    """
    seen, size_bytes = hashlib.sha256(), 0
    try:
        for chunk in manifests.content(store, place):
            seen.update(chunk)
            size_bytes += len(chunk)
    except ObjectMissingError:
        return "object_missing", place.key
    except UnavailableError:
        _require_answering(store)
        return "object_unreadable", place.key
    if size_bytes != file.size_bytes:
        return "object_size_differs", f"{size_bytes} != {file.size_bytes}"
    if file.digest is None or seen.hexdigest() != file.digest.hex:
        return "object_digest_differs", f"sha256:{seen.hexdigest()}"
    return None


def _require_answering(store: ObjectStore) -> None:
    """Return if the store as a whole answers. Raises UnavailableError."""
    try:
        store.health()
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error
