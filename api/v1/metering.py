"""What was read: the statement of an order for a period, and totals by month, party, version and door."""

from datetime import date
from typing import Self

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from api.calls import position_of, read
from api.door import Answer, Door, PageQuery
from api.paging import page_of
from registry.actors.model import Action
from registry.exchange import metering, service
from registry.exchange.metering_model import MeteredTotal, MeterStatement
from registry.exchange.offer_model import PriceKind
from registry.journal.work import View
from registry.values.identifiers import OrderId, VersionId

door = Door("metering", __name__, url_prefix="/v1")


class PeriodQuery(BaseModel):
    """From the first through the last day, a year at the most."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: date
    last: date


class MeterQuery(PageQuery):
    """Of which dataset; without one, of all."""

    dataset: str | None = Field(default=None, max_length=200)


class MeteredLineView(Answer):
    """What was read of a version through a door."""

    version: str
    door: str
    reads: int
    sent_bytes: int


class MeterStatementView(Answer):
    """What an order is charged with in a period.

    ``before`` and ``used`` are the bytes or reads that the price counts, before and in the period; ``due_fen`` is what
    they come to without VAT. None where the price is not metered.
    """

    order: str
    first: str
    last: str
    price_kind: PriceKind
    lines: list[MeteredLineView]
    before: int | None
    used: int | None
    due_fen: int | None
    due_text: str | None

    @classmethod
    def of(cls, found: MeterStatement) -> Self:
        """Return the view of a statement."""
        return cls(
            order=found.order,
            first=found.first.isoformat(),
            last=found.last.isoformat(),
            price_kind=found.price_kind,
            lines=[
                MeteredLineView(version=each.version, door=each.door, reads=each.reads, sent_bytes=each.sent_bytes)
                for each in found.lines
            ],
            before=found.before,
            used=found.used,
            due_fen=None if found.due is None else found.due.fen,
            due_text=None if found.due is None else str(found.due),
        )


class MeteredTotalView(Answer):
    """What a party read of a version through a door in a month (its first day)."""

    month: str
    party: str
    version: str
    door: str
    reads: int
    sent_bytes: int

    @classmethod
    def of(cls, found: MeteredTotal) -> Self:
        """Return the view of a total."""
        return cls(
            month=found.month.isoformat(),
            party=found.party,
            version=found.version,
            door=found.door,
            reads=found.reads,
            sent_bytes=found.sent_bytes,
        )


class MeteredTotalsView(Answer):
    """A page of totals, by month, party, version and door."""

    items: list[MeteredTotalView]
    next_cursor: str | None


@door.operation("GET", "/orders/<order>/metering", {200: MeterStatementView}, action=Action.READ_ORDER)
def show_order_metering(order: str, query: PeriodQuery) -> Response:
    """Show what an order is charged with in a period."""
    return read(lambda view: metering.statement(view, OrderId(order), query.first, query.last), MeterStatementView.of)


@door.operation("GET", "/metering", {200: MeteredTotalsView}, action=Action.READ_ORDER, problems=(404,))
def list_metering(query: MeterQuery) -> Response:
    """Total what you read, what buyers of your listings read of them, or what firms of your office's register read."""
    position = position_of(query.cursor, 4)
    after = None
    if position:
        month, party, version, through = map(str, position)
        after = (date.fromisoformat(month), party, VersionId(version), through)

    def asked(view: View) -> list[MeteredTotal]:
        dataset = service.dataset_named(view, query.dataset) if query.dataset else None
        return metering.totals(view, dataset, after, query.limit + 1)

    def present(found: list[MeteredTotal]) -> MeteredTotalsView:
        shown, more = page_of(found, query, lambda each: [each.month.isoformat(), each.party, each.version, each.door])
        return MeteredTotalsView(items=[MeteredTotalView.of(each) for each in shown], next_cursor=more)

    return read(asked, present)
