"""What follows from the erasure of a natural person: its line in a list beside the database, then its documents' bytes.

Rules:
* The list comes first: a signed line for each erased person in the log bucket, so that a database which is set back to
  an older state, or documents that come back with a backup, are erased again (``reapply_person_erasures``). A line
  names the party by its id, which says nothing of the person.
* What an older database holds of the person is erased whatever stands open there: it was erased by right.
* Every step may be repeated: a crash between the transaction and the deletion leaves work, never a reader.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from registry.awards import persons as awarded
from registry.awards.records.answers import erase_answers
from registry.catalog.erasing import ERASER, Deleter, listed
from registry.catalog.premises import Premises
from registry.journal.work import Command, Work, perform
from registry.manifests import records as documents
from registry.manifests import signatures
from registry.parties import persons
from registry.parties.person_model import Person
from registry.parties.records import persons as person_records
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, ErasureId, FirmId
from registry.values.moment import Moment, SystemClock
from storage.errors import (
    ObjectLockedError,
    ObjectMissingError,
    ObjectSharedError,
    StoreConfigurationError,
    StoreError,
)
from storage.object_store import Bucket, Place

LIST_PREFIX: Final = "erased-persons/"
LIST_TYPE: Final = "application/vnd.sancai.erased-person+json"
LIST_FORMAT: Final = "sancai.erased-person/1"
PERSONS_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class ReappliedPersons:
    """What applying the list again led to: persons that were erased anew, and lines that are not ours."""

    persons: tuple[str, ...]
    refused: tuple[str, ...]


def carry_out_person_erasures(premises: Premises, retention: timedelta, delete: Deleter) -> int:
    """Delete the documents of erased persons; return of how many persons none is left. May be repeated and raced.

    ``retention`` is for how long the log bucket keeps the list, by the machine's clock.
    """
    with premises.database.reading() as connection:
        waiting = person_records.erased_waiting(connection, PERSONS_AT_ONCE)
    return sum(_carry_out(premises, each, retention, delete) for each in waiting)


def _carry_out(premises: Premises, erased: FirmId, retention: timedelta, delete: Deleter) -> bool:
    with premises.database.writing() as connection:
        # Whoever was erased by an older release left answers and documents.
        erase_answers(connection, erased)
        documents.erase_documents(connection, erased)
        documents.note_arrivals(connection, erased, premises.store.identity)
    try:
        _list(premises, erased, retention)
        stuck = _delete_bytes(premises, erased, delete)
    except StoreError as error:
        stuck = error.code
    if stuck is not None:
        with premises.database.writing() as connection:
            person_records.note_stuck(connection, erased, stuck)
        return False
    # A restored database may be carried out once more: the key is of this one attempt.
    command = Command("carry_out_person_erasure", f"done-{ErasureId.new()}", Digest.of_json({"person": erased}))
    perform(premises.database, premises.clock, ERASER, command, lambda work: _done(work, erased))
    return True


def _done(work: Work, erased: FirmId) -> Mapping[str, Json]:
    person_records.note_carried_out(work.connection, erased, work.now)
    work.journal("parties.person_erasure_carried_out", erased)
    return {"person": erased}


def _list(premises: Premises, erased: FirmId, retention: timedelta) -> None:
    """Put the line of a person into the log bucket; the same line again is no second one."""
    with premises.database.reading() as connection:
        found = person_records.person_of(connection, erased)
        by = person_records.erased_by(connection, erased)
        places = documents.erased_places(connection, erased, left=False)
    if found is None or found.erased_at is None or by is None:
        raise AssertionError("a person that was not erased waits for it")
    line: dict[str, Json] = {
        "format": LIST_FORMAT,
        "person": erased,
        "authority": found.authority,
        "erased_by": by,
        "erased_at": str(found.erased_at),
        "objects": [
            {"store": store, "bucket": place.bucket.value, "key": place.key, "version_id": place.version_id}
            for store, place in places
        ],
    }
    signed = signatures.sign(canonical_json(line), [premises.signing_key.private_key], LIST_TYPE)
    until = SystemClock().now().plus(retention)
    premises.store.put(Bucket.LOG, f"{LIST_PREFIX}{erased}/{Digest.of(signed).hex}.json", signed, until.instant)


def _delete_bytes(premises: Premises, erased: FirmId, delete: Deleter) -> str | None:
    """Delete the documents of a person; return the code of what holds some back, None when none is left."""
    with premises.database.reading() as connection:
        left = documents.erased_places(connection, erased, left=True)
    gone: list[tuple[str, Place]] = []
    stuck: str | None = None
    for store, place in left:
        try:
            delete(store, place)
            gone.append((store, place))
        except StoreError as error:  # One that a store does not let go, or a store that is away, holds up no other.
            stuck = error.code
    with premises.database.writing() as connection:
        documents.note_documents_gone(connection, erased, gone, premises.clock.now())
    return stuck


def reapply_person_erasures(premises: Premises, delete: Deleter) -> ReappliedPersons:
    """Apply the list of the log bucket again: after a restore, who was erased is erased.

    A line that our key did not sign is named and has no effect.

    Raises:
        StoreUnavailableError, StoreConfigurationError: The store does not answer.
    """
    again: list[str] = []
    refused: list[str] = []
    for place, line in listed(premises, LIST_PREFIX, LIST_TYPE, LIST_FORMAT):
        if line is None:
            refused.append(place.key)
            continue
        if _erased_again(premises, line) | _deleted_again(premises, line, delete):
            again.append(str(line["person"]))
    return ReappliedPersons(tuple(dict.fromkeys(again)), tuple(refused))


def _erased_again(premises: Premises, line: Mapping[str, Any]) -> bool:
    """Erase a person whom the database knows and holds data of; return whether it did."""
    with premises.database.reading() as connection:
        known = person_records.person_of(connection, FirmId(line["person"]))
    if known is None or known.erased_at is not None:
        return False
    # A restore may be followed by another: the key is of this one attempt.
    command = Command("reapply_person_erasure", f"again-{ErasureId.new()}", Digest.of_json(dict(line)))
    perform(premises.database, premises.clock, ERASER, command, lambda work: _reapply(work, known, line))
    return True


def _reapply(work: Work, known: Person, line: Mapping[str, Any]) -> Mapping[str, Json]:
    persons.lock_within(work, known.id)
    awarded.erase_within(work, known.id, AccountId(line["erased_by"]), Moment.of_text(line["erased_at"]))
    work.journal("parties.person_erasure_reapplied", known.id, identity=str(known.identity), data=str(known.data))
    return {"person": known.id}


def _deleted_again(premises: Premises, line: Mapping[str, Any], delete: Deleter) -> bool:
    """Delete what lies again where the documents of a person lay; return whether anything did."""
    found = False
    for each in line["objects"]:
        place = Place(Bucket(each["bucket"]), each["key"], each["version_id"])
        try:
            premises.store.at(each["store"]).stat(place)
        except (ObjectMissingError, StoreConfigurationError):  # A store that is given up holds nothing of ours.
            continue
        found = True
        with suppress(ObjectLockedError, ObjectSharedError):  # What is locked is tried again with the next list.
            delete(each["store"], place)
    return found
