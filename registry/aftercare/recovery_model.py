"""Recoveries (追回): money that was paid on a line of a case and is to come back.

A recovery moves

    opened → heard → decided → served → part_repaid → repaid        served → repaid
    opened | heard → dropped
    decided | served | part_repaid | repaid → annulled

The party is heard first (RULINGS 34): a notice with a term to answer, then its statement or its silence. What is done
to a recovery are acts: written once, one after the other, never changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from registry.errors import InvalidValueError
from registry.parties.hearing import ServiceWay
from registry.policy.plain_text import require_text
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId, FirmId, RecoveryId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money

TEXT_LENGTH_MAX: Final = 4_000
NUMBER_LENGTH_MAX: Final = 120
LINES_MAX: Final = 100_000


class RecoveryGround(StrEnum):
    """Why money comes back; the first three are the fault of whoever received it."""

    FRAUD = "fraud"
    MISUSE = "misuse"
    FALSE_MATERIAL = "false_material"
    MISTAKE = "mistake"
    LATER_CORRECTION = "later_correction"
    REFUND = "refund"
    RED_LETTER = "red_letter"


OF_FAULT: Final = frozenset({RecoveryGround.FRAUD, RecoveryGround.MISUSE, RecoveryGround.FALSE_MATERIAL})
"""Money recovered on these grounds reopens neither pool nor the firm's cap (RULINGS 17)."""


class RecoveryOrigin(StrEnum):
    """What a recovery came of."""

    OWN = "own"
    SAMPLE = "sample"
    ADOPTION_REVIEW = "adoption_review"
    REGISTER_REVIEW = "register_review"
    CONTEST_REVIEW = "contest_review"
    INVOICE = "invoice"
    OBJECTION = "objection"
    """An objection that was open when the bank had paid, and is upheld; its source is its number."""
    PAYMENT_REVIEW = "payment_review"
    """A payment that does not stand, since something had come before its receipt; its source is the case."""


class RecoveryState(StrEnum):
    """Where a recovery stands."""

    OPENED = "opened"
    HEARD = "heard"
    DECIDED = "decided"
    SERVED = "served"
    PART_REPAID = "part_repaid"
    REPAID = "repaid"
    DROPPED = "dropped"
    ANNULLED = "annulled"


RECOVERY_MOVES: Final[Mapping[RecoveryState, frozenset[RecoveryState]]] = {
    RecoveryState.OPENED: frozenset({RecoveryState.HEARD, RecoveryState.DROPPED}),
    RecoveryState.HEARD: frozenset({RecoveryState.DECIDED, RecoveryState.DROPPED}),
    RecoveryState.DECIDED: frozenset({RecoveryState.SERVED, RecoveryState.ANNULLED}),
    RecoveryState.SERVED: frozenset({RecoveryState.PART_REPAID, RecoveryState.REPAID, RecoveryState.ANNULLED}),
    RecoveryState.PART_REPAID: frozenset({RecoveryState.PART_REPAID, RecoveryState.REPAID, RecoveryState.ANNULLED}),
    RecoveryState.REPAID: frozenset({RecoveryState.ANNULLED}),
    RecoveryState.DROPPED: frozenset(),
    RecoveryState.ANNULLED: frozenset(),
}

VOID: Final = frozenset({RecoveryState.DROPPED, RecoveryState.ANNULLED})
"""A recovery in one of these takes nothing of what was paid on its line."""


class RecoveryActKind(StrEnum):
    """What was done to a recovery."""

    NOTIFIED = "notified"
    HEARD = "heard"
    DECIDED = "decided"
    DROPPED = "dropped"
    SERVED = "served"
    REPAID = "repaid"
    REAPPROPRIATED = "reappropriated"
    ANNULLED = "annulled"
    PAID_BACK = "paid_back"


