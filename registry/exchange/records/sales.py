"""Contracts with price and lineage, for rules that compare trades."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, Select, or_, select

from registry.catalog.records import datasets
from registry.exchange.model import SaleFact
from registry.exchange.records.listings import listings
from registry.exchange.records.orders import orders
from registry.values.identifiers import FirmId, OrderId
from registry.values.moment import Moment
from storage.database import Connection


def _sales() -> Select[Any]:
    return (
        select(
            orders.c.id,
            orders.c.buyer_id,
            orders.c.seller_id,
            orders.c.product_kind,
            orders.c.dataset_id,
            orders.c.net,
            orders.c.accepted_at,
            listings.c.offered_by,
            listings.c.unit,
            listings.c.unit_price,
            datasets.c.sector,
        )
        .join(listings, listings.c.id == orders.c.listing_id)
        .outerjoin(datasets, datasets.c.id == orders.c.dataset_id)
        # What only the seller signed, or was cancelled then, is no contract.
        .where(orders.c.signed_at.is_not(None))
    )


def _sale(row: Row[Any]) -> SaleFact:
    return SaleFact(
        order=row.id,
        buyer=row.buyer_id,
        seller=row.seller_id,
        supplier=row.offered_by,
        product=str(row.dataset_id) if row.dataset_id else f"{row.product_kind}/{row.unit}",
        kind=f"{row.product_kind}/{row.unit}/{row.sector or ''}",
        unit_price=row.unit_price,
        net=row.net,
        day=row.accepted_at.civil_day(),
    )


def sales_named(connection: Connection, named: Collection[OrderId]) -> tuple[SaleFact, ...]:
    """Return the contracts of some orders."""
    query = _sales().where(orders.c.id.in_(named))
    return tuple(_sale(row) for row in connection.execute(query))


def sales_of(
    connection: Connection, firms: Collection[FirmId], first: Moment, until: Moment, limit: int
) -> tuple[SaleFact, ...]:
    """Return contracts by which some firms bought, sold or supplied, from ``first`` until before ``until``."""
    sides = (orders.c.buyer_id, orders.c.seller_id, listings.c.offered_by)
    query = (
        _sales()
        .where(orders.c.accepted_at >= first, orders.c.accepted_at < until, or_(*(each.in_(firms) for each in sides)))
        .order_by(orders.c.accepted_at.desc(), orders.c.id)
        .limit(limit)
    )
    return tuple(_sale(row) for row in connection.execute(query))


def sales_like(
    connection: Connection, sale: SaleFact, first: Moment, until: Moment, limit: int
) -> tuple[SaleFact, ...]:
    """Return contracts over what is of the kind and unit of ``sale``, the newest first."""
    product_kind, rest = sale.kind.split("/", 1)
    unit, sector = rest.rsplit("/", 1)
    query = _sales().where(
        orders.c.product_kind == product_kind,
        listings.c.unit == unit,
        orders.c.accepted_at >= first,
        orders.c.accepted_at < until,
    )
    if sector:
        query = query.where(datasets.c.sector == sector)
    ordered = query.order_by(orders.c.accepted_at.desc(), orders.c.id).limit(limit)
    return tuple(_sale(row) for row in connection.execute(ordered))
