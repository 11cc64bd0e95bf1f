"""Disputes over orders, with the newest proposal and how they ended."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Row,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from registry.exchange.dispute_model import Dispute, DisputeRemedy, DisputeState, Outcome, Proposal
from registry.exchange.records.columns import one_of
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, DisputeId, OrderId
from registry.values.records import IdColumn, Key, MomentColumn, MoneyColumn
from storage.database import Connection, Writes, metadata, rows_may

disputes = Table(
    "order_disputes",
    metadata,
    Column("id", IdColumn(DisputeId), primary_key=True),
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("evidence", ARRAY(Key), nullable=False),
    Column("state", Key, CheckConstraint(one_of("state", DisputeState), "state"), nullable=False),
    Column("opened_at", MomentColumn, nullable=False),
    Column("proposed_remedy", Key, CheckConstraint(one_of("proposed_remedy", DisputeRemedy), "proposed_remedy")),
    Column("proposed_refund", MoneyColumn),
    Column("proposed_text", Text),
    Column("proposed_at", MomentColumn),
    Column("remedy", Key, CheckConstraint(one_of("remedy", DisputeRemedy), "remedy")),
    Column("refund", MoneyColumn),
    Column("ended_text", Text),
    Column("ended_at", MomentColumn),
    Column("ended_by", IdColumn(AccountId)),
    Column("number", Text),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT")),
    UniqueConstraint("authority_id", "number"),
    CheckConstraint("(state = 'open') = (ended_at IS NULL)", "ended"),
    CheckConstraint("(state = 'decided') = (number IS NOT NULL)", "number"),
    CheckConstraint("(number IS NULL) = (authority_id IS NULL)", "authority"),
    CheckConstraint("num_nonnulls(remedy, refund, ended_text, ended_at) IN (0, 4)", "outcome"),
    CheckConstraint("num_nonnulls(proposed_remedy, proposed_refund, proposed_text, proposed_at) IN (0, 4)", "proposal"),
    Index("ux_order_disputes_open", "order_id", unique=True, postgresql_where=text("state = 'open'")),
    **rows_may(Writes.UPDATE),
)


def _dispute(row: Row[Any]) -> Dispute:
    proposal = outcome = None
    if row.proposed_at is not None:
        proposed = DisputeRemedy(row.proposed_remedy)
        proposal = Proposal(proposed, row.proposed_refund, row.proposed_text, row.proposed_at)
    if row.ended_at is not None:
        ended = (row.ended_text, row.ended_at, row.ended_by, row.number, row.authority_id)
        outcome = Outcome(DisputeRemedy(row.remedy), row.refund, *ended)
    return Dispute(
        id=row.id,
        order=row.order_id,
        reason=row.reason,
        evidence=tuple(Digest.parse(each) for each in row.evidence),
        state=DisputeState(row.state),
        opened_at=row.opened_at,
        proposal=proposal,
        outcome=outcome,
    )


def add_dispute(connection: Connection, made: Dispute) -> None:
    """Write a dispute that was opened."""
    connection.execute(
        insert(disputes).values(
            id=made.id,
            order_id=made.order,
            reason=made.reason,
            evidence=[str(each) for each in made.evidence],
            state=made.state.value,
            opened_at=made.opened_at,
        )
    )


def save_dispute(connection: Connection, made: Dispute) -> None:
    """Write what became of a dispute."""
    proposal, outcome = made.proposal, made.outcome
    connection.execute(
        update(disputes)
        .where(disputes.c.id == made.id)
        .values(
            state=made.state.value,
            proposed_remedy=proposal.remedy.value if proposal else None,
            proposed_refund=proposal.refund if proposal else None,
            proposed_text=proposal.text if proposal else None,
            proposed_at=proposal.proposed_at if proposal else None,
            remedy=outcome.remedy.value if outcome else None,
            refund=outcome.refund if outcome else None,
            ended_text=outcome.text if outcome else None,
            ended_at=outcome.ended_at if outcome else None,
            ended_by=outcome.ended_by if outcome else None,
            number=outcome.number if outcome else None,
            authority_id=outcome.authority if outcome else None,
        )
    )


def take_decision_number(connection: Connection, authority: AuthorityId, number: str) -> bool:
    """Say whether an authority may use a number on a decision, and let nobody else use it meanwhile."""
    key = func.hashtextextended(f"dispute decision\n{authority}\n{number}", 0)
    connection.execute(select(func.pg_advisory_xact_lock(key)))
    used = select(disputes.c.id).where(disputes.c.authority_id == authority, disputes.c.number == number)
    return connection.execute(used).first() is None


def dispute_of(connection: Connection, dispute: DisputeId) -> Dispute | None:
    """Return a dispute."""
    row = connection.execute(select(disputes).where(disputes.c.id == dispute)).one_or_none()
    return _dispute(row) if row else None


def disputes_of(connection: Connection, order: OrderId) -> tuple[Dispute, ...]:
    """Return the disputes over an order, in the order they were opened."""
    query = select(disputes).where(disputes.c.order_id == order).order_by(disputes.c.opened_at, disputes.c.id)
    return tuple(_dispute(row) for row in connection.execute(query))
