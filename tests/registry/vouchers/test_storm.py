"""A small storm; ``make storm`` lets a whole one blow."""

import pytest

from tests.registry.vouchers.storm import BUDGET, storm


@pytest.mark.slow
def test_no_counter_runs_away_however_many_come_at_once() -> None:
    found = storm(20, seed=1, workers=8, processes=2)
    # One that never comes to the edge, nor past the bank, would prove little.
    for needed in ("hold: done", "hold: nothing_to_hold", "redeem: done", "release: done", "settle: done"):
        assert found.counted[needed] > 0, found.counted
    assert found.full > BUDGET.fen * 9 // 10, found
    assert found.expired > 0
    assert found.samples > 0
