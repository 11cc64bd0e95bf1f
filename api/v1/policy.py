"""Policy over HTTP: documents that authorities have loaded, and the rulings they entered."""

from datetime import date
from typing import Self

from flask import Response
from pydantic import Field, JsonValue

from api.calls import position_of, read, write
from api.door import Answer, Door, PageQuery, Strict
from api.paging import page_of
from api.v1.policy_views import CapView, json_of
from registry.actors.model import Action
from registry.errors import InvalidValueError
from registry.journal.work import View
from registry.policy import rules, service
from registry.policy.activation import EnteredRuling, EnterRuling, LoadedPolicy, LoadPolicy
from registry.policy.assumptions import Assumption, ValueType, written
from registry.policy.kinds import Kind
from registry.policy.model import Instrument, LegalStatus
from registry.values.identifiers import AuthorityId

door = Door("policy", __name__, url_prefix="/v1")


class LoadPolicyBody(Strict):
    """A document that comes with the software, put into force with its issue date and number."""

    document: str = Field(max_length=80)
    issued_on: date
    reference: str = Field(max_length=400)

    def command(self) -> LoadPolicy:
        """Return the command. Raises InvalidValueError."""
        return LoadPolicy(self.document, self.issued_on, self.reference)


class RulingBody(Strict):
    """A decision on one assumption; ``value`` null confirms the default."""

    document: str = Field(max_length=80)
    assumption: str = Field(max_length=80)
    number: str = Field(max_length=400)
    decided_on: date
    organ: str = Field(max_length=400)
    text: str = Field(max_length=40_000)
    value: str | None = Field(default=None, max_length=20_000)

    def command(self) -> EnterRuling:
        """Return the command. Raises InvalidValueError."""
        return EnterRuling(
            self.document, self.assumption, self.number, self.decided_on, self.organ, self.text, self.value
        )


class PolicyQuery(Strict):
    """Whose policy; without an authority the first that loaded the document."""

    authority: str = Field(default="", max_length=60)


class RulingsQuery(PageQuery):
    """Which rulings: of one authority, on one document."""

    authority: str = Field(default="", max_length=60)
    document: str = Field(default="", max_length=80)


class PolicyView(Answer):
    """A document as an authority has loaded it, with its status of today and the firm-years its term touches.

    ``last_day`` and ``claims_until`` are null where the document names no end.
    """

    authority: str
    document: str
    revision: int
    revision_digest: str
    source: str
    title_en: str
    title_zh: str
    issued_on: date
    reference: str
    first_day: date
    last_day: date | None
    claims_until: date | None
    years: list[int]
    status: LegalStatus
    loaded_at: str

    @classmethod
    def of(cls, loaded: LoadedPolicy, day: date) -> Self:
        """Return the view of a loaded document on ``day``."""
        return cls(**_policy(loaded, day))


class PoliciesView(Answer):
    """A page of loaded documents."""

    items: list[PolicyView]
    next_cursor: str | None


class InstrumentView(Answer):
    """One grant of a document; ``open_assumptions`` are those no ruling answers today."""

    id: str
    clause: str
    title_en: str
    title_zh: str
    kind: Kind
    evidence: list[str]
    caps: list[CapView]
    assumptions: list[str]
    open_assumptions: list[str]

    @classmethod
    def of(cls, instrument: Instrument, still_open: set[str]) -> Self:
        """Return the view of an instrument."""
        resting = [each.id for each in instrument.assumptions]
        return cls(
            id=instrument.id,
            clause=instrument.clause,
            title_en=instrument.title_en,
            title_zh=instrument.title_zh,
            kind=instrument.kind,
            evidence=list(instrument.evidence),
            caps=[CapView.of(each) for each in instrument.caps],
            assumptions=resting,
            open_assumptions=[each for each in resting if each in still_open],
        )


class RulingView(Answer):
    """A ruling with its text and digest."""

    id: str
    authority: str
    document: str
    assumption: str
    number: str
    decided_on: date
    organ: str
    text: str
    text_digest: str
    value: JsonValue
    recorded_at: str

    @classmethod
    def of(cls, entered: EnteredRuling) -> Self:
        """Return the view of a ruling."""
        ruling = entered.ruling
        return cls(
            id=entered.id,
            authority=entered.authority,
            document=entered.document,
            assumption=ruling.assumption_id,
            number=ruling.number,
            decided_on=ruling.date,
            organ=ruling.organ,
            text=entered.text,
            text_digest=str(ruling.text_digest),
            value=json_of(written(ruling.value)),
            recorded_at=str(entered.recorded_at),
        )


class RulingsView(Answer):
    """A page of rulings."""

    items: list[RulingView]
    next_cursor: str | None


class AssumptionView(Answer):
    """A silent place of a document: its default and reason, and the rulings on it. ``value`` is what holds today."""

    id: str
    clause: str
    question_en: str
    question_zh: str
    type: ValueType
    default: JsonValue
    reason_en: str
    reason_zh: str
    reading: int
    applies_to: list[str]
    open: bool
    value: JsonValue
    rulings: list[RulingView]


