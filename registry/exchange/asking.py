"""What use cases of an order share: who may act on it, the lock, the facts beside it, and what is told of it."""

from collections.abc import Collection

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.errors import NotFoundError
from registry.exchange import dispute_rules, records
from registry.exchange.dispute_model import Dispute
from registry.exchange.model import Invoice, Order, Payment, Refund
from registry.exchange.period_model import OrderPeriod
from registry.journal.work import View, Work
from registry.messages.model import Event, Topic
from registry.parties import service as parties
from registry.values.canonical import Json
from registry.values.identifiers import OrderId


def is_metered(view: View, order: Order) -> bool:
    """Say whether the price of an order is asked for what is read, up to its amount."""
    return bool(records.metered_among(view.connection, [order.listing]))


def order(view: View, order_id: OrderId) -> Order:
    """Return an order for a room above, which knows who may see what it makes of it. Raises NotFoundError."""
    if found := records.order_of(view.connection, order_id):
        return found
    raise NotFoundError("order_not_found", id=order_id)


def readable(view: View, found: Order) -> Resource:
    """Return an order as whoever may read it reads it: its sides, and the offices concerned with them."""
    sides = frozenset({found.buyer, found.seller})
    return Resource(sides, parties.concerned_office(view, sides), dataset=found.dataset, subject=found.id)


def lock_order_within(work: Work, order_id: OrderId) -> Order:
    """Return an order, locked: whoever changes it or what hangs on it comes after this transaction."""
    if found := records.order_of(work.connection, order_id, to_change=True):
        return found
    raise NotFoundError("order_not_found", id=order_id)


def lock_orders_within(work: Work, order_ids: Collection[OrderId]) -> dict[OrderId, Order]:
    """Return orders, locked in the order of their ids; one that is not there is left out."""
    return records.orders_of(work.connection, order_ids)


def order_to_change(
    work: Work, order_id: OrderId, action: Action, *, buyer: bool = False, seller: bool = False
) -> Order:
    """Return an order, locked, for what its buyer or its seller may do; to strangers it is not there."""
    found = lock_order_within(work, order_id)
    both = frozenset({found.buyer, found.seller})
    require_visible(work.actor, action, Resource(both, dataset=found.dataset, subject=found.id), "order")
    sides = {firm for firm, asked in ((found.buyer, buyer), (found.seller, seller)) if asked}
    require(work.actor, action, Resource(frozenset(sides), dataset=found.dataset, subject=found.id))
    return found


def invoices(view: View, order_id: OrderId) -> tuple[Invoice, ...]:
    """Return the invoices of an order, with their red letters, by day and number."""
    return records.invoices_of(view.connection, order_id)


def payments(view: View, order_id: OrderId) -> tuple[Payment, ...]:
    """Return the payments for an order by day and reference."""
    return records.payments_of(view.connection, order_id)


def refunds(view: View, order_id: OrderId) -> tuple[Refund, ...]:
    """Return the refunds of an order by day and reference."""
    return records.refunds_of(view.connection, order_id)


def disputes(view: View, order_id: OrderId) -> tuple[Dispute, ...]:
    """Return the disputes over an order, in the order they were opened."""
    return records.disputes_of(view.connection, order_id)


def periods(view: View, order_id: OrderId) -> tuple[OrderPeriod, ...]:
    """Return every period of an order, also those objected to, by day and in the order they were stated."""
    return records.periods_of(view.connection, order_id)


def is_disputed(view: View, order_id: OrderId) -> bool:
    """Say whether what hangs on an order waits for a dispute."""
    back = refunds(view, order_id)
    return any(dispute_rules.holds(each, back) for each in disputes(view, order_id))


def order_event(topic: Topic, found: Order, **more: Json) -> Event:
    """Return what happened to an order, for its two parties."""
    data: dict[str, Json] = {
        "order": found.id,
        "listing": found.listing,
        "dataset": found.dataset,
        "title": found.title,
        "quantity": found.quantity,
        "state": found.state.value,
    }
    return Event(topic, found.id, data | more, firms=frozenset({found.buyer, found.seller}), dataset=found.dataset)
