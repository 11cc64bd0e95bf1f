"""Queries over what derives from what: grades along it, and the graph around a version."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import bindparam, func, select
from sqlalchemy import update as update_rows

from registry.catalog.records.versions import version_parents, versions
from registry.catalog.statement_model import Grade
from registry.catalog.statement_rules import GradeFacts
from registry.values.identifiers import VersionId
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
