"""What a listing and an order must be. Invoices, payments and refunds stand in ``billing.py``.

Rules:
* An order moves only as the table of moves says; its price is quantity times unit price, VAT rounded half up to a fen
  on the whole order (the amount the invoice will show).
* A contract is signed by both: by the seller as it accepts, by the buyer from its own account after that, who names the
  digest of what it signs. Nothing is delivered, invoiced or paid before, and either side may cancel until then. An
  order that was accepted before buyers signed stands as it was signed.
* No listing without source statement and right to trade (数据安全法 33; RULINGS 37); a dataset listing names its
  version, or says that it is of every version. What else an offer settles: ``offer_rules``.
* An order with its invoices and payments is there for its buyer, its seller, and the officers of an authority that is
  concerned with one of them (RULINGS 24; ``registry.parties.rules`` says when it is); only such a reviewer verifies
  its invoices. To everyone else it does not exist.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from registry.errors import ConflictError, InvalidValueError, Obstacle, RuleError
from registry.exchange.model import (
    LISTING_MOVES,
    ORDER_MOVES,
    QUANTITY_MAX,
    ConfirmDelivery,
    Listing,
    ListingState,
    OfferListing,
    Order,
    OrderState,
    PlaceOrder,
    ProductKind,
    Purpose,
)
from registry.exchange.offer_model import BuyerFacts
from registry.exchange.offer_rules import admits, condition_obstacles
from registry.parties.model import ProviderKind
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import OrderId, VersionId
from registry.values.moment import Moment
from registry.values.money import FULL_RATE_BP, Money, Rate
from registry.values.uscc import Uscc

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


def require_cancellable(order: Order) -> None:
    """Raise ConflictError once a contract of both sides stands, or the order has ended."""
    require_move(order, OrderState.CANCELLED)
    if order.signed_at is not None:
        raise ConflictError(
            "order_wrong_state", id=order.id, state=order.state.value, wanted=OrderState.CANCELLED.value
        )


def require_signable(order: Order, contract: Digest) -> None:
    """Raise ConflictError unless the buyer may sign this contract now, and it is the one it has read."""
    if order.state is not OrderState.ACCEPTED or order.signed_at is not None:
        raise ConflictError("contract_not_to_sign", id=order.id, state=order.state.value)
    if order.contract_digest != contract:
        raise ConflictError("contract_differs", given=str(contract), contract=str(order.contract_digest))


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


def require_contract(order: Order) -> None:
    """Raise ConflictError unless the contract is signed by both sides."""
    if order.signed_at is None:
        raise ConflictError("contract_not_signed", id=order.id)


def delivered(order: Order, command: ConfirmDelivery, ordered: Digest | None, now: Moment) -> Order:
    """Return the order as delivered. ``ordered`` is the content digest of the version that was bought, if any.

    Raises:
        ConflictError: The order is not accepted and signed by both, or delivered already.
        RuleError: Another content than the one that was ordered, or nothing that was used.
    """
    require_move(order, OrderState.DELIVERED)
    require_contract(order)
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
