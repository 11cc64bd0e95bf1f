"""A policy document, its instruments, caps and procedure; conditions and verdicts.

Rules:
* A figure stands with the clause it comes from; a value the document does not give names the assumption it rests on.
* A document without an issue date is a text, not a policy in force: nothing of it can be activated (RULINGS.md, top).
* A verdict lists every condition that was looked at. One without conditions is a failure: nothing was checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from registry.errors import Finding, InvalidValueError, NotFoundError, Obstacle, Parameter
from registry.policy.assumptions import Assumption
from registry.policy.external import ExternalInstrument
from registry.policy.kinds import KIND_OF, Kind, Terms
from registry.policy.procedure import Authority, Procedure
from registry.policy.requirements import Requirement
from registry.values.digest import Digest
from registry.values.money import Money


class CapScope(StrEnum):
    """Whose sum a cap bounds."""

    FIRM = "firm"
    POOL = "pool"
    LINEAGE = "lineage"
    PROJECT = "project"
    EVENT = "event"
    WORKER = "worker"


class CapPeriod(StrEnum):
    """The time over which a cap sums."""

    YEAR = "year"
    TERM = "term"
    ONCE = "once"


class Allocation(StrEnum):
    """Who is served when the money does not suffice (RULINGS 20)."""

    FIRST_COME = "first_come"
    PRO_RATA = "pro_rata"
    RANKED = "ranked"


class LegalStatus(StrEnum):
    """How a document stands on a day. Only ``in_force`` is paid (RULINGS 21)."""

    NOT_ISSUED = "not_issued"
    NOT_YET_IN_FORCE = "not_yet_in_force"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    EXPIRED = "expired"


LIFTED: Final = "lifted"
"""How a ruling says that a suspension no longer holds."""


class Others(StrEnum):
    """What becomes of something a list does not name."""

    BY_DECISION = "by_decision"
    REFUSED = "refused"


class RewardedEvent(StrEnum):
    """The event whose day must fall in the term (RULINGS 19)."""

    LATER_OF_INVOICE_AND_PAYMENT = "later_of_invoice_and_payment"
    THIRD_ADOPTION = "third_adoption"
    LISTING = "listing"
    RECOGNISED = "recognised"
    PERIOD_COMPLETED = "period_completed"
    COSTS_PAID = "costs_paid"
    HELD = "held"


OPEN_END: Final = date.max
"""The last day of a term whose document names none."""


@dataclass(frozen=True, slots=True)
class Term:
    """Days from ``first`` to ``last``, both included; ``last`` is OPEN_END where the document names no end."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse a term that ends before it begins. Raises InvalidValueError."""
        if self.last < self.first:
            raise InvalidValueError("policy_days_inverted", at="last", given=self.last.isoformat())

    def holds(self, day: date) -> bool:
        """Say whether ``day`` lies in the term."""
        return self.first <= day <= self.last

    @property
    def is_open(self) -> bool:
        """Whether the document names no end."""
        return self.last == OPEN_END


@dataclass(frozen=True, slots=True)
class StatusInterval:
    """A legal status over days, both ends included.

    ``first`` None stands for the issue date. ``last`` None stands for the end of the term, or for no end at all when
    ``open_ended``. ``by`` names the superior rule that suspends, with its number; a ruling that answers ``assumption``
    with LIFTED ends a suspension.
    """

    status: LegalStatus
    first: date | None
    last: date | None
    open_ended: bool
    by: str
    clause: str
    assumption: str = ""

    def __post_init__(self) -> None:
        """Refuse exchanged ends, two ends at once, and a suspension by nobody. Raises InvalidValueError."""
        if self.status not in {LegalStatus.IN_FORCE, LegalStatus.SUSPENDED}:
            raise InvalidValueError(
                "policy_choice_unknown", at="status", given=self.status, offered="in_force, suspended"
            )
        if self.first and self.last and self.last < self.first:
            raise InvalidValueError("policy_days_inverted", at="to", given=self.last.isoformat())
        if self.last and self.open_ended:
            raise InvalidValueError("policy_interval_open_end", at="to")
        if (self.status is LegalStatus.SUSPENDED) != bool(self.by):
            raise InvalidValueError("policy_key_missing", at="by")


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that may be granted in a scope over a period; ``group`` names what shares it."""

    id: str
    scope: CapScope
    period: CapPeriod
    group: str
    amount: Money
    clause: str
    assumption: str | None


@dataclass(frozen=True, slots=True)
class NamedList:
    """Codes a clause names, and what becomes of others (等, 如)."""

    codes: tuple[str, ...]
    others: Others
    clause: str


@dataclass(frozen=True, slots=True)
class Exclusivity:
    """Benefits of one group exclude each other for the same keys (S1 四; RULINGS 11)."""

    group: str
    keys: tuple[str, ...]
    on_prior: str
    clause: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a place where a document contradicts itself: other terms, or other requirements by their id."""

    id: str
    text_en: str
    text_zh: str
    terms: Terms | None
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A contradiction inside one document (RULINGS 12).

    Every reading is computed and the lower amount is paid; the rest waits for a ruling on ``assumption``, whose value
    is the id of a reading.
    """

    assumption: str
    clause: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Instrument:
    """One grant of a document: who gets what for which event, by which evidence.

    ``sellers`` are the registers a purchase must come from, empty for awards. ``product_kinds``, ``purposes`` and
    ``sectors`` are None where the clause does not limit them. ``once_per`` names what may be rewarded once only.
    ``quotes`` are the words of the clause; ``statuses`` hold for this instrument alone, beside those of its document.
    """

    id: str
    clause: str
    title_en: str
    title_zh: str
    terms: Terms
    event: RewardedEvent
    beneficiary: str
    sellers: tuple[str, ...]
    caps: tuple[Cap, ...]
    evidence: tuple[str, ...]
    exclusivity: Exclusivity
    allocation: Allocation
    once_per: str | None
    product_kinds: NamedList | None
    purposes: NamedList | None
    sectors: NamedList | None
    assumptions: tuple[Assumption, ...]
    quotes: tuple[str, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    statuses: tuple[StatusInterval, ...] = ()
    evidence_borrowed_from: str = ""

    @property
    def kind(self) -> Kind:
        """How the amount is arrived at."""
        return KIND_OF[type(self.terms)]

    def assumption(self, assumption_id: str) -> Assumption:
        """Return an assumption this instrument rests on. Raises NotFoundError."""
        return _assumption(self.assumptions, assumption_id)

    def cap(self, scope: CapScope) -> Cap:
        """Return the cap of ``scope``. Raises NotFoundError."""
        for cap in self.caps:
            if cap.scope is scope:
                return cap
        raise NotFoundError("policy_cap_unknown", instrument=self.id, scope=scope)


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of one document, with the digest of its canonical content; a decision stores the one it used."""

    document: str
    number: int
    digest: Digest


