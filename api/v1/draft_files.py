"""The files of a draft by the thousand: packs, what is held, changes, pages."""

from typing import ClassVar, Self

from flask import Response
from pydantic import Field

from api.calls import current_actor, house, position_of, read, rendered, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import page_of
from api.v1.draft_views import DraftFilesView, FileOfDraftView
from api.v1.uploads import UploadView
from registry.actors.model import Action
from registry.catalog import service
from registry.catalog.model import ChangeFiles, FilesChanged, HeldFile
from registry.catalog.packing import BATCH_FILES_MAX
from registry.manifests.model import FilePath
from registry.manifests.uploads import PACK_FILE_MAX_BYTES, PACK_FILES_MAX, PackedFile, Sought, Upload
from registry.values.digest import Digest
from registry.values.identifiers import VersionId

door = Door("draft_files", __name__, url_prefix="/v1")

BATCH_BYTES_MAX = 16 << 20
"""As many paths as a request may name, each as long as one may be."""
PAGE_FILES_MAX = 5_000


class SoughtBody(Strict):
    """Bytes the firm may hold: of a size, and of a digest where it is known."""

    size_bytes: Whole = Field(ge=0)
    sha256: str | None = Field(default=None, max_length=80)


class HoldingsBody(Strict):
    """What is asked for; at most 5,000."""

    body_bytes_max: ClassVar[int] = BATCH_BYTES_MAX
    files: list[SoughtBody] = Field(min_length=1, max_length=BATCH_FILES_MAX)


class HoldingsView(Answer):
    """For each that was asked for, in the same order, whether the firm holds it."""

    held: list[bool]


class HeldFileBody(Strict):
    """A file whose bytes the firm holds."""

    path: str = Field(max_length=4_000)
    size_bytes: Whole = Field(ge=0)
    sha256: str = Field(max_length=80)


class ChangesBody(Strict):
    """Files to take out, and files to attach after that; at most 5,000 in all."""

    body_bytes_max: ClassVar[int] = BATCH_BYTES_MAX
    attach: list[HeldFileBody] = Field(default_factory=list, max_length=BATCH_FILES_MAX)
    remove: list[str] = Field(default_factory=list, max_length=BATCH_FILES_MAX)

    def command(self) -> ChangeFiles:
        """Return the command. Raises InvalidValueError."""
        return ChangeFiles(
            tuple(HeldFile(FilePath(each.path), each.size_bytes, Digest.parse(each.sha256)) for each in self.attach),
            tuple(FilePath(path) for path in self.remove),
        )


class ChangesView(Answer):
    """What was attached and taken out; the bytes of ``missing`` are not held and have to be sent."""

    attached: int
    removed: int
    missing: list[str]

    @classmethod
    def of(cls, made: FilesChanged) -> Self:
        """Return the view of a change."""
        return cls(attached=made.attached, removed=made.removed, missing=[str(path) for path in made.missing])


class PackedFileBody(Strict):
    """A small file of a pack."""

    path: str = Field(max_length=4_000)
    size_bytes: Whole = Field(ge=0, le=PACK_FILE_MAX_BYTES)
    sha256: str = Field(max_length=80)


class PackBody(Strict):
    """The files of a pack, whose bytes follow one another in this order; at most 10,000 and 64 MiB."""

    body_bytes_max: ClassVar[int] = BATCH_BYTES_MAX
    files: list[PackedFileBody] = Field(min_length=1, max_length=PACK_FILES_MAX)


class PackView(Answer):
    """The upload the bytes of a pack go to."""

    upload: UploadView

    @classmethod
    def of(cls, made: Upload) -> Self:
        """Return the view of a pack that was announced."""
        return cls(upload=UploadView.of(made))


class DraftFilesQuery(PageQuery):
    """Which page of the files of a draft."""

    limit: int = Field(default=1_000, ge=1, le=PAGE_FILES_MAX)


@door.operation(
    "POST",
    "/drafts/<draft>/holdings",
    {200: HoldingsView},
    action=Action.DRAFT_VERSION,
    keyed=False,
)
def ask_holdings(draft: str, body: HoldingsBody) -> Response:
    """Ask which bytes the draft's firm holds already, so that they need not be sent."""
    sought = tuple(Sought(each.size_bytes, Digest.parse(each.sha256) if each.sha256 else None) for each in body.files)
    with house().view(current_actor()) as view:
        held = service.holdings(view, VersionId(draft), sought)
    return rendered({"held": list(held)})


@door.operation(
    "POST",
    "/drafts/<draft>/changes",
    {200: ChangesView},
    action=Action.DRAFT_VERSION,
)
def change_draft_files(draft: str, body: ChangesBody) -> Response:
    """Take files out of a draft and attach others whose bytes the firm holds."""
    command = body.command()
    return write(lambda work: service.change_files(work, VersionId(draft), command), ChangesView.of, 200)


@door.operation("POST", "/drafts/<draft>/packs", {201: PackView}, action=Action.DRAFT_VERSION)
def add_draft_pack(draft: str, body: PackBody) -> Response:
    """Announce many small files that travel as one, and open the upload of their bytes."""
    files = tuple(PackedFile(FilePath(each.path), each.size_bytes, Digest.parse(each.sha256)) for each in body.files)
    return write(lambda work: service.add_pack(work, VersionId(draft), files), PackView.of)


@door.operation("GET", "/drafts/<draft>/files", {200: DraftFilesView}, action=Action.DRAFT_VERSION)
def list_draft_files(draft: str, query: DraftFilesQuery) -> Response:
    """List the files of a draft by path."""
    position = position_of(query.cursor, 1)
    after = str(position[0]) if position else ""

    def page(found: tuple) -> DraftFilesView:  # type: ignore[type-arg]
        shown, more = page_of(found, query, lambda each: [str(each[0].path)])
        return DraftFilesView(items=[FileOfDraftView.of_draft(*each) for each in shown], next_cursor=more)

    return read(lambda view: service.draft_files(view, VersionId(draft), query.limit + 1, after), page)
