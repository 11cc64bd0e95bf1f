"""Tables of bytes: uploads, blobs, evidence."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Row, Table, Text, insert, or_, select
from sqlalchemy import update as update_rows

from registry.manifests.uploads import Blob, Evidence, EvidenceKind, EvidenceState, Purpose, Upload, UploadState
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, BlobId, EvidenceId, FirmId, UploadId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may
from storage.object_store import Bucket, Place

uploads = Table(
    "uploads",
    metadata,
    Column("id", IdColumn(UploadId), primary_key=True),
    Column("purpose", Key, nullable=False),
    Column("owner_firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT")),
    Column("owner_authority", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT")),
    Column("size_bytes", BigInteger, nullable=False),
    Column("state", Key, nullable=False),
    Column("ref", Text),
    Column("digest", DigestColumn),
    Column("created_at", MomentColumn, nullable=False),
    Column("expires_at", MomentColumn, nullable=False),
    Column("completing_at", MomentColumn),
    Column("swept_at", MomentColumn),
    CheckConstraint("purpose IN ('dataset', 'evidence')", "purpose"),
    CheckConstraint("state IN ('open', 'completing', 'received', 'aborted', 'expired')", "state"),
    CheckConstraint("num_nonnulls(owner_firm, owner_authority) = 1", "one_owner"),
    CheckConstraint("size_bytes BETWEEN 0 AND 5497558138880", "size_bytes"),
    CheckConstraint("state <> 'received' OR digest IS NOT NULL", "received_has_digest"),
    **rows_may(Writes.UPDATE),
)
"""``ref`` is kept because no store can list its unfinished uploads."""
Index(
    "ix_uploads_counted",
    uploads.c.owner_firm,
    postgresql_where=uploads.c.state.in_(["open", "completing", "received"]),
)
Index("ix_uploads_unfinished", uploads.c.expires_at, postgresql_where=uploads.c.swept_at.is_(None))

blobs = Table(
    "blobs",
    metadata,
    Column("id", IdColumn(BlobId), primary_key=True),
    Column("digest", DigestColumn, nullable=False, index=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("store", Key, nullable=False),
    Column("bucket", Key, nullable=False),
    Column("key", Key, nullable=False),
    Column("version_id", Key),
    Column("offset_bytes", BigInteger, nullable=False, server_default="0"),
    Column("length_bytes", BigInteger, nullable=False),
    Column("upload_id", IdColumn(UploadId), ForeignKey("uploads.id", ondelete="RESTRICT"), nullable=False),
    Column("state", Key, nullable=False, server_default="verified"),
    Column("verified_at", MomentColumn, nullable=False),
    Column("scrubbed_at", MomentColumn),
    Column("condemned_at", MomentColumn),
    Column("gone_at", MomentColumn),
    Column("retained_until", MomentColumn),
    CheckConstraint("state IN ('verified', 'condemned', 'deleting', 'gone', 'damaged')", "state"),
    CheckConstraint("store = 'local' OR store ~ '^(s3|file)://.+$'", "store"),
    CheckConstraint("bucket IN ('published', 'evidence')", "bucket"),
    CheckConstraint("offset_bytes >= 0 AND length_bytes = size_bytes", "range"),
    Index("ix_blobs_upload_id", "upload_id"),
    Index("uq_blobs_place", "store", "bucket", "key", "offset_bytes", unique=True),
    **rows_may(Writes.UPDATE),
)
"""Verified bytes. A reference to a row is what keeps it; nothing cascades from a version to a blob."""

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
    CheckConstraint("state IN ('awaiting', 'verified')", "state"),
    CheckConstraint("(state = 'verified') = (blob_id IS NOT NULL)", "verified_has_blob"),
    CheckConstraint("num_nonnulls(owner_firm, owner_authority) = 1", "one_owner"),
    **rows_may(Writes.UPDATE),
)
Index("ix_evidence_blob", evidence.c.blob_id)


def add_upload(connection: Connection, made: Upload) -> None:
    """Write a new upload."""
    connection.execute(
        insert(uploads).values(
            id=made.id,
            purpose=made.purpose,
            owner_firm=made.owner_firm,
            owner_authority=made.owner_authority,
            size_bytes=made.size_bytes,
            state=made.state,
            created_at=made.created_at,
            expires_at=made.expires_at,
        )
    )


def upload_of(connection: Connection, upload: UploadId, *, lock: bool = False) -> Upload | None:
    """Return an upload, locked until the transaction ends if asked to."""
    query = select(uploads).where(uploads.c.id == upload)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _upload(row) if row else None


def uploads_of(connection: Connection, wanted: Iterable[UploadId]) -> dict[UploadId, Upload]:
    """Return several uploads by id."""
    rows = connection.execute(select(uploads).where(uploads.c.id.in_(list(wanted))))
    return {row.id: _upload(row) for row in rows}


def _upload(row: Row[Any]) -> Upload:
    return Upload(
        id=row.id,
        purpose=Purpose(row.purpose),
        owner_firm=row.owner_firm,
        owner_authority=row.owner_authority,
        size_bytes=row.size_bytes,
        state=UploadState(row.state),
        ref=row.ref,
        digest=row.digest,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def set_ref(connection: Connection, upload: UploadId, ref: str) -> bool:
    """Keep the store's name of an upload; False when another request was first."""
    kept = connection.execute(
        update_rows(uploads).where(uploads.c.id == upload, uploads.c.ref.is_(None)).values(ref=ref)
    )
    return bool(kept.rowcount)


