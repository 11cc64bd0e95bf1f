"""Columns as plain numpy: what every reader gives, and all that profile and fingerprints see of a file.

Each cell stands for itself: its kind is read from its own value and never from its column or its format, so that the
same table as CSV, JSONL or Parquet gives the same cells (``docs/formats/row-fingerprint.md``).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

Kinds = NDArray[np.uint8]
Words = NDArray[np.int64]
Hashes = NDArray[np.uint64]


class CellKind(IntEnum):
    """What a cell holds. The numbers are part of the fingerprint format and never change."""

    NULL = 0
    BOOL = 1
    INTEGER = 2
    FRACTION = 3
    MOMENT = 4
    TEXT = 5
    NESTED = 6
    BINARY = 7


class ColumnType(StrEnum):
    """What the cells of a column are."""

    EMPTY = "empty"
    BOOL = "bool"
    INTEGER = "integer"
    NUMBER = "number"
    MOMENT = "moment"
    TEXT = "text"
    NESTED = "nested"
    BINARY = "binary"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True, eq=False)
class ColumnChunk:
    """A run of cells of one column.

    ``kinds`` has one ``CellKind`` per row. ``words`` has one 64-bit word per row: 0 or 1 for a bool, the integer, the
    bits of the float64 of a fraction, microseconds since 1970 in UTC for a moment, and for text, nested and binary
    cells the index of the value in ``texts``: the text, the canonical JSON, or the SHA-256 of the bytes in hex.
    """

    name: str
    kinds: Kinds
    words: Words
    texts: Sequence[str] = ()
    hashed: list[Hashes] = field(default_factory=list, repr=False)
    """The hashes of the cells, once somebody asked for them (``cells.py``): profile and sketch want the same."""

    def numbers(self) -> NDArray[np.float64]:
        """Return the numbers of the chunk, in order, without what is no number."""
        fractions = self.words[self.kinds == CellKind.FRACTION].view(np.float64)
        return np.concatenate([self.words[self.kinds == CellKind.INTEGER].astype(np.float64), fractions])


@dataclass(frozen=True, slots=True, eq=False)
class ColumnBatch:
    """A run of rows. A column that no row of the batch has may be missing: its cells are null."""

    rows: int
    columns: tuple[ColumnChunk, ...]


def cells_of_floats(values: NDArray[np.float64], valid: NDArray[np.bool_]) -> tuple[Kinds, Words]:
    """Return kinds and words of float64 numbers: NaN is null, and what has no fraction is an integer."""
    present = valid & ~np.isnan(values)
    # 2**63 itself is no int64. Beyond it the double stands for itself.
    integral = present & (np.floor(values) == values) & (values >= -(2.0**63)) & (values < 2.0**63)
    words: Words = np.where(present, values, 0.0).view(np.int64)
    words[integral] = values[integral].astype(np.int64)
    kinds: Kinds = np.where(present, CellKind.FRACTION, CellKind.NULL).astype(np.uint8)
    kinds[integral] = CellKind.INTEGER
    return kinds, words


def type_of_kinds(kinds: Collection[CellKind]) -> ColumnType:
    """Return the type of a column whose cells are of these kinds."""
    seen = set(kinds) - {CellKind.NULL}
    if not seen:
        return ColumnType.EMPTY
    if seen <= {CellKind.INTEGER, CellKind.FRACTION}:
        return ColumnType.NUMBER if CellKind.FRACTION in seen else ColumnType.INTEGER
    return ColumnType[seen.pop().name] if len(seen) == 1 else ColumnType.MIXED
