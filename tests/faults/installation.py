"""A whole installation in processes that may be killed one by one: PostgreSQL, MinIO, web server, worker.

Nothing of it outlives the process that made it: each part is killed at the end, and by the kernel should that process
be killed itself; PostgreSQL has its keeper.
"""

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
from sqlalchemy import text

from cli.processes import end_with_parent
from registry.house import House, application_url, open_house
from storage.embedded_postgres import EmbeddedPostgres
from storage.migrate import create_database, migrate
from storage.minio_server import obtain_minio
from storage.minio_store import create_store_keys
from storage.settings import StoreKey, read_settings
from tests.faults.clocks import CLOCK_FILE
from tests.faults.gateway import STORE_WORDS, Gateway

READY_WITHIN_S: Final = 120
"""Long, since other work may go on on the machine; a part that ended is started again meanwhile."""
RESTARTED_EVERY_S: Final = 1.0
ROOT: Final = StoreKey("faults-root", "faults-root-secret")
DATABASE: Final = "faults"
CLI: Final = "from cli import main; main()"


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_with_clock(*arguments: str) -> list[str]:
    """Return the command that runs one of our programmes with a clock that can be put wrong."""
    return [sys.executable, "-P", "-m", "tests.faults.clocks", *arguments]


def _lives(process: psutil.Process) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@dataclass
class Part:
    """A process of the installation, with all it starts."""

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

    def has_ended(self) -> bool:
        """Whether it does not run."""
        return self.running is None or self.running.poll() is not None

    def kill(self) -> None:
        """Kill it and all it has started at once, without warning."""
        if self.running is None:
            return
        with suppress(ProcessLookupError):  # The session's number is that of the process it began with.
            os.killpg(self.running.pid, signal.SIGKILL)
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
        self._postgres = EmbeddedPostgres(folder / "postgres", {"shared_buffers": "64MB"})
        self.parts: dict[str, Part] = {}
        self._dead_workers: list[int] = []

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
        for name in ("scratch", "minio"):
            (self.folder / name).mkdir()
        minio_port, web_port = free_port(), free_port()
        self.store = Gateway(("127.0.0.1", minio_port), STORE_WORDS)
        self.api = Gateway(("127.0.0.1", web_port))
        self._opened.callback(self.store.close)
        self._opened.callback(self.api.close)
        self._opened.callback(lambda: self._postgres.__exit__(None, None, None))
        self._postgres.__enter__()
        create_database(self._postgres.superuser_url(), DATABASE)
        owner = self._postgres.superuser_url(DATABASE)
        migrate(owner)
        self._start_minio(minio_port)
        keys = create_store_keys(self.store.url, ROOT, "faults", "us-east-1")
        self.environment = {
            "SANCAI_HOME": str(self.folder / "home"),
            "SANCAI_PORT": str(web_port),
            "SANCAI_PUBLIC_URL": self.api.url,
            "SANCAI_DATABASE_URL": application_url(owner),
            "SANCAI_OBJECT_STORE": "s3://faults",
            "SANCAI_S3_ENDPOINT": self.store.url,
            "SANCAI_WEB_WORKERS": "1",
            "TMPDIR": str(self.folder / "scratch"),  # What a killed process leaves there goes with the installation.
        }
        for name, key in (("CATALOG", keys.catalog), ("UP", keys.up), ("DOWN", keys.down)):
            self.environment |= {f"SANCAI_S3_{name}_KEY": key.access_key, f"SANCAI_S3_{name}_SECRET": key.secret_key}
        self.house: House = self._opened.enter_context(open_house(read_settings(self.environment)))
        for name in ("api", "worker"):
            self._part(name, run_with_clock(name), {**self.environment, CLOCK_FILE: str(self.clock_of(name))})
        self.await_ready()

    def _part(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        part = Part(command, {**os.environ, **environment}, self.folder / f"{name}.log")
        self.parts[name] = part
        part.start()
        self._opened.callback(part.close)

    def _start_minio(self, port: int) -> None:
        command = [str(obtain_minio(print)), "server", str(self.folder / "minio"), "--quiet"]
        command += ["--address", f"127.0.0.1:{port}", "--console-address", f"127.0.0.1:{free_port()}"]
        environment = {
            "MINIO_ROOT_USER": ROOT.access_key,
            "MINIO_ROOT_PASSWORD": ROOT.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            "MINIO_CI_CD": "1",
            "HOME": str(self.folder),
        }
        self._part("minio", command, environment)
        # Ready is said before the list of keys is loaded; a refused listing shows that it is there.
        self._await(lambda: httpx.get(f"{self.store.url}/", trust_env=False).status_code == 403)

    def clock_of(self, name: str) -> Path:
        """Return the file that says by how many seconds the clock of a programme is fast."""
        return self.folder / f"{name}.clock"

    def kill(self, name: str) -> None:
        """Kill a part of the installation and all its processes; ``restart`` starts it again."""
        if name == "postgres":
            self._kill_postgres()
            return
        if name == "worker" and (running := self.parts[name].running) is not None:
            self._dead_workers.append(running.pid)
        self.parts[name].kill()

    def _kill_postgres(self) -> None:
        try:
            server = psutil.Process(self._postgres_pid())
            backends = server.children(recursive=True)
            server.kill()
        except psutil.NoSuchProcess:
            return
        for backend in backends:
            with suppress(psutil.NoSuchProcess):
                backend.kill()
        deadline = time.monotonic() + READY_WITHIN_S
        while any(_lives(each) for each in (server, *backends)) and time.monotonic() < deadline:
            time.sleep(0.01)

    def _postgres_runs(self) -> bool:
        try:
            return _lives(psutil.Process(self._postgres_pid()))
        except psutil.NoSuchProcess:
            return False

    def _postgres_pid(self) -> int:
        try:
            return int((self.folder / "postgres" / "cluster" / "postmaster.pid").read_text().split("\n")[0])
        except FileNotFoundError:
            return 0

    def restart(self) -> None:
        """Start again what does not run, as a supervisor would."""
        if not self._postgres_runs():
            self._postgres.__exit__(None, None, None)
            self._postgres.__enter__()
            self.house.database.dispose()
        for part in self.parts.values():
            if part.has_ended():
                part.start()
        self._end_leases()

    def _end_leases(self) -> None:
        """Let the time pass that the lease of a job lasts beyond its dead worker: minutes, in which nothing happens."""
        while self._dead_workers:
            holder = f"%-{self._dead_workers[-1]}-%"
            with self.house.database.writing() as connection:
                connection.execute(
                    text("UPDATE jobs SET lease_until = now() WHERE state = 'running' AND lease_holder LIKE :holder"),
                    {"holder": holder},
                )
            self._dead_workers.pop()

    def mend(self) -> None:
        """Put everything right: the clocks, what does not run; and wait until the whole answers."""
        for name in ("api", "worker", "client"):
            self.clock_of(name).unlink(missing_ok=True)
        self.restart()
        self.await_ready()

    def await_ready(self) -> None:
        """Wait until the service says that it is ready."""
        self._await(lambda: httpx.get(f"{self.api.url}/readyz", trust_env=False).status_code == 200)

    def _await(self, holds: Callable[[], bool]) -> None:
        """Wait; a part that ends meanwhile, as a web server does that finds no store, is started again."""
        deadline = time.monotonic() + READY_WITHIN_S
        started = time.monotonic()
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if holds():
                    return
            if time.monotonic() - started > RESTARTED_EVERY_S:
                started = time.monotonic()
                for part in self.parts.values():
                    if part.has_ended():
                        part.start()
            time.sleep(0.05)
        raise RuntimeError(f"not ready after {READY_WITHIN_S} s; {self.last_words()}")

    def unfinished_parts(self) -> list[str]:
        """Return the parts that MinIO holds of uploads which were neither completed nor given up.

        S3 lists unfinished uploads only by their key, hence the look into the server's folder.
        """
        folder = self.folder / "minio" / ".minio.sys" / "multipart"
        return [path.relative_to(folder).as_posix() for path in folder.rglob("part.*") if path.is_file()]

    def scratch(self) -> list[str]:
        """Return what workers have left of what they were reading."""
        return [path.name for path in (self.folder / "scratch").glob("sancai-verify-*")]

    def last_words(self) -> str:
        """Return the last lines of every part's log, and whether the part runs."""
        said = []
        for name, part in self.parts.items():
            words = part.log.read_text(errors="replace")[-1_500:]
            said.append(f"--- {name}{' (ended)' if part.has_ended() else ''}\n{words}")
        return "\n".join(said)
