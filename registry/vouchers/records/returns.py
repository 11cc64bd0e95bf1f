"""What recoveries gave back of paid vouchers to pool and firm-year, and what annulments took again."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    Label,
    Table,
    case,
    cast,
    func,
    insert,
    select,
)

from registry.values.identifiers import RecoveryId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.values.records import IdColumn, MomentColumn, MoneyColumn
from storage.database import Connection, Writes, metadata, rows_may

voucher_returns = Table(
    "voucher_returns",
    metadata,
    Column("voucher_id", IdColumn(VoucherId), ForeignKey("vouchers.id", ondelete="RESTRICT"), primary_key=True),
    # A recovery lies in a room above this one, so its table cannot be named here.
    Column("recovery_id", IdColumn(RecoveryId), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("amount", MoneyColumn, CheckConstraint("amount > 0", "amount"), nullable=False),
    Column("base", MoneyColumn, CheckConstraint("base >= 0", "base"), nullable=False),
    Column("taken_again", Boolean, nullable=False),
    Column("returned_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)


def add_voucher_return(
    connection: Connection,
    voucher: VoucherId,
    recovery: RecoveryId,
    number: int,
    amount: Money,
    base: Money,
    at: Moment,
    *,
    taken_again: bool = False,
) -> None:
    """Write what an act of a recovery, the ``number``-th, gave back of a voucher or took again."""
    connection.execute(
        insert(voucher_returns).values(
            voucher_id=voucher,
            recovery_id=recovery,
            number=number,
            amount=amount,
            base=base,
            taken_again=taken_again,
            returned_at=at,
        )
    )


def _net(column: str) -> Label[int]:
    value = cast(voucher_returns.c[column], BigInteger)
    signed = case((voucher_returns.c.taken_again, -value), else_=value)
    total: Label[int] = func.coalesce(func.sum(signed), 0).label(column)
    return total


def returned_of(connection: Connection, voucher: VoucherId, recovery: RecoveryId) -> tuple[Money, Money]:
    """Return (amount, base) that a recovery has given back of a voucher and that was not taken again."""
    row = connection.execute(
        select(_net("amount"), _net("base")).where(
            voucher_returns.c.voucher_id == voucher, voucher_returns.c.recovery_id == recovery
        )
    ).one()
    return Money(int(row.amount)), Money(int(row.base))


def all_returned(connection: Connection, voucher: VoucherId | None = None) -> dict[VoucherId, tuple[Money, Money]]:
    """Return (amount, base) that was given back of each voucher, or of one, by all recoveries and not taken again."""
    query = select(voucher_returns.c.voucher_id, _net("amount"), _net("base")).group_by(voucher_returns.c.voucher_id)
    if voucher is not None:
        query = query.where(voucher_returns.c.voucher_id == voucher)
    return {row.voucher_id: (Money(int(row.amount)), Money(int(row.base))) for row in connection.execute(query)}
