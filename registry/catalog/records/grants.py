"""The table of what orders opened to firms."""

from collections.abc import Set as AbstractSet

from sqlalchemy import Column, ForeignKey, Index, Table
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.catalog.access_model import ReadWay
from registry.values.identifiers import DatasetId, FirmId, OrderId, VersionId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

grants = Table(
    "grants",
    metadata,
    Column("order_id", IdColumn(OrderId), primary_key=True),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False),
    Column("firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("granted_at", MomentColumn, nullable=False),
    Column("ended_at", MomentColumn),
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT")),
    Column("ways", ARRAY(Key), nullable=False),
    Index("ix_grants_firm", "firm", "dataset_id"),
    **rows_may(Writes.UPDATE),
)
"""``version_id`` is the one version a grant is of; without one it is of every version while the grant lasts."""


def add_grant(
    connection: Connection,
    order: OrderId,
    dataset: DatasetId,
    firm: FirmId,
    now: Moment,
    version: VersionId | None,
    ways: AbstractSet[ReadWay],
) -> None:
    """Open a dataset, or one version of it, to a firm by an order; twice is once."""
    made = insert_or(grants).values(
        order_id=order,
        dataset_id=dataset,
        firm=firm,
        granted_at=now,
        version_id=version,
        ways=sorted(each.value for each in ways),
    )
    connection.execute(made.on_conflict_do_nothing())


def end_grant(connection: Connection, order: OrderId, now: Moment) -> None:
    """End what an order opened."""
    connection.execute(
        update_rows(grants).where(grants.c.order_id == order, grants.c.ended_at.is_(None)).values(ended_at=now)
    )
