"""What the terms of an instrument come to for given facts.

Rules:
* A fact the terms need and that is unknown makes the amount unknown, never zero and never the most there could be.
* A number that lies in no tier, a code the clause does not name and less than one full step earn nothing.
* 最高 and 不超过 make an amount a ceiling: what is due below it is the authority's decision (RULINGS 12).
"""

from dataclasses import dataclass, replace

from registry.errors import Finding
from registry.policy.facts import Facts
from registry.policy.kinds import (
    Fixed,
    Interval,
    Percent,
    PerUnit,
    ScoredRange,
    Terms,
    Tier,
    instalment_amounts,
    per_unit_amount,
    scored_amount,
)
from registry.policy.requirements import finding_of
from registry.values.money import ZERO, Money

INSTALMENT = "instalment"
SCORE = "score"


@dataclass(frozen=True, slots=True)
class Due:
    """What terms come to; ``at_most`` where it is a ceiling."""

    amount: Money
    at_most: bool = False


NOTHING = Due(ZERO)


@dataclass(frozen=True, slots=True)
class Measured:
    """One fact the terms are computed from, and whether it earns anything."""

    fact: str
    clause: str
    finding: Finding


def amount_due(terms: Terms, facts: Facts, table: tuple[Tier, ...] = ()) -> Due | None:
    """Return what ``terms`` come to, or None when a fact is unknown; ``table`` holds the scores of a scored range.

    Raises:
        InvalidValueError: A fact is of another type, or the amount is beyond what money can be.
    """
    if any(each.finding is Finding.UNKNOWN for each in measured(terms, facts, table)):
        return None
    if any(each.finding is Finding.UNMET for each in measured(terms, facts, table)):
        return NOTHING
    if isinstance(terms, Percent):
        return _percent(terms, facts)
    if isinstance(terms, Fixed):
        return _fixed(terms, facts)
    if isinstance(terms, PerUnit):
        return _per_unit(terms, facts)
    if isinstance(terms, ScoredRange):
        return Due(scored_amount(terms, table, facts.number(SCORE) or 0))
    total = amount_due(terms.total, facts)
    number = facts.number(INSTALMENT)
    if total is None:
        return None
    paid = dict(zip((each.year for each in terms.instalments), instalment_amounts(terms, total.amount), strict=True))
    return replace(total, amount=paid.get(number or 0, ZERO))


def measured(terms: Terms, facts: Facts, table: tuple[Tier, ...] = ()) -> tuple[Measured, ...]:
    """Return every fact ``terms`` are computed from with what is known of it, each fact once."""
    found = [Measured(name, terms.clause, finding) for name, finding in _measured(terms, facts, table)]
    return tuple({each.fact: each for each in reversed(found)}.values())[::-1]


def facts_of_terms(terms: Terms) -> tuple[str, ...]:
    """Return the facts ``terms`` are computed from."""
    return tuple(each.fact for each in measured(terms, Facts()))


def _measured(terms: Terms, facts: Facts, table: tuple[Tier, ...]) -> list[tuple[str, Finding]]:
    if isinstance(terms, Percent):
        tiers = [(terms.measure, _in_one(tuple(each.interval for each in terms.tiers), facts, terms.measure))]
        return [*(tiers if terms.tiers else []), (terms.base, _more_than_none(facts.number(terms.base)))]
    if isinstance(terms, Fixed):
        if terms.codes:
            given = facts.code(terms.measure)
            return [(terms.measure, finding_of(None if given is None else given in {e.code for e in terms.codes}))]
        return [(terms.measure, _in_one(tuple(each.interval for each in terms.tiers), facts, terms.measure))]
    if isinstance(terms, PerUnit):
        return _measured_units(terms, facts)
    if isinstance(terms, ScoredRange):
        return [(SCORE, _in_one(tuple(each.interval for each in table), facts, SCORE))]
    number = facts.number(INSTALMENT)
    known = finding_of(None if number is None else number in {each.year for each in terms.instalments})
    return [(INSTALMENT, known), *_measured(terms.total, facts, table)]


def _measured_units(terms: PerUnit, facts: Facts) -> list[tuple[str, Finding]]:
    found = []
    if terms.prices:
        found.append((terms.measure, _in_one(tuple(each.interval for each in terms.prices), facts, terms.measure)))
    if terms.price_fact:
        found.append((terms.price_fact, _more_than_none(facts.number(terms.price_fact))))
    if terms.limits:
        limits = tuple(each.interval for each in terms.limits)
        found.append((terms.limit_measure, _in_one(limits, facts, terms.limit_measure)))
    units = _units(terms, facts)
    if not (terms.prices and terms.unit == terms.measure):
        found.append((terms.unit, finding_of(None if units is None else units >= terms.step)))
    return found


def _in_one(intervals: tuple[Interval, ...], facts: Facts, name: str) -> Finding:
    number = facts.number(name)
    return finding_of(None if number is None else any(each.holds(number) for each in intervals))


def _more_than_none(number: int | None) -> Finding:
    return finding_of(None if number is None else number > 0)


def _units(terms: PerUnit, facts: Facts) -> int | None:
    """Return the units that are claimed; of each person at most so many."""
    if terms.each_max is None:
        return facts.number(terms.unit)
    each = facts.counts(terms.unit)
    return None if each is None else sum(min(number, terms.each_max) for number in each)


def _percent(terms: Percent, facts: Facts) -> Due:
    base = Money(facts.number(terms.base) or 0)
    number = facts.number(terms.measure) if terms.tiers else None
    held = (each.rate for each in terms.tiers if number is not None and each.interval.holds(number))
    return Due(next(held, terms.rate).of_rounded_down(base), terms.at_most)


def _fixed(terms: Fixed, facts: Facts) -> Due:
    if terms.codes:
        given = facts.code(terms.measure)
        return next((Due(each.amount) for each in terms.codes if each.code == given), NOTHING)
    return _in_tier(terms.tiers, facts.number(terms.measure) or 0)


def _in_tier(tiers: tuple[Tier, ...], number: int) -> Due:
    return next((Due(each.amount, each.at_most) for each in tiers if each.interval.holds(number)), NOTHING)


def _per_unit(terms: PerUnit, facts: Facts) -> Due:
    price = Due(terms.price or ZERO)
    if terms.prices:
        price = _in_tier(terms.prices, facts.number(terms.measure) or 0)
    elif terms.price_fact:
        price = Due(Money(facts.number(terms.price_fact) or 0))
    units, at_most = _units(terms, facts) or 0, price.at_most
    for limit in terms.limits:
        if limit.interval.holds(facts.number(terms.limit_measure) or 0):
            units, at_most = min(units, limit.units), at_most or limit.at_most
    return Due(per_unit_amount(terms, units, price.amount), at_most)
