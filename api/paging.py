"""Lists page by page: one item more than asked for is fetched, and whether it is there says if more follows."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from api.calls import cursor_of, position_of
from api.door import PageQuery
from registry.values.canonical import Json
from registry.values.identifiers import Id

Item = TypeVar("Item")
Named = TypeVar("Named", bound=Id)


def page_of(
    found: Sequence[Item], query: PageQuery, position: Callable[[Item], Sequence[Json]]
) -> tuple[Sequence[Item], str | None]:
    """Return what of ``found`` is shown, and the cursor of what follows or None.

    Args:
        found: At least one item more than ``query.limit``, if there are as many.
        query: Which page is asked for.
        position: What of an item the next page begins behind.
    """
    shown = found[: query.limit]
    return shown, cursor_of(position(shown[-1])) if len(found) > query.limit else None


def after_of(query: PageQuery, kind: type[Named]) -> Named | None:
    """Return the id the page before ended with, None for the first page; for lists in the order of their ids.

    Raises:
        InvalidValueError: The cursor is of another list, or of none.
    """
    position = position_of(query.cursor, 1)
    return kind(str(position[0])) if position else None
