"""Rows of a table that may be shown before it is bought: drawn by the content's digest, masked, cut.

Rules:
* Nobody chooses. The n-th draw of a table is the row at SHA-256(content digest, path, n) modulo its rows; a row that
  was drawn before is passed over, until twenty are drawn or all are.
* A column is a key when at least 95 of 100 cells differ and its cells are whole numbers or texts: such a cell points
  to one thing. It is personal when its name says so (``PERSONAL_WORDS``), or a drawn cell has the form of an identity
  number, a mobile number or an address of mail. Cells of both are masked, whatever they hold; so are nested and binary
  cells. Nothing of a masked cell remains, not its length either.
* Of other texts the first forty characters are shown.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from registry.manifests.columns import CellKind, ColumnBatch, ColumnType
from registry.quality.profile import cell_value
from registry.values.canonical import Json
from registry.values.digest import Digest

ROWS_DRAWN: Final = 20
TEXT_SHOWN_MAX: Final = 40
KEY_DISTINCT_PERCENT: Final = 95
MASK: Final = "•••"
PERSONAL_WORDS: Final = (
    *("姓名", "名字", "身份证", "证件", "手机", "电话", "邮箱", "住址", "地址", "车牌", "银行卡", "账号", "护照"),
    *("name", "phone", "mobile", "email", "e-mail", "address", "passport", "idcard", "id_card", "plate", "account"),
)
_PERSONAL_FORMS: Final = (
    re.compile(r"\d{17}[\dXx]", re.ASCII),
    re.compile(r"(?:\+?86)?1[3-9]\d{9}", re.ASCII),
    re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
)


def drawn_rows(content: Digest, path: str, rows: int) -> tuple[int, ...]:
    """Return the rows of a table that are drawn, counted from 0, in ascending order."""
    found: set[int] = set()
    number = 0
    while len(found) < min(ROWS_DRAWN, rows):
        seed = hashlib.sha256(f"{content.hex}\n{path}\n{number}".encode()).digest()
        found.add(int.from_bytes(seed, "big") % rows)
        number += 1
    return tuple(sorted(found))


def mask_of(column: Mapping[str, Any], rows: int, cells: Iterable[Json]) -> str | None:
    """Return why a column is masked: ``personal``, ``key`` or ``form``; None where it is shown.

    Args:
        column: The profile of the column.
        rows: How many rows the table has.
        cells: What was drawn of it.
    """
    kind = str(column.get("type", ""))
    if kind in {ColumnType.NESTED, ColumnType.BINARY, ColumnType.MIXED}:
        return "form"
    name = str(column["name"]).lower()
    if any(word in name for word in PERSONAL_WORDS):
        return "personal"
    if any(form.fullmatch(str(cell).strip()) for cell in cells for form in _PERSONAL_FORMS):
        return "personal"
    of_things = kind in {ColumnType.INTEGER, ColumnType.TEXT}
    distinct = int(column.get("distinct", 0))
    return "key" if of_things and rows > 1 and distinct * 100 >= rows * KEY_DISTINCT_PERCENT else None


def shown_cell(cell: Json, mask: str | None) -> Json:
    """Return a cell as a sample shows it; one that holds nothing stays empty."""
    if cell is None:
        return None
    if mask is not None:
        return MASK
    return cell[:TEXT_SHOWN_MAX] + "…" if isinstance(cell, str) and len(cell) > TEXT_SHOWN_MAX else cell


def drawn_cells(batches: Iterable[ColumnBatch], drawn: Sequence[int]) -> dict[str, list[Json]]:
    """Return the cells of the drawn rows by column; reads no further than the last of them."""
    found: dict[str, list[Json]] = {}
    first = taken = 0
    for batch in batches:
        inside = [row - first for row in drawn[taken:] if row < first + batch.rows]
        for chunk in batch.columns:
            cells = found.setdefault(chunk.name, [None] * taken)
            for row in inside:
                kind = CellKind(int(chunk.kinds[row]))
                cells.append(None if kind is CellKind.NULL else cell_value(kind, chunk.words[row], chunk))
        first, taken = first + batch.rows, taken + len(inside)
        for cells in found.values():
            cells.extend([None] * (taken - len(cells)))
        if taken == len(drawn):
            break
    return found


def sampled_table(
    path: str, rows: int, columns: Sequence[Mapping[str, Any]], drawn: Sequence[int], cells: Mapping[str, list[Json]]
) -> dict[str, Json]:
    """Return one table of a sample: which rows were drawn, what is masked and why, and what may be seen of them."""
    named = [column for column in columns if column["name"] in cells]
    masks = {str(each["name"]): mask_of(each, rows, cells[str(each["name"])]) for each in named}
    return {
        "path": path,
        "rows": rows,
        "drawn": list(drawn),
        "columns": [{"name": name, "masked": mask} for name, mask in masks.items()],
        "cells": [[shown_cell(cells[name][at], mask) for name, mask in masks.items()] for at in range(len(drawn))],
    }
