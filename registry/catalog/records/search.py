"""The search row of each dataset: what it is found by, how it is ordered, how hits are counted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    Table,
    Text,
    TextClause,
    bindparam,
    cast,
    delete,
    func,
    literal_column,
    not_,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.catalog.industries import KeyIndustry
from registry.catalog.model import Dataset, Hit, Search, SearchPage, VersionState
from registry.catalog.records.datasets import dataset_in, datasets
from registry.catalog.records.versions import versions
from registry.catalog.search import all_of
from registry.values.identifiers import DatasetId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

FACET_CAP: Final = 300
"""Facets of more hits are counted over so many of them, and say so."""

EXACT: Final = ("sector", "licence", "key_industry", "price")
FACETS: Final = ("sector", "licence", "key_industry", "format", "price")
PRICES: Final = ("free", "paid")

WALK_COST: Final = 8
"""How many entries of the index of tokens are read in the time of one row in the order (measured at a million rows)."""

_PLAN_EACH: Final = text("SET LOCAL plan_cache_mode = force_custom_plan")


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
    without = func.ts_delete(search_rows.c.tokens, cast([_facet("price", each) for each in PRICES], ARRAY(Text)))
    tokens = without.op("||")(func.array_to_tsvector(cast([_facet("price", price)], ARRAY(Text))))
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
    return [_facet(name, value) for name, value in values.items() if value] + [
        _facet("format", each) for each in formats
    ]


def _facet(name: str, value: str) -> str:
    return f"={name}:{value}"


@dataclass(frozen=True, slots=True)
class _Shape:
    """How rows are looked for: by which columns, and whether tokens must be there or others must not.

    In a walk hits are so many that whoever goes through the datasets in their order has a page before long; columns of
    the index are compared on the way. Else hits are few: they are gathered from the index of tokens, where the facets
    stand as well, and sorted.
    """

    name: str
    columns: tuple[str, ...]
    tokens: bool
    but_not: bool

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what a row must meet, with places for the values that ``_Asked.shape`` gives beside it."""
        met = [search_rows.c[column] == bindparam(column) for column in self.columns]
        if self.tokens:
            met.append(_has(f"{self.name}_tokens"))
        return [*met, not_(_has(f"{self.name}_but_not"))] if self.but_not else met


