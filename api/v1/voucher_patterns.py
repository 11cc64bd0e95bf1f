"""What patterns find at a voucher, over HTTP: for the officers of its authority, and what a reviewer decides."""

from typing import Self

from flask import Response
from pydantic import Field

from api.calls import read, write
from api.door import Answer, Door, Strict
from api.problems import language
from api.wording import sentence
from registry.actors.model import Action
from registry.awards import pattern_reviews
from registry.awards.pattern_reviews import DecidePattern
from registry.values.digest import Digest
from registry.values.identifiers import VoucherId
from registry.vouchers.patterns.model import DecidedFinding, Effect, PatternCode, PatternDecision, PatternOutcome

door = Door("patterns", __name__, url_prefix="/v1")


class PatternDecisionBody(Strict):
    """What is decided of the finding with ``digest``: a numbered document with its reason."""

    digest: str = Field(max_length=80)
    outcome: PatternOutcome = Field(strict=False)
    number: str = Field(max_length=100)
    reason: str = Field(max_length=2_000)

    def command(self, voucher: str) -> DecidePattern:
        """Return the command. Raises InvalidValueError."""
        return DecidePattern(VoucherId(voucher), Digest.parse(self.digest), self.outcome, self.number, self.reason)


class PatternDecisionView(Answer):
    """What was decided of a finding, by whom and when."""

    outcome: PatternOutcome
    number: str
    reason: str
    decided_by: str
    decided_at: str

    @classmethod
    def of(cls, made: PatternDecision) -> Self:
        """Return the view of a decision."""
        return cls(
            outcome=made.outcome,
            number=made.number,
            reason=made.reason,
            decided_by=made.decided_by,
            decided_at=str(made.decided_at),
        )


class PatternFindingView(Answer):
    """What a pattern found, with its figures; ``stops``: nothing is paid for the voucher as it stands."""

    pattern: PatternCode
    clause: str
    effect: Effect
    stops: bool
    figures: dict[str, str | int | bool | None]
    detail: str
    digest: str
    decision: PatternDecisionView | None

    @classmethod
    def of(cls, found: DecidedFinding) -> Self:
        """Return the view of a finding in the reader's language."""
        finding = found.finding
        return cls(
            pattern=finding.code,
            clause=finding.clause,
            effect=finding.effect,
            stops=found.stops,
            figures=dict(finding.figures),
            detail=sentence(f"{finding.code.value}_found", finding.figures, language()),
            digest=str(finding.digest),
            decision=PatternDecisionView.of(found.decision) if found.decision else None,
        )


class PatternFindingsView(Answer):
    """Everything the patterns find at a voucher now."""

    items: list[PatternFindingView]

    @classmethod
    def of(cls, found: tuple[DecidedFinding, ...]) -> Self:
        """Return the view of findings."""
        return cls(items=[PatternFindingView.of(each) for each in found])


@door.operation("GET", "/vouchers/<voucher>/patterns", {200: PatternFindingsView}, action=Action.READ_LEDGER)
def list_pattern_findings(voucher: str) -> Response:
    """Show what the patterns of fraud find at a voucher, and what was decided of it."""
    return read(lambda view: pattern_reviews.pattern_findings(view, VoucherId(voucher)), PatternFindingsView.of)


@door.operation("POST", "/vouchers/<voucher>/patterns", {200: PatternFindingsView}, action=Action.REVIEW_CASE)
def decide_pattern_finding(voucher: str, body: PatternDecisionBody) -> Response:
    """Clear or uphold a finding by a numbered document; its voucher is paid only once it is cleared."""
    return write(lambda work: pattern_reviews.decide_pattern(work, body.command(voucher)), PatternFindingsView.of, 200)
