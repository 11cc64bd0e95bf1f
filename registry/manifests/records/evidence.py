"""The table of documents that prove something."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Row, Table, Text, insert, select
from sqlalchemy import update as update_rows

from registry.manifests.records.blobs import blob_from, blobs
from registry.manifests.uploads import Blob, Evidence, EvidenceKind, EvidenceState
from registry.values.identifiers import AuthorityId, BlobId, EvidenceId, FirmId, UploadId
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

evidence = Table(
    "evidence",
    metadata,
    Column("id", IdColumn(EvidenceId), primary_key=True),
    Column("kind", Key, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("digest", DigestColumn, nullable=False),
    Column("owner_firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT")),
    Column("owner_authority", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT")),
    Column("upload_id", IdColumn(UploadId), ForeignKey("uploads.id", ondelete="RESTRICT"), nullable=False, unique=True),
    Column("blob_id", IdColumn(BlobId), ForeignKey("blobs.id", ondelete="RESTRICT")),
    Column("state", Key, nullable=False),
    Column("filed_at", MomentColumn, nullable=False),
    CheckConstraint(
        "kind IN ('statement', 'contract', 'delivery_receipt', 'quality_report', 'licence', 'other')", "kind"
    ),
    CheckConstraint("state IN ('awaiting', 'verified', 'erased')", "state"),
    CheckConstraint("(state = 'verified') = (blob_id IS NOT NULL)", "verified_has_blob"),
    CheckConstraint("num_nonnulls(owner_firm, owner_authority) = 1", "one_owner"),
    **rows_may(Writes.UPDATE),
)
Index("ix_evidence_blob", evidence.c.blob_id)


def add_evidence(connection: Connection, made: Evidence) -> None:
    """Write a document whose bytes are still to come."""
    connection.execute(
        insert(evidence).values(
            id=made.id,
            kind=made.kind,
            file_name=made.file_name,
            size_bytes=made.size_bytes,
            digest=made.digest,
            owner_firm=made.owner_firm,
            owner_authority=made.owner_authority,
            upload_id=made.upload,
            state=made.state,
            filed_at=made.filed_at,
        )
    )


def evidence_of(connection: Connection, wanted: Iterable[EvidenceId]) -> dict[EvidenceId, Evidence]:
    """Return documents by id."""
    rows = connection.execute(select(evidence).where(evidence.c.id.in_(list(wanted))))
    return {row.id: _evidence(row) for row in rows}


def evidence_of_upload(connection: Connection, upload: UploadId) -> Evidence | None:
    """Return the document an upload is for."""
    row = connection.execute(select(evidence).where(evidence.c.upload_id == upload)).one_or_none()
    return _evidence(row) if row else None


def _evidence(row: Row[Any]) -> Evidence:
    return Evidence(
        id=row.id,
        kind=EvidenceKind(row.kind),
        file_name=row.file_name,
        size_bytes=row.size_bytes,
        digest=row.digest,
        owner_firm=row.owner_firm,
        owner_authority=row.owner_authority,
        upload=row.upload_id,
        state=EvidenceState(row.state),
        filed_at=row.filed_at,
    )


def verify_evidence(connection: Connection, document: EvidenceId, blob: BlobId) -> None:
    """Note that the bytes of a document are there and are what was declared."""
    connection.execute(
        update_rows(evidence).where(evidence.c.id == document).values(blob_id=blob, state=EvidenceState.VERIFIED)
    )


def evidence_blob(connection: Connection, document: EvidenceId) -> Blob | None:
    """Return the bytes of a verified document."""
    row = connection.execute(
        select(blobs).join(evidence, evidence.c.blob_id == blobs.c.id).where(evidence.c.id == document)
    ).one_or_none()
    return blob_from(row) if row else None
