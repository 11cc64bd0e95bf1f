"""What is to come back of public money that was paid: a receivable, the cash that closes it, what that reopens.

Every recovery has four accounts of its own. ``receivable`` and ``collected`` are debit accounts, ``claim`` and
``repayable`` credit accounts; none is ever negative, and all stand at nothing once everything is undone.

    decided      receivable ← claim            what is due
    cash back    collected  ← receivable
    annulled     claim      ← receivable       of what had not come back
                 claim      ← repayable        of what had
    paid back    repayable  ← collected

Rules (RULINGS 17, 34):
* Nothing is reopened by a decision, only by cash. Cash that reopens goes back to the budget line it was paid from; of a
  voucher it also goes back to pool and firm-year, and with it the share of the base it was granted on, so that the
  ceiling of the year stays that of what was bought and is still supported.
* Postings are added, never changed. An annulment takes back what was reopened when the party is paid again: from a
  budget line that has the money, from the voucher's pool and firm-year where it had gone back to them.
"""

from dataclasses import replace
from enum import StrEnum

from registry.errors import ConflictError, CorruptContentError, Obstacle, RuleError
from registry.journal.work import Work
from registry.values.identifiers import AuthorityId, CaseId, RecoveryId, VoucherId
from registry.values.money import ZERO, Money
from registry.vouchers import ledger, records
from registry.vouchers.closing import require_open_within
from registry.vouchers.model import Account, Appropriate, AppropriationAccount, Voucher, VoucherState
from registry.vouchers.settling import appropriation_paid_within, instruct_within


class ReceivableAccount(StrEnum):
    """Accounts of one recovery."""

    RECEIVABLE = "receivable"
    CLAIM = "claim"
    COLLECTED = "collected"
    REPAYABLE = "repayable"


_CREDIT = frozenset({ReceivableAccount.CLAIM, ReceivableAccount.REPAYABLE})


def account_of_recovery(recovery: RecoveryId, account: ReceivableAccount) -> str:
    """Return the name of an account of a recovery."""
    return f"recovery/{recovery}/{account.value}"


def _post(work: Work, recovery: RecoveryId, debit: ReceivableAccount, credit: ReceivableAccount, amount: Money) -> None:
    move = (account_of_recovery(recovery, debit), account_of_recovery(recovery, credit), amount)
    ledger.post(work, [move], recovery)


def open_receivable_within(work: Work, authority: AuthorityId, recovery: RecoveryId, amount: Money) -> None:
    """Open what is due, in the transaction of the decision."""
    accounts = [(account_of_recovery(recovery, each), each in _CREDIT) for each in ReceivableAccount]
    records.open_accounts(work.connection, authority, accounts)
    _post(work, recovery, ReceivableAccount.RECEIVABLE, ReceivableAccount.CLAIM, amount)


def collect_within(work: Work, recovery: RecoveryId, amount: Money) -> None:
    """Close ``amount`` of what is due with cash."""
    _post(work, recovery, ReceivableAccount.COLLECTED, ReceivableAccount.RECEIVABLE, amount)


def reverse_within(work: Work, recovery: RecoveryId, due: Money, collected: Money) -> None:
    """Undo a decision: what had not come back is due no more, what had is owed to the party."""
    _post(work, recovery, ReceivableAccount.CLAIM, ReceivableAccount.RECEIVABLE, due)
    _post(work, recovery, ReceivableAccount.CLAIM, ReceivableAccount.REPAYABLE, collected)


def reopen_line_within(
    work: Work, authority: AuthorityId, budget_year: int, line: str, amount: Money, case: CaseId
) -> None:
    """Put cash back on the budget line it was paid from, in the year of the payment."""
    place = (authority, budget_year, line)
    if not records.change_appropriation(work.connection, *place, -amount.fen):
        raise CorruptContentError("ledger_line_differs", line=line[:60], year=budget_year, found=str(amount))
    # The line is held from here on: a close that came first is seen, and one that comes later sees this.
    if records.is_closed(work.connection, authority, budget_year):
        raise ConflictError("budget_year_closed", year=budget_year, line=line[:60])
    debit, credit = (
        ledger.account_of_line(*place, each) for each in (AppropriationAccount.AVAILABLE, AppropriationAccount.PAID)
    )
    ledger.post(work, [(debit, credit, amount)], case)


