"""What a clause requires, as typed predicates over facts.

Rules:
* An unknown fact makes a requirement unknown, never met: unknown never helps the applicant.
* Every interval says of each end whether it belongs to it. 以上 and 达 include the number (民法典 1259), 超过 and 突破
  do not.
* A share compares whole numbers (part · 10,000 against whole · basis points), so that nothing is rounded; a share of
  nothing is unknown.
* A list with 等 or 如 takes others only by a recorded decision (RULINGS 7).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from registry.errors import Finding
from registry.policy.facts import Facts
from registry.policy.kinds import Interval
from registry.values.money import FULL_RATE_BP, Rate


@dataclass(frozen=True, slots=True)
class Required:
    """What every requirement has: its id, the clause it comes from and the evidence that would meet it."""

    id: str
    clause: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NumberRequired(Required):
    """A count, an amount in fen or a number of months lies in an interval."""

    fact: str
    interval: Interval


@dataclass(frozen=True, slots=True)
class FlagRequired(Required):
    """Something is the case."""

    fact: str


@dataclass(frozen=True, slots=True)
class CodeRequired(Required):
    """A code is one of a list; ``admitted_by`` names the fact that a decision admitted another (等), if one can."""

    fact: str
    one_of: tuple[str, ...]
    admitted_by: str


@dataclass(frozen=True, slots=True)
class ShareRequired(Required):
    """``part`` is at least (or more than) a share of ``whole``."""

    part: str
    whole: str
    least: Rate
    least_included: bool


class Anchor(StrEnum):
    """The day another day is compared with."""

    APPLIED = "applied_on"
    TERM_FIRST = "term_first"


@dataclass(frozen=True, slots=True)
class DayRequired(Required):
    """A day is not before the policy's first day, or the application is filed within ``months`` of it."""

    fact: str
    anchor: Anchor
    months: int


Requirement = NumberRequired | FlagRequired | CodeRequired | ShareRequired | DayRequired


@dataclass(frozen=True, slots=True)
class Anchors:
    """The days a requirement may look at beside the facts."""

    applied_on: date
    term_first: date


def found(requirement: Requirement, facts: Facts, anchors: Anchors) -> Finding:
    """Return what is known of one requirement. Raises InvalidValueError for a fact of another type."""
    if isinstance(requirement, NumberRequired):
        return finding_of(number_in(requirement.interval, facts.number(requirement.fact)))
    if isinstance(requirement, FlagRequired):
        return finding_of(facts.flag(requirement.fact))
    if isinstance(requirement, CodeRequired):
        return _code(requirement, facts)
    if isinstance(requirement, ShareRequired):
        return finding_of(_share(requirement, facts))
    return finding_of(_day(requirement, facts, anchors))


def finding_of(known: bool | None) -> Finding:
    """Return met or unmet, or unknown for None."""
    if known is None:
        return Finding.UNKNOWN
    return Finding.MET if known else Finding.UNMET


def number_in(interval: Interval, number: int | None) -> bool | None:
    """Say whether ``number`` lies in ``interval``; None when it is not known."""
    return None if number is None else interval.holds(number)


def _code(requirement: CodeRequired, facts: Facts) -> Finding:
    given = facts.code(requirement.fact)
    if given is None:
        return Finding.UNKNOWN
    if given in requirement.one_of:
        return Finding.MET
    if not requirement.admitted_by:
        return Finding.UNMET
    # 等: another code waits for a decision; until there is one nothing is known.
    return finding_of(facts.flag(requirement.admitted_by))


def _share(requirement: ShareRequired, facts: Facts) -> bool | None:
    part, whole = facts.number(requirement.part), facts.number(requirement.whole)
    if part is None or not whole or part > whole:
        return None
    left, right = part * FULL_RATE_BP, whole * requirement.least.basis_points
    return left >= right if requirement.least_included else left > right


def _day(requirement: DayRequired, facts: Facts, anchors: Anchors) -> bool | None:
    given = facts.day(requirement.fact)
    if given is None:
        return None
    if requirement.anchor is Anchor.TERM_FIRST:
        return given >= anchors.term_first
    return given <= anchors.applied_on <= months_after(given, requirement.months)


def months_after(day: date, months: int) -> date:
    """Return the day so many months after ``day``; the last of the month where it has no such day (民法典 202)."""
    years, month = divmod(day.month - 1 + months, 12)
    first_of_next = date(day.year + years + (month == 11), (month + 1) % 12 + 1, 1)
    last = first_of_next - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


def facts_of(requirement: Requirement) -> tuple[str, ...]:
    """Return the facts a requirement looks at."""
    if isinstance(requirement, ShareRequired):
        return requirement.part, requirement.whole
    if isinstance(requirement, CodeRequired) and requirement.admitted_by:
        return requirement.fact, requirement.admitted_by
    return (requirement.fact,)
