"""Publications that are cut at seeded points, and what must hold afterwards.

At each point a folder of its own, small files and a large one, is published by the real command while one thing goes
wrong. What was killed is started again, as a supervisor would, and the same command is repeated until it succeeds:
that is *recovered*. *Lost* is a version that was acknowledged, be it by a command that was cut, and is not there to the
byte; or anything that does not hold at the end (``tests/faults/aftermath.py``).
"""

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from unittest import mock
from urllib.parse import parse_qs, unquote, urlsplit

from cli.processes import end_with_parent
from sancai.client import Client
from tests.faults.aftermath import Published, content_of, differences, what_dangles
from tests.faults.clocks import CLOCK_FILE
from tests.faults.gateway import Plan, Request
from tests.faults.installation import CLI, Installation, run_with_clock
from tests.faults.points import Point, points
from tests.registry.catalog.builders import a_publisher_with_token

LARGE_BYTES: Final = 33 << 20
"""Three parts."""
SMALL_FILES: Final = 12
ATTEMPTS_MAX: Final = 6
COMMAND_WITHIN_S: Final = 120
LOOKED_AT_EVERY_S: Final = 0.3
CLOCK_WRONG_FOR_S: Final = 4.0
"""Of a worker: the command waits for it as long as it takes."""


@dataclass
class Outcome:
    """What became of the points."""

    tried: int = 0
    recovered: int = 0
    lost: list[str] = field(default_factory=list)
    unrecovered: list[str] = field(default_factory=list)
    not_reached: int = 0
    """Points whose request never came; nothing was tried there."""

    @property
    def holds(self) -> bool:
        """Whether something was tried, all of it recovered, and nothing is lost."""
        return 0 < self.tried == self.recovered and not self.lost and not self.unrecovered

    def line(self) -> str:
        """Return the last line of a run."""
        return f"points tried {self.tried}, recovered {self.recovered}, lost {len(self.lost)}"


