"""Tables of remedies and of what was done to them."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    Table,
    Text,
    exists,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.aftercare.remedy_model import (
    Remedy,
    RemedyAct,
    RemedyActKind,
    RemedyKind,
    RemedyState,
    RemedySubject,
    Subject,
)
from registry.values.identifiers import (
    AccountId,
    AuthorityId,
    CaseId,
    EntryId,
    FactId,
    FirmId,
    RecoveryId,
    RemedyId,
)
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

_KINDS: Final[dict[RemedySubject, type[CaseId] | type[RecoveryId] | type[FactId]]] = {
    RemedySubject.REFUSAL: CaseId,
    RemedySubject.RECOVERY: RecoveryId,
    RemedySubject.SANCTION: FactId,
}


def _one_of(
    column: str,
    values: type[RemedyKind] | type[RemedyState] | type[RemedySubject] | type[RemedyActKind],
) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(each.value) for each in values)})", column)


remedies = Table(
    "remedies",
    metadata,
    Column("id", IdColumn(RemedyId), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("kind", Key, _one_of("kind", RemedyKind), nullable=False),
    Column("subject_kind", Key, _one_of("subject_kind", RemedySubject), nullable=False),
    Column("subject", Key, nullable=False),
    Column("decision", Key, nullable=False),
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), index=True),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("organ", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("grounds", Text, nullable=False),
    Column("filed_on", Date, nullable=False),
    Column("until", Date),
    Column("late_reason", Text),
    Column("state", Key, _one_of("state", RemedyState), nullable=False),
    Column("filed_by", IdColumn(AccountId), nullable=False),
    Column("filed_at", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    CheckConstraint("(subject_kind = 'sanction') = (case_id IS NULL)", "has_case"),
    **rows_may(Writes.UPDATE),
)
Index("ix_remedies_authority", remedies.c.authority_id, remedies.c.id)
Index("ix_remedies_firm", remedies.c.firm_id, remedies.c.id)
Index("ix_remedies_decision", remedies.c.decision)
Index("uq_remedies_open", remedies.c.decision, unique=True, postgresql_where=text("state = 'filed'"))
"""One remedy is open at a time against a decision."""

remedy_acts = Table(
    "remedy_acts",
    metadata,
    Column("remedy_id", IdColumn(RemedyId), ForeignKey("remedies.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Key, _one_of("kind", RemedyActKind), nullable=False),
    Column("account", IdColumn(AccountId), nullable=False),
    Column("at", MomentColumn, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)


def add_remedy(connection: Connection, made: Remedy, decision: str) -> bool:
    """Write a remedy against a decision; False when another one is open."""
    written = connection.execute(
        insert_or(remedies)
        .values(
            id=made.id,
            authority_id=made.authority,
            kind=made.kind.value,
            subject_kind=made.subject_kind.value,
            subject=made.subject,
            decision=decision,
            case_id=made.case,
            firm_id=made.firm,
            organ=made.organ,
            number=made.number,
            grounds=made.grounds,
            filed_on=made.filed_on,
            until=made.until,
            late_reason=made.late_reason,
            state=made.state.value,
            filed_by=made.filed_by,
            filed_at=made.filed_at,
            entry_id=made.entry,
        )
        .on_conflict_do_nothing()
        .returning(remedies.c.id)
    )
    return written.scalar() is not None


def add_remedy_act(connection: Connection, remedy: Remedy, act: RemedyAct, state: RemedyState) -> None:
    """Write an act and the state it leaves the remedy in. The caller holds the lock of the remedy."""
    connection.execute(
        insert(remedy_acts).values(
            remedy_id=remedy.id,
            number=act.number,
            kind=act.kind.value,
            account=act.account,
            at=act.at,
            content=act.content,
            entry_id=act.entry,
        )
    )
    if state is not remedy.state:
        connection.execute(update(remedies).where(remedies.c.id == remedy.id).values(state=state.value))


def remedy_of(connection: Connection, remedy: RemedyId, *, lock: bool = False) -> Remedy | None:
    """Return a remedy as its acts have left it, locked for the transaction on request."""
    query = select(remedies).where(remedies.c.id == remedy)
    found = _joined(connection, query.with_for_update() if lock else query)
    return found[0] if found else None


def remedies_of(connection: Connection, decision: str) -> tuple[Remedy, ...]:
    """Return the remedies against a decision, the oldest first."""
    return _joined(connection, select(remedies).where(remedies.c.decision == decision).order_by(remedies.c.id))


def remedies_of_case(connection: Connection, case: CaseId) -> tuple[Remedy, ...]:
    """Return the remedies against the refusal of a case or a recovery of its money, the oldest first."""
    return _joined(connection, select(remedies).where(remedies.c.case_id == case).order_by(remedies.c.id))


def remedies_page(
    connection: Connection,
    *,
    authority: AuthorityId | None,
    firm: FirmId | None,
    subject: Subject | None,
    after: RemedyId | None,
    limit: int,
) -> tuple[Remedy, ...]:
    """Return remedies of an authority or of a firm, against one subject on request, the newest first."""
    query = select(remedies).order_by(remedies.c.id.desc()).limit(limit)
    for column, wanted in (("authority_id", authority), ("firm_id", firm), ("subject", subject)):
        if wanted is not None:
            query = query.where(remedies.c[column] == wanted)
    if after is not None:
        query = query.where(remedies.c.id < after)
    return _joined(connection, query)


def is_open_on_case(connection: Connection, case: CaseId) -> bool:
    """Say whether a remedy is open against the refusal of a case or against a recovery of its money."""
    open_one = exists().where(remedies.c.case_id == case, remedies.c.state == RemedyState.FILED.value)
    return bool(connection.execute(select(open_one)).scalar())


def is_open_of(connection: Connection, party: FirmId) -> bool:
    """Say whether a remedy of a party is open."""
    open_one = exists().where(remedies.c.firm_id == party, remedies.c.state == RemedyState.FILED.value)
    return bool(connection.execute(select(open_one)).scalar())


def open_remedies(connection: Connection, authority: AuthorityId, limit: int) -> tuple[Remedy, ...]:
    """Return the open remedies against what an authority decided, the oldest first."""
    query = select(remedies).where(remedies.c.authority_id == authority, remedies.c.state == RemedyState.FILED.value)
    return _joined(connection, query.order_by(remedies.c.id).limit(limit))


def suspended_of(connection: Connection, wanted: Collection[RecoveryId]) -> frozenset[str]:
    """Return which recoveries a decision in an open remedy suspends."""
    query = select(remedies).where(remedies.c.subject.in_(list(wanted)), remedies.c.state == RemedyState.FILED.value)
    return frozenset(each.subject for each in _joined(connection, query) if each.suspends)


def _joined(connection: Connection, query: Select[Any]) -> tuple[Remedy, ...]:
    rows = connection.execute(query).all()
    if not rows:
        return ()
    done: dict[RemedyId, list[RemedyAct]] = {row.id: [] for row in rows}
    asked = select(remedy_acts).where(remedy_acts.c.remedy_id.in_(list(done)))
    for row in connection.execute(asked.order_by(remedy_acts.c.remedy_id, remedy_acts.c.number)):
        made = RemedyAct(row.number, RemedyActKind(row.kind), row.account, row.at, row.content, row.entry_id)
        done[row.remedy_id].append(made)
    return tuple(_remedy(row, done[row.id]) for row in rows)


def _remedy(row: Row[Any], acts: Sequence[RemedyAct]) -> Remedy:
    kind = RemedySubject(row.subject_kind)
    return Remedy(
        id=row.id,
        authority=row.authority_id,
        kind=RemedyKind(row.kind),
        subject_kind=kind,
        subject=_KINDS[kind](row.subject),
        case=row.case_id,
        firm=row.firm_id,
        organ=row.organ,
        number=row.number,
        grounds=row.grounds,
        filed_on=row.filed_on,
        until=row.until,
        late_reason=row.late_reason,
        state=RemedyState(row.state),
        filed_by=row.filed_by,
        filed_at=row.filed_at,
        entry=row.entry_id,
        acts=tuple(acts),
    )
