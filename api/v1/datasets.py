"""Datasets, drafts and versions over HTTP."""

import secrets
from datetime import date, timedelta

from flask import Response

from api.calls import current_actor, house, position_of, read, rendered, write
from api.door import Door, PageQuery
from api.paging import page_of
from api.v1.dataset_bodies import (
    DatasetBody,
    DraftBody,
    FileBody,
    FilePathQuery,
    NothingBody,
    ReadsBody,
    RenameBody,
    SearchQuery,
    VersionWithdrawalBody,
    version_number,
)
from api.v1.dataset_naming import of_dataset as _of_dataset
from api.v1.dataset_views import (
    DatasetView,
    FileInventoryView,
    FilesView,
    FileView,
    ManifestView,
    ReadUrlsView,
    ReadUrlView,
    SearchView,
    UsageView,
    VersionsView,
    VersionView,
)
from api.v1.draft_views import DraftFileView, DraftView
from registry.actors.model import Action
from registry.catalog import service
from registry.catalog.model import Search, Version, VersionFile, VersionName
from registry.catalog.usage import note_reads, usage
from registry.errors import InvalidValueError, UnavailableError
from registry.journal.work import Command
from registry.manifests.model import FilePath
from registry.values.digest import Digest
from registry.values.identifiers import ReadId, VersionId
from registry.values.names import PublicName
from storage.errors import StoreConfigurationError, StoreUnavailableError

door = Door("datasets", __name__, url_prefix="/v1")

READ_URL_LIFE = timedelta(minutes=15)
"""Revocation ends new addresses at once; those that were given out end after this."""
DRAFT_FILES_SHOWN_MAX = 1_000
READ_DOOR = "v1"


@door.operation("POST", "/datasets", {201: DatasetView}, action=Action.DRAFT_VERSION)
def create_dataset(body: DatasetBody) -> Response:
    """Create a dataset."""
    return write(lambda work: service.create_dataset(work, body.command()), DatasetView.of)


@door.operation("GET", "/datasets", {200: SearchView}, public=True)
def search_datasets(query: SearchQuery) -> Response:
    """Search published datasets by words, with facets."""
    wanted = Search(
        query.q, query.sector, query.licence, query.key_industry, query.format, query.price, limit=query.limit
    )
    position = position_of(query.cursor, 3)
    if position and not (position[0] in (0, 1) and type(position[1]) is int and 0 <= position[1] < 2**31):
        raise InvalidValueError("cursor_malformed")
    after = (int(position[0]), position[1], str(position[2])) if position else None
    return read(lambda view: service.search(view, wanted, after), SearchView.of)


@door.operation("GET", "/datasets/<namespace>/<slug>", {200: DatasetView, 308: None}, public=True)
def show_dataset(namespace: str, slug: str) -> Response:
    """Show a dataset."""
    return _of_dataset(namespace, slug, lambda _, held: held, DatasetView.of)


@door.operation("POST", "/datasets/<namespace>/<slug>/rename", {200: DatasetView}, action=Action.DRAFT_VERSION)
def rename_dataset(namespace: str, slug: str, body: RenameBody) -> Response:
    """Give a dataset another name; the old one leads to it for ever."""
    return write(
        lambda work: service.rename_dataset(work, PublicName(namespace, slug), PublicName.parse(body.name)),
        DatasetView.of,
        200,
    )


@door.operation("POST", "/datasets/<namespace>/<slug>/drafts", {201: DraftView}, action=Action.DRAFT_VERSION)
def open_draft(namespace: str, slug: str, body: DraftBody) -> Response:
    """Begin a version."""
    return write(lambda work: service.open_draft(work, body.command(PublicName(namespace, slug))), DraftView.of)


@door.operation("GET", "/drafts/<draft>", {200: DraftView}, action=Action.DRAFT_VERSION)
def show_draft(draft: str) -> Response:
    """Show a draft, its faults, and what was read in its files."""
    identifier = VersionId(draft)
    return read(
        lambda view: (
            held := service.draft(view, identifier),
            service.draft_files(view, identifier, DRAFT_FILES_SHOWN_MAX),
            service.draft_progress(view, held),
        ),
        lambda found: DraftView.of(*found),
    )


