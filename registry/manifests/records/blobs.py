"""The table of verified bytes and where they lie."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Row,
    Table,
    case,
    exists,
    literal,
    select,
    true,
)
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.manifests.uploads import Blob, Sought
from registry.values.identifiers import BlobId, FirmId, UploadId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.batches import given_rows
from storage.database import Connection, Writes, metadata, rows_may
from storage.object_store import Bucket, Place

READABLE = ("verified", "condemned")
"""Bytes that nobody refers to stand until their grace is over, and may be referred to again."""

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
    Column("packed", Boolean, nullable=False, server_default="false"),
    Column("owner_firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT")),
    Column("upload_id", IdColumn(UploadId), ForeignKey("uploads.id", ondelete="RESTRICT")),
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
    # With the length, because an empty file of a pack begins where the next one does.
    Index("uq_blobs_place", "store", "bucket", "key", "offset_bytes", "length_bytes", unique=True),
    **rows_may(Writes.UPDATE),
)
"""Verified bytes. A reference to a row is what keeps it; nothing cascades from a version to a blob.

Many rows may lie in one object: it may go only when every row at its place is gone. A row without an upload is what the
service wrote itself, such as the page of a manifest.
"""
Index(
    "ix_blobs_held",
    blobs.c.owner_firm,
    blobs.c.size_bytes,
    blobs.c.digest,
    postgresql_where=blobs.c.owner_firm.is_not(None),
)


def add_blob(connection: Connection, blob: Blob, now: Moment) -> None:
    """Write verified bytes."""
    add_blobs(connection, [blob], now)


def add_blobs(connection: Connection, made: Sequence[Blob], now: Moment) -> int:
    """Write verified bytes, one statement for all; those whose place has a row already are passed over.

    Returns how many were written.
    """
    if not made:
        return 0
    given = given_rows(
        "given",
        id=(IdColumn(BlobId), [blob.id for blob in made]),
        digest=(DigestColumn(), [blob.digest for blob in made]),
        size_bytes=(BigInteger(), [blob.size_bytes for blob in made]),
        store=(Key, [blob.store for blob in made]),
        bucket=(Key, [str(blob.place.bucket) for blob in made]),
        key=(Key, [blob.place.key for blob in made]),
        version_id=(Key, [blob.place.version_id for blob in made]),
        offset_bytes=(BigInteger(), [blob.offset_bytes for blob in made]),
        packed=(Boolean(), [blob.packed for blob in made]),
        owner_firm=(IdColumn(FirmId), [blob.owner for blob in made]),
        upload_id=(IdColumn(UploadId), [blob.upload for blob in made]),
    )
    columns = {name: given.c[name] for name in given.c.keys() if name in blobs.c}  # noqa: SIM118 - not a mapping.
    columns |= {"length_bytes": given.c.size_bytes, "verified_at": literal(now, MomentColumn())}
    rows = insert_or(blobs).from_select(list(columns), select(*columns.values()))
    return connection.execute(rows.on_conflict_do_nothing()).rowcount


def blob_of(connection: Connection, blob: BlobId) -> Blob | None:
    """Return stored bytes, or None when there are none or they may no longer be read."""
    row = connection.execute(select(blobs).where(blobs.c.id == blob, blobs.c.state.in_(READABLE))).one_or_none()
    return blob_from(row) if row else None


def blobs_of(connection: Connection, wanted: Iterable[BlobId]) -> dict[BlobId, Blob]:
    """Return stored bytes by id, without those that may no longer be read."""
    query = select(blobs).where(blobs.c.id.in_(list(wanted)), blobs.c.state.in_(READABLE))
    return {row.id: blob_from(row) for row in connection.execute(query)}


def blobs_at(connection: Connection, store: str, place: Place) -> list[Blob]:
    """Return the verified bytes that lie at a place of a store, in order; those of a pack are many.

    An object may be deleted only when this is empty but for rows in the state ``gone``.
    """
    query = select(blobs).where(
        blobs.c.store == store, blobs.c.bucket == place.bucket, blobs.c.key == place.key, blobs.c.state != "gone"
    )
    return [blob_from(row) for row in connection.execute(query.order_by(blobs.c.offset_bytes, blobs.c.length_bytes))]


def blob_from(row: Row[Any]) -> Blob:
    """Return the blob that a row of the table states."""
    return Blob(
        row.id,
        row.size_bytes,
        row.digest,
        row.store,
        Place(Bucket(row.bucket), row.key, row.version_id),
        row.offset_bytes,
        row.packed,
        row.owner_firm,
        row.upload_id,
    )


def held(connection: Connection, firm: FirmId, sought: Sequence[Sought]) -> list[bool]:
    """Return for each of ``sought`` whether a firm holds such bytes."""
    given = given_rows(
        "given",
        size_bytes=(BigInteger(), [each.size_bytes for each in sought]),
        digest=(DigestColumn(), [each.digest for each in sought]),
    )
    same_size = _held_by(firm) & (blobs.c.size_bytes == given.c.size_bytes)
    of_size = exists().where(same_size).correlate(given)
    of_digest = exists().where(same_size, blobs.c.digest == given.c.digest).correlate(given)
    found = select(case((given.c.digest.is_(None), of_size), else_=of_digest)).order_by(given.c.place)
    return list(connection.execute(found).scalars())


def _held_by(firm: FirmId) -> Any:
    return (blobs.c.owner_firm == firm) & (blobs.c.bucket == Bucket.PUBLISHED) & blobs.c.state.in_(READABLE)


def kept_blobs(connection: Connection, firm: FirmId, sought: Sequence[Sought]) -> list[BlobId | None]:
    """Return bytes a firm holds for each of ``sought``, all with a digest, or None; they may be referred to.

    What was condemned since nobody referred to it is verified again. The rows are locked until the transaction ends, so
    that nothing is deleted between this and the reference.
    """
    given = given_rows(
        "given",
        size_bytes=(BigInteger(), [each.size_bytes for each in sought]),
        digest=(DigestColumn(), [each.digest for each in sought]),
    )
    one = (
        select(blobs.c.id)
        .where(_held_by(firm), blobs.c.size_bytes == given.c.size_bytes, blobs.c.digest == given.c.digest)
        .order_by(blobs.c.id)
        .limit(1)
        .correlate(given)
        .lateral("one")
    )
    found: list[BlobId | None] = [None] * len(sought)
    for row in connection.execute(select(given.c.place, one.c.id).select_from(given.join(one, true()))):
        found[row.place - 1] = row.id
    still = revive_blobs(connection, [each for each in found if each is not None])
    return [each if each in still else None for each in found]


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
        .where(blobs.c.id.in_(ids), blobs.c.state.in_(READABLE))
        .order_by(blobs.c.id)
        .with_for_update(read=True)
    )
    return set(connection.execute(held).scalars())


def damaged_among(connection: Connection, wanted: Iterable[BlobId]) -> list[BlobId]:
    """Return those of some blobs whose bytes are known to be damaged."""
    query = select(blobs.c.id).where(blobs.c.id.in_(list(wanted)), blobs.c.state == "damaged")
    return list(connection.execute(query).scalars())
