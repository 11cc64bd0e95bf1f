"""The exchange over HTTP: listings, orders, deliveries, invoices and payments."""

from datetime import date
from typing import Annotated

from flask import Response
from pydantic import Field

from api.calls import cursor_of, house, read, write
from api.door import Door, Fen, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from api.v1.exchange_views import (
    InvoiceView,
    ListingsView,
    ListingView,
    OrderFileView,
    OrderPaymentView,
    OrdersView,
    OrderView,
    WaitingOrdersView,
    WaitingOrderView,
)
from api.v1.offers import OfferBody
from registry.actors.model import Action
from registry.aftercare import refunds
from registry.exchange import service
from registry.exchange.model import (
    QUANTITY_MAX,
    ConfirmDelivery,
    InvoiceKind,
    IssueInvoice,
    Listing,
    ListingFilter,
    OfferListing,
    Order,
    OrderFile,
    PlaceOrder,
    ProductKind,
    Purpose,
    RecordPayment,
    Verification,
    VerifyInvoice,
)
from registry.exchange.period_model import PERIODS_BILLED_MAX
from registry.journal.work import View
from registry.values.digest import Digest
from registry.values.identifiers import FirmId, InvoiceId, ListingId, OrderId, PeriodId
from registry.values.money import FULL_RATE_BP, Money, Rate

door = Door("exchange", __name__, url_prefix="/v1")


class ListingBody(OfferBody):
    """An offer through ``provider``, the firm that contract and invoice will name as seller.

    Data is offered in one ``version``, or with ``every_version`` as all that are published while an order runs.
    """

    dataset: str | None = Field(default=None, max_length=200)
    version: str | None = Field(default=None, max_length=20)
    every_version: bool = False
    provider: str = Field(max_length=60)
    product_kind: ProductKind
    title: str = Field(min_length=1, max_length=200)
    unit: str = Field(min_length=1, max_length=60)
    unit_price_fen: Fen
    vat_rate_bp: Whole = Field(ge=0, le=FULL_RATE_BP)
    terms: str = Field(min_length=1, max_length=50_000)
    purposes: list[Purpose] = Field(default_factory=list, max_length=len(Purpose))
    source_statement: str = Field(max_length=4_000)
    rights_statement: str = Field(max_length=4_000)

    def command(self) -> OfferListing:
        """Return the command. Raises InvalidValueError."""
        return OfferListing(
            seller=FirmId(self.provider),
            product_kind=self.product_kind,
            title=self.title,
            dataset=self.dataset,
            version=self.version,
            unit=self.unit,
            unit_price=Money(self.unit_price_fen),
            vat_rate=Rate(self.vat_rate_bp),
            terms=self.terms,
            purposes=tuple(dict.fromkeys(self.purposes)),
            source_statement=self.source_statement,
            rights_statement=self.rights_statement,
            conditions=self.conditions(),
            every_version=self.every_version,
        )


class OrderBody(Strict):
    """An order under terms the buyer has read: it names their digest."""

    listing: str = Field(max_length=60)
    quantity: Whole = Field(ge=1, le=QUANTITY_MAX)
    purpose: Purpose
    terms_sha256: str = Field(max_length=80)

    def command(self) -> PlaceOrder:
        """Return the command. Raises InvalidValueError."""
        return PlaceOrder(ListingId(self.listing), self.quantity, self.purpose, Digest.parse(self.terms_sha256))


class ContractSignatureBody(Strict):
    """The contract the buyer has read and signs, by its digest."""

    contract_digest: str = Field(max_length=80)


class DeliveryBody(Strict):
    """What arrived: the content digest of a dataset, or the usage of a service."""

    content_digest: str | None = Field(default=None, max_length=80)
    usage: str | None = Field(default=None, max_length=2_000)

    def command(self, order: OrderId) -> ConfirmDelivery:
        """Return the command. Raises InvalidValueError."""
        digest = None if self.content_digest is None else Digest.parse(self.content_digest)
        return ConfirmDelivery(order, digest, self.usage)


