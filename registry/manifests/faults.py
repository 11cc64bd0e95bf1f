"""What is wrong with a file that cannot be read, found exactly: the line, the byte, the column.

The fast readers only say that a file is broken. A broken file is read a second time, slowly, to say where.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from registry.errors import InvalidValueError
from registry.manifests.dialect import UTF_16, Dialect
from registry.manifests.encodings import BLOCK_BYTES, text_blocks


def first_line(error: Exception) -> str:
    """Return the first line of what a library says, short enough for a message."""
    return str(error).partition("\n")[0][:200]


def require_distinct_columns(names: Sequence[str]) -> None:
    """Raise InvalidValueError ``column_duplicate`` when two columns have the same name."""
    name, times = Counter(names).most_common(1)[0] if names else ("", 0)
    if times > 1:
        raise InvalidValueError("column_duplicate", column=name[:100])


def of_parquet(path: Path, error: Exception) -> InvalidValueError:
    """Return the fault of a Parquet file: cut off, when it does not end as such a file ends, else malformed."""
    with path.open("rb") as content:
        begins = content.read(4) == b"PAR1"
        content.seek(max(0, path.stat().st_size - 4))
        ends = content.read(4) == b"PAR1"
    if begins and not ends:
        return InvalidValueError("parquet_truncated", size_bytes=path.stat().st_size)
    return InvalidValueError("parquet_malformed", reason=first_line(error))


def require_closed_quotes(path: Path, dialect: Dialect) -> None:
    """Raise InvalidValueError ``csv_quote_open`` with the line of a quote that is never closed: it swallows all rows.

    An odd number of quotes is only the sign to look: a quote inside a cell without quotes (5" pipe) is no fault.
    """
    if _quotes(path, dialect) % 2:
        with suppress(csv.Error):
            for _ in _rows(path, dialect, strict=True):
                pass


def _quotes(path: Path, dialect: Dialect) -> int:
    """Return how many quotes a file has. In all encodings but UTF-16 a quote is its ASCII byte and nothing else is."""
    quote = dialect.quote or '"'
    if dialect.encoding == UTF_16:
        return sum(block.count(quote) for block in text_blocks(path, UTF_16))
    with path.open("rb") as content:
        return sum(block.count(quote.encode()) for block in iter(lambda: content.read(BLOCK_BYTES), b""))


def of_csv(path: Path, dialect: Dialect, error: Exception) -> InvalidValueError:
    """Return the fault of a CSV file: the line of the first row with another number of cells than the header."""
    if str(error).startswith("Empty CSV"):
        return InvalidValueError("table_empty")
    expected = 0
    try:
        for line, row in _rows(path, dialect):
            expected = expected or len(row)
            if row and len(row) != expected:
                return InvalidValueError("csv_row_width", line=line, expected_cells=expected, found_cells=len(row))
    except csv.Error as broken:
        return InvalidValueError("csv_malformed", reason=first_line(broken))
    return InvalidValueError("csv_malformed", reason=re.sub(r"\s+", " ", first_line(error)))


def _rows(path: Path, dialect: Dialect, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows as Python's csv reads them, each with the line it begins on.

    Raises:
        InvalidValueError: ``csv_quote_open`` with the line of the row, when ``strict``.
        csv.Error: It is no CSV for another reason.
    """
    limit = csv.field_size_limit(2**31 - 1)
    begins = 1
    try:
        with path.open(encoding=dialect.encoding, newline="") as content:
            rows = csv.reader(
                content, delimiter=dialect.delimiter or ",", quotechar=dialect.quote or '"', strict=strict
            )
            for row in rows:
                yield begins, row
                begins = rows.line_num + 1
    except csv.Error as broken:
        if strict and "unexpected end" in str(broken):
            raise InvalidValueError("csv_quote_open", line=begins) from broken
        raise
    finally:
        csv.field_size_limit(limit)
