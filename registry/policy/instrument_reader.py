"""Reading one instrument of a policy document.

Rules:
* Every assumption named beside a value applies to the instrument the value belongs to.
* Format 1 is what the first revisions were written in; their files are never edited. Format 2 adds the words of the
  clause, what it requires, contradictions inside the document, and a status of the instrument's own. Format 3 adds
  vouchers of pools that are not the authority's (``external.py``); a file of it states them, be it as an empty list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.policy.assumptions import Assumption, ValueType, table_of
from registry.policy.kinds import ScoredRange, Terms
from registry.policy.model import (
    Allocation,
    Cap,
    Conflict,
    Exclusivity,
    Instrument,
    LegalStatus,
    NamedList,
    Others,
    Reading,
    RewardedEvent,
    StatusInterval,
    Unexpressed,
    WhyUnexpressed,
)
from registry.policy.requirements import Requirement
from registry.policy.term_reader import (
    beneficiary_named,
    evidence_named,
    keys_named,
    read_requirement,
    read_terms,
)
from registry.policy.toml_table import Table


class _OnPrior(StrEnum):
    """What an earlier like benefit does; topping up the difference is read by no document (RULINGS 11)."""

    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the instruments of a document may refer to: its format, caps, assumptions and shared requirements."""

    format: int
    caps: Mapping[str, Cap]
    assumptions: Mapping[str, Assumption]
    requirements: Mapping[str, Requirement]


def read_instrument(table: Table, shelf: Shelf) -> Instrument:
    """Return the instrument a table states. Raises InvalidValueError."""
    with table:
        instrument_id = table.identifier("id")
        known = shelf.assumptions
        resting = tuple(each for each in known.values() if instrument_id in each.applies_to)
        caps = _caps(table, shelf, resting)
        terms = _terms(table.table("terms"), known, instrument_id)
        if isinstance(terms, ScoredRange):
            for each in resting:
                if table_of_scores := table_of(each.default):
                    terms.require_table(table_of_scores)
        clause = table.text("clause")
        later = shelf.format > 1
        requirements = _requirements(table, shelf, clause) if later else ()
        return Instrument(
            id=instrument_id,
            clause=clause,
            title_en=table.text("title_en"),
            title_zh=table.text("title_zh"),
            terms=terms,
            event=table.choice("event", RewardedEvent),
            beneficiary=beneficiary_named(table, "beneficiary"),
            sellers=table.codes("sellers") if not later or table.has("sellers") else (),
            caps=caps,
            evidence=evidence_named(table, "evidence"),
            exclusivity=_exclusivity(table.table("exclusivity"), known, instrument_id),
            allocation=table.choice("allocation", Allocation),
            once_per=table.code("once_per") if table.has("once_per") else None,
            product_kinds=_named_list(table, "product_kinds", known, instrument_id),
            purposes=_named_list(table, "purposes", known, instrument_id),
            sectors=_named_list(table, "sectors", known, instrument_id),
            assumptions=resting,
            quotes=table.passages("quotes") if later else (),
            requirements=requirements,
            conflicts=_conflicts(table, known, instrument_id, requirements) if later else (),
            statuses=_statuses(table, known, instrument_id) if later else (),
            evidence_borrowed_from=_borrowed_evidence(table, known, instrument_id) if later else "",
        )


def reference(table: Table, key: str, known: Mapping[str, Assumption], instrument: str | None = None) -> str:
    """Return an assumption's id after checking that it exists and applies to the instrument."""
    given = table.identifier(key)
    if given not in known or (instrument is not None and instrument not in known[given].applies_to):
        raise table.refusal("policy_reference_unknown", key, given=given)
    return given


def read_status(table: Table, assumption: str = "") -> StatusInterval:
    """Read one interval; ``from`` is a day or ``issue_date``, ``to`` a day, ``term_end`` or ``open_ended``."""
    first, last = table.raw("from"), table.raw("to")
    if first != "issue_date" and not isinstance(first, date):
        raise table.refusal("policy_type_wrong", "from", expected='date or "issue_date"', given=str(first)[:40])
    if last not in {"term_end", "open_ended"} and not isinstance(last, date):
        expected = 'date, "term_end" or "open_ended"'
        raise table.refusal("policy_type_wrong", "to", expected=expected, given=str(last)[:40])
    return StatusInterval(
        table.choice("status", LegalStatus),
        first if isinstance(first, date) else None,
        last if isinstance(last, date) else None,
        last == "open_ended",
        table.text("by") if table.has("by") else "",
        table.text("clause"),
        assumption,
    )


def read_unexpressed(table: Table) -> Unexpressed:
    """Return a paragraph that is no instrument, with the reason. Raises InvalidValueError."""
    with table:
        return Unexpressed(
            table.identifier("id"),
            table.text("clause"),
            table.text("title_en"),
            table.text("title_zh"),
            table.choice("why", WhyUnexpressed),
            table.passages("quotes"),
            table.text("reason_en"),
            table.text("reason_zh"),
        )


