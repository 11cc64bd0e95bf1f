"""Cases: check and apply for an award, form a batch, review, notice, sign, object, instruct, pay."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal, TypeVar

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from api.calls import current_actor, house, position_of, read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import page_of
from api.v1.case_views import CasesView, CaseView, ObjectionView
from api.v1.notice_views import NoticesView, PublicNoticeView
from api.v1.payees import PayeeBody
from api.v1.verdict_views import VerdictView
from registry.actors.model import Action
from registry.aftercare import reviews
from registry.awards import batches, payments, procedure, service
from registry.awards.came_between import ReviewPayment
from registry.awards.commands import (
    AnswerObjection,
    ApplyForAward,
    DecideLateObjection,
    FormBatch,
    InstructPayment,
    PostNotice,
    RaiseObjection,
    RecordPayment,
    RecordReturn,
    ReviewCase,
    SignCase,
    WithdrawCase,
)
from registry.awards.model import Case, Outcome, OutsideSearch
from registry.awards.shares import MAKERS_MAX
from registry.dossier import service as dossiers
from registry.errors import InvalidValueError
from registry.journal.work import View, Work
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, CaseId, FirmId, VoucherId
from registry.values.moment import Moment
from registry.values.names import PublicName

door = Door("cases", __name__, url_prefix="/v1")

C = TypeVar("C")
Words = Annotated[str, Field(min_length=1, max_length=2000)]
NOTICES_MAX = 200


class AwardCheckQuery(BaseModel):
    """Which award for which dataset; ``authority`` only where several grant it.

    ``as_of`` is an instant that has passed (RFC 3339): the verdict of then is made again. ``joint`` are the shares of
    all joint makers in basis points, the publisher among them: ``firm_…=6000,firm_…=4000``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    instrument: str = Field(max_length=60)
    dataset: str = Field(max_length=200)
    authority: str = Field(default="", max_length=60)
    as_of: str = Field(default="", max_length=60)
    joint: str = Field(default="", max_length=60 * MAKERS_MAX)

    def joint_makers(self) -> dict[FirmId, int]:
        """Return the shares of the makers, none where it is not shared. Raises InvalidValueError."""
        found: dict[FirmId, int] = {}
        for each in self.joint.split(",") if self.joint else ():
            firm, _, share = each.partition("=")
            if not (share.isascii() and share.isdecimal() and len(share) <= 5) or FirmId(firm) in found:
                raise InvalidValueError("split_malformed", given=each[:80])
            found[FirmId(firm)] = int(share)
        return found


class ApplyForAwardBody(Strict):
    """An application, with the undertaking that everything in it is true.

    ``joint_makers`` are the shares of firms in basis points, your own among them, together 10,000.
    """

    instrument: str = Field(max_length=60)
    dataset: str = Field(max_length=200)
    undertaking: bool
    payee: PayeeBody
    joint_makers: dict[str, Whole] = Field(default_factory=dict, max_length=MAKERS_MAX)
    authority: str | None = Field(default=None, max_length=60)

    def command(self) -> ApplyForAward:
        """Return what is asked of the registry. Raises InvalidValueError."""
        return ApplyForAward(
            self.instrument,
            PublicName.parse(self.dataset),
            self.undertaking,
            self.payee.given(),
            {FirmId(firm): share for firm, share in self.joint_makers.items()},
        )


class FormBatchBody(Strict):
    """Which redeemed vouchers of a document to pay; null takes all of them."""

    document: str = Field(max_length=60)
    vouchers: list[str] | None = Field(default=None, max_length=1000)

    def command(self) -> FormBatch:
        """Return what is asked of the registry. Raises InvalidValueError."""
        chosen = None if self.vouchers is None else tuple(dict.fromkeys(VoucherId(each) for each in self.vouchers))
        return FormBatch(self.document, chosen)


class OutsideSearchBody(Strict):
    """Where an earlier publication was looked for, and whether one was found."""

    where: Words
    found_earlier: bool
    note: str = Field(default="", max_length=2000)


class ReviewCaseBody(Strict):
    """What the check of a case found."""

    passed: bool
    opinion: Words
    originals_seen: bool
    outside_search: OutsideSearchBody | None = None

    def command(self, case: CaseId) -> ReviewCase:
        """Return what is asked of the registry. Raises InvalidValueError."""
        found = self.outside_search
        search = OutsideSearch(found.where, found.found_earlier, found.note) if found else None
        return ReviewCase(case, self.passed, self.opinion, self.originals_seen, search)


class PostNoticeBody(Strict):
    """Where the notice stands, and the SHA-256 of a capture of the page."""

    page_url: str = Field(min_length=8, max_length=2000)
    capture_sha256: str = Field(max_length=80)


class SignCaseBody(Strict):
    """The opinion of an officer of one rank."""

    opinion: Words
    approved: bool


LineNumbers = Annotated[list[Annotated[Whole, Field(ge=1, le=1000)]], Field(max_length=1000)]


