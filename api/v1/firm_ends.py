"""The register of ends of firms: deregistered, merged, moved away; entered and taken back by document."""

from datetime import date
from typing import Annotated

from flask import Response
from pydantic import Field

from api.calls import read, write
from api.door import Answer, Door, PageQuery, Strict
from api.paging import after_of, page_of
from registry.actors.model import Action
from registry.parties import ends
from registry.parties.end_model import NUMBER_LENGTH_MAX, REASON_LENGTH_MAX, EndKind, EnterEnd, FirmEnd, RevokeEnd
from registry.values.digest import Digest
from registry.values.identifiers import FactId, FirmId

door = Door("firm_ends", __name__, url_prefix="/v1")

Number = Annotated[str, Field(min_length=1, max_length=NUMBER_LENGTH_MAX)]
Text = Annotated[str, Field(min_length=1, max_length=REASON_LENGTH_MAX)]


class FirmEndBody(Strict):
    """The end of a firm: from which day on, by which document, and of a merger who the successor is."""

    firm: str = Field(max_length=60)
    kind: EndKind = Field(strict=False)
    ended_on: date = Field(strict=False)
    successor: str | None = Field(default=None, max_length=60)
    document_number: Number
    document_sha256: str = Field(max_length=80)
    source: Text
    obtained_on: date = Field(strict=False)

    def command(self) -> EnterEnd:
        """Return what is asked of the registry. Raises InvalidValueError."""
        return EnterEnd(
            firm=FirmId(self.firm),
            kind=self.kind,
            ended_on=self.ended_on,
            document_number=self.document_number,
            document_digest=Digest.parse(self.document_sha256),
            source=self.source,
            obtained_on=self.obtained_on,
            successor=FirmId(self.successor) if self.successor else None,
        )


class RevokeFirmEndBody(Strict):
    """By which document an entry is taken back, and why."""

    document_number: Number
    reason: Text


class FirmEndView(Answer):
    """The end of a firm; ``ended_on`` is the first day on which it is no payee any more."""

    id: str
    authority: str
    firm: str
    kind: str
    ended_on: date
    successor: str | None
    document_number: str
    document_sha256: str
    source: str
    obtained_on: date
    recorded_at: str

    @classmethod
    def of(cls, found: FirmEnd) -> "FirmEndView":
        """Return the view of an end."""
        return cls(
            id=found.id,
            authority=found.provenance.authority,
            firm=found.firm,
            kind=found.kind.value,
            ended_on=found.ended_on,
            successor=found.successor,
            document_number=found.document_number,
            document_sha256=found.document_digest.hex,
            source=found.provenance.source,
            obtained_on=found.provenance.obtained_on,
            recorded_at=str(found.provenance.recorded_at),
        )


class FirmEndsView(Answer):
    """A page of ends that stand recorded, the newest first."""

    items: list[FirmEndView]
    next_cursor: str | None = None


class FirmEndsQuery(PageQuery):
    """Which ends: of one firm, if it is named."""

    firm: str = Field(default="", max_length=60)


@door.operation("POST", "/firm-ends", {201: FirmEndView}, action=Action.KEEP_REGISTERS)
def enter_firm_end(body: FirmEndBody) -> Response:
    """Enter that a firm was deregistered, merged or left your area; from that day it is no payee."""
    command = body.command()
    return write(lambda work: ends.enter_end(work, command), FirmEndView.of)


@door.operation("GET", "/firm-ends", {200: FirmEndsView}, action=Action.READ_REGISTERS)
def list_firm_ends(query: FirmEndsQuery) -> Response:
    """List the ends of firms that stand recorded, of every authority; a firm sees its own."""
    firm = FirmId(query.firm) if query.firm else None

    def shown(found: list[FirmEnd]) -> FirmEndsView:
        page, following = page_of(found, query, lambda each: [each.id])
        return FirmEndsView(items=[FirmEndView.of(each) for each in page], next_cursor=following)

    return read(lambda view: ends.ends_page(view, firm, after_of(query, FactId), query.limit + 1), shown)


@door.operation("POST", "/firm-ends/<end>/revocation", {200: FirmEndView}, action=Action.KEEP_REGISTERS)
def revoke_firm_end(end: str, body: RevokeFirmEndBody) -> Response:
    """Take back an entry that was wrong, or of a firm that came back, by a document."""
    command = RevokeEnd(FactId(end), body.document_number, body.reason)
    return write(lambda work: ends.revoke_end(work, command), FirmEndView.of, 200)
