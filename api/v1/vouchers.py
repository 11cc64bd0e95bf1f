"""Vouchers over HTTP: pools, quotes, holds, redemptions, firm-years and the ledger."""

from typing import Self

from flask import Response
from pydantic import Field

from api.calls import cursor_of, position_of, read, write
from api.door import Answer, Door, Fen, PageQuery, Strict, Whole
from api.problems import language
from api.wording import sentence
from registry.actors.model import Action
from registry.errors import Finding
from registry.policy.assumptions import Assumption
from registry.policy.model import Condition
from registry.policy.rules import Limit, LimitKind
from registry.values.identifiers import FirmId, InvoiceId, OrderId, PoolId, VoucherId
from registry.values.money import Money
from registry.vouchers import service
from registry.vouchers.model import (
    AccountLine,
    Appropriate,
    Appropriation,
    FirmYear,
    OpenPool,
    Pool,
    Voucher,
    VoucherQuote,
    VoucherState,
)

door = Door("vouchers", __name__, url_prefix="/v1")


class PoolBody(Strict):
    """A pool that a loaded policy document names, for example ``yz-4``."""

    document: str = Field(max_length=100)
    pool: str = Field(max_length=100)

    def command(self) -> OpenPool:
        """Return the command."""
        return OpenPool(self.document, self.pool)


class HoldBody(Strict):
    """The order a voucher is held for."""

    order: str = Field(max_length=60)


class RedeemBody(Strict):
    """The invoice a voucher is redeemed on."""

    invoice: str = Field(max_length=60)


class AppropriationBody(Strict):
    """Money appropriated to a budget line by a numbered document."""

    budget_year: Whole
    line: str = Field(max_length=60)
    amount_fen: Fen
    number: str = Field(max_length=100)

    def command(self) -> Appropriate:
        """Return the command. Raises InvalidValueError."""
        return Appropriate(self.budget_year, self.line, Money(self.amount_fen), self.number)


class QuoteQuery(Strict):
    """The order that is asked about."""

    order: str = Field(max_length=60)


class FirmYearsQuery(Strict):
    """Whose years, and which; a firm sees its own."""

    firm: str | None = Field(default=None, max_length=60)
    year: int | None = Field(default=None, ge=2000, le=2999)


class PoolView(Answer):
    """A pool and what is left of it."""

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

    @classmethod
    def of(cls, pool: Pool) -> Self:
        """Return the view of a pool."""
        return cls(
            id=pool.id,
            authority=pool.authority,
            document=pool.document,
            name=pool.name,
            budget_fen=pool.budget.fen,
            budget_text=str(pool.budget),
            used_fen=pool.used.fen,
            used_text=str(pool.used),
            left_fen=pool.left.fen,
            left_text=str(pool.left),
            opened_at=str(pool.opened_at),
        )


class PoolsView(Answer):
    """Every pool."""

    items: list[PoolView]
    next_cursor: str | None = None


class LimitView(Answer):
    """One bound on a voucher, what it leaves, in figures and words."""

    code: LimitKind
    amount_fen: int
    amount_text: str
    binds: bool
    detail: str

    @classmethod
    def of(cls, limit: Limit) -> Self:
        """Return the view of a limit."""
        words = sentence(f"voucher_limit_{limit.kind.value}", {"left": str(limit.left)}, language())
        return cls(
            code=limit.kind,
            amount_fen=limit.left.fen,
            amount_text=str(limit.left),
            binds=limit.binds,
            detail=words,
        )


class VoucherConditionView(Answer):
    """One condition of a voucher, what is known of it, and what to do where it is not met."""

    code: str
    clause: str
    finding: Finding
    detail: str
    evidence: list[str]

    @classmethod
    def of(cls, condition: Condition) -> Self:
        """Return the view of a condition; one that is met needs no advice."""
        met = condition.finding is Finding.MET
        return cls(
            code=condition.code,
            clause=condition.clause,
            finding=condition.finding,
            detail="" if met else sentence(condition.code, condition.parameters, language()),
            evidence=list(condition.evidence),
        )


class OpenAssumptionView(Answer):
    """A silent place no ruling has answered yet: a quote goes by its default, a payment waits for the ruling."""

    id: str
    clause: str
    question: str
    reason: str

    @classmethod
    def of(cls, assumption: Assumption) -> Self:
        """Return the view of an open assumption in the reader's language."""
        chinese = language() == "zh"
        return cls(
            id=assumption.id,
            clause=assumption.clause,
            question=assumption.question_zh if chinese else assumption.question_en,
            reason=assumption.reason_zh if chinese else assumption.reason_en,
        )


