"""Files of a folder read and hashed, on their way out."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sancai.drafts import BATCH
from sancai.errors import InvalidValueError
from sancai.parallel import Stop, in_parallel
from sancai.publish_memory import SMALL_BYTES, Here
from sancai.transfers import digest_of

CHUNK_BYTES: Final = 16 << 20
"""A chunk travels as one part; some of them lie in memory at a time."""
HASHED_AT_ONCE: Final = min(4, os.cpu_count() or 1)


@dataclass(slots=True)
class Chunk:
    """Small files that were read: their bytes and digests by path."""

    files: list[Here] = field(default_factory=list)
    content: dict[str, bytes] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    size_bytes: int = 0

    def add(self, file: Here, content: bytes) -> None:
        """Take in a file."""
        self.files.append(file)
        self.content[file.path] = content
        self.sha256[file.path] = file.sha256 or hashlib.sha256(content).hexdigest()
        self.size_bytes += file.size_bytes


def chunks_of(root: Path, batches: Iterable[list[Here]]) -> Iterator[Chunk]:
    """Yield chunks of small files, each as large as one request and one part may be.

    Raises:
        InvalidValueError: ``file_changed``.
    """
    chunk = Chunk()
    for batch in batches:
        for file in batch:
            if len(chunk.files) == BATCH or chunk.size_bytes + file.size_bytes > CHUNK_BYTES:
                yield chunk
                chunk = Chunk()
            chunk.add(file, _content(root, file))
    if chunk.files:
        yield chunk


def hash_files(root: Path, batch: Iterable[Here]) -> Iterator[tuple[str, str]]:
    """Yield (path, digest) of files; larger ones several at once. Raises InvalidValueError ``file_changed``."""
    large = []
    for file in batch:
        if file.size_bytes > SMALL_BYTES:
            large.append(file)
        else:
            # A thread costs more than a small file.
            yield file.path, hashlib.sha256(_content(root, file)).hexdigest()

    def act(file: Here, stop: Stop) -> tuple[str, str]:
        return file.path, digest_of(root / file.name, (file.size_bytes, file.changed_ns), lambda _: None, stop)

    with closing(in_parallel(large, act, HASHED_AT_ONCE)) as found:
        yield from found


def _content(root: Path, file: Here) -> bytes:
    place = f"{root}/{file.name}"
    handle = os.open(place, os.O_RDONLY)
    try:
        about = os.fstat(handle)
        content = os.read(handle, file.size_bytes + 1)
    finally:
        os.close(handle)
    if (about.st_size, about.st_mtime_ns, len(content)) != (file.size_bytes, file.changed_ns, file.size_bytes):
        raise InvalidValueError(
            "file_changed", f"{place} changed while it was read. Run the command again.", path=file.path
        )
    return content
