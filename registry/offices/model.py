"""Terms, interests, absences, delegations and drawn lots of an office."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from registry.actors.model import SIGNING_RANKS, Role
from registry.errors import InvalidValueError
from registry.values.canonical import Json
from registry.values.identifiers import (
    AbsenceId,
    AccountId,
    AuthorityId,
    CaseId,
    DelegationId,
    EntryId,
    FirmId,
    InterestId,
)
from registry.values.moment import Moment

TERM_DAYS_MAX: Final = 365
TEXT_LENGTH_MAX: Final = 2_000
DELEGATION_DAYS_MAX: Final = 366
"""A standing power is renewed at least once a year, so that somebody looks at it."""
FOLLOWED_UP_AFTER: Final = 5
"""Working days after its term at which a step is brought before those above (assumption: a week is a warning)."""


class Step(StrEnum):
    """What a case waits for."""

    REVIEW = "review"
    NOTICE = "notice"
    SIGNATURE = "signature"
    ANSWER = "answer"
    INSTRUCTION = "instruction"
    PAYMENT = "payment"
    PAYMENT_REVIEW = "payment_review"
    """A payment that something had come before is looked at."""
    CONTEST_OPENING = "contest_opening"
    """A firm that was told its data is not new contests it."""
    CONTEST_EVIDENCE = "contest_evidence"
    """Both sides of a contest file what they have."""
    CONTEST_DECISION = "contest_decision"
    CONTEST_RECUSAL = "contest_recusal"
    """A decision rests on somebody who is tied to a side, and is to be made void."""
    HEARING = "hearing"
    """The office gives the party notice of a recovery, and records what it said or its silence."""
    STATEMENT = "statement"
    """How long the party has to answer."""
    RECOVERY = "recovery"
    SERVICE = "service"
    REPAYMENT = "repayment"
    PAY_BACK = "pay_back"
    REMEDY = "remedy"
    """The office answers a review (复核) of what it decided."""
    RECONSIDERATION = "reconsideration"
    """An organ above decides (复议), and the office records it."""
    LITIGATION = "litigation"
    """A court decides (诉讼), and the office records it."""


ROLE_OF_STEP: Final[Mapping[Step, Role]] = {
    Step.REVIEW: Role.REVIEWER,
    Step.NOTICE: Role.REVIEWER,
    Step.ANSWER: Role.REVIEWER,
    Step.INSTRUCTION: Role.PAYER,
    Step.PAYMENT: Role.PAYER,
    Step.PAYMENT_REVIEW: Role.REVIEWER,
    Step.CONTEST_DECISION: Role.REVIEWER,
    Step.CONTEST_RECUSAL: Role.REGISTRAR,
    Step.HEARING: Role.REVIEWER,
    Step.SERVICE: Role.REVIEWER,
    Step.REPAYMENT: Role.PAYER,
    Step.PAY_BACK: Role.PAYER,
}
"""Who does a step.

A signature is of the rank whose turn it is, a recovery and a remedy are any rank's to decide, and what a firm does is
nobody's.
"""


class Unit(StrEnum):
    """In which days a term is counted."""

    WORKING = "working"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True)
class Term:
    """How long a step may take: the release's own figure, or that of a ruling with its number."""

    step: Step
    days: int
    unit: Unit
    clause: str
    assumption: str = ""
    number: str = ""

    def __post_init__(self) -> None:
        """Refuse a term of no days or of years. Raises InvalidValueError."""
        if not 1 <= self.days <= TERM_DAYS_MAX:
            raise InvalidValueError("term_days_out_of_range", given=self.days, most=TERM_DAYS_MAX)


def _require_text(text: str, at: str, length_max: int = TEXT_LENGTH_MAX) -> None:
    if not text.strip() or len(text) > length_max:
        raise InvalidValueError("office_text_missing", at=at, length_max=length_max)


@dataclass(frozen=True, slots=True)
class SetTerm:
    """Replace the term of a step by a numbered ruling of the office; it acts forward only."""

    step: Step
    days: int
    unit: Unit
    number: str
    organ: str
    decided_on: date
    text: str

    def __post_init__(self) -> None:
        """Refuse a ruling without number, organ or words. Raises InvalidValueError."""
        Term(self.step, self.days, self.unit, self.number)
        _require_text(self.number, "number", 120)
        _require_text(self.organ, "organ", 120)
        _require_text(self.text, "text")


@dataclass(frozen=True, slots=True)
class TermSet:
    """A term as a ruling set it."""

    term: Term
    organ: str
    decided_on: date
    text: str
    entered_at: Moment
    entered_by: AccountId

    def as_json(self) -> dict[str, Json]:
        """Return what is journaled."""
        return {
            "step": self.term.step.value,
            "days": self.term.days,
            "unit": self.term.unit.value,
            "number": self.term.number,
            "organ": self.organ,
            "decided_on": self.decided_on.isoformat(),
            "text": self.text,
        }


