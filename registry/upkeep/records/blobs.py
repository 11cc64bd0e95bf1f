"""Queries over blobs: who refers to them, and their way out.

References are the foreign keys of the database itself, whichever tables have them: a table that is added later keeps
its bytes without anybody remembering to say so here. Only the record of past reads keeps nothing.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, exists, func, not_, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from registry.catalog.records import erasure_objects
from registry.manifests.records import blobs
from registry.upkeep.model import BlobState, ObjectName, StoredBlob, StoredObject
from registry.values.identifiers import BlobId
from registry.values.moment import Moment
from storage.database import Connection

KEEPS_NOTHING: Final = ("usage_events", "erasure_objects")
"""Tables whose reference to bytes is history: it may name what is gone."""

_REFERENCES: Final = text(
    """
    SELECT c.conrelid::regclass::text AS table_name, quote_ident(a.attname) AS column_name
      FROM pg_constraint c
      JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
     WHERE c.contype = 'f' AND c.confrelid = 'blobs'::regclass AND c.conparentid = 0
       AND NOT c.conrelid::regclass::text = ANY(:keeps_nothing)
     ORDER BY 1, 2
    """
)
_UUIDS = ARRAY(UUID(as_uuid=True))


_ERASED = exists().where(erasure_objects.c.blob_id == blobs.c.id, erasure_objects.c.gone_at.is_(None))
"""That an order to erase waits for these bytes: whoever carries the order out deletes them, and nobody else."""


def _referred(connection: Connection) -> str:
    """Return the SQL condition that somebody refers to the row ``b`` of blobs."""
    found = connection.execute(_REFERENCES, {"keeps_nothing": list(KEEPS_NOTHING)}).all()
    return " OR ".join(f"EXISTS (SELECT FROM {table} r WHERE r.{column} = b.id)" for table, column in found) or "false"


def condemn(
    connection: Connection, after: BlobId | None, verified_before: Moment, now: Moment, limit: int
) -> tuple[int, BlobId | None]:
    """Condemn what nobody refers to among the next rows in order of id; return how many and where to go on.

    The second value is None when all rows were looked at. A reference that is made at the same moment may be missed;
    ``take_for_deletion`` looks again, with the rows locked.
    """
    page = select(blobs.c.id).where(blobs.c.state == BlobState.VERIFIED, blobs.c.verified_at < verified_before)
    if after is not None:
        page = page.where(blobs.c.id > after)
    ids = list(connection.execute(page.order_by(blobs.c.id).limit(limit)).scalars())
    if not ids:
        return 0, None
    condition = _referred(connection)  # Names of tables and columns, as PostgreSQL quotes them.
    statement = text(
        f"UPDATE blobs b SET state = 'condemned', condemned_at = :now WHERE b.id = ANY(:ids) AND b.state = 'verified' AND NOT ({condition})"  # noqa: S608, E501
    ).bindparams(bindparam("ids", type_=_UUIDS))
    done = connection.execute(statement, {"now": now.instant, "ids": [found.uuid for found in ids]})
    return done.rowcount, ids[-1] if len(ids) == limit else None


def due_objects(connection: Connection, after: ObjectName | None, before: Moment, limit: int) -> list[ObjectName]:
    """Return objects with bytes that were condemned before ``before``, in order, from after ``after`` on."""
    place = (blobs.c.store, blobs.c.bucket, blobs.c.key)
    query = select(*place).where(
        or_(
            and_(blobs.c.state == BlobState.DELETING, not_(_ERASED)),
            and_(blobs.c.state == BlobState.CONDEMNED, blobs.c.condemned_at <= before),
        )
    )
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(after.store, after.bucket, after.key))
    rows = connection.execute(query.group_by(*place).order_by(*place).limit(limit))
    return [ObjectName(row.store, row.bucket, row.key) for row in rows]


def take_for_deletion(connection: Connection, name: ObjectName, before: Moment) -> StoredObject | None:
    """Lock every blob of an object, look again, and mark all as deleting; None when one of them must stay.

    Whoever is about to refer to one of them (``revive``) either has its lock, and is waited for and then seen, or comes
    after and finds it on its way out.
    """
    found = object_at(connection, name, lock=True)
    alive = [blob for blob in found.blobs if blob.state is not BlobState.GONE]
    for blob in alive:
        ready = blob.state is BlobState.DELETING or (
            blob.state is BlobState.CONDEMNED and blob.condemned_at is not None and blob.condemned_at <= before
        )
        if not ready:
            return None
    ids = [blob.id.uuid for blob in alive]
    wanted_gone = select(blobs.c.id).where(blobs.c.id.in_([blob.id for blob in alive]), _ERASED).limit(1)
    if connection.execute(wanted_gone).first() is not None:
        return None
    again = text(f"SELECT b.id FROM blobs b WHERE b.id = ANY(:ids) AND ({_referred(connection)})").bindparams(  # noqa: S608
        bindparam("ids", type_=_UUIDS)
    )
    referred = [BlobId.of_uuid(each) for each in connection.execute(again, {"ids": ids}).scalars()]
    if referred:
        connection.execute(
            update(blobs).where(blobs.c.id.in_(referred)).values(state=BlobState.VERIFIED, condemned_at=None)
        )
        return None
    if not alive:
        return None
    connection.execute(
        update(blobs).where(blobs.c.id.in_([blob.id for blob in alive])).values(state=BlobState.DELETING)
    )
    return StoredObject(name, tuple(alive))


def settle_deleted(connection: Connection, taken: StoredObject, now: Moment, *, gone: bool) -> None:
    """Leave the tombstones of an object that is gone, or condemn its blobs again when the store keeps it."""
    values: dict[str, Any] = {"state": BlobState.GONE, "gone_at": now} if gone else {"state": BlobState.CONDEMNED}
    connection.execute(
        update(blobs)
        .where(blobs.c.id.in_([blob.id for blob in taken.blobs]), blobs.c.state == BlobState.DELETING)
        .values(**values)
    )


def object_at(connection: Connection, name: ObjectName, *, lock: bool = False) -> StoredObject:
    """Return what lies in an object, in order of offset; the tombstones, too."""
    query = select(blobs).where(blobs.c.store == name.store, blobs.c.bucket == name.bucket, blobs.c.key == name.key)
    if lock:
        query = query.order_by(blobs.c.id).with_for_update()
    rows = sorted(connection.execute(query).all(), key=lambda row: (row.offset_bytes, row.size_bytes))
    return StoredObject(name, tuple(_blob(row) for row in rows))


def objects_after(
    connection: Connection, after: ObjectName | None, limit: int, states: Sequence[BlobState], store: str | None = None
) -> list[StoredObject]:
    """Return the next objects in order of store, bucket and key that hold a blob in one of ``states``."""
    place = (blobs.c.store, blobs.c.bucket, blobs.c.key)
    query = select(*place).where(blobs.c.state.in_(states))
    if store is not None:
        query = query.where(blobs.c.store == store)
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(after.store, after.bucket, after.key))
    names = [ObjectName(*row) for row in connection.execute(query.group_by(*place).order_by(*place).limit(limit))]
    return objects_named(connection, names, states)


def oldest_scrubbed(connection: Connection, limit: int) -> list[StoredObject]:
    """Return the objects whose bytes were re-read longest ago, never-read ones first."""
    states = [BlobState.VERIFIED, BlobState.CONDEMNED, BlobState.DAMAGED]
    place = (blobs.c.store, blobs.c.bucket, blobs.c.key)
    last = func.min(func.coalesce(blobs.c.scrubbed_at, blobs.c.verified_at))
    query = select(*place).where(blobs.c.state.in_(states)).group_by(*place)
    names = [ObjectName(*row) for row in connection.execute(query.order_by(last, blobs.c.key).limit(limit))]
    found = {item.name: item for item in objects_named(connection, names, states)}
    return [found[name] for name in names if name in found]


def objects_named(
    connection: Connection, names: Sequence[ObjectName], states: Sequence[BlobState]
) -> list[StoredObject]:
    """Return what lies in some objects, in order of their names."""
    if not names:
        return []
    query = select(blobs).where(
        tuple_(blobs.c.store, blobs.c.bucket, blobs.c.key).in_([(n.store, n.bucket, n.key) for n in names]),
        blobs.c.state.in_(states),
    )
    held: dict[ObjectName, list[StoredBlob]] = {}
    for row in connection.execute(query.order_by(blobs.c.offset_bytes, blobs.c.size_bytes)):
        held.setdefault(ObjectName(row.store, row.bucket, row.key), []).append(_blob(row))
    return [StoredObject(name, tuple(found)) for name, found in sorted(held.items())]


def known_keys(connection: Connection, store: str, bucket: str, keys: Sequence[str]) -> set[str]:
    """Return those of some keys that a row which is not a tombstone says lie in a bucket."""
    query = select(blobs.c.key).where(
        blobs.c.store == store, blobs.c.bucket == bucket, blobs.c.key.in_(keys), blobs.c.state != BlobState.GONE
    )
    return set(connection.execute(query).scalars())


def awaited_uploads(connection: Connection, names: Sequence[str]) -> set[str]:
    """Return those of some uploads and documents, by their UUID as text, whose bytes are still to be verified."""
    rows = connection.execute(
        text(
            "SELECT u.id::text FROM uploads u WHERE u.id = ANY(:ids) AND (u.state IN ('open', 'completing') OR "
            "(u.state = 'received' AND NOT EXISTS (SELECT FROM blobs b WHERE b.upload_id = u.id))) "
            "UNION ALL SELECT e.id::text FROM evidence e JOIN uploads u ON u.id = e.upload_id WHERE e.id = ANY(:ids) "
            "AND e.state = 'awaiting' AND u.state IN ('open', 'completing', 'received')"
        ).bindparams(bindparam("ids", type_=ARRAY(UUID(as_uuid=False)))),
        {"ids": list(names)},
    )
    return set(rows.scalars())


def count_alive(connection: Connection) -> int:
    """Return how many blobs are not tombstones."""
    return int(
        connection.execute(select(func.count()).select_from(blobs).where(blobs.c.state != BlobState.GONE)).scalar_one()
    )


def _blob(row: Row[Any]) -> StoredBlob:
    return StoredBlob(
        id=row.id,
        digest=row.digest,
        offset_bytes=row.offset_bytes,
        size_bytes=row.size_bytes,
        state=BlobState(row.state),
        version_id=row.version_id,
        condemned_at=row.condemned_at,
        scrubbed_at=row.scrubbed_at,
    )
