"""Tables of rounds, of what was published of them and of the cases that came in them. Rows are never changed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Row,
    Select,
    SmallInteger,
    Table,
    Text,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.awards.round_model import Round, RoundRevision, RoundState, ScoreSheet
from registry.policy.model import Allocation
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId, EvidenceId, RoundId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn, MoneyColumn
from storage.database import Connection, Writes, metadata, rows_may

rounds_table = Table(
    "rounds",
    metadata,
    Column("id", IdColumn(RoundId), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("document", Key, nullable=False),
    Column("instrument", Key, nullable=False),
    **rows_may(Writes.APPEND),
)
Index("ix_rounds_instrument", rounds_table.c.authority_id, rounds_table.c.instrument)

revisions = Table(
    "round_revisions",
    metadata,
    Column("round_id", IdColumn(RoundId), ForeignKey("rounds.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("guide_id", IdColumn(EvidenceId), ForeignKey("evidence.id", ondelete="RESTRICT"), nullable=False),
    Column("guide_digest", DigestColumn, nullable=False),
    Column("guide_url", Text, nullable=False),
    Column("opens_at", MomentColumn, nullable=False),
    Column("closes_at", MomentColumn, nullable=False),
    Column("budget_fen", MoneyColumn, CheckConstraint("budget_fen > 0", "budget")),
    Column(
        "allocation",
        Key,
        CheckConstraint(f"allocation IN ({', '.join(repr(each.value) for each in Allocation)})", "allocation"),
        nullable=False,
    ),
    Column("checklist", JSONB, nullable=False),
    Column("extra_items", JSONB, nullable=False),
    Column("score_sheet", JSONB(none_as_null=True)),
    Column("score_table", JSONB, nullable=False),
    Column("decision_number", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("published_at", MomentColumn, nullable=False),
    Column("published_by", IdColumn(AccountId), nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    CheckConstraint("opens_at < closes_at", "window"),
    **rows_may(Writes.APPEND),
)

case_rounds = Table(
    "case_rounds",
    metadata,
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True),
    Column("round_id", IdColumn(RoundId), ForeignKey("rounds.id", ondelete="RESTRICT"), nullable=False, index=True),
    **rows_may(Writes.APPEND),
)
"""In which round a case came in; it stays there through every correction."""


def lock_rounds(connection: Connection, authority: AuthorityId, instrument: str) -> None:
    """Let one transaction at a time change the rounds of an instrument, or take an application into one."""
    name = f"rounds/{authority}/{instrument}"
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def add_round(connection: Connection, made: Round) -> None:
    """Write a round and what was published of it first."""
    connection.execute(
        insert(rounds_table).values(
            id=made.id, authority_id=made.authority, document=made.document, instrument=made.instrument
        )
    )
    add_revision(connection, made.id, made.now)


def add_revision(connection: Connection, wanted: RoundId, made: RoundRevision) -> bool:
    """Write a revision; False when somebody else wrote one of its number first."""
    written = connection.execute(
        insert_or(revisions)
        .values(
            round_id=wanted,
            number=made.number,
            title=made.title,
            guide_id=made.guide,
            guide_digest=made.guide_digest,
            guide_url=made.guide_url,
            opens_at=made.opens_at,
            closes_at=made.closes_at,
            budget_fen=made.budget,
            allocation=made.allocation.value,
            checklist=list(made.checklist),
            extra_items=list(made.extra_items),
            score_sheet=made.sheet.as_json() if made.sheet else None,
            score_table=[dict(each) for each in made.score_table],
            decision_number=made.decision_number,
            reason=made.reason,
            published_at=made.published_at,
            published_by=made.published_by,
            entry_id=made.entry,
        )
        .on_conflict_do_nothing()
        .returning(revisions.c.number)
    )
    return written.scalar() is not None


def round_of(connection: Connection, wanted: RoundId) -> Round | None:
    """Return a round."""
    return next(iter(_rounds(connection, select(rounds_table).where(rounds_table.c.id == wanted))), None)


def rounds_of(connection: Connection, authority: AuthorityId, instrument: str) -> tuple[Round, ...]:
    """Return the rounds of an instrument of an authority, the oldest first."""
    query = select(rounds_table).where(
        rounds_table.c.authority_id == authority, rounds_table.c.instrument == instrument
    )
    return _rounds(connection, query.order_by(rounds_table.c.id))


def rounds_page(
    connection: Connection, after: RoundId | None, limit: int, *, instrument: str, state: RoundState | None, now: Moment
) -> tuple[Round, ...]:
    """Return rounds of every authority, the newest first; ``instrument`` "" leaves all."""
    query = select(rounds_table).order_by(rounds_table.c.id.desc()).limit(limit)
    if instrument:
        query = query.where(rounds_table.c.instrument == instrument)
    if after is not None:
        query = query.where(rounds_table.c.id < after)
    if state is not None:
        newest = (
            select(revisions)
            .ext(distinct_on(revisions.c.round_id))
            .order_by(revisions.c.round_id, revisions.c.number.desc())
            .subquery()
        )
        opens, closes = newest.c.opens_at, newest.c.closes_at
        in_state = {
            RoundState.COMING: (opens > now,),
            RoundState.OPEN: (opens <= now, closes > now),
            RoundState.CLOSED: (closes <= now,),
        }[state]
        query = query.where(rounds_table.c.id.in_(select(newest.c.round_id).where(*in_state)))
    return _rounds(connection, query)


def _rounds(connection: Connection, query: Select[Any]) -> tuple[Round, ...]:
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    published: dict[RoundId, list[RoundRevision]] = {each: [] for each in ids}
    of_these = select(revisions).where(revisions.c.round_id.in_(ids)).order_by(revisions.c.number)
    for row in connection.execute(of_these) if ids else ():
        published[row.round_id].append(_revision(row))
    return tuple(
        Round(row.id, row.authority_id, row.document, row.instrument, tuple(published[row.id])) for row in rows
    )


def _revision(row: Row[Any]) -> RoundRevision:
    return RoundRevision(
        number=row.number,
        title=row.title,
        guide=row.guide_id,
        guide_digest=row.guide_digest,
        guide_url=row.guide_url,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        budget=row.budget_fen,
        allocation=Allocation(row.allocation),
        checklist=tuple(row.checklist),
        extra_items=tuple(row.extra_items),
        sheet=ScoreSheet.of_json(row.score_sheet) if row.score_sheet else None,
        score_table=tuple(row.score_table),
        published_at=row.published_at,
        published_by=row.published_by,
        entry=row.entry_id,
        decision_number=row.decision_number,
        reason=row.reason,
    )


def add_case_round(connection: Connection, case: CaseId, wanted: RoundId) -> None:
    """Write in which round a case came in."""
    connection.execute(insert(case_rounds).values(case_id=case, round_id=wanted))


def round_of_case(connection: Connection, case: CaseId) -> Round | None:
    """Return the round a case came in; None where it came in none."""
    of_case = select(case_rounds.c.round_id).where(case_rounds.c.case_id == case)
    return next(iter(_rounds(connection, select(rounds_table).where(rounds_table.c.id.in_(of_case)))), None)


def cases_of_round(connection: Connection, wanted: RoundId) -> Sequence[CaseId]:
    """Return the cases that came in a round."""
    return list(connection.execute(select(case_rounds.c.case_id).where(case_rounds.c.round_id == wanted)).scalars())
