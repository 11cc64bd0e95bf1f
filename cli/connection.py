"""The client that a command talks through."""

from typing import TYPE_CHECKING

from cli.words import language

if TYPE_CHECKING:
    from sancai.client import Client


def client() -> "Client":
    """Return a client for the service and token of the environment or of the last ``sancai login``.

    Raises:
        InvalidValueError: No service is known.
    """
    from sancai.client import Client

    return Client.configured(language())
