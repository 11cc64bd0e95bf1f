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

CHARACTERS_MAX: Final = 4_000_000
"""How much of a page is looked through; a page of notices is far shorter."""
_MARKUP: Final = re.compile(r"<(?:(!--)|(script|style|template)\b|[A-Za-z/!?])", re.IGNORECASE)
_END_OF: Final = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style", "template")}
# No character has a number so long, and Python refuses to read one of more than 4,300 digits.
_LONG_NUMBER: Final = re.compile(r"&#[xX]?[0-9A-Fa-f]{9,}")
# Nothing else is read: what a page names may be no text at all, or take for ever (punycode).
_CHARSETS: Final = frozenset({"utf-8", "utf8", "gbk", "gb2312", "gb18030", "big5", "utf-16"})
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
    shown = html.unescape(_LONG_NUMBER.sub("", _without_markup(_decoded(content)[:CHARACTERS_MAX])))
    return _SEPARATOR.sub("", _SPACE.sub("", shown))


def _without_markup(text: str) -> str:
    """Return ``text`` without tags, comments and scripts, in one pass: whoever writes a page may mean it to take long.

    What is not closed goes to the end of the page, as browsers show it.
    """
    kept: list[str] = []
    at = 0
    while found := _MARKUP.search(text, at):
        kept.append(text[at : found.start()])
        if found[1]:
            end = text.find("-->", found.end())
            at = end + 3 if end >= 0 else len(text)
            continue
        begin: int | None = found.end()
        if found[2]:
            closing = _END_OF[found[2].lower()].search(text, found.end())
            begin = closing.end() if closing else None
        end = text.find(">", begin) if begin is not None else -1
        at = end + 1 if end >= 0 else len(text)
    kept.append(text[at:])
    return "".join(kept)


def _decoded(content: bytes) -> str:
    stated = _CHARSET.search(content[:4096])
    named = stated[1].decode().lower() if stated else "utf-8"
    for name in (named if named in _CHARSETS else "utf-8", "utf-8", "gb18030"):
        try:
            return content.decode(name)
        except UnicodeError:
            continue
    return content.decode("utf-8", "replace")


def _has_amount(text: str, amount_fen: int) -> bool:
    yuan = Decimal(amount_fen) / 100
    plain = f"{yuan.normalize():f}"
    written = {plain, f"{yuan:.2f}", f"{(yuan / 10_000).normalize():f}万"}
    return any(re.search(rf"(?<![\d.]){re.escape(each)}(?![\d.]*\d)", text) for each in written)
