"""The condition that a column holds one of the codes of a kind."""

from enum import StrEnum


def one_of(column: str, kind: type[StrEnum]) -> str:
    """Return the SQL condition that ``column`` holds one of the codes of ``kind``."""
    return f"{column} IN ({', '.join(repr(member.value) for member in kind)})"
