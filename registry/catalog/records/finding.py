"""A page of hits and their facets, by the way that the statistics of words say is the shortest.

There are two ways. A *walk* goes through the datasets in the order of hits until a page is full: good when hits are
many. A *gathering* takes from the index of tokens the rows that have the rarest of what is asked, holds each against
the rest, and sorts: good when hits are few. One gathering serves title hits, other hits and facets at once.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    Select,
    Subquery,
    Text,
    TextClause,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    not_,
    or_,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from registry.catalog.model import Hit, Search, SearchPage, VersionState
from registry.catalog.records.datasets import dataset_in, datasets
from registry.catalog.records.search import EXACT, facet, search_rows
from registry.catalog.records.versions import versions
from registry.catalog.search import all_of
from registry.values.identifiers import DatasetId
from registry.values.records import IdColumn
from storage.database import Connection

FACET_CAP: Final = 200
"""Facets of more hits are counted over so many of them, and say so."""

FACETS: Final = ("sector", "licence", "key_industry", "format", "price")

TAKE_COST: Final = 5
ROW_COST: Final = 30
"""What it costs to take a row from the index of tokens, and to look at a row, where reading one entry of that index
costs 1: 0.35 µs, 2 µs and 0.065 µs at a million rows."""

_PLAN_EACH: Final = text("SET LOCAL plan_cache_mode = force_custom_plan")
_SHOWN: Final = tuple(
    search_rows.c[name] for name in ("dataset_id", "formats", "price_fen", "published_at", "adopters")
)
_COUNTED: Final = tuple(search_rows.c[name] for name in (*EXACT, "formats"))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What hits must have: values in columns that the indexes of the order hold, tokens of formats, words."""

    columns: Mapping[str, str]
    formats: tuple[str, ...]
    words: tuple[str, ...]

    @classmethod
    def of(cls, wanted: Search, words: Sequence[str]) -> "_Asked":
        exact = {name: getattr(wanted, name) for name in EXACT}
        formats = (facet("format", wanted.format),) if wanted.format else ()
        return cls({name: str(value) for name, value in exact.items() if value}, formats, tuple(words))

    @property
    def title(self) -> tuple[str, ...]:
        """The words as tokens of a title."""
        return tuple(f"@{word}" for word in self.words)

    @property
    def facets(self) -> tuple[str, ...]:
        """Everything but the words, as tokens."""
        return (*self.formats, *(facet(name, value) for name, value in self.columns.items()))


@dataclass(frozen=True, slots=True)
class Gathering:
    """Tokens to ask the index for, and tokens to hold each row from there against.

    ``entries`` are read in the index, ``rows`` taken from it; ``share`` of these have the other tokens, too.
    """

    indexed: tuple[str, ...]
    held: tuple[str, ...]
    entries: float
    rows: float
    share: float

    def cost(self, hits: float = math.inf) -> float:
        """Return what it costs to find so many of the hits, in no order; else all."""
        return self.entries + TAKE_COST * self.rows + ROW_COST * min(self.rows, hits / self.share)


def gathering(expected: Mapping[str, float], every: float) -> Gathering:
    """Return how rows with all tokens are gathered soonest, given how many of ``every`` row have each.

    From the rarest on, a token is asked of the index while reading its entries costs less than taking and looking at
    the rows that it spares. Tokens are taken for independent, as the planner of PostgreSQL does.
    """
    by_rarity = sorted(expected, key=lambda token: expected[token])
    rows, entries, asked = every, 0.0, 0
    for token in by_rarity:
        share = expected[token] / every
        if asked and expected[token] > (TAKE_COST + ROW_COST) * rows * (1 - share):
            break
        entries, rows, asked = entries + expected[token], rows * share, asked + 1
    held = by_rarity[asked:]
    return Gathering(
        tuple(by_rarity[:asked]), tuple(held), entries, rows, math.prod(expected[token] / every for token in held)
    )


