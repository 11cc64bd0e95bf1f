"""Offer, order, deliver, invoice and pay, on a real database."""

import json

import pytest
from sqlalchemy import text

from registry.actors.model import Actor
from registry.catalog import service as catalog
from registry.catalog.model import Openness
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.exchange import service
from registry.exchange.model import (
    Listing,
    ListingFilter,
    ListingState,
    OfferListing,
    Order,
    OrderState,
    PlaceOrder,
    ProductKind,
    Purpose,
    Verification,
)
from registry.parties.model import ProviderKind
from registry.values.canonical import canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import ListingId, OrderId
from registry.values.money import Money, Rate
from tests.registry.catalog.builders import a_dataset, a_version
from tests.registry.exchange.builders import (
    TERMS,
    Market,
    a_document,
    a_firm,
    a_listing,
    a_placed_order,
    accept,
    an_accepted_order,
    an_invoice,
    ask,
    compute,
    conditions,
    deliver,
    do,
    firm_of,
    offer_contract,
    pay,
    sign,
    verify,
)

PRICE = Money.of_yuan("120000")


class Shop:
    """A published, gated dataset that its publisher offers through the market's exchange."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.publisher = a_firm(market.house, market.registrar)
        dataset = a_dataset(market.house, self.publisher, access=Openness.GATED)
        self.dataset, self.version = a_version(market.house, self.publisher, dataset=dataset)
        self.document = a_document(market.house, self.publisher)

    def offer(
        self,
        seller: Actor | None = None,
        source: str = "Own measurements.",
        every_version: bool = False,
        unit_price: Money = PRICE,
        **changes: object,
    ) -> OfferListing:
        """Return the offer."""
        return OfferListing(
            seller=firm_of(seller or self.market.exchange),
            product_kind=ProductKind.DATASET,
            title="Wind",
            dataset=str(self.dataset.name),
            version=None if every_version else "v1",
            unit="licence",
            unit_price=unit_price,
            vat_rate=Rate(600),
            terms=TERMS,
            purposes=(),
            source_statement=source,
            rights_statement="Owner.",
            conditions=conditions(self.document, **changes),
            every_version=every_version,
        )

    def offered(self, **changes: object) -> Listing:
        """Offer the dataset."""
        command = self.offer(**changes)  # type: ignore[arg-type]
        return do(self.market.house, self.publisher, lambda work: service.offer_listing(work, command))

    def on_sale(self, **changes: object) -> Listing:
        """Offer the dataset and let the exchange accept."""
        listing = self.offered(**changes)
        return do(self.market.house, self.market.exchange, lambda work: service.accept_listing(work, listing.id))

    def ordered(self, quantity: int = 1, **changes: object) -> Order:
        """Order it and let the exchange accept."""
        order = a_placed_order(self.market, self.on_sale(**changes), quantity)
        return accept(self.market, order, self.market.exchange)


@pytest.fixture
def shop(market: Market) -> Shop:
    """A dataset and its publisher."""
    return Shop(market)


def codes(refusal: pytest.ExceptionInfo[RuleError]) -> set[str]:
    """Return the codes of every obstacle."""
    return {obstacle.code for obstacle in refusal.value.obstacles}


def test_a_dataset_is_sold_by_the_exchange_from_offer_to_close(shop: Shop) -> None:
    market, order = shop.market, shop.ordered()
    assert (order.net, order.vat, order.state) == (
        Money.of_yuan("120000"),
        Money.of_yuan("7200"),
        OrderState.ACCEPTED,
    )
    reader = market.buyer
    version = ask(market.house, reader, lambda view: catalog.version(view, shop.version.id))
    assert ask(market.house, reader, lambda view: catalog.may_read(view, version)).allowed
    deliver(market, order, shop.version.content_digest)
    invoice = an_invoice(market, order, market.exchange)
    pay(market, order)
    verify(market, invoice)
    file = ask(market.house, market.buyer, lambda view: service.order_file(view, OrderId(order.id)))
    assert file.order.state is OrderState.CLOSED
    assert [each.verification for each in file.invoices] == [Verification.VERIFIED]


def test_what_another_firm_offers_is_on_sale_once_the_seller_accepts(shop: Shop) -> None:
    listing, market = shop.offered(), shop.market
    assert listing.state is ListingState.OFFERED
    with pytest.raises(NotFoundError):
        a_placed_order(market, listing, 1)
    with pytest.raises(NotFoundError):
        do(market.house, market.buyer, lambda work: service.accept_listing(work, listing.id))
    with pytest.raises(NotAllowedError):
        do(market.house, shop.publisher, lambda work: service.accept_listing(work, listing.id))
    accepted = do(market.house, market.exchange, lambda work: service.accept_listing(work, listing.id))
    assert accepted.state is ListingState.ON_SALE
    found = ask(
        market.house,
        market.buyer,
        lambda view: service.listings(view, ListingFilter(dataset=shop.dataset.id), None, 10),
    )
    assert [each.id for each in found] == [listing.id]


def test_only_the_publisher_offers_its_dataset(shop: Shop) -> None:
    with pytest.raises(NotAllowedError, match="not_yours"):
        do(shop.market.house, shop.market.exchange, lambda work: service.offer_listing(work, shop.offer()))


def test_a_listing_without_source_is_refused(shop: Shop) -> None:
    with pytest.raises(RuleError, match="listing_incomplete") as refusal:
        do(shop.market.house, shop.publisher, lambda work: service.offer_listing(work, shop.offer(source=" ")))
    assert codes(refusal) == {"listing_without_source"}


def test_a_seller_must_be_registered_for_what_it_sells(shop: Shop) -> None:
    market = shop.market
    with pytest.raises(RuleError, match="listing_refused") as refusal:
        do(market.house, shop.publisher, lambda work: service.offer_listing(work, shop.offer(market.centre)))
    assert codes(refusal) == {"seller_not_registered"}
    assert refusal.value.obstacles[0].parameters["kind"] == ProviderKind.DATA_EXCHANGE.value
    with pytest.raises(RuleError, match="listing_refused"):
        do(
            market.house,
            market.exchange,
            lambda work: service.offer_listing(work, compute(market.house, market.exchange)),
        )


def test_other_content_than_was_ordered_is_not_delivered(shop: Shop) -> None:
    order = shop.ordered()
    with pytest.raises(RuleError, match="delivery_refused") as refusal:
        deliver(shop.market, order, Digest.of(b"other"))
    assert codes(refusal) == {"delivery_digest_differs"}
    with pytest.raises(RuleError) as refusal:
        deliver(shop.market, order)
    assert codes(refusal) == {"delivery_without_digest"}


def test_the_contract_is_signed_over_what_was_agreed(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    file = ask(market.house, market.centre, lambda view: service.order_file(view, OrderId(order.id)))
    contract = file.contract
    assert contract is not None
    assert contract.digest == Digest.of(contract.content) == order.contract_digest
    assert market.house.signing_key.verifier.accepts(contract.signature, contract.content)
    stated = json.loads(contract.content)
    assert canonical_json(stated) == contract.content
    assert (stated["net_fen"], stated["terms_digest"]) == (12_000_000, str(order.terms_digest))


def test_terms_that_were_not_read_are_not_accepted(market: Market) -> None:
    listing = a_listing(market)
    command = PlaceOrder(ListingId(listing.id), 1, Purpose.MODEL_TRAINING, Digest.of(b"other terms"))
    with pytest.raises(ConflictError, match="order_terms_differ"):
        do(market.house, market.buyer, lambda work: service.place_order(work, command))


def test_nobody_orders_from_oneself_or_for_a_purpose_not_offered(market: Market) -> None:
    listing = a_listing(market)
    command = PlaceOrder(ListingId(listing.id), 1, Purpose.ANNOTATION, listing.terms_digest)
    with pytest.raises(RuleError) as refusal:
        do(market.house, market.centre, lambda work: service.place_order(work, command))
    assert codes(refusal) == {"order_with_oneself", "order_purpose_not_offered"}


def test_an_order_is_not_there_for_strangers(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    for reader in (market.buyer, market.centre, market.reviewer):
        assert ask(market.house, reader, lambda view: service.order_file(view, OrderId(order.id))).order == order
        assert len(ask(market.house, reader, lambda view: service.orders(view, None, 10))) == 1
    with pytest.raises(NotFoundError, match="order_not_found"):
        ask(market.house, market.exchange, lambda view: service.order_file(view, OrderId(order.id)))
    assert not ask(market.house, market.exchange, lambda view: service.orders(view, None, 10))


def test_the_buyer_does_not_accept_and_the_seller_does_not_confirm(market: Market) -> None:
    order = a_placed_order(market, a_listing(market))
    with pytest.raises(NotAllowedError):
        accept(market, order, market.buyer)
    accepted = accept(market, order, market.centre)
    with pytest.raises(NotAllowedError):
        deliver(market, accepted, buyer=market.centre)
    with pytest.raises(ConflictError, match="order_wrong_state"):
        accept(market, order, market.centre)


def test_a_contract_stands_once_the_buyer_has_signed_what_it_read(shop: Shop) -> None:
    market = shop.market
    order = offer_contract(market, a_placed_order(market, shop.on_sale(), 1), market.exchange)
    version = ask(market.house, market.buyer, lambda view: catalog.version(view, shop.version.id))
    reads = lambda: ask(market.house, market.buyer, lambda view: catalog.may_read(view, version)).allowed  # noqa: E731
    assert not reads()
    with pytest.raises(ConflictError, match="contract_not_signed"):
        deliver(market, order, shop.version.content_digest)
    with pytest.raises(RuleError) as refusal:
        an_invoice(market, order, market.exchange)
    assert codes(refusal) == {"invoice_before_contract"}
    with pytest.raises(RuleError) as refusal:
        pay(market, order)
    assert codes(refusal) == {"payment_before_contract"}
    with pytest.raises(ConflictError, match="contract_differs"):
        sign(market, order, contract=Digest.of(b"another"))
    with pytest.raises(NotAllowedError):
        sign(market, order, market.exchange)
    sign(market, order, market.buyer)
    with pytest.raises(ConflictError, match="contract_not_to_sign"):
        sign(market, order, market.buyer)
    assert reads()
    found = ask(market.house, market.exchange, lambda view: service.order_file(view, OrderId(order.id)))
    signature = found.buyer_signature
    assert signature is not None
    assert (signature.contract, signature.firm, signature.account) == (
        order.contract_digest,
        firm_of(market.buyer),
        market.buyer.account,
    )
    assert market.house.signing_key.verifier.accepts(signature.signature, signature.statement_bytes())
    deliver(market, order, shop.version.content_digest)


def test_an_order_accepted_before_buyers_signed_stands_as_it_was_signed(market: Market) -> None:
    order = offer_contract(market, a_placed_order(market, a_listing(market)), market.centre)
    with market.house.database.writing() as connection:
        # What the migration does to such orders.
        connection.execute(text("UPDATE orders SET signed_at = accepted_at WHERE accepted_at IS NOT NULL"))
    assert deliver(market, order).state is OrderState.DELIVERED


@pytest.mark.parametrize("by_buyer", [True, False])
def test_either_side_leaves_before_both_have_signed(market: Market, by_buyer: bool) -> None:
    order = offer_contract(market, a_placed_order(market, a_listing(market)), market.centre)
    if by_buyer:
        left = do(market.house, market.buyer, lambda work: service.cancel_order(work, OrderId(order.id)))
    else:
        with pytest.raises(NotAllowedError):
            do(market.house, market.buyer, lambda work: service.decline_order(work, OrderId(order.id)))
        left = do(market.house, market.centre, lambda work: service.decline_order(work, OrderId(order.id)))
    assert left.state is OrderState.CANCELLED
    with pytest.raises(ConflictError, match="contract_not_to_sign"):
        sign(market, order)


def test_an_order_is_cancelled_only_before_both_have_signed(market: Market) -> None:
    listing = a_listing(market)
    order = a_placed_order(market, listing)
    cancelled = do(market.house, market.buyer, lambda work: service.cancel_order(work, OrderId(order.id)))
    assert cancelled.state is OrderState.CANCELLED
    accepted = an_accepted_order(market, listing)
    with pytest.raises(ConflictError, match="order_wrong_state"):
        do(market.house, market.buyer, lambda work: service.cancel_order(work, OrderId(accepted.id)))


def test_an_invoice_number_is_used_once_for_ever(market: Market) -> None:
    listing = a_listing(market)
    first, second = an_accepted_order(market, listing), an_accepted_order(market, listing)
    number = "26652000000000000077"
    verify(market, an_invoice(market, first, market.centre, number=number), Verification.VOID)
    with pytest.raises(ConflictError, match="invoice_number_known"):
        an_invoice(market, second, market.centre, number=number)


def test_a_void_invoice_stays_void(market: Market) -> None:
    invoice = an_invoice(market, an_accepted_order(market, a_listing(market)), market.centre)
    verify(market, invoice)
    verify(market, invoice, Verification.VOID)
    with pytest.raises(ConflictError, match="invoice_final"):
        verify(market, invoice)


def test_a_bank_payment_is_recorded_once(market: Market) -> None:
    listing = a_listing(market)
    pay(market, an_accepted_order(market, listing), reference="BANK-0001")
    with pytest.raises(ConflictError, match="payment_reference_known"):
        pay(market, an_accepted_order(market, listing), reference="BANK-0001")
