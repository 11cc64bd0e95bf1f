"""The desk of a bureau: burn-down of pools, the queue for the year's money, holds by age, what firms used."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sancai.session import Session
from sancai.shapes import shaped
from sancai.vouchers import FirmYear, PoolStanding, Position


@dataclass(frozen=True, slots=True)
class MonthMoves:
    """What moved in a pool in a month, and what it had left at the end of it."""

    month: str
    held_fen: int
    redeemed_fen: int
    released_fen: int
    paid_fen: int
    returned_fen: int
    came_back_fen: int
    retaken_fen: int
    left_fen: int
    left_text: str
    lessened_fen: int = 0


@dataclass(frozen=True, slots=True)
class BurnDown:
    """A pool at a checkpoint, and month by month up to it."""

    pool: str
    name: str
    budget_fen: int
    budget_text: str
    standing: PoolStanding
    months: tuple[MonthMoves, ...]


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A budget line by its accounts."""

    line: str
    granted_fen: int
    available_fen: int
    instructed_fen: int
    paid_fen: int


@dataclass(frozen=True, slots=True)
class QueueWait:
    """A step a case waits for, since when, and the role that does it."""

    step: str
    role: str
    number: int
    began_at: str


@dataclass(frozen=True, slots=True)
class Queued:
    """A case in the queue: what stands ahead of it, and whether it fits into what is left of the year's money."""

    case: str
    instrument: str
    state: str
    accepted_at: str
    amount_fen: int
    amount_text: str
    ahead_fen: int
    fits: bool
    waits: tuple[QueueWait, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue for the money of a year; ``unbatched``: redeemed vouchers that are in no batch yet."""

    position: Position
    budget_year: int
    left_fen: int
    left_text: str
    unbatched_fen: int
    unbatched_text: str
    lines: tuple[BudgetLine, ...]
    items: tuple[Queued, ...]


@dataclass(frozen=True, slots=True)
class HoldAge:
    """Open holds with so many days left, together."""

    age: str
    count: int
    amount_fen: int
    amount_text: str


@dataclass(frozen=True, slots=True)
class OpenHold:
    """An open hold and when it runs out."""

    voucher: str
    firm: str
    order: str
    year: int
    amount_fen: int
    amount_text: str
    held_at: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class Holds:
    """Open holds by age, and every one of them."""

    position: Position
    ages: tuple[HoldAge, ...]
    items: tuple[OpenHold, ...]


@dataclass(frozen=True, slots=True)
class ClaimToLessen:
    """An unpaid claim of whose base less certainly stands; in a ``case``, it is taken out of its batch first."""

    voucher: str
    state: str
    firm: str
    order: str
    invoice: str
    case: str | None
    base_fen: int
    standing_fen: int
    lacking_fen: int
    lacking_text: str
    amount_fen: int
    amount_text: str


class Desk:
    """The desk of one's authority at one service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def burn_down(self, pool: str, months: int = 12) -> BurnDown:
        """Return a pool over the last ``months``, this one included. Raises SancaiError."""
        return shaped(BurnDown, self._session.get(f"/desk/pools/{pool}", months=months))

    def queue(self, budget_year: int) -> Queue:
        """Return open cases in the order of their acceptance. Raises SancaiError."""
        return shaped(Queue, self._whole("/desk/queue", budget_year=budget_year))

    def holds(self) -> Holds:
        """Return open holds by the days left. Raises SancaiError."""
        return shaped(Holds, self._whole("/desk/holds"))

    def claims_to_lessen(self) -> Iterator[ClaimToLessen]:
        """Yield unpaid claims on invoices of which less stands than was claimed. Raises SancaiError."""
        return (shaped(ClaimToLessen, item) for item in self._session.pages("/desk/claims-to-lessen"))

    def firm_years(self, year: int | None = None) -> Iterator[FirmYear]:
        """Yield what firms used of their years. Raises SancaiError."""
        return (shaped(FirmYear, item) for item in self._session.pages("/desk/firm-years", year=year))

    def _whole(self, path: str, **query: Any) -> dict[str, Any]:
        """Return the first page with the items of all pages behind it."""
        first = page = self._session.get(path, **query)
        items = list(first["items"])
        while page["next_cursor"]:
            page = self._session.get(path, cursor=page["next_cursor"], **query)
            items += page["items"]
        return {**first, "items": items}
