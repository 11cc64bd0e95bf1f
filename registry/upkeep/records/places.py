"""Queries over stores, epochs, strays, replicas and nights."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import and_, delete, func, insert, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.manifests.records import blobs
from registry.upkeep.model import BlobState, ObjectName
from registry.upkeep.records.tables import epochs, object_replicas, stores, strays, upkeep_runs
from registry.values.canonical import Json
from registry.values.moment import Moment
from storage.database import Connection
from storage.object_store import Capabilities, ObjectStat


def seen_capabilities(connection: Connection, identity: str) -> tuple[Mapping[str, bool], Moment] | None:
    """Return what a store was last seen to do, and when."""
    query = select(stores.c.capabilities, stores.c.probed_at).where(
        stores.c.identity == identity, stores.c.probed_at.is_not(None)
    )
    row = connection.execute(query).one_or_none()
    return (row.capabilities, row.probed_at) if row else None


def keep_capabilities(connection: Connection, identity: str, seen: Capabilities, now: Moment) -> None:
    """Keep what a store was seen to do."""
    values = {
        "capabilities": {
            "versioning": seen.versioning,
            "object_lock": seen.object_lock,
            "conditional_put": seen.conditional_put,
            "published_versioning": seen.published_versioning,
            "published_lock": seen.published_lock,
        },
        "probed_at": now,
    }
    written = insert_or(stores).values(identity=identity, **values)
    connection.execute(written.on_conflict_do_update(index_elements=["identity"], set_=values))


def keep_sealed(connection: Connection, identity: str, sealed: bytes) -> None:
    """Keep where a store is, sealed."""
    written = insert_or(stores).values(identity=identity, sealed=sealed)
    connection.execute(written.on_conflict_do_update(index_elements=["identity"], set_={"sealed": sealed}))


def sealed_store(connection: Connection, identity: str) -> bytes | None:
    """Return where a store is, sealed, or None when nobody told us."""
    return connection.execute(select(stores.c.sealed).where(stores.c.identity == identity)).scalar()


def forget_store(connection: Connection, identity: str) -> None:
    """Forget a store that nothing lies in any more."""
    connection.execute(delete(stores).where(stores.c.identity == identity))


def newest_epoch(connection: Connection) -> str | None:
    """Return the epoch the database is in."""
    return connection.execute(select(epochs.c.epoch).order_by(epochs.c.number.desc()).limit(1)).scalar()


def begin_epoch(connection: Connection, epoch: str, reason: str, now: Moment) -> None:
    """Begin another history."""
    number = select(func.coalesce(func.max(epochs.c.number), 0) + 1).scalar_subquery()
    connection.execute(insert(epochs).values(number=number, epoch=epoch, reason=reason, begun_at=now))


def known_strays(connection: Connection, store: str, bucket: str, keys: Sequence[str]) -> set[str]:
    """Return those of some keys that an earlier run has found to be strays."""
    query = select(strays.c.key).where(strays.c.store == store, strays.c.bucket == bucket, strays.c.key.in_(keys))
    return set(connection.execute(query).scalars())


def add_strays(connection: Connection, store: str, found: Iterable[ObjectStat], now: Moment) -> None:
    """Note that strays were seen; those that were noted keep the instant they were found first."""
    rows = [
        {
            "store": store,
            "bucket": item.place.bucket,
            "key": item.place.key,
            "size_bytes": item.size_bytes,
            "modified_at": Moment(item.modified_at) if item.modified_at else now,
            "found_at": now,
            "seen_at": now,
        }
        for item in found
    ]
    if rows:
        seen = insert_or(strays).on_conflict_do_update(index_elements=["store", "bucket", "key"], set_={"seen_at": now})
        connection.execute(seen, rows)


def drop_strays(connection: Connection, store: str, bucket: str, keys: Sequence[str]) -> None:
    """Take strays off the list: they went, or have a row after all."""
    connection.execute(delete(strays).where(strays.c.store == store, strays.c.bucket == bucket, strays.c.key.in_(keys)))


def drop_unseen_strays(connection: Connection, store: str, run: Moment) -> None:
    """Take off the list what a run did not see: it went, or has a row after all."""
    connection.execute(delete(strays).where(strays.c.store == store, strays.c.seen_at < run))


def strays_before(connection: Connection, store: str, run: Moment, limit: int) -> list[ObjectName]:
    """Return the next strays of a store that were found before a run and seen again by it."""
    query = select(strays.c.bucket, strays.c.key).where(
        strays.c.store == store, strays.c.found_at < run, strays.c.seen_at >= run
    )
    rows = connection.execute(query.order_by(strays.c.bucket, strays.c.key).limit(limit))
    return [ObjectName(store, row.bucket, row.key) for row in rows]


def add_replica(connection: Connection, name: ObjectName, replica: str, version_id: str | None, now: Moment) -> None:
    """Note that an object lies in a replica store, too."""
    values = {"version_id": version_id, "made_at": now}
    written = insert_or(object_replicas).values(bucket=name.bucket, key=name.key, replica=replica, **values)
    connection.execute(written.on_conflict_do_update(index_elements=["bucket", "key", "replica"], set_=values))


def replicas_of(connection: Connection, name: ObjectName) -> list[tuple[str, str | None]]:
    """Return the replica stores that hold an object, and the version in each."""
    query = select(object_replicas.c.replica, object_replicas.c.version_id).where(
        object_replicas.c.bucket == name.bucket, object_replicas.c.key == name.key
    )
    return [(row.replica, row.version_id) for row in connection.execute(query.order_by(object_replicas.c.replica))]


def drop_replica(connection: Connection, name: ObjectName, replica: str) -> None:
    """Forget that a replica store holds an object."""
    connection.execute(
        delete(object_replicas).where(
            object_replicas.c.bucket == name.bucket,
            object_replicas.c.key == name.key,
            object_replicas.c.replica == replica,
        )
    )


def unreplicated(connection: Connection, replica: str, after: ObjectName | None, limit: int) -> list[ObjectName]:
    """Return objects that a replica store does not hold, in order, from after ``after`` on."""
    place = (blobs.c.store, blobs.c.bucket, blobs.c.key)
    held = select(object_replicas.c.key).where(
        object_replicas.c.bucket == blobs.c.bucket,
        object_replicas.c.key == blobs.c.key,
        object_replicas.c.replica == replica,
    )
    query = select(*place).where(blobs.c.state.in_([BlobState.VERIFIED, BlobState.CONDEMNED]), ~held.exists())
    if after is not None:
        query = query.where(tuple_(*place) > tuple_(after.store, after.bucket, after.key))
    rows = connection.execute(query.group_by(*place).order_by(*place).limit(limit))
    return [ObjectName(*row) for row in rows]


def claim_night(connection: Connection, task: str, night: date, now: Moment) -> bool:
    """Take a task of a night; False when somebody has it."""
    written = insert_or(upkeep_runs).values(task=task, night=night, begun_at=now).on_conflict_do_nothing()
    return connection.execute(written.returning(upkeep_runs.c.task)).first() is not None


def end_night(connection: Connection, task: str, night: date, now: Moment, result: Mapping[str, Json]) -> None:
    """Note what a task of a night has led to."""
    connection.execute(
        update(upkeep_runs)
        .where(and_(upkeep_runs.c.task == task, upkeep_runs.c.night == night))
        .values(ended_at=now, result=dict(result))
    )


def unretained(connection: Connection, store: str, before: Moment, limit: int) -> list[tuple[ObjectName, str | None]]:
    """Return objects of published versions whose retention ends before ``before``, or that have none."""
    rows = connection.execute(
        text(
            "SELECT b.store, b.bucket, b.key, max(b.version_id) AS version_id FROM blobs b "
            "WHERE b.store = :store AND b.bucket = 'published' AND b.state = 'verified' "
            "AND (b.retained_until IS NULL OR b.retained_until < :before) "
            "AND EXISTS (SELECT FROM version_files f JOIN versions v ON v.id = f.version_id "
            "WHERE f.blob_id = b.id AND v.state IN ('published', 'withdrawn', 'recalled')) "
            "GROUP BY b.store, b.bucket, b.key LIMIT :most"
        ),
        {"store": store, "before": before.instant, "most": limit},
    )
    return [(ObjectName(row.store, row.bucket, row.key), row.version_id) for row in rows]


def set_retained(connection: Connection, name: ObjectName, until: Moment) -> None:
    """Note until when an object is kept."""
    connection.execute(
        update(blobs)
        .where(blobs.c.store == name.store, blobs.c.bucket == name.bucket, blobs.c.key == name.key)
        .values(retained_until=until)
    )


def let_go_of_abandoned(connection: Connection, before: Moment) -> int:
    """Let go of the files of drafts that were abandoned, once they are old; return how many rows that were."""
    done = connection.execute(
        text(
            "DELETE FROM version_files f USING versions v "
            "WHERE v.id = f.version_id AND v.state = 'abandoned' AND v.created_at < :before"
        ),
        {"before": before.instant},
    )
    return done.rowcount


def stores_of_rows(connection: Connection) -> list[str]:
    """Return the identities of the stores in which bytes lie."""
    query = select(blobs.c.store).where(blobs.c.state != BlobState.GONE).distinct().order_by(blobs.c.store)
    return list(connection.execute(query).scalars())


def sealed_identities(connection: Connection) -> list[str]:
    """Return the identities of the stores that we were told of."""
    query = select(stores.c.identity).where(stores.c.sealed.is_not(None)).order_by(stores.c.identity)
    return list(connection.execute(query).scalars())
