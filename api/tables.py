"""Tables as CSV (RFC 4180), as a spreadsheet opens them without being led astray."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from flask import Response

MEDIA_TYPE: Final = "text/csv"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows under their columns; a text that a spreadsheet would compute is quoted with an apostrophe."""
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(columns)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return made.getvalue()


def csv_answer(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a table as a file; the mark in front tells a spreadsheet that it is UTF-8."""
    content = ("\ufeff" + csv_text(columns, rows)).encode()
    stated = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(content, content_type=f"{MEDIA_TYPE}; charset=utf-8", headers=stated)


def _cell(cell: object) -> object:
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell
