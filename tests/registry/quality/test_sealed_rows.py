"""Which rows a sample shows and what of them: drawn by the digest, masked by rule, cut."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.manifests.columns import CellKind, ColumnBatch, ColumnChunk
from registry.quality.sealed_rows import (
    MASK,
    ROWS_DRAWN,
    drawn_cells,
    drawn_rows,
    mask_of,
    sampled_table,
    shown_cell,
)
from registry.values.digest import Digest

CONTENT = Digest.of(b"content")


@given(st.integers(0, 10_000), st.text(st.characters(codec="utf-8"), max_size=5))
def test_the_draw_follows_from_digest_and_path_alone(rows: int, path: str) -> None:
    drawn = drawn_rows(CONTENT, path, rows)
    assert drawn == drawn_rows(Digest.of(b"content"), path, rows)
    assert len(drawn) == min(ROWS_DRAWN, rows)
    assert sorted(set(drawn)) == list(drawn)
    assert all(0 <= each < rows for each in drawn)


def test_another_content_or_path_draws_otherwise() -> None:
    drawn = drawn_rows(CONTENT, "a.csv", 10_000)
    assert drawn != drawn_rows(Digest.of(b"other"), "a.csv", 10_000)
    assert drawn != drawn_rows(CONTENT, "b.csv", 10_000)


@pytest.mark.parametrize(
    ("column", "cells", "mask"),
    [
        ({"name": "power", "type": "number", "distinct": 100}, [1.5], None),
        ({"name": "station", "type": "text", "distinct": 4}, ["北山"], None),
        ({"name": "serial", "type": "integer", "distinct": 95}, [7], "key"),
        ({"name": "serial", "type": "integer", "distinct": 94}, [7], None),
        ({"name": "用户姓名", "type": "text", "distinct": 4}, ["甲"], "personal"),
        ({"name": "E-Mail", "type": "text", "distinct": 4}, [None], "personal"),
        ({"name": "contact", "type": "text", "distinct": 4}, ["x", "13812345678"], "personal"),
        ({"name": "contact", "type": "text", "distinct": 4}, ["11010519491231002X"], "personal"),
        ({"name": "contact", "type": "text", "distinct": 4}, ["a@x.test"], "personal"),
        ({"name": "payload", "type": "nested", "distinct": 4}, ["{}"], "form"),
    ],
)
def test_keys_and_personal_columns_are_masked(column: dict[str, Any], cells: list[Any], mask: str | None) -> None:
    assert mask_of(column, 100, cells) == mask


def test_a_masked_cell_keeps_nothing_and_a_text_is_cut() -> None:
    assert [shown_cell(each, "key") for each in ("a", "abc", 12)] == [MASK] * 3
    assert shown_cell(None, "key") is None
    assert shown_cell("字" * 41, None) == "字" * 40 + "…"
    assert shown_cell("字" * 40, None) == "字" * 40
    assert shown_cell(1.5, None) == 1.5


def batches(*sizes: int) -> list[ColumnBatch]:
    """Return batches of one column that counts its rows from 0."""
    made, first = [], 0
    for size in sizes:
        words = np.arange(first, first + size, dtype=np.int64)
        chunk = ColumnChunk("n", np.full(size, CellKind.INTEGER, dtype=np.uint8), words)
        made.append(ColumnBatch(size, (chunk,)))
        first += size
    return made


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.data())
def test_the_drawn_rows_are_found_across_batches(sizes: list[int], data: st.DataObject) -> None:
    drawn = sorted(data.draw(st.sets(st.integers(0, sum(sizes) - 1))))
    assert drawn_cells(batches(*sizes), drawn).get("n", []) == drawn


def test_a_table_names_what_is_masked_and_why() -> None:
    columns = [{"name": "id", "type": "integer", "distinct": 50}, {"name": "x", "type": "integer", "distinct": 3}]
    found = sampled_table("a.csv", 50, columns, [3, 9], {"id": [1, 2], "x": [5, None]})
    assert found["columns"] == [{"name": "id", "masked": "key"}, {"name": "x", "masked": None}]
    assert found["cells"] == [[MASK, 5], [MASK, None]]
