"""A blueprint that knows its operations, so that OpenAPI is made from the code that answers.

An endpoint parses, calls and renders; its models are the parameters ``body`` and ``query`` and the answers in
``returns``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Annotated, Any, ClassVar, Final, Literal, ParamSpec, get_origin, get_type_hints

from flask import Blueprint, Flask, Response, request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.json_schema import models_json_schema
from werkzeug.exceptions import LengthRequired, UnsupportedMediaType

from api.problems import MEDIA_TYPE, Problem, RequestInvalidError
from registry.actors.model import PERMISSIONS, Action
from registry.errors import InvalidValueError

P = ParamSpec("P")
Model = type[BaseModel]
Mode = Literal["validation", "serialization"]

PATH_ARGUMENT: Final = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
KEY_LENGTH: Final = (8, 200)

# JSON Schema counts 5.0 as an integer and "5" as none; strict pydantic refuses the first, lax takes the second.
Whole = Annotated[
    int, BeforeValidator(lambda v: int(v) if isinstance(v, float) and v.is_integer() else v), Field(strict=True)
]
Fen = Annotated[Whole, Field(ge=0, le=999_999_999_999_999, description="Whole fen (1/100 yuan).")]


class Strict(BaseModel):
    """A request body: unknown fields are refused, nothing is coerced.

    ``body_bytes_max`` is set by the few that name many things; others have the limit of ``observe``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    body_bytes_max: ClassVar[int | None] = None


class Answer(BaseModel):
    """A response body."""

    model_config = ConfigDict(frozen=True)


class PageQuery(BaseModel):
    """Which page of a list: an opaque cursor from the page before, and at most how many items."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: str = Field(default="", max_length=4_000)
    limit: int = Field(default=50, ge=1, le=200)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as OpenAPI describes it."""

    name: str
    method: str
    rule: str
    summary: str
    takes: Mapping[str, Model]
    returns: Mapping[int, Model | None]
    problems: tuple[int, ...]
    action: Action | None
    public: bool
    keyed: bool
    tag: str
    media: Mapping[int, str] = field(default_factory=dict)


def _problems(rule: str, *, public: bool, keyed: bool, has_body: bool) -> set[int]:
    """Return the statuses of ``problem+json`` that every operation of this kind may answer with."""
    stated = {400, 401, 503}
    if not public:
        stated.add(403)
    if PATH_ARGUMENT.search(rule):
        stated.add(404)
    if keyed:
        stated |= {404, 409, 422}
    if has_body:
        stated |= {411, 413, 415}
    return stated


class Door(Blueprint):
    """A blueprint whose operations are listed in ``app.extensions["operations"]``."""

    def operation(
        self,
        method: str,
        rule: str,
        returns: Mapping[int, Model | None],
        *,
        action: Action | None = None,
        public: bool = False,
        keyed: bool | None = None,
        problems: tuple[int, ...] = (),
        media: Mapping[int, str] | None = None,
    ) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
        """Register a view.

        Args:
            method: The HTTP method.
            rule: The path below the door's prefix, with ``<name>`` arguments.
            returns: The model of each successful status; None for an answer without a JSON body.
            action: What the actor must be allowed to do, for the document; the use case checks it.
            public: Whether it also answers to nobody in particular.
            keyed: Whether an ``Idempotency-Key`` is needed; by default every POST that writes.
            problems: Further statuses of ``problem+json`` beside those every operation has.
            media: Media type by status, where it is not ``application/json``.
        """
        needs_key = method == "POST" if keyed is None else keyed

        def register(view: Callable[P, Response]) -> Callable[P, Response]:
            hints = get_type_hints(view)
            takes: dict[str, Model] = {name: hints[name] for name in ("body", "query") if name in hints}
            stated = set(problems) | _problems(rule, public=public, keyed=needs_key, has_body="body" in takes)
            made = Operation(
                name=view.__name__,
                method=method.lower(),
                rule=f"{self.url_prefix or ''}{rule}",
                summary=(view.__doc__ or "").split("\n")[0],
                takes=takes,
                returns=returns,
                problems=tuple(sorted(stated)),
                action=action,
                public=public,
                keyed=needs_key,
                tag=self.name,
                media=media or {},
            )

            @wraps(view)
            def parsed(*args: P.args, **kwargs: P.kwargs) -> Response:
                _require_text(*(value for value in kwargs.values() if isinstance(value, str)))
                kwargs.update({name: _parse(name, model) for name, model in takes.items()})
                return view(*args, **kwargs)

            self.add_url_rule(rule, view_func=parsed, methods=[method])
            self.record(lambda state: state.app.extensions.setdefault("operations", []).append(made))
            if (limit := getattr(takes.get("body"), "body_bytes_max", None)) is not None:
                endpoint = f"{self.name}.{view.__name__}"
                self.record(lambda state: body_limits(state.app.extensions).update({endpoint: limit}))
            return view

        return register


