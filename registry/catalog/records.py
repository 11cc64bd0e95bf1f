"""Tables of the catalog: namespaces, datasets and their names, versions and files, grants, and the search row.

Longer than other modules because all SQL of a room stands in one place (import contract "SQL is written in records").
"""

from collections.abc import Iterable, Sequence
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
    any_,
    cast,
    delete,
    func,
    insert,
    literal,
    not_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSQUERY, TSVECTOR
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.catalog.model import (
    Contributor,
    ContributorRole,
    Dataset,
    EarlierPublication,
    Fault,
    FoundOverlap,
    Grade,
    Openness,
    Origin,
    Search,
    Sector,
    Version,
    VersionFile,
    VersionState,
)
from registry.manifests.model import FilePath
from registry.values.identifiers import AccountId, BlobId, DatasetId, FirmId, JobId, OrderId, UploadId, VersionId
from registry.values.moment import Moment
from registry.values.names import PublicName
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage import queue
from storage.database import Connection, Writes, metadata, rows_may

VERIFY_KIND = "verify_version"
FACET_CAP = 5_000
HITS_CAP = 2_000
_ONCE_PUBLISHED = ["published", "withdrawn", "recalled", "erased"]


def _list_of(kinds: Iterable[str]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


namespaces = Table(
    "namespaces",
    metadata,
    Column("key", Key, primary_key=True),
    Column("name", Key, nullable=False),
    Column("firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("taken_at", MomentColumn, nullable=False),
    CheckConstraint("key = lower(name)", "key"),
    **rows_may(Writes.APPEND),
)
"""A namespace belongs for ever to the firm that used it first."""

datasets = Table(
    "datasets",
    metadata,
    Column("id", IdColumn(DatasetId), primary_key=True),
    Column("name", Key, nullable=False),
    Column("publisher", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("sector", Key, nullable=False),
    Column("licence", Key, nullable=False),
    Column("access", Key, nullable=False),
    Column("keywords", ARRAY(Text), nullable=False),
    Column("created_at", MomentColumn, nullable=False),
    Column("newest", Integer),
    CheckConstraint(f"sector IN ({_list_of(Sector)})", "sector"),
    CheckConstraint("access IN ('public', 'gated')", "access"),
    CheckConstraint("newest > 0", "newest"),
    **rows_may(Writes.UPDATE),
)

dataset_names = Table(
    "dataset_names",
    metadata,
    Column("key", Key, primary_key=True),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False),
    Column("named_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)
"""Every name a dataset ever had, in lower case: never used again, an old one redirects."""

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
    Column("desensitised", Boolean, nullable=False),
    Column("embargo_until", MomentColumn),
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
    CheckConstraint(f"state IN ({_list_of(VersionState)})", "state"),
    CheckConstraint(f"origin IN ({_list_of(Origin)})", "origin"),
    CheckConstraint("grade IN ('general', 'important')", "grade"),
    CheckConstraint("new_share_bp BETWEEN 0 AND 10000", "new_share"),
    CheckConstraint(
        f"(state IN ({_list_of(_ONCE_PUBLISHED)})) = (num_nulls(number, content_digest, manifest_digest, envelope, "
        "published_at) = 0)",
        "published_is_whole",
    ),
    UniqueConstraint("dataset_id", "number"),
    Index("ix_versions_content", "content_digest", "dataset_id"),
    **rows_may(Writes.UPDATE),
)

version_parents = Table(
    "version_parents",
    metadata,
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True),
    Column("parent_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True),
    Column("place", SmallInteger, nullable=False),
    CheckConstraint("version_id <> parent_id", "not_itself"),
    **rows_may(Writes.APPEND),
)

version_files = Table(
    "version_files",
    metadata,
    Column("version_id", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), primary_key=True),
    Column("path_key", Key, primary_key=True),
    Column("path", Key, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("upload_id", IdColumn(UploadId), ForeignKey("uploads.id", ondelete="RESTRICT"), nullable=False),
    Column("digest", DigestColumn),
    Column("blob_id", IdColumn(BlobId), ForeignKey("blobs.id", ondelete="RESTRICT")),
    Column("format", Key),
    Column("rows", BigInteger),
    Column("columns", JSONB, nullable=False, server_default="[]"),
    CheckConstraint("(digest IS NULL) = (blob_id IS NULL)", "verified_is_whole"),
    **rows_may(Writes.DELETE),
)
Index("ix_version_files_path", version_files.c.version_id, version_files.c.path)

grants = Table(
    "grants",
    metadata,
    Column("order_id", IdColumn(OrderId), primary_key=True),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False),
    Column("firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("granted_at", MomentColumn, nullable=False),
    Column("ended_at", MomentColumn),
    Index("ix_grants_firm", "firm", "dataset_id"),
    **rows_may(Writes.UPDATE),
)

search_rows = Table(
    "search",
    metadata,
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), primary_key=True),
    Column("tokens", TSVECTOR, nullable=False),
    Column("sector", Key, nullable=False),
    Column("licence", Key, nullable=False),
    Column("formats", ARRAY(Key), nullable=False),
    Column("price", Key, nullable=False, server_default="free"),
    Column("price_fen", BigInteger),
    Column("adopters", Integer, nullable=False, server_default="0"),
    Column("published_at", MomentColumn, nullable=False),
    CheckConstraint("(price = 'paid') = (price_fen IS NOT NULL)", "price_fen"),
    CheckConstraint("price IN ('free', 'paid')", "price"),
    Index("ix_search_tokens", "tokens", postgresql_using="gin"),
    **rows_may(Writes.DELETE),
)
"""What search reads: one row for each dataset that has a published version. Derived; made again at each publication."""


def take_namespace(connection: Connection, namespace: str, firm: FirmId, now: Moment) -> FirmId:
    """Take a namespace unless it is taken; return whose it is."""
    made = insert_or(namespaces).values(key=namespace.lower(), name=namespace, firm=firm, taken_at=now)
    connection.execute(made.on_conflict_do_nothing())
    owner = select(namespaces.c.firm).where(namespaces.c.key == namespace.lower())
    found: FirmId = connection.execute(owner).scalar_one()
    return found


def add_name(connection: Connection, dataset: DatasetId, name: PublicName, now: Moment) -> bool:
    """Take a name for a dataset; False when it was ever used."""
    made = insert_or(dataset_names).values(key=name.key, dataset_id=dataset, named_at=now)
    return connection.execute(made.on_conflict_do_nothing().returning(dataset_names.c.key)).first() is not None


def add_dataset(connection: Connection, made: Dataset) -> None:
    """Write a dataset; its name is taken first."""
    connection.execute(
        insert(datasets).values(
            id=made.id,
            name=str(made.name),
            publisher=made.publisher,
            title=made.title,
            description=made.description,
            sector=made.sector,
            licence=made.licence,
            access=made.access,
            keywords=list(made.keywords),
            created_at=made.created_at,
        )
    )


def set_name(connection: Connection, dataset: DatasetId, name: PublicName) -> None:
    """Give a dataset another name."""
    connection.execute(update_rows(datasets).where(datasets.c.id == dataset).values(name=str(name)))


def dataset_of(connection: Connection, wanted: PublicName | DatasetId, *, lock: bool = False) -> Dataset | None:
    """Return a dataset by id or by any name it ever had."""
    query = select(datasets)
    if isinstance(wanted, PublicName):
        named = select(dataset_names.c.dataset_id).where(dataset_names.c.key == wanted.key).scalar_subquery()
        query = query.where(datasets.c.id == named)
    else:
        query = query.where(datasets.c.id == wanted)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _dataset(row) if row else None


def datasets_of(connection: Connection, wanted: Iterable[DatasetId]) -> dict[DatasetId, Dataset]:
    """Return datasets by id."""
    rows = connection.execute(select(datasets).where(datasets.c.id.in_(list(wanted))))
    return {row.id: _dataset(row) for row in rows}


def _dataset(row: Row[Any]) -> Dataset:
    return Dataset(
        id=row.id,
        name=PublicName.parse(row.name),
        title=row.title,
        description=row.description,
        sector=Sector(row.sector),
        licence=row.licence,
        access=Openness(row.access),
        keywords=tuple(row.keywords),
        publisher=row.publisher,
        created_at=row.created_at,
        newest=row.newest,
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
            earlier_publications=[
                {"where": item.where, "published_on": item.published_on.isoformat(), "url": item.url}
                for item in made.earlier_publications
            ],
            contributors=[
                {"firm": item.firm, "name": item.name, "role": item.role.value} for item in made.contributors
            ],
            grade=made.grade,
            desensitised=made.desensitised,
            embargo_until=made.embargo_until,
            report={},
            faults=[],
            overlap=[],
            created_by=account,
            created_at=made.created_at,
        )
    )
    if made.parents:
        connection.execute(
            insert(version_parents),
            [{"version_id": made.id, "parent_id": parent, "place": place} for place, parent in enumerate(made.parents)],
        )


