"""Vouchers, pools, firm-years and the accounts of the ledger.

A voucher is bound to one firm and one order and never changes hands (F13 of POLICY §5). It moves

    held → redeemed → settled → instructed → paid | returned
    held → released | expired          returned → instructed
    redeemed → released                where nothing is left of what it claimed

and its money moves between accounts of its pool at each step; no step moves money out of the house: that is finance.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from registry.errors import InvalidValueError, Parameter
from registry.policy.assumptions import Assumption
from registry.policy.model import Condition
from registry.policy.rules import Limit
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import (
    AuthorityId,
    CaseId,
    FirmId,
    InvoiceId,
    OrderId,
    PoolId,
    PostingId,
    VoucherId,
    VoucherRoundId,
)
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers.payee import Payee, PayeeGiven

HOLD_LIFE: Final = timedelta(days=90)
BUDGET_LINE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}", re.ASCII)
"""A budget line: the code of a project or subject (预算项目、科目代码)."""


class VoucherState(StrEnum):
    """Where a voucher stands."""

    HELD = "held"
    REDEEMED = "redeemed"
    SETTLED = "settled"
    INSTRUCTED = "instructed"
    PAID = "paid"
    RETURNED = "returned"
    RELEASED = "released"
    EXPIRED = "expired"


VOUCHER_MOVES: Final[Mapping[VoucherState, frozenset[VoucherState]]] = {
    VoucherState.HELD: frozenset({VoucherState.REDEEMED, VoucherState.RELEASED, VoucherState.EXPIRED}),
    VoucherState.REDEEMED: frozenset({VoucherState.SETTLED, VoucherState.RELEASED}),
    VoucherState.SETTLED: frozenset({VoucherState.INSTRUCTED, VoucherState.REDEEMED}),
    VoucherState.INSTRUCTED: frozenset({VoucherState.PAID, VoucherState.RETURNED}),
    VoucherState.RETURNED: frozenset({VoucherState.INSTRUCTED, VoucherState.REDEEMED}),
    VoucherState.PAID: frozenset(),
    VoucherState.RELEASED: frozenset(),
    VoucherState.EXPIRED: frozenset(),
}
"""A settled voucher goes back to redeemed when its batch is refused or its line withdrawn, also after a return."""

COUNTING: Final = frozenset(VoucherState) - {VoucherState.RELEASED, VoucherState.EXPIRED}
"""States whose amount counts against pool and firm-year (invariants 2 and 3 of POLICY §4.3)."""


class Account(StrEnum):
    """Accounts of a pool. Budget is a credit account, all others are debit accounts; none is ever negative."""

    BUDGET = "budget"
    AVAILABLE = "available"
    HELD = "held"
    REDEEMED = "redeemed"
    SETTLED = "settled"
    INSTRUCTED = "instructed"
    PAID = "paid"
    RETURNED = "returned"


class AppropriationAccount(StrEnum):
    """Accounts of a budget line. ``granted`` is a credit account, all others are debit accounts."""

    GRANTED = "granted"
    AVAILABLE = "available"
    INSTRUCTED = "instructed"
    PAID = "paid"


ACCOUNT_OF: Final[Mapping[VoucherState, Account]] = {
    VoucherState.HELD: Account.HELD,
    VoucherState.REDEEMED: Account.REDEEMED,
    VoucherState.SETTLED: Account.SETTLED,
    VoucherState.INSTRUCTED: Account.INSTRUCTED,
    VoucherState.PAID: Account.PAID,
    VoucherState.RETURNED: Account.RETURNED,
    VoucherState.RELEASED: Account.AVAILABLE,
    VoucherState.EXPIRED: Account.AVAILABLE,
}
"""Where the money of a voucher lies in each state."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of public money for a term (S1 cl.4: ten million yuan for both vouchers; RULINGS 18)."""

    id: PoolId
    authority: AuthorityId
    document: str
    name: str
    budget: Money
    used: Money
    opened_at: Moment

    @property
    def left(self) -> Money:
        """What is not used by any counting voucher."""
        return self.budget - self.used


@dataclass(frozen=True, slots=True)
class FirmYear:
    """What a firm uses of its yearly cap in a group of instruments."""

    authority: AuthorityId
    firm: FirmId
    group: str
    year: int
    cap: Money
    base: Money
    used: Money

    @property
    def key(self) -> "FirmYearKey":
        """Whose and which year it is."""
        return FirmYearKey(self.authority, self.firm, self.group, self.year)


