"""Garbage: bytes that nobody refers to go, after two graces, in an order in which a crash leaves garbage at worst.

0. Let go of the files of drafts that were abandoned.
1. Condemn what has had no reference since before the grace.
2. After a second grace: lock the rows of an object, look again, mark them as deleting, commit.
3. Delete the object by its version, in the replica stores, too; then leave the tombstones.

A crash after 2 is taken up by the next run, since nobody can refer to what is being deleted.
"""

import logging
from dataclasses import dataclass

from registry.upkeep import records
from registry.upkeep.journaling import journaled
from registry.upkeep.model import ObjectName, StoredObject
from registry.upkeep.premises import Premises
from registry.upkeep.records import places
from registry.upkeep.replicas import remove_replicas
from registry.upkeep.rules import before_grace
from registry.values.canonical import Json
from storage.errors import ObjectLockedError
from storage.object_store import Bucket, Place

PAGE = 5_000
OBJECTS_PAGE = 500

_log = logging.getLogger("sancai.upkeep")


@dataclass(frozen=True, slots=True)
class Collected:
    """What one collection did. ``kept``: objects that the store still keeps under retention."""

    condemned: int
    deleted: int
    kept: int
    size_bytes: int


def collect(premises: Premises) -> Collected:
    """Condemn and delete what may go now. Safe to repeat, and to run beside itself.

    Raises StoreUnavailableError, StoreConfigurationError: what is under way is finished by the next run.
    """
    with premises.database.writing() as connection:
        places.let_go_of_abandoned(connection, before_grace(premises.clock.now()))
    condemned = _condemn(premises)
    deleted, kept, size_bytes = 0, 0, 0
    after: ObjectName | None = None
    while True:
        before = before_grace(premises.clock.now())
        with premises.database.reading() as connection:
            due = records.due_objects(connection, after, before, OBJECTS_PAGE)
        for name in due:
            with premises.database.writing() as connection:
                taken = records.take_for_deletion(connection, name, before)
            if taken is None:
                continue
            if _delete(premises, taken):
                deleted, size_bytes = deleted + 1, size_bytes + taken.size_bytes
            else:
                kept += 1
        if len(due) < OBJECTS_PAGE:
            break
        after = due[-1]
    done = Collected(condemned, deleted, kept, size_bytes)
    if deleted:
        stated: dict[str, Json] = {"condemned": condemned, "objects": deleted, "size_bytes": size_bytes}
        journaled(premises, "upkeep.garbage_removed", "installation", stated)
    return done


def _condemn(premises: Premises) -> int:
    total, after = 0, None
    while True:
        now = premises.clock.now()
        with premises.database.writing() as connection:
            number, after = records.condemn(connection, after, before_grace(now), now, PAGE)
        total += number
        if after is None:
            return total


def _delete(premises: Premises, taken: StoredObject) -> bool:
    """Delete an object whose rows say so; return False when the store keeps it, which is then said in the rows."""
    store = premises.store.at(taken.name.store)
    try:
        store.delete(Place(Bucket(taken.name.bucket), taken.name.key, taken.version_id))
        remove_replicas(premises, taken.name)
        gone = True
    except ObjectLockedError:
        gone = False
    with premises.database.writing() as connection:
        records.settle_deleted(connection, taken, premises.clock.now(), gone=gone)
    return gone
