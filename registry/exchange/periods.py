"""Use cases of periods: state, accept, object, read the log. What an objection says is never in the journal.

The order is locked first in each of them, so that two statements cannot share a day nor two answers stand.
"""

from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require_visible
from registry.errors import NotFoundError, Obstacle, RuleError
from registry.exchange import period_billing, records
from registry.exchange import period_rules as rules
from registry.exchange.asking import is_metered, order, order_event, order_to_change, periods, readable
from registry.exchange.invoicing import closed_if_complete, providers_of
from registry.exchange.metering import metered
from registry.exchange.model import Invoice, Order, OrderState
from registry.exchange.period_model import AnswerPeriod, OrderPeriod, PeriodState, StatePeriod
from registry.journal.work import View, Work
from registry.manifests import service as manifests
from registry.manifests.uploads import Blob, Evidence
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.values.identifiers import AuthorityId, PeriodId
from registry.values.money import Money


def state_period(work: Work, command: StatePeriod) -> OrderPeriod:
    """State, as the seller, what an order delivered in a period; of a metered order the service says what was used.

    Raises:
        NotAllowedError, NotFoundError: The actor does not sell by this order, or the document is not its own.
        RuleError: As ``period_rules.require_statement``, or the document is not the log (``period_log_differs``).
    """
    found = order_to_change(work, command.order, Action.STATE_PERIOD, seller=True)
    by_meter, earlier = is_metered(work, found), periods(work, found.id)
    rules.require_statement(found, command, earlier, work.now.civil_day(), is_metered=by_meter)
    _require_log(work, command)
    used, due = _used(work, found, command, by_meter=by_meter)
    made = OrderPeriod(
        id=PeriodId.new(),
        order=found.id,
        first=command.first,
        last=command.last,
        used=used,
        due=due,
        log=command.log,
        evidence=command.evidence,
        stated_at=work.now,
    )
    records.add_period(work.connection, made, work.actor.account)
    work.journal(
        "exchange.period_stated",
        made.id,
        order=str(found.id),
        first=made.first.isoformat(),
        last=made.last.isoformat(),
        used=made.used,
        due_fen=made.due.fen,
        log=None if made.log is None else str(made.log),
        evidence=None if made.evidence is None else str(made.evidence),
    )
    announce(work, order_event(Topic.ORDER_CHANGED, found, step="period_stated"))
    return made


def _require_log(work: Work, command: StatePeriod) -> None:
    """Raise unless a document that is named has arrived, is the seller's, and is the log of that digest."""
    if command.evidence is None:
        return
    (document,) = manifests.require_evidence(work, [command.evidence])
    if document.digest != command.log:
        parameters = {"given": str(command.log or "—"), "document": str(document.digest)}
        raise RuleError("period_refused", (Obstacle("period_log_differs", "S1 cl.4", parameters=parameters),))


def _used(work: Work, found: Order, command: StatePeriod, *, by_meter: bool) -> tuple[int, Money]:
    """Return what was used and what it comes to without VAT: as it was stated, or as it was metered."""
    if by_meter:
        read = metered(work, found, command.first, command.last)
        assert read.used is not None  # noqa: S101 -- a metered price counts
        assert read.due is not None  # noqa: S101
        return read.used, read.due
    assert command.used is not None  # noqa: S101 -- the rules refuse a statement without use
    return command.used, rules.due_of(found, command.used)


def answer_period(work: Work, command: AnswerPeriod) -> OrderPeriod:
    """Accept a period as the buyer (验收), or object to it; the last one that was ordered completes the delivery.

    Raises:
        NotAllowedError, NotFoundError: The actor does not buy by this order.
        ConflictError: The period was answered before (``period_answered``).
    """
    seen = _period(work, command.period)
    of_it = order(work, seen.order)
    sides = Resource(frozenset({of_it.buyer, of_it.seller}), dataset=of_it.dataset, subject=seen.id)
    require_visible(work.actor, Action.CONFIRM_DELIVERY, sides, "period")
    found = order_to_change(work, seen.order, Action.CONFIRM_DELIVERY, buyer=True)
    before = _period(work, command.period)
    rules.require_answerable_period(before)
    state = PeriodState.ACCEPTED if command.accepted else PeriodState.OBJECTED
    made = replace(before, state=state, reason=command.reason.strip(), answered_at=work.now)
    records.add_period_answer(work.connection, made, work.actor.account)
    after = _delivered_if_complete(work, found, made)
    work.journal(
        "exchange.period_answered", made.id, order=str(found.id), state=state.value, order_state=after.state.value
    )
    arrived = found.state is OrderState.ACCEPTED and after.state is not OrderState.ACCEPTED
    announce(work, order_event(Topic.ORDER_CHANGED, after, step=f"period_{state.value}"))
    if arrived:
        announce(work, order_event(Topic.ORDER_DELIVERED, after))
    return made


def _delivered_if_complete(work: Work, found: Order, answered: OrderPeriod) -> Order:
    """Complete the delivery with the last accepted period, and close the order if nothing else is open."""
    by_meter, known = is_metered(work, found), periods(work, found.id)
    if answered.state is PeriodState.ACCEPTED and rules.completes(found, known, is_metered=by_meter):
        last = max(each.last for each in known if each.stands)
        found = replace(
            found, state=OrderState.DELIVERED, delivered_at=work.now, usage=f"{found.quantity} ({last.isoformat()})"
        )
        records.save_order(work.connection, found)
    return closed_if_complete(work, found)


def _period(view: View, period: PeriodId) -> OrderPeriod:
    if found := records.period_of_order(view.connection, period):
        return found
    raise NotFoundError("period_not_found", id=period)


def period_log(view: View, period: PeriodId) -> tuple[Evidence, Blob]:
    """Return the usage log of a period as the seller filed it, and where its bytes lie.

    Both sides of the order and the offices concerned read it: the buyer accepts what it comes to.

    Raises NotFoundError: there is no such period for the actor, or no document was filed of it.
    """
    found = _period(view, period)
    require_visible(view.actor, Action.READ_ORDER, readable(view, order(view, found.order)), "period")
    if found.evidence is None:
        raise NotFoundError("period_log_not_filed", id=period)
    return manifests.evidence_within(view, found.evidence)


def claim_obstacles(view: View, found: Order, invoice: Invoice, authority: AuthorityId) -> list[Obstacle]:
    """Return what of an order's periods keeps public money of an authority from resting on an invoice."""
    stated = periods(view, found.id)
    if not stated:
        return []
    known = providers_of(view, found, authority)
    return period_billing.claim_obstacles(found, invoice, stated, known, is_metered=is_metered(view, found))


def billed_periods(view: View, invoice: Invoice) -> tuple[OrderPeriod, ...]:
    """Return the periods an invoice bills, by day."""
    return period_billing.named(periods(view, invoice.order), invoice.periods) if invoice.periods else ()
