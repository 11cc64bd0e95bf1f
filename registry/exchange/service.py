"""Use cases of the exchange: offer, accept, order, deliver, invoice, verify, pay.

What concerns listings alone stands in ``listings.py``.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.catalog import service as catalog
from registry.catalog.access_model import ReadWay
from registry.catalog.holding import note_holder_within
from registry.errors import ConflictError, NotFoundError
from registry.exchange import records, rules
from registry.exchange.listings import (
    accept_listing,
    buyer_facts,
    dataset_named,
    end_listing,
    listing,
    listings,
    newest_offered,
    offer_listing,
    own_firm,
    require_provider,
)
from registry.exchange.model import (
    ConfirmDelivery,
    Contract,
    Invoice,
    IssueInvoice,
    Order,
    OrderFile,
    OrderState,
    Payment,
    PlaceOrder,
    RecordPayment,
    Trade,
    Verification,
    VerifyInvoice,
)
from registry.journal.signing import SigningKey
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Event, Topic
from registry.parties import service as parties
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import FirmId, InvoiceId, OrderId
from registry.values.moment import Moment

__all__ = [
    "accept_listing",
    "accept_order",
    "cancel_order",
    "confirm_delivery",
    "dataset_named",
    "end_listing",
    "invoices",
    "issue_invoice",
    "listing",
    "listings",
    "lock_order_within",
    "offer_listing",
    "order",
    "order_file",
    "orders",
    "payments",
    "place_order",
    "record_payment",
    "verify_invoice",
]


# Orders.


def place_order(work: Work, command: PlaceOrder) -> Order:
    """Order units of a listing under the terms whose digest the buyer names.

    Raises:
        NotAllowedError: The actor buys for no firm.
        NotFoundError: There is no such listing.
        ConflictError: It is not on sale, or its terms are others.
        RuleError: The buyer is the seller or not admitted, or the purpose is not offered.
    """
    firm = own_firm(work)
    found = listing(work, command.listing)
    require(work.actor, Action.PLACE_ORDER, Resource(firms=frozenset({firm}), dataset=found.dataset))
    newest = newest_offered(work, found.dataset).id if found.dataset and not found.version else None
    order = rules.placed(found, command, buyer_facts(work, found, firm), newest, work.now)
    records.add_order(work.connection, order)
    if order.version is not None:
        note_holder_within(work, order.version, order.buyer)
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
    announce(work, _order_event(Topic.ORDER_PLACED, order))
    return order


def _order_event(topic: Topic, order: Order) -> Event:
    """Return what happened to an order, for its two parties."""
    data: dict[str, Json] = {
        "order": order.id,
        "listing": order.listing,
        "dataset": order.dataset,
        "title": order.title,
        "quantity": order.quantity,
        "state": order.state.value,
    }
    return Event(topic, order.id, data, firms=frozenset({order.buyer, order.seller}), dataset=order.dataset)


def accept_order(work: Work, order_id: OrderId, key: SigningKey) -> OrderFile:
    """Accept an order as its seller: the contract is signed, and a dataset opens to the buyer.

    Raises:
        NotAllowedError, NotFoundError: The actor does not sell by this order.
        ConflictError: The order is accepted or cancelled already.
        RuleError: The seller has left the register of such providers.
    """
    order = _order_to_change(work, order_id, Action.ACCEPT_ORDER, seller=True)
    rules.require_move(order, OrderState.ACCEPTED)
    require_provider(work, order.seller, order.product_kind)
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
        ways = frozenset(ReadWay(each.value) for each in found.conditions.delivery)
        catalog.grant_within(work, order.dataset, order.buyer, order.id, found.version, ways)
    work.journal("exchange.order_accepted", order.id, contract=str(contract.digest), key=contract.key)
    announce(work, _order_event(Topic.ORDER_ACCEPTED, accepted))
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
    announce(work, _order_event(Topic.ORDER_DELIVERED, delivered))
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
    """Record, as a reviewer, what the tax platform answered of an invoice.

    Raises:
        NotAllowedError: The actor does not review.
        NotFoundError: There is no such invoice, or the actor's authority is concerned with neither side.
        ConflictError, RuleError: As ``rules.require_verification``.
    """
    require(work.actor, Action.VERIFY_INVOICE)
    invoice = _invoice(work, command.invoice)
    sides = frozenset({invoice.buyer, invoice.seller})
    concerned = Resource(sides, parties.concerned_office(work, sides), subject=invoice.id)
    require_visible(work.actor, Action.VERIFY_INVOICE, concerned, "invoice")
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
    """Return an order with everything beside it, to its sides and the offices concerned. Raises NotFoundError."""
    found = order(view, order_id)
    parties_to_it = frozenset({found.buyer, found.seller})
    resource = Resource(
        parties_to_it, parties.concerned_office(view, parties_to_it), dataset=found.dataset, subject=found.id
    )
    require_visible(view.actor, Action.READ_ORDER, resource, "order")
    contract = records.contract_of(view.connection, order_id)
    return OrderFile(found, contract, invoices(view, order_id), payments(view, order_id))


def orders(view: View, after: OrderId | None, limit: int) -> list[Order]:
    """Return the orders the actor may see, newest first: those that ``order_file`` shows it."""
    require(view.actor, Action.READ_ORDER)
    reader = view.actor.firm or view.actor.authority
    return records.orders_page(view.connection, reader, after, limit) if reader else []


def trades(view: View, firms: Collection[FirmId], first: date, last: date) -> tuple[Trade, ...]:
    """Return what was bought by or of some firms under contracts of ``first`` to ``last``; for rules, not for eyes."""
    # What is asked as of an instant knows no contract of after it.
    until = min(Moment.start_of(last + timedelta(days=1)), view.now.plus(timedelta(microseconds=1)))
    return records.trades_of(view.connection, firms, Moment.start_of(first), until)
