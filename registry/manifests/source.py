"""The bytes of one file that is looked at, on disk or in memory.

Most of what is asked of a file is answered by its beginning. Of thousands of small ones only the few that a library has
to open by their path are ever given one.
"""

import io
import os
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Protocol, Self

HEAD_MAX_BYTES: Final = 65_536


class Source(Protocol):
    """A file that is looked at."""

    @property
    def head(self) -> bytes:
        """Its first 65,536 bytes, or all of them."""

    @property
    def path(self) -> Path:
        """Where a library finds it that reads by path."""

    def open(self) -> BinaryIO:
        """Open it for reading, from its beginning on."""


class DiskSource:
    """A file that lies at a path."""

    def __init__(self, path: Path) -> None:
        """State where it lies; it is read when it is asked for."""
        self.path: Final = path

    @cached_property
    def head(self) -> bytes:
        """Its first 65,536 bytes, or all of them."""
        with self.path.open("rb") as content:
            return content.read(HEAD_MAX_BYTES)

    def open(self) -> BinaryIO:
        """Open it for reading, from its beginning on."""
        return self.path.open("rb")


class MemorySource:
    """A small file whose bytes are at hand. What a path costs is given back when the context is left."""

    def __init__(self, content: bytes, spool: Path) -> None:
        """Take the bytes; ``spool`` is where they are written to when the system has no files in memory."""
        self._content, self._spool = content, spool
        self._handle: int | None = None

    def __enter__(self) -> Self:
        """Return the source."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what was opened."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    @property
    def head(self) -> bytes:
        """Its first 65,536 bytes, or all of them."""
        return self._content[:HEAD_MAX_BYTES]

    @property
    def path(self) -> Path:
        """Where a library finds it that reads by path: in memory where the system can, so that no disk is worn."""
        if not hasattr(os, "memfd_create"):
            self._spool.write_bytes(self._content)
            return self._spool
        if self._handle is None:
            self._handle = os.memfd_create("sancai-file")
            with os.fdopen(self._handle, "wb", closefd=False) as file:
                file.write(self._content)
        return Path(f"/proc/self/fd/{self._handle}")

    def open(self) -> BinaryIO:
        """Open it for reading, from its beginning on."""
        return io.BytesIO(self._content)
