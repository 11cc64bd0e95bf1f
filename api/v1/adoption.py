"""Adoption: attest from one's own account, countersign, withdraw, and see who counts and why; reviews after payment."""

from datetime import date
from typing import Self

from flask import Response
from pydantic import Field

from api.calls import house, position_of, read, write
from api.door import Answer, Door, PageQuery, Strict
from api.paging import page_of
from api.problems import ObstacleView, describe_obstacle, language
from registry.actors.model import Action
from registry.adoption import reviews, service
from registry.adoption.model import (
    AdoptionCount,
    AdoptionPurpose,
    AdoptionReview,
    AnswerReview,
    AttestAdoption,
    Countersignature,
    JudgedReceipt,
    MeasuredReads,
    Receipt,
    ReviewOutcome,
    WithdrawAdoption,
)
from registry.aftercare.reviews import answer_adoption_review as answer_review
from registry.awards.withdrawn_adoptions import withdraw_adoption as withdraw_adoption_of
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, EvidenceId, ReceiptId
from registry.values.moment import Moment
from registry.values.names import PublicName

door = Door("adoption", __name__, url_prefix="/v1")


class AttestAdoptionBody(Strict):
    """The use of a content: since when, for what, in which product, with documents of one's own.

    Without a delivery document the service states what it delivered of the content to your firm itself.
    """

    dataset: str = Field(max_length=200)
    content_digest: str = Field(max_length=80)
    purpose: AdoptionPurpose = Field(strict=False)
    product: str = Field(min_length=1, max_length=200)
    started_on: date = Field(strict=False)
    statement: str = Field(max_length=60)
    contract: str = Field(max_length=60)
    delivery: str | None = Field(default=None, max_length=60)

    def command(self) -> AttestAdoption:
        """Return what is asked of the registry. Raises InvalidValueError."""
        return AttestAdoption(
            dataset=PublicName.parse(self.dataset),
            content_digest=Digest.parse(self.content_digest),
            purpose=self.purpose,
            product=self.product,
            started_on=self.started_on,
            statement=EvidenceId(self.statement),
            contract=EvidenceId(self.contract),
            delivery=EvidenceId(self.delivery) if self.delivery else None,
        )


class WithdrawAdoptionBody(Strict):
    """Why an attestation is taken back."""

    reason: str = Field(min_length=1, max_length=2000)


class MeasuredReadsView(Answer):
    """What the service delivered of a content to the adopter, to the last byte."""

    first_on: str
    last_on: str
    downloads: int
    size_bytes: int

    @classmethod
    def of(cls, value: MeasuredReads) -> Self:
        """Return the view of measured reads."""
        return cls(
            first_on=value.first_on.isoformat(),
            last_on=value.last_on.isoformat(),
            downloads=value.downloads,
            size_bytes=value.size_bytes,
        )


class CountersignatureView(Answer):
    """The publisher's confirmation of a receipt, signed by the registry."""

    countersigned_at: str
    countersigned_by: str
    signature: str
    signed_by: str

    @classmethod
    def of(cls, value: Countersignature) -> Self:
        """Return the view of a countersignature."""
        return cls(
            countersigned_at=str(value.at),
            countersigned_by=value.by,
            signature=value.signature,
            signed_by=value.signed_by,
        )


class ReceiptView(Answer):
    """An adoption receipt, signed by the registry."""

    id: str
    dataset_id: str
    content_digest: str
    adopter: str
    purpose: str
    product: str
    started_on: str
    statement: str
    contract: str
    delivery: str | None
    measured_reads: MeasuredReadsView | None
    attested_at: str
    signature: str
    signed_by: str
    withdrawn_at: str | None
    countersignature: CountersignatureView | None

    @classmethod
    def of(cls, value: Receipt) -> Self:
        """Return the view of a receipt."""
        return cls(
            id=value.id,
            dataset_id=value.dataset,
            content_digest=str(value.content_digest),
            adopter=value.adopter,
            purpose=value.purpose.value,
            product=value.product,
            started_on=value.started_on.isoformat(),
            statement=value.statement.id,
            contract=value.contract.id,
            delivery=value.delivery.id if value.delivery else None,
            measured_reads=MeasuredReadsView.of(value.measured) if value.measured else None,
            attested_at=str(value.attested_at),
            signature=value.signature,
            signed_by=value.signed_by,
            withdrawn_at=str(value.withdrawn_at) if value.withdrawn_at else None,
            countersignature=CountersignatureView.of(value.countersigned) if value.countersigned else None,
        )


class JudgedReceiptView(Answer):
    """A receipt in a count: whether it counts, and every reason why it does not."""

    id: str
    adopter: str
    adopter_name: str
    content_digest: str
    purpose: str
    product: str
    started_on: str
    countersigned: bool
    counts: bool
    reasons: list[ObstacleView]

    @classmethod
    def of(cls, value: JudgedReceipt) -> Self:
        """Return the view of a judged receipt."""
        return cls(
            id=value.receipt.id,
            adopter=value.receipt.adopter,
            adopter_name=value.adopter_name,
            content_digest=str(value.receipt.content_digest),
            purpose=value.receipt.purpose.value,
            product=value.receipt.product,
            started_on=value.receipt.started_on.isoformat(),
            countersigned=value.receipt.countersigned is not None,
            counts=value.counts,
            reasons=[describe_obstacle(each, language()) for each in value.reasons],
        )


