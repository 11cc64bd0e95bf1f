"""The table of laboratory reports. Rows are never changed."""

from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Row, SmallInteger, Table, Text, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from registry.quality.model import Score
from registry.quality.reports import QualityReport
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, DatasetId, EntryId, EvidenceId, FirmId, ReportId
from registry.values.records import DigestColumn, IdColumn, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may


def _score(name: str) -> Column[Any]:
    return Column(name, SmallInteger, CheckConstraint(f"{name} BETWEEN 0 AND 10000", name), nullable=False)


reports = Table(
    "quality_reports",
    metadata,
    Column("id", IdColumn(ReportId), primary_key=True),
    Column("dataset_id", IdColumn(DatasetId), nullable=False),
    Column("content_digest", DigestColumn, nullable=False),
    Column("laboratory", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    _score("documentation_hundredths"),
    _score("data_quality_hundredths"),
    _score("model_application_hundredths"),
    Column("method", Text, nullable=False),
    Column("report_id", IdColumn(EvidenceId), ForeignKey("evidence.id", ondelete="RESTRICT"), nullable=False),
    Column("report_digest", DigestColumn, nullable=False),
    Column("filed_at", MomentColumn, nullable=False),
    Column("filed_by", IdColumn(AccountId), nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)
Index("ix_quality_reports_content", reports.c.content_digest, reports.c.filed_at)


def add_report(connection: Connection, made: QualityReport) -> None:
    """Write a report."""
    connection.execute(
        insert(reports).values(
            id=made.id,
            dataset_id=made.dataset,
            content_digest=made.content_digest,
            laboratory=made.laboratory,
            documentation_hundredths=made.documentation.hundredths,
            data_quality_hundredths=made.data_quality.hundredths,
            model_application_hundredths=made.model_application.hundredths,
            method=made.method,
            report_id=made.report,
            report_digest=made.report_digest,
            filed_at=made.filed_at,
            filed_by=made.filed_by,
            entry_id=made.entry,
        )
    )


def reports_on(connection: Connection, content: Digest) -> tuple[QualityReport, ...]:
    """Return the reports on a content, the newest first."""
    rows = connection.execute(
        select(reports)
        .where(reports.c.content_digest == content)
        .order_by(reports.c.filed_at.desc(), reports.c.id.desc())
    )
    return tuple(_report(row) for row in rows)


def contents_with_scores(connection: Connection, least_hundredths: int) -> frozenset[Digest]:
    """Return the contents whose newest report has at least so many hundredths of a point in every dimension."""
    newest = select(reports).ext(distinct_on(reports.c.content_digest))
    found = newest.order_by(reports.c.content_digest, reports.c.filed_at.desc(), reports.c.id.desc()).subquery()
    dimensions = ("documentation_hundredths", "data_quality_hundredths", "model_application_hundredths")
    query = select(found.c.content_digest).where(*(found.c[name] >= least_hundredths for name in dimensions))
    return frozenset(connection.execute(query).scalars())


def _report(row: Row[Any]) -> QualityReport:
    return QualityReport(
        id=row.id,
        dataset=row.dataset_id,
        content_digest=row.content_digest,
        laboratory=row.laboratory,
        documentation=Score(row.documentation_hundredths),
        data_quality=Score(row.data_quality_hundredths),
        model_application=Score(row.model_application_hundredths),
        method=row.method,
        report=row.report_id,
        report_digest=row.report_digest,
        filed_at=row.filed_at,
        filed_by=row.filed_by,
        entry=row.entry_id,
    )
