"""Whether the files of one split load together, and with what.

Rules:
* A split is all of one format; its text is in encodings that one encoding reads, with one delimiter and one quote.
* Every file of a split has the same columns. Of a typed format (Parquet, Arrow) a column is stored alike in all; a
  column of nulls fits any.
* Of text the kinds of cells decide: integers fit numbers, nothing fits anything, and in CSV anything fits what the
  first file has as text. A JSONL column that mixes kinds cannot be loaded; a CSV column that does loads as text.
* A column that the card declares as text takes anything of CSV; a declared column must be there.
* A split without tables is a list of files; ``metadata.csv``, ``.jsonl`` or ``.parquet`` says what they are.
* Tables go before other files: what of a split is no table is left out, and its number stated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from registry.errors import Parameter
from registry.manifests.columns import ColumnType
from registry.manifests.dialect import UNDECLARED, Dialect, encoding_of_both
from registry.manifests.model import Format
from registry.values.canonical import Json

FIRST_SHOWN: Final = 3
SCHEMA_SHOWN_MAX: Final = 500
_METADATA_NAMES: Final = frozenset({"metadata.csv", "metadata.jsonl", "metadata.parquet"})
_METADATA_COLUMNS: Final = ("file_name", "file_names")
_TEXT_FEATURES: Final = frozenset({"string", "large_string"})
_FEATURE_TYPES: Final = (
    ("int", (ColumnType.INTEGER,)),
    ("uint", (ColumnType.INTEGER,)),
    ("float", (ColumnType.INTEGER, ColumnType.NUMBER)),
    ("bool", (ColumnType.BOOL,)),
)


@dataclass(frozen=True, slots=True)
class ColumnRead:
    """A column of one file, as the inventory says it."""

    name: str
    type: ColumnType
    stored_as: str
    first_rows: tuple[tuple[ColumnType, int], ...] = ()

    @classmethod
    def of(cls, kept: Mapping[str, Json]) -> "ColumnRead":
        """Return a column from what a version keeps of it."""
        first = kept.get("first_rows")
        rows = first if isinstance(first, Mapping) else {}
        return cls(
            str(kept["name"]),
            ColumnType(str(kept["type"])),
            str(kept.get("stored_as", "")),
            tuple((ColumnType(kind), row) for kind, row in rows.items() if isinstance(row, int)),
        )


@dataclass(frozen=True, slots=True)
class FileRead:
    """One file of a draft, as the server read it."""

    path: str
    format: Format
    size_bytes: int
    rows: int | None = None
    columns: Sequence[ColumnRead] = ()
    dialect: Dialect = UNDECLARED

    @property
    def is_metadata(self) -> bool:
        """Whether it is a table that says what the files beside it are."""
        named = self.path.rpartition("/")[2] in _METADATA_NAMES
        return named and any(column.name in _METADATA_COLUMNS for column in self.columns)


@dataclass(frozen=True, slots=True)
class LoadingFault:
    """Why a version does not load: the file that breaks, and what is wrong with it."""

    path: str
    code: str
    parameters: Mapping[str, Parameter]


def builder_of(file_format: Format) -> str:
    """Return the name by which ``datasets`` knows the reader of a format."""
    names = {Format.TSV: "csv", Format.JSONL: "json"}
    return names.get(file_format, file_format.value)


@dataclass(slots=True)
class Gathered:
    """Files of one kind: how many, and the first of them."""

    files: int = 0
    size_bytes: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, file: FileRead) -> None:
        """Take in a file."""
        self.files += 1
        self.size_bytes += file.size_bytes
        if len(self.first) < FIRST_SHOWN:
            self.first.append(file.path)


class SplitCheck:
    """Gathers what one split loads with, and the first file that breaks it."""

    def __init__(self, config: str, split: str, features: Sequence[tuple[str, str]] | None = None) -> None:
        self.config, self.split = config, split
        self.tables, self.assets = Gathered(), Gathered()
        self.rows = 0
        self.metadata: FileRead | None = None
        self.format: Format | None = None
        self.fault: LoadingFault | None = None
        self._dialect = UNDECLARED
        self._schema: dict[str, ColumnRead] = {}
        self._widened: set[str] = set()
        self._features = dict(features) if features is not None else None

    @property
    def is_empty(self) -> bool:
        """Whether it has no file."""
        return not (self.tables.files or self.assets.files or self.metadata)

    def see(self, file: FileRead) -> None:
        """Take in a file."""
        if file.is_metadata:
            self.metadata = self.metadata or file
            return
        if not file.format.is_table:
            self.assets.add(file)
            return
        self._see_table(file)

    def finish(self) -> None:
        """Take metadata that has no files beside it for the table it is."""
        if self.metadata and (self.tables.files or not self.assets.files):
            self._see_table(self.metadata)
            self.metadata = None

    def _see_table(self, file: FileRead) -> None:
        self.tables.add(file)
        self.rows += file.rows or 0
        if self.fault is None:
            self._compare(file)

    def _compare(self, file: FileRead) -> None:
        for column in file.columns:
            if file.format is Format.JSONL and column.type is ColumnType.MIXED:
                (expected, _), (found, row) = column.first_rows[:2]
                self._break(file, "split_types_mixed", column=column.name, row=row, expected=expected, found=found)
                return
        if self._features is not None and self._breaks_features(file):
            return
        if self.format is None:
            self.format, self._dialect = file.format, file.dialect
            self._schema = {column.name: column for column in file.columns}
            return
        if not (self._breaks_text(file) or self._breaks_columns(file)):
            for column in file.columns:
                self._breaks_type(file, column)

    def _breaks_text(self, file: FileRead) -> bool:
        """Return whether the file is of another format or written otherwise, and note it."""
        if self.format is not None and builder_of(file.format) != builder_of(self.format):
            self._break(file, "split_formats_differ", expected=self.format, found=file.format)
        elif file.format in (Format.CSV, Format.TSV):
            here, there = self._dialect, file.dialect
            both = encoding_of_both(here.encoding or "utf-8", there.encoding or "utf-8")
            if both is None:
                self._break(file, "split_encoding_differs", expected=here.encoding or "", found=there.encoding or "")
            elif (here.delimiter, here.quote) != (there.delimiter, there.quote):
                expected, found = (f"{each.delimiter!r} {each.quote}" for each in (here, there))
                self._break(file, "split_delimiter_differs", expected=expected, found=found)
            else:
                self._dialect = Dialect(both, here.delimiter, here.quote)
        return self.fault is not None

    def _breaks_columns(self, file: FileRead) -> bool:
        """Return whether the file has other columns, and note the first; JSONL may lack those the card declares."""
        names = {column.name for column in file.columns}
        declared = self._features if self._features is not None and file.format is Format.JSONL else {}
        for name in self._schema:
            if name not in names and name not in declared:
                self._break(file, "split_column_missing", column=name)
                return True
        for name in (column.name for column in file.columns):
            if name not in self._schema and name not in declared:
                self._break(file, "split_column_unknown", column=name)
                return True
        return False

    def _breaks_type(self, file: FileRead, column: ColumnRead) -> None:
        known = self._schema.get(column.name)
        if known is None or known.type is ColumnType.EMPTY:
            self._schema[column.name] = column
        elif column.type is ColumnType.EMPTY or self.fault:
            return
        elif not file.format.is_text:
            if column.stored_as != known.stored_as:
                self._differs(file, column, known.stored_as, column.stored_as, 1)
        elif column.type is not known.type and not self._fits(known, column, file.format):
            row = next((row for kind, row in column.first_rows if kind is not known.type), 1)
            self._differs(file, column, known.type, column.type, row)

    def _fits(self, known: ColumnRead, column: ColumnRead, file_format: Format) -> bool:
        """Return whether a text column of another type fits, and widen the schema where it does."""
        both = {known.type, column.type}
        if both == {ColumnType.INTEGER, ColumnType.NUMBER}:
            self._schema[column.name] = ColumnRead(column.name, ColumnType.NUMBER, known.stored_as)
            self._widened.add(column.name)
            return True
        declared = (self._features or {}).get(column.name) in _TEXT_FEATURES
        if file_format is Format.JSONL or not (known.type in (ColumnType.TEXT, ColumnType.MIXED) or declared):
            return False
        self._schema[column.name] = ColumnRead(column.name, ColumnType.MIXED, known.stored_as)
        return True

    def _breaks_features(self, file: FileRead) -> bool:
        """Return whether the file is not as the card declares, and note it."""
        declared = self._features or {}
        held = {column.name: column for column in file.columns}
        for name, kind in declared.items():
            column = held.get(name)
            if column is None:
                if file.format is not Format.JSONL:
                    self._break(file, "features_missing", column=name)
                    return True
                continue
            allowed = next((types for prefix, types in _FEATURE_TYPES if kind.startswith(prefix)), None)
            if allowed and column.type not in (*allowed, ColumnType.EMPTY):
                row = next((row for each, row in column.first_rows if each not in allowed), 1)
                self._break(file, "features_differ", column=name, row=row, expected=kind, found=column.type)
                return True
        if extra := next((name for name in held if name not in declared), None):
            self._break(file, "features_undeclared", column=extra)
            return True
        return False

    def _differs(self, file: FileRead, column: ColumnRead, expected: str, found: str, row: int) -> None:
        self._break(file, "split_schema_differs", column=column.name, row=row, expected=expected, found=found)

    def _break(self, file: FileRead, code: str, **parameters: Parameter) -> None:
        like = self.tables.first[0] if self.tables.first else file.path
        stated = {name: str(value)[:200] if isinstance(value, str) else value for name, value in parameters.items()}
        self.fault = LoadingFault(file.path, code, {"config": self.config, "split": self.split, "like": like, **stated})

    def as_json(self) -> dict[str, Json]:
        """Return what the split loads with."""
        if not self.tables.files:
            found: dict[str, Json] = {"name": self.split, "kind": "files", **counted(self.assets)}
            return {**found, "metadata": self.metadata.path} if self.metadata else found
        columns: list[Json] = [
            {**_shown(column), **({"widened": True} if column.name in self._widened else {})}
            for column in list(self._schema.values())[:SCHEMA_SHOWN_MAX]
        ]
        found = {
            "name": self.split,
            "kind": "table",
            "format": str(self.format),
            **counted(self.tables),
            "rows": self.rows,
            "columns": len(self._schema),
            "schema": columns,
        }
        if self.format in (Format.CSV, Format.TSV):
            found["options"] = {
                "encoding": self._dialect.encoding or "utf-8",
                "delimiter": self._dialect.delimiter or ",",
                "quote": self._dialect.quote or '"',
            }
        return found


def _shown(column: ColumnRead) -> dict[str, Json]:
    """Return what a column loads as: of several kinds in CSV, text."""
    mixed = column.type is ColumnType.MIXED
    shown: dict[str, Json] = {
        "name": column.name[:200],
        "type": str(ColumnType.TEXT if mixed else column.type),
        "stored_as": column.stored_as,
    }
    return {**shown, "mixed": True} if mixed else shown


def counted(gathered: Gathered) -> dict[str, Json]:
    """Return what is shown of some files."""
    return {"files": gathered.files, "size_bytes": gathered.size_bytes, "first": list(gathered.first)}
