"""Publications that are cut at seeded points, and what must hold afterwards.

At each point a folder of its own is published by the real command while one thing goes wrong. What was killed is
started again, as a supervisor would, and the same command is repeated until it succeeds. Then:

* the version is there once, whatever was answered or lost, and a download of it is equal to the folder byte for byte;
* whatever an earlier command acknowledged is still there with the same digest;
* at the end ``sancai verify`` finds nothing, and after the sweeps nothing lies in the store that no row knows.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from registry.manifests.service import sweep_uploads
from registry.values.moment import Clock, Moment
from sancai.errors import SancaiError
from storage.object_store import Bucket
from tests.faults.gateway import Plan, Request
from tests.faults.installation import Installation
from tests.faults.points import Point, points
from tests.registry.catalog.builders import a_publisher_with_token

LARGE_BYTES: Final = 36 << 20
"""Three parts."""
SMALL_FILES: Final = 12
ATTEMPTS_MAX: Final = 6
COMMAND_WITHIN_S: Final = 120
LIVES_AGAIN_AFTER_S: Final = 0.3
LATER: Final = timedelta(days=60)
CLI: Final = "from cli import main; main()"


@dataclass
class Outcome:
    """What became of the points."""

    tried: int = 0
    recovered: int = 0
    lost: list[str] = field(default_factory=list)
    not_reached: int = 0
    """Points whose request never came, for example a second copy where there was one; nothing was tried there."""

    def line(self) -> str:
        """Return the last line of a run."""
        return f"points tried {self.tried}, recovered {self.recovered}, lost {len(self.lost)}"


@dataclass
class _Late:
    """The clock of a sweep long afterwards."""

    clock: Clock

    def now(self) -> Moment:
        return self.clock.now().plus(LATER)


class Run:
    """One installation and the publications on it."""

    def __init__(self, here: Installation, folder: Path, seed: int) -> None:
        self._here, self._folder = here, folder
        self._values = random.Random(seed)
        _, self._token = a_publisher_with_token(here.house)
        self._acknowledged: dict[str, str] = {}

    def at(self, point: Point, number: int) -> bool | None:
        """Publish with trouble at a point and return whether all held; None when the point was not reached."""
        name = f"faults/set-{number}"
        source = self._source(number)
        if point.victim == "skew":
            self._here.skew_clock()
        running = threading.Event()
        client: list[subprocess.Popen[str]] = []

        def act(request: Request) -> None:
            running.wait(5)
            self._act(point, request, client[0])

        plan = Plan(point.stage.matches, point.trouble, act, point.nth)
        way = self._here.api if point.stage.way == "api" else self._here.store
        with way.planned(plan):
            client.append(self._publish(source, name))
            running.set()
            self._supervised(client[0])
            if client[0].returncode == 0:
                self._acknowledge(name, client[0])
        if point.victim == "skew":
            self._here.kill("api")
        if not plan.happened.is_set():
            return None
        self._here.mend()
        return self._recovers(source, name)

    def _act(self, point: Point, request: Request, client: subprocess.Popen[str]) -> None:
        if point.victim == "client":
            client.kill()
        elif point.victim == "forget":
            parts = urlsplit(request.target)
            key = unquote(parts.path).split("/", 2)[2]
            self._here.house.store.abort_upload(key, parse_qs(parts.query)["uploadId"][0])
        elif point.victim in self._here.parts or point.victim == "postgres":
            self._here.kill(point.victim)

    def _supervised(self, client: subprocess.Popen[str]) -> None:
        """Wait for the command, and start again what was killed meanwhile."""
        deadline = time.monotonic() + COMMAND_WITHIN_S
        while client.poll() is None and time.monotonic() < deadline:
            time.sleep(LIVES_AGAIN_AFTER_S)
            self._here.mend()
        if client.poll() is None:
            client.kill()
        client.wait()

    def _recovers(self, source: Path, name: str) -> bool:
        for _ in range(ATTEMPTS_MAX):
            again = self._publish(source, name)
            again.wait(COMMAND_WITHIN_S)
            if again.returncode == 0:
                self._acknowledge(name, again)
                return self._is_whole(source, name)
            self._here.mend()
            time.sleep(1)
        print(again.stderr.read() if again.stderr else "", flush=True)
        return False

    def _is_whole(self, source: Path, name: str) -> bool:
        """Return whether the dataset has one version, and it is the folder byte for byte."""
        versions = json.loads(self._sancai("dataset", "versions", name, "--json"))
        if len(versions) != 1 or versions[0]["content_digest"] != self._acknowledged[name]:
            return False
        with tempfile.TemporaryDirectory() as folder:
            self._sancai("pull", f"{name}@v1", "--to", folder, "--json")
            return _content(Path(folder)) == _content(source)

    def holds_at_the_end(self) -> list[str]:
        """Return what does not hold after all points."""
        wrong = []
        for name, digest in self._acknowledged.items():
            versions = json.loads(self._sancai("dataset", "versions", name, "--json"))
            if [each["content_digest"] for each in versions] != [digest]:
                wrong.append(f"{name}: acknowledged as {digest}, now {versions}")
        try:
            self._sancai("verify", "--json")
        except SancaiError as error:
            wrong.append(f"sancai verify: {error}")
        house = self._here.house
        while sweep_uploads(house.database, _Late(house.clock), house.store):
            pass
        wrong += [f"left in incoming: {each.place.key}" for each in house.store.list(Bucket.INCOMING)]
        return wrong

    def _source(self, number: int) -> Path:
        folder = self._folder / f"source-{number}"
        folder.mkdir()
        (folder / "readings.bin").write_bytes(self._values.randbytes(LARGE_BYTES))
        rows = "".join(f"{number}-{place},{self._values.random()}\n" for place in range(200))
        (folder / "table.csv").write_text("station,power\n" + rows)
        for place in range(SMALL_FILES):
            (folder / f"note-{place}.txt").write_bytes(self._values.randbytes(500 + place).hex().encode())
        return folder

    def _environment(self) -> dict[str, str]:
        home = self._folder / "client"
        own = {name: str(home / name) for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "SANCAI_CONFIG")}
        return {**os.environ, **own, "SANCAI_URL": self._here.api.url, "SANCAI_TOKEN": self._token, "SANCAI_LANG": "en"}

    def _publish(self, source: Path, name: str) -> subprocess.Popen[str]:
        stated = ["--name", name, "--title", "Readings", "--sector", "energy", "--licence", "CC-BY-4.0"]
        command = [sys.executable, "-P", "-c", CLI, "publish", str(source), *stated, "--source", "measured", "--json"]
        return subprocess.Popen(
            command, env=self._environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def _acknowledge(self, name: str, done: subprocess.Popen[str]) -> None:
        answer = json.loads(done.stdout.read() if done.stdout else "")
        self._acknowledged.setdefault(name, answer["version"]["content_digest"])

    def _sancai(self, *arguments: str) -> str:
        command = [sys.executable, "-P", "-c", CLI, *arguments]
        environment = self._environment() | (self._here.environment if arguments[0] == "verify" else {})
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SancaiError("command_failed", f"sancai {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout


def _content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(size: int, seed: int) -> Outcome:
    """Try ``size`` points and return what became of them, printing a line for each."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="sancai-faults-") as folder, Installation(Path(folder)) as here:
        publications = Run(here, Path(folder), seed)
        for number, point in _numbered(seed):
            if outcome.tried == size:
                break
            started = time.monotonic()
            print(f"            {point}", flush=True)
            held = publications.at(point, number)
            print(f"{_word(held)} {time.monotonic() - started:5.1f} s  {point}", flush=True)
            outcome.not_reached += held is None
            outcome.tried += held is not None
            outcome.recovered += held is True
            if held is False:
                outcome.lost.append(str(point))
        outcome.lost += publications.holds_at_the_end()
    for each in outcome.lost:
        print(f"LOST {each}", flush=True)
    print(outcome.line(), flush=True)
    return outcome


def _numbered(seed: int) -> Iterator[tuple[int, Point]]:
    yield from enumerate(points(seed))


def _word(held: bool | None) -> str:
    return {True: "recovered  ", False: "LOST       ", None: "not reached"}[held]
