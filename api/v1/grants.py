"""Grants: ask what one would come to, apply, assess; the correction of an application and what departments say."""

from datetime import date
from typing import Annotated

from flask import Response
from pydantic import Field, JsonValue

from api.calls import house, read, write
from api.door import Answer, Door, Strict, Whole
from api.v1.case_views import CaseView
from api.v1.payees import PayeeBody
from api.v1.verdict_views import ConditionView
from registry.actors.model import Action
from registry.awards import correcting, granting
from registry.awards.grant_model import (
    AnswerCorrection,
    ApplyForGrant,
    AskCorrection,
    AskDepartments,
    AssessGrant,
    Claim,
    DeclaredBenefit,
    GrantVerdict,
    RecordDepartment,
)
from registry.awards.shares import MAKERS_MAX
from registry.values.identifiers import AuthorityId, CaseId, EvidenceId, FirmId
from registry.values.money import FEN_MAX, Money
from registry.values.names import PublicName

door = Door("grants", __name__, url_prefix="/v1")

Words = Annotated[str, Field(min_length=1, max_length=2000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Facts = Annotated[dict[str, JsonValue], Field(default_factory=dict, max_length=200)]
Documents = dict[str, Annotated[list[str], Field(min_length=1, max_length=100)]]


class DeclaredBenefitBody(Strict):
    """A like benefit that was received, by whatever policy."""

    policy: Name
    received_on: date = Field(strict=False)
    amount_fen: Annotated[Whole, Field(ge=0, le=FEN_MAX)]


class ApplyForGrantBody(Strict):
    """An application for a grant of any instrument: facts by the names of the policy, and what proves them.

    ``keys`` say what it is for: workers, site, title …; ``dataset`` where that is a dataset. ``joint_makers`` are the
    shares of firms in basis points, together 10,000.
    """

    instrument: str = Field(max_length=60)
    event_on: date = Field(strict=False)
    facts: Facts
    keys: dict[str, Annotated[list[Name], Field(min_length=1, max_length=10_000)]] = Field(
        default_factory=dict, max_length=20
    )
    dataset: str | None = Field(default=None, max_length=200)
    evidence: Documents = Field(default_factory=dict, max_length=100)
    declared: list[DeclaredBenefitBody] = Field(default_factory=list, max_length=50)
    elected: str | None = Field(default=None, max_length=60)
    joint_makers: dict[str, Whole] = Field(default_factory=dict, max_length=MAKERS_MAX)
    undertaking: bool
    payee: PayeeBody
    authority: str | None = Field(default=None, max_length=60)

    def command(self) -> ApplyForGrant:
        """Return what is asked of the registry. Raises InvalidValueError."""
        return ApplyForGrant(
            instrument=self.instrument,
            event_on=self.event_on,
            facts=self.facts,
            keys={name: tuple(values) for name, values in self.keys.items()},
            dataset=PublicName.parse(self.dataset) if self.dataset else None,
            evidence=_documents(self.evidence),
            declared=tuple(
                DeclaredBenefit(each.policy, each.received_on, Money(each.amount_fen)) for each in self.declared
            ),
            elected=self.elected,
            joint_makers={FirmId(firm): share for firm, share in self.joint_makers.items()},
            undertaking=self.undertaking,
            payee=self.payee.given(),
        )

    def office(self) -> AuthorityId | None:
        """Return the authority that is asked; None: the only one that grants it."""
        return AuthorityId(self.authority) if self.authority else None


def _documents(given: Documents) -> dict[str, tuple[EvidenceId, ...]]:
    return {name: tuple(EvidenceId(each) for each in documents) for name, documents in given.items()}


class AssessGrantBody(Strict):
    """Which stated facts are confirmed, and what was found in place of others or beside them."""

    confirmed: list[Name] = Field(max_length=200)
    found: Facts
    opinion: Words


class AskCorrectionBody(Strict):
    """Every defect, at once."""

    defects: list[Words] = Field(min_length=1, max_length=100)


class AnswerCorrectionBody(Strict):
    """The answer in words; for a grant with facts and documents in place of those of before.

    ``joint_makers`` divides a shared case anew among the same firms; the others then sign again.
    """

    statement: Words
    facts: Facts
    evidence: Documents = Field(default_factory=dict, max_length=100)
    joint_makers: dict[str, Whole] = Field(default_factory=dict, max_length=MAKERS_MAX)


class AskDepartmentsBody(Strict):
    """Which departments to ask, side by side."""

    departments: list[Name] = Field(min_length=1, max_length=20)


class RecordDepartmentBody(Strict):
    """What a department answered."""

    department: Name
    agrees: bool
    opinion: Words


class CloseSilentBody(Strict):
    """Nothing is said: the applicant did not answer."""


class GrantVerdictView(Answer):
    """What an application would come to today, with every condition; ``held_fen`` waits for a ruling."""

    instrument: str
    eligible: bool
    amount_fen: int
    amount_text: str
    amount_capitals: str
    held_fen: int
    conditions: list[ConditionView]
    open_assumptions: list[str]
    revision: str
    facts_digest: str

    @classmethod
    def of(cls, value: GrantVerdict) -> "GrantVerdictView":
        """Return the view of a verdict."""
        return cls(
            instrument=value.instrument,
            eligible=value.eligible,
            amount_fen=value.amount.fen,
            amount_text=str(value.amount),
            amount_capitals=value.amount.in_capitals(),
            held_fen=value.held.fen,
            conditions=[ConditionView.of(each) for each in value.conditions],
            open_assumptions=list(value.open_assumptions),
            revision=str(value.revision),
            facts_digest=str(value.facts_digest),
        )


class ClaimView(Answer):
    """What an applicant stated when it filed."""

    event_on: str
    facts: dict[str, JsonValue]
    keys: dict[str, list[str]]
    evidence: dict[str, list[str]]
    declared: list[dict[str, JsonValue]]
    joint_makers: dict[str, int]

    @classmethod
    def of(cls, value: Claim) -> "ClaimView":
        """Return the view of a claim."""
        return cls(
            event_on=value.event_on.isoformat(),
            facts=dict(value.stated),
            keys={name: list(values) for name, values in value.keys.items()},
            evidence={name: list(values) for name, values in value.evidence.items()},
            declared=[dict(each.as_json()) for each in value.declared],
            joint_makers=dict(value.joint_makers),
        )


@door.operation("POST", "/grant-check", {200: GrantVerdictView}, action=Action.APPLY_FOR_AWARD)
def check_grant(body: ApplyForGrantBody) -> Response:
    """Say what an application for a grant would come to today; nothing is recorded."""
    command, office, secret = body.command(), body.office(), house().secret
    return read(lambda view: granting.check_grant(view, secret, command, office), GrantVerdictView.of)


@door.operation("POST", "/grants", {201: CaseView}, action=Action.APPLY_FOR_AWARD)
def apply_for_grant(body: ApplyForGrantBody) -> Response:
    """Apply for a grant of any instrument, with facts and documents of your own."""
    secret = house().secret
    return write(lambda work: granting.apply_for_grant(work, secret, body.command(), body.office()), CaseView.of)


@door.operation("GET", "/cases/<case>/claim", {200: ClaimView}, action=Action.READ_CASE)
def get_claim(case: str) -> Response:
    """Return what the applicant of a grant stated: facts, things, documents."""
    wanted, secret = CaseId(case), house().secret
    return read(lambda view: granting.claim(view, wanted, secret), ClaimView.of)


@door.operation("POST", "/cases/<case>/assessment", {200: CaseView}, action=Action.REVIEW_CASE)
def assess_grant(case: str, body: AssessGrantBody) -> Response:
    """Confirm stated facts and say what was found; the line of the grant amounts to what they come to."""
    command = AssessGrant(CaseId(case), tuple(body.confirmed), body.found, body.opinion)
    return write(lambda work: granting.assess_grant(work, command), CaseView.of, 200)


@door.operation("POST", "/cases/<case>/correction", {200: CaseView}, action=Action.REVIEW_CASE)
def ask_correction(case: str, body: AskCorrectionBody) -> Response:
    """Tell the applicant of every defect at once, within five working days; it has ten to answer."""
    command = AskCorrection(CaseId(case), tuple(body.defects))
    return write(lambda work: correcting.ask_correction(work, command), CaseView.of, 200)


@door.operation("POST", "/cases/<case>/correction/answer", {200: CaseView}, action=Action.APPLY_FOR_AWARD)
def answer_correction(case: str, body: AnswerCorrectionBody) -> Response:
    """Answer the correction notice of a case of your own."""
    shares = {FirmId(firm): share for firm, share in body.joint_makers.items()}
    command = AnswerCorrection(CaseId(case), body.statement, body.facts, _documents(body.evidence), shares)
    return write(lambda work: correcting.answer_correction(work, command), CaseView.of, 200)


@door.operation("POST", "/cases/<case>/correction/lapse", {200: CaseView}, action=Action.REVIEW_CASE)
def close_silent_case(case: str, body: CloseSilentBody) -> Response:  # noqa: ARG001
    """End a case whose applicant let the days of its correction pass: silence is withdrawal."""
    wanted = CaseId(case)
    return write(lambda work: correcting.close_silent(work, wanted), CaseView.of, 200)


@door.operation("POST", "/cases/<case>/departments", {200: CaseView}, action=Action.REVIEW_CASE)
def ask_departments(case: str, body: AskDepartmentsBody) -> Response:
    """Ask departments about a case side by side."""
    command = AskDepartments(CaseId(case), tuple(body.departments))
    return write(lambda work: correcting.ask_departments(work, command), CaseView.of, 200)


@door.operation("POST", "/cases/<case>/departments/answer", {200: CaseView}, action=Action.REVIEW_CASE)
def record_department(case: str, body: RecordDepartmentBody) -> Response:
    """Record what a department answered; all that were asked must agree before the review passes."""
    command = RecordDepartment(CaseId(case), body.department, body.agrees, body.opinion)
    return write(lambda work: correcting.record_department(work, command), CaseView.of, 200)
