"""Which cells are equal: what docs/formats/row-fingerprint.md promises."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.manifests.arrow_cells import chunk_of_array, chunk_of_objects
from registry.manifests.bottom_k import BottomK
from registry.manifests.cells import cell_hashes, mix64
from registry.manifests.columns import CellKind

FROZEN = [
    11711836076885964003,
    4283680158599671843,
    16739924786248912506,
    1807181204618481709,
    12417942334303085413,
    8596099407169651447,
]
CHINA = timezone(timedelta(hours=8))


def hash_of(value: object, kind: pa.DataType | None = None) -> int:
    return int(cell_hashes(chunk_of_array("c", pa.array([value], kind)))[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (hash_of(1), hash_of(1.0)),
        (hash_of(1), hash_of(1, pa.uint8())),
        (hash_of(1), hash_of("1")),
        (hash_of(1), hash_of("1.0")),
        (hash_of(-0.0), hash_of(0)),
        (hash_of(0.1), hash_of(0.1, pa.float32())),
        (hash_of(0.1), hash_of("0.1")),
        (hash_of(1.5e300), hash_of("1.5e300")),
        (hash_of(Decimal("12.50")), hash_of(12.5)),
        (hash_of(2**63 - 1), hash_of(str(2**63 - 1))),
        (hash_of(2**64 - 1, pa.uint64()), hash_of(str(2**64 - 1))),
        (hash_of(123), hash_of("00123")),
        (hash_of(True), hash_of("TRUE")),
        (hash_of(False), hash_of("False")),
        (hash_of(None, pa.int64()), hash_of("")),
        (hash_of(None, pa.int64()), hash_of(float("nan"))),
        (hash_of(None, pa.int64()), hash_of("NaN")),
        (hash_of("café"), hash_of("cafe\u0301")),
        (hash_of(date(2024, 5, 1)), hash_of("2024-05-01")),
        (hash_of(date(2024, 5, 1)), hash_of(datetime(2024, 5, 1))),  # noqa: DTZ001
        (hash_of(datetime(2024, 5, 1, 8, tzinfo=CHINA)), hash_of(datetime(2024, 5, 1, tzinfo=UTC))),
        (hash_of(datetime(2024, 5, 1, tzinfo=UTC)), hash_of("2024-05-01T08:00:00+08:00")),
        (hash_of(datetime(2024, 5, 1, 0, 0, 1, 5, tzinfo=UTC)), hash_of("2024-05-01 00:00:01.000005999")),
        (hash_of(time(8, 30)), hash_of("08:30:00")),
        (hash_of([1, 2]), hash_of("[1, 2.0]")),
        (hash_of({"b": 1, "a": None}), hash_of('{"b":1}')),
        (hash_of("x", pa.string()), hash_of("x", pa.string_view())),
        (hash_of("x"), hash_of("x", pa.dictionary(pa.int8(), pa.string()))),
    ],
)
def test_equal_values_have_equal_hashes(one: int, other: int) -> None:
    assert one == other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (hash_of(True), hash_of(1)),
        (hash_of(False), hash_of(0)),
        (hash_of(0), hash_of(None, pa.int64())),
        (hash_of("a"), hash_of("A")),
        (hash_of("2024-02-30"), hash_of("2024-03-01")),
        (hash_of("1e999"), hash_of("2e999")),
        (hash_of(2**53), hash_of(2**53 + 1)),
        (hash_of(0.1), hash_of(0.10000000000000002)),
        (hash_of(" 1"), hash_of(1)),
        (hash_of("0x10"), hash_of(16)),
        (hash_of([1]), hash_of([1, 1])),
    ],
)
def test_unequal_values_have_unequal_hashes(one: int, other: int) -> None:
    assert one != other


json_scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_infinity=False) | st.text(max_size=5)
)


@given(st.lists(json_scalars, min_size=1, max_size=8))
def test_a_mixed_column_has_the_cells_of_its_values(values: list[object]) -> None:
    mixed = cell_hashes(chunk_of_objects("c", values))
    assert mixed.tolist() == [hash_of(value) if value is not None else 0 for value in values]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_the_same_when_written(number: float) -> None:
    assert hash_of(number) == hash_of(repr(number))


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001
def test_an_instant_is_the_same_when_written(instant: datetime) -> None:
    assert hash_of(instant, pa.timestamp("us")) == hash_of(instant.isoformat(" "))


def test_a_written_instant_beside_one_that_no_calendar_has_is_still_an_instant() -> None:
    chunk = chunk_of_array("c", pa.array(["2024-02-30", "2024-02-29"]))
    assert chunk.kinds.tolist() == [CellKind.TEXT, CellKind.MOMENT]
    assert int(cell_hashes(chunk)[1]) == hash_of(date(2024, 2, 29))


def test_the_hash_is_part_of_a_format_and_never_changes() -> None:
    found = [hash_of(value) for value in (1, 0.5, True, "采信", [1], date(2024, 5, 1))]
    assert found == FROZEN


def test_bytes_stand_for_themselves() -> None:
    assert hash_of(b"ab") == hash_of(b"ab", pa.binary(2))
    assert hash_of(b"ab") != hash_of(b"ac")


@given(st.lists(st.integers(0, 50)), st.integers(1, 20), st.integers(1, 7))
def test_the_sample_holds_the_smallest_hashes_and_counts_them_exactly(values, k, step) -> None:
    hashes = mix64(np.array(values, dtype=np.uint64))
    sample = BottomK(k)
    for start in range(0, len(hashes), step):
        sample.update(hashes[start : start + step])
    expected, counts = np.unique(hashes, return_counts=True)
    assert sample.hashes.tolist() == expected[:k].tolist()
    assert sample.counts.tolist() == counts[:k].tolist()