@door.operation("POST", "/drafts/<draft>/files", {201: DraftFileView}, action=Action.DRAFT_VERSION)
def add_draft_file(draft: str, body: FileBody) -> Response:
    """Announce a file of a draft and open its upload."""
    path = FilePath(body.path)
    return write(lambda work: service.add_file(work, VersionId(draft), path, body.size_bytes), DraftFileView.of)


@door.operation(
    "DELETE", "/drafts/<draft>/files", {204: None}, action=Action.DRAFT_VERSION, keyed=False, problems=(409,)
)
def remove_draft_file(draft: str, query: FilePathQuery) -> Response:
    """Take a file out of a draft."""
    identifier, path = VersionId(draft), FilePath(query.path)
    with house().view(current_actor()) as view:
        upload = service.draft_file(view, identifier, path).upload
    # The upload tells one file at a path from the next, so that a repeat of this removal removes nothing else. Bytes
    # that were held before may come and go again, and a repeat finds them gone.
    actor = current_actor()
    told = f"{upload}-{Digest.of(path.encode()).hex[:16]}" if upload else secrets.token_urlsafe(24)
    key = f"remove-{told}-{actor.account or 'nobody'}"
    command = Command("datasets.remove_draft_file", key, Digest.of_json({"path": str(path)}))
    house().perform(actor, command, lambda work: {"path": str(service.remove_file(work, identifier, path).path)})
    return Response(status=204)


@door.operation("POST", "/drafts/<draft>/submit", {200: DraftView}, action=Action.DRAFT_VERSION)
def submit_draft(draft: str, body: NothingBody) -> Response:  # noqa: ARG001
    """Hand a draft to the worker, which reads every byte again."""
    return write(lambda work: service.submit_draft(work, VersionId(draft)), DraftView.of, 200)


@door.operation("POST", "/drafts/<draft>/abandon", {200: DraftView}, action=Action.DRAFT_VERSION)
def abandon_draft(draft: str, body: NothingBody) -> Response:  # noqa: ARG001
    """Give a draft up with its uploads."""
    return write(lambda work: service.abandon_draft(work, VersionId(draft)), DraftView.of, 200)


@door.operation("POST", "/drafts/<draft>/publish", {201: VersionView}, action=Action.PUBLISH_VERSION)
def publish_draft(draft: str, body: NothingBody) -> Response:  # noqa: ARG001
    """Publish a verified draft; from then on its content never changes."""
    return write(lambda work: service.publish_draft(work, VersionId(draft), house().signing_key), VersionView.of)


@door.operation("GET", "/datasets/<namespace>/<slug>/versions", {200: VersionsView, 308: None}, public=True)
def list_versions(namespace: str, slug: str, query: PageQuery) -> Response:
    """List the versions of a dataset, the oldest first."""
    position = position_of(query.cursor, 1)
    after = int(position[0]) if position else 0

    def shown(found: tuple[Version, ...]) -> VersionsView:
        page, following = page_of(found, query, lambda each: [each.number])
        return VersionsView(items=[VersionView.of(each) for each in page], next_cursor=following)

    return _of_dataset(
        namespace, slug, lambda view, held: service.versions_page(view, held.id, after, query.limit + 1), shown
    )


@door.operation("GET", "/datasets/<namespace>/<slug>/versions/<version>", {200: VersionView, 308: None}, public=True)
def show_version(namespace: str, slug: str, version: str) -> Response:
    """Show a version."""
    number = version_number(version)
    return _of_dataset(
        namespace,
        slug,
        lambda view, held: service.version_named(view, VersionName(held.name, number)),
        VersionView.of,
    )


@door.operation(
    "GET", "/datasets/<namespace>/<slug>/versions/<version>/manifest", {200: ManifestView, 308: None}, public=True
)
def show_manifest(namespace: str, slug: str, version: str) -> Response:
    """Return the signed manifest of a version."""
    number = version_number(version)
    return _of_dataset(
        namespace,
        slug,
        lambda view, held: service.manifest(view, VersionName(held.name, number)),
        ManifestView.of,
    )


