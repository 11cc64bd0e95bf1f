"""Tables as batches of plain columns, in bounded memory, whatever the format.

What a reader refuses it refuses with one code that says where the file breaks; see ``faults.py``.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from registry.errors import InvalidValueError
from registry.manifests import faults
from registry.manifests.arrow_cells import chunk_of_array, chunk_of_objects
from registry.manifests.columns import ColumnBatch
from registry.manifests.csv_tables import dialect_of, text_batches
from registry.manifests.dialect import UNDECLARED, Dialect
from registry.manifests.model import Format

BATCH_ROWS_MAX = 65_536
BLOCK_BYTES = 8 * 2**20
BUFFER_BYTES = 2**20
LINE_BYTES_MAX = 64 * 2**20
"""A longer line is refused: a reader must hold it whole."""

_BLANK_LINE = re.compile(rb"(?:(?<=\n)|\A)[ \t\r]*\n")


def read_columns(
    path: Path, file_format: Format, name: str | None = None, dialect: Dialect = UNDECLARED
) -> Iterator[ColumnBatch]:
    """Yield the rows of a table as plain columns, at most 65,536 rows at a time.

    Args:
        path: Where the bytes are.
        file_format: How they are to be read.
        name: The name the file is published as, for messages.
        dialect: How the text of a CSV file is written; what it leaves open is found out from the bytes.

    Raises:
        InvalidValueError: ``table_format_unknown``, or the code of what is wrong with the file (``faults.py``); always
            with ``path``, the name.
    """
    try:
        yield from _batches(path, file_format, dialect)
    except InvalidValueError as error:
        raise InvalidValueError(error.code, **{**error.parameters, "path": name or path.name}) from error


def _batches(path: Path, file_format: Format, dialect: Dialect) -> Iterator[ColumnBatch]:
    if file_format in (Format.CSV, Format.TSV):
        known = dialect.encoding and dialect.delimiter and dialect.quote
        return _csv_batches(path, dialect if known else dialect_of(path, file_format, dialect))
    if file_format is Format.JSONL:
        return _jsonl_batches(path)
    if file_format in (Format.PARQUET, Format.ARROW):
        return map(_batch, decoded(path, file_format))
    raise InvalidValueError("table_format_unknown", format=str(file_format))


def parquet_file(path: Path) -> pq.ParquetFile:
    """Return an open Parquet file. Raises InvalidValueError ``parquet_truncated`` or ``parquet_malformed``."""
    try:
        # With a buffer a column chunk is read as it is decoded, and not whole: one of a huge row group is gigabytes.
        opened = pq.ParquetFile(path, buffer_size=BUFFER_BYTES)
    except (pa.ArrowException, OSError) as error:
        raise faults.of_parquet(path, error) from error
    faults.require_distinct_columns(opened.schema_arrow.names)
    return opened


def decoded(path: Path, file_format: Format) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a Parquet or Arrow file as they are stored. Raises InvalidValueError as ``read_columns``."""
    return _parquet_records(path) if file_format is Format.PARQUET else _arrow_records(path)


def _parquet_records(path: Path) -> Iterator[pa.RecordBatch]:
    try:
        with parquet_file(path) as opened:
            yield from opened.iter_batches(batch_size=BATCH_ROWS_MAX)
    except (pa.ArrowException, OSError) as error:
        raise faults.of_parquet(path, error) from error


@contextmanager
def arrow_reader(path: Path) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """Give schema and batches of an Arrow IPC file or stream. Raises InvalidValueError ``arrow_malformed``."""
    try:
        with path.open("rb") as magic, pa.OSFile(str(path), "rb") as source:
            if magic.read(6) == b"ARROW1":
                opened = pa.ipc.open_file(source)
                faults.require_distinct_columns(opened.schema.names)
                yield opened.schema, (opened.get_batch(index) for index in range(opened.num_record_batches))
            else:
                stream = pa.ipc.open_stream(source)
                faults.require_distinct_columns(stream.schema.names)
                yield stream.schema, iter(stream)
    except (pa.ArrowException, OSError) as error:
        raise InvalidValueError("arrow_malformed", reason=faults.first_line(error)) from error


def schema_of(path: Path, file_format: Format) -> pa.Schema:
    """Return the schema that a Parquet or Arrow file states. Raises InvalidValueError as ``read_columns``."""
    if file_format is Format.PARQUET:
        with parquet_file(path) as opened:
            return opened.schema_arrow
    with arrow_reader(path) as (schema, _):
        return schema


def _arrow_records(path: Path) -> Iterator[pa.RecordBatch]:
    with arrow_reader(path) as (_, batches):
        for batch in batches:
            for start in range(0, batch.num_rows, BATCH_ROWS_MAX):
                yield batch.slice(start, BATCH_ROWS_MAX)


def _csv_batches(path: Path, dialect: Dialect) -> Iterator[ColumnBatch]:
    for block in text_batches(path, dialect):
        for start in range(0, block.num_rows, BATCH_ROWS_MAX):
            yield _batch(block.slice(start, BATCH_ROWS_MAX))


