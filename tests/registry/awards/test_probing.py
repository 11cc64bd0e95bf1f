"""When a notice ends by what its probe saw: pure."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.awards.model import Notice
from registry.awards.probe_model import ProbeGiven, ProbeTerm, Sighting
from registry.awards.probing import (
    is_late,
    is_seen,
    notice_end,
    sighting_of,
    spans_of,
    term_at,
    unseen_since,
    watch_of,
)
from registry.errors import InvalidValueError
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, CaseId
from registry.values.moment import Moment

POSTED = Moment.of_text("2026-03-02T02:00:00Z")
ENDS = Moment.of_text("2026-03-09T16:00:00Z")
LIMIT = timedelta(hours=24)
ANYONE = AccountId.new()
LATER = ENDS.plus(timedelta(days=400))


def hours(number: float) -> Moment:
    return POSTED.plus(timedelta(hours=number))


def a_notice(*seen: float) -> Notice:
    """Return a notice whose page was seen these hours after it was posted."""
    watch = watch_of(POSTED, LIMIT, spans_of([hours(each) for each in seen]))
    return Notice(Digest.of(b"lines"), "https://x", Digest.of(b"capture"), POSTED, ENDS, ANYONE, watch=watch)


LENGTH = (ENDS.instant - POSTED.instant).total_seconds() / 3600
EVERY_HOUR = [float(hour) for hour in range(int(LENGTH) + 1)]
looks = st.lists(st.floats(0.01, 600, allow_nan=False).map(lambda each: round(each, 2)), max_size=30)


def test_a_notice_without_a_probe_ends_as_it_was_stated() -> None:
    assert notice_end(replace(a_notice(), watch=None), LATER) == ENDS


def test_a_notice_that_was_seen_every_hour_ends_as_it_was_stated() -> None:
    assert notice_end(a_notice(*EVERY_HOUR), LATER) == ENDS


@pytest.mark.parametrize(("gap_h", "ends"), [(24.0, "2026-03-09T16:00:00Z"), (24.01, "2026-03-11T16:00:00Z")])
def test_a_gap_of_the_limit_is_none_and_one_beyond_prolongs_by_all_of_it_through_the_day(
    gap_h: float, ends: str
) -> None:
    seen = [hour for hour in EVERY_HOUR if not 10 < hour < 10 + gap_h]
    assert notice_end(a_notice(*seen, 10 + gap_h), ENDS) == Moment.of_text(ends)


def test_a_gap_from_the_posting_counts_and_one_before_it_does_not() -> None:
    from_the_start = a_notice(*[hour for hour in EVERY_HOUR if hour >= 30])
    assert notice_end(from_the_start, ENDS) == ENDS.plus(timedelta(days=2))
    of_before = watch_of(POSTED, LIMIT, spans_of([hours(-90), *[hours(each) for each in EVERY_HOUR]]))
    assert of_before.gaps == ()


def test_a_notice_that_nobody_sees_never_ends_until_it_is_seen_again() -> None:
    dark = a_notice(1)
    for hour in (26, 200, 5_000):
        assert notice_end(dark, hours(hour)) > hours(hour)
        assert unseen_since(dark, hours(hour)) == hours(25)
    assert unseen_since(dark, hours(25)) is None
    again = a_notice(1, 200, *[200 + hour for hour in EVERY_HOUR], *[400 + hour for hour in range(100)])
    assert notice_end(again, LATER) == ENDS.plus(timedelta(days=9))
    assert unseen_since(again, LATER) is None


def test_a_gap_that_begins_after_the_end_prolongs_nothing() -> None:
    assert notice_end(a_notice(*EVERY_HOUR, 900), LATER) == ENDS
    # Seen last within the limit before the end: the probe looks no longer, and need not.
    assert notice_end(a_notice(*[hour for hour in EVERY_HOUR if hour < LENGTH - 23]), LATER) == ENDS


def test_the_end_is_the_end_of_a_day() -> None:
    found = notice_end(a_notice(30, *EVERY_HOUR[31:]), LATER)
    assert found == Moment.start_of(found.civil_day())


@given(looks, st.floats(0, 2_000, allow_nan=False))
def test_a_probe_never_shortens_a_notice(seen: list[float], now: float) -> None:
    assert notice_end(a_notice(*seen), hours(now)) >= ENDS


@given(looks, st.floats(0.01, 600, allow_nan=False), st.floats(0, 2_000, allow_nan=False))
def test_one_more_sighting_never_makes_a_notice_longer(seen: list[float], more: float, now: float) -> None:
    known = [each for each in seen if each <= now]
    assert notice_end(a_notice(*known, min(more, now) or 0.01), hours(now)) <= notice_end(a_notice(*known), hours(now))


@given(looks, st.floats(0, 2_000, allow_nan=False), st.floats(0, 500, allow_nan=False))
def test_the_end_never_comes_nearer_and_what_has_ended_stays_so(seen: list[float], now: float, more: float) -> None:
    notice = a_notice(*[each for each in seen if each <= now])
    first, then = notice_end(notice, hours(now)), notice_end(notice, hours(now + more))
    assert then >= first
    if first <= hours(now):
        assert then == first


@given(looks)
def test_the_order_in_which_sightings_come_in_does_not_matter(seen: list[float]) -> None:
    assert notice_end(a_notice(*reversed(seen)), LATER) == notice_end(a_notice(*seen), LATER)


def a_probe(status: int | None = 200, content: bytes = b"capture", *, found: bool = False) -> ProbeGiven:
    return ProbeGiven(CaseId.new(), hours(1), status, None if status is None else Digest.of(content), found)


def test_what_a_probe_saw() -> None:
    notice = a_notice()
    assert sighting_of(notice, a_probe()) is Sighting.SAME
    assert sighting_of(notice, a_probe(content=b"new frame", found=True)) is Sighting.CHANGED
    assert sighting_of(notice, a_probe(content=b"other")) is Sighting.MISSING
    assert sighting_of(notice, a_probe(404, found=True)) is Sighting.MISSING
    assert sighting_of(notice, a_probe(None)) is Sighting.UNREACHABLE
    seen = {each for each in Sighting if is_seen(each, late=False)}
    assert seen == {Sighting.SAME, Sighting.CHANGED}
    assert not any(is_seen(each, late=True) for each in Sighting)
    assert not is_late(a_probe(), hours(1.25))
    assert is_late(a_probe(), hours(1.26))
    with pytest.raises(InvalidValueError, match="probe_contradicts_itself"):
        ProbeGiven(CaseId.new(), hours(1), None, None, found=True)


def test_the_newest_term_before_the_posting_holds_and_later_ones_do_not() -> None:
    def a_term(number: str, limit_hours: int, at: Moment) -> ProbeTerm:
        return ProbeTerm(number, limit_hours, "office", at.civil_day(), "x", at, ANYONE)

    first, off, after = a_term("1", 24, hours(-50)), a_term("2", 0, hours(-5)), a_term("3", 6, hours(1))
    assert term_at([], POSTED) is None
    assert term_at([first, after], POSTED) == timedelta(hours=24)
    assert term_at([off, first], POSTED) is None
    assert term_at([first, off, after], hours(2)) == timedelta(hours=6)
