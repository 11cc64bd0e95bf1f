"""Tables of leader lists, their entries, and who was taken off."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Column, Date, ForeignKey, Index, Table, Text, and_, insert, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.parties.model import Admission, LeaderEntry, LeaderList, ListedFirm, ListLevel
from registry.parties.records.lines import line_columns, one_of, period_of, provenance_of, recorded_at, stated
from registry.values.identifiers import AccountId, AuthorityId, LeaderListId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from registry.values.uscc import Uscc
from storage.database import Connection, Writes, metadata, rows_may

leader_lists = Table(
    "leader_lists",
    metadata,
    *line_columns(LeaderListId),
    Column("name", Text, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("level", Key, nullable=False),
    Column("sectors", ARRAY(Key), nullable=False),
    Column("batch", Text, nullable=False),
    Column("document_digest", DigestColumn, nullable=False),
    Column("admission_number", Text, nullable=False),
    Column("admission_decided_on", Date, nullable=False),
    Column("admission_organ", Text, nullable=False),
    Column("admission_criteria", Text, nullable=False),
    one_of("level", ListLevel),
    Index(
        "uq_leader_lists_version",
        "authority_id",
        "issuer",
        "name",
        "batch",
        unique=True,
        postgresql_where="recorded_until IS NULL",
    ),
    **rows_may(Writes.UPDATE),
)


leader_entries = Table(
    "leader_entries",
    metadata,
    Column("list_id", IdColumn(LeaderListId), ForeignKey("leader_lists.id", ondelete="RESTRICT"), primary_key=True),
    Column("uscc", Key, primary_key=True, index=True),
    Column("name", Text, nullable=False),
    **rows_may(Writes.APPEND),
)


leader_withdrawals = Table(
    "leader_withdrawals",
    metadata,
    Column("list_id", IdColumn(LeaderListId), ForeignKey("leader_lists.id", ondelete="RESTRICT"), primary_key=True),
    Column("uscc", Key, primary_key=True),
    Column("withdrawn_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_by", IdColumn(AccountId)),
    Column("recorded_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)


def add_leader_list(connection: Connection, made: LeaderList, entries: Iterable[ListedFirm]) -> bool:
    """Write a leader list with its entries; False when this version of it was admitted before."""
    result = connection.execute(
        insert_or(leader_lists)
        .values(
            id=made.id,
            name=made.name,
            issuer=made.issuer,
            level=made.level.value,
            sectors=list(made.sectors),
            batch=made.batch,
            document_digest=made.document_digest,
            admission_number=made.admission.number,
            admission_decided_on=made.admission.decided_on,
            admission_organ=made.admission.organ,
            admission_criteria=made.admission.criteria,
            **stated(made.valid, made.provenance),
        )
        .on_conflict_do_nothing()
        .returning(leader_lists.c.id)
    )
    if result.scalar() is None:
        return False
    rows = [{"list_id": made.id, "uscc": str(entry.uscc), "name": entry.name} for entry in entries]
    connection.execute(insert(leader_entries), rows)
    return True


def _leader_list(row: Any) -> LeaderList:
    return LeaderList(
        id=row.id,
        name=row.name,
        issuer=row.issuer,
        level=ListLevel(row.level),
        sectors=tuple(row.sectors),
        batch=row.batch,
        valid=period_of(row),
        document_digest=row.document_digest,
        admission=Admission(
            row.admission_number, row.admission_decided_on, row.admission_organ, row.admission_criteria
        ),
        provenance=provenance_of(row),
    )


def leader_list_of(connection: Connection, list_id: LeaderListId) -> LeaderList | None:
    """Return a leader list."""
    row = connection.execute(select(leader_lists).where(leader_lists.c.id == list_id)).one_or_none()
    return _leader_list(row) if row else None


def leader_lists_page(connection: Connection, after: LeaderListId | None, limit: int) -> list[LeaderList]:
    """Return a page of leader lists, oldest first."""
    query = select(leader_lists).order_by(leader_lists.c.id).limit(limit)
    if after is not None:
        query = query.where(leader_lists.c.id > after)
    return [_leader_list(row) for row in connection.execute(query)]


def entries_of(
    connection: Connection,
    *,
    lists: Sequence[LeaderListId] | None = None,
    authority: AuthorityId | None = None,
    usccs: Sequence[str] | None = None,
    at: Moment,
) -> list[LeaderEntry]:
    """Return entries as they stood recorded at an instant: of some lists, of an authority, of some codes."""
    withdrawn = and_(
        leader_withdrawals.c.list_id == leader_entries.c.list_id,
        leader_withdrawals.c.uscc == leader_entries.c.uscc,
        leader_withdrawals.c.recorded_at <= at,
    )
    query = (
        select(
            leader_lists,
            leader_entries.c.uscc.label("entry_uscc"),
            leader_entries.c.name.label("entry_name"),
            leader_withdrawals.c.withdrawn_on,
        )
        .join(leader_entries, leader_entries.c.list_id == leader_lists.c.id)
        .outerjoin(leader_withdrawals, withdrawn)
        .where(recorded_at(leader_lists, at))
        .order_by(leader_lists.c.id, leader_entries.c.uscc)
    )
    if lists is not None:
        query = query.where(leader_lists.c.id.in_(lists))
    if authority is not None:
        query = query.where(leader_lists.c.authority_id == authority)
    if usccs is not None:
        query = query.where(leader_entries.c.uscc.in_(usccs))
    return [
        LeaderEntry(_leader_list(row), Uscc(row.entry_uscc), row.entry_name, row.withdrawn_on)
        for row in connection.execute(query).all()
    ]


def add_withdrawal(
    connection: Connection,
    entry: tuple[LeaderListId, Uscc],
    withdrawn_on: date,
    reason: str,
    *,
    by: AccountId | None,
    at: Moment,
) -> bool:
    """Write that a firm was taken off a list; False when that was written before."""
    result = connection.execute(
        insert_or(leader_withdrawals)
        .values(
            list_id=entry[0],
            uscc=str(entry[1]),
            withdrawn_on=withdrawn_on,
            reason=reason,
            recorded_by=by,
            recorded_at=at,
        )
        .on_conflict_do_nothing()
        .returning(leader_withdrawals.c.uscc)
    )
    return result.scalar() is not None
