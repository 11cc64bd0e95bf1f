"""Sales, claims and what a pattern finds in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from registry.errors import Parameter
from registry.exchange.model import SaleFact
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, FirmId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money


class PatternCode(StrEnum):
    """A pattern of POLICY §5."""

    CIRCULAR_TRADE = "circular_trade"
    PRICE_FAR_ABOVE = "price_far_above"
    CLAIMED_ELSEWHERE = "claimed_elsewhere"
    SPLIT_PURCHASE = "split_purchase"
    YEAR_END_BUNCHING = "year_end_bunching"
    EXACT_CAP = "exact_cap"
    VENDOR_COLLUSION = "vendor_collusion"


class Effect(StrEnum):
    """What a finding does: nothing is paid at all, nothing until an officer decided, or it is only shown."""

    BLOCK = "block"
    REVIEW = "review"
    FLAG = "flag"


EFFECT_OF: Final[Mapping[PatternCode, Effect]] = {
    PatternCode.CIRCULAR_TRADE: Effect.REVIEW,
    PatternCode.PRICE_FAR_ABOVE: Effect.REVIEW,
    PatternCode.CLAIMED_ELSEWHERE: Effect.BLOCK,
    PatternCode.SPLIT_PURCHASE: Effect.REVIEW,
    PatternCode.YEAR_END_BUNCHING: Effect.FLAG,
    PatternCode.EXACT_CAP: Effect.FLAG,
    PatternCode.VENDOR_COLLUSION: Effect.REVIEW,
}
"""The last column of the table of POLICY §5."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A redeemed voucher on a sale.

    ``group`` is the controller of its firm; ``year_used`` what its firm-year had used before, ``share`` what the rate
    alone would have left for it.
    """

    voucher: VoucherId
    firm: FirmId
    group: FirmId
    sale: SaleFact
    year: int
    event_on: date
    redeemed_at: Moment
    base: Money
    amount: Money
    share: Money
    year_used: Money
    cap: Money


@dataclass(frozen=True, slots=True)
class PatternFinding:
    """What a pattern found at a claim. ``about`` names what it is made of; ``figures`` are for a person to read."""

    code: PatternCode
    clause: str
    about: tuple[str, ...]
    figures: Mapping[str, Parameter]

    @property
    def effect(self) -> Effect:
        """What it does."""
        return EFFECT_OF[self.code]

    @property
    def digest(self) -> Digest:
        """What a decision on it is bound to: of what else is found, another decision is needed."""
        return Digest.of_json({"pattern": self.code.value, "about": list(self.about)})


class PatternOutcome(StrEnum):
    """What an officer decided of a finding."""

    CLEARED = "cleared"
    UPHELD = "upheld"


@dataclass(frozen=True, slots=True)
class PatternDecision:
    """A decision on a finding: a numbered document with its reason."""

    pattern: PatternCode
    digest: Digest
    outcome: PatternOutcome
    number: str
    reason: str
    decided_by: AccountId
    decided_at: Moment


@dataclass(frozen=True, slots=True)
class DecidedFinding:
    """A finding with the newest decision on it; None: nobody decided."""

    finding: PatternFinding
    decision: PatternDecision | None

    @property
    def stops(self) -> bool:
        """Whether nothing is paid for it as it stands."""
        if self.finding.effect is Effect.REVIEW:
            return self.decision is None or self.decision.outcome is PatternOutcome.UPHELD
        return self.finding.effect is Effect.BLOCK
