"""Natural persons: registered by the officer who saw the original, read by themselves, erased on their word."""

from dataclasses import dataclass, field

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Person:
    """A person as everyone concerned may see it: the name with one character masked."""

    id: str
    authority: str
    masked_name: str
    registered_at: str
    seen_by: str
    erased_at: str | None


@dataclass(frozen=True, slots=True)
class NewPerson(Person):
    """A new person with the login and the activation code of its account, which is shown once."""

    login: str
    activation_code: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class WholePerson(Person):
    """A person whole; None once the data are erased."""

    name: str | None = field(repr=False)
    identity_number: str | None = field(repr=False)
    phone: str | None = field(repr=False)


class Persons:
    """Natural persons of one service."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for every request."""
        self._session = session

    def register(
        self, name: str, identity_number: str, phone: str, *, original_seen: bool, key: str | None = None
    ) -> NewPerson:
        """Register a person whose original identity card you have seen. Raises SancaiError."""
        body = {
            "name": name,
            "identity_number": identity_number,
            "phone": phone,
            "original_seen": original_seen,
        }
        return shaped(NewPerson, self._session.post("/persons", body, key=key))

    def get(self, person: str) -> WholePerson:
        """Return a person, to itself and to officers who compare originals. Raises NotFoundError."""
        return shaped(WholePerson, self._session.get(f"/persons/{person}"))

    def erase(self, person: str) -> Person:
        """Erase the data of a person none of whose cases is open; digests stay. Raises SancaiError."""
        return shaped(Person, self._session.post(f"/persons/{person}/erasure", {}))
