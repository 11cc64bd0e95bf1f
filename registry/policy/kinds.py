"""The five kinds of amount a policy document grants.

Rules:
* ``percent``: a share of an eligible base. ``fixed``: an amount by tiers of a count. ``per_unit``: a price for each
  full step of units. ``scored_range``: an amount between two figures by score. ``schedule``: one of the first three,
  paid in instalments (POLICY.md §1.2: these five express every row of the documents that can be computed at all).
* Every interval says of each end whether it belongs to it: the documents contradict each other on exactly this
  (S0 art.6 against 附件1三, S2 cl.1).
* The shares of a schedule sum to 100 %.
* 最高 and 不超过 beside an amount make it a ceiling and never an entitlement (RULINGS 12): ``at_most`` says so.
"""

from collections.abc import Sequence
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
    """What is due when a number lies in an interval; ``at_most`` where the amount is a ceiling."""

    interval: Interval
    amount: Money
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class RateTier:
    """The share that is due when a number lies in an interval."""

    interval: Interval
    rate: Rate


@dataclass(frozen=True, slots=True)
class UnitTier:
    """The most units that count when a number lies in an interval; ``at_most`` where they are a ceiling."""

    interval: Interval
    units: int
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class CodeAmount:
    """What is due for one code of a list, for example the level of a title."""

    code: str
    amount: Money


def require_ordered(tiers: Sequence[Tier | RateTier | UnitTier]) -> None:
    """Raise InvalidValueError unless there are tiers and they rise without sharing a number."""
    if not tiers:
        raise InvalidValueError("policy_tiers_missing", at="tiers")
    for lower, upper in pairwise(tiers):
        if lower.interval.last is None or upper.interval.first <= lower.interval.last:
            raise InvalidValueError("policy_tiers_overlap", at="tiers", shared=upper.interval.first)


@dataclass(frozen=True, slots=True)
class Percent:
    """A share of an eligible base; ``base`` names what is summed, for example ``data_fee``.

    With ``tiers`` the share follows ``measure``, and ``rate`` is the greatest of them. ``at_most``: a ceiling.
    """

    rate: Rate
    base: str
    clause: str
    tiers: tuple[RateTier, ...] = ()
    measure: str = ""
    at_most: bool = False

    def __post_init__(self) -> None:
        """Refuse a share of nothing and tiers that share a number. Raises InvalidValueError."""
        if self.tiers:
            require_ordered(self.tiers)
        if not self.rate.basis_points:
            raise InvalidValueError(
                "policy_number_out_of_range", at="rate_bp", given="0", least="1", most=str(FULL_RATE_BP)
            )


@dataclass(frozen=True, slots=True)
class Fixed:
    """An amount by tiers of ``measure``, for example the count of independent leading adopters.

    ``codes`` stand in place of tiers where the measure is no number but a level (国家级, 自治区级).
    """

    measure: str
    tiers: tuple[Tier, ...]
    clause: str
    codes: tuple[CodeAmount, ...] = ()

    def __post_init__(self) -> None:
        """Refuse tiers that share a number, tiers beside codes, and a code named twice. Raises InvalidValueError."""
        if not self.codes:
            require_ordered(self.tiers)
        elif self.tiers or len({each.code for each in self.codes}) < len(self.codes):
            raise InvalidValueError("policy_duplicate_id", at="amounts", given=self.measure)


@dataclass(frozen=True, slots=True)
class PerUnit:
    """A price for each full ``step`` of units, at most ``units_max`` units (None: no limit).

    The price is ``price``, or follows ``measure`` by ``prices``, or is a fact (``price_fact``: the monthly rent).
    ``limits`` bound the units by ``limit_measure`` (months of rent by year of operation). Where units are counted for
    each of several persons, at most ``each_max`` of one person count.
    """

    unit: str
    price: Money | None
    step: int
    units_max: int | None
    clause: str
    prices: tuple[Tier, ...] = ()
    measure: str = ""
    price_fact: str = ""
    limits: tuple[UnitTier, ...] = ()
    limit_measure: str = ""
    each_max: int | None = None

    def __post_init__(self) -> None:
        """Refuse a step or a limit below one, and another number of prices than one. Raises InvalidValueError."""
        if [self.price is not None, bool(self.prices), bool(self.price_fact)].count(True) != 1:
            raise InvalidValueError("policy_key_missing", at="price_fen")
        for tiers in (self.prices, self.limits):
            if tiers:
                require_ordered(tiers)
        for name, number in (("step", self.step), ("units_max", self.units_max), ("each_max", self.each_max)):
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


class InstalmentsPer(StrEnum):
    """What the number of an instalment counts: years, or turns within the months a schedule allows."""

    YEAR = "year"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class Instalment:
    """The share of a total that is paid in one year (or turn) of a schedule; the first is 1."""

    year: int
    share: Rate


@dataclass(frozen=True, slots=True)
class Schedule:
    """A total of another kind, paid in instalments; all of them within ``within_months`` where that is stated."""

    total: Percent | Fixed | PerUnit
    instalments: tuple[Instalment, ...]
    clause: str
    per: InstalmentsPer = InstalmentsPer.YEAR
    within_months: int | None = None

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


def per_unit_amount(terms: PerUnit, units: int, price: Money | None = None) -> Money:
    """Return the price of every full step of ``units``, no unit above the limit counting.

    Raises:
        InvalidValueError: The terms have no price of their own and none is given.
    """
    counted = units if terms.units_max is None else min(units, terms.units_max)
    if (each := price or terms.price) is None:
        raise InvalidValueError("policy_key_missing", at="price_fen")
    return Money(each.fen * (counted // terms.step))


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
