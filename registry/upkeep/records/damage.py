"""Queries over blobs that were read again, are damaged, or are led to another object."""

from collections.abc import Sequence
from itertools import accumulate

from sqlalchemy import BigInteger, case, select, text, update

from registry.manifests.records import blobs
from registry.upkeep.model import BlobState, ObjectName, StoredBlob
from registry.values.identifiers import BlobId
from registry.values.moment import Moment
from registry.values.records import IdColumn
from storage.batches import given_rows
from storage.database import Connection
from storage.object_store import Place


def mark_scrubbed(connection: Connection, whole: Sequence[BlobId], now: Moment) -> None:
    """Note that bytes were read and are whole; those that were damaged are verified again."""
    state = case((blobs.c.state == BlobState.DAMAGED, BlobState.VERIFIED.value), else_=blobs.c.state)
    connection.execute(update(blobs).where(blobs.c.id.in_(whole)).values(scrubbed_at=now, state=state))


def mark_damaged(connection: Connection, broken: Sequence[BlobId], now: Moment) -> None:
    """Note that bytes are not what they were. What is on its way out stays so."""
    connection.execute(
        update(blobs)
        .where(
            blobs.c.id.in_(broken),
            blobs.c.state.in_([BlobState.VERIFIED, BlobState.CONDEMNED, BlobState.DAMAGED]),
        )
        .values(scrubbed_at=now, state=BlobState.DAMAGED, condemned_at=None)
    )


def relocate(connection: Connection, name: ObjectName, to: ObjectName, version_id: str | None, now: Moment) -> int:
    """Lead every row of an object to another that was read and holds the same bytes; return how many rows.

    None at all when one is on its way out: then the whole object is. Damaged rows are verified again.
    """
    here = (blobs.c.store == name.store, blobs.c.bucket == name.bucket, blobs.c.key == name.key)
    rows = connection.execute(select(blobs.c.id, blobs.c.state).where(*here).order_by(blobs.c.id).with_for_update())
    alive = {row.id: row.state for row in rows if row.state != BlobState.GONE}
    if BlobState.DELETING in alive.values():
        return 0
    state = case((blobs.c.state == BlobState.DAMAGED, BlobState.VERIFIED.value), else_=blobs.c.state)
    moved = connection.execute(
        update(blobs)
        .where(blobs.c.id.in_(list(alive)))
        .values(store=to.store, key=to.key, version_id=version_id, scrubbed_at=now, state=state, retained_until=None)
    )
    return moved.rowcount


def move_rows(connection: Connection, moved: Sequence[StoredBlob], store: str, place: Place) -> None:
    """Lead rows to an object in which their bytes lie one after the other, in this order."""
    offsets = list(accumulate((blob.size_bytes for blob in moved[:-1]), initial=0))
    given = given_rows(
        "given", id=(IdColumn(BlobId), [blob.id for blob in moved]), offset_bytes=(BigInteger(), offsets)
    )
    connection.execute(
        update(blobs)
        .where(blobs.c.id == given.c.id)
        .values(
            store=store,
            key=place.key,
            version_id=place.version_id,
            offset_bytes=given.c.offset_bytes,
            retained_until=None,
        )
    )


def dangling(connection: Connection) -> list[tuple[BlobId, ObjectName]]:
    """Return the bytes of verified or published versions that are on their way out or gone; there should be none."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT b.id, b.store, b.bucket, b.key FROM blobs b "
            "JOIN version_files f ON f.blob_id = b.id JOIN versions v ON v.id = f.version_id "
            "WHERE b.state IN ('deleting', 'gone') "
            "AND v.state IN ('verified', 'published', 'withdrawn', 'recalled') ORDER BY 2, 3, 4, 1"
        )
    )
    return [(BlobId.of_uuid(row.id), ObjectName(row.store, row.bucket, row.key)) for row in rows]
