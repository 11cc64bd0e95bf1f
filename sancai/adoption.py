"""Adoption: attest the use of a dataset from one's own account, and see who counts."""

from dataclasses import dataclass
from datetime import date

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Receipt:
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
    delivery: str
    attested_at: str
    signature: str
    signed_by: str
    withdrawn_at: str | None = None


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


@dataclass(frozen=True, slots=True)
class AdoptionCount:
    """How many independent leading firms adopted a dataset, for example ``2 of 3``."""

    counted: int
    needed: int
    text: str
    receipts: tuple[JudgedReceipt, ...]
    reached_on: str | None = None


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
        delivery: str,
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
            delivery: Evidence id of the delivery receipt.
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

    def count(self, dataset: str) -> AdoptionCount:
        """Count the adopters of a dataset, ``namespace/slug``. Raises NotFoundError."""
        return shaped(AdoptionCount, self._session.get(f"/datasets/{dataset}/adoption"))