def body_limits(extensions: dict[str, Any]) -> dict[str, int]:
    """Return by endpoint of an application how many bytes a body may have, where that is more than elsewhere."""
    limits: dict[str, int] = extensions.setdefault("body_limits", {})
    return limits


def _parse(name: str, model: Model) -> BaseModel:
    try:
        if name == "body":
            # A chunked body over the limit would be cut silently by the server.
            if request.content_length is None:
                raise LengthRequired
            if not request.is_json:
                raise UnsupportedMediaType
            content = request.get_data(cache=True)
            if b"\\u0000" in content:
                _require_text(content.decode("utf-8", "replace").replace("\\\\", "").replace("\\u0000", "\0"))
            return model.model_validate_json(content)
        values: dict[str, Any] = dict(request.args)
        _require_text(*(value for found in request.args.listvalues() for value in found))
        for attribute, info in model.model_fields.items():
            if found := request.args.getlist(info.alias or attribute):
                values[info.alias or attribute] = found if get_origin(info.annotation) is list else found[-1]
        return model.model_validate(values, strict=False)
    except ValidationError as error:
        # A type of our own: a model that fails while an answer is made must be a 500, not the caller's fault.
        raise RequestInvalidError(error) from error


def _scopes(operation: Operation) -> list[str]:
    return [PERMISSIONS[operation.action].scope.value] if operation.action else []


def _require_text(*texts: str) -> None:
    """Raise InvalidValueError for the one character that no text in PostgreSQL may hold."""
    if any("\0" in text for text in texts):
        raise InvalidValueError("text_holds_nul")


def describe(app: Flask, title: str, version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of every operation of ``app``."""
    operations: list[Operation] = app.extensions["operations"]
    used: list[tuple[Model, Mode]] = [(Problem, "serialization")]
    for operation in operations:
        used += [(model, "validation") for model in operation.takes.values()]
        used += [(model, "serialization") for model in operation.returns.values() if model]
    refs, made = models_json_schema(list(dict.fromkeys(used)), ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = made.get("$defs", {})
    paths: dict[str, dict[str, Any]] = {}
    for operation in sorted(operations, key=lambda item: (item.rule, item.method)):
        path = PATH_ARGUMENT.sub(r"{\g<name>}", operation.rule)
        paths.setdefault(path, {})[operation.method] = _described(operation, refs, schemas)
    queries = {
        refs[(operation.takes["query"], "validation")]["$ref"].rsplit("/", 1)[1]
        for operation in operations
        if "query" in operation.takes
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({operation.tag for operation in operations})],
        "paths": paths,
        "components": {
            "schemas": {name: schema for name, schema in schemas.items() if name not in queries},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(operation: Operation, refs: Mapping[Any, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {
            "name": found["name"],
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 0} if found["kind"] == "int" else {"type": "string"},
        }
        for found in PATH_ARGUMENT.finditer(operation.rule)
    ]
    if "query" in operation.takes:
        schema = schemas[refs[(operation.takes["query"], "validation")]["$ref"].rsplit("/", 1)[1]]
        needed = schema.get("required", ())
        parameters += [
            {"name": name, "in": "query", "required": name in needed, "schema": stated}
            for name, stated in schema["properties"].items()
        ]
    if operation.keyed:
        least, most = KEY_LENGTH
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "A key of your own; the same key and body get the same answer for ever.",
                "schema": {"type": "string", "minLength": least, "maxLength": most, "pattern": "^[!-~]+$"},
            }
        )
    answers: dict[str, Any] = {}
    for status, model in operation.returns.items():
        kind = operation.media.get(status, "application/json")
        answers[str(status)] = {"description": model.__doc__.split("\n")[0] if model and model.__doc__ else "Done."}
        if model:
            answers[str(status)]["content"] = {kind: {"schema": refs[(model, "serialization")]}}
        elif status in operation.media:
            # What is JSON under a name of its own is read as JSON, not as text.
            shape = "object" if kind.endswith("json") else "string"
            answers[str(status)]["content"] = {kind: {"schema": {"type": shape}}}
    refusal = {MEDIA_TYPE: {"schema": refs[(Problem, "serialization")]}}
    answers |= {str(status): {"description": "Refused.", "content": refusal} for status in operation.problems}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": parameters,
        "responses": answers,
        "security": [{"token": []}, {"oauth": _scopes(operation)}],
    }
    if operation.public:
        described["security"].insert(0, {})
    if operation.action:
        permission = PERMISSIONS[operation.action]
        roles = sorted(role.value for role in permission.firm_roles | permission.office_roles)
        described["description"] = f"Scope `{permission.scope.value}`; roles: {', '.join(roles)}."
    if "body" in operation.takes:
        content = {"application/json": {"schema": refs[(operation.takes["body"], "validation")]}}
        described["requestBody"] = {"required": True, "content": content}
    return described
