"""The officers of an office: what is due, terms, ties, absence, delegation, recusal and drawn reviewers."""

from datetime import date
from typing import Literal

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from api.calls import current_actor, read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from api.v1.case_views import CaseView
from api.v1.office_views import (
    AbsencesView,
    AbsenceView,
    DelegationsView,
    DelegationView,
    DetectedTiesView,
    DetectedTieView,
    DrawsView,
    DrawView,
    DuesView,
    DueView,
    OfficeTermsView,
    ReadinessesView,
    ReadinessView,
    TermView,
    TiesView,
    TieView,
)
from registry.actors.model import OFFICERS, Action, Role
from registry.aftercare import dues
from registry.awards import officers
from registry.awards.model import Case
from registry.awards.waiting import Standing
from registry.journal.work import View
from registry.offices import service
from registry.offices.model import (
    TERM_DAYS_MAX,
    Absence,
    DeclareInterest,
    Delegate,
    Delegation,
    Ground,
    Interest,
    RecordAbsence,
    SetTerm,
    Step,
    Unit,
)
from registry.values.identifiers import AbsenceId, AccountId, CaseId, DelegationId, FirmId, InterestId

door = Door("offices", __name__, url_prefix="/v1")


class DueQuery(BaseModel):
    """Which steps: those of a standing, and those an officer may do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    standing: Literal["", "within", "overdue", "escalated", "unknown"] = ""
    officer: str = Field(default="", max_length=60)


class SetTermBody(Strict):
    """A ruling on the term of a step."""

    step: Step = Field(strict=False)
    days: Whole = Field(ge=1, le=TERM_DAYS_MAX)
    unit: Unit = Field(strict=False)
    number: str = Field(min_length=1, max_length=120)
    organ: str = Field(min_length=1, max_length=120)
    decided_on: date = Field(strict=False)
    text: str = Field(min_length=1, max_length=2000)


class DeclareTieBody(Strict):
    """A tie to a firm; ``officer`` only where a registrar states another's."""

    firm: str = Field(max_length=60)
    ground: Ground = Field(strict=False)
    note: str = Field(min_length=1, max_length=2000)
    officer: str | None = Field(default=None, max_length=60)


class AbsenceBody(Strict):
    """Who is away, from when through when."""

    officer: str = Field(max_length=60)
    first: date = Field(strict=False)
    last: date = Field(strict=False)
    reason: str = Field(min_length=1, max_length=2000)


class DelegateBody(Strict):
    """Who signs in your rank, in which instruments (null: all), from when through when, by which document."""

    delegate: str = Field(max_length=60)
    rank: Literal["section_head", "leader_in_charge", "principal_leader"]
    instruments: list[str] | None = Field(default=None, min_length=1, max_length=100)
    first: date = Field(strict=False)
    last: date = Field(strict=False)
    document_number: str = Field(min_length=1, max_length=120)

    def command(self) -> Delegate:
        """Return what is asked of the registry. Raises InvalidValueError."""
        chosen = None if self.instruments is None else tuple(dict.fromkeys(self.instruments))
        return Delegate(AccountId(self.delegate), Role(self.rank), chosen, self.first, self.last, self.document_number)


class RecuseBody(Strict):
    """Why an officer is recused; ``officer`` only where a registrar recuses another."""

    reason: str = Field(min_length=1, max_length=2000)
    officer: str | None = Field(default=None, max_length=60)


class DrawAgainBody(Strict):
    """Why another reviewer is drawn."""

    reason: str = Field(min_length=1, max_length=2000)


def _account(given: str | None) -> AccountId | None:
    return AccountId(given) if given else None


@door.operation("GET", "/office/due", {200: DuesView}, action=Action.READ_OFFICE)
def list_due(query: DueQuery) -> Response:
    """List what cases, contests, recoveries and remedies of your office wait for, until when, and who may do it.

    The longest overdue stands first.
    """
    officer, standing = _account(query.officer), Standing(query.standing) if query.standing else None

    def found(view: View) -> DuesView:
        listed = dues.dues(view, standing=standing, officer=officer)
        return DuesView(items=[DueView.of(each) for each in listed])

    return read(found, lambda answer: answer)


@door.operation("GET", "/office/readiness", {200: ReadinessesView}, action=Action.READ_OFFICE)
def show_readiness_of_office() -> Response:
    """Say for each policy of your office whether it has the distinct officers its cases need."""
    return read(service.readiness, lambda found: ReadinessesView(items=[ReadinessView.of(each) for each in found]))


@door.operation("GET", "/office/terms", {200: OfficeTermsView}, action=Action.READ_OFFICE)
def list_terms_of_office() -> Response:
    """List how long each step of a case may take in your office."""
    return read(service.terms, lambda found: OfficeTermsView(items=[TermView.of(each) for each in found]))


@door.operation("POST", "/office/terms", {201: TermView}, action=Action.ENTER_RULING)
def set_term(body: SetTermBody) -> Response:
    """Replace the term of a step by a ruling; it acts on steps that begin from now on."""
    command = SetTerm(body.step, body.days, body.unit, body.number, body.organ, body.decided_on, body.text)
    return write(lambda work: service.set_term(work, command), TermView.of_ruling)


@door.operation("GET", "/office/ties", {200: TiesView}, action=Action.READ_OFFICE)
def list_ties(query: PageQuery) -> Response:
    """List the ties of your office's officers to firms."""

    def shown(found: tuple[Interest, ...]) -> TiesView:
        page, following = page_of(found, query, lambda each: [each.id])
        return TiesView(items=[TieView.of(each) for each in page], next_cursor=following)

    return read(lambda view: service.interests(view, after_of(query, InterestId), query.limit + 1), shown)


