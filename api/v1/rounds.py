"""Rounds in which offices take applications (申报轮次): everybody may read them."""

from datetime import datetime
from typing import Annotated, Literal

from flask import Response
from pydantic import Field, JsonValue

from api.calls import position_of, read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from registry.actors.model import Action
from registry.awards import rounds
from registry.awards.model import Case
from registry.awards.round_model import (
    CHECKLIST_MAX,
    CRITERIA_MAX,
    EXPERTS_LEAST,
    EXPERTS_MOST,
    POINTS_TOTAL,
    TEXT_LENGTH_MAX,
    TITLE_LENGTH_MAX,
    Aggregate,
    Criterion,
    MoveClosing,
    PublishRound,
    Round,
    RoundRevision,
    RoundState,
    RoundTerms,
    ScoreSheet,
)
from registry.journal.work import View
from registry.policy.model import Allocation
from registry.values.identifiers import CaseId, EvidenceId, RoundId
from registry.values.moment import Moment
from registry.values.money import FEN_MAX, Money

door = Door("rounds", __name__, url_prefix="/v1")

Points = Annotated[Whole, Field(ge=1, le=POINTS_TOTAL)]
Instant = Annotated[datetime, Field(strict=False)]


class CriterionBody(Strict):
    """What experts give points for, and at most how many."""

    code: str = Field(min_length=1, max_length=40)
    title: str = Field(min_length=1, max_length=TITLE_LENGTH_MAX)
    points: Points


class ScoreSheetBody(Strict):
    """By what experts score: criteria of 100 points together, what passes, how many experts, how totals are joined."""

    criteria: list[CriterionBody] = Field(min_length=1, max_length=CRITERIA_MAX)
    pass_score: Points
    experts: Annotated[Whole, Field(ge=EXPERTS_LEAST, le=EXPERTS_MOST)] = EXPERTS_LEAST
    aggregate: Aggregate = Field(default=Aggregate.MEAN, strict=False)

    def sheet(self) -> ScoreSheet:
        """Return the sheet. Raises InvalidValueError."""
        criteria = tuple(Criterion(each.code, each.title, each.points) for each in self.criteria)
        return ScoreSheet(criteria, self.pass_score, self.experts, self.aggregate)


class RoundTermsBody(Strict):
    """What a round is before it opens: guide, window to the minute, budget, checklist, score sheet.

    ``allocation`` null: as the policy's ruling says, else pro rata.
    """

    title: str = Field(min_length=1, max_length=TITLE_LENGTH_MAX)
    guide: str = Field(max_length=60)
    guide_url: str = Field(min_length=1, max_length=TEXT_LENGTH_MAX)
    opens_at: Instant
    closes_at: Instant
    budget_fen: Annotated[Whole, Field(ge=1, le=FEN_MAX)] | None = None
    allocation: Allocation | None = Field(default=None, strict=False)
    extra_items: list[Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH_MAX)]] = Field(
        default_factory=list, max_length=CHECKLIST_MAX
    )
    score_sheet: ScoreSheetBody | None = None

    def terms(self) -> RoundTerms:
        """Return what is asked of the registry. Raises InvalidValueError."""
        return RoundTerms(
            title=self.title,
            guide=EvidenceId(self.guide),
            guide_url=self.guide_url,
            opens_at=Moment.of_text(self.opens_at.isoformat()),
            closes_at=Moment.of_text(self.closes_at.isoformat()),
            budget=Money(self.budget_fen) if self.budget_fen else None,
            allocation=self.allocation,
            extra_items=tuple(self.extra_items),
            sheet=self.score_sheet.sheet() if self.score_sheet else None,
        )


class PublishRoundBody(RoundTermsBody):
    """A round of an instrument of your authority."""

    instrument: str = Field(min_length=1, max_length=60)


class MoveClosingBody(Strict):
    """The new closing of an open round, and the numbered decision that moves it."""

    closes_at: Instant
    number: str = Field(min_length=1, max_length=120)
    reason: str = Field(min_length=1, max_length=TEXT_LENGTH_MAX)


class DivideRoundBody(Strict):
    """Nothing is said: budget, allocation and what the cases come to decide."""


class RoundRevisionView(Answer):
    """A round as it was published at an instant; ``decision_number`` where a decision moved its closing."""

    number: int
    title: str
    guide: str
    guide_digest: str
    guide_url: str
    opens_at: str
    closes_at: str
    budget_fen: int | None
    allocation: str
    checklist: list[str]
    extra_items: list[str]
    score_sheet: dict[str, JsonValue] | None
    score_table: list[dict[str, JsonValue]]
    published_at: str
    decision_number: str
    reason: str

    @classmethod
    def of(cls, value: RoundRevision) -> "RoundRevisionView":
        """Return the view of a revision."""
        return cls(
            number=value.number,
            title=value.title,
            guide=value.guide,
            guide_digest=str(value.guide_digest),
            guide_url=value.guide_url,
            opens_at=str(value.opens_at),
            closes_at=str(value.closes_at),
            budget_fen=value.budget.fen if value.budget else None,
            allocation=value.allocation.value,
            checklist=list(value.checklist),
            extra_items=list(value.extra_items),
            score_sheet=dict(value.sheet.as_json()) if value.sheet else None,
            score_table=[dict(each) for each in value.score_table],
            published_at=str(value.published_at),
            decision_number=value.decision_number,
            reason=value.reason,
        )


