"""How files become a manifest (``docs/formats/manifest.md``).

Rules:
* A manifest has at least one file, and no two whose paths are equal after NFC and case folding.
* The content digest covers path, size and SHA-256 of every file in ascending order of path, and nothing else; so
  neither a title, a licence or a grade, nor the cutting into pages, changes it (DESIGN §3.3).
* Root and pages are canonical JSON (RFC 8785) with the version of their format; other bytes of the same value are
  refused.
* A root holds for its pages only if every digest, count and order in it is what the pages give.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence

from registry.errors import CorruptContentError, InvalidValueError
from registry.manifests.model import (
    PAGE_FILES_MAX,
    FileEntry,
    FilePath,
    Manifest,
    ManifestRoot,
    PageReference,
)
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest

ROOT_FORMAT = "sancai.manifest/1"
PAGE_FORMAT = "sancai.manifest.page/1"
CONTENT_DOMAIN = b"sancai.content/1\n"
"""Keeps this digest from ever being the digest of something else that is hashed here."""

_ENTRY_FIELDS = {"path", "sha256", "size_bytes"}
_PAGE_FIELDS = {"digest", "files", "first_path", "last_path", "size_bytes"}


def require_distinct_paths(paths: Iterable[FilePath]) -> None:
    """Raise InvalidValueError ``path_duplicate`` when two paths are equal after NFC and case folding."""
    seen: dict[str, FilePath] = {}
    for path in paths:
        if (other := seen.setdefault(path.key, path)) is not path:
            raise InvalidValueError("path_duplicate", path=str(path), other=str(other))


def content_digest(entries: Iterable[FileEntry]) -> Digest:
    """Return the digest of the content: of path, size and SHA-256 of the files, in whatever order they are given."""
    hashing = hashlib.sha256(CONTENT_DOMAIN)
    for entry in sorted(entries, key=lambda entry: entry.path):
        # A path holds no line feed, so that one line is one file and no two lists give the same bytes.
        hashing.update(f"{entry.digest.hex} {entry.size_bytes} {entry.path}\n".encode())
    return Digest(hashing.hexdigest())


def build_manifest(entries: Iterable[FileEntry], page_files_max: int = PAGE_FILES_MAX) -> Manifest:
    """Return the manifest of these files, whatever order they are given in.

    Raises:
        InvalidValueError: ``manifest_empty``, ``path_duplicate``.
    """
    ordered = sorted(entries, key=lambda entry: entry.path)
    if not ordered:
        raise InvalidValueError("manifest_empty")
    require_distinct_paths(entry.path for entry in ordered)
    pages = tuple(tuple(ordered[start : start + page_files_max]) for start in range(0, len(ordered), page_files_max))
    references = tuple(_reference(page) for page in pages)
    size_bytes = sum(page.size_bytes for page in references)
    return Manifest(ManifestRoot(content_digest(ordered), len(ordered), size_bytes, references), pages)


def _reference(page: Sequence[FileEntry]) -> PageReference:
    """Return what the root says of a page."""
    size_bytes = sum(entry.size_bytes for entry in page)
    return PageReference(Digest.of(page_json(page)), page[0].path, page[-1].path, len(page), size_bytes)


def page_json(page: Sequence[FileEntry]) -> bytes:
    """Return a page as canonical JSON."""
    files: list[Json] = [{"path": str(e.path), "sha256": e.digest.hex, "size_bytes": e.size_bytes} for e in page]
    return canonical_json({"files": files, "format": PAGE_FORMAT})


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


def read_page(content: bytes) -> tuple[FileEntry, ...]:
    """Return the files of a page. Raises InvalidValueError for anything but the canonical JSON of a page."""
    try:
        found = json.loads(content)
        if found["format"] != PAGE_FORMAT or any(set(item) != _ENTRY_FIELDS for item in found["files"]):
            raise InvalidValueError("manifest_page_malformed")
        page = tuple(
            FileEntry(FilePath(item["path"]), item["size_bytes"], Digest(item["sha256"])) for item in found["files"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidValueError("manifest_page_malformed") from error
    if page_json(page) != content:
        raise InvalidValueError("manifest_page_malformed")
    return page


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


def require_holds(manifest: Manifest) -> None:
    """Raise CorruptContentError ``manifest_mismatch`` unless the root is what these pages give.

    Also raises InvalidValueError ``path_duplicate``: a root over two files of one path holds for nothing.
    """
    paths = [entry.path for entry in manifest.entries]
    require_distinct_paths(paths)
    references = tuple(_reference(page) for page in manifest.pages if page)
    root = ManifestRoot(
        content_digest(manifest.entries), len(paths), sum(page.size_bytes for page in references), references
    )
    paged = len(references) == len(manifest.pages) and all(len(page) <= PAGE_FILES_MAX for page in manifest.pages)
    if not paged or paths != sorted(paths) or root != manifest.root:
        raise CorruptContentError("manifest_mismatch", manifest=str(manifest_digest(manifest.root)))


Line = tuple[str, int, str]
"""Path, size in bytes and SHA-256 in hex of one file, as our own tables keep them."""


def page_of_lines(lines: Sequence[Line]) -> bytes:
    """Return a page as canonical JSON, like ``page_json`` and a hundred times as fast: a version may have millions.

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