@door.operation("POST", "/office/ties", {201: TieView}, action=Action.DECLARE_INTEREST)
def declare_tie(body: DeclareTieBody) -> Response:
    """State a tie of yours to a firm, or as a registrar that of another officer."""
    command = DeclareInterest(FirmId(body.firm), body.ground, body.note, _account(body.officer))
    return write(lambda work: service.declare_interest(work, command), TieView.of)


@door.operation("POST", "/office/ties/<tie>/end", {200: TieView}, action=Action.MANAGE_OFFICERS)
def end_tie(tie: str) -> Response:
    """Enter that a tie of another officer is no more."""
    wanted = InterestId(tie)
    return write(lambda work: service.end_interest(work, wanted), TieView.of, 200)


@door.operation("GET", "/office/absences", {200: AbsencesView}, action=Action.READ_OFFICE)
def list_absences(query: PageQuery) -> Response:
    """List the absences of your office's officers."""

    def shown(found: tuple[Absence, ...]) -> AbsencesView:
        page, following = page_of(found, query, lambda each: [each.id])
        return AbsencesView(items=[AbsenceView.of(each) for each in page], next_cursor=following)

    return read(lambda view: service.absences(view, after_of(query, AbsenceId), query.limit + 1), shown)


@door.operation("POST", "/office/absences", {201: AbsenceView}, action=Action.MANAGE_OFFICERS)
def record_absence(body: AbsenceBody) -> Response:
    """Enter that an officer is away; the officer acts in no case then."""
    command = RecordAbsence(AccountId(body.officer), body.first, body.last, body.reason)
    return write(lambda work: service.record_absence(work, command), AbsenceView.of)


@door.operation("POST", "/office/absences/<absence>/end", {200: AbsenceView}, action=Action.MANAGE_OFFICERS)
def end_absence(absence: str) -> Response:
    """Enter that an officer is back early."""
    wanted = AbsenceId(absence)
    return write(lambda work: service.end_absence(work, wanted), AbsenceView.of, 200)


@door.operation("GET", "/office/delegations", {200: DelegationsView}, action=Action.READ_OFFICE)
def list_delegations(query: PageQuery) -> Response:
    """List who signs for whom in your office."""

    def shown(found: tuple[Delegation, ...]) -> DelegationsView:
        page, following = page_of(found, query, lambda each: [each.id])
        return DelegationsView(items=[DelegationView.of(each) for each in page], next_cursor=following)

    return read(lambda view: service.delegations(view, after_of(query, DelegationId), query.limit + 1), shown)


@door.operation("POST", "/office/delegations", {201: DelegationView}, action=Action.DELEGATE_RANK)
def delegate_rank(body: DelegateBody) -> Response:
    """Let another officer sign in your rank."""
    return write(lambda work: service.delegate(work, body.command()), DelegationView.of)


@door.operation("POST", "/office/delegations/<delegation>/end", {200: DelegationView}, action=Action.DELEGATE_RANK)
def end_delegation(delegation: str) -> Response:
    """Take back a delegation that you gave."""
    wanted = DelegationId(delegation)
    return write(lambda work: service.end_delegation(work, wanted), DelegationView.of, 200)


class RecusalView(Answer):
    """An expert's own recusal: the rest of the case is not the expert's to read."""

    case: str
    state: str

    @classmethod
    def of(cls, value: Case) -> "RecusalView":
        """Return the view of an expert's recusal."""
        return cls(case=value.id, state=value.state.value)


@door.operation("POST", "/cases/<case>/recusals", {200: RecusalView, 201: CaseView}, action=Action.DECLARE_INTEREST)
def recuse_officer(case: str, body: RecuseBody) -> Response:
    """Recuse yourself from a case, or as a registrar another officer; what the officer decided in it is void."""
    wanted, officer = CaseId(case), _account(body.officer)
    if not current_actor().roles & OFFICERS:
        return write(lambda work: officers.recuse(work, wanted, officer, body.reason), RecusalView.of, 200)
    return write(lambda work: officers.recuse(work, wanted, officer, body.reason), CaseView.of)


@door.operation("GET", "/cases/<case>/detected-ties", {200: DetectedTiesView}, action=Action.READ_OFFICE)
def list_detected_ties(case: str) -> Response:
    """List the officers who are reached where members of the case's firms are: none of them is drawn to review it."""
    wanted = CaseId(case)

    def found(view: View) -> DetectedTiesView:
        return DetectedTiesView(items=[DetectedTieView.of(each) for each in officers.detected(view, wanted)])

    return read(found, lambda answer: answer)


@door.operation("GET", "/cases/<case>/draws", {200: DrawsView}, action=Action.READ_OFFICE)
def list_draws(case: str) -> Response:
    """List every lot that was drawn for the review of a case, with its seed."""
    wanted = CaseId(case)

    def found(view: View) -> DrawsView:
        return DrawsView(items=[DrawView.of(each) for each in officers.draws(view, wanted)])

    return read(found, lambda answer: answer)


@door.operation("POST", "/cases/<case>/draws", {201: DrawView}, action=Action.MANAGE_OFFICERS)
def draw_reviewer(case: str, body: DrawAgainBody) -> Response:
    """Draw another reviewer where the one who was drawn may not act any more."""
    wanted = CaseId(case)
    return write(lambda work: officers.draw_again(work, wanted, body.reason), DrawView.of)
