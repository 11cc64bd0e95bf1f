"""Which checkpoint of the log a figure is a function of (POLICY §4.3, invariant 24)."""

from dataclasses import dataclass

from registry.journal import records
from registry.journal.work import View
from registry.values.moment import Moment


@dataclass(frozen=True, slots=True)
class Position:
    """A checkpoint by its size, root in hex and log time; before the first one the size is nothing."""

    size: int
    root: str = ""
    logged_at: Moment | None = None


def position(view: View) -> Position:
    """Return the newest checkpoint of the state that is read: what is not in it yet waits in the queue of the log."""
    found = records.newest_checkpoint(view.connection)
    if found is None:
        return Position(0)
    return Position(found[0].size, found[0].root.hex(), found[0].logged_at)
