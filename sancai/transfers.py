"""Bytes to the store: parts by signed addresses, several in flight, each sent again until it is there.

Rules:
* Bytes go straight to the store, never through the service, and the token never goes to the store.
* Memory does not grow with the file or its parts: a part is read from disk in blocks while it is sent.
* The file is hashed once, in order, while parts are on their way; what the service then re-reads must have that digest.
* What the store already holds (``GET /uploads/{id}``) is not sent again: another process may take an upload up.
* A signed address that the store refuses is asked for anew; it may have expired, as addresses are short-lived.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Final

import httpx

from sancai.errors import ConflictError, InvalidValueError, SancaiError, UnavailableError
from sancai.parallel import Stop, in_parallel
from sancai.session import Session, require_trusted, wait_s
from sancai.shapes import shaped
from sancai.store_connections import StoreConnections

BLOCK_BYTES: Final = 1 << 20
IN_FLIGHT: Final = 4
ATTEMPTS_MAX: Final = 6
URLS_AT_ONCE: Final = 32
REFUSALS_MAX: Final = 3
COMPLETION_WAIT_S: Final = 60.0
"""Several times what the service waits before it takes a completion for crashed."""
COMPLETION_POLL_S: Final = 1.0

Progress = Callable[[int], None]
"""Called with the bytes that have gone further since the last call; negative when some must be sent again."""


Read = Callable[[int, int], Iterator[bytes]]
"""Yields the bytes from an offset, as many as asked for."""


@dataclass(frozen=True, slots=True)
class UploadPart:
    """A part that the store holds."""

    number: int
    size_bytes: int
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload as the service knows it; part ``n`` (from 1) begins at ``(n - 1) * part_size_bytes``."""

    id: str
    state: str
    part_size_bytes: int
    part_count: int
    size_bytes: int
    parts: tuple[UploadPart, ...] = ()
    expires_at: str | None = None

    def span(self, number: int) -> tuple[int, int]:
        """Return offset and length of part ``number``."""
        offset = (number - 1) * self.part_size_bytes
        return offset, max(0, min(self.part_size_bytes, self.size_bytes - offset))


@dataclass(frozen=True, slots=True)
class PartUrl:
    """Where one part goes, for a while."""

    number: int
    url: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _PartUrls:
    urls: tuple[PartUrl, ...]
    expires_at: str | None = None


