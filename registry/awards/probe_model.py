"""The probe of a notice page: what it saw and when, and the term an office sets for it.

A probe is another process than the server, with an account that can do nothing else. What it saw is written once and
never changed; what a notice's end comes to is computed from it (``probing.py``) and stands nowhere.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from registry.errors import InvalidValueError
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, CaseId
from registry.values.moment import Moment

LIMIT_HOURS_MIN: Final = 2
"""The probe looks every hour: less than two of them is no gap but one attempt that failed."""
LIMIT_HOURS_MAX: Final = 168
LIMIT_HOURS_ASSUMED: Final = 24
"""Assumption: a page that nobody could see for a day was not posted on that day (S0 art.7, 公示期不少于7天)."""
PROBES_AT_ONCE_MAX: Final = 200
TEXT_LENGTH_MAX: Final = 2_000


class Sighting(StrEnum):
    """What a probe saw at the address of a notice."""

    SAME = "same"
    """The bytes of the capture at posting."""
    CHANGED = "changed"
    """Other bytes, in which what was noticed still stands."""
    MISSING = "missing"
    """A page in which it does not stand, or a refusal of the web server."""
    UNREACHABLE = "unreachable"
    """No answer."""


SEEN: Final = frozenset({Sighting.SAME, Sighting.CHANGED})


@dataclass(frozen=True, slots=True)
class ProbeGiven:
    """What the probe states: when it looked, what the server answered, and whether the lines stood in it."""

    case: CaseId
    probed_at: Moment
    status: int | None
    page: Digest | None
    found: bool

    def __post_init__(self) -> None:
        """Refuse an answer without bytes and bytes without an answer. Raises InvalidValueError."""
        if (self.status is None) is not (self.page is None) or (self.found and self.page is None):
            raise InvalidValueError("probe_contradicts_itself", id=self.case)


@dataclass(frozen=True, slots=True)
class Probe:
    """One look at the page of a notice as it was recorded; a late one is kept and closes no gap."""

    case: CaseId
    probed_at: Moment
    status: int | None
    page: Digest | None
    sighting: Sighting
    late: bool
    recorded_at: Moment
    recorded_by: AccountId


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which nobody saw the notice: from the posting or the last sighting to the next one."""

    first: Moment
    last: Moment


@dataclass(frozen=True, slots=True)
class Watch:
    """What the probe makes of a notice: the limit, the gaps that are over, when it was seen last."""

    limit: timedelta
    gaps: tuple[Gap, ...]
    seen_last: Moment


@dataclass(frozen=True, slots=True)
class SetProbeTerm:
    """Have the notices of an office probed, or no more (``limit_hours`` 0), for notices that are posted from now on."""

    number: str
    limit_hours: int
    organ: str
    decided_on: date
    text: str

    def __post_init__(self) -> None:
        """Refuse a limit out of range and a decision without number, organ or words. Raises InvalidValueError."""
        if self.limit_hours and not LIMIT_HOURS_MIN <= self.limit_hours <= LIMIT_HOURS_MAX:
            raise InvalidValueError(
                "probe_limit_out_of_range", given=self.limit_hours, least=LIMIT_HOURS_MIN, most=LIMIT_HOURS_MAX
            )
        for at, given in (("number", self.number), ("organ", self.organ), ("text", self.text)):
            if not given.strip() or len(given) > TEXT_LENGTH_MAX:
                raise InvalidValueError("office_text_missing", at=at, length_max=TEXT_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class ProbeTerm:
    """How long the notices of an office may stay unseen, from when on; 0 hours: they are not probed."""

    number: str
    limit_hours: int
    organ: str
    decided_on: date
    text: str
    set_at: Moment
    set_by: AccountId
