"""Uploads and evidence over HTTP: addresses for parts, what has arrived, completion, documents."""

from typing import Self

from flask import Response
from pydantic import Field

from api.calls import current_actor, house, read, rendered, write
from api.documents import MEDIA_TYPE, document
from api.door import Answer, Door, Strict, Whole
from registry.actors.model import Action
from registry.journal.work import Command
from registry.manifests import service
from registry.manifests.service import PartUrls
from registry.manifests.uploads import (
    EVIDENCE_SIZE_MAX_BYTES,
    PART_URLS_MAX,
    Evidence,
    EvidenceKind,
    EvidenceState,
    Upload,
)
from registry.values.digest import Digest
from registry.values.identifiers import EvidenceId, UploadId
from storage.object_store import Part

door = Door("uploads", __name__, url_prefix="/v1")


class PartNumbersBody(Strict):
    """Which parts addresses are wanted for; at most 100 at once."""

    numbers: list[Whole] = Field(min_length=1, max_length=PART_URLS_MAX)


class CompletionBody(Strict):
    """What all parts together are."""

    sha256: str = Field(max_length=80)


class EvidenceBody(Strict):
    """A document to be filed, at most 20 MiB."""

    kind: EvidenceKind
    file_name: str = Field(max_length=200)
    size_bytes: Whole = Field(ge=1, le=EVIDENCE_SIZE_MAX_BYTES)
    sha256: str = Field(max_length=80)


class PartView(Answer):
    """A part that the store holds."""

    number: int
    size_bytes: int
    etag: str

    @classmethod
    def of(cls, part: Part) -> Self:
        """Return the view of a part."""
        return cls(number=part.number, size_bytes=part.size_bytes, etag=part.etag)


class UploadView(Answer):
    """An upload: how it is cut into parts, and which of them have arrived."""

    id: str
    state: str
    part_size_bytes: int
    part_count: int
    size_bytes: int
    parts: list[PartView]
    expires_at: str

    @classmethod
    def of(cls, upload: Upload, parts: tuple[Part, ...] = ()) -> Self:
        """Return the view of an upload."""
        return cls(
            id=upload.id,
            state=upload.state.value,
            part_size_bytes=upload.part_size_bytes,
            part_count=upload.part_count,
            size_bytes=upload.size_bytes,
            parts=[PartView.of(part) for part in parts],
            expires_at=str(upload.expires_at),
        )


class PartUrlView(Answer):
    """Where one part goes."""

    number: int
    url: str
    size_bytes: int


class PartUrlsView(Answer):
    """Where parts go, until an instant."""

    urls: list[PartUrlView]
    expires_at: str

    @classmethod
    def of(cls, signed: PartUrls) -> Self:
        """Return the view of signed addresses."""
        urls = [PartUrlView(number=each.number, url=each.url, size_bytes=each.size_bytes) for each in signed.urls]
        return cls(urls=urls, expires_at=str(signed.expires_at))


class EvidenceBegunView(Answer):
    """A document whose bytes are still to come, and where they go."""

    id: str
    upload: UploadView

    @classmethod
    def of(cls, begun: tuple[Evidence, Upload]) -> Self:
        """Return the view of what was begun."""
        return cls(id=begun[0].id, upload=UploadView.of(begun[1]))


class EvidenceView(Answer):
    """A document; ``url`` leads to its bytes once they have arrived."""

    id: str
    kind: str
    file_name: str
    size_bytes: int
    sha256: str
    state: str
    url: str | None

    @classmethod
    def of(cls, found: Evidence) -> Self:
        """Return the view of a document."""
        verified = found.state is EvidenceState.VERIFIED
        return cls(
            id=found.id,
            kind=found.kind.value,
            file_name=found.file_name,
            size_bytes=found.size_bytes,
            sha256=str(found.digest),
            state=found.state.value,
            url=f"/v1/evidence/{found.id}/content" if verified else None,
        )


@door.operation(
    "POST", "/uploads/<upload>/parts", {200: PartUrlsView}, action=Action.DRAFT_VERSION, keyed=False, problems=(409,)
)
def sign_part_urls(upload: str, body: PartNumbersBody) -> Response:
    """Sign addresses to which parts may be sent."""
    here = house()
    signed = service.part_urls(
        here.database, here.clock, here.store, current_actor(), UploadId(upload), tuple(body.numbers)
    )
    return rendered(PartUrlsView.of(signed).model_dump(mode="json"))


@door.operation("GET", "/uploads/<upload>", {200: UploadView}, action=Action.DRAFT_VERSION)
def show_upload(upload: str) -> Response:
    """Show an upload with the parts that arrived."""
    with house().view(current_actor()) as view:
        found = service.upload(view, UploadId(upload))
    parts = service.arrived_parts(house().store, found)
    return rendered(UploadView.of(found, parts).model_dump(mode="json"))


@door.operation("POST", "/uploads/<upload>/complete", {200: UploadView}, action=Action.DRAFT_VERSION)
def complete_upload(upload: str, body: CompletionBody) -> Response:
    """Say that all parts are there."""
    here = house()
    digest = Digest.parse(body.sha256)
    sealed = service.seal(here.database, here.clock, here.store, current_actor(), UploadId(upload), digest)
    return write(lambda work: service.receive(work, sealed), UploadView.of, 200)


@door.operation("DELETE", "/uploads/<upload>", {204: None}, action=Action.DRAFT_VERSION, keyed=False, problems=(409,))
def abort_upload(upload: str) -> Response:
    """Give an upload up."""
    identifier = UploadId(upload)
    actor = current_actor()
    # Derived, so that a repeated DELETE is answered like the first; of each account, because each has its own rights.
    key = f"abort-{identifier}-{actor.account or 'nobody'}"
    command = Command("uploads.abort_upload", key, Digest.of_json({"upload": identifier}))

    house().perform(actor, command, lambda work: {"state": service.abort_upload(work, identifier).state.value})
    return Response(status=204)


@door.operation("POST", "/evidence", {201: EvidenceBegunView}, action=Action.FILE_EVIDENCE)
def file_evidence(body: EvidenceBody) -> Response:
    """Announce a document and open the upload of its bytes."""
    return write(
        lambda work: service.file_evidence(work, body.kind, body.file_name, body.size_bytes, Digest.parse(body.sha256)),
        EvidenceBegunView.of,
    )


@door.operation("GET", "/evidence/<evidence>", {200: EvidenceView}, action=Action.READ_EVIDENCE)
def show_evidence(evidence: str) -> Response:
    """Show a document."""
    return read(lambda view: service.evidence(view, EvidenceId(evidence)), EvidenceView.of)


@door.operation(
    "GET",
    "/evidence/<evidence>/content",
    {200: None},
    action=Action.READ_EVIDENCE,
    media={200: MEDIA_TYPE},
)
def read_evidence(evidence: str) -> Response:
    """Read the bytes of a document."""
    with house().view(current_actor()) as view:
        found, blob = service.evidence_content(view, EvidenceId(evidence))
    return document(blob, found.file_name)
