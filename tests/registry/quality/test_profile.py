from collections.abc import Mapping, Sequence

import pytest

from registry.manifests.arrow_cells import chunk_of_objects
from registry.manifests.columns import ColumnBatch
from registry.quality.profile import profile_table
from registry.values.canonical import canonical_json


def profile_of(columns: Mapping[str, Sequence[object]], rows_max: int = 7) -> dict[str, dict[str, object]]:
    """Return the profile of each column of a table that is read in small batches."""
    rows = len(next(iter(columns.values())))
    starts = range(0, rows, rows_max)
    found = profile_table(
        ColumnBatch(
            min(rows_max, rows - start),
            tuple(chunk_of_objects(name, cells[start : start + rows_max]) for name, cells in columns.items()),
        )
        for start in starts
    )
    canonical_json(found)
    assert found["rows"] == rows
    return {column["name"]: column for column in found["columns"]}


def test_numbers_have_bounds_and_a_mean() -> None:
    column = profile_of({"n": [*range(10), None, 0.5]})["n"]
    assert (column["type"], column["nulls"], column["distinct"]) == ("number", 1, 11)
    assert column["numbers"] == {"min": 0.0, "max": 9.0, "mean": 45.5 / 11}


def test_texts_have_lengths_in_characters_and_no_examples() -> None:
    column = profile_of({"name": [f"张三{n:03}" for n in range(100)]})["name"]
    assert column["lengths"] == {"min": 5, "max": 5, "mean": 5.0}
    assert "top" not in column


def test_values_of_a_column_with_few_are_shown_with_their_counts() -> None:
    column = profile_of({"label": ["正常"] * 20 + ["异常"] * 12})["label"]
    assert column["top"] == [{"value": "正常", "count": 20}, {"value": "异常", "count": 12}]


@pytest.mark.parametrize(("times", "shown"), [(9, False), (10, True)])
def test_a_value_that_is_rare_is_not_shown(times: int, shown: bool) -> None:
    column = profile_of({"name": ["张三"] * times})["name"]
    assert ("top" in column) is shown


def test_a_column_of_many_values_shows_none_of_them() -> None:
    assert "top" not in profile_of({"n": list(range(33)) * 10})["n"]
    assert len(profile_of({"n": list(range(32)) * 10})["n"]["top"]) == 10


def test_instants_have_a_first_and_a_last() -> None:
    column = profile_of({"at": ["2024-05-02", "2024-05-01 08:00"]})["at"]
    assert column["moments"] == {"first": "2024-05-01T08:00:00.000000Z", "last": "2024-05-02T00:00:00.000000Z"}


def test_a_column_that_appears_late_was_null_before() -> None:
    batches = [ColumnBatch(5, ()), ColumnBatch(2, (chunk_of_objects("late", [1, 2]),))]
    (column,) = profile_table(batches)["columns"]
    assert column["nulls"] == 5


def test_numbers_that_json_has_not_stay_out() -> None:
    column = profile_of({"n": [float("inf")] * 10 + [2**60] * 10 + [1]})["n"]
    assert column["numbers"]["max"] == float(2**60)
    assert [item["value"] for item in column["top"]] == [str(2**60), "inf"]


def test_distinct_values_beyond_the_sample_are_estimated() -> None:
    column = profile_of({"n": list(range(20_000))}, rows_max=5_000)["n"]
    assert not column["distinct_is_exact"]
    assert abs(column["distinct"] - 20_000) < 4 * 20_000 / 1022**0.5
