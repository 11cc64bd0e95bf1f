"""Rounds of vouchers over HTTP: everybody may read them; a firm requests in a closed one."""

from datetime import datetime
from typing import Annotated

from flask import Response
from pydantic import Field

from api.calls import read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from api.problems import language
from api.wording import sentence
from registry.actors.model import Action
from registry.journal.work import View
from registry.policy.model import Allocation
from registry.values.identifiers import OrderId, PoolId, VoucherRequestId, VoucherRoundId
from registry.values.moment import Moment
from registry.values.money import FEN_MAX, Money
from registry.vouchers import requests, rounds
from registry.vouchers.round_model import (
    NUMBER_LENGTH_MAX,
    REASON_LENGTH_MAX,
    TITLE_LENGTH_MAX,
    MovedClosing,
    MoveVoucherRoundClosing,
    PublishVoucherRound,
    VoucherRequest,
    VoucherRequestState,
    VoucherRound,
    VoucherRoundState,
)

door = Door("voucher_rounds", __name__, url_prefix="/v1")

Instant = Annotated[datetime, Field(strict=False)]


class PublishVoucherRoundBody(Strict):
    """A round of a pool: window to the minute, and a budget that is part of the pool.

    ``allocation`` null: as a ruling says, else ``pro_rata``; a flash round is ``first_come``.
    """

    pool: str = Field(max_length=60)
    title: str = Field(min_length=1, max_length=TITLE_LENGTH_MAX)
    opens_at: Instant
    closes_at: Instant
    budget_fen: Annotated[Whole, Field(ge=1, le=FEN_MAX)]
    allocation: Allocation | None = Field(default=None, strict=False)

    def command(self) -> PublishVoucherRound:
        """Return the command. Raises InvalidValueError."""
        return PublishVoucherRound(
            PoolId(self.pool),
            self.title,
            Moment.of_text(self.opens_at.isoformat()),
            Moment.of_text(self.closes_at.isoformat()),
            Money(self.budget_fen),
            self.allocation,
        )


class RequestVoucherBody(Strict):
    """The order a voucher is requested for."""

    order: str = Field(max_length=60)


class DivideVoucherRoundBody(Strict):
    """Nothing is said: budget and requests decide."""


class MoveVoucherRoundClosingBody(Strict):
    """The later closing of a round, to the minute, and the numbered decision that moves it with its reason."""

    closes_at: Instant
    number: str = Field(min_length=1, max_length=NUMBER_LENGTH_MAX)
    reason: str = Field(min_length=1, max_length=REASON_LENGTH_MAX)

    def command(self, round_id: str) -> MoveVoucherRoundClosing:
        """Return the command. Raises InvalidValueError."""
        closes_at = Moment.of_text(self.closes_at.isoformat())
        return MoveVoucherRoundClosing(VoucherRoundId(round_id), closes_at, self.number, self.reason)


class VoucherRoundsQuery(PageQuery):
    """Of which pool; null: of all."""

    pool: str | None = Field(default=None, max_length=60)


class MovedClosingView(Answer):
    """That the closing of a round was moved: from when to when, by which decision and why."""

    number: int
    closed_before: str
    closes_at: str
    document_number: str
    reason: str
    moved_at: str

    @classmethod
    def of(cls, made: MovedClosing) -> "MovedClosingView":
        """Return the view of a move."""
        return cls(
            number=made.number,
            closed_before=str(made.closed_before),
            closes_at=str(made.closes_at),
            document_number=made.document_number,
            reason=made.reason,
            moved_at=str(made.moved_at),
        )


class VoucherRoundView(Answer):
    """A round of a pool; ``used_fen`` is what its vouchers hold or came to."""

    id: str
    authority: str
    pool: str
    title: str
    state: VoucherRoundState
    allocation: Allocation
    opens_at: str
    closes_at: str
    budget_fen: int
    budget_text: str
    used_fen: int
    left_fen: int
    left_text: str
    published_at: str
    cancelled_at: str | None
    divided_at: str | None
    moved_closings: list[MovedClosingView]

    @classmethod
    def of(cls, found: VoucherRound, now: Moment, moved: tuple[MovedClosing, ...]) -> "VoucherRoundView":
        """Return the view of a round at an instant."""
        return cls(
            id=found.id,
            authority=found.authority,
            pool=found.pool,
            title=found.title,
            state=found.state_at(now),
            allocation=found.allocation,
            opens_at=str(found.opens_at),
            closes_at=str(found.closes_at),
            budget_fen=found.budget.fen,
            budget_text=str(found.budget),
            used_fen=found.used.fen,
            left_fen=found.left.fen,
            left_text=str(found.left),
            published_at=str(found.published_at),
            cancelled_at=str(found.cancelled_at) if found.cancelled_at else None,
            divided_at=str(found.divided_at) if found.divided_at else None,
            moved_closings=[MovedClosingView.of(each) for each in moved],
        )


class VoucherRoundsView(Answer):
    """A page of rounds."""

    items: list[VoucherRoundView]
    next_cursor: str | None


