"""Vouchers, pools, firm-years and the accounts of the ledger.

A voucher is bound to one firm and one order and never changes hands (F13 of POLICY §5). It moves

    held → redeemed → settled → instructed → paid | returned
    held → released | expired          returned → instructed

and its money moves between accounts of its pool at each step; no step moves money out of the house: that is finance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from registry.values.identifiers import AuthorityId, CaseId, FirmId, InvoiceId, OrderId, PoolId, PostingId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money

HOLD_LIFE: Final = timedelta(days=90)


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
    VoucherState.REDEEMED: frozenset({VoucherState.SETTLED}),
    VoucherState.SETTLED: frozenset({VoucherState.INSTRUCTED, VoucherState.REDEEMED}),
    VoucherState.INSTRUCTED: frozenset({VoucherState.PAID, VoucherState.RETURNED}),
    VoucherState.RETURNED: frozenset({VoucherState.INSTRUCTED}),
    VoucherState.PAID: frozenset(),
    VoucherState.RELEASED: frozenset(),
    VoucherState.EXPIRED: frozenset(),
}
"""A settled voucher goes back to redeemed when its batch is refused or its line withdrawn."""

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


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher: a hold on a pool for one order, later what is due for it."""

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
    revision: str
    facts_digest: str
    held_at: Moment
    expires_at: Moment
    case: CaseId | None


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
class SettledLine:
    """One line of a payment batch: whom, how much, by which clause."""

    voucher: VoucherId
    firm: FirmId
    amount: Money
    instrument: str
    clause: str
