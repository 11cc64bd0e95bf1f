"""A small run of the case machine against its model; ``make case-machine STEPS=…`` takes a long one."""

import pytest

from tests.registry.awards.case_machine import run


@pytest.mark.parametrize("seed", [1])
def test_a_case_does_what_its_model_allows_and_nothing_else(seed: int) -> None:
    taken = run(8_000, seed)
    # A run that never gets to the bank would prove little.
    assert (
        min(taken.get(name, 0) for name in ("pay", "return", "correct", "lapse", "answer", "decide", "refused pay")) > 0
    ), taken
