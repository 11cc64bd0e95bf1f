"""A small real HTTP server whose answers a test writes down, and which can be cut in the middle."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Reply:
    """What goes back. ``cut_after``: close the connection after that many bytes of the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None

    @classmethod
    def of(cls, value: Any, status: int = 200, **headers: str) -> "Reply":
        kind = "application/problem+json" if status >= 400 else "application/json"
        return cls(status, json.dumps(value).encode(), {"Content-Type": kind, **headers})


NO_ANSWER = Reply(status=0)
"""Close the connection without a word."""


@dataclass
class Running:
    """A server that runs, and what it was asked."""

    url: str
    asked: list[Request]


@contextmanager
def serving(
    answer: Callable[[Request], Reply], host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Running]:
    """Serve ``answer`` on a port of this machine; it may be called from several threads."""
    asked: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if len(body) < int(self.headers.get("Content-Length") or 0):
                # The client has gone in the middle of its body.
                self.close_connection = True
                return
            request = Request(self.command, self.path, dict(self.headers.items()), body)
            asked.append(request)
            reply = answer(request)
            if reply.status == 0:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if reply.cut_after is not None:
                self.wfile.write(reply.body[: reply.cut_after])
                self.close_connection = True
                return
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((host, 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Running(f"{'https' if tls else 'http'}://{host}:{server.server_address[1]}", asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def script(*replies: Reply) -> Callable[[Request], Reply]:
    """Answer the n-th request with the n-th reply, and every later one with the last."""
    left = list(replies)

    def answer(_: Request) -> Reply:
        return left.pop(0) if len(left) > 1 else left[0]

    return answer
