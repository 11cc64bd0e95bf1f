"""Natural persons: an officer registers one that was seen, the person and its officers read it, and it is erased."""

from typing import Self

from flask import Response
from pydantic import Field

from api.calls import house, read, write
from api.door import Answer, Door, Strict
from registry.accounts.persons import register_person as register
from registry.actors.model import Action
from registry.aftercare import erasing
from registry.parties import persons
from registry.parties.person_model import Person, PersonData, RegisterPerson
from registry.values.identifiers import FirmId
from registry.values.identity_number import IdentityNumber

door = Door("persons", __name__, url_prefix="/v1")


class PersonBody(Strict):
    """A natural person as on the identity card, whose original the officer has seen."""

    name: str = Field(min_length=2, max_length=60)
    identity_number: str = Field(min_length=15, max_length=30)
    phone: str = Field(min_length=6, max_length=30)
    original_seen: bool

    def command(self) -> RegisterPerson:
        """Return what is asked of the registry. Raises InvalidValueError."""
        data = PersonData(self.name, IdentityNumber(self.identity_number), self.phone)
        return RegisterPerson(data, self.original_seen)


class ErasePersonBody(Strict):
    """Nothing is said: who asks is the person itself or a registrar."""


class PersonView(Answer):
    """A person as everyone concerned may see it: the name with one character masked."""

    id: str
    authority: str
    masked_name: str
    registered_at: str
    seen_by: str
    erased_at: str | None

    @classmethod
    def of(cls, value: Person) -> Self:
        """Return the view of a person."""
        return cls(
            id=value.id,
            authority=value.authority,
            masked_name=value.masked_name,
            registered_at=str(value.registered_at),
            seen_by=value.seen_by,
            erased_at=str(value.erased_at) if value.erased_at else None,
        )


class NewPersonView(PersonView):
    """A new person, with the login and the activation code of its account, shown in this answer only."""

    login: str
    activation_code: str | None

    @classmethod
    def of_registered(cls, made: tuple[Person, str, str]) -> Self:
        """Return the view of a new person with its login and code."""
        return cls(**PersonView.of(made[0]).model_dump(), login=made[1], activation_code=made[2])


class WholePersonView(PersonView):
    """A person whole, for itself and the officers who compare originals; null once the data are erased."""

    name: str | None
    identity_number: str | None
    phone: str | None

    @classmethod
    def of_whole(cls, found: tuple[Person, PersonData | None]) -> Self:
        """Return the view of a person with its data."""
        person, data = found
        return cls(
            **PersonView.of(person).model_dump(),
            name=data.name if data else None,
            identity_number=data.identity_number.digits if data else None,
            phone=data.phone if data else None,
        )


@door.operation("POST", "/persons", {201: NewPersonView}, action=Action.KEEP_REGISTERS)
def register_person(body: PersonBody) -> Response:
    """Register a natural person whose original identity card you have seen, with an account of its own."""
    command, secret = body.command(), house().secret
    return write(lambda work: register(work, secret, command), NewPersonView.of_registered, once=("activation_code",))


@door.operation("GET", "/persons/<person>", {200: WholePersonView}, action=Action.READ_PERSON)
def show_person(person: str) -> Response:
    """Show a person to itself, or to a registrar or reviewer of the authority that registered it."""
    wanted, secret = FirmId(person), house().secret
    return read(lambda view: persons.person(view, secret, wanted), WholePersonView.of_whole)


@door.operation("POST", "/persons/<person>/erasure", {200: PersonView}, action=Action.ERASE_PERSON)
def erase_person(person: str, body: ErasePersonBody) -> Response:  # noqa: ARG001
    """Erase the data of a person none of whose cases, recoveries and remedies is open; every proof stays valid."""
    wanted = FirmId(person)
    return write(lambda work: erasing.erase_person(work, wanted), PersonView.of, 200)
