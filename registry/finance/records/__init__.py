"""Tables of reconciliations with finance, and what was instructed of a budget year."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer, Row, Table, Text, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.aftercare.records.recoveries import recoveries, recovery_acts
from registry.aftercare.recovery_model import RecoveryActKind
from registry.awards.model import ActKind, CaseState
from registry.awards.records.tables import acts, cases
from registry.finance.model import (
    Difference,
    DifferenceKind,
    PaymentKey,
    Reconciliation,
    SignReconciliation,
)
from registry.values.identifiers import AccountId, AuthorityId, CaseId, ReconciliationId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

reconciliations = Table(
    "reconciliations",
    metadata,
    Column("id", IdColumn(ReconciliationId), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("budget_year", Integer, nullable=False),
    Column("file", DigestColumn, nullable=False),
    Column("ours", DigestColumn, nullable=False),
    Column("payments", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("differences", JSONB, nullable=False),
    Column("made_by", IdColumn(AccountId), nullable=False),
    Column("made_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)
Index("ix_reconciliations_authority", reconciliations.c.authority_id, reconciliations.c.id)

signed = Table(
    "reconciliations_signed",
    metadata,
    Column(
        "reconciliation_id",
        IdColumn(ReconciliationId),
        ForeignKey("reconciliations.id", ondelete="RESTRICT"),
        primary_key=True,
    ),
    Column("statement", Text, nullable=False),
    Column("signed_by", IdColumn(AccountId), nullable=False),
    Column("signed_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)


def instructed_cases(connection: Connection, authority: AuthorityId, budget_year: int, limit: int) -> list[CaseId]:
    """Return the cases of an authority whose payment was instructed from a budget year, open or paid."""
    states = [CaseState.INSTRUCTED.value, CaseState.PAID.value]
    query = (
        select(cases.c.id)
        .join(acts, acts.c.case_id == cases.c.id)
        .where(
            cases.c.authority_id == authority,
            cases.c.state.in_(states),
            acts.c.kind == ActKind.INSTRUCTED.value,
            acts.c.content["budget_year"].as_integer() == budget_year,
        )
        .distinct()
        .order_by(cases.c.id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def paid_back(connection: Connection, authority: AuthorityId, budget_year: int, limit: int) -> list[Mapping[str, Any]]:
    """Return what was paid back to parties from a budget year after a recovery was annulled."""
    query = (
        select(recovery_acts.c.content, recoveries.c.case_id)
        .join(recoveries, recoveries.c.id == recovery_acts.c.recovery_id)
        .where(
            recoveries.c.authority_id == authority,
            recovery_acts.c.kind == RecoveryActKind.PAID_BACK.value,
            recovery_acts.c.content["budget_year"].as_integer() == budget_year,
        )
        .order_by(recovery_acts.c.recovery_id)
        .limit(limit)
    )
    return [{**row.content, "case": str(row.case_id)} for row in connection.execute(query)]


def add_reconciliation(connection: Connection, made: Reconciliation) -> None:
    """Write a comparison. Of the file it was made with its digest alone is kept: it may name persons (RULINGS 35)."""
    connection.execute(
        insert(reconciliations).values(
            id=made.id,
            authority_id=made.authority,
            budget_year=made.budget_year,
            file=made.file,
            ours=made.ours,
            payments=made.payments,
            rows=made.rows,
            differences=[each.as_json() for each in made.differences],
            made_by=made.made_by,
            made_at=made.made_at,
        )
    )


def _reconciliations() -> Any:
    said = [signed.c.statement, signed.c.signed_by, signed.c.signed_at]
    return select(reconciliations, *said).outerjoin(signed, signed.c.reconciliation_id == reconciliations.c.id)


def _reconciliation(row: Row[Any]) -> Reconciliation:
    return Reconciliation(
        id=row.id,
        authority=row.authority_id,
        budget_year=row.budget_year,
        file=row.file,
        ours=row.ours,
        payments=row.payments,
        rows=row.rows,
        differences=tuple(
            Difference(
                DifferenceKind(each["kind"]),
                PaymentKey(each["line"], each["number"]),
                each["here"],
                each["there"],
                each["row"],
            )
            for each in row.differences
        ),
        made_by=row.made_by,
        made_at=row.made_at,
        signed_by=row.signed_by,
        signed_at=row.signed_at,
        statement=row.statement,
    )


def reconciliation_of(connection: Connection, wanted: ReconciliationId) -> Reconciliation | None:
    """Return a comparison."""
    row = connection.execute(_reconciliations().where(reconciliations.c.id == wanted)).one_or_none()
    return _reconciliation(row) if row else None


def newest_reconciliation(connection: Connection, authority: AuthorityId, budget_year: int) -> Reconciliation | None:
    """Return the newest comparison of a budget year."""
    query = _reconciliations().where(
        reconciliations.c.authority_id == authority, reconciliations.c.budget_year == budget_year
    )
    row = connection.execute(query.order_by(reconciliations.c.id.desc()).limit(1)).one_or_none()
    return _reconciliation(row) if row else None


def reconciliations_page(
    connection: Connection, authority: AuthorityId, after: ReconciliationId | None, limit: int
) -> list[Reconciliation]:
    """Return the comparisons of an authority, the newest first."""
    query = _reconciliations().where(reconciliations.c.authority_id == authority)
    if after is not None:
        query = query.where(reconciliations.c.id < after)
    ordered = query.order_by(reconciliations.c.id.desc()).limit(limit)
    return [_reconciliation(row) for row in connection.execute(ordered)]


def sign(connection: Connection, command: SignReconciliation, by: AccountId, at: Moment) -> bool:
    """Write who signed a comparison off; False when somebody has."""
    made = connection.execute(
        insert_or(signed)
        .values(
            reconciliation_id=command.reconciliation,
            statement=command.statement.strip(),
            signed_by=by,
            signed_at=at,
        )
        .on_conflict_do_nothing(index_elements=["reconciliation_id"])
        .returning(signed.c.reconciliation_id)
    )
    return made.scalar() is not None


def waiting_cases(connection: Connection, authority: AuthorityId) -> int:
    """Return how many cases of an authority are examined and not instructed."""
    states = [CaseState.REVIEWED.value, CaseState.RETURNED.value]
    query = select(func.count()).where(cases.c.authority_id == authority, cases.c.state.in_(states))
    return int(connection.execute(query).scalar() or 0)
