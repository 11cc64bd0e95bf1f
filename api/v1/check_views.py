"""What the checks before a review look like in answers: assessment, correction, departments."""

from typing import Self

from pydantic import JsonValue

from api.door import Answer
from registry.awards.model import Assessment, Case, Correction, DepartmentCheck


class CaseAssessmentView(Answer):
    """What a grant comes to by the facts an officer confirmed."""

    amount_fen: int
    confirmed: dict[str, JsonValue]
    facts_digest: str
    opinion: str
    assessed_by: str
    assessed_at: str

    @classmethod
    def of(cls, value: Assessment) -> Self:
        """Return the view of an assessment."""
        return cls(
            amount_fen=value.amount.fen,
            confirmed=dict(value.confirmed),
            facts_digest=str(value.facts),
            opinion=value.opinion,
            assessed_by=value.account,
            assessed_at=str(value.assessed_at),
        )


class CaseCorrectionView(Answer):
    """The one notice of every defect, and its answer; ``until`` is the last day for it."""

    defects: list[str]
    asked_at: str
    until: str
    answered_at: str | None
    answer: str

    @classmethod
    def of(cls, value: Correction) -> Self:
        """Return the view of a correction."""
        return cls(
            defects=list(value.defects),
            asked_at=str(value.asked_at),
            until=value.until.isoformat(),
            answered_at=str(value.answered_at) if value.answered_at else None,
            answer=value.answer,
        )


class CaseDepartmentView(Answer):
    """What a department was asked and answered; ``agrees`` null: it has not answered."""

    department: str
    agrees: bool | None
    opinion: str
    answered_at: str | None

    @classmethod
    def of(cls, value: DepartmentCheck) -> Self:
        """Return the view of a department's answer."""
        return cls(
            department=value.department,
            agrees=value.agrees,
            opinion=value.opinion,
            answered_at=str(value.answered_at) if value.answered_at else None,
        )


class CaseChecksView(Answer):
    """The checks of a case before its review."""

    assessment: CaseAssessmentView | None
    correction: CaseCorrectionView | None
    departments: list[CaseDepartmentView]

    @classmethod
    def of(cls, value: Case) -> Self:
        """Return the view of the checks of a case."""
        return cls(
            assessment=CaseAssessmentView.of(value.assessment) if value.assessment else None,
            correction=CaseCorrectionView.of(value.correction) if value.correction else None,
            departments=[CaseDepartmentView.of(each) for each in value.departments],
        )
