"""What the log bucket is kept by: how long, and who may shorten it."""

from datetime import timedelta

import pytest

from storage.settings import RetentionMode, SettingsError, read_settings


def test_the_log_is_kept_ten_years_and_an_operator_may_shorten_it() -> None:
    found = read_settings({})
    assert (found.log_retention, found.log_retention_mode) == (timedelta(days=3650), RetentionMode.GOVERNANCE)


def test_term_and_mode_of_the_log_are_set() -> None:
    found = read_settings({"SANCAI_LOG_RETENTION_DAYS": "30", "SANCAI_LOG_RETENTION_MODE": "compliance"})
    assert (found.log_retention, found.log_retention_mode) == (timedelta(days=30), RetentionMode.COMPLIANCE)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SANCAI_LOG_RETENTION_DAYS", "0"),
        ("SANCAI_LOG_RETENTION_DAYS", "36501"),
        ("SANCAI_LOG_RETENTION_DAYS", "ten"),
        ("SANCAI_LOG_RETENTION_MODE", "forever"),
    ],
)
def test_a_term_or_mode_that_cannot_be_right_is_named(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({name: text})
    assert refused.value.variable == name