def _has(place: str) -> ColumnElement[bool]:
    return search_rows.c.tokens.bool_op("@@")(cast(bindparam(place, type_=Text), TSQUERY))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What hits must have: values in columns that the indexes of the order hold, tokens of facets, words."""

    columns: Mapping[str, str]
    facets: tuple[str, ...]
    words: tuple[str, ...]

    @classmethod
    def of(cls, wanted: Search, words: Sequence[str]) -> "_Asked":
        """Return what is asked of the index; a format is no column of the order."""
        exact = {name: getattr(wanted, name) for name in EXACT}
        facets = (_facet("format", wanted.format),) if wanted.format else ()
        return cls({name: str(value) for name, value in exact.items() if value}, facets, tuple(words))

    @property
    def title(self) -> tuple[str, ...]:
        """The words as tokens of a title."""
        return tuple(f"@{word}" for word in self.words)

    def shape(
        self, name: str, words: Sequence[str], *, walk: bool, but_not: Sequence[str] = ()
    ) -> tuple[_Shape, dict[str, str]]:
        """Return how rows with these words and all else that is asked are found, and the values for it."""
        columns = dict(self.columns) if walk else {}
        among = [] if walk else [_facet(column, value) for column, value in self.columns.items()]
        tokens = [*words, *self.facets, *among]
        values = columns | ({f"{name}_tokens": all_of(tokens)} if tokens else {})
        values |= {f"{name}_but_not": all_of(but_not)} if but_not else {}
        return _Shape(name, tuple(columns), bool(tokens), bool(but_not)), values


@cache
def _expectation() -> TextClause:
    """Ask the planner how many rows there are, and how many have the one and the other tokens."""
    rows = "SELECT FROM search"
    has = "WHERE tokens @@ CAST({} AS tsquery)"
    each = (rows, f"{rows} {has.format(':title')}", f"{rows} {has.format(':anywhere')}")
    return text(f"EXPLAIN (FORMAT JSON) {' UNION ALL '.join(each)}")


@dataclass(frozen=True, slots=True)
class _Walks:
    """Whether title hits, other hits, and the hits that facets are counted over are found by a walk of the order."""

    title: bool = True
    elsewhere: bool = True
    facets: bool = True


def _walks(connection: Connection, asked: _Asked, limit: int) -> _Walks:
    """Choose by what the statistics expect.

    A walk reads ``limit / share`` rows, and a gathering ``share * all`` entries of the index of tokens, where the share
    is that of the words; without words, that of the facets.
    """
    if asked.columns.keys() <= {"sector"} and not asked.facets and (not asked.columns or not asked.words):
        return _Walks()
    among = [_facet(name, value) for name, value in asked.columns.items()]
    anywhere = asked.words or (*asked.facets, *among)
    values = {"title": all_of(asked.title or anywhere), "anywhere": all_of(anywhere)}
    plan = connection.execute(_expectation(), values).scalar_one()
    every, title, elsewhere = (int(child["Plan Rows"]) for child in plan[0]["Plan"]["Plans"])

    def many(expected: int, rows: int) -> bool:
        return expected * expected > WALK_COST * rows * every

    return _Walks(many(title, limit), many(elsewhere, limit), many(elsewhere, FACET_CAP))


def search_page(
    connection: Connection, wanted: Search, words: Sequence[str], after: tuple[int, int, str] | None
) -> SearchPage:
    """Return a page of hits with the words, from after a position on, and the facets of all of them.

    Title hits come first, then the most adopted; among those adopted alike the newest.
    """
    # A plan that is made once for all words reads a million rows for the rare ones.
    connection.execute(_PLAN_EACH)
    asked = _Asked.of(wanted, words)
    walks = _walks(connection, asked, wanted.limit)
    rows = _found(connection, asked, wanted.limit, after, walks)
    facets, capped = _facet_counts(connection, asked, walk=walks.facets)
    last = rows[wanted.limit - 1] if len(rows) > wanted.limit else None
    position = (int(last.tier), int(last.adopters), str(last.dataset_id)) if last is not None else None
    return SearchPage(tuple(_hit(row) for row in rows[: wanted.limit]), facets, position, capped)


def _hit(row: Row[Any]) -> Hit:
    return Hit(dataset_in(row), tuple(row.formats), row.price_fen, row.published_at, row.adopters, tuple(row.recalled))


def _found(
    connection: Connection, asked: _Asked, limit: int, after: tuple[int, int, str] | None, walks: _Walks
) -> Sequence[Row[Any]]:
    tiers = [asked.shape("title", asked.title, walk=walks.title)]
    if asked.words:
        tiers.append(asked.shape("elsewhere", asked.words, walk=walks.elsewhere, but_not=asked.title))
    first = after[0] if after else 0
    if first >= len(tiers):
        return []
    values: dict[str, Any] = {"rows": limit + 1}
    if after:
        values |= {"adopters_after": after[1], "dataset_after": DatasetId(after[2])}
    for _, each in tiers[first:]:
        values |= each
    shapes = tuple(shape for shape, _ in tiers[first:])
    return connection.execute(_page(shapes, first, after=after is not None), values).all()


_ORDER: Final = (search_rows.c.adopters, search_rows.c.dataset_id)


@cache
def _page(shapes: tuple[_Shape, ...], first: int, *, after: bool) -> Select[Any]:
    """Return the query of a page.

    Each tier is ordered and cut by itself, so that a walk stops at a page of a word that stands nearly everywhere.
    """
    pages = [
        _tier(first + place, shape, after=after and place == 0).subquery().select()
        for place, shape in enumerate(shapes)
    ]
    hits = union_all(*pages).subquery("hits")
    recalled = (
        select(versions.c.number)
        .where(versions.c.dataset_id == hits.c.dataset_id, versions.c.state == VersionState.RECALLED)
        .order_by(versions.c.number)
    )
    return (
        select(hits, datasets, func.array(recalled.scalar_subquery()).label("recalled"))
        .join(datasets, datasets.c.id == hits.c.dataset_id)
        .order_by(hits.c.tier, hits.c.adopters.desc(), hits.c.dataset_id.desc())
        .limit(bindparam("rows"))
    )


def _tier(tier: int, shape: _Shape, *, after: bool) -> Select[Any]:
    columns = [search_rows.c[name] for name in ("dataset_id", "formats", "price_fen", "published_at", "adopters")]
    page = select(*columns, literal_column(str(tier)).label("tier")).where(*shape.conditions())
    if after:
        place = tuple_(bindparam("adopters_after"), bindparam("dataset_after", type_=IdColumn(DatasetId)))
        page = page.where(tuple_(*_ORDER) < place)
    return page.order_by(*(column.desc() for column in _ORDER)).limit(bindparam("rows"))


def _facet_counts(connection: Connection, asked: _Asked, *, walk: bool) -> tuple[dict[str, dict[str, int]], bool]:
    shape, values = asked.shape("facets", asked.words, walk=walk)
    counted = connection.execute(_alike(shape), values).all()
    found: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for *exact, formats, hits in counted:
        for name, value in zip(EXACT, exact, strict=True):
            if value is not None:
                found[name][value] += hits
        for each in formats:
            found["format"][each] += hits
    shown = {name: dict(sorted(values.items(), key=lambda each: (-each[1], each[0]))) for name, values in found.items()}
    return shown, sum(row.hits for row in counted) == FACET_CAP


@cache
def _alike(shape: _Shape) -> Select[Any]:
    """Return the query of how many of the first hits are alike in everything that is counted."""
    columns = [search_rows.c[name] for name in (*EXACT, "formats")]
    hits = select(*columns).where(*shape.conditions()).limit(FACET_CAP)
    if shape.columns:
        hits = hits.order_by(*(column.desc() for column in _ORDER))
    alike = hits.subquery("alike")
    return select(*alike.c, func.count().label("hits")).group_by(*alike.c)