class InstructPaymentBody(Strict):
    """From which line of which year's budget to pay; ``project_code`` is the line money was appropriated to.

    ``lines`` of a batch, all that no objection holds by default; the others wait in a case of their own.
    """

    budget_year: Annotated[Whole, Field(ge=2000, le=2199)]
    project_code: str = Field(min_length=1, max_length=60)
    subject_code: str = Field(min_length=1, max_length=60)
    payment_voucher_number: str = Field(min_length=1, max_length=60)
    lines: LineNumbers = Field(default_factory=list)


class RecordCasePaymentBody(Strict):
    """The bank's receipt and the day it paid; ``lines`` of a batch, all that no objection holds by default."""

    bank_receipt: str = Field(min_length=1, max_length=120)
    paid_on: date = Field(strict=False)
    lines: LineNumbers = Field(default_factory=list)


class CaseReasonBody(Strict):
    """Why."""

    reason: Words


class CaseLinesBody(Strict):
    """Why, and which lines of the case."""

    reason: Words
    lines: LineNumbers = Field(default_factory=list)


class DecideLateObjectionBody(Strict):
    """Whether an objection that came after the notice holds its lines, and why."""

    hold: bool
    reason: Words


class AnswerObjectionBody(Strict):
    """The written answer to an objection."""

    outcome: Literal["upheld", "dismissed"]
    answer: Words


class ReviewPaymentBody(Strict):
    """Whether a payment stands in spite of what had come before its receipt; else ``lines`` to recover, none: all."""

    outcome: Literal["stands", "recover"]
    reason: Words
    lines: LineNumbers = Field(default_factory=list)


class DossierQuery(BaseModel):
    """``digest``: what a printed form of the case is bound to; the answer is a conflict when the case went on since."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: str = Field(default="", max_length=80)


class CasesQuery(PageQuery):
    """Which page of the cases."""


def _shown(view: View, case: Case) -> CaseView:
    secret = house().secret
    return CaseView.of(
        case, service.payee_for_finance(view, secret, case), service.line_payees_for_finance(view, secret, case)
    )


def _changed(use_case: Callable[[Work, C], Case], command: C, status: int = 200) -> Response:
    """Run a use case on a case. The answer is kept with its key, so it never holds a whole account number."""
    return write(lambda work: use_case(work, command), CaseView.of, status)


def _authority(given: str | None) -> AuthorityId | None:
    return AuthorityId(given) if given else None


@door.operation("GET", "/award-check", {200: VerdictView}, action=Action.READ_CASE, problems=(404, 422))
def check_award(query: AwardCheckQuery) -> Response:
    """Say what an application for an award would come to today, condition by condition."""
    name, office = PublicName.parse(query.dataset), _authority(query.authority)
    at = Moment.of_text(query.as_of) if query.as_of else None
    joint = query.joint_makers()
    return read(lambda view: service.check_award(view, query.instrument, name, office, at, joint), VerdictView.of)


@door.operation("POST", "/awards", {201: CaseView}, action=Action.APPLY_FOR_AWARD)
def apply_for_award(body: ApplyForAwardBody) -> Response:
    """Apply for an award for a dataset of your own."""
    office = _authority(body.authority)
    return write(lambda work: service.apply(work, house().secret, body.command(), office), CaseView.of)


@door.operation("POST", "/payment-batches", {201: CaseView}, action=Action.SETTLE_VOUCHERS)
def form_payment_batch(body: FormBatchBody) -> Response:
    """Settle redeemed vouchers and open their payment case."""
    return _changed(batches.form_batch, body.command(), 201)


@door.operation("GET", "/cases", {200: CasesView}, action=Action.READ_CASE)
def list_cases(query: CasesQuery) -> Response:
    """List the cases of your authority or firm, the newest first."""
    after = position_of(query.cursor, 2)
    start = (Moment.of_text(str(after[0])), CaseId(str(after[1]))) if after else None

    def page(view: View) -> CasesView:
        found = service.cases(view, start, query.limit + 1)
        shown, following = page_of(found, query, lambda each: [str(each.applied_at), each.id])
        return CasesView(items=[CaseView.of(each) for each in shown], next_cursor=following)

    return read(page, _same)


def _same(answer: Answer) -> Answer:
    return answer


@door.operation("GET", "/cases/<case>", {200: CaseView}, action=Action.READ_CASE)
def get_case(case: str) -> Response:
    """Return a case with everything decided on it."""
    wanted = CaseId(case)
    return read(lambda view: _shown(view, service.case(view, wanted)), _same)


@door.operation("POST", "/cases/<case>/review", {200: CaseView}, action=Action.REVIEW_CASE)
def review_case(case: str, body: ReviewCaseBody) -> Response:
    """Record what the check of a case found, with the outside search where it is an award."""
    return _changed(procedure.review, body.command(CaseId(case)))


@door.operation("POST", "/cases/<case>/notice", {200: CaseView}, action=Action.POST_NOTICE)
def post_notice(case: str, body: PostNoticeBody) -> Response:
    """Record that the public notice of a case stands; its days begin on the day after."""
    command = PostNotice(CaseId(case), body.page_url, Digest.parse(body.capture_sha256))
    return _changed(procedure.post_notice, command)


@door.operation("POST", "/cases/<case>/signatures", {200: CaseView}, action=Action.SIGN_CASE)
def sign_case(case: str, body: SignCaseBody) -> Response:
    """Sign a case in your rank; ranks sign in order, each by another officer."""
    return _changed(procedure.sign, SignCase(CaseId(case), body.opinion, body.approved))


@door.operation("POST", "/cases/<case>/objections", {201: ObjectionView})
def raise_objection(case: str, body: CaseLinesBody) -> Response:
    """Object to lines of a case; after their notice it is late, and an officer decides whether it holds them."""
    command = RaiseObjection(CaseId(case), body.reason, tuple(body.lines))
    return write(lambda work: procedure.raise_objection(work, command), ObjectionView.of)


@door.operation("POST", "/cases/<case>/objections/<int:number>/answer", {200: CaseView}, action=Action.REVIEW_CASE)
def answer_objection(case: str, number: int, body: AnswerObjectionBody) -> Response:
    """Answer an objection in writing; one that is upheld ends its lines, and recovers paid ones."""
    command = AnswerObjection(CaseId(case), number, Outcome(body.outcome), body.answer)
    return _changed(reviews.answer_objection, command)


@door.operation("POST", "/cases/<case>/objections/<int:number>/decision", {200: CaseView}, action=Action.REVIEW_CASE)
def decide_late_objection(case: str, number: int, body: DecideLateObjectionBody) -> Response:
    """Decide whether an objection that came after the notice holds its lines, or they go on."""
    return _changed(procedure.decide_late, DecideLateObjection(CaseId(case), number, body.hold, body.reason))


@door.operation("POST", "/cases/<case>/withdraw", {200: CaseView}, action=Action.APPLY_FOR_AWARD)
def withdraw_case(case: str, body: CaseReasonBody) -> Response:
    """Withdraw an application of your own, or your lines of a batch, before it is instructed."""
    return _changed(service.withdraw, WithdrawCase(CaseId(case), body.reason))


@door.operation("POST", "/cases/<case>/instruction", {200: CaseView}, action=Action.PAY_CASE)
def instruct_payment(case: str, body: InstructPaymentBody) -> Response:
    """Instruct the bank, once the notice has ended and everyone has signed."""
    given, lines = body.model_dump(exclude={"lines"}), tuple(body.lines)
    command = InstructPayment(CaseId(case), **given, lines=lines)
    return _changed(payments.instruct, command)


@door.operation("POST", "/cases/<case>/payment", {200: CaseView}, action=Action.PAY_CASE)
def record_case_payment(case: str, body: RecordCasePaymentBody) -> Response:
    """Record the bank's receipt; what came between the instruction and it is shown and looked at afterwards."""
    return _changed(payments.pay, RecordPayment(CaseId(case), body.bank_receipt, body.paid_on, tuple(body.lines)))


