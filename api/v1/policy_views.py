"""What policy documents and their instruments look like in answers, in words of both languages."""

from datetime import date
from typing import Any, Self

from pydantic import JsonValue

from api.door import Answer
from api.v1.policy_external_views import ExternalInstrumentView
from registry.policy.asking import CheckedFile
from registry.policy.assumptions import Assumption, Ruling, ValueType, written
from registry.policy.evaluation import facts_needed
from registry.policy.facts import FactType
from registry.policy.kinds import Kind
from registry.policy.model import (
    Allocation,
    Cap,
    CapPeriod,
    CapScope,
    Conflict,
    Instrument,
    LegalStatus,
    PolicyDocument,
    RewardedEvent,
    StatusInterval,
    Unexpressed,
    WhyUnexpressed,
)
from registry.policy.phrases import requirement_words, terms_words
from registry.policy.procedure import Procedure
from registry.policy.requirements import Requirement
from registry.policy.vocabulary import Words, vocabulary
from registry.values.canonical import Json


class CapView(Answer):
    """The most that may be granted in a scope over a period, with its clause."""

    id: str
    scope: CapScope
    period: CapPeriod
    group: str
    amount_fen: int
    amount_text: str
    clause: str
    assumption: str | None

    @classmethod
    def of(cls, cap: Cap) -> Self:
        """Return the view of a cap."""
        return cls(
            id=cap.id,
            scope=cap.scope,
            period=cap.period,
            group=cap.group,
            amount_fen=cap.amount.fen,
            amount_text=str(cap.amount),
            clause=cap.clause,
            assumption=cap.assumption,
        )


class NamedView(Answer):
    """A name of the vocabulary with its words."""

    name: str
    text_en: str
    text_zh: str

    @classmethod
    def of(cls, name: str, words: Words) -> Self:
        """Return the view of a name."""
        return cls(name=name, text_en=words.en, text_zh=words.zh)


class NeededFactView(NamedView):
    """A fact a verdict looks at, and how it is written: amounts in fen, days as ``2026-01-31``."""

    type: FactType


class RequirementView(Answer):
    """What a clause requires, with the evidence that shows it."""

    id: str
    clause: str
    text_en: str
    text_zh: str
    evidence: list[NamedView]

    @classmethod
    def of(cls, value: Requirement) -> Self:
        """Return the view of a requirement."""
        words = requirement_words(value)
        evidence = [_evidence(each) for each in value.evidence]
        return cls(id=value.id, clause=value.clause, text_en=words.en, text_zh=words.zh, evidence=evidence)


class PolicyReadingView(Answer):
    """One way to read a contradiction."""

    id: str
    text_en: str
    text_zh: str


class ConflictView(Answer):
    """A contradiction inside a document; the lower of its readings is paid until a ruling on ``assumption``."""

    assumption: str
    clause: str
    readings: list[PolicyReadingView]

    @classmethod
    def of(cls, value: Conflict) -> Self:
        """Return the view of a contradiction."""
        readings = [
            PolicyReadingView(id=each.id, text_en=each.text_en, text_zh=each.text_zh) for each in value.readings
        ]
        return cls(assumption=value.assumption, clause=value.clause, readings=readings)


class StatusView(Answer):
    """A legal status over days; ``first`` null: from the issue date, ``last`` null: to the end of the term, or open."""

    status: LegalStatus
    first: date | None
    last: date | None
    open_ended: bool
    by: str
    clause: str
    lifted_by: str

    @classmethod
    def of(cls, value: StatusInterval) -> Self:
        """Return the view of an interval."""
        return cls(
            status=value.status,
            first=value.first,
            last=value.last,
            open_ended=value.open_ended,
            by=value.by,
            clause=value.clause,
            lifted_by=value.assumption,
        )


