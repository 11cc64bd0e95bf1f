"""What datasets, drafts and versions look like in answers."""

from typing import Self

from pydantic import JsonValue

from api.calls import cursor_of
from api.door import Answer
from api.v1.statement_views import DeprecationView, IndustryView, RegistrationView, RightView
from registry.catalog.manifest_pages import SignedManifest
from registry.catalog.model import Dataset, Hit, SearchPage, Version, VersionFile
from registry.catalog.usage_model import UsageDay
from registry.values.money import Money


class DatasetView(Answer):
    """A dataset."""

    id: str
    name: str
    title: str
    description: str
    sector: str
    licence: str
    access: str
    keywords: list[str]
    publisher: str
    created_at: str
    latest: int | None
    deprecation: DeprecationView | None

    @classmethod
    def of(cls, found: Dataset) -> Self:
        """Return the view of a dataset."""
        return cls(
            id=found.id,
            name=str(found.name),
            title=found.title,
            description=found.description,
            sector=found.sector.value,
            licence=found.licence,
            access=found.access.value,
            keywords=list(found.keywords),
            publisher=found.publisher,
            created_at=str(found.created_at),
            latest=found.newest,
            deprecation=DeprecationView.of(found.deprecation),
        )


class HitView(DatasetView):
    """A dataset that search found; without a price it is free. ``recalled`` are versions an authority recalled."""

    formats: list[str]
    price_fen: int | None
    price_text: str | None
    published_at: str
    recalled: list[int]

    @classmethod
    def of_hit(cls, hit: Hit) -> Self:
        """Return the view of a hit."""
        return cls(
            **DatasetView.of(hit.dataset).model_dump(),
            formats=list(hit.formats),
            price_fen=hit.price_fen,
            price_text=None if hit.price_fen is None else str(Money(hit.price_fen)),
            published_at=str(hit.published_at),
            recalled=list(hit.recalled),
        )


class SearchView(Answer):
    """A page of datasets, and how many there are by facet and value; a count that stopped at 5,000 says so."""

    items: list[HitView]
    facets: dict[str, dict[str, int]]
    facets_capped: bool
    next_cursor: str | None

    @classmethod
    def of(cls, page: SearchPage) -> Self:
        """Return the view of a page."""
        return cls(
            items=[HitView.of_hit(hit) for hit in page.hits],
            facets={name: dict(values) for name, values in page.facets.items()},
            facets_capped=page.facets_capped,
            next_cursor=cursor_of(page.next_position) if page.next_position else None,
        )


class OverlapView(Answer):
    """How much of a draft is in a published version, in basis points."""

    version: str
    row_containment_bp: int
    column_containment_bp: int


class FileView(Answer):
    """A file of a version; digest, format and rows as the server read them."""

    path: str
    size_bytes: int
    sha256: str | None
    format: str | None
    rows: int | None
    encoding: str | None
    media_type: str | None
    upload: str | None

    @classmethod
    def of(cls, found: VersionFile) -> Self:
        """Return the view of a file of a version."""
        return cls(
            path=str(found.path),
            size_bytes=found.size_bytes,
            sha256=found.digest.hex if found.digest else None,
            format=found.format,
            rows=found.rows,
            encoding=_text(found.inventory.get("encoding")),
            media_type=_text(found.inventory.get("media_type")),
            upload=None,
        )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


class FileInventoryView(Answer):
    """What the server read in the bytes of one file.

    ``columns`` is the profile of a table. ``inventory`` holds what else there is to say: ``encoding``, ``delimiter``
    and ``quote`` of a text, ``media_type``, ``width`` and ``height`` of an image, and of an ``archive`` what it holds,
    its first 1,000 entries by name.
    """

    path: str
    size_bytes: int
    sha256: str | None
    format: str | None
    rows: int | None
    columns: list[dict[str, JsonValue]]
    inventory: dict[str, JsonValue]

    @classmethod
    def of(cls, found: VersionFile) -> Self:
        """Return the view of a file."""
        return cls(
            path=str(found.path),
            size_bytes=found.size_bytes,
            sha256=found.digest.hex if found.digest else None,
            format=found.format,
            rows=found.rows,
            columns=[dict(column) for column in found.columns],
            inventory=dict(found.inventory),
        )


class FilesView(Answer):
    """A page of files."""

    items: list[FileView]
    next_cursor: str | None


class EarlierPublicationView(Answer):
    """Where the content had been public before."""

    where: str
    published_on: str
    url: str | None


class ContributorView(Answer):
    """Who had a part in a version."""

    firm: str | None
    name: str
    role: str


