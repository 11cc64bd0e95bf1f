"""What an order, an invoice and a payment must be.

Rules:
* An order moves only as the table of moves says; its price is quantity times unit price, VAT rounded half up to a fen
  on the whole order (the amount the invoice will show).
* No listing without source statement and right to trade (数据安全法 33; RULINGS 37); a dataset listing names its
  version, or says that it is of every version. What else an offer settles: ``offer_rules``.
* An invoice number has 20 digits: two of the year, two of the province of the seller, one channel, fifteen in sequence
  (POLICY §3.5). Year and province must fit issue date and seller; it is unique for ever. It is not dated in the future.
* Σ invoices of an order ≤ its net and gross amount; Σ payments ≤ its gross amount (RULINGS 22).
* The base of public support is the amount without VAT where the buyer may deduct it (专用发票), with VAT where it may
  not; only what is invoiced, verified and paid from the buyer's own account counts (RULINGS 13, 22).
* An order with its invoices and payments is there for its buyer, its seller, and the officers of an authority that is
  concerned with one of them (RULINGS 24; ``registry.parties.rules`` says when it is); only such a reviewer verifies
  its invoices. To everyone else it does not exist.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from registry.errors import ConflictError, InvalidValueError, Obstacle, RuleError
from registry.exchange.model import (
    LISTING_MOVES,
    ORDER_MOVES,
    QUANTITY_MAX,
    VERIFICATION_MOVES,
    ConfirmDelivery,
    Invoice,
    InvoiceKind,
    IssueInvoice,
    Listing,
    ListingState,
    OfferListing,
    Order,
    OrderState,
    Payment,
    PlaceOrder,
    ProductKind,
    Purpose,
    RecordPayment,
    Verification,
    VerifyInvoice,
)
from registry.exchange.offer_model import BuyerFacts
from registry.exchange.offer_rules import admits, condition_obstacles
from registry.parties.model import ProviderKind
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import OrderId, VersionId
from registry.values.moment import Moment
from registry.values.money import FULL_RATE_BP, ZERO, Money, Rate
from registry.values.uscc import Uscc

_INVOICE_NUMBER: Final = re.compile(r"\d{20}", re.ASCII)
_REFERENCE: Final = re.compile(r"[0-9A-Za-z-]{4,64}", re.ASCII)
COMPUTE_PURPOSES: Final = frozenset(
    {Purpose.MODEL_TRAINING, Purpose.LARGE_SCALE_PROCESSING, Purpose.ALGORITHM_VERIFICATION}
)


DATA_KINDS: Final = frozenset({ProductKind.DATASET, ProductKind.DESENSITISED_DATA})
"""What is delivered as content: the order opens the version to the buyer, and delivery names its digest."""

SELLER_KIND: Final[Mapping[ProductKind, ProviderKind]] = {
    ProductKind.DATASET: ProviderKind.DATA_EXCHANGE,
    ProductKind.API: ProviderKind.DATA_EXCHANGE,
    ProductKind.DESENSITISED_DATA: ProviderKind.DATA_EXCHANGE,
    ProductKind.COMPUTE: ProviderKind.COMPUTE_CENTRE,
}
"""The register a seller must stand in, by what it sells."""


def require_listing_move(listing: Listing, to: ListingState) -> None:
    """Raise ConflictError unless the listing may go to ``to`` now."""
    if to not in LISTING_MOVES[listing.state]:
        raise ConflictError("listing_wrong_state", id=listing.id, state=listing.state.value, wanted=to.value)


def require_move(order: Order, to: OrderState) -> None:
    """Raise ConflictError unless the order may go to ``to`` now."""
    if to not in ORDER_MOVES[order.state]:
        raise ConflictError("order_wrong_state", id=order.id, state=order.state.value, wanted=to.value)


def require_listing(command: OfferListing) -> None:
    """Raise RuleError listing everything a listing lacks."""
    found = []
    if not command.source_statement.strip():
        found.append(Obstacle("listing_without_source", "数据安全法 33", evidence=("source_statement",)))
    if not command.rights_statement.strip():
        found.append(Obstacle("listing_without_rights", "RULINGS 37", evidence=("rights_statement",)))
    if command.product_kind is ProductKind.COMPUTE:
        if not COMPUTE_PURPOSES.issuperset(command.purposes) or not command.purposes:
            found.append(Obstacle("listing_compute_purpose", "S1 cl.4"))
    elif not command.dataset or bool(command.version) is command.every_version:
        found.append(Obstacle("listing_without_version", "RULINGS 37"))
    found += condition_obstacles(command.product_kind, command.unit_price, command.conditions)
    if found:
        raise RuleError("listing_incomplete", tuple(found))


def price_of(unit_price: Money, quantity: int, vat_rate: Rate) -> tuple[Money, Money]:
    """Return (net, VAT) of an order. Raises InvalidValueError for a quantity out of bounds."""
    if not 1 <= quantity <= QUANTITY_MAX:
        raise InvalidValueError("quantity_out_of_range", given=quantity, most=QUANTITY_MAX)
    net = Money(unit_price.fen * quantity)
    doubled = 2 * net.fen * vat_rate.basis_points + FULL_RATE_BP
    return net, Money(doubled // (2 * FULL_RATE_BP))


def placed(listing: Listing, command: PlaceOrder, buyer: BuyerFacts, newest: VersionId | None, now: Moment) -> Order:
    """Return the order a buyer places on ``listing``; of every version, ``newest`` is what is delivered first.

    Raises:
        ConflictError: The listing is not on sale, or its terms are others than those the buyer accepts.
        InvalidValueError: The quantity is out of bounds.
        RuleError: The buyer is the seller, or the listing is not offered to it or for the purpose.
    """
    if listing.state is not ListingState.ON_SALE:
        raise ConflictError("listing_not_on_sale", id=listing.id, state=listing.state.value)
    if listing.terms_digest != command.terms_digest:
        raise ConflictError("order_terms_differ", given=str(command.terms_digest), terms=str(listing.terms_digest))
    found = []
    if buyer.firm == listing.seller:
        found.append(Obstacle("order_with_oneself", "RULINGS 37"))
    if not admits(listing.conditions.buyers, buyer):
        parameters = {"kind": listing.conditions.buyers.kind.value}
        found.append(Obstacle("order_buyer_not_admitted", "RULINGS 37", parameters=parameters))
    if listing.purposes and command.purpose not in listing.purposes:
        offered = ", ".join(purpose.value for purpose in listing.purposes)
        parameters = {"purpose": command.purpose.value, "offered": offered}
        found.append(Obstacle("order_purpose_not_offered", "S1 cl.4", parameters=parameters))
    if found:
        raise RuleError("order_refused", tuple(found))
    net, vat = price_of(listing.unit_price, command.quantity, listing.vat_rate)
    return Order(
        id=OrderId.new(),
        listing=listing.id,
        buyer=buyer.firm,
        seller=listing.seller,
        product_kind=listing.product_kind,
        dataset=listing.dataset,
        version=listing.version or newest,
        title=listing.title,
        quantity=command.quantity,
        purpose=command.purpose,
        net=net,
        vat=vat,
        terms_digest=command.terms_digest,
        state=OrderState.PLACED,
        placed_at=now,
        accepted_at=None,
        contract_digest=None,
        delivered_at=None,
        delivered_digest=None,
    )


def contract_content(order: Order, listing: Listing, buyer: Uscc, seller: Uscc, day: date) -> dict[str, Json]:
    """Return what buyer and seller agree when the seller accepts, as the JSON that is signed."""
    return {
        "format": "sancai/contract/v1",
        "order": str(order.id),
        "listing": str(order.listing),
        "buyer_uscc": str(buyer),
        "seller_uscc": str(seller),
        "product_kind": order.product_kind.value,
        "title": order.title,
        "dataset": None if order.dataset is None else str(order.dataset),
        "version": None if order.version is None else str(order.version),
        "every_version": listing.dataset is not None and listing.version is None,
        "licence": listing.conditions.licence,
        "price_kind": listing.conditions.price_kind.value,
        "unit_size": listing.conditions.unit_size,
        "delivery": [each.value for each in listing.conditions.delivery],
        "quantity": order.quantity,
        "unit": listing.unit,
        "unit_price_fen": listing.unit_price.fen,
        "net_fen": order.net.fen,
        "vat_fen": order.vat.fen,
        "terms_digest": str(order.terms_digest),
        "purpose": order.purpose.value,
        "date": day.isoformat(),
    }


def delivered(order: Order, command: ConfirmDelivery, ordered: Digest | None, now: Moment) -> Order:
    """Return the order as delivered. ``ordered`` is the content digest of the version that was bought, if any.

    Raises:
        ConflictError: The order is not accepted, or delivered already.
        RuleError: Another content than the one that was ordered, or nothing that was used.
    """
    require_move(order, OrderState.DELIVERED)
    found = []
    if order.product_kind in DATA_KINDS:
        if command.content_digest is None:
            found.append(Obstacle("delivery_without_digest", "RULINGS 3", evidence=("content_digest",)))
        elif command.content_digest != ordered:
            parameters = {"given": str(command.content_digest), "ordered": str(ordered)}
            found.append(Obstacle("delivery_digest_differs", "RULINGS 3", parameters=parameters))
    elif not (command.usage or "").strip():
        found.append(Obstacle("delivery_without_usage", "S1 cl.4", evidence=("usage_log",)))
    if found:
        raise RuleError("delivery_refused", tuple(found))
    return replace(
        order,
        state=OrderState.DELIVERED,
        delivered_at=now,
        delivered_digest=command.content_digest,
        usage=command.usage,
    )


def require_verification(invoice: Invoice, command: VerifyInvoice, today: date) -> None:
    """Raise unless the tax platform can have answered this of ``invoice``.

    Raises:
        ConflictError: The invoice is void or red for good.
        RuleError: It was looked up before it was issued, or will be.
    """
    if command.result not in VERIFICATION_MOVES[invoice.verification]:
        raise ConflictError("invoice_final", number=invoice.number, result=invoice.verification.value)
    if not invoice.issued_on <= command.checked_on <= today:
        parameters = {"checked_on": str(command.checked_on), "issued_on": str(invoice.issued_on), "today": str(today)}
        raise RuleError(
            "verification_refused", (Obstacle("check_day_impossible", "RULINGS 22", parameters=parameters),)
        )


def require_invoice(command: IssueInvoice, order: Order, seller: Uscc, earlier: Sequence[Invoice], today: date) -> None:
    """Raise unless the invoice can be one of this order.

    Raises:
        InvalidValueError: The number is not 20 digits.
        RuleError: Number, dates or sums do not fit, every obstacle listed.
    """
    if not _INVOICE_NUMBER.fullmatch(command.number):
        raise InvalidValueError("invoice_number_malformed", given=command.number[:40])
    found = []
    if order.state in {OrderState.PLACED, OrderState.CANCELLED}:
        found.append(Obstacle("invoice_before_contract", "RULINGS 22", parameters={"state": order.state.value}))
    if command.number[:2] != f"{command.issued_on.year % 100:02d}":
        found.append(Obstacle("invoice_year_differs", "POLICY 3.5", parameters={"issued_on": str(command.issued_on)}))
    if command.number[2:4] != seller.region[:2]:
        found.append(Obstacle("invoice_province_differs", "POLICY 3.5", parameters={"region": seller.region[:2]}))
    if command.issued_on > today:
        found.append(Obstacle("invoice_in_future", "RULINGS 22", parameters={"issued_on": str(command.issued_on)}))
    if not command.net:
        found.append(Obstacle("invoice_without_amount", "RULINGS 22"))
    standing = [invoice for invoice in earlier if invoice.verification not in {Verification.VOID, Verification.RED}]
    net, gross = _sums(standing)
    if net + command.net > order.net or gross + command.net + command.vat > order.gross:
        left = order.net.less(net)
        found.append(Obstacle("invoice_over_order", "RULINGS 22", parameters={"left": str(left)}))
    if found:
        raise RuleError("invoice_refused", tuple(found))


def require_payment(command: RecordPayment, order: Order, earlier: Sequence[Payment], today: date) -> None:
    """Raise unless the payment can be one for this order."""
    if not _REFERENCE.fullmatch(command.reference):
        raise InvalidValueError("payment_reference_malformed", given=command.reference[:80])
    found = []
    if order.state in {OrderState.PLACED, OrderState.CANCELLED}:
        found.append(Obstacle("payment_before_contract", "RULINGS 22", parameters={"state": order.state.value}))
    if command.paid_on > today:
        found.append(Obstacle("payment_in_future", "RULINGS 13", parameters={"paid_on": str(command.paid_on)}))
    if not command.amount:
        found.append(Obstacle("payment_without_amount", "RULINGS 13"))
    left = order.gross.less(paid_in_all(earlier))
    if command.amount > left:
        found.append(Obstacle("payment_over_order", "RULINGS 13", parameters={"left": str(left)}))
    if found:
        raise RuleError("payment_refused", tuple(found))


def is_settled_between_parties(order: Order, invoices: Sequence[Invoice], payments: Sequence[Payment]) -> bool:
    """Say whether an order is delivered, invoiced in full and paid in full."""
    standing = [invoice for invoice in invoices if invoice.verification is Verification.VERIFIED]
    return (
        order.state is OrderState.DELIVERED and _sums(standing)[0] == order.net and paid_in_all(payments) == order.gross
    )


def paid_in_all(payments: Sequence[Payment]) -> Money:
    """Return the sum of ``payments``."""
    return sum((payment.amount for payment in payments), ZERO)


def _sums(invoices: Sequence[Invoice]) -> tuple[Money, Money]:
    net = sum((invoice.net for invoice in invoices), ZERO)
    return net, sum((invoice.gross for invoice in invoices), ZERO)


@dataclass(frozen=True, slots=True)
class SupportedBase:
    """The base one invoice gives, and the day that decides its year; or what stands in the way."""

    base: Money
    paid_on: date | None
    obstacles: tuple[Obstacle, ...]


def supported_base(
    invoice: Invoice, order: Order, invoices: Sequence[Invoice], payments: Sequence[Payment]
) -> SupportedBase:
    """Return what of ``invoice`` may be supported (RULINGS 13, 22).

    Payments fill the order's invoices in the order of their issue; an invoice counts once the buyer's own payments
    cover it, and its payment day is the day of the payment that completed it.
    """
    found = []
    if invoice.verification is not Verification.VERIFIED:
        found.append(
            Obstacle(
                "invoice_not_verified",
                "RULINGS 22",
                parameters={"number": invoice.number, "result": invoice.verification.value},
                evidence=("invoice_verification",),
            )
        )
    if order.delivered_at is None:
        found.append(Obstacle("order_not_delivered", "S1 cl.4", evidence=("delivery",)))
    before = [
        other
        for other in invoices
        if other.verification is Verification.VERIFIED
        and (other.issued_on, other.number) < (invoice.issued_on, invoice.number)
    ]
    needed = _sums([*before, invoice])[1]
    paid, completed_on = ZERO, None
    for payment in sorted(payments, key=lambda made: (made.paid_on, made.reference)):
        if not payment.from_own_account:
            continue
        paid += payment.amount
        if paid >= needed:
            completed_on = payment.paid_on
            break
    if completed_on is None:
        found.append(
            Obstacle(
                "invoice_not_paid",
                "RULINGS 13",
                parameters={"needed": str(needed), "paid": str(paid)},
                evidence=("bank_payment",),
            )
        )
    base = invoice.net if invoice.kind is InvoiceKind.SPECIAL else invoice.gross
    return SupportedBase(base, completed_on, tuple(found))
