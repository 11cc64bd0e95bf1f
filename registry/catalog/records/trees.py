"""Files asked as a tree and as a difference: the children of a folder, and what one version has that another has not.

Both walk the index of paths in order and stop when a page is full, however many files there are.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, case, func, literal, select, true

from registry.catalog.records.files import version_files
from registry.catalog.records.verifying import TABLES
from registry.values.identifiers import VersionId
from storage.database import Connection

AFTER_A_FILE = "\x01"
"""No path holds a character of control, so that nothing lies between a file and its path with this one behind."""
AFTER_A_FOLDER = "0"
"""The character that follows the slash."""


def first_paths(connection: Connection, version: VersionId, folder: str, start: str, limit: int) -> list[str]:
    """Return one path of each child of a folder, the first there is, from ``start`` on (a loose index scan).

    ``folder`` is empty for the root, else it ends in a slash.
    """
    files = version_files
    until = files.c.path < folder[:-1] + AFTER_A_FOLDER if folder else true()
    inside = and_(files.c.version_id == version, until)
    first = select(files.c.path).where(inside, files.c.path >= start).order_by(files.c.path).limit(1)
    walk = select(first.scalar_subquery().label("path"), literal(1).label("number")).cte("walk", recursive=True)
    rest = func.substr(walk.c.path, len(folder) + 1)
    slash = func.strpos(rest, "/")
    bound = case(
        (slash == 0, func.concat(walk.c.path, AFTER_A_FILE)),
        else_=func.concat(folder, func.left(rest, slash - 1), AFTER_A_FOLDER),
    ).collate("C")
    following = select(files.c.path).where(inside, files.c.path >= bound).order_by(files.c.path).limit(1)
    step = select(following.scalar_subquery(), walk.c.number + 1)
    walk = walk.union_all(step.where(walk.c.path.is_not(None), walk.c.number < limit))
    found = select(walk.c.path).where(walk.c.path.is_not(None)).order_by(walk.c.number)
    return [str(path) for path in connection.execute(found).scalars()]


@dataclass(frozen=True, slots=True)
class Differing:
    """A file that two versions do not have alike; what a version does not have is None."""

    path: str
    size_before: int | None
    size_after: int | None
    rows_before: int | None
    rows_after: int | None


def differing_files(
    connection: Connection, before: VersionId, after: VersionId, from_path: str, limit: int
) -> list[Differing]:
    """Return the files two versions do not have alike, by path from after ``from_path`` on."""
    old, new = version_files.alias("old"), version_files.alias("new")
    same = and_(new.c.version_id == after, new.c.path == old.c.path)
    left = (
        select(old.c.path, old.c.size_bytes, new.c.size_bytes, old.c.rows, new.c.rows)
        .select_from(old.outerjoin(new, same))
        .where(old.c.version_id == before, old.c.path > from_path, new.c.digest.is_distinct_from(old.c.digest))
        .order_by(old.c.path)
        .limit(limit)
    )
    there = and_(old.c.version_id == before, old.c.path == new.c.path)
    added = (
        select(new.c.path, new.c.size_bytes, new.c.rows)
        .select_from(new.outerjoin(old, there))
        .where(new.c.version_id == after, new.c.path > from_path, old.c.path.is_(None))
        .order_by(new.c.path)
        .limit(limit)
    )
    found = [Differing(*row) for row in connection.execute(left)]
    found += [Differing(row[0], None, row[1], None, row[2]) for row in connection.execute(added)]
    return sorted(found, key=lambda each: each.path)[:limit]


def summed_difference(connection: Connection, before: VersionId, after: VersionId) -> Row[Any]:
    """Return how many files, bytes and rows were added, removed and changed between two versions."""
    old = select(version_files).where(version_files.c.version_id == before).subquery("old")
    new = select(version_files).where(version_files.c.version_id == after).subquery("new")
    added, removed = old.c.path.is_(None), new.c.path.is_(None)
    changed = and_(old.c.path.is_not(None), new.c.path.is_not(None), old.c.digest != new.c.digest)

    def summed(column: Any, condition: Any) -> Any:
        return func.coalesce(func.sum(column).filter(condition), 0)

    query = select(
        func.count().filter(added).label("files_added"),
        func.count().filter(removed).label("files_removed"),
        func.count().filter(changed).label("files_changed"),
        summed(new.c.size_bytes, added).label("bytes_added"),
        summed(old.c.size_bytes, removed).label("bytes_removed"),
        summed(old.c.size_bytes, changed).label("bytes_changed_before"),
        summed(new.c.size_bytes, changed).label("bytes_changed_after"),
        summed(new.c.rows, added).label("rows_added"),
        summed(old.c.rows, removed).label("rows_removed"),
        summed(old.c.rows, changed).label("rows_changed_before"),
        summed(new.c.rows, changed).label("rows_changed_after"),
    ).select_from(old.join(new, old.c.path == new.c.path, full=True))
    return connection.execute(query).one()


def changed_tables(connection: Connection, before: VersionId, after: VersionId, limit: int) -> list[Row[Any]]:
    """Return path and columns before and after of tables that two versions do not have alike, by path."""
    old, new = version_files.alias("old"), version_files.alias("new")
    query = (
        select(old.c.path, old.c.columns.label("before"), new.c.columns.label("after"))
        .select_from(old.join(new, old.c.path == new.c.path))
        .where(
            old.c.version_id == before,
            new.c.version_id == after,
            old.c.digest != new.c.digest,
            old.c.format.in_(TABLES),
            new.c.format.in_(TABLES),
        )
        .order_by(old.c.path)
        .limit(limit)
    )
    return list(connection.execute(query))
