"""Questions on policy over HTTP: what comes with the software, whether a file is right, what would be due."""

from collections.abc import Sequence
from datetime import date
from typing import Self

from flask import Response
from pydantic import Field, JsonValue

from api.calls import position_of, read
from api.door import Answer, Door, Fen, PageQuery, Strict
from api.paging import page_of
from api.problems import language
from api.v1.policy_views import (
    CheckedPolicyView,
    OpenPlaceView,
    PolicyDocumentDetailView,
    PolicyDocumentView,
    PolicyGrantView,
    ProcedureView,
    json_of,
)
from api.v1.verdict_views import ConditionView
from api.wording import sentence
from registry.journal.work import View
from registry.policy import asking, service
from registry.policy.asking import Answered, AskVerdict, Held
from registry.policy.assumptions import Assumption, Ruling, written
from registry.policy.evaluation import ReadingResult, Standing
from registry.policy.exclusivity import Benefit
from registry.policy.model import LegalStatus, PolicyDocument
from registry.policy.plain_text import require_day
from registry.policy.rules import ruling_in_effect
from registry.values.identifiers import AuthorityId
from registry.values.moment import Moment
from registry.values.money import Money

door = Door("policy_questions", __name__, url_prefix="/v1")

FILE_CHARACTERS_MAX = 300_000
"""The longest policy file that is checked over HTTP; with three bytes a character it fits into a request."""


class RevisionQuery(Strict):
    """Which revision of a document; by default the newest."""

    revision: int = Field(default=0, ge=0, le=10_000, strict=False)


class HolderQuery(Strict):
    """As which authority holds it; without one the first that loaded the document."""

    authority: str = Field(default="", max_length=60)


class PolicyFileBody(Strict):
    """A policy file as TOML; ``name`` is what refusals call it."""

    name: str = Field(max_length=200)
    text: str = Field(max_length=FILE_CHARACTERS_MAX)


class BenefitBody(Strict):
    """A benefit of another policy: by which document and instrument, of which group, for which subject and content."""

    document: str = Field(max_length=80)
    instrument: str = Field(max_length=80)
    group: str = Field(max_length=80)
    keys: dict[str, str] = Field(max_length=20)
    issued_on: date
    amount_fen: Fen
    active: bool = True

    def benefit(self) -> Benefit:
        """Return the benefit."""
        return Benefit(
            self.document,
            self.instrument,
            self.group,
            self.keys,
            self.issued_on,
            Money(self.amount_fen),
            active=self.active,
        )


class VerdictBody(Strict):
    """Facts of one applicant and what is known of earlier benefits; what is left out or null is unknown.

    ``facts`` are named as ``GET /policy-instruments/{instrument}`` lists them; ``used`` is what was granted under each
    cap, by its id, in fen; ``keys`` name subject and content (firm, worker, lineage …). ``as_of`` is an instant that
    has passed (RFC 3339): the verdict goes by the policies and rulings that were recorded by then.
    """

    instrument: str = Field(max_length=80)
    day: date | None = None
    as_of: str = Field(default="", max_length=60)
    authority: str = Field(default="", max_length=60)
    facts: dict[str, JsonValue] = Field(default_factory=dict, max_length=200)
    used: dict[str, Fen] = Field(default_factory=dict, max_length=50)
    granted_before: bool | None = None
    benefits: list[BenefitBody] | None = Field(default=None, max_length=200)
    keys: dict[str, str] = Field(default_factory=dict, max_length=20)

    def question(self) -> AskVerdict:
        """Return the question. Raises InvalidValueError."""
        standing = Standing(
            {cap: Money(fen) for cap, fen in self.used.items()},
            self.granted_before,
            None if self.benefits is None else tuple(each.benefit() for each in self.benefits),
            self.keys,
        )
        return AskVerdict(
            self.instrument,
            None if self.day is None else require_day(self.day, "day"),
            self.facts,
            standing,
            _authority(self.authority),
        )


class PolicyDocumentsView(Answer):
    """A page of documents that come with the software, every revision."""

    items: list[PolicyDocumentView]
    next_cursor: str | None


class ExplainedInstrumentView(Answer):
    """An instrument as an authority holds it today; ``payment`` says which rulings a payment waits for."""

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
    status: LegalStatus
    grant: PolicyGrantView
    procedure: ProcedureView
    places: list[OpenPlaceView]
    rulings_needed: list[str]
    payment: str

    @classmethod
    def of(cls, value: Held, day: date) -> Self:
        """Return the view of an instrument on ``day``."""
        document, needed = value.document, value.needed(day)
        return cls(
            document=document.revision.document,
            revision=document.revision.number,
            revision_digest=str(document.revision.digest),
            document_title_en=document.title_en,
            document_title_zh=document.title_zh,
            authority_en=document.authority.name_en,
            authority_zh=document.authority.name_zh,
            payer_en=document.authority.payer_en,
            payer_zh=document.authority.payer_zh,
            loaded_by=value.loaded.authority if value.loaded else None,
            issued_on=value.issued_on,
            status=value.status(day),
            grant=PolicyGrantView.of(value.instrument),
            procedure=ProcedureView.of(document.procedure),
            places=[
                OpenPlaceView.of(each, ruling_in_effect(each.id, value.rulings, day))
                for each in value.instrument.assumptions
            ],
            rulings_needed=[each.id for each in needed],
            payment=_payment(needed),
        )


class RulingUsedView(Answer):
    """A ruling a verdict went by."""

    assumption: str
    number: str
    decided_on: date
    organ: str
    text_digest: str
    value: JsonValue

    @classmethod
    def of(cls, ruling: Ruling) -> Self:
        """Return the view of a ruling."""
        return cls(
            assumption=ruling.assumption_id,
            number=ruling.number,
            decided_on=ruling.date,
            organ=ruling.organ,
            text_digest=str(ruling.text_digest),
            value=json_of(written(ruling.value)),
        )


