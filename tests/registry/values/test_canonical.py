import json
import math
import struct
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.values.canonical import Json, canonical_json

# RFC 8785 appendix B: IEEE 754 bits and how ECMAScript writes the number.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_numbers_are_written_as_the_appendix_says(bits: str, text: str) -> None:
    assert canonical_json(struct.unpack(">d", bytes.fromhex(bits))[0]) == text.encode()


def test_the_example_of_section_3_2_2() -> None:
    value = json.loads(
        r"""{
          "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
          "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
          "literals": [null, true, false]
        }"""
    )
    assert (
        canonical_json(value)
        == (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )


def test_keys_are_sorted_as_utf_16_as_in_section_3_2_3() -> None:
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert [*json.loads(canonical_json(value))] == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@given(values)
def test_reading_and_writing_again_gives_the_same_bytes(value: Json) -> None:
    written = canonical_json(value)
    assert canonical_json(_read(written)) == written


def _read(written: bytes) -> Any:
    # A float beyond 2^53 is written without exponent; read back as a float, as every JSON reader but Python's does.
    return json.loads(written, parse_int=lambda text: int(text) if abs(int(text)) < 2**53 else float(text))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**53, -(2**53), [1, {"a": 2**60}]])
def test_a_number_that_readers_would_change_is_refused(value: Json) -> None:
    with pytest.raises(InvalidValueError) as refused:
        canonical_json(value)
    assert refused.value.code == "json_number_out_of_range"


@pytest.mark.parametrize("value", ["\ud800", ["a\udfff"], {"\ud800": 1}, {"a": "\ud800"}])
def test_a_lone_surrogate_is_refused(value: Json) -> None:
    with pytest.raises(InvalidValueError) as refused:
        canonical_json(value)
    assert refused.value.code == "json_text_malformed"


def _nested(depth: int) -> Any:
    value: Any = None
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [b"bytes", {1: 2}, {"a": {1, 2}}, object(), _nested(100_000)])
def test_what_json_does_not_have_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValueError) as refused:
        canonical_json(value)
    assert refused.value.code == "json_not_canonical"


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="ascii")), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(plain)
def test_what_the_standard_library_writes_is_what_the_library_of_the_rfc_writes(value: Json) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)  # type: ignore[arg-type]
