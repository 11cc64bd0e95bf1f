"""What was sold by whom to whom, for the rooms above that look at trades; not for eyes."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

from registry.exchange import records
from registry.exchange.model import Order, SaleFact
from registry.exchange.records import sales as sales_records
from registry.journal.work import View
from registry.values.identifiers import FirmId, OrderId
from registry.values.moment import Moment

SALES_MAX: Final = 5_000
"""How many contracts one question looks at: the newest."""


def supplier(view: View, order: Order) -> FirmId:
    """Return whose goods an order buys: who made the offer. An exchange between the two passes its money through."""
    found = records.listing_of(view.connection, order.listing)
    if found is None:
        raise AssertionError("an order without its listing")
    return found.offered_by


def suppliers(view: View, orders: Collection[Order]) -> dict[OrderId, FirmId]:
    """Return ``supplier`` of each of some orders, reading once."""
    offered = records.offered_by(view.connection, {each.listing for each in orders})
    return {each.id: offered[each.listing] for each in orders}


def sales_named(view: View, named: Collection[OrderId]) -> dict[OrderId, SaleFact]:
    """Return the contracts of some orders; one that not both sides signed has none."""
    return {each.order: each for each in sales_records.sales_named(view.connection, named)} if named else {}


def sales_of(view: View, firms: Collection[FirmId], first: date, last: date) -> tuple[SaleFact, ...]:
    """Return the contracts of ``first`` to ``last`` by which some firms bought, sold or supplied."""
    span = Moment.start_of(first), Moment.start_of(last + timedelta(days=1))
    return sales_records.sales_of(view.connection, firms, *span, SALES_MAX)


def sales_like(view: View, sold: SaleFact, first: date, last: date) -> tuple[SaleFact, ...]:
    """Return the contracts of ``first`` to ``last`` over what is of the kind, unit and sector of ``sold``."""
    span = Moment.start_of(first), Moment.start_of(last + timedelta(days=1))
    return sales_records.sales_like(view.connection, sold, *span, SALES_MAX)
