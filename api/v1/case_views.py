"""What cases look like in answers."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, Self

from pydantic import JsonValue

from api.door import Answer
from api.problems import language
from api.v1.check_views import CaseChecksView
from api.v1.split_views import CaseSplitView
from api.wording import sentence
from registry.awards.lines import held, notice_of
from registry.awards.model import Case, Line, Notice, Objection
from registry.awards.probing import notice_end
from registry.values.moment import Moment
from registry.vouchers.payee import Payee, PayeeGiven


class CasePayeeView(Answer):
    """Where a case or a line pays to; the number is whole for finance only."""

    account_name: str
    bank: str
    account_number: str
    digest: str

    @classmethod
    def of(cls, value: Payee, whole: PayeeGiven | None) -> Self:
        """Return the view of an account; with ``whole`` its number is not masked."""
        return cls(
            account_name=value.account_name,
            bank=value.bank,
            account_number=whole.account_number if whole else value.masked_number,
            digest=str(value.digest),
        )


class CaseLineView(Answer):
    """One payment of a case; ``payee`` is that of a voucher or a joint maker, an applicant's stands with its case.

    ``share_bp`` is what a joint maker receives of the whole, in basis points.

    Notice and signatures bind ``digest``; ``notice_ends_at`` is null until the line is noticed as it is; an objection
    that waits for an answer, or for the decision on a late one, holds it (``held``).
    """

    number: int
    digest: str
    notice_ends_at: str | None
    held: bool
    firm: str
    firm_name: str
    subject: str
    instrument: str
    clause: str
    standard: str
    amount_fen: int
    amount_text: str
    share_bp: int | None
    payee: CasePayeeView | None

    @classmethod
    def of(cls, case: Case, value: Line, whole: PayeeGiven | None = None) -> Self:
        """Return the view of a line of a case; with ``whole`` the account number is not masked."""
        notice = notice_of(case, value)
        return cls(
            number=value.number,
            digest=str(value.digest),
            notice_ends_at=str(_prolonged(notice)) if notice else None,
            held=value.number in held(case),
            firm=value.firm,
            firm_name=value.firm_name,
            subject=str(value.subject),
            instrument=value.instrument,
            clause=value.clause,
            standard=value.standard,
            amount_fen=value.amount.fen,
            amount_text=str(value.amount),
            share_bp=value.share_bp,
            payee=CasePayeeView.of(value.payee, whole) if value.payee else None,
        )


class CaseReviewView(Answer):
    """What the reviewer found."""

    passed: bool
    opinion: str
    originals_seen: bool
    outside_search: dict[str, JsonValue] | None
    reviewed_by: str
    reviewed_at: str


class CaseNoticeView(Answer):
    """The public notice of a case; ``ends_at`` is as it was posted.

    ``probed``: whether the office has its page looked at; if not, it is not prolonged. ``prolonged_to``: when it ends
    by the gaps that are over; one that is still open is told with the notice's probes.
    """

    page_url: str
    capture_sha256: str
    lines_digest: str
    posted_at: str
    ends_at: str
    probed: bool
    prolonged_to: str | None


class CaseSignatureView(Answer):
    """The opinion of one rank; ``delegation``: by which somebody signed for the officer of the rank."""

    rank: int
    role: str
    account: str
    approved: bool
    opinion: str
    lines_digest: str
    signed_at: str
    delegation: str | None


class CaseInstructionView(Answer):
    """The instruction to pay."""

    budget_year: int
    project_code: str
    subject_code: str
    payment_voucher_number: str
    instructed_at: str


class PaymentReviewView(Answer):
    """What a reviewer said of a payment before whose receipt something had come."""

    outcome: Literal["stands", "recover"]
    reason: str
    reviewed_at: str


class CasePaymentView(Answer):
    """The bank's receipt; ``in_spite_of``: what had come between the instruction and its record, for the office."""

    bank_receipt: str
    paid_on: str
    recorded_at: str
    in_spite_of: list[str]
    review: PaymentReviewView | None


class ObjectionView(Answer):
    """An objection and its answer; ``lines`` it is about, none for all.

    ``late``: it came after the notice; then ``hold`` is what an officer decided, for the reason in ``decision``, and
    null until then.
    """

    number: int
    lines: list[int]
    late: bool
    hold: bool | None
    decision: str
    reason: str
    raised_at: str
    outcome: str | None
    answer: str

    @classmethod
    def of(cls, value: Objection) -> Self:
        """Return the view of an objection."""
        return cls(
            number=value.number,
            lines=list(value.lines),
            late=value.late,
            hold=value.hold,
            decision=value.decision,
            reason=value.reason,
            raised_at=str(value.raised_at),
            outcome=value.outcome.value if value.outcome else None,
            answer=value.answer,
        )


class SetApartView(Answer):
    """Lines that left one case and stand in another now."""

    lines: list[int]
    from_case: str
    into_case: str


class RefusalView(Answer):
    """The numbered decision that ended a case."""

    number: str
    code: str
    clause: str
    reason: str
    detail: str
    decided_at: str
    served_on: date | None = None
    service_way: str | None = None
    service_proof_sha256: str | None = None


