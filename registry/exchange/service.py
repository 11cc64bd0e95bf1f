"""Use cases of the exchange: offer, accept, order, deliver, invoice, verify, pay, refund.

What concerns listings alone stands in ``listings.py``, invoices, payments and refunds in ``invoicing.py``, what use
cases of an order share in ``asking.py``.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.catalog import service as catalog
from registry.catalog.access_model import ReadWay
from registry.catalog.holding import note_holder_within
from registry.errors import NotAllowedError
from registry.exchange import billing, records, rules
from registry.exchange.asking import (
    invoices,
    is_disputed,
    lock_order_within,
    lock_orders_within,
    order,
    order_event,
    order_to_change,
    payments,
    readable,
    refunds,
)
from registry.exchange.disputes import (
    decide_dispute,
    open_dispute,
    propose_remedy,
    settle_dispute,
    sides_of,
    withdraw_dispute,
)
from registry.exchange.invoicing import (
    answer_refund,
    closed_if_complete,
    issue_invoice,
    issue_red_letter,
    record_payment,
    record_refund,
    red_letter,
    refund,
    verify_invoice,
    verify_red_letter,
)
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
    Order,
    OrderFile,
    OrderState,
    PlaceOrder,
    Trade,
)
from registry.exchange.periods import answer_period, billed_periods, claim_obstacles, period_log, state_period
from registry.exchange.signatures import BuyerSignature
from registry.exchange.waiting import file_of, waiting
from registry.journal.signing import SigningKey
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.parties import ends
from registry.parties import service as parties
from registry.values.canonical import canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import FirmId, OrderId
from registry.values.moment import Moment
from registry.values.money import Money

__all__ = [
    "accept_listing",
    "accept_order",
    "answer_period",
    "answer_refund",
    "billed_periods",
    "cancel_order",
    "claim_obstacles",
    "confirm_delivery",
    "dataset_named",
    "decide_dispute",
    "decline_order",
    "end_listing",
    "invoices",
    "is_disputed",
    "issue_invoice",
    "issue_red_letter",
    "listing",
    "listings",
    "lock_order_within",
    "lock_orders_within",
    "net_price",
    "offer_listing",
    "open_dispute",
    "order",
    "order_file",
    "orders",
    "payments",
    "period_log",
    "place_order",
    "propose_remedy",
    "record_payment",
    "record_refund",
    "red_letter",
    "refund",
    "refunds",
    "settle_dispute",
    "sides_of",
    "sign_contract",
    "state_period",
    "verify_invoice",
    "verify_red_letter",
    "waiting",
    "withdraw_dispute",
]


# Orders.


def place_order(work: Work, command: PlaceOrder) -> Order:
    """Order units of a listing under the terms whose digest the buyer names.

    Raises:
        NotAllowedError: The actor buys for no firm.
        NotFoundError: There is no such listing.
        ConflictError: It is not on sale, or its terms are others.
        RuleError: The buyer is the seller or not admitted, one of the two has ended, or the purpose is not offered.
    """
    firm = own_firm(work)
    found = listing(work, command.listing)
    require(work.actor, Action.PLACE_ORDER, Resource(firms=frozenset({firm}), dataset=found.dataset))
    for each in (firm, found.seller):
        ends.require_standing(work, None, each)
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
    announce(work, order_event(Topic.ORDER_PLACED, order))
    return order


def accept_order(work: Work, order_id: OrderId, key: SigningKey) -> OrderFile:
    """Accept an order as its seller: the contract is signed by its side, and waits for the buyer to sign.

    Raises:
        NotAllowedError, NotFoundError: The actor does not sell by this order.
        ConflictError: The order is accepted or cancelled already.
        RuleError: The seller has left the register of such providers, or one of the two has ended.
    """
    order = order_to_change(work, order_id, Action.ACCEPT_ORDER, seller=True)
    rules.require_move(order, OrderState.ACCEPTED)
    require_provider(work, order.seller, order.product_kind)
    for each in (order.buyer, order.seller):
        ends.require_standing(work, None, each)
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
    work.journal("exchange.order_accepted", order.id, contract=str(contract.digest), key=contract.key)
    announce(work, order_event(Topic.ORDER_ACCEPTED, accepted))
    return file_of(work, accepted)


def sign_contract(work: Work, order_id: OrderId, contract: Digest, key: SigningKey) -> OrderFile:
    """Sign the contract as the buyer, from its own account; the contract stands then, and a dataset opens to it.

    Raises:
        NotAllowedError, NotFoundError: The actor does not buy by this order.
        ConflictError: It is not to be signed now, or its contract is another one.
        RuleError: One of the two has ended.
    """
    order = order_to_change(work, order_id, Action.PLACE_ORDER, buyer=True)
    rules.require_signable(order, contract)
    for each in (order.buyer, order.seller):
        ends.require_standing(work, None, each)
    if work.actor.account is None:
        raise NotAllowedError("unauthenticated")
    unsigned = BuyerSignature(order.id, contract, order.buyer, work.actor.account, work.now, str(key.verifier), b"")
    made = replace(unsigned, signature=key.sign(unsigned.statement_bytes()))
    signed = replace(order, signed_at=work.now)
    records.save_order(work.connection, signed)
    records.add_buyer_signature(work.connection, made)
    if order.dataset and order.product_kind in rules.DATA_KINDS:
        offer = records.listing_of(work.connection, order.listing)
        assert offer is not None  # noqa: S101 -- the reference holds it
        ways = frozenset(ReadWay(each.value) for each in offer.conditions.delivery)
        catalog.grant_within(work, order.dataset, order.buyer, order.id, offer.version, ways)
    work.journal("exchange.contract_signed", order.id, contract=str(contract), key=made.key)
    announce(work, order_event(Topic.ORDER_CHANGED, signed, step="contract_signed"))
    return file_of(work, signed)


def cancel_order(work: Work, order_id: OrderId) -> Order:
    """Cancel, as the buyer, an order whose contract is not signed by both yet."""
    return _cancelled(work, order_to_change(work, order_id, Action.PLACE_ORDER, buyer=True))


def decline_order(work: Work, order_id: OrderId) -> Order:
    """Decline, as the seller, an order whose contract is not signed by both yet."""
    return _cancelled(work, order_to_change(work, order_id, Action.ACCEPT_ORDER, seller=True))


def _cancelled(work: Work, order: Order) -> Order:
    rules.require_cancellable(order)
    cancelled = replace(order, state=OrderState.CANCELLED)
    records.save_order(work.connection, cancelled)
    work.journal("exchange.order_cancelled", order.id)
    announce(work, order_event(Topic.ORDER_CHANGED, cancelled, step="cancelled"))
    return cancelled


def confirm_delivery(work: Work, command: ConfirmDelivery) -> Order:
    """Confirm, as the buyer, what arrived; only the content that was ordered can have been delivered."""
    order = order_to_change(work, command.order, Action.CONFIRM_DELIVERY, buyer=True)
    ordered = None
    if order.version is not None and order.product_kind in rules.DATA_KINDS:
        ordered = catalog.version(work, order.version).content_digest
    delivered = rules.delivered(order, command, ordered, work.now)
    records.save_order(work.connection, delivered)
    delivered = closed_if_complete(work, delivered)
    work.journal(
        "exchange.delivery_confirmed",
        order.id,
        content_digest=None if command.content_digest is None else str(command.content_digest),
        usage=command.usage,
        state=delivered.state.value,
    )
    announce(work, order_event(Topic.ORDER_DELIVERED, delivered))
    return delivered


# What others ask.


def order_file(view: View, order_id: OrderId) -> OrderFile:
    """Return an order with everything beside it, to its sides and the offices concerned. Raises NotFoundError."""
    found = order(view, order_id)
    require_visible(view.actor, Action.READ_ORDER, readable(view, found), "order")
    return file_of(view, found)


def net_price(view: View, found: Order) -> Money:
    """Return what is left of an order's price without VAT, after refunds and red letters; for a room above."""
    return billing.net_price(found, invoices(view, found.id), refunds(view, found.id))


def net_prices(view: View, found: Collection[Order]) -> dict[OrderId, Money]:
    """Return ``net_price`` of each of some orders; those without invoice and refund are read at once."""
    lessened = records.invoiced_or_refunded(view.connection, {each.id for each in found})
    return {each.id: net_price(view, each) if each.id in lessened else each.net for each in found}


def orders(view: View, after: OrderId | None, limit: int) -> list[Order]:
    """Return the orders the actor may see, newest first: those that ``order_file`` shows it."""
    require(view.actor, Action.READ_ORDER)
    reader = view.actor.firm or view.actor.authority
    return records.orders_page(view.connection, reader, after, limit) if reader else []


def trades(view: View, firms: Collection[FirmId], first: date, last: date) -> tuple[Trade, ...]:
    """Return what was bought by or of some firms under contracts of ``first`` to ``last``; for rules, not for eyes."""
    # What is asked as of an instant knows no contract of after it.
    until = min(Moment.start_of(last + timedelta(days=1)), view.now.plus(timedelta(microseconds=1)))
    return records.trades_of(view.connection, firms, Moment.start_of(first), until, view.now)
