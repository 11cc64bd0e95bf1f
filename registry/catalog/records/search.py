"""The search row of each dataset: what it is found by and how it is ordered."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    cast,
    delete,
    func,
    select,
)
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.catalog.industries import KeyIndustry
from registry.catalog.model import Dataset
from registry.values.identifiers import DatasetId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

EXACT: Final = ("sector", "licence", "key_industry", "price")
PRICES: Final = ("free", "paid")


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
    # In the order of the hits. What a walk compares on the way stands behind it, so that it reads no row it leaves out.
    Index("ix_search_order", "adopters", "dataset_id", "sector", "licence", "price", "key_industry"),
    Index("ix_search_sector", "sector", "adopters", "dataset_id", "licence", "price", "key_industry"),
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
    fen = price_of(connection, dataset.id)
    facets = facet_tokens(dataset, formats, "free" if fen is None else "paid", key_industry)
    made = insert_or(search_rows).values(
        dataset_id=dataset.id,
        tokens=func.array_to_tsvector(cast([*tokens, *facets], ARRAY(Text))),
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
    price = "free" if fen is None else "paid"
    without = func.ts_delete(search_rows.c.tokens, cast([facet("price", each) for each in PRICES], ARRAY(Text)))
    tokens = without.op("||")(func.array_to_tsvector(cast([facet("price", price)], ARRAY(Text))))
    connection.execute(
        update_rows(search_rows)
        .where(search_rows.c.dataset_id == dataset)
        .values(price=price, price_fen=fen, tokens=tokens)
    )


def price_of(connection: Connection, dataset: DatasetId) -> int | None:
    """Return in fen the price that search shows of a dataset, None when it is not on sale."""
    query = select(search_rows.c.price_fen).where(search_rows.c.dataset_id == dataset)
    found: int | None = connection.execute(query).scalar()
    return found


def set_adopters(connection: Connection, dataset: DatasetId, adopters: int) -> None:
    """State on the search row how many adopters count."""
    connection.execute(update_rows(search_rows).where(search_rows.c.dataset_id == dataset).values(adopters=adopters))


def facet_tokens(dataset: Dataset, formats: Iterable[str], price: str, key_industry: str | None) -> list[str]:
    """Return what stands among the tokens of a dataset for its facets, such as ``=sector:energy``.

    No word of a text has ``=`` in it, so that none is taken for a facet.
    """
    values = {"sector": dataset.sector, "licence": dataset.licence, "price": price, "key_industry": key_industry}
    return [facet(name, value) for name, value in values.items() if value] + [facet("format", each) for each in formats]


def facet(name: str, value: str) -> str:
    """Return the token of a facet."""
    return f"={name}:{value}"
