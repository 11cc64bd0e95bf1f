"""Messages that leave: written in the transaction of what they tell, delivered afterwards by a worker.

Rules:
* A message exists if and only if what it tells was committed. It is delivered at least once; receivers tell repeats
  apart by its id, which a replay keeps.
* A message waits in a lane: one receiver, or the mail of one party. One message of a lane travels at a time, and the
  lane that was served longest ago goes first, so that a party with a thousand messages delays another by one.
* A delivery that fails is tried again, later each time; after the last attempt it is parked with the reason. Its lane
  rests a while, too, so that a receiver that is down is not asked once for every message that waits for it.
* A lane whose last delivery failed or took long is served only by half of the carriers: slow receivers, however many,
  never hold up the others.
"""

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Index,
    Row,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    insert,
    select,
    text,
    tuple_,
)
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import insert as insert_or

from storage.database import Database, Writes, metadata, rows_may

WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 600, 3_600, 6 * 3_600, 24 * 3_600))
"""How long after each failed attempt the next one comes; after the last the message is parked."""
REST_FIRST_S: Final = 2
REST_MAX_S: Final = 60
"""How long a lane rests after its failures in a row: twice as long after each, up to a minute."""
SLOW_AFTER_S: Final = 5.0
LEASE: Final = timedelta(seconds=60)
"""How long a message may travel; carriers give up well before."""
BODY_MAX_BYTES: Final = 64 * 1024
_TAKING_LOCK: Final = 0x53414E43_4F555442
"""Whoever chooses a lane holds this lock of the database for the millisecond it takes."""

_Name = Text(collation="C")
_Instant = TIMESTAMP(timezone=True)


class Kind(StrEnum):
    """How a message travels."""

    WEBHOOK = "webhook"
    MAIL = "mail"


class DeliveryState(StrEnum):
    """Where a message is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    PARKED = "parked"


outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", _Instant, primary_key=True, server_default=func.now()),
    Column("kind", _Name, nullable=False),
    Column("lane", _Name, nullable=False),
    Column("destination", Text, nullable=False),
    Column("topic", _Name, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("state", _Name, nullable=False, server_default=DeliveryState.WAITING.value),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("next_at", _Instant, nullable=False, server_default=func.now()),
    Column("reason", Text),
    Column("delivered_at", _Instant),
    CheckConstraint("kind IN ('webhook', 'mail')", "kind"),
    CheckConstraint("state IN ('waiting', 'delivered', 'parked')", "state"),
    CheckConstraint("state <> 'parked' OR reason IS NOT NULL", "a_parked_message_says_why"),
    CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", "delivered_at"),
    **rows_may(Writes.UPDATE, partitioned_by="created_at"),
)
Index("ix_outbox_waiting", outbox.c.kind, outbox.c.lane, outbox.c.next_at, postgresql_where=outbox.c.state == "waiting")
Index("ix_outbox_lane", outbox.c.lane, outbox.c.created_at, outbox.c.id)

outbox_lanes = Table(
    "outbox_lanes",
    metadata,
    Column("lane", _Name, primary_key=True),
    Column("served_at", _Instant, nullable=False),
    Column("busy_until", _Instant),
    Column("rests_until", _Instant),
    Column("failures", SmallInteger, nullable=False, server_default="0"),
    Column("slow", Boolean, nullable=False, server_default="false"),
    **rows_may(Writes.UPDATE),
)
"""When a lane was served last, until when its message travels, and how it went; ``failures`` are those in a row."""


class DeliveryFailedError(Exception):
    """The receiver did not take the message; the text says what it answered, without anything secret.

    ``for_good`` says that another attempt would find the same: the message is parked at once.
    """

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    ``destination`` says who gets it, in words of who posts it; the carrier finds the address. ``lane`` is what it waits
    in, ``body`` JSON.
    """

    id: uuid.UUID
    kind: Kind
    lane: str
    destination: str
    topic: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as whoever waits for it sees it."""

    id: uuid.UUID
    topic: str
    body: Mapping[str, Any]
    state: DeliveryState
    attempts: int
    reason: str | None
    created_at: datetime
    next_at: datetime
    delivered_at: datetime | None


Carrier = Callable[[Message], None]
"""Delivers one message or raises DeliveryFailedError."""


def post(connection: Connection, *messages: Message) -> None:
    """Write messages within the caller's transaction. Raises ValueError for a body beyond 64 KiB."""
    if any(len(json.dumps(message.body).encode()) > BODY_MAX_BYTES for message in messages):
        raise ValueError(f"a message holds at most {BODY_MAX_BYTES} bytes")
    rows = [
        {
            "id": message.id,
            "kind": message.kind,
            "lane": message.lane,
            "destination": message.destination,
            "topic": message.topic,
            "body": dict(message.body),
        }
        for message in messages
    ]
    if rows:
        connection.execute(insert(outbox), rows)


