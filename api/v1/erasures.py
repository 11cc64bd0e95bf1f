"""Erasure by law: requested by one officer, confirmed by another; what stays is a tombstone."""

from typing import Self

from flask import Response
from pydantic import Field

from api.calls import read, write
from api.door import Answer, Door, PageQuery, Strict
from api.paging import after_of, page_of
from api.v1.dataset_bodies import version_number
from api.v1.dataset_naming import of_dataset
from registry.actors.model import Action
from registry.catalog import erasure as orders
from registry.catalog.erasure_model import ERASURE_VERSIONS_MAX, Erasure, RequestErasure
from registry.catalog.model import VersionName
from registry.values.identifiers import ErasureId

door = Door("erasures", __name__, url_prefix="/v1")


class ErasureBody(Strict):
    """What is erased, on which legal basis, by which document.

    ``keep`` names versions that hold some of the same content and keep it; ``hide_files`` removes the names and sizes
    of the files as well.
    """

    versions: list[str] = Field(min_length=1, max_length=ERASURE_VERSIONS_MAX, examples=[["sector-lab/wind@v1"]])
    keep: list[str] = Field(default_factory=list, max_length=ERASURE_VERSIONS_MAX)
    reason: str = Field(min_length=1, max_length=2_000)
    legal_basis: str = Field(min_length=1, max_length=2_000)
    document_number: str = Field(min_length=1, max_length=100)
    hide_files: bool = False

    def command(self) -> RequestErasure:
        """Return the command."""
        return RequestErasure(
            versions=tuple(self.versions),
            keep=tuple(self.keep),
            reason=self.reason,
            legal_basis=self.legal_basis,
            document_number=self.document_number,
            hide_files=self.hide_files,
        )


class ErasureView(Answer):
    """An order to erase: requested, taken_back, confirmed (nobody reads) or done (no byte lies any more).

    ``stuck`` is the code of what holds bytes back, ``objects`` how many the order erases.
    """

    id: str
    authority: str
    state: str
    versions: list[str]
    keep: list[str]
    reason: str
    legal_basis: str
    document_number: str
    hide_files: bool
    requested_by: str
    requested_at: str
    confirmed_by: str | None
    confirmed_at: str | None
    done_at: str | None
    stuck: str | None
    objects: int
    objects_gone: int

    @classmethod
    def of(cls, found: Erasure) -> Self:
        """Return the view of an order."""
        return cls(
            id=found.id,
            authority=found.authority,
            state=found.state.value,
            versions=list(found.versions),
            keep=list(found.keep),
            reason=found.reason,
            legal_basis=found.legal_basis,
            document_number=found.document_number,
            hide_files=found.hide_files,
            requested_by=found.requested_by,
            requested_at=str(found.requested_at),
            confirmed_by=found.confirmed_by,
            confirmed_at=str(found.confirmed_at) if found.confirmed_at else None,
            done_at=str(found.done_at) if found.done_at else None,
            stuck=found.stuck,
            objects=found.objects,
            objects_gone=found.objects_gone,
        )


class ErasuresView(Answer):
    """The orders of an authority, the newest first."""

    items: list[ErasureView]
    next_cursor: str | None = None


class TombstoneView(Answer):
    """What stays of an erased version: which authority erased it, when, on which basis."""

    authority: str
    legal_basis: str
    document_number: str
    erased_at: str

    @classmethod
    def of(cls, found: Erasure) -> Self:
        """Return the view of a tombstone."""
        return cls(
            authority=found.authority,
            legal_basis=found.legal_basis,
            document_number=found.document_number,
            erased_at=str(found.confirmed_at),
        )


@door.operation("POST", "/erasures", {201: ErasureView}, action=Action.ORDER_ERASURE)
def request_erasure(body: ErasureBody) -> Response:
    """Ask to erase versions by law; another officer confirms."""
    return write(lambda work: orders.request_erasure(work, body.command()), ErasureView.of)


@door.operation("GET", "/erasures", {200: ErasuresView}, action=Action.READ_ERASURE)
def list_erasures(query: PageQuery) -> Response:
    """List the orders of your authority to erase, newest first."""
    after = after_of(query, ErasureId)

    def present(found: list[Erasure]) -> ErasuresView:
        shown, more = page_of(found, query, lambda each: [each.id])
        return ErasuresView(items=[ErasureView.of(each) for each in shown], next_cursor=more)

    return read(lambda view: orders.erasures(view, after, query.limit + 1), present)


@door.operation("GET", "/erasures/<erasure>", {200: ErasureView}, action=Action.READ_ERASURE)
def show_erasure(erasure: str) -> Response:
    """Show an order of your authority to erase."""
    return read(lambda view: orders.erasure_order(view, ErasureId(erasure)), ErasureView.of)


@door.operation("POST", "/erasures/<erasure>/confirm", {200: ErasureView}, action=Action.CONFIRM_ERASURE)
def confirm_erasure(erasure: str) -> Response:
    """Confirm a colleague's order: nobody reads from now on, and the bytes leave store and replicas."""
    return write(lambda work: orders.confirm_erasure(work, ErasureId(erasure)), ErasureView.of, 200)


@door.operation("POST", "/erasures/<erasure>/take-back", {200: ErasureView}, action=Action.ORDER_ERASURE)
def take_back_erasure(erasure: str) -> Response:
    """Take an order to erase back before it is confirmed."""
    return write(lambda work: orders.take_back_erasure(work, ErasureId(erasure)), ErasureView.of, 200)


@door.operation(
    "GET", "/datasets/<namespace>/<slug>/versions/<version>/erasure", {200: TombstoneView, 308: None}, public=True
)
def show_tombstone(namespace: str, slug: str, version: str) -> Response:
    """Show which authority erased a version, when and on which basis."""
    number = version_number(version)
    return of_dataset(
        namespace,
        slug,
        lambda view, held: orders.tombstone(view, VersionName(held.name, number)),
        TombstoneView.of,
    )