def version_of(connection: Connection, version: VersionId, *, lock: bool = False) -> Version | None:
    """Return a version or draft, locked until the transaction ends if asked to."""
    if lock:
        connection.execute(select(versions.c.id).where(versions.c.id == version).with_for_update())
    return next(iter(_versions(connection, versions.c.id == version)), None)


def versions_of(connection: Connection, dataset: DatasetId) -> tuple[Version, ...]:
    """Return the versions of a dataset that were ever published, the oldest first."""
    return _versions(connection, (versions.c.dataset_id == dataset) & versions.c.number.is_not(None))


def numbered(connection: Connection, dataset: DatasetId, number: int) -> Version | None:
    """Return the version of a dataset with this number."""
    found = _versions(connection, (versions.c.dataset_id == dataset) & (versions.c.number == number))
    return found[0] if found else None


def versions_by_id(connection: Connection, wanted: Iterable[VersionId]) -> dict[VersionId, Version]:
    """Return versions by id."""
    return {found.id: found for found in _versions(connection, versions.c.id.in_(list(wanted)))}


def _versions(connection: Connection, condition: Any) -> tuple[Version, ...]:
    query = select(versions, datasets.c.publisher).join(datasets, datasets.c.id == versions.c.dataset_id)
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
    )


def set_version(connection: Connection, version: VersionId, **values: Any) -> None:
    """Change columns of a version; that the move is legal was decided before."""
    connection.execute(update_rows(versions).where(versions.c.id == version).values(**values))


