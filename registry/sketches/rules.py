"""When two tables share content, judged from their samples.

Rules:
* Two samples are compared up to the smaller of their bounds, where both hold everything; so sets that both are kept
  whole are compared exactly, and others by a fair sample of their union (KMV: Bar-Yossef et al. 2002, Beyer et al.
  2007).
* Shares are rounded down to a basis point.
* A candidate is a near-duplicate when enough of its rows, or enough of its cells column by column, are in one published
  table. The second finds a copy with a column added or dropped, whose rows are all new.
* Too few distinct rows, or too few columns that tell anything, are no evidence.
* What only together is in several published tables is found by comparing with their union.
"""

from collections.abc import Sequence

import numpy as np

from registry.manifests.columns import Hashes
from registry.sketches.model import (
    COLUMN_DISTINCT_MIN,
    ColumnSketch,
    DuplicateThresholds,
    Overlap,
    Sample,
    TableSketch,
)
from registry.values.money import FULL_RATE_BP, Rate

_NONE = Rate(0)
_FOUND = Rate(9_000)


def jaccard(one: Sample, other: Sample) -> Rate:
    """Return the share of elements of either set that are in both."""
    first, second = _comparable(one, other)
    both = len(np.intersect1d(first, second, assume_unique=True))
    return _share(both, len(first) + len(second) - both)


def containment(inner: Sample, outer: Sample) -> Rate:
    """Return the share of elements of ``inner`` that are in ``outer``; 0 % when no element can be compared."""
    first, second = _comparable(inner, outer)
    return _share(len(np.intersect1d(first, second, assume_unique=True)), len(first))


def union_of(samples: Sequence[Sample]) -> Sample:
    """Return a sample of the union of one or more sets."""
    bound = min(sample.bound for sample in samples)
    merged = np.unique(np.concatenate([_up_to(sample.hashes, bound) for sample in samples]))
    return Sample(merged, all(sample.complete for sample in samples))


def _up_to(hashes: Hashes, bound: int) -> Hashes:
    """Return the hashes that are not above the bound."""
    return hashes[: np.searchsorted(hashes, np.uint64(min(bound, 2**64 - 1)), side="right")]


def _comparable(one: Sample, other: Sample) -> tuple[Hashes, Hashes]:
    """Return the parts of two samples that hold everything there is."""
    bound = min(one.bound, other.bound)
    return _up_to(one.hashes, bound), _up_to(other.hashes, bound)


def _share(part: int, whole: int) -> Rate:
    return Rate(part * FULL_RATE_BP // whole) if whole else _NONE


def column_containment(inner: ColumnSketch, outer: ColumnSketch) -> Rate:
    """Return the share of cells of ``inner`` that ``outer`` has, each value as often as both have it."""
    first, second = _comparable(inner.sample, outer.sample)
    _, here, there = np.intersect1d(first, second, assume_unique=True, return_indices=True)
    shared = int(np.minimum(inner.counts[here], outer.counts[there]).sum())
    return _share(shared, int(inner.counts[: len(first)].sum()))


def is_telling(column: ColumnSketch) -> bool:
    """Return whether the column has enough distinct values to be evidence of a copy."""
    return column.sample.distinct >= COLUMN_DISTINCT_MIN


def overlap(candidate: TableSketch, published: TableSketch) -> Overlap:
    """Return how much of ``candidate`` is in ``published``."""
    matches = _matched_columns(candidate.columns, published.columns)
    cells = sum(column.cells for column in candidate.columns)
    shared = sum(candidate.columns[place].cells * rate.basis_points for place, rate in matches.items())
    telling = [place for place, column in enumerate(candidate.columns) if is_telling(column)]
    found = [place for place in telling if matches.get(place, _NONE) >= _FOUND]
    return Overlap(
        row_containment=containment(candidate.row_sample, published.row_sample),
        published_containment=containment(published.row_sample, candidate.row_sample),
        row_jaccard=jaccard(candidate.row_sample, published.row_sample),
        column_containment=_share(len(found), len(telling)),
        cells_shared=Rate(shared // cells) if cells else _NONE,
        distinct_rows=candidate.row_sample.distinct,
        telling_columns=len(found),
    )


def _matched_columns(candidate: Sequence[ColumnSketch], published: Sequence[ColumnSketch]) -> dict[int, Rate]:
    """Return for each column of the candidate how much of it its match has; each published column matches one."""
    rates = [
        (column_containment(column, other), place, other_place)
        for place, column in enumerate(candidate)
        for other_place, other in enumerate(published)
    ]
    # Most shared cells first; among equals the first columns, so that the answer is always the same.
    rates.sort(key=lambda rate: (-rate[0].basis_points * candidate[rate[1]].cells, rate[1], rate[2]))
    matches: dict[int, Rate] = {}
    taken: set[int] = set()
    for rate, place, other_place in rates:
        if rate > _NONE and place not in matches and other_place not in taken:
            matches[place] = rate
            taken.add(other_place)
    return matches


def judge(found: Overlap, thresholds: DuplicateThresholds) -> bool:
    """Return whether the candidate is a near-duplicate."""
    by_rows = (
        found.row_containment >= thresholds.row_containment and found.distinct_rows >= thresholds.distinct_rows_min
    )
    by_columns = (
        found.cells_shared >= thresholds.cells_shared and found.telling_columns >= thresholds.telling_columns_min
    )
    return by_rows or by_columns


def candidate_hashes(sketch: TableSketch, n: int = 256) -> tuple[int, ...]:
    """Return the ``n`` smallest row fingerprints as signed 64-bit integers, for a look-up table (inverted bottom-k)."""
    return _signed(sketch.row_sample.hashes[:n])


def column_candidate_hashes(sketch: TableSketch, n: int = 32) -> tuple[tuple[int, ...], ...]:
    """Return the ``n`` smallest value hashes of each telling column (32 or more distinct values), as signed numbers."""
    return tuple(_signed(column.sample.hashes[:n]) for column in sketch.columns if is_telling(column))


def _signed(hashes: Hashes) -> tuple[int, ...]:
    """Return hashes as a ``bigint`` column holds them."""
    return tuple(hashes.view(np.int64).tolist())
