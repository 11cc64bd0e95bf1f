from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.manifests.model import Format
from registry.manifests.reading import read_columns
from registry.sketches.deriving import new_share
from registry.sketches.model import NewShare
from tests.registry.sketches.tables import a_table, batches_of, shuffled, write


@pytest.fixture
def share(tmp_path_factory: pytest.TempPathFactory):
    def of(child, *parents) -> NewShare:
        workspace = tmp_path_factory.mktemp("share")
        return new_share(batches_of(child), [batches_of(parent) for parent in parents], workspace)

    return of


tables = st.integers(1, 15).flatmap(
    lambda rows: st.lists(
        st.lists(st.none() | st.integers(0, 6) | st.sampled_from("甲乙丙"), min_size=rows, max_size=rows),
        min_size=1,
        max_size=4,
    ).map(lambda columns: {f"c{place}": cells for place, cells in enumerate(columns)})
)
law = settings(max_examples=60, deadline=None)


def cells_of(table) -> int:
    return sum(cell is not None for column in table.values() for cell in column)


@law
@given(tables.filter(cells_of), st.integers(0, 99))
def test_a_copy_has_nothing_new(tmp_path_factory: pytest.TempPathFactory, table, seed: int) -> None:
    workspace = tmp_path_factory.mktemp("share")
    found = new_share(batches_of(shuffled(table, seed)), [batches_of(table)], workspace)
    assert found == NewShare(cells_of(table), 0)


@law
@given(tables.filter(cells_of), st.data())
def test_added_columns_are_new_to_the_cell(tmp_path_factory: pytest.TempPathFactory, table, data) -> None:
    rows = len(table["c0"])
    labels = data.draw(st.lists(st.none() | st.sampled_from(["正常", "异常"]), min_size=rows, max_size=rows))
    child = {**shuffled(table), "label": labels}
    found = new_share(batches_of(child), [batches_of(table)], tmp_path_factory.mktemp("share"))
    assert found.new_cells == cells_of({"label": labels})


@law
@given(tables.filter(cells_of), tables)
def test_what_shares_no_value_is_all_new(tmp_path_factory: pytest.TempPathFactory, table, other) -> None:
    child = {name: [None if cell is None else f"{name} {cell}" for cell in cells] for name, cells in table.items()}
    found = new_share(batches_of(child), [batches_of(other)], tmp_path_factory.mktemp("share"))
    assert found.new_cells == found.cells
    assert found.share.basis_points == 10_000


@law
@given(tables.filter(cells_of), tables, tables)
def test_another_parent_never_makes_more_new(tmp_path_factory: pytest.TempPathFactory, child, one, other) -> None:
    alone = new_share(batches_of(child), [batches_of(one)], tmp_path_factory.mktemp("share"))
    both = new_share(batches_of(child), [batches_of(one), batches_of(other)], tmp_path_factory.mktemp("share"))
    assert both.new_cells <= alone.new_cells


def test_an_added_column_that_equals_one_of_the_parent_is_not_new(share) -> None:
    table = a_table(50)
    assert share({**table, "again": sorted(table["count"])}, table).new_cells == 0


def test_an_own_column_twice_is_new_once(share) -> None:
    labels = [f"label {n % 5}" for n in range(50)]
    found = share({**a_table(50), "one": labels, "two": labels[::-1]}, a_table(50))
    assert (found.cells, found.new_cells) == (300, 50)


def test_added_rows_are_new(share) -> None:
    found = share({"n": list(range(125))}, {"n": list(range(100))})
    assert (found.new_cells, found.share.basis_points) == (25, 2_000)


def test_a_value_is_known_only_as_often_as_a_parent_has_it(share) -> None:
    assert share({"n": [1, 1, 1, 2]}, {"n": [1, 1, 2, 2, 2]}).new_cells == 1


def test_parents_are_known_together(share) -> None:
    found = share({"n": list(range(200))}, {"a": list(range(100))}, {"b": list(range(100, 200))})
    assert found.new_cells == 0


def test_columns_are_matched_so_that_most_is_known(share) -> None:
    # Taking the best pair first (a with x) would leave b nothing.
    child = {"a": [1, 2, 3, 4, 5, 6], "b": [1, 2, 3, 4, 5, 7]}
    parent = {"x": [1, 2, 3, 4, 5, 8], "y": [6, 4, 5, 1, 9, 9]}
    assert share(child, parent).new_cells == 12 - 5 - 4


@pytest.mark.parametrize(("new", "basis_points"), [(1, 3_333), (2, 6_666), (3, 10_000)])
def test_the_share_is_rounded_down(new: int, basis_points: int) -> None:
    assert NewShare(3, new).share.basis_points == basis_points


def test_a_copy_in_another_format_has_nothing_new(tmp_path: Path) -> None:
    table = a_table(200)
    write(table, tmp_path / "parent.parquet", Format.PARQUET)
    write(shuffled(table), tmp_path / "child.csv", Format.CSV)
    child = read_columns(tmp_path / "child.csv", Format.CSV)
    found = new_share(child, [read_columns(tmp_path / "parent.parquet", Format.PARQUET)], tmp_path / "work")
    assert found == NewShare(800, 0)


def test_a_derivative_without_a_parent_is_refused(share) -> None:
    with pytest.raises(InvalidValueError, match="derivative_without_parent"):
        share({"n": [1]})


def test_a_derivative_without_a_cell_is_refused(share) -> None:
    with pytest.raises(InvalidValueError, match="derivative_empty"):
        share({"n": [None]}, {"n": [1]})