def set_newest(connection: Connection, dataset: DatasetId, number: int) -> None:
    """State the newest version of a dataset."""
    connection.execute(update_rows(datasets).where(datasets.c.id == dataset).values(newest=number))


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


def same_content_elsewhere(connection: Connection, digest: Any, dataset: DatasetId) -> Version | None:
    """Return a version of another dataset that was published with the same content."""
    found = _versions(
        connection,
        (versions.c.content_digest == digest) & (versions.c.dataset_id != dataset) & versions.c.number.is_not(None),
    )
    return found[0] if found else None


def envelope_of(connection: Connection, version: VersionId) -> str | None:
    """Return the signed envelope of the manifest of a published version."""
    found = connection.execute(select(versions.c.envelope).where(versions.c.id == version)).scalar()
    return str(found) if found is not None else None


def published_ids(connection: Connection) -> list[VersionId]:
    """Return every version that was published and not erased, the oldest first."""
    kept = [state for state in _ONCE_PUBLISHED if state != VersionState.ERASED]
    query = select(versions.c.id).where(versions.c.state.in_(kept)).order_by(versions.c.published_at, versions.c.id)
    return list(connection.execute(query).scalars())


def add_file(connection: Connection, version: VersionId, made: VersionFile) -> bool:
    """Write a file of a draft; False when a path equal after NFC and case folding is there."""
    written = insert_or(version_files).values(
        version_id=version,
        path_key=made.path.key,
        path=str(made.path),
        size_bytes=made.size_bytes,
        upload_id=made.upload,
    )
    return connection.execute(written.on_conflict_do_nothing().returning(version_files.c.path)).first() is not None


