"""Performance reviews: the targets of a case, what became of them after the payment, and what is due."""

from datetime import date
from typing import Self

from flask import Response
from pydantic import Field

from api.calls import position_of, read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import page_of
from registry.actors.model import Action
from registry.awards import performance
from registry.awards.performance import Performance
from registry.awards.performance_model import (
    INDICATORS_MAX,
    NAME_LENGTH_MAX,
    OPINION_LENGTH_MAX,
    SCORE_MAX,
    UNIT_LENGTH_MAX,
    DueEvaluation,
    EarlierCase,
    EvaluateCase,
    Evaluation,
    StateTargets,
    Target,
)
from registry.values.digest import Digest
from registry.values.identifiers import CaseId

door = Door("performance", __name__, url_prefix="/v1")

FIGURE_LENGTH_MAX = 30


class TargetBody(Strict):
    """An indicator with the figure it is to reach, as decimal text."""

    indicator: str = Field(min_length=1, max_length=NAME_LENGTH_MAX)
    unit: str = Field(default="", max_length=UNIT_LENGTH_MAX)
    figure: str = Field(min_length=1, max_length=FIGURE_LENGTH_MAX)


class TargetsBody(Strict):
    """The targets of a case, and the SHA-256 of the ex-ante report they stand in."""

    targets: list[TargetBody] = Field(min_length=1, max_length=INDICATORS_MAX)
    report_sha256: str = Field(max_length=80)

    def command(self, case: CaseId) -> StateTargets:
        """Return what is asked of the registry. Raises InvalidValueError."""
        made = tuple(Target(each.indicator.strip(), each.unit.strip(), each.figure) for each in self.targets)
        return StateTargets(case, made, Digest.parse(self.report_sha256))


class ReachedBody(Strict):
    """What an indicator came to, as decimal text."""

    indicator: str = Field(min_length=1, max_length=NAME_LENGTH_MAX)
    figure: str = Field(min_length=1, max_length=FIGURE_LENGTH_MAX)


class EvaluationBody(Strict):
    """What became of every target, the score out of 100, and why; the grade follows from the score."""

    figures: list[ReachedBody] = Field(default=[], max_length=INDICATORS_MAX)
    score: Whole = Field(ge=0, le=SCORE_MAX)
    opinion: str = Field(min_length=1, max_length=OPINION_LENGTH_MAX)
    report_sha256: str | None = Field(default=None, max_length=80)

    def command(self, case: CaseId) -> EvaluateCase:
        """Return what is asked of the registry. Raises InvalidValueError."""
        figures = tuple((each.indicator.strip(), each.figure) for each in self.figures)
        report = Digest.parse(self.report_sha256) if self.report_sha256 else None
        return EvaluateCase(case, figures, self.score, self.opinion, report)


class TargetView(Answer):
    """An indicator with the figure it is to reach."""

    indicator: str
    unit: str
    figure: str


class TargetsView(Answer):
    """The targets of a case as they were stated last."""

    number: int
    targets: list[TargetView]
    report_sha256: str
    stated_by: str
    stated_at: str


class ReachedView(Answer):
    """What an indicator came to."""

    indicator: str
    figure: str


class EvaluationView(Answer):
    """What became of the targets of a case."""

    number: int
    figures: list[ReachedView]
    score: int
    grade: str
    opinion: str
    report_sha256: str | None
    evaluated_by: str
    evaluated_at: str

    @classmethod
    def of(cls, value: Evaluation) -> Self:
        """Return the view of an evaluation."""
        return cls(
            number=value.number,
            figures=[ReachedView(indicator=indicator, figure=figure) for indicator, figure in value.figures],
            score=value.score,
            grade=value.grade,
            opinion=value.opinion,
            report_sha256=value.report.hex if value.report else None,
            evaluated_by=value.evaluated_by,
            evaluated_at=str(value.evaluated_at),
        )


