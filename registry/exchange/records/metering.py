"""What of metered reads an order is charged with, and totals for whoever may know them."""

from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Select,
    Text,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
)

from registry.catalog.records import metered_reads, versions
from registry.exchange.metering_model import MeteredLine, MeteredTotal
from registry.exchange.records.listings import listings
from registry.exchange.records.orders import orders
from registry.parties.records import firms, stands_in_register
from registry.values.identifiers import AuthorityId, DatasetId, FirmId, OrderId, VersionId
from registry.values.moment import SHANGHAI
from registry.values.records import Key
from storage.database import Connection

_CHARGED = text(
    """
    SELECT meter.version_id, meter.door, sum(meter.reads) AS reads, sum(meter.sent_bytes) AS sent_bytes
      FROM grants own
      JOIN versions version ON version.dataset_id = own.dataset_id
       AND (own.version_id IS NULL OR own.version_id = version.id)
      JOIN metered_reads meter ON meter.version_id = version.id AND meter.party = :party
     WHERE own.order_id = :order
       AND meter.day <= :last AND (CAST(:first AS date) IS NULL OR meter.day >= :first)
       AND meter.day >= CAST(timezone(:zone, own.granted_at) AS date)
       AND (own.ended_at IS NULL OR meter.day <= CAST(timezone(:zone, own.ended_at) AS date))
       AND NOT EXISTS (
           SELECT FROM grants other JOIN orders placed ON placed.id = other.order_id
             JOIN listings listing ON listing.id = placed.listing_id
            WHERE other.firm = own.firm AND other.dataset_id = own.dataset_id
              AND (other.granted_at, other.order_id) < (own.granted_at, own.order_id)
              AND listing.price_kind IN ('by_volume', 'by_call')
              AND (other.version_id IS NULL OR other.version_id = version.id)
              AND (other.ended_at IS NULL OR meter.day <= CAST(timezone(:zone, other.ended_at) AS date)))
     GROUP BY meter.version_id, meter.door
     ORDER BY meter.version_id, meter.door
    """
)


def charged(
    connection: Connection, order: OrderId, buyer: FirmId, first: date | None, last: date
) -> tuple[MeteredLine, ...]:
    """Return what an order is charged with from ``first`` (None: its beginning) to ``last``, by version and door."""
    asked = {"order": order.uuid, "party": str(buyer), "first": first, "last": last, "zone": SHANGHAI.key}
    return tuple(
        MeteredLine(VersionId.of_uuid(row.version_id), row.door, int(row.reads), int(row.sent_bytes))
        for row in connection.execute(_CHARGED, asked)
    )


def totals_page(
    connection: Connection,
    reader: FirmId | AuthorityId,
    dataset: DatasetId | None,
    after: tuple[date, str, VersionId, str] | None,
    limit: int,
) -> list[MeteredTotal]:
    """Return what was read by month, party, version and door, as far as a firm or an authority may know it."""
    meter = metered_reads
    month = cast(func.date_trunc("month", meter.c.day), Date)
    query: Select[Any] = (
        select(
            month.label("month"),
            meter.c.party,
            meter.c.version_id,
            meter.c.door,
            func.sum(meter.c.reads).label("reads"),
            func.sum(meter.c.sent_bytes).label("sent_bytes"),
        )
        .join(versions, versions.c.id == meter.c.version_id)
        .where(or_(meter.c.party == str(reader), _known_to(reader)))
        .group_by(month, meter.c.party, meter.c.version_id, meter.c.door)
        .order_by(month, meter.c.party, meter.c.version_id, meter.c.door)
        .limit(limit)
    )
    if dataset:
        query = query.where(versions.c.dataset_id == dataset)
    if after:
        query = query.where(tuple_(month, meter.c.party, meter.c.version_id, meter.c.door) > tuple_(*_position(after)))
    return [_total(row) for row in connection.execute(query)]


def _position(after: tuple[date, str, VersionId, str]) -> tuple[ColumnElement[Any], ...]:
    month, party, version, door = after
    kept = metered_reads.c
    return (
        literal(month, Date),
        literal(party, Key),
        literal(version, kept.version_id.type),
        literal(door, Key),
    )


def _known_to(reader: FirmId | AuthorityId) -> ColumnElement[bool]:
    """Return the condition that a row is of a buyer of the firm's, by a signed contract, or of a firm of the office."""
    held = firms.alias("held")
    # A party of the meter is the id as it is shown; a column keeps its UUID.
    party = literal(f"{FirmId.prefix}_", Key) + func.replace(cast(held.c.id, Text), "-", "")
    if isinstance(reader, AuthorityId):
        known = stands_in_register(reader, (held.c.id,))
        return exists(select(held.c.id).where(metered_reads.c.party == party, known).correlate(metered_reads))
    bought = (
        select(orders.c.id)
        .join(listings, listings.c.id == orders.c.listing_id)
        .join(held, held.c.id == orders.c.buyer_id)
        .where(
            metered_reads.c.party == party,
            orders.c.signed_at.is_not(None),
            orders.c.dataset_id == versions.c.dataset_id,
            or_(orders.c.seller_id == reader, listings.c.offered_by == reader),
        )
    )
    return exists(bought.correlate(metered_reads, versions))


def _total(row: Row[Any]) -> MeteredTotal:
    return MeteredTotal(row.month, row.party, row.version_id, row.door, int(row.reads), int(row.sent_bytes))
