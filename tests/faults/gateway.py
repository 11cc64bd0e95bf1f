"""A way in front of a server that knows requests, and at chosen ones makes trouble.

Every request travels on a connection of its own, so that an interrupted one takes no other with it.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

BLOCK_BYTES: Final = 1 << 16
HEAD_MAX_BYTES: Final = 1 << 16
PATIENCE_S: Final = 60
ALWAYS: Final = 1 << 30


class Trouble(StrEnum):
    """What happens to a request."""

    BEFORE = "before"
    """``act`` is called, then the request goes on."""
    DURING = "during"
    """Half of a body that has a size goes on, or all of a short one; ``act`` is called, then the rest follows."""
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


REFUSALS: Final = {Trouble.REFUSED: "503 Service Unavailable", Trouble.FULL: "507 Insufficient Storage"}
_S3_ERROR: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{}</Code><Message>{}</Message></Error>'
STORE_WORDS: Final[Mapping[Trouble, str]] = {
    Trouble.REFUSED: _S3_ERROR.format("XMinioServerNotInitialized", "Server not initialized yet, please try again."),
    Trouble.FULL: _S3_ERROR.format(
        "XMinioStorageFull",
        "Storage backend has reached its minimum free drive threshold. Please delete a few objects to proceed.",
    ),
}
"""What MinIO says with these (``cmd/api-errors.go`` of the pinned version)."""


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
    """What is to happen at the ``nth`` request that ``matches``, and at the ones after it, ``times`` in all.

    ``act`` gets the request. ``delay_s`` passes between half of the request and ``act``, so that the server is at it.
    """

    matches: Callable[[Request], bool]
    trouble: Trouble | None
    act: Callable[[Request], None] = lambda _: None
    nth: int = 1
    times: int = 1
    delay_s: float = 0.0
    happened: threading.Event = field(default_factory=threading.Event)
    seen: int = 0


class Gateway:
    """Listens on a port of its own and passes requests on to ``upstream`` (host, port).

    ``words`` are the bodies of refusals, as the server behind would write them.
    """

    def __init__(self, upstream: tuple[str, int], words: Mapping[Trouble, str] | None = None) -> None:
        self.upstream = upstream
        self._words = words or {}
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._plan: Plan | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True, name="gateway").start()

    @contextmanager
    def planned(self, plan: Plan) -> Iterator[None]:
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
        with suppress(OSError):  # Closing alone does not wake the thread that waits for a connection.
            self._listening.shutdown(socket.SHUT_RDWR)
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
            plan = self._due(request)
            if plan and plan.trouble in REFUSALS:
                self._refuse(client, request, begun, plan.trouble)
                return
            if plan and plan.trouble is Trouble.BEFORE:
                plan.act(request)
            with socket.create_connection(self.upstream, timeout=PATIENCE_S) as server:
                if _pass_body(client, server, request, begun, plan):
                    _pass_answer(client, server, request, plan)

    def _refuse(self, client: socket.socket, request: Request, begun: bytes, trouble: Trouble) -> None:
        left = request.length - len(begun)
        while left > 0 and (block := client.recv(min(BLOCK_BYTES, left))):  # Else the answer would be lost with it.
            left -= len(block)
        words = self._words.get(trouble, "").encode()
        head = f"HTTP/1.1 {REFUSALS[trouble]}\r\nContent-Type: application/xml\r\nContent-Length: {len(words)}\r\n"
        client.sendall(head.encode() + b"Connection: close\r\n\r\n" + (words if request.method != "HEAD" else b""))

    def _due(self, request: Request) -> Plan | None:
        """Return the plan when its time has come with this request."""
        with self._lock:
            plan = self._plan
            if plan is None or not plan.matches(request):
                return None
            plan.seen += 1
            if not plan.nth <= plan.seen < plan.nth + plan.times:
                return None
            plan.happened.set()
            return plan


def _pass_body(client: socket.socket, server: socket.socket, request: Request, begun: bytes, plan: Plan | None) -> bool:
    """Send head and body on; False when the way was cut."""
    trouble = plan.trouble if plan else None
    server.sendall(request.raw)
    left, half = request.length, request.length // 2
    acted = trouble is not Trouble.DURING
    while left > 0:
        block = begun or client.recv(min(BLOCK_BYTES, left))
        begun = b""
        if not block:
            return False
        sent = request.length - left
        left -= len(block)
        if trouble is Trouble.CORRUPT and sent == 0:
            block = bytes([block[0] ^ 1]) + block[1:]
        if trouble is Trouble.CUT_REQUEST and sent + len(block) > half:
            server.sendall(block[: half - sent])
            return False
        server.sendall(block)
        if plan and not acted and sent + len(block) > half:
            acted = True
            _act_meanwhile(plan, request)
    if plan and not acted:
        _act_meanwhile(plan, request)
    return trouble is not Trouble.CUT_REQUEST


def _act_meanwhile(plan: Plan, request: Request) -> None:
    time.sleep(plan.delay_s)
    plan.act(request)


def _pass_answer(client: socket.socket, server: socket.socket, request: Request, plan: Plan | None) -> None:
    if plan and plan.trouble is Trouble.AFTER:
        # The whole answer is waited for: whatever the server does for this request is done.
        while server.recv(BLOCK_BYTES):
            pass
        plan.act(request)
        return
    while block := server.recv(BLOCK_BYTES):
        if plan and plan.trouble is Trouble.CUT_ANSWER:
            client.sendall(block[: len(block) // 2])
            return
        client.sendall(block)


def _head(client: socket.socket) -> tuple[bytes, bytes]:
    """Return the head of a request and what came of its body with it; nothing when the client went away."""
    gathered = b""
    while b"\r\n\r\n" not in gathered:
        block = client.recv(BLOCK_BYTES)
        if not block or len(gathered) > HEAD_MAX_BYTES:
            return b"", b""
        gathered += block
    head, _, body = gathered.partition(b"\r\n\r\n")
    if b"expect: 100-continue" in head.lower():
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    return head, body


def _request(head: bytes) -> Request:
    """Return a request whose raw head asks for one answer and the end."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    kept = [line for line in lines if line.partition(":")[0].strip().lower() not in {"connection", "expect"}]
    raw = "\r\n".join([first, *kept, "Connection: close", "", ""]).encode("latin-1")
    return Request(method, target, headers, raw)
