import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.manifests.cells import mix64
from registry.sketches.model import COLUMN_DISTINCT_MIN, DuplicateThresholds, Sample
from registry.sketches.rules import (
    candidate_hashes,
    column_candidate_hashes,
    containment,
    jaccard,
    judge,
    overlap,
    union_of,
)
from registry.values.money import Rate
from tests.registry.sketches.tables import a_table, shuffled, sketch_of

FULL, NOTHING = Rate(10_000), Rate(0)
THRESHOLDS = DuplicateThresholds(Rate(8_000), Rate(9_000), distinct_rows_min=8, telling_columns_min=2)


def sample_of(numbers: object, k: int = 1024) -> Sample:
    hashes = np.unique(mix64(np.array(list(numbers), dtype=np.uint64)))
    return Sample(hashes[:k], complete=len(hashes) <= k)


number_sets = st.sets(st.integers(0, 60), max_size=40)


@given(number_sets, number_sets)
def test_sets_kept_whole_are_compared_exactly(one: set[int], other: set[int]) -> None:
    first, second = sample_of(one), sample_of(other)
    assert jaccard(first, second) == Rate(len(one & other) * 10_000 // max(len(one | other), 1))
    assert containment(first, second) == Rate(len(one & other) * 10_000 // max(len(one), 1))


@given(st.sets(st.integers(0, 500), min_size=1), st.integers(2, 30))
def test_a_set_is_like_itself_however_small_its_sample(numbers: set[int], k: int) -> None:
    whole, part = sample_of(numbers), sample_of(numbers, k)
    assert jaccard(whole, part) == containment(part, whole) == containment(whole, part) == FULL


@given(number_sets, number_sets, st.integers(2, 30))
def test_sharing_is_mutual(one: set[int], other: set[int], k: int) -> None:
    assert jaccard(sample_of(one, k), sample_of(other, k)) == jaccard(sample_of(other, k), sample_of(one, k))


@pytest.mark.parametrize(("shared", "own", "foreign"), [(50_000, 50_000, 50_000), (80_000, 20_000, 20_000)])
def test_estimates_are_within_four_standard_errors(shared: int, own: int, foreign: int) -> None:
    one = sample_of([*range(shared), *range(10**6, 10**6 + own)])
    other = sample_of([*range(shared), *range(2 * 10**6, 2 * 10**6 + foreign)])
    true_jaccard, true_containment = shared / (shared + own + foreign), shared / (shared + own)
    # A sample of at least 1,024 of the union: the error of a proportion (Beyer et al. 2007).
    jaccard_error = (true_jaccard * (1 - true_jaccard) / 1024) ** 0.5
    # The sample of the one set in it is as much smaller as that set is smaller than the union.
    containment_error = (true_containment * (1 - true_containment) / 1000) ** 0.5
    assert abs(jaccard(one, other).basis_points / 10_000 - true_jaccard) < 4 * jaccard_error
    assert abs(containment(one, other).basis_points / 10_000 - true_containment) < 4 * containment_error


def test_the_number_of_elements_is_estimated_within_four_standard_errors() -> None:
    assert abs(sample_of(range(100_000)).distinct - 100_000) < 4 * 100_000 / 1022**0.5


def test_what_is_in_several_published_tables_is_found_in_their_union() -> None:
    parts = [sample_of(range(start, start + 250)) for start in (0, 250, 500)]
    assert containment(sample_of(range(1000)), union_of(parts)) == Rate(7_500)


def test_a_renamed_and_shuffled_copy_is_a_near_duplicate() -> None:
    table = a_table(500)
    found = overlap(sketch_of(shuffled(table)), sketch_of(table))
    assert (found.row_containment, found.row_jaccard, found.cells_shared) == (FULL, FULL, FULL)
    assert judge(found, THRESHOLDS)


def test_a_copy_with_an_added_column_is_a_near_duplicate() -> None:
    table = a_table(500)
    added = {**shuffled(table), "note": [f"note {n % 7}" for n in range(500)]}
    found = overlap(sketch_of(added), sketch_of(table))
    assert (found.row_containment, found.column_containment, found.cells_shared) == (NOTHING, FULL, Rate(8_000))
    assert judge(found, DuplicateThresholds(Rate(8_000), Rate(8_000), 8, 2))


def test_a_copy_with_a_dropped_column_is_a_near_duplicate() -> None:
    table = a_table(500)
    kept = dict(list(shuffled(table).items())[1:])
    assert judge(overlap(sketch_of(kept), sketch_of(table)), THRESHOLDS)


def test_a_part_of_a_large_table_is_a_near_duplicate() -> None:
    table = a_table(40_000)
    part = {name: values[:4_000] for name, values in table.items()}
    assert judge(overlap(sketch_of(part), sketch_of(table)), THRESHOLDS)


def test_a_table_like_another_is_no_near_duplicate() -> None:
    found = overlap(sketch_of(a_table(500, seed=1)), sketch_of(a_table(500, seed=2)))
    assert found.row_containment == NOTHING
    assert not judge(found, THRESHOLDS)


def test_flags_and_labels_alone_are_no_evidence() -> None:
    flags = {"a": [True, False] * 300, "b": ["yes", "no", "yes"] * 200}
    other = {**flags, "c": list(range(600))}
    assert not judge(overlap(sketch_of(flags), sketch_of(other)), THRESHOLDS)


def test_few_distinct_rows_are_no_evidence() -> None:
    table = {"a": [1, 2, 3, 4, 5, 6, 7]}
    assert overlap(sketch_of(table), sketch_of(table)).row_containment == FULL
    assert not judge(overlap(sketch_of(table), sketch_of(table)), THRESHOLDS)
    table = {"a": [1, 2, 3, 4, 5, 6, 7, 8]}
    assert judge(overlap(sketch_of(table), sketch_of(table)), THRESHOLDS)


def test_a_column_matches_only_one_column() -> None:
    column = list(range(100))
    found = overlap(sketch_of({"a": column, "b": column}), sketch_of({"c": column}))
    assert found.cells_shared == Rate(5_000)


def test_row_containment_at_the_threshold_is_enough() -> None:
    published = sketch_of({"n": list(range(1000))})
    at, below = ({"n": [*range(shared), *range(5000, 5000 + 1000 - shared)]} for shared in (800, 799))
    alone = DuplicateThresholds(Rate(8_000), FULL, 8, 2)
    assert judge(overlap(sketch_of(at), published), alone)
    assert not judge(overlap(sketch_of(below), published), alone)


def test_candidates_are_the_smallest_fingerprints_as_signed_numbers() -> None:
    sketch = sketch_of(a_table(500))
    found = candidate_hashes(sketch, 10)
    assert [number % 2**64 for number in found] == sketch.row_sample.hashes[:10].tolist()
    assert all(-(2**63) <= number < 2**63 for number in candidate_hashes(sketch))


@pytest.mark.parametrize(("distinct", "columns"), [(COLUMN_DISTINCT_MIN - 1, 0), (COLUMN_DISTINCT_MIN, 1)])
def test_only_telling_columns_are_looked_up(distinct: int, columns: int) -> None:
    sketch = sketch_of({"n": [number % distinct for number in range(200)]})
    assert len(column_candidate_hashes(sketch)) == columns
