"""The bytes of a table sketch, version 1 (``docs/formats/table-sketch.md``)."""

import struct

import numpy as np

from registry.errors import InvalidValueError
from registry.sketches.model import ColumnSketch, Sample, TableSketch

_MAGIC = b"SCTS"
_VERSION = 1
_HEAD = struct.Struct("<4sHxxQIIII")
_SAMPLE = struct.Struct("<QI?xxx")


def to_bytes(sketch: TableSketch) -> bytes:
    """Return the bytes of a sketch; equal sketches have equal bytes."""
    rows = sketch.row_sample
    head = _HEAD.pack(
        _MAGIC,
        _VERSION,
        sketch.rows,
        len(sketch.hyperloglog),
        len(sketch.minhash),
        len(sketch.columns),
        0,
    )
    parts = [head, sketch.hyperloglog, sketch.minhash]
    parts += [_SAMPLE.pack(len(rows.hashes), len(rows.hashes), rows.complete), rows.hashes.astype("<u8").tobytes()]
    for column in sketch.columns:
        parts.append(_SAMPLE.pack(column.cells, len(column.sample.hashes), column.sample.complete))
        parts.append(column.sample.hashes.astype("<u8").tobytes())
        parts.append(column.counts.astype("<i8").tobytes())
    return b"".join(parts)


def from_bytes(content: bytes) -> TableSketch:
    """Return the sketch. Raises InvalidValueError ``sketch_malformed``, or ``sketch_version_unknown``."""
    try:
        return _read(content)
    except (struct.error, ValueError, IndexError) as error:
        raise InvalidValueError("sketch_malformed") from error


def _read(content: bytes) -> TableSketch:
    magic, version, rows, registers, minima, columns, reserved = _HEAD.unpack_from(content)
    if magic != _MAGIC or reserved:
        raise InvalidValueError("sketch_malformed")
    if version != _VERSION:
        raise InvalidValueError("sketch_version_unknown", version=version)
    at = _HEAD.size
    hyperloglog, minhash = content[at : at + registers], content[at + registers : at + registers + minima]
    _, row_sample, at = _read_sample(content, at + registers + minima)
    found = []
    for _ in range(columns):
        cells, sample, at = _read_sample(content, at)
        counts = np.frombuffer(content, "<i8", len(sample.hashes), at).astype(np.int64)
        at += counts.nbytes
        found.append(ColumnSketch(cells, sample, counts))
    if at != len(content):
        raise InvalidValueError("sketch_malformed")
    return TableSketch(rows, row_sample, hyperloglog, minhash, tuple(found))


def _read_sample(content: bytes, at: int) -> tuple[int, Sample, int]:
    """Return the number before a sample, the sample, and where what follows it begins."""
    number, size, complete = _SAMPLE.unpack_from(content, at)
    at += _SAMPLE.size
    hashes = np.frombuffer(content, "<u8", size, at).astype(np.uint64)
    if (hashes[1:] <= hashes[:-1]).any() or not (size or complete):
        raise InvalidValueError("sketch_malformed")
    return number, Sample(hashes, complete), at + hashes.nbytes
