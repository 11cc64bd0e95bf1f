"""The seven errors, each named for what the caller can do about it.

An error carries a stable ``code`` and parameters, never words: words are made at the edge, in the reader's language
(``api/words``). The HTTP status of each class stands in ``api/problems.py``, its exit code in ``cli/``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Parameter = str | int | bool | None


class SancaiError(Exception):
    """What every refusal has: a stable code and the parameters its sentence is made of."""

    def __init__(self, code: str, /, **parameters: Parameter) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters: Mapping[str, Parameter] = parameters

    def __str__(self) -> str:
        """Return the code and its parameters on one line, for logs."""
        stated = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{self.code} ({stated})" if stated else self.code


class InvalidValueError(SancaiError):
    """The caller sent something that cannot be what it says it is: mend it and send again."""


class NotAllowedError(SancaiError):
    """The caller may not do this: sign in (``unauthenticated``) or ask someone who may."""


class NotFoundError(SancaiError):
    """There is no such thing, or the caller may not know that there is."""


class ConflictError(SancaiError):
    """The state of things is another than the caller assumed: look again, then decide."""


class UnavailableError(SancaiError):
    """A part that is needed does not answer now: try again later with the same key."""


class CorruptContentError(SancaiError):
    """Stored bytes are not what they were: nothing a caller can mend; an alarm for the operator."""


class Finding(StrEnum):
    """What is known of a condition. Unknown never helps the applicant."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One condition that stands in the way.

    ``code`` names the condition, ``clause`` its source (for example ``S1 cl.14``), ``evidence`` the kinds of evidence
    that would meet it.
    """

    code: str
    clause: str
    finding: Finding = Finding.UNMET
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()


class RuleError(SancaiError):
    """A rule refuses; the error lists every obstacle at once, never only the first."""

    def __init__(self, code: str, obstacles: tuple[Obstacle, ...] = (), /, **parameters: Parameter) -> None:
        super().__init__(code, **parameters)
        self.obstacles = obstacles
