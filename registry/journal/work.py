"""The one write path.

Every command runs in one transaction of five steps: idempotency key, load and lock, pure rule, save, journal entry. The
middle three belong to the use case; this module does the first and the last, so that no use case can leave them out.

Rules:
* Same party, operation and key with the same body: the first outcome for ever, a refusal included. Another body: a
  conflict, without effect (POLICY §4.3, invariant 8).
* A colleague with the same key and body does nothing twice, and is not shown an answer that the colleague's own role
  may not read.
* A refusal by rule, by state or because something is not there is an outcome and kept. Malformed input, missing
  rights and an unavailable part are not: the same key may then succeed.
* A refused command leaves nothing behind but its kept answer.
* A kept answer may be erased with the data of a natural person (RULINGS 35). That something was done or refused under
  its key stays: a retry still acts only once, and is told so.
* A command that writes makes exactly one journal entry.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from registry.actors.model import Actor
from registry.errors import (
    ConflictError,
    Finding,
    InvalidValueError,
    NotFoundError,
    Obstacle,
    RuleError,
    SancaiError,
    UnavailableError,
)
from registry.journal import records
from registry.journal.model import ENTRY_FORMAT_VERSION, SALT_BYTES, Entry, Opening, commitment_of, covered
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import EntryId
from registry.values.moment import Clock, Moment
from registry.values.randomness import random_bytes
from storage.database import Connection, Database, DatabaseUnavailableError

ERASED: Final = "erased"
"""Stands alone in an answer that was erased: whether something was done under its key, or refused."""

KEPT_REFUSALS: Final[dict[str, type[SancaiError]]] = {
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "rule": RuleError,
}


@dataclass(frozen=True, slots=True)
class View:
    """One state of the database as an actor sees it at an instant; queries take it."""

    connection: Connection
    actor: Actor
    now: Moment

    def as_of(self, at: Moment | None) -> "View":
        """Return the view of an instant that has passed: what was recorded later is not seen. None: this view.

        Raises:
            InvalidValueError: The instant lies ahead.
        """
        if at is None:
            return self
        if at > self.now:
            raise InvalidValueError("as_of_ahead", given=str(at), now=str(self.now))
        return View(self.connection, self.actor, at)


class Work(View):
    """An open transaction in which a use case writes; it ends in one journal entry."""

    __slots__ = ("_covered", "_entry", "_reserved")

    def __init__(self, connection: Connection, actor: Actor, now: Moment) -> None:
        super().__init__(connection, actor, now)
        object.__setattr__(self, "_entry", None)
        object.__setattr__(self, "_reserved", EntryId.new())
        object.__setattr__(self, "_covered", [])

    @property
    def reserved(self) -> EntryId:
        """The id the journal entry has or will have; what is written before it may name it."""
        return self._reserved  # type: ignore[attr-defined, no-any-return]

    def cover(self, hashes: Sequence[bytes]) -> None:
        """Let the journal entry commit to what was written to the ledger, by the hash of each posting.

        What is posted after the entry only names it; the next posting on its accounts, which it leads to, is committed.
        """
        if self._entry is None:  # type: ignore[attr-defined]
            self._covered.extend(hashes)  # type: ignore[attr-defined]
        elif self._covered:  # type: ignore[attr-defined]
            raise AssertionError("a use case posts before its journal entry or after it, not both")

    def journal(self, entry_type: str, subject: str, /, **payload: Json) -> EntryId:
        """State what was decided, once. ``payload`` stays out of the log: the entry holds a salted commitment to it.

        ``entry_type`` is past tense with its room in front, for example ``catalog.version_published``.
        """
        if self._entry is not None:  # type: ignore[attr-defined]
            raise AssertionError("a use case makes one journal entry")
        if self._covered:  # type: ignore[attr-defined]
            payload |= {"ledger": covered(self._covered)}  # type: ignore[attr-defined]
        opening = Opening(salt=random_bytes(SALT_BYTES), payload=payload)
        role = ",".join(sorted(role.value for role in self.actor.roles)) or "none"
        entry = Entry(
            id=self.reserved,
            type=entry_type,
            format_version=ENTRY_FORMAT_VERSION,
            subject=subject,
            role=role,
            decided_at=self.now,
            commitment=commitment_of(opening),
        )
        self._write(entry, opening)
        object.__setattr__(self, "_entry", entry.id)
        return entry.id

    def _write(self, entry: Entry, opening: Opening) -> None:
        records.add_entries(self.connection, [(entry, opening)])

    @property
    def entry(self) -> EntryId | None:
        """The journal entry, once it is made."""
        return self._entry  # type: ignore[attr-defined, no-any-return]


@dataclass(frozen=True, slots=True)
class Command:
    """What identifies one request: operation, the caller's key and the digest of everything that was asked."""

    operation: str
    key: str
    body: Digest


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command led to, and whether that had been answered before."""

    result: Mapping[str, Any]
    replayed: bool


UseCase = Callable[[Work], Mapping[str, Any]]

Slot = tuple[str, str, str]
"""Whose idempotency key it is: party, operation, key."""

Keep = Callable[[View, Slot, dict[str, Json]], dict[str, Json]]
"""Says what is kept of an outcome, in the transaction that made it; rooms above know what has to be erasable."""


# Invariant 8 (idempotency).
def perform(
    database: Database, clock: Clock, actor: Actor, command: Command, use_case: UseCase, keep: Keep | None = None
) -> Outcome:
    """Run ``use_case`` on the write path and return its outcome as JSON.

    Raises whatever the use case raises, ConflictError for a key that came with another body or whose answer was erased,
    UnavailableError.
    """
    try:
        found = database.retrying(
            lambda connection: _attempt(View(connection, actor, clock.now()), command, use_case, keep)
        )
    except DatabaseUnavailableError as error:
        raise UnavailableError("database_unavailable") from error
    if isinstance(found, SancaiError):
        raise found
    return found


def _attempt(view: View, command: Command, use_case: UseCase, keep: Keep | None) -> Outcome | SancaiError:
    connection, actor = view.connection, view.actor
    slot = (actor.party, command.operation, command.key)
    if not records.claim_key(connection, slot, actor.account, command.body, view.now):
        account, body, kept = records.answer_of(connection, *slot)
        if body != command.body:
            return ConflictError("idempotency_key_reused", key=command.key, operation=command.operation)
        if account != actor.account:
            return ConflictError("idempotency_key_of_colleague", key=command.key, operation=command.operation)
        return _replayed(kept, command)
    try:
        with connection.begin_nested():
            work = Work(connection, actor, view.now)
            result = use_case(work)
            if work.entry is None:
                raise AssertionError(f"{command.operation} wrote no journal entry")
    except (NotFoundError, ConflictError, RuleError) as refusal:
        _keep(view, slot, kept_refusal(refusal), keep)
        return refusal
    _keep(view, slot, {"result": dict(result)}, keep)
    return Outcome(result, replayed=False)


def _keep(view: View, slot: Slot, outcome: dict[str, Json], keep: Keep | None) -> None:
    records.keep_answer(view.connection, *slot, keep(view, slot, outcome) if keep else outcome)


def kept_refusal(error: SancaiError) -> dict[str, Json]:
    """Return a refusal as it is kept with its key."""
    kind = next(name for name, made in KEPT_REFUSALS.items() if isinstance(error, made))
    kept: dict[str, Json] = {"refusal": kind, "code": error.code, "parameters": dict(error.parameters)}
    if isinstance(error, RuleError):
        kept["obstacles"] = [
            {
                "code": found.code,
                "clause": found.clause,
                "finding": found.finding.value,
                "parameters": dict(found.parameters),
                "evidence": list(found.evidence),
            }
            for found in error.obstacles
        ]
    return kept


def _replayed(kept: Any, command: Command) -> Outcome | SancaiError:
    if ERASED in kept:
        code = "idempotency_answer_erased" if kept[ERASED] else "idempotency_refusal_erased"
        return ConflictError(code, key=command.key, operation=command.operation)
    if "result" in kept:
        return Outcome(kept["result"], replayed=True)
    if kept["refusal"] == "rule":
        obstacles = tuple(
            Obstacle(
                code=found["code"],
                clause=found["clause"],
                finding=Finding(found["finding"]),
                parameters=found["parameters"],
                evidence=tuple(found["evidence"]),
            )
            for found in kept["obstacles"]
        )
        return RuleError(kept["code"], obstacles, **kept["parameters"])
    return KEPT_REFUSALS[kept["refusal"]](kept["code"], **kept["parameters"])
