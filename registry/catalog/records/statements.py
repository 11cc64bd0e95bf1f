"""The table of statements: append-only, one row for each thing that was ever stated of a dataset or a version.

What holds now also stands in columns of ``datasets`` and ``versions``, set in the transaction that states it.
"""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    Table,
    Text,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from registry.catalog.records.datasets import list_of
from registry.catalog.statement_model import Statement, StatementKind
from registry.values.identifiers import AccountId, DatasetId, FirmId, StatementId, VersionId
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

statements = Table(
    "statements",
    metadata,
    Column("id", IdColumn(StatementId), primary_key=True),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False),
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT")),
    Column("number", Integer, nullable=False),
    Column("kind", Key, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("stated_by", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("account", IdColumn(AccountId)),
    Column("stated_at", MomentColumn, nullable=False),
    Column("envelope", Text, nullable=False),
    Column("digest", DigestColumn, nullable=False),
    CheckConstraint(f"kind IN ({list_of(StatementKind)})", "kind"),
    CheckConstraint("number > 0", "number"),
    Index(
        "uq_statements_number",
        "dataset_id",
        "version_id",
        "number",
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
    **rows_may(Writes.APPEND),
)


def add_statements(connection: Connection, made: list[Statement], account: AccountId | None) -> None:
    """Write statements."""
    connection.execute(
        insert(statements),
        [
            {
                "id": each.id,
                "dataset_id": each.dataset,
                "version_id": each.version,
                "number": each.number,
                "kind": each.kind,
                "body": dict(each.body),
                "stated_by": each.stated_by,
                "account": account,
                "stated_at": each.stated_at,
                "envelope": each.envelope,
                "digest": each.digest,
            }
            for each in made
        ],
    )


def _about(dataset: DatasetId, version: VersionId | None) -> Any:
    of_version = statements.c.version_id.is_(None) if version is None else statements.c.version_id == version
    return (statements.c.dataset_id == dataset) & of_version


def last_statement(connection: Connection, dataset: DatasetId, version: VersionId | None) -> Statement | None:
    """Return the newest statement about a subject; the dataset is locked by whoever states the next."""
    query = select(statements).where(_about(dataset, version)).order_by(statements.c.number.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return _statement(row) if row else None


def statements_of(
    connection: Connection, dataset: DatasetId, version: VersionId | None, before: int | None, limit: int
) -> tuple[Statement, ...]:
    """Return statements about a subject, the newest first, from below number ``before`` on."""
    query = select(statements).where(_about(dataset, version)).order_by(statements.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(statements.c.number < before)
    return tuple(_statement(row) for row in connection.execute(query))


def _statement(row: Row[Any]) -> Statement:
    return Statement(
        id=row.id,
        dataset=row.dataset_id,
        version=row.version_id,
        number=row.number,
        kind=StatementKind(row.kind),
        body=row.body,
        stated_by=row.stated_by,
        stated_at=row.stated_at,
        envelope=row.envelope,
        digest=row.digest,
    )