@dataclass(frozen=True, slots=True)
class Service:
    """Proof of service (送达回证): the day, the way, and the digest of the document that proves it."""

    served_on: date
    way: ServiceWay
    proof: Digest

    def as_json(self) -> dict[str, Any]:
        """Return it as an act keeps it."""
        return {"served_on": self.served_on.isoformat(), "way": self.way.value, "proof": str(self.proof)}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Service":
        """Return what an act keeps."""
        return cls(date.fromisoformat(kept["served_on"]), ServiceWay(kept["way"]), Digest.parse(kept["proof"]))


@dataclass(frozen=True, slots=True)
class RecoveryAct:
    """One act: who, when, what was said; ``entry`` is its line in the journal."""

    number: int
    kind: RecoveryActKind
    account: AccountId
    at: Moment
    content: Mapping[str, Any]
    entry: EntryId


@dataclass(frozen=True, slots=True)
class Repayment:
    """Cash that came back; ``reopened`` is what of it reopened appropriation, pool and cap."""

    amount: Money
    bank_receipt: str
    received_on: date
    reopened: bool


@dataclass(frozen=True, slots=True)
class Recovery:
    """A recovery with everything done in it so far; ``line`` counts from 1, ``amount`` is what was opened for."""

    id: RecoveryId
    authority: AuthorityId
    case: CaseId
    line: int
    firm: FirmId
    ground: RecoveryGround
    origin: RecoveryOrigin
    source: str | None
    amount: Money
    facts: str
    clause: str
    state: RecoveryState
    opened_by: AccountId
    opened_at: Moment
    entry: EntryId
    acts: tuple[RecoveryAct, ...] = ()
    suspended: bool = False
    """Whether a decision in an open remedy suspends the collection."""

    def act(self, kind: RecoveryActKind) -> RecoveryAct | None:
        """Return the newest act of a kind."""
        return next((each for each in reversed(self.acts) if each.kind is kind), None)

    def with_act(self, made: RecoveryAct, state: RecoveryState) -> "Recovery":
        """Return the recovery after an act."""
        return replace(self, acts=(*self.acts, made), state=state)

    @property
    def answer_until(self) -> date | None:
        """The last day of the party's term to answer; None before it was given notice."""
        made = self.act(RecoveryActKind.NOTIFIED)
        return date.fromisoformat(made.content["until"]) if made else None

    @property
    def decided_amount(self) -> Money | None:
        """What was decided; None before."""
        made = self.act(RecoveryActKind.DECIDED)
        return Money(made.content["amount_fen"]) if made else None

    @property
    def takes(self) -> Money:
        """What of the line's payment this recovery takes: nothing once it is dropped or annulled."""
        if self.state in VOID:
            return ZERO
        decided = self.decided_amount
        return self.amount if decided is None else decided

    @property
    def service(self) -> Service | None:
        """Proof that the decision was served."""
        made = self.act(RecoveryActKind.SERVED)
        return Service.of_json(made.content) if made else None

    @property
    def repayments(self) -> tuple[Repayment, ...]:
        """The cash that came back, in order."""
        return tuple(
            Repayment(
                Money(each.content["amount_fen"]),
                each.content["bank_receipt"],
                date.fromisoformat(each.content["received_on"]),
                each.content["reopened"],
            )
            for each in self.acts
            if each.kind is RecoveryActKind.REPAID
        )

    @property
    def repaid(self) -> Money:
        """Everything that came back."""
        return sum((each.amount for each in self.repayments), ZERO)

    @property
    def due(self) -> Money:
        """What is still to come back."""
        decided = self.decided_amount
        return ZERO if decided is None or self.state in VOID else decided - self.repaid

    @property
    def reappropriated(self) -> Money:
        """What of the later cash was appropriated again by number."""
        fen = (each.content["amount_fen"] for each in self.acts if each.kind is RecoveryActKind.REAPPROPRIATED)
        return Money(sum(fen))

    @property
    def open(self) -> bool:
        """Whether something is still to be decided or paid, by the party or to it."""
        if self.state is RecoveryState.ANNULLED:
            return bool(self.to_pay_back)
        return self.state not in {RecoveryState.DROPPED, RecoveryState.REPAID}

    @property
    def to_pay_back(self) -> Money:
        """What finance owes the party: all that had come back when the decision was annulled, until it is paid."""
        owed = self.state is RecoveryState.ANNULLED and self.act(RecoveryActKind.PAID_BACK) is None
        return self.repaid if owed else ZERO


