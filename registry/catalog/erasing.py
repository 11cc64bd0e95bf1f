"""What follows from a confirmed order to erase: its line in the list beside the database, then the bytes.

Rules:
* The list comes first: a signed line for each order in the log bucket, so that a database which is set back to an older
  state, or objects that come back with a backup, are erased again (``reapply_erasures``).
* Living bytes that lie in the same object are moved out of it first. What a store still holds locked, or does not let
  go now, is tried again by the worker; the order says what holds it back.
* Every step may be repeated: a crash between the transaction and the deletion leaves work, never a reader.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from registry.actors.model import Actor
from registry.catalog import records
from registry.catalog.erasure import erase_versions_within
from registry.catalog.erasure_model import Condemned, Erasure, ErasureState
from registry.catalog.model import VersionState
from registry.catalog.premises import Premises
from registry.errors import InvalidValueError
from registry.journal.work import Command, Work, perform
from registry.manifests import signatures
from registry.policy import service as policy
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, ErasureId, VersionId
from registry.values.moment import Moment, SystemClock
from storage.database import Connection
from storage.errors import (
    ObjectLockedError,
    ObjectMissingError,
    ObjectSharedError,
    StoreConfigurationError,
    StoreError,
)
from storage.object_store import Bucket, Place

LIST_PREFIX: Final = "erasures/"
LIST_TYPE: Final = "application/vnd.sancai.erasure+json"
LIST_FORMAT: Final = "sancai.erasure/1"
ORDERS_AT_ONCE: Final = 20
OBJECTS_AT_ONCE: Final = 500
ERASER: Final = Actor(name="worker")
OVER: Final = frozenset({VersionState.ERASED, VersionState.ABANDONED})


Deleter = Callable[[str, Place], None]
"""Deletes an object, by store and place, wherever it is kept, and keeps what lives in it; a missing one is fine.

