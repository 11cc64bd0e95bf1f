"""Where redeemed vouchers are paid to: stated once, at redemption."""

from collections.abc import Collection

from sqlalchemy import Column, ForeignKey, LargeBinary, Table, Text, insert, select

from registry.values.identifiers import VoucherId
from registry.values.records import DigestColumn, IdColumn
from registry.vouchers.payee import Payee
from storage.database import Connection, Writes, metadata, rows_may

payees = Table(
    "voucher_payees",
    metadata,
    Column("voucher_id", IdColumn(VoucherId), ForeignKey("vouchers.id", ondelete="RESTRICT"), primary_key=True),
    Column("account_name", Text, nullable=False),
    Column("bank", Text, nullable=False),
    Column("masked_number", Text, nullable=False),
    Column("digest", DigestColumn, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    **rows_may(Writes.APPEND),
)


def add_payee(connection: Connection, voucher: VoucherId, payee: Payee, sealed: bytes) -> None:
    """Write where a voucher is paid to; it is redeemed once, so this is never written again."""
    connection.execute(
        insert(payees).values(
            voucher_id=voucher,
            account_name=payee.account_name,
            bank=payee.bank,
            masked_number=payee.masked_number,
            digest=payee.digest,
            sealed=sealed,
        )
    )


def payees_of(connection: Connection, vouchers: Collection[VoucherId]) -> dict[VoucherId, tuple[Payee, bytes]]:
    """Return what may be seen of the accounts of vouchers, and the accounts sealed."""
    return {
        row.voucher_id: (Payee(row.account_name, row.bank, row.masked_number, row.digest), bytes(row.sealed))
        for row in connection.execute(select(payees).where(payees.c.voucher_id.in_(vouchers)))
    }