def remove_file(connection: Connection, version: VersionId, path: FilePath) -> None:
    """Take a file out of a draft."""
    connection.execute(
        delete(version_files).where(version_files.c.version_id == version, version_files.c.path == str(path))
    )


def files_of(
    connection: Connection, version: VersionId, after: str = "", limit: int | None = None
) -> tuple[VersionFile, ...]:
    """Return the files of a version in ascending order of path, from after ``after`` on."""
    query = select(version_files).where(version_files.c.version_id == version, version_files.c.path > after)
    rows = connection.execute(query.order_by(version_files.c.path).limit(limit))
    return tuple(_file(row) for row in rows)


def files_at(connection: Connection, version: VersionId, paths: Sequence[FilePath]) -> tuple[VersionFile, ...]:
    """Return the files of a version at some paths."""
    query = select(version_files).where(
        version_files.c.version_id == version, version_files.c.path.in_([str(path) for path in paths])
    )
    return tuple(_file(row) for row in connection.execute(query.order_by(version_files.c.path)))


def count_files(connection: Connection, version: VersionId) -> tuple[int, int]:
    """Return the number of files of a version and their bytes."""
    query = select(func.count(), func.coalesce(func.sum(version_files.c.size_bytes), 0))
    number, size_bytes = connection.execute(query.where(version_files.c.version_id == version)).one()
    return int(number), int(size_bytes)


def _file(row: Row[Any]) -> VersionFile:
    return VersionFile(
        path=FilePath(row.path),
        size_bytes=row.size_bytes,
        upload=row.upload_id,
        digest=row.digest,
        blob=row.blob_id,
        format=row.format,
        rows=row.rows,
        columns=tuple(row.columns),
    )


def set_file_verified(connection: Connection, version: VersionId, found: VersionFile) -> None:
    """State what the server read in the bytes of a file."""
    connection.execute(
        update_rows(version_files)
        .where(version_files.c.version_id == version, version_files.c.path_key == found.path.key)
        .values(
            digest=found.digest,
            blob_id=found.blob,
            format=found.format,
            rows=found.rows,
            columns=[dict(column) for column in found.columns],
        )
    )


def add_grant(connection: Connection, order: OrderId, dataset: DatasetId, firm: FirmId, now: Moment) -> None:
    """Open a dataset to a firm by an order; twice is once."""
    made = insert_or(grants).values(order_id=order, dataset_id=dataset, firm=firm, granted_at=now)
    connection.execute(made.on_conflict_do_nothing())


def end_grant(connection: Connection, order: OrderId, now: Moment) -> None:
    """End what an order opened."""
    connection.execute(
        update_rows(grants).where(grants.c.order_id == order, grants.c.ended_at.is_(None)).values(ended_at=now)
    )


def grant_ends(connection: Connection, dataset: DatasetId, firm: FirmId) -> list[Moment | None]:
    """Return for each grant of a firm when it ended, or None while it lasts."""
    query = select(grants.c.ended_at).where(grants.c.dataset_id == dataset, grants.c.firm == firm)
    return list(connection.execute(query).scalars())


def queue_verification(connection: Connection, version: VersionId, party: str) -> JobId:
    """Queue the verification of a draft in the transaction that submits it."""
    job = JobId.new()
    queue.submit(connection, VERIFY_KIND, party, {"version": version}, job.uuid)
    return job


def index_dataset(
    connection: Connection, dataset: Dataset, tokens: Sequence[str], formats: Sequence[str], published_at: Moment
) -> None:
    """Write the search row of a dataset; price and adopters stay as they are."""
    made = insert_or(search_rows).values(
        dataset_id=dataset.id,
        tokens=func.array_to_tsvector(cast(list(tokens), ARRAY(Text))),
        sector=dataset.sector,
        licence=dataset.licence,
        formats=list(formats),
        published_at=published_at,
    )
    changed = {name: made.excluded[name] for name in ("tokens", "sector", "licence", "formats", "published_at")}
    connection.execute(made.on_conflict_do_update(index_elements=["dataset_id"], set_=changed))


