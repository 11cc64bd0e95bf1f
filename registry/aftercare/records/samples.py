"""Tables of samples and findings; nothing in them is ever changed."""

from datetime import date
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.aftercare.model import Sample, SampleFinding
from registry.awards.model import ActKind
from registry.awards.records import acts, cases
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId, SampleId
from registry.values.records import IdColumn, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

samples = Table(
    "samples",
    metadata,
    Column("id", IdColumn(SampleId), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("share_bp", Integer, CheckConstraint("share_bp BETWEEN 1 AND 10000", "share"), nullable=False),
    Column("least", Integer, CheckConstraint("least >= 1", "least"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("population", JSONB, nullable=False),
    Column("drawn", JSONB, nullable=False),
    Column("seed", LargeBinary, nullable=False),
    Column("drawn_by", IdColumn(AccountId), nullable=False),
    Column("drawn_at", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)
Index("ix_samples_office", samples.c.authority_id, samples.c.id)

findings = Table(
    "sample_findings",
    metadata,
    Column("sample_id", IdColumn(SampleId), ForeignKey("samples.id", ondelete="RESTRICT"), primary_key=True),
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True),
    Column("in_order", Boolean, nullable=False),
    Column("words", Text, nullable=False),
    Column("found_by", IdColumn(AccountId), nullable=False),
    Column("found_at", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)


def cases_paid(connection: Connection, office: AuthorityId, first: date, last: date) -> tuple[CaseId, ...]:
    """Return the cases of an office that the bank paid from ``first`` through ``last``, in the order of their ids."""
    paid_on = acts.c.content["paid_on"].astext
    query = (
        select(cases.c.id)
        .join(acts, acts.c.case_id == cases.c.id)
        .where(
            cases.c.authority_id == office,
            acts.c.kind == ActKind.PAID.value,
            paid_on.between(first.isoformat(), last.isoformat()),
        )
        .order_by(cases.c.id)
    )
    return tuple(connection.execute(query).scalars())


def add_sample(connection: Connection, made: Sample) -> None:
    """Write a sample."""
    connection.execute(
        insert(samples).values(
            id=made.id,
            authority_id=made.authority,
            first_day=made.first,
            last_day=made.last,
            share_bp=made.share_bp,
            least=made.least,
            reason=made.reason,
            population=list(made.population),
            drawn=list(made.drawn),
            seed=made.seed,
            drawn_by=made.drawn_by,
            drawn_at=made.drawn_at,
            entry_id=made.entry,
        )
    )


def samples_of(
    connection: Connection,
    office: AuthorityId,
    sample: SampleId | None = None,
    page: tuple[SampleId | None, int] | None = None,
) -> tuple[Sample, ...]:
    """Return the samples of an office, or one of them, with what was found; the newest first.

    ``page`` is (behind which, how many at most).
    """
    query = select(samples).where(samples.c.authority_id == office).order_by(samples.c.id.desc())
    if sample is not None:
        query = query.where(samples.c.id == sample)
    if page is not None:
        query = query.limit(page[1]) if page[0] is None else query.where(samples.c.id < page[0]).limit(page[1])
    rows = connection.execute(query).all()
    found: dict[SampleId, list[SampleFinding]] = {row.id: [] for row in rows}
    stated = select(findings).where(findings.c.sample_id.in_(list(found))).order_by(findings.c.found_at)
    for row in connection.execute(stated):
        made = SampleFinding(row.case_id, row.in_order, row.words, row.found_by, row.found_at)
        found[row.sample_id].append(made)
    return tuple(_sample(row, found[row.id]) for row in rows)


def _sample(row: Row[Any], found: list[SampleFinding]) -> Sample:
    return Sample(
        id=row.id,
        authority=row.authority_id,
        first=row.first_day,
        last=row.last_day,
        share_bp=row.share_bp,
        least=row.least,
        reason=row.reason,
        population=tuple(CaseId(case) for case in row.population),
        drawn=tuple(CaseId(case) for case in row.drawn),
        seed=bytes(row.seed),
        drawn_by=row.drawn_by,
        drawn_at=row.drawn_at,
        entry=row.entry_id,
        findings=tuple(found),
    )


def add_finding(connection: Connection, sample: SampleId, made: SampleFinding, entry: EntryId) -> bool:
    """Write a finding; False when the case has one in this sample."""
    written = connection.execute(
        insert_or(findings)
        .values(
            sample_id=sample,
            case_id=made.case,
            in_order=made.in_order,
            words=made.text,
            found_by=made.found_by,
            found_at=made.found_at,
            entry_id=entry,
        )
        .on_conflict_do_nothing()
        .returning(findings.c.case_id)
    )
    return written.scalar() is not None
