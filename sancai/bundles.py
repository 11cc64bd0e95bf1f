"""Bundles: one file with a version, its manifest, proofs and papers, checked and unpacked where there is no network.

Example::

    with sancai.open_bundle("turbines.sancai", keys=("sancai.example+ab12cd34+…",)) as bundle:
        bundle.verify()
        bundle.extract("./turbines")

Nothing in a bundle is believed: a trusted key must have signed the manifest, and every other byte follows from it.
Memory does not grow with the bundle.
"""

import hashlib
import io
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Protocol, Self

from sancai import bundle_papers
from sancai.bundle_format import (
    BLOCK,
    DATA,
    END,
    HEAD,
    HEAD_BYTES_MAX,
    MANIFEST,
    PAGES,
    Head,
    header_of,
    in_order,
    padding_of,
)
from sancai.bundle_papers import PapersFound
from sancai.config import pinned_keys
from sancai.errors import CorruptContentError, InvalidValueError, NotAllowedError
from sancai.manifests import Manifest, ManifestFile, PageReference, open_manifest
from sancai.paths import PART_SUFFIX, Places

READ_BYTES: Final = 1 << 20


class EndedError(Exception):
    """The bundle ends here, in the middle."""


@dataclass(frozen=True, slots=True)
class BundleVerified:
    """What a bundle holds, all of it checked. ``signed_by`` names the trusted keys that signed its manifest."""

    name: str
    version: int
    content_digest: str
    service: str
    files: int
    size_bytes: int
    whole: bool
    signed_by: tuple[str, ...]
    papers: PapersFound
    folder: Path | None = None


class Sink(Protocol):
    """Takes the content of files as it is read."""

    def begin(self, file: ManifestFile) -> None:
        """Take up a file."""

    def write(self, block: bytes) -> None:
        """Take its next bytes."""

    def end(self, file: ManifestFile) -> None:
        """Keep the file: all its bytes came and have their digest."""


