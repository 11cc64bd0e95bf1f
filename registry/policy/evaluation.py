"""One evaluator: facts and a day give a verdict on any instrument of any document.

Rules:
* Every condition is listed, met, unmet or unknown, with its clause and the evidence that carries it or would.
* Unknown never helps the applicant: an amount is due only when every condition is met.
* Where the document contradicts itself every reading is computed; the lower amount is due and the rest waits for the
  ruling that picks one (RULINGS 12). Once there is a ruling only its reading is computed.
* Caps are taken off with what was granted before; what is not known of that is a condition not met.
* A ceiling is due only as far as the authority decided (RULINGS 12).
* A payment needs a ruling for every other assumption too; without them it is payable only after a ruling on each.
* Pure: the verdict follows from its arguments and from nothing else, and can be made again from what it states.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product

from registry.errors import Finding, Parameter
from registry.policy.amounts import Due, amount_due, facts_of_terms, measured
from registry.policy.assumptions import Assumption, Ruling, table_of
from registry.policy.exclusivity import Benefit, like_benefits
from registry.policy.facts import Facts
from registry.policy.kinds import Fixed, Percent, PerUnit, Schedule, ScoredRange, Terms, Tier
from registry.policy.model import (
    CapScope,
    Condition,
    Conflict,
    Instrument,
    LegalStatus,
    PolicyDocument,
    Reading,
    Revision,
    Verdict,
)
from registry.policy.phrases import fact_shown, requirement_words
from registry.policy.requirements import Anchors, Requirement, facts_of, finding_of, found
from registry.policy.rules import (
    cap_amount,
    claims_until,
    document_term,
    effective_value,
    instrument_status,
    ruling_in_effect,
    rulings_needed,
)
from registry.policy.vocabulary import vocabulary
from registry.values.money import ZERO, Money

DECIDED_AMOUNT = "decided_amount"
WORKERS_WITHIN_CAP = "workers_within_cap"
EVENT_ON = "event_on"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of earlier benefits of the applicant.

    ``used`` is what was granted under each cap, by its id. ``granted_before`` says whether what may be rewarded once
    was rewarded before. ``benefits`` are those of other policies, None when nobody has looked. ``keys`` name subject
    and content.
    """

    used: Mapping[str, Money] = field(default_factory=dict)
    granted_before: bool | None = None
    benefits: Sequence[Benefit] | None = None
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadingResult:
    """What one reading comes to: which readings it takes, its conditions, and the amount (None: unknown).

    ``ceiling`` stands beside an amount that is one: whether the authority decided what is due below it.
    """

    readings: tuple[str, ...]
    conditions: tuple[Condition, ...]
    amount: Money | None
    ceiling: Condition | None

    @property
    def earns(self) -> Money:
        """What the reading comes to when its conditions are met, up to its ceiling; nothing otherwise."""
        met = all(each.finding is Finding.MET for each in self.conditions)
        return self.amount if met and self.amount is not None else ZERO


