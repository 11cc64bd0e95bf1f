"""A dispute is decided by an officer who is tied to neither side, nor to a firm of the same group (RULINGS 32)."""

from registry.awards.officers import require_undetected, with_groups
from registry.errors import NotAllowedError
from registry.exchange import service as exchange
from registry.exchange.dispute_model import DecideDispute, Dispute
from registry.journal.work import Work
from registry.offices import rules as offices_rules
from registry.offices import service as offices


def decide_dispute(work: Work, command: DecideDispute) -> Dispute:
    """Decide a dispute in a numbered document.

    Raises as ``exchange.decide_dispute``; NotAllowedError also for an officer who is tied to a side, declared or
    detected, or entered as away.
    """
    made = exchange.decide_dispute(work, command)
    if work.actor.account is None or work.actor.authority is None:
        raise NotAllowedError("unauthenticated")
    sides = exchange.sides_of(exchange.order(work, made.order))
    bench = offices.bench_within(work, work.actor.authority)
    firms = with_groups(work, bench, {made.id: sides})[made.id]
    offices_rules.require_free(bench, work.actor.account, firms, work.now)
    require_undetected(work, work.actor.authority, firms)
    return made