class Publications:
    """The publications on one installation."""

    def __init__(self, here: Installation, folder: Path, seed: int, say: Callable[[str], None] = print) -> None:
        self._here, self._folder, self._seed, self._say = here, folder, seed, say
        owner, self._token = a_publisher_with_token(here.house)
        assert owner.firm is not None
        self._namespace = f"firm-{owner.firm.uuid.hex}"
        self.acknowledged: dict[str, Published] = {}
        self.outcome = Outcome()

    def meet(self, number: int, point: Point) -> None:
        """Publish with trouble at a point, and add what became of it to the outcome."""
        began = time.monotonic()
        with self._source(number) as source:
            reached = self._trouble(number, point, source)
            word = "not reached"
            if reached:
                self.outcome.tried += 1
                word = self._verdict(number, point, source)
        self.outcome.not_reached += not reached
        self._say(f"{word:11s} {time.monotonic() - began:5.1f} s  point {number}: {point}")

    def end(self) -> Outcome:
        """Tidy up as years would, look at everything, and return the outcome."""
        self._here.mend()
        with self._client() as client:
            self.outcome.lost += what_dangles(self._here, client, self.acknowledged)
        for each in self.outcome.lost:
            self._say(f"LOST        {each}")
        return self.outcome

    def name_of(self, number: int) -> str:
        """Return the dataset that is published at a point."""
        return f"{self._namespace}/set-{number}"

    def _verdict(self, number: int, point: Point, source: Path) -> str:
        self._here.mend()
        name = self.name_of(number)
        complaint = self._repeated(name, source)
        if complaint:
            self.outcome.unrecovered.append(f"point {number}: {point}")
            self._say(f"{complaint}\n{self._here.last_words()}")
            return "NOT MENDED"
        if wrong := self._differs(name):
            self.outcome.lost.append(f"point {number}: {point}: {wrong}")
            return "LOST"
        self.outcome.recovered += 1
        return "recovered"

    def _trouble(self, number: int, point: Point, source: Path) -> bool:
        """Run the command once with trouble; return whether the trouble came."""
        begun = threading.Event()
        client: list[subprocess.Popen[str]] = []

        def act(request: Request) -> None:
            begun.wait(COMMAND_WITHIN_S)
            self._act(point, request, client[0])

        stage = point.stage
        matches = stage.matches if stage else lambda _: False
        plan = Plan(matches, point.trouble, act, point.nth, point.times, point.delay_s)
        if point.clock:
            self._here.clock_of(point.clock).write_text(str(point.fast_s))
            plan.happened.set()
        way = self._here.api if stage and stage.way == "api" else self._here.store
        with (
            way.planned(plan),
            self._command(source, self.name_of(number), wrong_clock=point.clock == "client") as running,
        ):
            client.append(running)
            begun.set()
            self._supervise(running, point)
            self._take_acknowledgement(running, self.name_of(number), source)
        return plan.happened.is_set()

    def _act(self, point: Point, request: Request, client: subprocess.Popen[str]) -> None:
        if point.kill == "client":
            client.kill()
        elif point.kill:
            self._here.kill(point.kill)
        elif point.forgets:
            parts = urlsplit(request.target)
            key = unquote(parts.path).split("/", 2)[2]
            self._here.house.store.abort_upload(key, parse_qs(parts.query)["uploadId"][0])

    def _supervise(self, client: subprocess.Popen[str], point: Point) -> None:
        """Wait for the command, and start again what was killed meanwhile."""
        began = time.monotonic()
        while client.poll() is None and time.monotonic() - began < COMMAND_WITHIN_S:
            with suppress(subprocess.TimeoutExpired):
                client.wait(LOOKED_AT_EVERY_S)
            self._here.restart()
            if point.clock == "worker" and time.monotonic() - began > CLOCK_WRONG_FOR_S:
                self._here.clock_of("worker").unlink(missing_ok=True)

    def _repeated(self, name: str, source: Path) -> str:
        """Repeat the command until it succeeds; return what it said last when it does not."""
        said = ""
        for _ in range(ATTEMPTS_MAX):
            with self._command(source, name) as again:
                with suppress(subprocess.TimeoutExpired):
                    again.wait(COMMAND_WITHIN_S)
                if self._take_acknowledgement(again, name, source):
                    return ""
                again.kill()
                said = again.stderr.read() if again.stderr else ""
            self._here.mend()
        return said or "the command said nothing"

    def _differs(self, name: str) -> str:
        """Return how what is served differs from what was acknowledged; nothing when it does not."""
        with self._client() as client:
            return "; ".join(differences(client, name, self.acknowledged[name]))

    @contextmanager
    def _client(self) -> Iterator[Client]:
        with mock.patch.dict(os.environ, self._environment()), Client(self._here.api.url, self._token) as client:
            yield client

    @contextmanager
    def _source(self, number: int) -> Iterator[Path]:
        """Yield a folder to publish, the same for the same seed and number."""
        values = random.Random(f"{self._seed} {number}")
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=f"source-{number}-") as made:
            folder = Path(made)
            (folder / "readings.bin").write_bytes(values.randbytes(LARGE_BYTES))
            rows = "".join(f"{number}-{place},{values.random()}\n" for place in range(200))
            (folder / "table.csv").write_text("station,power\n" + rows)
            for place in range(SMALL_FILES):
                (folder / f"note-{place}.txt").write_text(values.randbytes(500 + place).hex())
            yield folder

    def _environment(self) -> dict[str, str]:
        home = self._folder / "client"
        own = {name: str(home / name) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "SANCAI_CONFIG")}
        return {**own, "SANCAI_URL": self._here.api.url, "SANCAI_TOKEN": self._token, "SANCAI_LANG": "en"}

    @contextmanager
    def _command(self, source: Path, name: str, *, wrong_clock: bool = False) -> Iterator[subprocess.Popen[str]]:
        """Yield the command that publishes a folder, running; it ends with the block."""
        stated = ["--name", name, "--title", "Readings", "--sector", "energy", "--licence", "CC-BY-4.0"]
        arguments = ["publish", str(source), *stated, "--source", "measured", "--json"]
        command = run_with_clock(*arguments) if wrong_clock else [sys.executable, "-P", "-c", CLI, *arguments]
        running = subprocess.Popen(
            command,
            env={**os.environ, **self._environment(), CLOCK_FILE: str(self._here.clock_of("client"))},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )
        try:
            with running:
                try:
                    yield running
                finally:
                    running.kill()
        finally:
            running.wait()

    def _take_acknowledgement(self, done: subprocess.Popen[str], name: str, source: Path) -> bool:
        """Note what a command that succeeded said; return whether it did. What was acknowledged once stays so."""
        if done.poll() != 0:
            return False
        answer = json.loads(done.stdout.read() if done.stdout else "")
        stated = Published(answer["version"]["content_digest"], content_of(source))
        self.acknowledged.setdefault(name, stated)
        return True


def run(size: int, seed: int, only: int | None = None) -> Outcome:
    """Try ``size`` points, or the one of number ``only``, and return what became of them, with a line for each."""
    print(f"seed {seed}; one point again: make faults SUITE=publish SEED={seed} POINT=…", flush=True)
    numbered = enumerate(points(seed))
    chosen = itertools.islice(numbered, 0 if only is None else only, None)
    with tempfile.TemporaryDirectory(prefix="sancai-faults-") as folder, Installation(Path(folder)) as here:
        publications = Publications(here, Path(folder), seed, lambda said: print(said, flush=True))
        outcome = publications.outcome
        for number, point in chosen:
            publications.meet(number, point)
            if only is not None or outcome.tried == size:
                break
        publications.end()
    if outcome.not_reached:
        print(f"{outcome.not_reached} points more were not reached", flush=True)
    print(outcome.line(), flush=True)
    return outcome
