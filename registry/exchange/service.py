"""Use cases of the exchange: offer, accept, order, deliver, invoice, verify, pay."""

from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.catalog import service as catalog
from registry.catalog.model import Version, VersionState
from registry.errors import ConflictError, NotAllowedError, NotFoundError, Obstacle, RuleError
from registry.exchange import records, rules
from registry.exchange.model import (
    ConfirmDelivery,
    Contract,
    Invoice,
    IssueInvoice,
    Listing,
    ListingFilter,
    ListingState,
    OfferListing,
    Order,
    OrderFile,
    OrderState,
    Payment,
    PlaceOrder,
    ProductKind,
    RecordPayment,
    Verification,
    VerifyInvoice,
)
from registry.journal.signing import SigningKey
from registry.journal.work import View, Work
from registry.parties import service as parties
from registry.policy import service as policy
from registry.values.canonical import canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import DatasetId, FirmId, InvoiceId, ListingId, OrderId
from registry.values.names import PublicName


def _own_firm(view: View) -> FirmId:
    """Return the firm the actor acts for. Raises NotAllowedError for anyone else."""
    if view.actor.firm is None:
        raise NotAllowedError("unauthenticated" if view.actor.is_anonymous else "not_yours")
    return view.actor.firm


# Listings.


def offer_listing(work: Work, command: OfferListing) -> Listing:
    """Offer something for sale through a seller; what a seller offers itself is on sale at once.

    Raises:
        NotAllowedError: The actor may not offer, or the dataset is another firm's.
        NotFoundError: There is no such dataset, version or seller.
        RuleError: The listing lacks something, or its seller is in no register of such providers.
    """
    firm = _own_firm(work)
    require(work.actor, Action.OFFER_LISTING, Resource(firms=frozenset({firm})))
    rules.require_listing(command)
    version = _offered_version(work, command)
    seller = parties.firm(work, command.seller).id
    _require_provider(work, seller, command.product_kind)
    listing = Listing(
        id=ListingId.new(),
        seller=seller,
        offered_by=firm,
        product_kind=command.product_kind,
        title=command.title,
        dataset=version.dataset if version else None,
        version=version.id if version else None,
        unit=command.unit,
        unit_price=command.unit_price,
        vat_rate=command.vat_rate,
        terms=command.terms,
        purposes=command.purposes,
        source_statement=command.source_statement,
        rights_statement=command.rights_statement,
        state=ListingState.ON_SALE if seller == firm else ListingState.OFFERED,
        offered_at=work.now,
        on_sale_at=work.now if seller == firm else None,
    )
    records.add_listing(work.connection, listing)
    _price_shown(work, listing)
    work.journal(
        "exchange.listing_offered",
        listing.id,
        seller=str(seller),
        offered_by=str(firm),
        product_kind=listing.product_kind.value,
        version=None if listing.version is None else str(listing.version),
        unit_price_fen=listing.unit_price.fen,
        terms=str(listing.terms_digest),
    )
    return listing


def _offered_version(work: Work, command: OfferListing) -> Version | None:
    """Return the published version a listing is of; compute has none."""
    if not command.dataset or not command.version:
        return None
    dataset = catalog.dataset(work, PublicName.parse(command.dataset))
    # Whether the publisher may trade what it published is stated in the listing; nobody else may (数据安全法 33).
    require(work.actor, Action.OFFER_LISTING, Resource(firms=frozenset({dataset.publisher}), dataset=dataset.id))
    for version in catalog.versions(work, dataset.id):
        if f"v{version.number}" == command.version and version.state is VersionState.PUBLISHED:
            return version
    raise NotFoundError("version_not_found", name=f"{command.dataset}@{command.version[:20]}")


def _require_provider(view: View, firm: FirmId, kind: ProductKind) -> None:
    """Raise RuleError unless the register of any authority holds the seller today (S1 cl.4; RULINGS 4, 6)."""
    wanted, day = rules.SELLER_KIND[kind], view.now.civil_day()
    if not any(parties.provider(view, each.id, firm, wanted, day) for each in policy.authorities(view)):
        parameters = {"kind": wanted.value, "day": day.isoformat()}
        obstacle = Obstacle("seller_not_registered", "S1 cl.4", parameters=parameters, evidence=("licence",))
        raise RuleError("listing_refused", (obstacle,))


