"""Reading the terms of an instrument and what its clause requires.

Rules:
* An interval states both ends; an end that is left out is open, and then not included.
* A requirement is known by its keys: ``least`` or ``most`` (a number), ``holds`` (a flag), ``one_of`` (a code),
  ``of`` (a share), ``within_months`` or ``not_before`` (a day).
"""

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
from registry.values.money import FEN_MAX, FULL_RATE_BP, Money, Rate

COUNT_MAX = 1_000_000_000


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


def _payable(table: Table, kind: Kind, clause: str) -> Percent | Fixed | PerUnit:
    """Read one of the kinds a schedule may pay in instalments."""
    if kind is Kind.PERCENT:
        return _percent(table, clause)
    if kind is Kind.PER_UNIT:
        return _per_unit(table, clause)
    measure = table.code("measure")
    if table.has("amounts"):
        return Fixed(measure, (), clause, tuple(_code_amount(each) for each in table.tables("amounts")))
    return Fixed(measure, tuple(_tier(each) for each in table.tables("tiers")), clause)


def _percent(table: Table, clause: str) -> Percent:
    at_most = table.flag("at_most") if table.has("at_most") else False
    base = table.code("base")
    if not table.has("rates"):
        return Percent(Rate(table.integer("rate_bp", 1, FULL_RATE_BP)), base, clause, at_most=at_most)
    tiers = tuple(_rate_tier(each) for each in table.tables("rates"))
    if not tiers:
        raise table.refusal("policy_tiers_missing", "rates")
    return Percent(max(each.rate for each in tiers), base, clause, tiers, table.code("measure"), at_most)


def _per_unit(table: Table, clause: str) -> PerUnit:
    prices = tuple(_tier(each) for each in table.tables("prices")) if table.has("prices") else ()
    limits = tuple(_unit_tier(each) for each in table.tables("limits")) if table.has("limits") else ()
    return PerUnit(
        table.code("unit"),
        fen(table, "price_fen") if table.has("price_fen") else None,
        table.integer("step", 1, COUNT_MAX),
        table.integer("units_max", 1, COUNT_MAX) if table.has("units_max") else None,
        clause,
        prices,
        table.code("measure") if prices else "",
        table.code("price_fact") if table.has("price_fact") else "",
        limits,
        table.code("limit_measure") if limits else "",
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
        evidence = table.codes("evidence") if table.has("evidence") else ()
        if table.has("holds"):
            if not table.flag("holds"):
                raise table.refusal("policy_choice_unknown", "holds", given="false", offered="true")
            return FlagRequired(name, cited, evidence, fact)
        if table.has("one_of"):
            admitted = table.code("admitted_by") if table.has("admitted_by") else ""
            return CodeRequired(name, cited, evidence, fact, table.codes("one_of"), admitted)
        if table.has("of"):
            least = Rate(table.integer("least_bp", 1, FULL_RATE_BP))
            return ShareRequired(name, cited, evidence, fact, table.code("of"), least, table.flag("least_included"))
        if table.has("within_months"):
            months = table.integer("within_months", 1, 1200)
            return DayRequired(name, cited, evidence, fact, Anchor.APPLIED, months)
        if table.has("not_before"):
            return DayRequired(name, cited, evidence, fact, table.choice("not_before", Anchor), 0)
        return NumberRequired(name, cited, evidence, fact, interval(table))
