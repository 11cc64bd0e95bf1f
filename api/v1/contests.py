"""Contests of novelty over HTTP: both sides file, a reviewer who is drawn decides, what was paid is looked at again."""

from datetime import date

from flask import Response
from pydantic import Field

from api.calls import current_actor, house, position_of, read, write
from api.documents import MEDIA_TYPE, document
from api.door import Answer, Door, PageQuery, Strict
from api.paging import page_of
from api.v1.contest_views import (
    ContestDrawsView,
    ContestDrawView,
    ContestEvidenceView,
    ContestReviewsView,
    ContestReviewView,
    ContestsView,
    ContestView,
)
from api.v1.dataset_bodies import version_name
from registry.actors.model import Action
from registry.aftercare import reviews
from registry.awards import contest_deciding, contest_voiding, contests
from registry.awards.contest_model import (
    PLACE_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    AnswerContestReview,
    ContestReviewOutcome,
    DecideContest,
    FileContestEvidence,
    OpenContest,
)
from registry.catalog.novelty_model import NoveltyOutcome
from registry.journal.work import View
from registry.values.identifiers import AuthorityId, CaseId, ContestId, EvidenceId, VersionId
from registry.values.moment import Moment

door = Door("contests", __name__, url_prefix="/v1")


class OpenContestBody(Strict):
    """What is contested: ``own`` is a version (``namespace/slug@v1``) or the id of a draft, ``against`` a version.

    ``authority`` only where several decide on awards.
    """

    own: str = Field(max_length=220)
    against: str = Field(max_length=220)
    statement: str = Field(min_length=1, max_length=TEXT_LENGTH_MAX)
    authority: str | None = Field(default=None, max_length=60)

    def command(self) -> OpenContest:
        """Return what is asked of the registry. Raises InvalidValueError."""
        own = version_name(self.own) if "@" in self.own else VersionId(self.own)
        return OpenContest(own, version_name(self.against), self.statement)


class ContestEvidenceBody(Strict):
    """A document that was filed before, the day it is of and what it shows; a secret needs a summary for the other."""

    document: str = Field(max_length=60)
    claimed_on: date = Field(strict=False)
    shows: str = Field(min_length=1, max_length=TEXT_LENGTH_MAX)
    confidential: bool = False
    summary: str = Field(default="", max_length=TEXT_LENGTH_MAX)


class ContestReasonBody(Strict):
    """Why."""

    reason: str = Field(min_length=1, max_length=TEXT_LENGTH_MAX)


class DecideContestBody(Strict):
    """A decision. ``day`` with ``moves`` and ``earlier``: of the first publication; ``place`` with ``earlier``."""

    outcome: NoveltyOutcome = Field(strict=False)
    reason: str = Field(min_length=1, max_length=TEXT_LENGTH_MAX)
    day: date | None = Field(default=None, strict=False)
    place: str = Field(default="", max_length=PLACE_LENGTH_MAX)


class AnswerContestReviewBody(Strict):
    """Whether a paid award stands or its money is to be recovered, and why."""

    outcome: ContestReviewOutcome = Field(strict=False)
    reason: str = Field(min_length=1, max_length=TEXT_LENGTH_MAX)


def _same(answer: Answer) -> Answer:
    return answer


@door.operation("POST", "/contests", {201: ContestView}, action=Action.APPLY_FOR_AWARD)
def open_contest(body: OpenContestBody) -> Response:
    """Contest that your data is not new beside another firm's; awards on both wait until it is decided."""
    command, authority = body.command(), AuthorityId(body.authority) if body.authority else None
    return write(lambda work: contests.open_contest(work, command, authority), ContestView.of)


@door.operation("GET", "/contests", {200: ContestsView}, action=Action.READ_CASE)
def list_contests(query: PageQuery) -> Response:
    """List the contests of your firm or office, the newest first."""
    after = position_of(query.cursor, 2)
    start = (Moment.of_text(str(after[0])), ContestId(str(after[1]))) if after else None

    def page(view: View) -> ContestsView:
        found = contests.contests(view, start, query.limit + 1)
        shown, following = page_of(found, query, lambda each: [str(each.contest.opened_at), each.contest.id])
        return ContestsView(items=[ContestView.of(each) for each in shown], next_cursor=following)

    return read(page, _same)


@door.operation("GET", "/contests/<contest>", {200: ContestView}, action=Action.READ_CASE)
def get_contest(contest: str) -> Response:
    """Show a contest of your firm or office, with what was filed; of a secret of the other side its summary."""
    wanted = ContestId(contest)
    return read(lambda view: contests.contest(view, wanted), ContestView.of)