@dataclass(frozen=True, slots=True)
class _Expected:
    """How many rows there are, and how many have each token."""

    every: float
    rows: Mapping[str, float]

    def gathering(self, *tokens: str) -> Gathering:
        return gathering({token: self.rows[token] for token in tokens}, self.every)

    def walk_cost(self, asked: _Asked, words: Sequence[str], hits: int) -> float:
        """Return what it costs to meet so many hits on the way through the order.

        A row is looked at where the columns of the index fit; the index of the order begins with the sector if one is
        asked for.
        """
        in_row = self._share(*words, *asked.formats)
        in_index = self._share(*(facet(name, value) for name, value in asked.columns.items() if name != "sector"))
        return hits / in_row * (ROW_COST + 1 / in_index)

    def _share(self, *tokens: str) -> float:
        return math.prod(self.rows[token] / self.every for token in tokens)


def _expected(connection: Connection, tokens: Sequence[str]) -> _Expected:
    """Ask the planner; it answers from the statistics of the column."""
    if not tokens:
        return _Expected(1, {})
    values = {f"token_{place}": all_of([token]) for place, token in enumerate(tokens)}
    plan = connection.execute(_expectation(len(tokens)), values).scalar_one()
    every, *rows = (max(1.0, float(child["Plan Rows"])) for child in plan[0]["Plan"]["Plans"])
    return _Expected(every, {token: min(found, every) for token, found in zip(tokens, rows, strict=True)})


@cache
def _expectation(tokens: int) -> TextClause:
    rows = "SELECT FROM search"
    each = [rows, *(f"{rows} WHERE tokens @@ CAST(:token_{place} AS tsquery)" for place in range(tokens))]
    return text(f"EXPLAIN (FORMAT JSON) {' UNION ALL '.join(each)}")


@dataclass(frozen=True, slots=True)
class _Way:
    """How rows are found: by a gathering, or by a walk where there is none."""

    walk: bool
    columns: tuple[str, ...] = ()
    held: bool = False
    but_not: bool = False

    def conditions(self, name: str) -> list[ColumnElement[bool]]:
        """Return what a row must meet; ``values`` has what stands in the places."""
        met = [search_rows.c[column] == bindparam(column) for column in self.columns]
        if not self.walk:
            met.append(search_rows.c.tokens.bool_op("@@")(_query(f"{name}_indexed")))
        if self.held:
            met.append(_holds(f"{name}_held"))
        return [*met, not_(_holds(f"{name}_but_not"))] if self.but_not else met


def _query(place: str) -> ColumnElement[Any]:
    return cast(bindparam(place, type_=Text), TSQUERY)


def _holds(place: str) -> ColumnElement[bool]:
    """Hold a row against tokens. The function of the operator ``@@`` is taken, which no index answers."""
    return func.ts_match_vq(search_rows.c.tokens, _query(place))


def _walk(asked: _Asked, name: str, words: Sequence[str], but_not: Sequence[str] = ()) -> tuple[_Way, dict[str, str]]:
    held = [*words, *asked.formats]
    values = {f"{name}_held": all_of(held)} if held else {}
    values |= {f"{name}_but_not": all_of(but_not)} if but_not else {}
    return _Way(True, tuple(asked.columns), bool(held), bool(but_not)), {**asked.columns, **values}


def _gather(name: str, found: Gathering) -> tuple[_Way, dict[str, str]]:
    values = {f"{name}_indexed": all_of(found.indexed)} | ({f"{name}_held": all_of(found.held)} if found.held else {})
    return _Way(walk=False, held=bool(found.held)), values


_Ways = Sequence[tuple[_Way, dict[str, str]]]


def search_page(
    connection: Connection, wanted: Search, words: Sequence[str], after: tuple[int, int, str] | None
) -> SearchPage:
    """Return a page of hits with the words, from after a position on, and the facets of all of them.

    Title hits come first, then the most adopted; among those adopted alike the newest.
    """
    # A plan that is made once for all words reads a million rows for the rare ones.
    connection.execute(_PLAN_EACH)
    asked = _Asked.of(wanted, words)
    expected = _expected(connection, (*asked.words, *asked.title, *asked.facets))
    together, ways, counting = _chosen(asked, expected, wanted.limit)
    if together:
        rows, counts = _gathered(connection, asked, together, wanted.limit, after)
    else:
        rows = _walked(connection, ways, wanted.limit, after)
        way, values = counting
        counts = [list(row) for row in connection.execute(_alike(way), values)]
    last = rows[wanted.limit - 1] if len(rows) > wanted.limit else None
    position = (int(last.tier), int(last.adopters), str(last.dataset_id)) if last is not None else None
    capped = sum(hits for *_, hits in counts) == FACET_CAP
    return SearchPage(tuple(_hit(row) for row in rows[: wanted.limit]), _facets(counts), position, capped)


