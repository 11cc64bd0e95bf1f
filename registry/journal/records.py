"""Tables of the journal and of the write path, and the one row that says what the installation is."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Integer,
    Interval,
    LargeBinary,
    SmallInteger,
    Table,
    TableValuedAlias,
    Text,
    cast,
    delete,
    func,
    insert,
    literal,
    not_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.types import TypeEngine

from registry.errors import NotFoundError
from registry.journal.model import Checkpoint, Entry, Opening
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, EntryId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.batches import PLACE, add_rows, given_rows
from storage.database import Writes, metadata, rows_may

SEQUENCER_LOCK = (7245, 10)

installation = Table(
    "installation",
    metadata,
    Column("singleton", SmallInteger, CheckConstraint("singleton = 1", "one_row"), primary_key=True),
    Column("kind", Key, CheckConstraint("kind IN ('real', 'demo')", "kind"), nullable=False),
    Column("origin", Key, nullable=False),
    Column("born_at", MomentColumn, nullable=False),
    Column("clock_offset", Interval, nullable=False, server_default=text("'0'")),
    CheckConstraint("kind = 'demo' OR clock_offset = '0'", "a_real_clock_is_not_set"),
    **rows_may(Writes.UPDATE),
)
"""One row: whether the database was born real or for a demo, and the name its checkpoints are signed for."""

entries = Table(
    "journal_entries",
    metadata,
    Column("id", IdColumn(EntryId), primary_key=True),
    Column("decided_at", MomentColumn, primary_key=True),
    Column("type", Key, nullable=False),
    Column("format_version", SmallInteger, nullable=False),
    Column("subject", Key, nullable=False, index=True),
    Column("role", Key, nullable=False),
    Column("commitment", LargeBinary, CheckConstraint("length(commitment) = 32", "sha256"), nullable=False),
    **rows_may(Writes.APPEND, partitioned_by="decided_at"),
)

openings = Table(
    "journal_openings",
    metadata,
    Column("entry_id", IdColumn(EntryId), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("payload", JSONB, nullable=False),
    **rows_may(Writes.DELETE),
)
"""What an entry commits to. Erasing a row keeps every proof valid (RULINGS 35)."""

pending = Table(
    "journal_pending",
    metadata,
    Column("entry_id", IdColumn(EntryId), primary_key=True),
    Column("decided_at", MomentColumn, nullable=False),
    **rows_may(Writes.DELETE),
)

leaves = Table(
    "journal_leaves",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("entry_id", IdColumn(EntryId), nullable=False, unique=True),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("logged_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)

nodes = Table(
    "journal_nodes",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    **rows_may(Writes.APPEND),
)
"""Complete subtrees above the leaves: node (level, index) covers leaves [index * 2^level, (index + 1) * 2^level)."""

checkpoints = Table(
    "journal_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("logged_at", MomentColumn, nullable=False, unique=True),
    Column("note", Text, nullable=False),
    **rows_may(Writes.APPEND),
)

answers = Table(
    "idempotency_answers",
    metadata,
    Column("party", Key, primary_key=True),
    Column("operation", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("account", IdColumn(AccountId)),
    Column("body", DigestColumn, nullable=False),
    Column("outcome", JSONB),
    Column("answered_at", MomentColumn, nullable=False),
    **rows_may(Writes.UPDATE),
)
"""The first answer to each key, for ever; ``outcome`` is empty only inside the transaction that makes it."""


def installation_row(connection: Connection, *, lock: bool = False) -> tuple[str, str, timedelta] | None:
    """Return (kind, origin, clock offset), or None before the installation is born; ``lock`` it to change it."""
    query = select(installation.c.kind, installation.c.origin, installation.c.clock_offset)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return (row.kind, row.origin, row.clock_offset) if row else None


def bear_installation(connection: Connection, kind: str, origin: str, now: Moment, offset: timedelta) -> None:
    """Write the one row unless it is there."""
    connection.execute(
        insert_or(installation)
        .values(singleton=1, kind=kind, origin=origin, born_at=now, clock_offset=offset)
        .on_conflict_do_nothing(index_elements=["singleton"])
    )


def set_clock_offset(connection: Connection, offset: timedelta) -> None:
    """Set how far the clock of a demo is ahead of the machine's."""
    connection.execute(update(installation).values(clock_offset=offset))


def add_entries(connection: Connection, made: Sequence[tuple[Entry, Opening]]) -> None:
    """Write entries with their openings and queue them for the sequencer."""
    if not made:
        return
    add_rows(
        connection,
        entries,
        [
            {
                "id": entry.id,
                "decided_at": entry.decided_at,
                "type": entry.type,
                "format_version": entry.format_version,
                "subject": entry.subject,
                "role": entry.role,
                "commitment": entry.commitment,
            }
            for entry, _ in made
        ],
    )
    add_rows(
        connection,
        openings,
        [{"entry_id": entry.id, "salt": opening.salt, "payload": opening.payload} for entry, opening in made],
    )
    add_rows(connection, pending, [{"entry_id": entry.id, "decided_at": entry.decided_at} for entry, _ in made])


