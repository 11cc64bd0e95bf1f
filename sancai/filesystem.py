"""Versions as a file system: ``sancai://acme/coal-safety@v2/data/2024.parquet`` for whatever reads through fsspec.

It is read-only, and nothing is downloaded whole: a reader that asks for a footer and two columns gets a footer and two
columns. Needs ``fsspec`` (``pip install "sancai[fsspec]"``); pandas, polars, pyarrow and duckdb users have it already.

Without ``@v2`` the newest version is meant. It is looked up once for each file system object, so that one job sees one
version; ``invalidate_cache`` looks again.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any, BinaryIO, ClassVar, Final

from fsspec import AbstractFileSystem

from sancai.client import Client
from sancai.config import read_config, service_key
from sancai.datasets import Reference
from sancai.errors import InvalidValueError, NotAllowedError, NotFoundError
from sancai.fetching import fetch_files
from sancai.handles import VersionHandle
from sancai.manifests import ManifestFile
from sancai.parallel import Stop, in_parallel
from sancai.transfers import IN_FLIGHT

Info = dict[str, Any]


class SancaiFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec carries no types.
    """The versions of one service, read in place. May be shared by threads.

    Without ``url`` the service and token are those of ``SANCAI_URL`` and ``SANCAI_TOKEN``, else of ``sancai login``.
    """

    protocol: ClassVar[str] = "sancai"
    root_marker = ""

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        keys: tuple[str, ...] = (),
        ca: str | None = None,
        **options: Any,
    ) -> None:
        """Prepare the file system; nothing is sent yet.

        Args:
            url: The service; by default the one commands talk to.
            token: A token of that service; without one, what ``sancai login`` kept for it.
            keys: Trusted public keys, as ``sancai pull --key`` takes them.
            ca: A file of private authorities to trust, as ``SANCAI_CA`` names one.
            options: Of fsspec itself.
        """
        super().__init__(url=url, token=token, keys=keys, ca=ca, **options)
        self._url, self._token, self._keys, self._ca = url, token, tuple(keys), ca
        self._clients: Final[dict[tuple[int, str, str | None], Client]] = {}
        self._handles: Final[dict[tuple[Client, str], VersionHandle]] = {}
        self._lock: Final = RLock()

    @property
    def fsid(self) -> str:
        """Return what names this kind of file system."""
        return "sancai"

    def info(self, path: str, **_: Any) -> Info:
        """Return name, type, size and digest of a file or folder. Raises FileNotFoundError, PermissionError."""
        path = self._strip_protocol(path)
        with _as_os_errors(path):
            version, dataset, inner = self._located(path)
            if not inner:
                return _folder(dataset)
            for file in version.manifest.starting_at(inner):
                if file.path == inner:
                    return _file(dataset, file)
                break
            if next(_below(version, inner + "/"), None) is not None:
                return _folder(path)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)

    def exists(self, path: str, **_: Any) -> bool:
        """Return whether there is such a file or folder. Raises PermissionError; a service that fails is no absence."""
        try:
            self.info(path)
        except FileNotFoundError:
            return False
        return True

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        """Return what is in a folder. Raises FileNotFoundError."""
        path = self._strip_protocol(path)
        with _as_os_errors(path):
            version, dataset, inner = self._located(path)
            prefix = f"{inner}/" if inner else ""
            found = list(_children(version, dataset, prefix))
        if not found:
            found = [self.info(path)]
        return found if detail else [item["name"] for item in found]

    def find(
        self, path: str, maxdepth: int | None = None, withdirs: bool = False, detail: bool = False, **_: Any
    ) -> Any:
        """Return the files below a folder, with their folders if asked for. Empty when there is none."""
        path = self._strip_protocol(path)
        found: dict[str, Info] = {}
        with _as_os_errors(path):
            version, dataset, inner = self._located(path)
            prefix = f"{inner}/" if inner else ""
            for file in _below(version, prefix):
                folders = file.path.removeprefix(prefix).split("/")[:-1]
                for depth in range(1, len(folders) + 1 if withdirs else 1):
                    if maxdepth is None or depth <= maxdepth:
                        name = f"{dataset}/{prefix}{'/'.join(folders[:depth])}"
                        found.setdefault(name, _folder(name))
                if maxdepth is None or len(folders) < maxdepth:
                    found[f"{dataset}/{file.path}"] = _file(dataset, file)
        if not found and self.isfile(path):
            found[path] = self.info(path)
        ordered = dict(sorted(found.items()))
        return ordered if detail else list(ordered)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        """Return the bytes of a file, or a range of them; negative offsets count from its end. Raises OSError."""
        path = self._strip_protocol(path)
        with _as_os_errors(path):
            version, _dataset, inner = self._located(path)
            if start is None and end is None:
                return version.read_bytes(inner)
            first, last, _step = slice(start, end).indices(version.manifest.find(inner).size_bytes)
            return version.read_range(inner, first, last)

    def cat_ranges(
        self,
        paths: list[str],
        starts: Any,
        ends: Any,
        max_gap: int | None = None,  # noqa: ARG002  # Part of the interface of fsspec.
        on_error: str = "return",
        **_: Any,
    ) -> list[Any]:
        """Return a range of each of ``paths``, several in flight; ``on_error="return"`` puts errors in their place."""
        count = len(paths)
        starts = list(starts) if isinstance(starts, list | tuple) else [starts] * count
        ends = list(ends) if isinstance(ends, list | tuple) else [ends] * count
        if not len(starts) == len(ends) == count:
            raise ValueError("paths, starts and ends must be of one length")

        def fetch(index: int, _: Stop) -> bytes | Exception:
            try:
                return self.cat_file(paths[index], starts[index], ends[index])
            except Exception as error:
                if on_error == "return":
                    return error
                raise

        with closing(in_parallel(range(count), fetch, IN_FLIGHT)) as fetched:
            return list(fetched)

    def get_file(self, rpath: str, lpath: Any, **_: Any) -> None:
        """Download one file, held against the manifest, or make the folder. Raises OSError, CorruptContentError."""
        path, target = self._strip_protocol(rpath), Path(lpath)
        if self.isdir(path):
            target.mkdir(parents=True, exist_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with _as_os_errors(path):
            version, _dataset, inner = self._located(path)
            with closing(fetch_files(version, [version.manifest.find(inner)], lambda _file: target)) as fetched:
                for _file in fetched:
                    pass

    def ukey(self, path: str) -> str:
        """Return the SHA-256 of a file: it never changes within a version."""
        return str(self.info(path).get("sha256", path))

    def checksum(self, path: str) -> int:
        """Return the SHA-256 of a file as a number."""
        return int(self.info(path)["sha256"], 16)

    def modified(self, path: str) -> datetime:
        """Return when the version was published."""
        with _as_os_errors(path):
            version, _dataset, _inner = self._located(self._strip_protocol(path))
        published = version.version.published_at
        return datetime.fromisoformat(published) if published else datetime.fromtimestamp(0, UTC)

    created = modified

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forget which version was the newest, and what was read of the manifests."""
        with self._lock:
            for handle in self._handles.values():
                handle.close()
            self._handles.clear()
        super().invalidate_cache(path)

    def close(self) -> None:
        """Close the connections."""
        self.invalidate_cache()
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def mkdir(self, path: str, *_: Any, **__: Any) -> None:
        """Refuse. Raises OSError ``EROFS``."""
        raise _read_only(path)

    makedirs = mkdir

    def _open(self, path: str, mode: str = "rb", *_: Any, **__: Any) -> BinaryIO:
        if mode != "rb":
            raise _read_only(path)
        with _as_os_errors(path):
            version, _dataset, inner = self._located(path)
            return version.open(inner)

    def _located(self, path: str) -> tuple[VersionHandle, str, str]:
        """Return the version that holds ``path``, its name as the path spells it, and the path within it."""
        parts = path.split("/", 2)
        if len(parts) < 2:
            raise FileNotFoundError(
                errno.ENOENT, "Name a version: sancai://namespace/name@v1/path. `sancai search` finds datasets", path
            )
        dataset = "/".join(parts[:2])
        return self._handle(dataset), dataset, parts[2] if len(parts) == 3 else ""

    def _handle(self, dataset: str) -> VersionHandle:
        with self._lock:
            client = self._client()
            if (client, dataset) not in self._handles:
                Reference.parse(dataset)
                self._handles[client, dataset] = client.load(dataset, keys=self._keys)
            return self._handles[client, dataset]

    def _client(self) -> Client:
        """Return the client for the configuration as it is now, one for each process: connections survive no fork."""
        config = read_config()
        if self._url is not None and service_key(self._url) != config.url:
            # A token of the environment belongs to the service of the environment, not to any that is named here.
            config = read_config({**os.environ, "SANCAI_URL": self._url, "SANCAI_TOKEN": ""})
        url, token = config.require_url(), self._token or config.token
        key = (os.getpid(), url, token)
        if key not in self._clients:
            self._clients[key] = Client(url, token, ca=self._ca)
        return self._clients[key]


