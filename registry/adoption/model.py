"""Adoption receipts: a leading firm attests, from its own account, that it uses one content of a dataset.

A receipt is never changed. A withdrawal is a row of its own beside it, so that what was attested stays readable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from registry.errors import Obstacle
from registry.policy.plain_text import require_day, require_text
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import (
    AccountId,
    AuthorityId,
    CaseId,
    DatasetId,
    EntryId,
    EvidenceId,
    FirmId,
    ReceiptId,
)
from registry.values.moment import Moment
from registry.values.names import PublicName

STATEMENT_FORMAT: Final = "sancai.adoption-receipt/1"
MEASURED_FORMAT: Final = "sancai.adoption-receipt/2"
"""A receipt that states measured reads in place of a delivery document; otherwise the same."""
COUNTERSIGNATURE_FORMAT: Final = "sancai.adoption-countersignature/1"
REASON_LENGTH_MAX: Final = 2_000


class AdoptionPurpose(StrEnum):
    """What the adopter uses the dataset for (赋能)."""

    MODEL_TRAINING = "model_training"
    MODEL_EVALUATION = "model_evaluation"
    PRODUCT = "product"
    OPERATION = "operation"
    RESEARCH = "research"


@dataclass(frozen=True, slots=True)
class Document:
    """A document that stands behind a receipt, with the digest of its bytes."""

    id: EvidenceId
    digest: Digest

    def as_json(self) -> dict[str, Json]:
        """Return what is signed of it."""
        return {"id": str(self.id), "sha256": self.digest.hex}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Document":
        """Return the document of a statement."""
        return cls(EvidenceId(kept["id"]), Digest(kept["sha256"]))


@dataclass(frozen=True, slots=True)
class MeasuredReads:
    """What this installation delivered of a content to an adopter, to the last byte: days, downloads, bytes."""

    first_on: date
    last_on: date
    downloads: int
    size_bytes: int

    def as_json(self) -> dict[str, Json]:
        """Return what is signed of it."""
        return {
            "first_on": self.first_on.isoformat(),
            "last_on": self.last_on.isoformat(),
            "downloads": self.downloads,
            "size_bytes": self.size_bytes,
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "MeasuredReads":
        """Return the reads of a statement."""
        days = (date.fromisoformat(kept["first_on"]), date.fromisoformat(kept["last_on"]))
        return cls(*days, kept["downloads"], kept["size_bytes"])


@dataclass(frozen=True, slots=True)
class Countersignature:
    """The publisher's confirmation of a receipt, signed by the registry over the receipt's own statement."""

    at: Moment
    by: AccountId
    signature: str
    signed_by: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an adopter attests of ``content_digest``; it counts for the lineage of ``dataset``.

    Use is proved by a delivery document or by ``measured`` reads, one of the two. ``signature`` (base64) is the
    registry's over ``statement_bytes``, ``signed_by`` the name, id and public half of the key, so that a receipt stands
    without the database. ``entry`` is its line in the journal.
    """

    id: ReceiptId
    dataset: DatasetId
    content_digest: Digest
    adopter: FirmId
    purpose: AdoptionPurpose
    product: str
    started_on: date
    statement: Document
    contract: Document
    delivery: Document | None
    attested_at: Moment
    attested_by: AccountId
    measured: MeasuredReads | None = None
    signature: str = ""
    signed_by: str = ""
    entry: EntryId | None = None
    withdrawn_at: Moment | None = None
    withdrawn_reason: str | None = None
    countersigned: Countersignature | None = None

    def as_json(self) -> dict[str, Json]:
        """Return what was attested: everything but the withdrawal, which came later."""
        return {
            "format": STATEMENT_FORMAT if self.delivery else MEASURED_FORMAT,
            "id": str(self.id),
            "dataset": str(self.dataset),
            "content_digest": str(self.content_digest),
            "adopter": str(self.adopter),
            "purpose": self.purpose.value,
            "product": self.product,
            "started_on": self.started_on.isoformat(),
            "statement": self.statement.as_json(),
            "contract": self.contract.as_json(),
            **({"delivery": self.delivery.as_json()} if self.delivery else {}),
            **({"measured_reads": self.measured.as_json()} if self.measured else {}),
            "attested_at": str(self.attested_at),
            "attested_by": str(self.attested_by),
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any], withdrawn_at: Moment | None = None) -> "Receipt":
        """Return the receipt of a statement, without its signature. Raises InvalidValueError."""
        return cls(
            id=ReceiptId(kept["id"]),
            dataset=DatasetId(kept["dataset"]),
            content_digest=Digest.parse(kept["content_digest"]),
            adopter=FirmId(kept["adopter"]),
            purpose=AdoptionPurpose(kept["purpose"]),
            product=kept["product"],
            started_on=date.fromisoformat(kept["started_on"]),
            statement=Document.of_json(kept["statement"]),
            contract=Document.of_json(kept["contract"]),
            delivery=Document.of_json(kept["delivery"]) if "delivery" in kept else None,
            measured=MeasuredReads.of_json(kept["measured_reads"]) if "measured_reads" in kept else None,
            attested_at=Moment.of_text(kept["attested_at"]),
            attested_by=AccountId(kept["attested_by"]),
            withdrawn_at=withdrawn_at,
        )

    def statement_bytes(self) -> bytes:
        """Return what is signed. The format in it keeps it from being taken for anything else."""
        return canonical_json(self.as_json())

    def countersigned_bytes(self, at: Moment, by: AccountId) -> bytes:
        """Return what is signed when the publisher confirms: the digest of the statement, by whom and when."""
        return canonical_json(
            {
                "format": COUNTERSIGNATURE_FORMAT,
                "receipt": str(self.id),
                "statement_sha256": Digest.of(self.statement_bytes()).hex,
                "countersigned_at": str(at),
                "countersigned_by": str(by),
            }
        )


