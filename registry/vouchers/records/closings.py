"""Closed budget years of an authority, and the instructions that were carried over a close by number."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, Row, Table, Text, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.values.identifiers import AccountId, AuthorityId, CaseId, ClosingId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, MomentColumn
from registry.vouchers.closing_model import Closing
from registry.vouchers.records.appropriations import appropriations
from registry.vouchers.records.columns import authority_column
from storage.database import Connection, Writes, metadata, rows_may

year_closings = Table(
    "year_closings",
    metadata,
    Column("id", IdColumn(ClosingId), primary_key=True),
    authority_column(),
    Column("budget_year", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("digest", DigestColumn, nullable=False),
    Column("proposed_by", IdColumn(AccountId), nullable=False),
    Column("proposed_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)

confirmed = Table(
    "year_closings_confirmed",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    Column("budget_year", Integer, primary_key=True, autoincrement=False),
    Column("closing_id", IdColumn(ClosingId), ForeignKey("year_closings.id", ondelete="RESTRICT"), nullable=False),
    Column("confirmed_by", IdColumn(AccountId), nullable=False),
    Column("confirmed_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)
"""One row for each authority and year: a year is closed once."""

carried = Table(
    "carried_instructions",
    metadata,
    Column("closing_id", IdColumn(ClosingId), ForeignKey("year_closings.id", ondelete="RESTRICT"), primary_key=True),
    # A case lies in a room above this one, so its table cannot be named here.
    Column("case_id", IdColumn(CaseId), primary_key=True),
    Column("number", Text, nullable=False),
    **rows_may(Writes.APPEND),
)


def lock_lines(connection: Connection, authority: AuthorityId, budget_year: int, line: str | None = None) -> None:
    """Wait for whoever changes the lines of a year, and let nobody change them until this transaction ends.

    With ``line`` that line alone. The year is locked beside its rows: a line that is not there yet has none.
    """
    lock = func.pg_advisory_xact_lock if line is None else func.pg_advisory_xact_lock_shared
    connection.execute(select(lock(func.hashtextextended(f"budget year {authority} {budget_year}", 0))))
    query = select(appropriations.c.line).where(
        appropriations.c.authority_id == authority, appropriations.c.budget_year == budget_year
    )
    if line is not None:
        query = query.where(appropriations.c.line == line)
    connection.execute(query.order_by(appropriations.c.line).with_for_update()).all()


def is_closed(connection: Connection, authority: AuthorityId, budget_year: int) -> bool:
    """Say whether a budget year is closed."""
    query = select(confirmed.c.closing_id).where(
        confirmed.c.authority_id == authority, confirmed.c.budget_year == budget_year
    )
    return connection.execute(query).scalar() is not None


def is_carried(connection: Connection, authority: AuthorityId, budget_year: int, cases: Collection[CaseId]) -> bool:
    """Say whether the instruction of one of some cases was carried over the close of a year."""
    query = select(carried.c.case_id).join(confirmed, confirmed.c.closing_id == carried.c.closing_id)
    of_year = (confirmed.c.authority_id == authority, confirmed.c.budget_year == budget_year)
    named = query.where(*of_year, carried.c.case_id.in_(list(cases)))
    return connection.execute(named.limit(1)).scalar() is not None


def add_closing(connection: Connection, made: Closing) -> None:
    """Write the close of a year as it was proposed."""
    connection.execute(
        insert(year_closings).values(
            id=made.id,
            authority_id=made.authority,
            budget_year=made.budget_year,
            content=made.content,
            digest=made.digest,
            proposed_by=made.proposed_by,
            proposed_at=made.proposed_at,
        )
    )


def confirm_closing(connection: Connection, made: Closing, by: AccountId, at: Moment) -> bool:
    """Close a year, with what is carried over it; False when it is closed. A second transaction waits for the first."""
    written = connection.execute(
        insert_or(confirmed)
        .values(
            authority_id=made.authority,
            budget_year=made.budget_year,
            closing_id=made.id,
            confirmed_by=by,
            confirmed_at=at,
        )
        .on_conflict_do_nothing(index_elements=["authority_id", "budget_year"])
        .returning(confirmed.c.closing_id)
    )
    if written.scalar() is None:
        return False
    if over := made.carried:
        connection.execute(
            insert(carried),
            [{"closing_id": made.id, "case_id": case, "number": number} for case, number in sorted(over.items())],
        )
    return True


def _closings() -> Any:
    said = [confirmed.c.confirmed_by, confirmed.c.confirmed_at]
    return select(year_closings, *said).outerjoin(confirmed, confirmed.c.closing_id == year_closings.c.id)


def _closing(row: Row[Any]) -> Closing:
    return Closing(
        row.id,
        row.authority_id,
        row.budget_year,
        dict(row.content),
        row.digest,
        row.proposed_by,
        row.proposed_at,
        row.confirmed_by,
        row.confirmed_at,
    )


def closing_of(connection: Connection, closing: ClosingId) -> Closing | None:
    """Return the close of a year, with who confirmed it."""
    row = connection.execute(_closings().where(year_closings.c.id == closing)).one_or_none()
    return _closing(row) if row else None


def closings_page(connection: Connection, authority: AuthorityId, after: ClosingId | None, limit: int) -> list[Closing]:
    """Return what was proposed at an authority, the newest first."""
    query = _closings().where(year_closings.c.authority_id == authority)
    if after is not None:
        query = query.where(year_closings.c.id < after)
    return [_closing(row) for row in connection.execute(query.order_by(year_closings.c.id.desc()).limit(limit))]
