"""Instants and days.

Rules:
* An instant is a ``Moment``: aware, in UTC, to the microsecond.
* A day is a ``datetime.date`` in the zone of the authority (Asia/Shanghai); it never depends on the zone of a server.
* Nobody asks the wall clock but a ``Clock`` that was handed in.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from registry.errors import InvalidValueError

SHANGHAI = ZoneInfo("Asia/Shanghai")

# Within these years an instant has a day in every zone; a day further and the calendar of the language ends.
YEAR_MIN = 2
YEAR_MAX = 9998

_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?P<zone>[Zz]|[+-]\d\d:\d\d)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """An instant in UTC."""

    instant: datetime

    def __post_init__(self) -> None:
        """Refuse a datetime without a zone; turn any other zone into UTC. Raises InvalidValueError."""
        if self.instant.utcoffset() is None:
            raise InvalidValueError("moment_without_zone", given=self.instant.isoformat())
        try:
            instant = self.instant.astimezone(UTC)
        except OverflowError as error:
            raise InvalidValueError("moment_out_of_range", given=self.instant.isoformat()) from error
        if not YEAR_MIN <= instant.year <= YEAR_MAX:
            raise InvalidValueError("moment_out_of_range", given=self.instant.isoformat())
        object.__setattr__(self, "instant", instant)

    @classmethod
    def of_text(cls, text: str) -> "Moment":
        """Return the instant written as RFC 3339 with at most six decimals. Raises InvalidValueError."""
        if not (found := _RFC3339.fullmatch(text)):
            raise InvalidValueError("moment_malformed", given=text[:40])
        if not found["zone"]:
            raise InvalidValueError("moment_without_zone", given=text[:40])
        try:
            return cls(datetime.fromisoformat(text.upper()))
        except ValueError as error:
            raise InvalidValueError("moment_malformed", given=text[:40]) from error

    @classmethod
    def start_of(cls, day: date, zone: ZoneInfo = SHANGHAI) -> "Moment":
        """Return the first instant of ``day`` in ``zone``. Raises InvalidValueError."""
        return cls(datetime.combine(day, time(), zone))

    def plus(self, span: timedelta) -> "Moment":
        """Return the instant ``span`` later. Raises InvalidValueError at the end of the calendar."""
        try:
            return Moment(self.instant + span)
        except OverflowError as error:
            raise InvalidValueError("moment_out_of_range", given=f"{self} + {span}") from error

    def civil_day(self, zone: ZoneInfo = SHANGHAI) -> date:
        """Return the day this instant falls on in ``zone``."""
        return self.instant.astimezone(zone).date()

    def __str__(self) -> str:
        """Return RFC 3339 with six decimals and ``Z``."""
        return f"{self.instant.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


class Clock(Protocol):
    """Tells the instant a use case happens at."""

    def now(self) -> Moment:
        """Return the present instant."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> Moment:
        """Return the present instant."""
        return Moment(datetime.now(UTC))
