"""The table of metered reads, and how what was sent of a read comes into it exactly once."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, Integer, Table, text

from registry.catalog.records.deliveries import add_deliveries
from registry.catalog.usage_model import DeliveredSpans
from registry.values.identifiers import VersionId
from registry.values.moment import SHANGHAI
from registry.values.records import IdColumn, Key
from storage.database import Connection, Writes, metadata, rows_may

metered_reads = Table(
    "metered_reads",
    metadata,
    Column("party", Key, primary_key=True),
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("door", Key, primary_key=True),
    Column("reads", Integer, CheckConstraint("reads >= 0", "reads"), nullable=False),
    Column("sent_bytes", BigInteger, CheckConstraint("sent_bytes > 0", "sent_bytes"), nullable=False),
    Index("ix_metered_reads_version", "version_id", "day"),
    **rows_may(Writes.UPDATE),
)
"""What a party read of a version on a day through a door. ``day`` is the civil day on which the read was given out, so
that a log which comes late changes the same row; ``reads`` are those by which anything was sent."""

_METER = text(
    """
    WITH due AS (
        SELECT held.read_id, held.read_at, held.metered_bytes AS before,
               (SELECT coalesce(sum(upper(span) - lower(span)), 0) FROM unnest(held.covered) AS span) AS sent
          FROM deliveries held
          JOIN unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) AS asked(id, at)
            ON held.read_id = asked.id AND held.read_at = asked.at
    ), moved AS (
        UPDATE deliveries held SET metered_bytes = due.sent
          FROM due
         WHERE held.read_id = due.read_id AND held.read_at = due.read_at AND due.sent > due.before
        RETURNING held.read_id, held.read_at, due.before, due.sent
    )
    INSERT INTO metered_reads AS meter (party, version_id, day, door, reads, sent_bytes)
    SELECT event.party, event.version_id, CAST(timezone(:zone, event.read_at) AS date), event.door,
           count(*) FILTER (WHERE moved.before = 0), sum(moved.sent - moved.before)
      FROM moved JOIN usage_events event ON event.id = moved.read_id AND event.read_at = moved.read_at
     GROUP BY 1, 2, 3, 4
     ORDER BY 1, 2, 3, 4
    ON CONFLICT (party, version_id, day, door) DO UPDATE
       SET reads = meter.reads + excluded.reads, sent_bytes = meter.sent_bytes + excluded.sent_bytes
    """
)


def meter_deliveries(connection: Connection, made: Sequence[DeliveredSpans]) -> None:
    """Add spans to what is known of their reads, and what is new of them to the meter.

    Writing the spans locks the rows of their reads, so what is new is seen by one transaction only; the same span
    twice is nothing new. Give reads in one order everywhere.
    """
    if not made:
        return
    add_deliveries(connection, made)
    connection.execute(
        _METER,
        {
            "ids": [each.read.id.uuid for each in made],
            "times": [each.read.read_at.instant for each in made],
            "zone": SHANGHAI.key,
        },
    )
