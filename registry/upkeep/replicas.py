"""Replicas: every published object and document a second time, in another store with keys of its own.

An object has the same bucket and key there. It is copied after its verification, by the worker each minute and by
``sancai admin replicate``; what is copied is hashed on the way, so that damage is never copied.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from registry.errors import CorruptContentError
from registry.upkeep import records
from registry.upkeep.model import BlobState, ObjectName, StoredObject
from registry.upkeep.premises import Premises
from registry.upkeep.records import places
from registry.upkeep.stores import replica_store
from storage.errors import ObjectExistsError, ObjectMissingError, StoreConfigurationError
from storage.object_store import Bucket, ObjectStore, Place

PAGE: Final = 200
_COPIED: Final = frozenset({BlobState.VERIFIED, BlobState.CONDEMNED})


def replicate(premises: Premises, objects_max: int | None = None) -> int:
    """Copy what the replica store does not hold yet; return how many objects that were.

    An object that is damaged is passed over: the scrub names it.

    Raises StoreUnavailableError, StoreConfigurationError: what is copied by then stands.
    """
    replica = replica_store(premises.settings, premises.secret)
    if replica is None:
        return 0
    replica.prepare()
    made, after = 0, None
    while objects_max is None or made < objects_max:
        with premises.database.reading() as connection:
            page = places.unreplicated(connection, replica.identity, after, PAGE)
        for name in page:
            made += replicate_one(premises, replica, name)
        if len(page) < PAGE:
            break
        after = page[-1]
    return made


def replicate_one(premises: Premises, replica: ObjectStore, name: ObjectName) -> int:
    """Copy one object to the replica store; return 1, or 0 when it is missing or damaged."""
    with premises.database.reading() as connection:
        held = records.object_at(connection, name)
    rows = StoredObject(name, tuple(blob for blob in held.blobs if blob.state in _COPIED))
    if not rows.blobs:
        return 0
    try:
        version = copy_object(Origin(premises.store.at(name.store), rows.version_id), rows, replica, name.key)
    except (ObjectMissingError, CorruptContentError):
        return 0
    with premises.database.writing() as connection:
        places.add_replica(connection, name, replica.identity, version, premises.clock.now())
    return 1


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an object is copied from: a store, and the version it has there."""

    store: ObjectStore
    version_id: str | None


def copy_object(origin: Origin, held: StoredObject, target: ObjectStore, key: str) -> str | None:
    """Copy an object from one store to another and return its version there; bytes that do not match never stay.

    What arrived is read again. A copy that is there already, of a run that was cut, counts if it is right.

    Raises:
        ObjectMissingError: The origin does not hold it.
        CorruptContentError: The origin does not hold what the rows say.
    """
    bucket = Bucket(held.name.bucket)
    there = origin.store.stat(Place(bucket, held.name.key, origin.version_id))
    for _ in range(2):
        try:
            made = target.put_stream(bucket, key, origin.store.read(there.place), there.size_bytes)
        except ObjectExistsError:
            made = target.stat(Place(bucket, key))
        if not damaged(target.read(made.place), held):
            return made.place.version_id
        target.delete(made.place)
    raise CorruptContentError("object_digest_differs", path=held.name.key, detail="damaged")


def damaged(content: Iterator[bytes], held: StoredObject) -> set[int]:
    """Return the positions of those blobs whose bytes in an object are not theirs; the object is read once, in order.

    Blobs of a pack lie one after the other; some may be the same bytes under two rows, or leave a gap.
    """
    wrong, position = set[int](), 0
    hashing = [hashlib.sha256() for _ in held.blobs]
    waiting = list(range(len(held.blobs)))
    for chunk in content:
        end = position + len(chunk)
        still = []
        for index in waiting:
            blob = held.blobs[index]
            last = blob.offset_bytes + blob.size_bytes
            if blob.offset_bytes < end and last > position:
                hashing[index].update(chunk[max(0, blob.offset_bytes - position) : last - position])
            if last > end:
                still.append(index)
        waiting, position = still, end
    for index in waiting:
        blob = held.blobs[index]
        if blob.offset_bytes + blob.size_bytes > position:
            wrong.add(index)
    for index, seen in enumerate(hashing):
        if seen.hexdigest() != held.blobs[index].digest.hex:
            wrong.add(index)
    if len(held.blobs) == 1 and held.blobs[0].offset_bytes == 0 and position != held.blobs[0].size_bytes:
        wrong.add(0)
    return wrong


def remove_replicas(premises: Premises, name: ObjectName, *, despite_retention: bool = False) -> None:
    """Delete an object from every replica store that holds it. Raises StoreConfigurationError for an unknown store."""
    with premises.database.reading() as connection:
        held = places.replicas_of(connection, name)
    for identity, version in held:
        place = Place(Bucket(name.bucket), name.key, version)
        _replica_of(premises, identity).delete(place, despite_retention=despite_retention)
        with premises.database.writing() as connection:
            places.drop_replica(connection, name, identity)


def _replica_of(premises: Premises, identity: str) -> ObjectStore:
    replica = replica_store(premises.settings, premises.secret)
    if replica is None or replica.identity != identity:
        raise StoreConfigurationError("store_unknown", identity=identity)
    return replica
