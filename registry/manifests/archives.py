"""What an archive holds, listed without unpacking anything to disk.

Every entry is read to its end in memory of a few blocks, so that a listed archive is one that can be unpacked. Refused
by stated limits, counted over the archive and every archive in it:
* more than 500,000 entries, or more than 1 TiB unpacked;
* more than 64 MiB unpacked that are more than 200 times what is packed (a bomb);
* an archive in an archive in an archive;
* a header of more than 1 MiB;
* an entry whose path or link leads out of the folder it is unpacked to, and one that is a device;
* an encrypted entry: nobody could check what is published in it.
"""

import gzip
import io
import posixpath
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Protocol, cast

import pyarrow as pa

from registry.errors import InvalidValueError
from registry.manifests.faults import first_line
from registry.manifests.media import HEAD_BYTES, media_type
from registry.manifests.source import Source

ENTRIES_MAX: Final = 500_000
UNPACKED_MAX_BYTES: Final = 2**40
RATIO_MAX: Final = 200
RATIO_FREE_BYTES: Final = 64 * 2**20
NESTING_MAX: Final = 2
HEADER_MAX_BYTES: Final = 2**20
NESTED_ZIP_MAX_BYTES: Final = 32 * 2**20
"""A zip is read from its end; so one in an archive is looked into when it fits into memory, else only listed."""
ENTRIES_LISTED_MAX: Final = 1_000
PATH_SHOWN_MAX: Final = 1_024
_BLOCK_BYTES: Final = 256 * 1024
_DRIVE = re.compile(r"[A-Za-z]:")
_PACKED_TAR = re.compile(r"\.(?:tar\.(?:gz|zst)|tgz|tzst)$")
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, OSError, ValueError)
_ZIP_UTF8: Final = 0x800
_ZIP_ENCRYPTED: Final = 0x1


class Readable(Protocol):
    """What can be read on."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so many bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One file in an archive: where it stands, how long it is unpacked, and its media type."""

    path: str
    size_bytes: int
    media_type: str


@dataclass(frozen=True, slots=True)
class ArchiveListing:
    """What an archive holds: all entries counted, the first 1,000 by name.

    ``entries`` counts what lies in archives inside, too; it is listed as ``outer.zip!/inner``.
    """

    container: str
    entries: int
    unpacked_bytes: int
    listed: tuple[ArchiveEntry, ...]


@dataclass(slots=True)
class _Budget:
    """What was listed and unpacked so far, and from how many bytes: paddings and headers count as unpacked, too."""

    packed_bytes: int
    entries: int = 0
    entry_bytes: int = 0
    read_bytes: int = 0
    listed: list[ArchiveEntry] = field(default_factory=list)

    def enter(self, path: str) -> None:
        self.entries += 1
        if self.entries > ENTRIES_MAX:
            raise InvalidValueError("archive_too_many_entries", limit=ENTRIES_MAX)
        if _leads_out(path):
            raise InvalidValueError("archive_path_escapes", entry=_shown(path))

    def spend(self, size_bytes: int, path: str) -> None:
        self.read_bytes += size_bytes
        if self.read_bytes > UNPACKED_MAX_BYTES:
            raise InvalidValueError("archive_too_large", entry=_shown(path), limit_bytes=UNPACKED_MAX_BYTES)
        if self.read_bytes > max(RATIO_FREE_BYTES, RATIO_MAX * self.packed_bytes):
            raise InvalidValueError("archive_bomb", entry=_shown(path), limit_ratio=RATIO_MAX)

    def list(self, path: str, size_bytes: int, kind: str) -> None:
        self.entry_bytes += size_bytes
        if len(self.listed) < ENTRIES_LISTED_MAX:
            self.listed.append(ArchiveEntry(_shown(path), size_bytes, kind))


def container_of(source: Source, name: str) -> str | None:
    """Return what kind of archive a file is by its bytes (``zip``, ``tar``, ``tar.gz``, ``tar.zst``), or None.

    What is packed and named like a tar is one, even if it cannot be unpacked: then it is a broken one.
    """
    head = source.head[:HEAD_BYTES]
    if container := _container(head):
        return container
    suffix = _packing(head)
    if suffix is None:
        return None
    with source.open() as content:
        return f"tar.{suffix}" if _PACKED_TAR.search(name.lower()) or _begins_tar(content, suffix) else None


