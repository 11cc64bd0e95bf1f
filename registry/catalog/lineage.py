"""What a version derives from and what derives from it, as a graph, page by page.

Only published versions are in it. Of a version that the actor may not know of, the graph shows that there is one, under
a handle that leads nowhere. A page is bounded whatever the size of the graph; so is the distance.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.catalog import records, rules
from registry.catalog.model import Dataset, Version, VersionName
from registry.catalog.reading import version_named
from registry.journal.work import View
from registry.values.identifiers import DatasetId, VersionId

DEPTH_MAX: Final = 20
HANDLE_DIGITS: Final = 24


class Direction(StrEnum):
    """Which way to look: towards what a version derives from, towards what derives from it, or both."""

    UP = "up"
    DOWN = "down"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Node:
    """A version in a lineage. ``distance`` is negative towards what it derives from; hidden ones have no version."""

    handle: str
    distance: int
    version: Version | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """That ``child`` derives from ``parent``, both by handle; of a child one may know, its new share."""

    child: str
    parent: str
    new_share_bp: int | None


@dataclass(frozen=True, slots=True)
class Position:
    """The last node of a page: the way it lies, its distance (positive) and its id."""

    up: bool
    distance: int
    version: VersionId


@dataclass(frozen=True, slots=True)
class Lineage:
    """A page of a lineage; every edge to a node of the page is in it, also from nodes of earlier pages."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    next_position: Position | None


def lineage(
    view: View, name: VersionName, direction: Direction, depth: int, after: Position | None, limit: int
) -> Lineage:
    """Return a page of the lineage of a version: itself first, then upwards, then downwards, the nearest first.

    Args:
        view: One state of the database.
        name: The version it is about.
        direction: Which way to look.
        depth: How far, 1 to 20.
        after: Where the page before ended.
        limit: How many nodes at most, beside the version itself.

    Raises:
        NotFoundError: There is no such version that the actor may know of.
    """
    root = version_named(view, name)
    reached = _reached(view, root.id, direction, depth, after, limit + 1)
    found = reached[:limit]
    links = [
        link
        for up in (True, False)
        if (wanted := [version for of, version, _ in found if of is up])
        for link in records.links_to(view.connection, root.id, wanted, up=up, depth=depth)
    ]
    concerned = {root.id, *(version for _, version, _ in found), *(end for link in links for end in link)}
    known = _known(view, concerned)
    shown = [(True, root.id, 0), *found] if after is None else found
    nodes = tuple(
        Node(_handle(root, version, known), -distance if up else distance, *known.get(version, (None, None)))
        for up, version, distance in shown
    )
    edges = tuple(
        Edge(
            _handle(root, child, known),
            _handle(root, parent, known),
            known[child][0].new_share_bp if child in known else None,
        )
        for child, parent in links
    )
    last = Position(found[-1][0], found[-1][2], found[-1][1]) if len(reached) > limit else None
    return Lineage(nodes, edges, last)


def _reached(
    view: View, root: VersionId, direction: Direction, depth: int, after: Position | None, limit: int
) -> list[tuple[bool, VersionId, int]]:
    """Return (upwards, version, distance) of the versions of a page and one more, if there is."""
    ways = [up for up in (True, False) if direction in (Direction.BOTH, Direction.UP if up else Direction.DOWN)]
    found: list[tuple[bool, VersionId, int]] = []
    for up in ways:
        if after and up and not after.up:
            continue
        behind = (after.distance, after.version) if after and after.up is up else None
        room = limit - len(found)
        if room > 0:
            made = records.reached(view.connection, root, up=up, depth=depth, after=behind, limit=room)
            found += [(up, version, distance) for version, distance in made]
    return found


def _known(view: View, wanted: set[VersionId]) -> dict[VersionId, tuple[Version, str]]:
    """Return those versions that the actor may know of, with their names."""
    held = records.versions_by_id(view.connection, wanted)
    datasets = records.datasets_of(view.connection, {each.dataset for each in held.values()})
    states = records.states_of(view.connection, datasets)
    return {
        each.id: (each, f"{datasets[each.dataset].name}@v{each.number}")
        for each in held.values()
        if _may_know(view, datasets, each) and rules.is_known(view.actor, each.publisher, states[each.dataset])
    }


def _may_know(view: View, datasets: Mapping[DatasetId, Dataset], found: Version) -> bool:
    return found.publisher == view.actor.firm or datasets[found.dataset].newest is not None


def _handle(root: Version, version: VersionId, known: Mapping[VersionId, object]) -> str:
    """Return what a node is called: its id, or for a hidden one what nobody can trace back to it."""
    if version in known:
        return version
    # The random bits of the two identifiers keep the digest from being guessed.
    return "hidden_" + hashlib.sha256(f"{root.id}/{version}".encode()).hexdigest()[:HANDLE_DIGITS]
