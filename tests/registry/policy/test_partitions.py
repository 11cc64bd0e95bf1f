"""Every base to 20,000 yuan, in parts: the cumulative floor is exact, and no split gains or loses a fen."""

import random

import pytest

from registry.policy.rules import FirmYearSoFar, VoucherTerms, voucher_amount
from registry.values.money import Money, Rate

LAST_FEN = 2_000_000
TERMS = VoucherTerms(Rate(3_000), Money.of_yuan("500000"))
SHARE_OF = [fen // 10 * 3 + (0, 0, 0, 0, 1, 1, 1, 2, 2, 2)[fen % 10] for fen in range(LAST_FEN + 1)]
"""30% floored, by the table of the first ten fen: not computed as the rule computes it."""


def earned(base: int, before: int) -> int:
    """Return what ``base`` earns after purchases of ``before`` that had their share."""
    return voucher_amount(Money(base), FirmYearSoFar(Money(before), Money(SHARE_OF[before])), TERMS).fen


@pytest.mark.slow
def test_every_base_cut_anywhere_earns_what_it_earns_whole() -> None:
    """Invariant 16 (rounding): a random cut of each base; a partition is one cut after another."""
    values = random.Random(16)
    least = 0
    for base in range(LAST_FEN + 1):
        cut = values.randint(0, base)
        award = earned(base - cut, cut)
        assert award == SHARE_OF[base] - SHARE_OF[cut], (base, cut)
        assert award <= base - cut
        assert least <= SHARE_OF[base] <= base * 3 / 10
        least = SHARE_OF[base]


def test_partitions_into_many_parts_sum_to_the_whole() -> None:
    values = random.Random(4)
    for _ in range(4_000):
        base = values.randint(1, LAST_FEN)
        cuts = sorted(values.randint(0, base) for _ in range(values.randint(1, 40)))
        so_far = FirmYearSoFar(Money(0), Money(0))
        for start, end in zip([0, *cuts], [*cuts, base], strict=True):
            part = Money(end - start)
            so_far = FirmYearSoFar(so_far.base + part, so_far.awarded + voucher_amount(part, so_far, TERMS))
        assert so_far.awarded.fen == SHARE_OF[base], (base, cuts)


def test_fen_by_fen_earns_the_same() -> None:
    awarded = 0
    for before in range(100_000):
        awarded += earned(1, before)
        assert awarded == SHARE_OF[before + 1]
