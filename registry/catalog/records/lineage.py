"""Queries over what derives from what: grades along it, and the graph around a version."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, func, literal, or_, select, tuple_
from sqlalchemy import update as update_rows

from registry.catalog.model import VersionState
from registry.catalog.records.versions import version_parents, versions
from registry.catalog.statement_model import Grade
from registry.catalog.statement_rules import GradeFacts
from registry.values.identifiers import DatasetId, VersionId
from registry.values.records import IdColumn
from storage.database import Connection

GRADES_LOCK: Final = (7245, 43)
"""An advisory lock: grades move along the lineage one at a time, or two writers would each miss the other's."""


def lock_grades(connection: Connection) -> None:
    """Wait until nobody else changes grades or publishes what derives from something."""
    connection.execute(select(func.pg_advisory_xact_lock(*GRADES_LOCK)))


def grades(connection: Connection, wanted: Iterable[VersionId]) -> dict[VersionId, Grade]:
    """Return the grades of versions as they are now."""
    query = select(versions.c.id, versions.c.grade).where(versions.c.id.in_(list(wanted)))
    return {row.id: Grade(row.grade) for row in connection.execute(query)}


def derived_grades(
    connection: Connection, version: VersionId
) -> tuple[dict[VersionId, GradeFacts], dict[VersionId, Grade]]:
    """Return what the grades of all published versions derived from ``version`` follow from, and their present grades.

    The second also holds the grades of every parent of them.
    """
    walk = select(version_parents.c.version_id.label("id")).where(version_parents.c.parent_id == version)
    below = walk.cte("below", recursive=True)
    further = select(version_parents.c.version_id).join(below, version_parents.c.parent_id == below.c.id)
    below = below.union(further)
    held = connection.execute(
        select(versions.c.id, versions.c.stated_grade, versions.c.grade_assessed)
        .where(versions.c.id.in_(select(below.c.id)), versions.c.number.is_not(None))
        .order_by(versions.c.id)
    ).all()
    parents: dict[VersionId, list[VersionId]] = {row.id: [] for row in held}
    links = select(version_parents.c.version_id, version_parents.c.parent_id)
    for child, parent in connection.execute(links.where(version_parents.c.version_id.in_(list(parents)))):
        parents[child].append(parent)
    facts = {row.id: GradeFacts(Grade(row.stated_grade), row.grade_assessed, tuple(parents[row.id])) for row in held}
    concerned = {*facts, *(parent for each in parents.values() for parent in each)}
    return facts, grades(connection, concerned)


def set_grades(connection: Connection, changed: Mapping[VersionId, Grade]) -> None:
    """Set the grades that hold now."""
    if changed:
        connection.execute(
            update_rows(versions).where(versions.c.id == bindparam("of")).values(grade=bindparam("now")),
            [{"of": version, "now": grade} for version, grade in sorted(changed.items())],
        )


def reached(
    connection: Connection,
    version: VersionId,
    *,
    up: bool,
    depth: int,
    after: tuple[int, VersionId] | None,
    limit: int,
) -> list[tuple[VersionId, int]]:
    """Return versions that ``version`` derives from (``up``) or that derive from it, with their least distance.

    Drafts are nobody's parents and are left out below. In order of distance, then id; from behind ``after`` on.
    """
    walk = _walk(version, up=up, depth=depth)
    found = select(walk.c.id, func.min(walk.c.depth).label("depth")).group_by(walk.c.id).subquery("found")
    query = select(found.c.id, found.c.depth).order_by(found.c.depth, found.c.id).limit(limit)
    if after:
        position = tuple_(literal(after[0]), literal(after[1], IdColumn(VersionId)))
        query = query.where(tuple_(found.c.depth, found.c.id) > position)
    return [(row.id, int(row.depth)) for row in connection.execute(query)]


def _ends(*, up: bool) -> tuple[Any, Any]:
    """Return the columns of a link that lie nearer to and further from where a walk begins."""
    child, parent = version_parents.c.version_id, version_parents.c.parent_id
    return (child, parent) if up else (parent, child)


def _walk(version: VersionId, *, up: bool, depth: int) -> Any:
    """Return the walk from a version as (id, depth): each version once at each distance, so that it always ends."""
    near, far = _ends(up=up)
    first = (
        select(far.label("id"), literal(1).label("depth"))
        .join(versions, versions.c.id == far)
        .where(near == version, versions.c.number.is_not(None))
    )
    walk = first.cte("walk", recursive=True)
    further = (
        select(far, walk.c.depth + 1)
        .join(walk, near == walk.c.id)
        .join(versions, versions.c.id == far)
        .where(walk.c.depth < depth, versions.c.number.is_not(None))
    )
    return walk.union(further)


def links_to(
    connection: Connection, version: VersionId, wanted: Sequence[VersionId], *, up: bool, depth: int
) -> list[tuple[VersionId, VersionId]]:
    """Return (child, parent) for every link by which a walk from ``version`` comes to one of ``wanted``."""
    near, far = _ends(up=up)
    walk = _walk(version, up=up, depth=depth - 1) if depth > 1 else None
    before = [near == version] if walk is None else [near == version, near.in_(select(walk.c.id))]
    query = select(version_parents.c.version_id, version_parents.c.parent_id).where(far.in_(list(wanted)), or_(*before))
    found = query.order_by(version_parents.c.version_id, version_parents.c.place)
    return [(row.version_id, row.parent_id) for row in connection.execute(found)]


def states_of(connection: Connection, datasets: Iterable[DatasetId]) -> dict[DatasetId, set[VersionState]]:
    """Return the states that the versions of datasets are in."""
    wanted = list(datasets)
    query = select(versions.c.dataset_id, versions.c.state).where(versions.c.dataset_id.in_(wanted)).distinct()
    found: dict[DatasetId, set[VersionState]] = {each: set() for each in wanted}
    for dataset, state in connection.execute(query):
        found[dataset].add(VersionState(state))
    return found
