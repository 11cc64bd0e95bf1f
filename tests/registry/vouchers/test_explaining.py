"""A quote says in words and figures what binds and why, in both languages."""

import pytest

from api.wording import sentence, vocabulary
from registry.policy.model import Allocation
from registry.policy.rules import FirmYearSoFar, LimitKind, VoucherTerms, what_binds
from registry.policy.service import shipped
from registry.values.identifiers import AuthorityId, OrderId, PoolId, VoucherRoundId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money, Rate
from registry.vouchers import service
from registry.vouchers.explaining import QuoteFigures, statements
from registry.vouchers.model import Appropriate, Appropriation, Pool, Statement
from registry.vouchers.round_model import VoucherRound
from tests.registry.exchange.builders import Market, a_listing, an_accepted_order, ask, do
from tests.registry.vouchers.test_opening import a_file, confirm, propose

AUTHORITY = AuthorityId.new()
CAP = Money.of_yuan("500000")
TERMS = VoucherTerms(Rate(3_000), CAP)


def yuan(text: str) -> Money:
    return Money.of_yuan(text)


def said(
    base: str,
    used: str = "0",
    bought: str = "0",
    left: str = "10000000",
    appropriated: tuple[Appropriation, ...] = (),
    excluded_by: tuple[str, ...] = (),
    entered: VoucherRound | None = None,
) -> tuple[Statement, ...]:
    """Return the sentences of a quote for a purchase by a firm that has used and bought this much."""
    instrument = next(each for each in shipped()[-1].instruments if each.id == "yz-4-compute")
    budget = yuan("10000000")
    pool = Pool(
        PoolId.new(), AUTHORITY, "d", "yz-4", budget, budget - yuan(left), Moment.of_text("2026-01-01T00:00:00Z")
    )
    so_far = FirmYearSoFar(yuan(bought), yuan(used))
    quoted = what_binds(yuan(base), so_far, pool.left, TERMS, entered.left if entered else None)
    return statements(
        QuoteFigures(instrument, TERMS, 2026, yuan(base), so_far, pool, appropriated, excluded_by, quoted, entered)
    )


def words(statement: Statement, language: str) -> str:
    amounts = {name: str(amount) for name, amount in statement.amounts.items()}
    return sentence(statement.code, {**statement.parameters, **amounts}, language)


@pytest.mark.parametrize(
    ("base", "used", "bought", "left", "binds"),
    [
        ("100", "0", "0", "1000", ["rate"]),
        ("1000000", "480000", "1600000", "9000000", ["firm_year"]),
        ("1000000", "0", "0", "1.01", ["pool"]),
        ("10", "0", "1000000", "1000000", ["purchase"]),
        ("1000000", "480000", "1600000", "20000", ["firm_year", "pool"]),
        ("1666666.67", "0", "0", "10000000", ["rate", "firm_year"]),
    ],
)
def test_every_limit_that_leaves_exactly_the_amount_is_named_last(
    base: str, used: str, bought: str, left: str, binds: list[str]
) -> None:
    found = [each.code for each in said(base, used, bought, left) if each.binds]
    assert found == [f"quote_bound_by_{kind}" for kind in binds]
    assert [each.code for each in said(base, used, bought, left)][-len(binds) :] == found


def test_what_binds_is_said_with_its_figures_in_both_languages() -> None:
    last = said("1000000", "480000", "1600000")[-1]
    assert words(last, "en") == (
        "The voucher covers ¥20,000.00: the firm's yearly cap binds. "
        "Of its ¥500,000.00 for 2026, ¥480,000.00 is used or held, so ¥20,000.00 is left."
    )
    assert words(last, "zh") == (
        "本次券额为 ¥20,000.00，受企业年度上限约束：2026 年度上限 ¥500,000.00，"
        "已用和已申领 ¥480,000.00，尚余 ¥20,000.00。"
    )


def test_the_round_that_is_open_is_said_and_binds_with_its_figures() -> None:
    day = Moment.of_text("2026-03-02T00:00:00Z")
    entered = VoucherRound(
        VoucherRoundId.new(), AUTHORITY, PoolId.new(), "一", day, day, CAP, yuan("499000"), Allocation.FIRST_COME, day
    )
    *_, before, last = said("1000000", entered=entered)
    assert not before.binds
    assert words(last, "en") == (
        "The voucher covers ¥1,000.00: the round 一 binds. "
        "Of its ¥500,000.00, ¥499,000.00 is used or held, so ¥1,000.00 is left."
    )
    assert words(last, "zh") == (
        "本次券额为 ¥1,000.00，受批次“一”额度约束：总额 ¥500,000.00，已用和已申领 ¥499,000.00，尚余 ¥1,000.00。"
    )
    told = {each.code: each for each in said("100", entered=entered)}["quote_round"]
    assert "{" not in words(told, "en") + words(told, "zh")


def test_the_year_s_money_is_said_and_never_binds() -> None:
    line = Appropriation(AUTHORITY, 2026, "a", yuan("10"), yuan("9"))
    other, next_year = (
        Appropriation(AUTHORITY, 2026, "b", yuan("5"), ZERO),
        Appropriation(AUTHORITY, 2027, "a", CAP, ZERO),
    )
    by_code = {each.code: each for each in said("1000000", appropriated=(line, other, next_year))}
    stated = by_code["quote_appropriation"]
    # What was appropriated and instructed, and on how many lines, is for officers.
    assert (stated.amounts, stated.parameters) == ({"left": yuan("6")}, {"year": 2026})
    assert by_code["quote_bound_by_rate"].amounts["amount"] == yuan("300000")
    assert "quote_not_appropriated" in {each.code for each in said("100", appropriated=(next_year,))}


def test_who_may_buy_from_whom_and_what_excludes_it_are_said() -> None:
    found = {each.code: words(each, "zh") for each in said("100")}
    assert "数据标注企业" in found["quote_buyer_and_seller"]
    assert "公共算力中心" in found["quote_buyer_and_seller"]
    assert "quote_nothing_excludes" in found
    excluded = {each.code: words(each, "en") for each in said("100", excluded_by=("vch_1",))}
    assert "vch_1" in excluded["quote_excluded"]
    assert "quote_nothing_excludes" not in excluded


def test_every_sentence_and_limit_has_its_words() -> None:
    codes = {f"quote_bound_by_{kind.value}" for kind in LimitKind}
    for excluded in ((), ("x",)):
        codes |= {each.code for each in said("100", excluded_by=excluded)}
    assert codes <= set(vocabulary())
    for statement in said("100", excluded_by=("x",)):
        for language in ("zh", "en"):
            assert "{" not in words(statement, language), statement.code


def test_a_firm_at_480000_is_told_why_20000_is_next(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market), 1_000_000)
    confirm(market, propose(market, a_file(market, "yz-4,,BUYER,2026,1600000,480000.00,")))
    do(market.house, market.payer, lambda work: service.appropriate(work, Appropriate(2026, "yz-4", CAP, "F-1")))
    quoted = ask(market.house, market.buyer, lambda view: service.quote(view, OrderId(order.id)))
    assert quoted.amount == yuan("20000")
    last = quoted.statements[-1]
    assert (last.code, last.amounts["used"], last.amounts["left"]) == (
        "quote_bound_by_firm_year",
        yuan("480000"),
        yuan("20000"),
    )
    assert {each.code: each for each in quoted.statements}["quote_appropriation"].amounts["left"] == CAP
