"""What a void decision on a contest takes with it, and where that leaves a case: from acts alone."""

import pytest

from registry.awards.contest_voiding import state_without, voided_acts
from registry.awards.model import ActKind, Case, CaseState
from registry.catalog.novelty_model import NoveltyDecision, NoveltyOutcome
from registry.values.identifiers import AccountId, AuthorityId, ContestId, DatasetId, VersionId
from tests.registry.awards.test_waiting import REVIEWER, START, a_case, done, fully_signed, reviewed

DECIDER = AccountId.new()
DECISION = NoveltyDecision(
    contest=ContestId.new(),
    authority=AuthorityId.new(),
    year=2026,
    number=3,
    outcome=NoveltyOutcome.MOVES,
    contester=DatasetId.new(),
    contester_version=VersionId.new(),
    respondent=DatasetId.new(),
    respondent_version=VersionId.new(),
    place="",
    day=None,
    reason="",
    decided_by=DECIDER,
    decided_at=START,
)


def redecided(case: Case, number: str = "2026-P0003") -> Case:
    return done(case, ActKind.REDECIDED, DECIDER, contest=DECISION.contest, number=number)


def lost(case: Case) -> Case:
    """Return a case that the decision ended, with its refusal served."""
    content = {"number": "2026-0001", "code": "novelty_contest_lost", "clause": "RULINGS 8", "reason": "x"}
    ended = done(redecided(case), ActKind.REFUSED, DECIDER, CaseState.REFUSED, **content)
    return done(ended, ActKind.REFUSAL_SERVED, REVIEWER.account, served_on="2026-03-05")


def voided(case: Case) -> Case:
    void = voided_acts(case, DECISION)
    content = {"contest": DECISION.contest, "number": "2026-P0003", "ground": "decider_tied", "by": DECISION.contest}
    return done(case, ActKind.CONTEST_VOIDED, REVIEWER.account, state_without(case, void), **content, voids=list(void))


@pytest.mark.parametrize(
    ("before", "state"),
    [(a_case(), CaseState.APPLIED), (fully_signed(reviewed(a_case())), CaseState.REVIEWED)],
    ids=["applied", "signed"],
)
def test_a_case_goes_back_to_where_the_decision_found_it(before: Case, state: CaseState) -> None:
    back = voided(lost(before))
    assert (back.state, back.refusal) == (state, None)
    # What others did holds: nothing is wrong with that.
    assert (back.review, back.signatures) == (before.review, before.signatures)
    # Whoever decided the contest has examined the case, and neither signs nor pays it.
    assert DECIDER in back.assessors


def test_a_case_that_went_on_loses_the_decision_and_nothing_else() -> None:
    on = redecided(reviewed(a_case()))
    back = voided(on)
    assert (back.state, back.review, voided_acts(back, DECISION)) == (CaseState.REVIEWED, on.review, ())


def test_another_decision_and_another_refusal_stand() -> None:
    assert voided_acts(redecided(a_case(), "2026-P0004"), DECISION) == ()
    content = {"number": "2026-0001", "code": "review_not_passed", "clause": "S1 四", "reason": "x"}
    refused = done(redecided(a_case()), ActKind.REFUSED, REVIEWER.account, CaseState.REFUSED, **content)
    back = voided(refused)
    assert (back.state, back.refusal and back.refusal.code) == (CaseState.REFUSED, "review_not_passed")
