"""Whether the database is the one whose bytes the store holds, or an older one that was put back.

A database goes through epochs. The newest epoch that an operator has accepted has a mark in the log bucket. A database
that was restored by ``sancai admin restore`` begins an epoch of its own, without a mark; one that was put back by hand
is found out by the checkpoints in the log bucket that lead beyond its log. A sweep deletes nothing in an epoch that has
no mark: to an old database young bytes look like garbage.
"""

import json
import uuid
from typing import Final

from registry.journal import records as journal_records
from registry.upkeep.premises import Premises
from registry.upkeep.records import places
from storage.errors import ObjectMissingError
from storage.object_store import Bucket, Place

MARKS: Final = "epochs/"
CHECKPOINTS: Final = "checkpoints/"
FORMAT: Final = "sancai.epoch/1"


def watch_history(premises: Premises) -> bool:
    """Return whether the history of this database is accepted; begin the first epoch, or one of its own if it is older.

    A database that has no epoch is new when the store has no mark either; then it is accepted at once.

    Raises StoreUnavailableError, StoreConfigurationError.
    """
    with premises.database.reading() as connection:
        epoch = places.newest_epoch(connection)
    if epoch is None:
        new = next(iter(premises.store.list(Bucket.LOG, MARKS)), None) is None
        begin(premises, "born" if new else "set_back")
        if new and not _leads_beyond(premises, None):
            accept_history(premises)
            return True
        return False
    try:
        mark = premises.store.stat(Place(Bucket.LOG, _key(epoch)))
    except ObjectMissingError:
        return False
    if _leads_beyond(premises, mark.place):
        begin(premises, "set_back")
        return False
    return True


def accept_history(premises: Premises) -> None:
    """Mark the epoch of this database in the store: an operator says that what it does not know may go."""
    with premises.database.reading() as connection:
        epoch = places.newest_epoch(connection)
    if epoch is not None:
        content = json.dumps({"format": FORMAT, "epoch": epoch, "accepted_at": str(premises.clock.now())}).encode()
        try:
            premises.store.stat(Place(Bucket.LOG, _key(epoch)))
        except ObjectMissingError:
            premises.store.put(Bucket.LOG, _key(epoch), content)


def begin(premises: Premises, reason: str) -> str:
    """Begin an epoch that nobody has accepted, and return it."""
    epoch = uuid.uuid4().hex
    with premises.database.writing() as connection:
        places.begin_epoch(connection, epoch, reason, premises.clock.now())
    return epoch


def _key(epoch: str) -> str:
    return f"{MARKS}{epoch}.json"


def _leads_beyond(premises: Premises, mark: Place | None) -> bool:
    """Return whether the store holds a checkpoint of a log longer than ours that is younger than the mark."""
    accepted = premises.store.stat(mark).modified_at if mark else None
    with premises.database.reading() as connection:
        newest = journal_records.newest_checkpoint(connection)
    start = f"{CHECKPOINTS}{newest[0].size if newest else 0:020d}.note"
    younger = [
        found
        for found in premises.store.list(Bucket.LOG, CHECKPOINTS, start)
        if accepted is None or (found.modified_at and found.modified_at > accepted)
    ]
    if not younger:
        return False
    # The log may have grown since we looked, and another worker exported it.
    with premises.database.reading() as connection:
        newest = journal_records.newest_checkpoint(connection)
    start = f"{CHECKPOINTS}{newest[0].size if newest else 0:020d}.note"
    return any(found.place.key > start for found in younger)
