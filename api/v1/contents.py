"""Content of versions through the service, for files that have no address of their own or are many and small."""

from collections.abc import Iterator
from itertools import chain
from typing import ClassVar

from flask import Response, request
from pydantic import Field

from api.calls import current_actor, house
from api.door import Door, Strict
from api.ranges import span_of
from api.v1.dataset_bodies import version_number
from api.v1.datasets import READ_DOOR, READ_URL_LIFE
from registry.catalog import service
from registry.catalog.contents import CONTENT_PATHS_MAX, Stretch, content_bytes, content_of
from registry.catalog.metering import SentPart, metered
from registry.catalog.model import VersionName
from registry.catalog.usage import note_reads
from registry.errors import UnavailableError
from registry.manifests.model import FilePath
from registry.manifests.uploads import Blob
from registry.values.identifiers import ReadId
from registry.values.moment import Moment
from registry.values.names import PublicName
from storage.errors import StoreConfigurationError, StoreUnavailableError
from storage.object_store import attachment

door = Door("contents", __name__, url_prefix="/v1")

CONTENTS_DOOR, CONTENT_DOOR = "v1_contents", "v1_content"
"""Doors by which we send the bytes ourselves; behind ``READ_DOOR`` the store does."""
BINARY = "application/octet-stream"
PATHS_BYTES_MAX = 4 << 20


class ContentsBody(Strict):
    """Which files the bytes are wanted of; at most 1,000 and 64 MiB in all."""

    body_bytes_max: ClassVar[int] = PATHS_BYTES_MAX
    paths: list[str] = Field(min_length=1, max_length=CONTENT_PATHS_MAX)


@door.operation(
    "POST",
    "/datasets/<namespace>/<slug>/versions/<version>/contents",
    {200: None},
    public=True,
    keyed=False,
    problems=(401, 403),
    media={200: BINARY},
)
def read_contents(namespace: str, slug: str, version: str, body: ContentsBody) -> Response:
    """Read files one after the other in the order asked for, for whoever the gate lets in."""
    name = VersionName(PublicName(namespace, slug), version_number(version))
    paths = tuple(FilePath(path) for path in body.paths)
    with house().view(current_actor()) as view:
        asked = content_of(view, name, paths)
        version_id = service.version_named(view, name).id
    content = _begun(content_bytes(house().store, asked.stretches))
    reads = {file.path: ReadId.new() for file, _ in asked.files}
    note_reads(house().database, view, version_id, asked.files, CONTENTS_DOOR, list(reads.values()))
    sizes = {file.path: blob.size_bytes for file, blob in asked.files}
    parts = [SentPart(reads[path], 0, sizes[path]) for path in paths]
    answer = Response(metered(house().database, content, parts, view.now), content_type=BINARY)
    answer.content_length = asked.size_bytes
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def _begun(content: Iterator[bytes]) -> Iterator[bytes]:
    """Return the same bytes, of which the first were read: what is wrong with them is then said and not cut short."""
    first = next(content, b"")
    return chain((first,), content)


@door.operation(
    "GET",
    "/datasets/<namespace>/<slug>/versions/<version>/content/<path:path>",
    {200: None, 206: None, 302: None},
    public=True,
    problems=(403, 416),
    media={200: BINARY, 206: BINARY},
)
def read_content(namespace: str, slug: str, version: str, path: str) -> Response:
    """Read one file: led to its address, or given its bytes where it lies in a pack."""
    name = VersionName(PublicName(namespace, slug), version_number(version))
    with house().view(current_actor()) as view:
        asked = service.read_locations(view, name, (FilePath(path),))
        version_id = service.version_named(view, name).id
    [(file, blob)] = asked
    file_name, read = file.path.rpartition("/")[2], ReadId.new()
    if request.method != "HEAD":
        door_named = CONTENT_DOOR if blob.packed else READ_DOOR
        note_reads(house().database, view, version_id, asked, door_named, [read])
    if blob.packed:
        return _piece(blob, file_name, read, view.now)
    try:
        url = house().store.at(blob.store).read_url(blob.place, int(READ_URL_LIFE.total_seconds()), file_name, read)
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error
    return Response(status=302, headers={"Location": url})


def _piece(blob: Blob, file_name: str, read: ReadId, read_at: Moment) -> Response:
    """Answer with bytes of a pack, in whole or in the span that was asked for; what is sent of them is metered."""
    span = span_of(request.headers.get("Range", ""), blob.size_bytes)
    if span is not None and span[0] >= blob.size_bytes:
        return Response(status=416, headers={"Content-Range": f"bytes */{blob.size_bytes}"})
    first, length = span or (0, blob.size_bytes)
    wanted = [Stretch(blob.store, blob.place, blob.offset_bytes + first, length)] if length else []
    content: Iterator[bytes] = iter(()) if request.method == "HEAD" else content_bytes(house().store, wanted)
    sent = metered(house().database, _begun(content), [SentPart(read, first, length)], read_at)
    answer = Response(sent, 206 if span else 200, content_type=BINARY)
    answer.content_length = length
    if span:
        answer.headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{blob.size_bytes}"
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["ETag"] = f'"{blob.digest.hex}"'
    answer.headers["Content-Disposition"] = attachment(file_name)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