def lead_sequencer(connection: Connection) -> bool:
    """Return whether this transaction is now the one sequencer."""
    return bool(connection.execute(select(func.pg_try_advisory_xact_lock(*SEQUENCER_LOCK))).scalar())


def take_pending(connection: Connection, limit: int) -> list[Entry]:
    """Take up to ``limit`` entries off the queue, oldest first."""
    taken = (
        delete(pending)
        .where(pending.c.entry_id.in_(select(pending.c.entry_id).order_by(pending.c.entry_id).limit(limit)))
        .returning(pending.c.entry_id, pending.c.decided_at)
        .cte("taken")
    )
    rows = connection.execute(
        select(entries)
        .join(taken, (taken.c.entry_id == entries.c.id) & (taken.c.decided_at == entries.c.decided_at))
        .order_by(entries.c.id)
    )
    return [Entry(**row._mapping) for row in rows]  # noqa: SLF001


def add_leaves(connection: Connection, first_index: int, hashed: Sequence[tuple[EntryId, bytes]], at: Moment) -> None:
    """Write leaves from ``first_index`` on."""
    add_rows(
        connection,
        leaves,
        [
            {"leaf_index": first_index + offset, "entry_id": entry, "leaf_hash": leaf, "logged_at": at}
            for offset, (entry, leaf) in enumerate(hashed)
        ],
    )


def add_nodes(connection: Connection, made: Iterable[tuple[int, int, bytes]]) -> None:
    """Write complete subtrees above the leaves."""
    rows = [{"level": level, "index": index, "hash": value} for level, index, value in made if level > 0]
    add_rows(connection, nodes, rows)


def node(connection: Connection, level: int, index: int) -> bytes:
    """Return the hash of a complete subtree. Raises NotFoundError."""
    if level == 0:
        found = connection.execute(select(leaves.c.leaf_hash).where(leaves.c.leaf_index == index)).scalar()
    else:
        found = connection.execute(select(nodes.c.hash).where(nodes.c.level == level, nodes.c.index == index)).scalar()
    if found is None:
        raise NotFoundError("journal_node_not_found", level=level, index=index)
    return bytes(found)


def add_checkpoint(connection: Connection, checkpoint: Checkpoint, note: str) -> None:
    """Write a signed checkpoint."""
    connection.execute(
        insert(checkpoints).values(
            size=checkpoint.size, root=checkpoint.root, logged_at=checkpoint.logged_at, note=note
        )
    )


def newest_checkpoint(connection: Connection, size: int | None = None) -> tuple[Checkpoint, str] | None:
    """Return the newest checkpoint, or the one of ``size``, and its signed note."""
    origin = connection.execute(select(installation.c.origin)).scalar() or ""
    query = select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)
    if size is not None:
        query = query.where(checkpoints.c.size == size)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Checkpoint(origin=origin, size=row.size, root=bytes(row.root), logged_at=row.logged_at), row.note


def first_size_over(connection: Connection, leaf_index: int) -> int | None:
    """Return the size of the first checkpoint that has a leaf in it; None: there is none yet."""
    query = select(checkpoints.c.size).where(checkpoints.c.size > leaf_index).order_by(checkpoints.c.size).limit(1)
    size: int | None = connection.execute(query).scalar()
    return size


def leaf_of(connection: Connection, entry_id: EntryId) -> tuple[int, Moment] | None:
    """Return the leaf index and log time of an entry, or None while the sequencer has not reached it."""
    row = connection.execute(
        select(leaves.c.leaf_index, leaves.c.logged_at).where(leaves.c.entry_id == entry_id)
    ).one_or_none()
    return (row.leaf_index, row.logged_at) if row else None


def entry_of(connection: Connection, entry_id: EntryId) -> Entry | None:
    """Return an entry."""
    row = connection.execute(select(entries).where(entries.c.id == entry_id)).one_or_none()
    return Entry(**row._mapping) if row else None  # noqa: SLF001


def entry_about(connection: Connection, type_: str, subject: str) -> Entry | None:
    """Return the first entry of a type about a subject."""
    about = select(entries).where(entries.c.subject == subject, entries.c.type == type_)
    row = connection.execute(about.order_by(entries.c.decided_at, entries.c.id).limit(1)).one_or_none()
    return Entry(**row._mapping) if row else None  # noqa: SLF001


def erase_openings(connection: Connection, subject: str, *, but: str) -> None:
    """Erase what the entries about a subject open to, except of types that begin with ``but``; every proof holds."""
    about = select(entries.c.id).where(entries.c.subject == subject, not_(entries.c.type.startswith(but)))
    connection.execute(delete(openings).where(openings.c.entry_id.in_(about)))


