"""What was sold by whom to whom, for the rooms above that look at trades; not for eyes."""

from registry.exchange import records
from registry.exchange.model import Order
from registry.journal.work import View
from registry.values.identifiers import FirmId


def supplier(view: View, order: Order) -> FirmId:
    """Return whose goods an order buys: who made the offer. An exchange between the two passes its money through."""
    found = records.listing_of(view.connection, order.listing)
    if found is None:
        raise AssertionError("an order without its listing")
    return found.offered_by