def _caps(table: Table, shelf: Shelf, resting: tuple[Assumption, ...]) -> tuple[Cap, ...]:
    named = table.codes("caps")
    for cap_id in named:
        if cap_id not in shelf.caps or (shelf.caps[cap_id].assumption or "") not in {
            "",
            *(each.id for each in resting),
        }:
            raise table.refusal("policy_reference_unknown", "caps", given=cap_id)
    return tuple(shelf.caps[cap_id] for cap_id in named)


def _terms(table: Table, known: Mapping[str, Assumption], instrument: str) -> Terms:
    with table:
        if table.has("assumption"):
            reference(table, "assumption", known, instrument)
        return read_terms(table)


def _requirements(table: Table, shelf: Shelf, clause: str) -> tuple[Requirement, ...]:
    """Return the shared requirements an instrument names and its own, each id once."""
    shared = table.codes("shared") if table.has("shared") else ()
    for name in shared:
        if name not in shelf.requirements:
            raise table.refusal("policy_reference_unknown", "shared", given=name)
    own = tuple(read_requirement(each, clause) for each in table.tables("requires"))
    every = (*(shelf.requirements[name] for name in shared), *own)
    ids = [each.id for each in every]
    if repeated := [each for place, each in enumerate(ids) if each in ids[:place]]:
        raise table.refusal("policy_duplicate_id", "requires", given=repeated[0])
    return every


def _conflicts(
    table: Table, known: Mapping[str, Assumption], instrument: str, requirements: tuple[Requirement, ...]
) -> tuple[Conflict, ...]:
    if not table.has("conflicts"):
        return ()
    return tuple(_conflict(each, known, instrument, requirements) for each in table.tables("conflicts"))


def _conflict(
    table: Table, known: Mapping[str, Assumption], instrument: str, requirements: tuple[Requirement, ...]
) -> Conflict:
    """Read a contradiction: at least two readings, one for each choice of its assumption."""
    with table:
        assumption = known[reference(table, "assumption", known, instrument)]
        clause = table.text("clause")
        readings = tuple(_reading(each, clause, {one.id for one in requirements}) for each in table.tables("readings"))
        ids = tuple(each.id for each in readings)
        if assumption.type is not ValueType.CHOICE or ids != assumption.choices or len(ids) < 2:
            raise table.refusal("policy_readings_differ", "readings", assumption=assumption.id)
        return Conflict(assumption.id, clause, readings)


def _reading(table: Table, clause: str, replaceable: set[str]) -> Reading:
    with table:
        terms = None
        if table.has("terms"):
            with table.table("terms") as inner:
                terms = read_terms(inner)
        requires = tuple(read_requirement(each, clause) for each in table.tables("requires"))
        if unknown := sorted({each.id for each in requires} - replaceable):
            raise table.refusal("policy_reference_unknown", "requires", given=unknown[0])
        return Reading(table.code("id"), table.text("text_en"), table.text("text_zh"), terms, requires)


def _statuses(table: Table, known: Mapping[str, Assumption], instrument: str) -> tuple[StatusInterval, ...]:
    if not table.has("legal_status"):
        return ()
    found = []
    for each in table.tables("legal_status"):
        with each:
            lifting = reference(each, "assumption", known, instrument) if each.has("assumption") else ""
            found.append(read_status(each, lifting))
    return tuple(found)


def _borrowed_evidence(table: Table, known: Mapping[str, Assumption], instrument: str) -> str:
    """Return where the checklist is borrowed from; what is borrowed rests on an assumption (RULINGS 24)."""
    if not table.has("evidence_borrowed_from"):
        return ""
    reference(table, "evidence_assumption", known, instrument)
    return table.text("evidence_borrowed_from")


def _exclusivity(table: Table, known: Mapping[str, Assumption], instrument: str) -> Exclusivity:
    with table:
        reference(table, "assumption", known, instrument)
        return Exclusivity(
            table.identifier("group"),
            keys_named(table, "keys"),
            table.choice("on_prior", _OnPrior),
            table.text("clause"),
        )


def _named_list(parent: Table, key: str, known: Mapping[str, Assumption], instrument: str) -> NamedList | None:
    if not parent.has(key):
        return None
    with parent.table(key) as table:
        named = NamedList(table.codes("codes"), table.choice("others", Others), table.text("clause"))
        if table.has("assumption"):
            assumption = known[reference(table, "assumption", known, instrument)]
            if assumption.type is ValueType.CODES and assumption.default != named.codes:
                raise table.refusal("policy_default_differs", "codes", assumption=assumption.id)
        return named
