"""Rounds in which vouchers of a pool are given out (券发放批次), and what is filed in them, as values.

A round has a window to the minute, a budget that is part of its pool, and says how it is divided (RULINGS 20): a flash
round gives to who comes first; a closed round takes requests until it closes and divides its budget among them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.errors import InvalidValueError
from registry.policy.model import Allocation
from registry.policy.plain_text import require_day, require_text
from registry.values.identifiers import (
    AuthorityId,
    FirmId,
    OrderId,
    PoolId,
    VoucherId,
    VoucherRequestId,
    VoucherRoundId,
)
from registry.values.moment import Moment
from registry.values.money import FEN_MAX, ZERO, Money

TITLE_LENGTH_MAX: Final = 200
NUMBER_LENGTH_MAX: Final = 120
REASON_LENGTH_MAX: Final = 2_000
REQUESTS_MAX: Final = 10_000
"""How many requests a closed round takes: they are divided in one transaction."""
ALLOCATIONS: Final = frozenset({Allocation.FIRST_COME, Allocation.PRO_RATA})
"""Vouchers are not scored, so that nothing can be ranked."""


class VoucherRoundState(StrEnum):
    """Where a round stands at an instant."""

    COMING = "coming"
    OPEN = "open"
    CLOSED = "closed"
    DIVIDED = "divided"
    CANCELLED = "cancelled"


class VoucherRequestState(StrEnum):
    """What became of a request of a closed round."""

    FILED = "filed"
    HELD = "held"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class VoucherRound:
    """A round of a pool. ``used``: what its vouchers hold or came to; what is given back is there for others again."""

    id: VoucherRoundId
    authority: AuthorityId
    pool: PoolId
    title: str
    opens_at: Moment
    closes_at: Moment
    budget: Money
    used: Money
    allocation: Allocation
    published_at: Moment
    cancelled_at: Moment | None = None
    divided_at: Moment | None = None

    @property
    def left(self) -> Money:
        """What of the budget no voucher uses."""
        return self.budget.less(self.used)

    def state_at(self, now: Moment) -> VoucherRoundState:
        """Say where it stands; the instant of opening belongs to its window, that of closing does not."""
        if self.cancelled_at is not None:
            return VoucherRoundState.CANCELLED
        if self.divided_at is not None:
            return VoucherRoundState.DIVIDED
        if now < self.opens_at:
            return VoucherRoundState.COMING
        return VoucherRoundState.OPEN if now < self.closes_at else VoucherRoundState.CLOSED

    def reserved_at(self, now: Moment) -> Money:
        """Return what of the pool is kept for this round: its budget until it is over, less what is used of it."""
        state = self.state_at(now)
        waits = state is VoucherRoundState.CLOSED and self.allocation is Allocation.PRO_RATA
        kept = waits or state in {VoucherRoundState.COMING, VoucherRoundState.OPEN}
        return self.left if kept else ZERO


def _require_minute(given: Moment, name: str) -> None:
    require_day(given.civil_day(), name)
    if given.instant.second or given.instant.microsecond:
        raise InvalidValueError("round_not_to_the_minute", at=name, given=str(given))


@dataclass(frozen=True, slots=True)
class PublishVoucherRound:
    """Publish a round of a pool. ``allocation`` None: as a ruling says, else pro rata (RULINGS 20)."""

    pool: PoolId
    title: str
    opens_at: Moment
    closes_at: Moment
    budget: Money
    allocation: Allocation | None = None

    def __post_init__(self) -> None:
        """Refuse a window that is none or not to the minute, no budget, what cannot be ranked.

        Raises:
            InvalidValueError: Names the field.
        """
        require_text(self.title, "title", TITLE_LENGTH_MAX)
        _require_minute(self.opens_at, "opens_at")
        _require_minute(self.closes_at, "closes_at")
        if self.closes_at <= self.opens_at:
            raise InvalidValueError("round_window_inverted", opens_at=str(self.opens_at), closes_at=str(self.closes_at))
        if not 0 < self.budget.fen <= FEN_MAX:
            raise InvalidValueError("voucher_round_without_budget", given=self.budget.fen)
        if self.allocation is not None and self.allocation not in ALLOCATIONS:
            raise InvalidValueError("voucher_round_not_ranked", given=self.allocation.value)


@dataclass(frozen=True, slots=True)
class MoveVoucherRoundClosing:
    """Keep a round open for longer, by a numbered decision that says why."""

    round: VoucherRoundId
    closes_at: Moment
    number: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse a closing that is not to the minute, a decision without number or words. Raises InvalidValueError."""
        _require_minute(self.closes_at, "closes_at")
        require_text(self.number, "number", NUMBER_LENGTH_MAX)
        require_text(self.reason, "reason", REASON_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class MovedClosing:
    """That the closing of a round was moved: the ``number``-th time, from when to when, by which decision and why."""

    round: VoucherRoundId
    number: int
    closed_before: Moment
    closes_at: Moment
    document_number: str
    reason: str
    moved_at: Moment


@dataclass(frozen=True, slots=True)
class VoucherRequest:
    """What a firm asked for in a closed round, and what became of it.

    ``reason`` is the code of what stood in the way, empty where nothing did.
    """

    id: VoucherRequestId
    round: VoucherRoundId
    authority: AuthorityId
    firm: FirmId
    order: OrderId
    filed_at: Moment
    state: VoucherRequestState
    ceiling: Money = ZERO
    amount: Money = ZERO
    voucher: VoucherId | None = None
    reason: str = ""
    withdrawn_at: Moment | None = None
