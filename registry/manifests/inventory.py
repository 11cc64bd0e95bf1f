"""What a file is: its format, columns, types and rows; read from the bytes, never from what a client says.

Every table is read whole, once, in bounded memory, so that a broken last page or line is found before anything is
published; whoever wants its rows (profile, sketch) is fed by the same reading.
"""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from posixpath import splitext
from typing import cast

import numpy as np
import pyarrow as pa

from registry.errors import InvalidValueError
from registry.manifests.archives import ArchiveListing, container_of, list_archive
from registry.manifests.columns import CellKind, ColumnBatch, ColumnType, type_of_kinds
from registry.manifests.csv_tables import dialect_of
from registry.manifests.dialect import UNDECLARED, UTF_8, Dialect
from registry.manifests.media import Media, media_of
from registry.manifests.model import Format
from registry.manifests.reading import decoded, read_columns, schema_of
from registry.manifests.source import DiskSource, Source
from registry.values.canonical import Json

_SUFFIXES = {
    ".parquet": Format.PARQUET,
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".arrow": Format.ARROW,
    ".feather": Format.ARROW,
}
_JSON_SUFFIXES = frozenset({".json", ".csv", ".tsv"})
"""Files of these names are JSONL when their first lines are objects; what is named ``.jsonl`` always is."""
_DOCUMENT_ZIPS = ("application/vnd.openxmlformats", "application/x-npz")