# Interests.


class Ground(StrEnum):
    """Why an officer may not decide on a firm (公务员法 76; RULINGS 32)."""

    OWN = "own"
    """The officer holds a share, an office or a claim in the firm."""
    FAMILY = "family"
    """Somebody of the officer's family does."""
    FORMER = "former"
    """The officer worked there within the last years."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class DeclareInterest:
    """State a tie to a firm: one's own, or as a registrar that of ``officer``."""

    firm: FirmId
    ground: Ground
    note: str
    officer: AccountId | None = None

    def __post_init__(self) -> None:
        """Refuse a tie without words. Raises InvalidValueError."""
        _require_text(self.note, "note")


@dataclass(frozen=True, slots=True)
class Interest:
    """A tie of an officer to a firm, until it is ended. ``declared``: by the officer, else found by a registrar."""

    id: InterestId
    authority: AuthorityId
    officer: AccountId
    firm: FirmId
    ground: Ground
    note: str
    declared: bool
    stated_at: Moment
    ended_at: Moment | None = None


# Absence and delegation.


@dataclass(frozen=True, slots=True)
class RecordAbsence:
    """Enter that an officer is away from ``first`` through ``last``."""

    officer: AccountId
    first: date
    last: date
    reason: str

    def __post_init__(self) -> None:
        """Refuse days in the wrong order and no reason. Raises InvalidValueError."""
        _require_text(self.reason, "reason")
        if self.last < self.first:
            raise InvalidValueError("office_days_unordered", first=str(self.first), last=str(self.last))


@dataclass(frozen=True, slots=True)
class Absence:
    """An officer's absence; one that was ended early holds no more from then on."""

    id: AbsenceId
    authority: AuthorityId
    officer: AccountId
    first: date
    last: date
    reason: str
    ended_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Delegate:
    """Let ``delegate`` sign in one's rank (授权委托): in these instruments (None: all), on these days."""

    delegate: AccountId
    rank: Role
    instruments: tuple[str, ...] | None
    first: date
    last: date
    document_number: str

    def __post_init__(self) -> None:
        """Refuse what is no rank, days in the wrong order, more than a year, no document. Raises InvalidValueError."""
        _require_text(self.document_number, "document_number", 120)
        if self.rank not in SIGNING_RANKS:
            raise InvalidValueError("delegation_of_no_rank", given=self.rank.value)
        if self.last < self.first:
            raise InvalidValueError("office_days_unordered", first=str(self.first), last=str(self.last))
        if (self.last - self.first).days >= DELEGATION_DAYS_MAX:
            raise InvalidValueError("delegation_too_long", most=DELEGATION_DAYS_MAX)
        if self.instruments is not None and not self.instruments:
            raise InvalidValueError("delegation_of_nothing")


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who signs for whom, in which rank and scope, from when until when, by which document."""

    id: DelegationId
    authority: AuthorityId
    principal: AccountId
    delegate: AccountId
    rank: Role
    instruments: tuple[str, ...] | None
    first: date
    last: date
    document_number: str
    made_at: Moment
    ended_at: Moment | None = None

    def as_json(self) -> dict[str, Json]:
        """Return what is journaled."""
        return {
            "principal": str(self.principal),
            "delegate": str(self.delegate),
            "rank": self.rank.value,
            "instruments": None if self.instruments is None else list(self.instruments),
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "document_number": self.document_number,
        }


# Who is there, and whose lot was drawn.


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer of an office who may act."""

    account: AccountId
    login: str
    name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Draw:
    """A reviewer drawn by lot; anyone who knows the seed draws the same one again."""

    case: CaseId
    number: int
    seed: bytes = field(repr=False)
    candidates: tuple[AccountId, ...]
    drawn: AccountId
    reason: str
    drawn_at: Moment
    drawn_by: AccountId
    entry: EntryId


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that decides who of an office may act: read once, judged by rules."""

    officers: tuple[Officer, ...] = ()
    absences: tuple[Absence, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    interests: tuple[Interest, ...] = ()

    def officer(self, account: AccountId) -> Officer | None:
        """Return an officer of the bench."""
        return next((each for each in self.officers if each.account == account), None)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether an office has officers for the cases of a document: the places, and those that nobody is left for."""

    document: str
    places: tuple[Role, ...]
    unfilled: tuple[Role, ...]

    @property
    def ready(self) -> bool:
        """Whether every place has an officer of its own."""
        return not self.unfilled
