"""The table of recalls, and who may hold what was recalled."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Text, func, insert, literal, null, select, union_all
from sqlalchemy import cast as sql_cast

from registry.catalog.access_model import Holder, Recall, RequestState
from registry.catalog.records.grants import grants
from registry.catalog.records.requests import grant_requests
from registry.catalog.records.usage import usage_events
from registry.values.identifiers import AccountId, AuthorityId, DatasetId, FirmId, VersionId
from registry.values.records import IdColumn, Key, MomentColumn
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


def holders_page(
    connection: Connection, version: VersionId, dataset: DatasetId, after: str, limit: int
) -> list[Holder]:
    """Return who may hold content of a version, by party, from after ``after`` on; firms are not named."""
    read = (
        select(
            usage_events.c.party,
            func.count().label("reads"),
            func.min(usage_events.c.read_at).label("first"),
            func.max(usage_events.c.read_at).label("last"),
            literal(value=False).label("granted"),
        )
        .where(usage_events.c.version_id == version, usage_events.c.party > after)
        .group_by(usage_events.c.party)
        .order_by(usage_events.c.party)
        .limit(limit)
        .subquery("read")
    )
    nothing = sql_cast(null(), MomentColumn)
    granted = []
    for table, conditions in (
        (grants, ()),
        (grant_requests, (grant_requests.c.state.in_((RequestState.GRANTED, RequestState.ENDED)),)),
    ):
        # A party of usage is the id as it is shown; a column keeps its UUID.
        party = literal(f"{FirmId.prefix}_", Key) + func.replace(sql_cast(table.c.firm, Text), "-", "")
        granted.append(
            select(
                sql_cast(party, Key).label("party"),
                literal(0, Integer).label("reads"),
                nothing.label("first"),
                nothing.label("last"),
                literal(value=True).label("granted"),
            ).where(table.c.dataset_id == dataset, sql_cast(party, Key) > after, *conditions)
        )
    every = union_all(select(read), *granted).subquery("every")
    query = (
        select(
            every.c.party,
            func.sum(every.c.reads).label("reads"),
            func.min(every.c.first).label("first"),
            func.max(every.c.last).label("last"),
            func.bool_or(every.c.granted).label("granted"),
        )
        .group_by(every.c.party)
        .order_by(every.c.party)
        .limit(limit)
    )
    return [
        Holder(row.party, "", int(row.reads), row.first, row.last, row.granted) for row in connection.execute(query)
    ]
