"""Fingerprints of rows (``docs/formats/row-fingerprint.md``): free of names and of the order of columns.

The fingerprint of a row is the scrambled sum of the hashes of its cells. A sum does not know an order, and a null adds
nothing, so that a missing column is the same as an empty one.
"""

import numpy as np

from registry.manifests.cells import cell_hashes, mix64
from registry.manifests.columns import CellKind, ColumnBatch, Hashes


def row_fingerprints(batch: ColumnBatch) -> tuple[Hashes, list[tuple[str, Hashes]]]:
    """Return the fingerprints of rows that are not empty, and for each column its name and cell hashes, nulls aside."""
    sums = np.zeros(batch.rows, dtype=np.uint64)
    present = np.zeros(batch.rows, dtype=np.bool_)
    columns: list[tuple[str, Hashes]] = []
    for chunk in batch.columns:
        hashes = cell_hashes(chunk)
        sums += hashes
        filled = chunk.kinds != CellKind.NULL
        present |= filled
        columns.append((chunk.name, hashes[filled]))
    return mix64(sums[present]), columns