class Uploads:
    """Uploads of one service."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for questions; the bytes take another way."""
        self._session: Final = session

    def show(self, upload: str) -> Upload:
        """Return an upload with the parts that arrived. Raises NotFoundError."""
        return shaped(Upload, self._session.get(f"/uploads/{upload}"))

    def part_urls(self, upload: str, numbers: list[int]) -> tuple[PartUrl, ...]:
        """Return addresses for at most 100 parts."""
        answer = self._session.post(f"/uploads/{upload}/parts", {"numbers": numbers}, keyed=False)
        return shaped(_PartUrls, answer).urls

    def complete(self, upload: str, sha256: str) -> Upload:
        """Say that all parts are there, and what their digest is (64 hex digits).

        A request of a process that was killed may still be at it: that one is waited for.
        """
        deadline = time.monotonic() + COMPLETION_WAIT_S
        while True:
            try:
                return shaped(Upload, self._session.post(f"/uploads/{upload}/complete", {"sha256": sha256}))
            except ConflictError as error:
                if error.code != "upload_completing" or time.monotonic() > deadline:
                    raise
                time.sleep(COMPLETION_POLL_S)

    def abandon(self, upload: str) -> None:
        """Give an upload up; its parts are dropped."""
        self._session.delete(f"/uploads/{upload}")

    def send(
        self,
        upload: Upload,
        path: Path,
        progress: Progress | None = None,
        in_flight: int = IN_FLIGHT,
        outer: Stop | None = None,
        store: StoreConnections | None = None,
        *,
        known: str | None = None,
        seen: int | None = None,
    ) -> str:
        """Send the file at ``path`` and complete the upload; return its SHA-256 in hex.

        Args:
            upload: As the service made it, or as ``show`` returns it to take it up again.
            path: The file; it must not change meanwhile.
            progress: Called from several threads.
            in_flight: How many parts travel at once.
            outer: The signal of a transfer that this one is a part of.
            store: Connections may be shared between files.
            known: The digest of the file, when it was hashed before: nothing is hashed twice.
            seen: When the file had last changed (ns) as the caller knows it.

        Raises:
            InvalidValueError: ``file_changed``: its size is not what was announced, or it changed under way.
            ConflictError: ``upload_gone``: the store forgot it; start a new one.
            SancaiError: As service and store refuse.
        """
        tell = progress or (lambda _: None)
        shared = nullcontext(store) if store else StoreConnections(in_flight, self._session.ca)
        with path.open("rb", buffering=0) as file, shared as used:
            before = os.fstat(file.fileno())
            if before.st_size != upload.size_bytes or seen not in {None, before.st_mtime_ns}:
                raise _changed(path)
            present = {part.number for part in upload.parts if part.size_bytes == upload.span(part.number)[1]}
            missing = [number for number in range(1, upload.part_count + 1) if number not in present]
            tell(sum(upload.span(number)[1] for number in present))
            sender = _Sender(self, upload, partial(_blocks, file.fileno()), used, missing, tell)
            hashing_stop = Stop(outer)
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sancai-hash") as hasher:
                # Hashing keeps up beside the threads that send: hash and socket both let go of the interpreter.
                hashed = None if known else hasher.submit(_sha256, file.fileno(), upload.size_bytes, hashing_stop)
                try:
                    with closing(in_parallel(missing, sender.send, in_flight, outer)) as sent:
                        for _ in sent:
                            pass
                    digest = hashed.result() if hashed else str(known)
                finally:
                    hashing_stop.set()
            after = os.fstat(file.fileno())
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                raise _changed(path)
        self.complete(upload.id, digest)
        return digest

    def send_content(
        self, upload: Upload, content: bytes, progress: Progress, stop: Stop, store: StoreConnections
    ) -> None:
        """Send bytes that lie in memory, part after part, and complete the upload. Raises as ``send``."""

        def read(offset: int, length: int) -> Iterator[bytes]:
            end = offset + length
            return (content[at : min(at + BLOCK_BYTES, end)] for at in range(offset, end, BLOCK_BYTES))

        numbers = list(range(1, upload.part_count + 1))
        sender = _Sender(self, upload, read, store, numbers, progress)
        for number in numbers:
            sender.send(number, stop)
        self.complete(upload.id, hashlib.sha256(content).hexdigest())


