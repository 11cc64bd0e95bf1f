"""Reviews: an adoption was withdrawn after an award that counted it had been paid (POLICY §4.3, invariant 14)."""

from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.adoption import records
from registry.adoption.model import AdoptionReview, AnswerReview, ReviewAnswer
from registry.errors import ConflictError, NotAllowedError, NotFoundError
from registry.journal.work import View, Work
from registry.values.identifiers import CaseId, ReceiptId
from registry.values.moment import Moment


def open_within(work: Work, made: AdoptionReview) -> None:
    """Open a review in the transaction of a withdrawal; its journal entry is the withdrawal's."""
    records.add_review(work.connection, made)


def reviews(view: View, after: tuple[Moment, ReceiptId, CaseId] | None, limit: int) -> tuple[AdoptionReview, ...]:
    """Return a page of the reviews of the officer's own authority, the newest first. Raises NotAllowedError."""
    require(view.actor, Action.READ_CASE, Resource(authority=view.actor.authority))
    office = view.actor.authority
    return records.reviews_page(view.connection, office, after, limit) if office else ()


def answer(work: Work, command: AnswerReview) -> AdoptionReview:
    """End a review with a reason: the award stands, or its money is to be recovered.

    Raises:
        NotFoundError: The authority of the actor has no such review.
        NotAllowedError: The actor does not review.
        ConflictError: It had ended before.
    """
    found = records.review_of(work.connection, command.receipt, command.case)
    if found is None:
        raise NotFoundError("review_not_found", id=command.receipt)
    own = Resource(authority=found.authority, dataset=found.dataset, subject=found.receipt)
    require_visible(work.actor, Action.REVIEW_CASE, own, "review")
    if work.actor.account is None:
        raise NotAllowedError("not_yours")
    made = ReviewAnswer(command.outcome, command.reason.strip(), work.now, work.actor.account)
    entry = work.journal(
        "adoption.review_answered",
        found.receipt,
        case=str(found.case),
        outcome=made.outcome.value,
        reason=made.reason,
    )
    if not records.answer_review(work.connection, found.receipt, found.case, made, entry):
        raise ConflictError("review_answered_already", id=found.receipt)
    return replace(found, answer=made)
