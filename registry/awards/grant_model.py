"""What a grant is decided on: what its applicant states, what it is for, and the verdict made of both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from registry.awards.shares import require_split
from registry.errors import InvalidValueError, Obstacle
from registry.policy.evaluation import InstrumentVerdict
from registry.policy.model import Condition, Verdict
from registry.policy.plain_text import require_day, require_text
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, EvidenceId, FirmId
from registry.values.money import Money
from registry.values.names import PublicName
from registry.vouchers.payee import PayeeGiven

OPINION_LENGTH_MAX: Final = 2_000
KEY_VALUES_MAX: Final = 10_000
DECLARED_MAX: Final = 50
DEFECTS_MAX: Final = 100
DEPARTMENTS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class DeclaredBenefit:
    """A like benefit the applicant says it received, by whatever policy of whatever authority (RULINGS 11)."""

    policy: str
    received_on: date
    amount: Money

    def __post_init__(self) -> None:
        """Refuse a benefit without a policy and a day out of range. Raises InvalidValueError."""
        require_text(self.policy, "declared.policy")
        require_day(self.received_on, "declared.received_on")

    def as_json(self) -> dict[str, Json]:
        """Return the benefit as a claim keeps it."""
        return {"policy": self.policy, "received_on": self.received_on.isoformat(), "amount_fen": self.amount.fen}


@dataclass(frozen=True, slots=True)
class ApplyForGrant:
    """Apply for a grant of any instrument, with the undertaking that everything is true (真实性承诺).

    ``facts`` are stated by name as in the vocabulary of policies. ``keys`` say what it is for (workers, site, title …),
    ``dataset`` where that is a lineage. ``evidence`` are filed documents by what they prove. ``elected`` is the
    instrument the firm chose in writing among like ones. ``joint_makers`` share what is paid, in basis points.
    """

    instrument: str
    event_on: date
    facts: Mapping[str, object]
    keys: Mapping[str, tuple[str, ...]]
    dataset: PublicName | None
    evidence: Mapping[str, tuple[EvidenceId, ...]]
    declared: tuple[DeclaredBenefit, ...]
    elected: str | None
    joint_makers: Mapping[FirmId, int]
    undertaking: bool
    payee: PayeeGiven

    def __post_init__(self) -> None:
        """Refuse days out of range, endless lists and a split that is none. Raises InvalidValueError."""
        require_day(self.event_on, "event_on")
        for name, values in self.keys.items():
            if not 1 <= len(values) <= KEY_VALUES_MAX:
                raise InvalidValueError("list_length", at=f"keys.{name}"[:60], given=len(values), most=KEY_VALUES_MAX)
            for value in values:
                require_text(value, f"keys.{name}"[:60])
        if len(self.declared) > DECLARED_MAX:
            raise InvalidValueError("list_length", at="declared", given=len(self.declared), most=DECLARED_MAX)
        require_split(self.joint_makers)


@dataclass(frozen=True, slots=True)
class AssessGrant:
    """Say which stated facts are confirmed, and what an officer found in place of others or beside them.

    A fact that is neither confirmed nor found counts as unknown, which never helps the applicant.
    """

    case: CaseId
    confirmed: tuple[str, ...]
    found: Mapping[str, object]
    opinion: str

    def __post_init__(self) -> None:
        """Refuse an assessment without opinion. Raises InvalidValueError."""
        require_text(self.opinion, "opinion", OPINION_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class AskCorrection:
    """Tell the applicant of every defect at once (一次性告知, 优化营商环境条例 36)."""

    case: CaseId
    defects: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a notice that names nothing. Raises InvalidValueError."""
        if not 1 <= len(self.defects) <= DEFECTS_MAX:
            raise InvalidValueError("list_length", at="defects", given=len(self.defects), most=DEFECTS_MAX)
        for defect in self.defects:
            require_text(defect, "defects", OPINION_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class AnswerCorrection:
    """Answer a correction notice: in words, and for a grant with facts and documents that replace those of before.

    ``joint_makers`` are other shares of the same makers; none leaves the split as it is.
    """

    case: CaseId
    statement: str
    facts: Mapping[str, object]
    evidence: Mapping[str, tuple[EvidenceId, ...]]
    joint_makers: Mapping[FirmId, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an answer without words and a split that is none. Raises InvalidValueError."""
        require_text(self.statement, "statement", OPINION_LENGTH_MAX)
        require_split(self.joint_makers)


@dataclass(frozen=True, slots=True)
class AskDepartments:
    """Ask several departments about a case at once (部门核查)."""

    case: CaseId
    departments: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse no department and one named twice. Raises InvalidValueError."""
        if not 1 <= len(self.departments) <= DEPARTMENTS_MAX or len(set(self.departments)) < len(self.departments):
            raise InvalidValueError("list_length", at="departments", given=len(self.departments), most=DEPARTMENTS_MAX)
        for name in self.departments:
            require_text(name, "departments")


@dataclass(frozen=True, slots=True)
class RecordDepartment:
    """Record what a department answered."""

    case: CaseId
    department: str
    agrees: bool
    opinion: str

    def __post_init__(self) -> None:
        """Refuse an answer without words. Raises InvalidValueError."""
        require_text(self.department, "department")
        require_text(self.opinion, "opinion", OPINION_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class Claim:
    """What an applicant states, as it is kept with its case; ``sealed`` are the keyed digests of its keys."""

    event_on: date
    instalment: int | None
    group: str
    issued_on: date
    stated: Mapping[str, Any]
    keys: Mapping[str, tuple[str, ...]]
    evidence: Mapping[str, tuple[str, ...]]
    declared: tuple[DeclaredBenefit, ...]
    joint_makers: Mapping[str, int]
    sealed: Mapping[str, frozenset[Digest]]


@dataclass(frozen=True, slots=True)
class GrantVerdict:
    """A verdict on a grant, and the snapshot it was made from, so that it can be replayed.

    ``held`` waits for a ruling where the document contradicts itself (RULINGS 12).
    """

    made: InstrumentVerdict
    facts: Mapping[str, Json]

    @property
    def instrument(self) -> str:
        """What was asked about."""
        return self.made.instrument

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition that was looked at."""
        return self.made.conditions

    @property
    def amount(self) -> Money:
        """What is due in every reading."""
        return self.made.amount

    @property
    def held(self) -> Money:
        """What the most favourable reading adds."""
        return self.made.held

    @property
    def revision(self) -> Digest:
        """The revision it goes by."""
        return self.made.revision.digest

    @property
    def open_assumptions(self) -> tuple[str, ...]:
        """The assumptions a payment waits for."""
        return tuple(each.id for each in self.made.rulings_needed)

    @property
    def facts_digest(self) -> Digest:
        """The digest of every fact used."""
        return Digest.of_json(dict(self.facts))

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """What stands in the way of an amount; what only a ruling on a contradiction holds back does not."""
        return () if self.amount.fen else Verdict(self.conditions).obstacles

    @property
    def eligible(self) -> bool:
        """Whether something is due."""
        return bool(self.amount.fen)
