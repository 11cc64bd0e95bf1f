"""A mail server in a process of its own, which keeps what it took in a file and dies where it is told to.

``python -m tests.storage.mail_office PORT FOLDER``. It speaks as much SMTP (RFC 5321) as handing in needs. A mail is
taken once its bytes are in the file ``mails`` and on the disk; then the client is told. The file ``dies``, where it is
there, holds one word of where the server kills itself, once: ``greeting``, ``recipient``, ``data`` (when it asks for
the mail), ``half`` (in the middle of the mail), ``taken`` (it has the mail and has not said so) or ``told``.
"""

import os
import signal
import socketserver
import sys
from pathlib import Path
from typing import Final

SEPARATOR: Final = b"\n=====\n"


class Office(socketserver.ThreadingTCPServer):
    """Listens on a port and keeps mails in a folder."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, folder: Path) -> None:
        self.folder = folder
        super().__init__(("127.0.0.1", port), _Clerk)

    def dies_at(self, place: str) -> None:
        """Be killed here, without warning, if it was told to be."""
        told = self.folder / "dies"
        if told.exists() and told.read_text() == place:
            told.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    def keep(self, mail: bytes) -> None:
        """Put a mail on the disk."""
        with (self.folder / "mails").open("ab") as file:
            file.write(mail + SEPARATOR)
            file.flush()
            os.fsync(file.fileno())


class _Clerk(socketserver.StreamRequestHandler):
    server: Office

    def handle(self) -> None:
        self.server.dies_at("greeting")
        self.wfile.write(b"220 office\r\n")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            if word == b"RCPT":
                self.server.dies_at("recipient")
            if word == b"DATA":
                self._take()
            self.wfile.write(b"250 fine\r\n")
            if word == b"DATA":
                self.wfile.flush()
                self.server.dies_at("told")

    def _take(self) -> None:
        self.server.dies_at("data")
        self.wfile.write(b"354 go on\r\n")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
            lines.append(line)
            if len(lines) == 4:
                self.server.dies_at("half")
        self.server.keep(b"".join(lines))
        self.server.dies_at("taken")


if __name__ == "__main__":
    with Office(int(sys.argv[1]), Path(sys.argv[2])) as office:
        office.serve_forever()
