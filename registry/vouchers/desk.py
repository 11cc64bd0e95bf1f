"""The desk of a bureau: pools month by month, ageing of holds, use of firms, budget lines; all read off the ledger.

Rules:
* Every figure names the checkpoint of the log it is a function of (POLICY §4.3, invariant 24): postings whose journal
  entry is in no checkpoint yet are left out of it and counted as ``later``.
* Balances are those of the accounts less what is later; months are gone back from there, so that no question reads
  more of the log than the months it asks for.
* Officers see their own authority; the totals of a pool are public.
"""

from datetime import date, timedelta

from registry.actors.model import Action
from registry.actors.rules import require
from registry.errors import NotFoundError
from registry.journal.positions import position
from registry.journal.work import View
from registry.policy import service as policy
from registry.values.identifiers import PoolId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers import records, refunds
from registry.vouchers.desk_model import (
    AGES,
    BudgetLine,
    BurnDown,
    ClaimToLessen,
    FirmYearAfter,
    FirmYearsRead,
    HoldsAgeing,
    HoldsOfAge,
    MonthMoves,
    PoolStanding,
    require_months,
)
from registry.vouchers.ledger import account_of_line, account_of_pool
from registry.vouchers.model import Account, AppropriationAccount, Pool
from registry.vouchers.records import MovesOfMonth


# Invariant 24 (totals).
def standing_of(view: View, found: Pool) -> PoolStanding:
    """Return the accounts of a pool at the newest checkpoint."""
    names = {account_of_pool(found.id, each): each for each in Account}
    fen = records.balances_of(view.connection, names)
    later = 0
    for debit, credit, amount, postings in records.waiting_moves(view.connection, list(names)):
        for account, is_debit in ((debit, True), (credit, False)):
            fen[account] -= amount if is_debit != (names[account] is Account.BUDGET) else -amount
        later += postings
    return PoolStanding(found, position(view), {account: Money(fen[name]) for name, account in names.items()}, later)


def pool_standing(view: View, pool_id: PoolId) -> PoolStanding:
    """Return the accounts of a pool at the newest checkpoint, for anybody. Raises NotFoundError."""
    return standing_of(view, _pool(view, pool_id))


def burn_down(view: View, pool_id: PoolId, months: int) -> BurnDown:
    """Return a pool of the actor's authority over the last months, this one included.

    Raises:
        NotAllowedError: The actor is no officer.
        NotFoundError: There is no such pool at its authority.
        InvalidValueError: Too many months, or none.
    """
    require(view.actor, Action.READ_LEDGER)
    found = _pool(view, pool_id)
    if found.authority != policy.office_of(view.actor):
        raise NotFoundError("pool_not_found", id=pool_id)
    names = _months(view.now, require_months(months))
    since = Moment.start_of(_first_day(view.now, months - 1))
    moves = records.monthly_moves(view.connection, [account_of_pool(pool_id, each) for each in Account], since)
    standing = standing_of(view, found)
    left, made = standing.balances[Account.AVAILABLE].fen, []
    for month in reversed(names):
        of_month = [each for each in moves if each.month == month]
        made.append(_month(pool_id, month, of_month, left))
        left -= _sum(of_month, pool_id, Account.AVAILABLE, None) - _sum(of_month, pool_id, None, Account.AVAILABLE)
    return BurnDown(standing, tuple(reversed(made)))


def _month(pool: PoolId, month: str, moves: list[MovesOfMonth], left: int) -> MonthMoves:
    def moved(debit: Account, credit: Account) -> Money:
        return Money(_sum(moves, pool, debit, credit))

    return MonthMoves(
        month=month,
        held=moved(Account.HELD, Account.AVAILABLE),
        redeemed=moved(Account.REDEEMED, Account.HELD),
        released=moved(Account.AVAILABLE, Account.HELD),
        # What was paid before the system went from what is available to what is paid at once.
        paid=moved(Account.PAID, Account.INSTRUCTED),
        returned=moved(Account.RETURNED, Account.INSTRUCTED),
        came_back=moved(Account.AVAILABLE, Account.PAID),
        retaken=moved(Account.PAID, Account.AVAILABLE),
        left=Money(left),
        lessened=moved(Account.AVAILABLE, Account.REDEEMED),
    )


