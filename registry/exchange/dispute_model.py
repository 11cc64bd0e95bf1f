"""Disputes over what was delivered."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, DisputeId, OrderId
from registry.values.moment import Moment
from registry.values.money import Money

DISPUTE_EVIDENCE_MAX: Final = 10
DISPUTE_TEXT_LENGTH_MAX: Final = 4_000
DISPUTE_NUMBER_LENGTH_MAX: Final = 100


class DisputeState(StrEnum):
    """Where a dispute stands."""

    OPEN = "open"
    SETTLED = "settled"
    """The buyer agreed to what the seller proposed."""
    DECIDED = "decided"
    """An officer decided in a numbered document."""
    WITHDRAWN = "withdrawn"


DISPUTE_MOVES: Final[Mapping[DisputeState, frozenset[DisputeState]]] = {
    DisputeState.OPEN: frozenset({DisputeState.SETTLED, DisputeState.DECIDED, DisputeState.WITHDRAWN}),
    DisputeState.SETTLED: frozenset(),
    DisputeState.DECIDED: frozenset(),
    DisputeState.WITHDRAWN: frozenset(),
}


class DisputeRemedy(StrEnum):
    """What the buyer gets."""

    REFUND = "refund"
    REDELIVERY = "redelivery"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the seller offers; ``refund`` with VAT, nothing unless the remedy is one."""

    remedy: DisputeRemedy
    refund: Money
    text: str
    proposed_at: Moment


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a dispute ended; number and authority stand with a decision only."""

    remedy: DisputeRemedy
    refund: Money
    text: str
    ended_at: Moment
    ended_by: AccountId | None
    number: str | None = None
    authority: AuthorityId | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A buyer's objection to what an order delivered, with the digests of what it shows for it."""

    id: DisputeId
    order: OrderId
    reason: str
    evidence: tuple[Digest, ...]
    state: DisputeState
    opened_at: Moment
    proposal: Proposal | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """Open a dispute."""

    order: OrderId
    reason: str
    evidence: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class ProposeRemedy:
    """Offer, as the seller, what may settle a dispute."""

    dispute: DisputeId
    remedy: DisputeRemedy
    refund: Money
    text: str


@dataclass(frozen=True, slots=True)
class DecideDispute:
    """Decide a dispute in a numbered document."""

    dispute: DisputeId
    remedy: DisputeRemedy
    refund: Money
    number: str
    reasons: str
