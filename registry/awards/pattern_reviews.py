"""What a reviewer sees of the patterns at a voucher, and decides of a finding (POLICY §5).

Rules:
* Officers of the authority of a voucher see what was found; the firm does not.
* A finding that asks for review is cleared or upheld by a reviewer, by a numbered document with a reason; payment waits
  for that. A later decision on the same finding holds instead; none is changed. Of a finding that blocks, the cause has
  to go; one that is only shown needs no decision.
* An officer who is tied to the firm or away decides nothing (RULINGS 32), and whoever decided does not pay.
"""

from collections.abc import Collection
from dataclasses import dataclass

from registry.actors.model import Action
from registry.actors.rules import require, require_visible
from registry.awards import officers
from registry.awards.acting import account_of
from registry.errors import ConflictError
from registry.journal.work import View, Work
from registry.offices import rules as office_rules
from registry.offices import service as offices
from registry.policy.plain_text import require_text
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, VoucherId
from registry.vouchers import reading
from registry.vouchers.model import Voucher
from registry.vouchers.patterns import deciding, gathering
from registry.vouchers.patterns.model import DecidedFinding, Effect, PatternDecision, PatternOutcome


@dataclass(frozen=True, slots=True)
class DecidePattern:
    """Decide of a finding of a voucher, by its digest."""

    voucher: VoucherId
    digest: Digest
    outcome: PatternOutcome
    number: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse a decision without number or reason. Raises InvalidValueError."""
        require_text(self.number, "number", 100)
        require_text(self.reason, "reason", 2_000)


def pattern_findings(view: View, voucher_id: VoucherId) -> tuple[DecidedFinding, ...]:
    """Return what the patterns find at a voucher, for the officers of its authority.

    Raises NotAllowedError, NotFoundError.
    """
    _seen(view, voucher_id, Action.READ_LEDGER)
    return gathering.findings(view, voucher_id)


def decide_pattern(work: Work, command: DecidePattern) -> tuple[DecidedFinding, ...]:
    """Clear or uphold a finding, and return all of the voucher.

    Raises:
        NotAllowedError: The actor does not review, or is not free to.
        NotFoundError: There is no such voucher at its authority.
        ConflictError: There is no such finding any more, or it blocks or is only shown: there is nothing to decide.
    """
    seen = _seen(work, command.voucher, Action.REVIEW_CASE)
    officer = account_of(work.actor)
    bench = offices.bench_within(work, seen.authority)
    firms = officers.with_groups(work, bench, {seen.id: frozenset({seen.firm})})[seen.id]
    office_rules.require_free(bench, officer, firms, work.now)
    officers.require_undetected(work, seen.authority, firms)
    deciding.lock_within(work, seen.id)
    found = gathering.finding(work, seen.id, str(command.digest))
    if found.effect is not Effect.REVIEW:
        raise ConflictError("pattern_finding_not_decided", pattern=found.code.value, effect=found.effect.value)
    made = PatternDecision(
        found.code,
        found.digest,
        command.outcome,
        command.number.strip(),
        command.reason.strip(),
        officer,
        work.now,
    )
    deciding.decide_within(work, seen.id, made)
    work.journal(
        "awards.pattern_decided",
        seen.id,
        pattern=made.pattern.value,
        finding=str(made.digest),
        outcome=made.outcome.value,
    )
    return gathering.findings(work, seen.id)


def deciders(view: View, vouchers: Collection[VoucherId]) -> frozenset[AccountId]:
    """Return who decided of findings of vouchers: none of them pays."""
    return deciding.deciders(view, vouchers)


def _seen(view: View, voucher_id: VoucherId, action: Action) -> Voucher:
    require(view.actor, action)
    found = reading.voucher_asked(view, voucher_id)
    require_visible(view.actor, action, reading.resource_of(found), "voucher")
    return found
