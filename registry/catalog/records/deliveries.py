"""Table of deliveries: which bytes of a signed read were sent, as the access log shows them."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Column, Table, text
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE

from registry.catalog.usage_model import DeliveredReads, DeliveredSpans, IssuedRead, UsageDay
from registry.values.identifiers import DatasetId, ReadId, VersionId
from registry.values.moment import SHANGHAI, Moment
from registry.values.records import IdColumn, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

deliveries = Table(
    "deliveries",
    metadata,
    Column("read_id", IdColumn(ReadId), primary_key=True),
    Column("read_at", MomentColumn, primary_key=True),
    Column("first_at", MomentColumn, nullable=False),
    Column("covered", INT8MULTIRANGE, nullable=False),
    Column("metered_bytes", BigInteger, nullable=False, server_default="0"),
    **rows_may(Writes.UPDATE, partitioned_by="read_at"),
)
"""One row for each signed read that was used. ``read_at`` is when its address was given out, ``first_at`` when it was
first asked for, ``covered`` the union of what was sent: it only grows, and the same span twice changes nothing.
``metered_bytes`` of it are in ``metered_reads``."""

_ISSUED = text(
    """
    SELECT event.id, event.read_at, event.size_bytes, blob.key
      FROM usage_events event JOIN blobs blob ON blob.id = event.blob_id
     WHERE event.id = ANY(:ids)
    """
)

_ADD = text(
    """
    INSERT INTO deliveries AS held (read_id, read_at, first_at, covered)
    VALUES (:read_id, :read_at, :first_at, CAST(:covered AS int8multirange))
    ON CONFLICT (read_id, read_at) DO UPDATE
       SET covered = held.covered + excluded.covered, first_at = least(held.first_at, excluded.first_at)
     WHERE NOT held.covered @> excluded.covered OR excluded.first_at < held.first_at
    """
)

_DAYS = text(
    """
    WITH issued AS (
        SELECT CAST(timezone(:zone, event.read_at) AS date) AS day, count(*) AS reads,
               count(DISTINCT event.party) AS parties, sum(event.size_bytes) AS size_bytes
          FROM usage_events event JOIN versions version ON version.id = event.version_id
         WHERE version.dataset_id = :dataset AND (CAST(:before AS timestamptz) IS NULL OR event.read_at < :before)
         GROUP BY 1
    ), delivered AS (
        SELECT CAST(timezone(:zone, held.first_at) AS date) AS day, count(*) AS downloads,
               count(*) FILTER (WHERE held.covered @> int8range(0, event.size_bytes)) AS complete,
               sum((SELECT coalesce(sum(upper(span) - lower(span)), 0) FROM unnest(held.covered) AS span)) AS sent_bytes
          FROM deliveries held
          JOIN usage_events event ON event.id = held.read_id AND event.read_at = held.read_at
          JOIN versions version ON version.id = event.version_id
         WHERE version.dataset_id = :dataset AND (CAST(:before AS timestamptz) IS NULL OR held.first_at < :before)
         GROUP BY 1
    )
    SELECT coalesce(issued.day, delivered.day) AS day, coalesce(reads, 0) AS reads, coalesce(parties, 0) AS parties,
           coalesce(size_bytes, 0) AS size_bytes, coalesce(downloads, 0) AS downloads,
           coalesce(complete, 0) AS complete, coalesce(sent_bytes, 0) AS sent_bytes
      FROM issued FULL JOIN delivered ON issued.day = delivered.day
     ORDER BY 1 DESC
     LIMIT :limit
    """
)


_DELIVERED_TO = text(
    """
    SELECT CAST(timezone(:zone, min(got_at)) AS date) AS first_on,
           CAST(timezone(:zone, max(last_at)) AS date) AS last_on,
           CAST(timezone(:zone, max(got_at)) AS date) AS whole_on,
           coalesce(sum(reads), 0) AS downloads, count(*) AS files, coalesce(sum(size_bytes), 0) AS size_bytes
      FROM (
        SELECT min(held.first_at) AS got_at, max(held.first_at) AS last_at, count(*) AS reads,
               sum(event.size_bytes) AS size_bytes
          FROM usage_events event
          JOIN deliveries held ON held.read_id = event.id AND held.read_at = event.read_at
         WHERE event.version_id = :version AND event.party = :party
           AND held.covered @> int8range(0, event.size_bytes)
         GROUP BY event.path
      ) AS file
    """
)


def issued_reads(connection: Connection, wanted: Iterable[ReadId]) -> dict[ReadId, IssuedRead]:
    """Return those of some read ids that were given out here, with the place and size of their files."""
    rows = connection.execute(_ISSUED, {"ids": [read.uuid for read in wanted]})
    found = (IssuedRead(ReadId.of_uuid(row.id), Moment(row.read_at), row.key, row.size_bytes) for row in rows)
    return {each.id: each for each in found}


def add_deliveries(connection: Connection, made: Sequence[DeliveredSpans]) -> None:
    """Add spans to what is known of their reads."""
    rows = [
        {
            "read_id": each.read.id.uuid,
            "read_at": each.read.read_at.instant,
            "first_at": each.first_at.instant,
            "covered": "{" + ",".join(f"[{first},{last})" for first, last in each.spans) + "}",
        }
        for each in made
    ]
    if rows:
        connection.execute(_ADD, rows)


def delivered_to(connection: Connection, version: VersionId, party: str) -> DeliveredReads | None:
    """Return what of a version was sent to a party to the last byte, None when nothing was."""
    asked = {"zone": SHANGHAI.key, "version": version.uuid, "party": party}
    row = connection.execute(_DELIVERED_TO, asked).one()
    if not row.downloads:
        return None
    return DeliveredReads(row.first_on, row.last_on, row.whole_on, int(row.downloads), row.files, int(row.size_bytes))


def usage_of(connection: Connection, dataset: DatasetId, before: date | None, limit: int) -> tuple[UsageDay, ...]:
    """Return the days on which reads of a dataset were issued or delivered, the newest first, before ``before``."""
    asked: dict[str, Any] = {
        "zone": SHANGHAI.key,
        "dataset": dataset.uuid,
        "before": Moment.start_of(before).instant if before else None,
        "limit": limit,
    }
    return tuple(
        UsageDay(row.day, row.reads, row.parties, int(row.size_bytes), row.downloads, row.complete, int(row.sent_bytes))
        for row in connection.execute(_DAYS, asked)
    )
