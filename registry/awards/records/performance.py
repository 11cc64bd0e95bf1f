"""Tables of the targets of cases and of their evaluations; nothing in them is ever changed."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Select,
    SmallInteger,
    Table,
    Text,
    and_,
    cast,
    func,
    insert,
    select,
)
from sqlalchemy import tuple_ as row_of
from sqlalchemy.dialects.postgresql import JSONB

from registry.awards.model import ActKind
from registry.awards.performance_model import EarlierCase, Evaluation, StatedTargets, Target
from registry.awards.records.tables import acts, cases, lines
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId, FirmId
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

targets = Table(
    "case_targets",
    metadata,
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("targets", JSONB, nullable=False),
    Column("report_digest", DigestColumn, nullable=False),
    Column("stated_by", IdColumn(AccountId), nullable=False),
    Column("stated_at", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)

evaluations = Table(
    "case_evaluations",
    metadata,
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("figures", JSONB, nullable=False),
    Column("score", SmallInteger, CheckConstraint("score BETWEEN 0 AND 100", "score"), nullable=False),
    Column("grade", Key, nullable=False),
    Column("opinion", Text, nullable=False),
    Column("report_digest", DigestColumn),
    Column("evaluated_by", IdColumn(AccountId), nullable=False),
    Column("evaluated_at", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)


def add_targets(connection: Connection, case: CaseId, made: StatedTargets, entry: EntryId) -> None:
    """Write the targets of a case. The caller holds the lock of the case."""
    connection.execute(
        insert(targets).values(
            case_id=case,
            number=made.number,
            targets=[[each.indicator, each.unit, each.figure] for each in made.targets],
            report_digest=made.report,
            stated_by=made.stated_by,
            stated_at=made.stated_at,
            entry_id=entry,
        )
    )


def targets_of(connection: Connection, case: CaseId) -> StatedTargets | None:
    """Return the targets of a case that were stated last."""
    query = select(targets).where(targets.c.case_id == case).order_by(targets.c.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    made = tuple(Target(*each) for each in row.targets)
    return StatedTargets(row.number, made, row.report_digest, row.stated_by, row.stated_at)


def add_evaluation(connection: Connection, case: CaseId, made: Evaluation, entry: EntryId) -> None:
    """Write an evaluation. The caller holds the lock of the case."""
    connection.execute(
        insert(evaluations).values(
            case_id=case,
            number=made.number,
            figures=[list(each) for each in made.figures],
            score=made.score,
            grade=made.grade,
            opinion=made.opinion,
            report_digest=made.report,
            evaluated_by=made.evaluated_by,
            evaluated_at=made.evaluated_at,
            entry_id=entry,
        )
    )


def evaluations_of(connection: Connection, case: CaseId) -> tuple[Evaluation, ...]:
    """Return the evaluations of a case, the earliest first."""
    rows = connection.execute(select(evaluations).where(evaluations.c.case_id == case).order_by(evaluations.c.number))
    return tuple(
        Evaluation(
            number=row.number,
            figures=tuple((indicator, figure) for indicator, figure in row.figures),
            score=row.score,
            grade=row.grade,
            opinion=row.opinion,
            report=row.report_digest,
            evaluated_by=row.evaluated_by,
            evaluated_at=row.evaluated_at,
        )
        for row in rows
    )


def _paid() -> Select[Any]:
    """Return the paid cases that have targets, with the day the bank paid and the newest evaluation if there is one."""
    numbers = (
        select(evaluations.c.case_id, func.max(evaluations.c.number).label("number"))
        .group_by(evaluations.c.case_id)
        .subquery()
    )
    is_newest = and_(evaluations.c.case_id == numbers.c.case_id, evaluations.c.number == numbers.c.number)
    newest = select(evaluations).join(numbers, is_newest).subquery()
    with_targets = select(targets.c.case_id).distinct().subquery()
    paid_on = cast(acts.c.content["paid_on"].astext, Date)
    return (
        select(cases.c.id, cases.c.instrument, paid_on.label("paid_on"), newest.c.grade, newest.c.score)
        .join(with_targets, with_targets.c.case_id == cases.c.id)
        .join(acts, acts.c.case_id == cases.c.id)
        .join(newest, newest.c.case_id == cases.c.id, isouter=True)
        .where(acts.c.kind == ActKind.PAID.value)
    )


def not_evaluated(
    connection: Connection, office: AuthorityId, after: tuple[date, CaseId] | None, limit: int
) -> tuple[tuple[CaseId, str, date], ...]:
    """Return the paid cases of an office that have targets and no evaluation, those paid first at the top."""
    paid_on = cast(acts.c.content["paid_on"].astext, Date)
    query = _paid().where(cases.c.authority_id == office, evaluations_missing()).order_by(paid_on, cases.c.id)
    if after is not None:
        query = query.where(row_of(paid_on, cases.c.id) > row_of(*after))
    return tuple((row.id, row.instrument, row.paid_on) for row in connection.execute(query.limit(limit)))


def evaluations_missing() -> Any:
    """Return the condition that a case has no evaluation."""
    return ~select(evaluations.c.case_id).where(evaluations.c.case_id == cases.c.id).exists()


def earlier_cases(
    connection: Connection, office: AuthorityId, firms: Collection[FirmId], beside: CaseId, limit: int
) -> tuple[EarlierCase, ...]:
    """Return the paid cases with targets of any of ``firms`` at an office, the one paid last first."""
    of_firms = select(lines.c.case_id).where(lines.c.firm.in_(list(firms)))
    paid_on = cast(acts.c.content["paid_on"].astext, Date)
    query = (
        _paid()
        .where(cases.c.authority_id == office, cases.c.id.in_(of_firms), cases.c.id != beside)
        .order_by(paid_on.desc(), cases.c.id)
        .limit(limit)
    )
    rows = connection.execute(query)
    return tuple(EarlierCase(row.id, row.instrument, row.paid_on, row.grade, row.score) for row in rows)
