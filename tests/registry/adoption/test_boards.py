"""Boards and statistics follow from the lists alone: figures of the document, boundaries, order, days."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.adoption.board_rules import (
    Board,
    BoardFacts,
    Use,
    board,
    models_served,
    read_targets,
    statistics,
)
from registry.adoption.boards import targets
from registry.adoption.lists_model import ANNOTATION_MOVES, AnnotationState, Ending, TypicalCase
from registry.adoption.model import AdoptionPurpose, Receipt
from registry.catalog.industries import KeyIndustry, key_industries
from registry.catalog.model import Sector, ShownDataset
from registry.errors import InvalidValueError
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, DatasetId, FirmId, TypicalCaseId
from tests.registry.adoption.test_rules import NOON, a_receipt

DATONG = targets()[0]
GOOD = Digest.of(b"good")
PLAIN = Digest.of(b"plain")
TB = 10**12


def a_dataset(industry: KeyIndustry | None, *, good: bool = False, size_bytes: int = 0) -> ShownDataset:
    return ShownDataset(DatasetId.new(), Sector.ENERGY, industry, GOOD if good else PLAIN, size_bytes)


def a_case(industry: KeyIndustry, *, ended: bool = False) -> TypicalCase:
    return TypicalCase(
        id=TypicalCaseId.new(),
        authority=AuthorityId.new(),
        industry=industry,
        title="case",
        dataset=None,
        recognised_by="office",
        document_number="1",
        recognised_on=date(2026, 1, 5),
        document=None,
        entered_at=NOON,
        entered_by=AccountId.new(),
        ended=Ending("revoked", NOON, AccountId.new()) if ended else None,
    )


def a_board(
    datasets: list[ShownDataset] | None = None,
    cases: list[TypicalCase] | None = None,
    receipts: list[Receipt] | None = None,
) -> Board:
    return board(DATONG, BoardFacts(datasets or [], {GOOD}, cases or [], uses_of(receipts or [])))


def uses_of(receipts: Iterable[Receipt]) -> tuple[Use, ...]:
    """Return what the table answers for receipts that stand."""
    kinds = Counter(
        (each.dataset, each.adopter, each.purpose, each.product, each.started_on.isoformat()[:7]) for each in receipts
    )
    return tuple(Use(*kind, receipts=number) for kind, number in kinds.items())


def figures(found: Board) -> dict[str, tuple[int, int, bool]]:
    return {line.target.id: (line.reached, line.needed, line.met) for line in found.lines}


def test_an_empty_installation_has_reached_nothing_of_what_the_document_asks() -> None:
    assert figures(a_board()) == {
        "industries": (0, 13, False),
        "quality-sectors": (0, 8, False),
        "quality-datasets": (0, 8, False),
        "models": (0, 20, False),
        "volume": (0, 1_770 * TB, False),
    }
    assert all(line.target.clause and line.target.assumption for line in a_board().lines)


def test_an_industry_is_met_with_two_datasets_and_two_cases_and_not_with_one() -> None:
    two = [a_dataset(KeyIndustry.COMMERCE)] * 2
    cases = [a_case(KeyIndustry.COMMERCE), a_case(KeyIndustry.COMMERCE), a_case(KeyIndustry.HEALTH)]
    assert figures(a_board(two, cases))["industries"][0] == 1
    assert figures(a_board(two[:1], cases))["industries"][0] == 0
    assert figures(a_board(two, cases[1:]))["industries"][0] == 0
    assert figures(a_board(two, [*cases[:1], a_case(KeyIndustry.COMMERCE, ended=True)]))["industries"][0] == 0


def test_thirteen_industries_reach_the_first_target_and_eight_good_ones_the_second() -> None:
    everything = [a_dataset(each, good=entry.quality) for each, entry in key_industries().items() for _ in range(2)]
    cases = [a_case(each) for each in KeyIndustry for _ in range(2)]
    found = figures(a_board(everything, cases))
    assert found["industries"] == (13, 13, True)
    assert found["quality-sectors"] == (8, 8, True)
    assert found["quality-datasets"] == (16, 8, True)


def test_a_good_dataset_of_no_key_industry_is_not_counted_as_one() -> None:
    assert figures(a_board([a_dataset(None, good=True)]))["quality-datasets"][0] == 0


@pytest.mark.parametrize(("missing", "met"), [(1, False), (0, True)])
def test_the_volume_is_met_to_the_byte(missing: int, met: bool) -> None:
    parts = [a_dataset(None, size_bytes=1_000 * TB), a_dataset(None, size_bytes=770 * TB - missing)]
    assert figures(a_board(parts))["volume"] == (1_770 * TB - missing, 1_770 * TB, met)


def used(number: int, product: str, purpose: AdoptionPurpose = AdoptionPurpose.MODEL_TRAINING) -> Receipt:
    return replace(a_receipt(number), product=product, purpose=purpose)


def test_a_model_of_a_firm_counts_once_and_a_product_is_no_model() -> None:
    same_firm = replace(used(2, " Wind  Model "), adopter=used(1, "").adopter)
    receipts = [used(1, "wind model"), same_firm, used(3, "wind model"), used(4, "app", AdoptionPurpose.PRODUCT)]
    assert len(models_served(uses_of(receipts))) == 2
    assert figures(a_board(receipts=receipts))["models"][0] == 2


@pytest.mark.parametrize(("models", "met"), [(19, False), (20, True)])
def test_twenty_models_are_enough(models: int, met: bool) -> None:
    receipts = [used(number, "model") for number in range(models)]
    assert figures(a_board(receipts=receipts))["models"] == (models, 20, met)


TARGET = """
document = "d"
number = "n"
issued_on = 2024-12-11
ends_on = 2026-01-31
ends_clause = "c"
[[targets]]
id = "t"
clause = "c"
text = "t"
measure = "volume"
least = 5
assumption = "a"
"""


def test_a_file_of_targets_is_read_strictly() -> None:
    assert read_targets(TARGET).targets[0].least == 5
    wrong = [
        TARGET + "more = 1\n",
        TARGET.replace("least = 5", "least = 0"),
        TARGET.replace("least = 5", ""),
        TARGET.replace('measure = "volume"', 'measure = "weight"'),
        TARGET.replace('measure = "volume"', 'measure = "each_industry"\nindustries = "some"\ndatasets = 1'),
        TARGET + 'purposes = ["fun"]\n',
        TARGET + TARGET[TARGET.index("[[") :],
        TARGET.replace("number", "numbers"),
        "targets = [",
    ]
    for text in wrong:
        with pytest.raises(InvalidValueError):
            read_targets(text)


# Statistics.

_RECEIPTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.booleans()), max_size=10)
DATASETS = [DatasetId(f"ds_{number:032x}") for number in range(4)]
SECTORS = dict(zip(DATASETS, [Sector.ENERGY, Sector.ENERGY, Sector.MEDICAL, Sector.OTHER], strict=True))


def drawn(crowd: list[tuple[int, int, bool]]) -> list[Receipt]:
    return [
        replace(
            a_receipt(number, started_on=date(2026, 1, 20) + timedelta(days=days)),
            dataset=DATASETS[dataset],
            adopter=FirmId(f"firm_{dataset % 3:032x}"),
            withdrawn_at=NOON.plus(timedelta(hours=2)) if withdrawn else None,
        )
        for number, (dataset, days, withdrawn) in enumerate(crowd)
    ]


@given(_RECEIPTS, st.randoms(use_true_random=False))
def test_every_heading_adds_up_to_the_total_in_any_order(crowd: list[tuple[int, int, bool]], random: object) -> None:
    receipts = drawn(crowd)
    found = statistics(uses_of(receipts), SECTORS, date(2026, 3, 2))
    assert sum(each.receipts for each in found.sectors) == found.total.receipts == len(receipts)
    assert sum(each.receipts for each in found.adopters) == found.total.receipts
    assert sum(each.receipts for each in found.months) == found.total.receipts
    assert not found.months or found.months[-1].total == found.total.receipts
    assert [each.month for each in found.months] == sorted({str(each.started_on)[:7] for each in receipts})
    random.shuffle(receipts)  # type: ignore[attr-defined]
    assert statistics(uses_of(receipts), SECTORS, date(2026, 3, 2)) == found


def test_nothing_is_annotated_before_it_is_authorised() -> None:
    into = {state for state, moves in ANNOTATION_MOVES.items() if AnnotationState.ANNOTATING in moves}
    assert into == {AnnotationState.AUTHORISED}
    assert AnnotationState.ANNOTATING not in ANNOTATION_MOVES[AnnotationState.PLANNED]
