"""The ledger of public money: every step of a voucher is one balanced posting between accounts of its pool.

Rules:
* A posting debits one account and credits another by the same amount; it is never changed, only answered by another.
* Conservation (POLICY §4.3, invariants 1 to 3): of a pool, budget = available + what its vouchers hold in each state;
  what counts of vouchers = what the pool says is used = what the firm-years say is used.
* A balance is kept beside the postings, moves in the same transaction, and is never negative.
* ``verify_ledger`` trusts none of it: it sums postings and vouchers again and compares.
"""

from collections.abc import Iterable, Sequence
from itertools import starmap
from typing import Final

from registry.errors import CorruptContentError
from registry.journal.work import Work
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, Id, PoolId, PostingId
from registry.values.money import ZERO, Money
from registry.vouchers import records
from registry.vouchers.model import (
    ACCOUNT_OF,
    Account,
    AccountLine,
    Appropriation,
    AppropriationAccount,
    FirmYear,
    FirmYearKey,
    LedgerReport,
    Pool,
    Posting,
    Voucher,
    VoucherState,
)
from registry.vouchers.rules import accounts_of_move, counts
from storage.database import Connection

Move = tuple[str, str, Money]
"""Debited account, credited account, amount."""

_CLAIMING: Final = frozenset(
    {
        VoucherState.REDEEMED,
        VoucherState.SETTLED,
        VoucherState.INSTRUCTED,
        VoucherState.PAID,
        VoucherState.RETURNED,
    }
)


def account_of_pool(pool: PoolId, account: Account) -> str:
    """Return the name of an account of a pool."""
    return f"pool/{pool}/{account.value}"


def account_of_line(authority: AuthorityId, budget_year: int, line: str, account: AppropriationAccount) -> str:
    """Return the name of an account of a budget line."""
    return f"appropriation/{authority}/{budget_year}/{line}/{account.value}"


def open_pool_accounts(work: Work, pool: Pool) -> None:
    """Make the accounts of a pool and put its budget into what is available."""
    accounts = [(account_of_pool(pool.id, each), each is Account.BUDGET) for each in Account]
    records.open_accounts(work.connection, pool.authority, accounts)
    available, budget = (account_of_pool(pool.id, each) for each in (Account.AVAILABLE, Account.BUDGET))
    post(work, [(available, budget, pool.budget)], pool.id)


def open_line_accounts(work: Work, authority: AuthorityId, budget_year: int, line: str) -> None:
    """Make the accounts of a budget line unless they are there."""
    accounts = [
        (account_of_line(authority, budget_year, line, each), each is AppropriationAccount.GRANTED)
        for each in AppropriationAccount
    ]
    records.open_accounts(work.connection, authority, accounts)


def move_of_voucher(pool: PoolId, before: VoucherState | None, after: VoucherState, amount: Money) -> Move:
    """Return the posting a voucher's step makes in its pool; ``before`` None: the voucher is new."""
    debited, credited = accounts_of_move(before, after)
    return account_of_pool(pool, debited), account_of_pool(pool, credited), amount


def post(work: Work, moves: Iterable[Move], subject: Id) -> None:
    """Write postings for ``subject`` and move the balances with them; a move of nothing is none."""
    made = [
        Posting(PostingId.new(), debit, credit, amount, subject, work.now) for debit, credit, amount in moves if amount
    ]
    if not records.post(work.connection, made):
        raise CorruptContentError("ledger_account_missing", subject=subject)


def verify_ledger(connection: Connection) -> LedgerReport:
    """Sum postings and vouchers again and compare them with every balance that is kept.

    Raises:
        CorruptContentError: Names the account, pool, firm-year or voucher that does not agree.
    """
    lines = {line.account: line for line in records.account_lines(connection)}
    vouchers = records.all_vouchers(connection)
    pools = records.all_pools(connection)
    firm_years = records.all_firm_years(connection)
    appropriations = records.appropriations_of(connection)
    for line in lines.values():
        if not line.is_right:
            raise CorruptContentError("ledger_balance_differs", account=line.account, balance=str(line.balance))
    for pool in pools:
        _verify_pool(pool, [each for each in vouchers if each.pool == pool.id], lines)
    _verify_firm_years(firm_years, vouchers)
    _verify_vouchers(connection, vouchers)
    for appropriation in appropriations:
        _verify_appropriation(appropriation, lines)
    return LedgerReport(
        accounts=len(lines),
        postings=records.count_postings(connection),
        pools=len(pools),
        firm_years=len(firm_years),
        vouchers=len(vouchers),
        appropriations=len(appropriations),
    )


