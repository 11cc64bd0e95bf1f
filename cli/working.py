"""The loop of a worker: verification, the sequencer of the log, messages, and what is due from time to time.

Several workers may run at once: a job has a lease, the sequencer a leader, a message an attempt that is counted first.
"""

import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final, TypeVar

from api.case_form import form_maker
from api.mail_words import mail_composer
from registry.aftercare.erased_persons import carry_out_person_erasures, reapply_person_erasures
from registry.archive.gathering import Filing
from registry.archive.keeping import archive_due, carry_out_disposals
from registry.catalog.erasing import carry_out_erasures, reapply_erasures
from registry.catalog.records import VERIFY_KIND
from registry.catalog.usage import digest_usage
from registry.catalog.verification import SCRATCH, verify_draft
from registry.dossier.exporting import export_log
from registry.errors import SancaiError, UnavailableError
from registry.exchange.sampling import forget_erased_samples
from registry.house import House
from registry.journal.service import sequence
from registry.manifests.service import sweep_uploads
from registry.messages.delivery import carriers_of
from registry.upkeep.erased import deleter
from registry.upkeep.history import watch_history
from registry.upkeep.nightly import keep_nightly
from registry.upkeep.replicas import replicate
from registry.upkeep.retaining import retain_published
from registry.values.identifiers import VersionId
from registry.vouchers.service import expire_due
from storage import outbox, queue
from storage.database import Connection, DatabaseUnavailableError, partitions_ensured
from storage.errors import StoreError
from storage.scratch import remove_abandoned

KINDS: Final = (VERIFY_KIND,)
SEQUENCED_EVERY_S: Final = 0.5
KEPT_EVERY_S: Final = 60.0
WEBHOOKS_AT_ONCE: Final = 6
"""How many receivers a worker speaks to at the same time."""
REPLICATED_AT_ONCE_MAX: Final = 500
"""How many objects one tidying copies to the replica store; the next one goes on."""
EXPIRED_AT_ONCE_MAX: Final = 500
"""How many holds of vouchers one tidying ends; the next one goes on."""
LOOKED_FOR_EVERY_S: Final = 1.0
HELD_EVERY_S: Final = queue.LEASE.total_seconds() / 4

_log = logging.getLogger("sancai.worker")

T = TypeVar("T")


class LeaseLostError(Exception):
    """The job was called off or given to another worker: nothing more may be done for it."""


class StoppedError(Exception):
    """The worker stops: the job goes back, and on where it was."""


def worker_name() -> str:
    """Return a name no other worker has."""
    return f"{os.uname().nodename}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def run_once(house: House) -> int:
    """Do all that waits now, in this thread, and return how many jobs were done: for tests and demonstrations."""
    worker, done = worker_name(), 0
    while work_on_next(house, worker):
        done += 1
    while sequence(house.database, house.clock, house.signing_key):
        pass
    deliver_messages(house)
    keep(house)
    return done


def run(house: House) -> None:
    """Work until the process is told to stop; a job at hand is then given back at once."""
    worker, stop = worker_name(), threading.Event()
    threads = [
        threading.Thread(target=target, args=(house, stop), name=f"sancai-{name}", daemon=True)
        for name, target in (
            ("sequencer", _beside),
            ("keeper", _keeping),
            ("express", _express),
            *_carriers(),
        )
    ]
    bell = queue.Bell(house.database)
    remove_abandoned(SCRATCH)
    with _tried_again():
        erase_again(house)
    for thread in threads:
        thread.start()
    try:
        while True:
            try:
                if not work_on_next(house, worker):
                    bell.wait(LOOKED_FOR_EVERY_S)
            except DatabaseUnavailableError:
                _log.warning("the database does not answer")
                time.sleep(LOOKED_FOR_EVERY_S)
    finally:
        stop.set()
        bell.close()
        for thread in threads:
            thread.join(timeout=10)


def _express(house: House, stop: threading.Event) -> None:
    """Do small jobs beside the one that takes as long as it takes; one at hand is given back when the worker stops."""
    worker, bell = worker_name(), queue.Bell(house.database)
    while not stop.is_set():
        answered = False
        with _tried_again():
            if not work_on_next(house, worker, queue.EXPRESS_UNITS_MAX, stop):
                bell.wait(LOOKED_FOR_EVERY_S)
            answered = True
        if not answered:  # The bell does not wait either where there is no database.
            stop.wait(LOOKED_FOR_EVERY_S)
    bell.close()


