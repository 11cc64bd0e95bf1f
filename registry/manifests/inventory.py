"""What a file is: its format, columns, types and rows; read from the bytes, never from what a client says.

Parquet and Arrow say so themselves; CSV and JSONL are read whole, in bounded memory, so that a broken last line is
found before anything is published.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa

from registry.errors import InvalidValueError
from registry.manifests.columns import CellKind, ColumnType, type_of_kinds
from registry.manifests.model import Format
from registry.manifests.reading import arrow_reader, delimiter_of, parquet_file, read_columns

_SUFFIXES = {
    ".parquet": Format.PARQUET,
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".arrow": Format.ARROW,
}
_MAGIC = {b"PAR1": Format.PARQUET, b"ARRO": Format.ARROW}


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """One column: its name, what its cells are, and how the file stores them (``text`` in CSV, ``json`` in JSONL)."""

    name: str
    type: ColumnType
    stored_as: str


@dataclass(frozen=True, slots=True)
class FileInventory:
    """What a file is. A file that is no table has no columns, and its rows are None."""

    format: Format
    columns: tuple[ColumnEntry, ...] = ()
    rows: int | None = None
    encoding: str | None = None
    delimiter: str | None = None


def detect_format(path: Path, name: str) -> Format:
    """Return the format of the file at ``path``: by its first bytes, else by the suffix of its published name."""
    with path.open("rb") as content:
        begins = content.read(4)
    return _MAGIC.get(begins) or _SUFFIXES.get(PurePosixPath(name).suffix.lower(), Format.OTHER)


def inspect_file(path: Path, name: str) -> FileInventory:
    """Return what the file at ``path``, published as ``name``, is.

    Raises:
        InvalidValueError: ``table_empty``, or the code of what is wrong with the file; always with ``path``, the name.
    """
    try:
        found = _inspect(path, detect_format(path, name))
    except InvalidValueError as error:
        raise InvalidValueError(error.code, **{**error.parameters, "path": name}) from error
    if found.format.is_table and not (found.rows and found.columns):
        raise InvalidValueError("table_empty", path=name)
    return found


def _inspect(path: Path, file_format: Format) -> FileInventory:
    if file_format is Format.PARQUET:
        with parquet_file(path) as opened:
            return FileInventory(file_format, _declared(opened.schema_arrow), opened.metadata.num_rows)
    if file_format is Format.ARROW:
        with arrow_reader(path) as (schema, batches):
            return FileInventory(file_format, _declared(schema), sum(batch.num_rows for batch in batches))
    if file_format is Format.OTHER:
        return FileInventory(file_format)
    rows, kinds = _kinds_seen(path, file_format)
    if file_format is Format.JSONL:
        columns = tuple(ColumnEntry(name, type_of_kinds(seen), "json") for name, seen in kinds.items())
        return FileInventory(file_format, columns, rows, "utf-8")
    columns = tuple(ColumnEntry(name, type_of_kinds(seen), "text") for name, seen in kinds.items())
    return FileInventory(file_format, columns, rows, "utf-8", delimiter_of(path, file_format))


def _kinds_seen(path: Path, file_format: Format) -> tuple[int, dict[str, set[CellKind]]]:
    """Return the number of rows, and for each column the kinds of its cells."""
    rows = 0
    kinds: dict[str, set[CellKind]] = {}
    for batch in read_columns(path, file_format):
        rows += batch.rows
        for chunk in batch.columns:
            kinds.setdefault(chunk.name, set()).update(map(CellKind, np.unique(chunk.kinds).tolist()))
    return rows, kinds


def _declared(schema: pa.Schema) -> tuple[ColumnEntry, ...]:
    """Return the columns of a schema."""
    return tuple(ColumnEntry(field.name, _declared_type(field.type), str(field.type)[:200]) for field in schema)


def _declared_type(kind: pa.DataType) -> ColumnType:
    """Return what the cells of a column of this Arrow type are."""
    if isinstance(kind, pa.DictionaryType):
        return _declared_type(kind.value_type)
    tests = (
        (pa.types.is_null, ColumnType.EMPTY),
        (pa.types.is_boolean, ColumnType.BOOL),
        (pa.types.is_integer, ColumnType.INTEGER),
        (pa.types.is_duration, ColumnType.INTEGER),
        (pa.types.is_floating, ColumnType.NUMBER),
        (pa.types.is_decimal, ColumnType.NUMBER),
        (pa.types.is_date, ColumnType.MOMENT),
        (pa.types.is_timestamp, ColumnType.MOMENT),
        (pa.types.is_time, ColumnType.TEXT),
        (pa.types.is_string, ColumnType.TEXT),
        (pa.types.is_large_string, ColumnType.TEXT),
        (pa.types.is_string_view, ColumnType.TEXT),
        (pa.types.is_nested, ColumnType.NESTED),
    )
    return next((found for holds, found in tests if holds(kind)), ColumnType.BINARY)