class EarlierCaseView(Answer):
    """A paid case of the same firm; ``grade`` null: it was not evaluated, so it is unknown and helps nobody."""

    case: str
    instrument: str
    paid_on: str
    grade: str | None
    score: int | None

    @classmethod
    def of(cls, value: EarlierCase) -> Self:
        """Return the view of an earlier case."""
        return cls(
            case=value.case,
            instrument=value.instrument,
            paid_on=value.paid_on.isoformat(),
            grade=value.grade,
            score=value.score,
        )


class PerformanceView(Answer):
    """Targets and evaluations of a case, and its firm's earlier ones; ``asked``: the checklist holds the report."""

    case: str
    asked: bool
    targets: TargetsView | None
    evaluations: list[EvaluationView]
    earlier: list[EarlierCaseView]

    @classmethod
    def of(cls, value: Performance) -> Self:
        """Return the view of the performance of a case."""
        stated = value.targets
        shown = stated and TargetsView(
            number=stated.number,
            targets=[
                TargetView(indicator=each.indicator, unit=each.unit, figure=each.figure) for each in stated.targets
            ],
            report_sha256=stated.report.hex,
            stated_by=stated.stated_by,
            stated_at=str(stated.stated_at),
        )
        return cls(
            case=value.case.id,
            asked=value.asked,
            targets=shown,
            evaluations=[EvaluationView.of(each) for each in value.evaluations],
            earlier=[EarlierCaseView.of(each) for each in value.earlier],
        )


class DueEvaluationView(Answer):
    """A paid case whose evaluation is waited for."""

    case: str
    instrument: str
    paid_on: str
    due_on: str

    @classmethod
    def of(cls, value: DueEvaluation) -> Self:
        """Return the view of a due evaluation."""
        return cls(
            case=value.case,
            instrument=value.instrument,
            paid_on=value.paid_on.isoformat(),
            due_on=value.due_on.isoformat(),
        )


class DueEvaluationsView(Answer):
    """A page of the evaluations an office waits for, those due first at the top."""

    items: list[DueEvaluationView]
    next_cursor: str | None = None


@door.operation("POST", "/cases/<case>/performance-targets", {201: PerformanceView}, action=Action.APPLY_FOR_AWARD)
def state_performance_targets(case: str, body: TargetsBody) -> Response:
    """State the targets of a case of your own, until its review is passed."""
    command = body.command(CaseId(case))
    return write(lambda work: performance.state_targets(work, command), PerformanceView.of)


@door.operation("POST", "/cases/<case>/performance-evaluations", {201: PerformanceView}, action=Action.AUDIT)
def evaluate_performance(case: str, body: EvaluationBody) -> Response:
    """Say what became of the targets of a paid case in which you did not act; the newest evaluation holds."""
    command = body.command(CaseId(case))
    return write(lambda work: performance.evaluate(work, command), PerformanceView.of)


@door.operation("GET", "/cases/<case>/performance", {200: PerformanceView}, action=Action.READ_CASE)
def show_performance(case: str) -> Response:
    """Return targets and evaluations of a case, and the grades of its firm's earlier ones."""
    wanted = CaseId(case)
    return read(lambda view: performance.performance(view, wanted), PerformanceView.of)


@door.operation("GET", "/performance-due", {200: DueEvaluationsView}, action=Action.READ_OFFICE)
def list_due_evaluations(query: PageQuery) -> Response:
    """List the paid cases of your office whose performance is to be evaluated."""
    position = position_of(query.cursor, 2)
    after = (date.fromisoformat(str(position[0])), CaseId(str(position[1]))) if position else None

    def present(found: tuple[DueEvaluation, ...]) -> DueEvaluationsView:
        shown, following = page_of(found, query, lambda each: [each.paid_on.isoformat(), each.case])
        return DueEvaluationsView(items=[DueEvaluationView.of(each) for each in shown], next_cursor=following)

    return read(lambda view: performance.due_evaluations(view, after, query.limit + 1), present)
