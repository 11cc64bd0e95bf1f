"""Use cases of disputes: open, propose, settle, withdraw, decide. What is said stands beside, never in the journal."""

from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.errors import ConflictError, NotFoundError
from registry.exchange import dispute_rules as rules
from registry.exchange import records
from registry.exchange.asking import disputes, lock_order_within, order, order_event, order_to_change, payments, refunds
from registry.exchange.dispute_model import (
    DecideDispute,
    Dispute,
    DisputeRemedy,
    DisputeState,
    OpenDispute,
    Outcome,
    Proposal,
    ProposeRemedy,
)
from registry.exchange.invoicing import closed_if_complete
from registry.exchange.model import Order
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.parties import service as parties
from registry.policy import service as policy
from registry.values.identifiers import DisputeId, FirmId
from registry.values.money import ZERO


def open_dispute(work: Work, command: OpenDispute) -> Dispute:
    """Dispute, as the buyer, what an order delivered.

    Raises:
        NotAllowedError, NotFoundError: The actor does not buy by this order.
        ConflictError, RuleError: As ``dispute_rules.require_disputable``.
    """
    found = order_to_change(work, command.order, Action.CONFIRM_DELIVERY, buyer=True)
    rules.require_disputable(found, disputes(work, found.id), refunds(work, found.id), work.now)
    made = Dispute(DisputeId.new(), found.id, command.reason.strip(), command.evidence, DisputeState.OPEN, work.now)
    records.add_dispute(work.connection, made)
    work.journal(
        "exchange.dispute_opened", made.id, order=str(found.id), evidence=[str(each) for each in made.evidence]
    )
    announce(work, order_event(Topic.ORDER_CHANGED, found, step="dispute_opened"))
    return made


def propose_remedy(work: Work, command: ProposeRemedy) -> Dispute:
    """Offer, as the seller, what may settle a dispute; a newer offer takes the place of the one before.

    Raises:
        NotAllowedError, NotFoundError: The actor does not sell by this order.
        ConflictError: The dispute has ended.
        RuleError: A refund that cannot be.
    """
    found, before = _for_side(work, command.dispute, Action.ACCEPT_ORDER, seller=True)
    rules.require_dispute_move(before, DisputeState.SETTLED)
    rules.require_remedy(command.remedy, command.refund, payments(work, found.id), refunds(work, found.id))
    made = replace(before, proposal=Proposal(command.remedy, command.refund, command.text.strip(), work.now))
    records.save_dispute(work.connection, made)
    work.journal("exchange.remedy_proposed", made.id, remedy=command.remedy.value)
    announce(work, order_event(Topic.ORDER_CHANGED, found, step="remedy_proposed"))
    return made


def settle_dispute(work: Work, dispute: DisputeId) -> Dispute:
    """Agree, as the buyer, to what the seller proposed last.

    Raises:
        NotAllowedError, NotFoundError: The actor does not buy by this order.
        ConflictError: The dispute has ended, or nothing was proposed.
    """
    found, before = _for_side(work, dispute, Action.CONFIRM_DELIVERY, buyer=True)
    offer = rules.require_proposal(before)
    outcome = Outcome(offer.remedy, offer.refund, offer.text, work.now, work.actor.account)
    return _ended(work, found, before, DisputeState.SETTLED, outcome)


def withdraw_dispute(work: Work, dispute: DisputeId) -> Dispute:
    """Take a dispute back, as the buyer. Raises NotAllowedError, NotFoundError, ConflictError (it has ended)."""
    found, before = _for_side(work, dispute, Action.CONFIRM_DELIVERY, buyer=True)
    rules.require_dispute_move(before, DisputeState.WITHDRAWN)
    outcome = Outcome(DisputeRemedy.NOTHING, ZERO, "", work.now, work.actor.account)
    return _ended(work, found, before, DisputeState.WITHDRAWN, outcome)


def decide_dispute(work: Work, command: DecideDispute) -> Dispute:
    """Decide a dispute, as an officer of an authority concerned, in a numbered document.

    Who is tied to a side is for the caller.

    Raises:
        NotAllowedError, NotFoundError: The actor signs nothing, or its authority is concerned with neither side.
        ConflictError: The dispute has ended, or the authority used the number before.
        RuleError: A refund that cannot be.
    """
    require(work.actor, Action.SIGN_CASE)
    seen = dispute_seen(work, command.dispute)
    sides = sides_of(order(work, seen.order))
    concerned = Resource(sides, parties.concerned_office(work, sides), subject=seen.id)
    require_visible(work.actor, Action.SIGN_CASE, concerned, "dispute")
    found = lock_order_within(work, seen.order)
    before = dispute_seen(work, command.dispute)
    rules.require_dispute_move(before, DisputeState.DECIDED)
    rules.require_remedy(command.remedy, command.refund, payments(work, found.id), refunds(work, found.id))
    office, number = policy.office_of(work.actor), command.number.strip()
    if not records.take_decision_number(work.connection, office, number):
        raise ConflictError("dispute_number_known", number=number)
    text = command.reasons.strip()
    outcome = Outcome(command.remedy, command.refund, text, work.now, work.actor.account, number, office)
    return _ended(work, found, before, DisputeState.DECIDED, outcome)


def dispute_seen(view: View, dispute: DisputeId) -> Dispute:
    """Return a dispute for a room above. Raises NotFoundError."""
    if found := records.dispute_of(view.connection, dispute):
        return found
    raise NotFoundError("dispute_not_found", id=dispute)


def sides_of(found: Order) -> frozenset[FirmId]:
    """Return the two firms of an order."""
    return frozenset({found.buyer, found.seller})


def _for_side(
    work: Work, dispute: DisputeId, action: Action, *, buyer: bool = False, seller: bool = False
) -> tuple[Order, Dispute]:
    """Return an order, locked, and a dispute over it, for what one of its sides may do."""
    seen = dispute_seen(work, dispute)
    require_visible(work.actor, action, Resource(sides_of(order(work, seen.order)), subject=seen.id), "dispute")
    found = order_to_change(work, seen.order, action, buyer=buyer, seller=seller)
    return found, dispute_seen(work, dispute)


def _ended(work: Work, found: Order, before: Dispute, to: DisputeState, outcome: Outcome) -> Dispute:
    made = replace(before, state=to, outcome=outcome)
    records.save_dispute(work.connection, made)
    after = closed_if_complete(work, found)
    work.journal(
        "exchange.dispute_ended",
        made.id,
        order=str(found.id),
        state=to.value,
        remedy=outcome.remedy.value,
        number=outcome.number,
        order_state=after.state.value,
    )
    announce(work, order_event(Topic.ORDER_CHANGED, after, step=f"dispute_{to.value}"))
    return made
