"""Many files of a version into place: small ones in batches, large ones by ranges, each held against the manifest.

Rules:
* A file appears under its name only whole and with its digest.
* Files up to ``SMALL_BYTES`` come through the service, many in one answer; files up to ``MEDIUM_BYTES`` beside each
  other, larger ones one after the other in several ranges.
* Files are taken up in groups, so that memory does not grow with their number.
"""

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sancai.addresses import Addresses
from sancai.contents import SMALL_BYTES, batches, fetch_contents
from sancai.downloads import download
from sancai.manifests import ManifestFile
from sancai.parallel import Stop, in_parallel
from sancai.paths import PART_SUFFIX
from sancai.transfers import IN_FLIGHT, Progress

if TYPE_CHECKING:
    from sancai.handles import VersionHandle

MEDIUM_BYTES: Final = 16 << 20
GROUP_FILES: Final = 10_000

Place = Callable[[ManifestFile], Path]
"""Returns where a file goes; its folder is there."""


def fetch_files(
    version: "VersionHandle", files: Iterable[ManifestFile], place: Place, progress: Progress | None = None
) -> Generator[ManifestFile, None, None]:
    """Download ``files`` and yield each once it is in place. Close the iterator (``closing``) to stop.

    Raises:
        CorruptContentError: ``digest_wrong``.
        SancaiError: As service and store refuse; what is in place stays, and large files go on where they stopped.
    """
    tell = progress or (lambda _: None)
    rest = iter(files)
    while group := list(islice(rest, GROUP_FILES)):
        yield from _small(version, [file for file in group if file.size_bytes <= SMALL_BYTES], place, tell)
        yield from _large(version, [file for file in group if file.size_bytes > SMALL_BYTES], place, tell)


def _small(
    version: "VersionHandle", files: list[ManifestFile], place: Place, tell: Progress
) -> Generator[ManifestFile, None, None]:
    def fetch(batch: tuple[ManifestFile, ...], stop: Stop) -> tuple[ManifestFile, ...]:
        for file, content in fetch_contents(version, batch, stop):
            put_in_place(place(file), content, file.sha256)
            tell(len(content))
        return batch

    with closing(in_parallel(list(batches(files)), fetch, IN_FLIGHT)) as fetched:
        for batch in fetched:
            yield from batch


def _large(
    version: "VersionHandle", files: list[ManifestFile], place: Place, tell: Progress
) -> Generator[ManifestFile, None, None]:
    addresses = Addresses(version.client, version.name, version.number, [file.path for file in files])

    def fetch(file: ManifestFile, stop: Stop | None, in_flight: int = 1) -> ManifestFile:
        download(addresses.source(file), place(file), tell, in_flight, stop, version.store)
        return file

    medium = [file for file in files if file.size_bytes <= MEDIUM_BYTES]
    with closing(in_parallel(medium, fetch, IN_FLIGHT)) as fetched:
        yield from fetched
    for file in files:
        if file.size_bytes > MEDIUM_BYTES:
            yield fetch(file, None, IN_FLIGHT)


def put_in_place(target: Path, content: bytes, sha256: str) -> None:
    """Write a small file and give it its name in one step; what a cut left under the mark is written over."""
    part = target.with_name(f".{target.name[:100]}.{sha256[:16]}{PART_SUFFIX}")
    part.unlink(missing_ok=True)
    # No link is followed, and the permissions are those of any new file.
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    with os.fdopen(handle, "wb", buffering=0) as file:
        view = memoryview(content)
        while view:
            view = view[file.write(view) :]
    part.replace(target)