class PolicyDetailView(PolicyView):
    """A loaded document with its instruments and assumptions."""

    instruments: list[InstrumentView]
    assumptions: list[AssumptionView]

    @classmethod
    def of_rulings(cls, loaded: LoadedPolicy, entered: tuple[EnteredRuling, ...], day: date) -> Self:
        """Return the view of a document with the rulings on it, as they act on ``day``."""
        assumptions = [_assumption(each, loaded, entered, day) for each in loaded.document.assumptions]
        still_open = {each.id for each in assumptions if each.open}
        return cls(
            **_policy(loaded, day),
            instruments=[InstrumentView.of(each, still_open) for each in loaded.document.instruments],
            assumptions=assumptions,
        )


def _policy(loaded: LoadedPolicy, day: date) -> dict[str, object]:
    document, revision = loaded.document, loaded.document.revision
    return {
        "authority": loaded.authority,
        "document": revision.document,
        "revision": revision.number,
        "revision_digest": str(revision.digest),
        "source": document.source,
        "title_en": document.title_en,
        "title_zh": document.title_zh,
        "issued_on": loaded.issued_on,
        "reference": loaded.reference,
        "first_day": loaded.term.first,
        "last_day": None if loaded.term.is_open else loaded.term.last,
        "claims_until": None if loaded.term.is_open else loaded.claims_until,
        "years": list(rules.firm_years_of(loaded.term, day)),
        "status": loaded.status(day),
        "loaded_at": str(loaded.loaded_at),
    }


def _assumption(
    assumption: Assumption, loaded: LoadedPolicy, entered: tuple[EnteredRuling, ...], day: date
) -> AssumptionView:
    answers = (*loaded.rulings_of_loading, *(each.ruling for each in entered))
    acting = rules.ruling_in_effect(assumption.id, answers, day)
    default = None if assumption.default is None else json_of(written(assumption.default))
    return AssumptionView(
        id=assumption.id,
        clause=assumption.clause,
        question_en=assumption.question_en,
        question_zh=assumption.question_zh,
        type=assumption.type,
        default=default,
        reason_en=assumption.reason_en,
        reason_zh=assumption.reason_zh,
        reading=assumption.reading,
        applies_to=list(assumption.applies_to),
        open=acting is None,
        value=default if acting is None else json_of(written(acting.value)),
        rulings=[RulingView.of(each) for each in entered if each.ruling.assumption_id == assumption.id],
    )


def _authority(given: str) -> AuthorityId | None:
    return AuthorityId(given) if given else None


@door.operation("POST", "/policies", {201: PolicyView}, action=Action.LOAD_POLICY)
def load_policy(body: LoadPolicyBody) -> Response:
    """Put a policy document into force with its issue date."""
    command = body.command()
    return write(
        lambda work: (service.load_policy(work, command), work.now.civil_day()), lambda made: PolicyView.of(*made)
    )


@door.operation("GET", "/policies", {200: PoliciesView}, public=True)
def list_policies(query: PageQuery) -> Response:
    """List the policy documents that authorities have loaded."""
    after = position_of(query.cursor, 3)

    def ask(view: View) -> PoliciesView:
        found = [(_place(each), each) for each in service.loaded_policies(view)]
        left = [pair for pair in found if after is None or pair[0] > _position(after)]
        page, following = page_of(left, query, lambda each: each[0])
        day = view.now.civil_day()
        return PoliciesView(items=[PolicyView.of(each, day) for _, each in page], next_cursor=following)

    return read(ask, lambda made: made)


def _place(loaded: LoadedPolicy) -> tuple[str, int, str]:
    return loaded.document.revision.document, loaded.document.revision.number, loaded.authority


def _position(after: list[JsonValue]) -> tuple[str, int, str]:
    """Return the place a cursor names. Raises InvalidValueError for a cursor of another list."""
    document, revision, authority = after
    if not isinstance(document, str) or not isinstance(revision, int) or not isinstance(authority, str):
        raise InvalidValueError("cursor_malformed")
    return document, revision, authority


@door.operation("GET", "/policies/<document>", {200: PolicyDetailView}, public=True)
def show_policy(document: str, query: PolicyQuery) -> Response:
    """Show a loaded document: its instruments, its assumptions and the rulings on them."""
    chosen = _authority(query.authority)

    def ask(view: View) -> PolicyDetailView:
        loaded = service.loaded_policy(view, chosen, document)
        entered = service.rulings(view, loaded.authority, document)
        return PolicyDetailView.of_rulings(loaded, entered, view.now.civil_day())

    return read(ask, lambda made: made)


@door.operation("POST", "/rulings", {201: RulingView}, action=Action.ENTER_RULING)
def enter_ruling(body: RulingBody) -> Response:
    """Enter a ruling on one assumption; it acts from its date on."""
    command = body.command()
    return write(lambda work: service.enter_ruling(work, command), RulingView.of)


@door.operation("GET", "/rulings", {200: RulingsView}, public=True)
def list_rulings(query: RulingsQuery) -> Response:
    """List rulings in the order they were entered."""
    after = position_of(query.cursor, 2)
    chosen = _authority(query.authority)

    def ask(view: View) -> RulingsView:
        found = [
            each
            for each in service.rulings(view, chosen, query.document or None)
            if after is None or [str(each.recorded_at), each.id] > [str(part) for part in after]
        ]
        page, following = page_of(found, query, lambda each: [str(each.recorded_at), each.id])
        return RulingsView(items=[RulingView.of(each) for each in page], next_cursor=following)

    return read(ask, lambda made: made)
