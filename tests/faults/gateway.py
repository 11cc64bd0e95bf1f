"""A way in front of a server that knows requests, and at a chosen one makes trouble.

Every request travels on a connection of its own, so that an interrupted one takes no other with it.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

BLOCK_BYTES: Final = 1 << 16
HEAD_MAX_BYTES: Final = 1 << 16
PATIENCE_S: Final = 60


class Trouble(StrEnum):
    """What happens to a request."""

    BEFORE = "before"
    """``act`` is called, then the request goes on."""
    AFTER = "after"
    """The server answers, ``act`` is called, and the answer is lost."""
    REFUSED = "refused"
    """The answer is 503, as from a server that starts."""
    FULL = "full"
    """The answer is 507, as from a store without room."""
    CUT_REQUEST = "cut_request"
    """Half of the body goes on, then both ways are cut."""
    CUT_ANSWER = "cut_answer"
    """Half of the answer goes back, then both ways are cut."""
    CORRUPT = "corrupt"
    """One byte of the body is another."""


@dataclass
class Request:
    """The head of a request."""

    method: str
    target: str
    headers: dict[str, str]
    raw: bytes

    @property
    def length(self) -> int:
        """The bytes of the body."""
        return int(self.headers.get("content-length") or 0)


@dataclass
class Plan:
    """What is to happen at the ``nth`` request that ``matches``; ``act`` gets the request."""

    matches: Callable[[Request], bool]
    trouble: Trouble
    act: Callable[[Request], None] = lambda _: None
    nth: int = 1
    happened: threading.Event = field(default_factory=threading.Event)
    seen: int = 0


class Gateway:
    """Listens on a port of its own and passes requests on to ``upstream`` (host, port)."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.upstream = upstream
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._plan: Plan | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True, name="gateway").start()

    @contextmanager
    def planned(self, plan: Plan | None) -> Iterator[None]:
        """Have ``plan`` happen while the block lasts."""
        with self._lock:
            self._plan = plan
        try:
            yield
        finally:
            with self._lock:
                self._plan = None

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(PATIENCE_S)
            head, begun = _head(client)
            if not head:
                return
            request = _request(head)
            trouble, act = self._due(request)
            if trouble in (Trouble.REFUSED, Trouble.FULL):
                _drain(client, request.length - len(begun))
                status = "503 Service Unavailable" if trouble is Trouble.REFUSED else "507 Insufficient Storage"
                client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                return
            if trouble is Trouble.BEFORE:
                act(request)
            with socket.create_connection(self.upstream, timeout=PATIENCE_S) as server:
                if self._pass_body(client, server, request, begun, trouble):
                    self._pass_answer(client, server, request, trouble, act)

    def _due(self, request: Request) -> tuple[Trouble | None, Callable[[Request], None]]:
        with self._lock:
            plan = self._plan
            if plan is None or plan.happened.is_set() or not plan.matches(request):
                return None, _nothing
            plan.seen += 1
            if plan.seen < plan.nth:
                return None, _nothing
            plan.happened.set()
            return plan.trouble, plan.act

    @staticmethod
    def _pass_body(
        client: socket.socket, server: socket.socket, request: Request, begun: bytes, trouble: Trouble | None
    ) -> bool:
        """Send head and body on; False when the way was cut."""
        server.sendall(request.raw)
        left, sent = request.length, 0
        while left > 0:
            block = begun or client.recv(min(BLOCK_BYTES, left))
            begun = b""
            if not block:
                return False
            left -= len(block)
            if trouble is Trouble.CORRUPT and sent == 0:
                block = bytes([block[0] ^ 1]) + block[1:]
            server.sendall(block)
            sent += len(block)
            if trouble is Trouble.CUT_REQUEST and sent >= request.length // 2:
                return False
        return True

    @staticmethod
    def _pass_answer(
        client: socket.socket,
        server: socket.socket,
        request: Request,
        trouble: Trouble | None,
        act: Callable[[Request], None],
    ) -> None:
        if trouble is Trouble.AFTER:
            # The whole answer is waited for: whatever the server does for this request is done.
            while server.recv(BLOCK_BYTES):
                pass
            act(request)
            return
        first = True
        while block := server.recv(BLOCK_BYTES):
            client.sendall(block[: len(block) // 2] if trouble is Trouble.CUT_ANSWER else block)
            if trouble is Trouble.CUT_ANSWER and first:
                return
            first = False


def _nothing(_: Request) -> None:
    """Do nothing."""


def _head(client: socket.socket) -> tuple[bytes, bytes]:
    """Return the head of a request and what came of its body with it; nothing when the client went away."""
    gathered = b""
    while b"\r\n\r\n" not in gathered:
        block = client.recv(BLOCK_BYTES)
        if not block or len(gathered) > HEAD_MAX_BYTES:
            return b"", b""
        gathered += block
        if b"expect: 100-continue" in gathered.lower() and b"\r\n\r\n" in gathered:
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    head, _, body = gathered.partition(b"\r\n\r\n")
    return head, body


def _request(head: bytes) -> Request:
    """Return a request whose raw head asks for one answer and the end."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    kept = [line for line in lines if line.partition(":")[0].strip().lower() not in {"connection", "expect"}]
    raw = "\r\n".join([first, *kept, "Connection: close", "", ""]).encode("latin-1")
    return Request(method, target, headers, raw)


def _drain(client: socket.socket, left: int) -> None:
    """Read what is left of a body, so that the answer is not lost with it."""
    while left > 0 and (block := client.recv(min(BLOCK_BYTES, left))):
        left -= len(block)