class PolicyGrantView(Answer):
    """One grant of a document as its record says it, in words of both languages."""

    id: str
    clause: str
    title_en: str
    title_zh: str
    kind: Kind
    quotes: list[str]
    terms_en: str
    terms_zh: str
    event: RewardedEvent
    beneficiary: NamedView
    requirements: list[RequirementView]
    conflicts: list[ConflictView]
    caps: list[CapView]
    evidence: list[NamedView]
    evidence_borrowed_from: str
    once_per: NamedView | None
    exclusivity_group: str
    exclusivity_keys: list[NamedView]
    exclusivity_clause: str
    allocation: Allocation
    statuses: list[StatusView]
    facts: list[NeededFactView]
    assumptions: list[str]

    @classmethod
    def of(cls, value: Instrument) -> Self:
        """Return the view of an instrument."""
        words, terms = vocabulary(), terms_words(value.terms)
        beneficiary = words.beneficiaries.get(value.beneficiary, Words(value.beneficiary, value.beneficiary))
        return cls(
            id=value.id,
            clause=value.clause,
            title_en=value.title_en,
            title_zh=value.title_zh,
            kind=value.kind,
            quotes=list(value.quotes),
            terms_en=terms.en,
            terms_zh=terms.zh,
            event=value.event,
            beneficiary=NamedView.of(value.beneficiary, beneficiary),
            requirements=[RequirementView.of(each) for each in value.requirements],
            conflicts=[ConflictView.of(each) for each in value.conflicts],
            caps=[CapView.of(each) for each in value.caps],
            evidence=[_evidence(each) for each in value.evidence],
            evidence_borrowed_from=value.evidence_borrowed_from,
            once_per=NamedView.of(value.once_per, words.key(value.once_per)) if value.once_per else None,
            exclusivity_group=value.exclusivity.group,
            exclusivity_keys=[NamedView.of(each, words.key(each)) for each in value.exclusivity.keys],
            exclusivity_clause=value.exclusivity.clause,
            allocation=value.allocation,
            statuses=[StatusView.of(each) for each in value.statuses],
            facts=[_needed(each) for each in facts_needed(value)],
            assumptions=[each.id for each in value.assumptions],
        )


class OpenPlaceView(Answer):
    """A silent place of a document with its default, and the ruling that answers it, if any."""

    id: str
    clause: str
    question_en: str
    question_zh: str
    type: ValueType
    default: JsonValue
    choices: list[str]
    reason_en: str
    reason_zh: str
    reading: int
    ruling: str | None
    value: JsonValue

    @classmethod
    def of(cls, value: Assumption, ruling: Ruling | None) -> Self:
        """Return the view of a silent place, answered by ``ruling`` or by nothing but its default."""
        default = None if value.default is None else json_of(written(value.default))
        return cls(
            id=value.id,
            clause=value.clause,
            question_en=value.question_en,
            question_zh=value.question_zh,
            type=value.type,
            default=default,
            choices=list(value.choices),
            reason_en=value.reason_en,
            reason_zh=value.reason_zh,
            reading=value.reading,
            ruling=ruling.number if ruling else None,
            value=json_of(written(ruling.value)) if ruling else default,
        )


class UnexpressedView(Answer):
    """A paragraph that names money and is no instrument, with the reason."""

    id: str
    clause: str
    title_en: str
    title_zh: str
    why: WhyUnexpressed
    quotes: list[str]
    reason_en: str
    reason_zh: str

    @classmethod
    def of(cls, value: Unexpressed) -> Self:
        """Return the view of a paragraph."""
        return cls(
            id=value.id,
            clause=value.clause,
            title_en=value.title_en,
            title_zh=value.title_zh,
            why=value.why,
            quotes=list(value.quotes),
            reason_en=value.reason_en,
            reason_zh=value.reason_zh,
        )


