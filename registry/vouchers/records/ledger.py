"""The ledger's accounts and postings; no balance is negative."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, LiteralString

import psycopg
from psycopg import pq
from psycopg.rows import tuple_row
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Row,
    Table,
    Text,
    cast,
    column,
    func,
    literal,
    select,
    text,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.values.identifiers import AuthorityId, EntryId, PostingId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money
from registry.values.records import IdColumn, Key, MomentColumn, MoneyColumn
from registry.vouchers.chain import NO_HEAD, AccountHead, logged, microseconds, moment_of
from registry.vouchers.model import AccountLine, Posting
from registry.vouchers.records.columns import authority_column
from storage.batches import add_rows
from storage.database import Connection, Writes, metadata, rows_may

ROWS_AT_ONCE: Final = 10_000

ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    Column("account", Key, primary_key=True),
    authority_column(),
    Column("is_credit", Boolean, nullable=False),
    # Invariant 19 (no negative): whatever the code does, no account is overdrawn.
    Column("balance", MoneyColumn, CheckConstraint("balance >= 0", "balance"), nullable=False),
    Column("moves", BigInteger, nullable=False),
    Column("moved_at", MomentColumn),
    Column("head", LargeBinary, CheckConstraint("length(head) = 32", "head"), nullable=False),
    **rows_may(Writes.UPDATE),
)
"""``moves`` counts the postings of an account, ``moved_at`` is the log time and ``head`` the hash of the last one."""


ledger_postings = Table(
    "ledger_postings",
    metadata,
    Column("id", IdColumn(PostingId), primary_key=True),
    Column("debit", Key, ForeignKey("ledger_accounts.account", ondelete="RESTRICT"), nullable=False, index=True),
    Column("credit", Key, ForeignKey("ledger_accounts.account", ondelete="RESTRICT"), nullable=False, index=True),
    Column("amount", MoneyColumn, CheckConstraint("amount > 0", "amount"), nullable=False),
    Column("subject", Key, nullable=False, index=True),
    Column("posted_at", MomentColumn, nullable=False),
    Column("logged_at", MomentColumn, nullable=False),
    Column("debit_move", BigInteger, nullable=False),
    Column("credit_move", BigInteger, nullable=False),
    Column("chain", LargeBinary, CheckConstraint("length(chain) = 32", "chain"), nullable=False),
    Column("entry_id", IdColumn(EntryId)),
    CheckConstraint("debit <> credit", "two_accounts"),
    # Of an append-only log this one costs next to nothing, and finds a month or what came since an instant.
    Index(
        "ix_ledger_postings_logged_at",
        "logged_at",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on"},
    ),
    # Invariant 7 (immutability): append-only by grant and by trigger.
    **rows_may(Writes.APPEND),
)
"""``entry_id`` is the journal entry that covers a posting; postings of the first releases name none."""


def open_accounts(connection: Connection, authority: AuthorityId, accounts: Sequence[tuple[str, bool]]) -> None:
    """Make accounts that are not there yet; each is (name, whether it is a credit account)."""
    rows = [
        {
            "account": name,
            "authority_id": authority,
            "is_credit": is_credit,
            "balance": ZERO,
            "moves": 0,
            "head": NO_HEAD,
        }
        for name, is_credit in accounts
    ]
    connection.execute(insert_or(ledger_accounts).values(rows).on_conflict_do_nothing(index_elements=["account"]))


# Invariant 19 (no negative).
def post(connection: Connection, made: Sequence[Posting], entries: Sequence[EntryId]) -> list[bytes] | None:
    """Write postings behind what is logged of their accounts and move the balances with them.

    Returns the hash of each, which the journal entry of its place commits to; None when an account is missing.
    """
    if not made:
        return []
    names = {name for each in made for name in (each.debit, each.credit)}
    # Locked in the order of their names, so that no two transactions wait for each other.
    query = select(ledger_accounts).where(ledger_accounts.c.account.in_(names)).order_by(ledger_accounts.c.account)
    heads = {row.account: _head(row) for row in connection.execute(query.with_for_update())}
    if len(heads) != len(names):
        return None
    placed = logged(made, heads)
    add_rows(
        connection,
        ledger_postings,
        [
            {
                "id": each.posting.id,
                "debit": each.posting.debit,
                "credit": each.posting.credit,
                "amount": each.posting.amount,
                "subject": each.posting.subject,
                "posted_at": each.posting.posted_at,
                "logged_at": moment_of(each.logged_us),
                "debit_move": each.debit_move,
                "credit_move": each.credit_move,
                "chain": each.chain,
                "entry_id": entry,
            }
            for each, entry in zip(placed, entries, strict=True)
        ],
    )
    changes = values(
        column("account", Text),
        column("balance", BigInteger),
        column("moves", BigInteger),
        column("moved_at", MomentColumn),
        column("head", LargeBinary),
        name="changes",
    ).data(
        [(name, each.balance, each.moves, moment_of(each.logged_us), each.head) for name, each in sorted(heads.items())]
    )
    connection.execute(
        update(ledger_accounts)
        .where(ledger_accounts.c.account == changes.c.account)
        .values(
            balance=changes.c.balance,
            moves=changes.c.moves,
            moved_at=cast(changes.c.moved_at, TIMESTAMP(timezone=True)),
            head=changes.c.head,
        )
    )
    return [each.chain for each in placed]


def _head(row: Row[Any]) -> AccountHead:
    at = microseconds(row.moved_at) if row.moved_at else -1
    return AccountHead(row.is_credit, row.balance.fen, row.moves, at, bytes(row.head))


def account_heads(connection: Connection) -> dict[str, AccountHead]:
    """Return where every account is said to stand."""
    return {row.account: _head(row) for row in connection.execute(select(ledger_accounts))}


def last_logged(connection: Connection, accounts: Sequence[str]) -> Moment | None:
    """Return the log time of the last move of accounts."""
    query = select(func.max(ledger_accounts.c.moved_at)).where(ledger_accounts.c.account.in_(accounts))
    found: Moment | None = connection.execute(query).scalar()
    return found


PostingRow = tuple[str, str, str, int, str, int, int, int, bytes, str | None]
"""Id in hex, debit, credit, fen, subject, moves of both, log time in microseconds, hash, entry in hex."""

_LOG: Final[LiteralString] = """
SELECT replace(id::text, '-', ''), debit, credit, amount, subject, debit_move, credit_move,
  (extract(epoch FROM logged_at) * 1000000)::bigint, chain, replace(entry_id::text, '-', '')
FROM ledger_postings ORDER BY logged_at, debit_move, credit_move
"""


def log_of_postings(connection: Connection) -> Iterator[PostingRow]:
    """Yield every posting in the order of its log time, as plain values: a province has millions.

    They come from the driver in binary, since an object for each row would cost more than its hash.
    """
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 -- ``storage.database`` chose it
    with driver.cursor(name="log_of_postings", row_factory=tuple_row) as cursor:
        cursor.format = pq.Format.BINARY
        cursor.execute(_LOG)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from rows


def covering_entries(connection: Connection) -> dict[str, tuple[bool, str | None]]:
    """Return, by entry that postings name, whether its opening is still there and what it commits to of them."""
    query = text(
        "SELECT replace(e.id::text, '-', ''), o.entry_id IS NOT NULL, o.payload ->> 'ledger' FROM journal_entries e "
        "LEFT JOIN journal_openings o ON o.entry_id = e.id "
        "WHERE e.id IN (SELECT entry_id FROM ledger_postings)"
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


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
