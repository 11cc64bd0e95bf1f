"""What a version contains, as values.

Rules of a path:
* It is relative and in NFC, and names the same file on every system: ``/`` separates, and no segment is empty, ``.`` or
  ``..``.
* No backslash, no character of control or of writing direction, none of ``< > : " | ? *``, no name that Windows keeps
  for a device, no segment that ends in a full stop or a space: Windows would write another file than was named.
* A segment has at most 255 bytes of UTF-8, what common file systems hold; the whole path at most 1,024, what object
  stores hold as a key.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from registry.errors import InvalidValueError
from registry.values.digest import Digest

SEGMENT_BYTES_MAX = 255
PATH_BYTES_MAX = 1024
PAGE_FILES_MAX = 50_000

_RESERVED_NAME = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *", re.IGNORECASE)
_RESERVED_SEGMENTS = {"": "path_empty_segment", "..": "path_parent_segment", ".": "path_dot_segment"}
_RESERVED_CHARACTER = re.compile(r'[<>:"|?*]')
# Cc, line and paragraph separators, and the marks of writing direction that make a name look like another.
_CONTROL_CHARACTER = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DRIVE = re.compile(r"[A-Za-z]:", re.ASCII)


class FilePath(str):
    """A portable relative path in NFC; what differs only in Unicode composition is the same path."""

    __slots__ = ()

    def __new__(cls, text: str) -> "FilePath":
        """Return ``text`` as a path. Raises InvalidValueError with one code per reason and the offending path."""
        try:
            given = unicodedata.normalize("NFC", text)
            size_bytes = len(given.encode())
        except UnicodeEncodeError as error:
            raise InvalidValueError("path_not_unicode", path=ascii(text)[:200]) from error
        if code := _whole_path_fault(given, size_bytes) or next(
            filter(None, map(_segment_fault, given.split("/"))), None
        ):
            raise InvalidValueError(code, path=_shown(given))
        return super().__new__(cls, given)

    @classmethod
    def kept(cls, text: str) -> "FilePath":
        """Return a path that was checked when it was written; millions are read again, and none is checked twice."""
        return super().__new__(cls, text)

    @property
    def key(self) -> str:
        """What two paths share when a file system that ignores case would mix them up."""
        return unicodedata.normalize("NFC", self.casefold())


def _whole_path_fault(path: str, size_bytes: int) -> str | None:
    """Return the code of what is wrong with the path as a whole, or None."""
    if not path:
        return "path_empty"
    if _CONTROL_CHARACTER.search(path):
        return "path_control_character"
    if "\\" in path:
        return "path_backslash"
    if path.startswith("/") or _DRIVE.match(path):
        return "path_absolute"
    return "path_too_long" if size_bytes > PATH_BYTES_MAX else None


def _segment_fault(segment: str) -> str | None:
    """Return the code of what is wrong with one segment, or None."""
    if segment in _RESERVED_SEGMENTS:
        return _RESERVED_SEGMENTS[segment]
    if _RESERVED_CHARACTER.search(segment):
        return "path_reserved_character"
    if segment.endswith((".", " ")):
        return "path_trailing_dot_or_space"
    if _RESERVED_NAME.fullmatch(segment.partition(".")[0]):
        return "path_reserved_name"
    return "path_segment_too_long" if len(segment.encode()) > SEGMENT_BYTES_MAX else None


def _shown(path: str) -> str:
    """Return a path as an error may show it: escaped, and not longer than a line."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in path[:200])


class Format(StrEnum):
    """How the bytes of a file are to be read."""

    PARQUET = "parquet"
    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    ARROW = "arrow"
    ARCHIVE = "archive"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    OTHER = "other"

    @property
    def is_table(self) -> bool:
        """Whether a file of this format is read as rows and columns."""
        return self in _TABLES

    @property
    def is_text(self) -> bool:
        """Whether it is a table that is written as text, so that its types are those of its cells."""
        return self in (Format.CSV, Format.TSV, Format.JSONL)


_TABLES = frozenset({Format.PARQUET, Format.CSV, Format.TSV, Format.JSONL, Format.ARROW})


@dataclass(frozen=True, slots=True)
class PageReference:
    """What the root says of one page: its digest, and what lies in it, so that a reader fetches only what it wants."""

    digest: Digest
    first_path: FilePath
    last_path: FilePath
    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ManifestRoot:
    """The small root of a manifest. Its digest names the manifest, its ``content_digest`` the content."""

    content_digest: Digest
    files: int
    size_bytes: int
    pages: tuple[PageReference, ...]
