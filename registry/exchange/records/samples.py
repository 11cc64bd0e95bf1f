"""The table of sealed samples."""

from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, LargeBinary, Row, Table, Text, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.catalog.model import VersionState
from registry.catalog.records import versions
from registry.exchange.sample_model import SealedSample
from registry.values.identifiers import ListingId, VersionId
from registry.values.records import DigestColumn, IdColumn, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

sealed_samples = Table(
    "sealed_samples",
    metadata,
    Column("listing_id", IdColumn(ListingId), ForeignKey("listings.id", ondelete="RESTRICT"), primary_key=True),
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True),
    Column("content", LargeBinary),
    Column("digest", DigestColumn, nullable=False),
    Column("key", Text, nullable=False),
    Column("signature", LargeBinary, CheckConstraint("length(signature) = 64", "ed25519"), nullable=False),
    Column("sealed_at", MomentColumn, nullable=False),
    **rows_may(Writes.UPDATE),
)


def add_sample(connection: Connection, made: SealedSample) -> bool:
    """Write a sealed sample; False when the listing has one of this version."""
    written = insert_or(sealed_samples).values(
        listing_id=made.listing,
        version_id=made.version,
        content=made.content,
        digest=made.digest,
        key=made.key,
        signature=made.signature,
        sealed_at=made.sealed_at,
    )
    kept = written.on_conflict_do_nothing().returning(sealed_samples.c.listing_id)
    return connection.execute(kept).first() is not None


def newest_sample(connection: Connection, listing: ListingId) -> SealedSample | None:
    """Return the sample of a listing that was sealed last."""
    query = select(sealed_samples).where(sealed_samples.c.listing_id == listing)
    row = connection.execute(query.order_by(sealed_samples.c.version_id.desc()).limit(1)).one_or_none()
    return _sample(row) if row else None


def forget_erased(connection: Connection) -> int:
    """Remove what samples of erased versions say; digest and signature stay. Return how many they were."""
    erased = select(versions.c.id).where(versions.c.state == VersionState.ERASED.value)
    held = sealed_samples.c
    query = update(sealed_samples).where(held.content.is_not(None), held.version_id.in_(erased)).values(content=None)
    return len(connection.execute(query.returning(held.version_id)).all())


def samples_after(connection: Connection, after: tuple[ListingId, VersionId] | None, limit: int) -> list[SealedSample]:
    """Return sealed samples in the order of listing and version."""
    held = sealed_samples.c
    query = select(sealed_samples)
    if after:
        listing, version = after
        query = query.where((held.listing_id > listing) | ((held.listing_id == listing) & (held.version_id > version)))
    return [_sample(row) for row in connection.execute(query.order_by(held.listing_id, held.version_id).limit(limit))]


def _sample(row: Row[Any]) -> SealedSample:
    return SealedSample(
        row.listing_id,
        row.version_id,
        bytes(row.content) if row.content is not None else None,
        row.digest,
        row.key,
        bytes(row.signature),
        row.sealed_at,
    )
