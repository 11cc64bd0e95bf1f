"""The table of the pages of manifests: where the worker wrote each, and what the root says of it."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, delete, insert, select

from registry.manifests.model import FilePath, PageReference
from registry.values.digest import Digest
from registry.values.identifiers import BlobId, VersionId
from registry.values.records import DigestColumn, IdColumn, Key
from storage.database import Connection, Writes, metadata, rows_may

manifest_pages = Table(
    "manifest_pages",
    metadata,
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", DigestColumn, nullable=False),
    Column("first_path", Key, nullable=False),
    Column("last_path", Key, nullable=False),
    Column("files", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("blob_id", IdColumn(BlobId), ForeignKey("blobs.id", ondelete="RESTRICT"), nullable=False),
    CheckConstraint("number > 0 AND files > 0", "counted"),
    Index("ix_manifest_pages_digest", "version_id", "digest"),
    Index("ix_manifest_pages_blob", "blob_id"),
    **rows_may(Writes.DELETE),
)


def set_pages(connection: Connection, version: VersionId, pages: Sequence[tuple[PageReference, BlobId]]) -> None:
    """State the pages of a draft that was verified, in place of those of an earlier verification."""
    connection.execute(delete(manifest_pages).where(manifest_pages.c.version_id == version))
    connection.execute(
        insert(manifest_pages),
        [
            {
                "version_id": version,
                "number": number,
                "digest": page.digest,
                "first_path": str(page.first_path),
                "last_path": str(page.last_path),
                "files": page.files,
                "size_bytes": page.size_bytes,
                "blob_id": blob,
            }
            for number, (page, blob) in enumerate(pages, 1)
        ],
    )


def pages_of(connection: Connection, version: VersionId) -> tuple[PageReference, ...]:
    """Return what the root of a version says of its pages, in order; nothing for one of an earlier release."""
    query = select(manifest_pages).where(manifest_pages.c.version_id == version).order_by(manifest_pages.c.number)
    kept = FilePath.kept
    return tuple(
        PageReference(row.digest, kept(row.first_path), kept(row.last_path), row.files, row.size_bytes)
        for row in connection.execute(query)
    )


def page_blob(connection: Connection, version: VersionId, digest: Digest) -> BlobId | None:
    """Return where a page of a version lies."""
    query = select(manifest_pages.c.blob_id).where(
        manifest_pages.c.version_id == version, manifest_pages.c.digest == digest
    )
    found: BlobId | None = connection.execute(query.limit(1)).scalar()
    return found
