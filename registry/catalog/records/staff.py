"""The table of accesses that officers opened to read datasets, and what was read under them."""

from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Row, Table, Text, insert, literal, select, tuple_
from sqlalchemy import update as update_rows

from registry.catalog.access_model import StaffAccess, StaffRead
from registry.catalog.records.usage import usage_events
from registry.catalog.records.versions import versions
from registry.values.identifiers import AccountId, AuthorityId, CaseId, DatasetId, ReadId, StaffAccessId
from registry.values.moment import Moment
from registry.values.records import IdColumn, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

staff_accesses = Table(
    "staff_accesses",
    metadata,
    Column("id", IdColumn(StaffAccessId), primary_key=True),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("account_id", IdColumn(AccountId), nullable=False),
    Column("reason", Text, nullable=False),
    Column("case_id", IdColumn(CaseId)),
    Column("opened_at", MomentColumn, nullable=False),
    Column("ends_at", MomentColumn, nullable=False),
    CheckConstraint("ends_at BETWEEN opened_at AND opened_at + interval '14 days'", "ends_within_14_days"),
    Index("ix_staff_accesses_dataset", "dataset_id", "id"),
    Index("ix_staff_accesses_account", "account_id", "dataset_id"),
    **rows_may(Writes.UPDATE),
)


def add_staff_access(connection: Connection, made: StaffAccess) -> None:
    """Write an access."""
    connection.execute(
        insert(staff_accesses).values(
            id=made.id,
            dataset_id=made.dataset,
            authority_id=made.authority,
            account_id=made.account,
            reason=made.reason,
            case_id=made.case,
            opened_at=made.opened_at,
            ends_at=made.ends_at,
        )
    )


def staff_access_of(connection: Connection, access: StaffAccessId, *, lock: bool = False) -> StaffAccess | None:
    """Return an access, locked until the transaction ends if asked to."""
    query = select(staff_accesses).where(staff_accesses.c.id == access)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _access(row) if row else None


def staff_ends(connection: Connection, dataset: DatasetId, account: AccountId) -> list[Moment]:
    """Return when each access of an officer to a dataset ended or will."""
    query = select(staff_accesses.c.ends_at).where(
        staff_accesses.c.dataset_id == dataset, staff_accesses.c.account_id == account
    )
    return list(connection.execute(query).scalars())


def set_staff_end(connection: Connection, access: StaffAccessId, ends_at: Moment) -> None:
    """End an access earlier than it was opened for."""
    connection.execute(update_rows(staff_accesses).where(staff_accesses.c.id == access).values(ends_at=ends_at))


def staff_accesses_page(
    connection: Connection, dataset: DatasetId, after: StaffAccessId | None, limit: int
) -> list[StaffAccess]:
    """Return the accesses to a dataset, the newest first."""
    query = select(staff_accesses).where(staff_accesses.c.dataset_id == dataset)
    if after is not None:
        query = query.where(staff_accesses.c.id < after)
    return [_access(row) for row in connection.execute(query.order_by(staff_accesses.c.id.desc()).limit(limit))]


def staff_reads_page(
    connection: Connection, access: StaffAccess, after: tuple[Moment, ReadId] | None, limit: int
) -> list[StaffRead]:
    """Return what was read under an access, in order of instant and id."""
    events = usage_events
    query = (
        select(
            events.c.read_at, events.c.id, events.c.version_id, versions.c.number, events.c.path, events.c.size_bytes
        )
        .join(versions, versions.c.id == events.c.version_id)
        .where(
            versions.c.dataset_id == access.dataset,
            events.c.account_id == access.account,
            events.c.read_at >= access.opened_at,
            events.c.read_at < access.ends_at,
        )
    )
    if after is not None:
        read_at, identifier = after
        position = tuple_(literal(read_at, MomentColumn), literal(identifier, IdColumn(ReadId)))
        query = query.where(tuple_(events.c.read_at, events.c.id) > position)
    rows = connection.execute(query.order_by(events.c.read_at, events.c.id).limit(limit))
    return [StaffRead(row.read_at, row.id, row.version_id, row.number or 0, row.path, row.size_bytes) for row in rows]


def _access(row: Row[Any]) -> StaffAccess:
    return StaffAccess(
        id=row.id,
        dataset=row.dataset_id,
        authority=row.authority_id,
        account=row.account_id,
        reason=row.reason,
        case=row.case_id,
        opened_at=row.opened_at,
        ends_at=row.ends_at,
    )
