"""Targets before the review, a grade after the payment, and a recorded fact in the firm's next case."""

from datetime import date, timedelta

import pytest

from registry.actors.model import Role
from registry.awards import performance, procedure
from registry.awards.commands import ReviewCase
from registry.awards.model import ActKind
from registry.awards.performance_model import (
    EvaluateCase,
    StateTargets,
    Target,
    due_on,
    grade_of,
    shipped_performance_terms,
)
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.house import House
from registry.values.digest import Digest
from registry.values.identifiers import CaseId
from tests.conftest import FixedClock
from tests.registry.awards.grant_builders import (
    an_application,
    an_office,
    apply,
    assess,
    of_another,
    review,
    state_targets,
    to_the_bank,
)
from tests.registry.exchange.builders import an_officer, ask, do
from tests.registry.policy.applicants import DATONG

REPORT = Digest.of(b"ex-ante report")


@pytest.mark.parametrize(
    ("score", "grade"),
    [
        *[(100, "excellent"), (90, "excellent"), (89, "good"), (80, "good")],
        *[(79, "fair"), (60, "fair"), (59, "poor"), (0, "poor")],
    ],
)
def test_the_grade_follows_from_the_score(score: int, grade: str) -> None:
    assert grade_of(score, shipped_performance_terms().grades) == grade


def test_what_the_documents_leave_open_is_marked_as_an_assumption() -> None:
    terms = shipped_performance_terms()
    assert terms.term_assumption
    assert terms.grades_assumption
    assert due_on(date(2026, 3, 11), terms.term) == date(2027, 3, 11)


@pytest.mark.parametrize("figure", ["", "1e3", "NaN", "１２", "1.", ".5", "1" * 16, "1 000"])
def test_a_figure_is_decimal_text(figure: str) -> None:
    with pytest.raises(InvalidValueError, match="performance_figure_malformed"):
        Target("x", "", figure)


def test_targets_are_some_and_each_once() -> None:
    one = Target("x", "", "1")
    for targets in ((), (one, one), tuple(Target(str(number), "", "1") for number in range(51))):
        with pytest.raises(InvalidValueError, match="performance_targets_malformed"):
            StateTargets(CaseId.new(), targets, REPORT)
    with pytest.raises(InvalidValueError, match="performance_score_out_of_range"):
        EvaluateCase(CaseId.new(), (), 101, "x")


def test_a_grade_is_a_recorded_fact_in_the_next_case_and_what_was_not_evaluated_is_unknown(
    house: House, clock: FixedClock
) -> None:
    office = an_office(house, clock, DATONG)
    auditor = an_officer(office.authority, Role.AUDITOR)
    case = assess(office, apply(office, an_application(office, "dt-4-purchase")))
    command = ReviewCase(case.id, True, "Complete.", originals_seen=True, search=None)
    with pytest.raises(RuleError) as refused:
        do(house, office.reviewer, lambda work: procedure.review(work, command))
    assert [each.code for each in refused.value.obstacles] == ["performance_targets_missing"]
    with pytest.raises(ConflictError, match="case_wrong_state"):
        do(house, auditor, lambda work: performance.evaluate(work, EvaluateCase(case.id, (), 90, "x")))
    stranger = of_another(office)
    with pytest.raises(NotFoundError):
        state_targets(stranger, case.id)
    paid = to_the_bank(office, clock, case)
    with pytest.raises(ConflictError, match="case_wrong_state"):
        state_targets(office, case.id)

    due = ask(house, auditor, lambda view: performance.due_evaluations(view, None, 10))
    assert paid.payment is not None
    assert [(each.case, each.due_on) for each in due] == [(case.id, paid.payment.paid_on + timedelta(days=365))]
    second = assess(office, apply(office, an_application(office, "dt-3-seat-first", serial="b")))
    seen = ask(house, office.reviewer, lambda view: performance.performance(view, second.id))
    assert [(each.case, each.grade) for each in seen.earlier] == [(case.id, None)]

    good = EvaluateCase(case.id, (("服务企业", "23"),), 91, "Reached.")
    for officer in (office.reviewer, office.payer, office.signers[0]):
        both = an_officer(office.authority, Role.AUDITOR)
        acting = type(both)(officer.account, "x", authority=office.authority, roles=both.roles, scopes=both.scopes)
        with pytest.raises(NotAllowedError, match="checker_already_acted"):
            do(house, acting, lambda work: performance.evaluate(work, good))
    with pytest.raises(RuleError, match="performance_figures_differ"):
        do(house, auditor, lambda work: performance.evaluate(work, EvaluateCase(case.id, (("x", "1"),), 91, "x")))
    made = do(house, auditor, lambda work: performance.evaluate(work, good))
    assert [each.grade for each in made.evaluations] == ["excellent"]
    again = EvaluateCase(case.id, (("服务企业", "12"),), 55, "The list of firms was wrong.")
    do(house, auditor, lambda work: performance.evaluate(work, again))
    assert ask(house, auditor, lambda view: performance.due_evaluations(view, None, 10)) == ()

    reviewed = review(office, second.id)
    act = next(each for each in reviewed.acts if each.kind is ActKind.REVIEWED)
    assert [(each["case"], each["grade"], each["score"]) for each in act.content["earlier_performance"]] == [
        (str(case.id), "poor", 55)
    ]
    # A recorded fact and nothing more: the amount is what the document says.
    assert reviewed.amount == second.amount
