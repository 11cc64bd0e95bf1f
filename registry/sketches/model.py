"""What is kept of a table to find its like: samples and sketches, without names and without order.

The bytes they are kept as are specified in ``docs/formats/table-sketch.md``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.manifests.bottom_k import HASH_SPACE
from registry.manifests.columns import Hashes
from registry.values.money import Rate

ROW_SAMPLE_MIN = 1024
ROW_SAMPLE_MAX = 65_536
ROW_SAMPLE_SCALE = 64
"""Of a large table every row whose fingerprint is below 2^64/64 is kept: so a copy of a small part of it is found."""
COLUMN_SAMPLE_MAX = 256
COLUMN_DISTINCT_MIN = 32
"""A column with fewer distinct values is no evidence: years, labels and flags are alike in tables that have nothing in
common."""
MINHASH_PERMUTATIONS = 128
MINHASH_SEED = 1
MINHASH_SCHEME = "affine64"
"""32-bit values saturate: two disjoint tables of a billion rows would seem to share 12 % (datasketch #212)."""
HYPERLOGLOG_PRECISION = 14


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The smallest hashes of a set, distinct and ascending; ``complete`` when they are the whole set."""

    hashes: Hashes
    complete: bool

    @property
    def bound(self) -> int:
        """The hash up to which the sample holds every element of the set."""
        return HASH_SPACE if self.complete else int(self.hashes[-1])

    @property
    def distinct(self) -> int:
        """How many elements the set has: exact when the sample is complete, else estimated (KMV)."""
        if self.complete:
            return len(self.hashes)
        return (len(self.hashes) - 1) * HASH_SPACE // max(self.bound, 1)


@dataclass(frozen=True, slots=True, eq=False)
class ColumnSketch:
    """One column: how many cells it has that are not null, and a sample of its values with how often each occurs."""

    cells: int
    sample: Sample
    counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TableSketch:
    """What is kept of a table.

    ``hyperloglog`` is ``HyperLogLogPlusPlus.serialize`` of datasketch (p=14) and ``minhash`` a little-endian
    ``LeanMinHash`` (128 permutations, scheme affine64), both over the row fingerprints.
    """

    rows: int
    row_sample: Sample
    hyperloglog: bytes
    minhash: bytes
    columns: tuple[ColumnSketch, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of a candidate is in something published.

    Attributes:
        row_containment: Share of the candidate's distinct rows that the published table has, too.
        published_containment: Share of the published distinct rows that the candidate has.
        row_jaccard: Rows of both among rows of either.
        column_containment: Share of the candidate's telling columns (32 or more distinct values) of which at least
            90 % of the cells are in one column of the published table.
        cells_shared: Share of the candidate's cells that are in the column of the published table it is matched with.
        distinct_rows: The candidate's distinct rows, exact or estimated.
        telling_columns: How many telling columns of the candidate found their like, by which ``cells_shared`` counts.
    """

    row_containment: Rate
    published_containment: Rate
    row_jaccard: Rate
    column_containment: Rate
    cells_shared: Rate
    distinct_rows: int
    telling_columns: int


@dataclass(frozen=True, slots=True)
class DuplicateThresholds:
    """From where on a candidate is a near-duplicate; data of the bureau, never constants of the code."""

    row_containment: Rate
    cells_shared: Rate
    distinct_rows_min: int
    telling_columns_min: int


@dataclass(frozen=True, slots=True)
class NewShare:
    """How many cells of a derivative, nulls aside, are in none of its declared parents."""

    cells: int
    new_cells: int

    @property
    def share(self) -> Rate:
        """The share of new cells, rounded down: a part of a basis point never helps the applicant."""
        return Rate(self.new_cells * 10_000 // self.cells) if self.cells else Rate(0)