def _batch(batch: pa.RecordBatch) -> ColumnBatch:
    """Return a record batch as plain columns."""
    columns = zip(batch.schema.names, batch.columns, strict=True)
    return ColumnBatch(batch.num_rows, tuple(chunk_of_array(name, column) for name, column in columns))


def _jsonl_batches(path: Path) -> Iterator[ColumnBatch]:
    schema: pa.Schema | None = None
    line = 1
    with path.open("rb") as content:
        for block in _blocks_of_lines(content):
            typed = _typed(block, schema)
            if typed is None:
                yield from _rows_read_singly(block, line)
            else:
                schema = _known(typed.schema)
                for batch in typed.to_batches(max_chunksize=BATCH_ROWS_MAX):
                    yield _batch(batch)
            line += block.count(b"\n")


def _blocks_of_lines(content: BinaryIO) -> Iterator[bytes]:
    """Yield blocks of whole lines; the last may lack its line feed."""
    rest = b""
    first = True
    while block := content.read(BLOCK_BYTES):
        block = block.removeprefix(b"\xef\xbb\xbf") if first else block
        first = False
        end = block.rfind(b"\n") + 1
        if end:
            yield rest + block[:end]
            rest = block[end:]
        else:
            rest += block
        if len(rest) > LINE_BYTES_MAX:
            raise InvalidValueError("jsonl_line_too_long", limit_bytes=LINE_BYTES_MAX)
    if rest:
        yield rest


def _typed(block: bytes, schema: pa.Schema | None) -> pa.Table | None:
    """Return the block as Arrow types it, or None when it must be read line by line: mixed types, or a broken line."""
    lines = _BLANK_LINE.sub(b"", block)
    expected_rows = lines.count(b"\n") + bool(lines.rpartition(b"\n")[2].strip())
    for known in (schema, None) if schema else (None,):
        try:
            table = _arrow_json(lines, known)
            if untexted := _with_texts(table.schema):
                table = _arrow_json(lines, untexted)
        except pa.ArrowException:
            continue
        # Arrow reads two objects on one line as two rows; a line is one row.
        return table if table.num_rows == expected_rows else None
    return None


def _arrow_json(lines: bytes, schema: pa.Schema | None) -> pa.Table:
    options = pa_json.ReadOptions(use_threads=False, block_size=len(lines) + 1)
    return pa_json.read_json(pa.BufferReader(lines), options, pa_json.ParseOptions(explicit_schema=schema))  # type: ignore[arg-type]


def _with_texts(schema: pa.Schema) -> pa.Schema | None:
    """Return the schema with text where Arrow took texts for instants, or None: text_cells.py decides that per cell."""
    mended = pa.schema([(field.name, _text_for_instants(field.type)) for field in schema])
    return None if mended.equals(schema) else mended


def _text_for_instants(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.string()
    if isinstance(kind, pa.ListType):
        return pa.list_(_text_for_instants(kind.value_type))
    if isinstance(kind, pa.StructType):
        return pa.struct([(field.name, _text_for_instants(field.type)) for field in kind.fields])
    return kind


def _known(schema: pa.Schema) -> pa.Schema | None:
    """Return what is known of the types of later blocks; a column that was null so far is still open."""
    return pa.schema([field for field in schema if "null" not in str(field.type)])


def _rows_read_singly(block: bytes, first_line: int) -> Iterator[ColumnBatch]:
    """Yield the rows of a block that Arrow cannot type. Raises InvalidValueError with the number of a broken line."""
    rows: list[dict[str, object]] = []
    for number, line in enumerate(block.split(b"\n"), first_line):
        if line.strip():
            rows.append(_row(line, number))
        if len(rows) == BATCH_ROWS_MAX:
            yield _batch_of_rows(rows)
            rows = []
    if rows:
        yield _batch_of_rows(rows)


def _row(line: bytes, number: int) -> dict[str, object]:
    """Return the object on a line. Raises InvalidValueError."""
    try:
        text = line.decode().strip()
        row = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(row, ensure_ascii=False).encode()  # A lone surrogate is no text.
    except InvalidValueError as error:
        raise InvalidValueError(error.code, **{**error.parameters, "line": number}) from error
    except UnicodeDecodeError as error:
        raise InvalidValueError("jsonl_not_utf8", line=number, byte_in_line=error.start + 1) from error
    except (ValueError, RecursionError) as error:
        raise InvalidValueError("jsonl_line_broken", line=number, reason=faults.first_line(error)) from error
    if not isinstance(row, dict):
        raise InvalidValueError("jsonl_line_not_object", line=number)
    return row


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object of JSON. Raises InvalidValueError when it has a member twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        faults.require_distinct_columns([name for name, _ in pairs])
    return found


# NaN is no JSON, but common writers write it for what is missing.
_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=lambda _: None)


def _batch_of_rows(rows: list[dict[str, object]]) -> ColumnBatch:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return ColumnBatch(len(rows), tuple(chunk_of_objects(name, [row.get(name) for row in rows]) for name in names))