def opening_of(connection: Connection, entry_id: EntryId) -> Opening | None:
    """Return what an entry commits to, or None when that was erased."""
    row = connection.execute(select(openings).where(openings.c.entry_id == entry_id)).one_or_none()
    return Opening(salt=bytes(row.salt), payload=row.payload) if row else None


def leaves_with_entries(
    connection: Connection, start: int, limit: int
) -> list[tuple[int, bytes, Entry, Opening | None]]:
    """Return up to ``limit`` (index, stored leaf hash, entry, opening unless erased) from ``start`` on, in order."""
    page = select(leaves).where(leaves.c.leaf_index >= start).order_by(leaves.c.leaf_index).limit(limit).subquery()
    rows = connection.execute(
        select(page.c.leaf_index, page.c.leaf_hash, openings.c.salt, openings.c.payload, *entries.c)
        .join(entries, entries.c.id == page.c.entry_id)
        .join(openings, openings.c.entry_id == page.c.entry_id, isouter=True)
        .order_by(page.c.leaf_index)
    )
    found = []
    for row in rows:
        stated = dict(row._mapping)  # noqa: SLF001
        index, leaf = stated.pop("leaf_index"), bytes(stated.pop("leaf_hash"))
        salt, payload = stated.pop("salt"), stated.pop("payload")
        opening = Opening(salt=bytes(salt), payload=payload) if salt is not None else None
        found.append((index, leaf, Entry(**stated), opening))
    return found


def count_pending(connection: Connection) -> int:
    """Return how many entries wait for the sequencer."""
    return int(connection.execute(select(func.count()).select_from(pending)).scalar() or 0)


def claim_key(
    connection: Connection, slot: tuple[str, str, str], account: AccountId | None, body: Digest, now: Moment
) -> bool:
    """Claim an idempotency key (party, operation, key) for this transaction; False when another one has answered it.

    A second transaction with the same key waits here until the first ends.
    """
    party, operation, key = slot
    made = connection.execute(
        insert_or(answers)
        .values(party=party, operation=operation, key=key, account=account, body=body, answered_at=now)
        .on_conflict_do_nothing()
        .returning(answers.c.key)
    )
    return made.scalar() is not None


def claim_keys(
    connection: Connection, wanted: Mapping[tuple[str, str, str], tuple[AccountId | None, Digest, Moment]]
) -> set[tuple[str, str, str]]:
    """Claim idempotency keys as ``claim_key`` does, in the order of the keys; return those that are claimed now."""
    slots = sorted(wanted)
    names = ["party", "operation", "key", "account", "body", "answered_at"]
    asked = _slots(
        slots,
        account=(answers.c.account.type, [wanted[each][0] for each in slots]),
        body=(answers.c.body.type, [wanted[each][1] for each in slots]),
        answered_at=(answers.c.answered_at.type, [wanted[each][2] for each in slots]),
    )
    made = connection.execute(
        insert_or(answers)
        .from_select(names, select(*(asked.c[each] for each in names)).order_by(asked.c[PLACE]))
        .on_conflict_do_nothing()
        .returning(answers.c.party, answers.c.operation, answers.c.key)
    )
    return {(party, operation, key) for party, operation, key in made}


def _slots(slots: Sequence[tuple[str, str, str]], **beside: tuple[TypeEngine[Any], Sequence[Any]]) -> TableValuedAlias:
    """Return a table of keys with what stands beside each."""
    return given_rows(
        "asked",
        party=(Key, [party for party, _, _ in slots]),
        operation=(Key, [operation for _, operation, _ in slots]),
        key=(Key, [key for _, _, key in slots]),
        **beside,
    )


def answer_of(connection: Connection, party: str, operation: str, key: str) -> tuple[AccountId | None, Digest, Json]:
    """Return (account, body digest, outcome) of an answered key."""
    row = connection.execute(
        select(answers.c.account, answers.c.body, answers.c.outcome).where(
            answers.c.party == party, answers.c.operation == operation, answers.c.key == key
        )
    ).one()
    return row.account, row.body, row.outcome


def keep_answer(connection: Connection, party: str, operation: str, key: str, outcome: Json) -> None:
    """Store the outcome of a claimed key."""
    connection.execute(
        update(answers)
        .where(answers.c.party == party, answers.c.operation == operation, answers.c.key == key)
        .values(outcome=outcome)
    )


def keep_answers(connection: Connection, outcomes: Sequence[tuple[tuple[str, str, str], Json]]) -> None:
    """Store the outcomes of claimed keys."""
    asked = _slots([slot for slot, _ in outcomes])
    # One document for all of them: each in an array of its own kind would be quoted twice.
    kept = func.jsonb_array_element(literal([each for _, each in outcomes], JSONB()), cast(asked.c[PLACE] - 1, Integer))
    connection.execute(
        update(answers)
        .where(answers.c.party == asked.c.party, answers.c.operation == asked.c.operation, answers.c.key == asked.c.key)
        .values(outcome=kept)
    )
