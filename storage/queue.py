"""Work that takes long: a row per job, taken with a lease and safe to repeat.

Rules:
* A job is taken by one worker at a time, for the length of its lease; a lease that ran out makes it free again, so a
  crash loses nothing but time.
* Fair between parties: the party with the fewest jobs under way goes first, then the one served longest ago, then the
  oldest job. A party that queues a thousand jobs delays another by one.
* A small job waits for no large one: besides the slot that takes whatever's turn it is, every worker has an express
  slot that takes only jobs of at most ``EXPRESS_UNITS_MAX`` units; the units of a job are stated when it is queued.
* A job that fails is tried again, later each time; after ``ATTEMPTS_MAX`` it is parked with the reason, and stays so
  until somebody releases it.
* An outage of what a job needs is no fault of the job: however long it lasts, the job is tried again, at most
  ``OUTAGE_WAIT_MAX_S`` after it is over.
* Leases are measured by the clock of the database, which all workers share and which no demonstration moves.
* A notification wakes waiting workers early. It is a hint: who misses it finds the job when polling.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import psycopg
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Index,
    SmallInteger,
    Table,
    Text,
    Uuid,
    and_,
    func,
    insert,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from storage.database import Database, Writes, metadata, rows_may

ATTEMPTS_MAX: Final = 5
LEASE: Final = timedelta(seconds=120)
BACKOFF_S: Final = 2
OUTAGE_WAIT_MAX_S: Final = 30
EXPRESS_UNITS_MAX: Final = 256 * 2**20
"""Some seconds of work: a unit is a byte to read, or what takes as long."""
CHANNEL: Final = "sancai_jobs"
_CANDIDATES: Final = 20

_Name = Text(collation="C")
_Instant = TIMESTAMP(timezone=True)


class JobState(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    PARKED = "parked"
    CANCELLED = "cancelled"


jobs = Table(
    "jobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", _Instant, primary_key=True, server_default=func.now()),
    Column("kind", _Name, nullable=False),
    Column("party", _Name, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("state", _Name, nullable=False, server_default=JobState.WAITING.value),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("run_after", _Instant, nullable=False, server_default=func.now()),
    Column("taken_at", _Instant),
    Column("lease_holder", _Name),
    Column("lease_until", _Instant),
    Column("done_units", BigInteger, nullable=False, server_default="0"),
    Column("total_units", BigInteger, nullable=False, server_default="0"),
    Column("reason", JSONB),
    Column("ended_at", _Instant),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'parked', 'cancelled')", "state"),
    CheckConstraint("(state = 'running') = (lease_holder IS NOT NULL)", "a_running_job_has_a_lease"),
    CheckConstraint("state <> 'parked' OR reason IS NOT NULL", "a_parked_job_says_why"),
    **rows_may(Writes.UPDATE, partitioned_by="created_at"),
)
Index("ix_jobs_open", jobs.c.run_after, postgresql_where=jobs.c.state.in_(["waiting", "running"]))
Index("ix_jobs_served", jobs.c.party, jobs.c.taken_at)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as its worker sees it; ``attempt`` counts from 1."""

    id: uuid.UUID
    created_at: datetime
    kind: str
    party: str
    payload: Mapping[str, Any]
    attempt: int


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job as its owner sees it. ``reason`` is a code with parameters."""

    state: JobState
    done_units: int
    total_units: int
    reason: Mapping[str, Any] | None


def submit(
    connection: Connection, kind: str, party: str, payload: Mapping[str, Any], job: uuid.UUID, total_units: int = 0
) -> None:
    """Queue a job within the caller's transaction; it exists, and wakes a worker, when that commits.

    ``total_units`` says how much work it is, as far as that is known; what is not known counts as little.
    """
    connection.execute(
        insert(jobs).values(id=job, kind=kind, party=party, payload=dict(payload), total_units=total_units)
    )
    connection.execute(select(func.pg_notify(CHANNEL, kind)))


def take(
    connection: Connection, worker: str, kinds: Sequence[str], lease: timedelta = LEASE, units_max: int | None = None
) -> Job | None:
    """Take the job whose turn it is, or return None. Two workers never take the same one.

    ``units_max`` leaves larger jobs to others: what a worker's express slot asks for.
    """
    now = func.clock_timestamp()
    free = or_(
        and_(jobs.c.state == JobState.WAITING, jobs.c.run_after <= now),
        and_(jobs.c.state == JobState.RUNNING, jobs.c.lease_until < now),
    )
    mine = jobs.alias("of_party")
    under_way = (
        select(func.count())
        .where(mine.c.party == jobs.c.party, mine.c.state == JobState.RUNNING, mine.c.lease_until >= now)
        .scalar_subquery()
    )
    served = select(func.max(mine.c.taken_at)).where(mine.c.party == jobs.c.party).scalar_subquery()
    turn = (
        select(jobs.c.id, jobs.c.created_at)
        .where(free, jobs.c.kind.in_(kinds), true() if units_max is None else jobs.c.total_units <= units_max)
        .order_by(under_way, served.asc().nulls_first(), jobs.c.created_at, jobs.c.id)
        .limit(_CANDIDATES)
    )
    for candidate in connection.execute(turn).all():
        row = connection.execute(
            select(jobs)
            .where(jobs.c.id == candidate.id, jobs.c.created_at == candidate.created_at, free)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            continue
        connection.execute(
            _this(candidate.id, candidate.created_at).values(
                state=JobState.RUNNING,
                attempts=jobs.c.attempts + 1,
                taken_at=now,
                lease_holder=worker,
                lease_until=now + lease,
            )
        )
        return Job(row.id, row.created_at, row.kind, row.party, row.payload, row.attempts + 1)
    return None


def _this(job: uuid.UUID, created_at: datetime) -> Any:
    return update(jobs).where(jobs.c.id == job, jobs.c.created_at == created_at)


def _held(job: Job, worker: str) -> Any:
    return _this(job.id, job.created_at).where(
        jobs.c.state == JobState.RUNNING, jobs.c.lease_holder == worker, jobs.c.attempts == job.attempt
    )


def renew(
    connection: Connection, job: Job, worker: str, done_units: int, total_units: int, lease: timedelta = LEASE
) -> bool:
    """Keep the lease and state the progress; False when the job is no longer ours (cancelled, or the lease is lost)."""
    kept = connection.execute(
        _held(job, worker).values(
            lease_until=func.clock_timestamp() + lease, done_units=done_units, total_units=total_units
        )
    )
    return bool(kept.rowcount)


def finish(connection: Connection, job: Job, worker: str) -> bool:
    """End a job that succeeded; False when it is no longer ours."""
    return bool(connection.execute(_held(job, worker).values(state=JobState.DONE, **_let_go())).rowcount)


def give_back(connection: Connection, job: Job, worker: str) -> bool:
    """Return a job unfinished and without blame: the worker stops. False when it is no longer ours."""
    returned = _held(job, worker).values(
        state=JobState.WAITING, attempts=jobs.c.attempts - 1, lease_holder=None, lease_until=None
    )
    return bool(connection.execute(returned).rowcount)


def fail(
    connection: Connection,
    job: Job,
    worker: str,
    reason: Mapping[str, Any],
    *,
    for_good: bool = False,
    outage: bool = False,
) -> JobState:
    """Say that an attempt failed: tried again later, or parked after the last one or when it fails ``for_good``.

    ``outage``: store or database did not answer; the attempt is never the last.
    """
    if outage:
        wait_s = min(BACKOFF_S * 4 ** (job.attempt - 1), OUTAGE_WAIT_MAX_S)
        connection.execute(
            _held(job, worker).values(
                state=JobState.WAITING,
                run_after=func.clock_timestamp() + timedelta(seconds=wait_s),
                attempts=min(job.attempt, ATTEMPTS_MAX - 1),
                reason=dict(reason),
                lease_holder=None,
                lease_until=None,
            )
        )
        return JobState.WAITING
    if for_good or job.attempt >= ATTEMPTS_MAX:
        connection.execute(_held(job, worker).values(state=JobState.PARKED, reason=dict(reason), **_let_go()))
        return JobState.PARKED
    later = func.clock_timestamp() + timedelta(seconds=BACKOFF_S * 4 ** (job.attempt - 1))
    connection.execute(
        _held(job, worker).values(
            state=JobState.WAITING, run_after=later, reason=dict(reason), lease_holder=None, lease_until=None
        )
    )
    return JobState.WAITING


def _let_go() -> dict[str, Any]:
    return {"lease_holder": None, "lease_until": None, "ended_at": func.clock_timestamp()}


def cancel(connection: Connection, job: uuid.UUID) -> bool:
    """Call a job off; its worker learns it at the next renewal. False when it had ended."""
    called_off = (
        update(jobs)
        .where(jobs.c.id == job, jobs.c.state.in_([JobState.WAITING, JobState.RUNNING, JobState.PARKED]))
        .values(state=JobState.CANCELLED, **_let_go())
    )
    return bool(connection.execute(called_off).rowcount)


def release(connection: Connection, job: uuid.UUID) -> bool:
    """Let a parked job be tried again from its first attempt. False when it is not parked."""
    released = (
        update(jobs)
        .where(jobs.c.id == job, jobs.c.state == JobState.PARKED)
        .values(state=JobState.WAITING, attempts=0, run_after=func.clock_timestamp(), reason=None, ended_at=None)
    )
    return bool(connection.execute(released).rowcount)


def status(connection: Connection, job: uuid.UUID) -> JobStatus | None:
    """Return where a job is, or None when there is none of this id."""
    row = connection.execute(select(jobs).where(jobs.c.id == job)).one_or_none()
    return JobStatus(JobState(row.state), row.done_units, row.total_units, row.reason) if row else None


class Bell:
    """Waits for the notification of a new job, on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.Connection | None = None

    def wait(self, seconds: float) -> bool:
        """Return True at a notification, False after ``seconds`` or when the connection was lost."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._address, autocommit=True)
                self._connection.execute(f"LISTEN {CHANNEL}")
            for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                return True
        except psycopg.Error:
            self.close()
        return False

    def close(self) -> None:
        """Stop listening."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def counts(connection: Connection) -> Mapping[str, int]:
    """Return how many jobs of the last two months are in each state."""
    recent = jobs.c.created_at > func.now() - text("interval '2 months'")
    rows = connection.execute(select(jobs.c.state, func.count()).where(recent).group_by(jobs.c.state))
    return {state: int(number) for state, number in rows}
