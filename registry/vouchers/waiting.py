"""Where holds of one process wait for each other, and are taken into one transaction by whoever gets there first.

Rules:
* Who comes alone goes the ordinary write path. Those that come while one is under way wait, and the next transaction
  takes them all along, in the order they arrived.
* Each has its own idempotency key, outcome and journal entry (``journal/together.py``). What cannot be done together
  goes the ordinary path one by one, each in its own thread: keys that were answered before, keys or orders that come
  twice, and everything as soon as anything unforeseen happens to one of them. It keeps the instant it arrived at.
* Several processes may do so at the same pool: they meet at its lock. A process that is lost takes with it what was
  not committed, and nothing of that was answered.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from registry.actors.model import Action, Actor
from registry.actors.rules import refusal
from registry.errors import SancaiError, UnavailableError
from registry.journal.gate import Gate
from registry.journal.together import Waiting, perform_together
from registry.journal.work import Command, Outcome, Work, perform
from registry.values.identifiers import OrderId
from registry.values.moment import Clock, Moment
from registry.vouchers.holding import Claim, NotTogetherError, hold, hold_together
from registry.vouchers.model import Voucher
from storage.database import Database, DatabaseUnavailableError

TOGETHER_MAX: Final = 256
"""How many holds one transaction takes along."""
GATHER_S: Final = 0.05
"""How long a batch that would be smaller than the one before waits for others."""

_LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A clock that stands at the instant a request arrived: who waited here is not late by having waited.

    The write path takes from it what a batch takes from the same instant: when the key was claimed, what the registers
    said, the day and the round, the times of voucher, posting and journal entry. None of them is asked to follow the
    one written before it; the log is ordered by its numbers.
    """

    at: Moment

    def now(self) -> Moment:
        """Return that instant."""
        return self.at


Present = Callable[[Voucher], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A hold that waits."""

    waiting: Waiting
    order: OrderId
    present: Present


class WaitingHolds:
    """The holds of this process; every thread that wants one comes here."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Prepare; nothing runs until somebody comes."""
        self._database: Final = database
        self._clock: Final = clock
        self._gate: Final[Gate[_Wanted, Outcome | SancaiError | None]] = Gate(self._run, TOGETHER_MAX, GATHER_S)

    def hold(self, actor: Actor, command: Command, order: OrderId, present: Present) -> Outcome:
        """Hold a voucher on the write path and return the outcome, which ``present`` makes of it.

        Raises what ``holding.hold`` raises, ConflictError for a key that came with another body, UnavailableError.
        """
        wanted = _Wanted(Waiting(actor, command, self._clock.now()), order, present)
        # Who may not hold at all has no key kept for it, so it takes nobody along.
        found = None if refusal(actor, Action.HOLD_VOUCHER) else self._gate.through(wanted)
        if found is None:
            return self._alone(wanted)
        if isinstance(found, SancaiError):
            raise found
        return found

    def _alone(self, wanted: _Wanted) -> Outcome:
        """Hold on the ordinary write path. Raises as ``hold``."""
        clock, waiting = _Arrived(wanted.waiting.arrived_at), wanted.waiting
        return perform(
            self._database,
            clock,
            waiting.actor,
            waiting.command,
            lambda work: wanted.present(hold(work, wanted.order)),
        )

    def _run(self, batch: Sequence[_Wanted]) -> Sequence[Outcome | SancaiError | None]:
        """Return the outcome of each; None for one that is to go alone."""
        if len(batch) == 1:
            # At the gate, not behind it: those that come meanwhile wait, and go together.
            return [self._alone(batch[0])]
        alone: list[Outcome | SancaiError | None] = [None] * len(batch)
        if len({each.order for each in batch}) < len(batch):
            return alone

        def act(works: Sequence[Work], places: Sequence[int]) -> list[Mapping[str, Any] | SancaiError]:
            claims = [Claim(work, batch[place].order) for work, place in zip(works, places, strict=True)]
            made = hold_together(claims)
            return [
                each if isinstance(each, SancaiError) else batch[place].present(each)
                for each, place in zip(made, places, strict=True)
            ]

        try:
            return perform_together(self._database, [each.waiting for each in batch], act)
        except NotTogetherError:
            return alone
        except DatabaseUnavailableError as error:
            # It is not known whether it was written: the same key tells, once the database answers.
            return [_unavailable(error)] * len(batch)
        except Exception:
            _LOGGER.exception("holds are made one by one")
            return alone


def _unavailable(error: DatabaseUnavailableError) -> UnavailableError:
    found = UnavailableError("database_unavailable")
    found.__cause__ = error
    return found