@door.operation("POST", "/contests/<contest>/evidence", {201: ContestEvidenceView}, action=Action.APPLY_FOR_AWARD)
def file_contest_evidence(contest: str, body: ContestEvidenceBody) -> Response:
    """File a document in a contest of your firm; the other side is told."""
    command = FileContestEvidence(
        ContestId(contest), EvidenceId(body.document), body.claimed_on, body.shows, body.confidential, body.summary
    )
    return write(lambda work: contests.file_evidence(work, command), ContestEvidenceView.of)


@door.operation(
    "GET",
    "/contests/<contest>/evidence/<int:number>/content",
    {200: None},
    action=Action.READ_CASE,
    media={200: MEDIA_TYPE},
)
def read_contest_evidence(contest: str, number: int) -> Response:
    """Read the bytes of a document of a contest that you may see."""
    with house().view(current_actor()) as view:
        found, blob = contests.document(view, ContestId(contest), number)
    return document(blob, found.file_name)


@door.operation("POST", "/contests/<contest>/withdraw", {200: ContestView}, action=Action.APPLY_FOR_AWARD)
def withdraw_contest(contest: str, body: ContestReasonBody) -> Response:
    """Withdraw a contest that your firm opened; what waited for it goes on."""
    wanted = ContestId(contest)
    return write(lambda work: contests.withdraw_contest(work, wanted, body.reason), ContestView.of, 200)


@door.operation("GET", "/contests/<contest>/draws", {200: ContestDrawsView}, action=Action.READ_OFFICE)
def list_contest_draws(contest: str) -> Response:
    """List every lot that was drawn for the decision of a contest, with its seed."""
    wanted = ContestId(contest)

    def found(view: View) -> ContestDrawsView:
        return ContestDrawsView(items=[ContestDrawView.of(each) for each in contests.draws(view, wanted)])

    return read(found, _same)


@door.operation("POST", "/contests/<contest>/draws", {201: ContestDrawView}, action=Action.MANAGE_OFFICERS)
def draw_contest_reviewer(contest: str, body: ContestReasonBody) -> Response:
    """Draw a reviewer where nobody was drawn, or whoever was may not decide any more."""
    wanted = ContestId(contest)
    return write(lambda work: contest_deciding.draw_again(work, wanted, body.reason), ContestDrawView.of)


@door.operation("POST", "/contests/<contest>/decision", {200: ContestView}, action=Action.REVIEW_CASE)
def decide_contest(contest: str, body: DecideContestBody) -> Response:
    """Decide a contest: cases of both lineages are decided again, those of whoever lost end."""
    command = DecideContest(ContestId(contest), body.outcome, body.reason, body.day, body.place)
    return write(lambda work: contest_deciding.decide(work, command), ContestView.of, 200)


@door.operation("POST", "/contests/<contest>/recusal", {200: ContestView}, action=Action.DECLARE_INTEREST)
def recuse_contest_decider(contest: str, body: ContestReasonBody) -> Response:
    """Make the decision of a contest void: yours, if you are tied to a side, or as a registrar that of another who is.

    The contest is open again, and another reviewer who is new to it decides.
    """
    wanted = ContestId(contest)
    return write(lambda work: contest_voiding.recuse_decider(work, wanted, body.reason), ContestView.of, 200)


@door.operation("GET", "/contest-reviews", {200: ContestReviewsView}, action=Action.READ_OFFICE)
def list_contest_reviews(query: PageQuery) -> Response:
    """List the paid awards of your office whose lineage lost a contest, the newest first."""
    after = position_of(query.cursor, 2)
    start = (Moment.of_text(str(after[0])), CaseId(str(after[1]))) if after else None

    def page(view: View) -> ContestReviewsView:
        found = contest_deciding.reviews(view, start, query.limit + 1)
        shown, following = page_of(found, query, lambda each: [str(each.opened_at), each.case])
        return ContestReviewsView(items=[ContestReviewView.of(each) for each in shown], next_cursor=following)

    return read(page, _same)


@door.operation("POST", "/contests/<contest>/reviews/<case>", {200: ContestReviewView}, action=Action.REVIEW_CASE)
def answer_contest_review(contest: str, case: str, body: AnswerContestReviewBody) -> Response:
    """Say whether a paid award stands although its lineage lost, or its money is to be recovered."""
    command = AnswerContestReview(ContestId(contest), CaseId(case), body.outcome, body.reason)
    return write(lambda work: reviews.answer_contest_review(work, command), ContestReviewView.of, 200)
