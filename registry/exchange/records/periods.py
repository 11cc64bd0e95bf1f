"""Periods of orders, what buyers said of them, and which invoices bill them: written once, never changed."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Row,
    Select,
    Table,
    Text,
    insert,
    select,
)

from registry.exchange.model import Invoice
from registry.exchange.period_model import OrderPeriod, PeriodState
from registry.values.identifiers import AccountId, EvidenceId, InvoiceId, OrderId, PeriodId
from registry.values.records import DigestColumn, IdColumn, MomentColumn, MoneyColumn
from storage.database import Connection, Writes, metadata, rows_may

order_periods = Table(
    "order_periods",
    metadata,
    Column("id", IdColumn(PeriodId), primary_key=True),
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("used", BigInteger, CheckConstraint("used >= 0", "used"), nullable=False),
    Column("due", MoneyColumn, CheckConstraint("due >= 0", "due"), nullable=False),
    Column("log_digest", DigestColumn),
    Column("evidence_id", IdColumn(EvidenceId), ForeignKey("evidence.id", ondelete="RESTRICT")),
    Column("stated_at", MomentColumn, nullable=False),
    Column("stated_by", IdColumn(AccountId)),
    CheckConstraint("first_day <= last_day", "days"),
    CheckConstraint("evidence_id IS NULL OR log_digest IS NOT NULL", "log"),
    **rows_may(Writes.APPEND),
)

order_period_answers = Table(
    "order_period_answers",
    metadata,
    Column("period_id", IdColumn(PeriodId), ForeignKey("order_periods.id", ondelete="RESTRICT"), primary_key=True),
    Column("accepted", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("answered_at", MomentColumn, nullable=False),
    Column("answered_by", IdColumn(AccountId)),
    CheckConstraint("accepted OR reason <> ''", "reason"),
    **rows_may(Writes.APPEND),
)
"""One answer for each period, for ever."""

invoice_periods = Table(
    "invoice_periods",
    metadata,
    Column("invoice_id", IdColumn(InvoiceId), ForeignKey("invoices.id", ondelete="RESTRICT"), primary_key=True),
    Column(
        "period_id",
        IdColumn(PeriodId),
        ForeignKey("order_periods.id", ondelete="RESTRICT"),
        primary_key=True,
        index=True,
    ),
    **rows_may(Writes.APPEND),
)


def _periods() -> Select[Any]:
    return select(order_periods, order_period_answers).outerjoin(
        order_period_answers, order_period_answers.c.period_id == order_periods.c.id
    )


def _period(row: Row[Any]) -> OrderPeriod:
    state = PeriodState.STATED
    if row.accepted is not None:
        state = PeriodState.ACCEPTED if row.accepted else PeriodState.OBJECTED
    return OrderPeriod(
        id=row.id,
        order=row.order_id,
        first=row.first_day,
        last=row.last_day,
        used=row.used,
        due=row.due,
        log=row.log_digest,
        evidence=row.evidence_id,
        stated_at=row.stated_at,
        state=state,
        reason=row.reason or "",
        answered_at=row.answered_at,
    )


def add_period(connection: Connection, made: OrderPeriod, by: AccountId | None) -> None:
    """Write a period as its seller states it."""
    connection.execute(
        insert(order_periods).values(
            id=made.id,
            order_id=made.order,
            first_day=made.first,
            last_day=made.last,
            used=made.used,
            due=made.due,
            log_digest=made.log,
            evidence_id=made.evidence,
            stated_at=made.stated_at,
            stated_by=by,
        )
    )


def add_period_answer(connection: Connection, made: OrderPeriod, by: AccountId | None) -> None:
    """Write what the buyer said of a period."""
    connection.execute(
        insert(order_period_answers).values(
            period_id=made.id,
            accepted=made.state is PeriodState.ACCEPTED,
            reason=made.reason,
            answered_at=made.answered_at,
            answered_by=by,
        )
    )


def period_of_order(connection: Connection, period: PeriodId) -> OrderPeriod | None:
    """Return a period of an order."""
    row = connection.execute(_periods().where(order_periods.c.id == period)).one_or_none()
    return _period(row) if row else None


def periods_of(connection: Connection, order: OrderId) -> tuple[OrderPeriod, ...]:
    """Return every period of an order, also those objected to, by day and in the order they were stated."""
    query = _periods().where(order_periods.c.order_id == order)
    ordered = query.order_by(order_periods.c.first_day, order_periods.c.stated_at, order_periods.c.id)
    return tuple(_period(row) for row in connection.execute(ordered))


def add_billed(connection: Connection, invoice: Invoice) -> None:
    """Write which periods an invoice bills."""
    if invoice.periods:
        rows = [{"invoice_id": invoice.id, "period_id": each} for each in invoice.periods]
        connection.execute(insert(invoice_periods), rows)


def billed_of(connection: Connection, order: OrderId) -> Mapping[InvoiceId, tuple[PeriodId, ...]]:
    """Return the periods that the invoices of an order bill, by day."""
    query = (
        select(invoice_periods)
        .join(order_periods, order_periods.c.id == invoice_periods.c.period_id)
        .where(order_periods.c.order_id == order)
        .order_by(order_periods.c.first_day, order_periods.c.id)
    )
    found: dict[InvoiceId, list[PeriodId]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.invoice_id].append(row.period_id)
    return {invoice: tuple(each) for invoice, each in found.items()}
