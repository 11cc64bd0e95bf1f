"""What the desk of a bureau reads off the ledger: burn-down, ageing of holds, budget lines, firm-years."""

from dataclasses import dataclass
from typing import Final

from registry.errors import InvalidValueError
from registry.journal.positions import Position
from registry.values.identifiers import FirmId
from registry.values.money import Money
from registry.vouchers.model import Account, FirmYear, Pool, Voucher

MONTHS_MAX: Final = 60
AGES: Final = (("due", 0), ("week", 7), ("month", 30), ("two_months", 60), ("longer", None))
"""Classes of holds by the days left: up to and including so many; ``due`` have run out and wait to be cleared away."""


@dataclass(frozen=True, slots=True)
class MonthMoves:
    """What moved in a pool in a month (``2026-03``, of Shanghai), and what it had available at the end of it.

    ``released`` are holds given back, run out, or not needed at redemption; ``lessened`` claims that less of a purchase
    stood for (核减); ``returned`` payments the bank sent back;
    ``came_back`` cash of recoveries, less what annulments took again.
    """

    month: str
    held: Money
    redeemed: Money
    released: Money
    paid: Money
    returned: Money
    came_back: Money
    retaken: Money
    left: Money
    lessened: Money


@dataclass(frozen=True, slots=True)
class PoolStanding:
    """The accounts of a pool at a checkpoint; ``later``: postings that are made and not in it yet."""

    pool: Pool
    position: Position
    balances: dict[Account, Money]
    later: int

    @property
    def used(self) -> Money:
        """What counts against the budget at the checkpoint."""
        return self.balances[Account.BUDGET].less(self.balances[Account.AVAILABLE])


@dataclass(frozen=True, slots=True)
class BurnDown:
    """A pool month by month, the oldest first, up to a checkpoint."""

    standing: PoolStanding
    months: tuple[MonthMoves, ...]


@dataclass(frozen=True, slots=True)
class HoldsOfAge:
    """Holds of a pool with so many days left, together."""

    age: str
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class HoldsAgeing:
    """Open holds of an authority by the days left, with those that run out first."""

    position: Position
    ages: tuple[HoldsOfAge, ...]
    holds: tuple[Voucher, ...]


@dataclass(frozen=True, slots=True)
class ClaimToLessen:
    """A claim that is not paid yet, and what of its base certainly stands."""

    voucher: Voucher
    standing: Money

    @property
    def lacking(self) -> Money:
        """What it claims beyond that."""
        return self.voucher.base.less(self.standing)


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A budget line by its accounts."""

    budget_year: int
    line: str
    granted: Money
    available: Money
    instructed: Money
    paid: Money


@dataclass(frozen=True, slots=True)
class FirmYearAfter:
    """Where a page of firm-years begins: behind this one."""

    firm: FirmId
    group: str
    year: int


@dataclass(frozen=True, slots=True)
class FirmYearsRead:
    """A page of firm-years of an authority."""

    position: Position
    years: tuple[FirmYear, ...]


def require_months(months: int) -> int:
    """Return how many months are asked for. Raises InvalidValueError."""
    if not 1 <= months <= MONTHS_MAX:
        raise InvalidValueError("desk_months_out_of_range", given=months, most=MONTHS_MAX)
    return months