class CaseView(Answer):
    """A case with everything decided on it so far."""

    id: str
    authority: str
    kind: str
    document: str
    instrument: str
    state: str
    applicant: str | None
    applied_at: str
    amount_fen: int
    amount_text: str
    amount_capitals: str
    lines: list[CaseLineView]
    lines_digest: str
    revision: str
    facts_digest: str
    sign_off_levels: list[str]
    notice_days: int
    payee: CasePayeeView | None
    split: CaseSplitView | None
    checks: CaseChecksView
    review: CaseReviewView | None
    notice: CaseNoticeView | None
    signatures: list[CaseSignatureView]
    instruction: CaseInstructionView | None
    payment: CasePaymentView | None
    objections: list[ObjectionView]
    set_apart: list[SetApartView]
    refusal: RefusalView | None

    @classmethod
    def of(
        cls, value: Case, payee: PayeeGiven | None = None, line_payees: Mapping[int, PayeeGiven] | None = None
    ) -> Self:
        """Return the view of a case; with ``payee`` and ``line_payees``, by line, the account numbers are whole."""
        whole = line_payees or {}
        return cls(
            id=value.id,
            authority=value.authority,
            kind=value.kind.value,
            document=value.document,
            instrument=value.instrument,
            state=value.state.value,
            applicant=value.applicant,
            applied_at=str(value.applied_at),
            amount_fen=value.amount.fen,
            amount_text=str(value.amount),
            amount_capitals=value.amount.in_capitals(),
            lines=[CaseLineView.of(value, each, whole.get(each.number)) for each in value.lines],
            lines_digest=str(value.lines_digest),
            revision=str(value.revision),
            facts_digest=str(value.facts),
            sign_off_levels=list(value.sign_off_levels),
            notice_days=value.notice_days,
            payee=CasePayeeView.of(value.payee, payee) if value.payee else None,
            split=CaseSplitView.of(value),
            checks=CaseChecksView.of(value),
            review=_review(value),
            notice=_notice(value),
            signatures=_signatures(value),
            instruction=_instruction(value),
            payment=_payment(value),
            objections=[ObjectionView.of(each) for each in value.objections],
            set_apart=_set_apart(value),
            refusal=_refusal(value),
        )


def _set_apart(case: Case) -> list[SetApartView]:
    """Return where lines went and came from; of a case of which only some lines are shown, nothing."""
    if case.whole_digest:
        return []
    parted = [act.content["set_apart"] for act in case.acts if act.content.get("set_apart")]
    return [SetApartView(lines=each["lines"], from_case=each["from"], into_case=each["into"]) for each in parted]


def _review(case: Case) -> CaseReviewView | None:
    if not (found := case.review):
        return None
    return CaseReviewView(
        passed=found.passed,
        opinion=found.opinion,
        originals_seen=found.originals_seen,
        outside_search=dict(found.search.as_json()) if found.search else None,
        reviewed_by=found.account,
        reviewed_at=str(found.reviewed_at),
    )


def _prolonged(found: Notice) -> Moment:
    """Return when a notice ends by the gaps that were closed."""
    return notice_end(found, found.watch.seen_last) if found.watch else found.ends_at


def _notice(case: Case) -> CaseNoticeView | None:
    if not (found := case.notice):
        return None
    prolonged = _prolonged(found)
    return CaseNoticeView(
        page_url=found.page_url,
        capture_sha256=found.capture.hex,
        lines_digest=str(found.lines),
        posted_at=str(found.posted_at),
        ends_at=str(found.ends_at),
        probed=found.watch is not None,
        prolonged_to=str(prolonged) if prolonged > found.ends_at else None,
    )


def _signatures(case: Case) -> list[CaseSignatureView]:
    return [
        CaseSignatureView(
            rank=each.rank,
            role=each.role.value,
            account=each.account,
            approved=each.approved,
            opinion=each.opinion,
            lines_digest=str(each.lines),
            signed_at=str(each.signed_at),
            delegation=each.delegation,
        )
        for each in case.signatures
    ]


def _instruction(case: Case) -> CaseInstructionView | None:
    if not (found := case.instruction):
        return None
    return CaseInstructionView(
        budget_year=found.budget_year,
        project_code=found.project_code,
        subject_code=found.subject_code,
        payment_voucher_number=found.payment_voucher_number,
        instructed_at=str(found.instructed_at),
    )


def _payment(case: Case) -> CasePaymentView | None:
    if not (found := case.payment):
        return None
    looked_at = found.review
    return CasePaymentView(
        bank_receipt=found.bank_receipt,
        paid_on=found.paid_on.isoformat(),
        recorded_at=str(found.recorded_at),
        in_spite_of=list(found.in_spite_of),
        review=PaymentReviewView(
            outcome="stands" if looked_at.stands else "recover",
            reason=looked_at.reason,
            reviewed_at=str(looked_at.reviewed_at),
        )
        if looked_at
        else None,
    )


def _refusal(case: Case) -> RefusalView | None:
    if not (found := case.refusal):
        return None
    return RefusalView(
        number=found.number,
        code=found.code,
        clause=found.clause,
        reason=found.reason,
        detail=sentence(found.code, {"reason": found.reason}, language()),
        decided_at=str(found.decided_at),
        served_on=found.served_on,
        service_way=found.service["way"] if found.service else None,
        service_proof_sha256=found.service["proof"] if found.service else None,
    )


class CasesView(Answer):
    """A page of cases, the newest first."""

    items: list[CaseView]
    next_cursor: str | None
