"""What every register line has: its columns, its two times, and how it is closed."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    ForeignKey,
    Row,
    Table,
    Text,
    and_,
    func,
    literal,
    or_,
    update,
)

from registry.parties.model import Period, Provenance
from registry.values.identifiers import AccountId, AuthorityId, FactId, FirmId, Id
from registry.values.moment import Moment
from registry.values.records import IdColumn, MomentColumn
from storage.database import Connection


def one_of(column: str, codes: Iterable[str]) -> CheckConstraint:
    """Return the check that a column holds one of ``codes``."""
    listed = ", ".join(f"'{code}'" for code in codes)
    return CheckConstraint(f"{column} IN ({listed})", column)


def line_columns(kind: type[Id] = FactId, *, begin_needed: bool = True) -> list[Any]:
    """Return the columns every register line has."""
    return [
        Column("id", IdColumn(kind), primary_key=True),
        Column(
            "authority_id",
            IdColumn(AuthorityId),
            ForeignKey("authorities.id", ondelete="RESTRICT"),
            nullable=False,
            index=True,
        ),
        Column("valid_from", Date, nullable=not begin_needed),
        Column("valid_until", Date),
        Column("source", Text, nullable=False),
        Column("obtained_on", Date, nullable=False),
        Column("recorded_by", IdColumn(AccountId)),
        Column("recorded_at", MomentColumn, nullable=False),
        Column("recorded_until", MomentColumn),
        CheckConstraint("valid_until > valid_from", "valid_time"),
        CheckConstraint("recorded_until >= recorded_at", "recorded_time"),
    ]


def firm_column(name: str = "firm_id") -> Column[Any]:
    """Return a column that refers to a firm."""
    return Column(name, IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False, index=True)


def recorded_at(table: Table, at: Moment) -> ColumnElement[bool]:
    """Lines as they stood recorded at an instant."""
    return and_(table.c.recorded_at <= at, or_(table.c.recorded_until.is_(None), table.c.recorded_until > at))


def valid_on(table: Table, day: date) -> ColumnElement[bool]:
    """Lines that hold on a day."""
    return and_(
        or_(table.c.valid_from.is_(None), table.c.valid_from <= day),
        or_(table.c.valid_until.is_(None), table.c.valid_until > day),
    )


def stated(valid: Period, provenance: Provenance) -> dict[str, Any]:
    """Return days and provenance as values of the columns every line has."""
    return {
        "authority_id": provenance.authority,
        "valid_from": valid.first,
        "valid_until": valid.until,
        "source": provenance.source,
        "obtained_on": provenance.obtained_on,
        "recorded_by": provenance.recorded_by,
        "recorded_at": provenance.recorded_at,
    }


def period_of(row: Row[Any]) -> Period:
    """Return the days a line holds."""
    return Period(row.valid_from, row.valid_until)


def provenance_of(row: Row[Any]) -> Provenance:
    """Return where a line comes from, and who wrote it when."""
    return Provenance(row.authority_id, row.source, row.obtained_on, row.recorded_by, row.recorded_at)


def close_line(connection: Connection, table: Table, line: Id, at: Moment) -> None:
    """Note that a line was replaced."""
    # Who waited for the lock may carry an instant before that of the line it now replaces.
    until = func.greatest(table.c.recorded_at, literal(at, MomentColumn()))
    connection.execute(
        update(table).where(table.c.id == line, table.c.recorded_until.is_(None)).values(recorded_until=until)
    )
