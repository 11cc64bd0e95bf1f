"""The manifest of a version: written page by page when it is verified, given out page by page when it is read.

Memory holds one page, however many files the version has. Publishing only signs the root.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from registry.catalog import records
from registry.catalog.model import Version, VersionName, VersionState
from registry.catalog.premises import Premises
from registry.catalog.reading import version_named
from registry.errors import CorruptContentError, NotFoundError
from registry.journal.work import View
from registry.manifests import records as stored
from registry.manifests.model import PAGE_FILES_MAX, ManifestRoot, PageReference
from registry.manifests.rules import Line, ManifestBuilder, page_of_lines, read_root
from registry.manifests.uploads import Blob
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import BlobId, VersionId, uuid7
from storage.database import Connection
from storage.object_store import Bucket, published_key


@dataclass(frozen=True, slots=True)
class WrittenManifest:
    """A manifest whose pages lie in the store, each with what the root says of it."""

    root: ManifestRoot
    pages: tuple[tuple[PageReference, Blob], ...]


def pages_in(premises: Premises, version: VersionId) -> Iterator[list[Line]]:
    """Yield the lines of the files of a version, a page at a time, each read in a transaction of its own."""
    after = ""
    while True:
        with premises.database.reading() as connection:
            lines = records.lines_of(connection, version, after, PAGE_FILES_MAX)
        if not lines:
            return
        yield lines
        after = lines[-1][0]


def write_manifest(premises: Premises, draft: VersionId) -> WrittenManifest:
    """Write the pages of a draft, whose files stand still while it is verified. Raises StoreError."""
    builder, written = ManifestBuilder(), []
    for lines in pages_in(premises, draft):
        reference, content = builder.add(lines)
        key = published_key(reference.digest.hex, uuid7())
        made = premises.store.put_stream(Bucket.PUBLISHED, key, (content,), len(content))
        blob = Blob(BlobId.new(), len(content), reference.digest, premises.store.identity, made.place)
        written.append((reference, blob))
    return WrittenManifest(builder.finish(), tuple(written))


def root_now(premises: Premises, version: VersionId) -> ManifestRoot:
    """Return the root that the files of a version give now."""
    builder = ManifestBuilder()
    for lines in pages_in(premises, version):
        builder.add(lines)
    return builder.finish()


def root_of_draft(connection: Connection, found: Version) -> ManifestRoot:
    """Return the root of a verified draft. One that an earlier release verified has no pages: they are made."""
    pages = records.pages_of(connection, found.id)
    if pages and found.content_digest is not None:
        return ManifestRoot(found.content_digest, found.files, found.size_bytes, pages)
    builder, after = ManifestBuilder(), ""
    while lines := records.lines_of(connection, found.id, after, PAGE_FILES_MAX):
        builder.add(lines)
        after = lines[-1][0]
    return builder.finish()


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """The DSSE envelope over the root of a version, and the root, as JSON."""

    envelope: Mapping[str, Json]
    root: Mapping[str, Json]


def manifest(view: View, name: VersionName) -> SignedManifest:
    """Return the signed root of a version; it names its pages. Raises NotFoundError, also when its files are erased."""
    found = version_named(view, name)
    require_shown(view, found, name)
    envelope = json.loads(signed_envelope(view, found))
    return SignedManifest(envelope, json.loads(base64.b64decode(envelope["payload"])))


def require_shown(view: View, found: Version, name: VersionName) -> None:
    """Raise NotFoundError when even the names of the files of a version were erased."""
    if found.state is VersionState.ERASED and not records.files_of(view.connection, found.id, "", 1):
        raise NotFoundError("manifest_erased", version=str(name))


def signed_envelope(view: View, found: Version) -> str:
    """Return the envelope of a published version. Raises CorruptContentError without one."""
    envelope = records.envelope_of(view.connection, found.id)
    if envelope is None:
        raise CorruptContentError("manifest_missing", version=found.id)
    return envelope


@dataclass(frozen=True, slots=True)
class ManifestPage:
    """A page: where its bytes lie, or, for a version of an earlier release, the bytes."""

    size_bytes: int
    blob: Blob | None
    content: bytes


def manifest_page(view: View, name: VersionName, digest: Digest) -> ManifestPage:
    """Return a page of the manifest of a version. Raises NotFoundError for one it does not name."""
    found = version_named(view, name)
    require_shown(view, found, name)
    if (at := records.page_blob(view.connection, found.id, digest)) is not None:
        blob = stored.blob_of(view.connection, at)
        if blob is not None:
            return ManifestPage(blob.size_bytes, blob, b"")
    root = read_root(base64.b64decode(json.loads(signed_envelope(view, found))["payload"]))
    before = ""
    for page in root.pages:
        if page.digest == digest:
            content = page_of_lines(records.lines_of(view.connection, found.id, before, page.files))
            return ManifestPage(len(content), None, content)
        before = str(page.last_path)
    raise NotFoundError("manifest_page_not_found", digest=str(digest))