@dataclass(frozen=True, slots=True)
class InstrumentVerdict:
    """The verdict on one instrument for one applicant.

    ``amount`` is what is due in every reading, nothing while a condition is not met. ``held`` is what the most
    favourable reading adds; it waits for a ruling on ``disputed``. ``would_be`` is what the terms come to before any
    condition is looked at, None when a fact for that is unknown; ``at_most`` says it is a ceiling.
    """

    revision: Revision
    instrument: str
    day: date
    conditions: tuple[Condition, ...]
    amount: Money
    held: Money
    would_be: Money | None
    at_most: bool
    readings: tuple[ReadingResult, ...]
    rulings: tuple[Ruling, ...]
    rulings_needed: tuple[Assumption, ...]
    disputed: tuple[Assumption, ...]

    @property
    def is_met(self) -> bool:
        """Whether every condition is met in every reading."""
        return Verdict(self.conditions).is_met

    @property
    def payable(self) -> Money:
        """What may be paid today: the amount, once no ruling is needed for it."""
        return ZERO if self.rulings_needed else self.amount


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything a verdict is made from."""

    document: PolicyDocument
    instrument: str
    issued_on: date | None
    rulings: tuple[Ruling, ...]
    day: date
    facts: Facts
    standing: Standing = field(default_factory=Standing)


def evaluate(asked: Asked) -> InstrumentVerdict:
    """Return the verdict on an instrument for the facts of one applicant, as a decision of ``asked.day`` finds it.

    Raises:
        NotFoundError: The document has no such instrument.
        InvalidValueError: A fact is of another type than its name says, or an amount is more than money can be.
    """
    instrument = asked.document.instrument(asked.instrument)
    acting = tuple(each for each in asked.rulings if each.date <= asked.day)
    general = (*_of_document(asked, instrument, acting), *_of_standing(asked, instrument))
    results = tuple(_read(asked, instrument, acting, readings) for readings in _readings(instrument, acting, asked.day))
    # The undisputed amount is the least of all readings; whether it is a ceiling is said by the reading it is from.
    lowest = min(results, key=lambda each: (each.earns, each.amount or ZERO, each.ceiling is None))
    highest = max(each.earns for each in results)
    ceiling = (lowest.ceiling,) if lowest.ceiling else ()
    conditions = (*general, *_joined(results), *ceiling)
    earned = lowest.earns if Verdict((*general, *lowest.conditions, *ceiling)).is_met else ZERO
    unknown = any(each.amount is None for each in results)
    return InstrumentVerdict(
        revision=asked.document.revision,
        instrument=instrument.id,
        day=asked.day,
        conditions=conditions,
        amount=earned,
        held=highest.less(lowest.earns) if Verdict(general).is_met else ZERO,
        would_be=None if unknown else min(each.amount or ZERO for each in results),
        at_most=lowest.ceiling is not None,
        readings=results,
        rulings=tuple(each for each in acting if any(each.assumption_id == one.id for one in instrument.assumptions)),
        rulings_needed=rulings_needed(instrument, acting, asked.day),
        disputed=_disputed(instrument, acting, asked.day) if _differ(results) else (),
    )


def _differ(results: Sequence[ReadingResult]) -> bool:
    return len({(each.amount, each.earns) for each in results}) > 1


def _disputed(instrument: Instrument, rulings: Sequence[Ruling], day: date) -> tuple[Assumption, ...]:
    """Return the contradictions that no ruling has settled."""
    return tuple(
        instrument.assumption(each.assumption)
        for each in instrument.conflicts
        if ruling_in_effect(each.assumption, rulings, day) is None
    )


# Readings.


def _readings(instrument: Instrument, rulings: Sequence[Ruling], day: date) -> tuple[tuple[Reading, ...], ...]:
    """Return the readings to compute, one of each contradiction; a ruling leaves one."""
    return tuple(product(*(_left(each, rulings, day) for each in instrument.conflicts)))


def _left(conflict: Conflict, rulings: Sequence[Ruling], day: date) -> tuple[Reading, ...]:
    ruling = ruling_in_effect(conflict.assumption, rulings, day)
    if ruling is None:
        return conflict.readings
    return tuple(each for each in conflict.readings if each.id == ruling.value)


def _read(
    asked: Asked, instrument: Instrument, rulings: tuple[Ruling, ...], readings: tuple[Reading, ...]
) -> ReadingResult:
    """Return what an instrument comes to when its contradictions are read in one way."""
    terms = next((each.terms for each in reversed(readings) if each.terms is not None), instrument.terms)
    replaced = {each.id: each for reading in readings for each in reading.requirements}
    requirements = tuple(replaced.get(each.id, each) for each in instrument.requirements)
    table = _score_table(instrument, terms, rulings, asked.day)
    conditions = [
        *(_required(each, asked) for each in requirements),
        *_measured(terms, asked.facts, table, {each.id for each in requirements if facts_of(each) == (each.id,)}),
    ]
    due = amount_due(terms, asked.facts, table)
    ceiling = None
    if due is not None and due.at_most:
        decided = asked.facts.number(DECIDED_AMOUNT)
        ceiling = _decided(instrument, due, decided)
        due = Due(due.amount if decided is None else min(due.amount, Money(decided)), at_most=True)
    amount = due.amount if due is not None else None
    for cap in instrument.caps:
        if cap.scope is CapScope.WORKER:
            continue
        most = cap_amount(instrument, cap.scope, rulings, asked.day)
        used = asked.standing.used.get(cap.id)
        conditions.append(_cap(cap.id, cap.clause, most, used))
        amount = None if amount is None else min(amount, most.less(used or ZERO))
    return ReadingResult(tuple(each.id for each in readings), tuple(conditions), amount, ceiling)


def _score_table(instrument: Instrument, terms: Terms, rulings: tuple[Ruling, ...], day: date) -> tuple[Tier, ...]:
    if isinstance(terms, ScoredRange):
        for each in instrument.assumptions:
            if table := table_of(effective_value(instrument, each.id, rulings, day) if each.default else None):
                return table
    return ()


def _joined(results: Sequence[ReadingResult]) -> tuple[Condition, ...]:
    """Return the conditions of all readings, each once; where readings differ nothing is known until a ruling."""
    joined: dict[tuple[str, object], list[Condition]] = {}
    for result in results:
        for each in result.conditions:
            joined.setdefault((each.code, each.parameters["id"]), []).append(each)
    return tuple(_one(each, len(results)) for each in joined.values())


def _one(conditions: list[Condition], readings: int) -> Condition:
    first = conditions[0]
    agree = len(conditions) == readings and len({each.finding for each in conditions}) == 1
    if agree or readings == 1:
        return first
    if len(conditions) < readings and {each.finding for each in conditions} == {Finding.MET}:
        return first
    worst = next(each for each in conditions if each.finding is not Finding.MET)
    return Condition(worst.code, worst.clause, Finding.UNKNOWN, worst.parameters, (*worst.evidence, "ruling"))


# Conditions.


def _required(requirement: Requirement, asked: Asked) -> Condition:
    first = document_term(asked.document, asked.issued_on).first if asked.issued_on else date.max
    finding = found(requirement, asked.facts, Anchors(asked.facts.day("applied_on") or asked.day, first))
    words = requirement_words(requirement)
    shown = ", ".join(fact_shown(name, asked.facts) for name in facts_of(requirement))
    stated = {"id": requirement.id, "text_en": words.en, "text_zh": words.zh, "found": shown}
    return Condition("policy_requirement", requirement.clause, finding, stated, requirement.evidence)


def _measured(terms: Terms, facts: Facts, table: tuple[Tier, ...], stated: set[str]) -> list[Condition]:
    """Return one condition for each fact the terms are computed from."""
    return [
        Condition(
            "policy_measure",
            each.clause,
            each.finding,
            _named(each.fact) | {"found": fact_shown(each.fact, facts)},
        )
        for each in measured(terms, facts, table)
        if each.fact not in stated or each.finding is not Finding.MET
    ]


def _named(fact: str) -> dict[str, Parameter]:
    words = vocabulary().fact(fact)
    return {"id": fact, "text_en": words.en, "text_zh": words.zh}


def _decided(instrument: Instrument, due: Due, decided: int | None) -> Condition:
    known = None if decided is None else 0 < decided <= due.amount.fen
    stated = {"id": DECIDED_AMOUNT, "most": str(due.amount), "found": "" if decided is None else str(Money(decided))}
    return Condition("policy_ceiling_decided", instrument.terms.clause, finding_of(known), stated, ("decision",))


def _cap(cap: str, clause: str, most: Money, used: Money | None) -> Condition:
    stated = {"id": cap, "most": str(most), "used": "" if used is None else str(used)}
    return Condition(
        "policy_cap_room", clause, finding_of(None if used is None else used < most), stated, ("register",)
    )


def _of_document(asked: Asked, instrument: Instrument, rulings: tuple[Ruling, ...]) -> list[Condition]:
    """Return whether document and instrument hold on the day of the event, and whether the claim is in time."""
    document, issued_on = asked.document, asked.issued_on
    event = asked.facts.day(EVENT_ON)
    stated = {"id": EVENT_ON, "event_on": "" if event is None else event.isoformat(), "status": ""}
    if event is None or issued_on is None:
        status = LegalStatus.NOT_ISSUED if issued_on is None else None
        finding = Finding.UNMET if status else Finding.UNKNOWN
        stated["status"] = status.value if status else ""
        return [Condition("policy_holds_on_event", document.term_rule.clause, finding, stated, ("policy",))]
    status = instrument_status(document, instrument, issued_on, rulings, event)
    # A suspension holds for payments of today as well, whenever the event was (RULINGS 21).
    today = instrument_status(document, instrument, issued_on, rulings, asked.day)
    if today is LegalStatus.SUSPENDED:
        status = today
    stated["status"] = status.value
    term = document_term(document, issued_on)
    until = claims_until(term, _claims_window(document, instrument, rulings, asked.day))
    applied = asked.facts.day("applied_on") or asked.day
    in_time = {"id": "applied_on", "day": applied.isoformat(), "until": "" if term.is_open else until.isoformat()}
    holds = finding_of(status is LegalStatus.IN_FORCE and event <= asked.day)
    return [
        Condition("policy_holds_on_event", document.term_rule.clause, holds, stated, ("policy",)),
        Condition("policy_claim_in_time", document.term_rule.clause, finding_of(event <= applied <= until), in_time),
    ]


def _claims_window(document: PolicyDocument, instrument: Instrument, rulings: tuple[Ruling, ...], day: date) -> int:
    for each in instrument.assumptions:
        if each.id.endswith(".claims-window"):
            value = effective_value(instrument, each.id, rulings, day)
            return value if isinstance(value, int) else document.procedure.claims_window_days
    return document.procedure.claims_window_days


def _of_standing(asked: Asked, instrument: Instrument) -> list[Condition]:
    """Return whether earlier benefits leave room: once only, no like benefit of another policy, worker caps."""
    conditions, standing = [], asked.standing
    if instrument.once_per:
        met = None if standing.granted_before is None else not standing.granted_before
        words = vocabulary().key(instrument.once_per)
        stated = {"id": "once_per", "text_en": words.en, "text_zh": words.zh}
        conditions.append(Condition("policy_not_granted_before", instrument.clause, finding_of(met), stated))
    like: tuple[Benefit, ...] | None = None
    if standing.benefits is not None:
        like = like_benefits(asked.document.revision.document, instrument, standing.keys, standing.benefits)
    stated = {
        "id": "exclusivity",
        "group": instrument.exclusivity.group,
        "others": ", ".join(each.instrument for each in like or ()),
    }
    known = finding_of(None if like is None else not like)
    conditions.append(Condition("policy_no_like_benefit", instrument.exclusivity.clause, known, stated, ("register",)))
    for cap in instrument.caps:
        if cap.scope is CapScope.WORKER:
            worker = {"id": cap.id, "most": str(cap.amount)}
            met = asked.facts.flag(WORKERS_WITHIN_CAP)
            conditions.append(Condition("policy_worker_cap", cap.clause, finding_of(met), worker, ("worker_roster",)))
    return conditions


def facts_needed(instrument: Instrument) -> tuple[str, ...]:
    """Return every fact a verdict on ``instrument`` looks at, in the order it does, each once."""
    wanted = [EVENT_ON]
    for requirement in instrument.requirements:
        wanted += facts_of(requirement)
    for conflict in instrument.conflicts:
        for reading in conflict.readings:
            for requirement in reading.requirements:
                wanted += facts_of(requirement)
    wanted += facts_of_terms(instrument.terms)
    if _has_ceiling(instrument.terms):
        wanted.append(DECIDED_AMOUNT)
    if any(cap.scope is CapScope.WORKER for cap in instrument.caps):
        wanted.append(WORKERS_WITHIN_CAP)
    return tuple(dict.fromkeys(wanted))


def _has_ceiling(terms: Terms) -> bool:
    if isinstance(terms, Schedule):
        return _has_ceiling(terms.total)
    if isinstance(terms, Percent):
        return terms.at_most
    if isinstance(terms, Fixed):
        return any(each.at_most for each in terms.tiers)
    if isinstance(terms, PerUnit):
        return any(each.at_most for each in terms.prices) or any(each.at_most for each in terms.limits)
    return False
