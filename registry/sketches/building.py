"""Making the sketch of a table, in one reading and in memory that does not grow with its rows.

The values are those of datasketch, bit for bit, computed over whole batches: its own loops take one row at a time.
"""

from collections.abc import Iterable

import numpy as np
from datasketch import HyperLogLogPlusPlus, LeanMinHash, MinHash

from registry.manifests.bottom_k import HASH_SPACE, BottomK
from registry.manifests.cells import mix64
from registry.manifests.columns import ColumnBatch, Hashes
from registry.sketches.fingerprints import row_fingerprints
from registry.sketches.model import (
    COLUMN_SAMPLE_MAX,
    HYPERLOGLOG_PRECISION,
    MINHASH_PERMUTATIONS,
    MINHASH_SCHEME,
    MINHASH_SEED,
    ROW_SAMPLE_MAX,
    ROW_SAMPLE_MIN,
    ROW_SAMPLE_SCALE,
    ColumnSketch,
    Sample,
    TableSketch,
)


class SketchBuilder:
    """Gathers the sketch of a table batch by batch; several files are one table, their columns joined by name."""

    def __init__(self) -> None:
        self._rows = 0
        self._row_sample = BottomK(ROW_SAMPLE_MAX)
        self._columns: dict[str, BottomK] = {}
        self._cells: dict[str, int] = {}
        self._registers = np.zeros(1 << HYPERLOGLOG_PRECISION, dtype=np.int8)
        self._minhash = MinHash(MINHASH_PERMUTATIONS, MINHASH_SEED, scheme=MINHASH_SCHEME)

    def update(self, batch: ColumnBatch) -> None:
        """Take in some rows."""
        fingerprints, columns = row_fingerprints(batch)
        self._rows += batch.rows
        for name, hashes in columns:
            self._columns.setdefault(name, BottomK(COLUMN_SAMPLE_MAX)).update(hashes)
            self._cells[name] = self._cells.get(name, 0) + len(hashes)
        if len(fingerprints):
            self._row_sample.update(fingerprints)
            np.maximum(self._registers, registers_of(fingerprints), out=self._registers)
            self._minhash.hashvalues = np.minimum(self._minhash.hashvalues, minima_of(fingerprints, self._minhash))

    def finish(self) -> TableSketch:
        """Return the sketch of all rows taken in."""
        counter = HyperLogLogPlusPlus(reg=self._registers)
        registers = bytearray(counter.bytesize())
        counter.serialize(registers)
        lean = LeanMinHash(self._minhash)
        minima = bytearray(lean.bytesize("<"))
        lean.serialize(minima, "<")
        columns = tuple(_column(self._cells[name], gathered) for name, gathered in self._columns.items())
        return TableSketch(self._rows, _row_sample(self._row_sample), bytes(registers), bytes(minima), columns)


def sketch_table(batches: Iterable[ColumnBatch]) -> TableSketch:
    """Return the sketch of a table."""
    builder = SketchBuilder()
    for batch in batches:
        builder.update(batch)
    return builder.finish()


def _row_sample(gathered: BottomK) -> Sample:
    """Return the sample of rows: at least 1,024, and of a large table one of 64, at most 65,536."""
    scaled = int(np.searchsorted(gathered.hashes, np.uint64(HASH_SPACE // ROW_SAMPLE_SCALE)))
    kept = gathered.hashes[: max(ROW_SAMPLE_MIN, scaled)]
    return Sample(kept, complete=len(kept) == len(gathered.hashes) < gathered.k)


def _column(cells: int, gathered: BottomK) -> ColumnSketch:
    return ColumnSketch(cells, Sample(gathered.hashes, len(gathered.hashes) < gathered.k), gathered.counts)


def registers_of(hashes: Hashes) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
    """Return the HyperLogLog++ registers of some 64-bit hashes, laid out as datasketch does (Heule et al. 2013)."""
    places = hashes & np.uint64((1 << HYPERLOGLOG_PRECISION) - 1)
    rest = hashes >> np.uint64(HYPERLOGLOG_PRECISION)
    # The rest has 50 bits, which a double holds exactly; so its exponent is the number of bits up to the highest set.
    bits = np.frexp(rest.astype(np.float64))[1]
    registers = np.zeros(1 << HYPERLOGLOG_PRECISION, dtype=np.int8)
    np.maximum.at(registers, places, (64 - HYPERLOGLOG_PRECISION - bits + 1).astype(np.int8))
    return registers


def minima_of(hashes: Hashes, minhash: MinHash) -> Hashes:
    """Return for each permutation of ``minhash`` (scheme affine64) the least value of some 64-bit hashes."""
    mixed = mix64(hashes)
    factors, terms = minhash.permutations
    return np.array([(mixed * factor + term).min() for factor, term in zip(factors, terms, strict=True)], np.uint64)


def cardinality(sketch: TableSketch) -> int:
    """Return the number of distinct rows as HyperLogLog++ estimates it; the standard error is 0.8 % (1.04 / √2^14)."""
    return round(float(HyperLogLogPlusPlus.deserialize(sketch.hyperloglog).count()))


def minhash_of(sketch: TableSketch) -> LeanMinHash:
    """Return the MinHash of the rows, to go on with in datasketch (its LSH indexes)."""
    return LeanMinHash.deserialize(sketch.minhash, "<")