class _Sender:
    """Sends the parts of one upload."""

    def __init__(
        self,
        uploads: Uploads,
        upload: Upload,
        read: "Read",
        store: StoreConnections,
        missing: list[int],
        tell: Progress,
    ) -> None:
        self._uploads, self._upload, self._read, self._store = uploads, upload, read, store
        self._missing, self._tell = missing, tell
        self._urls: dict[int, str] = {}
        self._lock = Lock()

    def send(self, number: int, stop: Stop) -> int:
        """Send one part, as often as it takes. Raises SancaiError, StoppedError."""
        offset, length = self._upload.span(number)
        refused = 0
        for attempt in range(1, ATTEMPTS_MAX + 1):
            stop.check()
            url = self._url(number)
            told = _Told(self._tell)
            try:
                answer = self._store.put(url, self._body(offset, length, stop, told), length)
            except httpx.TransportError as error:
                told.take_back()
                require_trusted(error, url)
                failed: SancaiError = UnavailableError(
                    "store_unreachable",
                    f"The object store at {httpx.URL(url).host} does not answer ({error or type(error).__name__}). "
                    "Run the same command again later: what arrived is kept.",
                )
            else:
                if answer.is_success:
                    return number
                told.take_back()
                failed, refused = self._refusal(number, answer, refused)
            if attempt == ATTEMPTS_MAX:
                raise failed
            stop.sleep(wait_s(attempt))
        raise AssertionError

    def _url(self, number: int) -> str:
        """Return the address of a part, asking for those of the next ones at the same time."""
        with self._lock:
            if number not in self._urls:
                wanted = [other for other in self._missing if other >= number][:URLS_AT_ONCE]
                found = self._uploads.part_urls(self._upload.id, wanted)
                self._urls.update({part.number: part.url for part in found})
            if number not in self._urls:
                raise ConflictError("upload_gone", "The service gives no address for a part. Start the upload anew.")
            return self._urls[number]

    def _body(self, offset: int, length: int, stop: Stop, told: "_Told") -> Iterator[bytes]:
        for block in self._read(offset, length):
            stop.check()
            yield block
            told.went(len(block))

    def _refusal(self, number: int, answer: httpx.Response, refused: int) -> tuple[SancaiError, int]:
        """Return why the store did not take a part, and how often it refused; raise when trying again is of no use."""
        if answer.status_code == 404:
            raise ConflictError("upload_gone", "The store no longer knows this upload. Start it anew.")
        if answer.status_code in {400, 401, 403, 410}:
            # Most likely the address has expired: ask for another one.
            with self._lock:
                self._urls.pop(number, None)
            clock = answer.headers.get("Date", "unknown")
            failed = ConflictError(
                "part_refused",
                f"The store refuses a part (status {answer.status_code}, its clock says {clock}). Check this machine's "
                "clock and the address of the store, then run the same command again.",
                status=answer.status_code,
            )
            if refused + 1 >= REFUSALS_MAX:
                raise failed
            return failed, refused + 1
        return (
            UnavailableError(
                "store_busy",
                f"The object store answers with status {answer.status_code}. Run the same command again later.",
                status=answer.status_code,
            ),
            refused,
        )


class _Told:
    """What one attempt has said of its progress, so that it can be taken back."""

    def __init__(self, tell: Progress) -> None:
        self._tell, self._bytes = tell, 0

    def went(self, size_bytes: int) -> None:
        self._bytes += size_bytes
        self._tell(size_bytes)

    def take_back(self) -> None:
        self._tell(-self._bytes)


def _blocks(handle: int, offset: int, length: int) -> Iterator[bytes]:
    """Yield ``length`` bytes from ``offset``. Raises InvalidValueError when the file has become shorter."""
    end = offset + length
    while offset < end:
        block = os.pread(handle, min(BLOCK_BYTES, end - offset), offset)
        if not block:
            raise InvalidValueError("file_changed", "The file became shorter while it was read. Run the command again.")
        offset += len(block)
        yield block


def _sha256(handle: int, size_bytes: int, stop: Stop, tell: Progress = lambda _: None) -> str:
    """Return the digest of the whole file in hex."""
    hashing = hashlib.sha256()
    for block in _blocks(handle, 0, size_bytes):
        stop.check()
        hashing.update(block)
        tell(len(block))
    return hashing.hexdigest()


def digest_of(path: Path, seen: tuple[int, int], tell: Progress, stop: Stop | None = None) -> str:
    """Return the digest of a file in hex that has size and time of change ``seen``.

    Raises:
        InvalidValueError: ``file_changed``: it has others, or they changed meanwhile.
    """
    with path.open("rb", buffering=0) as file:
        digest = "" if _looks(file.fileno()) != seen else _sha256(file.fileno(), seen[0], stop or Stop(), tell)
        if not digest or _looks(file.fileno()) != seen:
            raise _changed(path)
    return digest


def _looks(handle: int) -> tuple[int, int]:
    about = os.fstat(handle)
    return about.st_size, about.st_mtime_ns


def _changed(path: Path) -> InvalidValueError:
    return InvalidValueError(
        "file_changed", f"{path} changed since the upload began. Run the command again.", path=str(path)
    )
