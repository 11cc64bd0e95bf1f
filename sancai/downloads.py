"""Bytes from the store: several ranges in flight, into a file that takes the name of the target when all is right.

Rules:
* A file appears under its name only whole and with the digest its manifest states; until then it is a ``.sancai-part``
  beside it, readable by its owner only.
* What has arrived is noted by range, so that a cut download goes on where it stopped, also in another process.
* The digest is taken in order while ranges arrive, of the memory they arrived in. If it is wrong after a resumed
  download, the part file may have been damaged meanwhile: it is fetched once more from the start, then the download
  fails.
* Memory does not grow with the file: it holds the ranges in flight and those that wait for the digest. A store that
  does not answer ranges is read in one stream.
"""

import hashlib
import os
from collections import deque
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from typing import Final

import httpx

from sancai.errors import UnavailableError
from sancai.manifests import digest_wrong
from sancai.parallel import Stop, in_parallel
from sancai.paths import PART_SUFFIX, put_in_place
from sancai.ranges import RangesIgnoredError, Source, failure, fetch_range, unreachable
from sancai.session import require_trusted, wait_s
from sancai.store_connections import StoreConnections
from sancai.transfers import ATTEMPTS_MAX, BLOCK_BYTES, IN_FLIGHT, Progress

RANGE_BYTES: Final = 8 * BLOCK_BYTES


def download(
    source: Source,
    target: Path,
    progress: Progress | None = None,
    in_flight: int = IN_FLIGHT,
    outer: Stop | None = None,
    store: StoreConnections | None = None,
) -> None:
    """Fetch one file to ``target``, replacing what is there once all bytes are right.

    ``store`` may be shared between files, and its connections with it.

    Raises:
        CorruptContentError: ``digest_wrong``: the store gave other bytes than the manifest states.
        UnavailableError: ``store_unreachable``, ``store_busy``; what arrived is kept for the next attempt.
        NotAllowedError: ``read_refused``: the store refuses fresh addresses, too.
    """
    tell = progress or (lambda _: None)
    with nullcontext(store) if store else StoreConnections(in_flight + 1) as used:
        fetch = _Fetch(source, target, used, tell, in_flight, outer)
        resumed = fetch.resumed
        if fetch.run() != source.sha256 and resumed:
            tell(-source.size_bytes)
            fetch.forget()
            fetch = _Fetch(source, target, used, tell, in_flight, outer)
            found = fetch.run()
        else:
            found = fetch.digest
        if found != source.sha256:
            fetch.forget()
            raise digest_wrong(source.path, found, source.sha256)
        fetch.put_in_place()


class _Fetch:
    """One attempt at a file."""

    def __init__(
        self,
        source: Source,
        target: Path,
        store: StoreConnections,
        tell: Progress,
        in_flight: int,
        outer: Stop | None,
    ) -> None:
        self._source, self._target, self._store, self._tell = source, target, store, tell
        self._in_flight, self._outer = in_flight, outer
        # The name holds the digest: a part file of another version is never taken up.
        stem = f".{target.name[:100]}.{source.sha256[:16]}"
        self._part = target.with_name(stem + PART_SUFFIX)
        self._noted = target.with_name(stem + ".ranges" + PART_SUFFIX)
        self._count = -(-source.size_bytes // RANGE_BYTES)
        self._done = self._arrived()
        self.resumed: Final = bool(self._done)
        self.digest = ""

    def _arrived(self) -> set[int]:
        """Return the ranges that an earlier process noted; none when the part file is not there."""
        if not self._part.is_file() or self._part.is_symlink():
            return set()
        with suppress(OSError, ValueError):
            lines = self._noted.read_text(encoding="ascii").splitlines()
            return {int(line) for line in lines} & set(range(self._count))
        return set()

    def run(self) -> str:
        """Fetch what is missing and return the digest of the whole."""
        # No link is followed: what stands under this name must be a file of ours.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(self._part, flags, 0o600)
        noted = os.open(self._noted, flags | os.O_APPEND | (0 if self._done else os.O_TRUNC), 0o600)
        try:
            os.ftruncate(handle, self._source.size_bytes)
            try:
                self.digest = self._ranges(handle, noted)
            except RangesIgnoredError:
                self.digest = self._stream(handle)
            os.fsync(handle)
        finally:
            os.close(handle)
            os.close(noted)
        return self.digest

    def _ranges(self, handle: int, noted: int) -> str:
        hashing, spare = hashlib.sha256(), _Spare()

        def fetch(index: int, stop: Stop) -> bytearray:
            start, whole = index * RANGE_BYTES, spare.take(min(RANGE_BYTES, self._source.size_bytes))
            memory = memoryview(whole)[: self._source.size_bytes - start]
            if index in self._done:
                _read(handle, start, memory)
                self._tell(len(memory))
            else:
                fetch_range(self._store, self._source, start, memory, stop, self._tell)
                _write(handle, memory, start)
                # The disk writes while other ranges arrive, and what is noted is there after a power cut, too.
                os.fdatasync(handle)
                os.write(noted, f"{index}\n".encode())
            return whole

        with closing(in_parallel(range(self._count), fetch, self._in_flight, self._outer)) as arrived:
            for index, whole in enumerate(arrived):
                hashing.update(memoryview(whole)[: self._source.size_bytes - index * RANGE_BYTES])
                spare.give_back(whole)
        return hashing.hexdigest()

    def _stream(self, handle: int) -> str:
        """Fetch the whole in one answer, from the start at each attempt."""
        stop = Stop(self._outer)
        for attempt in range(1, ATTEMPTS_MAX + 1):
            hashing, offset = hashlib.sha256(), 0
            try:
                with self._store.get(self._source.url(attempt > 1), {}) as answer:
                    if not answer.is_success:
                        failure(self._source.path, answer, attempt - 1)
                    else:
                        for block in answer.iter_raw():
                            stop.check()
                            kept = block[: self._source.size_bytes - offset]
                            _write(handle, memoryview(kept), offset)
                            hashing.update(kept)
                            offset += len(kept)
                            self._tell(len(kept))
            except httpx.TransportError as error:
                require_trusted(error, self._source.url(False))
                if attempt == ATTEMPTS_MAX:
                    raise unreachable(error) from error
            if offset == self._source.size_bytes:
                return hashing.hexdigest()
            self._tell(-offset)
            stop.sleep(wait_s(attempt))
        raise UnavailableError("store_cut", "The object store ends its answers early. Run the same command again.")

    def put_in_place(self) -> None:
        """Give the file its name."""
        put_in_place(self._part, self._target)
        self._noted.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove what has arrived."""
        self._part.unlink(missing_ok=True)
        self._noted.unlink(missing_ok=True)


class _Spare:
    """Memory of ranges whose digest is taken, for those to come."""

    def __init__(self) -> None:
        self._idle: Final[deque[bytearray]] = deque()

    def take(self, length: int) -> bytearray:
        """Return memory of that length, which is the same at every call."""
        try:
            return self._idle.pop()
        except IndexError:
            return bytearray(length)

    def give_back(self, memory: bytearray) -> None:
        """Take memory that nobody reads any more."""
        self._idle.append(memory)


def _write(handle: int, memory: memoryview, offset: int) -> None:
    while memory:
        count = os.pwrite(handle, memory[:BLOCK_BYTES], offset)
        memory, offset = memory[count:], offset + count


def _read(handle: int, offset: int, memory: memoryview) -> None:
    """Fill ``memory`` from the file, as far as it goes."""
    while memory and (count := os.preadv(handle, [memory], offset)):
        memory, offset = memory[count:], offset + count


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
