"""Retention: published objects are kept from deletion, by whoever holds our keys, where the store has a lock.

Put on after publication, not on the verified copy: a draft that nobody publishes must be able to go. Renewed when half
of the term is left, as long as a published version refers to the bytes.
"""

from datetime import timedelta
from typing import Final

from registry.upkeep.premises import Premises
from registry.upkeep.records import places
from registry.upkeep.stores import remembered
from registry.values.moment import SystemClock
from storage.errors import ObjectMissingError
from storage.object_store import Bucket, Place

PAGE: Final = 200


def retain_published(premises: Premises, objects_max: int = PAGE) -> int:
    """Put a retention on the next published objects that have none, or one that is half over; return how many.

    Counted by the machine's clock, as the store's own does, never by that of a demo.

    Raises StoreUnavailableError, StoreConfigurationError.
    """
    term, store = premises.settings.published_retention, premises.store
    if not term > timedelta() or not remembered(premises.database, premises.clock, store).published_lock:
        return 0
    now = SystemClock().now()
    until = now.plus(term)
    with premises.database.reading() as connection:
        due = places.unretained(connection, store.identity, now.plus(term / 2), objects_max)
    done = 0
    for name, version in due:
        try:
            kept = store.retain(Place(Bucket(name.bucket), name.key, version), until.instant)
        except ObjectMissingError:  # The check of the store names it; a retention cannot bring it back.
            kept = False
        with premises.database.writing() as connection:
            places.set_retained(connection, name, until)
        done += kept
    return done