Raises StoreError.
"""


@dataclass(frozen=True, slots=True)
class Reapplied:
    """What applying the list again led to: orders that took effect anew, and lines that are not ours."""

    orders: tuple[str, ...]
    refused: tuple[str, ...]


def carry_out_erasures(premises: Premises, retention: timedelta, delete: Deleter) -> int:
    """Delete the bytes of confirmed orders; return how many orders were done. May be repeated and raced.

    ``retention`` is for how long the log bucket keeps the list, by the machine's clock.
    """
    with premises.database.reading() as connection:
        waiting = records.confirmed_erasures(connection, ORDERS_AT_ONCE)
    return sum(_carry_out(premises, each, retention, delete) for each in waiting)


def _carry_out(premises: Premises, order: Erasure, retention: timedelta, delete: Deleter) -> bool:
    try:
        _list(premises, order, retention)
        stuck = _delete_bytes(premises, order, delete)
    except StoreError as error:
        stuck = error.code
    if stuck is not None:
        with premises.database.writing() as connection:
            records.set_erasure(connection, order.id, stuck=stuck)
        return False
    command = Command("carry_out_erasure", f"done-{order.id}-{order.confirmed_at}", Digest.of_json({"id": order.id}))
    perform(premises.database, premises.clock, ERASER, command, lambda work: _done(work, order.id))
    return True


def _done(work: Work, erasure: ErasureId) -> Mapping[str, Json]:
    records.set_erasure(work.connection, erasure, state=ErasureState.DONE, done_at=work.now, stuck=None)
    work.journal("catalog.erasure_carried_out", erasure)
    return {"erasure": erasure}


def _list(premises: Premises, order: Erasure, retention: timedelta) -> None:
    """Put the line of an order into the log bucket; the same line again is no second one."""
    with premises.database.reading() as connection:
        line = _line(connection, order)
    signed = signatures.sign(canonical_json(line), [premises.signing_key.private_key], LIST_TYPE)
    until = SystemClock().now().plus(retention)
    premises.store.put(Bucket.LOG, f"{LIST_PREFIX}{order.id}/{Digest.of(signed).hex}.json", signed, until.instant)


def _line(connection: Connection, order: Erasure) -> dict[str, Json]:
    """Return what the list says of an order: no file name, and nothing that somebody wrote but basis and number."""
    covered = records.erasure_version_ids(connection, order.id, kept=False)
    held = records.versions_by_id(connection, covered)
    versions: list[Json] = [
        {"id": each, "content_digest": str(held[each].content_digest) if held[each].content_digest else None}
        for each in covered
    ]
    objects: list[Json] = [
        {"store": store, "bucket": place.bucket.value, "key": place.key, "version_id": place.version_id}
        for store, place in records.objects_of_erasure(connection, order.id)
    ]
    return {
        "format": LIST_FORMAT,
        "id": order.id,
        "authority": order.authority,
        "legal_basis": order.legal_basis,
        "document_number": order.document_number,
        "hide_files": order.hide_files,
        "requested_by": order.requested_by,
        "requested_at": str(order.requested_at),
        "confirmed_by": order.confirmed_by,
        "confirmed_at": str(order.confirmed_at),
        "versions": versions,
        "keep": list(records.erasure_version_ids(connection, order.id, kept=True)),
        "objects": objects,
    }


def _delete_bytes(premises: Premises, order: Erasure, delete: Deleter) -> str | None:
    """Delete the bytes of an order; return the code of what holds some back, None when none is left."""
    stuck: str | None = None
    passed: set[str] = set()
    while True:
        with premises.database.reading() as connection:
            left = records.condemned_left(connection, order.id, OBJECTS_AT_ONCE + len(passed))
        taken = [each for each in left if each.blob not in passed]
        if not taken:
            return stuck
        gone, tried = [], dict[tuple[str, Place], str | None]()
        for each in taken:
            where = (each.store, each.place)
            if where not in tried:  # A pack holds the bytes of many.
                tried[where] = _deleted(each, delete)
            if tried[where] is None:
                gone.append(each.blob)
            else:
                stuck = tried[where]
                passed.add(each.blob)
        if gone:
            with premises.database.writing() as connection:
                records.note_gone(connection, order.id, gone, premises.clock.now())


def _deleted(condemned: Condemned, delete: Deleter) -> str | None:
    """Delete an object; return the code of what holds it back."""
    try:
        delete(condemned.store, condemned.place)
    except (ObjectLockedError, ObjectSharedError) as error:
        return error.code
    return None


def reapply_erasures(premises: Premises, delete: Deleter) -> Reapplied:
    """Apply the list of the log bucket again: after a restore, what was erased is erased.

    Orders whose effect stands are left alone; of the others the versions become tombstones at once, and the bytes are
    deleted by ``carry_out_erasures``. A line that our key did not sign is named and has no effect.

    Raises:
        StoreUnavailableError, StoreConfigurationError: The store does not answer.
    """
    orders, refused = [], []
    for place, line in listed(premises, LIST_PREFIX, LIST_TYPE, LIST_FORMAT):
        if line is None:
            refused.append(place.key)
        elif not _stands(premises, line):
            # A restore may be followed by another: the key is of this one attempt.
            command = Command("reapply_erasure", f"again-{ErasureId.new()}", Digest.of_json(line))
            perform(premises.database, premises.clock, ERASER, command, lambda work, line=line: _reapply(work, line))  # type: ignore[misc]
            _delete_again(premises, line, delete)
            orders.append(str(line["id"]))
    return Reapplied(tuple(orders), tuple(refused))


def listed(
    premises: Premises, prefix: str, media_type: str, line_format: str
) -> Iterator[tuple[Place, dict[str, Any] | None]]:
    """Yield every line of a list beside the database, None where it is not authentic."""
    trusted = [premises.signing_key.private_key.public_key()]
    for found in premises.store.list(Bucket.LOG, prefix):
        try:
            signed = b"".join(premises.store.read(found.place))
            line = json.loads(signatures.verify(signed, trusted, media_type))
            yield found.place, line if line.get("format") == line_format else None
        except (InvalidValueError, ValueError):
            yield found.place, None


def _stands(premises: Premises, line: Mapping[str, Any]) -> bool:
    """Return whether an order has its effect: known and not waiting, its versions erased, none of its objects there."""
    with premises.database.reading() as connection:
        order = records.erasure_of(connection, ErasureId(line["id"]))
        versions = records.versions_by_id(connection, [VersionId(each["id"]) for each in line["versions"]])
        if order is None:
            return not versions and not _present(premises, line)
        if order.state is ErasureState.CONFIRMED:
            return all(each.state in OVER for each in versions.values())
        if order.state is not ErasureState.DONE or any(each.state not in OVER for each in versions.values()):
            return False
    return not _present(premises, line)


def _present(premises: Premises, line: Mapping[str, Any]) -> bool:
    """Return whether an object of an order is there that holds no living bytes."""
    for each in line["objects"]:
        place = Place(Bucket(each["bucket"]), each["key"], each["version_id"])
        try:
            premises.store.at(each["store"]).stat(place)
        except (ObjectMissingError, StoreConfigurationError):  # A store that is given up holds nothing of ours.
            continue
        with premises.database.reading() as connection:
            if not records.holds_living(connection, each["store"], place):
                return True
    return False


def _delete_again(premises: Premises, line: Mapping[str, Any], delete: Deleter) -> None:
    """Delete what lies where the bytes of an order lay, also such as no row knows; what is locked is tried again."""
    for each in line["objects"]:
        place = Place(Bucket(each["bucket"]), each["key"], each["version_id"])
        with premises.database.reading() as connection:
            living = records.holds_living(connection, each["store"], place)
        if not living:
            with suppress(ObjectLockedError, ObjectSharedError, StoreConfigurationError):
                delete(each["store"], place)


def _reapply(work: Work, line: Mapping[str, Any]) -> Mapping[str, Json]:
    erasure = ErasureId(line["id"])
    covered = [VersionId(each["id"]) for each in line["versions"]]
    known = records.versions_by_id(work.connection, covered)
    kept = [VersionId(each) for each in line["keep"]]
    there = list(records.versions_by_id(work.connection, kept))
    authority = AuthorityId(line["authority"])
    if any(each.id == authority for each in policy.authorities(work)):
        order = Erasure(
            id=erasure,
            authority=authority,
            state=ErasureState.CONFIRMED,
            reason=str(line["document_number"]),
            legal_basis=str(line["legal_basis"]),
            document_number=str(line["document_number"]),
            hide_files=bool(line["hide_files"]),
            requested_by=AccountId(line["requested_by"]),
            requested_at=Moment.of_text(line["requested_at"]),
            confirmed_by=AccountId(line["confirmed_by"]),
            confirmed_at=Moment.of_text(line["confirmed_at"]),
        )
        records.add_erasure(work.connection, order, list(known), there)
        records.set_erasure(
            work.connection,
            erasure,
            state=ErasureState.CONFIRMED,
            confirmed_by=order.confirmed_by,
            confirmed_at=order.confirmed_at,
            done_at=None,
        )
        records.condemn_contents(work.connection, erasure, list(known), there, hide_files=bool(line["hide_files"]))
        places = [(each["store"], Place(Bucket(each["bucket"]), each["key"])) for each in line["objects"]]
        records.condemn_places(work.connection, erasure, places)
    standing = [each for each in known.values() if each.state not in OVER]
    erase_versions_within(work, standing, hide_files=bool(line["hide_files"]))
    work.journal("catalog.erasure_reapplied", erasure, versions=list(known))
    return {"erasure": erasure}
