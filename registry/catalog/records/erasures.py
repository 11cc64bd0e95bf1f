"""Tables of orders to erase: which versions, which bytes, and what became of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Row,
    ScalarSelect,
    Table,
    Text,
    and_,
    delete,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.catalog.erasure_model import Condemned, Erasure, ErasureState, Sharing
from registry.catalog.model import VersionState
from registry.catalog.records.datasets import datasets, list_of
from registry.catalog.records.files import version_files
from registry.catalog.records.pages import manifest_pages
from registry.catalog.records.versions import versions
from registry.manifests.records import blobs
from registry.values.identifiers import AccountId, AuthorityId, BlobId, ErasureId, VersionId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may
from storage.object_store import Bucket, Place

_LIVING = ("verified", "condemned", "damaged")
_OVER = (VersionState.ERASED, VersionState.ABANDONED)

erasures = Table(
    "erasures",
    metadata,
    Column("id", IdColumn(ErasureId), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    Column("state", Key, nullable=False),
    Column("reason", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("hide_files", Boolean, nullable=False),
    Column("requested_by", IdColumn(AccountId), nullable=False),
    Column("requested_at", MomentColumn, nullable=False),
    Column("confirmed_by", IdColumn(AccountId)),
    Column("confirmed_at", MomentColumn),
    Column("done_at", MomentColumn),
    Column("stuck", Key),
    CheckConstraint(f"state IN ({list_of(ErasureState)})", "state"),
    CheckConstraint("confirmed_by <> requested_by", "two_officers"),
    CheckConstraint(
        "(state IN ('confirmed', 'done')) = (num_nulls(confirmed_by, confirmed_at) = 0)", "confirmed_by_somebody"
    ),
    CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", "done_at"),
    Index("ix_erasures_authority", "authority_id", "id"),
    Index("ix_erasures_confirmed", "id", postgresql_where="state = 'confirmed'"),
    **rows_may(Writes.UPDATE),
)

erasure_versions = Table(
    "erasure_versions",
    metadata,
    Column("erasure_id", IdColumn(ErasureId), ForeignKey("erasures.id", ondelete="RESTRICT"), primary_key=True),
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True),
    Column("kept", Boolean, nullable=False),
    Index("ix_erasure_versions_version", "version_id"),
    **rows_may(Writes.APPEND),
)
"""What an order erases, and what it says keeps content that it shares."""

erasure_objects = Table(
    "erasure_objects",
    metadata,
    Column("erasure_id", IdColumn(ErasureId), ForeignKey("erasures.id", ondelete="RESTRICT"), primary_key=True),
    Column("blob_id", IdColumn(BlobId), ForeignKey("blobs.id", ondelete="RESTRICT"), primary_key=True),
    Column("gone_at", MomentColumn),
    **rows_may(Writes.UPDATE),
)
"""The bytes an order erases. A row without ``gone_at`` is work that a worker takes up, after a crash too."""
Index(
    "ix_erasure_objects_left",
    erasure_objects.c.erasure_id,
    erasure_objects.c.blob_id,
    postgresql_where=erasure_objects.c.gone_at.is_(None),
)


def add_erasure(connection: Connection, made: Erasure, covered: Iterable[VersionId], kept: Iterable[VersionId]) -> None:
    """Write an order with the versions it names; one that is there stays: it may be applied again."""
    written = insert_or(erasures).values(
        id=made.id,
        authority_id=made.authority,
        state=made.state,
        reason=made.reason,
        legal_basis=made.legal_basis,
        document_number=made.document_number,
        hide_files=made.hide_files,
        requested_by=made.requested_by,
        requested_at=made.requested_at,
        confirmed_by=made.confirmed_by,
        confirmed_at=made.confirmed_at,
    )
    connection.execute(written.on_conflict_do_nothing())
    rows = [{"erasure_id": made.id, "version_id": each, "kept": False} for each in covered]
    rows += [{"erasure_id": made.id, "version_id": each, "kept": True} for each in kept]
    if rows:
        connection.execute(insert_or(erasure_versions).on_conflict_do_nothing(), rows)


def erasure_of(connection: Connection, erasure: ErasureId, *, lock: bool = False) -> Erasure | None:
    """Return an order, locked until the transaction ends if asked to."""
    query = select(erasures).where(erasures.c.id == erasure)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _erasure(connection, row) if row else None


def erasures_page(connection: Connection, authority: AuthorityId, after: ErasureId | None, limit: int) -> list[Erasure]:
    """Return the orders of an authority, the newest first."""
    query = select(erasures).where(erasures.c.authority_id == authority)
    if after is not None:
        query = query.where(erasures.c.id < after)
    rows = connection.execute(query.order_by(erasures.c.id.desc()).limit(limit)).all()
    return [_erasure(connection, row) for row in rows]


def confirmed_erasures(connection: Connection, limit: int) -> list[Erasure]:
    """Return orders whose bytes may still lie, the oldest first."""
    query = select(erasures).where(erasures.c.state == ErasureState.CONFIRMED).order_by(erasures.c.id).limit(limit)
    return [_erasure(connection, row) for row in connection.execute(query).all()]


def erasure_that_erased(connection: Connection, version: VersionId) -> Erasure | None:
    """Return the order that erased a version."""
    query = (
        select(erasures)
        .join(erasure_versions, erasure_versions.c.erasure_id == erasures.c.id)
        .where(
            erasure_versions.c.version_id == version,
            erasure_versions.c.kept.is_(False),
            erasures.c.state.in_((ErasureState.CONFIRMED, ErasureState.DONE)),
        )
        .order_by(erasures.c.id)
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return _erasure(connection, row) if row else None


def erasure_version_ids(connection: Connection, erasure: ErasureId, *, kept: bool) -> list[VersionId]:
    """Return the versions an order covers, or those it says keep what they share."""
    query = select(erasure_versions.c.version_id).where(
        erasure_versions.c.erasure_id == erasure, erasure_versions.c.kept.is_(kept)
    )
    return list(connection.execute(query.order_by(erasure_versions.c.version_id)).scalars())


def set_erasure(connection: Connection, erasure: ErasureId, **values: Any) -> None:
    """Change columns of an order; that the move is legal was decided before."""
    connection.execute(update_rows(erasures).where(erasures.c.id == erasure).values(**values))


def _erasure(connection: Connection, row: Row[Any]) -> Erasure:
    named = (
        select(erasure_versions.c.version_id, erasure_versions.c.kept, datasets.c.name, versions.c.number)
        .join(versions, versions.c.id == erasure_versions.c.version_id)
        .join(datasets, datasets.c.id == versions.c.dataset_id)
        .where(erasure_versions.c.erasure_id == row.id)
        .order_by(datasets.c.name, versions.c.number, erasure_versions.c.version_id)
    )
    names: dict[bool, list[str]] = {False: [], True: []}
    for version, kept, name, number in connection.execute(named):
        names[kept].append(shown_name(version, name, number))
    counted = select(func.count(), func.count(erasure_objects.c.gone_at)).where(erasure_objects.c.erasure_id == row.id)
    objects, gone = connection.execute(counted).one()
    return Erasure(
        id=row.id,
        authority=row.authority_id,
        state=ErasureState(row.state),
        reason=row.reason,
        legal_basis=row.legal_basis,
        document_number=row.document_number,
        hide_files=row.hide_files,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        done_at=row.done_at,
        stuck=row.stuck,
        versions=tuple(names[False]),
        keep=tuple(names[True]),
        objects=int(objects),
        objects_gone=int(gone),
    )


def shown_name(version: VersionId, name: str, number: int | None) -> str:
    """Return a version by its name, a draft by its id."""
    return f"{name}@v{number}" if number else str(version)


def _contents(wanted: Sequence[VersionId]) -> ScalarSelect[Any]:
    """Return the digests of the files of some versions; nothing is learnt from an empty file."""
    return (
        select(version_files.c.digest)
        .where(
            version_files.c.version_id.in_(wanted),
            version_files.c.digest.is_not(None),
            version_files.c.size_bytes > 0,
        )
        .distinct()
        .scalar_subquery()
    )


def sharing(
    connection: Connection, covered: Sequence[VersionId], kept: Sequence[VersionId], limit: int
) -> list[Sharing]:
    """Return which other versions and drafts hold content of the covered ones, but for those kept."""
    same = select(blobs.c.id).where(blobs.c.digest.in_(_contents(covered))).scalar_subquery()
    query = (
        select(
            versions.c.id,
            versions.c.number,
            datasets.c.name,
            func.count().label("files"),
            func.sum(version_files.c.size_bytes).label("size_bytes"),
        )
        .join(version_files, version_files.c.version_id == versions.c.id)
        .join(datasets, datasets.c.id == versions.c.dataset_id)
        .where(
            version_files.c.blob_id.in_(same),
            versions.c.id.not_in([*covered, *kept]),
            versions.c.state.not_in(_OVER),
        )
        .group_by(versions.c.id, versions.c.number, datasets.c.name)
        .order_by(versions.c.id)
        .limit(limit)
    )
    return [
        Sharing(row.id, shown_name(row.id, row.name, row.number), row.files, int(row.size_bytes))
        for row in connection.execute(query)
    ]


def condemn_contents(
    connection: Connection,
    erasure: ErasureId,
    covered: Sequence[VersionId],
    kept: Sequence[VersionId],
    *,
    hide_files: bool,
) -> None:
    """Take the bytes of the covered versions from every reader, and note them as what the order erases.

    ``hide_files``: the pages of their manifests, too, which name the files. The rows are locked first: a reference that
    is being made at the same time is either seen afterwards or refused.
    """
    doomed = [blobs.c.bucket == Bucket.PUBLISHED, blobs.c.digest.in_(_contents(covered))]
    if kept:
        doomed.append(blobs.c.digest.not_in(_contents(kept)))
    chosen = and_(*doomed)
    if hide_files:
        pages = select(manifest_pages.c.blob_id).where(manifest_pages.c.version_id.in_(covered))
        chosen = or_(chosen, blobs.c.id.in_(pages))
    connection.execute(update_rows(blobs).where(chosen, blobs.c.state.in_(_LIVING)).values(state="deleting"))
    noted = select(literal(erasure, IdColumn(ErasureId)), blobs.c.id).where(chosen, blobs.c.state == "deleting")
    connection.execute(
        insert_or(erasure_objects).from_select(["erasure_id", "blob_id"], noted).on_conflict_do_nothing()
    )


def empty_version(connection: Connection, version: VersionId, *, hide_files: bool) -> None:
    """Take from a version what was read in its content, and if asked to the names and sizes of its files."""
    if hide_files:
        connection.execute(delete(version_files).where(version_files.c.version_id == version))
        # Its pages name the files, too; their bytes are among what the order erases.
        connection.execute(delete(manifest_pages).where(manifest_pages.c.version_id == version))
        return
    connection.execute(update_rows(version_files).where(version_files.c.version_id == version).values(columns=[]))


def condemned_left(connection: Connection, erasure: ErasureId, limit: int) -> list[Condemned]:
    """Return bytes of an order that may still lie."""
    query = (
        select(blobs.c.id, blobs.c.store, blobs.c.bucket, blobs.c.key, blobs.c.version_id)
        .join(erasure_objects, erasure_objects.c.blob_id == blobs.c.id)
        .where(erasure_objects.c.erasure_id == erasure, erasure_objects.c.gone_at.is_(None))
        .order_by(blobs.c.id)
        .limit(limit)
    )
    return [
        Condemned(row.id, row.store, Place(Bucket(row.bucket), row.key, row.version_id))
        for row in connection.execute(query)
    ]


def note_gone(connection: Connection, erasure: ErasureId, gone: Sequence[BlobId], now: Moment) -> None:
    """Note that the store holds some bytes no more."""
    connection.execute(
        update_rows(erasure_objects)
        .where(erasure_objects.c.erasure_id == erasure, erasure_objects.c.blob_id.in_(gone))
        .values(gone_at=now)
    )
    connection.execute(update_rows(blobs).where(blobs.c.id.in_(gone)).values(state="gone", gone_at=now))


def objects_of_erasure(connection: Connection, erasure: ErasureId) -> list[tuple[str, Place]]:
    """Return where the bytes of an order lay, by store."""
    query = (
        select(blobs.c.store, blobs.c.bucket, blobs.c.key, blobs.c.version_id)
        .join(erasure_objects, erasure_objects.c.blob_id == blobs.c.id)
        .where(erasure_objects.c.erasure_id == erasure)
        .distinct()
        .order_by(blobs.c.store, blobs.c.bucket, blobs.c.key)
    )
    return [(row.store, Place(Bucket(row.bucket), row.key, row.version_id)) for row in connection.execute(query)]


def condemn_places(connection: Connection, erasure: ErasureId, places: Iterable[tuple[str, Place]]) -> None:
    """Take what lies at some places from every reader; an object with more than one row is a pack and left alone."""
    for store, place in places:
        at = (blobs.c.store == store, blobs.c.bucket == place.bucket, blobs.c.key == place.key)
        held = list(connection.execute(select(blobs.c.id, blobs.c.state).where(*at)))
        if len(held) != 1 or held[0].state not in _LIVING:
            continue
        connection.execute(update_rows(blobs).where(blobs.c.id == held[0].id).values(state="deleting"))
        noted = insert_or(erasure_objects).values(erasure_id=erasure, blob_id=held[0].id)
        connection.execute(
            noted.on_conflict_do_update(index_elements=["erasure_id", "blob_id"], set_={"gone_at": None})
        )


def holds_living(connection: Connection, store: str, place: Place) -> bool:
    """Return whether an object holds bytes that are not erased."""
    found = select(blobs.c.id).where(
        blobs.c.store == store, blobs.c.bucket == place.bucket, blobs.c.key == place.key, blobs.c.state.in_(_LIVING)
    )
    return connection.execute(found.limit(1)).first() is not None