Feed = Callable[[ColumnBatch], None]
"""Takes the rows of a table as they are read."""


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """One column: its name, what its cells are, and how the file stores them (``text`` in CSV, ``json`` in JSONL).

    ``first_rows`` says of a column that holds cells of several kinds in which row, from 1, each kind stands first.
    """

    name: str
    type: ColumnType
    stored_as: str
    first_rows: tuple[tuple[ColumnType, int], ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Return the column as the inventory of a version keeps it."""
        kept: dict[str, Json] = {"stored_as": self.stored_as}
        if self.first_rows:
            kept["first_rows"] = {str(kind): row for kind, row in self.first_rows}
        return kept


@dataclass(frozen=True, slots=True)
class FileInventory:
    """What a file is. A file that is no table has no columns, and its rows are None."""

    format: Format
    columns: tuple[ColumnEntry, ...] = ()
    rows: int | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    media: Media | None = None
    archive: ArchiveListing | None = None

    @property
    def dialect(self) -> Dialect:
        """How the text of a CSV file is written."""
        return Dialect(self.encoding, self.delimiter, self.quote)

    def as_json(self) -> dict[str, Json]:
        """Return what is kept of a file beside its format, columns and rows; without what is not known."""
        kept: dict[str, Json | None] = {
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "quote": self.quote if self.quote != '"' else None,
        }
        if self.media:
            kept |= {"media_type": self.media.type, "width": self.media.width, "height": self.media.height}
        if self.archive:
            kept["archive"] = {
                "container": self.archive.container,
                "entries": self.archive.entries,
                "unpacked_bytes": self.archive.unpacked_bytes,
                "listed": [
                    {"path": entry.path, "size_bytes": entry.size_bytes, "media_type": entry.media_type}
                    for entry in self.archive.listed
                ],
            }
        return {name: value for name, value in kept.items() if value is not None}


def dialect_kept(kept: Mapping[str, Json]) -> Dialect:
    """Return how the text of a table is written, from what ``FileInventory.as_json`` kept of it."""
    encoding, delimiter, quote = (kept.get(name) for name in ("encoding", "delimiter", "quote"))
    if not isinstance(encoding, str) or not isinstance(delimiter, str):
        return UNDECLARED
    return Dialect(encoding, delimiter, quote if isinstance(quote, str) else '"')


def detect_format(source: Source, name: str, media: Media) -> Format:
    """Return the format of a file: by its bytes; of text, by the suffix of its name, too.

    ``media`` is what ``media_of`` says of it: thousands of small files are looked at, each once.
    """
    head = source.head
    suffix = splitext(name)[1].lower()
    named = _SUFFIXES.get(suffix, Format.OTHER)
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    if head.startswith(b"ARROW1") or _begins_arrow_stream(source):
        return Format.ARROW
    if not media.type.startswith(_DOCUMENT_ZIPS) and container_of(source, name):
        return Format.ARCHIVE
    if suffix in _JSON_SUFFIXES and _begins_jsonl(head):
        return Format.JSONL
    if named is not Format.OTHER:
        return named
    family = media.type.partition("/")[0]
    return Format(family) if family in ("image", "audio", "video") else Format.OTHER


def _begins_arrow_stream(source: Source) -> bool:
    """Return whether an Arrow IPC stream begins here: a continuation mark and a message that Arrow reads."""
    if not source.head.startswith(b"\xff\xff\xff\xff"):
        return False
    try:
        with source.open() as content, pa.ipc.open_stream(cast("io.IOBase", content)):
            return True
    except (pa.ArrowException, OSError):
        return False


def _begins_jsonl(head: bytes) -> bool:
    """Return whether the first two lines that are not blank are JSON objects."""
    lines = [line for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()][:2]
    try:
        return len(lines) == 2 and all(isinstance(json.loads(line), dict) for line in lines)
    except (ValueError, RecursionError):
        return False


def inspect_file(path: Path, name: str, declared: Dialect = UNDECLARED, feed: Feed | None = None) -> FileInventory:
    """Return what the file at ``path``, published as ``name``, is; as ``inspect_source``."""
    return inspect_source(DiskSource(path), name, declared, feed)


def inspect_source(
    source: Source, name: str, declared: Dialect = UNDECLARED, feed: Feed | None = None
) -> FileInventory:
    """Return what a file that is published as ``name`` is.

    Args:
        source: Its bytes.
        name: Its path in the version.
        declared: What the dataset's card says of its text.
        feed: Takes the rows of a table, in the one reading there is; without it, what need not be looked at in every
            cell is only decoded.

    Raises:
        InvalidValueError: ``table_empty``, or the code of what is wrong with the file; always with ``path``, the name.
    """
    try:
        found = _inspect(source, name, declared, feed)
    except InvalidValueError as error:
        raise InvalidValueError(error.code, **{**error.parameters, "path": name}) from error
    if found.format.is_table and not (found.rows and found.columns):
        raise InvalidValueError("table_empty", path=name)
    return found


def _inspect(source: Source, name: str, declared: Dialect, feed: Feed | None) -> FileInventory:
    media = media_of(source, name)
    file_format = detect_format(source, name, media)
    if file_format is Format.ARCHIVE:
        container = container_of(source, name) or "zip"
        return FileInventory(file_format, media=media, archive=list_archive(source.path, container))
    if not file_format.is_table:
        return FileInventory(file_format, media=media)
    path = source.path
    if not file_format.is_text:
        columns = _declared(schema_of(path, file_format))
        return FileInventory(file_format, columns, _rows_decoded(path, file_format, feed))
    dialect = Dialect(UTF_8)
    if file_format is not Format.JSONL:
        dialect = dialect_of(path, file_format, declared)
    rows, kinds = _kinds_seen(path, file_format, dialect, feed)
    stored_as = "json" if file_format is Format.JSONL else "text"
    columns = tuple(_read_entry(each, seen, stored_as) for each, seen in kinds.items())
    return FileInventory(file_format, columns, rows, dialect.encoding, dialect.delimiter, dialect.quote)


def _rows_decoded(path: Path, file_format: Format, feed: Feed | None) -> int:
    """Return the number of rows of a typed file, after every page of it was decoded."""
    if feed is None:
        return sum(batch.num_rows for batch in decoded(path, file_format))
    rows = 0
    for batch in read_columns(path, file_format):
        rows += batch.rows
        feed(batch)
    return rows


def _kinds_seen(
    path: Path, file_format: Format, dialect: Dialect, feed: Feed | None
) -> tuple[int, Mapping[str, Mapping[CellKind, int]]]:
    """Return the number of rows, and for each column the kinds of its cells with the row in which each stands first."""
    rows = 0
    kinds: dict[str, dict[CellKind, int]] = {}
    for batch in read_columns(path, file_format, None, dialect):
        for chunk in batch.columns:
            seen = kinds.setdefault(chunk.name, {})
            for number in np.flatnonzero(np.bincount(chunk.kinds)).tolist():
                if (kind := CellKind(number)) not in seen:
                    seen[kind] = rows + int((chunk.kinds == number).argmax()) + 1
        rows += batch.rows
        if feed is not None:
            feed(batch)
    return rows, kinds


def _read_entry(name: str, seen: Mapping[CellKind, int], stored_as: str) -> ColumnEntry:
    """Return a column by the kinds of its cells."""
    kind = type_of_kinds(seen)
    first: dict[ColumnType, int] = {}
    for each, row in sorted(seen.items(), key=lambda item: item[1]):
        if each is not CellKind.NULL:
            first.setdefault(type_of_kinds([each]), row)
    return ColumnEntry(name, kind, stored_as, tuple(first.items()) if len(first) > 1 else ())


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
