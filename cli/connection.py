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
    from sancai.config import read_config

    config = read_config()
    return Client(config.require_url(), config.token, language())