@dataclass(frozen=True, slots=True)
class OpenRecovery:
    """Open the recovery of money paid on a line; ``source`` names the sample, receipt or correction it came of."""

    case: CaseId
    line: int
    ground: RecoveryGround
    amount: Money
    facts: str
    clause: str
    origin: RecoveryOrigin = RecoveryOrigin.OWN
    source: str | None = None

    def __post_init__(self) -> None:
        """Refuse nothing to recover, no facts, no clause, or a source that is not named. Raises InvalidValueError."""
        require_text(self.facts, "facts", TEXT_LENGTH_MAX)
        require_text(self.clause, "clause", TEXT_LENGTH_MAX)
        if not self.amount:
            raise InvalidValueError("recovery_of_nothing")
        if not 1 <= self.line <= LINES_MAX:
            raise InvalidValueError("recovery_line_malformed", given=self.line)
        if (self.origin is RecoveryOrigin.OWN) != (self.source is None):
            raise InvalidValueError("recovery_source_malformed", origin=self.origin.value)


@dataclass(frozen=True, slots=True)
class NotifyParty:
    """Give the party notice of what is held against it, with a term to answer; ``service`` proves that it has it."""

    recovery: RecoveryId
    service: Service


@dataclass(frozen=True, slots=True)
class HearParty:
    """Record what the party said, or its silence (``statement`` None) once its term has ended."""

    recovery: RecoveryId
    statement: str | None

    def __post_init__(self) -> None:
        """Refuse a statement of no words. Raises InvalidValueError."""
        if self.statement is not None:
            require_text(self.statement, "statement", TEXT_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class DecideRecovery:
    """Decide what comes back, at most what the party was heard on."""

    recovery: RecoveryId
    amount: Money
    reasons: str

    def __post_init__(self) -> None:
        """Refuse a decision on nothing or without reasons. Raises InvalidValueError."""
        require_text(self.reasons, "reasons", TEXT_LENGTH_MAX)
        if not self.amount:
            raise InvalidValueError("recovery_of_nothing")


@dataclass(frozen=True, slots=True)
class DropRecovery:
    """End a recovery without a decision against the party."""

    recovery: RecoveryId
    reasons: str

    def __post_init__(self) -> None:
        """Refuse an end without reasons. Raises InvalidValueError."""
        require_text(self.reasons, "reasons", TEXT_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class RecordRepayment:
    """Record cash that came back."""

    recovery: RecoveryId
    amount: Money
    bank_receipt: str
    received_on: date

    def __post_init__(self) -> None:
        """Refuse no money or no receipt. Raises InvalidValueError."""
        require_text(self.bank_receipt, "bank_receipt", NUMBER_LENGTH_MAX)
        if not self.amount:
            raise InvalidValueError("recovery_of_nothing")


@dataclass(frozen=True, slots=True)
class Reappropriate:
    """Appropriate by number what came back in a later budget year, so that it may be spent again (预算法 13, 42)."""

    recovery: RecoveryId
    budget_year: int
    line: str
    number: str


@dataclass(frozen=True, slots=True)
class RecordPayBack:
    """Record that what had come back was paid to the party again, since the decision was annulled."""

    recovery: RecoveryId
    budget_year: int
    line: str
    payment_voucher_number: str
    bank_receipt: str
    paid_on: date

    def __post_init__(self) -> None:
        """Refuse a payment without line, number or receipt. Raises InvalidValueError."""
        require_text(self.line, "line", NUMBER_LENGTH_MAX)
        require_text(self.payment_voucher_number, "payment_voucher_number", NUMBER_LENGTH_MAX)
        require_text(self.bank_receipt, "bank_receipt", NUMBER_LENGTH_MAX)
        if not 2000 <= self.budget_year <= 2999:
            raise InvalidValueError("budget_year_malformed", given=self.budget_year)
