"""Download a version: manifest first, then its files, each held against it.

The whole manifest is held against its signature before anything is written. Files are planned in one pass over its
pages and fetched in a second, so that memory does not grow with their number.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING

from sancai.downloads import sha256_of
from sancai.errors import UnavailableError
from sancai.fetching import fetch_files
from sancai.handles import VersionHandle, load
from sancai.manifests import ManifestFile
from sancai.paths import Places
from sancai.pull_memory import PullMemory, Recalled
from sancai.selection import Selection
from sancai.stated import Deprecation
from sancai.transfers import Progress

if TYPE_CHECKING:
    from sancai.client import Client


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
    deprecation: Deprecation | None = None


def pull(
    client: "Client",
    reference: str,
    folder: Path | str,
    *,
    paths: Sequence[str] = (),
    keys: tuple[str, ...] = (),
    check: bool = False,
    begin: Callable[[int], None] | None = None,
    progress: Progress | None = None,
) -> Pulled:
    """Download ``namespace/slug`` or ``namespace/slug@v2`` into ``folder``.

    Files that are there with the right digest stay; a cut download goes on where it stopped.

    Args:
        client: The service to ask.
        reference: The dataset, the newest version without ``@v``.
        folder: Where the files go; made when missing. Nothing is ever written outside it.
        paths: Only the files that these paths, folders and patterns (``data/*.csv``, ``**/*.parquet``) name.
        keys: Trusted public keys (``name+id+base64``); the manifest must be signed by one of them. Without any, those
            pinned for the service count; a service that is new here is pinned with the keys it shows.
        check: Hash every file that is there; otherwise those that did not change since they were last hashed are not.
        begin: Called once with the bytes to come.
        progress: Called with bytes that arrived, from several threads.

    Raises:
        CorruptContentError: Manifest or bytes are not what was signed, or another key than the pinned one signed
            (``service_key_changed``).
        NotFoundError: ``path_missing``: one of ``paths`` names no file.
        SancaiError: As service and store refuse.
    """
    with load(reference, client, keys=keys) as version:
        return pull_version(version, Path(folder), paths, check=check, begin=begin, progress=progress)


def pull_version(
    version: VersionHandle,
    folder: Path,
    paths: Sequence[str] = (),
    *,
    check: bool = False,
    begin: Callable[[int], None] | None = None,
    progress: Progress | None = None,
) -> Pulled:
    """Download a version that was loaded; everything else as ``pull`` does."""
    manifest, selection = version.manifest, Selection(paths)
    manifest.check()
    places = Places(folder)
    with PullMemory(folder) as memory:
        plan = plan_of(selection.of(manifest), places, memory, check=check)
        require_room(folder, plan.missing_bytes)
        if begin:
            begin(plan.missing_bytes)
        missing = compress(selection.of(manifest), plan.missing)
        with closing(fetch_files(version, missing, lambda file: places.of(file.path), progress)) as fetched:
            for file in fetched:
                memory.note(file.path, places.of(file.path).lstat(), file.sha256)
    return Pulled(
        name=version.name,
        version=version.number,
        content_digest=manifest.content_digest,
        folder=folder,
        files=len(plan.missing),
        size_bytes=plan.size_bytes,
        already_there=len(plan.missing) - sum(plan.missing),
        signed_by=manifest.signed_by,
        deprecation=version.version.deprecation,
    )


@dataclass(slots=True)
class Plan:
    """What there is to fetch: one byte for each file in order, 1 when it is to be fetched."""

    missing: bytearray = field(default_factory=bytearray)
    missing_bytes: int = 0
    size_bytes: int = 0


def plan_of(files: Iterator[ManifestFile], places: Places, memory: PullMemory, *, check: bool) -> Plan:
    """Return what is missing of ``files``, looking at each place once. Raises CorruptContentError ``path_unsafe``."""
    plan, recalled = Plan(), memory.in_order()
    for file in files:
        there = _is_there(file, places, memory, recalled, check=check)
        plan.missing.append(not there)
        plan.missing_bytes += 0 if there else file.size_bytes
        plan.size_bytes += file.size_bytes
    memory.keep()
    return plan


def _is_there(file: ManifestFile, places: Places, memory: PullMemory, recalled: Recalled, *, check: bool) -> bool:
    """Return whether the right bytes are there already."""
    found = places.there(file.path)
    if found is None or found.st_size != file.size_bytes:
        return False
    digest = None if check else recalled.sha256(file.path, found)
    if digest is None:
        digest = sha256_of(places.of(file.path))
        memory.note(file.path, found, digest)
    return digest == file.sha256


def require_room(folder: Path, size_bytes: int) -> None:
    """Raise UnavailableError ``disk_full`` when the disk cannot hold what is to come."""
    free = shutil.disk_usage(folder).free
    if free < size_bytes:
        raise UnavailableError(
            "disk_full",
            f"{os.fspath(folder)} has {free} bytes free, {size_bytes} are needed. Make room or name another folder.",
            free_bytes=free,
            needed_bytes=size_bytes,
        )
