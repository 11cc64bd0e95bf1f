"""What is wrong with a file that cannot be read, found exactly: the line, the byte, the column.

The fast readers only say that a file is broken. A broken file is read a second time, slowly, to say where.
"""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from registry.errors import InvalidValueError

_BLOCK_BYTES = 8 * 2**20
_GUESS_BYTES = 4096


def first_line(error: Exception) -> str:
    """Return the first line of what a library says, short enough for a message."""
    return str(error).partition("\n")[0][:200]


def require_distinct_columns(names: Sequence[str]) -> None:
    """Raise InvalidValueError ``column_duplicate`` when two columns have the same name."""
    name, times = Counter(names).most_common(1)[0] if names else ("", 0)
    if times > 1:
        raise InvalidValueError("column_duplicate", column=name[:100])


def require_utf8(path: Path, code: str) -> None:
    """Raise InvalidValueError ``code`` with line, byte and the likely encoding unless the file is UTF-8."""
    line, offset, rest = 1, 0, b""
    with path.open("rb") as content:
        while (block := content.read(_BLOCK_BYTES)) or rest:
            text, rest = rest + block, b""
            try:
                text.decode()
            except UnicodeDecodeError as error:
                # A character that the end of a block cuts is whole with the next block, if there is one.
                rest = text[error.start :]
                if not block or error.reason != "unexpected end of data":
                    raise InvalidValueError(
                        code,
                        line=line + text.count(b"\n", 0, error.start),
                        byte=offset + error.start + 1,
                        looks_like=_encoding_of(text, error.start),
                    ) from error
            read = len(text) - len(rest)
            line += text.count(b"\n", 0, read)
            offset += read


def _encoding_of(text: bytes, start: int) -> str:
    """Return the encoding that bytes which are no UTF-8 are most likely in."""
    if text.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    # From the line's start on, since a break may stand in the middle of a character of another encoding.
    sample = text[text.rfind(b"\n", 0, start) + 1 :][:_GUESS_BYTES]
    try:
        sample.decode("gb18030")
    except UnicodeDecodeError as error:
        return "GB18030" if error.start > len(sample) - 4 else "unknown"
    return "GB18030"


def of_parquet(path: Path, error: Exception) -> InvalidValueError:
    """Return the fault of a Parquet file: cut off, when it does not end as such a file ends, else malformed."""
    with path.open("rb") as content:
        begins = content.read(4) == b"PAR1"
        content.seek(max(0, path.stat().st_size - 4))
        ends = content.read(4) == b"PAR1"
    if begins and not ends:
        return InvalidValueError("parquet_truncated", size_bytes=path.stat().st_size)
    return InvalidValueError("parquet_malformed", reason=first_line(error))


def require_closed_quotes(path: Path, delimiter: str) -> None:
    """Raise InvalidValueError ``csv_quote_open`` with the line of a quote that is never closed: it swallows all rows.

    An odd number of quotes is only the sign to look: a quote inside a cell without quotes (5" pipe) is no fault.
    """
    with path.open("rb") as content:
        if not sum(block.count(b'"') for block in iter(lambda: content.read(_BLOCK_BYTES), b"")) % 2:
            return
    limit = csv.field_size_limit(2**31 - 1)
    begins = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as content:
            rows = csv.reader(content, delimiter=delimiter, strict=True)
            for _ in rows:
                begins = rows.line_num + 1
    except csv.Error as broken:
        if "unexpected end" in str(broken):
            raise InvalidValueError("csv_quote_open", line=begins) from broken
    finally:
        csv.field_size_limit(limit)


def of_csv(path: Path, delimiter: str, error: Exception) -> InvalidValueError:
    """Return the fault of a CSV file: the line of the first row with another number of cells than the header."""
    if str(error).startswith("Empty CSV"):
        return InvalidValueError("table_empty")
    limit = csv.field_size_limit(2**31 - 1)
    try:
        with path.open(encoding="utf-8-sig", newline="") as content:
            rows = csv.reader(content, delimiter=delimiter)
            header = next(rows, [])
            begins = rows.line_num + 1
            for row in rows:
                if row and len(row) != len(header):
                    return InvalidValueError(
                        "csv_row_width", line=begins, expected_cells=len(header), found_cells=len(row)
                    )
                begins = rows.line_num + 1
    except csv.Error as broken:
        return InvalidValueError("csv_malformed", reason=first_line(broken))
    finally:
        csv.field_size_limit(limit)
    return InvalidValueError("csv_malformed", reason=re.sub(r"\s+", " ", first_line(error)))