def _beside(house: House, stop: threading.Event) -> None:
    """Index the log while jobs take as long as they take."""
    while not stop.is_set():
        with _tried_again():
            while sequence(house.database, house.clock, house.signing_key):
                pass
        stop.wait(SEQUENCED_EVERY_S)


def _carriers() -> Iterator[tuple[str, Callable[[House, threading.Event], None]]]:
    """Yield what delivers messages.

    One hands in mail, so that a server that fails has one mail at hand at most; of the others every second leaves slow
    receivers to the rest.
    """
    yield "mail", partial(_carrying, kind=outbox.Kind.MAIL, steady_only=False)
    for number in range(WEBHOOKS_AT_ONCE):
        yield f"webhooks-{number}", partial(_carrying, kind=outbox.Kind.WEBHOOK, steady_only=number % 2 == 1)


def _keeping(house: House, stop: threading.Event) -> None:
    """Do what is due each minute, and a last time when the worker stops; a slow store holds nothing else up."""
    while True:
        stopping = stop.wait(0)
        with _tried_again():
            keep(house)
        if stopping:
            return
        stop.wait(KEPT_EVERY_S)


@contextmanager
def _tried_again() -> Iterator[None]:
    """Let no fault end the thread: with it the log would stand still, and nobody would be told."""
    try:
        yield
    except (DatabaseUnavailableError, SancaiError, StoreError) as error:
        _log.warning("will be tried again: %s", error)
    except Exception:  # noqa: BLE001  Whatever it was, the next round tries again; it is logged with its trace.
        _log.exception("will be tried again")


def keep(house: House) -> None:
    """Tidy, journal the reads of days that have ended, delete what was erased or disposed of, and export the log."""
    tidy(house)
    digest_usage(house.database, house.clock)
    carry_out_erasures(house, house.settings.log_retention, deleter(house))
    forget_erased_samples(house)
    carry_out_person_erasures(house, house.settings.log_retention, deleter(house))
    carry_out_disposals(house)
    try:
        watch_history(house)
        export_log(house, house.settings.log_retention)
    except StoreError as error:
        _log.warning("the log was not exported and will be: %s", error)


def filing_of(house: House) -> Filing:
    """Return what making the archive of a case needs of an installation."""
    settings = house.settings
    return Filing(
        store=house.store,
        signing_key=house.signing_key,
        secret=house.secret,
        retention=settings.log_retention,
        public_url=settings.public_url,
        form=form_maker(settings.public_url),
    )


def erase_again(house: House) -> None:
    """Erase again what a restore has brought back, before anything else is done with it."""
    found = reapply_erasures(house, deleter(house))
    forget_erased_samples(house)
    persons = reapply_person_erasures(house, deleter(house))
    if again := (*found.orders, *persons.persons):
        _log.warning("erased again after a restore: %s", ", ".join(again))
    for key in (*found.refused, *persons.refused):
        _log.critical("not a line of ours in a list of erasures: %s", key, extra={"alarm": True})


def deliver_messages(house: House, kind: outbox.Kind | None = None, *, steady_only: bool = False) -> None:
    """Try every message, or those of a kind, whose time has come once."""
    compose = mail_composer(house.settings.public_url, house.secret)
    carriers = carriers_of(house.database, house.clock, house.settings, house.secret, compose)
    wanted = {each: carry for each, carry in carriers.items() if kind in (None, each)}
    while wanted and outbox.deliver_next(house.database, wanted, steady_only=steady_only):
        pass


def _carrying(house: House, stop: threading.Event, kind: outbox.Kind, *, steady_only: bool) -> None:
    """Deliver messages of one kind for as long as the worker runs."""
    while not stop.is_set():
        with _tried_again():
            deliver_messages(house, kind, steady_only=steady_only)
        stop.wait(SEQUENCED_EVERY_S)


