"""Decisions on findings as they are kept; who may decide is for the room of cases, which knows ties and recusals."""

from collections.abc import Collection

from registry.journal.work import View, Work
from registry.values.identifiers import AccountId, VoucherId
from registry.vouchers import records
from registry.vouchers.patterns.model import PatternDecision


def lock_within(work: Work, voucher: VoucherId) -> None:
    """Lock a voucher, so that what is found of it is decided by one officer at a time."""
    records.lock_vouchers(work.connection, [voucher])


def decide_within(work: Work, voucher: VoucherId, made: PatternDecision) -> None:
    """Keep a decision; the caller has locked the voucher and writes the journal entry."""
    records.add_pattern_decision(work.connection, voucher, made)


def deciders(view: View, vouchers: Collection[VoucherId]) -> frozenset[AccountId]:
    """Return who decided of findings of vouchers."""
    kept = records.pattern_decisions_of(view.connection, vouchers) if vouchers else {}
    return frozenset(each.decided_by for made in kept.values() for each in made)
