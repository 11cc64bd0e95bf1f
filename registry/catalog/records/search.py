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
    Select,
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

from registry.catalog.industries import KeyIndustry
from registry.catalog.model import Dataset, Search
from registry.values.identifiers import DatasetId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

FACET_CAP = 1_000
"""Facets of more hits are counted over so many of them, and say so."""


search_rows = Table(
    "search",
    metadata,
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), primary_key=True),
    Column("tokens", TSVECTOR, nullable=False),
    Column("sector", Key, nullable=False),
    Column("licence", Key, nullable=False),
    Column("key_industry", Key),
    Column("formats", ARRAY(Key), nullable=False),
    Column("price", Key, nullable=False, server_default="free"),
    Column("price_fen", BigInteger),
    Column("adopters", Integer, nullable=False, server_default="0"),
    Column("published_at", MomentColumn, nullable=False),
    CheckConstraint("(price = 'paid') = (price_fen IS NOT NULL)", "price_fen"),
    CheckConstraint("price IN ('free', 'paid')", "price"),
    Index("ix_search_tokens", "tokens", postgresql_using="gin"),
    Index("ix_search_order", "adopters", "dataset_id"),
    Index("ix_search_sector", "sector", "adopters", "dataset_id"),
    # With fewer, a word that is rare and one that stands in every hundredth text look the same to the planner, and it
    # walks the order of all datasets for a handful of hits.
    **rows_may(Writes.DELETE, statistics={"tokens": 1_000}),
)
"""What search reads: one row for each dataset that has a published version. Derived; made again at each publication."""


def index_dataset(
    connection: Connection,
    dataset: Dataset,
    tokens: Sequence[str],
    formats: Sequence[str],
    published_at: Moment,
    key_industry: KeyIndustry | None = None,
) -> None:
    """Write the search row of a dataset; price and adopters stay as they are."""
    made = insert_or(search_rows).values(
        dataset_id=dataset.id,
        tokens=func.array_to_tsvector(cast(list(tokens), ARRAY(Text))),
        sector=dataset.sector,
        licence=dataset.licence,
        key_industry=key_industry,
        formats=list(formats),
        published_at=published_at,
    )
    names = ("tokens", "sector", "licence", "key_industry", "formats", "published_at")
    changed = {name: made.excluded[name] for name in names}
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


def price_of(connection: Connection, dataset: DatasetId) -> int | None:
    """Return in fen the price that search shows of a dataset, None when it is not on sale."""
    query = select(search_rows.c.price_fen).where(search_rows.c.dataset_id == dataset)
    found: int | None = connection.execute(query).scalar()
    return found


def set_adopters(connection: Connection, dataset: DatasetId, adopters: int) -> None:
    """State on the search row how many adopters count."""
    connection.execute(update_rows(search_rows).where(search_rows.c.dataset_id == dataset).values(adopters=adopters))


def _narrowed(wanted: Search, query: str) -> list[Any]:
    """Return the conditions, in the order in which PostgreSQL looks at a row: what costs least stands first."""
    exact = {name: getattr(wanted, name) for name in ("sector", "licence", "key_industry", "price")}
    conditions: list[Any] = [search_rows.c[name] == value for name, value in exact.items() if value]
    if wanted.format:
        conditions.append(literal(wanted.format) == any_(search_rows.c.formats))
    if query:
        conditions.append(search_rows.c.tokens.bool_op("@@")(cast(literal(query), TSQUERY)))
    return conditions


def found_datasets(
    connection: Connection, wanted: Search, query: str, title_query: str, after: tuple[int, int, str] | None
) -> list[Row[Any]]:
    """Return (dataset, formats, price, published, title hit, adopters): title hits first, then the most adopted.

    Among those adopted alike the newest comes first. Each tier is ordered and cut by itself, so that PostgreSQL may
    walk ``ix_search_order`` for a word that stands nearly everywhere, and sort the few hits of a rare one.
    """
    conditions = _narrowed(wanted, query)
    tiers: list[tuple[int, list[Any]]] = [(0, conditions)]
    if title_query:
        in_title = search_rows.c.tokens.bool_op("@@")(cast(literal(title_query), TSQUERY))
        tiers = [(0, [*conditions, in_title]), (1, [*conditions, not_(in_title)])]
    pages = [
        _tier(tier, narrowed, wanted.limit + 1, after) for tier, narrowed in tiers if not after or tier >= after[0]
    ]
    if not pages:
        return []
    hits = union_all(*(page.subquery().select() for page in pages)).subquery("hits")
    order = (hits.c.tier, hits.c.adopters.desc(), hits.c.dataset_id.desc())
    return list(connection.execute(select(hits).order_by(*order).limit(wanted.limit + 1)).all())


def _tier(tier: int, conditions: Sequence[Any], limit: int, after: tuple[int, int, str] | None) -> Select[Any]:
    """Return the query of the first hits of one tier, from after a position on."""
    columns = [search_rows.c[name] for name in ("dataset_id", "formats", "price_fen", "published_at", "adopters")]
    order = (search_rows.c.adopters, search_rows.c.dataset_id)
    page = select(*columns, literal(tier).label("tier")).where(*conditions)
    if after and after[0] == tier:
        position = tuple_(literal(after[1]), literal(DatasetId(after[2]), IdColumn(DatasetId)))
        page = page.where(tuple_(*order) < position)
    return page.order_by(*(column.desc() for column in order)).limit(limit)


def facet_counts(connection: Connection, wanted: Search, query: str) -> tuple[dict[str, dict[str, int]], bool]:
    """Return how many hits have each value of each facet, and whether the count stopped at the cap."""
    names = ("sector", "licence", "key_industry", "formats", "price")
    hits = (
        select(*(search_rows.c[name] for name in names)).where(*_narrowed(wanted, query)).limit(FACET_CAP).cte("hits")
    )
    # Each is read once, whatever the number of facets.
    hits = hits.prefix_with("MATERIALIZED", dialect="postgresql")
    counted = [
        select(literal(shown).label("facet"), value.label("value"), func.count().label("hits")).group_by(value)
        for shown, value in (
            ("sector", hits.c.sector),
            ("licence", hits.c.licence),
            ("key_industry", hits.c.key_industry),
            ("format", func.unnest(hits.c.formats)),
            ("price", hits.c.price),
        )
    ]
    total = select(literal("").label("facet"), literal("").label("value"), func.count().label("hits")).select_from(hits)
    found: dict[str, dict[str, int]] = {name: {} for name in ("sector", "licence", "key_industry", "format", "price")}
    number = 0
    for facet, value, count in sorted(
        connection.execute(union_all(total, *counted)), key=lambda row: (-row[2], row[1] or "")
    ):
        if facet and value is not None:
            found[facet][value] = int(count)
        elif not facet:
            number = int(count)
    return found, number == FACET_CAP
