"""Tables of recoveries, of what was done to them, and of the bank receipts that were booked."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    Table,
    Text,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.aftercare.records.remedies import suspended_of
from registry.aftercare.recovery_model import (
    Recovery,
    RecoveryAct,
    RecoveryActKind,
    RecoveryGround,
    RecoveryOrigin,
    RecoveryState,
)
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId, FirmId, RecoveryId
from registry.values.records import IdColumn, Key, MomentColumn, MoneyColumn
from storage.database import Connection, Writes, metadata, rows_may


def _one_of(
    column: str,
    values: type[RecoveryGround] | type[RecoveryOrigin] | type[RecoveryState] | type[RecoveryActKind],
) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(each.value) for each in values)})", column)


recoveries = Table(
    "recoveries",
    metadata,
    Column("id", IdColumn(RecoveryId), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), nullable=False),
    Column("line", Integer, CheckConstraint("line >= 1", "line"), nullable=False),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("ground", Key, _one_of("ground", RecoveryGround), nullable=False),
    Column("origin", Key, _one_of("origin", RecoveryOrigin), nullable=False),
    Column("source", Key),
    Column("amount_fen", MoneyColumn, CheckConstraint("amount_fen > 0", "amount"), nullable=False),
    Column("facts", Text, nullable=False),
    Column("clause", Text, nullable=False),
    Column("state", Key, _one_of("state", RecoveryState), nullable=False),
    Column("opened_by", IdColumn(AccountId), nullable=False),
    Column("opened_at", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    CheckConstraint("(origin = 'own') = (source IS NULL)", "has_source"),
    **rows_may(Writes.UPDATE),
)
Index("ix_recoveries_authority", recoveries.c.authority_id, recoveries.c.id)
Index("ix_recoveries_firm", recoveries.c.firm_id, recoveries.c.id)
Index("ix_recoveries_case", recoveries.c.case_id, recoveries.c.line)

recovery_acts = Table(
    "recovery_acts",
    metadata,
    Column("recovery_id", IdColumn(RecoveryId), ForeignKey("recoveries.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Key, _one_of("kind", RecoveryActKind), nullable=False),
    Column("account", IdColumn(AccountId), nullable=False),
    Column("at", MomentColumn, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)
Index(
    "uq_recovery_acts_once",
    recovery_acts.c.recovery_id,
    recovery_acts.c.kind,
    unique=True,
    postgresql_where=text("kind NOT IN ('repaid', 'reappropriated')"),
)
"""A recovery is decided, served, annulled and paid back at most once, whatever the code above believes."""

recovery_receipts = Table(
    "recovery_receipts",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    Column("bank_receipt", Text, primary_key=True),
    Column("recovery_id", IdColumn(RecoveryId), ForeignKey("recoveries.id", ondelete="RESTRICT"), nullable=False),
    **rows_may(Writes.APPEND),
)
"""A receipt of the bank is booked once in an authority."""

_CLOSED = (RecoveryState.DROPPED, RecoveryState.REPAID)


def add_recovery(connection: Connection, made: Recovery) -> None:
    """Write a recovery that was opened."""
    connection.execute(
        insert(recoveries).values(
            id=made.id,
            authority_id=made.authority,
            case_id=made.case,
            line=made.line,
            firm_id=made.firm,
            ground=made.ground.value,
            origin=made.origin.value,
            source=made.source,
            amount_fen=made.amount,
            facts=made.facts,
            clause=made.clause,
            state=made.state.value,
            opened_by=made.opened_by,
            opened_at=made.opened_at,
            entry_id=made.entry,
        )
    )


def add_recovery_act(connection: Connection, recovery: Recovery, act: RecoveryAct, state: RecoveryState) -> None:
    """Write an act and the state it leaves the recovery in. The caller holds the lock of the case."""
    connection.execute(
        insert(recovery_acts).values(
            recovery_id=recovery.id,
            number=act.number,
            kind=act.kind.value,
            account=act.account,
            at=act.at,
            content=act.content,
            entry_id=act.entry,
        )
    )
    if state is not recovery.state:
        connection.execute(update(recoveries).where(recoveries.c.id == recovery.id).values(state=state.value))


def claim_receipt(connection: Connection, authority: AuthorityId, receipt: str, recovery: RecoveryId) -> bool:
    """Book a receipt of the bank; False when it is booked already."""
    made = connection.execute(
        insert_or(recovery_receipts)
        .values(authority_id=authority, bank_receipt=receipt, recovery_id=recovery)
        .on_conflict_do_nothing()
        .returning(recovery_receipts.c.recovery_id)
    )
    return made.scalar() is not None


def recovery_of(connection: Connection, recovery: RecoveryId) -> Recovery | None:
    """Return a recovery as its acts have left it."""
    found = _joined(connection, select(recoveries).where(recoveries.c.id == recovery))
    return found[0] if found else None


def lock_recovery(connection: Connection, recovery: RecoveryId) -> Recovery | None:
    """Return a recovery, locked for the transaction; the caller has locked its case."""
    found = _joined(connection, select(recoveries).where(recoveries.c.id == recovery).with_for_update())
    return found[0] if found else None


def recoveries_of_line(connection: Connection, case: CaseId, line: int) -> tuple[Recovery, ...]:
    """Return the recoveries of a line, the oldest first."""
    query = select(recoveries).where(recoveries.c.case_id == case, recoveries.c.line == line)
    return _joined(connection, query.order_by(recoveries.c.id))


def recoveries_of_case(connection: Connection, case: CaseId) -> tuple[Recovery, ...]:
    """Return the recoveries of all lines of a case, the oldest first."""
    return _joined(connection, select(recoveries).where(recoveries.c.case_id == case).order_by(recoveries.c.id))


def recoveries_page(
    connection: Connection,
    *,
    authority: AuthorityId | None,
    firm: FirmId | None,
    case: CaseId | None,
    after: RecoveryId | None,
    limit: int,
) -> tuple[Recovery, ...]:
    """Return recoveries of an authority or of a firm, of one case on request, the newest first."""
    query = select(recoveries).order_by(recoveries.c.id.desc()).limit(limit)
    for column, wanted in (("authority_id", authority), ("firm_id", firm), ("case_id", case)):
        if wanted is not None:
            query = query.where(recoveries.c[column] == wanted)
    if after is not None:
        query = query.where(recoveries.c.id < after)
    return _joined(connection, query)


def open_recoveries(connection: Connection, authority: AuthorityId, limit: int) -> tuple[Recovery, ...]:
    """Return the recoveries of an authority that may wait for something, the oldest first."""
    query = select(recoveries).where(
        recoveries.c.authority_id == authority, recoveries.c.state.not_in([each.value for each in _CLOSED])
    )
    return _joined(connection, query.order_by(recoveries.c.id).limit(limit))


def any_open(connection: Connection, party: FirmId) -> bool:
    """Say whether a recovery from a party is open, or what it paid back on one that was annulled is owed to it."""
    query = select(recoveries).where(
        recoveries.c.firm_id == party, recoveries.c.state.not_in([each.value for each in _CLOSED])
    )
    return any(each.open for each in _joined(connection, query))


def _joined(connection: Connection, query: Select[Any]) -> tuple[Recovery, ...]:
    rows = connection.execute(query).all()
    if not rows:
        return ()
    done = _acts(connection, [row.id for row in rows])
    held = suspended_of(connection, [row.id for row in rows])
    return tuple(replace(_recovery(row, done.get(row.id, ())), suspended=row.id in held) for row in rows)


def _acts(connection: Connection, wanted: Iterable[RecoveryId]) -> dict[RecoveryId, tuple[RecoveryAct, ...]]:
    query = select(recovery_acts).where(recovery_acts.c.recovery_id.in_(list(wanted)))
    found: dict[RecoveryId, tuple[RecoveryAct, ...]] = {}
    for row in connection.execute(query.order_by(recovery_acts.c.recovery_id, recovery_acts.c.number)):
        made = RecoveryAct(row.number, RecoveryActKind(row.kind), row.account, row.at, row.content, row.entry_id)
        found[row.recovery_id] = (*found.get(row.recovery_id, ()), made)
    return found


def _recovery(row: Row[Any], acts: Sequence[RecoveryAct]) -> Recovery:
    return Recovery(
        id=row.id,
        authority=row.authority_id,
        case=row.case_id,
        line=row.line,
        firm=row.firm_id,
        ground=RecoveryGround(row.ground),
        origin=RecoveryOrigin(row.origin),
        source=row.source,
        amount=row.amount_fen,
        facts=row.facts,
        clause=row.clause,
        state=RecoveryState(row.state),
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        entry=row.entry_id,
        acts=tuple(acts),
    )
