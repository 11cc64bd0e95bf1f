"""Birth of an installation, its clock, the sequencer, proofs, and the check that nothing in the log was changed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from registry.actors.model import Action
from registry.actors.rules import require
from registry.errors import ConflictError, CorruptContentError, InvalidValueError, NotFoundError
from registry.journal import records, rules
from registry.journal.checkpoints import sign_checkpoint, verify_checkpoint
from registry.journal.model import Checkpoint, Entry, Opening, commitment_of
from registry.journal.signing import SigningKey, Verifier
from registry.journal.work import View, Work
from registry.values.canonical import Json
from registry.values.identifiers import EntryId
from registry.values.moment import Clock, Moment, SystemClock
from storage.database import Connection, Database

BATCH_MAX = 5_000
DEMO_CLOCK_STEP_MAX = timedelta(days=400)


class DemoClock:
    """The clock of a demo database: the machine's plus an offset kept in the database, the same for every process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> Moment:
        """Return the present instant of the demo."""
        with self._database.reading() as connection:
            row = records.installation_row(connection)
        return SystemClock().now().plus(row[2] if row else timedelta())


def bear(database: Database, kind: str, origin: str, clock_starts_at: Moment | None = None) -> str:
    """Make a new database a real or a demo one and return which it is; a born one never changes.

    ``clock_starts_at`` is the instant the clock of a demo begins at; a real clock is never set.
    """
    now = SystemClock().now()
    offset = clock_starts_at.instant - now.instant if clock_starts_at and kind == "demo" else timedelta()
    with database.writing() as connection:
        records.bear_installation(connection, kind, origin, now, offset)
        return kind_of(connection)


def clock_of(database: Database) -> Clock:
    """Return the clock of an installation: settable for a demo, the machine's for a real one."""
    with database.reading() as connection:
        row = records.installation_row(connection)
    return DemoClock(database) if row and row[0] == "demo" else SystemClock()


def kind_of(connection: Connection) -> str:
    """Return whether the installation is ``real`` or ``demo``. Raises NotFoundError before it is born."""
    if row := records.installation_row(connection):
        return row[0]
    raise NotFoundError("installation_not_born")


def advance_demo_clock(work: Work, seconds: int) -> Mapping[str, Json]:
    """Move the clock of a demo forward. Raises ConflictError on a real database, InvalidValueError for a step back."""
    require(work.actor, Action.SET_DEMO_CLOCK)
    row = records.installation_row(work.connection, lock=True)
    if row is None or row[0] != "demo":
        raise ConflictError("clock_is_real")
    step = timedelta(seconds=seconds)
    if not timedelta() < step <= DEMO_CLOCK_STEP_MAX:
        raise InvalidValueError("clock_step_out_of_range", seconds=seconds, days_max=DEMO_CLOCK_STEP_MAX.days)
    records.set_clock_offset(work.connection, row[2] + step)
    work.journal("journal.demo_clock_advanced", "installation", seconds=seconds)
    return {"now": str(work.now.plus(step)), "advanced_seconds": seconds}


def sequence(database: Database, clock: Clock, key: SigningKey) -> Checkpoint | None:
    """Give waiting entries their place in the log and sign a checkpoint; return it, or None when there was nothing.

    One transaction of one leader: a second caller returns None at once. No command waits for this. Log time strictly
    increases even when the clock steps back (POLICY §4.3, invariant 15).
    """
    with database.writing() as connection:
        if not records.lead_sequencer(connection):
            return None
        waiting = records.take_pending(connection, BATCH_MAX)
        if not waiting:
            return None
        last = records.newest_checkpoint(connection)
        size = last[0].size if last else 0
        logged_at = clock.now()
        if last and logged_at <= last[0].logged_at:
            logged_at = last[0].logged_at.plus(timedelta(microseconds=1))
        hashed = [(entry.id, rules.leaf_hash(entry.leaf_bytes())) for entry in waiting]
        frontier = rules.frontier_of(size, lambda level, index: records.node(connection, level, index))
        grown = rules.appended_nodes(size, frontier, [leaf for _, leaf in hashed])
        records.add_leaves(connection, size, hashed, logged_at)
        records.add_nodes(connection, grown.nodes)
        row = records.installation_row(connection)
        checkpoint = Checkpoint(
            origin=row[1] if row else "", size=size + len(hashed), root=grown.root, logged_at=logged_at
        )
        records.add_checkpoint(connection, checkpoint, sign_checkpoint(checkpoint, [key]))
        return checkpoint


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Proof that an entry is in the log of ``size`` leaves (RFC 9162 §2.1.3)."""

    entry: EntryId
    leaf_index: int
    size: int
    proof: Sequence[bytes]
    note: str


def lot_seed(view: View, entry: EntryId) -> bytes:
    """Return what a lot is drawn by: the commitment of the entry that says so, which nobody chose (RULINGS 32)."""
    made = records.entry_of(view.connection, entry)
    if made is None:
        raise AssertionError("a lot without journal entry")
    return made.commitment


def inclusion_of(view: View, entry_id: EntryId, size: int | None = None) -> Inclusion:
    """Return the proof of an entry under the newest checkpoint, or the one of ``size``.

    Raises NotFoundError before it is logged.
    """
    place, newest = records.leaf_of(view.connection, entry_id), records.newest_checkpoint(view.connection, size)
    if place is None or newest is None or place[0] >= newest[0].size:
        raise NotFoundError("entry_not_in_log", id=entry_id)
    checkpoint, note = newest
    proof = rules.inclusion_proof(
        place[0], checkpoint.size, lambda level, index: records.node(view.connection, level, index)
    )
    return Inclusion(entry_id, place[0], checkpoint.size, proof, note)


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry, what it commits to unless that was erased, and its place in the log once the sequencer gave it one."""

    entry: Entry
    opening: Opening | None
    inclusion: Inclusion | None


