"""Uses of pools that are not ours, over HTTP: recorded by document number, ended by one."""

from datetime import date
from typing import Annotated, Self

from flask import Response
from pydantic import Field

from api.calls import read, write
from api.door import Answer, Door, Fen, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from registry.actors.model import Action
from registry.values.identifiers import ExternalUseId, FirmId, OrderId
from registry.values.money import Money
from registry.vouchers import external
from registry.vouchers.external_model import EndExternalUse, ExternalUse, RecordExternalUse

door = Door("external-uses", __name__, url_prefix="/v1")


class ExternalUseBody(Strict):
    """What a firm had of an external pool by ``line`` of a numbered document, for an order, an invoice, or both."""

    document: str = Field(max_length=100)
    instrument: str = Field(max_length=100)
    firm: str = Field(max_length=60)
    organ: str = Field(max_length=100)
    number: str = Field(max_length=100)
    line: Whole = 1
    decided_on: Annotated[date, Field(strict=False)]
    amount_fen: Fen
    order: str | None = Field(default=None, max_length=60)
    invoice: str | None = Field(default=None, max_length=60)
    source: str = Field(max_length=100)

    def command(self) -> RecordExternalUse:
        """Return the command. Raises InvalidValueError."""
        return RecordExternalUse(
            document=self.document,
            instrument=self.instrument,
            firm=FirmId(self.firm),
            organ=self.organ,
            number=self.number,
            line=self.line,
            decided_on=self.decided_on,
            amount=Money(self.amount_fen),
            order=OrderId(self.order) if self.order else None,
            invoice=self.invoice or None,
            source=self.source,
        )


class ExternalUseEndBody(Strict):
    """By which document a use is ended, and why."""

    number: str = Field(max_length=100)
    reason: str = Field(max_length=500)


class ExternalUseView(Answer):
    """A recorded use of an external pool; while ``ended_at`` is null it excludes like support for its purchase."""

    id: str
    authority: str
    document: str
    instrument: str
    firm: str
    organ: str
    number: str
    line: int
    decided_on: str
    amount_fen: int
    amount_text: str
    order: str | None
    invoice: str | None
    source: str
    recorded_at: str
    ended_by_number: str | None
    ended_reason: str | None
    ended_at: str | None

    @classmethod
    def of(cls, use: ExternalUse) -> Self:
        """Return the view of a use."""
        return cls(
            id=use.id,
            authority=use.authority,
            document=use.document,
            instrument=use.instrument,
            firm=use.firm,
            organ=use.organ,
            number=use.number,
            line=use.line,
            decided_on=use.decided_on.isoformat(),
            amount_fen=use.amount.fen,
            amount_text=str(use.amount),
            order=use.order,
            invoice=use.invoice,
            source=use.source,
            recorded_at=str(use.recorded_at),
            ended_by_number=use.ended_by_number,
            ended_reason=use.ended_reason,
            ended_at=str(use.ended_at) if use.ended_at else None,
        )


class ExternalUsesView(Answer):
    """A page of uses, the newest first."""

    items: list[ExternalUseView]
    next_cursor: str | None


@door.operation("GET", "/external-uses", {200: ExternalUsesView}, action=Action.READ_VOUCHER)
def list_external_uses(query: PageQuery) -> Response:
    """List recorded uses of external pools: a firm its own, officers those of their authority."""
    after = after_of(query, ExternalUseId)

    def present(found: list[ExternalUse]) -> ExternalUsesView:
        page, following = page_of(found, query, lambda each: [each.id])
        return ExternalUsesView(items=[ExternalUseView.of(each) for each in page], next_cursor=following)

    return read(lambda view: external.uses(view, after, query.limit + 1), present)


@door.operation("POST", "/external-uses", {201: ExternalUseView}, action=Action.KEEP_REGISTERS)
def record_external_use(body: ExternalUseBody) -> Response:
    """Record what a firm had of an external pool; no money of ours moves."""
    command = body.command()
    return write(lambda work: external.record(work, command), ExternalUseView.of)


@door.operation("POST", "/external-uses/<use>/end", {200: ExternalUseView}, action=Action.KEEP_REGISTERS)
def end_external_use(use: str, body: ExternalUseEndBody) -> Response:
    """End a use that was recorded wrongly or was taken back; it excludes nothing any more."""
    command = EndExternalUse(ExternalUseId(use), body.number, body.reason)
    return write(lambda work: external.end(work, command), ExternalUseView.of, 200)