class QuoteView(Answer):
    """What a voucher would cover of an order today; ``binds`` names the limit that decides."""

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
    binds: LimitKind
    limits: list[LimitView]
    eligible: bool
    conditions: list[VoucherConditionView]
    open_assumptions: list[OpenAssumptionView]
    revision: str

    @classmethod
    def of(cls, quote: VoucherQuote) -> Self:
        """Return the view of a quote."""
        return cls(
            order=quote.order,
            instrument=quote.instrument,
            title=quote.title_zh if language() == "zh" else quote.title_en,
            document=quote.document,
            pool=quote.pool,
            year=quote.year,
            base_fen=quote.base.fen,
            amount_fen=quote.amount.fen,
            amount_text=str(quote.amount),
            amount_capitals=quote.amount.in_capitals(),
            binds=next(limit.kind for limit in quote.limits if limit.binds),
            limits=[LimitView.of(each) for each in quote.limits],
            eligible=all(each.finding is Finding.MET for each in quote.conditions),
            conditions=[VoucherConditionView.of(each) for each in quote.conditions],
            open_assumptions=[OpenAssumptionView.of(each) for each in quote.open_assumptions],
            revision=str(quote.revision),
        )


class VoucherView(Answer):
    """A voucher."""

    id: str
    state: VoucherState
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

    @classmethod
    def of(cls, voucher: Voucher) -> Self:
        """Return the view of a voucher."""
        return cls(
            id=voucher.id,
            state=voucher.state,
            instrument=voucher.instrument,
            pool=voucher.pool,
            firm=voucher.firm,
            order=voucher.order,
            year=voucher.year,
            base_fen=voucher.base.fen,
            amount_fen=voucher.amount.fen,
            amount_text=str(voucher.amount),
            amount_capitals=voucher.amount.in_capitals(),
            invoice=voucher.invoice,
            event_on=voucher.event_on.isoformat() if voucher.event_on else None,
            held_at=str(voucher.held_at),
            expires_at=str(voucher.expires_at),
            case=voucher.case,
            revision=str(voucher.revision),
            facts_digest=str(voucher.facts_digest),
        )


class VouchersView(Answer):
    """A page of vouchers."""

    items: list[VoucherView]
    next_cursor: str | None


class FirmYearView(Answer):
    """What a firm uses of its yearly cap."""

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

    @classmethod
    def of(cls, firm_year: FirmYear) -> Self:
        """Return the view of a firm-year."""
        left = firm_year.cap - firm_year.used
        return cls(
            authority=firm_year.authority,
            firm=firm_year.firm,
            group=firm_year.group,
            year=firm_year.year,
            cap_fen=firm_year.cap.fen,
            cap_text=str(firm_year.cap),
            base_fen=firm_year.base.fen,
            used_fen=firm_year.used.fen,
            used_text=str(firm_year.used),
            left_fen=left.fen,
            left_text=str(left),
        )


class FirmYearsView(Answer):
    """Firm-years."""

    items: list[FirmYearView]
    next_cursor: str | None = None


class AccountLineView(Answer):
    """An account of the ledger."""

    account: str
    debit_fen: int
    credit_fen: int
    balance_fen: int
    balance_text: str

    @classmethod
    def of(cls, line: AccountLine) -> Self:
        """Return the view of an account."""
        return cls(
            account=line.account,
            debit_fen=line.debit.fen,
            credit_fen=line.credit.fen,
            balance_fen=line.balance.fen,
            balance_text=str(line.balance),
        )


class LedgerView(Answer):
    """The accounts of an authority; ``balanced``: debits equal credits, and every balance is what was posted."""

    accounts: list[AccountLineView]
    balanced: bool

    @classmethod
    def of(cls, lines: list[AccountLine]) -> Self:
        """Return the view of a ledger."""
        debit, credit = sum(line.debit.fen for line in lines), sum(line.credit.fen for line in lines)
        return cls(
            accounts=[AccountLineView.of(line) for line in lines],
            balanced=debit == credit and all(line.is_right for line in lines),
        )


class AppropriationView(Answer):
    """A budget line: what was appropriated to it and what was instructed."""

    authority: str
    budget_year: int
    line: str
    appropriated_fen: int
    instructed_fen: int
    left_fen: int

    @classmethod
    def of(cls, appropriation: Appropriation) -> Self:
        """Return the view of a budget line."""
        return cls(
            authority=appropriation.authority,
            budget_year=appropriation.budget_year,
            line=appropriation.line,
            appropriated_fen=appropriation.appropriated.fen,
            instructed_fen=appropriation.instructed.fen,
            left_fen=(appropriation.appropriated - appropriation.instructed).fen,
        )


