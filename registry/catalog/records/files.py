"""The table of the files of versions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Row, Table, delete, func, select
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.catalog.model import VersionFile
from registry.manifests.model import FilePath
from registry.values.identifiers import BlobId, UploadId, VersionId
from registry.values.records import DigestColumn, IdColumn, Key
from storage.database import Connection, Writes, metadata, rows_may

version_files = Table(
    "version_files",
    metadata,
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True),
    Column("path_key", Key, primary_key=True),
    Column("path", Key, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("upload_id", IdColumn(UploadId), ForeignKey("uploads.id", ondelete="RESTRICT"), nullable=False),
    Column("digest", DigestColumn),
    Column("blob_id", IdColumn(BlobId), ForeignKey("blobs.id", ondelete="RESTRICT")),
    Column("format", Key),
    Column("rows", BigInteger),
    Column("columns", JSONB, nullable=False, server_default="[]"),
    Column("inventory", JSONB, nullable=False, server_default="{}"),
    CheckConstraint("(digest IS NULL) = (blob_id IS NULL)", "verified_is_whole"),
    **rows_may(Writes.DELETE),
)
Index("ix_version_files_path", version_files.c.version_id, version_files.c.path)
Index("ix_version_files_blob", version_files.c.blob_id)


def add_file(connection: Connection, version: VersionId, made: VersionFile) -> bool:
    """Write a file of a draft; False when a path equal after NFC and case folding is there."""
    written = insert_or(version_files).values(
        version_id=version,
        path_key=made.path.key,
        path=str(made.path),
        size_bytes=made.size_bytes,
        upload_id=made.upload,
    )
    return connection.execute(written.on_conflict_do_nothing().returning(version_files.c.path)).first() is not None


def path_like(connection: Connection, version: VersionId, path: FilePath) -> str | None:
    """Return the path in a draft that equals ``path`` after NFC and case folding, or None."""
    held = select(version_files.c.path).where(
        version_files.c.version_id == version, version_files.c.path_key == path.key
    )
    return connection.execute(held).scalar()


def remove_file(connection: Connection, version: VersionId, path: FilePath) -> None:
    """Take a file out of a draft."""
    connection.execute(
        delete(version_files).where(version_files.c.version_id == version, version_files.c.path == str(path))
    )


def files_of(
    connection: Connection, version: VersionId, after: str = "", limit: int | None = None
) -> tuple[VersionFile, ...]:
    """Return the files of a version in ascending order of path, from after ``after`` on."""
    query = select(version_files).where(version_files.c.version_id == version, version_files.c.path > after)
    rows = connection.execute(query.order_by(version_files.c.path).limit(limit))
    return tuple(_file(row) for row in rows)


def files_at(connection: Connection, version: VersionId, paths: Sequence[FilePath]) -> tuple[VersionFile, ...]:
    """Return the files of a version at some paths."""
    query = select(version_files).where(
        version_files.c.version_id == version, version_files.c.path.in_([str(path) for path in paths])
    )
    return tuple(_file(row) for row in connection.execute(query.order_by(version_files.c.path)))


def count_files(connection: Connection, version: VersionId) -> tuple[int, int]:
    """Return the number of files of a version and their bytes."""
    query = select(func.count(), func.coalesce(func.sum(version_files.c.size_bytes), 0))
    number, size_bytes = connection.execute(query.where(version_files.c.version_id == version)).one()
    return int(number), int(size_bytes)


def _file(row: Row[Any]) -> VersionFile:
    return VersionFile(
        path=FilePath(row.path),
        size_bytes=row.size_bytes,
        upload=row.upload_id,
        digest=row.digest,
        blob=row.blob_id,
        format=row.format,
        rows=row.rows,
        columns=tuple(row.columns),
        inventory=row.inventory,
    )


def set_file_verified(connection: Connection, version: VersionId, found: VersionFile) -> None:
    """State what the server read in the bytes of a file."""
    connection.execute(
        update_rows(version_files)
        .where(version_files.c.version_id == version, version_files.c.path_key == found.path.key)
        .values(
            digest=found.digest,
            blob_id=found.blob,
            format=found.format,
            rows=found.rows,
            columns=[dict(column) for column in found.columns],
            inventory=dict(found.inventory),
        )
    )
