"""The 64-bit hash of a cell (``docs/formats/row-fingerprint.md``): equal values have equal hashes in every format.

The hash is part of a stored format. It depends on nothing but the value: no seed of the process, no version of a
library.
"""

import hashlib
import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import xxhash

from registry.errors import InvalidValueError
from registry.manifests.columns import CellKind, ColumnChunk, Hashes
from registry.values.canonical import Json, canonical_json

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_SEEDS: Hashes = (np.arange(8, dtype=np.uint64) + np.uint64(1)) * _GOLDEN
# A fraction and an integer never have equal values (integral floats are integers), but they may have equal words.


def mix64(words: Hashes) -> Hashes:
    """Return each word scrambled by the 64-bit finaliser of MurmurHash3: a bijection, so that nothing collides here."""
    mixed = words ^ (words >> np.uint64(33))
    mixed *= np.uint64(0xFF51AFD7ED558CCD)
    mixed ^= mixed >> np.uint64(33)
    mixed *= np.uint64(0xC4CEB9FE1A85EC53)
    mixed ^= mixed >> np.uint64(33)
    return mixed


def cell_hashes(chunk: ColumnChunk) -> Hashes:
    """Return the hash of each cell; that of a null is 0. They are computed once, and not to be changed."""
    if chunk.hashed:
        return chunk.hashed[0]
    hashes = mix64(chunk.words.view(np.uint64) + _SEEDS[chunk.kinds])
    if chunk.texts:
        texts = chunk.kinds >= CellKind.TEXT
        hashes[texts] = _text_hashes(chunk.texts)[chunk.words[texts]]
    hashes[chunk.kinds == CellKind.NULL] = 0
    chunk.hashed.append(hashes)
    return hashes


def _text_hashes(texts: Sequence[str]) -> Hashes:
    """Return the hash of each text. A nested value and the text that is its JSON have the same."""
    kinds = np.full(len(texts), CellKind.TEXT, dtype=np.uint8)
    words = np.empty(len(texts), dtype=np.uint64)
    for index, text in enumerate(texts):
        first = text[0] if text else ""
        if first in "[{" and text and (nested := nested_of_text(text)) is not None:
            kinds[index], words[index] = CellKind.NESTED, xxhash.xxh3_64_intdigest(nested.encode())
        elif first == "0" and len(text) < 19 and text.isascii() and text.isdigit():
            # "00123" is text to a reader, but whoever loads such a column as numbers has the same data.
            kinds[index], words[index] = CellKind.INTEGER, int(text)
        else:
            composed = text if text.isascii() else unicodedata.normalize("NFC", text)
            words[index] = xxhash.xxh3_64_intdigest(composed.encode())
    return mix64(words + _SEEDS[kinds])


def nested_of_text(text: str) -> str | None:
    """Return the canonical JSON of a text that is a JSON array or object, or None."""
    try:
        value = json.loads(text)
        return nested_text(value) if isinstance(value, list | dict) else None
    except (ValueError, RecursionError):
        return None


def nested_text(value: object) -> str:
    """Return the canonical JSON (RFC 8785) of a nested value.

    A member that is null is left out, as formats differ in whether they write it; an instant is RFC 3339 in UTC, bytes
    are their SHA-256, and a number that canonical JSON refuses is its nearest double.
    """
    try:
        return canonical_json(_plain(value)).decode()
    except InvalidValueError:
        # Lone surrogates, and what nests too deep, still need a stable form.
        return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"))


def _plain(value: object) -> Json:
    """Return a nested value as JSON can hold it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return _plain_number(value)
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {unicodedata.normalize("NFC", str(k)): _plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return binary_text(value)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _plain_number(number: float | Decimal) -> Json:
    """Return a number as canonical JSON can hold it: a double, or null for what is no number."""
    try:
        double = float(number)
    except OverflowError:
        return str(number)
    return double if math.isfinite(double) else None


def binary_text(content: bytes) -> str:
    """Return what stands for the bytes of a cell: their SHA-256, so that an image takes no more memory than a word."""
    return hashlib.sha256(content).hexdigest()
