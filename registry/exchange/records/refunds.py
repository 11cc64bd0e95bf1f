"""What sellers sent back, and what the buyers said of it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Row, Table, UniqueConstraint, select, union, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.exchange.model import Refund, RefundState
from registry.exchange.records.columns import one_of
from registry.exchange.records.invoices import invoices
from registry.values.identifiers import FirmId, InvoiceId, OrderId, RefundId
from registry.values.records import IdColumn, Key, MomentColumn, MoneyColumn
from storage.batches import any_of
from storage.database import Connection, Writes, metadata, rows_may

order_refunds = Table(
    "order_refunds",
    metadata,
    Column("id", IdColumn(RefundId), primary_key=True),
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("invoice_id", IdColumn(InvoiceId), ForeignKey("invoices.id", ondelete="RESTRICT")),
    Column("seller_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("reference", Key, nullable=False),
    Column("refunded_on", Date, nullable=False),
    Column("amount", MoneyColumn, CheckConstraint("amount > 0", "amount"), nullable=False),
    Column("state", Key, CheckConstraint(one_of("state", RefundState), "state"), nullable=False),
    Column("recorded_at", MomentColumn, nullable=False),
    Column("answered_at", MomentColumn),
    UniqueConstraint("seller_id", "reference"),
    CheckConstraint("(state = 'recorded') = (answered_at IS NULL)", "answered"),
    **rows_may(Writes.UPDATE),
)
"""One bank transfer is recorded once, whichever order it is said to be for."""


def _refund(row: Row[Any]) -> Refund:
    return Refund(
        id=row.id,
        order=row.order_id,
        invoice=row.invoice_id,
        amount=row.amount,
        refunded_on=row.refunded_on,
        reference=row.reference,
        state=RefundState(row.state),
        recorded_at=row.recorded_at,
        answered_at=row.answered_at,
    )


def invoiced_or_refunded(connection: Connection, wanted: Collection[OrderId]) -> set[OrderId]:
    """Return those of some orders that have an invoice or a refund."""
    tables = (invoices, order_refunds)
    each = (select(table.c.order_id).where(any_of(table.c.order_id, wanted)) for table in tables)
    return set(connection.execute(union(*each)).scalars())


def add_refund(connection: Connection, made: Refund, seller: FirmId) -> bool:
    """Write a refund; False when the seller has named this reference before."""
    written = connection.execute(
        insert_or(order_refunds)
        .values(
            id=made.id,
            order_id=made.order,
            invoice_id=made.invoice,
            seller_id=seller,
            reference=made.reference,
            refunded_on=made.refunded_on,
            amount=made.amount,
            state=made.state.value,
            recorded_at=made.recorded_at,
            answered_at=made.answered_at,
        )
        .on_conflict_do_nothing(index_elements=["seller_id", "reference"])
        .returning(order_refunds.c.id)
    )
    return written.scalar() is not None


def save_refund(connection: Connection, made: Refund) -> None:
    """Write what the buyer said of a refund."""
    connection.execute(
        update(order_refunds)
        .where(order_refunds.c.id == made.id)
        .values(state=made.state.value, answered_at=made.answered_at)
    )


def refund_of(connection: Connection, refund: RefundId) -> Refund | None:
    """Return a refund."""
    row = connection.execute(select(order_refunds).where(order_refunds.c.id == refund)).one_or_none()
    return _refund(row) if row else None


def refunds_of(connection: Connection, order: OrderId) -> tuple[Refund, ...]:
    """Return the refunds of an order by day and reference."""
    query = select(order_refunds).where(order_refunds.c.order_id == order)
    ordered = query.order_by(order_refunds.c.refunded_on, order_refunds.c.reference)
    return tuple(_refund(row) for row in connection.execute(ordered))
