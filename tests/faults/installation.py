"""A whole installation in processes that may be killed one by one: PostgreSQL, MinIO, web server, worker."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import httpx
import psutil

from cli.processes import end_with_parent
from registry.house import House, application_url, open_house
from storage.embedded_postgres import EmbeddedPostgres
from storage.migrate import create_database, migrate
from storage.minio_server import obtain_minio
from storage.minio_store import create_store_keys
from storage.settings import StoreKey, read_settings
from tests.faults.gateway import Gateway

READY_WITHIN_S: Final = 60
ROOT: Final = StoreKey("faults-root", "faults-root-secret")
WORKER: Final = "from cli import main; main(['worker'])"
SKEWED: Final = """
import sys
from datetime import datetime, timedelta, timezone
import minio.time
import storage.minio_store
SKEW = timedelta(minutes=20)
def skewed(): return datetime.now(timezone.utc) + SKEW
minio.time.utcnow = skewed
kept = storage.minio_store.MinioStore.__init__
def init(self, *given, **named): kept(self, *given, **{**named, "now": skewed})
storage.minio_store.MinioStore.__init__ = init
from api.serve import serve
serve()
"""
"""The web server with a clock 20 minutes fast where it signs; MinIO refuses more than 15."""


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Part:
    """A process of the installation."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    running: subprocess.Popen[bytes] | None = None
    _opened: list[IO[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start it, in a session of its own."""
        log = self.log.open("ab")
        self._opened.append(log)
        self.running = subprocess.Popen(
            self.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )

    def kill(self) -> None:
        """Kill it and all it has started, without warning."""
        if self.running is None:
            return
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.running.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        self.running.kill()
        self.running.wait(30)

    def close(self) -> None:
        """Kill it and close its log."""
        self.kill()
        for log in self._opened:
            log.close()


class Installation:
    """A real installation in ``folder``. ``api`` and ``store`` are the ways in, at which trouble can be made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened = ExitStack()
        self._postgres: EmbeddedPostgres | None = None
        self.parts: dict[str, Part] = {}

    def __enter__(self) -> Self:
        """Start everything."""
        try:
            self._start()
        except BaseException:
            self._opened.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        self._opened.close()

    def _start(self) -> None:
        minio_port, web_port = free_port(), free_port()
        self.store = Gateway(("127.0.0.1", minio_port))
        self.api = Gateway(("127.0.0.1", web_port))
        self._opened.callback(self.store.close)
        self._opened.callback(self.api.close)
        self._start_postgres()
        self._opened.callback(self._stop_postgres)
        self._start_minio(minio_port)
        keys = create_store_keys(self.store.url, ROOT, "faults", "us-east-1")
        owner = self._running_postgres().superuser_url("faults")
        self.environment = {
            "SANCAI_HOME": str(self.folder / "home"),
            "SANCAI_PORT": str(web_port),
            "SANCAI_PUBLIC_URL": self.api.url,
            "SANCAI_DATABASE_URL": application_url(owner),
            "SANCAI_OBJECT_STORE": "s3://faults",
            "SANCAI_S3_ENDPOINT": self.store.url,
            "SANCAI_WEB_WORKERS": "1",
        }
        for name, key in (("CATALOG", keys.catalog), ("UP", keys.up), ("DOWN", keys.down)):
            self.environment |= {f"SANCAI_S3_{name}_KEY": key.access_key, f"SANCAI_S3_{name}_SECRET": key.secret_key}
        self.house: House = self._opened.enter_context(open_house(read_settings(self.environment)))
        self._part("api", [sys.executable, "-P", "-m", "api.serve"])
        self._part("worker", [sys.executable, "-P", "-c", WORKER])
        self.await_ready()

    def _part(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        part = Part(command, {**os.environ, **(environment or self.environment)}, self.folder / f"{name}.log")
        self.parts[name] = part
        part.start()
        self._opened.callback(part.close)

    def _start_postgres(self) -> None:
        folder = self.folder / "postgres"
        self._postgres = EmbeddedPostgres(folder, {"shared_buffers": "64MB"})
        self._postgres.__enter__()
        create_database(self._postgres.superuser_url(), "faults")
        migrate(self._postgres.superuser_url("faults"))

    def _running_postgres(self) -> EmbeddedPostgres:
        assert self._postgres is not None
        return self._postgres

    def _stop_postgres(self) -> None:
        self._running_postgres().__exit__(None, None, None)

    def _start_minio(self, port: int) -> None:
        data = self.folder / "minio"
        data.mkdir()
        command = [str(obtain_minio(print)), "server", str(data), "--quiet", "--address", f"127.0.0.1:{port}"]
        command += ["--console-address", f"127.0.0.1:{free_port()}"]
        environment = {
            "MINIO_ROOT_USER": ROOT.access_key,
            "MINIO_ROOT_PASSWORD": ROOT.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            "MINIO_CI_CD": "1",
            "HOME": str(self.folder),
        }
        self._part("minio", command, environment)
        self._wait_for(lambda: httpx.get(f"{self.store.url}/", trust_env=False).status_code == 403, "minio")

    def kill(self, name: str) -> None:
        """Kill a part of the installation; ``mend`` starts it again."""
        if name == "postgres":
            pid = (self.folder / "postgres" / "cluster" / "postmaster.pid").read_text().split("\n")[0]
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        else:
            self.parts[name].kill()

    def mend(self) -> None:
        """Start again what does not run, and wait until the whole answers."""
        if not self._postgres_answers():
            self._stop_postgres()
            self._start_postgres()
            self.house.database.dispose()
        for name in ("minio", "api", "worker"):
            part = self.parts[name]
            if part.running is None or part.running.poll() is not None:
                part.start()
        self.await_ready()

    def _postgres_answers(self) -> bool:
        try:
            with self.house.database.reading():
                return True
        except Exception:  # noqa: BLE001  Whatever it says: it does not answer.
            self.house.database.dispose()
            try:
                with self.house.database.reading():
                    return True
            except Exception:  # noqa: BLE001
                return False

    def skew_clock(self) -> None:
        """Start the web server anew with a clock that is 20 minutes fast."""
        self.parts["api"].kill()
        kept = self.parts["api"].command
        self.parts["api"].command = [sys.executable, "-P", "-c", SKEWED]
        self.parts["api"].start()
        self.parts["api"].command = kept
        self._wait_for(lambda: httpx.get(f"{self.api.url}/healthz", trust_env=False).status_code == 200, "api")

    def await_ready(self) -> None:
        """Wait until the service says that it is ready."""
        self._wait_for(lambda: httpx.get(f"{self.api.url}/readyz", trust_env=False).status_code == 200, "api")

    def _wait_for(self, holds: Callable[[], bool], name: str) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if holds():
                    return
            time.sleep(0.05)
        log = (self.folder / f"{name}.log").read_text(errors="replace")[-2_000:]
        raise RuntimeError(f"{name} is not ready: {log}")
