"""The table of decisions on contests of novelty."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Row,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    or_,
    select,
)

from registry.catalog.novelty_model import NoveltyDecision, NoveltyOutcome
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
    Column("year", SmallInteger, nullable=False),
    Column("number", Integer, nullable=False),
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
"""The contest is a row of a room above; what it came to is a fact of the two lineages."""
Index("ix_novelty_decisions_contester", novelty_decisions.c.contester)
Index("ix_novelty_decisions_respondent", novelty_decisions.c.respondent)


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
    query = select(novelty_decisions).where(or_(table.contester == dataset, table.respondent == dataset))
    return tuple(_decision(row) for row in connection.execute(query.order_by(table.decided_at, table.contest_id)))


def novelty_decision_of(connection: Connection, contest: ContestId) -> NoveltyDecision | None:
    """Return what a contest came to, or None while it is open."""
    query = select(novelty_decisions).where(novelty_decisions.c.contest_id == contest)
    row = connection.execute(query).one_or_none()
    return _decision(row) if row else None


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
    )


def versions_published_by(connection: Connection, dataset: DatasetId, at: Moment) -> frozenset[VersionId]:
    """Return the versions of a lineage that were published by an instant."""
    query = select(versions.c.id).where(versions.c.dataset_id == dataset, versions.c.published_at <= at)
    return frozenset(connection.execute(query).scalars())
