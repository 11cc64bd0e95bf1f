"""The move of all bytes to another store, while the service runs.

1. ``--to``: the store is made known to every process (sealed, in the database) and everything is copied there. Each
   object is read again where it arrived; then its rows are led there in one transaction. Until then it is read where it
   was, from then on where it is. A cut run is taken up by the next.
2. The operator sets ``SANCAI_OBJECT_STORE`` to the new store and restarts, one process after the other. What the old
   one received meanwhile is read from there.
3. ``--finish``: the rest follows; when nothing refers to the old store, what was copied is deleted there and the store
   is forgotten.

What was received and is still to be verified is copied, too. Of an upload that is half sent the new store knows
nothing: its sender begins it again, as after any upload that a store forgot.
"""

import hashlib
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from registry.errors import ConflictError, CorruptContentError
from registry.upkeep import records
from registry.upkeep.journaling import journaled
from registry.upkeep.model import BlobState, ObjectName, StoredObject
from registry.upkeep.premises import Premises
from registry.upkeep.records import places
from registry.upkeep.replicas import Origin, copy_object
from registry.upkeep.stores import open_store, probed, sealed
from storage.errors import ObjectExistsError, ObjectLockedError, ObjectMissingError
from storage.object_store import Bucket, ObjectStore, Place
from storage.settings import FolderSettings, Settings, StoreSettings

PAGE: Final = 200
LOG_KEYS: Final = ("archives/", "checkpoints/", "dossiers/", "epochs/", "erased-persons/", "erasures/")
_MOVED: Final = (BlobState.VERIFIED, BlobState.CONDEMNED)


@dataclass(frozen=True, slots=True)
class Moved:
    """What one run moved. ``left``: objects that could not be moved, because they are missing or damaged."""

    objects: int
    size_bytes: int
    log_objects: int
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """What was left behind: deleted where it was copied, kept where the store keeps it or nobody knows it."""

    deleted: int
    kept: int


def move(premises: Premises, where: StoreSettings | None = None) -> Moved:
    """Move every object to the store that is at ``where``, by default to the one the installation writes to.

    Raises:
        ConflictError: It is the same store, or has the name of another one that bytes lie in.
        StoreUnavailableError, StoreConfigurationError: What was moved by then is moved.
    """
    target = premises.store if where is None else _made_known(premises, where)
    objects, size_bytes, left = 0, 0, list[str]()
    with premises.database.reading() as connection:
        others = [identity for identity in places.stores_of_rows(connection) if identity != target.identity]
    for identity in others:
        after: ObjectName | None = None
        while True:
            with premises.database.reading() as connection:
                page = records.objects_after(connection, after, PAGE, _MOVED, identity)
            for held in page:
                if _move(premises, held, target):
                    objects, size_bytes = objects + 1, size_bytes + held.size_bytes
                else:
                    left.append(f"{held.name.bucket}/{held.name.key}")
            if len(page) < PAGE:
                break
            after = page[-1].name
    with premises.database.reading() as connection:
        known = {*others, *places.sealed_identities(connection), premises.store.identity} - {target.identity}
    sources = [premises.store.at(identity) for identity in sorted(known)]
    for source in sources:
        _copy_received(premises, source, target)
    return Moved(objects, size_bytes, sum(_copy_log(source, target) for source in sources), tuple(left))


def _made_known(premises: Premises, where: StoreSettings) -> ObjectStore:
    """Prepare a store, and tell every process of it and of the present one. Raises ConflictError."""
    target = open_store(where, premises.settings, premises.secret)
    if target.identity == premises.store.identity:
        raise ConflictError("store_move_same", store=target.identity)
    target.prepare()
    _require_alone(premises, target)
    probed(premises.database, premises.clock, target)
    own = _own_place(premises.settings)
    with premises.database.writing() as connection:
        places.keep_sealed(connection, target.identity, sealed(premises.secret, target.identity, where))
        places.keep_sealed(connection, premises.store.identity, sealed(premises.secret, premises.store.identity, own))
    return target


def _own_place(settings: Settings) -> StoreSettings:
    return settings.s3 or settings.folder or FolderSettings(settings.objects_folder)