class WhyUnexpressed(StrEnum):
    """Why a paragraph that names money is no instrument."""

    IN_KIND = "in_kind"
    CASE_BY_CASE = "case_by_case"
    BY_REFERENCE = "by_reference"
    NO_FIGURE = "no_figure"
    NO_GRANT = "no_grant"


@dataclass(frozen=True, slots=True)
class Unexpressed:
    """A paragraph that names money and cannot be computed, or grants nothing, with the reason."""

    id: str
    clause: str
    title_en: str
    title_zh: str
    why: WhyUnexpressed
    quotes: tuple[str, ...]
    reason_en: str
    reason_zh: str


@dataclass(frozen=True, slots=True)
class TermRule:
    """How long a document holds: ``months`` (None: it names no end) from ``first``, or else from its issue date.

    The document states ``issue_date``, or leaves it to the bureau, who answers ``issue_date_assumption`` by loading it.
    """

    months: int | None
    first: date | None
    issue_date: date | None
    issue_date_assumption: str
    clause: str


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """One policy document as data. ``source`` is the short name clauses are cited by (``S1``).

    A document that grants nothing has no instruments and no procedure, only what it names without a figure.
    """

    revision: Revision
    source: str
    title_en: str
    title_zh: str
    authority: Authority
    term_rule: TermRule
    statuses: tuple[StatusInterval, ...]
    stated_procedure: Procedure | None
    caps: tuple[Cap, ...]
    instruments: tuple[Instrument, ...]
    assumptions: tuple[Assumption, ...]
    unexpressed: tuple[Unexpressed, ...] = ()
    external: tuple[ExternalInstrument, ...] = ()

    @property
    def issue_date_assumption(self) -> str:
        """The assumption that loading answers; empty where the document states its issue date."""
        return self.term_rule.issue_date_assumption

    @property
    def procedure(self) -> Procedure:
        """How its cases run. Raises NotFoundError for a document that grants nothing."""
        if self.stated_procedure is None:
            raise NotFoundError("policy_grants_nothing", document=self.revision.document)
        return self.stated_procedure

    def instrument(self, instrument_id: str) -> Instrument:
        """Return an instrument of this document. Raises NotFoundError."""
        for instrument in self.instruments:
            if instrument.id == instrument_id:
                return instrument
        raise NotFoundError("policy_instrument_unknown", given=instrument_id[:60])

    def assumption(self, assumption_id: str) -> Assumption:
        """Return an assumption of this document. Raises NotFoundError."""
        return _assumption(self.assumptions, assumption_id)


def _assumption(assumptions: tuple[Assumption, ...], assumption_id: str) -> Assumption:
    for assumption in assumptions:
        if assumption.id == assumption_id:
            return assumption
    raise NotFoundError("policy_assumption_unknown", given=assumption_id[:60])


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition that was looked at, what was found, and the evidence that would meet it."""

    code: str
    clause: str
    finding: Finding
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every condition of a decision, met or not."""

    conditions: tuple[Condition, ...]

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """What stands in the way; a verdict that looked at nothing stands in its own way."""
        if not self.conditions:
            return (Obstacle("no_conditions_checked", "", Finding.UNKNOWN),)
        return tuple(
            Obstacle(each.code, each.clause, each.finding, each.parameters, each.evidence)
            for each in self.conditions
            if each.finding is not Finding.MET
        )

    @property
    def is_met(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.obstacles