def deliver_next(database: Database, carriers: Mapping[Kind, Carrier], *, steady_only: bool = False) -> bool:
    """Try the message whose turn it is; return False when none waits.

    The attempt is counted, and the next one set, before anything leaves: a crash in between repeats the message, never
    loses it. No transaction is open while it travels.

    Args:
        database: Where the messages wait.
        carriers: What delivers each kind; a message of another kind stays where it is.
        steady_only: Whether to leave out lanes whose last delivery failed or took long.
    """
    with database.writing() as connection:
        taken = _take(connection, list(carriers), steady_only=steady_only)
    if taken is None:
        return False
    message, created_at, attempt = taken
    began_s = time.monotonic()
    changes: dict[str, Any]
    try:
        carriers[message.kind](message)
    except DeliveryFailedError as error:
        changes = {"reason": str(error)[:500]}
        if error.for_good or attempt > len(WAITS):
            changes["state"] = DeliveryState.PARKED
        else:
            changes["next_at"] = func.clock_timestamp() + WAITS[attempt - 1]
        failed = not error.for_good
    else:
        changes = {"state": DeliveryState.DELIVERED, "delivered_at": func.clock_timestamp(), "reason": None}
        failed = False
    slow = failed or time.monotonic() - began_s > SLOW_AFTER_S
    with database.writing() as connection:
        connection.execute(
            update_rows(outbox)
            .where(
                outbox.c.id == message.id,
                outbox.c.created_at == created_at,
                outbox.c.state == DeliveryState.WAITING,
                outbox.c.attempts == attempt,
            )
            .values(**changes)
        )
        _let_go(connection, message.lane, failed=failed, slow=slow)
    return True


_TURN: Final = text(
    """
    WITH RECURSIVE waiting AS (
        (SELECT lane FROM outbox WHERE state = 'waiting' AND kind = :kind ORDER BY lane LIMIT 1)
        UNION ALL
        SELECT (SELECT o.lane FROM outbox o WHERE o.state = 'waiting' AND o.kind = :kind AND o.lane > waiting.lane
                 ORDER BY o.lane LIMIT 1)
          FROM waiting WHERE waiting.lane IS NOT NULL
    )
    SELECT waiting.lane, served.served_at
      FROM waiting LEFT JOIN outbox_lanes served ON served.lane = waiting.lane
     WHERE waiting.lane IS NOT NULL
       AND (served.busy_until IS NULL OR served.busy_until <= clock_timestamp())
       AND (served.rests_until IS NULL OR served.rests_until <= clock_timestamp())
       AND NOT (:steady_only AND coalesce(served.slow, false))
       AND EXISTS (SELECT FROM outbox o WHERE o.state = 'waiting' AND o.kind = :kind AND o.lane = waiting.lane
                      AND o.next_at <= clock_timestamp())
     ORDER BY served.served_at NULLS FIRST, waiting.lane
     LIMIT 1
    """
)
"""Walks the lanes that have waiting messages by one look into the index each, however many messages wait in them."""


