"""Looking through versions: a folder at a time, and what one version changed against another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from registry.catalog import records
from registry.catalog.model import VersionName
from registry.catalog.reading import version_named
from registry.catalog.records.trees import AFTER_A_FILE, AFTER_A_FOLDER
from registry.errors import NotFoundError
from registry.journal.work import View
from registry.manifests.model import FilePath

SCHEMA_CHANGES_MAX: Final = 100
"""How many tables a difference names whose columns are others."""


@dataclass(frozen=True, slots=True)
class Child:
    """A file or folder in a folder; ``behind`` is where the listing goes on after it."""

    name: str
    is_folder: bool
    size_bytes: int | None
    format: str | None
    behind: str


def children(view: View, name: VersionName, folder: FilePath | None, start: str, limit: int) -> tuple[Child, ...]:
    """Return what lies in a folder of a version, in the order of the paths, from ``start`` on.

    Raises:
        NotFoundError: There is no such version or folder.
    """
    found = version_named(view, name)
    inside = f"{folder}/" if folder else ""
    paths = records.first_paths(view.connection, found.id, inside, start or inside, limit)
    if not paths and not start:
        raise NotFoundError("file_not_found", path=str(folder or ""))
    own = [FilePath(path) for path in paths if "/" not in path[len(inside) :]]
    files = {str(file.path): file for file in records.files_at(view.connection, found.id, own)} if own else {}
    made = []
    for path in paths:
        child = path[len(inside) :].partition("/")[0]
        if path in files:
            made.append(Child(child, False, files[path].size_bytes, files[path].format, path + AFTER_A_FILE))
        else:
            made.append(Child(child, True, None, None, inside + child + AFTER_A_FOLDER))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """A table whose columns are others than before: name and type of those that came, went, or changed their type."""

    path: str
    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    changed: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a version changed against another: sums and schema changes on the first page, then file by file."""

    sums: Mapping[str, int] | None
    schema_changes: tuple[SchemaChange, ...]
    files: tuple[records.Differing, ...]


def difference(view: View, before: VersionName, after: VersionName, from_path: str, limit: int) -> Difference:
    """Return what ``after`` changed against ``before``, by path from after ``from_path`` on. Raises NotFoundError."""
    old, new = version_named(view, before), version_named(view, after)
    files = tuple(records.differing_files(view.connection, old.id, new.id, from_path, limit))
    if from_path:
        return Difference(None, (), files)
    sums = records.summed_difference(view.connection, old.id, new.id)._mapping  # noqa: SLF001  A documented name.
    tables = records.changed_tables(view.connection, old.id, new.id, SCHEMA_CHANGES_MAX)
    changes = (schema_change(row.path, row.before, row.after) for row in tables)
    return Difference(
        {str(key): int(value) for key, value in sums.items()}, tuple(each for each in changes if each), files
    )


def schema_change(path: str, before: Sequence[Any], after: Sequence[Any]) -> SchemaChange | None:
    """Return how the columns of a table changed, or None when names and types are the same."""
    old, new = (_types(columns) for columns in (before, after))
    made = SchemaChange(
        path,
        tuple((name, kind) for name, kind in new.items() if name not in old),
        tuple((name, kind) for name, kind in old.items() if name not in new),
        tuple((name, kind, new[name]) for name, kind in old.items() if name in new and new[name] != kind),
    )
    return made if made.added or made.removed or made.changed else None


def _types(columns: Sequence[Any]) -> dict[str, str]:
    return {str(column["name"]): str(column.get("type", "")) for column in columns}
