"""Experts of an office: the register, panels drawn by lot, sealed scores and their opening."""

from typing import Annotated

from flask import Response
from pydantic import Field, JsonValue

from api.calls import read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from api.v1.case_views import CaseView
from registry.actors.model import Action
from registry.awards import scoring
from registry.awards.score_rules import (
    COMMENT_LENGTH_MAX,
    FIELDS_MAX,
    MARKS_MAX,
    EnterExpert,
    Expert,
    GiveScores,
    Mark,
    PanelDraw,
    Slip,
)
from registry.awards.scoring import CaseScores, OwnSheet, Seat
from registry.values.identifiers import AccountId, CaseId

door = Door("scores", __name__, url_prefix="/v1")

Comment = Annotated[str, Field(min_length=1, max_length=COMMENT_LENGTH_MAX)]


class ExpertBody(Strict):
    """An account of the office with the role of an expert; no field means every field."""

    account: str = Field(max_length=60)
    fields: list[Annotated[str, Field(min_length=1, max_length=60)]] = Field(
        default_factory=list, max_length=FIELDS_MAX
    )
    note: Comment


class EndExpertBody(Strict):
    """Nothing is said: the entry ends."""


class DrawExpertsBody(Strict):
    """Nothing is said: the lot decides."""


class ReplaceExpertBody(Strict):
    """In whose place somebody else is drawn, and why."""

    expert: str = Field(max_length=60)
    reason: Comment


class MarkBody(Strict):
    """What a criterion is given, in hundredths of a point, and why."""

    criterion: str = Field(min_length=1, max_length=40)
    points_hundredths: Annotated[Whole, Field(ge=0, le=10_000)]
    comment: Comment


class ScoresBody(Strict):
    """One mark for each criterion of the score sheet."""

    marks: list[MarkBody] = Field(min_length=1, max_length=MARKS_MAX)


class OpenScoresBody(Strict):
    """Nothing is said: what the experts gave decides."""


class ExpertView(Answer):
    """An entry of the register of experts."""

    account: str
    fields: list[str]
    note: str
    entered_at: str
    ended_at: str | None

    @classmethod
    def of(cls, value: Expert) -> "ExpertView":
        """Return the view of an entry."""
        return cls(
            account=value.account,
            fields=list(value.fields),
            note=value.note,
            entered_at=str(value.entered_at),
            ended_at=str(value.ended_at) if value.ended_at else None,
        )


class ExpertsView(Answer):
    """A page of the register, in the order of accounts."""

    items: list[ExpertView]
    next_cursor: str | None = None


class MarkView(Answer):
    """What a criterion was given."""

    criterion: str
    points_hundredths: int
    comment: str


class SlipView(Answer):
    """What one expert gave, with what opens its commitment in the journal."""

    marks: list[MarkView]
    total_hundredths: int
    salt: str
    commitment: str
    given_at: str

    @classmethod
    def of(cls, value: Slip) -> "SlipView":
        """Return the view of a slip."""
        return cls(
            marks=[
                MarkView(criterion=each.criterion, points_hundredths=each.points_hundredths, comment=each.comment)
                for each in value.marks
            ],
            total_hundredths=value.total_hundredths,
            salt=value.salt.hex(),
            commitment=str(value.commitment),
            given_at=str(value.given_at),
        )


class SeatView(Answer):
    """A seat of a panel; ``slip`` is null until the scores are open."""

    expert: str
    due_on: str
    given: bool
    slip: SlipView | None

    @classmethod
    def of(cls, value: Seat) -> "SeatView":
        """Return the view of a seat."""
        return cls(
            expert=value.expert,
            due_on=value.due_on.isoformat(),
            given=value.given,
            slip=SlipView.of(value.slip) if value.slip else None,
        )


class PanelDrawView(Answer):
    """A lot: anyone who has the seed draws the same experts again."""

    number: int
    seed: str
    candidates: list[str]
    drawn: list[str]
    replaced: str | None
    reason: str
    drawn_at: str

    @classmethod
    def of(cls, value: PanelDraw) -> "PanelDrawView":
        """Return the view of a lot."""
        return cls(
            number=value.number,
            seed=value.seed.hex(),
            candidates=[str(each) for each in value.candidates],
            drawn=[str(each) for each in value.drawn],
            replaced=value.replaced,
            reason=value.reason,
            drawn_at=str(value.drawn_at),
        )


class CaseScoresView(Answer):
    """Where the scoring of a case stands; the applicant sees neither experts nor slips, only what they come to."""

    case: str
    round: str
    score_sheet: dict[str, JsonValue]
    given: int
    needed: int
    total_hundredths: int | None
    passed: bool | None
    opened_at: str | None
    seats: list[SeatView]
    draws: list[PanelDrawView]

    @classmethod
    def of(cls, value: CaseScores) -> "CaseScoresView":
        """Return the view of where a scoring stands."""
        opened = value.case.scores
        return cls(
            case=value.case.id,
            round=value.round.id,
            score_sheet=dict(value.sheet.as_json()),
            given=value.given,
            needed=value.needed,
            total_hundredths=opened.total_hundredths if opened else None,
            passed=opened.passed if opened else None,
            opened_at=str(opened.opened_at) if opened else None,
            seats=[SeatView.of(each) for each in value.seats],
            draws=[PanelDrawView.of(each) for each in value.draws],
        )