class AdoptionView(Answer):
    """How many independent leading firms adopted a dataset, out of how many an award needs."""

    counted: int
    needed: int
    text: str
    reached_on: str | None
    receipts: list[JudgedReceiptView]

    @classmethod
    def of(cls, value: AdoptionCount) -> Self:
        """Return the view of a count."""
        return cls(
            counted=value.counted,
            needed=value.needed,
            text=value.text,
            reached_on=value.reached_on.isoformat() if value.reached_on else None,
            receipts=[JudgedReceiptView.of(each) for each in value.receipts],
        )


@door.operation("POST", "/adoptions", {201: ReceiptView}, action=Action.ATTEST_ADOPTION)
def attest_adoption(body: AttestAdoptionBody) -> Response:
    """Attest that your firm uses a published content."""
    return write(lambda work: service.attest(work, house().signing_key, body.command()), ReceiptView.of)


@door.operation("POST", "/adoptions/<receipt>/withdraw", {200: ReceiptView}, action=Action.ATTEST_ADOPTION)
def withdraw_adoption(receipt: str, body: WithdrawAdoptionBody) -> Response:
    """Take an attestation of your firm back; awards that were paid on it come under review."""
    command = WithdrawAdoption(ReceiptId(receipt), body.reason)
    return write(lambda work: withdraw_adoption_of(work, command), ReceiptView.of, 200)


@door.operation("POST", "/adoptions/<receipt>/countersign", {200: ReceiptView}, action=Action.COUNTERSIGN_ADOPTION)
def countersign_adoption(receipt: str) -> Response:
    """Confirm, as the publisher, an attestation on your dataset."""
    wanted = ReceiptId(receipt)
    return write(lambda work: service.countersign(work, house().signing_key, wanted), ReceiptView.of, 200)


@door.operation("GET", "/datasets/<namespace>/<slug>/adoption", {200: AdoptionView}, public=True)
def count_adoption(namespace: str, slug: str) -> Response:
    """Count the adopters of a dataset, with the reason for each receipt that does not count."""
    name = PublicName(namespace, slug)
    return read(lambda view: service.count_for_public(view, name), AdoptionView.of)


# Reviews.


class ReviewView(Answer):
    """A receipt was withdrawn after a case had been paid on it: how many count now, and how the review ended."""

    receipt: str
    case: str
    dataset_id: str
    counted: int
    needed: int
    opened_at: str
    outcome: str | None
    reason: str | None
    answered_at: str | None

    @classmethod
    def of(cls, value: AdoptionReview) -> Self:
        """Return the view of a review."""
        return cls(
            receipt=value.receipt,
            case=value.case,
            dataset_id=value.dataset,
            counted=value.counted,
            needed=value.needed,
            opened_at=str(value.opened_at),
            outcome=value.answer.outcome.value if value.answer else None,
            reason=value.answer.reason if value.answer else None,
            answered_at=str(value.answer.at) if value.answer else None,
        )


class ReviewsView(Answer):
    """A page of the reviews of an authority, the newest first."""

    items: list[ReviewView]
    next_cursor: str | None = None


class ReviewAnswerBody(Strict):
    """How a review ends: the award stands, or its money is to be recovered; and why."""

    case: str = Field(max_length=60)
    outcome: ReviewOutcome = Field(strict=False)
    reason: str = Field(min_length=1, max_length=2000)


@door.operation("GET", "/adoption-reviews", {200: ReviewsView}, action=Action.READ_CASE)
def list_adoption_reviews(query: PageQuery) -> Response:
    """List the paid awards of your authority that lost an adoption afterwards, the newest first."""
    place = position_of(query.cursor, 3)
    after = (Moment.of_text(str(place[0])), ReceiptId(str(place[1])), CaseId(str(place[2]))) if place else None

    def shown(found: tuple[AdoptionReview, ...]) -> ReviewsView:
        page, following = page_of(found, query, lambda each: [str(each.opened_at), each.receipt, each.case])
        return ReviewsView(items=[ReviewView.of(each) for each in page], next_cursor=following)

    return read(lambda view: reviews.reviews(view, after, query.limit + 1), shown)


@door.operation("POST", "/adoption-reviews/<receipt>/answer", {200: ReviewView}, action=Action.REVIEW_CASE)
def answer_adoption_review(receipt: str, body: ReviewAnswerBody) -> Response:
    """End a review of your authority."""
    command = AnswerReview(ReceiptId(receipt), CaseId(body.case), body.outcome, body.reason)
    return write(lambda work: answer_review(work, command), ReviewView.of, 200)