def unindex_dataset(connection: Connection, dataset: DatasetId) -> None:
    """Take a dataset out of search."""
    connection.execute(delete(search_rows).where(search_rows.c.dataset_id == dataset))


def set_price(connection: Connection, dataset: DatasetId, fen: int | None) -> None:
    """State the price on the search row; None is free."""
    connection.execute(
        update_rows(search_rows)
        .where(search_rows.c.dataset_id == dataset)
        .values(price="free" if fen is None else "paid", price_fen=fen)
    )


def set_adopters(connection: Connection, dataset: DatasetId, adopters: int) -> None:
    """State on the search row how many adopters count."""
    connection.execute(update_rows(search_rows).where(search_rows.c.dataset_id == dataset).values(adopters=adopters))


def _narrowed(wanted: Search, query: str) -> list[Any]:
    conditions: list[Any] = []
    if query:
        conditions.append(search_rows.c.tokens.bool_op("@@")(cast(literal(query), TSQUERY)))
    exact = {name: getattr(wanted, name) for name in ("sector", "licence", "price")}
    conditions += [search_rows.c[name] == value for name, value in exact.items() if value]
    if wanted.format:
        conditions.append(literal(wanted.format) == any_(search_rows.c.formats))
    return conditions


def found_datasets(
    connection: Connection, wanted: Search, query: str, title_query: str, after: tuple[int, int, str] | None
) -> list[Row[Any]]:
    """Return (dataset, formats, price, published, title hit, adopters): title hits first, then the most adopted.

    The inner queries are capped, or else PostgreSQL would walk an index of adopters for every ordinary word.
    """
    columns = [search_rows.c[name] for name in ("dataset_id", "formats", "price_fen", "published_at", "adopters")]
    conditions = _narrowed(wanted, query)
    if title_query:
        in_title = search_rows.c.tokens.bool_op("@@")(cast(literal(title_query), TSQUERY))
        of_title = select(*columns, literal(0).label("tier")).where(*conditions, in_title).limit(HITS_CAP)
        of_rest = select(*columns, literal(1).label("tier")).where(*conditions, not_(in_title)).limit(HITS_CAP)
        hits = union_all(of_title.subquery().select(), of_rest.subquery().select()).subquery("hits")
    else:
        hits = select(*columns, literal(0).label("tier")).where(*conditions).subquery("hits")
    order = (hits.c.tier, -hits.c.adopters, hits.c.dataset_id)
    page = select(hits).order_by(*order).limit(wanted.limit + 1)
    if after:
        position = tuple_(literal(after[0]), literal(-after[1]), literal(DatasetId(after[2]), IdColumn(DatasetId)))
        page = page.where(tuple_(*order) > position)
    return list(connection.execute(page).all())


def facet_counts(connection: Connection, wanted: Search, query: str) -> tuple[dict[str, dict[str, int]], bool]:
    """Return how many hits have each value of each facet, and whether the count stopped at the cap."""
    names = ("sector", "licence", "formats", "price")
    capped = select(*(search_rows.c[name] for name in names)).where(*_narrowed(wanted, query)).limit(FACET_CAP)
    hits = capped.subquery("hits")
    counted: dict[str, dict[str, int]] = {}
    for name, shown in (("sector", "sector"), ("licence", "licence"), ("formats", "format"), ("price", "price")):
        value = func.unnest(hits.c.formats) if name == "formats" else hits.c[name]
        values = select(value.label("value")).select_from(hits).subquery("of_facet")
        rows = connection.execute(
            select(values.c.value, func.count()).group_by(values.c.value).order_by(func.count().desc(), values.c.value)
        )
        counted[shown] = {value: int(number) for value, number in rows}
    total = int(connection.execute(select(func.count()).select_from(hits)).scalar_one())
    return counted, total == FACET_CAP
