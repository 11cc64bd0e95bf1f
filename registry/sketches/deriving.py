"""How much of a derivative is new, counted exactly (``docs/formats/row-fingerprint.md``, RULINGS 8).

Rules:
* A cell that is null is no cell. Cells are compared by their canonical hash; names and the order of rows do not matter.
* Each column of the child is matched with at most one column of each parent, so that as many cells as possible are
  known; a cell is known when the matched columns of all parents together have its value as often as the child has it.
* A column that is equal to a column of a parent, or to an earlier column of the child itself, has nothing new, however
  often it is repeated.
* The share is rounded down; whatever is in doubt counts as known, since unknown never helps the applicant.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from registry.errors import InvalidValueError
from registry.manifests.columns import ColumnBatch, Hashes
from registry.sketches.fingerprints import row_fingerprints
from registry.sketches.model import NewShare
from registry.values.digest import Digest


@dataclass(frozen=True, slots=True)
class SpilledColumn:
    """A column on disk as its distinct cell hashes, ascending, and how often each occurs: 16 bytes a distinct value."""

    cells: int
    digest: Digest
    values_path: Path
    counts_path: Path

    def load(self) -> tuple[Hashes, NDArray[np.int64]]:
        """Return values and counts as memory maps."""
        return np.load(self.values_path, mmap_mode="r"), np.load(self.counts_path, mmap_mode="r")


def spill(batches: Iterable[ColumnBatch], folder: Path) -> list[SpilledColumn]:
    """Write the columns of a table to ``folder`` and return them; one column at a time is in memory.

    A table is read once, row by row, as its format asks; its hashes wait on disk until their column is sorted.
    """
    folder.mkdir(parents=True)
    raw_paths: dict[str, Path] = {}
    for batch in batches:
        for name, hashes in row_fingerprints(batch)[1]:
            with raw_paths.setdefault(name, folder / f"{len(raw_paths)}.raw").open("ab") as raw:
                hashes.tofile(raw)
    return [_sorted_column(path) for path in raw_paths.values()]


def _sorted_column(raw: Path) -> SpilledColumn:
    """Return the column whose hashes stand in ``raw``, which is removed."""
    hashes = np.fromfile(raw, dtype=np.uint64)
    values, counts = np.unique(hashes, return_counts=True)
    digest = Digest.of(Digest.of(values.tobytes()).raw + Digest.of(counts.tobytes()).raw)
    column = SpilledColumn(len(hashes), digest, raw.with_suffix(".values.npy"), raw.with_suffix(".counts.npy"))
    np.save(column.values_path, values)
    np.save(column.counts_path, counts)
    raw.unlink()
    return column


def new_share(child: Iterable[ColumnBatch], parents: Sequence[Iterable[ColumnBatch]], workspace: Path) -> NewShare:
    """Return how many cells of ``child`` are in none of its declared parents.

    Args:
        child: The rows of the derivative.
        parents: The rows of each declared parent; at least one.
        workspace: An empty folder for 16 bytes per distinct value of each column; the caller removes it.

    Raises:
        InvalidValueError: ``derivative_without_parent``; ``derivative_empty`` when the child has no cell.
    """
    if not parents:
        raise InvalidValueError("derivative_without_parent")
    columns = spill(child, workspace / "child")
    cells = sum(column.cells for column in columns)
    if not cells:
        raise InvalidValueError("derivative_empty")
    spilled = [spill(parent, workspace / f"parent-{place}") for place, parent in enumerate(parents)]
    seen = {column.digest for parent in spilled for column in parent}
    fresh: list[SpilledColumn] = []
    for column in columns:
        if column.digest not in seen:
            seen.add(column.digest)
            fresh.append(column)
    matches: list[list[SpilledColumn]] = [[] for _ in fresh]
    for parent in spilled:
        for place, match in _matched(fresh, _not_taken(parent, columns)):
            matches[place].append(match)
    known = sum(_known_cells(column, match) for column, match in zip(fresh, matches, strict=True))
    return NewShare(cells, sum(column.cells for column in fresh) - known)


def _not_taken(parent: Sequence[SpilledColumn], child: Sequence[SpilledColumn]) -> list[SpilledColumn]:
    """Return the columns of a parent without those that equal columns of the child take.

    Taking equal columns first loses nothing: of all matchings that share the most cells, one matches them.
    """
    equals = Counter(column.digest for column in child)
    left = []
    for column in parent:
        if equals[column.digest]:
            equals[column.digest] -= 1
        else:
            left.append(column)
    return left


def _matched(child: Sequence[SpilledColumn], parent: Sequence[SpilledColumn]) -> list[tuple[int, SpilledColumn]]:
    """Return the matching of columns, one to one, that shares the most cells (Jonker and Volgenant)."""
    if not child or not parent:
        return []
    # Here, because few versions derive from another and each worker would hold 30 MiB for it.
    from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

    shared = np.array([[_known_cells(column, [other]) for other in parent] for column in child], dtype=np.int64)
    places, others = linear_sum_assignment(shared, maximize=True)
    return [(int(a), parent[int(b)]) for a, b in zip(places, others, strict=True) if shared[a, b]]


def _known_cells(column: SpilledColumn, others: Sequence[SpilledColumn]) -> int:
    """Return how many cells of ``column`` the others have together, each value as often as both sides have it."""
    values, counts = column.load()
    available = np.zeros(len(values), dtype=np.int64)
    for other in others:
        other_values, other_counts = other.load()
        if len(other_values):
            places = np.minimum(np.searchsorted(other_values, values), len(other_values) - 1)
            available += np.where(other_values[places] == values, other_counts[places], 0)
    return int(np.minimum(counts, available).sum())
