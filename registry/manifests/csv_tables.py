"""CSV and TSV as record batches of texts, in bounded memory, in every supported encoding."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from registry.manifests import faults
from registry.manifests.dialect import ASCII, DELIMITERS, UNDECLARED, UTF_8, UTF_8_BOM, Dialect
from registry.manifests.encodings import encoding_of, require_encoding
from registry.manifests.model import Format

BLOCK_BYTES = 8 * 2**20
SAMPLE_CHARACTERS = 65_536
"""So much of a file tells what separates its cells."""
_ARROW_READS = frozenset({ASCII, UTF_8, UTF_8_BOM})


def dialect_of(path: Path, file_format: Format, declared: Dialect = UNDECLARED) -> Dialect:
    """Return how the text of a table is written: as declared, and otherwise as found in the bytes.

    Raises:
        InvalidValueError: ``csv_encoding_unknown`` where it is valid in no encoding, or not in the declared one.
    """
    if declared.encoding:
        require_encoding(path, declared.encoding)
    encoding = declared.encoding or encoding_of(path)
    quote = declared.quote or '"'
    return Dialect(encoding, declared.delimiter or delimiter_of(path, file_format, encoding, quote), quote)


def delimiter_of(path: Path, file_format: Format, encoding: str, quote: str = '"') -> str:
    """Return what separates cells: that which gives all first rows the same and the greatest number of cells.

    Where none gives all rows the same number, the header decides. TSV is separated by tabs if its header has one.
    """
    text, whole = _begin_of(path, encoding)
    found: list[tuple[bool, int, str]] = []
    for delimiter in DELIMITERS:
        widths = _widths(text, delimiter, quote, whole)
        found.append((len(set(widths)) == 1 and widths[0] > 1, widths[0] if widths else 0, delimiter))
    if file_format is Format.TSV and next(width for _, width, each in found if each == "\t") > 1:
        return "\t"
    if not any(width > 1 for _, width, _ in found):
        return "\t" if file_format is Format.TSV else ","
    return max(found, key=lambda each: each[:2])[2]


def _begin_of(path: Path, encoding: str) -> tuple[str, bool]:
    """Return the first characters of a file, and whether that is all of it."""
    with path.open(encoding=encoding, newline="") as content:
        text = content.read(SAMPLE_CHARACTERS + 1)
    return text[:SAMPLE_CHARACTERS], len(text) <= SAMPLE_CHARACTERS


def _widths(text: str, delimiter: str, quote: str, whole: bool) -> list[int]:
    """Return the number of cells of each whole row; that of the last is not known when the text is cut."""
    try:
        widths = [len(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote)]
    except csv.Error:
        return []
    kept = widths if whole or len(widths) < 2 else widths[:-1]
    return [width for width in kept if width]


def text_batches(path: Path, dialect: Dialect) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a table as texts; an empty cell is an empty text.

    Raises:
        InvalidValueError: The code of what is wrong with the file (``faults.py``).
    """
    faults.require_closed_quotes(path, dialect)
    try:
        with _reader(path, dialect, pa.schema([])) as header:
            names = header.schema.names
        faults.require_distinct_columns(names)
        yield from _reader(path, dialect, pa.schema([(name, pa.string()) for name in names]))
    except pa.ArrowException as error:
        raise faults.of_csv(path, dialect, error) from error


def _reader(path: Path, dialect: Dialect, types: pa.Schema) -> pa_csv.CSVStreamingReader:
    """Return a reader of CSV that takes quoted line feeds, and whose empty cells are empty texts, not nulls."""
    encoding = dialect.encoding or UTF_8
    return pa_csv.open_csv(
        path,
        # Threads would read ahead without a bound that follows our pace.
        pa_csv.ReadOptions(
            use_threads=False, block_size=BLOCK_BYTES, encoding="utf8" if encoding in _ARROW_READS else encoding
        ),
        pa_csv.ParseOptions(
            delimiter=dialect.delimiter or ",", quote_char=dialect.quote or '"', newlines_in_values=True
        ),
        pa_csv.ConvertOptions(column_types=types, strings_can_be_null=False),
    )
