"""The table of uploads: bytes on their way in."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Interval,
    Row,
    Table,
    Text,
    Update,
    and_,
    cast,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy import update as update_rows

from registry.manifests.uploads import Purpose, Upload, UploadState
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, FirmId, UploadId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

uploads = Table(
    "uploads",
    metadata,
    Column("id", IdColumn(UploadId), primary_key=True),
    Column("purpose", Key, nullable=False),
    Column("owner_firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT")),
    Column("owner_authority", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT")),
    Column("size_bytes", BigInteger, nullable=False),
    Column("state", Key, nullable=False),
    Column("ref", Text),
    Column("digest", DigestColumn),
    Column("created_at", MomentColumn, nullable=False),
    Column("expires_at", MomentColumn, nullable=False),
    Column("completing_at", MomentColumn),
    Column("swept_at", MomentColumn),
    CheckConstraint("purpose IN ('dataset', 'pack', 'evidence')", "purpose"),
    CheckConstraint("state IN ('open', 'completing', 'received', 'aborted', 'expired')", "state"),
    CheckConstraint("num_nonnulls(owner_firm, owner_authority) = 1", "one_owner"),
    CheckConstraint("size_bytes BETWEEN 0 AND 5497558138880", "size_bytes"),
    CheckConstraint("state <> 'received' OR digest IS NOT NULL", "received_has_digest"),
    **rows_may(Writes.UPDATE),
)
"""``ref`` is kept because no store can list its unfinished uploads."""
Index(
    "ix_uploads_counted",
    uploads.c.owner_firm,
    postgresql_where=uploads.c.state.in_(["open", "completing", "received"]),
)
Index("ix_uploads_unfinished", uploads.c.expires_at, postgresql_where=uploads.c.swept_at.is_(None))


def add_upload(connection: Connection, made: Upload) -> None:
    """Write a new upload."""
    connection.execute(
        insert(uploads).values(
            id=made.id,
            purpose=made.purpose,
            owner_firm=made.owner_firm,
            owner_authority=made.owner_authority,
            size_bytes=made.size_bytes,
            state=made.state,
            created_at=made.created_at,
            expires_at=made.expires_at,
        )
    )


def upload_of(connection: Connection, upload: UploadId, *, lock: bool = False) -> Upload | None:
    """Return an upload, locked until the transaction ends if asked to."""
    query = select(uploads).where(uploads.c.id == upload)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _upload(row) if row else None


def uploads_of(connection: Connection, wanted: Iterable[UploadId]) -> dict[UploadId, Upload]:
    """Return several uploads by id."""
    rows = connection.execute(select(uploads).where(uploads.c.id.in_(list(wanted))))
    return {row.id: _upload(row) for row in rows}


def _upload(row: Row[Any]) -> Upload:
    return Upload(
        id=row.id,
        purpose=Purpose(row.purpose),
        owner_firm=row.owner_firm,
        owner_authority=row.owner_authority,
        size_bytes=row.size_bytes,
        state=UploadState(row.state),
        ref=row.ref,
        digest=row.digest,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def set_ref(connection: Connection, upload: UploadId, ref: str) -> bool:
    """Keep the store's name of an upload; False when another request was first."""
    kept = connection.execute(
        update_rows(uploads).where(uploads.c.id == upload, uploads.c.ref.is_(None)).values(ref=ref)
    )
    return bool(kept.rowcount)


def claim_completion(connection: Connection, upload: UploadId, lease: timedelta) -> Moment | None:
    """Move ``open → completing`` by compare-and-swap; also takes over a completion whose lease ran out.

    Returns what the claim is held by until it is renewed, or None. Leases are measured by the clock of the database,
    which all processes share and which goes on when one of theirs is put right.
    """
    free = or_(uploads.c.state == UploadState.OPEN, _crashed(lease))
    return _marked(connection, update_rows(uploads).where(uploads.c.id == upload, free))


def renew_completion(connection: Connection, upload: UploadId, held: Moment) -> Moment | None:
    """Hold a claim for another lease; return what it is held by now, or None when another has taken it over."""
    return _marked(connection, update_rows(uploads).where(uploads.c.id == upload, _held(held)))


def release_completion(connection: Connection, upload: UploadId, held: Moment) -> bool:
    """Open an upload again whose completion failed; False when another has taken it over."""
    released = update_rows(uploads).where(uploads.c.id == upload, _held(held)).values(state=UploadState.OPEN)
    return bool(connection.execute(released).rowcount)


def _marked(connection: Connection, claiming: Update) -> Moment | None:
    claimed = claiming.values(state=UploadState.COMPLETING, completing_at=func.clock_timestamp())
    return connection.execute(claimed.returning(uploads.c.completing_at)).scalar_one_or_none()


def _held(held: Moment) -> ColumnElement[bool]:
    return and_(uploads.c.state == UploadState.COMPLETING, uploads.c.completing_at == held)


def _crashed(lease: timedelta) -> ColumnElement[bool]:
    return and_(
        uploads.c.state == UploadState.COMPLETING,
        uploads.c.completing_at < func.clock_timestamp() - cast(lease, Interval),
    )


def set_upload_state(
    connection: Connection, upload: UploadId, state: UploadState, digest: Digest | None = None
) -> None:
    """Set the state of an upload, and the digest it was declared to have."""
    values: dict[str, Any] = {"state": state}
    if digest:
        values["digest"] = digest
    connection.execute(update_rows(uploads).where(uploads.c.id == upload).values(**values))


def expire_uploads(connection: Connection, now: Moment, lease: timedelta) -> int:
    """Mark as expired what stayed open too long, or crashed in its completion and was left; return how many."""
    expired = connection.execute(
        update_rows(uploads)
        .where(or_(uploads.c.state == UploadState.OPEN, _crashed(lease)), uploads.c.expires_at <= now)
        .values(state=UploadState.EXPIRED)
    )
    return expired.rowcount


def unswept_uploads(connection: Connection, limit: int) -> list[Upload]:
    """Return uploads that ended without success and whose parts may still lie in the store."""
    query = (
        select(uploads)
        .where(uploads.c.state.in_([UploadState.ABORTED, UploadState.EXPIRED]), uploads.c.swept_at.is_(None))
        .order_by(uploads.c.expires_at)
        .limit(limit)
    )
    return [_upload(row) for row in connection.execute(query)]


def mark_swept(connection: Connection, upload: UploadId, now: Moment) -> None:
    """Note that the store holds nothing of an upload any more."""
    connection.execute(update_rows(uploads).where(uploads.c.id == upload).values(swept_at=now))


def abort_uploads(connection: Connection, wanted: Sequence[UploadId]) -> None:
    """Give uploads up whose bytes are not wanted any more; the sweep removes what the store holds of them."""
    connection.execute(
        update_rows(uploads)
        .where(uploads.c.id.in_(wanted), uploads.c.state.not_in([UploadState.ABORTED, UploadState.EXPIRED]))
        .values(state=UploadState.ABORTED)
    )
