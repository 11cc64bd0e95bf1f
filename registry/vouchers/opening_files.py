"""Opening balances as offices send them: CSV, a workbook (XLSX) or TOML, read whole or refused whole.

Rules:
* A line names either a pool or the instrument of an award, a firm by its code, a year and an amount in yuan; a use of a
  pool also the base it was granted on, an award the dataset, where it stands in this registry.
* Every bad line is told with its number and what is wrong with it. In TOML the lines are ``[[line]]`` tables.
* Of one pool, firm and year there is one line; of one instrument, firm, year and dataset too.
"""

import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from registry.errors import InvalidValueError, Obstacle, Parameter, RuleError
from registry.parties.list_files import HEADING_WITHIN_ROWS, table_rows
from registry.values.money import ZERO, Money
from registry.values.names import PublicName
from registry.values.uscc import Uscc
from registry.vouchers.opening_model import LINES_MAX, WrittenLine

FAULTS_TOLD_MAX: Final = 500
TEXT_MAX: Final = 100
YEARS: Final = range(2000, 3000)
HEADINGS: Final[Mapping[str, frozenset[str]]] = {
    "pool": frozenset({"pool", "资金池"}),
    "instrument": frozenset({"instrument", "条款", "政策条款"}),
    "uscc": frozenset({"uscc", "firm", "统一社会信用代码", "信用代码"}),
    "year": frozenset({"year", "年度"}),
    "base": frozenset({"base", "基数", "核定基数"}),
    "amount": frozenset({"amount", "金额", "已付金额"}),
    "dataset": frozenset({"dataset", "数据集"}),
}
CLAUSE: Final = "RULINGS 16"

Cells = dict[str, str]


def read_opening(content: bytes) -> tuple[WrittenLine, ...]:
    """Return the lines of a file of opening balances. Pure.

    Raises:
        InvalidValueError: It is no table, has no heading or no line, or is too large.
        RuleError: ``opening_refused`` with every bad line.
    """
    lines: list[WrittenLine] = []
    faults: list[Obstacle] = []
    first: dict[tuple[object, ...], int] = {}
    for number, cells in _toml_lines(content) if _is_toml(content) else _table_lines(content):
        if len(lines) + len(faults) >= LINES_MAX:
            raise InvalidValueError("opening_length", given=LINES_MAX + 1, most=LINES_MAX)
        try:
            made = _line(number, cells)
        except InvalidValueError as error:
            faults.append(fault(error.code, number, **error.parameters))
            continue
        key = (made.pool, made.instrument, made.uscc, made.year, made.dataset.lower())
        if key in first:
            faults.append(fault("opening_line_twice", number, first=first[key]))
            continue
        first[key] = number
        lines.append(made)
    if faults:
        raise RuleError("opening_refused", tuple(faults[:FAULTS_TOLD_MAX]), faulty=len(faults))
    if not lines:
        raise InvalidValueError("opening_length", given=0, most=LINES_MAX)
    return tuple(lines)


def fault(code: str, line: int, **parameters: Parameter) -> Obstacle:
    """Return what is wrong with a line."""
    return Obstacle(code, CLAUSE, parameters={"line": line, **parameters})


def _amount(text: str) -> Money:
    try:
        return Money.of_yuan(text)
    except InvalidValueError as error:
        raise InvalidValueError("opening_amount_malformed", given=text[:20]) from error


def _code(text: str) -> str:
    try:
        return str(Uscc(text))
    except InvalidValueError as error:
        raise InvalidValueError("opening_code_wrong", given=text[:40]) from error


def _dataset(text: str) -> str:
    try:
        return str(PublicName.parse(text)) if text else ""
    except InvalidValueError as error:
        raise InvalidValueError("opening_dataset_unknown", dataset=text[:60]) from error


def _line(number: int, cells: Cells) -> WrittenLine:
    pool, instrument = cells.get("pool", ""), cells.get("instrument", "")
    if bool(pool) == bool(instrument):
        raise InvalidValueError("opening_pool_or_instrument")
    for text in cells.values():
        if len(text) > TEXT_MAX or not text.isprintable():
            raise InvalidValueError("opening_text_too_long", most=TEXT_MAX)
    year = cells.get("year", "")
    if not year.isascii() or not year.isdigit() or int(year) not in YEARS:
        raise InvalidValueError("opening_year_malformed", given=year[:20])
    amount = _amount(cells.get("amount", ""))
    base = _amount(cells.get("base", "")) if pool else ZERO
    if not amount or (pool and amount > base):
        raise InvalidValueError("opening_amount_above_base", amount=str(amount), base=str(base))
    dataset = _dataset(cells.get("dataset", ""))
    if dataset and pool:
        raise InvalidValueError("opening_dataset_of_pool")
    return WrittenLine(number, pool, instrument, _code(cells.get("uscc", "")), int(year), base, amount, dataset)


def _is_toml(content: bytes) -> bool:
    return b"[[line]]" in content[:10_000] and not content.startswith(b"PK\x03\x04")


def _toml_lines(content: bytes) -> Iterator[tuple[int, Cells]]:
    try:
        read = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # Also of a number of more digits than Python reads.
        raise InvalidValueError("opening_file_unreadable") from error
    lines = read.get("line")
    if set(read) != {"line"} or not isinstance(lines, list) or not all(isinstance(each, dict) for each in lines):
        raise InvalidValueError("opening_file_unreadable")
    for number, each in enumerate(lines, 1):
        if unknown := sorted(set(each) - set(HEADINGS)):
            raise InvalidValueError("opening_column_unknown", given=str(unknown[0])[:40])
        yield number, {name: _text(value) for name, value in each.items()}


def _table_lines(content: bytes) -> Iterator[tuple[int, Cells]]:
    rows = table_rows(content)
    places: dict[str, int] = {}
    for read, (_, cells) in enumerate(rows, 1):
        titles = [_text(cell).casefold() for cell in cells]
        places = {
            name: place for place, title in enumerate(titles) for name, known in HEADINGS.items() if title in known
        }
        if {"uscc", "year", "amount"} <= set(places):
            break
        if read == HEADING_WITHIN_ROWS:
            places = {}
            break
    if not {"uscc", "year", "amount"} <= set(places):
        raise InvalidValueError("opening_without_heading", rows=HEADING_WITHIN_ROWS)
    for number, cells in rows:
        if any(_text(cell) for cell in cells):
            yield number, {name: _text(cells[at]) if at < len(cells) else "" for name, at in places.items()}


def _text(cell: object) -> str:
    """Return a cell as text; a spreadsheet keeps whole yuan as ``480000.0``."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    try:
        written = str(cell)
    except ValueError as error:  # A hexadecimal number is read whatever its length, but not written.
        raise InvalidValueError("opening_file_unreadable") from error
    return unicodedata.normalize("NFKC", written).strip()
