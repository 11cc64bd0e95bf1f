"""What listings, orders, invoices and payments look like in answers."""

import base64
from typing import Self

from api.door import Answer
from api.v1.offers import ConditionsView
from api.v1.order_period_views import OrderPeriodView
from registry.exchange import billing
from registry.exchange.dispute_model import Dispute, DisputeRemedy, DisputeState
from registry.exchange.model import (
    Contract,
    Invoice,
    InvoiceKind,
    Listing,
    ListingState,
    Order,
    OrderFile,
    OrderState,
    Payment,
    ProductKind,
    Purpose,
    RedLetter,
    Refund,
    RefundState,
    Verification,
)
from registry.exchange.signatures import BuyerSignature
from registry.exchange.step_model import Lateness, OrderDue, OrderStep, Side
from registry.values.moment import Moment


class ListingView(Answer):
    """An offer with its terms and their digest; of a dataset without a version: every version."""

    id: str
    state: ListingState
    seller: str
    offered_by: str
    product_kind: ProductKind
    title: str
    dataset: str | None
    version: str | None
    unit: str
    unit_price_fen: int
    unit_price_text: str
    vat_rate_bp: int
    terms: str
    terms_sha256: str
    purposes: list[Purpose]
    source_statement: str
    rights_statement: str
    offered_at: str
    on_sale_at: str | None
    conditions: ConditionsView

    @classmethod
    def of(cls, listing: Listing) -> Self:
        """Return the view of a listing."""
        return cls(
            id=listing.id,
            state=listing.state,
            seller=listing.seller,
            offered_by=listing.offered_by,
            product_kind=listing.product_kind,
            title=listing.title,
            dataset=listing.dataset,
            version=listing.version,
            unit=listing.unit,
            unit_price_fen=listing.unit_price.fen,
            unit_price_text=str(listing.unit_price),
            vat_rate_bp=listing.vat_rate.basis_points,
            terms=listing.terms,
            terms_sha256=str(listing.terms_digest),
            purposes=list(listing.purposes),
            source_statement=listing.source_statement,
            rights_statement=listing.rights_statement,
            offered_at=str(listing.offered_at),
            on_sale_at=_text(listing.on_sale_at),
            conditions=ConditionsView.of(listing.conditions),
        )


class ListingsView(Answer):
    """A page of listings."""

    items: list[ListingView]
    next_cursor: str | None


class OrderView(Answer):
    """An order."""

    id: str
    listing: str
    buyer: str
    seller: str
    product_kind: ProductKind
    title: str
    dataset: str | None
    version: str | None
    quantity: int
    purpose: Purpose
    net_fen: int
    vat_fen: int
    gross_fen: int
    gross_text: str
    terms_sha256: str
    state: OrderState
    placed_at: str
    accepted_at: str | None
    contract_digest: str | None
    delivered_at: str | None
    delivered_digest: str | None
    usage: str | None
    signed_at: str | None

    @classmethod
    def of(cls, order: Order) -> Self:
        """Return the view of an order."""
        return cls(**_stated(order))


class ContractView(Answer):
    """The contract: canonical JSON, its digest, and the signature over its bytes (Ed25519) with the verifier key."""

    content: str
    digest: str
    key: str
    signature: str
    signed_at: str

    @classmethod
    def of(cls, contract: Contract) -> Self:
        """Return the view of a contract."""
        return cls(
            content=contract.content.decode(),
            digest=str(contract.digest),
            key=contract.key,
            signature=base64.b64encode(contract.signature).decode(),
            signed_at=str(contract.signed_at),
        )


class BuyerSignatureView(Answer):
    """The buyer's signature: the statement that is signed, and the installation's signature over it (Ed25519)."""

    statement: str
    firm: str
    account: str
    signed_at: str
    key: str
    signature: str

    @classmethod
    def of(cls, made: BuyerSignature) -> Self:
        """Return the view of a signature."""
        return cls(
            statement=made.statement_bytes().decode(),
            firm=made.firm,
            account=made.account,
            signed_at=str(made.signed_at),
            key=made.key,
            signature=base64.b64encode(made.signature).decode(),
        )


