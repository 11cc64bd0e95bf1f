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
    select,
    text,
    update,
)

from registry.values.identifiers import AuthorityId, FirmId
from registry.values.money import Money
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


# A ruling may raise the cap. A lower one binds by the rule; what was granted before it stays granted.
_LOCK = text(
    """
INSERT INTO firm_years AS f (authority_id, firm_id, "group", year, cap, base, used)
SELECT authority_id, firm_id, "group", year, cap, 0, 0
FROM unnest(CAST(:authorities AS uuid[]), CAST(:firms AS uuid[]), CAST(:groups AS text[]), CAST(:years AS int[]),
  CAST(:caps AS bigint[])) WITH ORDINALITY AS asked (authority_id, firm_id, "group", year, cap, place)
ORDER BY place
ON CONFLICT (authority_id, firm_id, "group", year) DO UPDATE SET cap = greatest(f.cap, excluded.cap)
RETURNING f.authority_id, f.firm_id, f."group", f.year, f.cap, f.base, f.used
"""
)


def _locked(
    connection: Connection, keys: Sequence[FirmYearKey], caps: Mapping[FirmYearKey, Money]
) -> dict[FirmYearKey, FirmYear]:
    rows = connection.execute(_LOCK, {**_arrays(keys), "caps": [caps[key].fen for key in keys]})
    found = [
        FirmYear(AuthorityId.of_uuid(row[0]), FirmId.of_uuid(row[1]), row[2], row[3], *map(Money, row[4:]))
        for row in rows
    ]
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


_CHANGE = text(
    """
UPDATE firm_years AS f SET base = f.base + c.base, used = f.used + c.used
FROM unnest(CAST(:authorities AS uuid[]), CAST(:firms AS uuid[]), CAST(:groups AS text[]), CAST(:years AS int[]),
  CAST(:bases AS bigint[]), CAST(:uses AS bigint[])) AS c (authority_id, firm_id, "group", year, base, used)
WHERE f.authority_id = c.authority_id AND f.firm_id = c.firm_id AND f."group" = c."group" AND f.year = c.year
  AND f.base + c.base >= 0 AND f.used + c.used BETWEEN 0 AND f.cap
RETURNING f.authority_id, f.firm_id, f."group", f.year
"""
)
"""Arrays, so that the statement is the same for any number of firm-years."""


def _changed(connection: Connection, deltas: Mapping[FirmYearKey, tuple[int, int]]) -> set[FirmYearKey]:
    made = connection.execute(
        _CHANGE,
        {
            **_arrays(list(deltas)),
            "bases": [base for base, _ in deltas.values()],
            "uses": [used for _, used in deltas.values()],
        },
    )
    return {FirmYearKey(AuthorityId.of_uuid(row[0]), FirmId.of_uuid(row[1]), row[2], row[3]) for row in made}


def _arrays(keys: Sequence[FirmYearKey]) -> dict[str, Any]:
    return {
        "authorities": [key.authority.hex for key in keys],
        "firms": [key.firm.hex for key in keys],
        "groups": [key.group for key in keys],
        "years": [key.year for key in keys],
    }


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


def firm_year_in(row: Row[Any]) -> FirmYear:
    """Return the firm-year in a row of a query of another module."""
    return _firm_year(row)
