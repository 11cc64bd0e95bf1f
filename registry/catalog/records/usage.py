"""Tables of issued reads, one row for each file whose address was signed, and of what the journal says of each day."""

from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    func,
    insert,
    select,
)

from registry.catalog.usage_model import UsageDigest, UsageEvent
from registry.values.identifiers import AccountId, BlobId, ReadId, VersionId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

EVENTS_FETCHED = 5_000

usage_events = Table(
    "usage_events",
    metadata,
    Column("id", IdColumn(ReadId), primary_key=True),
    Column("read_at", MomentColumn, primary_key=True),
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), nullable=False),
    Column("blob_id", IdColumn(BlobId), ForeignKey("blobs.id", ondelete="RESTRICT"), nullable=False),
    Column("path", Key, nullable=False),
    Column("party", Key, nullable=False),
    Column("account_id", IdColumn(AccountId)),
    Column("door", Key, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    CheckConstraint("door ~ '^[a-z][a-z0-9_]*$'", "door"),
    CheckConstraint("size_bytes >= 0", "size_bytes"),
    Index("ix_usage_events_version", "version_id", "read_at"),
    Index("ix_usage_events_read_at", "read_at"),
    Index("ix_usage_events_holder", "version_id", "party"),
    **rows_may(Writes.APPEND, partitioned_by="read_at"),
)
"""``read_at`` is when the address was issued, ``party`` the firm or authority it was issued to."""

usage_digests = Table(
    "usage_digests",
    metadata,
    Column("day", Date, primary_key=True),
    Column("events", Integer, CheckConstraint("events > 0", "events"), nullable=False),
    Column("digest", DigestColumn, nullable=False),
    Column("digested_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)


def add_usage(connection: Connection, made: Iterable[UsageEvent]) -> None:
    """Write issued reads."""
    rows = [
        {
            "id": event.id,
            "read_at": event.read_at,
            "version_id": event.version,
            "blob_id": event.blob,
            "path": event.path,
            "party": event.party,
            "account_id": event.account,
            "door": event.door,
            "size_bytes": event.size_bytes,
        }
        for event in made
    ]
    if rows:
        connection.execute(insert(usage_events), rows)


def usage_between(connection: Connection, first: Moment, until: Moment) -> Iterator[UsageEvent]:
    """Yield the reads issued from ``first`` until before ``until``, in order of instant and id."""
    query = (
        select(usage_events)
        .where(usage_events.c.read_at >= first, usage_events.c.read_at < until)
        .order_by(usage_events.c.read_at, usage_events.c.id)
    )
    for row in connection.execute(query.execution_options(yield_per=EVENTS_FETCHED)):
        yield UsageEvent(
            id=row.id,
            read_at=row.read_at,
            version=row.version_id,
            blob=row.blob_id,
            path=row.path,
            party=row.party,
            account=row.account_id,
            door=row.door,
            size_bytes=row.size_bytes,
        )


def earliest_usage(connection: Connection, since: Moment | None) -> Moment | None:
    """Return when the first read was issued, or the first from ``since`` on."""
    query = select(usage_events.c.read_at).order_by(usage_events.c.read_at).limit(1)
    if since is not None:
        query = query.where(usage_events.c.read_at >= since)
    found: Moment | None = connection.execute(query).scalar()
    return found


def add_usage_digest(connection: Connection, made: UsageDigest, now: Moment) -> None:
    """Write what the journal says of a day."""
    connection.execute(
        insert(usage_digests).values(day=made.day, events=made.events, digest=made.digest, digested_at=now)
    )


def digested_days(connection: Connection) -> tuple[UsageDigest, ...]:
    """Return what the journal says of each day, the oldest first."""
    rows = connection.execute(select(usage_digests).order_by(usage_digests.c.day))
    return tuple(UsageDigest(row.day, row.events, row.digest) for row in rows)


def last_digested_day(connection: Connection) -> date | None:
    """Return the newest day the journal has a digest of."""
    found: date | None = connection.execute(select(func.max(usage_digests.c.day))).scalar()
    return found
