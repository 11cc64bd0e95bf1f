import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.policy.kinds import (
    Fixed,
    Instalment,
    Interval,
    Percent,
    PerUnit,
    Schedule,
    ScoredRange,
    Tier,
    instalment_amounts,
    per_unit_amount,
    scored_amount,
    tiered_amount,
)
from registry.values.money import ZERO, Money, Rate

TABLE = (
    Tier(Interval(60, True, 80, False), Money(10_000_000)),
    Tier(Interval(80, True, 100, True), Money(50_000_000)),
)
OPENING = ScoredRange(Money(10_000_000), Money(50_000_000), "S1 cl.14")


def tier(least: int, least_included: bool, most: int | None, most_included: bool, yuan: str = "1") -> Tier:
    return Tier(Interval(least, least_included, most, most_included), Money.of_yuan(yuan))


@pytest.mark.parametrize(
    ("included", "number", "held"),
    [(True, 3, True), (True, 2, False), (False, 3, False), (False, 4, True)],
)
def test_the_lower_end_belongs_to_an_interval_only_when_it_says_so(included: bool, number: int, held: bool) -> None:
    assert Interval(3, included, None, False).holds(number) is held


@pytest.mark.parametrize(
    ("included", "number", "held"),
    [(True, 300, True), (True, 301, False), (False, 300, False), (False, 299, True)],
)
def test_the_upper_end_belongs_to_an_interval_only_when_it_says_so(included: bool, number: int, held: bool) -> None:
    assert Interval(200, True, 300, included).holds(number) is held


@pytest.mark.parametrize("ends", [(5, True, 4, True), (5, False, 5, True), (5, True, 5, False), (5, False, 6, False)])
def test_an_interval_without_a_number_is_refused(ends: tuple[int, bool, int, bool]) -> None:
    with pytest.raises(InvalidValueError, match="policy_interval_empty"):
        Interval(*ends)


def test_an_end_that_is_open_cannot_be_included() -> None:
    with pytest.raises(InvalidValueError, match="policy_interval_open_end"):
        Interval(3, True, None, True)


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="policy_number_out_of_range"):
        Percent(Rate(0), "data_fee", "S1 cl.4")


def test_exactly_300_seats_in_two_tiers_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"policy_tiers_overlap.*300"):
        Fixed("seats", (tier(200, True, 300, True), tier(300, True, None, False)), "S2 cl.1")


def test_exactly_300_seats_in_one_tier_is_accepted() -> None:
    terms = Fixed("seats", (tier(200, True, 300, True, "3000"), tier(300, False, None, False, "5000")), "S2 cl.1")
    assert [tiered_amount(terms.tiers, seats) for seats in (199, 200, 300, 301)] == [
        ZERO,
        Money(300_000),
        Money(300_000),
        Money(500_000),
    ]


def test_nothing_follows_a_tier_without_end() -> None:
    with pytest.raises(InvalidValueError, match="policy_tiers_overlap"):
        Fixed("seats", (tier(100, True, None, False), tier(200, True, 300, True)), "S2 cl.1")


def test_a_fixed_amount_needs_a_tier() -> None:
    with pytest.raises(InvalidValueError, match="policy_tiers_missing"):
        Fixed("seats", (), "S2 cl.1")


@pytest.mark.parametrize(
    ("units", "fen"), [(999_999, 0), (1_000_000, 500_000), (2_999_999, 1_000_000), (9 * 10**6, 1_500_000)]
)
def test_only_full_steps_are_paid_and_no_unit_above_the_limit(units: int, fen: int) -> None:
    terms = PerUnit("usd", Money(500_000), step=1_000_000, units_max=3_000_000, clause="S2 cl.14")
    assert per_unit_amount(terms, units) == Money(fen)


@pytest.mark.parametrize(("step", "units_max"), [(0, None), (1, 0), (-1, 5)])
def test_steps_and_limits_below_one_are_refused(step: int, units_max: int | None) -> None:
    with pytest.raises(InvalidValueError, match="policy_number_out_of_range"):
        PerUnit("seat", Money(250_000), step, units_max, "S1 cl.12")


@pytest.mark.parametrize(("least", "most"), [(50, 10), (10, 10)])
def test_a_range_whose_ends_do_not_rise_is_refused(least: int, most: int) -> None:
    with pytest.raises(InvalidValueError, match="policy_range_inverted"):
        ScoredRange(Money(least), Money(most), "S1 cl.14")


@pytest.mark.parametrize(
    ("score", "fen"), [(59, 0), (60, 10_000_000), (79, 10_000_000), (80, 50_000_000), (100, 50_000_000)]
)
def test_a_score_earns_the_amount_of_its_tier_and_nothing_below_the_pass_score(score: int, fen: int) -> None:
    assert scored_amount(OPENING, TABLE, score) == Money(fen)


@pytest.mark.parametrize("fen", [9_999_999, 50_000_001])
def test_a_table_may_not_leave_the_range_of_the_clause(fen: int) -> None:
    with pytest.raises(InvalidValueError, match="policy_table_outside_range"):
        scored_amount(OPENING, (Tier(Interval(60, True, 100, True), Money(fen)),), 70)


@pytest.mark.parametrize("shares", [[3000, 2500, 1500, 1500, 1499], [3000, 7001], []])
def test_shares_that_do_not_sum_to_the_whole_are_refused(shares: list[int]) -> None:
    parts = tuple(Instalment(year, Rate(share)) for year, share in enumerate(shares, 1))
    with pytest.raises(InvalidValueError, match="policy_shares_sum"):
        Schedule(PerUnit("m2", Money(50_000), 1, 5000, "S0 art.4.3"), parts, "S0 art.4.3")


@pytest.mark.parametrize("years", [(0, 1), (2, 1), (1, 1)])
def test_years_of_a_schedule_rise_from_one(years: tuple[int, int]) -> None:
    parts = tuple(Instalment(year, Rate(5000)) for year in years)
    with pytest.raises(InvalidValueError, match="policy_years_unordered"):
        Schedule(PerUnit("m2", Money(50_000), 1, 5000, "S0 art.4.3"), parts, "S0 art.4.3")


def test_a_building_is_paid_in_the_shares_of_its_clause() -> None:
    shares = (3000, 2500, 1500, 1500, 1500)
    terms = PerUnit("m2", Money(50_000), 1, 5000, "S0 art.4.3")
    schedule = Schedule(terms, tuple(Instalment(n, Rate(bp)) for n, bp in enumerate(shares, 1)), "S0 art.4.3")
    parts = instalment_amounts(schedule, per_unit_amount(terms, 6000))
    assert parts == (Money(75_000_000), Money(62_500_000), Money(37_500_000), Money(37_500_000), Money(37_500_000))


@given(st.integers(0, 10**12), st.lists(st.integers(1, 400), min_size=1, max_size=20))
def test_instalments_sum_to_the_total(fen: int, shares: list[int]) -> None:
    parts = (*shares, 10_000 - sum(shares))
    terms = Schedule(
        Percent(Rate(3000), "cost", "x"), tuple(Instalment(n, Rate(bp)) for n, bp in enumerate(parts, 1)), "x"
    )
    assert sum(each.fen for each in instalment_amounts(terms, Money(fen))) == fen
