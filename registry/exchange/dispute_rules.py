"""When a buyer may dispute what was delivered, what settles it, and what waits meanwhile.

Rules:
* The buyer opens within the window, counted in days from the day after the delivery, through the end of the last day;
  one dispute at a time, and none while a refund that ended an earlier one has yet to arrive: one refund settles one
  dispute. The window is data (``step_terms.toml``).
* The seller proposes a refund or another delivery, as often as it likes; the buyer agrees to the newest proposal, or
  withdraws, or an officer of an authority concerned decides in a numbered document.
* A refund that is agreed or decided is of at least one fen and of no more than was paid and did not go back yet.
* While a dispute is open, and until a refund that ended it has arrived, the order is not invoiced further, not closed,
  and nothing is redeemed or paid on it from public money.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from registry.errors import ConflictError, Obstacle, Parameter, RuleError
from registry.exchange.billing import paid_in_all, refunded
from registry.exchange.dispute_model import DISPUTE_MOVES, Dispute, DisputeRemedy, DisputeState, Proposal
from registry.exchange.model import Order, OrderState, Payment, Refund, RefundState
from registry.exchange.step_terms import step_terms
from registry.values.moment import Moment
from registry.values.money import ZERO, Money

_DISPUTABLE = frozenset({OrderState.DELIVERED, OrderState.CLOSED})


def window_ends(order: Order) -> Moment | None:
    """Return the first instant at which a dispute comes too late; None before the delivery."""
    if order.delivered_at is None:
        return None
    last = order.delivered_at.civil_day() + timedelta(days=step_terms().dispute_days)
    return Moment.start_of(last + timedelta(days=1))


def require_disputable(order: Order, earlier: Iterable[Dispute], refunds: Collection[Refund], now: Moment) -> None:
    """Raise unless the buyer may open a dispute now.

    Raises:
        ConflictError: Nothing was delivered, the order has ended, a dispute is open, or the refund that ended one has
            not arrived.
        RuleError: The window is over (``dispute_window_over``).
    """
    if order.state not in _DISPUTABLE:
        raise ConflictError("order_not_disputable", id=order.id, state=order.state.value)
    for each in earlier:
        if each.state is DisputeState.OPEN:
            raise ConflictError("dispute_open_already", id=each.id)
        if due := refund_due(each, refunds):
            raise ConflictError("dispute_refund_awaited", id=each.id, due=str(due))
    ends = window_ends(order)
    if ends is None or now >= ends:
        parameters: dict[str, Parameter] = {"until": str(ends or "—"), "days": step_terms().dispute_days}
        raise RuleError("dispute_refused", (Obstacle("dispute_window_over", "RULINGS 37", parameters=parameters),))


def require_dispute_move(dispute: Dispute, to: DisputeState) -> None:
    """Raise ConflictError unless the dispute may go to ``to`` now."""
    if to not in DISPUTE_MOVES[dispute.state]:
        raise ConflictError("dispute_ended", id=dispute.id, state=dispute.state.value)


def require_proposal(dispute: Dispute) -> Proposal:
    """Return the newest proposal. Raises ConflictError when the dispute has ended or nothing was proposed."""
    require_dispute_move(dispute, DisputeState.SETTLED)
    if dispute.proposal is None:
        raise ConflictError("dispute_without_proposal", id=dispute.id)
    return dispute.proposal


def require_remedy(
    remedy: DisputeRemedy, refund: Money, payments: Sequence[Payment], refunds: Sequence[Refund]
) -> None:
    """Raise RuleError unless a refund names what can go back, and nothing else names an amount."""
    left = paid_in_all(payments).less(refunded(refunds))
    fits = ZERO < refund <= left if remedy is DisputeRemedy.REFUND else not refund
    if not fits:
        parameters = {"remedy": remedy.value, "refund": str(refund), "left": str(left)}
        raise RuleError("dispute_refused", (Obstacle("dispute_refund_wrong", "RULINGS 13", parameters=parameters),))


def refund_due(dispute: Dispute, refunds: Iterable[Refund]) -> Money:
    """Return what of the refund that ended a dispute has not arrived yet."""
    if dispute.outcome is None or dispute.outcome.remedy is not DisputeRemedy.REFUND:
        return ZERO
    arrived = (
        each.amount for each in refunds if each.state is RefundState.CONFIRMED and each.recorded_at >= dispute.opened_at
    )
    return dispute.outcome.refund.less(sum(arrived, ZERO))


def holds(dispute: Dispute, refunds: Iterable[Refund]) -> bool:
    """Say whether what hangs on the order waits for this dispute."""
    return dispute.state is DisputeState.OPEN or bool(refund_due(dispute, refunds))
