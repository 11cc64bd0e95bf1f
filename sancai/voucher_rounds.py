"""Rounds in which vouchers of a pool are given out, and requests in closed ones."""

from collections.abc import Iterator
from dataclasses import dataclass

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class MovedClosing:
    """That the closing of a round was moved: from when to when, by which decision and why."""

    number: int
    closed_before: str
    closes_at: str
    document_number: str
    reason: str
    moved_at: str


@dataclass(frozen=True, slots=True)
class VoucherRound:
    """A round: coming, open, closed, divided or cancelled; ``allocation`` is ``first_come`` or ``pro_rata``."""

    id: str
    authority: str
    pool: str
    title: str
    state: str
    allocation: str
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
    moved_closings: tuple[MovedClosing, ...] = ()


@dataclass(frozen=True, slots=True)
class VoucherRequest:
    """What was requested in a closed round: filed, held, refused or withdrawn; ``detail`` says why in words."""

    id: str
    round: str
    firm: str
    order: str
    filed_at: str
    state: str
    ceiling_fen: int
    amount_fen: int
    amount_text: str
    voucher: str | None
    reason: str
    detail: str
    withdrawn_at: str | None = None


class VoucherRounds:
    """Rounds of vouchers of one service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def publish(
        self, pool: str, title: str, opens_at: str, closes_at: str, budget_fen: int, allocation: str | None = None
    ) -> VoucherRound:
        """Publish a round of a pool of your authority; instants to the minute, with their zone. Raises SancaiError."""
        body = {
            "pool": pool,
            "title": title,
            "opens_at": opens_at,
            "closes_at": closes_at,
            "budget_fen": budget_fen,
            "allocation": allocation,
        }
        return shaped(VoucherRound, self._session.post("/voucher-rounds", body))

    def cancel(self, round_id: str) -> VoucherRound:
        """Cancel a round before it opens. Raises SancaiError."""
        return shaped(VoucherRound, self._session.post(f"/voucher-rounds/{round_id}/cancel"))

    def move_closing(self, round_id: str, closes_at: str, number: str, reason: str) -> VoucherRound:
        """Keep a round open for longer, by a numbered decision; to the minute, with its zone. Raises SancaiError."""
        body = {"closes_at": closes_at, "number": number, "reason": reason}
        return shaped(VoucherRound, self._session.post(f"/voucher-rounds/{round_id}/closing", body))

    def divide(self, round_id: str) -> VoucherRound:
        """Divide the budget of a closed round among its requests. Raises SancaiError."""
        return shaped(VoucherRound, self._session.post(f"/voucher-rounds/{round_id}/divide", {}))

    def list(self, pool: str | None = None) -> Iterator[VoucherRound]:
        """Yield rounds, newest first. Raises SancaiError."""
        return (shaped(VoucherRound, item) for item in self._session.pages("/voucher-rounds", pool=pool))

    def get(self, round_id: str) -> VoucherRound:
        """Return a round. Raises SancaiError."""
        return shaped(VoucherRound, self._session.get(f"/voucher-rounds/{round_id}"))

    def request(self, order: str) -> VoucherRequest:
        """Request a voucher for an order in the closed round that is open. Raises SancaiError."""
        return shaped(VoucherRequest, self._session.post("/voucher-requests", {"order": order}))

    def withdraw(self, request: str) -> VoucherRequest:
        """Withdraw a request of your own before its round closes. Raises SancaiError."""
        return shaped(VoucherRequest, self._session.post(f"/voucher-requests/{request}/withdraw"))

    def requests(self, round_id: str) -> Iterator[VoucherRequest]:
        """Yield the requests of a round: a firm sees its own. Raises SancaiError."""
        return (shaped(VoucherRequest, item) for item in self._session.pages(f"/voucher-rounds/{round_id}/requests"))