class InvoiceBody(Strict):
    """An invoice as it was issued; the number has 20 digits. ``periods`` are the accepted periods it bills."""

    number: str = Field(max_length=40)
    issued_on: date = Field(strict=False)
    net_fen: Fen
    vat_fen: Fen
    kind: InvoiceKind
    periods: list[Annotated[str, Field(max_length=60)]] = Field(default_factory=list, max_length=PERIODS_BILLED_MAX)

    def command(self, order: OrderId) -> IssueInvoice:
        """Return the command. Raises InvalidValueError."""
        return IssueInvoice(
            order,
            self.number,
            self.issued_on,
            self.kind,
            Money(self.net_fen),
            Money(self.vat_fen),
            tuple(PeriodId(each) for each in self.periods),
        )


class VerificationBody(Strict):
    """What the tax platform answered."""

    status: Verification
    checked_on: date = Field(strict=False)

    def command(self, invoice: InvoiceId) -> VerifyInvoice:
        """Return the command."""
        return VerifyInvoice(invoice, self.status, self.checked_on)


class OrderPaymentBody(Strict):
    """A bank payment of the buyer."""

    paid_on: date = Field(strict=False)
    amount_fen: Fen
    reference: str = Field(max_length=80)
    from_own_account: bool

    def command(self, order: OrderId) -> RecordPayment:
        """Return the command."""
        return RecordPayment(order, self.paid_on, Money(self.amount_fen), self.reference, self.from_own_account)


class ListingsQuery(PageQuery):
    """Which listings."""

    product_kind: ProductKind | None = None
    dataset: str | None = Field(default=None, max_length=200)
    seller: str | None = Field(default=None, max_length=60)

    def wanted(self, view: View) -> ListingFilter:
        """Return the filter. Raises InvalidValueError, NotFoundError."""
        return ListingFilter(
            self.product_kind,
            service.dataset_named(view, self.dataset) if self.dataset else None,
            FirmId(self.seller) if self.seller else None,
        )


# Listings.


@door.operation("POST", "/listings", {201: ListingView}, action=Action.OFFER_LISTING)
def offer_listing(body: ListingBody) -> Response:
    """Offer data or compute for sale."""
    return write(lambda work: service.offer_listing(work, body.command()), ListingView.of)


@door.operation("POST", "/listings/<listing>/accept", {200: ListingView}, action=Action.ACCEPT_ORDER)
def accept_listing(listing: str) -> Response:
    """Accept, as its seller, to sell what another firm offers."""
    return write(lambda work: service.accept_listing(work, ListingId(listing)), ListingView.of, 200)


@door.operation("POST", "/listings/<listing>/end", {200: ListingView}, action=Action.OFFER_LISTING)
def end_listing(listing: str) -> Response:
    """Take a listing off sale."""
    return write(lambda work: service.end_listing(work, ListingId(listing)), ListingView.of, 200)


@door.operation("GET", "/listings", {200: ListingsView}, public=True, problems=(404,))
def list_listings(query: ListingsQuery) -> Response:
    """List what is on sale, and one's own listings in whatever state."""
    after = after_of(query, ListingId)

    def asked(view: View) -> list[Listing]:
        return service.listings(view, query.wanted(view), after, query.limit + 1)

    def present(found: list[Listing]) -> ListingsView:
        shown, more = page_of(found, query, lambda each: [each.id])
        return ListingsView(items=[ListingView.of(each) for each in shown], next_cursor=more)

    return read(asked, present)


@door.operation("GET", "/listings/<listing>", {200: ListingView}, public=True)
def show_listing(listing: str) -> Response:
    """Show a listing with its terms."""
    return read(lambda view: service.listing(view, ListingId(listing)), ListingView.of)


# Orders.


@door.operation("POST", "/orders", {201: OrderView}, action=Action.PLACE_ORDER)
def place_order(body: OrderBody) -> Response:
    """Order units of a listing."""
    return write(lambda work: service.place_order(work, body.command()), OrderView.of)


@door.operation("POST", "/orders/<order>/accept", {200: OrderFileView}, action=Action.ACCEPT_ORDER)
def accept_order(order: str) -> Response:
    """Accept an order as its seller: its side of the contract is signed, and the buyer's is waited for."""
    key = house().signing_key
    return write(lambda work: service.accept_order(work, OrderId(order), key), OrderFileView.of_file, 200)