class AppropriationsView(Answer):
    """The budget lines of an authority."""

    items: list[AppropriationView]
    next_cursor: str | None = None


# Pools.


@door.operation("POST", "/pools", {201: PoolView}, action=Action.OPEN_POOL)
def open_pool(body: PoolBody) -> Response:
    """Open a pool with the budget its policy document states."""
    return write(lambda work: service.open_pool(work, body.command()), PoolView.of)


@door.operation("GET", "/pools", {200: PoolsView}, public=True)
def list_pools() -> Response:
    """List the pools of public money."""
    return read(service.pools, lambda found: PoolsView(items=[PoolView.of(each) for each in found]))


@door.operation("GET", "/pools/<pool>", {200: PoolView}, public=True)
def show_pool(pool: str) -> Response:
    """Show a pool and what is left of it."""
    return read(lambda view: service.pool(view, PoolId(pool)), PoolView.of)


# Vouchers.


@door.operation("GET", "/voucher-quote", {200: QuoteView}, action=Action.READ_VOUCHER, problems=(404, 422))
def quote_voucher(query: QuoteQuery) -> Response:
    """Quote what a voucher would cover of an order today; it promises nothing."""
    return read(lambda view: service.quote(view, OrderId(query.order)), QuoteView.of)


@door.operation("POST", "/vouchers", {201: VoucherView}, action=Action.HOLD_VOUCHER)
def hold_voucher(body: HoldBody) -> Response:
    """Hold a voucher for an order."""
    return write(lambda work: service.hold(work, OrderId(body.order)), VoucherView.of)


@door.operation("POST", "/vouchers/<voucher>/redeem", {200: VoucherView}, action=Action.REDEEM_VOUCHER)
def redeem_voucher(voucher: str, body: RedeemBody) -> Response:
    """Redeem a voucher on a verified, paid invoice."""
    return write(lambda work: service.redeem(work, VoucherId(voucher), InvoiceId(body.invoice)), VoucherView.of, 200)


@door.operation("POST", "/vouchers/<voucher>/release", {200: VoucherView}, action=Action.HOLD_VOUCHER)
def release_voucher(voucher: str) -> Response:
    """Give a held voucher back."""
    return write(lambda work: service.release(work, VoucherId(voucher)), VoucherView.of, 200)


@door.operation("GET", "/vouchers", {200: VouchersView}, action=Action.READ_VOUCHER)
def list_vouchers(query: PageQuery) -> Response:
    """List vouchers, newest first."""
    position = position_of(query.cursor, 1)
    after = VoucherId(str(position[0])) if position else None

    def present(found: list[Voucher]) -> VouchersView:
        shown = found[: query.limit]
        more = cursor_of([shown[-1].id]) if len(found) > query.limit else None
        return VouchersView(items=[VoucherView.of(each) for each in shown], next_cursor=more)

    return read(lambda view: service.vouchers(view, after, query.limit + 1), present)


@door.operation("GET", "/vouchers/<voucher>", {200: VoucherView}, action=Action.READ_VOUCHER)
def show_voucher(voucher: str) -> Response:
    """Show a voucher."""
    return read(lambda view: service.voucher(view, VoucherId(voucher)), VoucherView.of)


@door.operation("GET", "/firm-years", {200: FirmYearsView}, action=Action.READ_VOUCHER, problems=(404,))
def list_firm_years(query: FirmYearsQuery) -> Response:
    """Show what firms use of their yearly caps."""
    firm = FirmId(query.firm) if query.firm else None
    return read(
        lambda view: service.firm_years(view, firm, query.year),
        lambda found: FirmYearsView(items=[FirmYearView.of(each) for each in found]),
    )


# The ledger and budget lines.


@door.operation("GET", "/ledger", {200: LedgerView}, action=Action.READ_LEDGER)
def show_ledger() -> Response:
    """Show the accounts of one's authority and whether they balance."""
    return read(service.ledger_lines, LedgerView.of)


@door.operation("POST", "/appropriations", {201: AppropriationView}, action=Action.APPROPRIATE)
def appropriate(body: AppropriationBody) -> Response:
    """Record money appropriated to a budget line."""
    return write(lambda work: service.appropriate(work, body.command()), AppropriationView.of)


@door.operation("GET", "/appropriations", {200: AppropriationsView}, action=Action.READ_LEDGER)
def list_appropriations() -> Response:
    """List the budget lines of one's authority."""
    return read(
        service.appropriations,
        lambda found: AppropriationsView(items=[AppropriationView.of(each) for each in found]),
    )
