"""Several commands of one operation in one transaction, each with an outcome of its own.

The write path of ``work.py`` for commands that would only wait for one another. Each has its own idempotency key, kept
answer and journal entry, as if it had run alone.

Rules:
* All are durable together, and nobody is answered before that.
* A refusal is an outcome of that command alone: the use case decides before it writes, so that nothing is to be undone.
* Whatever else goes wrong undoes all of them, and each is then run alone: a bad one takes nothing from the others.
* A key that was answered before is not answered here; neither is a key that comes twice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.actors.model import Actor
from registry.errors import ConflictError, NotFoundError, RuleError, SancaiError
from registry.journal import records
from registry.journal.model import Entry, Opening
from registry.journal.work import Command, Outcome, Work, kept_refusal
from registry.values.moment import Moment
from storage.database import Connection, Database


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command that waits, and the instant it arrived at."""

    actor: Actor
    command: Command
    arrived_at: Moment

    @property
    def slot(self) -> tuple[str, str, str]:
        """What its key is unique in."""
        return self.actor.party, self.command.operation, self.command.key


class JoinedWork(Work):
    """A work whose journal entry is written with those of the others."""

    __slots__ = ("_joined",)

    def __init__(self, connection: Connection, actor: Actor, now: Moment, joined: list[tuple[Entry, Opening]]) -> None:
        super().__init__(connection, actor, now)
        object.__setattr__(self, "_joined", joined)

    def _write(self, entry: Entry, opening: Opening) -> None:
        self._joined.append((entry, opening))  # type: ignore[attr-defined]


Joint = Callable[[Sequence[Work], Sequence[int]], Sequence[Mapping[str, Any] | SancaiError]]
"""Takes the works and the places of their commands; gives what each came to: its result, or its refusal."""


def perform_together(database: Database, waiting: Sequence[Waiting], act: Joint) -> list[Outcome | SancaiError | None]:
    """Run commands in one transaction; None for one that is to be run alone.

    Raises:
        Exception: Whatever went wrong; then nothing was written. DatabaseUnavailableError: it is not known if it was.
    """
    return database.retrying(lambda connection: _attempt(connection, waiting, act))


def _attempt(connection: Connection, waiting: Sequence[Waiting], act: Joint) -> list[Outcome | SancaiError | None]:
    claimed = records.claim_keys(
        connection,
        {each.slot: (each.actor.account, each.command.body, each.arrived_at) for each in reversed(waiting)},
    )
    places = []
    for place, each in enumerate(waiting):
        if each.slot in claimed:
            claimed.discard(each.slot)
            places.append(place)
    found: list[Outcome | SancaiError | None] = [None] * len(waiting)
    if not places:
        return found
    joined: list[tuple[Entry, Opening]] = []
    works = [JoinedWork(connection, waiting[place].actor, waiting[place].arrived_at, joined) for place in places]
    answers = []
    for place, work, came_to in zip(places, works, act(works, places), strict=True):
        if isinstance(came_to, NotFoundError | ConflictError | RuleError):
            found[place] = came_to
            answers.append((waiting[place].slot, kept_refusal(came_to)))
        elif isinstance(came_to, SancaiError):
            raise came_to
        else:
            if work.entry is None:
                raise AssertionError(f"{waiting[place].command.operation} wrote no journal entry")
            found[place] = Outcome(came_to, replayed=False)
            answers.append((waiting[place].slot, {"result": came_to}))
    records.add_entries(connection, joined)
    records.keep_answers(connection, answers)
    return found
