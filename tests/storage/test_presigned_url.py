"""Presigned URLs against the worked example that AWS publishes."""

from datetime import UTC, datetime

import pytest

from storage.presigned_url import presigned_url
from storage.settings import StoreKey

KEY = StoreKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
NOW = datetime(2013, 5, 24, tzinfo=UTC)


def test_the_published_example_is_signed_alike() -> None:
    """AWS, Authenticating Requests: Using Query Parameters (AWS Signature Version 4), example."""
    made = presigned_url("GET", "https://examplebucket.s3.amazonaws.com/test.txt", KEY, "us-east-1", NOW, 86_400, {})
    assert made.endswith("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


def test_the_size_of_a_body_is_among_what_is_signed() -> None:
    made = presigned_url("PUT", "http://a/b/c", KEY, "us-east-1", NOW, 60, {"partNumber": "1"}, size_bytes=5)
    assert "X-Amz-SignedHeaders=content-length%3Bhost" in made


def test_a_url_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="a URL lives"):
        presigned_url("GET", "http://a/b/c", KEY, "us-east-1", NOW, 604_801, {})
