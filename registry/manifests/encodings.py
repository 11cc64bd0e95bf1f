"""The encoding of a text file, found from all of its bytes in bounded memory; and where it breaks, when it is in none.

What GBK writes is rarely valid UTF-8, but broken UTF-8 is often valid GBK and would be read as other characters. So a
file that is UTF-8 for the most part is taken for UTF-8 that is broken.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registry.errors import InvalidValueError
from registry.manifests.dialect import ASCII, GB18030, GBK, UTF_8, UTF_8_BOM, UTF_16

BLOCK_BYTES = 8 * 2**20
_SAMPLE_BYTES: Final = 64 * 1024
_GB_CHARACTER = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]|[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]")
"""A character of GB 2312, or one of four bytes: without any, bytes beyond ASCII are some other encoding."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where bytes are not valid in an encoding: line and byte count from 1."""

    line: int
    byte: int
    at_end: bool


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file.

    Raises:
        InvalidValueError: ``csv_encoding_unknown`` with line and byte where it is valid in no supported encoding.
    """
    with path.open("rb") as content:
        begins = content.read(4)
    if begins == b"\xff\xfe\x00\x00":
        raise InvalidValueError("csv_encoding_unknown", line=1, byte=1, looks_like="UTF-32")
    for mark, encoding in ((codecs.BOM_UTF8, UTF_8_BOM), (codecs.BOM_UTF16_LE, UTF_16), (codecs.BOM_UTF16_BE, UTF_16)):
        if begins.startswith(mark):
            require_encoding(path, encoding)
            return encoding
    broken = break_of(path, UTF_8)
    if broken is None:
        return ASCII if _is_ascii(path) else UTF_8
    sample = _sample(path, broken.byte)
    looks_like = UTF_8 if _is_mostly_utf8(sample, broken) else "unknown"
    if looks_like != UTF_8 and _GB_CHARACTER.search(sample):
        for encoding in (GBK, GB18030):
            found = break_of(path, encoding)
            if found is None:
                return encoding
        # Of two in which it is not valid it looks like the one in which more of it is.
        broken, looks_like = max((broken, UTF_8), (found or broken, GB18030), key=lambda each: each[0].byte)
    raise InvalidValueError("csv_encoding_unknown", line=broken.line, byte=broken.byte, looks_like=looks_like.upper())


def require_encoding(path: Path, encoding: str) -> None:
    """Raise InvalidValueError ``csv_encoding_unknown`` with line and byte unless the file is in the encoding."""
    if broken := break_of(path, encoding):
        raise InvalidValueError("csv_encoding_unknown", line=broken.line, byte=broken.byte, looks_like=encoding.upper())


def break_of(path: Path, encoding: str) -> Break | None:
    """Return where the file is not valid in the encoding, or None."""
    # A mark is valid UTF-8, and the decoder that skips it would count from behind it.
    encoding = UTF_8 if encoding == UTF_8_BOM else encoding
    decoder = codecs.getincrementaldecoder(encoding)()
    line, offset = 1, 0
    for block in _blocks(path):
        held = len(decoder.getstate()[0])
        try:
            if encoding != UTF_8 or held or not block.isascii():
                line += decoder.decode(block, final=not block).count("\n")
            else:
                line += block.count(b"\n")
        except UnicodeDecodeError as error:
            # What the decoder held back of the block before comes first in what it refuses.
            before = str(error.object[: error.start], encoding, "replace")
            at_end = not block or "unexpected end" in error.reason or "incomplete" in error.reason
            return Break(line + before.count("\n"), offset - held + error.start + 1, at_end)
        offset += len(block)
    return None


def text_blocks(path: Path, encoding: str) -> Iterator[str]:
    """Yield the text of a file block by block. It must be valid."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for block in _blocks(path):
        yield decoder.decode(block, final=not block)


def _blocks(path: Path) -> Iterator[bytes]:
    """Yield a file block by block, and at last no bytes."""
    with path.open("rb") as content:
        while block := content.read(BLOCK_BYTES):
            yield block
    yield b""


def _is_ascii(path: Path) -> bool:
    return all(block.isascii() for block in _blocks(path))


def _sample(path: Path, byte: int) -> bytes:
    """Return the bytes around where a file breaks, from the start of a line."""
    with path.open("rb") as content:
        content.seek(max(0, byte - 1 - _SAMPLE_BYTES))
        return content.read(2 * _SAMPLE_BYTES)


def _is_mostly_utf8(sample: bytes, broken: Break) -> bool:
    """Return whether what is not ASCII is UTF-8 for the most part; a character cut by the end of the file is.

    GBK is hardly ever valid as three bytes of UTF-8, but one of its characters in five is as two ("煤" is): so of those
    only different ones count.
    """
    if broken.at_end:
        return True
    text = sample.decode(errors="replace")
    wrong = text.count("\ufffd")
    long = sum(1 for character in text if character >= "\u0800") - wrong
    short = {character for character in text if "\x7f" < character < "\u0800"}
    return long > wrong or len(short) > max(8, 4 * wrong)
