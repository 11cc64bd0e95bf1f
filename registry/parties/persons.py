"""Use cases of natural persons: register one, read who it is, erase that (the rules are in ``person_model``)."""

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.errors import ConflictError, NotAllowedError, NotFoundError
from registry.journal.work import View, Work
from registry.parties import records, sealing
from registry.parties.person_model import Person, PersonData, RegisterPerson, identity_digest, masked
from registry.parties.records import persons as person_records
from registry.values.identifiers import AccountId, FirmId
from registry.values.identity_number import IdentityNumber
from registry.values.moment import Moment


def register_person_within(work: Work, secret: bytes, command: RegisterPerson) -> Person:
    """Register a person inside another use case, which makes the journal entry.

    Raises:
        NotAllowedError: The actor keeps no registers.
        ConflictError: The actor's authority has registered this person already.
    """
    require(work.actor, Action.KEEP_REGISTERS)
    authority, officer = work.actor.authority, work.actor.account
    if authority is None or officer is None:
        raise NotAllowedError("unauthenticated")
    person = FirmId.new()
    data = command.data
    stated = {"name": data.name, "identity_number": data.identity_number.digits, "phone": data.phone}
    sealed, digest = sealing.seal(secret, person, stated)
    made = Person(
        id=person,
        authority=authority,
        masked_name=masked(data.name),
        identity=identity_digest(secret, data.identity_number),
        data=digest,
        seen_by=officer,
        registered_at=work.now,
    )
    records.add_firm(work.connection, person, authority, work.now)
    if not person_records.add_person(work.connection, made, sealed):
        raise ConflictError("person_registered_already")
    return made


def person_within(view: View, person: FirmId) -> Person | None:
    """Return a person inside another use case, or None when the party is none."""
    return person_records.person_of(view.connection, person)


def lock_within(work: Work, party: FirmId) -> None:
    """Let nobody erase the data of a party meanwhile, when it is a person, inside another use case."""
    person_records.person_of(work.connection, party, lock=True)


def data_within(view: View, secret: bytes, person: FirmId) -> PersonData:
    """Return who a person is, inside another use case. Raises NotFoundError once that is erased."""
    sealed = person_records.sealed_data(view.connection, person)
    if sealed is None:
        raise NotFoundError("person_erased", id=person)
    kept = sealing.opened(secret, person, sealed)
    return PersonData(kept["name"], IdentityNumber(kept["identity_number"]), kept["phone"])


def found_person(view: View, person: FirmId, action: Action, *, lock: bool = False) -> Person:
    """Return a person the actor may do ``action`` to: itself, or an officer of the authority that registered it.

    Raises NotAllowedError, NotFoundError.
    """
    require(view.actor, action)
    found = person_records.person_of(view.connection, person, lock=lock)
    if found is None:
        raise NotFoundError("person_not_found", id=person)
    owned = Resource(firms=frozenset({person}), authority=found.authority, subject=person)
    require_visible(view.actor, action, owned, "person")
    return found


def person(view: View, secret: bytes, wanted: FirmId) -> tuple[Person, PersonData | None]:
    """Return a person with its data, None once they are erased. Raises NotAllowedError, NotFoundError."""
    found = found_person(view, wanted, Action.READ_PERSON)
    return found, None if found.erased_at else data_within(view, secret, wanted)


def erase_within(work: Work, person: FirmId, by: AccountId, at: Moment) -> None:
    """Delete the data of a person inside another use case, which looked whether it may be, and makes the entry."""
    person_records.erase_person(work.connection, person, by, at)
