"""Download a version: manifest first, then its files, each held against it."""

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from sancai.client import Client
from sancai.datasets import Reference, Version
from sancai.downloads import Source, download, sha256_of
from sancai.errors import NotFoundError, UnavailableError
from sancai.manifests import ManifestFile
from sancai.parallel import Stop, in_parallel
from sancai.paths import target_in
from sancai.session import http_client
from sancai.transfers import IN_FLIGHT, TIMEOUT, Progress
from sancai.trust import trusted_manifest

URLS_AT_ONCE: Final = 100
SMALL_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Pulled:
    """What was downloaded, and where to. ``signed_by`` names the trusted keys that signed its manifest."""

    name: str
    version: int
    content_digest: str
    folder: Path
    files: int
    size_bytes: int
    already_there: int
    signed_by: tuple[str, ...]


def pull(
    client: Client,
    reference: str,
    folder: Path | str,
    *,
    paths: Sequence[str] = (),
    keys: tuple[str, ...] = (),
    begin: Callable[[int], None] | None = None,
    progress: Progress | None = None,
) -> Pulled:
    """Download ``namespace/slug`` or ``namespace/slug@v2`` into ``folder``.

    Files that are there with the right digest stay; a cut download goes on where it stopped.

    Args:
        client: The service to ask.
        reference: The dataset, the newest version without ``@v``.
        folder: Where the files go; made when missing. Nothing is ever written outside it.
        paths: Only these files of the version.
        keys: Trusted public keys (``name+id+base64``); the manifest must be signed by one of them. Without any, those
            pinned for the service count; a service that is new here is pinned with the keys it shows.
        begin: Called once with the bytes to come.
        progress: Called with bytes that arrived, from several threads.

    Raises:
        CorruptContentError: Manifest or bytes are not what was signed, or another key than the pinned one signed
            (``service_key_changed``).
        SancaiError: As service and store refuse.
    """
    found = Reference.parse(reference)
    version = client.datasets.version(found.name, found.version)
    manifest = trusted_manifest(client, found.name, version.number, keys)
    wanted = _wanted(manifest.files, paths)
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    places = {file.path: target_in(root, file.path) for file in wanted}
    missing = [file for file in wanted if not _is_there(places[file.path], file)]
    _require_room(root, sum(file.size_bytes for file in missing))
    if begin:
        begin(sum(file.size_bytes for file in missing))
    urls = _Urls(client, found.name, version, [file.path for file in missing])

    with http_client(TIMEOUT, IN_FLIGHT + 1) as http:

        def fetch(file: ManifestFile, in_flight: int, stop: Stop | None) -> None:
            source = Source(file.path, file.size_bytes, file.sha256, lambda fresh: urls.of(file.path, fresh=fresh))
            download(source, places[file.path], progress, in_flight, stop, http)

        small = [file for file in missing if file.size_bytes <= SMALL_BYTES]
        with closing(in_parallel(small, lambda file, stop: fetch(file, 1, stop), IN_FLIGHT)) as fetched:
            for _ in fetched:
                pass
        for file in missing:
            if file.size_bytes > SMALL_BYTES:
                fetch(file, IN_FLIGHT, None)
    return Pulled(
        name=found.name,
        version=version.number,
        content_digest=manifest.content_digest,
        folder=root,
        files=len(wanted),
        size_bytes=sum(file.size_bytes for file in wanted),
        already_there=len(wanted) - len(missing),
        signed_by=manifest.signed_by,
    )


class _Urls:
    """Addresses of files, asked for in batches as they are needed."""

    def __init__(self, client: Client, name: str, version: Version, paths: list[str]) -> None:
        self._client, self._name, self._version, self._paths = client, name, version.number, paths
        self._position = {path: index for index, path in enumerate(paths)}
        self._known: dict[str, str] = {}
        self._lock = Lock()

    def of(self, path: str, *, fresh: bool) -> str:
        with self._lock:
            if fresh or path not in self._known:
                start = self._position[path]
                batch = [path] if fresh else self._paths[start : start + URLS_AT_ONCE]
                found = self._client.datasets.reads(self._name, self._version, batch)
                self._known.update({item.path: item.url for item in found})
            if path not in self._known:
                raise NotFoundError("object_missing", f"The service gives no address for {path!r}.", path=path)
            return self._known[path]


def _wanted(files: tuple[ManifestFile, ...], paths: Sequence[str]) -> list[ManifestFile]:
    if not paths:
        return list(files)
    by_path = {file.path: file for file in files}
    for path in paths:
        if path not in by_path:
            raise NotFoundError("path_missing", f"The version has no file {path!r}.", path=path)
    return [by_path[path] for path in dict.fromkeys(paths)]


def _is_there(place: Path, file: ManifestFile) -> bool:
    """Return whether the right bytes are there already."""
    if place.is_symlink() or not place.is_file() or place.stat().st_size != file.size_bytes:
        return False
    return sha256_of(place) == file.sha256


def _require_room(folder: Path, size_bytes: int) -> None:
    """Raise UnavailableError when the disk cannot hold what is to come."""
    free = shutil.disk_usage(folder).free
    if free < size_bytes:
        raise UnavailableError(
            "disk_full",
            f"{os.fspath(folder)} has {free} bytes free, {size_bytes} are needed. Make room or name another folder.",
            free_bytes=free,
            needed_bytes=size_bytes,
        )
