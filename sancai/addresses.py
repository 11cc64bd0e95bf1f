"""Addresses of the files of one version: asked for in batches as they are needed, and anew when one is refused."""

from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Final

from sancai.errors import NotFoundError
from sancai.manifests import ManifestFile
from sancai.ranges import Source

if TYPE_CHECKING:
    from sancai.client import Client

URLS_AT_ONCE: Final = 100


class Addresses:
    """Where the files of a version can be fetched. May be shared by threads."""

    def __init__(self, client: "Client", name: str, version: int, paths: Sequence[str] = ()) -> None:
        """Prepare the addresses; ``paths`` will be asked for in this order, so that batches can run ahead."""
        self._client, self._name, self._version = client, name, version
        self._paths: Final = list(paths)
        self._position: Final = {path: index for index, path in enumerate(paths)}
        self._known: Final[dict[str, str | None]] = {}
        self._lock: Final = Lock()

    def of(self, path: str, *, fresh: bool = False) -> str | None:
        """Return where ``path`` can be fetched, None when ``contents`` gives it.

        Args:
            path: A file of the version.
            fresh: Ask again, the last address was refused.

        Raises:
            NotFoundError: ``object_missing``.
            NotAllowedError: The terms are not met.
        """
        with self._lock:
            if fresh or path not in self._known:
                start = self._position.get(path)
                batch = [path] if fresh or start is None else self._paths[start : start + URLS_AT_ONCE]
                found = self._client.datasets.reads(self._name, self._version, batch)
                self._known.update({item.path: item.url for item in found})
            if path not in self._known:
                raise _missing(path)
            return self._known[path]

    def source(self, file: ManifestFile) -> Source:
        """Return ``file`` as something to fetch from the store."""
        return Source(file.path, file.size_bytes, file.sha256, lambda fresh: self._url(file.path, fresh=fresh))

    def _url(self, path: str, *, fresh: bool) -> str:
        if (url := self.of(path, fresh=fresh)) is None:
            raise _missing(path)
        return url


def _missing(path: str) -> NotFoundError:
    return NotFoundError("object_missing", f"The service gives no address for {path!r}.", path=path)