def _chosen(
    asked: _Asked, expected: _Expected, limit: int
) -> tuple[Gathering | None, _Ways, tuple[_Way, dict[str, str]]]:
    """Return the gathering of everything if that is the shortest, the ways of the tiers, and that of the facets."""
    everything = (*asked.words, *asked.facets)
    together = expected.gathering(*everything) if everything else None
    of_title = expected.gathering(*asked.title, *asked.facets) if asked.words else together

    def cheaper(
        name: str, words: Sequence[str], hits: int, found: Gathering | None, needed: float
    ) -> tuple[float, tuple[_Way, dict[str, str]]]:
        """Return the way with its cost; a gathering looks at no more than ``needed`` of the hits."""
        walked = expected.walk_cost(asked, words, hits)
        if found is None or walked <= (gathered := found.cost(needed)):
            return walked, _walk(asked, name, words)
        return gathered, _gather(name, found)

    # Those of a title are sorted, so that all are looked at; any hits will do for facets.
    title_cost, title = cheaper("title", asked.title, limit, of_title, math.inf)
    facets_cost, facets = cheaper("facets", asked.words, FACET_CAP, together, FACET_CAP)
    ways, cost = [title], title_cost + facets_cost
    if asked.words:
        ways.append(_walk(asked, "elsewhere", asked.words, but_not=asked.title))
        cost += expected.walk_cost(asked, asked.words, limit)
    return (together if together and together.cost() <= cost else None), ways, facets


def _hit(row: Row[Any]) -> Hit:
    return Hit(dataset_in(row), tuple(row.formats), row.price_fen, row.published_at, row.adopters, tuple(row.recalled))


def _place(after: tuple[int, int, str]) -> dict[str, Any]:
    return {"adopters_after": after[1], "dataset_after": DatasetId(after[2])}


def _gathered(
    connection: Connection, asked: _Asked, found: Gathering, limit: int, after: tuple[int, int, str] | None
) -> tuple[Sequence[Row[Any]], list[list[Any]]]:
    """Return a page and the counts of facets from one gathering."""
    way, values = _gather("all", found)
    places: dict[str, Any] = {"rows": limit + 1, **values}
    if asked.words:
        places |= {"title_held": all_of(asked.title)}
    if after:
        places |= {"tier_after": after[0], **_place(after)}
    query = _gathering_page(way, titled=bool(asked.words), after=after is not None)
    rows = connection.execute(query, places).all()
    return [row for row in rows if row.dataset_id is not None], rows[0].counts or []


def _walked(connection: Connection, ways: _Ways, limit: int, after: tuple[int, int, str] | None) -> Sequence[Row[Any]]:
    first = after[0] if after else 0
    if first >= len(ways):
        return []
    values: dict[str, Any] = {"rows": limit + 1} | (_place(after) if after else {})
    for _, each in ways[first:]:
        values |= each
    query = _walking_page(tuple(way for way, _ in ways[first:]), first, after=after is not None)
    return connection.execute(query, values).all()


_ORDER: Final = (search_rows.c.adopters, search_rows.c.dataset_id)


def _dataset_after() -> ColumnElement[Any]:
    return bindparam("dataset_after", type_=IdColumn(DatasetId))