def list_archive(path: Path, container: str) -> ArchiveListing:
    """Return what an archive holds.

    Raises:
        InvalidValueError: ``archive_corrupt``, ``archive_encrypted``, ``archive_bomb``, ``archive_too_large``,
            ``archive_too_many_entries``, ``archive_nested_too_deep``, ``archive_path_escapes`` or
            ``archive_entry_special``; with the entry where there is one.
    """
    budget = _Budget(path.stat().st_size)
    with path.open("rb") as content:
        _walk(content, container, budget, "", 1)
    return ArchiveListing(container, budget.entries, budget.entry_bytes, tuple(budget.listed))


def _container(head: bytes) -> str | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    return "tar" if head[257:262] == b"ustar" else None


def _packing(head: bytes) -> str | None:
    if head.startswith(b"\x1f\x8b"):
        return "gz"
    return "zst" if head.startswith(b"(\xb5/\xfd") else None


def _begins_tar(content: IO[bytes], suffix: str) -> bool:
    try:
        return _unpacked(content, suffix).read(HEAD_BYTES)[257:262] == b"ustar"
    except _BROKEN:
        return False


def _unpacked(content: Readable, suffix: str) -> Readable:
    """Return a reader of what was packed with gzip or Zstandard, whose window is bounded by the library (128 MiB)."""
    if suffix == "gz":
        return gzip.GzipFile(fileobj=cast("IO[bytes]", content))
    return pa.CompressedInputStream(pa.PythonFile(cast("io.IOBase", content), "r"), "zstd")


def _walk(content: Readable, container: str, budget: _Budget, outer: str, depth: int) -> None:
    """Read all entries of an archive, and of those in it."""
    if depth > NESTING_MAX:
        raise InvalidValueError("archive_nested_too_deep", entry=_shown(outer.removesuffix("!/")), limit=NESTING_MAX)
    at = outer
    try:
        if container == "zip":
            walk = _zip_entries(cast("IO[bytes]", content), budget, outer)
        else:
            walk = _tar_entries(content, container, budget, outer)
        for at, size_bytes, opened in walk:
            _read_entry(at, size_bytes, opened, budget, depth)
    except _BROKEN as error:
        raise InvalidValueError("archive_corrupt", entry=_shown(at), reason=first_line(error)) from error
    except (RuntimeError, NotImplementedError) as error:
        # zipfile says so of a method of compression it does not know.
        raise InvalidValueError("archive_corrupt", entry=_shown(at), reason=first_line(error)) from error


def _read_entry(path: str, size_bytes: int, opened: Readable, budget: _Budget, depth: int) -> None:
    """List one entry and read it to its end."""
    head = opened.read(HEAD_BYTES)
    budget.spend(len(head), path)
    kind = media_type(head, path)
    budget.list(path, size_bytes, kind)
    container = None if kind.startswith("application/vnd.openxml") or kind.endswith("npz") else _container(head)
    if container == "zip" and size_bytes <= NESTED_ZIP_MAX_BYTES:
        inner = io.BytesIO(head + b"".join(_spent(opened, path, budget)))
        _walk(inner, "zip", budget, f"{path}!/", depth + 1)
        return
    if container == "tar" or (_packing(head) and _PACKED_TAR.search(path.lower())):
        container = container or f"tar.{_packing(head)}"
        _walk(_Chained(head, opened), container, budget, f"{path}!/", depth + 1)
    for _ in _spent(opened, path, budget):
        pass


def _spent(opened: Readable, path: str, budget: _Budget) -> Iterator[bytes]:
    while block := opened.read(_BLOCK_BYTES):
        budget.spend(len(block), path)
        yield block


def _zip_entries(content: IO[bytes], budget: _Budget, outer: str) -> Iterator[tuple[str, int, Readable]]:
    _require_few_entries(content)
    with zipfile.ZipFile(content) as archive:
        for entry in archive.infolist():
            path = outer + _zip_name(entry)
            budget.enter(path.removeprefix(outer))
            if entry.flag_bits & _ZIP_ENCRYPTED:
                raise InvalidValueError("archive_encrypted", entry=_shown(path))
            if entry.is_dir():
                continue
            with archive.open(entry) as opened:
                if (entry.external_attr >> 28) == 0xA:  # A symbolic link: its content is where it leads.
                    _require_link_inside(path.removeprefix(outer), _zip_name_text(opened.read(PATH_SHOWN_MAX)))
                    continue
                yield path, entry.file_size, opened


