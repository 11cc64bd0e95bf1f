"""What a worker does about archives: archives cases whose term has come, removes what was disposed of, looks after it.

Each case is a transaction of its own on the write path: one that fails does not hold back the others.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from registry.actors.model import Actor
from registry.archive import records
from registry.archive.gathering import Filing
from registry.archive.model import Archive, Disposal, DisposalState
from registry.archive.service import archive_within, content_of, held_at
from registry.archive.terms import archived_after
from registry.awards.records import case_of
from registry.catalog.premises import Premises
from registry.dossier.model import ExportFinding
from registry.errors import CorruptContentError, SancaiError
from registry.journal.work import Command, Work, perform
from registry.values.digest import Digest
from registry.values.identifiers import CaseId
from storage.errors import ObjectLockedError, StoreConfigurationError, StoreError
from storage.object_store import Bucket, ObjectStore

ARCHIVED_AT_ONCE_MAX: Final = 2_000
"""How many cases one night archives, about; the next one goes on."""
REMOVED_AT_ONCE_MAX: Final = 20
PAGE: Final = 200
_WORKER: Final = Actor(name="worker")
_log = logging.getLogger("sancai.archive")


def archive_due(premises: Premises, filing: Filing) -> int:
    """Archive cases in which nothing was done since the term and something since their archive; return how many.

    A case that cannot be archived now is left to the next night, and does not keep the ones behind it waiting.
    """
    before, done = premises.clock.now().plus(-archived_after()), 0
    after: CaseId | None = None
    while done < ARCHIVED_AT_ONCE_MAX:
        with premises.database.reading() as connection:
            wanted = records.unarchived(connection, before, after, PAGE)
        if not wanted:
            break
        done += sum(_archived(premises, filing, case_id) for case_id in wanted)
        after = wanted[-1]
    return done


def _archived(premises: Premises, filing: Filing, case_id: CaseId) -> bool:
    def use_case(work: Work) -> Mapping[str, Any]:
        case = case_of(work.connection, case_id, lock=True)
        if case is None:
            raise AssertionError("a case that was just there")
        return {"number": archive_within(work, filing, case).number}

    key = f"{case_id}-{premises.clock.now()}"
    try:
        perform(premises.database, premises.clock, _WORKER, _command("archive.due", key), use_case)
    except SancaiError as error:
        _log.warning("case %s was not archived and will be: %s", case_id, error)
        return False
    return True


def carry_out_disposals(premises: Premises) -> int:
    """Remove the packages of confirmed disposals from the store; return how many archives are gone.

    One that the store does not let go, or not now, stays confirmed and is tried again: its tombstone says so.
    """
    done = 0
    with premises.database.reading() as connection:
        wanted = records.confirmed_disposals(connection, REMOVED_AT_ONCE_MAX)
    for disposal in wanted:
        with premises.database.reading() as connection:
            revisions = records.archives_of(connection, disposal.case)
        try:
            for archive in revisions:
                _remove(premises.store, archive)
        except ObjectLockedError:
            _log.warning("the store does not let go of the archive of %s yet", disposal.case)
            continue
        except StoreError as error:
            _log.warning("the archive of %s was not removed and will be: %s", disposal.case, error)
            continue
        _removed(premises, disposal)
        done += 1
    return done


def _remove(store: ObjectStore, archive: Archive) -> None:
    """Remove a package from where it was put, and from where a move of the store has brought it since."""
    held = held_at(archive)
    if store.identity != held.store:
        for found in store.list(Bucket.LOG, archive.key):
            store.delete(found.place)
    try:
        store.at(held.store).delete(held.place)
    except StoreConfigurationError:  # That store was given up, with all that it held.
        _log.info("the store %s is not known any more", held.store)


def _removed(premises: Premises, disposal: Disposal) -> None:
    def use_case(work: Work) -> Mapping[str, Any]:
        work.journal("archive.packages_removed", disposal.case, disposal=disposal.id)
        records.save_disposal(work.connection, replace(disposal, state=DisposalState.REMOVED, removed_at=work.now))
        return {}

    perform(premises.database, premises.clock, _WORKER, _command("archive.removed", disposal.id), use_case)


def _command(operation: str, key: str) -> Command:
    return Command(operation, key, Digest.of(key.encode()))


def kept(premises: Premises) -> Iterator[Archive]:
    """Yield every revision whose package is to be in the store."""
    after: tuple[CaseId, int] | None = None
    while True:
        with premises.database.reading() as connection:
            page = records.kept_archives(connection, after, PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].case, page[-1].number


def verify_archives(premises: Premises) -> Iterator[ExportFinding]:
    """Check that every package is there as it was put. Raises UnavailableError: the store does not answer."""
    for archive in kept(premises):
        try:
            content_of(premises.store, archive)
        except CorruptContentError as error:
            yield ExportFinding(archive.key, error.code, archive.store)
