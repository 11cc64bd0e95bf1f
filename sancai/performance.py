"""Performance reviews: the targets of a case, what became of them, and what is due."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Target:
    """An indicator with the figure it is to reach, as decimal text."""

    indicator: str
    figure: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets of a case as they were stated last."""

    number: int
    targets: tuple[Target, ...]
    report_sha256: str
    stated_by: str
    stated_at: str


@dataclass(frozen=True, slots=True)
class Reached:
    """What an indicator came to."""

    indicator: str
    figure: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What became of the targets of a case; the grade follows from the score."""

    number: int
    figures: tuple[Reached, ...]
    score: int
    grade: str
    opinion: str
    evaluated_by: str
    evaluated_at: str
    report_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class EarlierCase:
    """A paid case of the same firm; ``grade`` None: it was not evaluated, so it is unknown."""

    case: str
    instrument: str
    paid_on: str
    grade: str | None = None
    score: int | None = None


@dataclass(frozen=True, slots=True)
class CasePerformance:
    """Targets and evaluations of a case, and its firm's earlier ones; the newest evaluation holds."""

    case: str
    asked: bool
    evaluations: tuple[Evaluation, ...]
    earlier: tuple[EarlierCase, ...]
    targets: Targets | None = None


@dataclass(frozen=True, slots=True)
class DueEvaluation:
    """A paid case whose evaluation is waited for."""

    case: str
    instrument: str
    paid_on: str
    due_on: str


class Performance:
    """Performance reviews of one service."""

    def __init__(self, session: Session) -> None:
        """Ask through ``session``."""
        self._session = session

    def state_targets(self, case: str, targets: Sequence[Target], report_sha256: str) -> CasePerformance:
        """State the targets of a case of your own, until its review is passed. Raises SancaiError."""
        body = {"targets": [asdict(each) for each in targets], "report_sha256": report_sha256}
        return shaped(CasePerformance, self._session.post(f"/cases/{case}/performance-targets", body))

    def evaluate(
        self, case: str, figures: Mapping[str, str], score: int, opinion: str, *, report_sha256: str | None = None
    ) -> CasePerformance:
        """Say what became of every target of a paid case, with a score out of 100. Raises SancaiError."""
        body = {
            "figures": [{"indicator": name, "figure": figure} for name, figure in figures.items()],
            "score": score,
            "opinion": opinion,
            "report_sha256": report_sha256,
        }
        return shaped(CasePerformance, self._session.post(f"/cases/{case}/performance-evaluations", body))

    def of_case(self, case: str) -> CasePerformance:
        """Return targets and evaluations of a case. Raises SancaiError."""
        return shaped(CasePerformance, self._session.get(f"/cases/{case}/performance"))

    def due(self) -> Iterator[DueEvaluation]:
        """Yield the paid cases of your office whose performance is to be evaluated. Raises SancaiError."""
        return (shaped(DueEvaluation, item) for item in self._session.pages("/performance-due"))
