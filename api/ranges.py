"""Ranges of bytes that a request asks for (RFC 9110 §14)."""

import re
from typing import Final

_RANGE: Final = re.compile(r"bytes=(?P<first>\d{0,18})-(?P<last>\d{0,18})", re.ASCII)


def span_of(header: str, size_bytes: int) -> tuple[int, int] | None:
    """Return (first byte, length) of a range, or None where the whole is to be sent (RFC 9110 §14.2)."""
    found = _RANGE.fullmatch(header)
    if not found or not (found["first"] or found["last"]):
        return None
    if not found["first"]:
        length = min(int(found["last"]), size_bytes)
        return (size_bytes - length, length) if length else (size_bytes, 0)
    first = int(found["first"])
    last = min(int(found["last"]), size_bytes - 1) if found["last"] else size_bytes - 1
    if found["last"] and int(found["last"]) < first:
        return None
    return first, max(0, last - first + 1)
