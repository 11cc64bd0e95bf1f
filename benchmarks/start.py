"""How soon ``sancai --help`` answers and ``sancai serve`` is ready, beside a bare interpreter and a bare PostgreSQL."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from benchmarks.report import Row, median_seconds
from storage.embedded_postgres import EmbeddedPostgres

SANCAI = Path(sys.executable).with_name("sancai")
ROUNDS = 15
SERVE_ROUNDS = 3
READY_WITHIN_S = 60


def rows() -> list[Row]:
    """Measure and return the rows."""
    bare = median_seconds(lambda: _run([sys.executable, "-c", "import click"]), ROUNDS)
    helped = median_seconds(lambda: _run([str(SANCAI), "--help"]), ROUNDS)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        first = _serve_seconds(home)
        again = sorted(_serve_seconds(home) for _ in range(SERVE_ROUNDS))[SERVE_ROUNDS // 2]
    with tempfile.TemporaryDirectory() as folder:
        first_peer, again_peer = _postgres_seconds(Path(folder)), _postgres_seconds(Path(folder))
    return [
        Row("sancai --help", helped, "s", "python -c 'import click'", bare, target=0.3),
        Row("sancai serve, empty home", first, "s", "initdb and start of PostgreSQL", first_peer),
        Row("sancai serve, again", again, "s", "start of PostgreSQL", again_peer),
    ]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _postgres_seconds(folder: Path) -> float:
    started = time.perf_counter()
    with EmbeddedPostgres(folder / "postgres"):
        return time.perf_counter() - started


def _serve_seconds(home: Path) -> float:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "SANCAI_HOME": str(home), "SANCAI_PORT": str(port)}
    started = time.perf_counter()
    server = subprocess.Popen(
        [str(SANCAI), "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while time.perf_counter() - started < READY_WITHIN_S:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                    if answer.status == 200:
                        return time.perf_counter() - started
            except (urllib.error.URLError, OSError):
                time.sleep(0.01)
        raise SystemExit(f"sancai serve was not ready after {READY_WITHIN_S} s")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
