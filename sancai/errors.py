"""What can go wrong for a user of the client, one class per kind, named for what the caller can do about it.

The words are the service's own, in the language the session asks for; ``code`` and ``parameters`` are stable and may be
acted upon. ``exit_code`` is what the command line ends with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

Parameter = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One condition that stands in the way: its clause, whether it is unmet or unknown, what would meet it."""

    code: str
    clause: str = ""
    finding: str = "unmet"
    detail: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One field of a request that is wrong, by JSON pointer (RFC 6901)."""

    pointer: str
    detail: str


class SancaiError(Exception):
    """What every failure has: a stable code, the parameters of its sentence, and the sentence itself."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        code: str,
        detail: str = "",
        /,
        *,
        status: int = 0,
        obstacles: tuple[Obstacle, ...] = (),
        faults: tuple[FieldFault, ...] = (),
        request_id: str = "",
        **parameters: Parameter,
    ) -> None:
        """State what went wrong. ``status`` is the HTTP status, 0 when no answer of the service stands behind it."""
        super().__init__(code, detail)
        self.code = code
        self.detail = detail or code
        self.status = status
        self.obstacles = obstacles
        self.faults = faults
        self.request_id = request_id
        self.parameters: Mapping[str, Parameter] = parameters

    def __str__(self) -> str:
        """Return the sentence on one line."""
        return " ".join(self.detail.split())


class UnexpectedAnswerError(SancaiError):
    """The service failed, or answered what no release of it answers: report it with the request id."""


class InvalidValueError(SancaiError):
    """Something sent cannot be what it says it is: mend it and send again."""

    exit_code = 3


class NotAllowedError(SancaiError):
    """The caller may not do this: sign in, or ask someone who may."""

    exit_code = 4


class NotFoundError(SancaiError):
    """There is no such thing, or the caller may not know that there is."""

    exit_code = 5


class ConflictError(SancaiError):
    """The state of things is another than the caller assumed: look again, then decide."""

    exit_code = 6


class RuleError(SancaiError):
    """A rule refuses; ``obstacles`` lists everything that stands in the way."""

    exit_code = 7


class UnavailableError(SancaiError):
    """The service, or a part it needs, does not answer now: try again later."""

    exit_code = 8


class CorruptContentError(SancaiError):
    """Bytes are not what they were signed or announced to be: do not use them."""

    exit_code = 9


_KINDS: Final[Mapping[int, type[SancaiError]]] = {
    400: InvalidValueError,
    401: NotAllowedError,
    403: NotAllowedError,
    404: NotFoundError,
    409: ConflictError,
    410: NotFoundError,
    411: InvalidValueError,
    412: ConflictError,
    413: InvalidValueError,
    415: InvalidValueError,
    422: RuleError,
    429: UnavailableError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}


def error_of_problem(status: int, problem: Mapping[str, Any]) -> SancaiError:
    """Return the error that a ``problem+json`` (RFC 9457) states; whatever is missing in it is left empty."""
    code = str(problem.get("code") or f"http_{status}")
    kind = _KINDS.get(status, UnexpectedAnswerError)
    # Status 500 is a failure of the service, or content that is no longer what it was, which has a code of its own.
    if status == 500 and code not in {"internal_error", "http_500"}:
        kind = CorruptContentError
    made = kind(
        code,
        str(problem.get("detail") or problem.get("title") or f"The service answered with status {status}."),
        status=status,
        obstacles=tuple(_obstacle(item) for item in _items(problem, "obstacles")),
        faults=tuple(
            FieldFault(str(item.get("pointer", "")), str(item.get("detail", ""))) for item in _items(problem, "errors")
        ),
        request_id=str(problem.get("request_id") or ""),
    )
    stated = problem.get("parameters")
    made.parameters = dict(stated) if isinstance(stated, dict) else {}
    return made


def _items(problem: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = problem.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _obstacle(item: Mapping[str, Any]) -> Obstacle:
    parameters = item.get("parameters")
    return Obstacle(
        code=str(item.get("code", "")),
        clause=str(item.get("clause", "")),
        finding=str(item.get("finding", "unmet")),
        detail=str(item.get("detail", "")),
        parameters=dict(parameters) if isinstance(parameters, dict) else {},
        evidence=tuple(str(kind) for kind in item.get("evidence") or ()),
    )
