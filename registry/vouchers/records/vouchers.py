"""Vouchers and what each step of them was decided on."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    Table,
    cast,
    false,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from registry.policy.rules import FirmYearSoFar
from registry.values.digest import Digest
from registry.values.identifiers import (
    AuthorityId,
    CaseId,
    FirmId,
    InvoiceId,
    OrderId,
    PoolId,
    VoucherId,
    VoucherRoundId,
)
from registry.values.moment import Moment
from registry.values.money import Money
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn, MoneyColumn
from registry.vouchers.model import COUNTING, Decision, DecisionStep, FirmYearKey, Voucher, VoucherState
from registry.vouchers.records.columns import authority_column
from storage.batches import add_rows, any_of
from storage.database import Connection, Writes, metadata, rows_may

ROWS_AT_ONCE: Final = 10_000
_STATES = ", ".join(repr(state.value) for state in VoucherState)
_STEPS = ", ".join(repr(step.value) for step in DecisionStep)
_PLACES: Final = {step: place for place, step in enumerate(DecisionStep)}


_COUNTING = ", ".join(repr(state.value) for state in sorted(COUNTING))


vouchers = Table(
    "vouchers",
    metadata,
    Column("id", IdColumn(VoucherId), primary_key=True),
    authority_column(),
    Column("pool_id", IdColumn(PoolId), ForeignKey("pools.id", ondelete="RESTRICT"), nullable=False),
    Column("instrument", Key, nullable=False),
    Column("group", Key, nullable=False),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False),
    Column("state", Key, CheckConstraint(f"state IN ({_STATES})", "state"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("base", MoneyColumn, CheckConstraint("base > 0 OR state = 'paid'", "base"), nullable=False),
    Column(
        "amount",
        MoneyColumn,
        CheckConstraint("(amount > 0 OR state = 'paid') AND amount <= base", "amount"),
        nullable=False,
    ),
    Column("invoice_id", IdColumn(InvoiceId), ForeignKey("invoices.id", ondelete="RESTRICT")),
    Column("event_on", Date),
    Column("revision", DigestColumn, nullable=False),
    Column("facts_digest", DigestColumn, nullable=False),
    Column("held_at", MomentColumn, nullable=False),
    Column("expires_at", MomentColumn, nullable=False),
    Column("case_id", IdColumn(CaseId)),
    Column("round_id", IdColumn(VoucherRoundId), ForeignKey("voucher_rounds.id", ondelete="RESTRICT")),
    Column("by_periods", Boolean, nullable=False, server_default=false()),
    CheckConstraint("invoice_id IS NOT NULL OR NOT by_periods", "by_periods"),
    # A claim of which nothing was left is released and keeps its invoice.
    CheckConstraint(
        "(invoice_id IS NOT NULL OR state IN ('held', 'released', 'expired'))"
        " AND (invoice_id IS NULL OR state NOT IN ('held', 'expired'))",
        "claim",
    ),
    # One voucher an order, beside those that were redeemed on its periods: the last wall behind the rules.
    Index(
        "ux_vouchers_order",
        "order_id",
        unique=True,
        postgresql_where=text(f"state IN ({_COUNTING}) AND NOT by_periods"),
    ),
    Index("ix_vouchers_order_id", "order_id"),
    Index("ix_vouchers_due", "pool_id", "expires_at", postgresql_where=text("state = 'held'")),
    Index("ix_vouchers_firm_id_id", "firm_id", "id"),
    **rows_may(Writes.UPDATE),
)


decisions = Table(
    "voucher_decisions",
    metadata,
    Column("voucher_id", IdColumn(VoucherId), ForeignKey("vouchers.id", ondelete="RESTRICT"), primary_key=True),
    Column("step", Key, CheckConstraint(f"step IN ({_STEPS})", "step"), primary_key=True),
    Column("decided_at", MomentColumn, nullable=False),
    Column("revision", DigestColumn, nullable=False),
    Column("facts_digest", DigestColumn, nullable=False),
    Column("facts", JSONB, nullable=False),
    # Only what is lessened is decided on more than once.
    Column("number", Integer, primary_key=True, autoincrement=False, server_default="1"),
    **rows_may(Writes.APPEND),
)


def _voucher(row: Row[Any]) -> Voucher:
    return Voucher(
        id=row.id,
        authority=row.authority_id,
        pool=row.pool_id,
        instrument=row.instrument,
        group=row.group,
        firm=row.firm_id,
        order=row.order_id,
        state=VoucherState(row.state),
        year=row.year,
        base=row.base,
        amount=row.amount,
        invoice=row.invoice_id,
        event_on=row.event_on,
        revision=row.revision,
        facts_digest=row.facts_digest,
        held_at=row.held_at,
        expires_at=row.expires_at,
        case=row.case_id,
        round=row.round_id,
        by_periods=row.by_periods,
    )


def _values(voucher: Voucher) -> dict[str, Any]:
    return {
        "authority_id": voucher.authority,
        "pool_id": voucher.pool,
        "instrument": voucher.instrument,
        "group": voucher.group,
        "firm_id": voucher.firm,
        "order_id": voucher.order,
        "state": voucher.state.value,
        "year": voucher.year,
        "base": voucher.base,
        "amount": voucher.amount,
        "invoice_id": voucher.invoice,
        "event_on": voucher.event_on,
        "revision": voucher.revision,
        "facts_digest": voucher.facts_digest,
        "held_at": voucher.held_at,
        "expires_at": voucher.expires_at,
        "case_id": voucher.case,
        "round_id": voucher.round,
        "by_periods": voucher.by_periods,
    }


def add_vouchers(connection: Connection, made: Sequence[Voucher]) -> None:
    """Write new vouchers."""
    add_rows(connection, vouchers, [{"id": each.id, **_values(each)} for each in made])


def save_voucher(connection: Connection, voucher: Voucher) -> None:
    """Write what became of a voucher."""
    connection.execute(update(vouchers).where(vouchers.c.id == voucher.id).values(**_values(voucher)))


def voucher_of(connection: Connection, voucher: VoucherId) -> Voucher | None:
    """Return a voucher."""
    row = connection.execute(select(vouchers).where(vouchers.c.id == voucher)).one_or_none()
    return _voucher(row) if row else None


def lock_vouchers(connection: Connection, wanted: Collection[VoucherId]) -> list[Voucher]:
    """Return vouchers, locked in the order of their ids."""
    query = select(vouchers).where(vouchers.c.id.in_(wanted)).order_by(vouchers.c.id).with_for_update()
    return [_voucher(row) for row in connection.execute(query)]


def take_due(connection: Connection, now: Moment, pool: PoolId | None, limit: int) -> list[Voucher]:
    """Return held vouchers whose hold has run out, locked; those another transaction deals with are left to it."""
    query = select(vouchers).where(vouchers.c.state == VoucherState.HELD.value, vouchers.c.expires_at <= now)
    if pool:
        query = query.where(vouchers.c.pool_id == pool)
    locked = query.order_by(vouchers.c.id).limit(limit).with_for_update(skip_locked=True)
    return [_voucher(row) for row in connection.execute(locked)]


def any_due(connection: Connection, now: Moment, pools: Collection[PoolId]) -> bool:
    """Say whether a hold of these pools has run out and nobody wrote it down yet."""
    query = select(vouchers.c.id).where(
        vouchers.c.state == VoucherState.HELD.value, vouchers.c.expires_at <= now, vouchers.c.pool_id.in_(pools)
    )
    return connection.execute(query.limit(1)).scalar() is not None


def approved_of(connection: Connection, key: FirmYearKey) -> FirmYearSoFar:
    """Return base and amount of what is redeemed of a firm-year; holds may still be given back and are left out."""
    states = [state.value for state in COUNTING - {VoucherState.HELD}]
    base, amount = (func.coalesce(func.sum(cast(each, BigInteger)), 0) for each in (vouchers.c.base, vouchers.c.amount))
    row = connection.execute(
        select(base.label("base"), amount.label("amount")).where(
            vouchers.c.authority_id == key.authority,
            vouchers.c.firm_id == key.firm,
            vouchers.c.group == key.group,
            vouchers.c.year == key.year,
            vouchers.c.state.in_(states),
        )
    ).one()
    return FirmYearSoFar(Money(int(row.base)), Money(int(row.amount)))


def claimed_of(connection: Connection, key: FirmYearKey) -> list[Voucher]:
    """Return the vouchers of a firm-year that are redeemed or further, in the order of their ids."""
    states = [state.value for state in COUNTING - {VoucherState.HELD}]
    query = select(vouchers).where(
        vouchers.c.authority_id == key.authority,
        vouchers.c.firm_id == key.firm,
        vouchers.c.group == key.group,
        vouchers.c.year == key.year,
        vouchers.c.state.in_(states),
    )
    return [_voucher(row) for row in connection.execute(query.order_by(vouchers.c.id))]


def held_of_order(connection: Connection, order: OrderId) -> Voucher | None:
    """Return the hold of an order, if there is one."""
    query = select(vouchers).where(vouchers.c.order_id == order, vouchers.c.state == VoucherState.HELD.value)
    row = connection.execute(query).one_or_none()
    return _voucher(row) if row else None


def counting_of_orders(connection: Connection, orders: Collection[OrderId]) -> dict[OrderId, tuple[Voucher, ...]]:
    """Return the vouchers of orders that count, in the order they were held; orders without any are left out."""
    states = [state.value for state in COUNTING]
    query = select(vouchers).where(any_of(vouchers.c.order_id, orders), vouchers.c.state.in_(states))
    found: dict[OrderId, tuple[Voucher, ...]] = {}
    for row in connection.execute(query.order_by(vouchers.c.id)):
        found[row.order_id] = (*found.get(row.order_id, ()), _voucher(row))
    return found


def vouchers_page(
    connection: Connection, firm: FirmId | None, authority: AuthorityId | None, after: VoucherId | None, limit: int
) -> list[Voucher]:
    """Return the vouchers of a firm or of an authority, newest first."""
    query: Select[Any] = select(vouchers).order_by(vouchers.c.id.desc()).limit(limit)
    if after:
        query = query.where(vouchers.c.id < after)
    owner = vouchers.c.firm_id == firm if firm else vouchers.c.authority_id == authority
    return [_voucher(row) for row in connection.execute(query.where(owner))]


def redeemed_of(connection: Connection, authority: AuthorityId, instruments: Collection[str]) -> list[Voucher]:
    """Return redeemed vouchers that wait for a payment batch, in the order they were held."""
    query = select(vouchers).where(
        vouchers.c.authority_id == authority,
        vouchers.c.state == VoucherState.REDEEMED.value,
        vouchers.c.instrument.in_(instruments),
    )
    return [_voucher(row) for row in connection.execute(query.order_by(vouchers.c.id))]


def add_decisions(connection: Connection, made: Sequence[Decision]) -> None:
    """Write what steps were decided on."""
    add_rows(
        connection,
        decisions,
        [
            {
                "voucher_id": each.voucher,
                "step": each.step.value,
                "number": each.number,
                "decided_at": each.decided_at,
                "revision": each.revision,
                "facts_digest": each.facts_digest,
                "facts": each.facts,
            }
            for each in made
        ],
    )


def decisions_of(connection: Connection, voucher: VoucherId) -> list[Decision]:
    """Return what the steps of a voucher were decided on, in their order."""
    rows = connection.execute(select(decisions).where(decisions.c.voucher_id == voucher))
    found = [
        Decision(
            voucher=row.voucher_id,
            step=DecisionStep(row.step),
            decided_at=row.decided_at,
            revision=row.revision,
            facts_digest=row.facts_digest,
            facts=dict(row.facts),
            number=row.number,
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (_PLACES[each.step], each.number))


def each_voucher(connection: Connection) -> Iterator[Voucher]:
    """Yield every voucher, a part at a time."""
    rows = connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE).execute(select(vouchers))
    return (_voucher(row) for row in rows)


Facts = list[tuple[DecisionStep, Digest, dict[str, Any]]]
"""In the order of the steps, the stored digest of the facts a voucher was decided on, and the facts."""


def each_voucher_with_facts(connection: Connection) -> Iterator[tuple[Voucher, Facts]]:
    """Yield every voucher with its decisions, a part at a time."""
    digest = decisions.c.facts_digest.label("decided_digest")
    columns = [decisions.c.step, decisions.c.number, digest, decisions.c.facts]
    query = select(vouchers, *columns).outerjoin(decisions, decisions.c.voucher_id == vouchers.c.id)
    rows = connection.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE).execute(
        query.order_by(vouchers.c.id)
    )
    for _, group in groupby(rows, key=lambda row: row.id):
        found = list(group)
        decided = [(DecisionStep(row.step), row.number, row) for row in found if row.step is not None]
        decided.sort(key=lambda each: (_PLACES[each[0]], each[1]))
        yield _voucher(found[0]), [(step, row.decided_digest, dict(row.facts)) for step, _, row in decided]


def voucher_in(row: Row[Any]) -> Voucher:
    """Return the voucher in a row of a query that joins more."""
    return _voucher(row)
