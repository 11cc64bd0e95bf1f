"""Targets a case is paid for, and what became of them: values and rules.

Rules (S0 附件2: 报送事前绩效评估报告; S0 art.13: 复核和绩效评价，并作为以后专项资金申报的重要依据; RULINGS 36):
* Where the checklist of an instrument holds the ex-ante report, its targets are stated before a case passes the review;
  until then they may be stated anew, afterwards they stand.
* A paid case is evaluated against all of its targets, by an officer who neither decided in it nor paid it. An
  evaluation that was wrong is followed by another; the newest holds and the earlier ones stay.
* The grade follows from the score by data; nobody writes a grade that the score does not have.
* In the next case of a firm the grades of its earlier ones are a recorded fact that the reviewer sees and that the act
  of the review keeps. What was not evaluated is said to be unknown and helps nobody. No document turns a grade into an
  amount or a refusal, so nothing here does.
"""

import re
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from registry.awards.model import ActKind, Case, CaseState
from registry.errors import ConflictError, Finding, InvalidValueError, NotAllowedError, Obstacle, RuleError
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, CaseId
from registry.values.moment import Moment

REPORT: Final = "performance_report"
"""How the checklist of an instrument names the ex-ante report (事前绩效评估报告)."""
INDICATORS_MAX: Final = 50
NAME_LENGTH_MAX: Final = 200
UNIT_LENGTH_MAX: Final = 40
OPINION_LENGTH_MAX: Final = 4_000
SCORE_MAX: Final = 100
_FIGURE: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_OF_THE_FIRM: Final = frozenset({ActKind.OBJECTED, ActKind.WITHDRAWN, ActKind.CORRECTED})


def require_figure(text: str) -> None:
    """Raise InvalidValueError unless ``text`` is a decimal figure, for example ``1770`` or ``-0.5``."""
    if not _FIGURE.fullmatch(text):
        raise InvalidValueError("performance_figure_malformed", given=text[:40])


@dataclass(frozen=True, slots=True)
class Target:
    """One indicator of the ex-ante report with the figure it is to reach; figures are decimal text."""

    indicator: str
    unit: str
    figure: str

    def __post_init__(self) -> None:
        """Refuse an indicator without a name and a figure that is none. Raises InvalidValueError."""
        if not self.indicator.strip() or len(self.indicator) > NAME_LENGTH_MAX or len(self.unit) > UNIT_LENGTH_MAX:
            raise InvalidValueError("performance_indicator_malformed", given=self.indicator[:40])
        require_figure(self.figure)


@dataclass(frozen=True, slots=True)
class StateTargets:
    """State the targets of a case, with the digest of the ex-ante report they stand in."""

    case: CaseId
    targets: tuple[Target, ...]
    report: Digest

    def __post_init__(self) -> None:
        """Refuse no targets, too many, and one twice. Raises InvalidValueError."""
        names = {each.indicator for each in self.targets}
        if not 1 <= len(self.targets) <= INDICATORS_MAX or len(names) != len(self.targets):
            raise InvalidValueError("performance_targets_malformed", most=INDICATORS_MAX)


@dataclass(frozen=True, slots=True)
class StatedTargets:
    """The targets of a case as they were stated."""

    number: int
    targets: tuple[Target, ...]
    report: Digest
    stated_by: AccountId
    stated_at: Moment


