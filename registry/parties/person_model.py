"""Natural persons: a party without a code, whose data are kept sealed and can be erased.

Rules:
* A person is registered by an officer who saw the original of the identity card (国务院令716号 8). Each authority
  registers the persons that apply to it; nothing of one authority's persons is told to another (RULINGS 24).
* Name, identity number and phone stand in one sealed row that can be deleted. What is kept for ever is a keyed digest
  of the number, by which the same person is known again, and a salted digest of the whole (RULINGS 35).
* In public a person is named with one character masked (RULINGS 25): the second one. 张三 is 张*, 欧阳娜娜 is 欧*娜娜.
"""

import hmac
import re
from dataclasses import dataclass, field
from typing import Final

from registry.errors import InvalidValueError
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, FirmId
from registry.values.identity_number import IdentityNumber
from registry.values.moment import Moment

PERSON_NAME_LENGTHS: Final = (2, 60)
ERASED_NAME: Final = "*"
"""How a person is shown whose data were erased."""
_PHONE: Final = re.compile(r"\+?[0-9]{6,15}", re.ASCII)
_SALT: Final = b"sancai/parties/person/v1"


@dataclass(frozen=True, slots=True)
class PersonData:
    """Who a person is: whole, and therefore sealed wherever it is kept."""

    name: str = field(repr=False)
    identity_number: IdentityNumber = field(repr=False)
    phone: str = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what is no name or no phone number. Raises InvalidValueError, which never repeats them."""
        object.__setattr__(self, "name", self.name.strip())
        object.__setattr__(self, "phone", self.phone.replace(" ", "").replace("-", ""))
        least, most = PERSON_NAME_LENGTHS
        if not least <= len(self.name) <= most or not self.name.isprintable():
            raise InvalidValueError("person_name_malformed", least=least, most=most)
        if not _PHONE.fullmatch(self.phone):
            raise InvalidValueError("phone_malformed", at="phone")


@dataclass(frozen=True, slots=True)
class RegisterPerson:
    """Register a natural person whose original identity card the actor has seen."""

    data: PersonData
    original_seen: bool

    def __post_init__(self) -> None:
        """Refuse a person nobody has seen the card of. Raises InvalidValueError."""
        if not self.original_seen:
            raise InvalidValueError("person_original_not_seen", at="original_seen")


@dataclass(frozen=True, slots=True)
class Person:
    """A natural person as everyone concerned may see it; ``masked_name`` is ``*`` once the data are erased."""

    id: FirmId
    authority: AuthorityId
    masked_name: str
    identity: Digest
    data: Digest
    seen_by: AccountId
    registered_at: Moment
    erased_at: Moment | None = None


def masked(name: str) -> str:
    """Return a name of which the second character does not show."""
    return f"{name[0]}*{name[2:]}"


def identity_digest(secret: bytes, number: IdentityNumber) -> Digest:
    """Return the digest by which the holder of a number is known again; nobody without the secret can try numbers."""
    return Digest(hmac.digest(secret, _SALT + b"\0" + number.digits.encode(), "sha256").hex())
