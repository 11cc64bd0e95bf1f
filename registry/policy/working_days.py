"""Official working days.

Rules:
* A working day is a weekday that no notice declares a holiday, or a weekend day that a notice declares a make-up
  working day (调休上班). The notice of the State Council's general office says which, year by year.
* A year whose notice is not published yet may be known provisionally, from the regulation alone
  (《全国年节及纪念日放假办法》).
* A year that is not known at all is never guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from registry.errors import InvalidValueError, UnavailableError

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """The official holidays and make-up working days of one year, with where they come from."""

    year: int
    provisional: bool
    source: str
    holidays: frozenset[date]
    make_up_days: frozenset[date]

    def __post_init__(self) -> None:
        """Refuse days of another year, days that are both, and make-up days on a weekday. Raises InvalidValueError."""
        for day in self.holidays | self.make_up_days:
            if day.year != self.year:
                raise InvalidValueError("calendar_day_of_other_year", at="days", given=day.isoformat(), year=self.year)
        for day in self.make_up_days:
            if day in self.holidays or day.weekday() < _SATURDAY:
                raise InvalidValueError("calendar_make_up_day_wrong", at="make_up_days", given=day.isoformat())


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The years that are known."""

    years: Mapping[int, CalendarYear] = field(default_factory=dict)

    def is_working_day(self, day: date) -> bool:
        """Say whether offices work on ``day``. Raises UnavailableError for a year that is not known."""
        known = self._year_of(day)
        if day in known.make_up_days:
            return True
        return day.weekday() < _SATURDAY and day not in known.holidays

    def is_provisional(self, day: date) -> bool:
        """Say whether the notice for the year of ``day`` is still to come. Raises UnavailableError."""
        return self._year_of(day).provisional

    def working_day_from(self, day: date) -> date:
        """Return ``day`` when it is a working day, else the next one. Raises UnavailableError."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def _year_of(self, day: date) -> CalendarYear:
        try:
            return self.years[day.year]
        except KeyError:
            raise UnavailableError("calendar_year_unknown", year=day.year) from None
