"""How files become a manifest (``docs/formats/manifest.md``).

Rules:
* A manifest has at least one file, and no two whose paths are equal after NFC and case folding.
* The content digest covers path, size and SHA-256 of every file in ascending order of path, and nothing else; so
  neither a title, a licence or a grade, nor the cutting into pages, changes it (DESIGN §3.3).
* Root and pages are canonical JSON (RFC 8785) with the version of their format; another notation of a root is refused.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence

from registry.errors import InvalidValueError
from registry.manifests.model import FilePath, ManifestRoot, PageReference
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest

ROOT_FORMAT = "sancai.manifest/1"
PAGE_FORMAT = "sancai.manifest.page/1"
CONTENT_DOMAIN = b"sancai.content/1\n"
"""Keeps this digest from ever being the digest of something else that is hashed here."""

_PAGE_FIELDS = {"digest", "files", "first_path", "last_path", "size_bytes"}


def require_distinct_paths(paths: Iterable[FilePath]) -> None:
    """Raise InvalidValueError ``path_duplicate`` when two paths are equal after NFC and case folding."""
    seen: dict[str, FilePath] = {}
    for path in paths:
        if (other := seen.setdefault(path.key, path)) is not path:
            raise InvalidValueError("path_duplicate", path=str(path), other=str(other))


def root_json(root: ManifestRoot) -> bytes:
    """Return a root as canonical JSON: what is signed, and what the digest of the manifest is the digest of."""
    pages: list[Json] = [
        {
            "digest": str(page.digest),
            "files": page.files,
            "first_path": str(page.first_path),
            "last_path": str(page.last_path),
            "size_bytes": page.size_bytes,
        }
        for page in root.pages
    ]
    return canonical_json(
        {
            "content_digest": str(root.content_digest),
            "files": root.files,
            "format": ROOT_FORMAT,
            "pages": pages,
            "size_bytes": root.size_bytes,
        }
    )


def manifest_digest(root: ManifestRoot) -> Digest:
    """Return the digest that names the manifest."""
    return Digest.of(root_json(root))


def read_root(content: bytes) -> ManifestRoot:
    """Return the root. Raises InvalidValueError for anything but the canonical JSON of a root."""
    try:
        found = json.loads(content)
        if found["format"] != ROOT_FORMAT or any(set(item) != _PAGE_FIELDS for item in found["pages"]):
            raise InvalidValueError("manifest_root_malformed")
        pages = tuple(
            PageReference(
                Digest.parse(item["digest"]),
                FilePath(item["first_path"]),
                FilePath(item["last_path"]),
                _count(item["files"]),
                _count(item["size_bytes"]),
            )
            for item in found["pages"]
        )
        root = ManifestRoot(
            Digest.parse(found["content_digest"]), _count(found["files"]), _count(found["size_bytes"]), pages
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidValueError("manifest_root_malformed") from error
    if root_json(root) != content:
        raise InvalidValueError("manifest_root_malformed")
    return root


def _count(value: object) -> int:
    """Return a whole number that is not negative. Raises ValueError."""
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value


Line = tuple[str, int, str]
"""Path, size in bytes and SHA-256 in hex of one file, as our own tables keep them."""


def page_of_lines(lines: Sequence[Line]) -> bytes:
    """Return a page as canonical JSON, a hundred times as fast as a library does: a version may have millions of files.

    A path holds no quotation mark, no backslash and no character of control, so that nothing in it is escaped.
    """
    files = ",".join(f'{{"path":"{path}","sha256":"{digest}","size_bytes":{size}}}' for path, size, digest in lines)
    return f'{{"files":[{files}],"format":"{PAGE_FORMAT}"}}'.encode()


class ManifestBuilder:
    """Makes a manifest page by page, so that memory holds one page; paths are distinct, as the table has them."""

    def __init__(self) -> None:
        self._hashing = hashlib.sha256(CONTENT_DOMAIN)
        self._pages: list[PageReference] = []

    def add(self, lines: Sequence[Line]) -> tuple[PageReference, bytes]:
        """Take in the next files in ascending order of path; return what the root says of their page, and the page."""
        content = page_of_lines(lines)
        # A path holds no line feed, so that one line is one file and no two lists give the same bytes.
        self._hashing.update("".join(f"{digest} {size} {path}\n" for path, size, digest in lines).encode())
        size_bytes = sum(line[1] for line in lines)
        reference = PageReference(
            Digest.of(content), FilePath(lines[0][0]), FilePath(lines[-1][0]), len(lines), size_bytes
        )
        self._pages.append(reference)
        return reference, content

    def finish(self) -> ManifestRoot:
        """Return the root over all pages. Raises InvalidValueError ``manifest_empty``."""
        if not self._pages:
            raise InvalidValueError("manifest_empty")
        files = sum(page.files for page in self._pages)
        size_bytes = sum(page.size_bytes for page in self._pages)
        return ManifestRoot(Digest(self._hashing.hexdigest()), files, size_bytes, tuple(self._pages))
