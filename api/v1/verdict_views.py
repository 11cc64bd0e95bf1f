"""What a verdict looks like in answers: every condition that was looked at, and what an application would come to."""

from typing import Self

from pydantic import JsonValue

from api.door import Answer
from api.problems import language
from api.wording import sentence
from registry.awards.award_model import AwardVerdict
from registry.policy.model import Condition


class ConditionView(Answer):
    """One condition that was looked at, and what was found."""

    code: str
    clause: str
    finding: str
    detail: str
    parameters: dict[str, JsonValue]
    evidence: list[str]

    @classmethod
    def of(cls, value: Condition) -> Self:
        """Return the view of a condition."""
        return cls(
            code=value.code,
            clause=value.clause,
            finding=value.finding.value,
            detail=sentence(value.code, value.parameters, language()),
            parameters=dict(value.parameters),
            evidence=list(value.evidence),
        )


class VerdictView(Answer):
    """What an application would come to today, with every condition."""

    instrument: str
    dataset_id: str
    eligible: bool
    amount_fen: int
    amount_text: str
    amount_capitals: str
    conditions: list[ConditionView]
    open_assumptions: list[str]
    revision: str
    facts_digest: str

    @classmethod
    def of(cls, value: AwardVerdict) -> Self:
        """Return the view of a verdict."""
        return cls(
            instrument=value.instrument,
            dataset_id=value.dataset,
            eligible=value.eligible,
            amount_fen=value.amount.fen,
            amount_text=str(value.amount),
            amount_capitals=value.amount.in_capitals(),
            conditions=[ConditionView.of(each) for each in value.conditions],
            open_assumptions=list(value.open_assumptions),
            revision=str(value.revision),
            facts_digest=str(value.facts_digest),
        )
