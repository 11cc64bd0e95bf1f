"""The notice, line by line: when it ends, what restarts it, what an objection holds and when it is late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.actors.model import Role
from registry.awards import lines, recusal, rules
from registry.awards.history import with_acts
from registry.awards.model import ActKind, CaseState, Outcome
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.values.identifiers import AccountId, CaseId
from tests.registry.awards.line_builders import (
    OFFICERS,
    RANKS,
    after,
    changed,
    missing,
    noticed,
    objected,
    ready,
    shanghai,
    signed,
)

POSTED = "2026-03-02T10:00:00"
LAST_SECOND, END = shanghai("2026-03-09T23:59:59"), shanghai("2026-03-10T00:00:00")
REVIEWER = OFFICERS[Role.REVIEWER]


@pytest.mark.parametrize(
    ("posted", "still_runs", "over"),
    [
        (POSTED, ("2026-03-09T10:00:00", "2026-03-09T23:59:59"), "2026-03-10T00:00:00"),
        ("2026-03-02T00:00:00", ("2026-03-09T00:00:00", "2026-03-09T23:59:59"), "2026-03-10T00:00:00"),
        # The seventh day is 1 May: offices rest until the 5th.
        ("2026-04-24T10:00:00", ("2026-05-02T00:00:00", "2026-05-06T23:59:59"), "2026-05-07T00:00:00"),
    ],
)
def test_a_notice_runs_to_the_end_of_its_last_day(posted: str, still_runs: tuple[str, ...], over: str) -> None:
    case = ready(2, posted)
    for instant in still_runs:
        assert missing(case, shanghai(instant)) == {"notice_still_runs"}
    assert missing(case, shanghai(over)) == set()


def test_a_line_edited_on_the_sixth_day_is_noticed_and_signed_anew_and_the_others_go_on() -> None:
    case = changed(ready(3, POSTED), 2, 90, shanghai("2026-03-08T12:00:00"))
    assert missing(case, END, 1, 3) == set()
    assert missing(case, END, 2) == missing(case, END) == {"notice_of_other_lines", "signatures_missing"}
    assert [line.number for line in rules.require_notice(case, END)] == [2]
    again = signed(noticed(case, shanghai("2026-03-09T09:00:00")), shanghai("2026-03-09T09:00:00"))
    assert missing(again, END, 1, 3) == set()
    assert missing(again, END) == missing(again, END, 2) == {"notice_still_runs"}
    assert missing(again, shanghai("2026-03-17T00:00:00")) == set()
    with pytest.raises(ConflictError, match="notice_posted_already"):
        rules.require_notice(again, END)


def test_a_line_that_changes_and_changes_back_is_noticed_anew() -> None:
    case = ready(2, POSTED)
    back = changed(changed(case, 1, 90, shanghai("2026-03-04T09:00:00")), 1, 100, shanghai("2026-03-05T09:00:00"))
    assert back.lines == case.lines
    assert missing(back, END, 1) == {"notice_of_other_lines"}
    assert missing(back, END, 2) == set()
    same = changed(case, 1, 100, shanghai("2026-03-04T09:00:00"))
    assert missing(same, END) == set()


def test_an_objection_in_the_last_second_is_in_time_and_holds_its_line_alone() -> None:
    case = objected(ready(3, POSTED), LAST_SECOND, 2)
    assert [each.late for each in case.objections] == [False]
    assert lines.held(case) == {2}
    assert missing(case, END, 1, 3) == set()
    assert missing(case, END, 2) == missing(case, END) == {"objection_open"}
    answered = after(case, ActKind.ANSWERED, END, REVIEWER, number=1, outcome="dismissed", answer="x")
    # It did not change, so its days need not run again.
    assert missing(answered, END) == set()


def test_an_objection_at_the_end_is_late_and_waits_for_a_decision() -> None:
    case = objected(ready(2, POSTED), END, 1)
    assert [(each.late, each.hold) for each in case.objections] == [(True, None)]
    assert missing(case, END, 1) == {"objection_open"}
    assert missing(case, END, 2) == set()
    with pytest.raises(ConflictError, match="late_objection_undecided"):
        rules.require_answer(case, 1, Outcome.DISMISSED)
    with pytest.raises(NotAllowedError, match="officer_already_acted"):
        rules.require_late_decision(case, 1, OFFICERS[RANKS[0]])
    rules.require_late_decision(case, 1, REVIEWER)
    goes_on, holds = (
        after(case, ActKind.LATE_DECIDED, END, REVIEWER, number=1, hold=hold, reason="x") for hold in (False, True)
    )
    assert missing(goes_on, END) == set()
    assert missing(holds, END, 1) == {"objection_open"}
    rules.require_answer(holds, 1, Outcome.UPHELD)
    for decided in (goes_on, holds):
        with pytest.raises(ConflictError, match="late_objection_decided"):
            rules.require_late_decision(decided, 1, REVIEWER)
        with pytest.raises(NotAllowedError, match="payer_already_acted"):
            rules.require_payer(decided, REVIEWER)
    in_time = objected(ready(2, POSTED), LAST_SECOND, 1)
    with pytest.raises(ConflictError, match="objection_not_late"):
        rules.require_late_decision(in_time, 1, REVIEWER)


def test_a_decision_of_an_officer_who_is_recused_leaves_the_late_objection_open() -> None:
    another = AccountId.new()
    case = objected(ready(2, POSTED), END, 1)
    decided = after(case, ActKind.LATE_DECIDED, END, another, number=1, hold=False, reason="x")
    assert missing(decided, END) == set()
    void = recusal.voided_by(decided, another)
    recused = after(decided, ActKind.RECUSED, END, another, officer=str(another), declared=True, voids=list(void))
    assert missing(recused, END, 1) == {"objection_open"}
    assert missing(recused, END, 2) == set()


def test_a_late_objection_stops_a_payment_that_is_instructed_and_is_not_upheld_before_the_money_is_back() -> None:
    case = replace(ready(1, POSTED), state=CaseState.INSTRUCTED)
    late = objected(case, END.plus(timedelta(hours=1)))
    assert missing(late, END) == {"objection_open"}
    holds = after(late, ActKind.LATE_DECIDED, END, REVIEWER, number=1, hold=True, reason="x")
    with pytest.raises(ConflictError, match="instruction_is_out"):
        rules.require_answer(holds, 1, Outcome.UPHELD)
    rules.require_answer(holds, 1, Outcome.DISMISSED)
    assert recusal.state_when_returned(holds) is CaseState.REVIEWED
    rules.require_answer(replace(holds, state=CaseState.RETURNED), 1, Outcome.UPHELD)


@pytest.mark.parametrize("state", [CaseState.PAID, CaseState.REFUSED, CaseState.WITHDRAWN, CaseState.APPLIED])
def test_nobody_objects_to_what_is_over_or_was_never_noticed(state: CaseState) -> None:
    with pytest.raises(RuleError, match="notice_not_running"):
        objected(replace(ready(1, POSTED), state=state), LAST_SECOND)


def test_an_objection_names_lines_that_stand_in_the_case() -> None:
    case = ready(2, POSTED)
    with pytest.raises(RuleError, match="objection_names_no_line"):
        objected(case, LAST_SECOND)
    with pytest.raises(NotFoundError, match="line_not_found"):
        objected(case, LAST_SECOND, 3)
    assert objected(ready(1, POSTED), LAST_SECOND).objections[0].lines == (1,)
    not_noticed = changed(case, 2, 90, shanghai("2026-03-04T09:00:00"))
    with pytest.raises(RuleError, match="notice_not_running"):
        objected(not_noticed, LAST_SECOND, 2)
    assert objected(not_noticed, LAST_SECOND, 1).objections[0].lines == (1,)


def test_what_is_set_apart_keeps_its_number_notice_and_signatures_and_takes_its_objection_along() -> None:
    case = objected(ready(3, POSTED), LAST_SECOND, 2, 3)
    into = CaseId.new()
    parted = {"lines": [3], "from": str(case.id), "into": str(into)}
    stays = after(case, ActKind.INSTRUCTED, END, OFFICERS[Role.PAYER], **_instruction(), set_apart=parted)
    own = tuple(line for line in case.applied_lines if line.number == 3)
    left = with_acts(replace(case, id=into, lines=own, applied_lines=()), case.acts)
    left = after(left, ActKind.SET_APART, END, OFFICERS[Role.PAYER], **_instruction(), set_apart=parted)
    assert [[line.number for line in each.lines] for each in (stays, left)] == [[1, 2], [3]]
    assert lines.held(stays) == {2}
    assert lines.held(left) == {3}
    assert left.instruction is None
    assert lines.origins(into, left.acts) == {case.id}
    assert missing(left, END) == {"objection_open"}
    dismissed = after(left, ActKind.ANSWERED, END, REVIEWER, number=1, outcome="dismissed", answer="x")
    assert missing(dismissed, END) == set()
    with pytest.raises(ConflictError, match="line_set_apart") as refused:
        rules.require_lines(stays, [3])
    assert refused.value.parameters["into"] == str(into)


def test_acts_of_an_earlier_release_bind_the_lines_as_they_were() -> None:
    case = ready(2, POSTED)
    old = with_acts(
        case,
        [replace(act, content={k: v for k, v in act.content.items() if k != "line_digests"}) for act in case.acts],
    )
    assert missing(old, END) == set()
    assert missing(changed(old, 1, 90, LAST_SECOND), END, 2) == set()
    assert missing(changed(old, 1, 90, LAST_SECOND), END, 1) == {"notice_of_other_lines", "signatures_missing"}


def _instruction() -> dict[str, object]:
    return {"budget_year": 2026, "project_code": "p", "subject_code": "s", "payment_voucher_number": "v"}
