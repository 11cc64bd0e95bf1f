"""Write a version into one file: manifest, proofs and papers first, then the data in the order of the format.

Rules:
* The bundle is written from beginning to end into a part file beside it, and takes its name when all is there: what
  lies in the part file is always the beginning of the bundle, so that a later run goes on where it ends.
* A run that goes on reads what is there and holds it against the manifest; from the first byte that does not hold,
  everything is fetched again.
* Pieces travel beside each other and are written in order. Memory holds a few of them.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import rfc8785

from sancai import bundle_papers
from sancai.addresses import Addresses
from sancai.bundle_format import (
    DATA,
    END,
    HEAD,
    MANIFEST,
    PAGES,
    Head,
    Member,
    header_of,
    in_order,
    is_small,
    length_of,
    padding_of,
)
from sancai.bundles import Bundle, EndedError, Held, page_name
from sancai.contents import batches, fetch_contents
from sancai.downloads import download
from sancai.errors import ConflictError, CorruptContentError, InvalidValueError, SancaiError
from sancai.fetching import GROUP_FILES
from sancai.manifests import ManifestFile, digest_wrong
from sancai.parallel import Stop, in_parallel
from sancai.paths import PART_SUFFIX, put_in_place, require_safe
from sancai.pull import require_room
from sancai.ranges import RangesIgnoredError, Source, fetch_range
from sancai.transfers import BLOCK_BYTES, IN_FLIGHT, Progress

if TYPE_CHECKING:
    from sancai.handles import VersionHandle

PIECE_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class Bundled:
    """What a bundle holds. ``already_there`` counts bytes of data that did not have to be fetched."""

    name: str
    version: int
    content_digest: str
    file: Path
    files: int
    size_bytes: int
    already_there: int
    signed_by: tuple[str, ...]
    papers: tuple[str, ...]


def write_bundle(
    version: "VersionHandle",
    file: Path,
    paths: Sequence[str] = (),
    *,
    check: bool = False,
    begin: Callable[[int], None] | None = None,
    progress: Progress | None = None,
) -> Bundled:
    """Bring a version into the bundle ``file``; one that was cut goes on, one that is whole stays.

    Args:
        version: What to bring.
        file: The bundle; its folder must be there.
        paths: Only the files that these paths, folders and patterns name.
        check: Read a bundle that is whole again, and fetch what is damaged.
        begin: Called once with the bytes to come.
        progress: Called with bytes that arrived, from several threads.

    Raises:
        CorruptContentError: Manifest, proofs or bytes are not what was signed.
        ConflictError: ``bundle_exists``: another file has that name; ``bundle_busy``: another process writes it.
        NotFoundError: ``path_missing``: one of ``paths`` names no file.
        SancaiError: As service and store refuse.
    """
    return _Writing(version, file, tuple(paths), progress or (lambda _: None)).run(check=check, begin=begin)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Bytes of one file from ``start`` on: in memory, or in a file of their own where the store knows no ranges."""

    file: ManifestFile
    start: int
    content: bytes | bytearray | Path


class _PrefixWrongError(Exception):
    """What an earlier run had left of a file does not make the right whole."""