def tidy(house: House) -> None:
    """Make the partitions of the next months, end holds that have run out, free what given-up uploads hold.

    Keep published bytes from deletion, copy them to the replica, and do what is due once a night.
    """
    with house.database.writing() as connection:
        partitions_ensured(connection)
    expire_due(house.database, house.clock, EXPIRED_AT_ONCE_MAX)
    with suppress(StoreError):
        sweep_uploads(house.database, house.clock, house.store)
        retain_published(house)
        replicate(house, REPLICATED_AT_ONCE_MAX)
    keep_nightly(house, {"archives": lambda _: {"archived": archive_due(house, filing_of(house))}})


def work_on_next(house: House, worker: str, units_max: int | None = None, stop: threading.Event | None = None) -> bool:
    """Take the job whose turn it is and do it; return False when none waits.

    Args:
        house: The installation.
        worker: Who takes it.
        units_max: Leave larger jobs to others.
        stop: When it is set the job is given back.
    """
    with house.database.writing() as connection:
        job = queue.take(connection, worker, KINDS, units_max=units_max)
    if job is None:
        return False
    with _Holding(house, job, worker, stop) as holding:
        try:
            verify_draft(house, VersionId(job.payload["version"]), str(job.id), holding.progressed)
        except LeaseLostError:
            _log.info("job %s was called off", job.id)
        except StoppedError:
            _give_back(house, job, worker)
        except (UnavailableError, DatabaseUnavailableError) as error:
            _failed(house, job, worker, error, stop, outage=True)
        except Exception as error:  # noqa: BLE001  A job that breaks is parked with its reason; the worker goes on.
            _log.exception("job %s failed", job.id)
            _failed(house, job, worker, error, stop)
        except BaseException:
            _give_back(house, job, worker)
            raise
        else:
            _settled(house, lambda connection: queue.finish(connection, job, worker), stop)
    return True


def _give_back(house: House, job: queue.Job, worker: str) -> None:
    with house.database.writing() as connection:
        queue.give_back(connection, job, worker)


def _failed(
    house: House,
    job: queue.Job,
    worker: str,
    error: Exception,
    stop: threading.Event | None = None,
    *,
    outage: bool = False,
) -> None:
    code = error.code if isinstance(error, SancaiError) else type(error).__name__
    reason = {"code": code, "detail": str(error)[:500]}
    state = _settled(house, lambda connection: queue.fail(connection, job, worker, reason, outage=outage), stop)
    _log.warning("job %s is %s after attempt %d: %s", job.id, state, job.attempt, code)


def _settled(house: House, act: Callable[[Connection], T], stop: threading.Event | None) -> T:
    """Say what became of a job; a database that does not answer is waited for, as long as the lease lasts.

    Otherwise a restart of the database would cost each job at hand the whole of its lease.
    """
    deadline = time.monotonic() + queue.LEASE.total_seconds()
    while True:
        try:
            with house.database.writing() as connection:
                return act(connection)
        except DatabaseUnavailableError:
            if time.monotonic() > deadline or (stop is not None and stop.is_set()):
                raise
            time.sleep(LOOKED_FOR_EVERY_S)


class _Holding:
    """Keeps the lease of a job in a thread of its own, with the progress last told."""

    def __init__(self, house: House, job: queue.Job, worker: str, stop: threading.Event | None = None) -> None:
        self._house, self._job, self._worker, self._stop = house, job, worker, stop
        self._told = (0, 0)
        self._lost, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold, name="sancai-lease", daemon=True)

    def __enter__(self) -> "_Holding":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(timeout=10)

    @property
    def progressed(self) -> Callable[[int, int], None]:
        """What the work calls with units done and in all. Raises LeaseLostError or StoppedError when it must stop."""

        def tell(done: int, total: int) -> None:
            self._told = (done, total)
            if self._lost.is_set():
                raise LeaseLostError
            if self._stop is not None and self._stop.is_set():
                raise StoppedError

        return tell

    def _hold(self) -> None:
        while not self._ended.wait(HELD_EVERY_S):
            with suppress(DatabaseUnavailableError), self._house.database.writing() as connection:
                if not queue.renew(connection, self._job, self._worker, *self._told):
                    self._lost.set()
                    return