def _take(connection: Connection, kinds: Sequence[Kind], *, steady_only: bool) -> tuple[Message, datetime, int] | None:
    connection.execute(select(func.pg_advisory_xact_lock(_TAKING_LOCK)))
    turns = [
        row
        for kind in kinds
        if (row := connection.execute(_TURN, {"kind": kind, "steady_only": steady_only}).one_or_none())
    ]
    if not turns:
        return None
    lane = min(turns, key=lambda turn: (turn.served_at is not None, turn.served_at)).lane
    row = connection.execute(
        select(outbox)
        .where(
            outbox.c.lane == lane,
            outbox.c.kind.in_(kinds),
            outbox.c.state == DeliveryState.WAITING,
            outbox.c.next_at <= func.clock_timestamp(),
        )
        .order_by(outbox.c.next_at, outbox.c.id)
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    until = func.clock_timestamp() + LEASE
    connection.execute(
        update_rows(outbox)
        .where(outbox.c.id == row.id, outbox.c.created_at == row.created_at)
        .values(attempts=outbox.c.attempts + 1, next_at=until)
    )
    served = insert_or(outbox_lanes).values(lane=lane, served_at=func.clock_timestamp(), busy_until=until)
    connection.execute(
        served.on_conflict_do_update(
            index_elements=["lane"], set_={"served_at": served.excluded.served_at, "busy_until": until}
        )
    )
    message = Message(row.id, Kind(row.kind), row.lane, row.destination, row.topic, row.body)
    return message, row.created_at, row.attempts + 1


def _let_go(connection: Connection, lane: str, *, failed: bool, slow: bool) -> None:
    """Free a lane after a delivery; after a failure it rests."""
    values: dict[str, Any] = {"busy_until": None, "slow": slow, "failures": 0, "rests_until": None}
    if failed:
        rest_s = func.least(REST_MAX_S, REST_FIRST_S * func.power(2, outbox_lanes.c.failures))
        values["failures"] = func.least(outbox_lanes.c.failures + 1, 10)
        values["rests_until"] = func.clock_timestamp() + rest_s * text("interval '1 second'")
    connection.execute(update_rows(outbox_lanes).where(outbox_lanes.c.lane == lane).values(**values))


def deliveries(
    connection: Connection,
    lane: str,
    state: DeliveryState | None = None,
    before: tuple[datetime, uuid.UUID] | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Return up to ``limit`` messages of a lane, the newest first, from ``before`` on."""
    query = select(outbox).where(outbox.c.lane == lane)
    if state is not None:
        query = query.where(outbox.c.state == state)
    if before is not None:
        query = query.where(tuple_(outbox.c.created_at, outbox.c.id) < tuple_(*before))
    rows = connection.execute(query.order_by(outbox.c.created_at.desc(), outbox.c.id.desc()).limit(limit))
    return [_delivery(row) for row in rows]


def delivery(connection: Connection, message: uuid.UUID, lane: str | None = None) -> Delivery | None:
    """Return a message, in ``lane`` if that is given, or None."""
    query = select(outbox).where(outbox.c.id == message)
    row = connection.execute(query if lane is None else query.where(outbox.c.lane == lane)).one_or_none()
    return _delivery(row) if row else None


def replay(connection: Connection, lane: str, message: uuid.UUID) -> bool:
    """Let a message of a lane leave again under its own id, with all attempts before it; False while it travels."""
    changed = connection.execute(
        update_rows(outbox)
        .where(
            outbox.c.id == message,
            outbox.c.lane == lane,
            # One that waits after a failure may be hurried; one that is under way has its lease ahead.
            (outbox.c.state != DeliveryState.WAITING) | outbox.c.reason.is_not(None) | (outbox.c.attempts == 0),
        )
        .values(state=DeliveryState.WAITING, attempts=0, next_at=func.clock_timestamp(), delivered_at=None, reason=None)
    )
    connection.execute(update_rows(outbox_lanes).where(outbox_lanes.c.lane == lane).values(rests_until=None))
    return bool(changed.rowcount)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        topic=row.topic,
        body=row.body,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        reason=row.reason,
        created_at=row.created_at,
        next_at=row.next_at,
        delivered_at=row.delivered_at,
    )
