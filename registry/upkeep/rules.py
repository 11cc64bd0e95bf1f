"""When stored bytes may go, and when they must not.

Rules:
* Bytes may be condemned when nobody has referred to them for ``GRACE`` since they were verified: longer than any URL
  and any upload lives. They go when they were condemned for ``GRACE`` again and still nobody refers to them.
* A stray is an object without a row that is older than ``GRACE``. It is first reported; it goes when an earlier run has
  reported it and it is still a stray.
* A sweep deletes nothing when the database knows no bytes at all, was set back (the store holds a later history), or
  would lose more than the given share of what the store holds: then the database is wrong more likely than the store.
* Night is from 01:00 to 05:00 in Asia/Shanghai; each nightly task is done once per night.
* A retention is renewed when less than half of its term is left.
"""

from datetime import date, timedelta
from typing import Final

from registry.errors import ConflictError
from registry.values.moment import SHANGHAI, Moment

GRACE: Final = timedelta(days=8)
NIGHT_HOURS: Final = range(1, 5)
STRAYS_MAX_PERCENT: Final = 10


def night_of(now: Moment) -> date | None:
    """Return the civil day whose night it is, or None by day."""
    local = now.instant.astimezone(SHANGHAI)
    return local.date() if local.hour in NIGHT_HOURS else None


def before_grace(now: Moment) -> Moment:
    """Return the instant before which something must have begun to be out of its grace."""
    return now.plus(-GRACE)


def require_sweepable(*, rows: int, held: int, strays: int, percent_max: int) -> None:
    """Raise ConflictError when what would go says that the database is wrong, not the store."""
    if held and not rows:
        raise ConflictError("sweep_database_empty", objects=held)
    if strays * 100 > held * percent_max:
        raise ConflictError("sweep_too_many", strays=strays, objects=held, percent_max=percent_max)
