"""Backward corrections of the registers over HTTP: what was corrected, which cases it touches, which of them stand."""

from datetime import date
from typing import Self

from flask import Response
from pydantic import Field

from api.calls import cursor_of, position_of, read, write
from api.door import Answer, Door, PageQuery, Strict
from api.paging import after_of, page_of
from registry.actors.model import Action
from registry.aftercare.reviews import answer_register_review as answer_review
from registry.awards import register_reviews
from registry.awards.model import CaseState
from registry.awards.register_reviews import AnswerReview, RegisterReview
from registry.journal.work import View
from registry.parties.correction_model import Correction, Register
from registry.values.identifiers import CaseId, CorrectionId
from registry.values.moment import Moment

door = Door("register_reviews", __name__, url_prefix="/v1")


class CorrectionView(Answer):
    """A register line that was written after days for which it holds, with the firms it touches."""

    id: str
    authority: str
    register_name: Register
    line: str
    firms: list[str]
    valid_from: date | None
    valid_until: date | None
    recorded_at: str

    @classmethod
    def of(cls, found: Correction) -> Self:
        """Return the view of a correction."""
        return cls(
            id=found.id,
            authority=found.authority,
            register_name=found.register,
            line=found.line,
            firms=sorted(found.firms),
            valid_from=found.valid.first,
            valid_until=found.valid.until,
            recorded_at=str(found.recorded_at),
        )


class CorrectionsView(Answer):
    """A page of corrections."""

    items: list[CorrectionView]
    next_cursor: str | None


class RegisterReviewView(Answer):
    """A case that a correction touches: decided before it, or with a review that is open or answered."""

    correction: str
    case: str
    state: CaseState
    decided: bool
    open: bool
    stands: bool | None
    opinion: str | None
    answered_at: str | None

    @classmethod
    def of(cls, found: RegisterReview) -> Self:
        """Return the view of a review."""
        answer = found.answer
        return cls(
            correction=found.correction.id,
            case=found.case.id,
            state=found.case.state,
            decided=found.decided,
            open=found.is_open,
            stands=answer.stands if answer else None,
            opinion=answer.opinion if answer else None,
            answered_at=str(answer.at) if answer else None,
        )


class CorrectedCasesView(Answer):
    """A correction, the undecided cases whose review it opened, and the decided ones, which are listed only.

    A page may hold few cases or none though ``next_cursor`` says that more are to be looked at.
    """

    correction: CorrectionView
    undecided: list[RegisterReviewView]
    decided: list[RegisterReviewView]
    next_cursor: str | None

    @classmethod
    def of(cls, found: tuple[Correction, tuple[RegisterReview, ...], tuple[Moment, CaseId] | None]) -> Self:
        """Return the view of a page of the cases of a correction."""
        correction, reviews, last = found
        return cls(
            correction=CorrectionView.of(correction),
            undecided=[RegisterReviewView.of(each) for each in reviews if not each.decided],
            decided=[RegisterReviewView.of(each) for each in reviews if each.decided],
            next_cursor=cursor_of([str(last[0]), last[1]]) if last else None,
        )


class RegisterReviewsView(Answer):
    """The corrections that touch a case."""

    items: list[RegisterReviewView]

    @classmethod
    def of(cls, found: tuple[RegisterReview, ...]) -> Self:
        """Return the view of a case's reviews."""
        return cls(items=[RegisterReviewView.of(each) for each in found])


class AnswerReviewBody(Strict):
    """Whether the case stands in spite of the correction, with the reason."""

    stands: bool
    opinion: str = Field(min_length=1, max_length=2_000)


@door.operation("GET", "/register-corrections", {200: CorrectionsView}, action=Action.READ_REGISTERS)
def list_corrections(query: PageQuery) -> Response:
    """List the backward corrections of the registers your decisions rest on."""
    first = after_of(query, CorrectionId)

    def present(found: list[Correction]) -> CorrectionsView:
        page, following = page_of(found, query, lambda each: [each.id])
        return CorrectionsView(items=[CorrectionView.of(each) for each in page], next_cursor=following)

    def ask(view: View) -> list[Correction]:
        return register_reviews.corrections_page(view, first, query.limit + 1)

    return read(ask, present)


@door.operation("GET", "/register-corrections/<correction>", {200: CorrectedCasesView}, action=Action.READ_REGISTERS)
def show_correction(correction: str, query: PageQuery) -> Response:
    """Show the cases a correction touches, page by page: undecided ones with their review, and decided ones."""
    correction_id = CorrectionId(correction)
    position = position_of(query.cursor, 2)
    after = (Moment.of_text(str(position[0])), CaseId(str(position[1]))) if position else None
    return read(
        lambda view: register_reviews.cases_touched(view, correction_id, after, query.limit), CorrectedCasesView.of
    )


@door.operation("GET", "/cases/<case>/register-reviews", {200: RegisterReviewsView}, action=Action.READ_REGISTERS)
def list_register_reviews(case: str) -> Response:
    """List the corrections that touch a case."""
    case_id = CaseId(case)
    return read(lambda view: register_reviews.reviews_of_case(view, case_id), RegisterReviewsView.of)


@door.operation(
    "POST",
    "/cases/<case>/register-reviews/<correction>",
    {201: RegisterReviewView},
    action=Action.REVIEW_CASE,
)
def answer_register_review(case: str, correction: str, body: AnswerReviewBody) -> Response:
    """Say whether an undecided or a paid case stands in spite of a correction; a paid one that falls is recovered."""
    command = AnswerReview(CaseId(case), CorrectionId(correction), body.stands, body.opinion)
    return write(lambda work: answer_review(work, command), RegisterReviewView.of)
