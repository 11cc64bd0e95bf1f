"""Policy documents as they come with a service, their instruments explained, and verdicts on stated facts."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sancai.cases import Condition


@dataclass(frozen=True, slots=True)
class Named:
    """A name with its words."""

    name: str
    text_en: str
    text_zh: str


@dataclass(frozen=True, slots=True)
class NeededFact:
    """A fact a verdict looks at; ``type`` is count, amount (fen), flag, day, code or counts."""

    name: str
    text_en: str
    text_zh: str
    type: str


@dataclass(frozen=True, slots=True)
class GrantRequirement:
    """What a clause requires, with the evidence that shows it."""

    id: str
    clause: str
    text_en: str
    text_zh: str
    evidence: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class GrantReading:
    """One way to read a contradiction."""

    id: str
    text_en: str
    text_zh: str


@dataclass(frozen=True, slots=True)
class GrantConflict:
    """A contradiction inside a document; the lower reading is paid until a ruling on ``assumption``."""

    assumption: str
    clause: str
    readings: tuple[GrantReading, ...]


@dataclass(frozen=True, slots=True)
class GrantStatus:
    """A legal status over days; None stands for the issue date and the end of the term."""

    status: str
    first: date | None
    last: date | None
    open_ended: bool
    by: str
    clause: str
    lifted_by: str = ""


@dataclass(frozen=True, slots=True)
class GrantCap:
    """The most that may be granted in a scope over a period; ``group`` names what shares it."""

    id: str
    scope: str
    period: str
    group: str
    amount_fen: int
    amount_text: str
    clause: str


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant of a document as its record says it."""

    id: str
    clause: str
    title_en: str
    title_zh: str
    kind: str
    terms_en: str
    terms_zh: str
    event: str
    beneficiary: Named
    exclusivity_group: str
    exclusivity_clause: str
    allocation: str
    once_per: Named | None = None
    quotes: tuple[str, ...] = ()
    requirements: tuple[GrantRequirement, ...] = ()
    conflicts: tuple[GrantConflict, ...] = ()
    caps: tuple[GrantCap, ...] = ()
    evidence: tuple[Named, ...] = ()
    evidence_borrowed_from: str = ""
    exclusivity_keys: tuple[Named, ...] = ()
    statuses: tuple[GrantStatus, ...] = ()
    facts: tuple[NeededFact, ...] = ()
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenPlace:
    """A silent place of a document; ``ruling`` is the number that answers it, ``value`` what holds."""

    id: str
    clause: str
    question_en: str
    question_zh: str
    type: str
    reason_en: str
    reason_zh: str
    reading: int
    ruling: str | None = None
    default: Any = None
    value: Any = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotComputed:
    """A paragraph that names money and cannot be computed, with the reason."""

    id: str
    clause: str
    title_en: str
    title_zh: str
    why: str
    reason_en: str
    reason_zh: str
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatedAssumption:
    """What a document leaves open of a benefit that others decide on, and how it is read."""

    about: str
    text_en: str
    text_zh: str


@dataclass(frozen=True, slots=True)
class ExternalInstrument:
    """A voucher out of a pool that is not the authority's: who decides on it, and what is left open."""

    id: str
    clause: str
    title_en: str
    title_zh: str
    level: str
    decided_by_en: str
    decided_by_zh: str
    products: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    left_open: tuple[StatedAssumption, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseProcedure:
    """How cases run; ``…_borrowed`` says that a rule is from another authority's document."""

    notice_days: int
    notice_from: str
    notice_borrowed: bool
    sign_off: tuple[Named, ...]
    sign_off_from: str
    sign_off_borrowed: bool
    claims_window_days: int


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A revision of a policy document that comes with the service."""

    document: str
    revision: int
    digest: str
    newest: bool
    source: str
    title_en: str
    title_zh: str
    authority_en: str
    authority_zh: str
    payer_en: str
    payer_zh: str
    issue_date: date | None
    first_day: date | None
    term_months: int | None
    term_clause: str
    instruments: tuple[str, ...] = ()
    unexpressed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyDocument(PolicyText):
    """A revision of a policy document, whole."""

    procedure: CaseProcedure | None = None
    statuses: tuple[GrantStatus, ...] = ()
    caps: tuple[GrantCap, ...] = ()
    grants: tuple[Grant, ...] = ()
    not_computed: tuple[NotComputed, ...] = ()
    assumptions: tuple[OpenPlace, ...] = ()
    external: tuple[ExternalInstrument, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckedPolicy(PolicyText):
    """A policy file without a fault; ``released`` when the service comes with exactly this revision."""

    released: bool = False


@dataclass(frozen=True, slots=True)
class ExplainedInstrument:
    """An instrument as an authority holds it; ``payment`` says which rulings a payment waits for."""

    document: str
    revision: int
    revision_digest: str
    document_title_en: str
    document_title_zh: str
    authority_en: str
    authority_zh: str
    payer_en: str
    payer_zh: str
    loaded_by: str | None
    issued_on: date | None
    status: str
    grant: Grant
    procedure: CaseProcedure
    payment: str
    places: tuple[OpenPlace, ...] = ()
    rulings_needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VerdictReading:
    """What one reading of the contradictions comes to; ``amount_fen`` is None while a fact is unknown."""

    readings: tuple[str, ...]
    amount_fen: int | None
    earns_fen: int
    earns_text: str
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class RulingUsed:
    """A ruling a verdict went by."""

    assumption: str
    number: str
    decided_on: date
    organ: str
    text_digest: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class InstrumentVerdict:
    """What an instrument comes to for stated facts.

    ``amount_fen`` is due in every reading; ``held_fen`` waits for a ruling on ``disputed``; ``payable_fen`` may be paid
    today, nothing while ``rulings_needed`` names one.
    """

    instrument: str
    document: str
    revision: int
    revision_digest: str
    day: date
    met: bool
    amount_fen: int
    amount_text: str
    amount_capitals: str
    payable_fen: int
    held_fen: int
    held_text: str
    would_be_fen: int | None
    would_be_text: str | None
    at_most: bool
    payment: str
    facts: dict[str, Any]
    conditions: tuple[Condition, ...] = ()
    readings: tuple[VerdictReading, ...] = ()
    disputed: tuple[str, ...] = ()
    rulings: tuple[RulingUsed, ...] = ()
    rulings_needed: tuple[str, ...] = ()
