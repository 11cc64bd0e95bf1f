"""What leaves the database for the log bucket: the newest checkpoint, and the file of every paid case.

An operator who could rewrite the database could not rewrite these (DESIGN §3b: object lock only for log and dossiers).
A crash between object and row is mended by the next attempt, which finds the object and makes no second one.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

from registry.actors.model import Actor
from registry.awards import records as case_records
from registry.catalog.premises import Premises
from registry.dossier import records
from registry.dossier.model import ExportFinding, ExportKind
from registry.dossier.records import Export
from registry.dossier.service import signed_dossier
from registry.errors import InvalidValueError, UnavailableError
from registry.journal import records as journal_records
from registry.journal import service as journal
from registry.journal.checkpoints import verify_checkpoint
from registry.journal.work import View
from registry.values.digest import Digest
from registry.values.identifiers import CaseId
from registry.values.moment import SystemClock
from storage.database import Connection
from storage.errors import ObjectMissingError, StoreConfigurationError, StoreUnavailableError
from storage.object_store import Bucket, ObjectStore, Place

CASES_AT_ONCE: Final = 20
PAGE: Final = 1_000
CHECKPOINTS: Final = "checkpoints/"
DOSSIERS: Final = "dossiers/"
EXPORTER: Final = Actor(name="worker")


def export_log(premises: Premises, retention: timedelta) -> int:
    """Put the newest checkpoint and the dossiers of paid cases into the log bucket; return how many objects that were.

    Each goes there once, whoever else exports at the same time. A dossier waits until its entries are in the log.
    ``retention`` counts by the machine's clock, as the store's own does, never by that of a demo.

    Raises:
        StoreUnavailableError, StoreConfigurationError: The store does not take it; the next attempt may.
    """
    made = 0
    with premises.database.writing() as connection:
        if not records.lead_export(connection):
            return 0
        made += _export_checkpoint(premises, connection, retention)
        for case_id in records.unfiled_cases(connection, CASES_AT_ONCE):
            made += _export_dossier(premises, connection, case_id, retention)
    return made


def _export_checkpoint(premises: Premises, connection: Connection, retention: timedelta) -> int:
    newest = journal_records.newest_checkpoint(connection)
    if newest is None:
        return 0
    subject = f"{newest[0].size:020d}"
    if records.is_exported(connection, ExportKind.CHECKPOINT, subject):
        return 0
    named = f"{CHECKPOINTS}{subject}.note", newest[1].encode()
    _put(premises, connection, ExportKind.CHECKPOINT, subject, named, retention)
    return 1


def _export_dossier(premises: Premises, connection: Connection, case_id: CaseId, retention: timedelta) -> int:
    case = case_records.case_of(connection, case_id)
    if case is None:
        return 0
    content = _left_behind(premises.store, case_id)
    if content is None:
        try:
            content = signed_dossier(View(connection, EXPORTER, premises.clock.now()), premises.signing_key, case)
        except UnavailableError:  # Its newest entries have no place in the log yet.
            return 0
    key = f"{DOSSIERS}{case_id}/{Digest.of(content).hex}.json"
    _put(premises, connection, ExportKind.DOSSIER, str(case_id), (key, content), retention)
    return 1


def _left_behind(store: ObjectStore, case_id: CaseId) -> bytes | None:
    """Return a dossier that a crashed attempt has put there, if its name is its digest."""
    for found in store.list(Bucket.LOG, f"{DOSSIERS}{case_id}/"):
        content = b"".join(store.read(found.place))
        if found.place.key.endswith(f"/{Digest.of(content).hex}.json"):
            return content
    return None


def _put(
    premises: Premises,
    connection: Connection,
    kind: ExportKind,
    subject: str,
    named: tuple[str, bytes],
    retention: timedelta,
) -> None:
    key, content = named
    until = SystemClock().now().plus(retention)
    made = premises.store.put(Bucket.LOG, key, content, until.instant)
    export = Export(kind, subject, Digest.of(content), premises.store.identity, made.place)
    records.add_export(connection, export, until, premises.clock.now())


def verify_exports(premises: Premises) -> Iterator[ExportFinding]:
    """Hold every exported checkpoint to the log of the database, and every export to its digest.

    Checkpoints are looked for in the store, also such as have no row: a database that was set back is found by them.

    Raises:
        UnavailableError: The store does not answer.
    """
    try:
        yield from _verify_rows(premises)
        for found in premises.store.list(Bucket.LOG, CHECKPOINTS):
            yield from _verify_checkpoint(premises, found.place)
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error


def _verify_rows(premises: Premises) -> Iterator[ExportFinding]:
    """Check that everything the table names is there as it was put."""
    for kind in ExportKind:
        after = ""
        while True:
            with premises.database.reading() as connection:
                page = records.exports(connection, kind, after, PAGE)
            for export in page:
                yield from _verify_content(premises.store, export)
            if len(page) < PAGE:
                break
            after = page[-1].subject


class Held(Protocol):
    """What lies in a store: which one, and where in it."""

    @property
    def store(self) -> str:
        """The identity of the store it was put into."""

    @property
    def place(self) -> Place:
        """Where it lies there."""


def read_export(store: ObjectStore, export: Held) -> bytes:
    """Return what was exported: from where it was put, or from ``store`` if that other store was given up since.

    A move or a restore brings it there under the same key, as a version of its own.

    Raises ObjectMissingError, StoreUnavailableError.
    """
    try:
        held, place = store.at(export.store), export.place
    except StoreConfigurationError:
        held, place = store, replace(export.place, version_id=None)
    return b"".join(held.read(place))


def _verify_content(store: ObjectStore, export: Export) -> Iterator[ExportFinding]:
    try:
        seen = Digest.of(read_export(store, export))
    except ObjectMissingError:
        yield ExportFinding(export.place.key, "export_missing", export.store)
        return
    except StoreUnavailableError:
        store.health()
        yield ExportFinding(export.place.key, "export_unreadable", export.store)
        return
    if seen != export.digest:
        yield ExportFinding(export.place.key, "export_digest_differs", str(seen))


def _verify_checkpoint(premises: Premises, place: Place) -> Iterator[ExportFinding]:
    """Check that a checkpoint is ours and that the log in the database still leads to its root."""
    try:
        note = b"".join(premises.store.read(place)).decode()
        key = premises.signing_key
        exported = verify_checkpoint(note, [key.verifier], key.name)
    except (InvalidValueError, UnicodeDecodeError) as error:
        yield ExportFinding(place.key, "checkpoint_not_authentic", str(error))
        return
    except StoreUnavailableError:  # Named by its row already.
        premises.store.health()
        return
    with premises.database.reading() as connection:
        root = journal.root_at(connection, exported.size)
    if root is None:
        yield ExportFinding(place.key, "checkpoint_beyond_log", str(exported.size))
    elif root != exported.root:
        yield ExportFinding(place.key, "checkpoint_contradicts_log", root.hex())
