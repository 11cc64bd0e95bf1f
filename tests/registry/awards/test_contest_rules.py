"""Contests of novelty from values alone: who may be told, who may decide, what a decision says of a lineage."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.awards import contest_rules as rules
from registry.awards.contest_model import (
    EVIDENCE_MAX,
    Contest,
    ContestEvidence,
    ContestGround,
    ContestState,
    DecideContest,
    FileContestEvidence,
    Side,
)
from registry.awards.model import ActKind, CaseState
from registry.catalog.novelty_model import NoveltyDecision, NoveltyOutcome, lost_by
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.values.digest import Digest
from registry.values.identifiers import (
    AccountId,
    AuthorityId,
    ContestId,
    DatasetId,
    EvidenceId,
    FirmId,
    VersionId,
)
from registry.values.moment import Moment
from tests.registry.awards.test_waiting import a_case, done

NOW = Moment.of_text("2026-03-02T02:00:00Z")
UNTIL = NOW.plus(timedelta(days=21))
DAY = date(2025, 11, 3)
OWN = Side(FirmId.new(), DatasetId.new(), VersionId.new(), "own/data")
OTHER = Side(FirmId.new(), DatasetId.new(), VersionId.new(), "other/data@v1")
CONTEST = Contest(
    id=ContestId.new(),
    authority=AuthorityId.new(),
    contester=OWN,
    respondent=OTHER,
    ground=ContestGround.NEAR_DUPLICATE,
    statement="We were first.",
    state=ContestState.OPEN,
    opened_at=NOW,
    opened_by=AccountId.new(),
    evidence_until=UNTIL,
)
JUST_BEFORE = UNTIL.plus(timedelta(microseconds=-1))


def a_filing(day: date = DAY) -> FileContestEvidence:
    return FileContestEvidence(CONTEST.id, EvidenceId.new(), day, "a log")


def a_decision(outcome: NoveltyOutcome) -> NoveltyDecision:
    return NoveltyDecision(
        contest=CONTEST.id,
        authority=CONTEST.authority,
        year=2026,
        number=1,
        outcome=outcome,
        contester=OWN.dataset,
        contester_version=OWN.version,
        respondent=OTHER.dataset,
        respondent_version=OTHER.version,
        place="somewhere",
        day=None if outcome is NoveltyOutcome.INDEPENDENT else DAY,
        reason="As the logs show.",
        decided_by=AccountId.new(),
        decided_at=NOW,
    )


def filed(firm: FirmId, number: int) -> ContestEvidence:
    return ContestEvidence(
        CONTEST.id, number, firm, EvidenceId.new(), Digest.of(b"x"), "x", DAY, "a log", False, "", NOW, AccountId.new()
    )


@pytest.mark.parametrize(
    ("same", "refused", "overlaps", "ground"),
    [
        (True, True, True, ContestGround.SAME_CONTENT),
        (False, True, True, ContestGround.NEAR_DUPLICATE),
        (False, False, True, ContestGround.OVERLAP),
        (False, False, False, None),
    ],
)
def test_only_what_the_screen_found_in_the_other_is_contested(
    same: bool, refused: bool, overlaps: bool, ground: ContestGround | None
) -> None:
    def here(found: bool) -> list[VersionId]:
        return [OTHER.version] if found else [VersionId.new()]

    found = rules.ground_of(OTHER.version, same_content=same, refused_beside=here(refused), overlaps=here(overlaps))
    assert found is ground


def test_evidence_is_filed_by_the_sides_to_the_last_instant_of_the_term() -> None:
    rules.require_filing(CONTEST, OWN.firm, a_filing(), JUST_BEFORE)
    rules.require_filing(CONTEST, OTHER.firm, a_filing(NOW.civil_day()), NOW)
    with pytest.raises(NotFoundError, match="contest_not_found"):
        rules.require_filing(CONTEST, FirmId.new(), a_filing(), NOW)
    with pytest.raises(RuleError, match="contest_evidence_closed"):
        rules.require_filing(CONTEST, OWN.firm, a_filing(), UNTIL)
    with pytest.raises(RuleError, match="contest_evidence_of_future"):
        rules.require_filing(CONTEST, OWN.firm, a_filing(NOW.civil_day() + timedelta(days=1)), NOW)
    with pytest.raises(ConflictError, match="contest_not_open"):
        rules.require_filing(replace(CONTEST, state=ContestState.DECIDED), OWN.firm, a_filing(), NOW)


def test_each_side_files_so_much_and_no_more() -> None:
    own = tuple(filed(OWN.firm, number) for number in range(1, EVIDENCE_MAX))
    rules.require_filing(replace(CONTEST, evidence=own), OWN.firm, a_filing(), NOW)
    full = replace(CONTEST, evidence=(*own, filed(OWN.firm, EVIDENCE_MAX)))
    rules.require_filing(full, OTHER.firm, a_filing(), NOW)
    with pytest.raises(ConflictError, match="contest_evidence_enough"):
        rules.require_filing(full, OWN.firm, a_filing(), NOW)


def test_whoever_was_drawn_decides_once_the_evidence_is_in() -> None:
    officer = AccountId.new()
    command = DecideContest(CONTEST.id, NoveltyOutcome.STAYS, "As published.")
    rules.require_decision(CONTEST, officer, officer, command, UNTIL)
    with pytest.raises(RuleError, match="contest_evidence_open"):
        rules.require_decision(CONTEST, officer, officer, command, JUST_BEFORE)
    for drawn in (None, AccountId.new()):
        with pytest.raises(NotAllowedError, match="contest_reviewer_not_drawn"):
            rules.require_decision(CONTEST, officer, drawn, command, UNTIL)
    ahead = DecideContest(CONTEST.id, NoveltyOutcome.MOVES, "x", UNTIL.civil_day() + timedelta(days=1))
    with pytest.raises(RuleError, match="contest_evidence_of_future"):
        rules.require_decision(CONTEST, officer, officer, ahead, UNTIL)


@pytest.mark.parametrize("outcome", NoveltyOutcome)
def test_a_decision_rests_on_a_day_where_somebody_else_was_first(outcome: NoveltyOutcome) -> None:
    dated = outcome in {NoveltyOutcome.MOVES, NoveltyOutcome.EARLIER}
    DecideContest(CONTEST.id, outcome, "x", DAY if dated else None, "a portal")
    with pytest.raises(InvalidValueError, match="contest_day_wrong"):
        DecideContest(CONTEST.id, outcome, "x", None if dated else DAY, "a portal")


def test_a_secret_has_a_summary_for_the_other_side() -> None:
    with pytest.raises(InvalidValueError, match="text_missing"):
        FileContestEvidence(CONTEST.id, EvidenceId.new(), DAY, "a contract", confidential=True)


def test_nobody_decides_who_did_anything_in_a_case_or_was_drawn_for_one() -> None:
    reviewer, drawn = AccountId.new(), AccountId.new()
    recused, registrar = AccountId.new(), AccountId.new()
    case = done(a_case(), ActKind.OBJECTED, reviewer, reason="x")
    case = done(case, ActKind.RECUSED, registrar, officer=str(recused), voids=[])
    assert rules.barred([case], [drawn]) == {case.applied_by, reviewer, registrar, recused, drawn}


LOSERS = {
    NoveltyOutcome.STAYS: {OWN.dataset},
    NoveltyOutcome.MOVES: {OTHER.dataset},
    NoveltyOutcome.INDEPENDENT: set(),
    NoveltyOutcome.EARLIER: {OWN.dataset, OTHER.dataset},
}


@pytest.mark.parametrize("outcome", NoveltyOutcome)
def test_who_lost_is_not_first_and_who_did_not_repeats_nothing(outcome: NoveltyOutcome) -> None:
    made = a_decision(outcome)
    for side in (OWN, OTHER):
        lost = lost_by((made,), side.dataset)
        assert lost == ((DAY, "somewhere") if side.dataset in LOSERS[outcome] else None)
    assert lost_by((made,), DatasetId.new()) is None
    opened = outcome in {NoveltyOutcome.MOVES, NoveltyOutcome.INDEPENDENT}
    assert made.clears(OWN.dataset) == (OTHER.dataset if opened else None)
    assert made.clears(OTHER.dataset) == (OWN.dataset if outcome is NoveltyOutcome.INDEPENDENT else None)


@given(st.lists(st.dates(date(2020, 1, 1), date(2026, 1, 1)), min_size=1, max_size=5))
def test_the_earliest_loss_counts(days: list[date]) -> None:
    made = tuple(replace(a_decision(NoveltyOutcome.EARLIER), day=day) for day in days)
    assert lost_by(made, OWN.dataset) == (min(days), "somewhere")


def test_a_case_ends_by_a_decision_unless_an_instruction_is_out_or_it_ended() -> None:
    case = a_case()
    (lineage,) = rules.lineages_of(case)
    lost = replace(a_decision(NoveltyOutcome.MOVES), respondent=lineage)
    ended = {state for state in CaseState if rules.ends(replace(case, state=state), lost)}
    assert ended == {CaseState.APPLIED, CaseState.CORRECTING, CaseState.REVIEWED, CaseState.RETURNED}
    assert not rules.ends(case, replace(lost, outcome=NoveltyOutcome.INDEPENDENT))
    assert not rules.ends(case, replace(lost, respondent=DatasetId.new()))


def test_an_open_contest_holds_and_an_ended_one_does_not() -> None:
    ended = [replace(CONTEST, state=state) for state in ContestState if state is not ContestState.OPEN]
    assert rules.obstacles(ended) == ()
    (held,) = rules.obstacles([CONTEST, *ended])
    assert (held.code, held.parameters) == ("novelty_contested", {"contest": CONTEST.id})
