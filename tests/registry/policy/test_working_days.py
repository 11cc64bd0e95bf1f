from datetime import date, timedelta

import pytest

from registry.errors import InvalidValueError, UnavailableError
from registry.policy.loader import calendar_of, load_calendar_year, load_shipped_calendar
from registry.policy.working_days import CalendarYear

CALENDAR = load_shipped_calendar()


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-01-02", False),  # Friday inside the New Year holiday.
        ("2026-01-04", True),  # Sunday, make-up day.
        ("2026-02-14", True),
        ("2026-02-15", False),
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2026-02-28", True),
        ("2026-04-06", False),
        ("2026-05-05", False),
        ("2026-05-09", True),
        ("2026-06-19", False),
        ("2026-09-20", True),
        ("2026-09-25", False),
        ("2026-10-07", False),
        ("2026-10-10", True),
        ("2026-11-21", False),  # An ordinary Saturday.
        ("2026-11-23", True),  # An ordinary Monday.
    ],
)
def test_the_notice_for_2026_says_on_which_days_offices_work(day: str, works: bool) -> None:
    assert CALENDAR.is_working_day(date.fromisoformat(day)) is works


def test_2026_has_the_days_of_the_notice() -> None:
    year = CALENDAR.years[2026]
    assert (len(year.holidays), len(year.make_up_days)) == (3 + 9 + 3 + 5 + 3 + 3 + 7, 6)


def test_2026_has_248_working_days() -> None:
    # 261 weekdays, less 19 weekdays of the holidays, plus six make-up days.
    days = (date(2026, 1, 1) + timedelta(days=step) for step in range(365))
    assert sum(CALENDAR.is_working_day(day) for day in days) == 248


def test_a_year_whose_notice_is_to_come_is_provisional() -> None:
    assert (CALENDAR.is_provisional(date(2026, 12, 31)), CALENDAR.is_provisional(date(2027, 1, 1))) == (False, True)


@pytest.mark.parametrize("day", ["2027-01-01", "2027-02-05", "2027-02-08", "2027-04-05", "2027-06-09", "2027-09-15"])
def test_a_provisional_year_rests_on_the_days_of_the_regulation(day: str) -> None:
    assert not CALENDAR.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2028, 1, 1)])
def test_a_year_that_is_not_known_is_not_guessed(day: date) -> None:
    with pytest.raises(UnavailableError, match="calendar_year_unknown"):
        CALENDAR.is_working_day(day)


def test_the_published_notice_goes_before_the_provisional_year() -> None:
    provisional = CALENDAR.years[2027]
    published = CalendarYear(2027, False, "notice", frozenset(), frozenset())
    assert calendar_of([published, provisional]).years[2027] is published


@pytest.mark.parametrize(
    ("holidays", "make_up_days", "code"),
    [
        ({date(2025, 12, 31)}, set(), "calendar_day_of_other_year"),
        (set(), {date(2027, 1, 2)}, "calendar_day_of_other_year"),
        (set(), {date(2026, 11, 23)}, "calendar_make_up_day_wrong"),
        ({date(2026, 11, 21)}, {date(2026, 11, 21)}, "calendar_make_up_day_wrong"),
    ],
)
def test_a_year_that_contradicts_itself_is_refused(holidays: set[date], make_up_days: set[date], code: str) -> None:
    with pytest.raises(InvalidValueError, match=code):
        CalendarYear(2026, False, "notice", frozenset(holidays), frozenset(make_up_days))


def test_a_holiday_that_ends_before_it_begins_is_refused_with_its_line() -> None:
    text = """format = 1
year = 2026
provisional = false
source = "notice"
make_up_days = []
[[holidays]]
name = "x"
from = 2026-01-03
to = 2026-01-01
"""
    with pytest.raises(InvalidValueError) as refused:
        load_calendar_year(text, "cn-2026.toml")
    assert refused.value.parameters["at"] == "cn-2026.toml:9 holidays[1].to"