class Bundle(AbstractContextManager["Bundle"]):
    """A bundle whose head and manifest hold. For one thread."""

    def __init__(self, path: Path, keys: Sequence[str] = ()) -> None:
        """Open the bundle at ``path``.

        Args:
            path: The file.
            keys: Trusted public keys (``name+id+base64``); without any, those pinned for the service it came from.

        Raises:
            InvalidValueError: ``bundle_unknown``: it is no bundle, or of a later format.
            NotAllowedError: ``bundle_key_unknown``: no key is trusted here for the service it came from.
            CorruptContentError: ``bundle_damaged``, or as the manifest does not hold.
        """
        self.path: Final = path
        self._file: Final[BinaryIO] = path.open("rb", buffering=READ_BYTES)
        try:
            self.head: Final = self._read_head()
            self.keys: Final = tuple(keys) or _pinned(path, self.head)
            self._places: Final[dict[str, tuple[int, int]]] = {}
            self._read_members()
            self.data_at: Final = self._file.tell()
            """Where the data begins."""
        except BaseException:
            self._file.close()
            raise

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest, its root signed by a trusted key. Raises CorruptContentError."""

        def page(reference: PageReference) -> bytes:
            return self._member(page_name(reference))

        found = open_manifest(self._member(MANIFEST).decode(errors="replace"), self.keys, page)
        if found.content_digest != self.head.content_digest:
            raise damaged(self.path, HEAD)
        return found

    def verify(self, progress: Callable[[int], None] | None = None) -> BundleVerified:
        """Hold every byte against what was signed. ``progress`` is called with bytes of data that hold.

        Raises:
            CorruptContentError: ``bundle_damaged`` names the first member that does not hold; ``bundle_cut``: the end
                is missing; and as manifest and papers do not hold.
        """
        return self._gone_through(_Counting(progress or (lambda _: None)))

    def extract(self, folder: Path | str, progress: Callable[[int], None] | None = None) -> BundleVerified:
        """Unpack the files into ``folder``, which is made when missing, while every byte is checked as by ``verify``.

        A file appears under its name only whole and with its digest. Nothing is ever written outside the folder.

        Raises:
            CorruptContentError: As ``verify``; ``path_unsafe``.
        """
        unpacking = _Unpacking(Path(folder), progress or (lambda _: None))
        try:
            return self._gone_through(unpacking, Path(folder))
        finally:
            unpacking.give_up()

    def walk(self, sink: Sink) -> Generator[ManifestFile, None, None]:
        """Read the data from its beginning, hand it to ``sink``, and yield each file that holds.

        Raises:
            CorruptContentError: ``bundle_damaged``, named by the file that does not hold.
            EndedError: The bundle ends before all is there.
        """
        self._file.seek(self.data_at)
        for file in in_order(self.manifest, self.head.paths):
            self._expect(header_of(DATA + file.path, file.size_bytes), file.path)
            sink.begin(file)
            hashing, left = hashlib.sha256(), file.size_bytes
            while left:
                if not (block := self._file.read(min(READ_BYTES, left))):
                    raise EndedError
                hashing.update(block)
                sink.write(block)
                left -= len(block)
            if hashing.hexdigest() != file.sha256:
                raise damaged(self.path, file.path)
            self._expect(padding_of(file.size_bytes), file.path)
            sink.end(file)
            yield file

    def check_papers(self) -> PapersFound:
        """Return what the papers say once they hold. Raises CorruptContentError."""
        names = [m.name for m in self.head.members if m.name != MANIFEST and not m.name.startswith(PAGES)]
        return bundle_papers.check({name: self._member(name) for name in names}, self.manifest, self.keys)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return the bundle."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self.close()

    def _gone_through(self, sink: Sink, folder: Path | None = None) -> BundleVerified:
        files = size_bytes = 0
        try:
            self.manifest.check()
            papers = self.check_papers()
            for file in self.walk(sink):
                files, size_bytes = files + 1, size_bytes + file.size_bytes
            self._expect(END, "its end")
        except EndedError as error:
            raise _cut(self.path) from error
        if self._file.read(1):
            raise damaged(self.path, "its end")
        return BundleVerified(
            name=self.head.name,
            version=self.head.version,
            content_digest=self.manifest.content_digest,
            service=self.head.service,
            files=files,
            size_bytes=size_bytes,
            whole=files == self.manifest.file_count,
            signed_by=self.manifest.signed_by,
            papers=papers,
            folder=folder,
        )

    def _read_head(self) -> Head:
        """Return the head, which is the first member."""
        first = self._file.read(BLOCK)
        try:
            size_bytes = int(first[124:135], 8)
        except ValueError as error:
            raise _unknown(self.path) from error
        if size_bytes > HEAD_BYTES_MAX or first != header_of(HEAD, size_bytes):
            raise _unknown(self.path)
        try:
            head = Head.parse(self._exactly(size_bytes))
            self._expect(padding_of(size_bytes), HEAD)
        except EndedError as error:
            raise _cut(self.path) from error
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(self.path, HEAD) from error
        if head is None:
            raise _unknown(self.path)
        return head

    def _read_members(self) -> None:
        """Hold the members before the data against the head, without keeping them."""
        try:
            for member in self.head.members:
                self._expect(header_of(member.name, member.size_bytes), member.name)
                self._places[member.name] = self._file.tell(), member.size_bytes
                hashing, left = hashlib.sha256(), member.size_bytes
                while left:
                    block = self._exactly(min(READ_BYTES, left))
                    hashing.update(block)
                    left -= len(block)
                if hashing.hexdigest() != member.sha256:
                    raise damaged(self.path, member.name)
                self._expect(padding_of(member.size_bytes), member.name)
        except EndedError as error:
            raise _cut(self.path) from error

    def _member(self, name: str) -> bytes:
        """Return a member before the data, leaving the file where it stands."""
        if name not in self._places:
            raise damaged(self.path, name)
        stands = self._file.tell()
        offset, size_bytes = self._places[name]
        self._file.seek(offset)
        content = self._file.read(size_bytes)
        self._file.seek(stands)
        return content

    def _exactly(self, size_bytes: int) -> bytes:
        content = self._file.read(size_bytes)
        if len(content) < size_bytes:
            raise EndedError
        return content

    def _expect(self, content: bytes, name: str) -> None:
        found = self._file.read(len(content))
        if found != content[: len(found)]:
            raise damaged(self.path, name)
        if len(found) < len(content):
            raise EndedError


def page_name(reference: PageReference) -> str:
    """Return the name of the member that a page of the manifest is."""
    return f"{PAGES}{reference.digest.removeprefix('sha256:')}.json"


def open_bundle(path: Path | str, keys: Sequence[str] = ()) -> Bundle:
    """Open a bundle; see ``Bundle``. Raises SancaiError."""
    return Bundle(Path(path), keys)


class Held:
    """Counts what an earlier run left; ``open`` is the file that has begun and not ended."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        """Tell of bytes as they hold."""
        self._tell = tell
        self.bytes = self.open_bytes = 0
        self.open: ManifestFile | None = None

    def begin(self, file: ManifestFile) -> None:
        """Take up a file."""
        self.open, self.open_bytes = file, 0

    def write(self, block: bytes) -> None:
        """Count its next bytes."""
        self.bytes += len(block)
        self.open_bytes += len(block)
        self._tell(len(block))

    def end(self, file: ManifestFile) -> None:  # noqa: ARG002
        """Count the file as whole."""
        self.open, self.open_bytes = None, 0


class _Counting:
    """Keeps nothing, and tells of what came."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell

    def begin(self, file: ManifestFile) -> None:
        pass

    def write(self, block: bytes) -> None:
        self._tell(len(block))

    def end(self, file: ManifestFile) -> None:
        pass