@dataclass(frozen=True, slots=True)
class AttestAdoption:
    """Attest the use of a content, with statement (采信应用证明), contract and proof of delivery.

    Without a ``delivery`` document the registry states what it delivered itself.
    """

    dataset: PublicName
    content_digest: Digest
    purpose: AdoptionPurpose
    product: str
    started_on: date
    statement: EvidenceId
    contract: EvidenceId
    delivery: EvidenceId | None

    def __post_init__(self) -> None:
        """Refuse a product without words and a day out of range. Raises InvalidValueError."""
        require_text(self.product, "product")
        require_day(self.started_on, "started_on")


@dataclass(frozen=True, slots=True)
class WithdrawAdoption:
    """Take an attestation back; the receipt stays, and no longer counts."""

    receipt: ReceiptId
    reason: str

    def __post_init__(self) -> None:
        """Refuse a withdrawal without reason. Raises InvalidValueError."""
        require_text(self.reason, "reason", REASON_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class AdopterFacts:
    """What is known of the adopter of one receipt, on its adoption date.

    ``controller`` is the highest enterprise below the organs of the state; ``leader_levels`` the levels of admitted
    lists in the dataset's sector that hold it that day; ``related_by`` the chain to the publisher, empty when there
    is none; ``made_it_as`` the role of its group in the making of any version of the lineage, empty when it had none;
    ``traded_in_circle`` the firms through which money went from it to the publisher and back, empty when it did not.
    ``controlled_by`` the chain from the controller down to the adopter, empty when nobody controls it.
    """

    controller: FirmId
    controller_name: str
    leader_levels: frozenset[str]
    related_by: tuple[str, ...]
    made_it_as: str
    traded_in_circle: tuple[str, ...] = ()
    controlled_by: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Return the facts as a snapshot keeps them."""
        return {
            "controller": str(self.controller),
            "controller_name": self.controller_name,
            "leader_levels": sorted(self.leader_levels),
            "related_by": list(self.related_by),
            "made_it_as": self.made_it_as,
            "traded_in_circle": list(self.traded_in_circle),
            "controlled_by": list(self.controlled_by),
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "AdopterFacts":
        """Return the facts of a snapshot."""
        return cls(
            controller=FirmId(kept["controller"]),
            controller_name=kept["controller_name"],
            leader_levels=frozenset(kept["leader_levels"]),
            related_by=tuple(kept["related_by"]),
            made_it_as=kept["made_it_as"],
            # A snapshot of before the question was asked has no answer to it.
            traded_in_circle=tuple(kept.get("traded_in_circle", ())),
            controlled_by=tuple(kept.get("controlled_by", ())),
        )


@dataclass(frozen=True, slots=True)
class JudgedReceipt:
    """A receipt, what is known of its adopter, whether it counts, and every reason why it does not."""

    receipt: Receipt
    adopter_name: str
    facts: AdopterFacts
    counts: bool
    reasons: tuple[Obstacle, ...]

    @property
    def controller(self) -> FirmId:
        """Who counts: one per controller."""
        return self.facts.controller


@dataclass(frozen=True, slots=True)
class AdoptionCount:
    """How many independent leading firms adopted a lineage, out of how many an award needs."""

    dataset: DatasetId
    counted: int
    needed: int
    receipts: tuple[JudgedReceipt, ...]

    @property
    def text(self) -> str:
        """Return the count as people say it, for example ``2 of 3``."""
        return f"{self.counted} of {self.needed}"

    @property
    def reached_on(self) -> date | None:
        """The day on which the last needed adoption began: the rewarded event (RULINGS 19)."""
        days = sorted(judged.receipt.started_on for judged in self.receipts if judged.counts)
        return days[self.needed - 1] if 0 < self.needed <= len(days) else None


# Reviews of awards that were paid before an adoption was withdrawn.


class ReviewOutcome(StrEnum):
    """How a review ended: the award stands all the same, or its money is to be recovered."""

    STANDS = "stands"
    RECOVER = "recover"


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """How an officer ended a review, and why."""

    outcome: ReviewOutcome
    reason: str
    at: Moment
    by: AccountId


@dataclass(frozen=True, slots=True)
class AdoptionReview:
    """A receipt was withdrawn after ``case`` had been paid on it; ``counted`` adopters are left of ``needed``."""

    receipt: ReceiptId
    case: CaseId
    authority: AuthorityId
    dataset: DatasetId
    counted: int
    needed: int
    opened_at: Moment
    answer: ReviewAnswer | None = None


@dataclass(frozen=True, slots=True)
class AnswerReview:
    """End a review."""

    receipt: ReceiptId
    case: CaseId
    outcome: ReviewOutcome
    reason: str

    def __post_init__(self) -> None:
        """Refuse an answer without reason. Raises InvalidValueError."""
        require_text(self.reason, "reason", REASON_LENGTH_MAX)
