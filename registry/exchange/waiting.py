"""What orders wait for: of one order for whoever may see it, and of all of them what waits for the actor."""

from dataclasses import replace
from typing import Final

from registry.actors.model import Action
from registry.actors.rules import require
from registry.exchange import records, steps
from registry.exchange.asking import disputes, invoices, is_metered, payments, periods, refunds
from registry.exchange.model import Order, OrderFile
from registry.exchange.step_model import Lateness, OrderDue, Side
from registry.journal.work import View
from registry.policy import service as policy
from registry.values.identifiers import OrderId

LOOKED_THROUGH_MAX: Final = 500
"""How many open orders one page of what waits looks through; a page may hold less than was asked for, and go on."""


def file_of(view: View, order: Order) -> OrderFile:
    """Return an order with everything beside it and what it waits for; who may see it is for the caller."""
    return replace(
        dues_of(view, order, metered=is_metered(view, order)),
        contract=records.contract_of(view.connection, order.id),
        buyer_signature=records.buyer_signature_of(view.connection, order.id),
    )


def dues_of(view: View, order: Order, *, metered: bool) -> OrderFile:
    """Return an order with what it waits for and the facts that says so, without contract and signature."""
    file = OrderFile(
        order,
        None,
        invoices(view, order.id),
        payments(view, order.id),
        refunds(view, order.id),
        disputes=disputes(view, order.id),
        is_metered=metered,
        periods=periods(view, order.id),
    )
    return replace(file, dues=steps.dues(file, view.now, policy.calendar()))


def waiting(view: View, after: OrderId | None, limit: int) -> tuple[list[OrderFile], OrderId | None]:
    """Return orders with what of them waits for the actor, newest first, and where the next page begins, if anywhere.

    A firm sees what it has to do itself; an office what it has to look up, and what has escalated. Contracts and
    signatures are not among it.
    """
    require(view.actor, Action.READ_ORDER)
    reader = view.actor.firm or view.actor.authority
    found: list[OrderFile] = []
    if reader is None:
        return found, None
    seen = records.open_orders_page(view.connection, reader, after, LOOKED_THROUGH_MAX)
    metered = records.metered_among(view.connection, {each.listing for each in seen})
    for order in seen:
        file = dues_of(view, order, metered=order.listing in metered)
        if own := tuple(each for each in file.dues if _waits_for(view, order, each)):
            found.append(replace(file, dues=own))
        if len(found) == limit:
            return found, order.id
    return found, seen[-1].id if len(seen) == LOOKED_THROUGH_MAX else None


def _waits_for(view: View, order: Order, due: OrderDue) -> bool:
    if view.actor.firm is None:
        return due.wait.side is Side.OFFICE or due.lateness is Lateness.ESCALATED
    return view.actor.firm == {Side.BUYER: order.buyer, Side.SELLER: order.seller}.get(due.wait.side)
