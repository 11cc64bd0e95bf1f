"""How the budget of a closed round is divided, without a database."""

from hypothesis import given
from hypothesis import strategies as st

from registry.policy.rules import FirmYearSoFar, VoucherTerms, voucher_ceiling
from registry.values.money import Money, Rate
from registry.vouchers.round_rules import Asked, ceilings, divided

TERMS = VoucherTerms(Rate(3_000), Money.of_yuan("500000"))
fen = st.integers(0, 200_000_000)
amounts = st.lists(fen.map(Money), min_size=1, max_size=40)


@given(amounts, fen.map(Money))
def test_a_division_spends_the_budget_to_the_last_fen_and_gives_nobody_more_than_its_ceiling(
    most: list[Money], budget: Money
) -> None:
    parts = divided(most, budget)
    total = sum(each.fen for each in most)
    assert sum(each.fen for each in parts) == min(total, budget.fen)
    assert all(part <= ceiling for part, ceiling in zip(parts, most, strict=True))


@given(amounts, fen.map(Money))
def test_a_part_is_floored_and_the_remainder_goes_one_fen_each_in_order_of_acceptance(
    most: list[Money], budget: Money
) -> None:
    total = sum(each.fen for each in most)
    if total <= budget.fen:
        assert divided(most, budget) == tuple(most)
        return
    floors = [each.fen * budget.fen // total for each in most]
    more = [part.fen - floor for part, floor in zip(divided(most, budget), floors, strict=True)]
    assert set(more) <= {0, 1}
    could = [place for place, each in enumerate(most) if floors[place] < each.fen]
    assert [place for place, one in enumerate(more) if one] == could[: sum(more)]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 300_000_000)), min_size=1, max_size=30), fen)
def test_all_requests_of_a_firm_together_stay_within_rate_and_cap_of_its_year(
    asked: list[tuple[int, int]], used: int
) -> None:
    before = FirmYearSoFar(Money(used * 4), Money(min(used, TERMS.firm_year_cap.fen)))
    most = ceilings([Asked(firm, Money(base), before, TERMS) for firm, base in asked])
    for firm in {firm for firm, _ in asked}:
        own = [(base, part) for (each, base), part in zip(asked, most, strict=True) if each == firm and part]
        bases = Money(before.base.fen + sum(base for base, _ in own))
        awarded = before.awarded.fen + sum(part.fen for _, part in own)
        assert awarded <= max(before.awarded.fen, voucher_ceiling(TERMS.rate, bases, TERMS.firm_year_cap).fen)


@given(fen)
def test_a_request_alone_may_have_what_a_hold_would_get(base: int) -> None:
    none = FirmYearSoFar(Money(0), Money(0))
    whole = voucher_ceiling(TERMS.rate, Money(base), TERMS.firm_year_cap)
    assert list(ceilings([Asked(0, Money(base), none, TERMS)])) == [whole]
