"""A file of the store that is read in place, by ranges, as if it lay on this disk.

Rules:
* Reading ahead begins small and doubles while reading goes on where it stopped, so that a footer costs little and a
  scan few requests; a jump begins anew.
* A large piece is fetched in several ranges beside each other.
* Ranges cannot be held against the digest of the whole. A file that is read from its beginning to its end in order is.
"""

import hashlib
import io
import os
from contextlib import closing
from typing import TYPE_CHECKING, Final

from sancai.errors import InvalidValueError, UnavailableError
from sancai.manifests import digest_wrong
from sancai.parallel import Stop, in_parallel
from sancai.ranges import RangesIgnoredError, Source, fetch_range
from sancai.store_connections import StoreConnections
from sancai.transfers import IN_FLIGHT

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

AHEAD_MIN_BYTES: Final = 64 << 10
AHEAD_MAX_BYTES: Final = 8 << 20
PIECE_BYTES: Final = 8 << 20
"""What one request asks for when a large piece is fetched."""


def read_into(store: StoreConnections, source: Source, start: int, view: memoryview) -> None:
    """Fill ``view`` with the bytes from ``start``, several ranges in flight.

    Raises:
        UnavailableError: ``ranges_ignored``: the store, or a proxy before it, answers with whole files only.
        SancaiError: As the store refuses.
    """

    def fetch(offset: int, stop: Stop) -> None:
        fetch_range(store, source, start + offset, view[offset : offset + PIECE_BYTES], stop)

    try:
        if len(view) <= PIECE_BYTES:
            fetch(0, Stop())
            return
        with closing(in_parallel(range(0, len(view), PIECE_BYTES), fetch, IN_FLIGHT)) as fetched:
            for _ in fetched:
                pass
    except RangesIgnoredError as error:
        raise UnavailableError(
            "ranges_ignored",
            f"{source.path} cannot be read in part: the store or a proxy before it gives whole files only. "
            "Use `sancai pull`.",
            path=source.path,
        ) from error


class RangedFile(io.RawIOBase):
    """A seekable binary file over one object of the store. For one thread at a time, as any file."""

    def __init__(self, source: Source, store: StoreConnections) -> None:
        """Open ``source``; nothing is fetched yet."""
        super().__init__()
        self.name: Final = source.path
        self.size: Final = source.size_bytes
        self._source, self._store = source, store
        self._position = 0
        self._block, self._block_start = bytearray(), 0
        self._ahead = AHEAD_MIN_BYTES
        self._hashing, self._hashed = hashlib.sha256(), 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to another offset. Raises InvalidValueError ``offset_negative``."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise InvalidValueError("offset_negative", f"{self.name}: there is nothing before the first byte.")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill ``buffer`` as far as the file reaches and return how far. Raises SancaiError."""
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self.size - self._position))
        view = view[:count]
        if not count:
            return 0
        if count >= AHEAD_MAX_BYTES:
            read_into(self._store, self._source, self._position, view)
        else:
            self._copy(view)
        self._hash(view)
        self._position += count
        return count

    def readall(self) -> bytes:
        """Return everything from here to the end. Raises SancaiError."""
        rest = bytearray(max(0, self.size - self._position))
        self.readinto(rest)
        return bytes(rest)

    def _copy(self, view: memoryview) -> None:
        """Fill ``view`` from the block that was read ahead, fetching the next one where it ends."""
        filled, block_end = 0, self._block_start + len(self._block)
        if self._block_start <= self._position < block_end:
            held = self._block[self._position - self._block_start :][: len(view)]
            view[: len(held)] = held
            filled = len(held)
        if filled == len(view):
            return
        start = self._position + filled
        self._ahead = min(AHEAD_MAX_BYTES, self._ahead * 2) if start == block_end else AHEAD_MIN_BYTES
        block = bytearray(min(self.size - start, max(self._ahead, len(view) - filled)))
        read_into(self._store, self._source, start, memoryview(block))
        self._block, self._block_start = block, start
        view[filled:] = block[: len(view) - filled]

    def _hash(self, view: memoryview) -> None:
        """Go on with the digest where reading goes on from the beginning. Raises CorruptContentError."""
        if self._position != self._hashed:
            return
        self._hashing.update(view)
        self._hashed += len(view)
        if self._hashed == self.size and (found := self._hashing.hexdigest()) != self._source.sha256:
            raise digest_wrong(self.name, found, self._source.sha256)
