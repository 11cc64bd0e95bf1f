"""Invoices with every look-up at the tax platform, and what was paid."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Row,
    Table,
    UniqueConstraint,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.exchange.model import Invoice, InvoiceKind, Payment, RedLetter, Verification, VerifyInvoice
from registry.exchange.records.columns import one_of
from registry.exchange.records.periods import billed_of
from registry.exchange.records.red_letters import red_letters_of
from registry.values.identifiers import AccountId, FactId, FirmId, InvoiceId, OrderId, PeriodId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn, MoneyColumn
from storage.database import Connection, Writes, metadata, rows_may

invoices = Table(
    "invoices",
    metadata,
    Column("id", IdColumn(InvoiceId), primary_key=True),
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("seller_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("buyer_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("number", Key, CheckConstraint("number ~ '^[0-9]{20}$'", "number"), nullable=False, unique=True),
    Column("issued_on", Date, nullable=False),
    Column("kind", Key, CheckConstraint(one_of("kind", InvoiceKind), "kind"), nullable=False),
    Column("net", MoneyColumn, CheckConstraint("net > 0", "net"), nullable=False),
    Column("vat", MoneyColumn, CheckConstraint("vat >= 0", "vat"), nullable=False),
    Column("verification", Key, CheckConstraint(one_of("verification", Verification), "verification"), nullable=False),
    Column("checked_on", Date),
    Column("recorded_at", MomentColumn, nullable=False),
    CheckConstraint("(verification = 'unverified') = (checked_on IS NULL)", "checked"),
    **rows_may(Writes.UPDATE),
)
"""A number is used once for ever, also by another seller and also when the invoice turns out void."""


invoice_checks = Table(
    "invoice_checks",
    metadata,
    Column("id", IdColumn(FactId), primary_key=True),
    Column(
        "invoice_id", IdColumn(InvoiceId), ForeignKey("invoices.id", ondelete="RESTRICT"), nullable=False, index=True
    ),
    Column("recorded_at", MomentColumn, nullable=False),
    Column("result", Key, CheckConstraint(one_of("result", Verification), "result"), nullable=False),
    Column("checked_on", Date, nullable=False),
    Column("recorded_by", IdColumn(AccountId)),
    **rows_may(Writes.APPEND),
)


payments = Table(
    "order_payments",
    metadata,
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("payer_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), primary_key=True),
    Column("reference", Key, primary_key=True),
    Column("paid_on", Date, nullable=False),
    Column("amount", MoneyColumn, CheckConstraint("amount > 0", "amount"), nullable=False),
    Column("from_own_account", Boolean, nullable=False),
    Column("recorded_at", MomentColumn, nullable=False),
    UniqueConstraint("order_id", "reference"),
    **rows_may(Writes.APPEND),
)
"""One bank payment is recorded once, whichever order it is said to be for."""


def _invoice(
    row: Row[Any],
    red_letters: Mapping[InvoiceId, tuple[RedLetter, ...]],
    billed: Mapping[InvoiceId, tuple[PeriodId, ...]],
) -> Invoice:
    return Invoice(
        id=row.id,
        order=row.order_id,
        seller=row.seller_id,
        buyer=row.buyer_id,
        number=row.number,
        issued_on=row.issued_on,
        kind=InvoiceKind(row.kind),
        net=row.net,
        vat=row.vat,
        verification=Verification(row.verification),
        checked_on=row.checked_on,
        red_letters=red_letters.get(row.id, ()),
        periods=billed.get(row.id, ()),
    )


def add_invoice(connection: Connection, invoice: Invoice, now: Moment) -> None:
    """Write an invoice, whose number is taken."""
    connection.execute(
        insert(invoices).values(
            id=invoice.id,
            order_id=invoice.order,
            seller_id=invoice.seller,
            buyer_id=invoice.buyer,
            number=invoice.number,
            issued_on=invoice.issued_on,
            kind=invoice.kind.value,
            net=invoice.net,
            vat=invoice.vat,
            verification=invoice.verification.value,
            checked_on=invoice.checked_on,
            recorded_at=now,
        )
    )


def invoice_of(connection: Connection, invoice: InvoiceId) -> Invoice | None:
    """Return an invoice with its red letters and the periods it bills."""
    row = connection.execute(select(invoices).where(invoices.c.id == invoice)).one_or_none()
    if row is None:
        return None
    return _invoice(row, red_letters_of(connection, row.order_id), billed_of(connection, row.order_id))


def invoices_of(connection: Connection, order: OrderId) -> tuple[Invoice, ...]:
    """Return the invoices of an order, with their red letters and the periods they bill, by day and number."""
    query = select(invoices).where(invoices.c.order_id == order).order_by(invoices.c.issued_on, invoices.c.number)
    red_letters = red_letters_of(connection, order)
    billed = billed_of(connection, order)
    return tuple(_invoice(row, red_letters, billed) for row in connection.execute(query))


def add_check(connection: Connection, command: VerifyInvoice, by: AccountId | None, now: Moment) -> None:
    """Write what the tax platform answered, beside all it answered before."""
    connection.execute(
        insert(invoice_checks).values(
            id=FactId.new(),
            invoice_id=command.invoice,
            recorded_at=now,
            result=command.result.value,
            checked_on=command.checked_on,
            recorded_by=by,
        )
    )
    connection.execute(
        update(invoices)
        .where(invoices.c.id == command.invoice)
        .values(verification=command.result.value, checked_on=command.checked_on)
    )


def add_payment(connection: Connection, payment: Payment, payer: FirmId, now: Moment) -> bool:
    """Write a payment; False when the payer has named this reference before."""
    made = connection.execute(
        insert_or(payments)
        .values(
            order_id=payment.order,
            payer_id=payer,
            reference=payment.reference,
            paid_on=payment.paid_on,
            amount=payment.amount,
            from_own_account=payment.from_own_account,
            recorded_at=now,
        )
        .on_conflict_do_nothing()
        .returning(payments.c.reference)
    )
    return made.scalar() is not None


def payments_of(connection: Connection, order: OrderId) -> tuple[Payment, ...]:
    """Return the payments for an order by day and reference."""
    query = select(payments).where(payments.c.order_id == order).order_by(payments.c.paid_on, payments.c.reference)
    return tuple(
        Payment(row.order_id, row.reference, row.paid_on, row.amount, row.from_own_account)
        for row in connection.execute(query)
    )
