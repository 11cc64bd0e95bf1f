"""What a firm may use and has used in a year; a CHECK keeps it within its cap."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    Row,
    Table,
    and_,
    cast,
    column,
    func,
    select,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.values.identifiers import AuthorityId, FirmId
from registry.values.money import ZERO, Money
from registry.values.records import IdColumn, Key, MoneyColumn
from registry.vouchers.model import FirmYear, FirmYearKey
from storage.database import Connection, Writes, metadata, rows_may

KEYS_AT_ONCE: Final = 5_000
"""A statement has no more than 65,535 parameters."""

firm_years = Table(
    "firm_years",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), primary_key=True),
    Column("group", Key, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("cap", MoneyColumn, nullable=False),
    Column("base", MoneyColumn, CheckConstraint("base >= 0", "base"), nullable=False),
    Column("used", MoneyColumn, CheckConstraint("used BETWEEN 0 AND cap", "used_within_cap"), nullable=False),
    **rows_may(Writes.UPDATE),
)


def _batches(keys: Sequence[FirmYearKey]) -> Iterator[tuple[FirmYearKey, ...]]:
    left = iter(keys)
    while batch := tuple(islice(left, KEYS_AT_ONCE)):
        yield batch


def _firm_year(row: Row[Any]) -> FirmYear:
    return FirmYear(row.authority_id, row.firm_id, row.group, row.year, row.cap, row.base, row.used)


def lock_firm_years(connection: Connection, caps: Mapping[FirmYearKey, Money]) -> dict[FirmYearKey, FirmYear]:
    """Return firm-years, locked in the order of their keys; one that is new begins empty under its cap."""
    found: dict[FirmYearKey, FirmYear] = {}
    for keys in _batches(sorted(caps)):
        found |= _locked(connection, keys, caps)
    return found


def _locked(
    connection: Connection, keys: Sequence[FirmYearKey], caps: Mapping[FirmYearKey, Money]
) -> dict[FirmYearKey, FirmYear]:
    rows = [
        {
            "authority_id": key.authority,
            "firm_id": key.firm,
            "group": key.group,
            "year": key.year,
            "cap": caps[key],
            "base": ZERO,
            "used": ZERO,
        }
        for key in keys
    ]
    upsert = insert_or(firm_years).values(rows)
    # A ruling may raise the cap. A lower one binds by the rule; what was granted before it stays granted.
    raised = func.greatest(firm_years.c.cap, upsert.excluded.cap)
    kept = upsert.on_conflict_do_update(
        index_elements=["authority_id", "firm_id", "group", "year"], set_={"cap": raised}
    )
    found = [_firm_year(row) for row in connection.execute(kept.returning(*firm_years.c))]
    return {each.key: each for each in found}


# Invariant 3 (firm-year).
def change_firm_year(connection: Connection, key: FirmYearKey, base_delta_fen: int, used_delta_fen: int) -> bool:
    """Add to base and use of a firm-year, or take from them; False when the cap or zero would be passed."""
    base = cast(firm_years.c.base, BigInteger) + base_delta_fen
    used = cast(firm_years.c.used, BigInteger) + used_delta_fen
    cap = cast(firm_years.c.cap, BigInteger)
    made = connection.execute(
        update(firm_years).where(_is(key), base >= 0, used.between(0, cap)).values(base=base, used=used)
    )
    return made.rowcount == 1


def change_firm_years(connection: Connection, deltas: Mapping[FirmYearKey, tuple[int, int]]) -> FirmYearKey | None:
    """Add (base, use) to firm-years as ``change_firm_year`` does; return one that would pass its cap."""
    if len(deltas) == 1:
        key, delta = next(iter(deltas.items()))
        return None if change_firm_year(connection, key, *delta) else key
    for keys in _batches(sorted(deltas)):
        if missed := set(keys) - _changed(connection, {key: deltas[key] for key in keys}):
            return min(missed)
    return None


def _changed(connection: Connection, deltas: Mapping[FirmYearKey, tuple[int, int]]) -> set[FirmYearKey]:
    changes = values(
        column("authority_id", IdColumn(AuthorityId)),
        column("firm_id", IdColumn(FirmId)),
        column("group", Key),
        column("year", Integer),
        column("base", BigInteger),
        column("used", BigInteger),
        name="changes",
    ).data([(key.authority, key.firm, key.group, key.year, *delta) for key, delta in deltas.items()])
    named = ("authority_id", "firm_id", "group", "year")
    base = cast(firm_years.c.base, BigInteger) + changes.c.base
    used = cast(firm_years.c.used, BigInteger) + changes.c.used
    cap = cast(firm_years.c.cap, BigInteger)
    same = and_(*(firm_years.c[name] == changes.c[name] for name in named))
    changed = update(firm_years).where(same, base >= 0, used.between(0, cap)).values(base=base, used=used)
    made = connection.execute(changed.returning(*(firm_years.c[name] for name in named)))
    return {FirmYearKey(row.authority_id, row.firm_id, row.group, row.year) for row in made}


def _is(key: FirmYearKey) -> Any:
    return and_(
        firm_years.c.authority_id == key.authority,
        firm_years.c.firm_id == key.firm,
        firm_years.c.group == key.group,
        firm_years.c.year == key.year,
    )


def firm_year_of(connection: Connection, key: FirmYearKey) -> FirmYear | None:
    """Return a firm-year."""
    row = connection.execute(select(firm_years).where(_is(key))).one_or_none()
    return _firm_year(row) if row else None


def firm_years_of(
    connection: Connection, firm: FirmId | None, year: int | None, authority: AuthorityId | None
) -> list[FirmYear]:
    """Return the firm-years of a firm, a year, an authority; None: any."""
    query = select(firm_years)
    for given, asked in (
        (firm_years.c.firm_id, firm),
        (firm_years.c.year, year),
        (firm_years.c.authority_id, authority),
    ):
        if asked is not None:
            query = query.where(given == asked)
    return [_firm_year(row) for row in connection.execute(query.order_by(*firm_years.primary_key.columns).limit(1000))]


def all_firm_years(connection: Connection) -> list[FirmYear]:
    """Return every firm-year."""
    return [_firm_year(row) for row in connection.execute(select(firm_years))]
