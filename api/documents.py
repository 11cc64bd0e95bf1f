"""Documents as they are sent: bytes that were filed, to be kept as a file (``observe`` forbids to guess their kind)."""

from typing import Final

from flask import Response

from api.calls import house
from registry.manifests import service as manifests
from registry.manifests.uploads import Blob
from storage.object_store import attachment

MEDIA_TYPE: Final = "application/octet-stream"


def document(blob: Blob, file_name: str) -> Response:
    """Return stored bytes as an answer."""
    answer = Response(manifests.content(house().store.at(blob.store), blob.place), content_type=MEDIA_TYPE)
    answer.content_length = blob.size_bytes
    answer.headers["Content-Disposition"] = attachment(file_name)
    return answer
