"""Errors as ``application/problem+json`` (RFC 9457).

One table from error class to status; the words are made in the reader's language.
"""

import logging
from http import HTTPStatus
from typing import Final

from flask import Flask, Response, g, request
from pydantic import BaseModel, Field, JsonValue, ValidationError
from werkzeug.exceptions import HTTPException

from api.wording import LANGUAGES, sentence
from registry.errors import (
    ConflictError,
    CorruptContentError,
    InvalidValueError,
    NotAllowedError,
    NotFoundError,
    Obstacle,
    RuleError,
    SancaiError,
    UnavailableError,
)
from storage.database import DatabaseUnavailableError
from storage.errors import StoreUnavailableError

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 5

STATUS: Final[dict[type[SancaiError], HTTPStatus]] = {
    InvalidValueError: HTTPStatus.BAD_REQUEST,
    NotAllowedError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    RuleError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    CorruptContentError: HTTPStatus.INTERNAL_SERVER_ERROR,
}

_log = logging.getLogger("sancai.api")


class FieldProblem(BaseModel):
    """One field of the request that is wrong, by JSON pointer (RFC 6901)."""

    pointer: str
    detail: str


class ObstacleView(BaseModel):
    """One condition that is not met, or not known to be: its clause, and the evidence that would meet it."""

    code: str
    clause: str
    finding: str
    detail: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    evidence: list[str] = Field(default_factory=list)


class Problem(BaseModel):
    """What every refusal looks like: ``code`` and ``parameters`` are stable, ``title`` and ``detail`` for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    errors: list[FieldProblem] = Field(default_factory=list)
    obstacles: list[ObstacleView] = Field(default_factory=list)
    request_id: str = ""


class RequestInvalidError(Exception):
    """A request whose body, query or headers do not fit the operation's model."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__()
        self.found = error.errors(include_url=False, include_input=False, include_context=False)


def language() -> str:
    """Return the language to answer in: Chinese or English, whichever the reader prefers; English without a wish."""
    if not request.headers.get("Accept-Language"):
        return "en"
    return request.accept_languages.best_match(LANGUAGES, "en") or "en"


def describe_obstacle(obstacle: Obstacle, reader: str) -> ObstacleView:
    """Return an obstacle with its words."""
    return ObstacleView(
        code=obstacle.code,
        clause=obstacle.clause,
        finding=obstacle.finding.value,
        detail=sentence(obstacle.code, obstacle.parameters, reader),
        parameters=dict(obstacle.parameters),
        evidence=list(obstacle.evidence),
    )


def status_of(error: SancaiError) -> HTTPStatus:
    """Return the HTTP status of a refusal."""
    if isinstance(error, NotAllowedError) and error.code in {"unauthenticated", "token_invalid", "token_expired"}:
        return HTTPStatus.UNAUTHORIZED
    if error.code == "precondition_failed":
        return HTTPStatus.PRECONDITION_FAILED
    return next(status for made, status in STATUS.items() if isinstance(error, made))


def problem(error: SancaiError) -> Response:
    """Return a refusal of the registry as a response."""
    reader = language()
    status = status_of(error)
    obstacles = error.obstacles if isinstance(error, RuleError) else ()
    answer = _render(
        Problem(
            type=f"/problems/{error.code}",
            title=sentence(f"status_{status.value}", {}, reader),
            status=status,
            detail=sentence(error.code, error.parameters, reader),
            code=error.code,
            parameters=dict(error.parameters),
            obstacles=[describe_obstacle(found, reader) for found in obstacles],
        )
    )
    if status is HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="sancai"'
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _render(made: Problem) -> Response:
    made.request_id = g.get("request_id", "")
    return Response(made.model_dump_json(), made.status, content_type=MEDIA_TYPE)


def _plain(code: str, status: int, errors: list[FieldProblem] | None = None) -> Response:
    reader = language()
    return _render(
        Problem(
            type=f"/problems/{code}",
            title=sentence(f"status_{status}", {}, reader),
            status=status,
            detail=sentence(code, {}, reader),
            code=code,
            errors=errors or [],
        )
    )


def install(app: Flask) -> None:
    """Answer every error of ``app`` as a problem."""

    @app.errorhandler(SancaiError)
    def refused(error: SancaiError) -> Response:
        if isinstance(error, CorruptContentError):
            _log.critical("corrupt content: %s", error, extra={"alarm": True})
        return problem(error)

    @app.errorhandler(RequestInvalidError)
    def invalid(error: RequestInvalidError) -> Response:
        if any(item["type"] == "json_invalid" for item in error.found):
            return _plain("json_malformed", 400)
        fields = [
            FieldProblem(pointer="/" + "/".join(str(part) for part in item["loc"]), detail=item["msg"])
            for item in error.found
        ]
        return _plain("request_invalid", 400, fields)

    @app.errorhandler(HTTPException)
    def http_refused(error: HTTPException) -> Response:
        status = error.code or 500
        answer = _plain(f"http_{status}", status)
        # Keeps Allow and Retry-After, which say what to do instead.
        answer.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
        return answer

    @app.errorhandler(DatabaseUnavailableError)
    def unavailable(_: DatabaseUnavailableError) -> Response:
        return problem(UnavailableError("database_unavailable"))

    @app.errorhandler(StoreUnavailableError)
    def store_unavailable(_: StoreUnavailableError) -> Response:
        return problem(UnavailableError("part_unavailable", part="object store"))

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        _log.exception("request failed", exc_info=error)
        return _plain("internal_error", 500)