@dataclass(frozen=True, slots=True, order=True)
class FirmYearKey:
    """Identifies a firm-year; transactions that need several lock them in this order."""

    authority: AuthorityId
    firm: FirmId
    group: str
    year: int


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher: a hold on a pool for one order, later what is due for it.

    ``by_periods`` says that it was redeemed on an invoice that names periods: it leaves room for the next one of its
    order (RULINGS 22).
    """

    id: VoucherId
    authority: AuthorityId
    pool: PoolId
    instrument: str
    group: str
    firm: FirmId
    order: OrderId
    state: VoucherState
    year: int
    base: Money
    amount: Money
    invoice: InvoiceId | None
    event_on: date | None
    revision: Digest
    facts_digest: Digest
    held_at: Moment
    expires_at: Moment
    case: CaseId | None
    round: VoucherRoundId | None = None
    by_periods: bool = False

    @property
    def firm_year(self) -> FirmYearKey:
        """The firm-year it counts in."""
        return FirmYearKey(self.authority, self.firm, self.group, self.year)


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of a quote; ``amounts`` and ``parameters`` are its figures, ``binds`` says it decides the amount."""

    code: str
    clause: str
    amounts: Mapping[str, Money]
    parameters: Mapping[str, Parameter]
    binds: bool = False


@dataclass(frozen=True, slots=True)
class VoucherQuote:
    """What a voucher would cover of an order today, every limit, every condition, and what it rests on.

    ``facts`` is everything the verdict was made of, as JSON: with it and the policy revision the verdict is made again.
    """

    order: OrderId
    firm: FirmId
    authority: AuthorityId
    instrument: str
    document: str
    title_en: str
    title_zh: str
    pool: PoolId | None
    year: int
    base: Money
    amount: Money
    limits: tuple[Limit, ...]
    conditions: tuple[Condition, ...]
    open_assumptions: tuple[Assumption, ...]
    revision: Digest
    facts: dict[str, Json]
    statements: tuple[Statement, ...] = ()


class DecisionStep(StrEnum):
    """What of a voucher is decided on facts that are kept, in the order of its life."""

    HELD = "held"
    REDEEMED = "redeemed"
    LESSENED = "lessened"
    """What it claimed was lessened (核减), since less of its purchase stands; this may happen several times."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a step of a voucher was decided on: revision, rulings and facts, kept so that it can be replayed.

    ``number`` counts the decisions of one step, from 1.
    """

    voucher: VoucherId
    step: DecisionStep
    decided_at: Moment
    revision: Digest
    facts_digest: Digest
    facts: dict[str, Json]
    number: int = 1


@dataclass(frozen=True, slots=True)
class Posting:
    """Money moved from one account to another, whole fen, with the voucher or case it is for."""

    id: PostingId
    debit: str
    credit: str
    amount: Money
    subject: str
    posted_at: Moment


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account with everything that was ever posted to it, and the balance that is kept beside."""

    account: str
    debit: Money
    credit: Money
    balance: Money
    is_credit_account: bool

    @property
    def is_right(self) -> bool:
        """Whether the balance is what the postings say."""
        more, less = (self.credit, self.debit) if self.is_credit_account else (self.debit, self.credit)
        return more.fen - less.fen == self.balance.fen


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What a verification of the ledger went through, all of it found right."""

    accounts: int
    postings: int
    pools: int
    firm_years: int
    vouchers: int
    appropriations: int


@dataclass(frozen=True, slots=True)
class Appropriation:
    """What finance may instruct on one budget line in one year, and what it has (RULINGS 18)."""

    authority: AuthorityId
    budget_year: int
    line: str
    appropriated: Money
    instructed: Money


@dataclass(frozen=True, slots=True)
class OpenPool:
    """Open a pool that a policy document names."""

    document: str
    pool: str


@dataclass(frozen=True, slots=True)
class Appropriate:
    """Record money that was appropriated to a budget line by a numbered document."""

    budget_year: int
    line: str
    amount: Money
    number: str

    def __post_init__(self) -> None:
        """Refuse what cannot be a year, a line, an amount or a number. Raises InvalidValueError."""
        if not 2000 <= self.budget_year <= 2999:
            raise InvalidValueError("budget_year_malformed", given=self.budget_year)
        if not BUDGET_LINE.fullmatch(self.line):
            raise InvalidValueError("budget_line_malformed", given=self.line[:60])
        if not self.amount:
            raise InvalidValueError("appropriation_without_amount")
        if not self.number.strip() or len(self.number) > 100 or not self.number.isprintable():
            raise InvalidValueError("appropriation_number_malformed", given=self.number[:60])


@dataclass(frozen=True, slots=True)
class SettledLine:
    """One line of a payment batch: whom, how much, by which clause, to which account."""

    voucher: VoucherId
    firm: FirmId
    amount: Money
    instrument: str
    clause: str
    payee: Payee


@dataclass(frozen=True, slots=True)
class RedeemVoucher:
    """Redeem a voucher on an invoice, and say where the money is to go."""

    voucher: VoucherId
    invoice: InvoiceId
    payee: PayeeGiven
