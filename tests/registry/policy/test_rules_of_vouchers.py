from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.policy.rules import (
    FirmYearRule,
    FirmYearSoFar,
    LimitKind,
    VoucherTerms,
    firm_year,
    voucher_amount,
    voucher_ceiling,
    what_binds,
)
from registry.values.moment import Moment
from registry.values.money import ZERO, Money, Rate

THIRTY_PERCENT = Rate(3000)
CAP = Money.of_yuan("500000")
TERMS = VoucherTerms(THIRTY_PERCENT, CAP)
POOL = Money.of_yuan("10000000")
NOTHING = FirmYearSoFar(ZERO, ZERO)


@pytest.mark.parametrize(
    ("invoice", "payment", "rule", "year"),
    [
        ("2026-12-31", "2027-01-04", FirmYearRule.LATER, 2027),
        ("2027-01-04", "2026-12-31", FirmYearRule.LATER, 2027),
        ("2026-12-31", "2026-12-31", FirmYearRule.LATER, 2026),
        ("2026-12-31", "2027-01-04", FirmYearRule.INVOICE, 2026),
        ("2026-12-31", "2027-01-04", FirmYearRule.PAYMENT, 2027),
    ],
)
def test_the_firm_year_is_the_calendar_year_of_the_deciding_date(
    invoice: str, payment: str, rule: FirmYearRule, year: int
) -> None:
    assert firm_year(date.fromisoformat(invoice), date.fromisoformat(payment), rule) == year


@pytest.mark.parametrize(("paid_at", "year"), [("2026-12-31T15:59:59.999999Z", 2026), ("2026-12-31T16:00:00Z", 2027)])
def test_the_year_turns_at_midnight_in_shanghai(paid_at: str, year: int) -> None:
    assert firm_year(date(2026, 12, 30), Moment.of_text(paid_at).civil_day()) == year


def test_thirty_percent_of_every_amount_to_20_000_yuan_is_floored_to_the_fen() -> None:
    share = [voucher_ceiling(THIRTY_PERCENT, Money(fen), CAP).fen for fen in range(2_000_001)]
    # 10 fen earn 3: the table of the first ten, repeated.
    first = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert share == [3 * (fen // 10) + first[fen % 10] for fen in range(2_000_001)]


@pytest.mark.parametrize(
    ("base", "award"),
    [("1666666.66", "499999.99"), ("1666666.67", "500000"), ("1666666.70", "500000"), ("2000000", "500000")],
)
def test_the_cap_of_a_firm_is_reached_at_1_666_666_67_yuan(base: str, award: str) -> None:
    assert voucher_amount(Money.of_yuan(base), NOTHING, TERMS) == Money.of_yuan(award)


def awarded_in_turn(bases: Sequence[int]) -> list[Money]:
    so_far, awards = NOTHING, []
    for fen in bases:
        award = voucher_amount(Money(fen), so_far, TERMS)
        so_far = FirmYearSoFar(so_far.base + Money(fen), so_far.awarded + award)
        awards.append(award)
    return awards


@given(st.lists(st.integers(0, 200_000_000), max_size=30))
def test_a_purchase_earns_the_same_however_it_is_split(bases: list[int]) -> None:
    together = voucher_amount(Money(sum(bases)), NOTHING, TERMS)
    assert sum(each.fen for each in awarded_in_turn(bases)) == together.fen


@given(st.lists(st.integers(1, 9), min_size=1, max_size=200))
def test_purchases_of_a_few_fen_gain_nothing(bases: list[int]) -> None:
    assert sum(each.fen for each in awarded_in_turn(bases)) == sum(bases) * 3 // 10


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**8))
def test_a_greater_purchase_earns_no_less_and_never_above_the_exact_share(prior: int, base: int, more: int) -> None:
    so_far = FirmYearSoFar(Money(prior), voucher_ceiling(THIRTY_PERCENT, Money(prior), CAP))
    less, greater = (voucher_amount(Money(fen), so_far, TERMS) for fen in (base, base + more))
    assert less <= greater
    assert (so_far.awarded + greater).fen * 10 <= (prior + base + more) * 3
    assert so_far.awarded + greater <= CAP


def test_a_refund_leaves_nothing_to_award_and_nothing_negative() -> None:
    so_far = FirmYearSoFar(Money.of_yuan("100"), Money.of_yuan("60"))
    assert voucher_amount(Money.of_yuan("50"), so_far, TERMS) == ZERO


def test_what_was_cut_before_never_makes_a_voucher_exceed_its_purchase() -> None:
    so_far = FirmYearSoFar(Money.of_yuan("120000"), Money.of_yuan("10000"))
    quote = what_binds(Money(1), so_far, POOL, TERMS)
    assert (quote.amount, [each.kind for each in quote.limits if each.binds]) == (Money(1), [LimitKind.PURCHASE])


@pytest.mark.parametrize(
    ("base", "so_far", "pool_left", "amount", "binding"),
    [
        ("120000", NOTHING, POOL, "36000", [LimitKind.RATE]),
        (
            "2000000",
            FirmYearSoFar(Money.of_yuan("120000"), Money.of_yuan("36000")),
            POOL,
            "464000",
            [LimitKind.FIRM_YEAR],
        ),
        ("120000", NOTHING, Money.of_yuan("100"), "100", [LimitKind.POOL]),
        ("120000", NOTHING, Money.of_yuan("36000"), "36000", [LimitKind.RATE, LimitKind.POOL]),
        ("120000", FirmYearSoFar(Money.of_yuan("2000000"), CAP), POOL, "0", [LimitKind.FIRM_YEAR]),
    ],
)
def test_a_quote_says_which_limit_binds(
    base: str, so_far: FirmYearSoFar, pool_left: Money, amount: str, binding: list[LimitKind]
) -> None:
    quote = what_binds(Money.of_yuan(base), so_far, pool_left, TERMS)
    assert (quote.amount, [each.kind for each in quote.limits if each.binds]) == (Money.of_yuan(amount), binding)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**8), st.integers(0, 10**10))
def test_a_quote_is_the_amount_cut_to_what_the_pool_has(base: int, prior: int, awarded: int, pool: int) -> None:
    so_far = FirmYearSoFar(Money(prior), Money(awarded))
    quote = what_binds(Money(base), so_far, Money(pool), TERMS)
    assert quote.amount == min(Money(pool), voucher_amount(Money(base), so_far, TERMS))
    assert any(each.binds for each in quote.limits)
