"""Tables of archives, of the orders that hold them, and of their disposals; cases that wait to be archived."""

from datetime import date
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
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
    func,
    insert,
    literal,
    not_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.aftercare.records.recoveries import recoveries, recovery_acts
from registry.aftercare.records.remedies import remedies, remedy_acts
from registry.aftercare.recovery_model import RecoveryActKind, RecoveryState
from registry.aftercare.remedy_model import RemedyState
from registry.archive.model import STANDING, Archive, CaseOutcome, Disposal, DisposalState, HoldOrder
from registry.awards.model import OPEN_STATES, CaseState
from registry.awards.records import acts, cases
from registry.awards.records.performance import evaluations
from registry.values.identifiers import AccountId, ArchiveHoldId, AuthorityId, CaseId, DisposalId, EntryId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

_CLOSED: Final = tuple(state.value for state in CaseState if state not in OPEN_STATES)

archives = Table(
    "archives",
    metadata,
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column(
        "outcome",
        Key,
        CheckConstraint(f"outcome IN ({', '.join(repr(each.value) for each in CaseOutcome)})", "outcome"),
        nullable=False,
    ),
    Column("retention_class", Key, nullable=False),
    Column("closed_on", Date, nullable=False),
    Column("keep_until", Date),
    Column("digest", DigestColumn, nullable=False),
    Column("content_digest", DigestColumn, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("store", Key, nullable=False),
    Column("key", Key, nullable=False),
    Column("version_id", Key),
    Column("retain_until", MomentColumn, nullable=False),
    Column("made_by", IdColumn(AccountId)),
    Column("made_at", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)
Index("ix_archives_authority", archives.c.authority_id, archives.c.case_id)

archive_holds = Table(
    "archive_holds",
    metadata,
    Column("id", IdColumn(ArchiveHoldId), primary_key=True),
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("number", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("set_by", IdColumn(AccountId), nullable=False),
    Column("set_at", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    Column("lifting_number", Text),
    Column("lifting_reason", Text),
    Column("lifted_by", IdColumn(AccountId)),
    Column("lifted_at", MomentColumn),
    **rows_may(Writes.UPDATE),
)
Index("uq_archive_holds_number", archive_holds.c.case_id, archive_holds.c.number, unique=True)

archive_disposals = Table(
    "archive_disposals",
    metadata,
    Column("id", IdColumn(DisposalId), primary_key=True),
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("reason", Text, nullable=False),
    Column(
        "state",
        Key,
        CheckConstraint(f"state IN ({', '.join(repr(each.value) for each in DisposalState)})", "state"),
        nullable=False,
    ),
    Column("proposed_by", IdColumn(AccountId), nullable=False),
    Column("proposed_at", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    Column("decision_reason", Text),
    Column("decided_by", IdColumn(AccountId)),
    Column("decided_at", MomentColumn),
    Column("removed_at", MomentColumn),
    CheckConstraint("decided_by <> proposed_by", "two_officers"),
    **rows_may(Writes.UPDATE),
)
Index(
    "uq_archive_disposals_standing",
    archive_disposals.c.case_id,
    unique=True,
    postgresql_where=text("state <> 'rejected'"),
)
"""One disposal of an archive is proposed or carried out at a time."""


def add_archive(connection: Connection, made: Archive) -> None:
    """Write a revision. The caller holds the lock of the case."""
    connection.execute(
        insert(archives).values(
            case_id=made.case,
            number=made.number,
            authority_id=made.authority,
            outcome=made.outcome.value,
            retention_class=made.retention_class,
            closed_on=made.closed_on,
            keep_until=made.keep_until,
            digest=made.digest,
            content_digest=made.content_digest,
            size_bytes=made.size_bytes,
            store=made.store,
            key=made.key,
            version_id=made.version_id,
            retain_until=made.retain_until,
            made_by=made.made_by,
            made_at=made.made_at,
            entry_id=made.entry,
        )
    )


def archives_of(connection: Connection, case: CaseId) -> tuple[Archive, ...]:
    """Return the revisions of a case, the first one first."""
    query = select(archives).where(archives.c.case_id == case).order_by(archives.c.number)
    return tuple(map(_archive, connection.execute(query)))


def archives_page(
    connection: Connection,
    authority: AuthorityId,
    *,
    disposable_on: date | None,
    after: CaseId | None,
    limit: int,
) -> tuple[Archive, ...]:
    """Return the newest revisions of an authority's archives in order of their cases.

    ``disposable_on``: only those whose term ended before that day and that nothing holds or has disposed of.
    """
    later = archives.alias("later")
    is_newest = not_(exists().where(later.c.case_id == archives.c.case_id, later.c.number > archives.c.number))
    query = select(archives).where(archives.c.authority_id == authority, is_newest)
    if disposable_on is not None:
        query = query.where(archives.c.keep_until < disposable_on, *_free())
    if after is not None:
        query = query.where(archives.c.case_id > after)
    return tuple(map(_archive, connection.execute(query.order_by(archives.c.case_id).limit(limit))))


def _free() -> tuple[Any, ...]:
    """Return the conditions that a case is closed and nothing holds its archive, as ``rules`` asks of one case."""
    paid_back = exists().where(
        recovery_acts.c.recovery_id == recoveries.c.id, recovery_acts.c.kind == RecoveryActKind.PAID_BACK.value
    )
    repaid = exists().where(
        recovery_acts.c.recovery_id == recoveries.c.id, recovery_acts.c.kind == RecoveryActKind.REPAID.value
    )
    ended = (RecoveryState.DROPPED.value, RecoveryState.REPAID.value, RecoveryState.ANNULLED.value)
    owed = (recoveries.c.state == RecoveryState.ANNULLED.value) & repaid & not_(paid_back)
    return (
        exists().where(cases.c.id == archives.c.case_id, cases.c.state.in_(_CLOSED)),
        not_(exists().where(archive_holds.c.case_id == archives.c.case_id, archive_holds.c.lifted_at.is_(None))),
        not_(exists().where(remedies.c.case_id == archives.c.case_id, remedies.c.state == RemedyState.FILED.value)),
        not_(exists().where(recoveries.c.case_id == archives.c.case_id, recoveries.c.state.not_in(ended) | owed)),
        not_(exists().where(archive_disposals.c.case_id == archives.c.case_id, _stands())),
    )


def _stands() -> Any:
    return archive_disposals.c.state.in_([state.value for state in STANDING])


def _archive(row: Row[Any]) -> Archive:
    return Archive(
        case=row.case_id,
        authority=row.authority_id,
        number=row.number,
        outcome=CaseOutcome(row.outcome),
        retention_class=row.retention_class,
        closed_on=row.closed_on,
        keep_until=row.keep_until,
        digest=row.digest,
        content_digest=row.content_digest,
        size_bytes=row.size_bytes,
        store=row.store,
        key=row.key,
        version_id=row.version_id,
        retain_until=row.retain_until,
        made_by=row.made_by,
        made_at=row.made_at,
        entry=row.entry_id,
    )


# Orders that hold.


def add_hold(connection: Connection, made: HoldOrder) -> bool:
    """Write an order; False when the archive was held by one of this number before."""
    written = connection.execute(
        insert_or(archive_holds)
        .values(
            id=made.id,
            case_id=made.case,
            authority_id=made.authority,
            number=made.number,
            reason=made.reason,
            set_by=made.set_by,
            set_at=made.set_at,
            entry_id=made.entry,
        )
        .on_conflict_do_nothing()
        .returning(archive_holds.c.id)
    )
    return written.scalar() is not None


def lift_hold(connection: Connection, lifted: HoldOrder) -> None:
    """Write that an order has ended. The caller holds the lock of the case."""
    connection.execute(
        update(archive_holds)
        .where(archive_holds.c.id == lifted.id)
        .values(
            lifting_number=lifted.lifting_number,
            lifting_reason=lifted.lifting_reason,
            lifted_by=lifted.lifted_by,
            lifted_at=lifted.lifted_at,
        )
    )


def hold_of(connection: Connection, hold: ArchiveHoldId) -> HoldOrder | None:
    """Return an order."""
    row = connection.execute(select(archive_holds).where(archive_holds.c.id == hold)).one_or_none()
    return _hold(row) if row else None


def holds_of(connection: Connection, case: CaseId) -> tuple[HoldOrder, ...]:
    """Return the orders on a case, the oldest first."""
    query = select(archive_holds).where(archive_holds.c.case_id == case).order_by(archive_holds.c.id)
    return tuple(map(_hold, connection.execute(query)))


def _hold(row: Row[Any]) -> HoldOrder:
    return HoldOrder(
        id=row.id,
        case=row.case_id,
        authority=row.authority_id,
        number=row.number,
        reason=row.reason,
        set_by=row.set_by,
        set_at=row.set_at,
        entry=row.entry_id,
        lifting_number=row.lifting_number,
        lifting_reason=row.lifting_reason,
        lifted_by=row.lifted_by,
        lifted_at=row.lifted_at,
    )


# Disposals.


def add_disposal(connection: Connection, made: Disposal) -> bool:
    """Write a proposal; False when one stands already."""
    written = connection.execute(
        insert_or(archive_disposals)
        .values(
            id=made.id,
            case_id=made.case,
            authority_id=made.authority,
            reason=made.reason,
            state=made.state.value,
            proposed_by=made.proposed_by,
            proposed_at=made.proposed_at,
            entry_id=made.entry,
        )
        .on_conflict_do_nothing()
        .returning(archive_disposals.c.id)
    )
    return written.scalar() is not None


def save_disposal(connection: Connection, made: Disposal) -> None:
    """Write what became of a proposal. The caller holds the lock of the case."""
    connection.execute(
        update(archive_disposals)
        .where(archive_disposals.c.id == made.id)
        .values(
            state=made.state.value,
            decision_reason=made.decision_reason,
            decided_by=made.decided_by,
            decided_at=made.decided_at,
            removed_at=made.removed_at,
        )
    )


def disposals_of(connection: Connection, case: CaseId) -> tuple[Disposal, ...]:
    """Return the disposals of an archive, the oldest first."""
    query = select(archive_disposals).where(archive_disposals.c.case_id == case).order_by(archive_disposals.c.id)
    return tuple(map(_disposal, connection.execute(query)))


def confirmed_disposals(connection: Connection, limit: int) -> tuple[Disposal, ...]:
    """Return disposals whose packages are still to be removed from the store, the oldest first."""
    query = select(archive_disposals).where(archive_disposals.c.state == DisposalState.CONFIRMED.value)
    return tuple(map(_disposal, connection.execute(query.order_by(archive_disposals.c.id).limit(limit))))


def _disposal(row: Row[Any]) -> Disposal:
    return Disposal(
        id=row.id,
        case=row.case_id,
        authority=row.authority_id,
        reason=row.reason,
        state=DisposalState(row.state),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        entry=row.entry_id,
        decision_reason=row.decision_reason,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        removed_at=row.removed_at,
    )


# What waits, and what is there.


def unarchived(connection: Connection, before: Moment, after: CaseId | None, limit: int) -> list[CaseId]:
    """Return closed cases in which nothing was done since ``before``, and something since they were archived."""
    done = union_all(
        select(acts.c.case_id, acts.c.at),
        select(recoveries.c.case_id, recovery_acts.c.at).join_from(recovery_acts, recoveries),
        select(recoveries.c.case_id, recoveries.c.opened_at),
        select(remedies.c.case_id, remedy_acts.c.at).join_from(remedy_acts, remedies),
        select(remedies.c.case_id, remedies.c.filed_at),
        select(evaluations.c.case_id, evaluations.c.evaluated_at),
    ).subquery("done")
    made = select(func.max(archives.c.made_at)).where(archives.c.case_id == cases.c.id).scalar_subquery()
    newest = select(func.max(done.c.at)).where(done.c.case_id == cases.c.id).scalar_subquery()
    gone = exists().where(archive_disposals.c.case_id == cases.c.id, _stands())
    query: Select[Any] = (
        select(cases.c.id)
        .where(
            cases.c.state.in_(_CLOSED), newest < before, func.coalesce(newest > made, literal(value=True)), not_(gone)
        )
        .order_by(cases.c.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(cases.c.id > after)
    return list(connection.execute(query).scalars())


def kept_archives(connection: Connection, after: tuple[CaseId, int] | None, limit: int) -> tuple[Archive, ...]:
    """Return revisions whose packages are to be in the store, in order of case and number."""
    gone = exists().where(archive_disposals.c.case_id == archives.c.case_id, _stands())
    query = select(archives).where(not_(gone)).order_by(archives.c.case_id, archives.c.number).limit(limit)
    if after is not None:
        later = (archives.c.case_id > after[0]) | ((archives.c.case_id == after[0]) & (archives.c.number > after[1]))
        query = query.where(later)
    return tuple(map(_archive, connection.execute(query)))
