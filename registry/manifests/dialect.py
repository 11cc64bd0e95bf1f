"""How the text of a table is written: its encoding, what separates cells, what quotes them.

Rules:
* A file that begins with a byte order mark is in the encoding of the mark: UTF-8 or UTF-16.
* Without a mark it is ASCII, else UTF-8, else GBK, else GB18030: the first in which every byte is valid.
* Files of one encoding can be read together when one encoding reads them all: ASCII is part of UTF-8, GBK and GB18030,
  GBK of GB18030, and a reader that skips a mark (``utf-8-sig``) reads UTF-8 without one.
"""

from dataclasses import dataclass
from typing import Final

ASCII: Final = "ascii"
UTF_8: Final = "utf-8"
UTF_8_BOM: Final = "utf-8-sig"
GBK: Final = "gbk"
GB18030: Final = "gb18030"
UTF_16: Final = "utf-16"
ENCODINGS: Final = (ASCII, UTF_8, UTF_8_BOM, GBK, GB18030, UTF_16)
"""By the names that Python, pandas and ``datasets`` know them by."""

DELIMITERS: Final = (",", ";", "\t", "|")
QUOTES: Final = ('"', "'")

_ALIASES: Final = {
    "us-ascii": ASCII,
    "utf8": UTF_8,
    "utf-8-bom": UTF_8_BOM,
    "utf8-sig": UTF_8_BOM,
    "gb2312": GBK,
    "cp936": GBK,
    "gb-18030": GB18030,
    "utf16": UTF_16,
}
_READ_BY: Final = {
    ASCII: (ASCII, UTF_8, UTF_8_BOM, GBK, GB18030),
    UTF_8: (UTF_8, UTF_8_BOM),
    UTF_8_BOM: (UTF_8_BOM,),
    GBK: (GBK, GB18030),
    GB18030: (GB18030,),
    UTF_16: (UTF_16,),
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is known of the text of a table; None is not known, and found out from the bytes."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None


UNDECLARED: Final = Dialect()


def encoding_named(name: str) -> str | None:
    """Return the supported encoding that goes by a name, or None."""
    plain = name.strip().lower().replace("_", "-")
    found = _ALIASES.get(plain, plain)
    return found if found in ENCODINGS else None


def encoding_of_both(one: str, other: str) -> str | None:
    """Return the encoding that reads files of both encodings, or None."""
    return next((encoding for encoding in _READ_BY[one] if encoding in _READ_BY[other]), None)
