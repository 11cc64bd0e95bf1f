"""What a draft lacks, brought to the store, and what it has too much, taken out.

Rules:
* A file is hashed once: while it is sent, or before, when its digest decides whether it need be sent at all.
* What has arrived is remembered before the next step begins, so that a cut costs one file at most.
* An upload that the store forgot, that expired or was given up is begun anew by itself, a few times in one run.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from sancai.client import Client
from sancai.errors import ConflictError, InvalidValueError, NotFoundError
from sancai.parallel import Stop, in_parallel
from sancai.publish_memory import Here, Memory
from sancai.store_connections import StoreConnections
from sancai.transfers import IN_FLIGHT, Progress, Upload, digest_of

SMALL_BYTES: Final = 1 << 20
"""Files up to this size are hashed one after the other: a thread costs more."""
SINGLE_PART_BYTES: Final = 16 << 20
"""Files up to this size travel beside each other, larger ones one after the other in several parts."""
ANEW_MAX: Final = 3
GONE: Final = frozenset({"upload_gone", "upload_forgotten", "upload_expired", "upload_not_open", "upload_part_missing"})
KEEP_EVERY_S: Final = 2.0


def hash_files(root: Path, batch: Iterable[Here], progress: Progress | None = None) -> Iterator[tuple[str, str]]:
    """Yield (path, digest) of files; larger ones several at once. Raises InvalidValueError ``file_changed``."""
    tell = progress or (lambda _: None)
    large = []
    for file in batch:
        if file.size_bytes > SMALL_BYTES:
            large.append(file)
        else:
            yield file.path, _small_digest(root, file)
            tell(file.size_bytes)

    def act(file: Here, stop: Stop) -> tuple[str, str]:
        return file.path, digest_of(root / file.name, (file.size_bytes, file.changed_ns), tell, stop)

    with closing(in_parallel(large, act, min(IN_FLIGHT, os.cpu_count() or 1))) as found:
        yield from found


def _small_digest(root: Path, file: Here) -> str:
    content = read_small(root, file)
    return hashlib.sha256(content).hexdigest()


def read_small(root: Path, file: Here) -> bytes:
    """Return the bytes of a small file. Raises InvalidValueError ``file_changed``."""
    place = f"{root}/{file.name}"
    handle = os.open(place, os.O_RDONLY)
    try:
        about = os.fstat(handle)
        content = os.read(handle, file.size_bytes + 1)
    finally:
        os.close(handle)
    if (about.st_size, about.st_mtime_ns, len(content)) != (file.size_bytes, file.changed_ns, file.size_bytes):
        raise InvalidValueError("file_changed", f"{place} changed since the upload began. Run the command again.")
    return content


class Sending:
    """The way of one folder into one draft."""

    def __init__(
        self, client: Client, draft: str, root: Path, memory: Memory, progress: Progress | None = None
    ) -> None:
        """Prepare to bring what lies below ``root`` into ``draft``."""
        self._client, self._draft, self._root, self._memory = client, draft, root, memory
        self._progress = progress or (lambda _: None)

    def run(self) -> bool:
        """Make the draft hold what the folder holds; return whether anything had to be done. Raises SancaiError."""
        changed = False
        for paths in self._memory.superfluous(self._draft):
            changed = True
            for path in paths:
                self._remove(path)
            self._memory.removed(self._draft, paths)
        with StoreConnections(IN_FLIGHT) as store:
            for batch in self._memory.missing(self._draft):
                changed = True
                self._send(batch, store)
        return changed

    def _send(self, batch: list[Here], store: StoreConnections) -> None:
        single = [(file, self._begun(file)) for file in batch if file.size_bytes <= SINGLE_PART_BYTES]

        def act(each: tuple[Here, str | None], stop: Stop) -> tuple[Here, str]:
            return each[0], self._arrive(*each, 1, stop, store)

        kept_at, arrived = time.monotonic(), list[tuple[Here, str]]()
        with closing(in_parallel(single, act, IN_FLIGHT)) as sent:
            try:
                for each in sent:
                    arrived.append(each)
                    if time.monotonic() - kept_at > KEEP_EVERY_S:
                        self._arrived(arrived)
                        kept_at, arrived = time.monotonic(), []
            finally:
                self._arrived(arrived)
        for file in batch:
            if file.size_bytes > SINGLE_PART_BYTES:
                self._arrived([(file, self._arrive(file, self._begun(file), IN_FLIGHT, None, store))])

    def _begun(self, file: Here) -> str | None:
        return self._memory.upload(self._draft, file)

    def _arrived(self, files: list[tuple[Here, str]]) -> None:
        self._memory.hashed((file.path, sha256) for file, sha256 in files)
        self._memory.placed(self._draft, [(file.path, file.size_bytes, sha256) for file, sha256 in files])

    def _arrive(self, file: Here, begun: str | None, in_flight: int, stop: Stop | None, store: StoreConnections) -> str:
        """Send a file, beginning anew what was lost on the way; return its digest."""
        for attempt in range(1, ANEW_MAX + 1):
            told = _Counted(self._progress)
            try:
                upload = self._upload(file, begun if attempt == 1 else None, remember=in_flight > 1)
                if upload.state == "received":
                    # The process was killed between the last part and its own memory of it.
                    return digest_of(self._root / file.name, (file.size_bytes, file.changed_ns), told, stop)
                return self._client.uploads.send(
                    upload,
                    self._root / file.name,
                    told,
                    in_flight,
                    stop,
                    store,
                    known=file.sha256,
                    seen=file.changed_ns,
                )
            except (ConflictError, NotFoundError) as error:
                if error.code not in GONE or attempt == ANEW_MAX:
                    raise
                told.take_back()
        raise AssertionError

    def _upload(self, file: Here, begun: str | None, *, remember: bool) -> Upload:
        """Return the upload of a file: the one that was cut while it is good, else a new one."""
        if begun:
            with suppress(NotFoundError, ConflictError):
                found = self._client.uploads.show(begun)
                if found.state in {"open", "completing", "received"}:
                    return found
        try:
            made = self._client.datasets.add_file(self._draft, file.path, file.size_bytes).upload
        except InvalidValueError as error:
            if error.code != "path_duplicate":
                raise
            # Something is announced there already: as it was before, or by a run that was cut.
            self._remove(str(error.parameters.get("other") or file.path))
            made = self._client.datasets.add_file(self._draft, file.path, file.size_bytes).upload
        if remember:
            self._memory.announced(self._draft, file, made.id)
        return made

    def _remove(self, path: str) -> None:
        with suppress(NotFoundError):
            self._client.datasets.remove_file(self._draft, path)


class _Counted:
    """Progress of one attempt, so that it can be taken back."""

    def __init__(self, tell: Progress) -> None:
        self._tell, self._bytes = tell, 0

    def __call__(self, size_bytes: int) -> None:
        self._bytes += size_bytes
        self._tell(size_bytes)

    def take_back(self) -> None:
        self._tell(-self._bytes)
        self._bytes = 0
