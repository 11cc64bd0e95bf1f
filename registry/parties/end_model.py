"""Ends of firms: deregistration (注销), merger (合并), leaving the area (迁出); asked again on the day of payment.

Rules (RULINGS 24, 29):
* An end says from which day on, by which document, and of a merger who the successor is. From that day the firm is no
  payee: its cases and vouchers wait, and it files, orders and redeems nothing any more. The day before it still does.
* That a firm is no more is so for every authority, whoever wrote it. That it left an area is so for the authority of
  that area alone: where it went to, it may apply.
* An entry that was wrong, or of a firm that came back, is revoked by a document; what stood recorded stays readable.
* A successor is another firm that stands on that day. Nothing passes to it by the entry.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from registry.errors import InvalidValueError, Obstacle
from registry.parties.model import Provenance
from registry.policy.plain_text import require_day, require_text
from registry.values.digest import Digest
from registry.values.identifiers import FactId, FirmId

REASON_LENGTH_MAX: Final = 2_000
NUMBER_LENGTH_MAX: Final = 200


class EndKind(StrEnum):
    """How a firm ended as a payee."""

    DEREGISTERED = "deregistered"
    MERGED = "merged"
    MOVED_AWAY = "moved_away"


EVERYWHERE: Final = frozenset({EndKind.DEREGISTERED, EndKind.MERGED})
"""What is so for every authority."""


@dataclass(frozen=True, slots=True)
class FirmEnd:
    """The end of a firm; ``ended_on`` is the first day on which it is no payee any more."""

    id: FactId
    firm: FirmId
    kind: EndKind
    ended_on: date
    successor: FirmId | None
    document_number: str
    document_digest: Digest
    provenance: Provenance

    def obstacle(self) -> Obstacle:
        """Return it as what stands in the way of a decision."""
        stated: dict[str, str | int | bool | None] = {
            "firm": self.firm,
            "kind": self.kind.value,
            "ended_on": self.ended_on.isoformat(),
            "number": self.document_number,
            "successor": self.successor,
        }
        return Obstacle(f"firm_{self.kind.value}", "RULINGS 29", parameters=stated, evidence=("register",))


@dataclass(frozen=True, slots=True)
class EnterEnd:
    """Enter the end of a firm from a day on."""

    firm: FirmId
    kind: EndKind
    ended_on: date
    document_number: str
    document_digest: Digest
    source: str
    obtained_on: date
    successor: FirmId | None = None

    def __post_init__(self) -> None:
        """Refuse a merger without successor, a successor of anything else, and itself. Raises InvalidValueError."""
        require_text(self.document_number, "document_number", NUMBER_LENGTH_MAX)
        require_text(self.source, "source", REASON_LENGTH_MAX)
        require_day(self.ended_on, "ended_on")
        require_day(self.obtained_on, "obtained_on")
        if (self.successor is not None) is not (self.kind is EndKind.MERGED):
            raise InvalidValueError("firm_end_successor", kind=self.kind.value)
        if self.successor == self.firm:
            raise InvalidValueError("firm_end_successor_itself", firm=self.firm)


@dataclass(frozen=True, slots=True)
class RevokeEnd:
    """Take back an entry that was wrong, or of a firm that came back, by a numbered document."""

    end: FactId
    document_number: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse a revocation without number or reason. Raises InvalidValueError."""
        require_text(self.document_number, "document_number", NUMBER_LENGTH_MAX)
        require_text(self.reason, "reason", REASON_LENGTH_MAX)
