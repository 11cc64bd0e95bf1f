"""The client of a Sancai service: publish, find, adopt, buy and verify sector datasets.

It imports nothing of the server, so that it works beside any other package::

    from sancai import Client

    with Client("https://data.example.cn", token) as client:
        for dataset in client.datasets.search("能源"):
            print(dataset.name, dataset.title)
"""

from typing import TYPE_CHECKING, Any

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
    from sancai.client import Client

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
    "errors",
]


def __getattr__(name: str) -> Any:
    """Load the client, and with it the HTTP library, when it is first asked for: ``sancai --help`` needs neither."""
    if name == "Client":
        from sancai.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
