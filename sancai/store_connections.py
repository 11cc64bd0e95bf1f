"""Bytes to the store and from it by the shortest way.

A part is megabytes that nobody looks at on their way. The standard library hands them to a socket, and takes them from
one, for a third of the processor time that the client for requests takes, and on a small machine that is what bounds a
transfer. Through a proxy they go by the client for requests, which knows proxies.
"""

import http.client
import ssl
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, Protocol, Self
from urllib.parse import SplitResult, urlsplit

import httpx

from sancai.session import authorities, http_client, user_agent

CONNECT_S: Final = 10.0
WAIT_S: Final = 60.0
ANSWER_BYTES_MAX: Final = 64 << 10
READ_BYTES: Final = 1 << 20

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

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> "Iterator[Answer]":
        """Ask for what is at a signed address and yield the answer before its bytes have come.

        A connection that was kept and has gone meanwhile is opened anew, once.

        Raises:
            httpx.TransportError: Also of ``fill`` and ``iter_raw``: the answer ends before all is there.
        """
        parts = urlsplit(url)
        if _is_proxied(parts):
            with self._through_proxy.stream("GET", url, headers=headers) as answer:
                yield _ThroughProxy(answer)
            return
        place = f"{parts.scheme}://{parts.netloc}"
        connection = self._taken(place, parts)
        whole, opened = False, ExitStack()
        try:
            with _as_transport_errors():
                response = opened.enter_context(closing(_asked(connection, parts, headers)))
            yield _Arriving(response)
            whole = response.isclosed()
        finally:
            if not whole:  # What follows would be taken for another answer.
                connection.close()
                # An answer after which the store closes the connection holds the socket by itself.
                opened.close()
        if whole:
            with self._lock:
                self._idle.setdefault(place, []).append(connection)

    def close(self) -> None:
        """Close every connection."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
        if "_through_proxy" in self.__dict__:
            self._through_proxy.close()

    def __enter__(self) -> Self:
        """Return the connections."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        self.close()

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


class Answer(Protocol):
    """An answer of a store whose bytes are still to come."""

    @property
    def status_code(self) -> int:
        """The status."""

    @property
    def is_success(self) -> bool:
        """Whether it is one of 200 to 299."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The fields of its head, by name in any case."""

    def iter_raw(self) -> Iterator[bytes]:
        """Yield the bytes as they come. Raises httpx.TransportError."""

    def fill(self, memory: memoryview) -> Iterator[int]:
        """Put the bytes into ``memory`` and yield how many more stand there, until it is full or they end.

        Memory that is there already spares the processor half of what it has to do for a byte.

        Raises:
            httpx.TransportError: As ``iter_raw``.
        """


class _ThroughProxy:
    """An answer that the client for requests reads."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status_code = response.status_code
        self.is_success = response.is_success
        self.headers = response.headers

    def iter_raw(self) -> Iterator[bytes]:
        return self._response.iter_raw()

    def fill(self, memory: memoryview) -> Iterator[int]:
        at = 0
        for block in self._response.iter_raw():
            kept = block[: len(memory) - at]
            memory[at : at + len(kept)] = kept
            at += len(kept)
            yield len(kept)
            if at == len(memory):
                break


class _Arriving:
    """An answer that the standard library reads."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self.status_code = response.status
        self.is_success = 200 <= response.status < 300
        self.headers = httpx.Headers(response.getheaders())

    def iter_raw(self) -> Iterator[bytes]:
        while True:
            with _as_transport_errors():
                block = self._response.read1(READ_BYTES)
            if not block:
                break
            yield block
        self._require_whole()
        self._response.close()

    def fill(self, memory: memoryview) -> Iterator[int]:
        at = 0
        while at < len(memory):
            with _as_transport_errors():
                count = self._response.readinto(memory[at : at + READ_BYTES])
            if not count:
                self._require_whole()
                break
            at += count
            yield count

    def _require_whole(self) -> None:
        if self._response.length:
            raise httpx.ReadError(f"the answer ended {self._response.length} bytes early")


@contextmanager
def _as_transport_errors() -> Iterator[None]:
    """Let what goes wrong on a connection be what it is elsewhere in the package."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise httpx.ReadError(str(error) or type(error).__name__) from error


def _asked(
    connection: http.client.HTTPConnection, parts: SplitResult, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    """Ask on a connection; one that was kept and is gone is opened anew, once."""
    kept = connection.sock is not None
    try:
        return _response(connection, parts, headers)
    except (ConnectionError, http.client.RemoteDisconnected):
        connection.close()
        if not kept:
            raise
        return _response(connection, parts, headers)


def _response(
    connection: http.client.HTTPConnection, parts: SplitResult, headers: Mapping[str, str]
) -> http.client.HTTPResponse:
    if connection.sock is None:
        _connect(connection)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection.request("GET", target, headers={"User-Agent": user_agent(), **headers})
    return connection.getresponse()


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
        with closing(connection.getresponse()) as answer:
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
