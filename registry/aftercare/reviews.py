"""Answers to reviews of what was paid.

An adoption was withdrawn, a register corrected backward, a contest of novelty lost; or an objection or anything else
had come between an instruction and the bank's receipt.

Where the only reason is that a purchase was taken back before the receipt, what is above the ceiling of the firm-year
is recovered, as after a payment (RULINGS 16).

An answer that money is to come back opens the recovery in the same transaction, on the ground of a later correction;
where facts show a fault, an officer opens another one on that ground.
"""

from registry.actors.model import Action
from registry.adoption import reviews as adoption_reviews
from registry.adoption.model import AdoptionReview, ReviewOutcome
from registry.adoption.model import AnswerReview as AnswerAdoptionReview
from registry.aftercare.recoveries import open_within
from registry.aftercare.recovery_model import OpenRecovery, RecoveryGround, RecoveryOrigin
from registry.aftercare.recovery_rules import lines_touched
from registry.aftercare.refunds import excess_of
from registry.awards import came_between, contest_deciding, officers, procedure, register_reviews
from registry.awards.acting import found_case
from registry.awards.came_between import ReviewPayment
from registry.awards.commands import AnswerObjection
from registry.awards.contest_model import AnswerContestReview, ContestReview, ContestReviewOutcome
from registry.awards.lines import concerned_by, numbers_of
from registry.awards.model import Case, CaseKind, CaseState, Line, Outcome
from registry.awards.records import case_of
from registry.awards.register_reviews import AnswerReview, RegisterReview
from registry.journal.work import Work
from registry.values.identifiers import VoucherId
from registry.values.money import Money
from registry.vouchers.refunds import STILL_CARRIES_CLAIM


def answer_adoption_review(work: Work, command: AnswerAdoptionReview) -> AdoptionReview:
    """End a review of a paid award: it stands, or the recovery of what was paid on it is opened.

    Raises as ``adoption.reviews.answer``; NotAllowedError also for an officer who is tied to the firm or recused.
    """
    # Locked before the answer, as everything that moves money of a case locks it first.
    case = case_of(work.connection, command.case, lock=True)
    answered = adoption_reviews.answer(work, command)
    if case is not None:
        officers.require_free(work, case)
        if command.outcome is ReviewOutcome.RECOVER:
            for line in case.lines:
                _open(work, case, line, command.reason, RecoveryOrigin.ADOPTION_REVIEW, command.receipt)
    return answered


def answer_register_review(work: Work, command: AnswerReview) -> RegisterReview:
    """Say whether a case stands in spite of a correction; one that was paid and does not stand is recovered.

    Of a batch that was paid only the lines that the correction touches are.
    Raises as ``awards.register_reviews.answer_review``.
    """
    found_case(work, command.case, Action.REVIEW_CASE, lock=True)
    answered = register_reviews.answer_review(work, command)
    case = answered.case
    if case.state is CaseState.PAID and not command.stands:
        for line in lines_touched(case, answered.correction.firms):
            _open(work, case, line, command.opinion, RecoveryOrigin.REGISTER_REVIEW, command.correction)
    return answered


def answer_contest_review(work: Work, command: AnswerContestReview) -> ContestReview:
    """Say whether a paid award stands although its lineage lost; of one that does not, every line is recovered.

    Raises as ``awards.contest_deciding.answer_review``.
    """
    answered = contest_deciding.answer_review(work, command)
    if answered.outcome is ContestReviewOutcome.RECOVER:
        case = found_case(work, command.case, Action.REVIEW_CASE)
        for line in case.lines:
            _open(work, case, line, command.reason, RecoveryOrigin.CONTEST_REVIEW, command.contest)
    return answered


def answer_objection(work: Work, command: AnswerObjection) -> Case:
    """Answer an objection in writing; of a case that was paid, the lines of one that is upheld are recovered.

    Raises as ``awards.procedure.answer_objection``.
    """
    case = procedure.answer_objection(work, command)
    if case.state is CaseState.PAID and command.outcome is Outcome.UPHELD:
        objection = next(each for each in case.objections if each.number == command.number)
        # The lines of an award are shares of one benefit.
        touched = concerned_by(case, objection) if case.kind is CaseKind.VOUCHER_BATCH else numbers_of(case)
        for line in case.lines:
            if line.number in touched:
                _open(work, case, line, command.answer, RecoveryOrigin.OBJECTION, str(objection.number))
    return case


def answer_payment_review(work: Work, command: ReviewPayment) -> Case:
    """Say whether a payment stands in spite of what had come before its receipt; the lines of one that does not return.

    Raises as ``awards.came_between.review_payment``.
    """
    case = came_between.review_payment(work, command)
    if not command.stands:
        touched = command.lines or numbers_of(case)
        for line in case.lines:
            if line.number in touched:
                amount = _not_deserved(work, case, line)
                _open(work, case, line, command.reason, RecoveryOrigin.PAYMENT_REVIEW, case.id, amount)
    return case


def _not_deserved(work: Work, case: Case, line: Line) -> Money:
    """Return what of a line comes back: all of it, or the excess where nothing came between but a refund."""
    only_refunds = case.payment is not None and case.payment.in_spite_of == (STILL_CARRIES_CLAIM,)
    return excess_of(work, line.subject) if only_refunds and isinstance(line.subject, VoucherId) else line.amount


def _open(
    work: Work,
    case: Case,
    line: Line,
    facts: str,
    origin: RecoveryOrigin,
    source: str,
    most: Money | None = None,
) -> None:
    """Open the recovery of a line, or of ``most`` of it; of nothing there is none."""
    amount = line.amount if most is None else min(most, line.amount)
    if not amount:
        return
    command = OpenRecovery(
        case=case.id,
        line=line.number,
        ground=RecoveryGround.LATER_CORRECTION,
        amount=amount,
        facts=facts,
        clause=line.clause,
        origin=origin,
        source=source,
    )
    open_within(work, case, command)
