"""From an endpoint into the registry and back: the only places that touch the request's actor, key and language."""

import base64
import hmac
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from flask import Response, current_app, g, request
from pydantic import BaseModel

from api.door import KEY_LENGTH
from registry.actors.model import ANONYMOUS, Actor
from registry.errors import InvalidValueError
from registry.house import House
from registry.journal.work import Command, Outcome, View, Work
from registry.values.canonical import Json
from registry.values.digest import Digest

T = TypeVar("T")

_SEAL_BYTES: Final = 9
_KEY: Final = re.compile(r"[!-~]+", re.ASCII)


def house() -> House:
    """Return the installation this application serves."""
    found: House = current_app.extensions["house"]
    return found


def current_actor() -> Actor:
    """Return who asks, as the request's token shows (``api/auth.py`` sets it)."""
    actor: Actor = g.get("actor", ANONYMOUS)
    return actor


def request_key() -> str:
    """Return the request's idempotency key. Raises InvalidValueError when it is missing or malformed."""
    key = request.headers.get("Idempotency-Key", "")
    if not KEY_LENGTH[0] <= len(key) <= KEY_LENGTH[1] or not _KEY.fullmatch(key):
        raise InvalidValueError("idempotency_key_missing", least=KEY_LENGTH[0], most=KEY_LENGTH[1])
    return key


def write(
    use_case: Callable[[Work], T],
    present: Callable[[T], BaseModel],
    status: int = 201,
    *,
    once: Sequence[str] = (),
    keyed: bool | None = None,
) -> Response:
    """Run ``use_case`` on the write path and answer with what ``present`` makes of it.

    Args:
        use_case: What to do, in the transaction of the write path.
        present: Makes the view of the result.
        status: The status of the answer.
        once: Fields of the view that hold a secret: they are in this answer and null in the one that is kept, so a
            replay does not show them again.
        keyed: Whether the request needs an idempotency key; by default every POST, while another method may bring one.
            Without a key nothing can be replayed, and nothing of the body is kept, not even its digest.
    """
    needed = request.method == "POST" if keyed is None else keyed
    if needed or (keyed is None and request.headers.get("Idempotency-Key")):
        command = asked()
    else:
        command = Command(str(request.endpoint), secrets.token_urlsafe(24), Digest.of(os.urandom(32)))
    shown: dict[str, Any] = {}

    def act(work: Work) -> dict[str, Any]:
        made = present(use_case(work)).model_dump(mode="json", by_alias=True)
        shown.update({name: made[name] for name in once})
        return made | dict.fromkeys(once)

    outcome = house().perform(current_actor(), command, act)
    return answered(outcome, status, shown)


def asked() -> Command:
    """Return what identifies the request: operation, its key, and the digest of what is asked.

    Raises:
        InvalidValueError: The key is missing or malformed, or the body is no JSON.
    """
    return Command(operation=str(request.endpoint), key=request_key(), body=_asked())


def answered(outcome: Outcome, status: int, shown: Mapping[str, Any] | None = None) -> Response:
    """Return the outcome of a command as a response; ``shown`` is shown and was not kept."""
    answer = rendered({**outcome.result, **(shown or {})}, status)
    if outcome.replayed:
        answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _asked() -> Digest:
    """Return what tells one request from another, keyed: it is kept for ever, and a body may hold an account number.

    Whoever reads the database could otherwise try numbers against it (RULINGS 28). Raises InvalidValueError.
    """
    body = request.get_data(cache=True)
    try:
        asked = Digest.of_json({"path": request.path, "body": json.loads(body) if body else None})
        return Digest(hmac.digest(house().secret, b"sancai/asked/v1\0" + asked.raw, "sha256").hex())
    except (ValueError, RecursionError) as error:
        raise InvalidValueError("json_malformed") from error


def read(query: Callable[[View], T], present: Callable[[T], BaseModel], status: int = 200) -> Response:
    """Run ``query`` on one state of the database and answer with what ``present`` makes of it."""
    with house().view(current_actor()) as view:
        made = present(query(view))
    return rendered(made.model_dump(mode="json", by_alias=True), status)


def rendered(value: Any, status: int = 200) -> Response:
    """Return JSON as a response; Chinese stays readable."""
    return Response(json.dumps(value, ensure_ascii=False), status, content_type="application/json")


def cursor_of(position: Sequence[Json]) -> str:
    """Return an opaque cursor for a position (sort key, id) of the list that is being answered."""
    stated = json.dumps(list(position), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_seal(stated) + stated).decode().rstrip("=")


def position_of(cursor: str, length: int) -> list[Any] | None:
    """Return the position of a cursor, or None for the first page.

    A cursor is sealed for its own list, so that what comes back is what went out. Raises InvalidValueError.
    """
    if not cursor:
        return None
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise InvalidValueError("cursor_malformed") from error
    seal, stated = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(stated)):
        raise InvalidValueError("cursor_malformed")
    position: list[Any] = json.loads(stated)
    if len(position) != length:
        raise InvalidValueError("cursor_malformed")
    return position


def _seal(stated: bytes) -> bytes:
    purpose = f"cursor\0{request.endpoint}\0".encode()
    return hmac.digest(house().secret, purpose + stated, "sha256")[:_SEAL_BYTES]