def _sum(moves: list[MovesOfMonth], pool: PoolId, debit: Account | None, credit: Account | None) -> int:
    wanted = tuple(each and account_of_pool(pool, each) for each in (debit, credit))
    return sum(each.fen for each in moves if wanted[0] in {None, each.debit} and wanted[1] in {None, each.credit})


def _first_day(now: Moment, back: int) -> date:
    day = now.civil_day().replace(day=1)
    for _ in range(back):
        day = (day - timedelta(days=1)).replace(day=1)
    return day


def _months(now: Moment, months: int) -> list[str]:
    return [f"{_first_day(now, back):%Y-%m}" for back in reversed(range(months))]


def _pool(view: View, pool_id: PoolId) -> Pool:
    if found := records.pool_of(view.connection, pool_id):
        return found
    raise NotFoundError("pool_not_found", id=pool_id)


def holds(view: View, after: tuple[Moment, VoucherId] | None, limit: int) -> HoldsAgeing:
    """Return open holds of the actor's authority by the days left, and a page of them, those first that end first.

    Raises NotAllowedError.
    """
    require(view.actor, Action.READ_LEDGER)
    office = policy.office_of(view.actor)
    bounds = [(age, None if days is None else view.now.plus(timedelta(days=days))) for age, days in AGES]
    ages = tuple(HoldsOfAge(*each) for each in records.holds_by_age(view.connection, office, bounds))
    return HoldsAgeing(position(view), ages, records.holds_page(view.connection, office, after, limit))


def claims_to_lessen(view: View, after: VoucherId | None, limit: int) -> list[ClaimToLessen]:
    """Return a page of unpaid claims of the actor's authority of whose base less certainly stands, by their ids.

    What is in a batch is among them: it has to be taken out first. Raises NotAllowedError.
    """
    require(view.actor, Action.READ_LEDGER)
    office, found = policy.office_of(view.actor), list[ClaimToLessen]()
    while len(found) < limit:
        # Those that were lessened already are passed over here, so a page is filled from as many as that needs.
        read = records.unpaid_with_less(view.connection, office, after, limit)
        seen = [ClaimToLessen(each, refunds.certain_base(view, each)) for each in read]
        found += [each for each in seen if each.lacking]
        if len(read) < limit:
            break
        after = read[-1].id
    return found[:limit]


def firm_years_used(view: View, year: int | None, after: FirmYearAfter | None, limit: int) -> FirmYearsRead:
    """Return a page of what firms used of their years at the actor's authority. Raises NotAllowedError."""
    require(view.actor, Action.READ_LEDGER)
    office = policy.office_of(view.actor)
    return FirmYearsRead(position(view), records.firm_years_page(view.connection, office, year, after, limit))


def budget_lines(view: View, year: int) -> tuple[BudgetLine, ...]:
    """Return the budget lines of a year of the actor's authority, by their accounts. Raises NotAllowedError."""
    require(view.actor, Action.READ_LEDGER)
    office = policy.office_of(view.actor)
    fen = records.line_balances(view.connection, office, year)
    lines = sorted({name.split("/")[3] for name in fen})
    return tuple(
        BudgetLine(
            year,
            line,
            *(Money(fen[account_of_line(office, year, line, each)]) for each in AppropriationAccount),
        )
        for line in lines
    )


def waiting_for_batch(view: View) -> Money:
    """Return what redeemed vouchers of the actor's authority come to that are in no batch, by the pools' accounts."""
    require(view.actor, Action.READ_LEDGER)
    owned = records.pools_of(view.connection, policy.office_of(view.actor))
    names = [account_of_pool(each, Account.REDEEMED) for each in owned]
    return Money(sum(records.balances_of(view.connection, names).values()))