@door.operation(
    "GET", "/datasets/<namespace>/<slug>/versions/<version>/files", {200: FilesView, 308: None}, public=True
)
def list_version_files(namespace: str, slug: str, version: str, query: PageQuery) -> Response:
    """List the files of a version by path."""
    number = version_number(version)
    position = position_of(query.cursor, 1)
    after = str(FilePath(str(position[0]))) if position else ""

    def presented(found: tuple[VersionFile, ...]) -> FilesView:
        shown, more = page_of(found, query, lambda each: [str(each.path)])
        return FilesView(items=[FileView.of(file) for file in shown], next_cursor=more)

    return _of_dataset(
        namespace,
        slug,
        lambda view, held: service.version_files(view, VersionName(held.name, number), after, query.limit + 1),
        presented,
    )


@door.operation(
    "GET", "/datasets/<namespace>/<slug>/versions/<version>/inventory", {200: FileInventoryView, 308: None}, public=True
)
def show_file_inventory(namespace: str, slug: str, version: str, query: FilePathQuery) -> Response:
    """Show what one file of a version is: columns, encoding, media type, what an archive holds."""
    number, path = version_number(version), FilePath(query.path)
    return _of_dataset(
        namespace,
        slug,
        lambda view, held: service.version_file(view, VersionName(held.name, number), path),
        FileInventoryView.of,
    )


@door.operation(
    "POST",
    "/datasets/<namespace>/<slug>/versions/<version>/reads",
    {200: ReadUrlsView},
    public=True,
    keyed=False,
    problems=(401, 403),
)
def sign_read_urls(namespace: str, slug: str, version: str, body: ReadsBody) -> Response:
    """Sign addresses from which files may be read, for whoever the gate lets in."""
    paths = tuple(FilePath(path) for path in body.paths)
    name = VersionName(PublicName(namespace, slug), version_number(version))
    with house().view(current_actor()) as view:
        found = service.read_locations(view, name, paths)
        version_id = service.version_named(view, name).id
        expires_at = view.now.plus(READ_URL_LIFE)
    life_s = int(READ_URL_LIFE.total_seconds())
    ids = [ReadId.new() for _ in found]
    try:
        urls = [
            ReadUrlView(
                path=str(file.path),
                url=None
                if blob.packed
                else house().store.at(blob.store).read_url(blob.place, life_s, file.path.rpartition("/")[2], read),
                packed=blob.packed,
                size_bytes=blob.size_bytes,
                sha256=blob.digest.hex,
            )
            for read, (file, blob) in zip(ids, found, strict=True)
        ]
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error
    note_reads(house().database, view, version_id, found, READ_DOOR, ids)
    return rendered(ReadUrlsView(urls=urls, expires_at=str(expires_at)).model_dump(mode="json"))


@door.operation("GET", "/datasets/<namespace>/<slug>/usage", {200: UsageView, 308: None}, action=Action.READ_USAGE)
def show_usage(namespace: str, slug: str, query: PageQuery) -> Response:
    """Count the reads of a dataset by day, issued and delivered, for its publisher and for auditors."""
    position = position_of(query.cursor, 1)
    before = date.fromisoformat(str(position[0])) if position else None
    return _of_dataset(
        namespace,
        slug,
        lambda view, held: usage(view, held, before, query.limit + 1),
        lambda found: UsageView.of(found, query.limit),
    )


@door.operation(
    "POST",
    "/datasets/<namespace>/<slug>/versions/<version>/withdraw",
    {200: VersionView},
    action=Action.WITHDRAW_VERSION,
)
def withdraw_version(namespace: str, slug: str, version: str, body: VersionWithdrawalBody) -> Response:
    """Withdraw a version from new readers."""
    name = VersionName(PublicName(namespace, slug), version_number(version))
    return write(lambda work: service.withdraw_version(work, name, body.reason), VersionView.of, 200)