@dataclass(frozen=True, slots=True)
class EvaluateCase:
    """Say what became of the targets of a paid case: a figure for each, a score out of 100, an opinion."""

    case: CaseId
    figures: tuple[tuple[str, str], ...]
    score: int
    opinion: str
    report: Digest | None = None

    def __post_init__(self) -> None:
        """Refuse a score out of range, a figure that is none, no opinion. Raises InvalidValueError."""
        if not 0 <= self.score <= SCORE_MAX:
            raise InvalidValueError("performance_score_out_of_range", given=self.score, most=SCORE_MAX)
        if not self.opinion.strip() or len(self.opinion) > OPINION_LENGTH_MAX:
            raise InvalidValueError("office_text_missing", at="opinion", length_max=OPINION_LENGTH_MAX)
        for _, figure in self.figures:
            require_figure(figure)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What became of the targets of a case."""

    number: int
    figures: tuple[tuple[str, str], ...]
    score: int
    grade: str
    opinion: str
    report: Digest | None
    evaluated_by: AccountId
    evaluated_at: Moment


@dataclass(frozen=True, slots=True)
class EarlierCase:
    """A case of the same firm that was paid before, with its grade; None: it was not evaluated, so it is unknown."""

    case: CaseId
    instrument: str
    paid_on: date
    grade: str | None
    score: int | None

    def as_json(self) -> dict[str, Json]:
        """Return the fact as the act of a review keeps it."""
        return {
            "case": str(self.case),
            "instrument": self.instrument,
            "paid_on": self.paid_on.isoformat(),
            "grade": self.grade,
            "score": self.score,
        }


@dataclass(frozen=True, slots=True)
class DueEvaluation:
    """A paid case whose evaluation is waited for."""

    case: CaseId
    instrument: str
    paid_on: date
    due_on: date


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade, and the score it begins at."""

    code: str
    zh: str
    least: int


@dataclass(frozen=True, slots=True)
class PerformanceTerms:
    """What this release assumes of performance reviews."""

    term: timedelta
    term_assumption: str
    grades: tuple[Grade, ...]
    grades_assumption: str


@cache
def shipped_performance_terms() -> PerformanceTerms:
    """Return the assumptions of this release. Raises KeyError, ValueError for a file that is not whole."""
    stated: dict[str, Any] = tomllib.loads((files("registry.awards") / "performance.toml").read_text("utf-8"))
    grades = tuple(Grade(each["code"], each["zh"], each["least"]) for each in stated["grades"])
    bounds = [each.least for each in grades]
    if bounds != sorted(set(bounds), reverse=True) or bounds[-1] != 0:
        raise ValueError("performance.toml: grades in falling order, the last from 0")
    return PerformanceTerms(
        timedelta(days=stated["term_days"]), stated["term_assumption"], grades, stated["grades_assumption"]
    )


def grade_of(score: int, grades: tuple[Grade, ...]) -> str:
    """Return the grade of a score: the best whose lower bound it reaches."""
    return next(each.code for each in grades if score >= each.least)


def due_on(paid_on: date, term: timedelta) -> date:
    """Return the last day of an evaluation."""
    return paid_on + term


def require_targets_open(case: Case) -> None:
    """Raise ConflictError once the review of a case was passed."""
    if case.state not in {CaseState.APPLIED, CaseState.CORRECTING}:
        raise ConflictError("case_wrong_state", id=case.id, state=case.state.value, wanted=CaseState.APPLIED.value)


def targets_missing() -> Obstacle:
    """Return what a review without targets lacks, where the checklist asks for the ex-ante report."""
    return Obstacle("performance_targets_missing", "S0 附件2", Finding.UNKNOWN, evidence=(REPORT,))


def require_evaluation(case: Case, stated: StatedTargets | None, officer: AccountId, command: EvaluateCase) -> None:
    """Raise unless ``officer`` may say this of a case.

    Raises:
        ConflictError: The case is not paid.
        NotAllowedError: The officer decided in it, paid it or applied for it.
        RuleError: A target has no figure, or a figure no target.
    """
    if case.payment is None:
        raise ConflictError("case_wrong_state", id=case.id, state=case.state.value, wanted=CaseState.PAID.value)
    acted = {act.account for act in case.acts if act.kind not in _OF_THE_FIRM} | {case.applied_by}
    if officer in acted:
        raise NotAllowedError("checker_already_acted", id=case.id)
    wanted = {each.indicator for each in stated.targets} if stated else set()
    given = [indicator for indicator, _ in command.figures]
    if set(given) != wanted or len(given) != len(wanted):
        missing, unknown = sorted(wanted - set(given)), sorted(set(given) - wanted)
        raise RuleError("performance_figures_differ", (), missing=", ".join(missing), unknown=", ".join(unknown))
