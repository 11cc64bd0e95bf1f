"""The search row of each dataset: what it is found by, how it is ordered, how hits are counted."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    Table,
    Text,
    any_,
    cast,
    delete,
    func,
    literal,
    not_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.catalog.model import Dataset, Search
from registry.values.identifiers import DatasetId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

FACET_CAP = 5_000


HITS_CAP = 2_000


search_rows = Table(
    "search",
    metadata,
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), primary_key=True),
    Column("tokens", TSVECTOR, nullable=False),
    Column("sector", Key, nullable=False),
    Column("licence", Key, nullable=False),
    Column("formats", ARRAY(Key), nullable=False),
    Column("price", Key, nullable=False, server_default="free"),
    Column("price_fen", BigInteger),
    Column("adopters", Integer, nullable=False, server_default="0"),
    Column("published_at", MomentColumn, nullable=False),
    CheckConstraint("(price = 'paid') = (price_fen IS NOT NULL)", "price_fen"),
    CheckConstraint("price IN ('free', 'paid')", "price"),
    Index("ix_search_tokens", "tokens", postgresql_using="gin"),
    **rows_may(Writes.DELETE),
)
"""What search reads: one row for each dataset that has a published version. Derived; made again at each publication."""


def index_dataset(
    connection: Connection, dataset: Dataset, tokens: Sequence[str], formats: Sequence[str], published_at: Moment
) -> None:
    """Write the search row of a dataset; price and adopters stay as they are."""
    made = insert_or(search_rows).values(
        dataset_id=dataset.id,
        tokens=func.array_to_tsvector(cast(list(tokens), ARRAY(Text))),
        sector=dataset.sector,
        licence=dataset.licence,
        formats=list(formats),
        published_at=published_at,
    )
    changed = {name: made.excluded[name] for name in ("tokens", "sector", "licence", "formats", "published_at")}
    connection.execute(made.on_conflict_do_update(index_elements=["dataset_id"], set_=changed))


def unindex_dataset(connection: Connection, dataset: DatasetId) -> None:
    """Take a dataset out of search."""
    connection.execute(delete(search_rows).where(search_rows.c.dataset_id == dataset))


def set_price(connection: Connection, dataset: DatasetId, fen: int | None) -> None:
    """State the price on the search row; None is free."""
    connection.execute(
        update_rows(search_rows)
        .where(search_rows.c.dataset_id == dataset)
        .values(price="free" if fen is None else "paid", price_fen=fen)
    )


def set_adopters(connection: Connection, dataset: DatasetId, adopters: int) -> None:
    """State on the search row how many adopters count."""
    connection.execute(update_rows(search_rows).where(search_rows.c.dataset_id == dataset).values(adopters=adopters))


def _narrowed(wanted: Search, query: str) -> list[Any]:
    conditions: list[Any] = []
    if query:
        conditions.append(search_rows.c.tokens.bool_op("@@")(cast(literal(query), TSQUERY)))
    exact = {name: getattr(wanted, name) for name in ("sector", "licence", "price")}
    conditions += [search_rows.c[name] == value for name, value in exact.items() if value]
    if wanted.format:
        conditions.append(literal(wanted.format) == any_(search_rows.c.formats))
    return conditions


def found_datasets(
    connection: Connection, wanted: Search, query: str, title_query: str, after: tuple[int, int, str] | None
) -> list[Row[Any]]:
    """Return (dataset, formats, price, published, title hit, adopters): title hits first, then the most adopted.

    The inner queries are capped, or else PostgreSQL would walk an index of adopters for every ordinary word.
    """
    columns = [search_rows.c[name] for name in ("dataset_id", "formats", "price_fen", "published_at", "adopters")]
    conditions = _narrowed(wanted, query)
    if title_query:
        in_title = search_rows.c.tokens.bool_op("@@")(cast(literal(title_query), TSQUERY))
        of_title = select(*columns, literal(0).label("tier")).where(*conditions, in_title).limit(HITS_CAP)
        of_rest = select(*columns, literal(1).label("tier")).where(*conditions, not_(in_title)).limit(HITS_CAP)
        hits = union_all(of_title.subquery().select(), of_rest.subquery().select()).subquery("hits")
    else:
        hits = select(*columns, literal(0).label("tier")).where(*conditions).subquery("hits")
    order = (hits.c.tier, -hits.c.adopters, hits.c.dataset_id)
    page = select(hits).order_by(*order).limit(wanted.limit + 1)
    if after:
        position = tuple_(literal(after[0]), literal(-after[1]), literal(DatasetId(after[2]), IdColumn(DatasetId)))
        page = page.where(tuple_(*order) > position)
    return list(connection.execute(page).all())


def facet_counts(connection: Connection, wanted: Search, query: str) -> tuple[dict[str, dict[str, int]], bool]:
    """Return how many hits have each value of each facet, and whether the count stopped at the cap."""
    names = ("sector", "licence", "formats", "price")
    capped = select(*(search_rows.c[name] for name in names)).where(*_narrowed(wanted, query)).limit(FACET_CAP)
    hits = capped.subquery("hits")
    counted: dict[str, dict[str, int]] = {}
    for name, shown in (("sector", "sector"), ("licence", "licence"), ("formats", "format"), ("price", "price")):
        value = func.unnest(hits.c.formats) if name == "formats" else hits.c[name]
        values = select(value.label("value")).select_from(hits).subquery("of_facet")
        rows = connection.execute(
            select(values.c.value, func.count()).group_by(values.c.value).order_by(func.count().desc(), values.c.value)
        )
        counted[shown] = {value: int(number) for value, number in rows}
    total = int(connection.execute(select(func.count()).select_from(hits)).scalar_one())
    return counted, total == FACET_CAP