@cache
def _gathering_page(way: _Way, *, titled: bool, after: bool) -> Select[Any]:
    """Return the query of a page and, in each of its rows, the counts of facets; of one row without a hit if none."""
    tier = case((_holds("title_held"), 0), else_=1) if titled else literal_column("0")
    columns = dict.fromkeys((*_SHOWN, *_COUNTED))
    gathered = select(*columns, tier.label("tier")).where(*way.conditions("all")).cte("gathered")
    page = select(gathered)
    if after:
        place = tuple_(bindparam("adopters_after"), _dataset_after())
        further = tuple_(gathered.c.adopters, gathered.c.dataset_id) < place
        tier_after: ColumnElement[int] = bindparam("tier_after")
        page = page.where(or_(gathered.c.tier > tier_after, (gathered.c.tier == tier_after) & further))
    order = (gathered.c.tier, gathered.c.adopters.desc(), gathered.c.dataset_id.desc())
    hits = page.order_by(*order).limit(bindparam("rows")).subquery("hits")
    counts = select(_counts_of(gathered).scalar_subquery().label("counts")).subquery("counted")
    found = counts.outerjoin(hits, true()).outerjoin(datasets, datasets.c.id == hits.c.dataset_id)
    return (
        select(counts.c.counts, hits, datasets, _recalled(hits).label("recalled"))
        .select_from(found)
        .order_by(hits.c.tier, hits.c.adopters.desc(), hits.c.dataset_id.desc())
    )


def _counts_of(gathered: CTE) -> Select[Any]:
    hits = select(*(gathered.c[column.name] for column in _COUNTED)).limit(FACET_CAP).subquery("alike")
    each = select(*hits.c, func.count().label("hits")).group_by(*hits.c).subquery("each")
    return select(func.jsonb_agg(func.jsonb_build_array(*each.c)))


def _recalled(hits: Any) -> Any:
    found = (
        select(versions.c.number)
        .where(versions.c.dataset_id == hits.c.dataset_id, versions.c.state == VersionState.RECALLED)
        .order_by(versions.c.number)
    )
    return func.array(found.scalar_subquery())


@cache
def _walking_page(ways: tuple[_Way, ...], first: int, *, after: bool) -> Select[Any]:
    """Return the query of a page.

    Each tier is ordered and cut by itself, so that a walk stops at a page of a word that stands nearly everywhere.
    """
    pages = [
        _tier(first + place, way, after=after and place == 0).subquery().select() for place, way in enumerate(ways)
    ]
    hits = union_all(*pages).subquery("hits")
    return (
        select(hits, datasets, _recalled(hits).label("recalled"))
        .join(datasets, datasets.c.id == hits.c.dataset_id)
        .order_by(hits.c.tier, hits.c.adopters.desc(), hits.c.dataset_id.desc())
        .limit(bindparam("rows"))
    )


def _tier(tier: int, way: _Way, *, after: bool) -> Select[Any]:
    name = ("title", "elsewhere")[tier]
    found = _rows(way, name, (*_SHOWN, literal_column(str(tier)).label("tier")))
    page = select(found)
    if after:
        further = tuple_(found.c.adopters, found.c.dataset_id)
        page = page.where(further < tuple_(bindparam("adopters_after"), _dataset_after()))
    return page.order_by(found.c.adopters.desc(), found.c.dataset_id.desc()).limit(bindparam("rows"))


def _rows(way: _Way, name: str, columns: Sequence[ColumnElement[Any]]) -> Subquery:
    """Return the rows that are found in a way; the planner, who would walk through all for a few, may not mix them."""
    rows = select(*columns).where(*way.conditions(name))
    return (rows if way.walk else rows.offset(literal_column("0"))).subquery("found")


@cache
def _alike(way: _Way) -> Select[Any]:
    """Return the query of how many of the first hits are alike in everything that is counted."""
    found = _rows(way, "facets", (*_COUNTED, *_ORDER))
    hits = select(*(found.c[column.name] for column in _COUNTED)).limit(FACET_CAP)
    if way.walk:
        hits = hits.order_by(found.c.adopters.desc(), found.c.dataset_id.desc())
    alike = hits.subquery("alike")
    return select(*alike.c, func.count().label("hits")).group_by(*alike.c)


def _facets(counts: Sequence[Sequence[Any]]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for *exact, formats, hits in counts:
        for name, value in zip(EXACT, exact, strict=True):
            if value is not None:
                found[name][value] += hits
        for each in formats:
            found["format"][each] += hits
    return {name: dict(sorted(values.items(), key=lambda each: (-each[1], each[0]))) for name, values in found.items()}
