"""Identity numbers of natural persons (公民身份号码), GB 11643-1999.

18 characters: division, day of birth, serial and a check digit (ISO 7064 MOD 11-2). Only the structure is checked here;
who holds it is told by the officer who saw the original. No message ever repeats a number.

The division must exist or have existed. That it existed in the year of birth is not asked, as ``ric.validate`` does:
numbers were given to people born long before, and their division was the one of that day.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from stdnum import numdb
from stdnum.cn import ric
from stdnum.exceptions import ValidationError
from stdnum.util import isdigits

from registry.errors import InvalidValueError

_LENGTH: Final = 18
_EARLIEST: Final = date(1850, 1, 1)


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """A number whose division, day of birth and check digit are right, in upper case without blanks."""

    digits: str = field(repr=False)

    def __post_init__(self) -> None:
        """Normalise and check the number. Raises InvalidValueError."""
        number = ric.compact(self.digits)
        if len(number) != _LENGTH or not isdigits(number[:-1]) or not number.isascii():
            raise InvalidValueError("identity_number_malformed", at="identity_number")
        if number[-1] != ric.calc_check_digit(number):
            raise InvalidValueError("identity_number_check_digit", at="identity_number")
        try:
            born = ric.get_birth_date(number)
        except ValidationError as error:
            raise InvalidValueError("identity_number_malformed", at="identity_number") from error
        known = any("county" in found for _, found in numdb.get("cn/loc").info(number[:6]))
        if born < _EARLIEST or not known:
            raise InvalidValueError("identity_number_malformed", at="identity_number")
        object.__setattr__(self, "digits", number)
