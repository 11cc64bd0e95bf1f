"""The table of ends of firms: what is recorded stays, an entry that is revoked keeps by which document and why."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Column, ForeignKey, Row, Table, Text, func, insert, literal, or_, select, update

from registry.parties.end_model import EVERYWHERE, EndKind, FirmEnd
from registry.parties.model import Period
from registry.parties.records.lines import (
    firm_column,
    line_columns,
    one_of,
    provenance_of,
    recorded_at,
    stated,
    valid_on,
)
from registry.values.identifiers import AuthorityId, FactId, FirmId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.batches import any_of
from storage.database import Connection, Writes, metadata, rows_may

firm_ends = Table(
    "firm_ends",
    metadata,
    *line_columns(),
    firm_column(),
    Column("kind", Key, nullable=False),
    Column("successor_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT")),
    Column("document_number", Text, nullable=False),
    Column("document_digest", DigestColumn, nullable=False),
    Column("revoked_by_document", Text),
    Column("revoked_reason", Text),
    one_of("kind", EndKind),
    CheckConstraint("(kind = 'merged') = (successor_id IS NOT NULL)", "successor"),
    CheckConstraint("successor_id <> firm_id", "another"),
    CheckConstraint("num_nonnulls(recorded_until, revoked_by_document, revoked_reason) IN (0, 3)", "revoked_whole"),
    **rows_may(Writes.UPDATE),
)


def add_end(connection: Connection, made: FirmEnd) -> None:
    """Write the end of a firm. The caller holds the lock of the firm."""
    connection.execute(
        insert(firm_ends).values(
            id=made.id,
            firm_id=made.firm,
            kind=made.kind.value,
            successor_id=made.successor,
            document_number=made.document_number,
            document_digest=made.document_digest,
            **stated(Period(made.ended_on, None), made.provenance),
        )
    )


def revoke_end(connection: Connection, end: FactId, document_number: str, reason: str, at: Moment) -> bool:
    """Note by which document an entry was taken back; False when it was before. The caller locks the firm."""
    # Who waited for the lock may carry an instant before that of the line it takes back.
    until = func.greatest(firm_ends.c.recorded_at, literal(at, MomentColumn()))
    written = connection.execute(
        update(firm_ends)
        .where(firm_ends.c.id == end, firm_ends.c.recorded_until.is_(None))
        .values(revoked_by_document=document_number, revoked_reason=reason, recorded_until=until)
        .returning(firm_ends.c.id)
    )
    return written.scalar() is not None


def end_of(connection: Connection, end: FactId, at: Moment) -> FirmEnd | None:
    """Return an entry that stands recorded at an instant."""
    row = connection.execute(select(firm_ends).where(firm_ends.c.id == end, recorded_at(firm_ends, at))).one_or_none()
    return _end(row) if row else None


def ends_of(
    connection: Connection, firm: FirmId, authority: AuthorityId | None, at: Moment, day: date | None = None
) -> list[FirmEnd]:
    """Return the ends of a firm that an authority goes by, the earliest first; ``day``: those that act on it."""
    acts = firm_ends.c.kind.in_([each.value for each in EVERYWHERE])
    if authority is not None:
        acts = or_(acts, firm_ends.c.authority_id == authority)
    query = select(firm_ends).where(firm_ends.c.firm_id == firm, acts, recorded_at(firm_ends, at))
    if day is not None:
        query = query.where(valid_on(firm_ends, day))
    return [_end(row) for row in connection.execute(query.order_by(firm_ends.c.valid_from, firm_ends.c.id))]


def firms_with_end(connection: Connection, firms: Collection[FirmId], at: Moment) -> set[FirmId]:
    """Return those of some firms of which an end stands recorded."""
    query = select(firm_ends.c.firm_id).where(any_of(firm_ends.c.firm_id, firms), recorded_at(firm_ends, at))
    return set(connection.execute(query).scalars())


def ends_page(
    connection: Connection, firm: FirmId | None, after: FactId | None, limit: int, at: Moment
) -> list[FirmEnd]:
    """Return entries that stand recorded, of every authority, the newest first."""
    query = select(firm_ends).where(recorded_at(firm_ends, at)).order_by(firm_ends.c.id.desc()).limit(limit)
    if firm is not None:
        query = query.where(firm_ends.c.firm_id == firm)
    if after is not None:
        query = query.where(firm_ends.c.id < after)
    return [_end(row) for row in connection.execute(query)]


def _end(row: Row[Any]) -> FirmEnd:
    return FirmEnd(
        id=row.id,
        firm=row.firm_id,
        kind=EndKind(row.kind),
        ended_on=row.valid_from,
        successor=row.successor_id,
        document_number=row.document_number,
        document_digest=row.document_digest,
        provenance=provenance_of(row),
    )
