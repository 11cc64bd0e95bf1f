"""Leader lists as offices send them: a table in CSV or in a workbook (XLSX), read whole or refused whole.

Rules:
* The heading is the first of the first rows that names a column of codes and a column of names; titles above it are
  passed over. Rows without any text are no lines.
* Every line that cannot stand is told, with its number in the file and what is wrong with it; nothing of a file with
  such a line is written.
* CSV is UTF-8 or GB 18030, with commas, semicolons or tabs. Of a workbook the first sheet is read; a formula counts as
  the value that was stored with it.
* A code that a spreadsheet has turned into a number has lost its last digits and is refused, never guessed.
"""

import csv
import io
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from openpyxl import load_workbook

from registry.errors import InvalidValueError, Obstacle, RuleError
from registry.parties.commands import ENTRIES_MAX
from registry.parties.model import NAME_LENGTH_MAX, ListedFirm
from registry.policy.plain_text import require_text
from registry.values.uscc import Uscc

FILE_BYTES_MAX: Final = 2_000_000
UNPACKED_BYTES_MAX: Final = 20_000_000
FRAME_BYTES_MAX: Final = 1_000_000
"""Styles, relations and the like, which are read into memory as trees; names stand in sheets and shared strings."""
COLUMNS_MAX: Final = 200
HEADING_WITHIN_ROWS: Final = 20
FAULTS_TOLD_MAX: Final = 500
ROWS_MAX: Final = 4 * ENTRIES_MAX
CODE_HEADINGS: Final = frozenset({"uscc", "统一社会信用代码", "社会信用代码", "信用代码"})
NAME_HEADINGS: Final = frozenset({"name", "企业名称", "单位名称", "公司名称", "名称"})
_CLAUSE: Final = "RULINGS 4"
_READ_IN_PIECES: Final = ("xl/worksheets/", "xl/sharedStrings", "xl/media/")

Cell = str | int | float | bool | None
Row = tuple[int, Sequence[Cell]]
"""The number of a row in its file, as the program it was made with counts, and its cells."""


@dataclass(frozen=True, slots=True)
class ReadList:
    """What a file holds: the firms of its good lines, and what is wrong with the others; ``faulty`` counts these."""

    entries: tuple[ListedFirm, ...]
    faults: tuple[Obstacle, ...]
    faulty: int


def read_list(content: bytes) -> ReadList:
    """Read the file of a leader list. Pure: the same bytes give the same report.

    Raises:
        InvalidValueError: It is no table, has no heading with codes and names, or is too large.
    """
    return _read_rows(table_rows(content))


def table_rows(content: bytes) -> Iterator[Row]:
    """Return the rows of a table in CSV or of the first sheet of a workbook.

    Raises:
        InvalidValueError: It is no table, or is too large.
    """
    if len(content) > FILE_BYTES_MAX:
        raise InvalidValueError("list_file_too_large", size_bytes=len(content), most=FILE_BYTES_MAX)
    return _workbook_rows(content) if content.startswith(b"PK\x03\x04") else _csv_rows(content)


def require_faultless(found: ReadList) -> tuple[ListedFirm, ...]:
    """Return the firms of a file without a bad line. Raises RuleError, which tells every bad line."""
    if found.faults:
        raise RuleError("list_file_refused", found.faults, faulty=found.faulty, told=len(found.faults))
    return found.entries


def _read_rows(rows: Iterable[Row]) -> ReadList:
    walked = iter(rows)
    code_at, name_at = _heading(walked)
    entries: list[ListedFirm] = []
    faults: list[Obstacle] = []
    line_of: dict[Uscc, int] = {}
    for line, cells in walked:
        if all(_text(cell) == "" for cell in cells):
            continue
        if len(entries) + len(faults) >= ENTRIES_MAX:
            raise InvalidValueError("list_length", at="file", given=ENTRIES_MAX + 1, most=ENTRIES_MAX)
        found = _read_line(line, _cell(cells, code_at), _cell(cells, name_at))
        if isinstance(found, ListedFirm) and (first := line_of.get(found.uscc)):
            found = _fault("list_line_twice", line, uscc=str(found.uscc), first=first)
        if isinstance(found, Obstacle):
            faults.append(found)
        else:
            line_of[found.uscc] = line
            entries.append(found)
    if not entries and not faults:
        raise InvalidValueError("list_length", at="file", given=0, most=ENTRIES_MAX)
    return ReadList(tuple(entries), tuple(faults[:FAULTS_TOLD_MAX]), len(faults))


