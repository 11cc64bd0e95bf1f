"""The desk of a bureau over HTTP: burn-down of pools, the queue for the year's money, holds by age, use of firms."""

from typing import Self

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from api.calls import cursor_of, position_of, read
from api.door import Answer, Door, PageQuery
from api.paging import after_of, page_of
from api.v1.desk_views import (
    BudgetLineView,
    BurnDownView,
    ClaimsToLessenView,
    ClaimToLessenView,
    HoldsView,
    PositionView,
    QueuedView,
)
from api.v1.vouchers_views import FirmYearView
from registry.actors.model import Action
from registry.awards import queue as queues
from registry.awards.queue import Queue, QueueAfter
from registry.values.identifiers import CaseId, FirmId, PoolId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers import desk
from registry.vouchers.desk_model import ClaimToLessen, FirmYearAfter, FirmYearsRead, HoldsAgeing

door = Door("desk", __name__, url_prefix="/v1")


class MonthsQuery(BaseModel):
    """How many months are shown, this one included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    months: int = Field(default=12, ge=1, le=60)


class QueueQuery(PageQuery):
    """Which budget year the queue waits for."""

    budget_year: int = Field(ge=2000, le=2999)


class YearsQuery(PageQuery):
    """Which year; by default all."""

    year: int | None = Field(default=None, ge=2000, le=2999)


class QueueView(Answer):
    """A page of the queue, oldest first, with the lines of the year; ``unbatched``: redeemed and in no batch yet."""

    position: PositionView
    budget_year: int
    left_fen: int
    left_text: str
    unbatched_fen: int
    unbatched_text: str
    lines: list[BudgetLineView]
    items: list[QueuedView]
    next_cursor: str | None

    @classmethod
    def of(cls, found: Queue, limit: int) -> Self:
        """Return the view of a page of which one case more than ``limit`` was asked for."""
        shown = found.cases[:limit]
        more = None
        if len(found.cases) > limit:
            behind = shown[-1].behind
            more = cursor_of([str(behind.applied_at), behind.case, behind.ahead.fen])
        return cls(
            position=PositionView.of(found.position),
            budget_year=found.budget_year,
            left_fen=found.left.fen,
            left_text=str(found.left),
            unbatched_fen=found.unbatched.fen,
            unbatched_text=str(found.unbatched),
            lines=[BudgetLineView.of(each) for each in found.lines],
            items=[QueuedView.of(each) for each in shown],
            next_cursor=more,
        )


class FirmYearsUsedView(Answer):
    """A page of what firms used of their years."""

    position: PositionView
    items: list[FirmYearView]
    next_cursor: str | None


@door.operation("GET", "/desk/pools/<pool>", {200: BurnDownView}, action=Action.READ_LEDGER, problems=(404,))
def show_burn_down(pool: str, query: MonthsQuery) -> Response:
    """Show a pool month by month: held, redeemed, released, paid, returned, and what was left."""
    return read(lambda view: desk.burn_down(view, PoolId(pool), query.months), BurnDownView.of)


@door.operation("GET", "/desk/queue", {200: QueueView}, action=Action.READ_LEDGER)
def show_queue(query: QueueQuery) -> Response:
    """Show open cases in the order of their acceptance, what each waits for, and who fits into the year's money."""
    place = position_of(query.cursor, 3)
    after = QueueAfter(Moment.of_text(place[0]), CaseId(place[1]), Money(place[2])) if place else None
    return read(
        lambda view: queues.queue(view, query.budget_year, after, query.limit + 1),
        lambda found: QueueView.of(found, query.limit),
    )


@door.operation("GET", "/desk/holds", {200: HoldsView}, action=Action.READ_LEDGER)
def show_holds(query: PageQuery) -> Response:
    """Show open holds by the days left, those first that run out first."""
    place = position_of(query.cursor, 2)
    after = (Moment.of_text(place[0]), VoucherId(place[1])) if place else None

    def present(found: HoldsAgeing) -> HoldsView:
        shown = found.holds[: query.limit]
        more = cursor_of([str(shown[-1].expires_at), shown[-1].id]) if len(found.holds) > query.limit else None
        return HoldsView.page(found, shown, more)

    return read(lambda view: desk.holds(view, after, query.limit + 1), present)


@door.operation("GET", "/desk/claims-to-lessen", {200: ClaimsToLessenView}, action=Action.READ_LEDGER)
def list_claims_to_lessen(query: PageQuery) -> Response:
    """List unpaid claims of one's authority on invoices of which less stands than was claimed."""
    after = after_of(query, VoucherId)

    def present(found: list[ClaimToLessen]) -> ClaimsToLessenView:
        shown, more = page_of(found, query, lambda each: [each.voucher.id])
        return ClaimsToLessenView(items=[ClaimToLessenView.of(each) for each in shown], next_cursor=more)

    return read(lambda view: desk.claims_to_lessen(view, after, query.limit + 1), present)


@door.operation("GET", "/desk/firm-years", {200: FirmYearsUsedView}, action=Action.READ_LEDGER)
def list_firm_years_used(query: YearsQuery) -> Response:
    """List what firms used of their years at one's authority, page by page."""
    place = position_of(query.cursor, 3)
    after = FirmYearAfter(FirmId(place[0]), str(place[1]), int(place[2])) if place else None

    def present(found: FirmYearsRead) -> FirmYearsUsedView:
        shown = found.years[: query.limit]
        more = None
        if len(found.years) > query.limit:
            more = cursor_of([shown[-1].firm, shown[-1].group, shown[-1].year])
        return FirmYearsUsedView(
            position=PositionView.of(found.position),
            items=[FirmYearView.of(each) for each in shown],
            next_cursor=more,
        )

    return read(lambda view: desk.firm_years_used(view, query.year, after, query.limit + 1), present)
