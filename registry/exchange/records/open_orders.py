"""Orders on which somebody may have to act, and what was reminded of."""

from typing import Any

from sqlalchemy import Column, ForeignKey, Select, Table, and_, exists, or_, select
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.exchange.dispute_model import DisputeState
from registry.exchange.model import Order, OrderState, RefundState, Verification
from registry.exchange.offer_model import METERED
from registry.exchange.records.disputes import disputes
from registry.exchange.records.invoices import invoices
from registry.exchange.records.listings import listings
from registry.exchange.records.orders import of_reader, order_from, orders
from registry.exchange.records.red_letters import red_letters
from registry.exchange.records.refunds import order_refunds
from registry.values.identifiers import AuthorityId, FirmId, OrderId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

_OPEN = (OrderState.PLACED.value, OrderState.ACCEPTED.value, OrderState.DELIVERED.value)

order_reminders = Table(
    "order_reminders",
    metadata,
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), primary_key=True),
    Column("waits_for", Key, primary_key=True),
    Column("kind", Key, primary_key=True),
    Column("sent_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)
"""What was reminded of: once for each wait of an order and each kind."""


def open_orders_page(
    connection: Connection, reader: FirmId | AuthorityId | None, after: OrderId | None, limit: int
) -> list[Order]:
    """Return orders on which somebody may have to act, of a reader or of all, newest first."""
    unseen = Verification.UNVERIFIED.value
    metered = exists().where(
        listings.c.id == orders.c.listing_id, listings.c.price_kind.in_([each.value for each in METERED])
    )
    query: Select[Any] = select(orders).where(
        or_(
            orders.c.state.in_(_OPEN),
            and_(orders.c.state == OrderState.CLOSED.value, metered),
            exists().where(invoices.c.order_id == orders.c.id, invoices.c.verification == unseen),
            exists().where(red_letters.c.order_id == orders.c.id, red_letters.c.verification == unseen),
            exists().where(disputes.c.order_id == orders.c.id, disputes.c.state != DisputeState.WITHDRAWN.value),
            exists().where(order_refunds.c.order_id == orders.c.id, order_refunds.c.state != RefundState.REFUSED.value),
        )
    )
    if reader is not None:
        query = query.where(of_reader(reader))
    if after is not None:
        query = query.where(orders.c.id < after)
    return [order_from(row) for row in connection.execute(query.order_by(orders.c.id.desc()).limit(limit))]


def claim_order_reminder(connection: Connection, order: OrderId, waits_for: str, kind: str, now: Moment) -> bool:
    """Note that a reminder is sent; False when it was sent before."""
    made = insert_or(order_reminders).values(order_id=order, waits_for=waits_for, kind=kind, sent_at=now)
    return connection.execute(made.on_conflict_do_nothing().returning(order_reminders.c.kind)).scalar() is not None
