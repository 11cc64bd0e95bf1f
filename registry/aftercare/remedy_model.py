"""Remedies against adverse decisions: review by the organ (复核), reconsideration (复议), litigation (诉讼).

A remedy moves filed → upheld | annulled | withdrawn. ``upheld`` says that the decision stands, ``annulled`` that it
does not. One is open at a time; one that comes later is of a later kind (RULINGS 34).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from registry.errors import InvalidValueError
from registry.policy.plain_text import require_day, require_text
from registry.values.identifiers import (
    AccountId,
    AuthorityId,
    CaseId,
    EntryId,
    FactId,
    FirmId,
    RecoveryId,
    RemedyId,
)
from registry.values.moment import Moment

TEXT_LENGTH_MAX: Final = 4_000
NAME_LENGTH_MAX: Final = 200

Subject = CaseId | RecoveryId | FactId
"""What a remedy is against: a refused case, a recovery, a sanction."""


class RemedyKind(StrEnum):
    """Which remedy, in the order in which one may follow another."""

    REVIEW = "review"
    RECONSIDERATION = "reconsideration"
    LITIGATION = "litigation"


class RemedySubject(StrEnum):
    """What kind of decision a remedy is against."""

    REFUSAL = "refusal"
    RECOVERY = "recovery"
    SANCTION = "sanction"


class RemedyState(StrEnum):
    """Where a remedy stands."""

    FILED = "filed"
    UPHELD = "upheld"
    ANNULLED = "annulled"
    WITHDRAWN = "withdrawn"


class RemedyActKind(StrEnum):
    """What was done to a remedy."""

    SUSPENDED = "suspended"
    RESUMED = "resumed"
    UPHELD = "upheld"
    ANNULLED = "annulled"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class RemedyAct:
    """One act: who, when, what was said; ``entry`` is its line in the journal."""

    number: int
    kind: RemedyActKind
    account: AccountId
    at: Moment
    content: Mapping[str, Any]
    entry: EntryId


@dataclass(frozen=True, slots=True)
class Remedy:
    """A remedy with everything done in it so far; ``until`` None: its term had not begun, or is not stated."""

    id: RemedyId
    authority: AuthorityId
    kind: RemedyKind
    subject_kind: RemedySubject
    subject: Subject
    case: CaseId | None
    firm: FirmId
    organ: str
    number: str
    grounds: str
    filed_on: date
    until: date | None
    late_reason: str | None
    state: RemedyState
    filed_by: AccountId
    filed_at: Moment
    entry: EntryId
    acts: tuple[RemedyAct, ...] = ()

    @property
    def is_late(self) -> bool:
        """Whether it was filed after its term, and taken all the same by an officer's decision."""
        return self.late_reason is not None

    @property
    def suspends(self) -> bool:
        """Whether a decision suspends what is attacked while this remedy is open."""
        newest = next((each.kind for each in reversed(self.acts)), None)
        return self.state is RemedyState.FILED and newest is RemedyActKind.SUSPENDED

    @property
    def ended_on(self) -> date | None:
        """The day of the decision on it; None while it is open or when it was withdrawn."""
        last = self.acts[-1] if self.acts else None
        if last is None or last.kind not in {RemedyActKind.UPHELD, RemedyActKind.ANNULLED}:
            return None
        return date.fromisoformat(last.content["decided_on"])

    def with_act(self, made: RemedyAct, state: RemedyState) -> "Remedy":
        """Return the remedy after an act."""
        return replace(self, acts=(*self.acts, made), state=state)


@dataclass(frozen=True, slots=True)
class FileRemedy:
    """File a remedy; ``late_reason`` is the officer's, who takes one although its term has ended.

    ``filed_on`` None: today. A firm files today and gives no reason; an officer enters what another organ received.
    """

    subject: Subject
    kind: RemedyKind
    organ: str
    number: str
    grounds: str
    filed_on: date | None = None
    late_reason: str | None = None

    def __post_init__(self) -> None:
        """Refuse a remedy without organ or words. Raises InvalidValueError."""
        require_text(self.organ, "organ", NAME_LENGTH_MAX)
        require_text(self.number, "number", NAME_LENGTH_MAX, may_be_empty=True)
        require_text(self.grounds, "grounds", TEXT_LENGTH_MAX)
        if self.filed_on is not None:
            require_day(self.filed_on, "filed_on")
        if self.late_reason is not None:
            require_text(self.late_reason, "late_reason", TEXT_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class SuspendDecision:
    """Record that a decision suspends what is attacked, or that it goes on again."""

    remedy: RemedyId
    suspended: bool
    number: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse a decision without number or reason. Raises InvalidValueError."""
        require_text(self.number, "number", NAME_LENGTH_MAX)
        require_text(self.reason, "reason", TEXT_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class EndRemedy:
    """Record the decision on a remedy: number, day, what it says of the attacked decision."""

    remedy: RemedyId
    outcome: RemedyState
    number: str
    decided_on: date
    reasons: str

    def __post_init__(self) -> None:
        """Refuse an end that is none, or one without number or reasons. Raises InvalidValueError."""
        if self.outcome not in {RemedyState.UPHELD, RemedyState.ANNULLED}:
            raise InvalidValueError("remedy_outcome_malformed", given=self.outcome.value)
        require_text(self.number, "number", NAME_LENGTH_MAX)
        require_text(self.reasons, "reasons", TEXT_LENGTH_MAX)
        require_day(self.decided_on, "decided_on")


@dataclass(frozen=True, slots=True)
class WithdrawRemedy:
    """Take a remedy back."""

    remedy: RemedyId
    reason: str

    def __post_init__(self) -> None:
        """Refuse a withdrawal without reason. Raises InvalidValueError."""
        require_text(self.reason, "reason", TEXT_LENGTH_MAX)
