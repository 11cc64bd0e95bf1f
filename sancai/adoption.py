"""Adoption: attest the use of a dataset from one's own account, and see who counts."""

from dataclasses import dataclass
from datetime import date

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class MeasuredReads:
    """What the service delivered of a content to the adopter, to the last byte."""

    first_on: str
    last_on: str
    downloads: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Countersignature:
    """The publisher's confirmation of a receipt, signed by the registry."""

    countersigned_at: str
    countersigned_by: str
    signature: str
    signed_by: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """An adoption receipt, signed by the registry; ``delivery`` or ``measured_reads`` proves that the content came."""

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
    attested_at: str
    signature: str
    signed_by: str
    withdrawn_at: str | None = None
    measured_reads: MeasuredReads | None = None
    countersignature: Countersignature | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something does not count or stands in the way; ``detail`` also says what to do."""

    code: str
    clause: str
    finding: str
    detail: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedReceipt:
    """A receipt in a count: whether it counts, and every reason why it does not."""

    id: str
    adopter: str
    adopter_name: str
    content_digest: str
    started_on: str
    counts: bool
    reasons: tuple[Reason, ...]
    purpose: str = ""
    product: str = ""
    countersigned: bool = False


@dataclass(frozen=True, slots=True)
class AdoptionCount:
    """How many independent leading firms adopted a dataset, for example ``2 of 3``."""

    counted: int
    needed: int
    text: str
    receipts: tuple[JudgedReceipt, ...]
    reached_on: str | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A receipt was withdrawn after ``case`` had been paid on it; ``outcome`` is None until an officer ends it."""

    receipt: str
    case: str
    dataset_id: str
    counted: int
    needed: int
    opened_at: str
    outcome: str | None = None
    reason: str | None = None
    answered_at: str | None = None


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge shows of a content; ``state`` is current, changed, withdrawn or foreign."""

    label: str
    message: str
    color: str
    state: str
    digest: str | None = None
    counted: int | None = None
    needed: int | None = None


class Adoption:
    """Adoptions of one service."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for every request."""
        self._session = session

    def attest(  # noqa: PLR0913 -- what is attested is named one by one
        self,
        dataset: str,
        content_digest: str,
        *,
        purpose: str,
        product: str,
        started_on: date,
        statement: str,
        contract: str,
        delivery: str | None = None,
        key: str | None = None,
    ) -> Receipt:
        """Attest that your firm uses a published content.

        Args:
            dataset: The name, ``namespace/slug``.
            content_digest: The digest of the content, ``sha256:…``.
            purpose: model_training, model_evaluation, product, operation or research.
            product: In which product or operation it is used.
            started_on: The day the use began.
            statement: Evidence id of the stamped statement (采信应用证明).
            contract: Evidence id of the contract.
            delivery: Evidence id of the delivery receipt; without one the service states what it delivered itself.
            key: The idempotency key, to repeat a request of an earlier process.

        Raises:
            SancaiError: As the service refuses it.
        """
        body = {
            "dataset": dataset,
            "content_digest": content_digest,
            "purpose": purpose,
            "product": product,
            "started_on": started_on.isoformat(),
            "statement": statement,
            "contract": contract,
            "delivery": delivery,
        }
        return shaped(Receipt, self._session.post("/adoptions", body, key=key))

    def withdraw(self, receipt: str, reason: str) -> Receipt:
        """Take an attestation of your firm back. Raises SancaiError."""
        return shaped(Receipt, self._session.post(f"/adoptions/{receipt}/withdraw", {"reason": reason}))

    def countersign(self, receipt: str) -> Receipt:
        """Confirm, as the publisher, an attestation on your dataset. Raises SancaiError."""
        return shaped(Receipt, self._session.post(f"/adoptions/{receipt}/countersign"))

    def badge(self, dataset: str, digest: str | None = None) -> Badge:
        """Return the badge of a dataset for a content, by default the newest. Raises NotFoundError."""
        query = {"digest": digest} if digest else {}
        return shaped(Badge, self._session.get(f"/datasets/{dataset}/adoption/badge.json", **query))

    def reviews(self) -> tuple[Review, ...]:
        """Return the paid awards of your authority that lost an adoption afterwards. Raises SancaiError."""
        return shaped(tuple[Review, ...], [*self._session.pages("/adoption-reviews")])

    def answer_review(self, receipt: str, case: str, outcome: str, reason: str) -> Review:
        """End a review: ``outcome`` is stands or recover. Raises SancaiError."""
        body = {"case": case, "outcome": outcome, "reason": reason}
        return shaped(Review, self._session.post(f"/adoption-reviews/{receipt}/answer", body))

    def count(self, dataset: str) -> AdoptionCount:
        """Count the adopters of a dataset, ``namespace/slug``. Raises NotFoundError."""
        return shaped(AdoptionCount, self._session.get(f"/datasets/{dataset}/adoption"))
