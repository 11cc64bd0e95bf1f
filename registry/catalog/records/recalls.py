"""The table of recalls."""

from sqlalchemy import Column, ForeignKey, Table, Text, insert, select

from registry.catalog.access_model import Recall
from registry.values.identifiers import AccountId, AuthorityId, VersionId
from registry.values.records import IdColumn, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

recalls = Table(
    "recalls",
    metadata,
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("account_id", IdColumn(AccountId), nullable=False),
    Column("reason", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("recalled_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)


def add_recall(connection: Connection, made: Recall) -> None:
    """Write a recall."""
    connection.execute(
        insert(recalls).values(
            version_id=made.version,
            authority_id=made.authority,
            account_id=made.account,
            reason=made.reason,
            legal_basis=made.legal_basis,
            document_number=made.document_number,
            recalled_at=made.recalled_at,
        )
    )


def recall_of(connection: Connection, version: VersionId) -> Recall | None:
    """Return the recall of a version, if there was one."""
    row = connection.execute(select(recalls).where(recalls.c.version_id == version)).one_or_none()
    if row is None:
        return None
    return Recall(
        version=row.version_id,
        authority=row.authority_id,
        account=row.account_id,
        reason=row.reason,
        legal_basis=row.legal_basis,
        document_number=row.document_number,
        recalled_at=row.recalled_at,
    )
