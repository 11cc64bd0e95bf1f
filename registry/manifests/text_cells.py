"""What a text says: whether it is a number, a bool, an instant, nothing, or just text.

CSV knows nothing but text, and a table may have been cast to text on the way. So every text is read the same way,
whatever format it stands in:
* null: the empty text, ``null``, ``NULL``, ``nan``, ``NaN``;
* bool: ``true`` and ``false`` in lower, upper or title case;
* number: a JSON number (RFC 8259 §6); a zero-padded number is a code and stays text;
* moment: an ISO 8601 date, or date and time, with or without a zone (then UTC), from year 1 to 9999;
* anything else: text.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from registry.manifests.columns import CellKind, ColumnChunk, Kinds, Words, cells_of_floats

ArrowArray: TypeAlias = "pa.Array[Any]"

_NULLS = ("", "null", "NULL", "nan", "NaN")
_TRUE = ("true", "True", "TRUE")
_FALSE = ("false", "False", "FALSE")
_NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"
_NUMBER_OR_BLANK = rf"{_NUMBER}|^$"
_FIRST = 64
"""So many cells tell whether it is worth while to look at all of a column."""
_SHORT_INTEGER = r"^-?[0-9]{1,18}$"
_LONG_INTEGER = r"^-?[0-9]{19}$"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
_MOMENT = rf"^[0-9]{{4}}-[01][0-9]-[0-3][0-9](?:[T ]{_TIME}(?:Z|[-+][0-9]{{2}}:?[0-9]{{2}})?)?$"
_ZONED = r":.*(?:Z|[-+][0-9]{2}:?[0-9]{2})$"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def _texts(spellings: tuple[str, ...]) -> ArrowArray:
    """Return texts as Arrow compares with. Not made on import: the first list that Arrow takes loads pandas as well."""
    return pa.array(list(spellings))


def chunk_of_texts(name: str, texts: ArrowArray) -> ColumnChunk:
    """Return the cells of an Arrow array of strings: numbers at once, and of anything else each distinct text once."""
    if _all_numbers(texts.slice(0, _FIRST)) and _all_numbers(texts):
        blank = _mask(pc.equal(texts, pa.scalar("", pa.large_string())).fill_null(True))
        kinds, words = _read_numbers(pc.if_else(pa.array(blank), "0", texts))
        if not (kinds == CellKind.TEXT).any():
            kinds[blank] = CellKind.NULL
            return ColumnChunk(name, kinds, words)
    encoded = texts.dictionary_encode()
    distinct = pc.cast(encoded.dictionary, pa.large_string())
    kinds, words, kept = _read_distinct(distinct)
    codes = encoded.indices
    present = codes.is_valid().to_numpy(zero_copy_only=False)
    places = codes.fill_null(0).to_numpy(zero_copy_only=False)
    if not len(distinct):
        return ColumnChunk(name, np.zeros(len(texts), np.uint8), np.zeros(len(texts), np.int64))
    return ColumnChunk(name, np.where(present, kinds[places], np.uint8(0)), words[places], kept)


def _all_numbers(texts: ArrowArray) -> bool:
    """Return whether every text is a JSON number, empty or null."""
    return pc.all(pc.match_substring_regex(texts, _NUMBER_OR_BLANK)).as_py() is not False


def _read_distinct(texts: ArrowArray) -> tuple[Kinds, Words, list[str]]:
    """Return kinds and words of some texts, and those that are just text."""
    kinds: Kinds = np.full(len(texts), CellKind.TEXT, dtype=np.uint8)
    words: Words = np.zeros(len(texts), dtype=np.int64)
    kinds[_mask(pc.is_in(texts, _texts(_NULLS)))] = CellKind.NULL
    for value, spellings in ((1, _TRUE), (0, _FALSE)):
        found = _mask(pc.is_in(texts, _texts(spellings)))
        kinds[found], words[found] = CellKind.BOOL, value
    numbers = _mask(pc.match_substring_regex(texts, _NUMBER))
    if numbers.any():
        kinds[numbers], words[numbers] = _read_numbers(texts.filter(pa.array(numbers)))
    moments = ~numbers & _mask(pc.match_substring_regex(texts, _MOMENT))
    if moments.any():
        kinds[moments], words[moments] = _read_moments(texts.filter(pa.array(moments)))
    just_text = kinds == CellKind.TEXT
    words[just_text] = np.arange(int(just_text.sum()))
    kept: list[Any] = texts.filter(pa.array(just_text)).to_pylist()
    return kinds, words, kept


def _mask(array: ArrowArray) -> NDArray[np.bool_]:
    """Return an Arrow array of bools without nulls as numpy."""
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _read_numbers(texts: ArrowArray) -> tuple[Kinds, Words]:
    """Return the cells of texts that are JSON numbers: exact within int64, else the nearest double, else still text."""
    doubles = pc.cast(texts, pa.float64()).to_numpy(zero_copy_only=False)
    kinds, words = cells_of_floats(doubles, np.ones(len(texts), dtype=np.bool_))
    kinds[np.isinf(doubles)] = CellKind.TEXT
    # A double is exact up to 2^53; a longer integer is read again.
    long = np.isfinite(doubles) & (np.abs(doubles) >= 2**53)
    if long.any():
        kinds[long], words[long] = _read_long_integers(texts.filter(pa.array(long)), kinds[long], words[long])
    return kinds, words


def _read_long_integers(texts: ArrowArray, kinds: Kinds, words: Words) -> tuple[Kinds, Words]:
    """Return the cells of numbers of which those that are written as integers are read exactly, within int64."""
    short = _mask(pc.match_substring_regex(texts, _SHORT_INTEGER))
    words[short] = pc.cast(texts.filter(pa.array(short)), pa.int64()).to_numpy(zero_copy_only=False)
    for place in np.flatnonzero(_mask(pc.match_substring_regex(texts, _LONG_INTEGER))).tolist():
        if -(2**63) <= (integer := int(texts[place].as_py())) < 2**63:
            kinds[place], words[place] = CellKind.INTEGER, integer
    return kinds, words


def _read_moments(texts: ArrowArray) -> tuple[Kinds, Words]:
    """Return the cells of texts that look like moments; what no calendar has (30 February) is still text."""
    kinds: Kinds = np.full(len(texts), CellKind.MOMENT, dtype=np.uint8)
    words: Words = np.zeros(len(texts), dtype=np.int64)
    shortened = pc.replace_substring_regex(texts, r"(\.[0-9]{6})[0-9]{1,3}", r"\1")
    zoned = _mask(pc.match_substring_regex(shortened, _ZONED))
    for mask, kind in ((zoned, pa.timestamp("us", "UTC")), (~zoned, pa.timestamp("us"))):
        some = shortened.filter(pa.array(mask))
        try:
            words[mask] = pc.cast(pc.cast(some, kind), pa.int64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            kinds[mask], words[mask] = _read_moments_singly(some)
    return kinds, words


def _read_moments_singly(texts: ArrowArray) -> tuple[Kinds, Words]:
    """Return the cells of texts among which at least one is no moment."""
    kinds: Kinds = np.full(len(texts), CellKind.TEXT, dtype=np.uint8)
    words: Words = np.zeros(len(texts), dtype=np.int64)
    read: list[Any] = texts.to_pylist()
    for place, text in enumerate(read):
        try:
            found = datetime.fromisoformat(text)
            elapsed = (found if found.tzinfo else found.replace(tzinfo=UTC)) - _EPOCH
        except (ValueError, OverflowError):
            continue
        kinds[place] = CellKind.MOMENT
        words[place] = (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds
    return kinds, words
