"""What takes back a part of a purchase, over HTTP: red-letter invoices and refunds."""

from datetime import date

from flask import Response
from pydantic import Field

from api.calls import write
from api.door import Door, Fen, Strict
from api.v1.exchange import VerificationBody
from api.v1.exchange_views import RedLetterView, RefundView
from registry.actors.model import Action
from registry.aftercare import refunds
from registry.exchange import service
from registry.exchange.commands import IssueRedLetter, RecordRefund, VerifyRedLetter
from registry.values.identifiers import InvoiceId, OrderId, RedLetterId, RefundId
from registry.values.money import Money

door = Door("refunds", __name__, url_prefix="/v1")


class RedLetterBody(Strict):
    """A red-letter invoice as it was issued; amounts are what it takes back."""

    number: str = Field(max_length=40)
    issued_on: date = Field(strict=False)
    net_fen: Fen
    vat_fen: Fen

    def command(self, invoice: InvoiceId) -> IssueRedLetter:
        """Return the command."""
        return IssueRedLetter(invoice, self.number, self.issued_on, Money(self.net_fen), Money(self.vat_fen))


class RefundBody(Strict):
    """Money that went back to the buyer, VAT included; ``invoice`` as soon as there is one."""

    invoice: str | None = Field(default=None, max_length=60)
    amount_fen: Fen
    refunded_on: date = Field(strict=False)
    reference: str = Field(max_length=80)

    def command(self, order: OrderId) -> RecordRefund:
        """Return the command. Raises InvalidValueError."""
        invoice = InvoiceId(self.invoice) if self.invoice else None
        return RecordRefund(order, invoice, self.refunded_on, Money(self.amount_fen), self.reference)


class RefundAnswerBody(Strict):
    """Whether the money arrived."""

    arrived: bool


@door.operation("POST", "/invoices/<invoice>/red-letters", {201: RedLetterView}, action=Action.ISSUE_INVOICE)
def issue_red_letter(invoice: str, body: RedLetterBody) -> Response:
    """Record, as the seller, a red-letter invoice over a part of an invoice or all of it."""
    return write(lambda work: service.issue_red_letter(work, body.command(InvoiceId(invoice))), RedLetterView.of)


@door.operation("POST", "/red-letters/<red_letter>/verification", {200: RedLetterView}, action=Action.VERIFY_INVOICE)
def verify_red_letter(red_letter: str, body: VerificationBody) -> Response:
    """Record what the tax platform answered of a red letter; what a paid voucher has too much then is recovered."""
    command = VerifyRedLetter(RedLetterId(red_letter), body.status, body.checked_on)
    return write(lambda work: refunds.verify_red_letter(work, command), RedLetterView.of, 200)


@door.operation("POST", "/orders/<order>/refunds", {201: RefundView}, action=Action.ISSUE_INVOICE)
def record_refund(order: str, body: RefundBody) -> Response:
    """Record, as the seller, money that was sent back to the buyer."""
    return write(lambda work: service.record_refund(work, body.command(OrderId(order))), RefundView.of)


@door.operation("POST", "/refunds/<refund>/answer", {200: RefundView}, action=Action.RECORD_PAYMENT)
def answer_refund(refund: str, body: RefundAnswerBody) -> Response:
    """Say, as the buyer, whether a refund arrived; with all that was paid, the order ends."""
    return write(lambda work: refunds.answer_refund(work, RefundId(refund), arrived=body.arrived), RefundView.of, 200)