class _Writing:
    """One attempt at a bundle."""

    def __init__(self, version: "VersionHandle", file: Path, paths: tuple[str, ...], tell: Progress) -> None:
        self._version, self._file, self._paths, self._tell = version, file, paths, tell
        self._manifest, self._keys = version.manifest, version.trusted_keys
        self._part = file.with_name(f".{file.name[:100]}{PART_SUFFIX}")
        self._files = self._small = self._size_bytes = 0
        self._done = self._at = self._prefix = 0
        """How many files are in place, where the next begins, and how many bytes of its content are there."""
        self._ranged = True

    def run(self, *, check: bool, begin: Callable[[int], None] | None) -> Bundled:
        """Write what is missing, and give the bundle its name."""
        self._manifest.check()
        data_bytes = self._planned()
        if self._file.exists() and (found := self._standing(check=check)) is not None:
            head, data_at = found
            if self._file.stat().st_size == data_at + data_bytes and not check:
                return self._bundled(head, self._size_bytes)
            # Whole or not, it is a beginning: what holds of it stays.
            self._file.replace(self._part)
        handle = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "r+b", buffering=1 << 20) as part:
            self._lock(part)
            if begin:
                begin(self._size_bytes)
            head, already = self._taken_up() or (self._begun(part), 0)
            require_room(self._part.parent, data_bytes + self._at - os.fstat(handle).st_size)
            self._fetch(part)
            part.write(END)
            part.truncate()
            part.flush()
            os.fsync(handle)
        put_in_place(self._part, self._file)
        return self._bundled(head, already)

    def _planned(self) -> int:
        """Count files and bytes; return how long the data will be in the bundle, with its end."""
        length = len(END)
        for small in (True, False):
            for file in in_order(self._manifest, self._paths, small=small):
                require_safe(file.path)
                self._files, self._small = self._files + 1, self._small + small
                self._size_bytes += file.size_bytes
                length += length_of(DATA + file.path, file.size_bytes)
        return length

    def _standing(self, *, check: bool) -> tuple[Head, int] | None:
        """Return the head of the file that stands under the name and where its data begins, None to begin anew."""
        try:
            with Bundle(self._file, self._keys) as bundle:
                if self._is_same(bundle.head):
                    return bundle.head, bundle.data_at
        except InvalidValueError as error:
            raise self._exists() from error
        except CorruptContentError:
            if not check:
                raise
            return None
        raise self._exists()

    def _is_same(self, head: Head) -> bool:
        """Return whether a bundle is of this version and holds the same files of it."""
        wanted = self._version.name, self._version.number, self._manifest.content_digest, self._paths
        return (head.name, head.version, head.content_digest, head.paths) == wanted

    def _taken_up(self) -> tuple[Head, int] | None:
        """Find out how much of the part file holds; return its head and the bytes of data, None to begin anew."""
        held = Held(self._tell)
        try:
            with Bundle(self._part, self._keys) as bundle:
                if not self._is_same(bundle.head):
                    return None
                bundle.manifest.check()
                bundle.check_papers()
                self._at = bundle.data_at
                with suppress(EndedError, CorruptContentError):
                    for file in bundle.walk(held):
                        self._done += 1
                        self._at += length_of(DATA + file.path, file.size_bytes)
                return bundle.head, self._kept(held)
        except SancaiError:  # Not even its head holds.
            self._done = self._at = 0
            return None

    def _kept(self, held: Held) -> int:
        """Return the bytes of data that stay; of a large file that is cut, its beginning does."""
        file = held.open
        if file is not None and not is_small(file) and held.open_bytes < file.size_bytes:
            self._prefix = held.open_bytes
            return held.bytes
        self._tell(-held.open_bytes)
        return held.bytes - held.open_bytes

    def _begun(self, part: BinaryIO) -> Head:
        """Write everything that stands before the data."""
        papers = bundle_papers.gather(self._version)
        bundle_papers.check(papers, self._manifest, self._keys)
        papers = {MANIFEST: rfc8785.dumps(dict(self._manifest.envelope)), **papers}
        members = [Member(name, len(content), _sha256(content)) for name, content in papers.items()]
        for index, page in enumerate(self._manifest.references):
            size_bytes = len(self._manifest.page_bytes(index))
            members.append(Member(page_name(page), size_bytes, page.digest.removeprefix("sha256:")))
        head = Head(
            service=self._version.client.session.url,
            name=self._version.name,
            version=self._version.number,
            content_digest=self._manifest.content_digest,
            keys=self._keys,
            paths=self._paths,
            members=tuple(members),
        )
        part.seek(0)
        part.truncate()
        _write_member(part, HEAD, head.to_json())
        for name, content in papers.items():
            _write_member(part, name, content)
        for index, page in enumerate(self._manifest.references):
            _write_member(part, page_name(page), self._manifest.page_bytes(index))
        self._at = part.tell()
        return head

    def _fetch(self, part: BinaryIO) -> None:
        """Write the data that is missing."""
        while True:
            try:
                self._append(part)
            except RangesIgnoredError:
                self._ranged = False
            except _PrefixWrongError:
                pass
            else:
                return
            self._tell(-self._prefix)
            self._prefix = 0

    def _append(self, part: BinaryIO) -> None:
        """Write pieces in the order of the bundle as they arrive."""
        part.seek(self._at)
        resumed, hashing = self._prefix, hashlib.sha256()
        if resumed:
            file = next(in_order(self._manifest, self._paths, small=False, skip=self._done - self._small))
            part.seek(self._at + len(header_of(DATA + file.path, file.size_bytes)))
            _hash(hashing, part, resumed)
        part.truncate()
        with closing(in_parallel(self._asked(), self._brought, IN_FLIGHT)) as arriving:
            for piece in chain.from_iterable(arriving):
                file = piece.file
                if not piece.start:
                    part.write(header_of(DATA + file.path, file.size_bytes))
                    resumed, hashing = 0, hashlib.sha256()
                if piece.start + _copy(piece.content, part, hashing) < file.size_bytes:
                    continue
                if hashing.hexdigest() != file.sha256:
                    raise _PrefixWrongError if resumed else digest_wrong(file.path, hashing.hexdigest(), file.sha256)
                part.write(padding_of(file.size_bytes))
                self._done, self._at, self._prefix = self._done + 1, part.tell(), 0

    def _asked(self) -> Iterator["_Asked"]:
        """Yield what to fetch, in the order of the bundle."""
        done, prefix = self._done, self._prefix
        for batch in batches(in_order(self._manifest, self._paths, small=True, skip=done)):
            yield _Asked(batch)
        large = in_order(self._manifest, self._paths, small=False, skip=max(0, done - self._small))
        while group := list(islice(large, GROUP_FILES)):
            version = self._version
            addresses = Addresses(version.client, version.name, version.number, [file.path for file in group])
            for file in group:
                size_bytes = file.size_bytes
                step = PIECE_BYTES if self._ranged else size_bytes
                for start in range(prefix, size_bytes, step):
                    yield _Asked((file,), addresses.source(file), start, min(start + step, size_bytes))
                prefix = 0

    def _brought(self, asked: "_Asked", stop: Stop) -> list[_Piece]:
        """Fetch small files, or a piece of a large one."""
        if asked.source is None:
            made = []
            for file, content in fetch_contents(self._version, asked.files, stop):
                made.append(_Piece(file, 0, content))
                self._tell(len(content))
            return made
        [file] = asked.files
        store, source = self._version.store, asked.source
        if not self._ranged:
            whole = self._part.with_name(f".{self._file.name[:80]}.{file.sha256[:16]}.file{PART_SUFFIX}")
            download(source, whole, self._tell, 1, stop, store)
            return [_Piece(file, 0, whole)]
        piece = bytearray(asked.end - asked.start)
        fetch_range(store, source, asked.start, memoryview(piece), stop, self._tell)
        return [_Piece(file, asked.start, piece)]

    def _lock(self, part: BinaryIO) -> None:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(
                "bundle_busy", f"Another process writes {self._file}. Wait for it.", path=str(self._file)
            ) from error

    def _exists(self) -> ConflictError:
        return ConflictError(
            "bundle_exists",
            f"{self._file} is there already and is no bundle of these files of {self._version.reference}. Name another "
            "file, or remove it.",
            path=str(self._file),
        )

    def _bundled(self, head: Head, already_there: int) -> Bundled:
        return Bundled(
            name=head.name,
            version=head.version,
            content_digest=head.content_digest,
            file=self._file,
            files=self._files,
            size_bytes=self._size_bytes,
            already_there=already_there,
            signed_by=self._manifest.signed_by,
            papers=tuple(member.name for member in head.members if not member.name.startswith(PAGES)),
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """Small files, or from ``start`` to ``end`` of a large one."""

    files: tuple[ManifestFile, ...]
    source: Source | None = None
    start: int = 0
    end: int = 0


def _write_member(part: BinaryIO, name: str, content: bytes) -> None:
    part.write(header_of(name, len(content)))
    part.write(content)
    part.write(padding_of(len(content)))


def _copy(content: bytes | bytearray | Path, part: BinaryIO, hashing: "hashlib._Hash") -> int:
    """Write a piece, take it into the digest, and return its length; a file of its own is removed afterwards."""
    if not isinstance(content, Path):
        part.write(content)
        hashing.update(content)
        return len(content)
    length = 0
    with content.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            part.write(block)
            hashing.update(block)
            length += len(block)
    content.unlink()
    return length


def _hash(hashing: "hashlib._Hash", part: BinaryIO, size_bytes: int) -> None:
    """Take the next bytes of the part file into a digest."""
    while size_bytes and (block := part.read(min(BLOCK_BYTES, size_bytes))):
        hashing.update(block)
        size_bytes -= len(block)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
