"""What pools, quotes, vouchers, firm-years and the ledger look like in answers."""

from typing import Self

from api.door import Answer
from api.problems import language
from api.v1.desk_views import PoolStandingView
from api.wording import sentence
from registry.errors import Finding
from registry.policy.assumptions import Assumption
from registry.policy.model import Condition
from registry.policy.rules import Limit, LimitKind
from registry.vouchers.desk_model import PoolStanding
from registry.vouchers.model import (
    AccountLine,
    Appropriation,
    FirmYear,
    Pool,
    Statement,
    Voucher,
    VoucherQuote,
    VoucherState,
)


class PoolView(Answer):
    """A pool and what is left of it: at this instant, and as a function of the ``checkpoint`` that is named."""

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
    checkpoint: PoolStandingView | None = None

    @classmethod
    def of(cls, pool: Pool, standing: PoolStanding | None = None) -> Self:
        """Return the view of a pool, with its totals at a checkpoint where they are asked for."""
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
            checkpoint=PoolStandingView.of(standing) if standing else None,
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


class QuoteStatementView(Answer):
    """One sentence of a quote with its figures; ``binds`` where it says what decides the amount."""

    code: str
    clause: str
    binds: bool
    figures: dict[str, str | int | bool | None]
    detail: str

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """Return the view of a sentence in the reader's language."""
        words = {name: str(amount) for name, amount in statement.amounts.items()}
        fen = {f"{name}_fen": amount.fen for name, amount in statement.amounts.items()}
        return cls(
            code=statement.code,
            clause=statement.clause,
            binds=statement.binds,
            figures={**statement.parameters, **fen},
            detail=sentence(statement.code, {**statement.parameters, **words}, language()),
        )


class QuoteView(Answer):
    """What a voucher would cover of an order today; ``binds`` names the limit that decides.

    ``statements`` say it in sentences: who may buy from whom, every limit, what excludes it, and last what binds.
    """

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
    statements: list[QuoteStatementView]
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
            statements=[QuoteStatementView.of(each) for each in quote.statements],
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
    round: str | None
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
            round=voucher.round,
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