@door.operation("POST", "/orders/<order>/sign", {200: OrderFileView}, action=Action.PLACE_ORDER)
def sign_contract(order: str, body: ContractSignatureBody) -> Response:
    """Sign the contract as the buyer; it stands then, and a dataset opens to the buyer."""
    key, digest = house().signing_key, Digest.parse(body.contract_digest)
    return write(lambda work: service.sign_contract(work, OrderId(order), digest, key), OrderFileView.of_file, 200)


@door.operation("POST", "/orders/<order>/decline", {200: OrderView}, action=Action.ACCEPT_ORDER)
def decline_order(order: str) -> Response:
    """Decline, as the seller, an order whose contract is not signed by both yet."""
    return write(lambda work: service.decline_order(work, OrderId(order)), OrderView.of, 200)


@door.operation("POST", "/orders/<order>/cancel", {200: OrderView}, action=Action.PLACE_ORDER)
def cancel_order(order: str) -> Response:
    """Cancel, as the buyer, an order whose contract is not signed by both yet."""
    return write(lambda work: service.cancel_order(work, OrderId(order)), OrderView.of, 200)


@door.operation("POST", "/orders/<order>/delivery", {200: OrderView}, action=Action.CONFIRM_DELIVERY)
def confirm_delivery(order: str, body: DeliveryBody) -> Response:
    """Confirm, as the buyer, what arrived."""
    return write(lambda work: service.confirm_delivery(work, body.command(OrderId(order))), OrderView.of, 200)


@door.operation("POST", "/orders/<order>/invoices", {201: InvoiceView}, action=Action.ISSUE_INVOICE)
def issue_invoice(order: str, body: InvoiceBody) -> Response:
    """Record an invoice of the seller."""
    return write(lambda work: service.issue_invoice(work, body.command(OrderId(order))), InvoiceView.of)


@door.operation("POST", "/invoices/<invoice>/verification", {200: InvoiceView}, action=Action.VERIFY_INVOICE)
def verify_invoice(invoice: str, body: VerificationBody) -> Response:
    """Record what the tax platform answered of an invoice; what a paid voucher has too much then is recovered."""
    return write(lambda work: refunds.verify_invoice(work, body.command(InvoiceId(invoice))), InvoiceView.of, 200)


@door.operation("POST", "/orders/<order>/payments", {201: OrderPaymentView}, action=Action.RECORD_PAYMENT)
def record_payment(order: str, body: OrderPaymentBody) -> Response:
    """Record a bank payment of the buyer."""
    return write(lambda work: service.record_payment(work, body.command(OrderId(order))), OrderPaymentView.of)


@door.operation("GET", "/orders", {200: OrdersView}, action=Action.READ_ORDER)
def list_orders(query: PageQuery) -> Response:
    """List one's orders, newest first."""
    after = after_of(query, OrderId)

    def present(found: list[Order]) -> OrdersView:
        shown, more = page_of(found, query, lambda each: [each.id])
        return OrdersView(items=[OrderView.of(each) for each in shown], next_cursor=more)

    return read(lambda view: service.orders(view, after, query.limit + 1), present)


@door.operation("GET", "/orders/waiting", {200: WaitingOrdersView}, action=Action.READ_ORDER)
def list_waiting_orders(query: PageQuery) -> Response:
    """List the orders on which one has to act next: a firm its own steps, an office its look-ups and what escalated."""
    after = after_of(query, OrderId)

    def present(found: tuple[list[OrderFile], OrderId | None]) -> WaitingOrdersView:
        files, last = found
        more = cursor_of([last]) if last else None
        return WaitingOrdersView(items=[WaitingOrderView.of_file(each) for each in files], next_cursor=more)

    return read(lambda view: service.waiting(view, after, query.limit), present)


@door.operation("GET", "/orders/<order>", {200: OrderFileView}, action=Action.READ_ORDER)
def show_order(order: str) -> Response:
    """Show an order with its contract, invoices and payments."""
    return read(lambda view: service.order_file(view, OrderId(order)), OrderFileView.of_file)
