"""Versions looked through over HTTP: pages of manifests, folders, differences."""

from typing import Self

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from api.calls import current_actor, cursor_of, house, position_of, read
from api.door import Answer, Door, PageQuery
from api.paging import page_of
from api.v1.dataset_bodies import version_number
from registry.catalog.browsing import Child, Difference, SchemaChange, children, difference
from registry.catalog.contents import Stretch, content_bytes
from registry.catalog.manifest_pages import manifest_page
from registry.catalog.model import VersionName
from registry.manifests.model import FilePath
from registry.values.digest import Digest
from registry.values.names import PublicName

door = Door("browsing", __name__, url_prefix="/v1")

VERSION = "/datasets/<namespace>/<slug>/versions/<version>"


class TreeQuery(PageQuery):
    """Which folder, by default the root, and which page of it."""

    path: str = Field(default="", max_length=4_000)
    limit: int = Field(default=200, ge=1, le=1_000)


class TreeItemView(Answer):
    """A file or folder."""

    name: str
    kind: str
    size_bytes: int | None
    format: str | None

    @classmethod
    def of(cls, found: Child) -> Self:
        """Return the view of a child of a folder."""
        kind = "folder" if found.is_folder else "file"
        return cls(name=found.name, kind=kind, size_bytes=found.size_bytes, format=found.format)


class TreeView(Answer):
    """A page of what lies in a folder."""

    items: list[TreeItemView]
    next_cursor: str | None


class DiffQuery(BaseModel):
    """Which two versions, and which page of what they do not have alike."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: int = Field(alias="from", ge=1, lt=10**9)
    after: int = Field(alias="to", ge=1, lt=10**9)
    cursor: str = Field(default="", max_length=4_000)
    limit: int = Field(default=200, ge=1, le=1_000)


class CountsView(Answer):
    """Added, removed, and what was changed before and after that."""

    added: int
    removed: int
    changed_before: int
    changed_after: int


class ColumnTypeView(Answer):
    """A column and what its cells are."""

    name: str
    type: str


class ColumnChangeView(Answer):
    """A column whose cells are of another type than before."""

    name: str
    before: str
    after: str


class SchemaChangeView(Answer):
    """A table whose columns are others than before."""

    path: str
    added: list[ColumnTypeView]
    removed: list[ColumnTypeView]
    changed: list[ColumnChangeView]

    @classmethod
    def of(cls, made: SchemaChange) -> Self:
        """Return the view of a change of schema."""
        return cls(
            path=made.path,
            added=[ColumnTypeView(name=name, type=kind) for name, kind in made.added],
            removed=[ColumnTypeView(name=name, type=kind) for name, kind in made.removed],
            changed=[ColumnChangeView(name=name, before=old, after=new) for name, old, new in made.changed],
        )


class DiffSummaryView(Answer):
    """What a version changed in all; of the tables with other columns the first 100."""

    files_added: int
    files_removed: int
    files_changed: int
    bytes: CountsView
    rows: CountsView
    schema_changes: list[SchemaChangeView]


class DiffItemView(Answer):
    """A file that two versions do not have alike."""

    path: str
    change: str
    size_before: int | None
    size_after: int | None
    rows_before: int | None
    rows_after: int | None


class DiffView(Answer):
    """A page of what two versions do not have alike; the summary comes with the first page."""

    summary: DiffSummaryView | None
    items: list[DiffItemView]
    next_cursor: str | None

    @classmethod
    def of(cls, found: Difference, limit: int) -> Self:
        """Return a page of at most ``limit`` files; one more in ``found`` means that others follow."""
        shown = found.files[:limit]
        return cls(
            summary=_summary(found) if found.sums is not None else None,
            items=[
                DiffItemView(
                    path=each.path,
                    change="added" if each.size_before is None else "removed" if each.size_after is None else "changed",
                    size_before=each.size_before,
                    size_after=each.size_after,
                    rows_before=each.rows_before,
                    rows_after=each.rows_after,
                )
                for each in shown
            ],
            next_cursor=cursor_of([shown[-1].path]) if len(found.files) > limit else None,
        )


def _summary(found: Difference) -> DiffSummaryView:
    sums = found.sums or {}

    def counts(what: str) -> CountsView:
        return CountsView(
            added=sums[f"{what}_added"],
            removed=sums[f"{what}_removed"],
            changed_before=sums[f"{what}_changed_before"],
            changed_after=sums[f"{what}_changed_after"],
        )

    return DiffSummaryView(
        files_added=sums["files_added"],
        files_removed=sums["files_removed"],
        files_changed=sums["files_changed"],
        bytes=counts("bytes"),
        rows=counts("rows"),
        schema_changes=[SchemaChangeView.of(each) for each in found.schema_changes],
    )


@door.operation("GET", f"{VERSION}/manifest/pages/<digest>", {200: None}, public=True, media={200: "application/json"})
def show_manifest_page(namespace: str, slug: str, version: str, digest: str) -> Response:
    """Return the exact bytes of one page of the manifest of a version, as its root names it."""
    name = VersionName(PublicName(namespace, slug), version_number(version))
    with house().view(current_actor()) as view:
        page = manifest_page(view, name, Digest.parse(digest))
    if page.blob is None:
        return Response(page.content, content_type="application/json")
    content = content_bytes(house().store, [Stretch(page.blob.store, page.blob.place, 0, page.size_bytes)])
    answer = Response(content, content_type="application/json")
    answer.content_length = page.size_bytes
    return answer


@door.operation("GET", f"{VERSION}/tree", {200: TreeView}, public=True)
def list_folder(namespace: str, slug: str, version: str, query: TreeQuery) -> Response:
    """List a folder of a version."""
    name = VersionName(PublicName(namespace, slug), version_number(version))
    folder = FilePath(query.path.removesuffix("/")) if query.path else None
    position = position_of(query.cursor, 1)
    start = str(position[0]) if position else ""

    def page(found: tuple[Child, ...]) -> TreeView:
        shown, more = page_of(found, query, lambda each: [each.behind])
        return TreeView(items=[TreeItemView.of(each) for each in shown], next_cursor=more)

    return read(lambda view: children(view, name, folder, start, query.limit + 1), page)


@door.operation("GET", "/datasets/<namespace>/<slug>/diff", {200: DiffView}, public=True)
def show_difference(namespace: str, slug: str, query: DiffQuery) -> Response:
    """Show what a version changed against another of the same dataset."""
    held = PublicName(namespace, slug)
    position = position_of(query.cursor, 1)
    from_path = str(position[0]) if position else ""
    before, after = VersionName(held, query.before), VersionName(held, query.after)
    return read(
        lambda view: difference(view, before, after, from_path, query.limit + 1),
        lambda found: DiffView.of(found, query.limit),
    )