def appropriate_again_within(work: Work, authority: AuthorityId, command: Appropriate) -> None:
    """Appropriate later cash to a budget line by a numbered document.

    Raises ConflictError when the number is known, or the year is closed.
    """
    require_open_within(work, authority, command.budget_year, command.line)
    if not records.add_appropriation(work.connection, authority, command, work.actor.account, work.now):
        raise ConflictError("appropriation_known", number=command.number)
    place = (authority, command.budget_year, command.line)
    ledger.open_line_accounts(work, *place)
    debit, credit = (
        ledger.account_of_line(*place, each) for each in (AppropriationAccount.AVAILABLE, AppropriationAccount.GRANTED)
    )
    ledger.post(work, [(debit, credit, command.amount)], authority)


def base_of_share(base: Money, amount: Money, back: Money) -> Money:
    """Return the share of a voucher's base that goes with ``back`` of its amount.

    It is rounded down, so that what is left of the base still carries what is left of the amount.
    """
    return Money(base.fen * back.fen // amount.fen)


def reopen_voucher_within(work: Work, voucher_id: VoucherId, recovery: RecoveryId, number: int, amount: Money) -> None:
    """Give cash of a paid voucher back to its pool and its firm-year, by the ``number``-th act of a recovery."""
    found = _paid_voucher(work, voucher_id)
    base = base_of_share(found.base, found.amount, amount)
    records.lock_firm_years(work.connection, {found.firm_year: ZERO})
    records.lock_pools(work.connection, [found.pool])
    back = records.change_firm_year(work.connection, found.firm_year, -base.fen, -amount.fen)
    if not back or not records.change_pool(work.connection, found.pool, -amount.fen):
        raise CorruptContentError("ledger_pool_differs", pool=found.pool, used=str(amount), vouchers=str(found.amount))
    records.save_voucher(work.connection, replace(found, base=found.base - base, amount=found.amount - amount))
    records.add_voucher_return(work.connection, voucher_id, recovery, number, amount, base, work.now)
    _post_pool(work, found, Account.AVAILABLE, Account.PAID, amount)


def retake_voucher_within(work: Work, voucher_id: VoucherId, recovery: RecoveryId, number: int) -> None:
    """Take from pool and firm-year again what a recovery had given back to them.

    Raises RuleError: ``pay_back_refused``, when other vouchers have used pool or cap meanwhile.
    """
    amount, base = records.returned_of(work.connection, voucher_id, recovery)
    if not amount:
        return
    found = _paid_voucher(work, voucher_id)
    years = records.lock_firm_years(work.connection, {found.firm_year: ZERO})
    pool = records.lock_pools(work.connection, [found.pool])[found.pool]
    obstacles = []
    if not records.change_firm_year(work.connection, found.firm_year, base.fen, amount.fen):
        year = years[found.firm_year]
        obstacles.append(_used_up("firm_year_used_up_since", year.cap.less(year.used)))
    if not records.change_pool(work.connection, found.pool, amount.fen):
        obstacles.append(_used_up("pool_used_up_since", pool.left))
    if obstacles:
        raise RuleError("pay_back_refused", tuple(obstacles), amount=str(amount))
    records.save_voucher(work.connection, replace(found, base=found.base + base, amount=found.amount + amount))
    records.add_voucher_return(work.connection, voucher_id, recovery, number, amount, base, work.now, taken_again=True)
    _post_pool(work, found, Account.PAID, Account.AVAILABLE, amount)


def pay_back_within(
    work: Work, authority: AuthorityId, budget_year: int, line: str, amount: Money, recovery: RecoveryId, case: CaseId
) -> None:
    """Pay the party what is owed to it, from a budget line. Raises RuleError when the line has less left."""
    instruct_within(work, authority, budget_year, line, amount, case)
    appropriation_paid_within(work, authority, budget_year, line, amount, case)
    _post(work, recovery, ReceivableAccount.REPAYABLE, ReceivableAccount.COLLECTED, amount)


def _paid_voucher(work: Work, voucher_id: VoucherId) -> Voucher:
    (found,) = records.lock_vouchers(work.connection, [voucher_id])
    if found.state is not VoucherState.PAID:
        raise ConflictError("voucher_wrong_state", id=found.id, state=found.state.value, wanted=VoucherState.PAID.value)
    return found


def _post_pool(work: Work, voucher: Voucher, debit: Account, credit: Account, amount: Money) -> None:
    move = (ledger.account_of_pool(voucher.pool, debit), ledger.account_of_pool(voucher.pool, credit), amount)
    ledger.post(work, [move], voucher.id)


def _used_up(code: str, left: Money) -> Obstacle:
    return Obstacle(code, "RULINGS 34", parameters={"left": str(left)})
