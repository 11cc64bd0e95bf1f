"""Secrets: how they are made, kept and compared."""

import pytest

from registry.accounts import credentials


def test_a_password_is_recognised_and_another_is_not() -> None:
    kept = credentials.hash_password("四匹安静的马 four")
    assert credentials.same_password("四匹安静的马 four", kept)
    assert not credentials.same_password("四匹安静的马 five", kept)


def test_the_same_password_is_kept_differently_each_time() -> None:
    assert credentials.hash_password("four quiet horses") != credentials.hash_password("four quiet horses")


def test_nothing_is_the_password_of_nobody() -> None:
    assert not credentials.same_password("", None)


def test_a_random_secret_is_kept_as_its_digest() -> None:
    secret = credentials.new_token()
    kept = credentials.digest_of_secret(secret)
    assert secret not in str(kept)
    assert credentials.same_secret(secret, kept)
    assert not credentials.same_secret(secret + "x", kept)
    assert not credentials.same_secret(secret, None)


def test_a_token_is_known_by_its_prefix_and_holds_256_bits() -> None:
    made = {credentials.new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(token.startswith("sancai_") and len(token) == len("sancai_") + 43 for token in made)


@pytest.mark.parametrize("typed", ["WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "WDJB–MJHT"])
def test_a_user_code_may_be_typed_in_any_way(typed: str) -> None:
    assert credentials.tidy_user_code(typed) == "WDJB-MJHT"
