"""The benchmark of vouchers, small: what it checks of itself, not how fast it is."""

from benchmarks import vouchers


def test_a_small_run_checks_out_to_the_last_fen() -> None:
    found = {row.name: row for row in vouchers.rows(200, 1)}
    assert len(found) == 7
    assert found["round used"].met
    assert found["answers 5xx or none"].met
