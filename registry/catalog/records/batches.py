"""Changes of many files of a draft at once, each one statement however many files there are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    and_,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    true,
)
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import JSONB

from registry.catalog.model import HeldFile, VersionFile
from registry.catalog.records.files import file_of, version_files
from registry.catalog.records.versions import versions
from registry.manifests.model import FilePath
from registry.manifests.records import uploads
from registry.manifests.uploads import PackedFile, UploadState
from registry.values.identifiers import BlobId, UploadId, VersionId
from registry.values.records import DigestColumn, IdColumn, Key
from storage.batches import given_rows
from storage.database import Connection

COPIED_AT_ONCE: Final = 50_000
"""How many files one statement copies, so that none comes near the two minutes it may take."""
_SUFFIX = r"\.[^./]*$"


@dataclass(frozen=True, slots=True)
class TakenOut:
    """What was taken out of a draft; ``uploads`` are those that no file of it comes from any more."""

    files: int
    size_bytes: int
    uploads: tuple[UploadId, ...]


def clashing_path(connection: Connection, version: VersionId, paths: Sequence[FilePath]) -> tuple[str, str] | None:
    """Return a path and another one of the draft that equals it after NFC and case folding only, or None."""
    given = given_rows("given", path_key=(Key, [path.key for path in paths]), path=(Key, [str(path) for path in paths]))
    same = and_(version_files.c.version_id == version, version_files.c.path_key == given.c.path_key)
    found = (
        select(given.c.path, version_files.c.path.label("other"))
        .select_from(given.join(version_files, same))
        .where(version_files.c.path != given.c.path)
        .order_by(given.c.place)
        .limit(1)
    )
    row = connection.execute(found).first()
    return (row.path, row.other) if row else None


def take_out(connection: Connection, version: VersionId, paths: Sequence[FilePath]) -> TakenOut:
    """Take the files at these paths out of a draft, as far as they are there."""
    gone = (
        delete(version_files)
        .where(
            version_files.c.version_id == version,
            version_files.c.path_key == func.any_(_texts([path.key for path in paths])),
            version_files.c.path == func.any_(_texts([str(path) for path in paths])),
        )
        .returning(version_files.c.upload_id, version_files.c.size_bytes)
        .cte("gone")
    )
    summed = select(
        func.count().label("files"),
        func.coalesce(func.sum(gone.c.size_bytes), 0).label("size_bytes"),
        func.array_agg(gone.c.upload_id.distinct(), type_=ARRAY(IdColumn(UploadId)))
        .filter(gone.c.upload_id.is_not(None))
        .label("uploads"),
    )
    row = connection.execute(summed).one()
    return TakenOut(row.files, int(row.size_bytes), tuple(_left_alone(connection, version, row.uploads or ())))


def _texts(values: Sequence[str]) -> Any:
    return cast(literal(list(values), ARRAY(Key)), ARRAY(Key))


def _left_alone(connection: Connection, version: VersionId, wanted: Sequence[UploadId]) -> Iterable[UploadId]:
    """Return which of these uploads no file of the draft comes from."""
    if not wanted:
        return ()
    used = exists().where(version_files.c.version_id == version, version_files.c.upload_id == uploads.c.id)
    return connection.execute(select(uploads.c.id).where(uploads.c.id.in_(wanted), ~used)).scalars()


def add_packed(connection: Connection, version: VersionId, upload: UploadId, files: Sequence[PackedFile]) -> None:
    """Write the files of a pack, one after the other; their paths are free."""
    offsets, offset = [], 0
    for file in files:
        offsets.append(offset)
        offset += file.size_bytes
    given = given_rows(
        "given",
        path_key=(Key, [file.path.key for file in files]),
        path=(Key, [str(file.path) for file in files]),
        size_bytes=(BigInteger(), [file.size_bytes for file in files]),
        offset_bytes=(BigInteger(), offsets),
        declared=(DigestColumn(), [file.digest for file in files]),
    )
    named = ["path_key", "path", "size_bytes", "offset_bytes", "declared"]
    rows = select(literal(version, IdColumn(VersionId)), literal(upload, IdColumn(UploadId)), *given.c[tuple(named)])
    connection.execute(insert(version_files).from_select(["version_id", "upload_id", *named], rows))


def attach(connection: Connection, version: VersionId, files: Sequence[tuple[HeldFile, BlobId]]) -> None:
    """Write files of bytes that are held; their paths are free.

    What was read in the same bytes under a name of the same suffix holds for them too; otherwise the worker reads them.
    """
    given = given_rows(
        "given",
        path_key=(Key, [file.path.key for file, _ in files]),
        path=(Key, [str(file.path) for file, _ in files]),
        size_bytes=(BigInteger(), [file.size_bytes for file, _ in files]),
        digest=(DigestColumn(), [file.digest for file, _ in files]),
        blob_id=(IdColumn(BlobId), [blob for _, blob in files]),
    )
    other = version_files.alias("other")
    known = (
        select(other.c.format, other.c.rows, other.c.columns, other.c.inventory)
        .where(
            other.c.blob_id == given.c.blob_id,
            other.c.format.is_not(None),
            _suffix(other.c.path) == _suffix(given.c.path),
        )
        .limit(1)
        .correlate(given)
        .lateral("known")
    )
    named = ["path_key", "path", "size_bytes", "digest", "blob_id"]
    rows = select(
        literal(version, IdColumn(VersionId)),
        *given.c[tuple(named)],
        known.c.format,
        known.c.rows,
        func.coalesce(known.c.columns, literal([], JSONB)),
        func.coalesce(known.c.inventory, literal({}, JSONB)),
    ).select_from(given.outerjoin(known, true()))
    connection.execute(
        insert(version_files).from_select(["version_id", *named, "format", "rows", "columns", "inventory"], rows)
    )


def _suffix(path: Any) -> Any:
    return func.lower(func.coalesce(func.substring(path, _SUFFIX), ""))


def copy_files(connection: Connection, version: VersionId, base: VersionId) -> None:
    """Begin a draft with the files of a version, whose bytes it refers to.

    A single statement for millions of rows might take longer than a statement may.
    """
    named = ["path_key", "path", "size_bytes", "digest", "blob_id", "format", "rows", "columns", "inventory"]
    after: str | None = ""
    while after is not None:
        rows = (
            select(literal(version, IdColumn(VersionId)), *version_files.c[tuple(named)])
            .where(
                version_files.c.version_id == base,
                version_files.c.path > after,
                version_files.c.blob_id.is_not(None),
            )
            .order_by(version_files.c.path)
            .limit(COPIED_AT_ONCE)
        )
        written = insert(version_files).from_select(["version_id", *named], rows).returning(version_files.c.path)
        copied = written.cte("copied")
        after = connection.execute(select(func.max(copied.c.path))).scalar()


def note_files(connection: Connection, version: VersionId, files: int, size_bytes: int) -> None:
    """Note that a draft has so many files and bytes more; the draft is locked by the caller."""
    connection.execute(
        update_rows(versions)
        .where(versions.c.id == version)
        .values(files=versions.c.files + files, size_bytes=versions.c.size_bytes + size_bytes)
    )


@dataclass(frozen=True, slots=True)
class Unread:
    """What is left to read of a draft: files and bytes that were not verified, and bytes of tables that were."""

    files: int
    size_bytes: int
    waiting: int
    first_waiting: str | None
    table_bytes: int


def unread(connection: Connection, version: VersionId, table_formats: Sequence[str]) -> Unread:
    """Return what the worker has to read of a draft, and how many files still wait for their bytes."""
    waits = and_(version_files.c.blob_id.is_(None), uploads.c.state != UploadState.RECEIVED)
    new = version_files.c.format.is_(None)
    query = (
        select(
            func.count().filter(new).label("files"),
            func.coalesce(func.sum(version_files.c.size_bytes).filter(new), 0).label("size_bytes"),
            func.count().filter(waits).label("waiting"),
            func.min(version_files.c.path).filter(waits).label("first_waiting"),
            func.coalesce(
                func.sum(version_files.c.size_bytes).filter(version_files.c.format.in_(table_formats)), 0
            ).label("table_bytes"),
        )
        .select_from(version_files.outerjoin(uploads, uploads.c.id == version_files.c.upload_id))
        .where(version_files.c.version_id == version)
    )
    row = connection.execute(query).one()
    return Unread(row.files, int(row.size_bytes), row.waiting, row.first_waiting, int(row.table_bytes))


def uploads_in(
    connection: Connection, version: VersionId, after: UploadId | None, limit: int, *, unread_only: bool = False
) -> list[UploadId]:
    """Return uploads that files of a draft come from, in order, from after ``after`` on."""
    query = select(version_files.c.upload_id).where(
        version_files.c.version_id == version, version_files.c.upload_id.is_not(None)
    )
    if unread_only:
        query = query.where(version_files.c.blob_id.is_(None))
    if after is not None:
        query = query.where(version_files.c.upload_id > after)
    return list(connection.execute(query.distinct().order_by(version_files.c.upload_id).limit(limit)).scalars())


def files_of_upload(connection: Connection, version: VersionId, upload: UploadId) -> tuple[VersionFile, ...]:
    """Return the files of a draft whose bytes are in an upload and were not read yet, in their order in it."""
    query = select(version_files).where(
        version_files.c.version_id == version, version_files.c.upload_id == upload, version_files.c.blob_id.is_(None)
    )
    rows = connection.execute(query.order_by(version_files.c.offset_bytes, version_files.c.size_bytes))
    return tuple(map(file_of, rows.all()))


def draft_files(
    connection: Connection, version: VersionId, after: str, limit: int
) -> list[tuple[VersionFile, UploadState | None]]:
    """Return files of a draft by path, each with the state of the upload its bytes come from."""
    query = (
        select(version_files, uploads.c.state, uploads.c.digest.label("sent"))
        .select_from(version_files.outerjoin(uploads, uploads.c.id == version_files.c.upload_id))
        .where(version_files.c.version_id == version, version_files.c.path > after)
        .order_by(version_files.c.path)
        .limit(limit)
    )
    return [
        (replace(file_of(row), declared=row.declared or row.sent), UploadState(row.state) if row.state else None)
        for row in connection.execute(query).all()
    ]