class RedLetterView(Answer):
    """A red-letter invoice: what it takes back of which invoice, and what the tax platform last answered."""

    id: str
    invoice: str
    number: str
    issued_on: str
    net_fen: int
    vat_fen: int
    gross_fen: int
    verification: Verification
    checked_on: str | None

    @classmethod
    def of(cls, red_letter: RedLetter) -> Self:
        """Return the view of a red letter."""
        return cls(
            id=red_letter.id,
            invoice=red_letter.invoice,
            number=red_letter.number,
            issued_on=red_letter.issued_on.isoformat(),
            net_fen=red_letter.net.fen,
            vat_fen=red_letter.vat.fen,
            gross_fen=red_letter.gross.fen,
            verification=red_letter.verification,
            checked_on=red_letter.checked_on.isoformat() if red_letter.checked_on else None,
        )


class InvoiceView(Answer):
    """An invoice with what the tax platform last answered, its red letters, and what they leave without VAT.

    ``periods`` are the accepted periods it bills, if it names any.
    """

    id: str
    order: str
    number: str
    issued_on: str
    kind: InvoiceKind
    net_fen: int
    vat_fen: int
    gross_fen: int
    verification: Verification
    checked_on: str | None
    red_letters: list[RedLetterView]
    net_left_fen: int
    periods: list[str]

    @classmethod
    def of(cls, invoice: Invoice) -> Self:
        """Return the view of an invoice."""
        return cls(
            id=invoice.id,
            order=invoice.order,
            number=invoice.number,
            issued_on=invoice.issued_on.isoformat(),
            kind=invoice.kind,
            net_fen=invoice.net.fen,
            vat_fen=invoice.vat.fen,
            gross_fen=invoice.gross.fen,
            verification=invoice.verification,
            checked_on=invoice.checked_on.isoformat() if invoice.checked_on else None,
            red_letters=[RedLetterView.of(each) for each in invoice.red_letters],
            net_left_fen=invoice.net.less(invoice.red_net).fen,
            periods=list(invoice.periods),
        )


class OrderPaymentView(Answer):
    """A bank payment for an order."""

    order: str
    reference: str
    paid_on: str
    amount_fen: int
    amount_text: str
    from_own_account: bool

    @classmethod
    def of(cls, payment: Payment) -> Self:
        """Return the view of a payment."""
        return cls(
            order=payment.order,
            reference=payment.reference,
            paid_on=payment.paid_on.isoformat(),
            amount_fen=payment.amount.fen,
            amount_text=str(payment.amount),
            from_own_account=payment.from_own_account,
        )


class RefundView(Answer):
    """Money the seller sent back, and what the buyer said of it."""

    id: str
    order: str
    invoice: str | None
    amount_fen: int
    amount_text: str
    refunded_on: str
    reference: str
    state: RefundState
    recorded_at: str
    answered_at: str | None

    @classmethod
    def of(cls, refund: Refund) -> Self:
        """Return the view of a refund."""
        return cls(
            id=refund.id,
            order=refund.order,
            invoice=refund.invoice,
            amount_fen=refund.amount.fen,
            amount_text=str(refund.amount),
            refunded_on=refund.refunded_on.isoformat(),
            reference=refund.reference,
            state=refund.state,
            recorded_at=str(refund.recorded_at),
            answered_at=_text(refund.answered_at),
        )


class DisputeView(Answer):
    """A dispute over an order: what is wrong, the seller's newest offer, how it ended. Amounts with VAT."""

    id: str
    order: str
    reason: str
    evidence_sha256: list[str]
    state: DisputeState
    opened_at: str
    proposed_remedy: DisputeRemedy | None
    proposed_refund_fen: int | None
    proposed_text: str | None
    proposed_at: str | None
    remedy: DisputeRemedy | None
    refund_fen: int | None
    ended_text: str | None
    ended_at: str | None
    number: str | None
    authority: str | None

    @classmethod
    def of(cls, dispute: Dispute) -> Self:
        """Return the view of a dispute."""
        offer, outcome = dispute.proposal, dispute.outcome
        return cls(
            id=dispute.id,
            order=dispute.order,
            reason=dispute.reason,
            evidence_sha256=[str(each) for each in dispute.evidence],
            state=dispute.state,
            opened_at=str(dispute.opened_at),
            proposed_remedy=offer.remedy if offer else None,
            proposed_refund_fen=offer.refund.fen if offer else None,
            proposed_text=offer.text if offer else None,
            proposed_at=str(offer.proposed_at) if offer else None,
            remedy=outcome.remedy if outcome else None,
            refund_fen=outcome.refund.fen if outcome else None,
            ended_text=outcome.text if outcome else None,
            ended_at=str(outcome.ended_at) if outcome else None,
            number=outcome.number if outcome else None,
            authority=outcome.authority if outcome else None,
        )


