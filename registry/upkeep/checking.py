"""``fsck``: every row of bytes held against the store, without reading the bytes. Nothing is changed."""

from collections.abc import Iterator
from typing import Final

from registry.upkeep import records
from registry.upkeep.model import BlobState, Damage, Finding, ObjectName, StoredObject
from registry.upkeep.premises import Premises
from storage.errors import ObjectMissingError, StoreConfigurationError
from storage.object_store import Bucket, ObjectStore, Place

PAGE: Final = 500
_HELD: Final = (BlobState.VERIFIED, BlobState.CONDEMNED, BlobState.DAMAGED)


def check_objects(premises: Premises) -> Iterator[Finding]:
    """Yield every object that is missing, has another size, is hidden, overwritten or known to be damaged.

    Also every published file whose bytes are gone. Raises StoreUnavailableError.
    """
    after: ObjectName | None = None
    while True:
        with premises.database.reading() as connection:
            page = records.objects_after(connection, after, PAGE, _HELD)
        for held in page:
            yield from _check(premises, held)
        if len(page) < PAGE:
            break
        after = page[-1].name
    with premises.database.reading() as connection:
        dangling = records.dangling(connection)
    for blob, name in dangling:
        yield Finding(str(blob), name.store, name.bucket, name.key, Damage.MISSING, "gone")


def _check(premises: Premises, held: StoredObject) -> Iterator[Finding]:
    name, first = held.name, held.blobs[0]
    for blob in held.blobs:
        if blob.state is BlobState.DAMAGED:
            yield finding(held, Damage.DIGEST, f"{blob.id} sha256:{blob.digest.hex}")
    try:
        store = premises.store.at(name.store)
    except StoreConfigurationError:
        yield finding(held, Damage.STORE_UNKNOWN)
        return
    try:
        there = store.stat(Place(Bucket(name.bucket), name.key, held.version_id))
    except ObjectMissingError:
        yield finding(held, Damage.MISSING, held.version_id or "")
        return
    alone = len(held.blobs) == 1 and first.offset_bytes == 0
    if there.size_bytes < held.size_bytes or (alone and there.size_bytes != held.size_bytes):
        yield finding(held, Damage.SIZE, f"{there.size_bytes} != {held.size_bytes}")
    if held.version_id is not None:
        yield from _above(store, held)


def _above(store: ObjectStore, held: StoredObject) -> Iterator[Finding]:
    """Look at what a reader without a version would find."""
    try:
        newest = store.stat(Place(Bucket(held.name.bucket), held.name.key))
    except ObjectMissingError:
        yield finding(held, Damage.HIDDEN, held.version_id or "")
        return
    if newest.place.version_id != held.version_id:
        yield finding(held, Damage.OVERWRITTEN, newest.place.version_id or "")


def finding(held: StoredObject, damage: Damage, detail: str = "") -> Finding:
    """Return what is wrong with an object; named by its first blob."""
    name = held.name
    return Finding(str(held.blobs[0].id), name.store, name.bucket, name.key, damage, detail)