def proof_about(view: View, type_: str, subject: str) -> Proof:
    """Return the first entry of a type about a subject with all that proves it. Raises NotFoundError."""
    entry = records.entry_about(view.connection, type_, subject)
    if entry is None:
        raise NotFoundError("entry_not_in_log", id=subject)
    logged = records.leaf_of(view.connection, entry.id) is not None
    opening = records.opening_of(view.connection, entry.id)
    return Proof(entry, opening, inclusion_of(view, entry.id) if logged else None)


def decided_at(view: View, type_: str, subject: str) -> Moment | None:
    """Return when the first entry of a type about a subject was decided; None: there is none."""
    entry = records.entry_about(view.connection, type_, subject)
    return entry.decided_at if entry else None


def consistency_between(view: View, size_before: int, size_after: int) -> Sequence[bytes]:
    """Return the proof that the log of ``size_after`` continues the log of ``size_before`` (RFC 9162 §2.1.4)."""
    newest = records.newest_checkpoint(view.connection)
    if not newest or not 0 < size_before <= size_after <= newest[0].size:
        raise InvalidValueError("log_sizes_out_of_range", size=newest[0].size if newest else 0)
    return rules.consistency_proof(
        size_before, size_after, lambda level, index: records.node(view.connection, level, index)
    )


def first_checkpoint_over(view: View, entries: Collection[EntryId]) -> Checkpoint:
    """Return the first checkpoint under which all of these entries stand: it never changes again.

    Raises NotFoundError while one of them waits for the sequencer.
    """
    last = -1
    for entry in entries:
        place = records.leaf_of(view.connection, entry)
        if place is None:
            raise NotFoundError("entry_not_in_log", id=entry)
        last = max(last, place[0])
    size = records.first_size_over(view.connection, last)
    found = records.newest_checkpoint(view.connection, size) if size else None
    if found is None:
        raise NotFoundError("log_is_empty")
    return found[0]


def newest_note(view: View, size: int | None = None) -> str:
    """Return the newest signed checkpoint, or the one of ``size``. Raises NotFoundError while the log is empty."""
    if newest := records.newest_checkpoint(view.connection, size):
        return newest[1]
    raise NotFoundError("log_is_empty")


def backlog(view: View) -> int:
    """Return how many entries wait for the sequencer."""
    return records.count_pending(view.connection)


def root_at(connection: Connection, size: int) -> bytes | None:
    """Return the root the log had at ``size`` leaves, as its stored nodes give it; None when it was never so long."""
    newest = records.newest_checkpoint(connection)
    if newest is None or not 0 < size <= newest[0].size:
        return None
    frontier = rules.frontier_of(size, lambda level, index: records.node(connection, level, index))
    return rules.root_of_frontier(frontier)


def verify_log(connection: Connection, trusted: Sequence[Verifier] = ()) -> Checkpoint | None:
    """Recompute every leaf and the root from the entries, and every commitment that still has its opening.

    With ``trusted`` verifiers the newest checkpoint must also carry a signature of the log's own key.

    Raises CorruptContentError naming the first leaf that differs. Returns the newest checkpoint, or None for an empty
    log.
    """
    newest = records.newest_checkpoint(connection)
    if newest is None:
        return None
    checkpoint, note = newest
    size, frontier, root = 0, rules.EMPTY_FRONTIER, b""
    while size < checkpoint.size:
        page = records.leaves_with_entries(connection, size, min(BATCH_MAX, checkpoint.size - size))
        if not page:
            raise CorruptContentError("journal_leaf_missing", index=size)
        for expected, (index, stored, entry, opening) in enumerate(page, size):
            if index != expected:
                raise CorruptContentError("journal_leaf_missing", index=expected)
            if rules.leaf_hash(entry.leaf_bytes()) != stored:
                raise CorruptContentError("journal_entry_changed", index=index, id=entry.id)
            if opening is not None and commitment_of(opening) != entry.commitment:
                raise CorruptContentError("journal_opening_changed", index=index, id=entry.id)
        grown = rules.appended_nodes(size, frontier, [stored for _, stored, _, _ in page])
        size, frontier, root = size + len(page), grown.frontier, grown.root
    if root != checkpoint.root:
        raise CorruptContentError("journal_root_differs", size=size)
    if trusted and verify_checkpoint(note, trusted, checkpoint.origin) != checkpoint:
        raise CorruptContentError("journal_checkpoint_differs", size=size)
    return checkpoint
