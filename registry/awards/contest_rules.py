"""When a contest may be opened, filed in and decided, who decides, and what a decision does to a case.

Rules:
* A firm contests that a version or draft of its own is not new beside a version of another firm, whose content the
  screen found in it; nobody stops the award of a firm whose data has nothing to do with its own. After an award on it
  was refused the term runs from the decision. A screen and a check say anew each time what they found: they start none.
* Two datasets have one open contest at a time, and are decided on once; against a decision stand the remedies of every
  decision (RULINGS 34). Whoever withdrew a contest does not open it again.
* Evidence is filed by the two sides until the term ends, of days that have passed, never afterwards.
* Nobody decides who did anything in a case of either lineage, or was drawn for one, or is tied to a firm of them
  (RULINGS 32). It is decided once the term for evidence has ended.
* By a decision the cases of whoever lost end, if they may still lead to a payment and no instruction is out; one that
  is out is settled with the bank first. Paid ones are looked at again. The others go on.
"""

from collections.abc import Iterable

from registry.awards.contest_model import (
    EVIDENCE_MAX,
    Contest,
    ContestGround,
    ContestState,
    DecideContest,
    FileContestEvidence,
)
from registry.awards.model import CASE_MOVES, Case, CaseState
from registry.awards.recusal import recused_from
from registry.catalog.novelty_model import NoveltyDecision
from registry.errors import ConflictError, NotAllowedError, NotFoundError, Obstacle, RuleError
from registry.offices.model import Bench
from registry.offices.rules import is_absent, ties
from registry.values.identifiers import AccountId, DatasetId, FirmId, VersionId
from registry.values.moment import Moment


def ground_of(
    by: VersionId, *, same_content: bool, refused_beside: Iterable[VersionId], overlaps: Iterable[VersionId]
) -> ContestGround | None:
    """Return by what a firm was told that its data is not new beside version ``by``, the strongest first; or None."""
    if same_content:
        return ContestGround.SAME_CONTENT
    if by in set(refused_beside):
        return ContestGround.NEAR_DUPLICATE
    return ContestGround.OVERLAP if by in set(overlaps) else None


def refused_at(cases: Iterable[Case]) -> Moment | None:
    """Return when an award on a lineage was last refused, or None where none was."""
    return max((case.refusal.decided_at for case in cases if case.refusal), default=None)


def require_open(contest: Contest) -> None:
    """Raise ConflictError unless a contest is open."""
    if contest.state is not ContestState.OPEN:
        raise ConflictError("contest_not_open", id=contest.id, state=contest.state.value)


def require_filing(contest: Contest, firm: FirmId | None, command: FileContestEvidence, now: Moment) -> None:
    """Raise unless a firm may file this now.

    Raises:
        NotFoundError: The firm is no side of it.
        ConflictError: It is not open, or the side has filed as much as may be.
        RuleError: The term has ended, or the day is yet to come.
    """
    if firm not in contest.firms:
        raise NotFoundError("contest_not_found", id=contest.id)
    require_open(contest)
    if now >= contest.evidence_until:
        raise RuleError("contest_evidence_closed", (), id=contest.id, until=str(contest.evidence_until))
    if command.claimed_on > now.civil_day():
        raise RuleError("contest_evidence_of_future", (), claimed_on=command.claimed_on.isoformat())
    if sum(each.firm == firm for each in contest.evidence) >= EVIDENCE_MAX:
        raise ConflictError("contest_evidence_enough", id=contest.id, most=EVIDENCE_MAX)


def barred(cases: Iterable[Case], drawn: Iterable[AccountId]) -> frozenset[AccountId]:
    """Return who may not decide: who applied for a case of either lineage, acted in one, was drawn or recused."""
    found = set(drawn)
    for case in cases:
        found |= {case.applied_by} | {act.account for act in case.acts} | recused_from(case)
    return frozenset(found)


def may_decide(bench: Bench, officer: AccountId, firms: Iterable[FirmId], now: Moment) -> bool:
    """Say whether the reviewer who was drawn is there, is a reviewer still and has no tie."""
    found = bench.officer(officer)
    return (
        found is not None and not is_absent(bench.absences, officer, now) and not ties(bench.interests, officer, firms)
    )


def require_decision(
    contest: Contest, officer: AccountId, drawn: AccountId | None, command: DecideContest, now: Moment
) -> None:
    """Raise unless ``officer`` may decide a contest now.

    Raises:
        ConflictError: It is not open.
        NotAllowedError: Another reviewer was drawn, or none.
        RuleError: Evidence may still be filed, or the day it rests on is yet to come.
    """
    require_open(contest)
    if drawn != officer:
        raise NotAllowedError("contest_reviewer_not_drawn", id=contest.id)
    if now < contest.evidence_until:
        raise RuleError("contest_evidence_open", (), id=contest.id, until=str(contest.evidence_until))
    if command.day is not None and command.day > now.civil_day():
        raise RuleError("contest_evidence_of_future", (), claimed_on=command.day.isoformat())


def ends(case: Case, decision: NoveltyDecision) -> bool:
    """Say whether a decision ends a case now: its lineage lost, and nothing is on its way to the bank."""
    return bool(lineages_of(case) & decision.losers) and CaseState.REFUSED in CASE_MOVES[case.state]


def lineages_of(case: Case) -> frozenset[DatasetId]:
    """Return the datasets a case pays for."""
    return frozenset(line.subject for line in case.lines if isinstance(line.subject, DatasetId))


def obstacles(contests: Iterable[Contest]) -> tuple[Obstacle, ...]:
    """Return what keeps a case from going on: the contests on its lineage that are open."""
    return tuple(
        Obstacle("novelty_contested", "RULINGS 8", parameters={"contest": each.id}, evidence=("decision",))
        for each in contests
        if each.state is ContestState.OPEN
    )
