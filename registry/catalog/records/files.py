"""The table of the files of versions, and what is asked of it file by file."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Row, Table, select
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
    Column("upload_id", IdColumn(UploadId), ForeignKey("uploads.id", ondelete="RESTRICT")),
    Column("offset_bytes", BigInteger, nullable=False, server_default="0"),
    Column("declared", DigestColumn),
    Column("digest", DigestColumn),
    Column("blob_id", IdColumn(BlobId), ForeignKey("blobs.id", ondelete="RESTRICT")),
    Column("format", Key),
    Column("rows", BigInteger),
    Column("columns", JSONB, nullable=False, server_default="[]"),
    Column("inventory", JSONB, nullable=False, server_default="{}"),
    CheckConstraint("(digest IS NULL) = (blob_id IS NULL)", "verified_is_whole"),
    CheckConstraint("num_nonnulls(upload_id, blob_id) > 0", "comes_from_somewhere"),
    **rows_may(Writes.DELETE),
)
"""A file of an upload waits for its bytes to be read; one of held bytes has its blob from the start, and no upload."""
Index("ix_version_files_path", version_files.c.version_id, version_files.c.path)
Index(
    "ix_version_files_upload",
    version_files.c.version_id,
    version_files.c.upload_id,
    version_files.c.offset_bytes,
    postgresql_where=version_files.c.upload_id.is_not(None),
)
Index("ix_version_files_blob", version_files.c.blob_id, postgresql_where=version_files.c.blob_id.is_not(None))


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


def files_of(connection: Connection, version: VersionId, after: str, limit: int) -> tuple[VersionFile, ...]:
    """Return ``limit`` files of a version in ascending order of path, from after ``after`` on."""
    query = select(version_files).where(version_files.c.version_id == version, version_files.c.path > after)
    rows = connection.execute(query.order_by(version_files.c.path).limit(limit))
    return tuple(map(file_of, rows.all()))


def files_at(connection: Connection, version: VersionId, paths: Sequence[FilePath]) -> tuple[VersionFile, ...]:
    """Return the files of a version at some paths."""
    query = select(version_files).where(
        version_files.c.version_id == version, version_files.c.path.in_([str(path) for path in paths])
    )
    return tuple(file_of(row) for row in connection.execute(query.order_by(version_files.c.path)).all())


def file_of(row: Row[Any]) -> VersionFile:
    """Return the file that a row of the table states."""
    return VersionFile(
        path=FilePath.kept(row.path),
        size_bytes=row.size_bytes,
        upload=row.upload_id,
        digest=row.digest,
        blob=row.blob_id,
        format=row.format,
        rows=row.rows,
        columns=tuple(row.columns),
        inventory=row.inventory,
        offset_bytes=row.offset_bytes,
        declared=row.declared,
    )
