"""Reminders of the steps of orders: to who has to act, on the last day and when it is overdue; then to all concerned.

Each is sent once for a wait, through the outbox, to webhooks and to members who take mail.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from registry.actors.model import Actor
from registry.exchange import records
from registry.exchange.asking import is_metered, order_event
from registry.exchange.model import Order
from registry.exchange.step_model import Lateness, OrderDue, Side
from registry.exchange.waiting import dues_of
from registry.journal.work import View
from registry.messages.announcing import announce
from registry.messages.model import Event, Topic
from registry.parties import service as parties
from registry.policy import service as policy
from registry.values.identifiers import AuthorityId, OrderId
from registry.values.moment import Clock, Moment
from storage.database import Connection, Database

_WORKER: Final = Actor(name="worker")
_INSTANT: Final = timedelta(microseconds=1)
_PAGE: Final = 500


def remind(database: Database, clock: Clock) -> int:
    """Send what is to be reminded of on every open order, and return how many reminders there were."""
    sent, after = 0, None
    while True:
        with database.reading() as connection:
            page = records.open_orders_page(connection, None, after, _PAGE)
        # A transaction for each order: one that fails does not hold back what others have to hear.
        sent += sum(database.retrying(partial(_of_order, order_id=each.id, now=clock.now())) for each in page)
        if len(page) < _PAGE:
            return sent
        after = page[-1].id


def _of_order(connection: Connection, order_id: OrderId, now: Moment) -> int:
    view, sent = View(connection, _WORKER, now), 0
    order = records.order_of(connection, order_id)
    if order is None:
        return 0
    for due in dues_of(view, order, metered=is_metered(view, order)).dues:
        for topic in topics_of(due, now):
            if records.claim_order_reminder(connection, order.id, due.wait.key, topic.value, now):
                announce(view, _event(view, order, due, topic))
                sent += 1
    return sent


def topics_of(due: OrderDue, now: Moment) -> Iterator[Topic]:
    """Yield what is told of a step at ``now``."""
    if due.due_at is not None and now < due.due_at and now.civil_day() == due.due_at.plus(-_INSTANT).civil_day():
        yield Topic.ORDER_DUE
    if due.days_late:
        yield Topic.ORDER_OVERDUE
    if due.lateness is Lateness.ESCALATED:
        yield Topic.ORDER_ESCALATED


def _event(view: View, order: Order, due: OrderDue, topic: Topic) -> Event:
    told = order_event(
        topic,
        order,
        step=due.wait.step.value,
        side=due.wait.side.value,
        about=due.wait.about or None,
        due_at=str(due.due_at) if due.due_at else None,
        days_late=due.days_late,
    )
    sides = {Side.BUYER: frozenset({order.buyer}), Side.SELLER: frozenset({order.seller}), Side.OFFICE: frozenset()}
    escalated = topic is Topic.ORDER_ESCALATED
    offices = _concerned(view, order) if escalated or due.wait.side is Side.OFFICE else frozenset()
    return Event(
        topic,
        order.id,
        told.data,
        firms=told.firms if escalated else sides[due.wait.side],
        authorities=offices,
        dataset=order.dataset,
    )


def _concerned(view: View, order: Order) -> frozenset[AuthorityId]:
    """Return the offices that an order is open to."""
    both = (order.buyer, order.seller)
    return frozenset(each.id for each in policy.authorities(view) if parties.concerns(view, each.id, both))