class RoundView(Answer):
    """A round with what holds of it, and everything that was published of it before; ``state`` as of now."""

    id: str
    authority: str
    document: str
    instrument: str
    state: str
    now: RoundRevisionView
    revisions: list[RoundRevisionView]

    @classmethod
    def at(cls, value: Round, now: Moment) -> "RoundView":
        """Return the view of a round at an instant."""
        return cls(
            id=value.id,
            authority=value.authority,
            document=value.document,
            instrument=value.instrument,
            state=value.state_at(now).value,
            now=RoundRevisionView.of(value.now),
            revisions=[RoundRevisionView.of(each) for each in value.revisions],
        )


class RoundsView(Answer):
    """A page of rounds, the newest first."""

    items: list[RoundView]
    next_cursor: str | None = None


class RoundShareView(Answer):
    """What a case of a round comes to by itself, and what it receives out of the budget."""

    case: str
    applied_at: str
    state: str
    amount_fen: int
    share_fen: int

    @classmethod
    def of(cls, case: Case, share: Money) -> "RoundShareView":
        """Return the view of a case with its share."""
        return cls(
            case=case.id,
            applied_at=str(case.applied_at),
            state=case.state.value,
            amount_fen=case.amount.fen,
            share_fen=share.fen,
        )


class RoundSharesView(Answer):
    """A page of how the money of a round is divided, in order of acceptance."""

    items: list[RoundShareView]
    next_cursor: str | None = None


class RoundsQuery(PageQuery):
    """Which rounds: of an instrument, and in which state."""

    instrument: str = Field(default="", max_length=60)
    state: Literal["", "coming", "open", "closed"] = ""


def rounds_page(view: View, query: RoundsQuery) -> RoundsView:
    """Return a page of rounds."""
    found = rounds.rounds(
        view,
        after_of(query, RoundId),
        query.limit + 1,
        instrument=query.instrument,
        state=RoundState(query.state) if query.state else None,
    )
    page, following = page_of(found, query, lambda each: [each.id])
    return RoundsView(items=[RoundView.at(each, view.now) for each in page], next_cursor=following)


@door.operation("GET", "/rounds", {200: RoundsView}, public=True)
def list_rounds(query: RoundsQuery) -> Response:
    """List the rounds of every authority: coming, open and closed ones."""
    return read(lambda view: rounds_page(view, query), lambda found: found)


@door.operation("GET", "/rounds/<round_id>", {200: RoundView}, public=True)
def get_round(round_id: str) -> Response:
    """Return a round with every revision and decision."""
    wanted = RoundId(round_id)
    return read(lambda view: RoundView.at(rounds.round_of(view, wanted), view.now), lambda found: found)


@door.operation("POST", "/rounds", {201: RoundView}, action=Action.PUBLISH_ROUND)
def publish_round(body: PublishRoundBody) -> Response:
    """Publish a round of an instrument of your authority before it opens."""
    command = PublishRound(body.instrument, body.terms())
    return write(lambda work: RoundView.at(rounds.publish_round(work, command), work.now), lambda made: made)


@door.operation("POST", "/rounds/<round_id>/revisions", {200: RoundView}, action=Action.PUBLISH_ROUND)
def revise_round(round_id: str, body: RoundTermsBody) -> Response:
    """Publish a round anew, as a whole, before it opens."""
    wanted, terms = RoundId(round_id), body.terms()
    return write(lambda work: RoundView.at(rounds.revise_round(work, wanted, terms), work.now), lambda made: made, 200)


@door.operation("POST", "/rounds/<round_id>/closing", {200: RoundView}, action=Action.PUBLISH_ROUND)
def move_round_closing(round_id: str, body: MoveClosingBody) -> Response:
    """Close an open round early or keep it open for longer, by a numbered decision."""
    command = MoveClosing(RoundId(round_id), Moment.of_text(body.closes_at.isoformat()), body.number, body.reason)
    return write(lambda work: RoundView.at(rounds.move_closing(work, command), work.now), lambda made: made, 200)


@door.operation("GET", "/rounds/<round_id>/division", {200: RoundSharesView}, action=Action.READ_OFFICE)
def get_round_division(round_id: str, query: PageQuery) -> Response:
    """Return what the cases of a round of your authority receive out of its budget."""
    wanted = RoundId(round_id)
    position = position_of(query.cursor, 2)
    after = (Moment.of_text(str(position[0])), CaseId(str(position[1]))) if position else None

    def shown(found: tuple[tuple[Case, Money], ...]) -> RoundSharesView:
        page, following = page_of(found, query, lambda each: [str(each[0].applied_at), each[0].id])
        return RoundSharesView(items=[RoundShareView.of(case, share) for case, share in page], next_cursor=following)

    return read(lambda view: rounds.division(view, wanted, after, query.limit + 1), shown)


@door.operation("POST", "/rounds/<round_id>/division", {200: RoundView}, action=Action.REVIEW_CASE)
def divide_round(round_id: str, body: DivideRoundBody) -> Response:  # noqa: ARG001
    """Divide the money of a closed round among its cases; the line of each amounts to its share."""
    wanted = RoundId(round_id)
    return write(lambda work: RoundView.at(rounds.allot(work, wanted), work.now), lambda made: made, 200)


@door.operation("GET", "/cases/<case>/round", {200: RoundView}, action=Action.READ_CASE)
def get_round_of_case(case: str) -> Response:
    """Return the round a case came in."""
    wanted = CaseId(case)
    return read(lambda view: RoundView.at(rounds.round_of_case(view, wanted), view.now), lambda found: found)
