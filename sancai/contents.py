"""Small files through the service: many in one answer, each held against the manifest as it is cut off.

A file of at most ``SMALL_BYTES`` may lie in a pack with others, which no signed address ever opens. So small files are
asked for by name, at most 1,000 and 64 MiB at a time.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import httpx

from sancai.errors import UnavailableError
from sancai.manifests import ManifestFile, digest_wrong
from sancai.parallel import Stop
from sancai.session import wait_s
from sancai.transfers import ATTEMPTS_MAX

if TYPE_CHECKING:
    from sancai.handles import VersionHandle

SMALL_BYTES: Final = 1 << 20
FILES_MAX: Final = 1_000
BATCH_BYTES_MAX: Final = 16 << 20
"""Less than the service gives, so that what several threads hold stays small."""


def batches(files: Iterable[ManifestFile]) -> Iterator[tuple[ManifestFile, ...]]:
    """Yield the files in groups that one answer may hold."""
    held: list[ManifestFile] = []
    size_bytes = 0
    for file in files:
        if held and (len(held) == FILES_MAX or size_bytes + file.size_bytes > BATCH_BYTES_MAX):
            yield tuple(held)
            held, size_bytes = [], 0
        held.append(file)
        size_bytes += file.size_bytes
    if held:
        yield tuple(held)


def fetch_contents(
    version: "VersionHandle", files: Sequence[ManifestFile], stop: Stop
) -> Iterator[tuple[ManifestFile, bytes]]:
    """Yield each file with its bytes once they have their digest; a cut answer goes on with the file it was cut in.

    Raises:
        CorruptContentError: ``digest_wrong``: the service gave other bytes than the manifest states.
        UnavailableError: ``service_cut``: it ends its answers early.
        SancaiError: As the service refuses.
    """
    done, attempt = 0, 0
    while done < len(files):
        attempt += 1
        before = done
        try:
            paths = [file.path for file in files[done:]]
            with version.client.datasets.contents(version.name, version.number, paths) as answer:
                arriving = _Arriving(answer.iter_raw())
                for file in files[done:]:
                    stop.check()
                    yield file, held(file, arriving.take(file.size_bytes))
                    done += 1
        except (httpx.TransportError, _CutError) as error:
            attempt = 0 if done > before else attempt
            if attempt >= ATTEMPTS_MAX:
                raise UnavailableError(
                    "service_cut",
                    "The service ends its answers early. Run the same command again: what arrived is kept.",
                ) from error
            stop.sleep(wait_s(attempt + 1))


def held(file: ManifestFile, content: bytes) -> bytes:
    """Return ``content`` if it is what the manifest states. Raises CorruptContentError ``digest_wrong``."""
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise digest_wrong(file.path, found, file.sha256)
    return content


class _CutError(Exception):
    """The answer ended before all files were in it."""


class _Arriving:
    """Bytes as they arrive, taken in pieces of known size."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._left = blocks, b""

    def take(self, size_bytes: int) -> bytes:
        taken = bytearray()
        while len(taken) < size_bytes:
            self._left = self._left or next(self._blocks, b"")
            if not self._left:
                raise _CutError
            wanted = size_bytes - len(taken)
            taken += self._left[:wanted]
            self._left = self._left[wanted:]
        return bytes(taken)
