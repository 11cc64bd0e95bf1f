"""Unified social credit codes (统一社会信用代码), GB 32100-2015.

18 characters of ``0123456789ABCDEFGHJKLMNPQRTUWXY``; the last is a check digit, C18 = 31 - (sum of CiWi mod 31) with
31 written 0. Only the structure is checked here: whether the holder exists is asked of the public credit system.
"""

from dataclasses import dataclass

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

from registry.errors import InvalidValueError


@dataclass(frozen=True, slots=True, order=True)
class Uscc:
    """A code whose structure and check digit are right, in upper case without separators."""

    code: str

    def __post_init__(self) -> None:
        """Normalise and check the code. Raises InvalidValueError."""
        try:
            object.__setattr__(self, "code", uscc.validate(self.code))
        except InvalidChecksum as error:
            raise InvalidValueError("uscc_check_digit", given=self.code[:40]) from error
        except ValidationError as error:
            raise InvalidValueError("uscc_malformed", given=self.code[:40]) from error

    @property
    def region(self) -> str:
        """The administrative division (GB/T 2260) it was issued in, six digits."""
        return self.code[2:8]

    def __str__(self) -> str:
        """Return the 18 characters."""
        return self.code