class OrderDueView(Answer):
    """A step an order waits for: who has to act, since when, until when, and how it stands with its term."""

    step: OrderStep
    side: Side
    about: str | None
    began_at: str
    due_at: str | None
    days_late: int
    lateness: Lateness

    @classmethod
    def of(cls, due: OrderDue) -> Self:
        """Return the view of a step."""
        return cls(
            step=due.wait.step,
            side=due.wait.side,
            about=due.wait.about or None,
            began_at=str(due.wait.began_at),
            due_at=_text(due.due_at),
            days_late=due.days_late,
            lateness=due.lateness,
        )


class WaitingOrderView(OrderView):
    """An order with what of it waits for the reader."""

    waits_for: list[OrderDueView]

    @classmethod
    def of_file(cls, file: OrderFile) -> Self:
        """Return the view of an order that waits."""
        return cls(**_stated(file.order), waits_for=[OrderDueView.of(each) for each in file.dues])


class WaitingOrdersView(Answer):
    """A page of orders that wait for the reader. It may hold less than was asked for and still go on."""

    items: list[WaitingOrderView]
    next_cursor: str | None


class OrderFileView(OrderView):
    """An order with its contract, periods, invoices, payments, refunds and disputes, and what it waits for."""

    contract: ContractView | None
    invoices: list[InvoiceView]
    payments: list[OrderPaymentView]
    paid_fen: int
    refunds: list[RefundView]
    refunded_fen: int
    buyer_signature: BuyerSignatureView | None
    waits_for: list[OrderDueView]
    disputes: list[DisputeView]
    periods: list[OrderPeriodView]

    @classmethod
    def of_file(cls, file: OrderFile) -> Self:
        """Return the view of an order with everything beside it."""
        return cls(
            **_stated(file.order),
            contract=ContractView.of(file.contract) if file.contract else None,
            invoices=[InvoiceView.of(each) for each in file.invoices],
            payments=[OrderPaymentView.of(each) for each in file.payments],
            paid_fen=billing.paid_in_all(file.payments).fen,
            refunds=[RefundView.of(each) for each in file.refunds],
            refunded_fen=billing.refunded(file.refunds).fen,
            waits_for=[OrderDueView.of(each) for each in file.dues],
            disputes=[DisputeView.of(each) for each in file.disputes],
            periods=[OrderPeriodView.of(each) for each in file.periods],
            buyer_signature=BuyerSignatureView.of(file.buyer_signature) if file.buyer_signature else None,
        )


class OrdersView(Answer):
    """A page of orders."""

    items: list[OrderView]
    next_cursor: str | None


def _text(at: Moment | None) -> str | None:
    return None if at is None else str(at)


def _stated(order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "listing": order.listing,
        "buyer": order.buyer,
        "seller": order.seller,
        "product_kind": order.product_kind,
        "title": order.title,
        "dataset": order.dataset,
        "version": order.version,
        "quantity": order.quantity,
        "purpose": order.purpose,
        "net_fen": order.net.fen,
        "vat_fen": order.vat.fen,
        "gross_fen": order.gross.fen,
        "gross_text": str(order.gross),
        "terms_sha256": str(order.terms_digest),
        "state": order.state,
        "placed_at": str(order.placed_at),
        "accepted_at": _text(order.accepted_at),
        "contract_digest": None if order.contract_digest is None else str(order.contract_digest),
        "delivered_at": _text(order.delivered_at),
        "delivered_digest": None if order.delivered_digest is None else str(order.delivered_digest),
        "usage": order.usage,
        "signed_at": _text(order.signed_at),
    }
