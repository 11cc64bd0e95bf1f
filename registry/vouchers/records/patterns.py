"""Claims as patterns see them, and what officers decided of findings."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Row, Table, Text, func, insert, select

from registry.exchange.records import orders
from registry.values.identifiers import AccountId, AuthorityId, FirmId, VoucherId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from registry.vouchers.model import COUNTING, DecisionStep, Voucher, VoucherState
from registry.vouchers.patterns.model import PatternCode, PatternDecision, PatternOutcome
from registry.vouchers.records.vouchers import decisions, voucher_in, vouchers
from storage.database import Connection, Writes, metadata, rows_may

pattern_decisions = Table(
    "voucher_pattern_decisions",
    metadata,
    Column("voucher_id", IdColumn(VoucherId), ForeignKey("vouchers.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("pattern", Key, nullable=False),
    Column("digest", DigestColumn, nullable=False),
    Column("outcome", Key, CheckConstraint("outcome IN ('cleared', 'upheld')", "outcome"), nullable=False),
    Column("document_number", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", IdColumn(AccountId), nullable=False),
    Column("decided_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)
"""Of several decisions on one finding the newest holds; none is changed."""

ClaimRow = tuple[Voucher, Moment, dict[str, Any]]
"""A redeemed voucher, when it was redeemed, and the figures it was decided by."""


def _claims(*conditions: Any) -> Any:
    states = [state.value for state in COUNTING - {VoucherState.HELD}]
    return (
        select(vouchers, decisions.c.decided_at.label("redeemed_at"), decisions.c.facts["amounts"].label("amounts"))
        .join(decisions, (decisions.c.voucher_id == vouchers.c.id) & (decisions.c.step == DecisionStep.REDEEMED.value))
        .join(orders, orders.c.id == vouchers.c.order_id)
        .where(vouchers.c.state.in_(states), *conditions)
    )


def _claim(row: Row[Any]) -> ClaimRow:
    return voucher_in(row), row.redeemed_at, dict(row.amounts)


def claim_row(connection: Connection, voucher: VoucherId) -> ClaimRow | None:
    """Return a redeemed voucher with what it was decided by."""
    row = connection.execute(_claims(vouchers.c.id == voucher)).one_or_none()
    return _claim(row) if row else None


def claims_with(
    connection: Connection, authority: AuthorityId, seller: FirmId, since: Moment, limit: int
) -> list[ClaimRow]:
    """Return the claims on purchases from a seller that were redeemed since an instant, the newest first."""
    query = _claims(
        vouchers.c.authority_id == authority, orders.c.seller_id == seller, decisions.c.decided_at >= since
    ).order_by(decisions.c.decided_at.desc(), vouchers.c.id)
    return [_claim(row) for row in connection.execute(query.limit(limit))]


def claims_in_year(connection: Connection, like: Voucher, limit: int) -> list[ClaimRow]:
    """Return the claims of the firm-year of a voucher."""
    key = like.firm_year
    query = _claims(
        vouchers.c.authority_id == key.authority,
        vouchers.c.firm_id == key.firm,
        vouchers.c.group == key.group,
        vouchers.c.year == key.year,
    ).order_by(vouchers.c.id)
    return [_claim(row) for row in connection.execute(query.limit(limit))]


def add_pattern_decision(connection: Connection, voucher: VoucherId, made: PatternDecision) -> None:
    """Write what an officer decided of a finding."""
    newest = select(func.coalesce(func.max(pattern_decisions.c.number), 0) + 1).where(
        pattern_decisions.c.voucher_id == voucher
    )
    connection.execute(
        insert(pattern_decisions).values(
            voucher_id=voucher,
            number=newest.scalar_subquery(),
            pattern=made.pattern.value,
            digest=made.digest,
            outcome=made.outcome.value,
            document_number=made.number,
            reason=made.reason,
            decided_by=made.decided_by,
            decided_at=made.decided_at,
        )
    )


def pattern_decisions_of(
    connection: Connection, wanted: Collection[VoucherId]
) -> dict[VoucherId, tuple[PatternDecision, ...]]:
    """Return what was decided of the findings of vouchers, in the order it was decided."""
    query = select(pattern_decisions).where(pattern_decisions.c.voucher_id.in_(wanted))
    found: dict[VoucherId, tuple[PatternDecision, ...]] = {}
    for row in connection.execute(query.order_by(pattern_decisions.c.voucher_id, pattern_decisions.c.number)):
        made = PatternDecision(
            PatternCode(row.pattern),
            row.digest,
            PatternOutcome(row.outcome),
            row.document_number,
            row.reason,
            row.decided_by,
            row.decided_at,
        )
        found[row.voucher_id] = (*found.get(row.voucher_id, ()), made)
    return found
