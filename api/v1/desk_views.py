"""What the desk looks like in answers; every total names the checkpoint it is a function of."""

from collections.abc import Sequence
from typing import Self

from api.door import Answer
from registry.awards.queue import Queued
from registry.journal.positions import Position
from registry.vouchers.desk_model import BudgetLine, BurnDown, ClaimToLessen, HoldsAgeing, MonthMoves, PoolStanding
from registry.vouchers.model import Voucher, VoucherState


class PositionView(Answer):
    """A checkpoint of the log by its size, root in hex and log time; size 0: there is none yet."""

    size: int
    root: str
    logged_at: str | None

    @classmethod
    def of(cls, found: Position) -> Self:
        """Return the view of a checkpoint."""
        return cls(size=found.size, root=found.root, logged_at=str(found.logged_at) if found.logged_at else None)


class PoolStandingView(Answer):
    """The accounts of a pool at a checkpoint, in fen; ``later`` postings are made and not in it yet."""

    position: PositionView
    later: int
    used_fen: int
    left_fen: int
    balances_fen: dict[str, int]

    @classmethod
    def of(cls, found: PoolStanding) -> Self:
        """Return the view of a pool at a checkpoint."""
        fen = {account.value: balance.fen for account, balance in found.balances.items()}
        return cls(
            position=PositionView.of(found.position),
            later=found.later,
            used_fen=found.used.fen,
            left_fen=fen["available"],
            balances_fen=fen,
        )


class MonthMovesView(Answer):
    """What moved in a pool in a month, in fen, and what it had left at the end of it."""

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
    lessened_fen: int

    @classmethod
    def of(cls, found: MonthMoves) -> Self:
        """Return the view of a month."""
        return cls(
            month=found.month,
            held_fen=found.held.fen,
            redeemed_fen=found.redeemed.fen,
            released_fen=found.released.fen,
            paid_fen=found.paid.fen,
            returned_fen=found.returned.fen,
            came_back_fen=found.came_back.fen,
            retaken_fen=found.retaken.fen,
            left_fen=found.left.fen,
            left_text=str(found.left),
            lessened_fen=found.lessened.fen,
        )


class BurnDownView(Answer):
    """A pool at a checkpoint, and month by month up to it."""

    pool: str
    name: str
    budget_fen: int
    budget_text: str
    standing: PoolStandingView
    months: list[MonthMovesView]

    @classmethod
    def of(cls, found: BurnDown) -> Self:
        """Return the view of a burn-down."""
        pool = found.standing.pool
        return cls(
            pool=pool.id,
            name=pool.name,
            budget_fen=pool.budget.fen,
            budget_text=str(pool.budget),
            standing=PoolStandingView.of(found.standing),
            months=[MonthMovesView.of(each) for each in found.months],
        )


class BudgetLineView(Answer):
    """A budget line by its accounts, in fen."""

    line: str
    granted_fen: int
    available_fen: int
    instructed_fen: int
    paid_fen: int

    @classmethod
    def of(cls, found: BudgetLine) -> Self:
        """Return the view of a line."""
        return cls(
            line=found.line,
            granted_fen=found.granted.fen,
            available_fen=found.available.fen,
            instructed_fen=found.instructed.fen,
            paid_fen=found.paid.fen,
        )


class QueueWaitView(Answer):
    """A step a case waits for, since when, and the role that does it."""

    step: str
    role: str
    number: int
    began_at: str


class QueuedView(Answer):
    """A case in the queue: what stands ahead of it, whether it fits into what is left of the year's money."""

    case: str
    instrument: str
    state: str
    accepted_at: str
    amount_fen: int
    amount_text: str
    ahead_fen: int
    fits: bool
    waits: list[QueueWaitView]

    @classmethod
    def of(cls, found: Queued) -> Self:
        """Return the view of a case in the queue."""
        return cls(
            case=found.case.id,
            instrument=found.case.instrument,
            state=found.case.state.value,
            accepted_at=str(found.case.applied_at),
            amount_fen=found.case.amount.fen,
            amount_text=str(found.case.amount),
            ahead_fen=found.ahead.fen,
            fits=found.fits,
            waits=[
                QueueWaitView(
                    step=each.step.value, role=each.role.value, number=each.number, began_at=str(each.began_at)
                )
                for each in found.waits
            ],
        )


class ClaimToLessenView(Answer):
    """An unpaid claim of whose base less certainly stands; in a ``case``, it is taken out of its batch first."""

    voucher: str
    state: VoucherState
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

    @classmethod
    def of(cls, found: ClaimToLessen) -> Self:
        """Return the view of a claim."""
        voucher = found.voucher
        return cls(
            voucher=voucher.id,
            state=voucher.state,
            firm=voucher.firm,
            order=voucher.order,
            invoice=voucher.invoice or "",
            case=voucher.case,
            base_fen=voucher.base.fen,
            standing_fen=found.standing.fen,
            lacking_fen=found.lacking.fen,
            lacking_text=str(found.lacking),
            amount_fen=voucher.amount.fen,
            amount_text=str(voucher.amount),
        )


class ClaimsToLessenView(Answer):
    """A page of claims to lessen."""

    items: list[ClaimToLessenView]
    next_cursor: str | None


class HoldAgeView(Answer):
    """Open holds with so many days left, together."""

    age: str
    count: int
    amount_fen: int
    amount_text: str


class OpenHoldView(Answer):
    """An open hold and when it runs out."""

    voucher: str
    firm: str
    order: str
    year: int
    amount_fen: int
    amount_text: str
    held_at: str
    expires_at: str

    @classmethod
    def of(cls, voucher: Voucher) -> Self:
        """Return the view of a hold."""
        return cls(
            voucher=voucher.id,
            firm=voucher.firm,
            order=voucher.order,
            year=voucher.year,
            amount_fen=voucher.amount.fen,
            amount_text=str(voucher.amount),
            held_at=str(voucher.held_at),
            expires_at=str(voucher.expires_at),
        )


class HoldsView(Answer):
    """Open holds by age, and a page of them."""

    position: PositionView
    ages: list[HoldAgeView]
    items: list[OpenHoldView]
    next_cursor: str | None

    @classmethod
    def page(cls, found: HoldsAgeing, shown: Sequence[Voucher], more: str | None) -> Self:
        """Return the view of a page."""
        return cls(
            position=PositionView.of(found.position),
            ages=[
                HoldAgeView(age=each.age, count=each.count, amount_fen=each.amount.fen, amount_text=str(each.amount))
                for each in found.ages
            ],
            items=[OpenHoldView.of(each) for each in shown],
            next_cursor=more,
        )
