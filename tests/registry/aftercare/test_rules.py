"""How many cases a sample draws, and which: the same for whoever has the seed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.aftercare.model import DrawSample
from registry.aftercare.rules import drawn_cases, sample_size
from registry.errors import InvalidValueError, RuleError
from registry.values.identifiers import CaseId

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def asked(share_bp: int = 500, least: int = 1) -> DrawSample:
    return DrawSample(*YEAR, share_bp, least, "yearly")


@pytest.mark.parametrize(
    ("population", "share_bp", "least", "size"),
    [(100, 500, 1, 5), (101, 500, 1, 6), (100, 1, 1, 1), (100, 1, 30, 30), (3, 500, 30, 3), (7, 10_000, 1, 7)],
)
def test_the_share_is_rounded_up_and_never_beyond_what_there_is(
    population: int, share_bp: int, least: int, size: int
) -> None:
    assert sample_size(population, share_bp, least) == size


@given(st.binary(min_size=32, max_size=32), st.integers(1, 40), st.integers(1, 10_000), st.integers(1, 40))
def test_the_seed_and_the_population_alone_decide(seed: bytes, count: int, share_bp: int, least: int) -> None:
    population = tuple(CaseId(f"case_{number:032x}") for number in range(count))
    command = asked(share_bp, least)
    drawn = drawn_cases(seed, command, population)
    assert drawn == drawn_cases(seed, command, population[::-1])
    assert len(set(drawn)) == len(drawn) == sample_size(count, share_bp, least)
    assert set(drawn) <= set(population)


def test_a_larger_sample_holds_the_smaller_one() -> None:
    population = tuple(CaseId(f"case_{number:032x}") for number in range(50))
    small, large = (drawn_cases(b"seed", asked(share), population) for share in (1_000, 4_000))
    assert large[: len(small)] == small


def test_nothing_is_drawn_from_nothing() -> None:
    with pytest.raises(RuleError, match="sample_of_nothing"):
        drawn_cases(b"seed", asked(), ())


@pytest.mark.parametrize(("share_bp", "least"), [(0, 1), (10_001, 1), (500, 0), (500, 1_001)])
def test_a_sample_of_no_size_is_refused(share_bp: int, least: int) -> None:
    with pytest.raises(InvalidValueError, match="sample_size_out_of_range"):
        asked(share_bp, least)
