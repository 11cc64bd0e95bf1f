"""Adoption receipts: a leading firm attests, from its own account, that it uses one content of a dataset."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.errors import Obstacle
from registry.values.digest import Digest
from registry.values.identifiers import DatasetId, EvidenceId, FirmId, ReceiptId
from registry.values.moment import Moment


class AdoptionPurpose(StrEnum):
    """What the adopter uses the dataset for (赋能)."""

    MODEL_TRAINING = "model_training"
    MODEL_EVALUATION = "model_evaluation"
    PRODUCT = "product"
    OPERATION = "operation"
    RESEARCH = "research"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an adopter attests of ``content_digest``; it counts for the lineage of ``dataset``.

    ``signature`` is the registry's over the canonical statement, so that a receipt stands without the database.
    """

    id: ReceiptId
    dataset: DatasetId
    content_digest: Digest
    adopter: FirmId
    purpose: AdoptionPurpose
    product: str
    started_on: date
    statement: EvidenceId
    contract: EvidenceId
    delivery: EvidenceId
    attested_at: Moment
    withdrawn_at: Moment | None
    withdrawn_reason: str | None
    signature: str


@dataclass(frozen=True, slots=True)
class AttestAdoption:
    """Attest the use of a content, with statement (采信应用证明), contract and proof of delivery."""

    dataset: str
    content_digest: Digest
    purpose: AdoptionPurpose
    product: str
    started_on: date
    statement: EvidenceId
    contract: EvidenceId
    delivery: EvidenceId


@dataclass(frozen=True, slots=True)
class AdopterFacts:
    """What is known of the adopter of one receipt, on its adoption date.

    ``controller`` is the highest enterprise below the organs of the state; ``leader_levels`` the levels of admitted
    lists in the dataset's sector that hold it that day; ``related_by`` the chain to the publisher, empty when there
    is none; ``made_it_as`` the role of its group in the making of any version of the lineage, empty when it had none.
    """

    controller: FirmId
    controller_name: str
    leader_levels: frozenset[str]
    related_by: tuple[str, ...]
    made_it_as: str


@dataclass(frozen=True, slots=True)
class JudgedReceipt:
    """A receipt, whether it counts, and every reason why it does not."""

    receipt: Receipt
    adopter_name: str
    controller: FirmId
    counts: bool
    reasons: tuple[Obstacle, ...]


@dataclass(frozen=True, slots=True)
class AdoptionCount:
    """How many independent leading firms adopted a lineage, out of how many an award needs."""

    dataset: DatasetId
    counted: int
    needed: int
    receipts: tuple[JudgedReceipt, ...]

    @property
    def reached_on(self) -> date | None:
        """The day on which the last needed adoption began: the rewarded event (RULINGS 19)."""
        days = sorted(judged.receipt.started_on for judged in self.receipts if judged.counts)
        return days[self.needed - 1] if 0 < self.needed <= len(days) else None
