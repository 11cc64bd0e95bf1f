"""Reading the terms of an instrument and what its clause requires.

Rules:
* An interval states both ends; an end that is left out is open, and then not included.
* A requirement is known by its keys: ``least`` or ``most`` (a number), ``holds`` (a flag), ``one_of`` (a code),
  ``of`` (a share), ``within_months`` or ``not_before`` (a day).
* A fact is one of the vocabulary and of the type its place asks for: a misspelt fact would be unknown for ever.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from registry.policy.facts import FactType
from registry.policy.kinds import (
    CodeAmount,
    Fixed,
    Instalment,
    InstalmentsPer,
    Interval,
    Kind,
    Percent,
    PerUnit,
    RateTier,
    Schedule,
    ScoredRange,
    Terms,
    Tier,
    UnitTier,
)
from registry.policy.requirements import (
    Anchor,
    CodeRequired,
    DayRequired,
    FlagRequired,
    NumberRequired,
    Requirement,
    ShareRequired,
)
from registry.policy.toml_table import Table
from registry.policy.vocabulary import Words, vocabulary
from registry.values.money import FEN_MAX, FULL_RATE_BP, Money, Rate

COUNT_MAX = 1_000_000_000

NUMBERS: Final = (FactType.COUNT, FactType.AMOUNT)


def read_terms(table: Table) -> Terms:
    """Return the terms a table states. The caller leaves its ``with`` block. Raises InvalidValueError."""
    kind = table.choice("kind", Kind)
    clause = table.text("clause")
    if kind is Kind.SCORED_RANGE:
        return ScoredRange(fen(table, "least_fen"), fen(table, "most_fen"), clause)
    if kind is not Kind.SCHEDULE:
        return _payable(table, kind, clause)
    with table.table("total") as inner:
        total = read_terms(inner)
    if isinstance(total, Schedule | ScoredRange):
        raise table.refusal("policy_choice_unknown", "total", given="kind", offered="percent, fixed, per_unit")
    return Schedule(
        total,
        tuple(_instalment(each) for each in table.tables("instalments")),
        clause,
        table.choice("per", InstalmentsPer) if table.has("per") else InstalmentsPer.YEAR,
        table.integer("within_months", 1, 1200) if table.has("within_months") else None,
    )


def fen(table: Table, key: str) -> Money:
    """Return an amount of at least one fen."""
    return Money(table.integer(key, 1, FEN_MAX))


def fact_named(table: Table, key: str, *types: FactType) -> str:
    """Return the name of a fact of one of ``types``. Raises InvalidValueError with the line."""
    name = table.code(key)
    known = vocabulary().fact_types.get(name)
    if known is None:
        raise table.refusal("policy_name_unknown", key, given=name)
    if known not in types:
        raise table.refusal("policy_type_wrong", key, expected=", ".join(types), given=f"{name} ({known})")
    return name


def _payable(table: Table, kind: Kind, clause: str) -> Percent | Fixed | PerUnit:
    """Read one of the kinds a schedule may pay in instalments."""
    if kind is Kind.PERCENT:
        return _percent(table, clause)
    if kind is Kind.PER_UNIT:
        return _per_unit(table, clause)
    measure = fact_named(table, "measure", *((FactType.CODE,) if table.has("amounts") else NUMBERS))
    if table.has("amounts"):
        return Fixed(measure, (), clause, tuple(_code_amount(each) for each in table.tables("amounts")))
    return Fixed(measure, tuple(_tier(each) for each in table.tables("tiers")), clause)


def _percent(table: Table, clause: str) -> Percent:
    at_most = table.flag("at_most") if table.has("at_most") else False
    base = fact_named(table, "base", FactType.AMOUNT)
    if not table.has("rates"):
        return Percent(Rate(table.integer("rate_bp", 1, FULL_RATE_BP)), base, clause, at_most=at_most)
    tiers = tuple(_rate_tier(each) for each in table.tables("rates"))
    if not tiers:
        raise table.refusal("policy_tiers_missing", "rates")
    return Percent(
        max(each.rate for each in tiers), base, clause, tiers, fact_named(table, "measure", *NUMBERS), at_most
    )


def _per_unit(table: Table, clause: str) -> PerUnit:
    prices = tuple(_tier(each) for each in table.tables("prices")) if table.has("prices") else ()
    limits = tuple(_unit_tier(each) for each in table.tables("limits")) if table.has("limits") else ()
    return PerUnit(
        fact_named(table, "unit", FactType.COUNTS if table.has("each_max") else FactType.COUNT),
        fen(table, "price_fen") if table.has("price_fen") else None,
        table.integer("step", 1, COUNT_MAX),
        table.integer("units_max", 1, COUNT_MAX) if table.has("units_max") else None,
        clause,
        prices,
        fact_named(table, "measure", *NUMBERS) if prices else "",
        fact_named(table, "price_fact", FactType.AMOUNT) if table.has("price_fact") else "",
        limits,
        fact_named(table, "limit_measure", *NUMBERS) if limits else "",
        table.integer("each_max", 1, COUNT_MAX) if table.has("each_max") else None,
    )


def _instalment(table: Table) -> Instalment:
    with table:
        key = "turn" if table.has("turn") else "year"
        return Instalment(table.integer(key, 1, 100), Rate(table.integer("share_bp", 1, FULL_RATE_BP)))


def _code_amount(table: Table) -> CodeAmount:
    with table:
        return CodeAmount(table.code("code"), fen(table, "amount_fen"))


def _tier(table: Table) -> Tier:
    with table:
        return Tier(interval(table), fen(table, "amount_fen"), table.flag("at_most") if table.has("at_most") else False)


def _rate_tier(table: Table) -> RateTier:
    with table:
        return RateTier(interval(table), Rate(table.integer("rate_bp", 1, FULL_RATE_BP)))


def _unit_tier(table: Table) -> UnitTier:
    with table:
        at_most = table.flag("at_most") if table.has("at_most") else False
        return UnitTier(interval(table), table.integer("units", 1, COUNT_MAX), at_most)


def interval(table: Table) -> Interval:
    """Read an interval. Both flags are always written; ``most`` is left out where the interval has no end."""
    most = table.integer("most", 0, FEN_MAX) if table.has("most") else None
    least = table.integer("least", 0, FEN_MAX)
    return Interval(least, table.flag("least_included"), most, table.flag("most_included"))


def read_requirement(table: Table, clause: str) -> Requirement:
    """Return what a table requires; ``clause`` is cited where the table cites none. Raises InvalidValueError."""
    with table:
        fact = table.code("fact")
        name = table.code("id") if table.has("id") else fact
        cited = table.text("clause") if table.has("clause") or not clause else clause
        evidence = evidence_named(table, "evidence") if table.has("evidence") else ()
        if table.has("holds"):
            fact_named(table, "fact", FactType.FLAG)
            if not table.flag("holds"):
                raise table.refusal("policy_choice_unknown", "holds", given="false", offered="true")
            return FlagRequired(name, cited, evidence, fact)
        if table.has("one_of"):
            fact_named(table, "fact", FactType.CODE)
            admitted = fact_named(table, "admitted_by", FactType.FLAG) if table.has("admitted_by") else ""
            return CodeRequired(name, cited, evidence, fact, table.codes("one_of"), admitted)
        if table.has("within_months") or table.has("not_before"):
            return _day_required(table, DayRequired(name, cited, evidence, fact, Anchor.APPLIED, 0))
        fact_named(table, "fact", *NUMBERS)
        if table.has("of"):
            least, whole = Rate(table.integer("least_bp", 1, FULL_RATE_BP)), fact_named(table, "of", *NUMBERS)
            return ShareRequired(name, cited, evidence, fact, whole, least, table.flag("least_included"))
        return NumberRequired(name, cited, evidence, fact, interval(table))


def _day_required(table: Table, required: DayRequired) -> DayRequired:
    fact_named(table, "fact", FactType.DAY)
    if table.has("within_months"):
        return replace(required, months=table.integer("within_months", 1, 1200))
    return replace(required, anchor=table.choice("not_before", Anchor))


def evidence_named(table: Table, key: str) -> tuple[str, ...]:
    """Return kinds of evidence, each one of the vocabulary. Raises InvalidValueError with the line."""
    return tuple(_known(table, key, each, vocabulary().evidence) for each in table.codes(key))


def beneficiary_named(table: Table, key: str) -> str:
    """Return who receives, one of the vocabulary. Raises InvalidValueError with the line."""
    return _known(table, key, table.code(key), vocabulary().beneficiaries)


def keys_named(table: Table, key: str) -> tuple[str, ...]:
    """Return keys that name subject and content, each one of the vocabulary. Raises InvalidValueError."""
    return tuple(_known(table, key, each, vocabulary().keys) for each in table.codes(key))


def _known(table: Table, key: str, name: str, names: Mapping[str, Words]) -> str:
    if name not in names:
        raise table.refusal("policy_name_unknown", key, given=name)
    return name
