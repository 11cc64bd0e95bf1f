"""Cells of Arrow arrays: every type that Parquet, Arrow and JSON readers give becomes plain kinds and words."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from registry.manifests.cells import binary_text, nested_text
from registry.manifests.columns import CellKind, ColumnChunk, Words, cells_of_floats
from registry.manifests.text_cells import ArrowArray, chunk_of_texts

_US_PER_UNIT = {"s": 1_000_000, "ms": 1_000, "us": 1}
_DAY_US = 86_400_000_000


def chunk_of_array(name: str, array: ArrowArray) -> ColumnChunk:
    """Return the cells of an Arrow array of any type."""
    for holds, read in _READERS:
        if holds(array.type):
            return read(name, array)
    return _nested(name, array)


def chunk_of_objects(name: str, values: Sequence[object]) -> ColumnChunk:
    """Return the cells of JSON values of mixed types, one per row; slow, for the rare block that Arrow cannot type."""
    kinds = np.zeros(len(values), dtype=np.uint8)
    words = np.zeros(len(values), dtype=np.int64)
    strings = [place for place, value in enumerate(values) if isinstance(value, str)]
    texts: list[str] = []
    if strings:
        read = chunk_of_texts(name, pa.array([values[place] for place in strings], pa.large_string()))
        kinds[strings], words[strings], texts = read.kinds, read.words, list(read.texts)
    for place, value in enumerate(values):
        if isinstance(value, bool):
            kinds[place], words[place] = CellKind.BOOL, value
        elif isinstance(value, int) and -(2**63) <= value < 2**63:
            kinds[place], words[place] = CellKind.INTEGER, value
        elif isinstance(value, int | float):
            kind, word = cells_of_floats(np.array([value], dtype=np.float64), np.ones(1, dtype=np.bool_))
            kinds[place], words[place] = kind[0], word[0]
        elif isinstance(value, list | dict):
            kinds[place], words[place] = CellKind.NESTED, len(texts)
            texts.append(nested_text(value))
    return ColumnChunk(name, kinds, words, texts)


def _valid(array: ArrowArray) -> NDArray[np.bool_]:
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)


def _of_words(name: str, array: ArrowArray, kind: CellKind, words: Words) -> ColumnChunk:
    """Return a chunk whose cells are all of one kind, or null."""
    return ColumnChunk(name, np.where(_valid(array), np.uint8(kind), np.uint8(0)), words)


def _integers(array: ArrowArray) -> Words:
    """Return the integers of an array, with 0 for null."""
    return pc.cast(array, pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)


def _null(name: str, array: ArrowArray) -> ColumnChunk:
    return ColumnChunk(name, np.zeros(len(array), np.uint8), np.zeros(len(array), np.int64))


def _bool(name: str, array: ArrowArray) -> ColumnChunk:
    return _of_words(name, array, CellKind.BOOL, _integers(array))


def _integer(name: str, array: ArrowArray) -> ColumnChunk:
    return _of_words(name, array, CellKind.INTEGER, _integers(array))


def _unsigned(name: str, array: ArrowArray) -> ColumnChunk:
    """Return the cells of uint64 integers; one beyond int64 is its nearest double, as it is when read from text."""
    values = np.asarray(array.fill_null(0).to_numpy(zero_copy_only=False), dtype=np.uint64)
    kinds, words = cells_of_floats(values.astype(np.float64), _valid(array))
    small = values < 2**63
    words[small] = values[small].astype(np.int64)
    return ColumnChunk(name, kinds, words)


def _float(name: str, array: ArrowArray) -> ColumnChunk:
    values = array.fill_null(0).to_numpy(zero_copy_only=False)
    return ColumnChunk(name, *cells_of_floats(np.asarray(values, dtype=np.float64), _valid(array)))


def _text(name: str, array: ArrowArray) -> ColumnChunk:
    return chunk_of_texts(name, pc.cast(array, pa.large_string()))


def _short_float(name: str, array: ArrowArray) -> ColumnChunk:
    """Return the cells of float32 numbers as they are written: 0.1, not 0.10000000149011612; float16 as its float32."""
    return _float(name, pc.cast(pc.cast(pc.cast(array, pa.float32()), pa.string()), pa.float64()))


def _decimal(name: str, array: ArrowArray) -> ColumnChunk:
    return chunk_of_texts(name, pc.cast(array, pa.string()))


def _date(name: str, array: ArrowArray) -> ColumnChunk:
    return _of_words(name, array, CellKind.MOMENT, _integers(pc.cast(array, pa.date32()).view(pa.int32())) * _DAY_US)


def _ticks(array: ArrowArray) -> Words:
    """Return instants or durations in microseconds, rounded down."""
    ticks = _integers(array.view(pa.int64()))
    return ticks // 1000 if array.type.unit == "ns" else ticks * _US_PER_UNIT[array.type.unit]


def _timestamp(name: str, array: ArrowArray) -> ColumnChunk:
    return _of_words(name, array, CellKind.MOMENT, _ticks(array))


def _duration(name: str, array: ArrowArray) -> ColumnChunk:
    return _of_words(name, array, CellKind.INTEGER, _ticks(array))


def _time(name: str, array: ArrowArray) -> ColumnChunk:
    """Return times of day as text, without a fraction of zeros."""
    return chunk_of_texts(name, pc.replace_substring_regex(pc.cast(array, pa.string()), r"\.0+$", ""))


def _binary(name: str, array: ArrowArray) -> ColumnChunk:
    encoded = pc.cast(array, pa.large_binary()).dictionary_encode()
    words = np.asarray(encoded.indices.fill_null(0).to_numpy(zero_copy_only=False), dtype=np.int64)
    contents: list[Any] = encoded.dictionary.to_pylist()
    texts = [binary_text(content) for content in contents]
    return ColumnChunk(name, np.where(_valid(array), np.uint8(CellKind.BINARY), np.uint8(0)), words, texts)


def _nested(name: str, array: ArrowArray) -> ColumnChunk:
    texts = [nested_text(value) for value in array.to_pylist()]
    kinds = np.where(_valid(array), np.uint8(CellKind.NESTED), np.uint8(0))
    return ColumnChunk(name, kinds, np.arange(len(texts), dtype=np.int64), texts)


def _extension(name: str, array: Any) -> ColumnChunk:
    return chunk_of_array(name, array.storage)


def _dictionary(name: str, array: Any) -> ColumnChunk:
    return chunk_of_array(name, array.dictionary_decode())


def _run_end(name: str, array: ArrowArray) -> ColumnChunk:
    return chunk_of_array(name, pc.call_function("run_end_decode", [array]))


_Reader = Callable[[str, ArrowArray], ColumnChunk]
_READERS: tuple[tuple[Callable[[pa.DataType], bool], _Reader], ...] = (
    (lambda kind: isinstance(kind, pa.BaseExtensionType), _extension),
    (pa.types.is_dictionary, _dictionary),
    (pa.types.is_run_end_encoded, _run_end),
    (pa.types.is_null, _null),
    (pa.types.is_boolean, _bool),
    (pa.types.is_uint64, _unsigned),
    (pa.types.is_integer, _integer),
    (pa.types.is_float64, _float),
    (pa.types.is_floating, _short_float),
    (pa.types.is_decimal, _decimal),
    (pa.types.is_date, _date),
    (pa.types.is_timestamp, _timestamp),
    (pa.types.is_duration, _duration),
    (pa.types.is_time, _time),
    (lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind), _text),
    (
        lambda kind: (
            pa.types.is_binary(kind)
            or pa.types.is_large_binary(kind)
            or pa.types.is_fixed_size_binary(kind)
            or pa.types.is_binary_view(kind)
        ),
        _binary,
    ),
)