def accept_listing(work: Work, listing_id: ListingId) -> Listing:
    """Accept, as the seller that contract and invoice will name, to sell what another firm offers."""
    listing = _listing_to_change(work, listing_id)
    require_visible(work.actor, Action.ACCEPT_ORDER, _resource_of(listing), "listing")
    require(work.actor, Action.ACCEPT_ORDER, Resource(firms=frozenset({listing.seller}), dataset=listing.dataset))
    rules.require_listing_move(listing, ListingState.ON_SALE)
    _require_provider(work, listing.seller, listing.product_kind)
    return _listing_moved(work, listing, ListingState.ON_SALE, "exchange.listing_accepted")


def end_listing(work: Work, listing_id: ListingId) -> Listing:
    """Take a listing off sale; orders placed before go on."""
    listing = _listing_to_change(work, listing_id)
    require_visible(work.actor, Action.OFFER_LISTING, _resource_of(listing), "listing")
    rules.require_listing_move(listing, ListingState.ENDED)
    return _listing_moved(work, listing, ListingState.ENDED, "exchange.listing_ended")


def _listing_to_change(work: Work, listing_id: ListingId) -> Listing:
    if found := records.listing_of(work.connection, listing_id, to_change=True):
        return found
    raise NotFoundError("listing_not_found", id=listing_id)


def _resource_of(listing: Listing) -> Resource:
    return Resource(frozenset({listing.seller, listing.offered_by}), dataset=listing.dataset, subject=listing.id)


def _listing_moved(work: Work, listing: Listing, to: ListingState, entry: str) -> Listing:
    moved = replace(listing, state=to, on_sale_at=work.now if to is ListingState.ON_SALE else listing.on_sale_at)
    records.save_listing_state(work.connection, moved)
    _price_shown(work, moved)
    work.journal(entry, listing.id, state=to.value)
    return moved


def _price_shown(work: Work, changed: Listing) -> None:
    """Let search show the lowest price a dataset is on sale for."""
    if changed.dataset and changed.state is not ListingState.OFFERED:
        price = records.lowest_price(work.connection, changed.dataset)
        catalog.set_price_within(work, changed.dataset, price.fen if price else None)


def listing(view: View, listing_id: ListingId) -> Listing:
    """Return a listing: on sale for everyone, else for its two firms and officers. Raises NotFoundError."""
    found = records.listing_of(view.connection, listing_id)
    if found is None:
        raise NotFoundError("listing_not_found", id=listing_id)
    party = view.actor.authority is not None or view.actor.firm in {found.seller, found.offered_by}
    if found.state is not ListingState.ON_SALE and not party:
        raise NotFoundError("listing_not_found", id=listing_id)
    return found


def listings(view: View, wanted: ListingFilter, after: ListingId | None, limit: int) -> list[Listing]:
    """Return listings on sale and the actor's own, newest first."""
    return records.listings_page(view.connection, wanted, view.actor.firm, after, limit)


def dataset_named(view: View, name: str) -> DatasetId:
    """Return the dataset of a public name, for a filter. Raises NotFoundError."""
    return catalog.dataset(view, PublicName.parse(name)).id


# Orders.


def place_order(work: Work, command: PlaceOrder) -> Order:
    """Order units of a listing under the terms whose digest the buyer names.

    Raises:
        NotAllowedError: The actor buys for no firm.
        NotFoundError: There is no such listing.
        ConflictError: It is not on sale, or its terms are others.
        RuleError: The buyer is the seller, or the purpose is not offered.
    """
    firm = _own_firm(work)
    found = listing(work, command.listing)
    require(work.actor, Action.PLACE_ORDER, Resource(firms=frozenset({firm}), dataset=found.dataset))
    order = rules.placed(found, command, firm, work.now)
    records.add_order(work.connection, order)
    work.journal(
        "exchange.order_placed",
        order.id,
        listing=str(order.listing),
        buyer=str(order.buyer),
        seller=str(order.seller),
        quantity=order.quantity,
        purpose=order.purpose.value,
        net_fen=order.net.fen,
        vat_fen=order.vat.fen,
    )
    return order


