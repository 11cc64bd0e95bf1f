"""What listings, orders, invoices and payments look like in answers."""

import base64
from typing import Self

from api.door import Answer
from api.v1.offers import ConditionsView
from registry.exchange import rules
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
    Verification,
)
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


class InvoiceView(Answer):
    """An invoice with what the tax platform last answered."""

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


class OrderFileView(OrderView):
    """An order with its contract, invoices and payments."""

    contract: ContractView | None
    invoices: list[InvoiceView]
    payments: list[OrderPaymentView]
    paid_fen: int

    @classmethod
    def of_file(cls, file: OrderFile) -> Self:
        """Return the view of an order with everything beside it."""
        return cls(
            **_stated(file.order),
            contract=ContractView.of(file.contract) if file.contract else None,
            invoices=[InvoiceView.of(each) for each in file.invoices],
            payments=[OrderPaymentView.of(each) for each in file.payments],
            paid_fen=rules.paid_in_all(file.payments).fen,
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
    }
