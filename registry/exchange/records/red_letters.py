"""Red-letter invoices, and the numbers that blue and red ones share."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Row, Table, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.exchange.commands import VerifyRedLetter
from registry.exchange.model import RedLetter, Verification
from registry.exchange.records.columns import one_of
from registry.values.identifiers import InvoiceId, OrderId, RedLetterId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn, MoneyColumn
from storage.database import Connection, Writes, metadata, rows_may

invoice_numbers = Table(
    "invoice_numbers",
    metadata,
    Column("number", Key, CheckConstraint("number ~ '^[0-9]{20}$'", "number"), primary_key=True),
    **rows_may(Writes.APPEND),
)
"""A number is used once for ever: by a blue invoice or a red one, of whichever seller, also when it turns out void."""

red_letters = Table(
    "red_letters",
    metadata,
    Column("id", IdColumn(RedLetterId), primary_key=True),
    Column("invoice_id", IdColumn(InvoiceId), ForeignKey("invoices.id", ondelete="RESTRICT"), nullable=False),
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("number", Key, ForeignKey("invoice_numbers.number", ondelete="RESTRICT"), nullable=False, unique=True),
    Column("issued_on", Date, nullable=False),
    Column("net", MoneyColumn, CheckConstraint("net > 0", "net"), nullable=False),
    Column("vat", MoneyColumn, CheckConstraint("vat >= 0", "vat"), nullable=False),
    Column("verification", Key, CheckConstraint(one_of("verification", Verification), "verification"), nullable=False),
    Column("checked_on", Date),
    Column("recorded_at", MomentColumn, nullable=False),
    CheckConstraint("(verification = 'unverified') = (checked_on IS NULL)", "checked"),
    **rows_may(Writes.UPDATE),
)


def _red_letter(row: Row[Any]) -> RedLetter:
    return RedLetter(
        id=row.id,
        invoice=row.invoice_id,
        number=row.number,
        issued_on=row.issued_on,
        net=row.net,
        vat=row.vat,
        verification=Verification(row.verification),
        checked_on=row.checked_on,
    )


def take_number(connection: Connection, number: str) -> bool:
    """Use a number for ever; False when it is used already."""
    made = connection.execute(
        insert_or(invoice_numbers).values(number=number).on_conflict_do_nothing().returning(invoice_numbers.c.number)
    )
    return made.scalar() is not None


def add_red_letter(connection: Connection, made: RedLetter, order: OrderId, now: Moment) -> None:
    """Write a red letter, whose number is taken."""
    connection.execute(
        insert(red_letters).values(
            id=made.id,
            invoice_id=made.invoice,
            order_id=order,
            number=made.number,
            issued_on=made.issued_on,
            net=made.net,
            vat=made.vat,
            verification=made.verification.value,
            checked_on=made.checked_on,
            recorded_at=now,
        )
    )


def red_letter_of(connection: Connection, red_letter: RedLetterId) -> RedLetter | None:
    """Return a red letter."""
    row = connection.execute(select(red_letters).where(red_letters.c.id == red_letter)).one_or_none()
    return _red_letter(row) if row else None


def red_letters_of(connection: Connection, order: OrderId) -> Mapping[InvoiceId, tuple[RedLetter, ...]]:
    """Return the red letters of an order's invoices, by day and number."""
    query = select(red_letters).where(red_letters.c.order_id == order)
    found: dict[InvoiceId, list[RedLetter]] = defaultdict(list)
    for row in connection.execute(query.order_by(red_letters.c.issued_on, red_letters.c.number)):
        found[row.invoice_id].append(_red_letter(row))
    return {invoice: tuple(each) for invoice, each in found.items()}


def save_red_letter_check(connection: Connection, command: VerifyRedLetter) -> None:
    """Write what the tax platform answered of a red letter."""
    connection.execute(
        update(red_letters)
        .where(red_letters.c.id == command.red_letter)
        .values(verification=command.result.value, checked_on=command.checked_on)
    )
