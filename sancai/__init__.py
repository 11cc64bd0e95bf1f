"""The client of a Sancai service: publish, find, adopt, buy and verify sector datasets.

It imports nothing of the server, so that it works beside any other package::

    from sancai import Client

    with Client("https://data.example.cn", token) as client:
        for dataset in client.datasets.search("能源"):
            print(dataset.name, dataset.title)

    with sancai.load("hami-wind/turbines@v1") as turbines:
        content = turbines.read_bytes("README.md")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sancai import errors
from sancai.errors import (
    ConflictError,
    CorruptContentError,
    InvalidValueError,
    NotAllowedError,
    NotFoundError,
    RuleError,
    SancaiError,
    UnavailableError,
    UnexpectedAnswerError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sancai.bundles import open_bundle
    from sancai.client import Client
    from sancai.handles import VersionHandle, load
    from sancai.importing import Imported
    from sancai.publishing import Published

__all__ = [
    "Client",
    "ConflictError",
    "CorruptContentError",
    "InvalidValueError",
    "NotAllowedError",
    "NotFoundError",
    "RuleError",
    "SancaiError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "VersionHandle",
    "errors",
    "import_folder",
    "load",
    "open_bundle",
    "publish",
]


_HOMES: Final = {
    "Client": "sancai.client",
    "VersionHandle": "sancai.handles",
    "load": "sancai.handles",
    "open_bundle": "sancai.bundles",
}


def publish(path: "Path | str", name: str | None = None, **given: Any) -> "Published":
    """Publish a file or folder to the configured service, as ``Client.publish`` does. Raises SancaiError."""
    from sancai.client import Client

    with Client.configured() as client:
        return client.publish(path, name, **given)


def import_folder(folder: "Path | str", name: str | None = None, **given: Any) -> "Imported":
    """Import a folder of another hub into the configured service, as ``Client.import_folder``. Raises SancaiError."""
    from sancai.client import Client

    with Client.configured() as client:
        return client.import_folder(folder, name, **given)


def __getattr__(name: str) -> Any:
    """Load the client, and with it the HTTP library, when it is first asked for: ``sancai --help`` needs neither."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
