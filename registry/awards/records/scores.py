"""Tables of experts, of the panels drawn from them and of what they gave."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Date, ForeignKey, Index, LargeBinary, SmallInteger, Table, Text, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.awards.score_rules import Expert, PanelDraw, Slip, marks_of_json
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may


def _of_case() -> Column[Any]:
    return Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True)


def _expert(*, primary_key: bool = False, nullable: bool = False) -> Column[Any]:
    return Column(
        "expert",
        IdColumn(AccountId),
        ForeignKey("accounts.id", ondelete="RESTRICT"),
        primary_key=primary_key,
        nullable=nullable,
    )


experts_table = Table(
    "experts",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    _expert(primary_key=True),
    Column("fields", JSONB, nullable=False),
    Column("note", Text, nullable=False),
    Column("entered_at", MomentColumn, nullable=False),
    Column("entered_by", IdColumn(AccountId), nullable=False),
    Column("ended_at", MomentColumn),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.UPDATE),
)

panel_draws = Table(
    "expert_draws",
    metadata,
    _of_case(),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("seed", LargeBinary, nullable=False),
    Column("candidates", JSONB, nullable=False),
    Column("drawn", JSONB, nullable=False),
    Column("replaced", IdColumn(AccountId)),
    Column("reason", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("drawn_at", MomentColumn, nullable=False),
    Column("drawn_by", IdColumn(AccountId), nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)
"""Every lot stays: seed, who stood for it, who was drawn, in whose place and why."""

panel_seats = Table(
    "expert_seats",
    metadata,
    _of_case(),
    _expert(primary_key=True),
    **rows_may(Writes.APPEND),
)
"""Who was ever drawn for a case, so that an expert finds its own."""
Index("ix_expert_seats_expert", panel_seats.c.expert, panel_seats.c.case_id)

slips_table = Table(
    "case_scores",
    metadata,
    _of_case(),
    _expert(primary_key=True),
    Column("marks", JSONB, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("commitment", DigestColumn, nullable=False),
    Column("given_at", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)
"""Sealed until an officer opens them; the primary key lets an expert score a case once."""


def enter_expert(connection: Connection, made: Expert, entry: EntryId) -> None:
    """Write an entry of the register; one that stood or had ended is replaced."""
    values = {
        "fields": list(made.fields),
        "note": made.note,
        "entered_at": made.entered_at,
        "entered_by": made.entered_by,
        "ended_at": None,
        "entry_id": entry,
    }
    connection.execute(
        insert_or(experts_table)
        .values(authority_id=made.authority, expert=made.account, **values)
        .on_conflict_do_update(index_elements=["authority_id", "expert"], set_=values)
    )


def end_expert(connection: Connection, office: AuthorityId, expert: AccountId, now: Moment) -> bool:
    """Write that an expert is none any more; False when none stands."""
    written = connection.execute(
        update(experts_table)
        .where(
            experts_table.c.authority_id == office,
            experts_table.c.expert == expert,
            experts_table.c.ended_at.is_(None),
        )
        .values(ended_at=now)
        .returning(experts_table.c.expert)
    )
    return written.scalar() is not None


def experts_of(
    connection: Connection,
    office: AuthorityId,
    *,
    after: AccountId | None = None,
    limit: int | None = None,
    standing: bool = False,
) -> tuple[Expert, ...]:
    """Return the experts of an office in the order of their accounts; ``standing``: only those that were not ended."""
    query = select(experts_table).where(experts_table.c.authority_id == office).order_by(experts_table.c.expert)
    if standing:
        query = query.where(experts_table.c.ended_at.is_(None))
    if after is not None:
        query = query.where(experts_table.c.expert > after)
    return tuple(
        Expert(
            account=row.expert,
            authority=row.authority_id,
            fields=tuple(row.fields),
            note=row.note,
            entered_at=row.entered_at,
            entered_by=row.entered_by,
            ended_at=row.ended_at,
        )
        for row in connection.execute(query.limit(limit))
    )


def add_panel_draw(connection: Connection, made: PanelDraw) -> None:
    """Write a lot with its seats. The caller holds the lock of the case."""
    connection.execute(
        insert(panel_draws).values(
            case_id=made.case,
            number=made.number,
            seed=made.seed,
            candidates=list(made.candidates),
            drawn=list(made.drawn),
            replaced=made.replaced,
            reason=made.reason,
            due_on=made.due_on,
            drawn_at=made.drawn_at,
            drawn_by=made.drawn_by,
            entry_id=made.entry,
        )
    )
    connection.execute(insert(panel_seats), [{"case_id": made.case, "expert": each} for each in made.drawn])


def panel_draws_of(connection: Connection, case: CaseId) -> tuple[PanelDraw, ...]:
    """Return every lot that was drawn for a case, in order."""
    query = select(panel_draws).where(panel_draws.c.case_id == case).order_by(panel_draws.c.number)
    return tuple(
        PanelDraw(
            case=row.case_id,
            number=row.number,
            seed=bytes(row.seed),
            candidates=tuple(AccountId(each) for each in row.candidates),
            drawn=tuple(AccountId(each) for each in row.drawn),
            replaced=row.replaced,
            reason=row.reason,
            due_on=row.due_on,
            drawn_at=row.drawn_at,
            drawn_by=row.drawn_by,
            entry=row.entry_id,
        )
        for row in connection.execute(query)
    )


def add_slip(connection: Connection, case: CaseId, made: Slip, entry: EntryId) -> bool:
    """Write what an expert gave; False when it had scored the case before."""
    written = connection.execute(
        insert_or(slips_table)
        .values(
            case_id=case,
            expert=made.expert,
            marks=[mark.as_json() for mark in made.marks],
            salt=made.salt,
            commitment=made.commitment,
            given_at=made.given_at,
            entry_id=entry,
        )
        .on_conflict_do_nothing()
        .returning(slips_table.c.expert)
    )
    return written.scalar() is not None


def slips_of(connection: Connection, case: CaseId) -> dict[AccountId, Slip]:
    """Return what was given for a case, by expert."""
    query = select(slips_table).where(slips_table.c.case_id == case)
    return {
        row.expert: Slip(row.expert, marks_of_json(row.marks), bytes(row.salt), row.commitment, row.given_at)
        for row in connection.execute(query)
    }


def cases_of_expert(connection: Connection, expert: AccountId, after: CaseId | None, limit: int) -> Sequence[CaseId]:
    """Return the cases an expert was ever drawn for, the newest first."""
    query = select(panel_seats.c.case_id).where(panel_seats.c.expert == expert)
    if after is not None:
        query = query.where(panel_seats.c.case_id < after)
    return list(connection.execute(query.order_by(panel_seats.c.case_id.desc()).limit(limit)).scalars())