@door.operation("POST", "/cases/<case>/payment-review", {200: CaseView}, action=Action.REVIEW_CASE)
def review_case_payment(case: str, body: ReviewPaymentBody) -> Response:
    """Say whether a payment stands in spite of what had come before its receipt, or is recovered."""
    command = ReviewPayment(CaseId(case), body.outcome == "stands", body.reason, tuple(body.lines))
    return _changed(reviews.answer_payment_review, command)


@door.operation("POST", "/cases/<case>/return", {200: CaseView}, action=Action.PAY_CASE)
def return_case_payment(case: str, body: CaseLinesBody) -> Response:
    """Record that the bank sent the payment, or lines of it, back; it may be instructed again."""
    return _changed(payments.record_return, RecordReturn(CaseId(case), body.reason, tuple(body.lines)))


@door.operation(
    "GET",
    "/cases/<case>/dossier",
    {200: None},
    action=Action.READ_CASE,
    problems=(409,),
    media={200: "application/vnd.sancai.dossier+json"},
)
def get_dossier(case: str, query: DossierQuery) -> Response:
    """Return the dossier of a case: one file that anyone can recompute offline."""
    wanted = CaseId(case)
    with house().view(current_actor()) as view:
        if query.digest:
            dossiers.require_bound(view, wanted, Digest.parse(query.digest))
        content = dossiers.dossier(view, house().signing_key, wanted)
    answer = Response(content, content_type="application/vnd.sancai.dossier+json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{wanted}.json"'
    return answer


@door.operation("GET", "/notices", {200: NoticesView}, public=True)
def list_notices() -> Response:
    """List the public notices that run: unit, instrument, clause, standard, amount; never persons."""

    def listed(view: View) -> NoticesView:
        return NoticesView(items=[PublicNoticeView.of(each, view.now) for each in service.notices(view, NOTICES_MAX)])

    return read(listed, _same)