def _heading(rows: Iterator[Row]) -> tuple[int, int]:
    """Return the columns of codes and of names; the rows up to the heading are taken from ``rows``."""
    for number, (_, cells) in enumerate(rows, 1):
        titles = [_text(cell).casefold() for cell in cells]
        codes = [place for place, title in enumerate(titles) if title in CODE_HEADINGS]
        names = [place for place, title in enumerate(titles) if title in NAME_HEADINGS]
        if codes and names:
            return codes[0], names[0]
        if number == HEADING_WITHIN_ROWS:
            break
    raise InvalidValueError("list_file_without_heading", rows=HEADING_WITHIN_ROWS)


def _read_line(line: int, code: Cell, name: Cell) -> ListedFirm | Obstacle:
    if isinstance(code, bool | int | float):
        return _fault("list_line_code_is_number", line, given=str(code)[:40])
    written, called = _text(code), _text(name)
    if not written:
        return _fault("list_line_without_code", line, name=called[:40])
    if not called:
        return _fault("list_line_without_name", line, uscc=written[:40])
    try:
        uscc = Uscc(written)
    except InvalidValueError:
        return _fault("list_line_code_wrong", line, given=written[:40])
    try:
        return ListedFirm(uscc, require_text(called, "name", NAME_LENGTH_MAX))
    except InvalidValueError:
        return _fault("list_line_name_wrong", line, given=called[:40], most=NAME_LENGTH_MAX)


def _fault(code: str, line: int, **parameters: str | int) -> Obstacle:
    return Obstacle(code, _CLAUSE, parameters={"line": line, **parameters})


def _cell(cells: Sequence[Cell], at: int) -> Cell:
    return cells[at] if at < len(cells) else None


def _text(cell: Cell) -> str:
    """Return a cell as text: full-width letters and digits as the usual ones, no blanks around it."""
    return "" if cell is None else unicodedata.normalize("NFKC", str(cell)).strip()


def _csv_rows(content: bytes) -> Iterator[Row]:
    text = _decoded(content)
    beginning = "\n".join(text.splitlines()[:HEADING_WITHIN_ROWS])
    delimiter = max(",;\t", key=beginning.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            # A quoted cell may run over several lines: a line has the number at which it begins.
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidValueError("list_file_unreadable", line=line) from error


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InvalidValueError("list_file_unreadable", line=1)


def _workbook_rows(content: bytes) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InvalidValueError("list_file_unreadable", line=1) from error
    sizes = {part.filename: part.file_size for part in parts}
    frame = sum(size for name, size in sizes.items() if not name.startswith(_READ_IN_PIECES))
    for given, most in ((sum(sizes.values()), UNPACKED_BYTES_MAX), (frame, FRAME_BYTES_MAX)):
        if given > most:
            raise InvalidValueError("list_file_too_large", size_bytes=given, most=most)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # The size a workbook states of itself may be wrong; without it every row that is there is read.
        sheet.reset_dimensions()
        # openpyxl counts rows without cells too, so that the number is the one the spreadsheet shows.
        walked = enumerate(sheet.iter_rows(values_only=True, max_col=COLUMNS_MAX), 1)
        # Rows without cells below the last firm are no matter; one with cells is kept, so that too many are told.
        rows = [(number, tuple(row)) for number, row in walked if number <= ROWS_MAX or any(row)][: ROWS_MAX + 1]
        book.close()
    except Exception as error:  # openpyxl lets through whatever a broken archive or XML makes of its readers
        raise InvalidValueError("list_file_unreadable", line=1) from error
    if rows and rows[-1][0] > ROWS_MAX:
        raise InvalidValueError("list_length", at="file", given=rows[-1][0], most=ROWS_MAX)
    yield from rows
