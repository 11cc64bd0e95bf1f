"""Periods of an order: what a seller states it delivered in some days, and what the buyer says of it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from registry.values.digest import Digest
from registry.values.identifiers import EvidenceId, OrderId, PeriodId
from registry.values.moment import Moment
from registry.values.money import Money

PERIOD_REASON_LENGTH_MAX: Final = 4_000
PERIODS_BILLED_MAX: Final = 36
"""How many periods one invoice may name: three years of months."""


class PeriodState(StrEnum):
    """What the buyer said of a period (验收), once."""

    STATED = "stated"
    """Nothing yet."""
    ACCEPTED = "accepted"
    OBJECTED = "objected"
    """It stands no more; the seller may state the days anew."""


@dataclass(frozen=True, slots=True)
class OrderPeriod:
    """What was delivered from ``first`` to ``last``, both days included, in Shanghai.

    ``used`` is in whole units of the order; of a metered order in bytes or reads, whichever the price counts. ``due``
    is what it comes to without VAT. ``log`` is the digest of the usage log, ``evidence`` the document filed of it.
    """

    id: PeriodId
    order: OrderId
    first: date
    last: date
    used: int
    due: Money
    log: Digest | None
    evidence: EvidenceId | None
    stated_at: Moment
    state: PeriodState = PeriodState.STATED
    reason: str = ""
    answered_at: Moment | None = None

    @property
    def stands(self) -> bool:
        """Whether the buyer did not object to it."""
        return self.state is not PeriodState.OBJECTED

    def overlaps(self, first: date, last: date) -> bool:
        """Say whether the period shares a day with those from ``first`` to ``last``."""
        return self.first <= last and first <= self.last


@dataclass(frozen=True, slots=True)
class UnstatedDays:
    """Days of which the seller has yet to state what was delivered, since an instant."""

    first: date
    last: date
    since: Moment


@dataclass(frozen=True, slots=True)
class StatePeriod:
    """State, as the seller, what was delivered; ``used`` None where the service meters it."""

    order: OrderId
    first: date
    last: date
    used: int | None
    log: Digest | None
    evidence: EvidenceId | None


@dataclass(frozen=True, slots=True)
class AnswerPeriod:
    """Accept a period as the buyer, or object to it; an objection says why."""

    period: PeriodId
    accepted: bool
    reason: str
