"""Vouchers: what public money covers of a purchase, holding it, redeeming it, and the books it is kept in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Position:
    """A checkpoint of the log by its size, root in hex and log time; size 0: there is none yet."""

    size: int
    root: str
    logged_at: str | None = None


@dataclass(frozen=True, slots=True)
class PoolStanding:
    """The accounts of a pool at a checkpoint; ``later`` postings are made and not in it yet."""

    position: Position
    later: int
    used_fen: int
    left_fen: int
    balances_fen: dict[str, int]


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of public money and what is left of it, now and at a ``checkpoint`` of the log."""

    id: str
    authority: str
    document: str
    name: str
    budget_fen: int
    budget_text: str
    used_fen: int
    used_text: str
    left_fen: int
    left_text: str
    opened_at: str
    checkpoint: PoolStanding | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound on a voucher and what it leaves; ``binds`` when it decides the amount."""

    code: str
    amount_fen: int
    amount_text: str
    binds: bool
    detail: str


@dataclass(frozen=True, slots=True)
class VoucherCondition:
    """One condition: ``met``, ``unmet`` or ``unknown``; ``detail`` says what to do where it is not met."""

    code: str
    clause: str
    finding: str
    detail: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenAssumption:
    """A silent place of the policy that no ruling has answered yet."""

    id: str
    clause: str
    question: str
    reason: str


@dataclass(frozen=True, slots=True)
class QuoteStatement:
    """One sentence of a quote with its figures, amounts in fen; ``binds`` where it says what decides the amount."""

    code: str
    clause: str
    binds: bool
    figures: dict[str, Any]
    detail: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What a voucher would cover of an order today; it promises nothing."""

    order: str
    instrument: str
    title: str
    document: str
    pool: str | None
    year: int
    base_fen: int
    amount_fen: int
    amount_text: str
    amount_capitals: str
    binds: str
    limits: tuple[Limit, ...]
    eligible: bool
    conditions: tuple[VoucherCondition, ...]
    open_assumptions: tuple[OpenAssumption, ...]
    revision: str
    statements: tuple[QuoteStatement, ...] = ()


@dataclass(frozen=True, slots=True)
class Voucher:
    """A voucher: held, redeemed, settled, instructed, paid, returned, released or expired."""

    id: str
    state: str
    instrument: str
    pool: str
    firm: str
    order: str
    year: int
    base_fen: int
    amount_fen: int
    amount_text: str
    amount_capitals: str
    invoice: str | None
    event_on: str | None
    held_at: str
    expires_at: str
    case: str | None
    revision: str
    facts_digest: str
    round: str | None = None


@dataclass(frozen=True, slots=True)
class FirmYear:
    """What a firm uses of its cap in a year."""

    authority: str
    firm: str
    group: str
    year: int
    cap_fen: int
    cap_text: str
    base_fen: int
    used_fen: int
    used_text: str
    left_fen: int
    left_text: str


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """An account of the ledger, with the sums of what was posted to it."""

    account: str
    debit_fen: int
    credit_fen: int
    balance_fen: int
    balance_text: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """The accounts of an authority, and whether they balance."""

    accounts: tuple[LedgerAccount, ...]
    balanced: bool


@dataclass(frozen=True, slots=True)
class Appropriation:
    """A budget line: what was appropriated to it, and what was instructed."""

    authority: str
    budget_year: int
    line: str
    appropriated_fen: int
    instructed_fen: int
    left_fen: int


class Vouchers:
    """Vouchers, pools and the ledger of one service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def open_pool(self, document: str, pool: str) -> Pool:
        """Open a pool that a loaded policy document names. Raises SancaiError."""
        return shaped(Pool, self._session.post("/pools", {"document": document, "pool": pool}))

    def pools(self) -> tuple[Pool, ...]:
        """Return every pool. Raises SancaiError."""
        return tuple(shaped(Pool, item) for item in self._session.get("/pools")["items"])

    def pool(self, pool: str) -> Pool:
        """Return a pool. Raises SancaiError."""
        return shaped(Pool, self._session.get(f"/pools/{pool}"))

    def quote(self, order: str) -> Quote:
        """Return what a voucher would cover of an order today. Raises SancaiError."""
        return shaped(Quote, self._session.get("/voucher-quote", order=order))

    def hold(self, order: str) -> Voucher:
        """Hold a voucher for an order. Raises SancaiError; ``RuleError`` lists every obstacle."""
        return shaped(Voucher, self._session.post("/vouchers", {"order": order}))

    def redeem(self, voucher: str, invoice: str, *, account_name: str, bank: str, account_number: str) -> Voucher:
        """Redeem a voucher on a verified, paid invoice, to be paid to the firm's own account. Raises SancaiError."""
        payee = {"account_name": account_name, "bank": bank, "account_number": account_number}
        return shaped(Voucher, self._session.post(f"/vouchers/{voucher}/redeem", {"invoice": invoice, "payee": payee}))

    def release(self, voucher: str) -> Voucher:
        """Give a held voucher back. Raises SancaiError."""
        return shaped(Voucher, self._session.post(f"/vouchers/{voucher}/release"))

    def lessen(self, voucher: str) -> Voucher:
        """Lessen what an unpaid voucher claims to what is left of its invoice (officers). Raises SancaiError."""
        return shaped(Voucher, self._session.post(f"/vouchers/{voucher}/lessen"))

    def voucher(self, voucher: str) -> Voucher:
        """Return a voucher. Raises SancaiError."""
        return shaped(Voucher, self._session.get(f"/vouchers/{voucher}"))

    def vouchers(self) -> Iterator[Voucher]:
        """Yield vouchers, newest first. Raises SancaiError."""
        return (shaped(Voucher, item) for item in self._session.pages("/vouchers"))

    def firm_years(self, firm: str | None = None, year: int | None = None) -> tuple[FirmYear, ...]:
        """Return what firms use of their yearly caps; a firm sees its own. Raises SancaiError."""
        items = self._session.get("/firm-years", firm=firm, year=year)["items"]
        return tuple(shaped(FirmYear, item) for item in items)

    def ledger(self) -> Ledger:
        """Return the accounts of your authority. Raises SancaiError."""
        return shaped(Ledger, self._session.get("/ledger"))

    def appropriate(self, budget_year: int, line: str, amount_fen: int, number: str) -> Appropriation:
        """Record money appropriated to a budget line by document ``number``. Raises SancaiError."""
        body = {"budget_year": budget_year, "line": line, "amount_fen": amount_fen, "number": number}
        return shaped(Appropriation, self._session.post("/appropriations", body))

    def appropriations(self) -> tuple[Appropriation, ...]:
        """Return the budget lines of your authority. Raises SancaiError."""
        return tuple(shaped(Appropriation, item) for item in self._session.get("/appropriations")["items"])
