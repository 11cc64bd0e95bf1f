"""The reverse sweep: objects that no row knows, found by listing the store.

A run reports strays and remembers them. With ``delete`` it also removes those that an earlier run has reported and that
are strays still: so the first run never deletes. It refuses to delete when the database looks wrong (``rules``).
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from registry.errors import ConflictError
from registry.manifests.service import sweep_uploads
from registry.upkeep import records
from registry.upkeep.history import accept_history, watch_history
from registry.upkeep.journaling import journaled
from registry.upkeep.premises import Premises
from registry.upkeep.records import places
from registry.upkeep.rules import STRAYS_MAX_PERCENT, before_grace, require_sweepable
from registry.values.moment import Moment, SystemClock
from storage.database import Connection
from storage.errors import ObjectLockedError
from storage.object_store import Bucket, ObjectStat, Place

PAGE: Final = 1_000
SWEPT: Final = (Bucket.INCOMING, Bucket.PUBLISHED, Bucket.EVIDENCE)


@dataclass(frozen=True, slots=True)
class Stray:
    """An object without a row, and whether an earlier run had found it."""

    bucket: str
    key: str
    size_bytes: int
    known_before: bool


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep has seen and done. ``refused``: why nothing may be deleted, or nothing."""

    objects: int
    strays: int
    strays_bytes: int
    known_before: int
    deleted: int
    uploads_ended: int
    refused: str
    sample: tuple[Stray, ...]


SAMPLE_MAX: Final = 100


def sweep(
    premises: Premises, *, delete: bool = False, percent_max: int = STRAYS_MAX_PERCENT, accept: bool = False
) -> Swept:
    """Report strays, end expired uploads and, with ``delete``, remove the strays that an earlier run has reported.

    ``accept``: the operator says that this database, although it was set back, is the one to go by.

    Raises:
        ConflictError: Nothing may be deleted; the code says why. Nothing was.
        StoreUnavailableError, StoreConfigurationError: What was deleted by then stays deleted.
    """
    accepted = watch_history(premises)
    if accept and not accepted:
        accept_history(premises)
        accepted = True
    ended = _end_uploads(premises)
    run = premises.clock.now()
    objects, strays, size_bytes, before, sample = 0, 0, 0, 0, list[Stray]()
    for bucket in SWEPT:
        for page in _pages(premises, bucket):
            objects += len(page)
            found = _strays(premises, bucket, page)
            known = _remember(premises, bucket, found, run)
            strays, size_bytes = strays + len(found), size_bytes + sum(item.size_bytes for item in found)
            before += len(known)
            sample += [
                Stray(bucket, item.place.key, item.size_bytes, item.place.key in known)
                for item in found[: SAMPLE_MAX - len(sample)]
            ]
    with premises.database.writing() as connection:
        places.drop_unseen_strays(connection, premises.store.identity, run)
        rows = records.count_alive(connection)
    refused = _refusal(accepted, rows, objects, strays, percent_max)
    if refused is not None and delete:
        raise refused
    deleted = _delete(premises, run) if delete else 0
    code = refused.code if refused else ""
    return Swept(objects, strays, size_bytes, before, deleted, ended, code, tuple(sample))


def _refusal(accepted: bool, rows: int, objects: int, strays: int, percent_max: int) -> ConflictError | None:
    if not accepted:
        return ConflictError("sweep_database_set_back")
    try:
        require_sweepable(rows=rows, held=objects, strays=strays, percent_max=percent_max)
    except ConflictError as error:
        return error
    return None


def _end_uploads(premises: Premises) -> int:
    total = 0
    while number := sweep_uploads(premises.database, premises.clock, premises.store):
        total += number
    return total


def _pages(premises: Premises, bucket: Bucket) -> Iterator[list[ObjectStat]]:
    page: list[ObjectStat] = []
    for found in premises.store.list(bucket):
        page.append(found)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _strays(premises: Premises, bucket: Bucket, page: list[ObjectStat]) -> list[ObjectStat]:
    """Return those of a page that are out of their grace, by the store's own clock, and that no row knows."""
    before = before_grace(SystemClock().now()).instant
    old = [found for found in page if found.modified_at is not None and found.modified_at < before]
    with premises.database.reading() as connection:
        known = _known(connection, premises.store.identity, bucket, [found.place.key for found in old])
    return [found for found in old if found.place.key not in known]


def _known(connection: Connection, store: str, bucket: Bucket, keys: list[str]) -> set[str]:
    """Return those of some keys that a row knows, or that belong to an upload whose bytes are still to be verified."""
    if not keys:
        return set()
    known = records.known_keys(connection, store, bucket, keys)
    named = {key: name for key in keys if (name := _uuid_of(key))}
    awaited = records.awaited_uploads(connection, list(named.values()))
    return known | {key for key, name in named.items() if name in awaited}


def _uuid_of(key: str) -> str | None:
    try:
        return str(uuid.UUID(key.rpartition("/")[2]))
    except ValueError:
        return None


def _remember(premises: Premises, bucket: Bucket, found: list[ObjectStat], run: Moment) -> set[str]:
    """Note strays; return the keys of those an earlier run had noted."""
    keys, store = [item.place.key for item in found], premises.store.identity
    with premises.database.writing() as connection:
        known = places.known_strays(connection, store, bucket, keys)
        places.add_strays(connection, store, found, run)
    return known


def _delete(premises: Premises, run: Moment) -> int:
    """Remove the strays that were noted before this run and seen again by it; look for a row once more before each."""
    store, total = premises.store.identity, 0
    while True:
        with premises.database.reading() as connection:
            page = places.strays_before(connection, store, run, PAGE)
        if not page:
            break
        for name in page:
            bucket = Bucket(name.bucket)
            with premises.database.reading() as connection:
                known = _known(connection, store, bucket, [name.key])
            if not known:
                try:
                    premises.store.delete(Place(bucket, name.key))
                    total += 1
                except ObjectLockedError:  # Not yet; the next run finds it again.
                    pass
            with premises.database.writing() as connection:
                places.drop_strays(connection, store, bucket, [name.key])
    if total:
        journaled(premises, "upkeep.strays_removed", "installation", {"objects": total})
    return total
