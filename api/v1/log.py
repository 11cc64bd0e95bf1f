"""The transparency log over HTTP: checkpoints, proofs and public keys for anyone, and the clock."""

import base64
from typing import Any, Self

from flask import Response
from pydantic import ConfigDict, Field, JsonValue

from api.calls import house, read, rendered, write
from api.door import Answer, Door, Strict, Whole
from api.v1.dataset_bodies import version_number
from registry.actors.model import Action
from registry.catalog import reading
from registry.catalog.model import VersionName
from registry.journal import service
from registry.journal.service import Inclusion, Proof
from registry.journal.signing import Verifier
from registry.values.identifiers import EntryId
from registry.values.names import PublicName

door = Door("log", __name__)

SIZE_MAX = 2**63 - 1


class ConsistencyQuery(Strict):
    """Two sizes of the log, the older one first."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True)

    size_before: int = Field(alias="from", ge=1, le=SIZE_MAX)
    size_after: int = Field(alias="to", ge=1, le=SIZE_MAX)


class ClockBody(Strict):
    """How far to move the clock of a demo forward."""

    seconds: Whole = Field(ge=1, le=366 * 86_400 * 2)


class InclusionView(Answer):
    """Proof that an entry is in the log (RFC 9162 §2.1.3); hashes in base64, the checkpoint as a signed note."""

    entry: str
    leaf_index: int
    size: int
    proof: list[str]
    checkpoint: str

    @classmethod
    def of(cls, found: Inclusion) -> Self:
        """Return the view of a proof."""
        return cls(
            entry=found.entry,
            leaf_index=found.leaf_index,
            size=found.size,
            proof=[_text(each) for each in found.proof],
            checkpoint=found.note,
        )


class EntryView(Answer):
    """An entry of the journal; its canonical JSON (RFC 8785) is the leaf, the commitment in hex."""

    commitment: str
    decided_at: str
    format_version: int
    id: str
    role: str
    subject: str
    type: str


class OpeningView(Answer):
    """What an entry commits to; the salt in hex."""

    salt: str
    payload: JsonValue


class PublicationView(Answer):
    """The entry by which a version was published; no opening once it was erased, no inclusion until it is logged."""

    entry: EntryView
    opening: OpeningView | None
    inclusion: InclusionView | None

    @classmethod
    def of(cls, found: Proof) -> Self:
        """Return the view of the proof of a publication."""
        entry, opening = found.entry, found.opening
        return cls(
            entry=EntryView(
                commitment=entry.commitment.hex(),
                decided_at=str(entry.decided_at),
                format_version=entry.format_version,
                id=entry.id,
                role=entry.role,
                subject=entry.subject,
                type=entry.type,
            ),
            opening=OpeningView(salt=opening.salt.hex(), payload=opening.payload) if opening else None,
            inclusion=InclusionView.of(found.inclusion) if found.inclusion else None,
        )


class ConsistencyView(Answer):
    """Proof that one state of the log continues another (RFC 9162 §2.1.4); hashes in base64."""

    size_before: int
    size_after: int
    proof: list[str]


class KeyView(Answer):
    """A public key: 32 bytes in base64, and the verifier of signed notes, ``name+id+base64(0x01 || key)``."""

    key_id: str
    algorithm: str
    public_key: str
    verifier: str

    @classmethod
    def of(cls, verifier: Verifier) -> Self:
        """Return the view of the public half of a key."""
        return cls(
            key_id=verifier.key_id,
            algorithm="Ed25519",
            public_key=_text(verifier.public_bytes),
            verifier=str(verifier),
        )


class KeysView(Answer):
    """The keys that sign manifests, receipts and checkpoints of this service, and the name they sign for."""

    origin: str
    keys: list[KeyView]


class ClockView(Answer):
    """The instant the service decides by, and whether its database is real or a demo."""

    now: str
    kind: str


class ClockMovedView(Answer):
    """The clock of a demo after it was moved."""

    now: str
    advanced_seconds: int


@door.operation("GET", "/log/checkpoint", {200: None}, public=True, problems=(404,), media={200: "text/plain"})
def show_checkpoint() -> Response:
    """Show the newest signed checkpoint of the log, a C2SP signed note."""
    with house().view() as view:
        note = service.newest_note(view)
    return Response(note, content_type="text/plain; charset=utf-8")


@door.operation("GET", "/v1/log/entries/<entry>/inclusion", {200: InclusionView}, public=True)
def prove_inclusion(entry: str) -> Response:
    """Prove that an entry is in the log."""
    entry_id = EntryId(entry)
    return read(lambda view: service.inclusion_of(view, entry_id), InclusionView.of)


@door.operation(
    "GET", "/v1/datasets/<namespace>/<slug>/versions/<version>/publication", {200: PublicationView}, public=True
)
def prove_publication(namespace: str, slug: str, version: str) -> Response:
    """Prove that a version was published: the entry of the journal, what it commits to, and its place in the log."""
    name = VersionName(PublicName(namespace, slug), version_number(version))
    return read(lambda view: reading.publication(view, name), PublicationView.of)


@door.operation("GET", "/v1/log/consistency", {200: ConsistencyView}, public=True)
def prove_consistency(query: ConsistencyQuery) -> Response:
    """Prove that a later state of the log continues an earlier one."""
    return read(
        lambda view: service.consistency_between(view, query.size_before, query.size_after),
        lambda proof: ConsistencyView(
            size_before=query.size_before, size_after=query.size_after, proof=[_text(each) for each in proof]
        ),
    )


@door.operation("GET", "/v1/keys", {200: KeysView}, public=True)
def list_keys() -> Response:
    """List the public keys of the service."""
    verifier = house().signing_key.verifier
    return rendered(KeysView(origin=verifier.name, keys=[KeyView.of(verifier)]).model_dump(mode="json"))


@door.operation("GET", "/v1/clock", {200: ClockView}, public=True)
def show_clock() -> Response:
    """Say what time it is here."""
    return read(
        lambda view: (view.now, service.kind_of(view.connection)),
        lambda found: ClockView(now=str(found[0]), kind=found[1]),
    )


@door.operation("POST", "/v1/demo/clock", {201: ClockMovedView}, action=Action.SET_DEMO_CLOCK)
def advance_demo_clock(body: ClockBody) -> Response:
    """Move the clock of a demo forward; a real installation refuses."""

    def present(moved: Any) -> ClockMovedView:
        return ClockMovedView(now=moved["now"], advanced_seconds=moved["advanced_seconds"])

    return write(lambda work: service.advance_demo_clock(work, body.seconds), present)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
