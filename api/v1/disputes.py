"""Disputes over orders, over HTTP."""

from flask import Response
from pydantic import Field

from api.calls import write
from api.door import Door, Fen, Strict
from api.v1.exchange_views import DisputeView
from registry.actors.model import Action
from registry.aftercare.disputes import decide_dispute as decide
from registry.exchange import service
from registry.exchange.dispute_model import (
    DISPUTE_EVIDENCE_MAX,
    DISPUTE_NUMBER_LENGTH_MAX,
    DISPUTE_TEXT_LENGTH_MAX,
    DecideDispute,
    DisputeRemedy,
    OpenDispute,
    ProposeRemedy,
)
from registry.values.digest import Digest
from registry.values.identifiers import DisputeId, OrderId
from registry.values.money import Money

door = Door("disputes", __name__, url_prefix="/v1")


class DisputeBody(Strict):
    """What is wrong with what was delivered, and the digests of the documents that show it."""

    reason: str = Field(min_length=1, max_length=DISPUTE_TEXT_LENGTH_MAX, pattern=r"\S")
    evidence_sha256: list[str] = Field(default_factory=list, max_length=DISPUTE_EVIDENCE_MAX)

    def command(self, order: OrderId) -> OpenDispute:
        """Return the command. Raises InvalidValueError."""
        return OpenDispute(order, self.reason, tuple(Digest.parse(each) for each in self.evidence_sha256))


class RemedyProposalBody(Strict):
    """What the seller offers; a refund names its amount, VAT included, and nothing else names one."""

    remedy: DisputeRemedy
    refund_fen: Fen = 0
    text: str = Field(default="", max_length=DISPUTE_TEXT_LENGTH_MAX)

    def command(self, dispute: DisputeId) -> ProposeRemedy:
        """Return the command."""
        return ProposeRemedy(dispute, self.remedy, Money(self.refund_fen), self.text)


class DisputeDecisionBody(Strict):
    """The numbered decision of an office."""

    remedy: DisputeRemedy
    refund_fen: Fen = 0
    number: str = Field(min_length=1, max_length=DISPUTE_NUMBER_LENGTH_MAX, pattern=r"\S")
    reasons: str = Field(min_length=1, max_length=DISPUTE_TEXT_LENGTH_MAX, pattern=r"\S")

    def command(self, dispute: DisputeId) -> DecideDispute:
        """Return the command."""
        return DecideDispute(dispute, self.remedy, Money(self.refund_fen), self.number, self.reasons)


@door.operation("POST", "/orders/<order>/disputes", {201: DisputeView}, action=Action.CONFIRM_DELIVERY)
def open_dispute(order: str, body: DisputeBody) -> Response:
    """Dispute, as the buyer and within the window, what an order delivered."""
    return write(lambda work: service.open_dispute(work, body.command(OrderId(order))), DisputeView.of)


@door.operation("POST", "/disputes/<dispute>/proposal", {200: DisputeView}, action=Action.ACCEPT_ORDER)
def propose_remedy(dispute: str, body: RemedyProposalBody) -> Response:
    """Offer, as the seller, a refund or another delivery."""
    return write(lambda work: service.propose_remedy(work, body.command(DisputeId(dispute))), DisputeView.of, 200)


@door.operation("POST", "/disputes/<dispute>/settle", {200: DisputeView}, action=Action.CONFIRM_DELIVERY)
def settle_dispute(dispute: str) -> Response:
    """Agree, as the buyer, to what the seller proposed last."""
    return write(lambda work: service.settle_dispute(work, DisputeId(dispute)), DisputeView.of, 200)


@door.operation("POST", "/disputes/<dispute>/withdraw", {200: DisputeView}, action=Action.CONFIRM_DELIVERY)
def withdraw_dispute(dispute: str) -> Response:
    """Take a dispute back, as the buyer."""
    return write(lambda work: service.withdraw_dispute(work, DisputeId(dispute)), DisputeView.of, 200)


@door.operation("POST", "/disputes/<dispute>/decision", {200: DisputeView}, action=Action.SIGN_CASE)
def decide_dispute(dispute: str, body: DisputeDecisionBody) -> Response:
    """Decide a dispute, as an officer tied to neither side, in a numbered document."""
    return write(lambda work: decide(work, body.command(DisputeId(dispute))), DisputeView.of, 200)
