"""Whether a buyer is related to whom it buys from (RULINGS 1; POLICY §5, F3).

Rules:
* Neither the seller on the contract nor whoever offered what it passes on is related to the buyer: behind an exchange a
  firm would otherwise buy of itself.
* The day of the contract counts, and the day that is asked about: that of the event, later that of nothing else. What
  is entered in the register afterwards about those days is seen the next time it is asked, at the latest at payment.
"""

from collections.abc import Iterable
from datetime import date

from registry.exchange.model import Order
from registry.vouchers.known import Known


def related_by(known: Known, order: Order, days: Iterable[date]) -> tuple[str, ...]:
    """Return the chain that ties the buyer of an order to its seller or supplier on one of ``days``, or nothing."""
    contract = (order.accepted_at.civil_day(),) if order.accepted_at else ()
    for day in sorted({*days, *contract}):
        for other in dict.fromkeys((order.seller, known.supplier(order))):
            if found := known.relation(order.buyer, other, day):
                return found.chain
    return ()