class ProcedureView(Answer):
    """How cases of a document run; ``…_from`` is its own clause, or that of the document a rule is borrowed from.

    ``sign_off`` holds the levels in rank order, by their codes.
    """

    notice_days: int
    notice_from: str
    notice_borrowed: bool
    sign_off: list[NamedView]
    sign_off_from: str
    sign_off_borrowed: bool
    claims_window_days: int

    @classmethod
    def of(cls, value: Procedure) -> Self:
        """Return the view of a procedure."""
        return cls(
            notice_days=value.notice_days,
            notice_from=value.notice_clause or value.notice_borrowed_from,
            notice_borrowed=not value.notice_clause,
            sign_off=[NamedView.of(each.code, Words(each.title_en, each.title_zh)) for each in value.sign_off],
            sign_off_from=value.sign_off_clause or value.sign_off_borrowed_from,
            sign_off_borrowed=not value.sign_off_clause,
            claims_window_days=value.claims_window_days,
        )


class PolicyDocumentView(Answer):
    """A revision of a document that comes with the software; ``newest`` when no later one does."""

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
    instruments: list[str]
    unexpressed: list[str]

    @classmethod
    def of(cls, value: PolicyDocument, newest: int | None) -> Self:
        """Return the view of a document whose newest released revision is ``newest``."""
        return cls(**_document(value, newest))


class PolicyDocumentDetailView(PolicyDocumentView):
    """A revision of a document, whole."""

    statuses: list[StatusView]
    procedure: ProcedureView | None
    caps: list[CapView]
    grants: list[PolicyGrantView]
    not_computed: list[UnexpressedView]
    external: list[ExternalInstrumentView]
    assumptions: list[OpenPlaceView]

    @classmethod
    def whole(cls, value: PolicyDocument, newest: int) -> Self:
        """Return the view of a document, whole; no rulings are looked at."""
        return cls(
            **_document(value, newest),
            statuses=[StatusView.of(each) for each in value.statuses],
            procedure=ProcedureView.of(value.stated_procedure) if value.stated_procedure else None,
            caps=[CapView.of(each) for each in value.caps],
            grants=[PolicyGrantView.of(each) for each in value.instruments],
            not_computed=[UnexpressedView.of(each) for each in value.unexpressed],
            external=[ExternalInstrumentView.of(each) for each in value.external],
            assumptions=[OpenPlaceView.of(each, None) for each in value.assumptions],
        )


class CheckedPolicyView(PolicyDocumentView):
    """A policy file without a fault; ``released`` when the software comes with exactly this revision."""

    released: bool

    @classmethod
    def of_file(cls, value: CheckedFile) -> Self:
        """Return the view of a file that was checked."""
        number = value.document.revision.number
        return cls(**_document(value.document, value.newest), released=number <= (value.newest or 0))


def _document(value: PolicyDocument, newest: int | None) -> dict[str, Any]:
    revision, rule = value.revision, value.term_rule
    return {
        "document": revision.document,
        "revision": revision.number,
        "digest": str(revision.digest),
        "newest": revision.number >= (newest or 0),
        "source": value.source,
        "title_en": value.title_en,
        "title_zh": value.title_zh,
        "authority_en": value.authority.name_en,
        "authority_zh": value.authority.name_zh,
        "payer_en": value.authority.payer_en,
        "payer_zh": value.authority.payer_zh,
        "issue_date": rule.issue_date,
        "first_day": rule.first,
        "term_months": rule.months,
        "term_clause": rule.clause,
        "instruments": [each.id for each in value.instruments],
        "unexpressed": [each.id for each in value.unexpressed],
    }


def _evidence(name: str) -> NamedView:
    return NamedView.of(name, vocabulary().evidence.get(name, Words(name, name)))


def _needed(name: str) -> NeededFactView:
    words = vocabulary().fact(name)
    return NeededFactView(name=name, text_en=words.en, text_zh=words.zh, type=vocabulary().type_of(name))


def json_of(value: Json) -> JsonValue:
    """Return a JSON value as pydantic's types name it."""
    if isinstance(value, list | tuple):
        return [json_of(each) for each in value]
    if isinstance(value, dict):
        return {name: json_of(each) for name, each in value.items()}
    return value if isinstance(value, str | int | float | bool) else None
