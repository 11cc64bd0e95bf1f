"""What a version changed against another of the same dataset: sums, columns, and file by file.

Example::

    with Client.configured() as client:
        found = client.diff("hami-wind/turbines@v1", "@v2")
        print(found.summary.files_added)
        for file in found.files:
            print(file.change, file.path)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sancai.datasets import Reference, address_of
from sancai.errors import InvalidValueError
from sancai.session import Session
from sancai.shapes import shaped

if TYPE_CHECKING:
    from sancai.client import Client

PAGE_FILES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Counts:
    """Bytes or rows of files that came or went, and of those that were changed before and after that."""

    added: int
    removed: int
    changed_before: int
    changed_after: int

    @property
    def grown(self) -> int:
        """How much more there is than before; negative for less."""
        return self.added - self.removed + self.changed_after - self.changed_before


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what its cells are."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column whose cells are of another type than before."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """A table whose columns are others than before."""

    path: str
    added: tuple[Column, ...]
    removed: tuple[Column, ...]
    changed: tuple[ColumnChange, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """What changed in all; of the tables with other columns the first 100."""

    files_added: int
    files_removed: int
    files_changed: int
    bytes: Counts
    rows: Counts
    schema_changes: tuple[SchemaChange, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that both versions do not have alike; ``change`` is ``added``, ``removed`` or ``changed``."""

    path: str
    change: str
    size_before: int | None
    size_after: int | None
    rows_before: int | None = None
    rows_after: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What version ``after`` changed against ``before``. ``files`` fetches page after page as it is consumed, once."""

    name: str
    before: int
    after: int
    summary: Summary
    files: Iterator[FileChange]


def difference(client: "Client", before: str, after: str | None = None) -> Difference:
    """Return what a version changed against another of the same dataset.

    Args:
        client: The service to ask.
        before: ``namespace/slug@v1``.
        after: ``@v2``, ``v2`` or ``namespace/slug@v2``; without it the newest version.

    Raises:
        InvalidValueError: ``name_malformed``; ``version_unnamed``: ``before`` names no version;
            ``datasets_differ``: they are versions of two datasets.
        NotFoundError: There is no such version, or you may not see it.
    """
    old = Reference.parse(before)
    if old.version is None:
        raise InvalidValueError(
            "version_unnamed", f"{before!r} names no version. Write for example {old.name}@v1.", given=before
        )
    new = _after(old.name, after)
    number = client.datasets.version(new.name).number if new.version is None else new.version
    pages = _pages(client.session, old.name, old.version, number)
    first, items = next(pages)
    return Difference(old.name, old.version, number, shaped(Summary, first), _files(items, pages))


def _after(name: str, given: str | None) -> Reference:
    if given is None:
        return Reference(name, None)
    if "/" not in given:
        return Reference.parse(f"{name}@{given.removeprefix('@')}")
    found = Reference.parse(given)
    if found.name != name:
        raise InvalidValueError(
            "datasets_differ",
            f"{found.name} and {name} are two datasets; two versions of one can be compared.",
            before=name,
            after=found.name,
        )
    return found


def _pages(session: Session, name: str, before: int, after: int) -> Iterator[tuple[Any, list[Any]]]:
    """Yield the summary, of the first page only, and the files of each page."""
    cursor: str | None = None
    while True:
        asked = {"from": before, "to": after, "limit": PAGE_FILES, "cursor": cursor}
        page = session.get(f"{address_of(name)}/diff", **asked)
        yield page.get("summary"), page.get("items") or []
        following = page.get("next_cursor")
        if not following or following == cursor:
            return
        cursor = str(following)


def _files(first: list[Any], rest: Iterator[tuple[Any, list[Any]]]) -> Iterator[FileChange]:
    yield from (shaped(FileChange, item) for item in first)
    for _, items in rest:
        yield from (shaped(FileChange, item) for item in items)
