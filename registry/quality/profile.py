"""The profile of a table: what its columns hold, in figures, read from the bytes in one pass and bounded memory.

No example of a person: of texts only their lengths are given, and values themselves only of a column with at most 32
distinct values, and only those that occur at least 10 times. A number is summed as a double, batch by batch.
"""

import math
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np

from registry.manifests.bottom_k import BottomK
from registry.manifests.cells import cell_hashes
from registry.manifests.columns import CellKind, ColumnBatch, ColumnChunk, type_of_kinds
from registry.values.canonical import Json

FORMAT = "sancai.profile/1"
DISTINCT_SAMPLE = 1024
TOP_DISTINCT_MAX = 32
TOP_OCCURRENCES_MIN = 10
TOP_SHOWN_MAX = 10
TOP_TEXT_LENGTH_MAX = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Number = TypeVar("_Number", int, float)
_Value = bool | int | float | str


class ColumnProfiler:
    """Gathers the profile of one column."""

    def __init__(self) -> None:
        self._kinds = np.zeros(len(CellKind), dtype=np.int64)
        self._distinct = BottomK(DISTINCT_SAMPLE)
        self._top: Counter[_Value] | None = Counter()
        self._numbers: list[float] = []
        self._sum = 0.0
        self._summed = 0
        self._lengths: list[int] = []
        self._length_sum = 0
        self._moments: list[int] = []

    def update(self, chunk: ColumnChunk) -> None:
        """Take in some cells."""
        self._kinds += np.bincount(chunk.kinds, minlength=len(CellKind))
        self._distinct.update(cell_hashes(chunk)[chunk.kinds != CellKind.NULL])
        numbers = chunk.numbers()
        numbers = numbers[np.isfinite(numbers)]
        if len(numbers):
            self._sum += float(numbers.sum())
            self._summed += len(numbers)
            self._numbers = _extremes([*self._numbers, float(numbers.min()), float(numbers.max())])
        moments = chunk.words[chunk.kinds == CellKind.MOMENT]
        if len(moments):
            self._moments = _extremes([*self._moments, int(moments.min()), int(moments.max())])
        self._measure_texts(chunk)
        self._count_values(chunk)

    def _measure_texts(self, chunk: ColumnChunk) -> None:
        """Take in the lengths of texts, in characters (Unicode code points)."""
        places = chunk.words[chunk.kinds == CellKind.TEXT]
        if len(places):
            lengths = np.fromiter(map(len, chunk.texts), dtype=np.int64, count=len(chunk.texts))[places]
            self._length_sum += int(lengths.sum())
            self._lengths = _extremes([*self._lengths, int(lengths.min()), int(lengths.max())])

    def _count_values(self, chunk: ColumnChunk) -> None:
        """Count each value, as long as they are few."""
        if self._top is None or len(self._distinct.hashes) > TOP_DISTINCT_MAX:
            self._top = None
            return
        for kind in (CellKind.BOOL, CellKind.INTEGER, CellKind.FRACTION, CellKind.TEXT, CellKind.MOMENT):
            words, counts = np.unique(chunk.words[chunk.kinds == kind], return_counts=True)
            for word, count in zip(words, counts.tolist(), strict=True):
                self._top[cell_value(kind, word, chunk)] += count

    def finish(self, name: str, rows: int) -> dict[str, Json]:
        """Return the profile of the column in a table of so many rows."""
        present = int(self._kinds[1:].sum())
        found: dict[str, Json] = {
            "name": name,
            "type": str(type_of_kinds([kind for kind in CellKind if self._kinds[kind]])),
            "nulls": rows - present,
            "distinct": min(self._distinct.distinct(), present),
            "distinct_is_exact": len(self._distinct.hashes) < DISTINCT_SAMPLE,
        }
        if self._numbers:
            mean = self._sum / self._summed
            found["numbers"] = {
                "min": self._numbers[0],
                "max": self._numbers[1],
                "mean": mean if math.isfinite(mean) else None,
            }
        if self._lengths:
            mean = self._length_sum / int(self._kinds[CellKind.TEXT])
            found["lengths"] = {"min": self._lengths[0], "max": self._lengths[1], "mean": mean}
        if self._moments:
            found["moments"] = {"first": _instant(self._moments[0]), "last": _instant(self._moments[1])}
        if top := self._top_values():
            found["top"] = top
        return found

    def _top_values(self) -> list[Json]:
        """Return the values that occur most often, none of which could be one person's."""
        often = [(value, n) for value, n in (self._top or {}).items() if n >= TOP_OCCURRENCES_MIN]
        often.sort(key=lambda item: (-item[1], str(item[0])))
        return [{"value": value, "count": n} for value, n in often[:TOP_SHOWN_MAX]]


class TableProfiler:
    """Gathers the profile of a table batch by batch."""

    def __init__(self) -> None:
        self._rows = 0
        self._columns: dict[str, ColumnProfiler] = {}

    def update(self, batch: ColumnBatch) -> None:
        """Take in some rows."""
        self._rows += batch.rows
        for chunk in batch.columns:
            self._columns.setdefault(chunk.name, ColumnProfiler()).update(chunk)

    def finish(self) -> dict[str, Json]:
        """Return the profile as a value of canonical JSON."""
        found: list[Json] = [profiler.finish(name, self._rows) for name, profiler in self._columns.items()]
        return {"format": FORMAT, "rows": self._rows, "columns": found}


def profile_table(batches: Iterable[ColumnBatch]) -> dict[str, Json]:
    """Return the profile of a table as a value of canonical JSON."""
    profiler = TableProfiler()
    for batch in batches:
        profiler.update(batch)
    return profiler.finish()


def _extremes(numbers: list[_Number]) -> list[_Number]:
    """Return the least and the greatest."""
    return [min(numbers), max(numbers)]


def cell_value(kind: CellKind, word: np.int64, chunk: ColumnChunk) -> _Value:
    """Return the value of a cell as JSON can hold it; a text is cut after 100 characters."""
    if kind is CellKind.BOOL:
        return bool(word)
    if kind is CellKind.TEXT:
        return chunk.texts[int(word)][:TOP_TEXT_LENGTH_MAX]
    if kind is CellKind.MOMENT:
        return _instant(int(word))
    if kind is CellKind.FRACTION:
        number = float(word.view(np.float64))
        return number if math.isfinite(number) else str(number)
    # Beyond 2^53 a JSON number is not kept exactly everywhere (RFC 8785).
    return int(word) if abs(int(word)) < 2**53 else str(word)


def _instant(microseconds: int) -> str:
    """Return an instant as RFC 3339 in UTC, or as its count of microseconds when no calendar has it."""
    try:
        return (_EPOCH + timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except OverflowError:
        return f"{microseconds} µs"
