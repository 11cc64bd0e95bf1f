"""What was read under orders: statements by period, and totals by month.

Rules:
* An order is charged with what its buyer read of the versions it opens, from the day of its grant, which comes with the
  buyer's signature, through the day that grant ended, in civil days. A read that several metered orders of a buyer
  cover is charged to the one whose grant is the oldest and still ran on that day: nothing is charged twice.
* A statement may be made at any time. What a late access log adds to a day shows in the next one made: bill a period
  once the logs of it have been read.
* Sides of an order and the offices concerned see its statement. Totals are seen by who read, by a seller and by whoever
  offered for its buyers, and by an authority for firms of its register; nobody is told who else reads.
"""

from datetime import date, timedelta

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.errors import InvalidValueError, NotFoundError
from registry.exchange import records
from registry.exchange.metering_model import MeteredLine, MeteredTotal, MeterStatement
from registry.exchange.model import Order
from registry.exchange.offer_model import METERED, PriceKind
from registry.exchange.offer_rules import due_in_period
from registry.journal.work import View
from registry.parties import service as parties
from registry.values.identifiers import DatasetId, OrderId, VersionId

PERIOD_DAYS_MAX = 366


def metered(view: View, order: Order, first: date, last: date) -> MeterStatement:
    """Return what an order is charged with in a period; for use cases of orders, which know who may ask.

    Raises:
        InvalidValueError: The period ends before it begins, or is longer than a year.
    """
    if not timedelta() <= last - first < timedelta(days=PERIOD_DAYS_MAX):
        raise InvalidValueError("metering_period", first=first.isoformat(), last=last.isoformat(), most=PERIOD_DAYS_MAX)
    listing = records.listing_of(view.connection, order.listing)
    if listing is None:
        raise NotFoundError("listing_not_found", id=order.listing)
    kind, unit_size = listing.conditions.price_kind, listing.conditions.unit_size
    lines = records.charged(view.connection, order.id, order.buyer, first, last)
    if kind not in METERED or unit_size is None:
        return MeterStatement(order.id, first, last, kind, lines, None, None, None)
    earlier = records.charged(view.connection, order.id, order.buyer, None, first - timedelta(days=1))
    before, used = (sum(_counted(kind, each) for each in part) for part in (earlier, lines))
    due = due_in_period(listing.unit_price, unit_size, before, used, order.net)
    return MeterStatement(order.id, first, last, kind, lines, before, used, due)


def _counted(kind: PriceKind, line: MeteredLine) -> int:
    """Return what a price counts of a line."""
    return line.sent_bytes if kind is PriceKind.BY_VOLUME else line.reads


def statement(view: View, order_id: OrderId, first: date, last: date) -> MeterStatement:
    """Return what an order is charged with in a period, to its sides and the offices concerned.

    Raises NotFoundError, InvalidValueError.
    """
    found = records.order_of(view.connection, order_id)
    if found is None:
        raise NotFoundError("order_not_found", id=order_id)
    sides = frozenset({found.buyer, found.seller})
    asked = Resource(sides, parties.concerned_office(view, sides), dataset=found.dataset, subject=found.id)
    require_visible(view.actor, Action.READ_ORDER, asked, "order")
    return metered(view, found, first, last)


def totals(
    view: View, dataset: DatasetId | None, after: tuple[date, str, VersionId, str] | None, limit: int
) -> list[MeteredTotal]:
    """Return what was read by month, party, version and door, as far as the actor may know it."""
    require(view.actor, Action.READ_ORDER)
    reader = view.actor.firm or view.actor.authority
    return records.totals_page(view.connection, reader, dataset, after, limit) if reader else []
