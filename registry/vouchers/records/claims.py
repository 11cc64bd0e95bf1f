"""Claims of vouchers on invoices: one invoice is claimed once."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, select
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.values.identifiers import InvoiceId, VoucherId
from registry.values.money import Money
from registry.values.records import IdColumn, MoneyColumn
from storage.database import Connection, Writes, metadata, rows_may

invoice_claims = Table(
    "invoice_claims",
    metadata,
    Column("invoice_id", IdColumn(InvoiceId), ForeignKey("invoices.id", ondelete="RESTRICT"), primary_key=True),
    Column(
        "voucher_id", IdColumn(VoucherId), ForeignKey("vouchers.id", ondelete="RESTRICT"), nullable=False, unique=True
    ),
    Column("base", MoneyColumn, CheckConstraint("base > 0", "base"), nullable=False),
    **rows_may(Writes.APPEND),
)


# Invariant 5 (invoice).
def claim_invoice(connection: Connection, invoice: InvoiceId, voucher: VoucherId, base: Money) -> bool:
    """Claim an invoice for a voucher; False when it is claimed already."""
    made = connection.execute(
        insert_or(invoice_claims)
        .values(invoice_id=invoice, voucher_id=voucher, base=base)
        .on_conflict_do_nothing(index_elements=["invoice_id"])
        .returning(invoice_claims.c.invoice_id)
    )
    return made.scalar() is not None


def claim_of(connection: Connection, invoice: InvoiceId) -> VoucherId | None:
    """Return the voucher that has claimed an invoice."""
    found: VoucherId | None = connection.execute(
        select(invoice_claims.c.voucher_id).where(invoice_claims.c.invoice_id == invoice)
    ).scalar()
    return found


def claims(connection: Connection) -> dict[VoucherId, tuple[InvoiceId, Money]]:
    """Return the claim of each voucher that has one, as it was made: cash that comes back lessens none."""
    return {row.voucher_id: (row.invoice_id, row.base) for row in connection.execute(select(invoice_claims))}
