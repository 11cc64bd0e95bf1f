"""Search: words of two Chinese characters, columns and labels, facets, pages, and what strangers may find."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.actors.model import ANONYMOUS
from registry.catalog import service
from registry.catalog.model import Openness, Search, VersionName
from registry.catalog.records.finding import FACET_CAP, ROW_COST, TAKE_COST, gathering
from registry.catalog.search import all_of, document_tokens, query_words
from registry.house import House
from tests.registry.catalog.builders import a_csv, a_dataset, a_publisher, a_version, ask, do


def names(house: House, **wanted: object) -> list[str]:
    page = ask(house, ANONYMOUS, lambda view: service.search(view, Search(**wanted)))  # type: ignore[arg-type]
    return [str(hit.dataset.name) for hit in page.hits]


def test_two_chinese_characters_are_found_wherever_they_stand() -> None:
    tokens = document_tokens("新能源风电数据集", ["wind_speed"])
    assert {"能源", "@能源", "风电", "wind", "speed"} <= set(tokens)
    assert all_of(query_words("能源 WIND")) == "'能源' & 'wind'"


@pytest.mark.parametrize("text", ["'", "\\", "a' | 'b", "!!", "能' & !'源", "\x00", "@", "（）"])
def test_no_text_can_break_the_query(house: House, text: str) -> None:
    assert names(house, text=text) == []


def test_titles_columns_labels_and_facets_lead_to_a_dataset(house: House) -> None:
    owner = a_publisher(house)
    dataset, _ = a_version(house, owner, None, a_dataset(house, owner, "lab-s/wind", "新能源风电功率"))
    name = [str(dataset.name)]
    assert names(house, text="能源") == name
    assert names(house, text="wind_speed") == name
    assert names(house, text="燃气") == []
    assert names(house, sector="new_energy", format="csv", price="free") == name
    assert names(house, format="parquet") == []
    page = ask(house, ANONYMOUS, lambda view: service.search(view, Search()))
    assert page.facets["sector"] == {"new_energy": 1}
    assert page.facets["format"] == {"csv": 1}
    assert page.facets["price"] == {"free": 1}


def test_a_list_shows_what_the_gate_lets_be_known(house: House) -> None:
    owner = a_publisher(house)
    a_dataset(house, owner, "lab-l/draft-only")
    gated, _ = a_version(
        house, owner, {"a.csv": a_csv(seed=1)}, a_dataset(house, owner, "lab-l/gated", access=Openness.GATED)
    )
    gone, _ = a_version(house, owner, {"a.csv": a_csv(seed=2)}, a_dataset(house, owner, "lab-l/gone"))
    do(house, owner, lambda work: service.withdraw_version(work, VersionName(gone.name, 1), "mistake"))
    assert names(house) == [str(gated.name)]


def test_pages_hold_every_hit_once_title_hits_first_then_the_most_adopted(house: House) -> None:
    owner = a_publisher(house)
    made = []
    for seed, title in ((1, "wind a"), (2, "solar"), (3, "wind b")):
        held = a_dataset(house, owner, f"lab-p/set-{seed}", title)
        made.append(a_version(house, owner, {"wind.csv": a_csv(seed=seed)}, held)[0])

    def adopted(work: object) -> None:
        service.set_adopters_within(work, made[2].id, 3)  # type: ignore[arg-type]

    do(house, owner, adopted)
    seen: list[str] = []
    after = None
    while True:
        page = ask(house, ANONYMOUS, lambda view, at=after: service.search(view, Search("wind", limit=1), at))
        seen += [str(hit.dataset.name) for hit in page.hits]
        if (after := page.next_position) is None:
            break
    assert seen == ["lab-p/set-3", "lab-p/set-1", "lab-p/set-2"]


def test_a_price_moves_a_dataset_between_facets(house: House) -> None:
    dataset, _ = a_version(house, a_publisher(house))

    def priced(work: object) -> None:
        service.set_price_within(work, dataset.id, 12_000_000)  # type: ignore[arg-type]

    do(house, ANONYMOUS, priced)
    assert names(house, price="paid") == [str(dataset.name)]
    assert names(house, price="free") == []


def test_a_position_of_a_search_with_words_leads_nowhere_in_one_without(house: House) -> None:
    owner = a_publisher(house)
    dataset, _ = a_version(house, owner)
    page = ask(house, ANONYMOUS, lambda view: service.search(view, Search(), (1, 0, dataset.id)))
    assert page.hits == ()


def test_the_newest_comes_first_among_those_adopted_alike(house: House) -> None:
    owner = a_publisher(house)
    made = [
        a_version(house, owner, {"wind.csv": a_csv(seed=seed)}, a_dataset(house, owner, f"lab-n/set-{seed}"))[0]
        for seed in (1, 2, 3)
    ]
    assert names(house) == [str(dataset.name) for dataset in reversed(made)]


@pytest.fixture(scope="module")
def every_kind() -> list[dict[str, object]]:
    """What may be asked, alone and together."""
    words = [{}, {"text": "wind"}, {"text": "wind speed"}, {"text": "nowhere"}]
    narrowed: list[dict[str, object]] = [
        {},
        {"sector": "new_energy"},
        {"licence": "CC-BY-4.0"},
        {"sector": "new_energy", "licence": "CC0-1.0", "price": "free"},
        {"price": "paid"},
        {"format": "csv"},
        {"format": "csv", "sector": "new_energy"},
    ]
    return [{**one, **other, "limit": 2} for one in words for other in narrowed]


def test_a_walk_in_order_and_a_gathering_by_tokens_find_the_same(
    house: House, every_kind: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = a_publisher(house)
    made = [
        a_version(house, owner, {"wind.csv": a_csv(seed=seed)}, a_dataset(house, owner, f"lab-w/set-{seed}", title))[0]
        for seed, title in ((1, "wind a"), (2, "solar"), (3, "wind b"), (4, "solar b"))
    ]

    def sold(work: object) -> None:
        service.set_price_within(work, made[0].id, 100)  # type: ignore[arg-type]

    do(house, owner, sold)

    def found(wanted: dict[str, object]) -> list[object]:
        """Return names and facets of every page."""
        pages: list[object] = []
        after = None
        asked = Search(**wanted)  # type: ignore[arg-type]
        while True:
            page = ask(house, ANONYMOUS, lambda view, at=after: service.search(view, asked, at))  # type: ignore[misc]
            pages.append(([str(hit.dataset.name) for hit in page.hits], page.facets))
            if (after := page.next_position) is None:
                return pages

    def mixed(expected: object, asked: object, words: Sequence[str], hits: int) -> float:
        return 1e12 if any(word.startswith("@") for word in words) else -1e12

    def facets_gathered(expected: object, asked: object, words: Sequence[str], hits: int) -> float:
        return 1e12 if hits == FACET_CAP else -1e12

    answers = []
    for cost in (lambda *_: 0.0, lambda *_: 1e12, mixed, facets_gathered):
        monkeypatch.setattr("registry.catalog.records.finding._Expected.walk_cost", cost)
        answers.append([found(wanted) for wanted in every_kind])
    assert answers[0] == answers[1] == answers[2] == answers[3]
    assert sum(bool(pages[0][0]) for pages in answers[0]) > len(every_kind) // 2  # type: ignore[index]


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 1_000_000), min_size=1, max_size=6))
def test_a_gathering_asks_the_index_for_the_rarest_and_costs_no_more_than_asking_for_all_or_one(
    expected: dict[str, float],
) -> None:
    every = 1_000_000
    chosen = gathering(expected, every)
    assert sorted([*chosen.indexed, *chosen.held]) == sorted(expected)
    assert max(expected[token] for token in chosen.indexed) <= min((expected[t] for t in chosen.held), default=every)
    left = float(every)
    for found in expected.values():
        left *= found / every
    each, rarest = TAKE_COST + ROW_COST, min(expected.values())
    assert chosen.cost() <= min(sum(expected.values()) + each * left, rarest + each * rarest) * (1 + 1e-9)
    assert chosen.cost(1) <= chosen.cost()


def test_a_word_in_nearly_every_text_is_not_read_from_the_index() -> None:
    chosen = gathering({"一侰": 990_000, "丑侰": 30_000, "享侰": 20_000, "=sector:medical": 100_000}, 1_000_000)
    assert chosen.indexed == ("享侰", "丑侰")
    assert chosen.held == ("=sector:medical", "一侰")


def test_facets_stay_with_a_dataset_whose_next_version_is_published(house: House) -> None:
    owner = a_publisher(house)
    dataset, _ = a_version(house, owner)

    def sold(work: object) -> None:
        service.set_price_within(work, dataset.id, 100)  # type: ignore[arg-type]

    do(house, owner, sold)
    a_version(house, owner, {"wind.csv": a_csv(seed=9)}, dataset)
    page = ask(
        house, ANONYMOUS, lambda view: service.search(view, Search("wind", price="paid", licence=dataset.licence))
    )
    assert [hit.dataset.id for hit in page.hits] == [dataset.id]
    assert page.facets["price"] == {"paid": 1}
