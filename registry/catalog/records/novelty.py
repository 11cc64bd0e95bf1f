"""The tables of decisions on contests of novelty, and of those that are void."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Row,
    Select,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    or_,
    select,
)

from registry.catalog.novelty_model import NoveltyDecision, NoveltyOutcome, VoidGround
from registry.catalog.records.versions import versions
from registry.values.identifiers import AccountId, AuthorityId, ContestId, DatasetId, EntryId, VersionId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may


def _dataset(name: str) -> Column[Any]:
    return Column(name, IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False)


def _version(name: str) -> Column[Any]:
    return Column(name, IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), nullable=False)


novelty_decisions = Table(
    "novelty_decisions",
    metadata,
    Column("contest_id", IdColumn(ContestId), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("year", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("outcome", Key, nullable=False),
    _dataset("contester"),
    _version("contester_version"),
    _dataset("respondent"),
    _version("respondent_version"),
    Column("place", Text, nullable=False),
    Column("day", Date),
    Column("reason", Text, nullable=False),
    Column("decided_by", IdColumn(AccountId), nullable=False),
    Column("decided_at", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    CheckConstraint(f"outcome IN ({', '.join(repr(each.value) for each in NoveltyOutcome)})", "outcome"),
    CheckConstraint("(outcome = 'independent') = (day IS NULL)", "day"),
    UniqueConstraint("authority_id", "year", "number"),
    **rows_may(Writes.APPEND),
)
"""The contest is a row of a room above; what it came to is a fact of the two lineages. It may be decided again."""
Index("ix_novelty_decisions_contester", novelty_decisions.c.contester)
Index("ix_novelty_decisions_respondent", novelty_decisions.c.respondent)

novelty_voids = Table(
    "novelty_voids",
    metadata,
    Column("contest_id", IdColumn(ContestId), primary_key=True),
    Column("year", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("ground", Key, nullable=False),
    Column("voided_at", MomentColumn, nullable=False),
    Column("voided_by", IdColumn(AccountId), nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    CheckConstraint(f"ground IN ({', '.join(repr(each.value) for each in VoidGround)})", "ground"),
    ForeignKeyConstraint(
        ["contest_id", "year", "number"],
        ["novelty_decisions.contest_id", "novelty_decisions.year", "novelty_decisions.number"],
        ondelete="RESTRICT",
    ),
    **rows_may(Writes.APPEND),
)
"""A decision falls at most once; what it said stays."""


def next_decision_number(connection: Connection, authority: AuthorityId, year: int) -> int:
    """Return the next number of a decision in an authority's year; whoever asks meanwhile waits for it."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"novelty decision/{authority}", 0))))
    taken = select(func.max(novelty_decisions.c.number)).where(
        novelty_decisions.c.authority_id == authority, novelty_decisions.c.year == year
    )
    return (connection.execute(taken).scalar() or 0) + 1


def add_novelty_decision(connection: Connection, made: NoveltyDecision, entry: EntryId) -> None:
    """Write a decision; it is never changed."""
    connection.execute(
        insert(novelty_decisions).values(
            contest_id=made.contest,
            authority_id=made.authority,
            year=made.year,
            number=made.number,
            outcome=made.outcome.value,
            contester=made.contester,
            contester_version=made.contester_version,
            respondent=made.respondent,
            respondent_version=made.respondent_version,
            place=made.place,
            day=made.day,
            reason=made.reason,
            decided_by=made.decided_by,
            decided_at=made.decided_at,
            entry_id=entry,
        )
    )


def novelty_decisions_on(connection: Connection, dataset: DatasetId) -> tuple[NoveltyDecision, ...]:
    """Return the decisions on a lineage, the oldest first."""
    table = novelty_decisions.c
    query = _with_voids().where(or_(table.contester == dataset, table.respondent == dataset))
    return tuple(_decision(row) for row in connection.execute(query.order_by(table.decided_at, table.contest_id)))


def novelty_decisions_of(connection: Connection, contest: ContestId) -> tuple[NoveltyDecision, ...]:
    """Return every decision that was taken in a contest, the newest first."""
    table = novelty_decisions.c
    query = _with_voids().where(table.contest_id == contest)
    newest = (table.decided_at.desc(), table.year.desc(), table.number.desc())
    return tuple(_decision(row) for row in connection.execute(query.order_by(*newest)))


def _with_voids() -> Select[Any]:
    """Select decisions, each with what made it void."""
    made, void = novelty_decisions.c, novelty_voids.c
    same = (void.contest_id == made.contest_id) & (void.year == made.year) & (void.number == made.number)
    return select(novelty_decisions, void.voided_at, void.ground).outerjoin(novelty_voids, same)


def add_void(
    connection: Connection,
    decision: NoveltyDecision,
    ground: VoidGround,
    now: Moment,
    account: AccountId,
    entry: EntryId,
) -> None:
    """Write that a decision is void; a second time is refused by the table."""
    connection.execute(
        insert(novelty_voids).values(
            contest_id=decision.contest,
            year=decision.year,
            number=decision.number,
            ground=ground.value,
            voided_at=now,
            voided_by=account,
            entry_id=entry,
        )
    )


def _decision(row: Row[Any]) -> NoveltyDecision:
    return NoveltyDecision(
        contest=row.contest_id,
        authority=row.authority_id,
        year=row.year,
        number=row.number,
        outcome=NoveltyOutcome(row.outcome),
        contester=row.contester,
        contester_version=row.contester_version,
        respondent=row.respondent,
        respondent_version=row.respondent_version,
        place=row.place,
        day=row.day,
        reason=row.reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        voided_at=row.voided_at,
        void_ground=VoidGround(row.ground) if row.ground else None,
    )


def versions_published_by(connection: Connection, dataset: DatasetId, at: Moment) -> frozenset[VersionId]:
    """Return the versions of a lineage that were published by an instant."""
    query = select(versions.c.id).where(versions.c.dataset_id == dataset, versions.c.published_at <= at)
    return frozenset(connection.execute(query).scalars())