class VersionView(Answer):
    """A version; its content never changes."""

    id: str
    dataset: str
    number: int
    state: str
    message: str
    content_digest: str
    manifest_digest: str
    published_at: str
    origin: str
    source: str
    source_url: str | None
    source_licence: str | None
    earlier_publications: list[EarlierPublicationView]
    parents: list[str]
    new_share_bp: int | None
    contributors: list[ContributorView]
    grade: str
    stated_grade: str
    grade_assessed: bool
    desensitised: bool
    embargo_until: str | None
    rights: list[RightView]
    registrations: list[RegistrationView]
    industry: IndustryView | None
    deprecation: DeprecationView | None
    files: int
    size_bytes: int
    rows: int | None
    report: dict[str, JsonValue] | None
    overlap: list[OverlapView]
    withdrawn_reason: str | None

    @classmethod
    def of(cls, found: Version) -> Self:
        """Return the view of a published version."""
        return cls(
            id=found.id,
            dataset=found.dataset,
            number=found.number or 0,
            state=found.state.value,
            message=found.message,
            content_digest=str(found.content_digest),
            manifest_digest=str(found.manifest_digest),
            published_at=str(found.published_at),
            origin=found.origin.value,
            source=found.source,
            source_url=found.source_url,
            source_licence=found.source_licence,
            earlier_publications=[
                EarlierPublicationView(where=each.where, published_on=each.published_on.isoformat(), url=each.url)
                for each in found.earlier_publications
            ],
            parents=list(found.parent_names),
            new_share_bp=found.new_share_bp,
            contributors=[
                ContributorView(firm=each.firm, name=each.name, role=each.role.value) for each in found.contributors
            ],
            grade=found.grade.value,
            stated_grade=found.stated_grade.value,
            grade_assessed=found.grade_assessed,
            desensitised=found.desensitised,
            embargo_until=str(found.embargo_until) if found.embargo_until else None,
            rights=[RightView.of(each) for each in found.rights],
            registrations=[RegistrationView.of(each) for each in found.registrations],
            industry=IndustryView.of(found.industry),
            deprecation=DeprecationView.of(found.deprecated),
            files=found.files,
            size_bytes=found.size_bytes,
            rows=found.rows,
            report=dict(found.report) or None,
            overlap=[
                OverlapView(
                    version=each.name,
                    row_containment_bp=each.row_containment_bp,
                    column_containment_bp=each.column_containment_bp,
                )
                for each in found.overlap
            ],
            withdrawn_reason=found.withdrawn_reason,
        )


class VersionsView(Answer):
    """A page of the versions of a dataset, the oldest first."""

    items: list[VersionView]
    next_cursor: str | None = None


class ManifestView(Answer):
    """The signed manifest of a version: DSSE envelope over the root, and the root, which names its pages."""

    envelope: dict[str, JsonValue]
    root: dict[str, JsonValue]

    @classmethod
    def of(cls, signed: SignedManifest) -> Self:
        """Return the view of a manifest."""
        return cls(envelope=dict(signed.envelope), root=dict(signed.root))


class ReadUrlView(Answer):
    """Where a file can be read. One that lies in a pack has no address: ``contents`` gives its bytes."""

    path: str
    url: str | None
    packed: bool
    size_bytes: int
    sha256: str


class ReadUrlsView(Answer):
    """Where files can be read, until an instant."""

    urls: list[ReadUrlView]
    expires_at: str


class UsageDayView(Answer):
    """How a dataset was read on a day (Asia/Shanghai).

    ``reads`` addresses of files were given out to ``parties``, for ``size_bytes``. ``downloads`` were used as the
    access log shows, ``complete`` of them to the last byte; ``sent_bytes`` were sent, each byte of a download once.
    """

    day: str
    reads: int
    parties: int
    size_bytes: int
    downloads: int
    complete: int
    sent_bytes: int


class UsageView(Answer):
    """The days on which a dataset was read, the newest first."""

    items: list[UsageDayView]
    next_cursor: str | None = None

    @classmethod
    def of(cls, found: tuple[UsageDay, ...], limit: int) -> Self:
        """Return a page of at most ``limit`` days; one more in ``found`` means that others follow."""
        shown = found[:limit]
        return cls(
            items=[
                UsageDayView(
                    day=each.day.isoformat(),
                    reads=each.reads,
                    parties=each.parties,
                    size_bytes=each.size_bytes,
                    downloads=each.downloads,
                    complete=each.complete,
                    sent_bytes=each.sent_bytes,
                )
                for each in shown
            ],
            next_cursor=cursor_of([shown[-1].day.isoformat()]) if len(found) > limit else None,
        )