def accept_order(work: Work, order_id: OrderId, key: SigningKey) -> OrderFile:
    """Accept an order as its seller: the contract is signed, and a dataset opens to the buyer.

    Raises:
        NotAllowedError, NotFoundError: The actor does not sell by this order.
        ConflictError: The order is accepted or cancelled already.
        RuleError: The seller has left the register of such providers.
    """
    order = _order_to_change(work, order_id, Action.ACCEPT_ORDER, seller=True)
    rules.require_move(order, OrderState.ACCEPTED)
    _require_provider(work, order.seller, order.product_kind)
    found = records.listing_of(work.connection, order.listing)
    assert found is not None  # noqa: S101 -- the reference holds it
    firms = parties.firms(work, [order.buyer, order.seller])
    content = canonical_json(
        rules.contract_content(order, found, firms[order.buyer].uscc, firms[order.seller].uscc, work.now.civil_day())
    )
    contract = Contract(order.id, content, Digest.of(content), str(key.verifier), key.sign(content), work.now)
    accepted = replace(order, state=OrderState.ACCEPTED, accepted_at=work.now, contract_digest=contract.digest)
    records.save_order(work.connection, accepted)
    records.add_contract(work.connection, contract)
    if order.dataset and order.product_kind in rules.DATA_KINDS:
        catalog.grant_within(work, order.dataset, order.buyer, order.id)
    work.journal("exchange.order_accepted", order.id, contract=str(contract.digest), key=contract.key)
    return OrderFile(accepted, contract, (), ())


def cancel_order(work: Work, order_id: OrderId) -> Order:
    """Cancel an order of one's own that nobody accepted yet."""
    order = _order_to_change(work, order_id, Action.PLACE_ORDER, buyer=True)
    rules.require_move(order, OrderState.CANCELLED)
    cancelled = replace(order, state=OrderState.CANCELLED)
    records.save_order(work.connection, cancelled)
    work.journal("exchange.order_cancelled", order.id)
    return cancelled


def confirm_delivery(work: Work, command: ConfirmDelivery) -> Order:
    """Confirm, as the buyer, what arrived; only the content that was ordered can have been delivered."""
    order = _order_to_change(work, command.order, Action.CONFIRM_DELIVERY, buyer=True)
    ordered = None
    if order.version is not None and order.product_kind in rules.DATA_KINDS:
        ordered = catalog.version(work, order.version).content_digest
    delivered = rules.delivered(order, command, ordered, work.now)
    records.save_order(work.connection, delivered)
    delivered = _closed_if_complete(work, delivered)
    work.journal(
        "exchange.delivery_confirmed",
        order.id,
        content_digest=None if command.content_digest is None else str(command.content_digest),
        usage=command.usage,
        state=delivered.state.value,
    )
    return delivered


def _order_to_change(
    work: Work, order_id: OrderId, action: Action, *, buyer: bool = False, seller: bool = False
) -> Order:
    """Return an order, locked, for what its buyer or its seller may do; to strangers it is not there."""
    order = lock_order_within(work, order_id)
    both = frozenset({order.buyer, order.seller})
    require_visible(work.actor, action, Resource(both, dataset=order.dataset, subject=order.id), "order")
    sides = {firm for firm, asked in ((order.buyer, buyer), (order.seller, seller)) if asked}
    require(work.actor, action, Resource(frozenset(sides), dataset=order.dataset, subject=order.id))
    return order


def _closed_if_complete(work: Work, order: Order) -> Order:
    """Close an order once it is delivered, invoiced, verified and paid in full."""
    if not rules.is_settled_between_parties(order, invoices(work, order.id), payments(work, order.id)):
        return order
    closed = replace(order, state=OrderState.CLOSED)
    records.save_order(work.connection, closed)
    return closed


# Invoices and payments.


def issue_invoice(work: Work, command: IssueInvoice) -> Invoice:
    """Record an invoice of the seller.

    Raises:
        ConflictError: The number is known (``invoice_number_known``), whoever used it.
        InvalidValueError, RuleError: As ``rules.require_invoice``.
    """
    order = _order_to_change(work, command.order, Action.ISSUE_INVOICE, seller=True)
    seller = parties.firm(work, order.seller).uscc
    rules.require_invoice(command, order, seller, invoices(work, order.id), work.now.civil_day())
    invoice = Invoice(
        id=InvoiceId.new(),
        order=order.id,
        seller=order.seller,
        buyer=order.buyer,
        number=command.number,
        issued_on=command.issued_on,
        kind=command.kind,
        net=command.net,
        vat=command.vat,
        verification=Verification.UNVERIFIED,
        checked_on=None,
    )
    if not records.add_invoice(work.connection, invoice, work.now):
        raise ConflictError("invoice_number_known", number=command.number)
    work.journal(
        "exchange.invoice_issued",
        invoice.id,
        order=str(order.id),
        number=invoice.number,
        issued_on=invoice.issued_on.isoformat(),
        net_fen=invoice.net.fen,
        vat_fen=invoice.vat.fen,
    )
    return invoice