class _Unpacking:
    """Writes each file beside its place, and gives it its name when it holds."""

    def __init__(self, folder: Path, tell: Callable[[int], None]) -> None:
        self._places, self._tell = Places(folder), tell
        self._target = self._part = folder
        self._file: BinaryIO = io.BytesIO()
        self._file.close()

    def begin(self, file: ManifestFile) -> None:
        self._target = self._places.of(file.path)
        self._part = self._target.with_name(f".{self._target.name[:100]}.{file.sha256[:16]}{PART_SUFFIX}")
        self._part.unlink(missing_ok=True)
        handle = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        self._file = os.fdopen(handle, "wb")

    def write(self, block: bytes) -> None:
        self._file.write(block)
        self._tell(len(block))

    def end(self, file: ManifestFile) -> None:  # noqa: ARG002
        self._file.close()
        self._part.replace(self._target)

    def give_up(self) -> None:
        """Remove what was begun and did not come to its end."""
        if not self._file.closed:
            self._file.close()
            self._part.unlink(missing_ok=True)


def damaged(path: Path, name: str) -> CorruptContentError:
    """Return the error of a bundle of which something does not hold."""
    return CorruptContentError(
        "bundle_damaged",
        f"{path} is damaged: {name} is not what was signed. Do not use it. `sancai pull … --bundle {path.name} "
        "--check` fetches again what is wrong.",
        path=str(path),
        member=name,
    )


def _cut(path: Path) -> CorruptContentError:
    return CorruptContentError(
        "bundle_cut",
        f"{path} ends before all is there. Copy it again, or run `sancai pull … --bundle {path.name} --check`, which "
        "fetches the rest.",
        path=str(path),
    )


def _unknown(path: Path) -> InvalidValueError:
    return InvalidValueError(
        "bundle_unknown",
        f"{path} is neither a bundle of `sancai pull --bundle` nor a package of `sancai case archive`, or one of a "
        "later release. Update sancai if it is.",
        path=str(path),
    )


def _pinned(path: Path, head: Head) -> tuple[str, ...]:
    """Return the keys that are pinned for the service a bundle came from. Raises NotAllowedError without any."""
    if keys := pinned_keys(head.service):
        return keys
    shown = ", ".join(head.keys)
    raise NotAllowedError(
        "bundle_key_unknown",
        f"No key of {head.service} is trusted on this machine. {path.name} names {shown}: when the operator of the "
        "service confirms it over another channel, run the command again with --key and that key.",
        path=str(path),
        service=head.service,
        keys=shown,
    )
