"""Jobs: leases, turns between parties, retries, cancelling."""

import uuid
from datetime import timedelta

from sqlalchemy import text

from storage import queue
from storage.database import Database

KINDS = ("count",)
OVER = timedelta(seconds=-1)


def submit(database: Database, party: str = "a") -> uuid.UUID:
    job = uuid.uuid4()
    with database.writing() as connection:
        queue.submit(connection, "count", party, {"n": 1}, job)
    return job


def take(database: Database, worker: str = "w1", lease: timedelta = queue.LEASE) -> queue.Job | None:
    with database.writing() as connection:
        return queue.take(connection, worker, KINDS, lease)


def state(database: Database, job: uuid.UUID) -> queue.JobState:
    with database.reading() as connection:
        found = queue.status(connection, job)
    assert found is not None
    return found.state


WAITING = queue.JobState.WAITING


def test_a_job_is_taken_by_one_worker_only(database: Database) -> None:
    submit(database)
    assert take(database, "w1") is not None
    assert take(database, "w2") is None


def test_two_workers_at_the_same_moment_take_different_jobs(database: Database) -> None:
    submit(database)
    submit(database)
    with database.writing() as first, database.writing() as second:
        one, other = queue.take(first, "w1", KINDS), queue.take(second, "w2", KINDS)
    assert one is not None
    assert other is not None
    assert one.id != other.id


def test_an_express_slot_does_a_small_job_behind_a_large_one_of_another(database: Database) -> None:
    large, small = uuid.uuid4(), uuid.uuid4()
    with database.writing() as connection:
        queue.submit(connection, "count", "a", {}, large, queue.EXPRESS_UNITS_MAX + 1)
    with database.writing() as connection:
        assert queue.take(connection, "w1", KINDS, units_max=queue.EXPRESS_UNITS_MAX) is None
        queue.submit(connection, "count", "b", {}, small, queue.EXPRESS_UNITS_MAX)
    with database.writing() as connection:
        taken = queue.take(connection, "w1", KINDS, units_max=queue.EXPRESS_UNITS_MAX)
    assert taken is not None
    assert taken.id == small


def test_a_lost_lease_frees_the_job_and_the_late_worker_cannot_finish_it(database: Database) -> None:
    job = submit(database)
    late = take(database, "w1", OVER)
    again = take(database, "w2")
    assert late is not None
    assert again is not None
    with database.writing() as connection:
        assert not queue.finish(connection, late, "w1")
        assert queue.finish(connection, again, "w2")
    assert state(database, job) is queue.JobState.DONE


def test_a_party_with_many_jobs_delays_another_by_one(database: Database) -> None:
    for _ in range(5):
        submit(database, "many")
    submit(database, "one")
    parties = []
    for _ in range(3):
        found = take(database)
        assert found is not None
        parties.append(found.party)
        with database.writing() as connection:
            queue.finish(connection, found, "w1")
    assert parties == ["many", "one", "many"]


def test_a_job_that_keeps_failing_is_parked_with_the_reason_and_can_be_released(database: Database) -> None:
    job = submit(database)
    for _ in range(queue.ATTEMPTS_MAX):
        with database.writing() as connection:
            connection.execute(text("UPDATE jobs SET run_after = now()"))
        found = take(database)
        assert found is not None
        with database.writing() as connection:
            queue.fail(connection, found, "w1", {"code": "disk_full"})
    with database.reading() as connection:
        parked = queue.status(connection, job)
    assert parked is not None
    assert (parked.state, parked.reason) == (queue.JobState.PARKED, {"code": "disk_full"})
    assert take(database) is None
    with database.writing() as connection:
        assert queue.release(connection, job)
    assert take(database) is not None


def test_a_failed_attempt_waits_before_the_next(database: Database) -> None:
    submit(database)
    found = take(database)
    assert found is not None
    with database.writing() as connection:
        assert queue.fail(connection, found, "w1", {"code": "busy"}) is queue.JobState.WAITING
    assert take(database) is None


def test_an_outage_parks_no_job_however_long_it_lasts(database: Database) -> None:
    job = submit(database)
    for _ in range(3 * queue.ATTEMPTS_MAX):
        with database.writing() as connection:
            connection.execute(text("UPDATE jobs SET run_after = now()"))
        found = take(database)
        assert found is not None
        with database.writing() as connection:
            assert queue.fail(connection, found, "w1", {"code": "store_unavailable"}, outage=True) is WAITING
            waits_s = connection.execute(text("SELECT extract(epoch FROM run_after - now()) FROM jobs")).scalar_one()
        assert 0 < waits_s <= queue.OUTAGE_WAIT_MAX_S + 1
        assert take(database) is None, "not at once"
    assert state(database, job) is WAITING


def test_a_cancelled_job_is_not_renewed(database: Database) -> None:
    job = submit(database)
    found = take(database)
    assert found is not None
    with database.writing() as connection:
        assert queue.renew(connection, found, "w1", 3, 10)
        assert queue.cancel(connection, job)
        assert not queue.renew(connection, found, "w1", 4, 10)
        assert not queue.finish(connection, found, "w1")
    assert state(database, job) is queue.JobState.CANCELLED


def test_a_job_given_back_is_free_at_once_and_its_attempt_does_not_count(database: Database) -> None:
    submit(database)
    found = take(database)
    assert found is not None
    with database.writing() as connection:
        assert queue.give_back(connection, found, "w1")
    again = take(database, "w2")
    assert again is not None
    assert again.attempt == 1


def test_a_job_of_a_rolled_back_transaction_never_was(database: Database) -> None:
    with database.engine.connect() as connection:
        queue.submit(connection, "count", "a", {}, uuid.uuid4())
        connection.rollback()
    assert take(database) is None


def test_the_bell_rings_when_a_job_is_submitted_and_not_otherwise(database: Database) -> None:
    bell = queue.Bell(database)
    try:
        assert not bell.wait(0.01)
        submit(database)
        assert bell.wait(10)
    finally:
        bell.close()
