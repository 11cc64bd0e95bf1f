"""Pools of public money and what is used of them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Row, Table, UniqueConstraint, cast, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.values.identifiers import AccountId, AuthorityId, PoolId
from registry.values.records import IdColumn, Key, MomentColumn, MoneyColumn
from registry.vouchers.model import Pool
from registry.vouchers.records.columns import authority_column
from storage.database import Connection, Writes, metadata, rows_may

pools = Table(
    "pools",
    metadata,
    Column("id", IdColumn(PoolId), primary_key=True),
    authority_column(),
    Column("document", Key, nullable=False),
    Column("name", Key, nullable=False),
    Column("budget", MoneyColumn, CheckConstraint("budget > 0", "budget"), nullable=False),
    Column("used", MoneyColumn, CheckConstraint("used BETWEEN 0 AND budget", "used_within_budget"), nullable=False),
    Column("opened_at", MomentColumn, nullable=False),
    Column("opened_by", IdColumn(AccountId)),
    UniqueConstraint("authority_id", "document", "name"),
    **rows_may(Writes.UPDATE),
)


def _pool(row: Row[Any]) -> Pool:
    return Pool(row.id, row.authority_id, row.document, row.name, row.budget, row.used, row.opened_at)


def add_pool(connection: Connection, pool: Pool, by: AccountId | None) -> bool:
    """Write a pool; False when it is open already."""
    made = connection.execute(
        insert_or(pools)
        .values(
            id=pool.id,
            authority_id=pool.authority,
            document=pool.document,
            name=pool.name,
            budget=pool.budget,
            used=pool.used,
            opened_at=pool.opened_at,
            opened_by=by,
        )
        .on_conflict_do_nothing(index_elements=["authority_id", "document", "name"])
        .returning(pools.c.id)
    )
    return made.scalar() is not None


def pool_of(connection: Connection, pool: PoolId) -> Pool | None:
    """Return a pool."""
    row = connection.execute(select(pools).where(pools.c.id == pool)).one_or_none()
    return _pool(row) if row else None


def pool_named(connection: Connection, authority: AuthorityId, document: str, name: str) -> Pool | None:
    """Return the pool of a document by its name."""
    query = select(pools).where(pools.c.authority_id == authority, pools.c.document == document, pools.c.name == name)
    row = connection.execute(query).one_or_none()
    return _pool(row) if row else None


def all_pools(connection: Connection) -> list[Pool]:
    """Return every pool, oldest first."""
    return [_pool(row) for row in connection.execute(select(pools).order_by(pools.c.id))]


def lock_pools(connection: Connection, wanted: Iterable[PoolId]) -> dict[PoolId, Pool]:
    """Return pools, locked in the order of their ids."""
    query = select(pools).where(pools.c.id.in_(set(wanted))).order_by(pools.c.id).with_for_update()
    return {row.id: _pool(row) for row in connection.execute(query)}


# Invariant 2 (pool).
def change_pool(connection: Connection, pool: PoolId, delta_fen: int) -> bool:
    """Add to what is used of a pool, or take from it; False when the budget or zero would be passed."""
    after = cast(pools.c.used, BigInteger) + delta_fen
    budget = cast(pools.c.budget, BigInteger)
    made = connection.execute(update(pools).where(pools.c.id == pool, after.between(0, budget)).values(used=after))
    return made.rowcount == 1
