"""A TCP proxy that breaks what passes through it, as networks and disks do.

One thread per direction and connection. What it does is set on ``faults`` at any time and counts per connection:

    with Proxy(("127.0.0.1", 9000)) as proxy:
        proxy.faults = Faults(cut_up_after=1_000_000)
"""

import contextlib
import re
import socket
import threading
import time
from dataclasses import dataclass
from types import TracebackType

_STATUS = re.compile(rb"\AHTTP/1\.1 \d{3} [^\r]*\r\n")


@dataclass(frozen=True)
class Faults:
    """What happens to a connection. ``up`` is from client to server, ``down`` the way back."""

    cut_up_after: int | None = None
    """Cut the connection after so many bytes from the client."""
    cut_down_after: int | None = None
    """Cut it after so many bytes of the server."""
    drop_response: bool = False
    """Let the server do its work, and cut instead of answering."""
    delay_s: float = 0.0
    """Wait before each piece of the server's answer."""
    status: int | None = None
    """Write another status into the first line of every answer that begins a piece."""
    corrupt_up_at: int | None = None
    """Flip a bit of this byte from the client."""
    corrupt_down_at: int | None = None
    """Flip a bit of this byte of the server."""
    refuse: bool = False
    """Close at once."""


class Proxy:
    """Listens on a free port of this machine while the context is open."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.faults: Faults = Faults()
        self.connections = 0
        self._server, self._open = server, set[socket.socket]()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listening.getsockname()

    @property
    def url(self) -> str:
        return f"http://{self.address[0]}:{self.address[1]}"

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._cut(self._listening, *list(self._open))

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self.connections += 1
                faults = self.faults
                if faults.refuse:
                    client.close()
                    continue
                server = socket.create_connection(self._server)
                self._open |= {client, server}
                for run, pair in ((self._up, (client, server)), (self._down, (server, client))):
                    threading.Thread(target=run, args=(*pair, faults), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, faults: Faults) -> None:
        self._pump(client, server, faults.cut_up_after, faults.corrupt_up_at, None)

    def _down(self, server: socket.socket, client: socket.socket, faults: Faults) -> None:
        cut = 0 if faults.drop_response else faults.cut_down_after
        self._pump(server, client, cut, faults.corrupt_down_at, faults)

    def _pump(
        self, source: socket.socket, sink: socket.socket, cut: int | None, corrupt: int | None, faults: Faults | None
    ) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := bytearray(source.recv(65_536)):
                if faults and faults.delay_s:
                    time.sleep(faults.delay_s)
                if faults and faults.status and (found := _STATUS.match(piece)):
                    piece[: found.end()] = b"HTTP/1.1 %d Rewritten\r\n" % faults.status
                if corrupt is not None and passed <= corrupt < passed + len(piece):
                    piece[corrupt - passed] ^= 0x10
                if cut is not None and passed + len(piece) >= cut:
                    sink.sendall(piece[: max(0, cut - passed)])
                    break
                sink.sendall(piece)
                passed += len(piece)
        self._cut(source, sink)

    def _cut(self, *ends: socket.socket) -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            self._open.discard(end)
