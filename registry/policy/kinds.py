"""The five kinds of amount a policy document grants.

Rules:
* ``percent``: a share of an eligible base. ``fixed``: an amount by tiers of a count. ``per_unit``: a price for each
  full step of units. ``scored_range``: an amount between two figures by score. ``schedule``: one of the first three,
  paid in instalments (POLICY.md §1.2: these five express every row of the documents that can be computed at all).
* Every interval says of each end whether it belongs to it: the documents contradict each other on exactly this
  (S0 art.6 against 附件1三, S2 cl.1).
* The shares of a schedule sum to 100 %.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from registry.errors import InvalidValueError
from registry.values.money import FULL_RATE_BP, ZERO, Money, Rate


class Kind(StrEnum):
    """How an instrument arrives at its amount."""

    PERCENT = "percent"
    FIXED = "fixed"
    PER_UNIT = "per_unit"
    SCORED_RANGE = "scored_range"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Interval:
    """Whole numbers from ``least`` to ``most`` (None: without end); each end says whether it belongs to it."""

    least: int
    least_included: bool
    most: int | None
    most_included: bool

    def __post_init__(self) -> None:
        """Refuse an interval that holds no number, and an end that is open and included. Raises InvalidValueError."""
        if self.most is None and self.most_included:
            raise InvalidValueError("policy_interval_open_end", at="most_included")
        if self.most is not None and self.last is not None and self.last < self.first:
            raise InvalidValueError("policy_interval_empty", at="most", least=self.least, most=self.most)

    @property
    def first(self) -> int:
        """The smallest number in the interval."""
        return self.least if self.least_included else self.least + 1

    @property
    def last(self) -> int | None:
        """The greatest number in the interval, or None."""
        if self.most is None:
            return None
        return self.most if self.most_included else self.most - 1

    def holds(self, number: int) -> bool:
        """Say whether ``number`` lies in the interval."""
        return self.first <= number and (self.last is None or number <= self.last)


@dataclass(frozen=True, slots=True)
class Tier:
    """What is due when a number lies in an interval."""

    interval: Interval
    amount: Money


def require_ordered(tiers: tuple[Tier, ...]) -> None:
    """Raise InvalidValueError unless there are tiers and they rise without sharing a number."""
    if not tiers:
        raise InvalidValueError("policy_tiers_missing", at="tiers")
    for lower, upper in pairwise(tiers):
        if lower.interval.last is None or upper.interval.first <= lower.interval.last:
            raise InvalidValueError("policy_tiers_overlap", at="tiers", shared=upper.interval.first)


@dataclass(frozen=True, slots=True)
class Percent:
    """A share of an eligible base; ``base`` names what is summed, for example ``data_fee``."""

    rate: Rate
    base: str
    clause: str

    def __post_init__(self) -> None:
        """Refuse a share of nothing. Raises InvalidValueError."""
        if not self.rate.basis_points:
            raise InvalidValueError(
                "policy_number_out_of_range", at="rate_bp", given="0", least="1", most=str(FULL_RATE_BP)
            )


@dataclass(frozen=True, slots=True)
class Fixed:
    """An amount by tiers of ``measure``, for example the count of independent leading adopters."""

    measure: str
    tiers: tuple[Tier, ...]
    clause: str

    def __post_init__(self) -> None:
        """Refuse tiers that share a number. Raises InvalidValueError."""
        require_ordered(self.tiers)


@dataclass(frozen=True, slots=True)
class PerUnit:
    """A price for each full ``step`` of units, at most ``units_max`` units (None: no limit)."""

    unit: str
    price: Money
    step: int
    units_max: int | None
    clause: str

    def __post_init__(self) -> None:
        """Refuse a step or a limit below one. Raises InvalidValueError."""
        for name, number in (("step", self.step), ("units_max", self.units_max)):
            if number is not None and number < 1:
                raise InvalidValueError("policy_number_out_of_range", at=name, given=str(number), least="1", most="…")


@dataclass(frozen=True, slots=True)
class ScoredRange:
    """An amount from ``least`` to ``most``, both included, by score; the table is published before a round."""

    least: Money
    most: Money
    clause: str

    def __post_init__(self) -> None:
        """Refuse a range whose ends are exchanged or equal. Raises InvalidValueError."""
        if self.most <= self.least:
            raise InvalidValueError("policy_range_inverted", at="most_fen", least=self.least.fen, most=self.most.fen)

    def require_table(self, table: tuple[Tier, ...]) -> None:
        """Raise InvalidValueError unless ``table`` rises and every amount of it lies in the range."""
        require_ordered(table)
        for tier in table:
            if not self.least <= tier.amount <= self.most:
                raise InvalidValueError(
                    "policy_table_outside_range",
                    at="table",
                    given=tier.amount.fen,
                    least=self.least.fen,
                    most=self.most.fen,
                )


@dataclass(frozen=True, slots=True)
class Instalment:
    """The share of a total that is paid in one year of a schedule; the first year is 1."""

    year: int
    share: Rate


@dataclass(frozen=True, slots=True)
class Schedule:
    """A total of another kind, paid in yearly instalments."""

    total: Percent | Fixed | PerUnit
    instalments: tuple[Instalment, ...]
    clause: str

    def __post_init__(self) -> None:
        """Refuse shares that do not sum to 100 % and years that do not rise. Raises InvalidValueError."""
        total = sum(part.share.basis_points for part in self.instalments)
        if total != FULL_RATE_BP:
            raise InvalidValueError("policy_shares_sum", at="instalments", given=total)
        years = [part.year for part in self.instalments]
        if years[0] < 1 or any(later <= earlier for earlier, later in pairwise(years)):
            raise InvalidValueError("policy_years_unordered", at="instalments")


Terms = Percent | Fixed | PerUnit | ScoredRange | Schedule

KIND_OF: dict[type[Terms], Kind] = {
    Percent: Kind.PERCENT,
    Fixed: Kind.FIXED,
    PerUnit: Kind.PER_UNIT,
    ScoredRange: Kind.SCORED_RANGE,
    Schedule: Kind.SCHEDULE,
}


def tiered_amount(tiers: tuple[Tier, ...], number: int) -> Money:
    """Return the amount of the tier that holds ``number``, or nothing when none does."""
    return next((tier.amount for tier in tiers if tier.interval.holds(number)), ZERO)


def per_unit_amount(terms: PerUnit, units: int) -> Money:
    """Return the price of every full step of ``units``, no unit above the limit counting."""
    counted = units if terms.units_max is None else min(units, terms.units_max)
    return Money(terms.price.fen * (counted // terms.step))


def scored_amount(terms: ScoredRange, table: tuple[Tier, ...], score: int) -> Money:
    """Return the amount for ``score``; below the lowest tier nothing is due (RULINGS 10).

    Raises:
        InvalidValueError: An amount of the table lies outside the range of the clause.
    """
    terms.require_table(table)
    return tiered_amount(table, score)


def instalment_amounts(terms: Schedule, total: Money) -> tuple[Money, ...]:
    """Return what is paid in each instalment: floored cumulatively, so that the parts sum to ``total`` exactly."""
    amounts: list[Money] = []
    paid, share = ZERO, 0
    for part in terms.instalments:
        share += part.share.basis_points
        due = Rate(share).of_rounded_down(total)
        amounts.append(due - paid)
        paid = due
    return tuple(amounts)
