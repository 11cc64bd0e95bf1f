"""Remedies over HTTP: file, suspend, end, withdraw; against refusals, recoveries and sanctions."""

from datetime import date
from typing import Annotated, Literal, Self

from flask import Response
from pydantic import Field

from api.calls import read, write
from api.door import Answer, Door, PageQuery, Strict
from api.paging import after_of, page_of
from registry.actors.model import Action
from registry.aftercare import remedies
from registry.aftercare.remedy_model import (
    NAME_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    EndRemedy,
    FileRemedy,
    Remedy,
    RemedyAct,
    RemedyKind,
    RemedyState,
    RemedySubject,
    Subject,
    SuspendDecision,
    WithdrawRemedy,
)
from registry.errors import InvalidValueError
from registry.journal.work import View
from registry.values.identifiers import CaseId, FactId, RecoveryId, RemedyId

door = Door("remedies", __name__, url_prefix="/v1")

Reason = Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH_MAX)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LENGTH_MAX)]


class RemediesQuery(PageQuery):
    """Which remedies: those against a case, a recovery or a sanction, or all."""

    subject: str = Field(default="", max_length=60)


class FileRemedyBody(Strict):
    """What is attacked, by which remedy, at which organ.

    ``filed_on`` and ``late_reason`` are an officer's to state: when another organ received it, and why it is taken
    although its term has ended.
    """

    subject: str = Field(max_length=60)
    kind: RemedyKind = Field(strict=False)
    organ: Name
    number: str = Field(default="", max_length=NAME_LENGTH_MAX)
    grounds: Reason
    filed_on: date | None = Field(default=None, strict=False)
    late_reason: Reason | None = None


class SuspensionBody(Strict):
    """Whether a decision suspends what is attacked, with its number and reason."""

    suspended: bool
    number: Name
    reason: Reason


class RemedyOutcomeBody(Strict):
    """What was decided on a remedy: the attacked decision is upheld, or annulled."""

    outcome: Literal["upheld", "annulled"]
    number: Name
    decided_on: date = Field(strict=False)
    reasons: Reason


class WithdrawRemedyBody(Strict):
    """Why a remedy is taken back."""

    reason: Reason


class RemedyActView(Answer):
    """What was done to a remedy."""

    kind: str
    account: str
    at: str
    number: str | None
    decided_on: date | None
    reason: str

    @classmethod
    def of(cls, value: RemedyAct) -> Self:
        """Return the view of an act."""
        return cls(
            kind=value.kind.value,
            account=value.account,
            at=str(value.at),
            number=value.content.get("number"),
            decided_on=value.content.get("decided_on"),
            reason=value.content.get("reasons") or value.content.get("reason") or "",
        )


class RemedyView(Answer):
    """A remedy; ``until`` null: its term has not begun, since what it is against was not served."""

    id: str
    authority: str
    kind: RemedyKind
    subject_kind: RemedySubject
    subject: str
    case: str | None
    firm: str
    organ: str
    number: str
    grounds: str
    filed_on: date
    until: date | None
    late: bool
    late_reason: str | None
    state: RemedyState
    suspends: bool
    filed_by: str
    filed_at: str
    acts: list[RemedyActView]

    @classmethod
    def of(cls, value: Remedy) -> Self:
        """Return the view of a remedy."""
        return cls(
            id=value.id,
            authority=value.authority,
            kind=value.kind,
            subject_kind=value.subject_kind,
            subject=value.subject,
            case=value.case,
            firm=value.firm,
            organ=value.organ,
            number=value.number,
            grounds=value.grounds,
            filed_on=value.filed_on,
            until=value.until,
            late=value.is_late,
            late_reason=value.late_reason,
            state=value.state,
            suspends=value.suspends,
            filed_by=value.filed_by,
            filed_at=str(value.filed_at),
            acts=[RemedyActView.of(each) for each in value.acts],
        )


class RemediesView(Answer):
    """A page of remedies, the newest first."""

    items: list[RemedyView]
    next_cursor: str | None


def _subject(given: str) -> Subject:
    """Return what is attacked, by the prefix of its id. Raises InvalidValueError."""
    for kind in (CaseId, RecoveryId, FactId):
        if given.startswith(f"{kind.prefix}_"):
            return kind(given)
    raise InvalidValueError("remedy_subject_malformed", given=given[:60])


@door.operation("POST", "/remedies", {201: RemedyView}, action=Action.APPLY_FOR_AWARD)
def file_remedy(body: FileRemedyBody) -> Response:
    """File a remedy against a refusal, a recovery or a sanction of your firm; an officer enters one for a firm."""
    command = FileRemedy(
        _subject(body.subject),
        body.kind,
        body.organ,
        body.number,
        body.grounds,
        body.filed_on,
        body.late_reason,
    )
    return write(lambda work: remedies.file_remedy(work, command), RemedyView.of)


@door.operation("GET", "/remedies", {200: RemediesView}, action=Action.READ_CASE)
def list_remedies(query: RemediesQuery) -> Response:
    """List the remedies of your office or firm, the newest first; those against one decision on request."""
    after, subject = after_of(query, RemedyId), _subject(query.subject) if query.subject else None

    def ask(view: View) -> tuple[Remedy, ...]:
        return remedies.remedies(view, subject, after, query.limit + 1)

    def present(found: tuple[Remedy, ...]) -> RemediesView:
        page, following = page_of(found, query, lambda each: [each.id])
        return RemediesView(items=[RemedyView.of(each) for each in page], next_cursor=following)

    return read(ask, present)


@door.operation("GET", "/remedies/<remedy>", {200: RemedyView}, action=Action.READ_CASE)
def show_remedy(remedy: str) -> Response:
    """Return a remedy."""
    wanted = RemedyId(remedy)
    return read(lambda view: remedies.remedy(view, wanted), RemedyView.of)


@door.operation("POST", "/remedies/<remedy>/suspension", {200: RemedyView}, action=Action.SIGN_CASE)
def suspend_by_remedy(remedy: str, body: SuspensionBody) -> Response:
    """Record that a decision suspends what is attacked, or that it goes on."""
    command = SuspendDecision(RemedyId(remedy), body.suspended, body.number, body.reason)
    return write(lambda work: remedies.suspend(work, command), RemedyView.of, 200)


@door.operation("POST", "/remedies/<remedy>/outcome", {200: RemedyView}, action=Action.SIGN_CASE)
def end_remedy(remedy: str, body: RemedyOutcomeBody) -> Response:
    """Record the decision on a remedy; one that annuls takes effect at once."""
    command = EndRemedy(RemedyId(remedy), RemedyState(body.outcome), body.number, body.decided_on, body.reasons)
    return write(lambda work: remedies.end(work, command), RemedyView.of, 200)


@door.operation("POST", "/remedies/<remedy>/withdrawal", {200: RemedyView}, action=Action.APPLY_FOR_AWARD)
def withdraw_remedy(remedy: str, body: WithdrawRemedyBody) -> Response:
    """Take a remedy back, as its firm, or for it as an officer."""
    command = WithdrawRemedy(RemedyId(remedy), body.reason)
    return write(lambda work: remedies.withdraw(work, command), RemedyView.of, 200)
