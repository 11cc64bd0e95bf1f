"""Use cases of performance reviews: state targets, evaluate, what is due, and what a reviewer sees of earlier cases."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from registry.actors.model import Action
from registry.awards import officers
from registry.awards.acting import account_of, found_case
from registry.awards.model import Case, CaseKind
from registry.awards.performance_model import (
    REPORT,
    DueEvaluation,
    EarlierCase,
    EvaluateCase,
    Evaluation,
    StatedTargets,
    StateTargets,
    due_on,
    grade_of,
    require_evaluation,
    require_targets_open,
    shipped_performance_terms,
    targets_missing,
)
from registry.awards.records import performance as records
from registry.errors import NotAllowedError, RuleError
from registry.journal.work import View, Work
from registry.offices.service import require_office
from registry.policy import service as policy
from registry.values.canonical import Json
from registry.values.identifiers import CaseId

EARLIER_SHOWN_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Performance:
    """The targets of a case, its evaluations, and the earlier cases of its firms as the reader may see them."""

    case: Case
    asked: bool
    targets: StatedTargets | None
    evaluations: tuple[Evaluation, ...]
    earlier: tuple[EarlierCase, ...]


def state_targets(work: Work, command: StateTargets) -> Performance:
    """State the targets of a case of one's own, until its review is passed.

    Raises:
        NotAllowedError, NotFoundError: The case is not the actor's firm's, or pays other firms, too.
        ConflictError: It is past its review.
    """
    case = found_case(work, command.case, Action.APPLY_FOR_AWARD, lock=True)
    # Of a shared case its applicant speaks for the makers.
    if ({case.applicant} if case.split else case.firms) != {work.actor.firm}:
        raise NotAllowedError("not_yours")
    require_targets_open(case)
    before = records.targets_of(work.connection, case.id)
    made = StatedTargets(
        number=before.number + 1 if before else 1,
        targets=command.targets,
        report=command.report,
        stated_by=account_of(work.actor),
        stated_at=work.now,
    )
    stated: list[Json] = [[each.indicator, each.unit, each.figure] for each in made.targets]
    entry = work.journal(
        "awards.performance_targets_stated", case.id, number=made.number, targets=stated, report=str(made.report)
    )
    records.add_targets(work.connection, case.id, made, entry)
    return _performance(work, case)


def evaluate(work: Work, command: EvaluateCase) -> Performance:
    """Say what became of the targets of a paid case; the grade follows from the score.

    Raises:
        NotAllowedError, NotFoundError: The actor audits nothing here, is tied to the case or acted in it.
        ConflictError: It is not paid.
        RuleError: The figures are not those of the targets.
    """
    case = found_case(work, command.case, Action.AUDIT, lock=True)
    officers.require_free(work, case)
    officer = account_of(work.actor)
    require_evaluation(case, records.targets_of(work.connection, case.id), officer, command)
    made = Evaluation(
        number=len(records.evaluations_of(work.connection, case.id)) + 1,
        figures=command.figures,
        score=command.score,
        grade=grade_of(command.score, shipped_performance_terms().grades),
        opinion=command.opinion.strip(),
        report=command.report,
        evaluated_by=officer,
        evaluated_at=work.now,
    )
    figures: list[Json] = [list(each) for each in made.figures]
    entry = work.journal(
        "awards.performance_evaluated",
        case.id,
        number=made.number,
        figures=figures,
        score=made.score,
        grade=made.grade,
        opinion=made.opinion,
        report=str(made.report) if made.report else None,
    )
    records.add_evaluation(work.connection, case.id, made, entry)
    return _performance(work, case)


def performance(view: View, case_id: CaseId) -> Performance:
    """Return targets and evaluations of a case. Raises NotFoundError, NotAllowedError."""
    return _performance(view, found_case(view, case_id, Action.READ_CASE))


def due_evaluations(view: View, after: tuple[date, CaseId] | None, limit: int) -> tuple[DueEvaluation, ...]:
    """Return the paid cases of the actor's office that wait for an evaluation, those due first at the top.

    Raises NotAllowedError.
    """
    office = require_office(view.actor, Action.READ_OFFICE)
    term = shipped_performance_terms().term
    found = records.not_evaluated(view.connection, office, after, limit)
    return tuple(DueEvaluation(case, instrument, day, due_on(day, term)) for case, instrument, day in found)


def seen_at_review(view: View, case: Case, *, passed: bool) -> dict[str, Json]:
    """Return what the act of a review keeps of performance: the grades of the earlier cases that the reviewer saw.

    Nothing where the checklist of the instrument does not hold the ex-ante report.

    Raises:
        RuleError: ``review_incomplete``: the case is to pass and its targets are not stated.
    """
    if not is_asked(view, case):
        return {}
    if passed and records.targets_of(view.connection, case.id) is None:
        raise RuleError("review_incomplete", (targets_missing(),), id=case.id)
    seen: list[Json] = [each.as_json() for each in _earlier(view, case)]
    return {"earlier_performance": seen}


def is_asked(view: View, case: Case) -> bool:
    """Say whether the checklist of a case's instrument holds the ex-ante report."""
    if case.kind is not CaseKind.GRANT:  # Neither awards nor vouchers of the documents ask for one.
        return False
    document = policy.loaded_policy(view, case.authority, case.document).document
    return REPORT in document.instrument(case.instrument).evidence


def _performance(view: View, case: Case) -> Performance:
    shown = frozenset({view.actor.firm}) if view.actor.firm else case.firms
    return Performance(
        case=case,
        asked=is_asked(view, case),
        targets=records.targets_of(view.connection, case.id),
        evaluations=records.evaluations_of(view.connection, case.id),
        earlier=_earlier(view, case) if shown == case.firms else (),
    )


def _earlier(view: View, case: Case) -> tuple[EarlierCase, ...]:
    return records.earlier_cases(view.connection, case.authority, case.firms, case.id, EARLIER_SHOWN_MAX)
