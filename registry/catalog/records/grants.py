"""The table of what orders opened to firms."""

from sqlalchemy import Column, ForeignKey, Index, Table
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.values.identifiers import DatasetId, FirmId, OrderId
from registry.values.moment import Moment
from registry.values.records import IdColumn, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

grants = Table(
    "grants",
    metadata,
    Column("order_id", IdColumn(OrderId), primary_key=True),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False),
    Column("firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("granted_at", MomentColumn, nullable=False),
    Column("ended_at", MomentColumn),
    Index("ix_grants_firm", "firm", "dataset_id"),
    **rows_may(Writes.UPDATE),
)


def add_grant(connection: Connection, order: OrderId, dataset: DatasetId, firm: FirmId, now: Moment) -> None:
    """Open a dataset to a firm by an order; twice is once."""
    made = insert_or(grants).values(order_id=order, dataset_id=dataset, firm=firm, granted_at=now)
    connection.execute(made.on_conflict_do_nothing())


def end_grant(connection: Connection, order: OrderId, now: Moment) -> None:
    """End what an order opened."""
    connection.execute(
        update_rows(grants).where(grants.c.order_id == order, grants.c.ended_at.is_(None)).values(ended_at=now)
    )
