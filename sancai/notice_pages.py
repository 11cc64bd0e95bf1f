"""Whether a page still says what was noticed: pure.

Rules:
* A page says it when the digest of the lines or the number of the case stands in it, or when the name of every unit and
  every amount do. Frames, menus and dates around them may change.
* Tags, spaces and separators of thousands do not matter; an amount may be written in yuan with or without its fen, or
  in 万元. An amount inside a longer figure is not that amount.
* What is only in a script or a comment of the page is not shown to anybody and does not count.
"""

import html
import re
from decimal import Decimal
from typing import Final

from sancai.notice_probes import ProbedNotice

_HIDDEN: Final = re.compile(r"<!--.*?-->|<(script|style|template)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")
_SEPARATOR: Final = re.compile(r"(?<=\d)[,，](?=\d{3})")
_SPACE: Final = re.compile(r"\s+")
_CHARSET: Final = re.compile(rb"charset=[\"']?([A-Za-z0-9_-]{2,20})", re.IGNORECASE)


def says_what_was_noticed(content: bytes, notice: ProbedNotice) -> bool:
    """Say whether everything of ``notice`` stands in the page ``content``."""
    text = page_text(content)
    if notice.lines_digest.removeprefix("sha256:") in text or notice.case in text:
        return True
    shown = bool(notice.lines)
    for line in notice.lines:
        shown = shown and _SPACE.sub("", line.unit) in text and _has_amount(text, line.amount_fen)
    return shown


def page_text(content: bytes) -> str:
    """Return what a page shows, without tags, hidden parts and spaces."""
    text = _decoded(content)
    shown = html.unescape(_TAG.sub("", _HIDDEN.sub("", text)))
    return _SEPARATOR.sub("", _SPACE.sub("", shown))


def _decoded(content: bytes) -> str:
    stated = _CHARSET.search(content[:4096])
    for name in (stated[1].decode() if stated else "utf-8", "utf-8", "gb18030"):
        try:
            return content.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    return content.decode("utf-8", "replace")


def _has_amount(text: str, amount_fen: int) -> bool:
    yuan = Decimal(amount_fen) / 100
    plain = f"{yuan.normalize():f}"
    written = {plain, f"{yuan:.2f}", f"{(yuan / 10_000).normalize():f}万"}
    return any(re.search(rf"(?<![\d.]){re.escape(each)}(?![\d.]*\d)", text) for each in written)