def _require_alone(premises: Premises, target: ObjectStore) -> None:
    """Return unless both names lead to the very same objects, as two addresses of one server would."""
    probe, content = f"moves/{hashlib.sha256(target.identity.encode()).hexdigest()[:16]}", target.identity.encode()
    place = target.put(Bucket.INCOMING, probe, content).place
    try:
        premises.store.stat(Place(Bucket.INCOMING, probe))
    except ObjectMissingError:
        return
    finally:
        target.delete(place)
    raise ConflictError("store_move_same", store=target.identity)


def _move(premises: Premises, held: StoredObject, target: ObjectStore) -> bool:
    """Copy an object and lead its rows to the copy; False when it cannot be had whole."""
    with premises.database.reading() as connection:
        current = records.object_at(connection, held.name)
    alive = tuple(blob for blob in current.blobs if blob.state in _MOVED)
    if not alive or any(blob.state is BlobState.DELETING for blob in current.blobs):
        return True  # It went meanwhile.
    whole = StoredObject(held.name, alive)
    try:
        origin = Origin(premises.store.at(held.name.store), whole.version_id)
        version = copy_object(origin, whole, target, held.name.key)
    except (ObjectMissingError, CorruptContentError):
        return False
    to = ObjectName(target.identity, held.name.bucket, held.name.key)
    with premises.database.writing() as connection:
        led = records.relocate(connection, held.name, to, version, premises.clock.now())
    if not led:
        target.delete(Place(Bucket(to.bucket), to.key, version))
    return True


def _copy_received(premises: Premises, source: ObjectStore, target: ObjectStore) -> None:
    """Copy what arrived and is still to be verified: hearsay as before, read by the worker where it finds it."""
    for found in source.list(Bucket.INCOMING):
        with premises.database.reading() as connection:
            awaited = records.awaited_uploads(connection, [found.place.key]) if _is_upload(found.place.key) else set()
        if awaited:
            with suppress(ObjectExistsError, ObjectMissingError):
                target.put_stream(Bucket.INCOMING, found.place.key, source.read(found.place), found.size_bytes)


def _is_upload(key: str) -> bool:
    try:
        return str(uuid.UUID(key)) == key
    except ValueError:
        return False


def _copy_log(source: ObjectStore, target: ObjectStore) -> int:
    """Copy checkpoints, dossiers, archives and marks; they stay where they were, too, under their terms."""
    copied = 0
    for prefix in LOG_KEYS:
        for found in source.list(Bucket.LOG, prefix):
            try:
                target.stat(Place(Bucket.LOG, found.place.key))
            except ObjectMissingError:
                target.put(Bucket.LOG, found.place.key, b"".join(source.read(found.place)))
                copied += 1
    return copied


def finish_move(premises: Premises) -> Finished:
    """End a move: everything is in the store the installation writes to, and the others are emptied and forgotten.

    Raises:
        ConflictError: Rows still name another store: move again.
    """
    own = premises.store.identity
    with premises.database.reading() as connection:
        behind = [identity for identity in places.stores_of_rows(connection) if identity != own]
        known = [identity for identity in places.sealed_identities(connection) if identity != own]
    if behind:
        raise ConflictError("store_move_unfinished", stores=", ".join(behind))
    deleted, kept = 0, 0
    for identity in known:
        removed, stayed = _emptied(premises, premises.store.at(identity))
        deleted, kept = deleted + removed, kept + stayed
        with premises.database.writing() as connection:
            places.forget_store(connection, identity)
    journaled(premises, "upkeep.store_moved", "installation", {"deleted": deleted, "kept": kept})
    return Finished(deleted, kept)


def _emptied(premises: Premises, old: ObjectStore) -> tuple[int, int]:
    """Delete in an old store what a row says lies in the new one; return how many went, and how many stayed."""
    deleted, kept = 0, 0
    for found in list(old.list(Bucket.INCOMING)):
        old.delete(found.place)
    for bucket in (Bucket.PUBLISHED, Bucket.EVIDENCE):
        for found in list(old.list(bucket)):
            with premises.database.reading() as connection:
                known = records.known_keys(connection, premises.store.identity, bucket, [found.place.key])
            try:
                if not known:
                    kept += 1
                    continue
                old.delete(found.place)
                deleted += 1
            except ObjectLockedError:
                kept += 1
    return deleted, kept
