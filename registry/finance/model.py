"""Payments as our books and as a file of finance have them, and what differs between the two."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from registry.errors import InvalidValueError
from registry.policy.plain_text import require_text
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, ReconciliationId
from registry.values.moment import Moment
from registry.values.money import Money

LINES_MAX: Final = 10_000
"""How many lines a file of finance and our side of a year may have."""
STATEMENT_LENGTH_MAX: Final = 2_000
YEARS: Final = range(2000, 3000)


@dataclass(frozen=True, slots=True, order=True)
class PaymentKey:
    """What finance knows a payment by: the budget line and the number of the payment voucher."""

    line: str
    number: str


@dataclass(frozen=True, slots=True)
class OwnPayment:
    """An instruction of a year as our books have it: of all cases with its number together.

    ``paid_on`` is the last day the bank paid; ``payee`` the digest of the account, or of those of all lines together.
    ``open`` is what is neither paid nor sent back.
    """

    key: PaymentKey
    cases: tuple[str, ...]
    instructed: Money
    paid: Money
    open: Money
    paid_on: date | None
    bank_receipts: tuple[str, ...]
    payee: Digest | None

    def as_json(self) -> dict[str, Json]:
        """Return the payment as it is digested."""
        return {
            "line": self.key.line,
            "number": self.key.number,
            "cases": list(self.cases),
            "instructed_fen": self.instructed.fen,
            "paid_fen": self.paid.fen,
            "open_fen": self.open.fen,
            "paid_on": self.paid_on.isoformat() if self.paid_on else None,
            "bank_receipts": list(self.bank_receipts),
            "payee": str(self.payee) if self.payee else None,
        }


@dataclass(frozen=True, slots=True)
class FinancePayment:
    """A payment as a file of finance has it; ``row`` is its number in the file, without ``payee`` none was stated."""

    row: int
    key: PaymentKey
    amount: Money
    paid_on: date
    payee: Digest | None


class DifferenceKind(StrEnum):
    """How our books and finance differ on a payment."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount_differs"
    DATE = "date_differs"
    PAYEE = "payee_differs"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference on one payment: what stands here and what there; ``row`` is that of the file, if it has one."""

    kind: DifferenceKind
    key: PaymentKey
    here: str
    there: str
    row: int | None

    def as_json(self) -> dict[str, Json]:
        """Return the difference as it is kept."""
        return {
            "kind": self.kind.value,
            "line": self.key.line,
            "number": self.key.number,
            "here": self.here,
            "there": self.there,
            "row": self.row,
        }


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A comparison of a budget year with a file of finance, and who signed it off.

    ``file`` is the digest of the file, ``ours`` that of our side when it was compared.
    """

    id: ReconciliationId
    authority: AuthorityId
    budget_year: int
    file: Digest
    ours: Digest
    payments: int
    rows: int
    differences: tuple[Difference, ...]
    made_by: AccountId
    made_at: Moment
    signed_by: AccountId | None = None
    signed_at: Moment | None = None
    statement: str | None = None


@dataclass(frozen=True, slots=True)
class SignReconciliation:
    """Sign a comparison off; what differs is explained in ``statement``."""

    reconciliation: ReconciliationId
    file: Digest
    statement: str

    def __post_init__(self) -> None:
        """Refuse a statement that is none. Raises InvalidValueError."""
        require_text(self.statement, "statement", STATEMENT_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class ProposeClosing:
    """Close a budget year, with the open instructions that are carried over as (case, number of the document)."""

    budget_year: int
    carried: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        """Refuse numbers that are none, and a case that is named twice. Raises InvalidValueError."""
        for _, number in self.carried:
            require_text(number, "carried.number", 100)
        if len({case for case, _ in self.carried}) != len(self.carried):
            raise InvalidValueError("carried_twice")
