"""When a round may still be changed, which round an application goes into, and how its money is divided.

Rules (RULINGS 10, 20, 26):
* A round is published before it opens, and published anew until then; from then on a numbered decision moves its
  closing and nothing else. A round that has closed stays closed.
* Two rounds of one instrument never stand open at once, so that nobody chooses between them.
* Where an office has published rounds of an instrument, applications go into one whose window is open; an instrument
  that is paid by score is applied for in a round only, since its score sheet is published there.
* Money that does not suffice goes by order of acceptance (``first_come``), by score (``ranked``), or in equal parts of
  what is asked (``pro_rata``): floored to the fen, the remainder one fen each in order of acceptance. No case receives
  more than its own amount; all of them together never more than the budget.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.awards.round_model import Round, RoundState
from registry.errors import ConflictError, Finding, Obstacle, RuleError
from registry.policy.allotment import in_proportion
from registry.policy.kinds import ScoredRange, Tier
from registry.policy.model import Allocation, Instrument
from registry.values.identifiers import CaseId, RoundId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money


def require_before_opening(opens_at: Moment, now: Moment) -> None:
    """Raise RuleError unless a round that opens at ``opens_at`` may be published now."""
    if opens_at <= now:
        raise RuleError("round_opens_too_early", (), opens_at=str(opens_at), now=str(now))


def require_revisable(found: Round, now: Moment) -> None:
    """Raise ConflictError once a round has opened."""
    if found.state_at(now) is not RoundState.COMING:
        raise ConflictError("round_has_opened", id=found.id, opens_at=str(found.now.opens_at))


def require_closing(found: Round, closes_at: Moment, now: Moment) -> None:
    """Raise unless the closing of an open round may move to ``closes_at``. Raises ConflictError, RuleError."""
    if found.state_at(now) is not RoundState.OPEN:
        raise ConflictError("round_not_open_now", id=found.id, closes_at=str(found.now.closes_at))
    if closes_at < now or closes_at == found.now.closes_at:
        raise RuleError("round_closing_out_of_range", (), closes_at=str(closes_at), now=str(now))


def require_apart(others: Sequence[Round], own: RoundId | None, opens_at: Moment, closes_at: Moment) -> None:
    """Raise ConflictError when the window of another round of the instrument meets this one."""
    for each in others:
        if each.id != own and each.now.opens_at < closes_at and opens_at < each.now.closes_at:
            raise ConflictError("round_windows_meet", id=each.id)


def require_divisible(found: Round, waiting: int, now: Moment) -> None:
    """Raise ConflictError unless the money of a round may be divided; ``waiting`` cases are not checked yet."""
    if found.now.budget is None:
        raise ConflictError("round_without_budget", id=found.id)
    if found.state_at(now) is not RoundState.CLOSED:
        raise ConflictError("round_takes_applications", id=found.id, closes_at=str(found.now.closes_at))
    if waiting:
        raise ConflictError("round_cases_unchecked", id=found.id, count=waiting)


def needs_round(instrument: Instrument) -> bool:
    """Say whether an instrument is applied for in a round only: its score sheet is published there (RULINGS 10)."""
    return isinstance(instrument.terms, ScoredRange)


def require_sheet(instrument: Instrument, has_sheet: bool, pass_score: int, table: Sequence[Tier]) -> None:
    """Raise RuleError where a score sheet is missing, or would let pass what the table pays nothing for."""
    if not needs_round(instrument):
        return
    if not has_sheet:
        raise RuleError("round_without_score_sheet", (), instrument=instrument.id)
    least = table[0].interval.first if table else 0
    if pass_score < least:
        raise RuleError("round_pass_score_too_low", (), given=pass_score, least=least)


def round_of_application(instrument: Instrument, rounds: Sequence[Round], now: Moment) -> Round | None:
    """Return the round an application of ``now`` goes into; None where rounds are not asked for.

    Raises RuleError: outside every window, naming the next; or a score sheet was never published.
    """
    if not rounds:
        if not needs_round(instrument):
            return None
        kind = instrument.kind.value
        missing = Obstacle("round_not_published", instrument.clause, Finding.UNKNOWN, {"kind": kind}, ("score_sheet",))
        raise RuleError("instrument_needs_round", (missing,), instrument=instrument.id, kind=kind)
    opened = [each for each in rounds if each.state_at(now) is RoundState.OPEN]
    if opened:
        return opened[0]
    coming = sorted(each.now.opens_at for each in rounds if each.state_at(now) is RoundState.COMING)
    if coming:
        raise RuleError("round_opens_later", (), instrument=instrument.id, opens_at=str(coming[0]))
    last = max(each.now.closes_at for each in rounds)
    raise RuleError("round_closed", (), instrument=instrument.id, closed_at=str(last))


# Money.


@dataclass(frozen=True, slots=True)
class Ask:
    """What a case of a round comes to by itself; asks stand in order of acceptance (受理)."""

    case: CaseId
    amount: Money
    score_hundredths: int | None = None


def allotted(asks: Sequence[Ask], budget: Money | None, allocation: Allocation) -> dict[CaseId, Money]:
    """Return what each case receives out of ``budget`` (None: everything it comes to); pure."""
    total = sum((each.amount for each in asks), ZERO)
    if budget is None or total <= budget:
        return {each.case: each.amount for each in asks}
    if allocation is Allocation.PRO_RATA:
        parts = in_proportion([each.amount for each in asks], budget)
        return {each.case: part for each, part in zip(asks, parts, strict=True)}
    served = list(asks)
    if allocation is Allocation.RANKED:
        # Equal scores stand in order of acceptance: the sort is stable.
        served.sort(key=lambda each: -(each.score_hundredths or 0))
    left, found = budget, {}
    for each in served:
        found[each.case] = min(each.amount, left)
        left = left - found[each.case]
    return found
