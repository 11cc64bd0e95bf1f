import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.sketches.building import sketch_table
from registry.sketches.encoding import from_bytes, to_bytes
from tests.registry.sketches.tables import a_table, sketch_of


@pytest.mark.parametrize("rows", [1, 100, 3000])
def test_a_sketch_reads_back(rows: int) -> None:
    sketch = sketch_of(a_table(rows))
    again = from_bytes(to_bytes(sketch))
    assert to_bytes(again) == to_bytes(sketch)
    assert (again.rows, again.row_sample.complete, len(again.columns)) == (rows, sketch.row_sample.complete, 4)


def test_the_sketch_of_nothing_reads_back() -> None:
    assert from_bytes(to_bytes(sketch_table([]))).rows == 0


@given(st.integers(0, 20_000))
def test_a_sketch_that_is_cut_off_is_refused(end: int) -> None:
    whole = WHOLE
    with pytest.raises(InvalidValueError, match="sketch_malformed"):
        from_bytes(whole[: min(end, len(whole) - 1)])


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="sketch_malformed"):
        from_bytes(WHOLE + b"\0")


def test_a_later_version_is_refused_by_its_number() -> None:
    with pytest.raises(InvalidValueError, match="sketch_version_unknown") as refused:
        from_bytes(WHOLE[:4] + b"\2\0" + WHOLE[6:])
    assert refused.value.parameters["version"] == 2


WHOLE = to_bytes(sketch_of(a_table(20)))
