"""Bytes are metered as they leave, each byte of a read once, whatever is asked for again."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.catalog.metering import Counted, SentPart, spans_sent
from registry.values.identifiers import ReadId
from registry.values.moment import Moment

NOW = Moment.of_text("2026-03-02T02:00:00Z")


def counted(*pieces: bytes) -> tuple[Counted, list[int]]:
    """Return content that is counted, and where its count goes."""
    told: list[int] = []
    return Counted(iter(pieces), told.append), told


def test_what_was_taken_to_the_end_is_counted_once() -> None:
    content, told = counted(b"abc", b"de")
    assert b"".join(content) == b"abcde"
    content.close()
    assert told == [5]


def test_a_piece_counts_when_the_next_is_asked_for() -> None:
    content, told = counted(b"abc", b"de")
    next(content)
    next(content)
    content.close()
    assert told == [3]


def test_what_the_store_could_not_give_is_not_counted() -> None:
    def broken() -> Iterator[bytes]:
        yield b"abc"
        raise OSError("gone")

    told: list[int] = []
    content = Counted(broken(), told.append)
    with pytest.raises(OSError, match="gone"):
        list(content)
    assert told == [3]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6), st.integers(0, 400))
def test_parts_are_sent_in_their_order(lengths: list[int], sent: int) -> None:
    reads = [ReadId.new() for _ in lengths]
    parts = [SentPart(read, 7, length) for read, length in zip(reads, lengths, strict=True)]
    found = {each.read.id: each.spans for each in spans_sent(parts, NOW, sent)}
    left = sent
    for read, length in zip(reads, lengths, strict=True):
        taken, left = min(length, left), max(0, left - length)
        assert found.get(read, ()) == (((7, 7 + taken),) if taken else ())


def test_a_file_that_is_asked_for_twice_has_its_span_twice() -> None:
    read = ReadId.new()
    [made] = spans_sent([SentPart(read, 0, 4), SentPart(read, 0, 4)], NOW, 6)
    assert made.spans == ((0, 4), (0, 2))
