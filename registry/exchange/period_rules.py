"""What a period of an order must be, who is asked for one next, and when the last one completes the delivery.

Rules:
* Orders of services (compute, API) have periods, and metered orders of data; data at one price is delivered once.
* A period is what lies within the order of one calendar month in Shanghai: from its first day, or the day the contract
  was signed, to its last day, or the day of the delivery (RULINGS 22). It may end earlier when it makes up the whole
  quantity; the next one in that month begins on the day after it, and days between periods that stand are stated
  first. It does not lie in the future, and a month is stated once it is over.
* Periods the buyer did not object to share no day, and of a fixed price their use is never more than was ordered.
* Use is in whole units with the digest of the usage log (S1 cl.4); of a metered order the service says what was used.
* Periods are stated from the second signature on until the order ends or, of a service, is closed.
* The buyer answers each period once. What it objected to stands no more; the days may be stated anew.
* From its first period on, a service waits for the seller to state each month that is over; days the buyer objected to
  wait to be stated again, whatever is sold.
* The delivery is complete once accepted periods make up the whole quantity, or when the buyer confirms a last receipt.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from registry.errors import ConflictError, Obstacle, Parameter, RuleError
from registry.exchange.model import Order, OrderState, ProductKind
from registry.exchange.period_model import OrderPeriod, PeriodState, StatePeriod, UnstatedDays
from registry.exchange.rules import DATA_KINDS
from registry.values.moment import Moment
from registry.values.money import Money

_ONE_DAY = timedelta(days=1)
_CLAUSE = "RULINGS 22"


def month_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of the calendar month of ``day``."""
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def used_of(periods: Iterable[OrderPeriod]) -> int:
    """Return the use of the periods that stand."""
    return sum(each.used for each in periods if each.stands)


def days_to_state(order: Order, earlier: Sequence[OrderPeriod], day: date, *, is_metered: bool) -> tuple[date, date]:
    """Return the first days of the month of ``day`` that no period has; the last before the first: none is left."""
    first, last = month_of(day)
    if order.signed_at is not None:
        first = max(first, order.signed_at.civil_day())
    if order.delivered_at is not None and not is_metered:
        last = min(last, order.delivered_at.civil_day())
    for each in sorted((each for each in earlier if each.stands), key=lambda each: each.first):
        if each.overlaps(first, last):
            if each.first > first:
                return first, each.first - _ONE_DAY
            first = each.last + _ONE_DAY
    return first, last


# What is stated.


def require_statement(
    order: Order, command: StatePeriod, earlier: Sequence[OrderPeriod], today: date, *, is_metered: bool
) -> None:
    """Raise RuleError listing everything that keeps this from being the next period of the order."""
    found = []
    if order.product_kind in DATA_KINDS and not is_metered:
        found.append(Obstacle("period_of_one_delivery", _CLAUSE))
    # A metered order is read, and billed, after it was closed; of a service nothing is left then.
    if not order.binds or (order.state is OrderState.CLOSED and not is_metered):
        found.append(Obstacle("period_not_to_state", _CLAUSE, parameters={"state": order.state.value}))
    found += _use_obstacles(order, command, earlier, is_metered=is_metered)
    if order.product_kind is ProductKind.COMPUTE and command.log is None:
        found.append(Obstacle("period_without_log", "S1 cl.4", evidence=("usage_log",)))
    clash = next((each for each in earlier if each.stands and each.overlaps(command.first, command.last)), None)
    if clash is not None:
        parameters = {"period": clash.id, "first": str(clash.first), "last": str(clash.last)}
        found.append(Obstacle("period_overlaps", _CLAUSE, parameters=parameters))
    elif order.signed_at is not None:
        found += _day_obstacles(order, command, earlier, today, is_metered=is_metered)
    if found:
        raise RuleError("period_refused", tuple(found))


def _use_obstacles(
    order: Order, command: StatePeriod, earlier: Sequence[OrderPeriod], *, is_metered: bool
) -> list[Obstacle]:
    if is_metered:
        return [] if command.used is None else [Obstacle("period_use_is_metered", _CLAUSE)]
    if command.used is None:
        return [Obstacle("period_without_use", "S1 cl.4", evidence=("usage_log",))]
    left = order.quantity - used_of(earlier)
    if command.used > left:
        over: dict[str, Parameter] = {"used": command.used, "left": left}
        return [Obstacle("period_over_quantity", _CLAUSE, parameters=over)]
    return []


def _day_obstacles(
    order: Order, command: StatePeriod, earlier: Sequence[OrderPeriod], today: date, *, is_metered: bool
) -> list[Obstacle]:
    """Return what is wrong with the days, where no other period has them."""
    first, last = days_to_state(order, earlier, command.first, is_metered=is_metered)
    parameters: dict[str, Parameter] = {"first": str(command.first), "last": str(command.last)}
    if last < first:
        return [Obstacle("period_outside_order", _CLAUSE, parameters=parameters)]
    whole = not is_metered and used_of(earlier) + (command.used or 0) == order.quantity
    delivered = order.delivered_at is not None and order.delivered_at.civil_day() == command.last
    ends = command.last == last or (whole and first <= command.last < last)
    if command.first != first or not ends:
        wanted: dict[str, Parameter] = {"wanted_first": str(first), "wanted_last": str(last)}
        return [Obstacle("period_not_whole_month", _CLAUSE, parameters=parameters | wanted)]
    over = command.last <= today if whole or delivered else command.last < today
    return [] if over else [Obstacle("period_in_future", _CLAUSE, parameters=parameters | {"today": str(today)})]


def due_of(order: Order, used: int) -> Money:
    """Return what ``used`` units of an order at a fixed price come to without VAT.

    The price of an order is quantity times unit price, so this divides without a rest.
    """
    return Money(order.net.fen * used // order.quantity)


# What the buyer says.


def require_answerable_period(period: OrderPeriod) -> None:
    """Raise ConflictError unless the buyer has yet to answer."""
    if period.state is not PeriodState.STATED:
        raise ConflictError("period_answered", id=period.id, state=period.state.value)


def completes(order: Order, periods: Iterable[OrderPeriod], *, is_metered: bool) -> bool:
    """Say whether accepted periods make up the whole quantity of an order that is not delivered yet."""
    if is_metered or order.state is not OrderState.ACCEPTED:
        return False
    return used_of(each for each in periods if each.state is PeriodState.ACCEPTED) == order.quantity


# What is waited for.


def unstated(
    order: Order, periods: Sequence[OrderPeriod], today: date, *, is_metered: bool
) -> tuple[UnstatedDays, ...]:
    """Return the days that wait for the seller to state them, the first ones first."""
    if not order.binds:
        return ()
    found = {}
    for each in periods:
        anew = not any(other.stands and other.overlaps(each.first, each.last) for other in periods)
        if not each.stands and anew and each.answered_at is not None:
            found[each.first] = UnstatedDays(each.first, each.last, each.answered_at)
    if periods and not is_metered and used_of(periods) < order.quantity:
        for first, last in _months_over(order, periods, today):
            found.setdefault(first, UnstatedDays(first, last, Moment.start_of(last + _ONE_DAY)))
    return tuple(found[first] for first in sorted(found))


def _months_over(order: Order, periods: Sequence[OrderPeriod], today: date) -> Iterator[tuple[date, date]]:
    """Yield the days that no period has, of every month that is over, from that of the first period on."""
    day = month_of(min(each.first for each in periods))[0]
    while day < today:
        first, last = days_to_state(order, periods, day, is_metered=False)
        if first <= last < today:
            yield first, last
        day = month_of(day)[1] + _ONE_DAY
