"""The points at which trouble comes: which request, what happens to it, and what is killed; drawn by a seed.

Points come in rounds. The first has every kind of trouble once, the kills before the rest; in each round after it every
process is killed once, and one other thing goes wrong. Those of a kind take every phase of a publication in turn. So a
few points touch everything, and 126 hold 100 kills.
"""

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.faults.gateway import ALWAYS, REFUSALS, Request, Trouble

VICTIMS: Final = ("client", "api", "worker", "postgres", "minio")
CLOCKS: Final = ("client", "api", "worker")
SKEW_S: Final = 1_200
"""MinIO takes a difference of 15 minutes."""
PACK_MOST_BYTES: Final = 1 << 20
"""The small files of a point are less, a part of its large file is more."""


@dataclass(frozen=True)
class Stage:
    """A moment of a publication: the ``nth`` request of a kind at one of the two ways in, up to ``nth_max``."""

    name: str
    phase: str
    way: str
    method: str
    target: str
    nth: int = 1
    nth_max: int = 0
    header: str = ""
    length_min: int = 0
    length_max: int = 1 << 40

    def matches(self, request: Request) -> bool:
        """Return whether a request is of this stage."""
        return (
            request.method == self.method
            and re.search(self.target, request.target) is not None
            and (not self.header or self.header in request.headers)
            and self.length_min <= request.length <= self.length_max
        )


def _both(name: str, phase: str, way: str, method: str, target: str, header: str = "") -> tuple[Stage, Stage]:
    """Return a moment that comes first for the pack of small files, then for the large file."""
    return (
        Stage(f"{name} of the pack", phase, way, method, target, 1, header=header),
        Stage(f"{name} of the file", phase, way, method, target, 2, header=header),
    )


_PART: Final = r"-incoming/.*partNumber=\d+"
STAGES: Final = (
    Stage("dataset", "begin", "api", "POST", r"/v1/datasets$"),
    Stage("draft", "begin", "api", "POST", r"/drafts$"),
    Stage("announcement of the pack", "begin", "api", "POST", r"/drafts/[^/]+/packs$"),
    Stage("announcement of the file", "begin", "api", "POST", r"/drafts/[^/]+/files$"),
    *_both("addresses", "parts", "api", "POST", r"/uploads/[^/]+/parts$"),
    *_both("beginning", "parts", "store", "POST", r"-incoming/[^?]*\?uploads"),
    Stage("part of the pack", "parts", "store", "PUT", _PART, length_max=PACK_MOST_BYTES),
    Stage("part of the file", "parts", "store", "PUT", _PART, nth_max=3, length_min=PACK_MOST_BYTES),
    *_both("completion", "complete", "api", "POST", r"/uploads/[^/]+/complete$"),
    *_both("joining", "complete", "store", "POST", r"-incoming/[^?]*\?uploadId="),
    Stage("submission", "verify", "api", "POST", r"/drafts/[^/]+/submit$"),
    *_both("copy", "verify", "store", "PUT", r"-published/", header="x-amz-copy-source"),
    *_both("reading", "verify", "store", "GET", r"-published/[0-9a-f]{2}/"),
    Stage("manifest", "verify", "store", "PUT", r"-published/", length_min=1),
    Stage("publication", "publish", "api", "POST", r"/drafts/[^/]+/publish$"),
)
PHASES: Final = tuple(dict.fromkeys(stage.phase for stage in STAGES))
KILLS: Final = (Trouble.BEFORE, Trouble.DURING, Trouble.AFTER)
CUTS: Final = (Trouble.CUT_REQUEST, Trouble.CUT_ANSWER)


@dataclass(frozen=True)
class Point:
    """One point.

    ``kill`` is the process that is killed; ``clock`` the process whose clock goes wrong by ``fast_s``; ``forgets``: the
    store forgets the upload. ``stage`` is None where a clock is wrong from the start.
    """

    stage: Stage | None
    trouble: Trouble | None = None
    kill: str = ""
    forgets: bool = False
    clock: str = ""
    fast_s: int = 0
    nth: int = 1
    times: int = 1
    delay_s: float = 0.0

    @property
    def kind(self) -> str:
        """What sort of trouble it is."""
        if self.clock:
            return "clock"
        return self.kill or ("forget" if self.forgets else str(self.trouble))

    @property
    def phase(self) -> str:
        """When it comes."""
        return self.stage.phase if self.stage else "begin"

    def __str__(self) -> str:
        """Return it as one line."""
        if self.stage is None:
            return f"clock of {self.clock} {abs(self.fast_s) // 60} minutes {'fast' if self.fast_s > 0 else 'slow'}"
        number = f" #{self.nth}" if self.stage.nth_max else ""
        what = f"kill {self.kill} {self.trouble}" if self.kill else str(self.trouble)
        what = "the store forgets the upload before" if self.forgets else what
        lasting = {1: "", ALWAYS: ", and every one after it"}.get(self.times, f", {self.times} times")
        return f"{what}: {self.stage.name}{number}{lasting}"


def _drawn(values: random.Random) -> list[Point]:
    """Return every kind of point once, with what is drawn of it."""
    made: list[Point] = []

    def add(stage: Stage, trouble: Trouble, **more: str | int | float | bool) -> None:
        nth = values.randint(1, stage.nth_max) if stage.nth_max else stage.nth
        made.append(Point(stage, trouble, nth=nth, **more))  # type: ignore[arg-type]

    for stage, trouble, kill in itertools.product(STAGES, KILLS, VICTIMS):
        add(stage, trouble, kill=kill, delay_s=round(values.uniform(0, 0.05), 3))
    for stage in STAGES:
        for trouble in (Trouble.REFUSED, *CUTS):
            add(stage, trouble, times=values.randint(1, 2) if trouble in REFUSALS else 1)
        if stage.way == "store" and stage.method != "GET":
            add(stage, Trouble.FULL)
        if r"partNumber" in stage.target:
            add(stage, Trouble.CORRUPT)
            add(stage, Trouble.FULL, times=ALWAYS)
        if "partNumber" in stage.target or r"\?uploadId=" in stage.target:
            add(stage, Trouble.BEFORE, forgets=True)
    made += [Point(None, clock=clock, fast_s=fast_s) for clock in CLOCKS for fast_s in (SKEW_S, -SKEW_S)]
    return made


def points(seed: int) -> Iterator[Point]:
    """Yield points for ever: every kind in rounds, then all again with other numbers."""
    values = random.Random(seed)
    while True:
        waiting: dict[str, list[Point]] = {}
        drawn = _drawn(values)
        values.shuffle(drawn)
        for point in drawn:
            waiting.setdefault(point.kind, []).append(point)
        for kind, of_kind in waiting.items():
            waiting[kind] = _by_phases(of_kind, values)
        others = [kind for kind in waiting if kind not in VICTIMS]
        yield from (waiting[kind].pop(0) for kind in (*VICTIMS, *others))
        while any(waiting.values()):
            others = [kind for kind in others if waiting[kind]]
            yield from (waiting[kind].pop(0) for kind in (*VICTIMS, *others[:1]) if waiting[kind])
            others = others[1:] + others[:1]


def _by_phases(found: list[Point], values: random.Random) -> list[Point]:
    """Return points so that every phase has its turn, beginning with a drawn one."""
    phases = list(PHASES)
    values.shuffle(phases)
    queues = [[point for point in found if point.phase == phase] for phase in phases]
    return [point for turn in itertools.zip_longest(*queues) for point in turn if point is not None]
