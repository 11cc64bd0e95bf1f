"""The stage: an installation of its own in a temporary folder, with its web server and worker, gone when the demo ends.

Everything that acts on it goes through the public REST interface; the stage itself only starts and stops processes and
runs the operator's commands, as an operator would.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from cli.output import note
from cli.processes import Processes
from cli.words import say

if TYPE_CHECKING:
    from storage.minio_server import MinioServer

READY_WITHIN_S: Final = 90
CLOCK_STARTS_AT: Final = "2026-03-02T02:00:00Z"
"""Monday 10:00 in Shanghai, in a year whose official working days are known."""


class Stage:
    """A running installation with a database born for a demo, whose clock may be moved forward."""

    def __init__(self, store: str) -> None:
        self.store: Final = store
        self.home = Path()
        self.url = ""
        self.environment: dict[str, str] = {}
        self.minio: MinioServer | None = None
        self._opened = ExitStack()
        self._processes = Processes()

    def __enter__(self) -> Self:
        """Start everything and wait until it is ready."""
        try:
            self.home = Path(tempfile.mkdtemp(prefix="sancai-demo-"))
            self._opened.callback(shutil.rmtree, self.home, ignore_errors=True)
            self._choose_address()
            if self.store == "minio":
                self._start_minio()
            self._open_house()
            self._opened.callback(self._processes.stop)
            self._processes.start(
                "serve", [sys.executable, "-P", "-c", _SERVE], self.environment, self.home / "serve.log"
            )
            self._await_ready()
        except BaseException:
            self._opened.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every process and remove the folder."""
        self._opened.close()

    def wait(self) -> str:
        """Wait until the service ends by itself and return the name of what ended."""
        return self._processes.wait()

    def operator(self, *arguments: str) -> dict[str, object]:
        """Run an operator's command of ``sancai`` and return its JSON."""
        done = self.run(*arguments, "--json")
        if done.returncode:
            raise RuntimeError(f"sancai {' '.join(arguments)}: {done.stderr.strip()}")
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    def run(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        """Run ``sancai`` with ``arguments`` against this installation; ``extra`` are further variables."""
        command = [sys.executable, "-P", "-c", _CLI, *arguments]
        return subprocess.run(  # noqa: S603
            command, env={**os.environ, **self.environment, **extra}, capture_output=True, text=True, check=False
        )

    def stored_file(self, sha256: str) -> Path:
        """Return the file on this machine's disk that holds the bytes of a published object."""
        folder = self.home / ("minio/data" if self.store == "minio" else "objects")
        found = [path for path in folder.rglob("*") if path.is_file() and sha256 in path.as_posix()]
        return max(found, key=lambda path: path.stat().st_size)

    def _choose_address(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            "SANCAI_HOME": str(self.home),
            "SANCAI_PORT": str(port),
            "SANCAI_PUBLIC_URL": self.url,
            "SANCAI_ORIGIN": "sancai.demo",
            "SANCAI_URL": self.url,
            "SANCAI_CONFIG": str(self.home / "config"),
            # One user at a time: a second process would only take longer to start.
            "SANCAI_WEB_WORKERS": "1",
            # Settings of the user's own installation must not reach into the demo.
            **dict.fromkeys(("SANCAI_DATABASE_URL", "SANCAI_OWNER_DATABASE_URL", "SANCAI_OBJECT_STORE"), ""),
        }

    def _start_minio(self) -> None:
        from storage.minio_server import MinioServer, obtain_minio
        from storage.minio_store import create_store_keys

        server = self._opened.enter_context(MinioServer(obtain_minio(note), self.home / "minio"))
        made = create_store_keys(server.endpoint, server.root, "demo", "us-east-1")
        self.minio = server
        self.environment |= {"SANCAI_OBJECT_STORE": "s3://demo", "SANCAI_S3_ENDPOINT": server.endpoint}
        for name, key in (("CATALOG", made.catalog), ("UP", made.up), ("DOWN", made.down)):
            self.environment |= {f"SANCAI_S3_{name}_KEY": key.access_key, f"SANCAI_S3_{name}_SECRET": key.secret_key}

    def _open_house(self) -> None:
        """Bear the database for a demo and hold it open, so that the operator's commands need not start it anew."""
        from registry.house import open_house
        from registry.values.moment import Moment
        from storage.settings import read_settings

        settings = read_settings({**os.environ, **self.environment})
        self._opened.enter_context(open_house(settings, kind="demo", clock_starts_at=Moment.of_text(CLOCK_STARTS_AT)))

    def _await_ready(self) -> None:
        import httpx

        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if ended := self._processes.ended():
                raise RuntimeError(say(f"The process {ended!r} ended at its start.", f"进程 {ended!r} 启动即退出。"))
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError(say("The service did not become ready.", "服务未能就绪。"))


_CLI: Final = "import sys; from cli import main; main(sys.argv[1:])"
_SERVE: Final = "from cli import main; main(['serve'])"
