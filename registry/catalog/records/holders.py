"""The table of firms that may hold a version for another reason than a read or a grant, and who may hold it at all."""

from sqlalchemy import Column, ForeignKey, Integer, Select, Table, Text, func, literal, null, or_, select, union_all
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.catalog.access_model import Holder, RequestState
from registry.catalog.records.grants import grants
from registry.catalog.records.requests import grant_requests
from registry.catalog.records.usage import usage_events
from registry.values.identifiers import DatasetId, FirmId, VersionId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

version_holders = Table(
    "version_holders",
    metadata,
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True),
    Column("firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), primary_key=True),
    Column("noted_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)
"""Firms that ordered a version or attested that they use it: they may have it from elsewhere."""


def add_holder(connection: Connection, version: VersionId, firm: FirmId, now: Moment) -> None:
    """Write that a firm may hold a version; twice is once."""
    made = insert_or(version_holders).values(version_id=version, firm=firm, noted_at=now)
    connection.execute(made.on_conflict_do_nothing())


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
    opened = or_(grants.c.version_id.is_(None), grants.c.version_id == version)
    answered = grant_requests.c.state.in_((RequestState.GRANTED, RequestState.ENDED))
    every = union_all(
        select(read),
        _firms(grants, after, granted=True).where(grants.c.dataset_id == dataset, opened),
        _firms(grant_requests, after, granted=True).where(grant_requests.c.dataset_id == dataset, answered),
        _firms(version_holders, after, granted=False).where(version_holders.c.version_id == version),
    ).subquery("every")
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


def _firms(table: Table, after: str, *, granted: bool) -> Select[str, int, Moment, Moment, bool]:
    """Return the firms of a table as parties without reads, from after ``after`` on."""
    # A party of usage is the id as it is shown; a column keeps its UUID.
    party = literal(f"{FirmId.prefix}_", Key) + func.replace(sql_cast(table.c.firm, Text), "-", "")
    nothing = sql_cast(null(), MomentColumn)
    return select(
        sql_cast(party, Key).label("party"),
        literal(0, Integer).label("reads"),
        nothing.label("first"),
        nothing.label("last"),
        literal(value=granted).label("granted"),
    ).where(sql_cast(party, Key) > after)
