import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.values.digest import Digest

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4, example of SHA-256.


def test_the_digest_of_the_standards_example() -> None:
    assert Digest.of(b"abc") == Digest(ABC)


@given(st.binary())
def test_a_digest_is_read_back_from_its_text(content: bytes) -> None:
    digest = Digest.of(content)
    assert Digest.parse(str(digest)) == digest == Digest.parse(digest.hex)
    assert digest.raw == hashlib.sha256(content).digest()


def test_a_digest_names_its_algorithm() -> None:
    assert str(Digest(ABC)) == f"sha256:{ABC}"


def test_the_order_of_keys_does_not_change_the_digest_of_a_value() -> None:
    assert Digest.of_json({"b": 1, "a": 2}) == Digest.of_json({"a": 2, "b": 1})
    assert Digest.of_json({"a": 2, "b": 1}) == Digest.of(b'{"a":2,"b":1}')


@pytest.mark.parametrize(
    "text",
    [
        "",
        ABC[1:],
        ABC + "0",
        ABC.upper(),
        "md5:" + ABC[:32],
        "sha256:sha256:" + ABC,
        ABC[:-1] + "g",
        ABC + "\n",
        "０" * 64,
    ],
)
def test_what_is_not_64_lower_case_hex_digits_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        Digest.parse(text)
    assert refused.value.code == "digest_malformed"
