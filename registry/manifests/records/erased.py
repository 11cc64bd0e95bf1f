"""Where the documents of erased parties lay: work for whoever deletes their bytes, and afterwards what was deleted."""

from collections.abc import Sequence

from sqlalchemy import Column, ForeignKey, Index, Table, Text, cast, literal, null, select
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.manifests.records.blobs import blobs
from registry.manifests.records.evidence import evidence
from registry.manifests.records.uploads import uploads
from registry.manifests.uploads import ERASED_FILE_NAME, EvidenceState, UploadState
from registry.values.identifiers import FirmId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may
from storage.object_store import Bucket, Place

_UNFINISHED = (UploadState.OPEN, UploadState.COMPLETING)

erased_documents = Table(
    "erased_documents",
    metadata,
    Column("owner_firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), primary_key=True),
    Column("store", Key, primary_key=True),
    Column("bucket", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("version_id", Key),
    Column("gone_at", MomentColumn),
    **rows_may(Writes.UPDATE),
)
"""An object without ``gone_at`` may still lie there: a worker takes it up, after a crash too."""
Index(
    "ix_erased_documents_left",
    erased_documents.c.owner_firm,
    postgresql_where=erased_documents.c.gone_at.is_(None),
)

_COLUMNS = ["owner_firm", "store", "bucket", "key", "version_id"]


def erase_documents(connection: Connection, owner: FirmId) -> None:
    """Take the documents of a party from every reader, with their names; its unfinished uploads are given up."""
    held = select(evidence.c.blob_id).where(evidence.c.owner_firm == owner, evidence.c.blob_id.is_not(None))
    lie = select(literal(owner, IdColumn(FirmId)), blobs.c.store, blobs.c.bucket, blobs.c.key, blobs.c.version_id)
    doomed = blobs.c.id.in_(held.scalar_subquery()) & (blobs.c.state != "gone")
    connection.execute(insert_or(erased_documents).from_select(_COLUMNS, lie.where(doomed)).on_conflict_do_nothing())
    connection.execute(update_rows(blobs).where(doomed).values(state="deleting"))
    connection.execute(
        update_rows(evidence)
        .where(evidence.c.owner_firm == owner)
        .values(file_name=ERASED_FILE_NAME, state=EvidenceState.ERASED, blob_id=null())
    )
    connection.execute(
        update_rows(uploads)
        .where(uploads.c.owner_firm == owner, uploads.c.state.in_(_UNFINISHED))
        .values(state=UploadState.ABORTED)
    )


def note_arrivals(connection: Connection, owner: FirmId, store: str) -> None:
    """Note where what a party sent may have arrived in a store, besides where it is kept."""
    arrived = select(
        literal(owner, IdColumn(FirmId)),
        literal(store, Key),
        literal(Bucket.INCOMING.value, Key),
        cast(uploads.c.id, Text),
        literal(None, Key),
    ).where(uploads.c.owner_firm == owner)
    connection.execute(insert_or(erased_documents).from_select(_COLUMNS, arrived).on_conflict_do_nothing())


def erased_places(connection: Connection, owner: FirmId, *, left: bool) -> list[tuple[str, Place]]:
    """Return where the documents of an erased party lay, by store; ``left``: only where they may still lie."""
    table = erased_documents.c
    query = select(erased_documents).where(table.owner_firm == owner)
    if left:
        query = query.where(table.gone_at.is_(None))
    rows = connection.execute(query.order_by(table.store, table.bucket, table.key))
    return [(row.store, Place(Bucket(row.bucket), row.key, row.version_id)) for row in rows]


def note_documents_gone(connection: Connection, owner: FirmId, gone: Sequence[tuple[str, Place]], now: Moment) -> None:
    """Note that the stores hold some objects no more."""
    for store, place in gone:
        at = {"store": store, "bucket": place.bucket.value, "key": place.key}
        table = erased_documents.c
        connection.execute(
            update_rows(erased_documents)
            .where(table.owner_firm == owner, *(table[name] == value for name, value in at.items()))
            .values(gone_at=now)
        )
        lying = (blobs.c.state == "deleting", *(blobs.c[name] == value for name, value in at.items()))
        connection.execute(update_rows(blobs).where(*lying).values(state="gone", gone_at=now))
