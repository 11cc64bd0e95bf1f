"""The table of control relations, and the links that lead to a firm."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Column, Row, SmallInteger, Table, and_, insert, select

from registry.parties.model import ControlKind, ControlLine, ControlLink
from registry.parties.records.firms import firms, names_on
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
from registry.parties.rules import ControlGraph
from registry.values.identifiers import AuthorityId, FactId, FirmId
from registry.values.moment import Moment
from registry.values.records import Key
from storage.batches import any_of
from storage.database import Connection, Writes, metadata, rows_may

controls = Table(
    "control_lines",
    metadata,
    *line_columns(),
    firm_column("holder_id"),
    firm_column("held_id"),
    Column("kind", Key, nullable=False),
    Column("share_bp", SmallInteger, nullable=False),
    one_of("kind", ControlKind),
    CheckConstraint("holder_id <> held_id", "two_firms"),
    CheckConstraint("CASE kind WHEN 'equity' THEN share_bp BETWEEN 1 AND 10000 ELSE share_bp = 0 END", "share"),
    **rows_may(Writes.UPDATE),
)


def add_control(connection: Connection, line: ControlLine) -> None:
    """Write a control relation."""
    connection.execute(
        insert(controls).values(
            id=line.id,
            holder_id=line.link.holder,
            held_id=line.link.held,
            kind=line.link.kind.value,
            share_bp=line.link.share_bp,
            **stated(line.valid, line.provenance),
        )
    )


def close_control(connection: Connection, line: FactId, at: Moment) -> None:
    """Note that a line was replaced."""
    close_line(connection, controls, line, at)


def controls_of(connection: Connection, authority: AuthorityId, held: FirmId) -> list[ControlLine]:
    """Return what an authority has written about who holds a firm, as it stands."""
    rows = connection.execute(
        select(controls)
        .where(controls.c.authority_id == authority, controls.c.held_id == held, controls.c.recorded_until.is_(None))
        .order_by(controls.c.valid_from, controls.c.id)
    )
    return [ControlLine(row.id, _link(row), period_of(row), provenance_of(row)) for row in rows]


def _link(row: Row[Any]) -> ControlLink:
    return ControlLink(row.holder_id, row.held_id, ControlKind(row.kind), row.share_bp)


def graph_above(connection: Connection, seeds: Sequence[FirmId], day: date, at: Moment) -> ControlGraph:
    """Return the links of a day that lead to ``seeds``, from every authority's lines, with the firms they join.

    Families run both ways; rings end because the recursion keeps a set.
    """
    standing = and_(recorded_at(controls, at), valid_on(controls, day))
    above = select(firms.c.id.label("firm")).where(any_of(firms.c.id, seeds)).cte("above", recursive=True)
    links = (
        select(controls.c.held_id.label("below"), controls.c.holder_id.label("firm"))
        .where(standing)
        .union(
            select(controls.c.holder_id, controls.c.held_id).where(
                standing, controls.c.kind == ControlKind.FAMILY.value
            )
        )
        .cte("links")
    )
    above = above.union(select(links.c.firm).join(above, links.c.below == above.c.firm))
    rows = connection.execute(
        select(controls).where(
            standing,
            controls.c.held_id.in_(select(above.c.firm)),
            controls.c.holder_id.in_(select(above.c.firm)),
        )
    ).all()
    found = frozenset(_link(row) for row in rows)
    ids = {*seeds, *(link.holder for link in found), *(link.held for link in found)}
    known = names_on(connection, ids, day, at)
    return ControlGraph(
        {firm: name for firm, (name, _) in known.items()}, {firm: kind for firm, (_, kind) in known.items()}, found
    )
