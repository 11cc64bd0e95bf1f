from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.values.moment import Moment, SystemClock

instants = st.datetimes(datetime(1900, 1, 1), datetime(9990, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05.5+08:00", "2026-01-01T19:04:05.500000Z"),
        ("2026-01-02t03:04:05z", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02 03:04:05.123456-05:00", "2026-01-02T08:04:05.123456Z"),
        ("0099-01-02T03:04:05Z", "0099-01-02T03:04:05.000000Z"),
    ],
)
def test_an_instant_is_kept_in_utc(text: str, utc: str) -> None:
    assert str(Moment.of_text(text)) == utc


@given(instants, st.integers(-14 * 60, 14 * 60))
def test_the_zone_it_was_written_in_does_not_change_an_instant(instant: datetime, minutes: int) -> None:
    elsewhere = instant.astimezone(timezone(timedelta(minutes=minutes)))
    assert Moment(elsewhere) == Moment(instant) == Moment.of_text(elsewhere.isoformat())


@given(instants)
def test_an_instant_is_read_back_from_its_text(instant: datetime) -> None:
    assert Moment.of_text(str(Moment(instant))) == Moment(instant)


@given(instants, instants)
def test_texts_of_instants_are_ordered_as_the_instants(first: datetime, second: datetime) -> None:
    assert (str(Moment(first)) < str(Moment(second))) == (Moment(first) < Moment(second))


class Nowhere(tzinfo):
    """A zone that does not know its offset."""

    def utcoffset(self, dt: datetime | None) -> None:  # noqa: ARG002
        return None


@pytest.mark.parametrize("instant", [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=Nowhere())])  # noqa: DTZ001
def test_a_datetime_without_a_zone_is_refused(instant: datetime) -> None:
    with pytest.raises(InvalidValueError) as refused:
        Moment(instant)
    assert refused.value.code == "moment_without_zone"


def test_a_text_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidValueError) as refused:
        Moment.of_text("2026-01-02T03:04:05")
    assert refused.value.code == "moment_without_zone"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-01-02",
        "2026-W01-1T00:00:00Z",
        "20260102T030405Z",
        "2026-02-30T00:00:00Z",
        "2026-01-02T24:00:01Z",
        "2026-01-02T03:04Z",
        "2026-01-02T03:04:05.1234567Z",
        "2026-01-02T03:04:05+0800",
        "２０２６-01-02T03:04:05Z",
        "2026-01-02T03:04:05Z\n",
    ],
)
def test_what_is_not_rfc_3339_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        Moment.of_text(text)
    assert refused.value.code == "moment_malformed"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+08:00", "0001-12-31T00:00:00Z", "9999-01-01T00:00:00Z"])
def test_an_instant_at_the_end_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        Moment.of_text(text)
    assert refused.value.code == "moment_out_of_range"


@pytest.mark.parametrize("span", [timedelta.max, timedelta.min, timedelta(days=365 * 9000)])
def test_going_on_beyond_the_calendar_is_refused(span: timedelta) -> None:
    with pytest.raises(InvalidValueError) as refused:
        Moment.of_text("2026-01-01T00:00:00Z").plus(span)
    assert refused.value.code == "moment_out_of_range"


def test_a_span_later() -> None:
    assert str(Moment.of_text("2026-02-28T16:00:00Z").plus(timedelta(hours=8))) == "2026-03-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-31T15:59:59.999999Z", date(2026, 3, 31)),
        ("2026-03-31T16:00:00Z", date(2026, 4, 1)),
        ("2026-12-31T23:59:59.999999+08:00", date(2026, 12, 31)),
        ("2027-01-01T00:00:00+08:00", date(2027, 1, 1)),
    ],
)
def test_a_day_ends_at_midnight_in_shanghai(text: str, day: date) -> None:
    assert Moment.of_text(text).civil_day() == day


def test_a_day_depends_on_the_zone_asked_for() -> None:
    assert Moment.of_text("2026-03-31T16:00:00Z").civil_day(ZoneInfo("Asia/Urumqi")) == date(2026, 3, 31)


@given(st.dates(date(1995, 1, 1), date(9990, 1, 1)))
def test_a_day_begins_with_its_first_instant(day: date) -> None:
    start = Moment.start_of(day)
    assert start.civil_day() == day
    assert start.plus(timedelta(microseconds=-1)).civil_day() == day - timedelta(days=1)


def test_the_clock_of_the_machine_does_not_go_back() -> None:
    clock = SystemClock()
    before = datetime.now(UTC)
    assert Moment(before) <= clock.now() <= Moment(datetime.now(UTC))
