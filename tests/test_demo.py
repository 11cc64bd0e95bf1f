"""The demo as a newcomer runs it: it tells the whole job, and nothing of it stays behind, however it ends."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from storage.minio_server import obtain_minio

COMMAND = (sys.executable, "-P", "-c", "from cli import main; main()", "demo")
ENDS_WITHIN_S = 600
TOLD = (
    "1 of 3",
    "2 of 3",
    "3 of 3",
    "near-duplicate",
    "¥50,000.00",
    "伍万元整",
    "On day 6 the payment is refused.",
    "The reviewer may not pay.",
    "¥36,000.00",
    "¥464,000.00",
    "Debits equal credits, to the fen.",
    "every byte matches the signed manifest",
)


@dataclass(frozen=True)
class Place:
    """Where a demo runs: a home and a folder for temporary files of its own."""

    home: Path
    temporary: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of a newcomer: an empty home, and nothing set for Sancai but the language."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SANCAI_", "XDG_"))}
        path = f"{self.home}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return kept | {"HOME": str(self.home), "TMPDIR": str(self.temporary), "SANCAI_LANG": "en", "PATH": path}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a demo; what it says is one stream."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            env=self.environment,
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )

    def processes(self) -> list[str]:
        """Return the processes that were started here: they have inherited the folder for temporary files."""
        found = []
        for process in psutil.process_iter():
            try:
                # PostgreSQL is given an environment of its own, so its command line is looked at as well.
                stated = [process.environ().get("TMPDIR", ""), *process.cmdline()]
            except psutil.Error:
                continue
            if any(str(self.temporary) in text for text in stated):
                found.append(process.name())
        return found

    def require_nothing_left(self) -> None:
        """Raise AssertionError when a process or a file stayed behind."""
        assert self.processes() == []
        assert list(self.temporary.iterdir()) == []


@pytest.fixture
def place() -> Iterator[Place]:
    # Not below pytest's own folder: the path of a socket is short.
    with tempfile.TemporaryDirectory(prefix="sancai-test-") as made:
        found = Place(Path(made) / "home", Path(made) / "tmp")
        # Under root PostgreSQL runs as another user, who must be let through.
        Path(made).chmod(0o755)
        for folder in (found.home, found.temporary):
            folder.mkdir(mode=0o755)
        yield found


def told(place: Place, *arguments: str) -> str:
    """Run a demo to its end and return what it said."""
    running = place.start(*arguments)
    said, _ = running.communicate(timeout=ENDS_WITHIN_S)
    assert running.returncode == 0, said[-4_000:]
    return said


def require_the_whole_job(said: str) -> None:
    """Raise AssertionError unless every telling line is there, the last verification naming the flipped byte."""
    assert [line for line in TOLD if line not in said] == []
    verified, _, damaged = said.partition("One byte of a stored object is flipped")
    assert "OK" in verified.splitlines()[-1] or "OK" in verified.splitlines()[-2]
    assert "lvtu/" in damaged
    assert ".parquet" in damaged


@pytest.mark.slow
def test_the_demo_tells_the_whole_job_and_leaves_nothing_behind(place: Place) -> None:
    require_the_whole_job(told(place, "--once"))
    place.require_nothing_left()


@pytest.mark.slow
@pytest.mark.minio
def test_the_demo_tells_the_same_on_a_real_minio(place: Place) -> None:
    # The home is empty, but MinIO is not built a second time for it.
    (place.home / "minio").symlink_to(obtain_minio(print))
    require_the_whole_job(told(place, "--store", "minio", "--once"))
    place.require_nothing_left()


@pytest.mark.slow
def test_an_interrupted_demo_leaves_nothing_behind(place: Place) -> None:
    running = place.start("--once")
    deadline = time.monotonic() + ENDS_WITHIN_S
    # In the middle of the work: the installation runs and people act on it.
    assert running.stdout is not None
    for line in running.stdout:
        if "Policy of Yizhou loaded" in line or time.monotonic() > deadline:
            break
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=ENDS_WITHIN_S)
    assert running.returncode == 130, said[-4_000:]
    place.require_nothing_left()
