"""The ledger's accounts and postings; no balance is negative."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Table,
    Text,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.values.identifiers import AuthorityId, PostingId
from registry.values.money import ZERO, Money
from registry.values.records import IdColumn, Key, MomentColumn, MoneyColumn
from registry.vouchers.model import AccountLine, Posting
from registry.vouchers.records.columns import authority_column
from storage.database import Connection, Writes, metadata, rows_may

ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    Column("account", Key, primary_key=True),
    authority_column(),
    Column("is_credit", Boolean, nullable=False),
    Column("balance", MoneyColumn, CheckConstraint("balance >= 0", "balance"), nullable=False),
    **rows_may(Writes.UPDATE),
)


ledger_postings = Table(
    "ledger_postings",
    metadata,
    Column("id", IdColumn(PostingId), primary_key=True),
    Column("debit", Key, ForeignKey("ledger_accounts.account", ondelete="RESTRICT"), nullable=False, index=True),
    Column("credit", Key, ForeignKey("ledger_accounts.account", ondelete="RESTRICT"), nullable=False, index=True),
    Column("amount", MoneyColumn, CheckConstraint("amount > 0", "amount"), nullable=False),
    Column("subject", Key, nullable=False, index=True),
    Column("posted_at", MomentColumn, nullable=False),
    CheckConstraint("debit <> credit", "two_accounts"),
    **rows_may(Writes.APPEND),
)


def open_accounts(connection: Connection, authority: AuthorityId, accounts: Sequence[tuple[str, bool]]) -> None:
    """Make accounts that are not there yet; each is (name, whether it is a credit account)."""
    rows = [
        {"account": name, "authority_id": authority, "is_credit": is_credit, "balance": ZERO}
        for name, is_credit in accounts
    ]
    connection.execute(insert_or(ledger_accounts).values(rows).on_conflict_do_nothing(index_elements=["account"]))


def post(connection: Connection, made: Sequence[Posting]) -> bool:
    """Write postings and move the balances with them; False when an account is missing."""
    if not made:
        return True
    connection.execute(
        insert(ledger_postings),
        [
            {
                "id": each.id,
                "debit": each.debit,
                "credit": each.credit,
                "amount": each.amount,
                "subject": each.subject,
                "posted_at": each.posted_at,
            }
            for each in made
        ],
    )
    moved: dict[str, int] = {}
    for each in made:
        moved[each.debit] = moved.get(each.debit, 0) + each.amount.fen
        moved[each.credit] = moved.get(each.credit, 0) - each.amount.fen
    changes = values(column("account", Text), column("debited", BigInteger), name="changes").data(sorted(moved.items()))
    debited = case((ledger_accounts.c.is_credit, -changes.c.debited), else_=changes.c.debited)
    balance = cast(ledger_accounts.c.balance, BigInteger) + debited
    result = connection.execute(
        update(ledger_accounts).where(ledger_accounts.c.account == changes.c.account).values(balance=balance)
    )
    return result.rowcount == len(moved)


def account_lines(connection: Connection, authority: AuthorityId | None = None) -> list[AccountLine]:
    """Return every account, or those of an authority, with the sums of what was posted to it."""
    sums = []
    for side in ("debit", "credit"):
        total = func.sum(cast(ledger_postings.c.amount, BigInteger)).label("total")
        sums.append(
            select(ledger_postings.c[side].label("account"), total).group_by(ledger_postings.c[side]).subquery()
        )
    debits, credits_ = sums
    query = (
        select(
            ledger_accounts,
            func.coalesce(debits.c.total, literal(0)).label("debit"),
            func.coalesce(credits_.c.total, literal(0)).label("credit"),
        )
        .outerjoin(debits, debits.c.account == ledger_accounts.c.account)
        .outerjoin(credits_, credits_.c.account == ledger_accounts.c.account)
        .order_by(ledger_accounts.c.account)
    )
    if authority:
        query = query.where(ledger_accounts.c.authority_id == authority)
    return [
        AccountLine(row.account, Money(int(row.debit)), Money(int(row.credit)), row.balance, row.is_credit)
        for row in connection.execute(query)
    ]


def count_postings(connection: Connection) -> int:
    """Return how many postings there are."""
    return int(connection.execute(select(func.count()).select_from(ledger_postings)).scalar() or 0)


def held_by_subject(connection: Connection) -> dict[str, int]:
    """Return, by subject, the fen that were taken out of what pools have available and not put back."""
    is_available = "pool/%/available"
    taken = func.sum(
        cast(ledger_postings.c.amount, BigInteger)
        * case(
            (ledger_postings.c.credit.like(is_available), 1),
            (ledger_postings.c.debit.like(is_available), -1),
            else_=0,
        )
    )
    query = select(ledger_postings.c.subject, taken.label("taken")).group_by(ledger_postings.c.subject)
    return {row.subject: int(row.taken) for row in connection.execute(query)}
