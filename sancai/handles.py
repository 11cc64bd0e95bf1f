"""A version as an object: its files, read in place or downloaded.

Example::

    with sancai.load("hami-wind/turbines@v1") as turbines:
        for file in turbines.files("*.parquet"):
            print(file.path, file.size_bytes)
        with turbines.open("data/2024.parquet") as file:
            print(file.read(4))
"""

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from sancai.addresses import Addresses
from sancai.config import pinned_keys
from sancai.contents import SMALL_BYTES, fetch_contents, held
from sancai.manifests import Manifest, ManifestFile
from sancai.parallel import Stop
from sancai.ranged_file import AHEAD_MIN_BYTES, RangedFile, read_into
from sancai.selection import Selection
from sancai.stated import DeprecatedDataWarning
from sancai.store_connections import StoreConnections
from sancai.transfers import IN_FLIGHT
from sancai.trust import trusted_manifest

if TYPE_CHECKING:
    from sancai.bundling import Bundled
    from sancai.client import Client
    from sancai.datasets import Version
    from sancai.pull import Pulled


class VersionHandle(AbstractContextManager["VersionHandle"]):
    """One version of a dataset, ready to be read. May be shared by threads.

    ``name`` is ``namespace/slug``, ``version`` what the service says of it. Everything is held against the manifest,
    which a trusted key has signed.
    """

    def __init__(self, client: "Client", version: "Version", name: str, keys: tuple[str, ...], *, owned: bool) -> None:
        """Take a version that was found; ``owned`` closes the client with the handle."""
        self.client: Final = client
        self.name: Final = name
        self.version: Final = version
        self._keys, self._owned = keys, owned
        self._addresses: Final = Addresses(client, name, version.number)

    @property
    def number(self) -> int:
        """The number of the version, from 1."""
        return self.version.number

    @property
    def reference(self) -> str:
        """The version as ``namespace/slug@v2``."""
        return f"{self.name}@v{self.number}"

    @cached_property
    def manifest(self) -> Manifest:
        """The signed manifest. Raises CorruptContentError."""
        return trusted_manifest(self.client, self.name, self.number, self._keys)

    @property
    def trusted_keys(self) -> tuple[str, ...]:
        """The public keys of which one signed the manifest: those that were named, else the pinned ones."""
        return self._keys or pinned_keys(self.client.session.url)

    @cached_property
    def store(self) -> StoreConnections:
        """Connections to the store; the token never goes there."""
        return StoreConnections(4 * IN_FLIGHT, self.client.session.ca)

    def files(self, *patterns: str) -> Iterator[ManifestFile]:
        """Yield the files by path, those that a path or pattern names (``data/*.parquet``, ``**/*.csv``), else all.

        Raises:
            NotFoundError: ``path_missing``: a path or pattern names no file; it is raised at the end.
            CorruptContentError: The manifest does not hold.
        """
        return Selection(patterns).of(self.manifest)

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading; what is read is fetched by ranges, with reading ahead, nothing is kept on disk.

        A file that is read from beginning to end in order is held against its digest; a small one always is.

        Raises:
            NotFoundError: ``path_missing``.
            NotAllowedError: The terms are not met.
        """
        file = self.manifest.find(path)
        if file.size_bytes <= SMALL_BYTES:
            return io.BytesIO(self.read_bytes(path))
        return io.BufferedReader(RangedFile(self._addresses.source(file), self.store), AHEAD_MIN_BYTES)

    def read_bytes(self, path: str) -> bytes:
        """Return a whole file once it has its digest. Raises CorruptContentError, NotFoundError, NotAllowedError."""
        file = self.manifest.find(path)
        if file.size_bytes <= SMALL_BYTES:
            [(_, content)] = fetch_contents(self, [file], Stop())
            return content
        return held(file, self._read(file, 0, file.size_bytes))

    def read_range(self, path: str, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` up to ``end``, or to the end of the file if that comes first.

        Raises:
            NotFoundError: ``path_missing``.
            NotAllowedError: The terms are not met.
        """
        file = self.manifest.find(path)
        if file.size_bytes <= SMALL_BYTES:
            return self.read_bytes(path)[max(0, start) : max(0, end)]
        return self._read(file, max(0, start), min(end, file.size_bytes))

    def pull(
        self,
        folder: Path | str,
        paths: Sequence[str] = (),
        *,
        check: bool = False,
        begin: Callable[[int], None] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> "Pulled":
        """Download into ``folder`` what is missing there; see ``sancai.pull.pull``. Raises SancaiError."""
        from sancai.pull import pull_version

        return pull_version(self, Path(folder), paths, check=check, begin=begin, progress=progress)

    def bundle(
        self,
        file: Path | str,
        paths: Sequence[str] = (),
        *,
        check: bool = False,
        begin: Callable[[int], None] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> "Bundled":
        """Write one file with data, manifest, proofs and papers; see ``sancai.bundling``. Raises SancaiError."""
        from sancai.bundling import write_bundle

        return write_bundle(self, Path(file), paths, check=check, begin=begin, progress=progress)

    def close(self) -> None:
        """Close the connections; files that were opened cannot be read afterwards."""
        if "store" in self.__dict__:
            self.store.close()
        if self._owned:
            self.client.close()

    def __enter__(self) -> Self:
        """Return the handle."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def __repr__(self) -> str:
        """Return what it is a handle of."""
        return f"<sancai {self.reference} of {self.client.session.url}>"

    def _read(self, file: ManifestFile, start: int, end: int) -> bytes:
        content = bytearray(max(0, end - start))
        if content:
            read_into(self.store, self._addresses.source(file), start, memoryview(content))
        return bytes(content)


def load(reference: str, client: "Client | None" = None, *, keys: tuple[str, ...] = ()) -> VersionHandle:
    """Return a version as an object to read from.

    Args:
        reference: ``namespace/slug@v2``; without ``@v2`` the newest version.
        client: The service; without one, that of ``SANCAI_URL`` and ``SANCAI_TOKEN`` or of the last ``sancai login``.
        keys: Trusted public keys (``name+id+base64``), as ``sancai pull --key`` takes them.

    Raises:
        InvalidValueError: ``name_malformed``, ``url_missing``.
        NotFoundError: There is no such version, or you may not see it.

    Warns:
        DeprecatedDataWarning: Its publisher says that it should no longer be used, why, and what to use instead.
    """
    from sancai.client import Client
    from sancai.datasets import Reference

    wanted = Reference.parse(reference)
    used = Client.configured() if client is None else client
    try:
        version = used.datasets.version(wanted.name, wanted.version)
    except BaseException:
        if client is None:
            used.close()
        raise
    if stated := version.deprecation:
        instead = f" Use {stated.successor} instead." if stated.successor else ""
        said = f"{wanted.name}@v{version.number} is deprecated: {stated.reason}{instead}"
        warnings.warn(said, DeprecatedDataWarning, stacklevel=2)
    return VersionHandle(used, version, wanted.name, keys, owned=client is None)