def _require_few_entries(content: IO[bytes]) -> None:
    """Refuse by its last record what has too many entries, before the library reads them all into memory.

    Raises InvalidValueError. See APPNOTE 6.3.10 §4.3.16: the central directory takes at least 46 bytes an entry.
    """
    size = content.seek(0, io.SEEK_END)
    content.seek(max(0, size - 65_557))
    tail = content.read()
    content.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 16:
        return
    directory_bytes = int.from_bytes(tail[at + 12 : at + 16], "little")
    wide = tail.rfind(b"PK\x06\x06", 0, at)
    if wide >= 0 and len(tail) >= wide + 48:
        directory_bytes = int.from_bytes(tail[wide + 40 : wide + 48], "little")
    if directory_bytes > ENTRIES_MAX * 512:
        raise InvalidValueError("archive_too_many_entries", limit=ENTRIES_MAX)


def _zip_name(entry: zipfile.ZipInfo) -> str:
    """Return the name of an entry: UTF-8 where it says so; else what Chinese systems write, which is often GBK."""
    if entry.flag_bits & _ZIP_UTF8:
        return entry.orig_filename
    return _zip_name_text(entry.orig_filename.encode("cp437", "replace"))


def _zip_name_text(name: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("cp437")


def _tar_entries(content: Readable, container: str, budget: _Budget, outer: str) -> Iterator[tuple[str, int, Readable]]:
    suffix = container.partition(".")[2]
    forward = _Forward(_unpacked(content, suffix) if suffix else content)
    with tarfile.open(fileobj=cast("IO[bytes]", forward), mode="r:", errors="surrogateescape") as archive:
        while (entry := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # It would remember every entry.
            path = _tar_name(entry.name)
            budget.enter(path)
            if entry.issym() or entry.islnk():
                _require_link_inside(path if entry.issym() else "", _tar_name(entry.linkname))
            elif entry.isfile() and (opened := archive.extractfile(entry)) is not None:
                yield outer + path, entry.size, opened
            elif not entry.isdir():
                raise InvalidValueError("archive_entry_special", entry=_shown(outer + path))
    if forward.last.strip(b"\x00"):
        # tarfile takes a header that is broken for the end.
        raise ValueError("a header is broken")
    for _ in _spent(forward.rest, outer, budget):  # What packed it checks its sum at the end.
        pass


def _tar_name(name: str) -> str:
    return _zip_name_text(name.encode("utf-8", "surrogateescape"))


def _leads_out(path: str) -> bool:
    """Return whether a path leads out of the folder it is unpacked to, on any system."""
    plain = path.replace("\\", "/")
    return plain.startswith("/") or bool(_DRIVE.match(plain)) or ".." in plain.split("/") or "\x00" in plain


def _require_link_inside(path: str, target: str) -> None:
    """Raise InvalidValueError ``archive_path_escapes`` when a link leads out of the archive's folder."""
    plain = target.replace("\\", "/")
    led = posixpath.normpath(posixpath.join(posixpath.dirname(path), plain))
    if plain.startswith("/") or _DRIVE.match(plain) or led == ".." or led.startswith("../"):
        raise InvalidValueError("archive_path_escapes", entry=_shown(f"{path} -> {target}"))


def _shown(path: str) -> str:
    """Return a path as it may be stored and shown: printable, and not longer than a path of a version."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in path[:PATH_SHOWN_MAX])


class _Forward(io.RawIOBase):
    """A stream that can only go on, as tarfile wants a file: seeking is reading; no read is larger than a header.

    ``last`` is what was read last: after the last entry a block of zeros, or nothing.
    """

    def __init__(self, stream: Readable) -> None:
        self.rest = stream
        self.last = b""
        self._position = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Return the position in the unpacked bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go on to a position. Raises ValueError when it lies behind."""
        if whence != io.SEEK_SET or offset < self._position:
            raise ValueError("the headers are not in order")
        while self._position < offset and self._take(min(_BLOCK_BYTES, offset - self._position)):
            pass
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, or what is left. Raises ValueError when a header asks for too many."""
        if not 0 <= size <= HEADER_MAX_BYTES:
            raise ValueError("a header is too long")
        found = b""
        while len(found) < size and (block := self._take(size - len(found))):
            found += block
        self.last = found
        return found

    def _take(self, size: int) -> bytes:
        block = self.rest.read(size)
        self._position += len(block)
        return block


class _Chained(io.RawIOBase):
    """The first bytes of a stream that were read already, and then the rest of it."""

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return at most so many bytes."""
        if self._head:
            taken, self._head = self._head[:size], self._head[size:]
            return taken
        return self._rest.read(size)
