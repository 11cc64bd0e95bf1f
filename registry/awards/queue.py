"""The queue for the year's money: open cases in the order of their acceptance (受理), what each waits for, who fits.

Rules:
* Σ instructed never passes what is appropriated; approved claims beyond it wait in order of acceptance (RULINGS 18). A
  case fits when it and all accepted before it come to no more than what the lines of the year have left; what is
  instructed was taken from them already.
* A case was accepted when it was applied for, a batch when it was formed. Redeemed vouchers in no batch come behind.
* The queue is read page by page; a page goes on with the sum of those before it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from registry.actors.model import Action
from registry.actors.rules import require
from registry.awards import records
from registry.awards.model import OPEN_STATES, Case, CaseState
from registry.awards.waiting import Wait, waits
from registry.journal.positions import Position, position
from registry.journal.work import View
from registry.policy import service as policy
from registry.values.identifiers import CaseId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money
from registry.vouchers import desk
from registry.vouchers.desk_model import BudgetLine


@dataclass(frozen=True, slots=True)
class QueueAfter:
    """Where a page of the queue begins: behind this case, with the sum of those before."""

    applied_at: Moment
    case: CaseId
    ahead: Money


@dataclass(frozen=True, slots=True)
class Queued:
    """A case in the queue: what stands ahead of it, whether it fits into what is left, what it waits for."""

    case: Case
    ahead: Money
    fits: bool
    waits: tuple[Wait, ...]

    @property
    def behind(self) -> QueueAfter:
        """Where the next page begins when this is the last of its page."""
        taken = ZERO if self.case.state is CaseState.INSTRUCTED else self.case.amount
        return QueueAfter(self.case.applied_at, self.case.id, self.ahead + taken)


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue, the lines of the year it waits for, and what is redeemed and in no batch yet."""

    position: Position
    budget_year: int
    lines: tuple[BudgetLine, ...]
    left: Money
    unbatched: Money
    cases: tuple[Queued, ...]


def queue(view: View, budget_year: int, after: QueueAfter | None, limit: int) -> Queue:
    """Return a page of the queue of the actor's authority. Raises NotAllowedError."""
    require(view.actor, Action.READ_LEDGER)
    lines = desk.budget_lines(view, budget_year)
    left = sum((each.available for each in lines), ZERO)
    found = records.cases_after(
        view.connection,
        policy.office_of(view.actor),
        OPEN_STATES,
        (after.applied_at, after.case) if after else None,
        limit,
    )
    return Queue(
        position=position(view),
        budget_year=budget_year,
        lines=lines,
        left=left,
        unbatched=desk.waiting_for_batch(view),
        cases=queued(found, left, after.ahead if after else ZERO, view.now),
    )


def queued(cases: Iterable[Case], left: Money, ahead: Money, now: Moment) -> tuple[Queued, ...]:
    """Return cases in their order with the sum ahead of each. Pure."""
    made = []
    for case in cases:
        taken = case.state is CaseState.INSTRUCTED
        made.append(Queued(case, ahead, taken or ahead + case.amount <= left, waits(case, now)))
        if not taken:
            ahead += case.amount
    return tuple(made)