class VoucherRequestView(Answer):
    """A request of a closed round: what it could have by itself, what it received, and what stood in the way."""

    id: str
    round: str
    firm: str
    order: str
    filed_at: str
    state: VoucherRequestState
    ceiling_fen: int
    amount_fen: int
    amount_text: str
    voucher: str | None
    reason: str
    detail: str
    withdrawn_at: str | None

    @classmethod
    def of(cls, found: VoucherRequest) -> "VoucherRequestView":
        """Return the view of a request."""
        return cls(
            id=found.id,
            round=found.round,
            firm=found.firm,
            order=found.order,
            filed_at=str(found.filed_at),
            state=found.state,
            ceiling_fen=found.ceiling.fen,
            amount_fen=found.amount.fen,
            amount_text=str(found.amount),
            voucher=found.voucher,
            reason=found.reason,
            detail=sentence(f"voucher_request_{found.state.value}", {"reason": found.reason}, language()),
            withdrawn_at=str(found.withdrawn_at) if found.withdrawn_at else None,
        )


class VoucherRequestsView(Answer):
    """A page of requests."""

    items: list[VoucherRequestView]
    next_cursor: str | None


Seen = tuple[VoucherRound, Moment, tuple[MovedClosing, ...]]


def _seen(seen: Seen) -> VoucherRoundView:
    return VoucherRoundView.of(*seen)


def _at(view: View, found: VoucherRound) -> Seen:
    """Return a round with how its closing was moved, as of the instant of the view."""
    return found, view.now, rounds.moved_closings(view, [found.id]).get(found.id, ())


@door.operation("POST", "/voucher-rounds", {201: VoucherRoundView}, action=Action.PUBLISH_VOUCHER_ROUND)
def publish_voucher_round(body: PublishVoucherRoundBody) -> Response:
    """Publish a round of a pool of your authority before it opens."""
    return write(lambda work: _at(work, rounds.publish_voucher_round(work, body.command())), _seen)


@door.operation("GET", "/voucher-rounds", {200: VoucherRoundsView}, public=True)
def list_voucher_rounds(query: VoucherRoundsQuery) -> Response:
    """List rounds of vouchers, newest first."""
    after, pool = after_of(query, VoucherRoundId), PoolId(query.pool) if query.pool else None

    def asked(view: View) -> list[Seen]:
        found = rounds.voucher_rounds(view, pool, after, query.limit + 1)
        moved = rounds.moved_closings(view, [each.id for each in found])
        return [(each, view.now, moved.get(each.id, ())) for each in found]

    def present(found: list[Seen]) -> VoucherRoundsView:
        shown, more = page_of(found, query, lambda seen: [seen[0].id])
        return VoucherRoundsView(items=[_seen(each) for each in shown], next_cursor=more)

    return read(asked, present)


@door.operation("GET", "/voucher-rounds/<round_id>", {200: VoucherRoundView}, public=True)
def show_voucher_round(round_id: str) -> Response:
    """Show a round of vouchers and what is left of it."""
    return read(lambda view: _at(view, rounds.voucher_round(view, VoucherRoundId(round_id))), _seen)


@door.operation(
    "POST", "/voucher-rounds/<round_id>/cancel", {200: VoucherRoundView}, action=Action.PUBLISH_VOUCHER_ROUND
)
def cancel_voucher_round(round_id: str) -> Response:
    """Cancel a round of your authority before it opens."""
    wanted = VoucherRoundId(round_id)
    return write(lambda work: _at(work, rounds.cancel_voucher_round(work, wanted)), _seen, 200)


@door.operation(
    "POST", "/voucher-rounds/<round_id>/closing", {200: VoucherRoundView}, action=Action.PUBLISH_VOUCHER_ROUND
)
def move_voucher_round_closing(round_id: str, body: MoveVoucherRoundClosingBody) -> Response:
    """Keep a round of your authority open for longer, by a numbered decision; everybody may read it."""
    return write(lambda work: _at(work, rounds.move_voucher_round_closing(work, body.command(round_id))), _seen, 200)


@door.operation(
    "POST", "/voucher-rounds/<round_id>/divide", {200: VoucherRoundView}, action=Action.DIVIDE_VOUCHER_ROUND
)
def divide_voucher_round(round_id: str, body: DivideVoucherRoundBody) -> Response:  # noqa: ARG001
    """Divide the budget of a closed round among its requests; each that receives something is held a voucher."""
    wanted = VoucherRoundId(round_id)
    return write(lambda work: _at(work, requests.divide_voucher_round(work, wanted)), _seen, 200)


@door.operation("POST", "/voucher-requests", {201: VoucherRequestView}, action=Action.HOLD_VOUCHER)
def request_voucher(body: RequestVoucherBody) -> Response:
    """Request a voucher for an order in the closed round that is open."""
    return write(lambda work: requests.request_voucher(work, OrderId(body.order)), VoucherRequestView.of)


@door.operation(
    "POST", "/voucher-requests/<request_id>/withdraw", {200: VoucherRequestView}, action=Action.HOLD_VOUCHER
)
def withdraw_voucher_request(request_id: str) -> Response:
    """Withdraw your own request before its round closes."""
    wanted = VoucherRequestId(request_id)
    return write(lambda work: requests.withdraw_voucher_request(work, wanted), VoucherRequestView.of, 200)


@door.operation("GET", "/voucher-rounds/<round_id>/requests", {200: VoucherRequestsView}, action=Action.READ_VOUCHER)
def list_voucher_requests(round_id: str, query: PageQuery) -> Response:
    """List the requests of a round, oldest first: a firm its own, officers all."""
    after = after_of(query, VoucherRequestId)

    def present(found: list[VoucherRequest]) -> VoucherRequestsView:
        shown, more = page_of(found, query, lambda each: [each.id])
        return VoucherRequestsView(items=[VoucherRequestView.of(each) for each in shown], next_cursor=more)

    wanted = VoucherRoundId(round_id)
    return read(lambda view: requests.voucher_requests(view, wanted, after, query.limit + 1), present)
