"""Parts to the store by the shortest way.

A part is megabytes that nobody looks at on their way. The standard library hands them to a socket for a third of the
processor time that the client for requests takes (0.9 against 2.5 s for a GiB), and on a small machine that is what
bounds an upload. Through a proxy they go by the client for requests, which knows proxies.
"""

import http.client
import ssl
import urllib.request
from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

import httpx

from sancai.session import authorities, http_client, user_agent

CONNECT_S: Final = 10.0
WAIT_S: Final = 60.0
ANSWER_BYTES_MAX: Final = 64 << 10

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class StoreConnections(AbstractContextManager["StoreConnections"]):
    """Connections to object stores, kept for the next part. May be shared by threads."""

    def __init__(self, connections_max: int, ca: Path | str | None = None) -> None:
        """Prepare; nothing is opened yet.

        Args:
            connections_max: Bounds those through a proxy.
            ca: A file of private authorities to trust, see ``sancai.session.authorities``.
        """
        self._ca: Final = ca
        self._connections_max: Final = connections_max
        self._idle: Final[dict[str, list[http.client.HTTPConnection]]] = {}
        self._lock: Final = Lock()

    def put(self, url: str, body: Iterable[bytes], length: int) -> httpx.Response:
        """Send ``length`` bytes to a signed address and return the answer. Raises httpx.TransportError."""
        parts = urlsplit(url)
        if _is_proxied(parts):
            return self._through_proxy.put(url, content=body, headers={"Content-Length": str(length)})
        place = f"{parts.scheme}://{parts.netloc}"
        connection = self._taken(place, parts)
        try:
            answer = _sent(connection, parts, body, length)
        except (OSError, http.client.HTTPException) as error:
            raise httpx.WriteError(str(error) or type(error).__name__) from error
        with self._lock:
            self._idle.setdefault(place, []).append(connection)
        return answer

    def __enter__(self) -> Self:
        """Return the connections."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        if "_through_proxy" in self.__dict__:
            self._through_proxy.close()

    @cached_property
    def _through_proxy(self) -> httpx.Client:
        return http_client(httpx.Timeout(WAIT_S, connect=CONNECT_S), self._connections_max, self._ca)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """Return what the rest of the package trusts: ``SANCAI_CA`` and ``SSL_CERT_FILE`` count here as well."""
        given = authorities(self._ca)
        return given if isinstance(given, ssl.SSLContext) else httpx.create_ssl_context()

    def _taken(self, place: str, parts: SplitResult) -> http.client.HTTPConnection:
        """Return a connection that nobody else uses."""
        with self._lock:
            if idle := self._idle.get(place):
                return idle.pop()
        host = parts.hostname or ""
        if parts.scheme == "https":
            return http.client.HTTPSConnection(host, parts.port, timeout=CONNECT_S, context=self._trust)
        return http.client.HTTPConnection(host, parts.port, timeout=CONNECT_S)


def _sent(
    connection: http.client.HTTPConnection, parts: SplitResult, body: Iterable[bytes], length: int
) -> httpx.Response:
    """Send one part; an answer that comes before the end of the body is an answer.

    A connection on which a part was not sent whole is closed: what follows would be taken for the rest of it.
    """
    whole = False
    try:
        if connection.sock is None:
            _connect(connection)
        connection.putrequest("PUT", f"{parts.path}?{parts.query}", skip_accept_encoding=True)
        connection.putheader("User-Agent", user_agent())
        connection.putheader("Content-Length", str(length))
        connection.endheaders()
        try:
            for block in body:
                connection.send(block)
            whole = True
        except (BrokenPipeError, ConnectionResetError):
            # The store may refuse a part before it has read it.
            pass
        answer = connection.getresponse()
        content = answer.read(ANSWER_BYTES_MAX)
        whole = whole and answer.isclosed()
        return httpx.Response(answer.status, headers=answer.getheaders(), content=content)
    finally:
        if not whole:
            connection.close()


def _connect(connection: http.client.HTTPConnection) -> None:
    connection.connect()
    connection.sock.settimeout(WAIT_S)


def _is_proxied(parts: SplitResult) -> bool:
    if parts.hostname in _LOOPBACK:
        return False
    proxies = urllib.request.getproxies()
    return (parts.scheme in proxies or "all" in proxies) and not urllib.request.proxy_bypass(parts.netloc)
