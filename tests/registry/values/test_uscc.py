import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.values.uscc import Uscc

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
VALID = [
    "91350100M000100Y43",
    "91110108551385082Q",
    "91110000600037341L",
    # The sum leaves no remainder: 31 is written 0 (GB 32100-2015).
    "91652201EMG3Q5GTC0",
    "91652201JH6YGDFTB0",
]


@pytest.mark.parametrize("code", VALID)
def test_codes_with_a_right_check_digit_pass(code: str) -> None:
    assert Uscc(code).code == code


@given(st.text("0123456789", min_size=8, max_size=8), st.text(ALPHABET, min_size=9, max_size=9))
def test_exactly_the_check_digit_of_the_standard_passes(head: str, tail: str) -> None:
    body = head + tail
    total = sum(ALPHABET.index(character) * (3**place % 31) for place, character in enumerate(body))
    expected = ALPHABET[(31 - total % 31) % 31]
    assert [digit for digit in ALPHABET if _passes(body + digit)] == [expected]


def test_a_wrong_check_digit_is_named() -> None:
    with pytest.raises(InvalidValueError) as refused:
        Uscc("91652201EMG3Q5GTC1")
    assert refused.value.code == "uscc_check_digit"


def _passes(code: str) -> bool:
    try:
        Uscc(code)
    except InvalidValueError:
        return False
    return True


@given(st.sampled_from(VALID), st.integers(8, 16), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(code: str, place: int, wrong: str) -> None:
    changed = code[:place] + wrong + code[place + 1 :]
    assert _passes(changed) == (changed == code)


@pytest.mark.parametrize(
    "written",
    [
        "91652201emg3q5gtc0",
        "91652201-EMG3Q5GTC-0",
        " 91 652201 EMG3Q5GTC0 ",
        "９１６５２２０１EMG3Q5GTC０",
    ],
)
def test_a_code_is_kept_in_one_writing(written: str) -> None:
    assert Uscc(written) == Uscc("91652201EMG3Q5GTC0")


@pytest.mark.parametrize(
    "code",
    [
        "",
        "91652201EMG3Q5GTC",
        "91652201EMG3Q5GTC00",
        "91652201IMG3Q5GTC0",
        "91652201OMG3Q5GTC0",
        "91652201ZMG3Q5GTC0",
        "91652201SMG3Q5GTC0",
        "91652201VMG3Q5GTC0",
        "916522O1EMG3Q5GTC0",
        "91652201ÉMG3Q5GTC0",
        "91652201EMG3Q5GTß0",
    ],
)
def test_what_has_not_the_form_is_refused(code: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        Uscc(code)
    assert refused.value.code == "uscc_malformed"


def test_the_region_stands_in_the_code() -> None:
    assert Uscc("91652201EMG3Q5GTC0").region == "652201"


def test_a_code_prints_as_it_is_kept() -> None:
    assert str(Uscc("91652201emg3q5gtc0")) == "91652201EMG3Q5GTC0"