def _children(version: VersionHandle, dataset: str, prefix: str) -> Iterator[Info]:
    """Yield what lies directly in a folder, passing over what lies deeper without reading it."""
    position = prefix
    while (file := next(version.manifest.starting_at(position), None)) and file.path.startswith(prefix):
        name, slash, _ = file.path.removeprefix(prefix).partition("/")
        if slash:
            yield _folder(f"{dataset}/{prefix}{name}")
            # The first path that can follow everything below the folder: "0" is the character after "/".
            position = f"{prefix}{name}0"
        else:
            yield _file(dataset, file)
            position = file.path + "\0"


def _below(version: VersionHandle, prefix: str) -> Iterator[ManifestFile]:
    for file in version.manifest.starting_at(prefix):
        if not file.path.startswith(prefix):
            return
        yield file


def _file(dataset: str, file: ManifestFile) -> Info:
    return {"name": f"{dataset}/{file.path}", "size": file.size_bytes, "type": "file", "sha256": file.sha256}


def _folder(name: str) -> Info:
    return {"name": name, "size": 0, "type": "directory"}


def _read_only(path: str) -> OSError:
    return OSError(errno.EROFS, "A published version never changes; `sancai publish` makes the next one", path)


@contextmanager
def _as_os_errors(path: str) -> Iterator[None]:
    """Raise what callers of a file system expect: FileNotFoundError, PermissionError."""
    try:
        yield
    except NotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, str(error), path) from error
    except NotAllowedError as error:
        raise PermissionError(errno.EACCES, str(error), path) from error
    except InvalidValueError as error:
        if error.code != "name_malformed":
            raise
        raise FileNotFoundError(errno.ENOENT, str(error), path) from error
