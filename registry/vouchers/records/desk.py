"""Figures of the desk, read off accounts and postings.

What is not in the newest checkpoint yet waits in the queue of the log, in the same state of the database; it is few,
and no older than the oldest that waits. The index on the log time finds a month, or what came since an instant.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, and_, cast, func, literal, or_, select, text, tuple_

from registry.journal.records import pending
from registry.values.identifiers import AuthorityId, PoolId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers.desk_model import FirmYearAfter
from registry.vouchers.model import FirmYear, Voucher, VoucherState
from registry.vouchers.records.firm_years import firm_year_in, firm_years
from registry.vouchers.records.ledger import ledger_accounts, ledger_postings
from registry.vouchers.records.pools import pools
from registry.vouchers.records.vouchers import voucher_in, vouchers
from storage.database import Connection


@dataclass(frozen=True, slots=True)
class MovesOfMonth:
    """What was posted between two accounts in a month."""

    month: str
    debit: str
    credit: str
    fen: int


def balances_of(connection: Connection, accounts: Collection[str]) -> dict[str, int]:
    """Return the balances of accounts in fen."""
    query = select(ledger_accounts.c.account, ledger_accounts.c.balance).where(ledger_accounts.c.account.in_(accounts))
    return {row.account: row.balance.fen for row in connection.execute(query)}


def waiting_moves(connection: Connection, accounts: Sequence[str]) -> list[tuple[str, str, int, int]]:
    """Return (debit, credit, fen, postings) of what is posted between accounts and is in no checkpoint yet."""
    oldest = connection.execute(select(func.min(pending.c.decided_at))).scalar()
    if oldest is None:
        return []
    total = func.sum(cast(ledger_postings.c.amount, BigInteger))
    query = (
        select(ledger_postings.c.debit, ledger_postings.c.credit, total.label("fen"), func.count().label("postings"))
        .where(
            _between(accounts),
            ledger_postings.c.logged_at >= oldest,
            ledger_postings.c.entry_id.in_(select(pending.c.entry_id)),
        )
        .group_by(ledger_postings.c.debit, ledger_postings.c.credit)
    )
    return [(row.debit, row.credit, int(row.fen), int(row.postings)) for row in connection.execute(query)]


def monthly_moves(connection: Connection, accounts: Sequence[str], since: Moment) -> list[MovesOfMonth]:
    """Return what was posted between accounts since an instant and is in a checkpoint, by months of Shanghai."""
    month = func.to_char(func.timezone("Asia/Shanghai", ledger_postings.c.logged_at), text("'YYYY-MM'"))
    total = func.sum(cast(ledger_postings.c.amount, BigInteger))
    logged = or_(ledger_postings.c.entry_id.is_(None), ledger_postings.c.entry_id.not_in(select(pending.c.entry_id)))
    query = (
        select(month.label("month"), ledger_postings.c.debit, ledger_postings.c.credit, total.label("fen"))
        .where(_between(accounts), ledger_postings.c.logged_at >= since, logged)
        .group_by(text("1"), ledger_postings.c.debit, ledger_postings.c.credit)
        .order_by(text("1"))
    )
    return [MovesOfMonth(row.month, row.debit, row.credit, int(row.fen)) for row in connection.execute(query)]


def _between(accounts: Sequence[str]) -> ColumnElement[bool]:
    # Both sides of a posting are of one pool or line.
    return and_(ledger_postings.c.debit.in_(accounts), ledger_postings.c.credit.in_(accounts))


def holds_by_age(
    connection: Connection, authority: AuthorityId, bounds: Sequence[tuple[str, Moment | None]]
) -> list[tuple[str, int, Money]]:
    """Return (age, count, amount) of open holds; ``bounds`` are the last instants of each age, rising."""
    of_authority = select(pools.c.id).where(pools.c.authority_id == authority)
    amount = func.coalesce(func.sum(cast(vouchers.c.amount, BigInteger)), 0)
    found, after = [], None
    for age, until in bounds:
        within = [vouchers.c.state == VoucherState.HELD.value, vouchers.c.pool_id.in_(of_authority)]
        if after is not None:
            within.append(vouchers.c.expires_at > after)
        if until is not None:
            within.append(vouchers.c.expires_at <= until)
        row = connection.execute(select(func.count().label("n"), amount.label("fen")).where(*within)).one()
        found.append((age, int(row.n), Money(int(row.fen))))
        after = until
    return found


def holds_page(
    connection: Connection, authority: AuthorityId, after: tuple[Moment, VoucherId] | None, limit: int
) -> tuple[Voucher, ...]:
    """Return open holds of an authority, those first that run out first."""
    of_authority = select(pools.c.id).where(pools.c.authority_id == authority)
    query = select(vouchers).where(vouchers.c.state == VoucherState.HELD.value, vouchers.c.pool_id.in_(of_authority))
    if after is not None:
        place = tuple_(vouchers.c.expires_at, vouchers.c.id)
        at, last = literal(after[0], vouchers.c.expires_at.type), literal(after[1], vouchers.c.id.type)
        query = query.where(place > tuple_(at, last))
    query = query.order_by(vouchers.c.expires_at, vouchers.c.id).limit(limit)
    return tuple(voucher_in(row) for row in connection.execute(query))


def firm_years_page(
    connection: Connection, authority: AuthorityId, year: int | None, after: FirmYearAfter | None, limit: int
) -> tuple[FirmYear, ...]:
    """Return firm-years of an authority in the order of firm, group and year."""
    place = (firm_years.c.firm_id, firm_years.c.group, firm_years.c.year)
    query = select(firm_years).where(firm_years.c.authority_id == authority)
    if year is not None:
        query = query.where(firm_years.c.year == year)
    if after is not None:
        stated = (after.firm, after.group, after.year)
        bounds = (literal(value, column.type) for value, column in zip(stated, place, strict=True))
        query = query.where(tuple_(*place) > tuple_(*bounds))
    return tuple(firm_year_in(row) for row in connection.execute(query.order_by(*place).limit(limit)))


def line_balances(connection: Connection, authority: AuthorityId, year: int) -> dict[str, int]:
    """Return the balances of the accounts of an authority's budget lines of a year, in fen."""
    prefix = f"appropriation/{authority}/{year}/"
    query = select(ledger_accounts.c.account, ledger_accounts.c.balance).where(
        ledger_accounts.c.account >= prefix, ledger_accounts.c.account < f"appropriation/{authority}/{year}0"
    )
    return {row.account: row.balance.fen for row in connection.execute(query.order_by(ledger_accounts.c.account))}


def pools_of(connection: Connection, authority: AuthorityId) -> list[PoolId]:
    """Return the pools of an authority."""
    return list(connection.execute(select(pools.c.id).where(pools.c.authority_id == authority)).scalars())


def holds_of_year(connection: Connection, authority: AuthorityId, year: int) -> tuple[int, Money]:
    """Return how many holds of a firm-year are open at an authority, and what they come to."""
    of_authority = select(pools.c.id).where(pools.c.authority_id == authority)
    amount = func.coalesce(func.sum(cast(vouchers.c.amount, BigInteger)), 0)
    row = connection.execute(
        select(func.count().label("n"), amount.label("fen")).where(
            vouchers.c.state == VoucherState.HELD.value, vouchers.c.pool_id.in_(of_authority), vouchers.c.year == year
        )
    ).one()
    return int(row.n), Money(int(row.fen))