class OwnSheetView(Answer):
    """A case you were drawn for: what it is about, by what it is scored, and your own slip."""

    case: str
    instrument: str
    applicant: str
    dataset: str
    round: str
    guide_url: str
    score_sheet: dict[str, JsonValue]
    due_on: str
    waits: bool
    slip: SlipView | None

    @classmethod
    def of(cls, value: OwnSheet) -> "OwnSheetView":
        """Return the view of an expert's case."""
        return cls(
            case=value.case.id,
            instrument=value.case.instrument,
            applicant=value.case.lines[0].firm_name,
            dataset=value.dataset,
            round=value.round.id,
            guide_url=value.round.now.guide_url,
            score_sheet=dict(value.sheet.as_json()),
            due_on=value.due_on.isoformat(),
            waits=value.waits,
            slip=SlipView.of(value.slip) if value.slip else None,
        )


class OwnSheetsView(Answer):
    """A page of the cases you were drawn for, the newest first."""

    items: list[OwnSheetView]
    next_cursor: str | None = None


@door.operation("GET", "/experts", {200: ExpertsView}, action=Action.READ_OFFICE)
def list_experts(query: PageQuery) -> Response:
    """List the register of experts of your office, ended entries too."""

    def shown(found: tuple[Expert, ...]) -> ExpertsView:
        page, following = page_of(found, query, lambda each: [each.account])
        return ExpertsView(items=[ExpertView.of(each) for each in page], next_cursor=following)

    return read(lambda view: scoring.experts(view, after_of(query, AccountId), query.limit + 1), shown)


@door.operation("POST", "/experts", {201: ExpertView}, action=Action.MANAGE_OFFICERS)
def enter_expert(body: ExpertBody) -> Response:
    """Enter an account of your office into its register of experts; a former entry is replaced."""
    command = EnterExpert(AccountId(body.account), tuple(body.fields), body.note)
    return write(lambda work: scoring.enter_expert(work, command), ExpertView.of)


@door.operation("POST", "/experts/<expert>/end", {200: ExpertView}, action=Action.MANAGE_OFFICERS)
def end_expert(expert: str, body: EndExpertBody) -> Response:  # noqa: ARG001
    """Take an expert off the register."""
    wanted = AccountId(expert)
    return write(lambda work: scoring.end_expert(work, wanted), ExpertView.of, 200)


@door.operation("POST", "/cases/<case>/experts", {200: CaseView}, action=Action.REVIEW_CASE)
def draw_experts(case: str, body: DrawExpertsBody) -> Response:  # noqa: ARG001
    """Draw the experts of a case by lot; the seed is the commitment of the journal entry that says so."""
    wanted = CaseId(case)
    return write(lambda work: scoring.draw_experts(work, wanted), CaseView.of, 200)


@door.operation("POST", "/cases/<case>/experts/replacement", {200: CaseView}, action=Action.REVIEW_CASE)
def replace_expert(case: str, body: ReplaceExpertBody) -> Response:
    """Draw somebody else in place of an expert who was recused, may not act any more, or let the days pass."""
    wanted, expert, reason = CaseId(case), AccountId(body.expert), body.reason
    return write(lambda work: scoring.replace_expert(work, wanted, expert, reason), CaseView.of, 200)


@door.operation("GET", "/cases/<case>/scores", {200: CaseScoresView}, action=Action.READ_CASE)
def get_scores(case: str) -> Response:
    """Return where the scoring of a case stands; what each expert gave is shown once the scores are open."""
    wanted = CaseId(case)
    return read(lambda view: scoring.scores(view, wanted), CaseScoresView.of)


@door.operation("POST", "/cases/<case>/scores/opening", {200: CaseView}, action=Action.REVIEW_CASE)
def open_scores(case: str, body: OpenScoresBody) -> Response:  # noqa: ARG001
    """Open the scores once all are in; below the pass score the case ends in an adverse decision."""
    wanted = CaseId(case)
    return write(lambda work: scoring.open_scores(work, wanted), CaseView.of, 200)


@door.operation("GET", "/expert-cases", {200: OwnSheetsView}, action=Action.SCORE_CASE)
def list_expert_cases(query: PageQuery) -> Response:
    """List the cases you were drawn for as an expert."""

    def shown(found: tuple[OwnSheet, ...]) -> OwnSheetsView:
        page, following = page_of(found, query, lambda each: [each.case.id])
        return OwnSheetsView(items=[OwnSheetView.of(each) for each in page], next_cursor=following)

    return read(lambda view: scoring.own_sheets(view, after_of(query, CaseId), query.limit + 1), shown)


@door.operation("GET", "/expert-cases/<case>", {200: OwnSheetView}, action=Action.SCORE_CASE)
def get_expert_case(case: str) -> Response:
    """Return a case you were drawn for, with your own slip."""
    wanted = CaseId(case)
    return read(lambda view: scoring.own_sheet(view, wanted), OwnSheetView.of)


@door.operation("POST", "/expert-cases/<case>/scores", {201: OwnSheetView}, action=Action.SCORE_CASE)
def give_scores(case: str, body: ScoresBody) -> Response:
    """Score a case you were drawn for, once: points and a comment for each criterion. It stays sealed until opened."""
    marks = tuple(Mark(each.criterion, each.points_hundredths, each.comment.strip()) for each in body.marks)
    command = GiveScores(CaseId(case), marks)
    return write(lambda work: scoring.give_scores(work, command), OwnSheetView.of)
