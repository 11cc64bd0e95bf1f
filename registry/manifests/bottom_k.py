"""A sample of the distinct values of a column or table: the k smallest hashes, each with how often it occurred.

Bar-Yossef et al., "Counting distinct elements in a data stream" (RANDOM 2002); Beyer et al., "On synopses for
distinct-value estimation under multiset operations" (SIGMOD 2007). Two samples made of the same hash are coordinated:
what both hold of the union's smallest hashes is a fair sample of the union.
"""

import numpy as np
from numpy.typing import NDArray

from registry.manifests.columns import Hashes

HASH_SPACE = 2**64


class BottomK:
    """Gathers the ``k`` smallest distinct hashes of a stream and the exact number of times each occurred.

    The counts are exact because the bound only ever falls: a hash that is in the sample at the end was in it from its
    first occurrence on.
    """

    def __init__(self, k: int) -> None:
        self.k = k
        self.hashes: Hashes = np.empty(0, dtype=np.uint64)
        self.counts: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def update(self, hashes: Hashes) -> None:
        """Take in some hashes, repeated as they occur."""
        if len(self.hashes) == self.k:
            hashes = hashes[hashes <= self.hashes[-1]]
        found, occurrences = np.unique(hashes, return_counts=True)
        merged, place = np.unique(np.concatenate([self.hashes, found]), return_inverse=True)
        counts = np.zeros(len(merged), dtype=np.int64)
        np.add.at(counts, place, np.concatenate([self.counts, occurrences]))
        self.hashes, self.counts = merged[: self.k], counts[: self.k]

    def distinct(self) -> int:
        """Return the number of distinct hashes: exact below ``k``, else the estimate (k-1)/u of Bar-Yossef et al."""
        return distinct_of(self.hashes, self.k)


def distinct_of(hashes: Hashes, k: int) -> int:
    """Return how many distinct values a sample of the ``k`` smallest hashes, in ascending order, stands for."""
    if len(hashes) < k:
        return len(hashes)
    return (k - 1) * HASH_SPACE // max(int(hashes[k - 1]), 1)
