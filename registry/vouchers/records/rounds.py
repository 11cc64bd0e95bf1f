"""Rounds of pools, and what was requested in closed ones."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.policy.model import Allocation
from registry.values.identifiers import (
    AccountId,
    FirmId,
    OrderId,
    PoolId,
    VoucherId,
    VoucherRequestId,
    VoucherRoundId,
)
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn, MoneyColumn
from registry.vouchers.records.columns import authority_column
from registry.vouchers.round_model import (
    ALLOCATIONS,
    MovedClosing,
    VoucherRequest,
    VoucherRequestState,
    VoucherRound,
)
from storage.database import Connection, Writes, metadata, rows_may

rounds_of_pools = Table(
    "voucher_rounds",
    metadata,
    Column("id", IdColumn(VoucherRoundId), primary_key=True),
    authority_column(),
    Column("pool_id", IdColumn(PoolId), ForeignKey("pools.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("opens_at", MomentColumn, nullable=False),
    Column("closes_at", MomentColumn, nullable=False),
    Column("budget", MoneyColumn, CheckConstraint("budget > 0", "budget"), nullable=False),
    # The last wall: whatever the code does, a round gives out no more than its budget.
    Column("used", MoneyColumn, CheckConstraint("used BETWEEN 0 AND budget", "used_within_budget"), nullable=False),
    Column(
        "allocation",
        Key,
        CheckConstraint(f"allocation IN ({', '.join(repr(each.value) for each in sorted(ALLOCATIONS))})", "allocation"),
        nullable=False,
    ),
    Column("published_at", MomentColumn, nullable=False),
    Column("published_by", IdColumn(AccountId)),
    Column("cancelled_at", MomentColumn),
    Column("divided_at", MomentColumn),
    CheckConstraint("opens_at < closes_at", "window"),
    CheckConstraint("divided_at IS NULL OR (allocation = 'pro_rata' AND cancelled_at IS NULL)", "divided"),
    **rows_may(Writes.UPDATE),
)


moved_closings = Table(
    "voucher_round_closings",
    metadata,
    Column(
        "round_id", IdColumn(VoucherRoundId), ForeignKey("voucher_rounds.id", ondelete="RESTRICT"), primary_key=True
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("closed_before", MomentColumn, nullable=False),
    Column("closes_at", MomentColumn, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("moved_at", MomentColumn, nullable=False),
    Column("moved_by", IdColumn(AccountId)),
    CheckConstraint("closed_before < closes_at", "later"),
    **rows_may(Writes.APPEND),
)


_STATES = ", ".join(repr(state.value) for state in VoucherRequestState)
_STANDS = f"state <> '{VoucherRequestState.WITHDRAWN.value}'"

voucher_requests = Table(
    "voucher_requests",
    metadata,
    Column("id", IdColumn(VoucherRequestId), primary_key=True),
    Column("round_id", IdColumn(VoucherRoundId), ForeignKey("voucher_rounds.id", ondelete="RESTRICT"), nullable=False),
    authority_column(),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False),
    Column("filed_at", MomentColumn, nullable=False),
    Column("filed_by", IdColumn(AccountId)),
    Column("state", Key, CheckConstraint(f"state IN ({_STATES})", "state"), nullable=False),
    Column("ceiling", MoneyColumn, CheckConstraint("ceiling >= 0", "ceiling"), nullable=False),
    Column("amount", MoneyColumn, CheckConstraint("amount BETWEEN 0 AND ceiling", "amount"), nullable=False),
    Column("voucher_id", IdColumn(VoucherId), ForeignKey("vouchers.id", ondelete="RESTRICT")),
    Column("reason", Key, nullable=False),
    Column("withdrawn_at", MomentColumn),
    CheckConstraint("(voucher_id IS NOT NULL) = (state = 'held')", "voucher"),
    CheckConstraint("(withdrawn_at IS NOT NULL) = (state = 'withdrawn')", "withdrawn"),
    # What was withdrawn may be filed anew.
    Index("ux_voucher_requests_order", "round_id", "order_id", unique=True, postgresql_where=text(_STANDS)),
    Index("ix_voucher_requests_round_id_id", "round_id", "id"),
    Index("ix_voucher_requests_firm_id_id", "firm_id", "id"),
    **rows_may(Writes.UPDATE),
)


def _round(row: Row[Any]) -> VoucherRound:
    return VoucherRound(
        id=row.id,
        authority=row.authority_id,
        pool=row.pool_id,
        title=row.title,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        budget=row.budget,
        used=row.used,
        allocation=Allocation(row.allocation),
        published_at=row.published_at,
        cancelled_at=row.cancelled_at,
        divided_at=row.divided_at,
    )


def add_voucher_round(connection: Connection, made: VoucherRound, by: AccountId | None) -> None:
    """Write a round."""
    connection.execute(
        insert(rounds_of_pools).values(
            id=made.id,
            authority_id=made.authority,
            pool_id=made.pool,
            title=made.title,
            opens_at=made.opens_at,
            closes_at=made.closes_at,
            budget=made.budget,
            used=made.used,
            allocation=made.allocation.value,
            published_at=made.published_at,
            published_by=by,
        )
    )


def end_round(
    connection: Connection, wanted: VoucherRoundId, *, cancelled: Moment | None, divided: Moment | None
) -> None:
    """Write that a round was cancelled or divided."""
    connection.execute(
        update(rounds_of_pools).where(rounds_of_pools.c.id == wanted).values(cancelled_at=cancelled, divided_at=divided)
    )


def move_closing(connection: Connection, made: MovedClosing, by: AccountId | None) -> None:
    """Write that the closing of a round, which is locked, was moved."""
    connection.execute(
        insert(moved_closings).values(
            round_id=made.round,
            number=made.number,
            closed_before=made.closed_before,
            closes_at=made.closes_at,
            document_number=made.document_number,
            reason=made.reason,
            moved_at=made.moved_at,
            moved_by=by,
        )
    )
    connection.execute(
        update(rounds_of_pools).where(rounds_of_pools.c.id == made.round).values(closes_at=made.closes_at)
    )


def moved_closings_of(connection: Connection, rounds: Collection[VoucherRoundId]) -> list[MovedClosing]:
    """Return how the closings of rounds were moved, in order."""
    query = select(moved_closings).where(moved_closings.c.round_id.in_(rounds))
    return [
        MovedClosing(
            round=row.round_id,
            number=row.number,
            closed_before=row.closed_before,
            closes_at=row.closes_at,
            document_number=row.document_number,
            reason=row.reason,
            moved_at=row.moved_at,
        )
        for row in connection.execute(query.order_by(moved_closings.c.round_id, moved_closings.c.number))
    ]


def voucher_round_of(connection: Connection, wanted: VoucherRoundId, *, to_change: bool = False) -> VoucherRound | None:
    """Return a round, locked if it is to be changed."""
    query = select(rounds_of_pools).where(rounds_of_pools.c.id == wanted)
    row = connection.execute(query.with_for_update() if to_change else query).one_or_none()
    return _round(row) if row else None


def share_round(connection: Connection, wanted: VoucherRoundId) -> VoucherRound:
    """Return a round that is not ended before this transaction is."""
    query = select(rounds_of_pools).where(rounds_of_pools.c.id == wanted)
    return _round(connection.execute(query.with_for_update(read=True)).one())


def rounds_of_pool(connection: Connection, pools: Iterable[PoolId]) -> list[VoucherRound]:
    """Return the rounds of pools, oldest first."""
    query = select(rounds_of_pools).where(rounds_of_pools.c.pool_id.in_(set(pools)))
    return [_round(row) for row in connection.execute(query.order_by(rounds_of_pools.c.id))]


def all_voucher_rounds(connection: Connection) -> list[VoucherRound]:
    """Return every round."""
    return [_round(row) for row in connection.execute(select(rounds_of_pools))]


def voucher_rounds_page(
    connection: Connection, pool: PoolId | None, after: VoucherRoundId | None, limit: int
) -> list[VoucherRound]:
    """Return rounds, of one pool or of all, newest first."""
    query = select(rounds_of_pools).order_by(rounds_of_pools.c.id.desc()).limit(limit)
    if pool is not None:
        query = query.where(rounds_of_pools.c.pool_id == pool)
    if after is not None:
        query = query.where(rounds_of_pools.c.id < after)
    return [_round(row) for row in connection.execute(query)]


def change_round(connection: Connection, wanted: VoucherRoundId, delta_fen: int) -> bool:
    """Add to what is used of a round, or take from it; False when the budget or zero would be passed."""
    after = cast(rounds_of_pools.c.used, BigInteger) + delta_fen
    budget = cast(rounds_of_pools.c.budget, BigInteger)
    made = connection.execute(
        update(rounds_of_pools).where(rounds_of_pools.c.id == wanted, after.between(0, budget)).values(used=after)
    )
    return made.rowcount == 1


# Requests.


def _request(row: Row[Any]) -> VoucherRequest:
    return VoucherRequest(
        id=row.id,
        round=row.round_id,
        authority=row.authority_id,
        firm=row.firm_id,
        order=row.order_id,
        filed_at=row.filed_at,
        state=VoucherRequestState(row.state),
        ceiling=row.ceiling,
        amount=row.amount,
        voucher=row.voucher_id,
        reason=row.reason,
        withdrawn_at=row.withdrawn_at,
    )


def voucher_request_of(connection: Connection, wanted: VoucherRequestId) -> VoucherRequest | None:
    """Return a request."""
    row = connection.execute(select(voucher_requests).where(voucher_requests.c.id == wanted)).one_or_none()
    return _request(row) if row else None


def lock_request(connection: Connection, wanted: VoucherRequestId) -> VoucherRequest:
    """Return a request, locked."""
    query = select(voucher_requests).where(voucher_requests.c.id == wanted)
    return _request(connection.execute(query.with_for_update()).one())


def withdraw_request(connection: Connection, wanted: VoucherRequestId, at: Moment) -> None:
    """Write that a request, which is locked, was withdrawn."""
    connection.execute(
        update(voucher_requests)
        .where(voucher_requests.c.id == wanted)
        .values(state=VoucherRequestState.WITHDRAWN.value, withdrawn_at=at)
    )


def add_voucher_request(connection: Connection, made: VoucherRequest, by: AccountId | None) -> bool:
    """Write a request; False when its order has one in the round."""
    written = connection.execute(
        insert_or(voucher_requests)
        .values(
            id=made.id,
            round_id=made.round,
            authority_id=made.authority,
            firm_id=made.firm,
            order_id=made.order,
            filed_at=made.filed_at,
            filed_by=by,
            state=made.state.value,
            ceiling=made.ceiling,
            amount=made.amount,
            voucher_id=made.voucher,
            reason=made.reason,
        )
        .on_conflict_do_nothing(index_elements=["round_id", "order_id"], index_where=text(_STANDS))
        .returning(voucher_requests.c.id)
    )
    return written.scalar() is not None


def count_requests(connection: Connection, wanted: VoucherRoundId) -> int:
    """Return how many requests a round has that were not withdrawn."""
    query = select(func.count()).select_from(voucher_requests)
    query = query.where(voucher_requests.c.round_id == wanted, text(_STANDS))
    return int(connection.execute(query).scalar() or 0)


def requests_of_round(connection: Connection, wanted: VoucherRoundId) -> list[VoucherRequest]:
    """Return the requests of a round that were not withdrawn, in order of acceptance."""
    query = select(voucher_requests).where(voucher_requests.c.round_id == wanted, text(_STANDS))
    ordered = query.order_by(voucher_requests.c.filed_at, voucher_requests.c.id)
    return [_request(row) for row in connection.execute(ordered)]


def requests_page(
    connection: Connection, wanted: VoucherRoundId, firm: FirmId | None, after: VoucherRequestId | None, limit: int
) -> list[VoucherRequest]:
    """Return the requests of a round, of one firm or of all, in the order of their ids."""
    query = select(voucher_requests).where(voucher_requests.c.round_id == wanted)
    if firm is not None:
        query = query.where(voucher_requests.c.firm_id == firm)
    if after is not None:
        query = query.where(voucher_requests.c.id > after)
    return [_request(row) for row in connection.execute(query.order_by(voucher_requests.c.id).limit(limit))]


def end_requests(connection: Connection, ended: Sequence[VoucherRequest]) -> None:
    """Write what became of requests."""
    if not ended:
        return
    connection.execute(
        update(voucher_requests)
        .where(voucher_requests.c.id == bindparam("request"))
        .values(
            state=bindparam("ended"),
            ceiling=bindparam("most"),
            amount=bindparam("given"),
            voucher_id=bindparam("voucher"),
            reason=bindparam("why"),
        ),
        [
            {
                "request": each.id,
                "ended": each.state.value,
                "most": each.ceiling,
                "given": each.amount,
                "voucher": each.voucher,
                "why": each.reason,
            }
            for each in ended
        ],
    )
