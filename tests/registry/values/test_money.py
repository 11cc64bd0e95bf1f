import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.values.money import FEN_MAX, FULL_RATE_BP, ZERO, Money, Rate

amounts = st.integers(0, FEN_MAX)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("120000", 12_000_000),
        ("0.05", 5),
        ("0.5", 50),
        ("36000.00", 3_600_000),
        ("0", 0),
        ("9999999999999.99", FEN_MAX),
    ],
)
def test_yuan_are_read_to_the_fen(text: str, fen: int) -> None:
    assert Money.of_yuan(text) == Money(fen)


@given(amounts)
def test_every_amount_is_read_back_from_its_yuan(fen: int) -> None:
    assert Money.of_yuan(f"{fen // 100}.{fen % 100:02d}").fen == fen


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "+1",
        "0.005",
        "1.000",
        "1e3",
        "１２０",
        "٣",
        " 1",
        "1 ",
        "1\n",
        "",
        ".5",
        "5.",
        "1,000",
        "¥1",
        "NaN",
        "inf",
        "0x10",
        "1_000",
        "10000000000000",
    ],
)
def test_what_is_not_whole_fen_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        Money.of_yuan(text)
    assert refused.value.code == "money_not_whole_fen"


@pytest.mark.parametrize("fen", [-1, FEN_MAX + 1, 10**400])
def test_an_amount_beyond_the_bounds_is_refused(fen: int) -> None:
    with pytest.raises(InvalidValueError) as refused:
        Money(fen)
    assert refused.value.code == "money_out_of_range"


@pytest.mark.parametrize("fen", [1.0, True, "1", None])
def test_only_an_integer_is_an_amount(fen: object) -> None:
    with pytest.raises(InvalidValueError) as refused:
        Money(fen)  # type: ignore[arg-type]
    assert refused.value.code == "money_not_whole_fen"


def test_nothing_is_left_below_zero() -> None:
    with pytest.raises(InvalidValueError):
        Money(1) - Money(2)


def test_less_stops_at_nothing() -> None:
    assert Money(1).less(Money(2)) == ZERO
    assert Money(3).less(Money(2)) == Money(1)


@given(st.integers(0, FEN_MAX // 2), st.integers(0, FEN_MAX // 2))
def test_adding_and_taking_away_cancel(first: int, second: int) -> None:
    assert Money(first) + Money(second) - Money(second) == Money(first)


@given(amounts, amounts)
def test_amounts_are_ordered_as_their_fen(first: int, second: int) -> None:
    assert (Money(first) < Money(second), Money(first) >= Money(second)) == (first < second, first >= second)


def test_an_amount_is_not_compared_with_a_number() -> None:
    with pytest.raises(TypeError):
        assert Money(1) < 2


def test_only_nothing_is_false() -> None:
    assert not ZERO
    assert Money(1)


def test_an_amount_is_printed_with_separators() -> None:
    assert str(Money(5_000_000)) == "¥50,000.00"
    assert str(Money(5)) == "¥0.05"


@pytest.mark.parametrize(
    ("yuan", "capitals"),
    [
        ("50000", "伍万元整"),
        ("1.05", "壹元零伍分"),
        ("300400", "叁拾万零肆佰元整"),
        ("36000", "叁万陆仟元整"),
        ("464000", "肆拾陆万肆仟元整"),
        ("10000000", "壹仟万元整"),
        ("500000", "伍拾万元整"),
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.5", "伍角整"),
        ("0.55", "伍角伍分"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("10", "壹拾元整"),
        ("10001", "壹万零壹元整"),
        ("100020000", "壹亿零贰万元整"),
        ("1000000010000", "壹万亿零壹万元整"),
        ("9999999999999.99", "玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
    ],
)
def test_amounts_in_capitals(yuan: str, capitals: str) -> None:
    assert Money.of_yuan(yuan).in_capitals() == capitals


@given(st.one_of(amounts, st.integers(0, 2_000_000), st.integers(0, 10**7).map(lambda yuan: yuan * 100)))
def test_capitals_agree_with_another_writer(fen: int) -> None:
    expected = cn2an.an2cn(f"{fen // 100}.{fen % 100:02d}", "rmb")
    assert _without_options(Money(fen).in_capitals()) == _without_options(expected)


def _without_options(capitals: str) -> str:
    # 支付结算办法附一 leaves open: 零 between 元 and 角 and after 万, and 整 after 角.
    return capitals.replace("零", "").replace("角整", "角")


@given(amounts)
def test_capitals_never_write_zero_twice_nor_before_a_unit(fen: int) -> None:
    text = Money(fen).in_capitals()
    assert text == "零元整" or not any(
        wrong in text for wrong in ("零零", "零拾", "零佰", "零仟", "零万", "零亿", "零元")
    )


@given(amounts, amounts)
def test_capitals_tell_amounts_apart(first: int, second: int) -> None:
    assert (Money(first).in_capitals() == Money(second).in_capitals()) == (first == second)


def test_thirty_percent_of_every_amount_to_twenty_thousand_yuan_is_floored() -> None:
    share = Rate(3000)
    wrong = [fen for fen in range(2_000_001) if not 0 <= 3 * fen - 10 * share.of_rounded_down(Money(fen)).fen < 10]
    assert wrong == []


@given(st.integers(0, FULL_RATE_BP), amounts)
def test_a_share_never_exceeds_the_exact_share_and_misses_it_by_less_than_a_fen(basis_points: int, fen: int) -> None:
    missing = basis_points * fen - FULL_RATE_BP * Rate(basis_points).of_rounded_down(Money(fen)).fen
    assert 0 <= missing < FULL_RATE_BP


@pytest.mark.parametrize("basis_points", [-1, 10_001, 30.0, True])
def test_a_rate_beyond_the_whole_is_refused(basis_points: int) -> None:
    with pytest.raises(InvalidValueError) as refused:
        Rate(basis_points)
    assert refused.value.code == "rate_out_of_range"


@pytest.mark.parametrize(
    ("basis_points", "text"),
    [(3000, "30%"), (1250, "12.5%"), (1, "0.01%"), (0, "0%"), (10_000, "100%"), (1005, "10.05%")],
)
def test_a_rate_is_printed_in_percent(basis_points: int, text: str) -> None:
    assert str(Rate(basis_points)) == text
