"""Recorded uses of pools that are not ours, and what ended them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    Table,
    Text,
    and_,
    func,
    insert,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.exchange.records import invoices
from registry.exchange.records import orders as order_rows
from registry.values.identifiers import AccountId, AuthorityId, ExternalUseId, FirmId, OrderId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn, MoneyColumn
from registry.vouchers.external_model import EndExternalUse, ExternalUse
from registry.vouchers.records.columns import authority_column
from storage.batches import any_of
from storage.database import Connection, Writes, metadata, rows_may

external_uses = Table(
    "external_uses",
    metadata,
    Column("id", IdColumn(ExternalUseId), primary_key=True),
    authority_column(),
    Column("document", Key, nullable=False),
    Column("instrument", Key, nullable=False),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("organ", Text, nullable=False),
    Column("number", Key, nullable=False),
    Column("line", Integer, CheckConstraint("line > 0", "line"), nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("amount", MoneyColumn, CheckConstraint("amount > 0", "amount"), nullable=False),
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), index=True),
    Column("invoice_number", Key, index=True),
    Column("source", Text, nullable=False),
    Column("recorded_by", IdColumn(AccountId), nullable=False),
    Column("recorded_at", MomentColumn, nullable=False),
    CheckConstraint("num_nonnulls(order_id, invoice_number) > 0", "purchase"),
    **rows_may(Writes.APPEND),
)

Index("ix_external_uses_line_of_document", external_uses.c.authority_id, external_uses.c.number, external_uses.c.line)

ended = Table(
    "external_uses_ended",
    metadata,
    Column("use_id", IdColumn(ExternalUseId), ForeignKey("external_uses.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ended_by", IdColumn(AccountId), nullable=False),
    Column("ended_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)


def _uses() -> Select[Any]:
    said = [ended.c.number.label("ended_number"), ended.c.reason.label("ended_reason"), ended.c.ended_at]
    return select(external_uses, *said).outerjoin(ended, ended.c.use_id == external_uses.c.id)


def _use(row: Row[Any]) -> ExternalUse:
    return ExternalUse(
        id=row.id,
        authority=row.authority_id,
        document=row.document,
        instrument=row.instrument,
        firm=row.firm_id,
        organ=row.organ,
        number=row.number,
        line=row.line,
        decided_on=row.decided_on,
        amount=row.amount,
        order=row.order_id,
        invoice=row.invoice_number,
        source=row.source,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
        ended_by_number=row.ended_number,
        ended_reason=row.ended_reason,
        ended_at=row.ended_at,
    )


def add_external_use(connection: Connection, made: ExternalUse) -> bool:
    """Write a use; False when one of this line of the organ's document stands."""
    line = (made.authority, made.organ, made.number, made.line)
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"external use {line}", 0))))
    same = (
        external_uses.c.authority_id == made.authority,
        external_uses.c.organ == made.organ,
        external_uses.c.number == made.number,
        external_uses.c.line == made.line,
    )
    standing = _uses().where(*same, ended.c.use_id.is_(None)).limit(1)
    if connection.execute(standing).first() is not None:
        return False
    connection.execute(
        insert(external_uses).values(
            id=made.id,
            authority_id=made.authority,
            document=made.document,
            instrument=made.instrument,
            firm_id=made.firm,
            organ=made.organ,
            number=made.number,
            line=made.line,
            decided_on=made.decided_on,
            amount=made.amount,
            order_id=made.order,
            invoice_number=made.invoice,
            source=made.source,
            recorded_by=made.recorded_by,
            recorded_at=made.recorded_at,
        )
    )
    return True


def external_use_of(connection: Connection, use: ExternalUseId) -> ExternalUse | None:
    """Return a use."""
    row = connection.execute(_uses().where(external_uses.c.id == use)).one_or_none()
    return _use(row) if row else None


def externally_used(connection: Connection, orders: Collection[OrderId]) -> set[OrderId]:
    """Return those of some orders for which uses may stand: by the order, or by an invoice of it."""
    of_order = select(external_uses.c.order_id).where(any_of(external_uses.c.order_id, orders))
    of_invoice = (
        select(invoices.c.order_id)
        .join(order_rows, order_rows.c.id == invoices.c.order_id)
        .join(
            external_uses,
            and_(
                external_uses.c.invoice_number == invoices.c.number,
                external_uses.c.firm_id == order_rows.c.buyer_id,
            ),
        )
        .where(any_of(invoices.c.order_id, orders))
    )
    return set(connection.execute(union(of_order, of_invoice)).scalars())


def end_external_use(connection: Connection, command: EndExternalUse, by: AccountId, at: Moment) -> bool:
    """Write that a use was ended; False when it was before."""
    made = connection.execute(
        insert_or(ended)
        .values(use_id=command.use, number=command.number, reason=command.reason, ended_by=by, ended_at=at)
        .on_conflict_do_nothing(index_elements=["use_id"])
        .returning(ended.c.use_id)
    )
    return made.scalar() is not None


def external_uses_page(
    connection: Connection, reader: FirmId | AuthorityId, after: ExternalUseId | None, limit: int
) -> list[ExternalUse]:
    """Return the uses of a firm, or those an authority recorded, the newest first."""
    own = external_uses.c.authority_id if isinstance(reader, AuthorityId) else external_uses.c.firm_id
    query = _uses().where(own == reader)
    if after is not None:
        query = query.where(external_uses.c.id < after)
    return [_use(row) for row in connection.execute(query.order_by(external_uses.c.id.desc()).limit(limit))]


def external_uses_for(connection: Connection, order: OrderId) -> list[ExternalUse]:
    """Return the standing uses of a buyer for its purchase: by its order, or by an invoice of it.

    A number that stands in another firm's use says nothing of this purchase: sellers number as they like.
    """
    buyer = select(order_rows.c.buyer_id).where(order_rows.c.id == order).scalar_subquery()
    of_order = select(invoices.c.number).where(invoices.c.order_id == order)
    named = or_(external_uses.c.order_id == order, external_uses.c.invoice_number.in_(of_order))
    query = (
        _uses()
        .where(named, external_uses.c.firm_id == buyer, ended.c.use_id.is_(None))
        .order_by(external_uses.c.id)
        .limit(100)
    )
    return [_use(row) for row in connection.execute(query)]
