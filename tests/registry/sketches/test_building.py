from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from datasketch import HyperLogLogPlusPlus, LeanMinHash, MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.manifests.cells import mix64
from registry.manifests.model import Format
from registry.sketches.building import cardinality, minhash_of, minima_of, registers_of, sketch_table
from registry.sketches.encoding import to_bytes
from registry.sketches.fingerprints import row_fingerprints
from registry.sketches.model import MINHASH_SCHEME, ROW_SAMPLE_MIN, TableSketch
from tests.registry.sketches.tables import a_table, batches_of, shuffled, sketch_of, sketch_of_file, write


def seeded_hashes(count: int, seed: int = 7) -> np.ndarray:
    return mix64(np.arange(seed << 32, (seed << 32) + count, dtype=np.uint64))


def rows_of(sketch: TableSketch) -> tuple[list[int], bytes, bytes]:
    """Return all that the rows of a table leave in its sketch."""
    return sketch.row_sample.hashes.tolist(), sketch.hyperloglog, sketch.minhash


cells = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, width=64)
    | st.text(max_size=4)
)


@given(
    st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=12), st.integers(0, 99), st.integers(1, 5)
)
def test_names_order_and_batches_leave_the_row_fingerprints_alone(rows, seed, rows_max) -> None:
    columns = dict(zip("abc", map(list, zip(*rows, strict=True)), strict=True))
    again = sketch_table(batches_of(shuffled(columns, seed), rows_max))
    assert rows_of(again) == rows_of(sketch_of(columns))


texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=6)
instants = st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31))  # noqa: DTZ001


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 20).flatmap(
        lambda rows: st.fixed_dictionaries(
            {
                name: st.lists(st.none() | kind, min_size=rows, max_size=rows)
                for name, kind in {
                    "integer": st.integers(-(2**63), 2**63 - 1),
                    "fraction": st.floats(allow_nan=False, allow_infinity=False),
                    "text": texts,
                    "bool": st.booleans(),
                    "moment": instants,
                }.items()
            }
        )
    )
)
def test_a_table_has_one_sketch_in_every_format(tmp_path_factory: pytest.TempPathFactory, columns) -> None:
    # A row of one empty cell is a blank line, which CSV cannot tell from no row: the last column is never empty.
    columns = {**columns, "row": list(range(len(columns["text"])))}
    folder = tmp_path_factory.mktemp("formats")
    found = []
    for file_format in (Format.PARQUET, Format.CSV, Format.JSONL):
        write(columns, folder / f"table.{file_format}", file_format)
        found.append(to_bytes(sketch_of_file(folder / f"table.{file_format}", file_format)))
    assert found[0] == found[1] == found[2]


def test_numbers_cast_to_text_leave_the_fingerprints_alone(tmp_path: Path) -> None:
    table = a_table(300)
    cast = {name: [str(cell) for cell in values] for name, values in table.items()}
    write(cast, tmp_path / "cast.parquet", Format.PARQUET)
    assert rows_of(sketch_of_file(tmp_path / "cast.parquet", Format.PARQUET)) == rows_of(sketch_of(table))


def test_an_empty_column_adds_nothing() -> None:
    table = a_table(50)
    assert rows_of(sketch_of({**table, "empty": [None] * 50})) == rows_of(sketch_of(table))


def test_a_row_without_a_cell_has_no_fingerprint() -> None:
    (batch,) = batches_of({"a": [1, None], "b": [None, None]})
    assert len(row_fingerprints(batch)[0]) == 1


def test_the_values_of_a_row_belong_together() -> None:
    crossed = row_fingerprints(batches_of({"a": [1, 3], "b": [2, 4]})[0])[0]
    assert not set(crossed.tolist()) & set(row_fingerprints(batches_of({"a": [1, 3], "b": [4, 2]})[0])[0].tolist())


def test_the_registers_are_those_of_datasketch() -> None:
    hashes = np.concatenate([seeded_hashes(3000), np.array([0, 1, 2**14, 2**64 - 1], dtype=np.uint64)])
    reference = HyperLogLogPlusPlus(p=14, hashfunc=lambda value: value)
    for value in hashes.tolist():
        reference.update(value)
    assert np.array_equal(registers_of(hashes), reference.reg)


def test_the_minima_are_those_of_datasketch() -> None:
    hashes = seeded_hashes(2000)
    reference = MinHash(128, 1, scheme=MINHASH_SCHEME, hashfunc=lambda value: value)
    reference.update_batch(hashes.tolist())
    assert np.array_equal(minima_of(hashes, reference), reference.hashvalues)


def test_the_minhash_goes_on_in_datasketch() -> None:
    one, other = minhash_of(sketch_of(a_table(500))), minhash_of(sketch_of(shuffled(a_table(500))))
    assert isinstance(one, LeanMinHash)
    assert (one.scheme, one.seed, len(one), one.jaccard(other)) == ("affine64", 1, 128, 1.0)


@pytest.mark.parametrize("rows", [1, 1000, 60_000])
def test_the_cardinality_is_within_four_standard_errors(rows: int) -> None:
    found = cardinality(sketch_of({"n": list(range(rows))}))
    assert abs(found - rows) <= max(1, 4 * 0.0081 * rows)


def test_a_small_table_is_kept_whole_and_a_large_one_sampled() -> None:
    small, large = sketch_of({"n": list(range(1024))}), sketch_of({"n": list(range(1025))})
    assert (len(small.row_sample.hashes), small.row_sample.complete) == (1024, True)
    assert (len(large.row_sample.hashes), large.row_sample.complete) == (ROW_SAMPLE_MIN, False)


def test_of_a_large_table_one_row_of_64_is_kept() -> None:
    sample = sketch_of({"n": list(range(200_000))}).row_sample
    assert not sample.complete
    assert int(sample.hashes[-1]) < 2**58
    assert abs(len(sample.hashes) - 200_000 / 64) < 4 * (200_000 / 64) ** 0.5
