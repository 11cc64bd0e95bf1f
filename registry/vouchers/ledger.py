"""The ledger of public money: every step of a voucher is one balanced posting between accounts of its pool.

Rules:
* A posting debits one account and credits another by the same amount; it is never changed, only answered by another.
* Conservation (POLICY §4.3, invariants 1 to 3): of a pool, budget = available + what its vouchers hold in each state;
  what counts of vouchers = what the pool says is used = what the firm-years say is used.
* A balance is kept beside the postings, moves in the same transaction, and is never negative.
* Postings follow one another in a log (``chain.py``), each covered by the journal entry of its use case.
* ``verify_ledger`` trusts no balance: it replays the log (``replay.py``), sums the vouchers again and compares.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from registry.errors import CorruptContentError
from registry.journal.work import Work
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, Id, InvoiceId, PoolId, PostingId, VoucherRoundId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money
from registry.vouchers import records
from registry.vouchers.chain import AccountHead
from registry.vouchers.model import (
    ACCOUNT_OF,
    Account,
    Appropriation,
    AppropriationAccount,
    DecisionStep,
    FirmYear,
    FirmYearKey,
    LedgerReport,
    Pool,
    Posting,
    Voucher,
    VoucherState,
)
from registry.vouchers.records import Facts
from registry.vouchers.replay import Replay, Stand, replay
from registry.vouchers.round_model import VoucherRound
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
    hashes = records.post(work.connection, made, [work.reserved] * len(made))
    if hashes is None:
        raise CorruptContentError("ledger_account_missing", subject=subject)
    work.cover(hashes)


def post_each(moves: Sequence[tuple[Work, Move, Id]]) -> None:
    """Write one posting for each of several works, which share a connection, each covered by its own journal entry."""
    made = [Posting(PostingId.new(), *move, subject, work.now) for work, move, subject in moves]
    hashes = records.post(moves[0][0].connection, made, [work.reserved for work, _, _ in moves])
    if hashes is None:
        raise CorruptContentError("ledger_account_missing", subject=moves[0][2])
    for (work, _, _), chain in zip(moves, hashes, strict=True):
        work.cover([chain])


def log_time(work: Work, pool: PoolId) -> Moment:
    """Return the instant of the work, or the log time of a pool where the wall clock has stepped back behind it.

    Expiry goes by it (invariant 15, clock): a hold that has run out once never comes back.
    """
    last = records.last_logged(work.connection, [account_of_pool(pool, each) for each in Account])
    return max(work.now, last) if last else work.now


# Invariant 1 (conservation).
def verify_ledger(connection: Connection) -> LedgerReport:
    """Replay the log and compare with it every balance, pool, firm-year, voucher and budget line that is kept.

    Raises:
        CorruptContentError: Names the first account, pool, firm-year, voucher, posting or entry that does not agree.
    """
    found = replay(connection)
    pools = records.all_pools(connection)
    firm_years = records.all_firm_years(connection)
    appropriations = records.appropriations_of(connection)
    used, back = _Used(), records.all_returned(connection)
    for voucher in records.each_voucher(connection):
        used.add(voucher, back.get(voucher.id, (ZERO, ZERO))[0])
    _verify_past(connection, used, found)
    for pool in pools:
        _verify_pool(pool, used, found.heads)
    _verify_firm_years(firm_years, used)
    _verify_rounds(records.all_voucher_rounds(connection), used)
    _verify_vouchers(connection, found)
    for appropriation in appropriations:
        _verify_appropriation(appropriation, found.heads)
    return LedgerReport(
        accounts=len(found.heads),
        postings=found.postings,
        pools=len(pools),
        firm_years=len(firm_years),
        vouchers=used.vouchers,
        appropriations=len(appropriations),
    )


@dataclass(slots=True)
class _Used:
    """What the vouchers say is used: by account of their pool, and by firm-year as (base, amount), all in fen."""

    by_account: dict[tuple[PoolId, Account], int] = field(default_factory=dict)
    by_year: dict[FirmYearKey, tuple[int, int]] = field(default_factory=dict)
    by_round: dict[VoucherRoundId, int] = field(default_factory=dict)
    vouchers: int = 0

    def add(self, voucher: Voucher, returned: Money) -> None:
        self.vouchers += 1
        if counts(voucher.state):
            account = (voucher.pool, ACCOUNT_OF[voucher.state])
            self.by_account[account] = self.by_account.get(account, 0) + voucher.amount.fen
            self.add_year(voucher.firm_year, voucher.base.fen, voucher.amount.fen)
            if voucher.round is not None:
                # What comes back after the payment reopens the pool, not a round that is long over.
                given = voucher.amount.fen + returned.fen
                self.by_round[voucher.round] = self.by_round.get(voucher.round, 0) + given

    def add_year(self, key: FirmYearKey, base: int, amount: int) -> None:
        before = self.by_year.get(key, (0, 0))
        self.by_year[key] = (before[0] + base, before[1] + amount)


def _verify_past(connection: Connection, used: _Used, found: Replay) -> None:
    """Add what was paid before the system to what is used, and compare it with what was posted for it."""
    posted: dict[str, int] = {}
    for opening, each in records.past_uses(connection):
        account = (each.pool, Account.PAID)
        used.by_account[account] = used.by_account.get(account, 0) + each.amount.fen
        used.add_year(each.firm_year, each.base.fen, each.amount.fen)
        posted[opening] = posted.get(opening, 0) + each.amount.fen
    for subject, fen in posted.items():
        if found.stands.get(subject, Stand()).taken != fen:
            raise CorruptContentError("ledger_opening_differs", opening=subject, amount=str(Money(fen)))


def _verify_pool(pool: Pool, used: _Used, heads: Mapping[str, AccountHead]) -> None:
    """Compare the accounts of a pool with its vouchers, and what it says is used with both (invariants 1 and 2)."""
    expected = {each: used.by_account.get((pool.id, each), 0) for each in Account}
    total = sum(expected.values())
    if total != pool.used.fen:
        raise CorruptContentError("ledger_pool_differs", pool=pool.id, used=str(pool.used), vouchers=str(Money(total)))
    expected[Account.BUDGET] = pool.budget.fen
    expected[Account.AVAILABLE] = pool.budget.fen - total
    for account, fen in expected.items():
        _require_balance(heads, account_of_pool(pool.id, account), fen)


def _verify_firm_years(firm_years: Sequence[FirmYear], used: _Used) -> None:
    """Compare every firm-year with the vouchers that count in it (invariant 3)."""
    left = dict(used.by_year)
    for each in firm_years:
        base, amount = left.pop(each.key, (0, 0))
        if (amount, base) != (each.used.fen, each.base.fen):
            raise CorruptContentError(
                "ledger_firm_year_differs",
                firm=each.firm,
                year=each.year,
                used=str(each.used),
                vouchers=str(Money(amount)),
            )
    for key, (_, amount) in left.items():
        raise CorruptContentError(
            "ledger_firm_year_differs", firm=key.firm, year=key.year, used=str(ZERO), vouchers=str(Money(amount))
        )


def _verify_rounds(rounds: Sequence[VoucherRound], used: _Used) -> None:
    """Compare every round with the vouchers that were given out in it."""
    for each in rounds:
        if each.used.fen != used.by_round.get(each.id, 0):
            given = Money(used.by_round.get(each.id, 0))
            raise CorruptContentError("ledger_round_differs", round=each.id, used=str(each.used), vouchers=str(given))


def _verify_vouchers(connection: Connection, found: Replay) -> None:
    """Compare each voucher with its claim, its decisions and what was posted for it (invariants 5 and 6)."""
    claims, back = records.claims(connection), records.all_returned(connection)
    for voucher, steps in records.each_voucher_with_facts(connection):
        returned = back.get(voucher.id, (ZERO, ZERO))
        _verify_decided(voucher, steps, claims.pop(voucher.id, None), returned)
        stand = found.stands.get(voucher.id, Stand())
        # Of what came back whole, nothing lies anywhere any more.
        where = ACCOUNT_OF[voucher.state] if voucher.amount or not returned[0] else Account.AVAILABLE
        taken = voucher.amount.fen if counts(voucher.state) else 0
        if (stand.taken, stand.account) != (taken, account_of_pool(voucher.pool, where)):
            raise CorruptContentError("ledger_voucher_differs", voucher=voucher.id, amount=str(voucher.amount))


def _verify_decided(
    voucher: Voucher, steps: Facts, claim: tuple[InvoiceId, Money] | None, returned: tuple[Money, Money]
) -> None:
    """Compare a voucher with its claim and its decisions: each follows from the one before, the newest says what it is.

    A claim and a decision stay as they were made. What was lessened has a decision of its own; what ``returned``,
    (amount, base), a recovery takes of what the voucher shows.
    """
    lessened = [facts for step, _, facts in steps if step is DecisionStep.LESSENED]
    claiming = voucher.state in _CLAIMING or bool(lessened)
    base, amount = voucher.base.fen + returned[1].fen, voucher.amount.fen + returned[0].fen
    claimed = lessened[0]["before"]["base_fen"] if lessened else base
    if claiming != (claim is not None) or (claim and claim != (voucher.invoice, Money(claimed))):
        raise CorruptContentError("ledger_claim_differs", voucher=voucher.id, state=voucher.state.value)
    made = [each for each in steps if (each[0] is DecisionStep.HELD) != claiming]
    if not made or made[-1][1] != voucher.facts_digest:
        raise CorruptContentError("ledger_decision_missing", voucher=voucher.id)
    if any(Digest.of_json(facts) != digest for _, digest, facts in steps):
        raise CorruptContentError("ledger_facts_changed", voucher=voucher.id)
    # It leaves room for another voucher of its order, so it is compared with the periods it was redeemed on.
    if voucher.by_periods != any(step is DecisionStep.REDEEMED and "periods" in facts for step, _, facts in steps):
        raise CorruptContentError("ledger_voucher_differs", voucher=voucher.id, amount=str(voucher.amount))
    amounts = [facts["amounts"] for _, _, facts in made]
    follows = all(
        (facts["before"]["base_fen"], facts["before"]["amount_fen"]) == (before["base_fen"], before["amount_fen"])
        for before, facts in zip(amounts, lessened, strict=False)
    )
    # One that was lessened to nothing is released with the figures it had.
    ended = voucher.state is VoucherState.RELEASED and bool(lessened)
    shown = lessened[-1]["before"] if ended else amounts[-1]
    right = (shown["base_fen"], shown["amount_fen"]) == (base, amount) and amounts[-1]["year"] == voucher.year
    if not follows or not right or ended == bool(amounts[-1]["amount_fen"]):
        raise CorruptContentError("ledger_voucher_differs", voucher=voucher.id, amount=str(voucher.amount))


def _verify_appropriation(each: Appropriation, heads: Mapping[str, AccountHead]) -> None:
    """Compare the accounts of a budget line with what it says is appropriated and instructed."""
    place = (each.authority, each.budget_year, each.line)
    _require_balance(heads, account_of_line(*place, AppropriationAccount.GRANTED), each.appropriated.fen)
    left = each.appropriated.fen - each.instructed.fen
    _require_balance(heads, account_of_line(*place, AppropriationAccount.AVAILABLE), left)
    spent = (account_of_line(*place, side) for side in (AppropriationAccount.INSTRUCTED, AppropriationAccount.PAID))
    found = sum(_balance(heads, account) for account in spent)
    if found != each.instructed.fen:
        raise CorruptContentError("ledger_line_differs", line=each.line, year=each.budget_year, found=str(Money(found)))


def _balance(heads: Mapping[str, AccountHead], account: str) -> int:
    if head := heads.get(account):
        return head.balance
    raise CorruptContentError("ledger_account_missing", subject=account)


def _require_balance(heads: Mapping[str, AccountHead], account: str, fen: int) -> None:
    if (found := _balance(heads, account)) != fen:
        raise CorruptContentError(
            "ledger_account_differs", account=account, found=f"{found} fen", expected=f"{fen} fen"
        )
