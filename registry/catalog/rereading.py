"""Everything that was published, read again: bytes against digests, manifests against signatures."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from registry.catalog import records
from registry.catalog.manifest_pages import root_now, signed_envelope
from registry.catalog.model import VersionFile
from registry.catalog.premises import Premises
from registry.catalog.verification import WORKER
from registry.errors import SancaiError, UnavailableError
from registry.journal.work import View
from registry.manifests import records as stored
from registry.manifests import service as manifests
from registry.manifests import signatures
from registry.manifests.rules import root_json
from registry.manifests.uploads import Blob
from registry.values.identifiers import VersionId
from storage.errors import ObjectMissingError, StoreConfigurationError, StoreUnavailableError
from storage.object_store import ObjectStore

FILES_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something of a published version that is not what it was. ``path`` is empty where it is about all of it."""

    dataset: str
    version: str
    path: str
    code: str
    detail: str


# Invariant 22 (provenance).
def verify_versions(premises: Premises) -> Iterator[Finding]:
    """Read every published object again and yield what differs from its digest, or whose signature does not hold."""
    with premises.database.reading() as connection:
        wanted = records.published_ids(connection)
    for identifier in wanted:
        yield from _verify_version(premises, identifier)


def _verify_version(premises: Premises, identifier: VersionId) -> Iterator[Finding]:
    with premises.database.reading() as connection:
        view = View(connection, WORKER, premises.clock.now())
        found = records.version_of(connection, identifier)
        held = records.dataset_of(connection, found.dataset) if found else None
        if found is None or held is None:
            return
        name = f"v{found.number}"
        broken, signed = "", b""
        try:
            signed = signatures.verify(signed_envelope(view, found).encode(), [premises.signing_key.public_key])
        except SancaiError as error:
            broken = error.code
    if not broken and signed != root_json(root_now(premises, identifier)):
        broken = "manifest_differs"
    if broken:
        yield Finding(str(held.name), name, "", "manifest_not_authentic", broken)
    after = ""
    while True:
        with premises.database.reading() as connection:
            files = records.files_of(connection, identifier, after, FILES_AT_ONCE)
            blobs = stored.blobs_of(connection, [file.blob for file in files if file.blob])
        if not files:
            return
        for file in files:
            if file.blob not in blobs:
                yield Finding(str(held.name), name, str(file.path), "object_missing", "")
            elif difference := _difference(premises.store.at(blobs[file.blob].store), blobs[file.blob], file):
                yield Finding(str(held.name), name, str(file.path), *difference)
        after = str(files[-1].path)


def _difference(store: ObjectStore, blob: Blob, file: VersionFile) -> tuple[str, str] | None:
    """Return (code, detail) of how stored bytes differ from the manifest, or None.

    A store that finds the damage itself, as MinIO does, refuses to read that object and answers otherwise.
    """
    seen, size_bytes = hashlib.sha256(), 0
    try:
        for chunk in manifests.content(store, blob.place, blob.offset_bytes, blob.size_bytes if blob.packed else None):
            seen.update(chunk)
            size_bytes += len(chunk)
    except ObjectMissingError:
        return "object_missing", blob.place.key
    except UnavailableError:
        _require_answering(store)
        return "object_unreadable", blob.place.key
    if size_bytes != file.size_bytes:
        return "object_size_differs", f"{size_bytes} != {file.size_bytes}"
    if file.digest is None or seen.hexdigest() != file.digest.hex:
        return "object_digest_differs", f"sha256:{seen.hexdigest()}"
    return None


def _require_answering(store: ObjectStore) -> None:
    """Return if the store as a whole answers. Raises UnavailableError."""
    try:
        store.health()
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error
