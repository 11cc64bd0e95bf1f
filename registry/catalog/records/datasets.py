"""Tables of namespaces, datasets, and every name a dataset ever had."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Row, Table, Text, insert, select
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.catalog.model import Dataset, Openness, Sector
from registry.catalog.statement_model import Deprecation
from registry.values.identifiers import DatasetId, FirmId
from registry.values.moment import Moment
from registry.values.names import PublicName
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may


def list_of(kinds: Iterable[str]) -> str:
    """Return ``kinds`` as the list of a CHECK constraint."""
    return ", ".join(f"'{kind}'" for kind in kinds)


namespaces = Table(
    "namespaces",
    metadata,
    Column("key", Key, primary_key=True),
    Column("name", Key, nullable=False),
    Column("firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("taken_at", MomentColumn, nullable=False),
    CheckConstraint("key = lower(name)", "key"),
    **rows_may(Writes.APPEND),
)
"""A namespace belongs for ever to the firm that used it first."""


datasets = Table(
    "datasets",
    metadata,
    Column("id", IdColumn(DatasetId), primary_key=True),
    Column("name", Key, nullable=False),
    Column("publisher", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("sector", Key, nullable=False),
    Column("licence", Key, nullable=False),
    Column("access", Key, nullable=False),
    Column("keywords", ARRAY(Text), nullable=False),
    Column("created_at", MomentColumn, nullable=False),
    Column("newest", Integer),
    Column("deprecation", JSONB),
    CheckConstraint(f"sector IN ({list_of(Sector)})", "sector"),
    CheckConstraint(f"access IN ({list_of(Openness)})", "access"),
    CheckConstraint("newest > 0", "newest"),
    **rows_may(Writes.UPDATE),
)


dataset_names = Table(
    "dataset_names",
    metadata,
    Column("key", Key, primary_key=True),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False),
    Column("named_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)
"""Every name a dataset ever had, in lower case: never used again, an old one redirects."""


def take_namespace(connection: Connection, namespace: str, firm: FirmId, now: Moment) -> FirmId:
    """Take a namespace unless it is taken; return whose it is."""
    made = insert_or(namespaces).values(key=namespace.lower(), name=namespace, firm=firm, taken_at=now)
    connection.execute(made.on_conflict_do_nothing())
    owner = select(namespaces.c.firm).where(namespaces.c.key == namespace.lower())
    found: FirmId = connection.execute(owner).scalar_one()
    return found


def namespace_owner(connection: Connection, namespace: str) -> FirmId | None:
    """Return whose a namespace is."""
    query = select(namespaces.c.firm).where(namespaces.c.key == namespace.lower())
    found: FirmId | None = connection.execute(query).scalar_one_or_none()
    return found


def add_name(connection: Connection, dataset: DatasetId, name: PublicName, now: Moment) -> bool:
    """Take a name for a dataset; False when it was ever used."""
    made = insert_or(dataset_names).values(key=name.key, dataset_id=dataset, named_at=now)
    return connection.execute(made.on_conflict_do_nothing().returning(dataset_names.c.key)).first() is not None


def add_dataset(connection: Connection, made: Dataset) -> None:
    """Write a dataset; its name is taken first."""
    connection.execute(
        insert(datasets).values(
            id=made.id,
            name=str(made.name),
            publisher=made.publisher,
            title=made.title,
            description=made.description,
            sector=made.sector,
            licence=made.licence,
            access=made.access,
            keywords=list(made.keywords),
            created_at=made.created_at,
        )
    )


def set_name(connection: Connection, dataset: DatasetId, name: PublicName) -> None:
    """Give a dataset another name."""
    connection.execute(update_rows(datasets).where(datasets.c.id == dataset).values(name=str(name)))


def dataset_of(connection: Connection, wanted: PublicName | DatasetId, *, lock: bool = False) -> Dataset | None:
    """Return a dataset by id or by any name it ever had."""
    query = select(datasets)
    if isinstance(wanted, PublicName):
        named = select(dataset_names.c.dataset_id).where(dataset_names.c.key == wanted.key).scalar_subquery()
        query = query.where(datasets.c.id == named)
    else:
        query = query.where(datasets.c.id == wanted)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return dataset_in(row) if row else None


def datasets_of(connection: Connection, wanted: Iterable[DatasetId]) -> dict[DatasetId, Dataset]:
    """Return datasets by id."""
    rows = connection.execute(select(datasets).where(datasets.c.id.in_(list(wanted))))
    return {row.id: dataset_in(row) for row in rows}


def dataset_in(row: Row[Any]) -> Dataset:
    """Return the dataset whose columns stand in a row, among others or alone."""
    return Dataset(
        id=row.id,
        name=PublicName.parse(row.name),
        title=row.title,
        description=row.description,
        sector=Sector(row.sector),
        licence=row.licence,
        access=Openness(row.access),
        keywords=tuple(row.keywords),
        publisher=row.publisher,
        created_at=row.created_at,
        newest=row.newest,
        deprecation=Deprecation.of_json(row.deprecation),
    )


def set_dataset(connection: Connection, dataset: DatasetId, **values: Any) -> None:
    """Change what is stated of a dataset."""
    connection.execute(update_rows(datasets).where(datasets.c.id == dataset).values(**values))


def set_newest(connection: Connection, dataset: DatasetId, number: int) -> None:
    """State the newest version of a dataset."""
    connection.execute(update_rows(datasets).where(datasets.c.id == dataset).values(newest=number))
