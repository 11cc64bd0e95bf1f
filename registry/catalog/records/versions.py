"""Tables of versions and what they derive from, and the job that verifies a draft."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    text,
)
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import JSONB

from registry.catalog.industries import KeyIndustry
from registry.catalog.model import (
    ONCE_PUBLISHED,
    Contributor,
    ContributorRole,
    EarlierPublication,
    Fault,
    FoundOverlap,
    Origin,
    Version,
    VersionState,
)
from registry.catalog.records.datasets import datasets, list_of
from registry.catalog.statement_model import Deprecation, Grade, Industry, Registration, Right
from registry.values.identifiers import AccountId, DatasetId, FirmId, JobId, VersionId
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage import queue
from storage.database import Connection, Writes, metadata, rows_may

VERIFY_KIND = "verify_version"


_EVER_PUBLISHED = [state for state in VersionState if state in ONCE_PUBLISHED]


_OPEN_DRAFTS = ["open", "verifying", "verified", "faulty"]

versions = Table(
    "versions",
    metadata,
    Column("id", IdColumn(VersionId), primary_key=True),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False),
    Column("number", Integer),
    Column("state", Key, nullable=False),
    Column("message", Text, nullable=False),
    Column("origin", Key, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_url", Text),
    Column("source_licence", Text),
    Column("earlier_publications", JSONB, nullable=False),
    Column("contributors", JSONB, nullable=False),
    Column("grade", Key, nullable=False),
    Column("stated_grade", Key, nullable=False),
    Column("grade_assessed", Boolean, nullable=False, server_default="false"),
    Column("desensitised", Boolean, nullable=False),
    Column("embargo_until", MomentColumn),
    Column("rights", JSONB, nullable=False, server_default="[]"),
    Column("registrations", JSONB, nullable=False, server_default="[]"),
    Column("industry", Key),
    Column("key_industry", Key),
    Column("deprecation", JSONB),
    Column("files", Integer, nullable=False, server_default="0"),
    Column("size_bytes", BigInteger, nullable=False, server_default="0"),
    Column("rows", BigInteger),
    Column("report", JSONB, nullable=False),
    Column("faults", JSONB, nullable=False),
    Column("overlap", JSONB, nullable=False),
    Column("new_share_bp", SmallInteger),
    Column("content_digest", DigestColumn),
    Column("manifest_digest", DigestColumn),
    Column("envelope", Text),
    Column("job_id", IdColumn(JobId)),
    Column("created_by", IdColumn(AccountId)),
    Column("created_at", MomentColumn, nullable=False),
    Column("published_at", MomentColumn),
    Column("withdrawn_reason", Text),
    CheckConstraint(f"state IN ({list_of(VersionState)})", "state"),
    CheckConstraint(f"origin IN ({list_of(Origin)})", "origin"),
    CheckConstraint(f"grade IN ({list_of(Grade)})", "grade"),
    CheckConstraint(f"stated_grade IN ({list_of(Grade)})", "stated_grade"),
    CheckConstraint(f"key_industry IN ({list_of(KeyIndustry)})", "key_industry"),
    CheckConstraint("new_share_bp BETWEEN 0 AND 10000", "new_share"),
    CheckConstraint(
        f"(state IN ({list_of(_EVER_PUBLISHED)})) = (num_nulls(number, content_digest, manifest_digest, envelope, "
        "published_at) = 0)",
        "published_is_whole",
    ),
    UniqueConstraint("dataset_id", "number"),
    Index("ix_versions_content", "content_digest", "dataset_id"),
    Index("ix_versions_drafts", "dataset_id", postgresql_where=text("number IS NULL AND state <> 'abandoned'")),
    **rows_may(Writes.UPDATE),
)


version_parents = Table(
    "version_parents",
    metadata,
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True),
    Column("parent_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True),
    Column("place", SmallInteger, nullable=False),
    CheckConstraint("version_id <> parent_id", "not_itself"),
    Index("ix_version_parents_parent", "parent_id", "version_id"),
    **rows_may(Writes.APPEND),
)


def add_version(connection: Connection, made: Version, account: AccountId | None) -> None:
    """Write a new draft with its parents."""
    connection.execute(
        insert(versions).values(
            id=made.id,
            dataset_id=made.dataset,
            state=made.state,
            message=made.message,
            origin=made.origin,
            source=made.source,
            source_url=made.source_url,
            source_licence=made.source_licence,
            earlier_publications=[each.as_json() for each in made.earlier_publications],
            contributors=[
                {"firm": item.firm, "name": item.name, "role": item.role.value} for item in made.contributors
            ],
            grade=made.grade,
            stated_grade=made.stated_grade,
            rights=[each.as_json() for each in made.rights],
            registrations=[each.as_json() for each in made.registrations],
            industry=made.industry.code,
            key_industry=made.industry.key,
            desensitised=made.desensitised,
            embargo_until=made.embargo_until,
            report={},
            faults=[],
            overlap=[],
            created_by=account,
            created_at=made.created_at,
        )
    )
    add_parents(connection, made.id, made.parents, 0)


def add_parents(connection: Connection, version: VersionId, parents: Sequence[VersionId], place: int) -> None:
    """Write what a version derives from, in order, from a place on."""
    rows = [{"version_id": version, "parent_id": parent, "place": place + n} for n, parent in enumerate(parents)]
    if rows:
        connection.execute(insert(version_parents), rows)


def version_of(connection: Connection, version: VersionId, *, lock: bool = False) -> Version | None:
    """Return a version or draft, locked until the transaction ends if asked to."""
    if lock:
        connection.execute(select(versions.c.id).where(versions.c.id == version).with_for_update())
    return next(iter(_versions(connection, versions.c.id == version)), None)


def versions_of(connection: Connection, dataset: DatasetId) -> tuple[Version, ...]:
    """Return the versions of a dataset that were ever published, the oldest first."""
    return _versions(connection, (versions.c.dataset_id == dataset) & versions.c.number.is_not(None))


def versions_page(connection: Connection, dataset: DatasetId, after: int, limit: int) -> tuple[Version, ...]:
    """Return versions of a dataset that were ever published, behind a number, the oldest first."""
    page = select(versions.c.id).where(versions.c.dataset_id == dataset, versions.c.number > after)
    return _versions(connection, versions.c.id.in_(page.order_by(versions.c.number).limit(limit).scalar_subquery()))


def numbered(connection: Connection, dataset: DatasetId, number: int) -> Version | None:
    """Return the version of a dataset with this number."""
    found = _versions(connection, (versions.c.dataset_id == dataset) & (versions.c.number == number))
    return found[0] if found else None


def versions_by_id(connection: Connection, wanted: Iterable[VersionId]) -> dict[VersionId, Version]:
    """Return versions by id."""
    return {found.id: found for found in _versions(connection, versions.c.id.in_(list(wanted)))}


def _versions(connection: Connection, condition: Any) -> tuple[Version, ...]:
    query = select(versions, datasets.c.publisher, datasets.c.deprecation.label("dataset_deprecation")).join(
        datasets, datasets.c.id == versions.c.dataset_id
    )
    rows = connection.execute(query.where(condition).order_by(versions.c.number, versions.c.id)).all()
    parents: dict[VersionId, list[tuple[VersionId, str]]] = {}
    if rows:
        parent = versions.alias("parent")
        lineage = (
            select(version_parents.c.version_id, parent.c.id, datasets.c.name, parent.c.number)
            .join(parent, parent.c.id == version_parents.c.parent_id)
            .join(datasets, datasets.c.id == parent.c.dataset_id)
            .where(version_parents.c.version_id.in_([row.id for row in rows]))
            .order_by(version_parents.c.place)
        )
        for child, found, name, number in connection.execute(lineage):
            parents.setdefault(child, []).append((found, f"{name}@v{number}"))
    return tuple(_version(row, parents.get(row.id, [])) for row in rows)


def _version(row: Row[Any], parents: Sequence[tuple[VersionId, str]]) -> Version:
    return Version(
        id=row.id,
        dataset=row.dataset_id,
        publisher=row.publisher,
        number=row.number,
        state=VersionState(row.state),
        message=row.message,
        origin=Origin(row.origin),
        source=row.source,
        source_url=row.source_url,
        source_licence=row.source_licence,
        earlier_publications=tuple(
            EarlierPublication(item["where"], date.fromisoformat(item["published_on"]), item["url"])
            for item in row.earlier_publications
        ),
        parents=tuple(found for found, _ in parents),
        parent_names=tuple(name for _, name in parents),
        contributors=tuple(
            Contributor(FirmId(item["firm"]) if item["firm"] else None, item["name"], ContributorRole(item["role"]))
            for item in row.contributors
        ),
        grade=Grade(row.grade),
        desensitised=row.desensitised,
        embargo_until=row.embargo_until,
        files=row.files,
        size_bytes=row.size_bytes,
        rows=row.rows,
        report=row.report,
        faults=tuple(Fault(item["path"], item["code"], item["parameters"]) for item in row.faults),
        overlap=tuple(
            FoundOverlap(
                VersionId(item["version"]), item["name"], item["row_containment_bp"], item["column_containment_bp"]
            )
            for item in row.overlap
        ),
        new_share_bp=row.new_share_bp,
        content_digest=row.content_digest,
        manifest_digest=row.manifest_digest,
        created_at=row.created_at,
        published_at=row.published_at,
        withdrawn_reason=row.withdrawn_reason,
        stated_grade=Grade(row.stated_grade),
        grade_assessed=row.grade_assessed,
        rights=tuple(Right.of_json(each) for each in row.rights),
        registrations=tuple(Registration.of_json(each) for each in row.registrations),
        industry=Industry(row.industry, KeyIndustry(row.key_industry) if row.key_industry else None),
        deprecation=Deprecation.of_json(row.deprecation),
        dataset_deprecation=Deprecation.of_json(row.dataset_deprecation),
    )


def set_version(connection: Connection, version: VersionId, **values: Any) -> None:
    """Change columns of a version; that the move is legal was decided before."""
    connection.execute(update_rows(versions).where(versions.c.id == version).values(**values))


def highest_number(connection: Connection, dataset: DatasetId) -> int:
    """Return the highest version number of a dataset, 0 before the first; the dataset is locked by the caller."""
    query = select(func.coalesce(func.max(versions.c.number), 0)).where(versions.c.dataset_id == dataset)
    return int(connection.execute(query).scalar_one())


def same_content(connection: Connection, digest: Any, dataset: DatasetId) -> Version | None:
    """Return a version of this dataset that was published with the same content."""
    found = _versions(
        connection,
        (versions.c.content_digest == digest) & (versions.c.dataset_id == dataset) & versions.c.number.is_not(None),
    )
    return found[0] if found else None


def same_content_elsewhere(
    connection: Connection, digest: Any, dataset: DatasetId, without: Collection[VersionId] = ()
) -> Version | None:
    """Return a version of another dataset that was published with the same content, none of ``without``."""
    found = _versions(
        connection,
        (versions.c.content_digest == digest) & (versions.c.dataset_id != dataset) & versions.c.number.is_not(None),
    )
    return next((each for each in found if each.id not in without), None)


def envelope_of(connection: Connection, version: VersionId) -> str | None:
    """Return the signed envelope of the manifest of a published version."""
    found = connection.execute(select(versions.c.envelope).where(versions.c.id == version)).scalar()
    return str(found) if found is not None else None


def published_ids(connection: Connection) -> list[VersionId]:
    """Return every version that was published and not erased, the oldest first."""
    kept = [state for state in ONCE_PUBLISHED if state != VersionState.ERASED]
    query = select(versions.c.id).where(versions.c.state.in_(kept)).order_by(versions.c.published_at, versions.c.id)
    return list(connection.execute(query).scalars())


def queue_verification(connection: Connection, version: VersionId, party: str, units: int) -> JobId:
    """Queue the verification of a draft, so many units of work, in the transaction that submits it."""
    job = JobId.new()
    queue.submit(connection, VERIFY_KIND, party, {"version": version}, job.uuid, units)
    return job


def count_open_drafts(connection: Connection, firm: FirmId) -> int:
    """Return how many drafts of a firm are neither published nor given up."""
    query = (
        select(func.count())
        .select_from(versions.join(datasets, datasets.c.id == versions.c.dataset_id))
        .where(datasets.c.publisher == firm, versions.c.state.in_(_OPEN_DRAFTS))
    )
    return int(connection.execute(query).scalar_one())


def verification_of(connection: Connection, version: VersionId) -> queue.JobStatus | None:
    """Return how far the newest verification of a draft has come, or None when it was never submitted."""
    job: JobId | None = connection.execute(select(versions.c.job_id).where(versions.c.id == version)).scalar()
    return queue.status(connection, job.uuid) if job else None