def verify_invoice(work: Work, command: VerifyInvoice) -> Invoice:
    """Record, as a reviewer, what the tax platform answered of an invoice."""
    require(work.actor, Action.VERIFY_INVOICE)
    invoice = _invoice(work, command.invoice)
    # The order goes first, as everywhere; what stood on the invoice before the lock may be old.
    order = lock_order_within(work, invoice.order)
    invoice = _invoice(work, command.invoice)
    rules.require_verification(invoice, command, work.now.civil_day())
    records.add_check(work.connection, command, work.actor.account, work.now)
    order = _closed_if_complete(work, order)
    work.journal(
        "exchange.invoice_verified",
        invoice.id,
        result=command.result.value,
        checked_on=command.checked_on.isoformat(),
        order_state=order.state.value,
    )
    return replace(invoice, verification=command.result, checked_on=command.checked_on)


def _invoice(view: View, invoice_id: InvoiceId) -> Invoice:
    if found := records.invoice_of(view.connection, invoice_id):
        return found
    raise NotFoundError("invoice_not_found", id=invoice_id)


def record_payment(work: Work, command: RecordPayment) -> Payment:
    """Record a bank payment of the buyer.

    Raises:
        ConflictError: The buyer has named this reference before (``payment_reference_known``).
        InvalidValueError, RuleError: As ``rules.require_payment``.
    """
    order = _order_to_change(work, command.order, Action.RECORD_PAYMENT, buyer=True)
    rules.require_payment(command, order, payments(work, order.id), work.now.civil_day())
    payment = Payment(order.id, command.reference, command.paid_on, command.amount, command.from_own_account)
    if not records.add_payment(work.connection, payment, order.buyer, work.now):
        raise ConflictError("payment_reference_known", reference=command.reference)
    order = _closed_if_complete(work, order)
    work.journal(
        "exchange.payment_recorded",
        order.id,
        reference=payment.reference,
        paid_on=payment.paid_on.isoformat(),
        amount_fen=payment.amount.fen,
        from_own_account=payment.from_own_account,
        order_state=order.state.value,
    )
    return payment


# What others ask.


def order(view: View, order_id: OrderId) -> Order:
    """Return an order for a room above, which knows who may see what it makes of it. Raises NotFoundError."""
    if found := records.order_of(view.connection, order_id):
        return found
    raise NotFoundError("order_not_found", id=order_id)


def lock_order_within(work: Work, order_id: OrderId) -> Order:
    """Return an order, locked: whoever changes it or what hangs on it comes after this transaction."""
    if found := records.order_of(work.connection, order_id, to_change=True):
        return found
    raise NotFoundError("order_not_found", id=order_id)


def invoices(view: View, order_id: OrderId) -> tuple[Invoice, ...]:
    """Return the invoices of an order by day and number."""
    return records.invoices_of(view.connection, order_id)


def payments(view: View, order_id: OrderId) -> tuple[Payment, ...]:
    """Return the payments for an order by day and reference."""
    return records.payments_of(view.connection, order_id)


def order_file(view: View, order_id: OrderId) -> OrderFile:
    """Return an order with everything beside it, to its buyer, its seller and officers. Raises NotFoundError."""
    found = order(view, order_id)
    parties_to_it = frozenset({found.buyer, found.seller})
    resource = Resource(parties_to_it, view.actor.authority, dataset=found.dataset, subject=found.id)
    require_visible(view.actor, Action.READ_ORDER, resource, "order")
    contract = records.contract_of(view.connection, order_id)
    return OrderFile(found, contract, invoices(view, order_id), payments(view, order_id))


def orders(view: View, after: OrderId | None, limit: int) -> list[Order]:
    """Return the orders the actor may see, newest first: a firm its own, officers all."""
    require(view.actor, Action.READ_ORDER)
    return records.orders_page(view.connection, view.actor.firm, after, limit)
