"""A backup read back into an empty installation: the database first, then every object, each read again.

The restored database begins an epoch of its own, which the store does not know: a sweep deletes nothing until an
operator has accepted it. What was erased by law since the backup was made is erased again, and so are persons.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registry.aftercare.erased_persons import carry_out_person_erasures, reapply_person_erasures
from registry.catalog.erasing import carry_out_erasures, reapply_erasures
from registry.dossier import records as dossiers
from registry.dossier.model import ExportKind
from registry.errors import ConflictError, CorruptContentError
from registry.exchange.sampling import forget_erased_samples
from registry.journal import records as journal_records
from registry.upkeep import records
from registry.upkeep.backup import Backup, copy_lists, fetch_dump
from registry.upkeep.erased import deleter
from registry.upkeep.model import BlobState, ObjectName, StoredObject
from registry.upkeep.premises import Premises
from registry.upkeep.records import places
from registry.upkeep.replicas import Origin, copy_object
from registry.upkeep.stores import probed
from registry.values.digest import Digest
from registry.values.moment import SystemClock
from storage.database import Database
from storage.database_dump import is_empty, load
from storage.errors import ObjectMissingError
from storage.migrate import migrate
from storage.object_store import Bucket, ObjectStore, Place

PAGE: Final = 500
_HELD: Final = (BlobState.VERIFIED, BlobState.CONDEMNED, BlobState.DAMAGED)


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. ``missing``: objects that the backup does not hold whole; they are marked as damaged."""

    backup: str
    objects: int
    size_bytes: int
    exports: int
    missing: tuple[str, ...]


def restore_database(owner_url: str, store: ObjectStore, backup: Backup) -> None:
    """Load the dump into an empty database and bring it to this release's schema; may be repeated after a crash.

    Raises:
        ConflictError: The database is not empty and is not this backup's.
        CorruptContentError: The dump is not the one that was described.
    """
    if is_empty(owner_url):
        with tempfile.TemporaryDirectory(prefix="sancai-restore-") as folder:
            path = Path(folder) / "database.dump"
            fetch_dump(store, backup, path)
            load(owner_url, path)
    else:
        _require_same(owner_url, backup)
    migrate(owner_url)


def _require_same(owner_url: str, backup: Backup) -> None:
    """Return if a database is what this backup holds: a restore that was cut goes on. Raises ConflictError."""
    database = Database(owner_url)
    try:
        with database.reading() as connection:
            newest = journal_records.newest_checkpoint(connection)
    finally:
        database.dispose()
    found = (newest[0].size, newest[0].root.hex()) if newest else (0, "")
    if found != (backup.log_size, backup.log_root):
        raise ConflictError("restore_not_empty", backup=backup.name)


def restore_objects(premises: Premises, store: ObjectStore, backup: Backup) -> Restored:
    """Put every object back into the installation's store, and lead the rows there; may be repeated after a crash."""
    probed(premises.database, premises.clock, premises.store)  # What the backup remembers was seen of another store.
    epoch = Digest.of(backup.name.encode()).hex[:32]
    with premises.database.writing() as connection:
        if places.newest_epoch(connection) != epoch:
            places.begin_epoch(connection, epoch, "restored", premises.clock.now())
        # What a cut restore led here already comes first, so that nothing is put back and counted twice.
        own = premises.store.identity
        identities = sorted(places.stores_of_rows(connection), key=lambda identity: identity != own)
    objects, size_bytes, missing = 0, 0, list[str]()
    for identity in identities:
        after: ObjectName | None = None
        while True:
            with premises.database.reading() as connection:
                page = records.objects_after(connection, after, PAGE, _HELD, identity)
            for held in page:
                if _put_back(premises, held, store):
                    objects, size_bytes = objects + 1, size_bytes + held.size_bytes
                else:
                    missing.append(f"{held.name.bucket}/{held.name.key}")
            if len(page) < PAGE:
                break
            after = page[-1].name
    exports = _put_back_log(premises, store)
    delete = deleter(premises)
    reapply_erasures(premises, delete)
    carry_out_erasures(premises, premises.settings.log_retention, delete)
    forget_erased_samples(premises)
    reapply_person_erasures(premises, delete)
    carry_out_person_erasures(premises, premises.settings.log_retention, delete)
    return Restored(backup.name, objects, size_bytes, exports, tuple(missing))


def _put_back(premises: Premises, held: StoredObject, store: ObjectStore) -> bool:
    now = premises.clock.now()
    try:
        version = copy_object(Origin(store, None), held, premises.store, held.name.key)
    except (ObjectMissingError, CorruptContentError):
        with premises.database.writing() as connection:
            records.mark_damaged(connection, [blob.id for blob in held.blobs], now)
        return False
    to = ObjectName(premises.store.identity, held.name.bucket, held.name.key)
    with premises.database.writing() as connection:
        records.relocate(connection, held.name, to, version, now)
    return True


def _put_back_log(premises: Premises, store: ObjectStore) -> int:
    """Put checkpoints and dossiers back, under a term that begins anew."""
    until = SystemClock().now().plus(premises.settings.log_retention)
    done = copy_lists(store, premises.store, until.instant)
    for kind in ExportKind:
        after = ""
        while True:
            with premises.database.reading() as connection:
                page = dossiers.exports(connection, kind, after, PAGE)
            for export in page:
                try:
                    content = b"".join(store.read(Place(Bucket.LOG, export.place.key)))
                except ObjectMissingError:
                    continue
                premises.store.put(Bucket.LOG, export.place.key, content, until.instant)
                done += 1
            if len(page) < PAGE:
                break
            after = page[-1].subject
    return done
