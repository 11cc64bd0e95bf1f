"""Adoption: attest from one's own account, withdraw, and see who counts and why."""

from datetime import date
from typing import Self

from flask import Response
from pydantic import Field

from api.calls import house, read, write
from api.door import Answer, Door, Strict
from api.problems import ObstacleView, describe_obstacle, language
from registry.actors.model import Action
from registry.adoption import service
from registry.adoption.model import (
    AdoptionCount,
    AdoptionPurpose,
    AttestAdoption,
    JudgedReceipt,
    Receipt,
    WithdrawAdoption,
)
from registry.values.digest import Digest
from registry.values.identifiers import EvidenceId, ReceiptId
from registry.values.names import PublicName

door = Door("adoption", __name__, url_prefix="/v1")


class AttestAdoptionBody(Strict):
    """The use of a content: since when, for what, in which product, with three documents of one's own."""

    dataset: str = Field(max_length=200)
    content_digest: str = Field(max_length=80)
    purpose: AdoptionPurpose = Field(strict=False)
    product: str = Field(min_length=1, max_length=200)
    started_on: date = Field(strict=False)
    statement: str = Field(max_length=60)
    contract: str = Field(max_length=60)
    delivery: str = Field(max_length=60)

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
            delivery=EvidenceId(self.delivery),
        )


class WithdrawAdoptionBody(Strict):
    """Why an attestation is taken back."""

    reason: str = Field(min_length=1, max_length=2000)


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
    delivery: str
    attested_at: str
    signature: str
    signed_by: str
    withdrawn_at: str | None

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
            delivery=value.delivery.id,
            attested_at=str(value.attested_at),
            signature=value.signature,
            signed_by=value.signed_by,
            withdrawn_at=str(value.withdrawn_at) if value.withdrawn_at else None,
        )


class JudgedReceiptView(Answer):
    """A receipt in a count: whether it counts, and every reason why it does not."""

    id: str
    adopter: str
    adopter_name: str
    content_digest: str
    started_on: str
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
            started_on=value.receipt.started_on.isoformat(),
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
    """Take an attestation of your firm back."""
    command = WithdrawAdoption(ReceiptId(receipt), body.reason)
    return write(lambda work: service.withdraw(work, command), ReceiptView.of, 200)


@door.operation("GET", "/datasets/<namespace>/<slug>/adoption", {200: AdoptionView}, public=True)
def count_adoption(namespace: str, slug: str) -> Response:
    """Count the adopters of a dataset, with the reason for each receipt that does not count."""
    name = PublicName(namespace, slug)
    return read(lambda view: service.count_for_public(view, name), AdoptionView.of)
