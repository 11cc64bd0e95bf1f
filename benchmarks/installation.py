"""A running installation on a real MinIO with a publisher, for the suites that measure the whole of it."""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.demo import cast, registers
from cli.demo.people import People
from cli.demo.stage import Stage
from cli.demo.telling import Telling
from sancai.client import Client

SANCAI = Path(sys.executable).with_name("sancai")

# A process counts the memory of the one it was forked from as its own peak: a small one stands between.
WATCHED = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


@dataclass(frozen=True)
class Bench:
    """A running service on MinIO, a publisher's client, and a folder to work in."""

    stage: Stage
    client: Client
    token: str
    folder: Path

    def command(self, *arguments: str) -> tuple[float, float]:
        """Run ``sancai`` as the publisher; return its wall time in seconds and its peak memory in MiB."""
        environment = {
            **os.environ,
            **self.stage.environment,
            "SANCAI_TOKEN": self.token,
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", WATCHED, str(SANCAI), *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            check=False,
        )
        taken = time.perf_counter() - started
        if done.returncode:
            raise SystemExit(f"sancai {' '.join(arguments)} ended with {done.returncode}")
        return taken, int(done.stdout.splitlines()[-1]) / 1024


@contextmanager
def bench() -> Iterator[Bench]:
    """Start everything and yield it."""
    with ExitStack() as opened:
        stage = opened.enter_context(Stage("minio"))
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="sancai-bench-")))
        people = People(stage.url)
        with contextlib.redirect_stdout(io.StringIO()):
            registers.tell(stage, people, Telling())
        publisher = people.owner(cast.PUBLISHER.key)
        yield Bench(stage, publisher.client, publisher.token, folder)
