"""What versions derive from and what derives from them, over HTTP."""

from typing import Self

from flask import Response
from pydantic import Field

from api.calls import cursor_of, position_of
from api.door import Answer, Door, PageQuery
from api.v1.dataset_bodies import version_number
from api.v1.dataset_naming import of_dataset
from registry.catalog.lineage import DEPTH_MAX, Direction, Edge, Lineage, Node, Position, lineage
from registry.catalog.model import VersionName
from registry.errors import InvalidValueError
from registry.values.identifiers import VersionId

door = Door("lineage", __name__, url_prefix="/v1")


class LineageQuery(PageQuery):
    """Which way to look, how far, and which page."""

    direction: Direction = Direction.BOTH
    depth: int = Field(default=5, ge=1, le=DEPTH_MAX)


class NodeView(Answer):
    """A version in a lineage; of a hidden one it is shown that it exists. ``distance`` is negative upwards."""

    node: str
    distance: int
    hidden: bool
    name: str | None
    state: str | None
    grade: str | None
    new_share_bp: int | None
    content_digest: str | None
    deprecated: bool | None

    @classmethod
    def of(cls, found: Node) -> Self:
        """Return the view of a node."""
        held = found.version
        return cls(
            node=found.handle,
            distance=found.distance,
            hidden=held is None,
            name=found.name,
            state=held.state.value if held else None,
            grade=held.grade.value if held else None,
            new_share_bp=held.new_share_bp if held else None,
            content_digest=str(held.content_digest) if held else None,
            deprecated=held.deprecated is not None if held else None,
        )


class EdgeView(Answer):
    """That a version derives from another; the new share of the child counts against all its parents together."""

    child: str
    parent: str
    new_share_bp: int | None

    @classmethod
    def of(cls, found: Edge) -> Self:
        """Return the view of an edge."""
        return cls(child=found.child, parent=found.parent, new_share_bp=found.new_share_bp)


class LineageView(Answer):
    """A page of a lineage: the version itself first, the nearest next; and every edge that leads to its nodes."""

    nodes: list[NodeView]
    edges: list[EdgeView]
    next_cursor: str | None

    @classmethod
    def of(cls, found: Lineage) -> Self:
        """Return the view of a page."""
        following = found.next_position
        return cls(
            nodes=[NodeView.of(each) for each in found.nodes],
            edges=[EdgeView.of(each) for each in found.edges],
            next_cursor=cursor_of([following.up, following.distance, following.version]) if following else None,
        )


@door.operation(
    "GET", "/datasets/<namespace>/<slug>/versions/<version>/lineage", {200: LineageView, 308: None}, public=True
)
def show_lineage(namespace: str, slug: str, version: str, query: LineageQuery) -> Response:
    """Show what a version derives from and what derives from it."""
    number = version_number(version)
    position = position_of(query.cursor, 3)
    if position and not (type(position[0]) is bool and type(position[1]) is int):
        raise InvalidValueError("cursor_malformed")
    after = Position(position[0], position[1], VersionId(str(position[2]))) if position else None
    return of_dataset(
        namespace,
        slug,
        lambda view, held: lineage(
            view, VersionName(held.name, number), query.direction, query.depth, after, query.limit
        ),
        LineageView.of,
    )
