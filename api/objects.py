"""The signed addresses of the local object store: parts come in, published files go out, in whole or in ranges.

Whoever holds an address may do the one thing it was signed for; no token is asked for and none is looked at.
"""

from collections.abc import Callable, Iterator

from flask import Flask, Response, request

from api.calls import house
from api.ranges import span_of
from registry.catalog.access_log import Answered
from registry.catalog.delivered import note_sent
from registry.catalog.metering import Counted
from registry.errors import InvalidValueError, NotAllowedError, NotFoundError, SancaiError, UnavailableError
from registry.values.identifiers import ReadId
from storage.errors import (
    ObjectMissingError,
    PartRefusedError,
    StoreConfigurationError,
    StoreError,
    StoreUnavailableError,
    UploadForgottenError,
)
from storage.local_store import LocalStore
from storage.object_store import CHUNK_BYTES, PART_SIZE_MAX_BYTES, READ_PARAMETER


def install(app: Flask) -> None:
    """Answer below ``/objects/`` when the installation keeps its objects in a folder."""
    app.add_url_rule("/objects/<path:path>", "objects.put_part", put_part, methods=["PUT"])
    app.add_url_rule("/objects/<path:path>", "objects.read_object", read_object, methods=["GET"])


def _store() -> LocalStore:
    try:
        store = house().store.at(request.args.get("store", "local"))
    except StoreConfigurationError as error:
        raise NotFoundError("object_missing", key="") from error
    if not isinstance(store, LocalStore):
        raise NotFoundError("object_missing", key="")
    return store


def put_part(path: str) -> Response:
    """Take the part that a signed address allows; its size must be the signed one."""
    request.max_content_length = PART_SIZE_MAX_BYTES
    try:
        etag = _store().accept_part(path, request.args, _body(), request.content_length)
    except StoreError as error:
        raise _refusal(error) from error
    return Response(status=200, headers={"ETag": f'"{etag}"'})


def _body() -> Iterator[bytes]:
    while chunk := request.stream.read(CHUNK_BYTES):
        yield chunk


def read_object(path: str) -> Response:
    """Give the object that a signed address allows; ``Range`` of one span is answered with 206 (RFC 9110 §14)."""
    store = _store()
    try:
        permit = store.authorize_read(path, request.args)
        held = store.stat(permit.place)
        span = span_of(request.headers.get("Range", ""), held.size_bytes)
        if span is not None and span[0] >= held.size_bytes:
            return Response(status=416, headers={"Content-Range": f"bytes */{held.size_bytes}"})
        first, length = span or (0, held.size_bytes)
        content = Counted(store.read(permit.place, first, length), _sent_of(path, first))
        answer = Response(content, 206 if span else 200, content_type="application/octet-stream")
    except StoreError as error:
        raise _refusal(error) from error
    answer.content_length = length
    if span:
        answer.headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{held.size_bytes}"
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["ETag"] = f'"{held.etag}"'
    answer.headers["Content-Disposition"] = permit.content_disposition
    # What somebody published must never run as a page of this service.
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _sent_of(path: str, first: int) -> Callable[[int], None]:
    """Return what meters the bytes that were sent of the read an address names; no log of a proxy has to be read."""
    named, database, at = request.args.get(READ_PARAMETER, ""), house().database, house().clock.now()

    def note(sent_bytes: int) -> None:
        if named and sent_bytes:
            read = ReadId(named)
            note_sent(database, read, Answered(read, f"/{path}", at, delivers=True, first=first, sent_bytes=sent_bytes))

    return note


def _refusal(error: StoreError) -> SancaiError:
    """Return what the caller can do about a refusal of the store."""
    if isinstance(error, PartRefusedError):
        kind = InvalidValueError if error.code in {"size_wrong", "length_required"} else NotAllowedError
        return kind(f"object_{error.code}", **error.parameters)
    if isinstance(error, UploadForgottenError | ObjectMissingError):
        return NotFoundError(error.code, **error.parameters)
    if isinstance(error, StoreUnavailableError | StoreConfigurationError):
        return UnavailableError("store_unavailable")
    return InvalidValueError(error.code, **error.parameters)
