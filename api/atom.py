"""Public events as Atom feeds (RFC 4287), page by page (RFC 5005).

Rules:
* The id of a feed and of an entry never changes: it is made of the service's origin and of identifiers, not of
  addresses or names (RFC 4287 §4.2.6).
* ``updated`` of a feed is that of its newest entry; a feed without entries was updated when time began for it, so that
  the document stays the same until something happens.
* A page is a paged feed (RFC 5005 §3): ``first`` and ``next`` lead on, an opaque cursor says from where.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree as ET

from registry.messages.model import Announcement
from registry.values.moment import Moment

NAMESPACE: Final = "http://www.w3.org/2005/Atom"
MEDIA_TYPE: Final = "application/atom+xml"
EPOCH: Final = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in the words of its reader; ``page`` is a path of the service."""

    announcement: Announcement
    title: str
    summary: str
    page: str
    author: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of a feed. ``path`` is where it lies, ``following`` the cursor of the next page or empty."""

    key: str
    title: str
    path: str
    page: str
    entries: Sequence[Entry]
    cursor: str
    following: str


def written(feed: Feed, origin: str, public_url: str, language: str) -> bytes:
    """Return the document of a page of a feed."""
    ET.register_namespace("", NAMESPACE)
    root = ET.Element(_name("feed"), {"xml:lang": "zh-CN" if language == "zh" else "en"})
    _text(root, "id", f"tag:{origin},2026:feeds/{quote(feed.key)}")
    _text(root, "title", feed.title)
    _text(root, "updated", _stamp(feed.entries[0].announcement.announced_at) if feed.entries else EPOCH)
    author = ET.SubElement(root, _name("author"))
    _text(author, "name", origin)
    here = f"{public_url}{feed.path}"
    _link(root, "self", f"{here}?cursor={feed.cursor}" if feed.cursor else here, MEDIA_TYPE)
    _link(root, "first", here, MEDIA_TYPE)
    if feed.following:
        _link(root, "next", f"{here}?cursor={feed.following}", MEDIA_TYPE)
    _link(root, "alternate", f"{public_url}{feed.page}", "text/html")
    for entry in feed.entries:
        root.append(_entry(entry, origin, public_url))
    document: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + document


def _entry(entry: Entry, origin: str, public_url: str) -> ET.Element:
    made = ET.Element(_name("entry"))
    announced = entry.announcement
    _text(made, "id", f"tag:{origin},2026:{announced.id}")
    _text(made, "title", entry.title)
    _text(made, "updated", _stamp(announced.announced_at))
    _text(made, "published", _stamp(announced.announced_at))
    author = ET.SubElement(made, _name("author"))
    _text(author, "name", entry.author)
    _link(made, "alternate", f"{public_url}{entry.page}", "text/html")
    ET.SubElement(made, _name("category"), {"term": announced.topic.value})
    _text(made, "summary", entry.summary)
    return made


def _name(tag: str) -> str:
    return f"{{{NAMESPACE}}}{tag}"


def _text(parent: ET.Element, tag: str, text: str) -> None:
    # XML 1.0 has no place for control characters; a title may hold one.
    kept = "".join(character for character in text if character.isprintable() or character in "\n\t")
    ET.SubElement(parent, _name(tag)).text = kept


def _link(parent: ET.Element, relation: str, address: str, kind: str) -> None:
    ET.SubElement(parent, _name("link"), {"rel": relation, "href": address, "type": kind})


def _stamp(moment: Moment) -> str:
    """Return an instant as RFC 3339 wants it, with what is behind the second."""
    return str(moment)