class ReadingResultView(Answer):
    """What one reading of the contradictions comes to; ``amount_fen`` null while a fact is unknown."""

    readings: list[str]
    amount_fen: int | None
    earns_fen: int
    earns_text: str
    conditions: list[ConditionView]

    @classmethod
    def of(cls, result: ReadingResult) -> Self:
        """Return the view of a reading."""
        return cls(
            readings=list(result.readings),
            amount_fen=None if result.amount is None else result.amount.fen,
            earns_fen=result.earns.fen,
            earns_text=str(result.earns),
            conditions=[ConditionView.of(each) for each in result.conditions],
        )


class InstrumentVerdictView(Answer):
    """What an instrument comes to for the facts of one applicant, with everything it was made from."""

    instrument: str
    document: str
    revision: int
    revision_digest: str
    day: date
    facts: dict[str, JsonValue]
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
    conditions: list[ConditionView]
    readings: list[ReadingResultView]
    disputed: list[str]
    rulings: list[RulingUsedView]
    rulings_needed: list[str]
    payment: str

    @classmethod
    def of(cls, answered: Answered) -> Self:
        """Return the view of a verdict."""
        value = answered.verdict
        would_be = value.would_be
        return cls(
            instrument=value.instrument,
            document=value.revision.document,
            revision=value.revision.number,
            revision_digest=str(value.revision.digest),
            day=value.day,
            facts={name: json_of(each) for name, each in answered.facts.as_json().items()},
            met=value.is_met,
            amount_fen=value.amount.fen,
            amount_text=str(value.amount),
            amount_capitals=value.amount.in_capitals(),
            payable_fen=value.payable.fen,
            held_fen=value.held.fen,
            held_text=str(value.held),
            would_be_fen=None if would_be is None else would_be.fen,
            would_be_text=None if would_be is None else str(would_be),
            at_most=value.at_most,
            conditions=[ConditionView.of(each) for each in value.conditions],
            readings=[ReadingResultView.of(each) for each in value.readings],
            disputed=[each.id for each in value.disputed],
            rulings=[RulingUsedView.of(each) for each in value.rulings],
            rulings_needed=[each.id for each in value.rulings_needed],
            payment=_payment(value.rulings_needed),
        )


def _payment(needed: Sequence[Assumption]) -> str:
    """Return whether a payment may follow, in the reader's language."""
    if not needed:
        return sentence("policy_payable_now", {}, language())
    asked = {
        "text_en": "; ".join(f"{each.question_en} ({each.id}, {each.clause})" for each in needed),
        "text_zh": "；".join(f"{each.question_zh}（{each.id}，{each.clause}）" for each in needed),
    }
    return sentence("policy_payable_after_rulings", asked, language())


def _authority(given: str) -> AuthorityId | None:
    return AuthorityId(given) if given else None


def _place(document: PolicyDocument) -> tuple[str, int]:
    return document.revision.document, document.revision.number


def _newest(document: str) -> int:
    return service.shipped_revision(document).revision.number


@door.operation("GET", "/policy-documents", {200: PolicyDocumentsView}, public=True)
def list_policy_documents(query: PageQuery) -> Response:
    """List the policy documents that come with the software, every revision."""
    after = position_of(query.cursor, 2)

    def ask(_: View) -> PolicyDocumentsView:
        left = [each for each in service.shipped() if after is None or list(_place(each)) > after]
        page, following = page_of(left, query, _place)
        views = [PolicyDocumentView.of(each, _newest(each.revision.document)) for each in page]
        return PolicyDocumentsView(items=views, next_cursor=following)

    return read(ask, lambda made: made)


@door.operation("GET", "/policy-documents/<document>", {200: PolicyDocumentDetailView}, public=True)
def show_policy_document(document: str, query: RevisionQuery) -> Response:
    """Show a policy document that comes with the software: what it grants and what cannot be computed, with reasons."""

    def ask(_: View) -> PolicyDocumentDetailView:
        found = service.shipped_revision(document, query.revision or None)
        return PolicyDocumentDetailView.whole(found, _newest(document))

    return read(ask, lambda made: made)


@door.operation("GET", "/policy-instruments/<instrument>", {200: ExplainedInstrumentView}, public=True)
def explain_instrument(instrument: str, query: HolderQuery) -> Response:
    """Explain an instrument: clause, terms, conditions, evidence, caps, and the rulings a payment waits for."""
    chosen = _authority(query.authority)
    return read(
        lambda view: (asking.held(view, instrument, chosen), view.now.civil_day()),
        lambda made: ExplainedInstrumentView.of(*made),
    )


@door.operation("POST", "/policy-checks", {200: CheckedPolicyView}, public=True, keyed=False, problems=(409,))
def check_policy(body: PolicyFileBody) -> Response:
    """Check a policy file; a wrong one is refused with its line. Nothing is kept."""
    return read(lambda _: asking.check_file(body.text, body.name), CheckedPolicyView.of_file)


@door.operation("POST", "/policy-verdicts", {200: InstrumentVerdictView}, public=True, keyed=False, problems=(404,))
def ask_verdict(body: VerdictBody) -> Response:
    """Say what an instrument comes to for stated facts, condition by condition. Nothing is kept or promised."""
    question = body.question()
    at = Moment.of_text(body.as_of) if body.as_of else None
    return read(lambda view: asking.verdict(view.as_of(at), question), InstrumentVerdictView.of)