def _verify_pool(pool: Pool, vouchers: Sequence[Voucher], lines: dict[str, AccountLine]) -> None:
    """Compare the accounts of a pool with its vouchers, and what it says is used with both."""
    expected = dict.fromkeys(Account, ZERO)
    for voucher in vouchers:
        if counts(voucher.state):
            expected[ACCOUNT_OF[voucher.state]] += voucher.amount
    used = _sum(expected.values())
    if used != pool.used:
        raise CorruptContentError("ledger_pool_differs", pool=pool.id, used=str(pool.used), vouchers=str(used))
    expected[Account.BUDGET] = pool.budget
    expected[Account.AVAILABLE] = pool.budget.less(used)
    for account, amount in expected.items():
        _require_balance(lines, account_of_pool(pool.id, account), amount)


def _verify_firm_years(firm_years: Sequence[FirmYear], vouchers: Sequence[Voucher]) -> None:
    """Compare every firm-year with the vouchers that count in it."""
    used: dict[FirmYearKey, Money] = {}
    base: dict[FirmYearKey, Money] = {}
    for voucher in vouchers:
        if counts(voucher.state):
            used[voucher.firm_year] = used.get(voucher.firm_year, ZERO) + voucher.amount
            base[voucher.firm_year] = base.get(voucher.firm_year, ZERO) + voucher.base
    for each in firm_years:
        sums = (used.pop(each.key, ZERO), base.pop(each.key, ZERO))
        if sums != (each.used, each.base):
            raise CorruptContentError(
                "ledger_firm_year_differs", firm=each.firm, year=each.year, used=str(each.used), vouchers=str(sums[0])
            )
    for key, amount in used.items():
        raise CorruptContentError(
            "ledger_firm_year_differs", firm=key.firm, year=key.year, used=str(ZERO), vouchers=str(amount)
        )


def _verify_vouchers(connection: Connection, vouchers: Sequence[Voucher]) -> None:
    """Compare each voucher with its claim, its decisions and what was posted for it."""
    claims = records.claims(connection)
    decided = records.facts_by_voucher(connection)
    posted = records.held_by_subject(connection)
    for voucher in vouchers:
        claim = claims.pop(voucher.id, None)
        claiming = voucher.state in _CLAIMING
        if claiming != (claim is not None) or (claim and claim != (voucher.invoice, voucher.base)):
            raise CorruptContentError("ledger_claim_differs", voucher=voucher.id, state=voucher.state.value)
        steps = decided.get(voucher.id, {})
        last = steps.get(VoucherState.REDEEMED if claiming else VoucherState.HELD)
        if last is None or last[0] != voucher.facts_digest:
            raise CorruptContentError("ledger_decision_missing", voucher=voucher.id)
        if any(Digest.of_json(facts) != digest for digest, facts in steps.values()):
            raise CorruptContentError("ledger_facts_changed", voucher=voucher.id)
        amount = voucher.amount if counts(voucher.state) else ZERO
        if posted.get(voucher.id, 0) != amount.fen:
            raise CorruptContentError("ledger_voucher_differs", voucher=voucher.id, amount=str(amount))


def _verify_appropriation(each: Appropriation, lines: dict[str, AccountLine]) -> None:
    """Compare the accounts of a budget line with what it says is appropriated and instructed."""
    place = (each.authority, each.budget_year, each.line)
    _require_balance(lines, account_of_line(*place, AppropriationAccount.GRANTED), each.appropriated)
    left = each.appropriated.less(each.instructed)
    _require_balance(lines, account_of_line(*place, AppropriationAccount.AVAILABLE), left)
    spent = (account_of_line(*place, side) for side in (AppropriationAccount.INSTRUCTED, AppropriationAccount.PAID))
    found = _sum(starmap(_balance, ((lines, account) for account in spent)))
    if found != each.instructed:
        raise CorruptContentError("ledger_line_differs", line=each.line, year=each.budget_year, found=str(found))


def _balance(lines: dict[str, AccountLine], account: str) -> Money:
    if line := lines.get(account):
        return line.balance
    raise CorruptContentError("ledger_account_missing", subject=account)


def _require_balance(lines: dict[str, AccountLine], account: str, expected: Money) -> None:
    if (found := _balance(lines, account)) != expected:
        raise CorruptContentError("ledger_account_differs", account=account, found=str(found), expected=str(expected))


def _sum(amounts: Iterable[Money]) -> Money:
    return sum(amounts, ZERO)
