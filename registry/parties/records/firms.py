"""Tables of firms: the codes they have or had, and what each is over some days."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, Text, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.parties.model import Firm, FirmKind, Period, Provenance
from registry.parties.records.lines import (
    close_line,
    firm_column,
    line_columns,
    one_of,
    period_of,
    provenance_of,
    recorded_at,
    stated,
    valid_on,
)
from registry.values.identifiers import AuthorityId, FactId, FirmId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from registry.values.uscc import Uscc
from storage.batches import any_of
from storage.database import Connection, Writes, metadata, rows_may

firms = Table(
    "firms",
    metadata,
    Column("id", IdColumn(FirmId), primary_key=True),
    Column("registered_by", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("registered_at", MomentColumn, nullable=False),
    **rows_may(Writes.UPDATE),
)
"""One row for each party, firm or natural person; register lines about a firm are written while its row is locked."""


firm_codes = Table(
    "firm_codes",
    metadata,
    Column("uscc", Key, CheckConstraint("uscc ~ '^[0-9A-Z]{18}$'", "uscc"), primary_key=True),
    firm_column(),
    **rows_may(Writes.APPEND),
)
"""Every code a firm has or had. A code is given once and never again (GB 32100-2015), so it names one firm for ever."""


firm_lines = Table(
    "firm_lines",
    metadata,
    *line_columns(begin_needed=False),
    firm_column(),
    Column("uscc", Key, ForeignKey("firm_codes.uscc", ondelete="RESTRICT"), nullable=False),
    Column("name", Text, nullable=False),
    Column("region", Key, CheckConstraint("region ~ '^[1-9][0-9]{5}$'", "region"), nullable=False),
    Column("kind", Key, nullable=False),
    one_of("kind", FirmKind),
    **rows_may(Writes.UPDATE),
)


@dataclass(frozen=True, slots=True)
class FirmLine:
    """What a firm is over some days."""

    id: FactId
    firm: Firm
    valid: Period
    provenance: Provenance


def claim_code(connection: Connection, uscc: Uscc, firm: FirmId) -> FirmId:
    """Give a code to a firm unless one has it, and return whose it is."""
    connection.execute(
        insert_or(firm_codes).values(uscc=str(uscc), firm_id=firm).on_conflict_do_nothing(index_elements=["uscc"])
    )
    holder: FirmId = connection.execute(select(firm_codes.c.firm_id).where(firm_codes.c.uscc == str(uscc))).scalar_one()
    return holder


def add_firm(connection: Connection, firm: FirmId, authority: AuthorityId, at: Moment) -> None:
    """Write the row that stands for a firm."""
    connection.execute(insert(firms).values(id=firm, registered_by=authority, registered_at=at))


def lock_firms(connection: Connection, ids: Iterable[FirmId]) -> frozenset[FirmId]:
    """Lock firms in the order of their ids, so that no two writers wait for each other, and return those there are."""
    rows = connection.execute(
        select(firms.c.id).where(firms.c.id.in_(list(ids))).order_by(firms.c.id).with_for_update()
    )
    return frozenset(rows.scalars())


def add_firm_line(connection: Connection, line: FirmLine) -> None:
    """Write what a firm is over some days."""
    connection.execute(
        insert(firm_lines).values(
            id=line.id,
            firm_id=line.firm.id,
            uscc=str(line.firm.uscc),
            name=line.firm.name,
            region=line.firm.region,
            kind=line.firm.kind.value,
            **stated(line.valid, line.provenance),
        )
    )


def close_firm_line(connection: Connection, line: FactId, at: Moment) -> None:
    """Note that a line was replaced."""
    close_line(connection, firm_lines, line, at)


def lines_of_firms(connection: Connection, ids: Sequence[FirmId], at: Moment | None = None) -> list[FirmLine]:
    """Return the lines of firms, as of an instant or as they stand, the earliest days first."""
    recorded = recorded_at(firm_lines, at) if at else firm_lines.c.recorded_until.is_(None)
    rows = connection.execute(
        select(firm_lines)
        .where(firm_lines.c.firm_id.in_(ids), recorded)
        .order_by(firm_lines.c.firm_id, firm_lines.c.valid_from.nulls_first(), firm_lines.c.id)
    )
    return [
        FirmLine(
            row.id,
            Firm(row.firm_id, Uscc(row.uscc), row.name, row.region, FirmKind(row.kind)),
            period_of(row),
            provenance_of(row),
        )
        for row in rows
    ]


def firm_of_code(connection: Connection, uscc: Uscc) -> FirmId | None:
    """Return the firm that has or had a code."""
    return connection.execute(select(firm_codes.c.firm_id).where(firm_codes.c.uscc == str(uscc))).scalar_one_or_none()


def firm_ids(connection: Connection, after: FirmId | None, limit: int) -> list[FirmId]:
    """Return a page of firms, oldest first; natural persons are parties without a code and on no list."""
    coded = select(firm_codes.c.firm_id)
    query = select(firms.c.id).where(firms.c.id.in_(coded)).order_by(firms.c.id).limit(limit)
    if after is not None:
        query = query.where(firms.c.id > after)
    return list(connection.execute(query).scalars())


def firms_of_kinds(connection: Connection, kinds: Iterable[FirmKind], at: Moment) -> list[FirmId]:
    """Return the firms that are of some kinds on any day, as of an instant, in the order of their registration."""
    query = select(firm_lines.c.firm_id).where(firm_lines.c.kind.in_(list(kinds)), recorded_at(firm_lines, at))
    return list(connection.execute(query.distinct().order_by(firm_lines.c.firm_id)).scalars())


def firms_on(lines: Iterable[FirmLine], day: date) -> dict[FirmId, Firm]:
    """Return each firm as ``day`` finds it; on a day no line holds, as its first line says."""
    found: dict[FirmId, Firm] = {}
    for line in lines:
        if line.valid.holds(day) or line.firm.id not in found:
            found[line.firm.id] = line.firm
    return found


def names_on(
    connection: Connection, ids: Collection[FirmId], day: date, at: Moment
) -> dict[FirmId, tuple[str, FirmKind]]:
    """Return name and kind of each firm as ``firms_on`` finds it, as of an instant."""
    line = firm_lines.c
    rows = connection.execute(
        select(line.firm_id, line.name, line.kind)
        .where(any_of(line.firm_id, ids), recorded_at(firm_lines, at))
        .ext(distinct_on(line.firm_id))
        .order_by(line.firm_id, valid_on(firm_lines, day).desc(), line.valid_from.nulls_first(), line.id)
    )
    return {firm: (name, FirmKind(kind)) for firm, name, kind in rows}


def codes_of_firm(connection: Connection, firm: FirmId) -> list[str]:
    """Return every code a firm has or had."""
    return list(connection.execute(select(firm_codes.c.uscc).where(firm_codes.c.firm_id == firm)).scalars())