def claim_completion(connection: Connection, upload: UploadId, now: Moment, stale: Moment) -> bool:
    """Move ``open → completing`` by compare-and-swap; also takes over a completion begun before ``stale``."""
    free = or_(
        uploads.c.state == UploadState.OPEN,
        (uploads.c.state == UploadState.COMPLETING) & (uploads.c.completing_at < stale),
    )
    claimed = connection.execute(
        update_rows(uploads).where(uploads.c.id == upload, free).values(state=UploadState.COMPLETING, completing_at=now)
    )
    return bool(claimed.rowcount)


def set_upload_state(
    connection: Connection, upload: UploadId, state: UploadState, digest: Digest | None = None
) -> None:
    """Set the state of an upload, and the digest it was declared to have."""
    values: dict[str, Any] = {"state": state}
    if digest:
        values["digest"] = digest
    connection.execute(update_rows(uploads).where(uploads.c.id == upload).values(**values))


def expire_uploads(connection: Connection, now: Moment) -> int:
    """Mark as expired what stayed open too long; return how many."""
    expired = connection.execute(
        update_rows(uploads)
        .where(uploads.c.state == UploadState.OPEN, uploads.c.expires_at <= now)
        .values(state=UploadState.EXPIRED)
    )
    return expired.rowcount


def unswept_uploads(connection: Connection, limit: int) -> list[Upload]:
    """Return uploads that ended without success and whose parts may still lie in the store."""
    query = (
        select(uploads)
        .where(uploads.c.state.in_([UploadState.ABORTED, UploadState.EXPIRED]), uploads.c.swept_at.is_(None))
        .order_by(uploads.c.expires_at)
        .limit(limit)
    )
    return [_upload(row) for row in connection.execute(query)]


def mark_swept(connection: Connection, upload: UploadId, now: Moment) -> None:
    """Note that the store holds nothing of an upload any more."""
    connection.execute(update_rows(uploads).where(uploads.c.id == upload).values(swept_at=now))


def add_blob(connection: Connection, blob: Blob, upload: UploadId, now: Moment) -> None:
    """Write verified bytes."""
    connection.execute(
        insert(blobs).values(
            id=blob.id,
            digest=blob.digest,
            size_bytes=blob.size_bytes,
            store=blob.store,
            bucket=blob.place.bucket,
            key=blob.place.key,
            version_id=blob.place.version_id,
            length_bytes=blob.size_bytes,
            upload_id=upload,
            verified_at=now,
        )
    )


def blob_of(connection: Connection, blob: BlobId) -> Blob | None:
    """Return stored bytes, or None when there are none or they may no longer be read."""
    row = connection.execute(
        select(blobs).where(blobs.c.id == blob, blobs.c.state.in_(["verified", "condemned"]))
    ).one_or_none()
    return _blob(row) if row else None


def blob_at(connection: Connection, store: str, place: Place) -> Blob | None:
    """Return the verified bytes that lie at a place of a store, if a row says so."""
    row = connection.execute(
        select(blobs).where(blobs.c.store == store, blobs.c.bucket == place.bucket, blobs.c.key == place.key)
    ).one_or_none()
    return _blob(row) if row else None


def revive_blobs(connection: Connection, wanted: Iterable[BlobId]) -> set[BlobId]:
    """Hold bytes for a reference that this transaction is about to make; return those that may be referred to.

    Condemned ones are verified again. What is not returned is on its way out or gone: it is to be sent again, under a
    fresh key. Until the transaction ends nothing can be deleted that is returned.
    """
    ids = sorted(set(wanted))
    if not ids:
        return set()
    condemned = (
        select(blobs.c.id)
        .where(blobs.c.id.in_(ids), blobs.c.state == "condemned")
        .order_by(blobs.c.id)
        .with_for_update()
    )
    connection.execute(
        update_rows(blobs)
        .where(blobs.c.id.in_(condemned), blobs.c.state == "condemned")
        .values(state="verified", condemned_at=None)
    )
    held = (
        select(blobs.c.id)
        .where(blobs.c.id.in_(ids), blobs.c.state.in_(["verified", "condemned"]))
        .order_by(blobs.c.id)
        .with_for_update(read=True)
    )
    return set(connection.execute(held).scalars())


def damaged_among(connection: Connection, wanted: Iterable[BlobId]) -> list[BlobId]:
    """Return those of some blobs whose bytes are known to be damaged."""
    query = select(blobs.c.id).where(blobs.c.id.in_(list(wanted)), blobs.c.state == "damaged")
    return list(connection.execute(query).scalars())


def _blob(row: Row[Any]) -> Blob:
    return Blob(row.id, row.size_bytes, row.digest, row.store, Place(Bucket(row.bucket), row.key, row.version_id))


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
    return _blob(row) if row else None
