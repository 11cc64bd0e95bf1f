"""The scrub: stored bytes are read again, those longest unread first, and mended from the replica where they rotted.

What cannot be mended is marked as damaged: from then on nobody is given it, an alarm is logged, and the journal says
so. Should the right bytes come back to their place (an operator restored them), the next scrub lifts the mark.
"""

import logging
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from registry.errors import CorruptContentError
from registry.journal.work import Work
from registry.upkeep import records
from registry.upkeep.checking import finding
from registry.upkeep.journaling import journaled
from registry.upkeep.model import Damage, Finding, ObjectName, StoredObject
from registry.upkeep.premises import Premises
from registry.upkeep.records import places
from registry.upkeep.replicas import Origin, copy_object, damaged, remove_replicas, replicate_one
from registry.upkeep.stores import replica_store
from storage.errors import ObjectMissingError, StoreError, StoreUnavailableError
from storage.object_store import Bucket, ObjectStore, Place

NIGHTLY_OBJECTS_MAX: Final = 20_000
NIGHTLY_BYTES_MAX: Final = 2 * 2**40
"""What one night reads at most; the next one goes on with what is then the oldest."""
BATCH: Final = 200

_log = logging.getLogger("sancai.upkeep")


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What one scrub has read, and what it found. ``damaged``: still so after it."""

    objects: int
    size_bytes: int
    repaired: int
    damaged: tuple[Finding, ...]


def scrub(premises: Premises, objects_max: int = NIGHTLY_OBJECTS_MAX, bytes_max: int = NIGHTLY_BYTES_MAX) -> Scrubbed:
    """Read the objects that were unread longest, once each.

    Raises StoreUnavailableError: the store does not answer at all; what was read by then counts.
    """
    objects, size_bytes, repaired, found = 0, 0, 0, list[Finding]()
    seen: set[ObjectName] = set()
    while objects < objects_max and size_bytes < bytes_max:
        with premises.database.reading() as connection:
            batch = records.oldest_scrubbed(connection, min(BATCH, objects_max - objects))
        batch = [held for held in batch if held.name not in seen]
        if not batch:
            break
        for held in batch:
            seen.add(held.name)
            wrong = _scrub(premises, held)
            objects, size_bytes = objects + 1, size_bytes + held.size_bytes
            if wrong and _repaired(premises, held):
                repaired += 1
            else:
                found.extend(wrong)
            if size_bytes >= bytes_max:
                break
    return Scrubbed(objects, size_bytes, repaired, tuple(found))


def _scrub(premises: Premises, held: StoredObject) -> list[Finding]:
    """Read an object; mark what is damaged, lift the mark from what is whole."""
    store = premises.store.at(held.name.store)
    wrong, damage = _read(store, held)
    broken = [blob.id for index, blob in enumerate(held.blobs) if index in wrong]
    whole = [blob.id for index, blob in enumerate(held.blobs) if index not in wrong]
    now = premises.clock.now()
    with premises.database.writing() as connection:
        records.mark_scrubbed(connection, whole, now)
    if not broken:
        return []

    def mark(work: Work) -> None:
        records.mark_damaged(work.connection, broken, work.now)

    known = all(held.blobs[index].state == "damaged" for index in wrong)
    if known:
        with premises.database.writing() as connection:
            records.mark_damaged(connection, broken, now)
    else:
        journaled(premises, "upkeep.blob_damaged", broken[0], {"code": damage.value, "blobs": len(broken)}, mark)
    _log.critical("damaged: %s %s/%s", damage.value, held.name.bucket, held.name.key, extra={"alarm": True})
    return [finding(held, damage, f"{len(broken)}/{len(held.blobs)}")]


def _read(store: ObjectStore, held: StoredObject) -> tuple[set[int], Damage]:
    """Return which blobs of an object are not whole, and what is wrong with it."""
    everything = set(range(len(held.blobs)))
    try:
        content: Iterator[bytes] = store.read(Place(Bucket(held.name.bucket), held.name.key, held.version_id))
        return damaged(content, held), Damage.DIGEST
    except ObjectMissingError:
        return everything, Damage.MISSING
    except StoreUnavailableError:
        store.health()  # A store that finds the rot itself refuses that object and answers otherwise.
        return everything, Damage.UNREADABLE


def _repaired(premises: Premises, held: StoredObject) -> bool:
    """Write the replica's bytes as a fresh object and lead the rows there; False when there is no good replica."""
    replica = replica_store(premises.settings, premises.secret)
    if replica is None:
        return False
    with premises.database.reading() as connection:
        versions = dict(places.replicas_of(connection, held.name))
        current = records.object_at(connection, held.name)
    if replica.identity not in versions:
        return False
    rows = StoredObject(held.name, tuple(blob for blob in current.blobs if blob.state not in ("gone", "deleting")))
    fresh = ObjectName(premises.store.identity, held.name.bucket, _fresh_key(held.name.key))
    try:
        version = copy_object(Origin(replica, versions[replica.identity]), rows, premises.store, fresh.key)
    except (ObjectMissingError, CorruptContentError):
        return False

    def lead(work: Work) -> None:
        records.relocate(work.connection, held.name, fresh, version, work.now)

    journaled(premises, "upkeep.blob_repaired", rows.blobs[0].id, {"blobs": len(rows.blobs)}, lead)
    replicate_one(premises, replica, fresh)
    remove_replicas(premises, held.name)
    with suppress(StoreError):  # What is left of it is a stray, which the sweep finds.
        old = Place(Bucket(held.name.bucket), held.name.key, held.version_id)
        premises.store.at(held.name.store).delete(old, despite_retention=True)
    return True


def _fresh_key(key: str) -> str:
    """Return a key beside ``key`` that nothing was ever written to."""
    return f"{key.rpartition('/')[0]}/{uuid.uuid4()}".lstrip("/")
