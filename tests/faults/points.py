"""The points at which trouble comes: which request, what happens to it, and what is killed; drawn by a seed."""

import itertools
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.faults.gateway import Request, Trouble

VICTIMS: Final = ("client", "api", "worker", "postgres", "minio")


@dataclass(frozen=True)
class Stage:
    """A moment of a publication: a request at one of the two ways in."""

    name: str
    way: str
    method: str
    target: str
    header: str = ""

    def matches(self, request: Request) -> bool:
        """Return whether a request is of this stage."""
        return (
            request.method == self.method
            and re.search(self.target, request.target) is not None
            and (not self.header or self.header in request.headers)
        )


STAGES: Final = (
    Stage("draft", "api", "POST", r"/drafts$"),
    Stage("announce", "api", "POST", r"/drafts/[^/]+/(files|packs|changes)$"),
    Stage("addresses", "api", "POST", r"/uploads/[^/]+/parts$"),
    Stage("part", "store", "PUT", r"partNumber=\d+"),
    Stage("complete", "api", "POST", r"/uploads/[^/]+/complete$"),
    Stage("join parts", "store", "POST", r"-incoming/[^?]*\?uploadId="),
    Stage("submit", "api", "POST", r"/drafts/[^/]+/submit$"),
    Stage("verify: copy", "store", "PUT", r"-published/", header="x-amz-copy-source"),
    Stage("verify: read", "store", "GET", r"-published/[0-9a-f]{2}/"),
    Stage("publish", "api", "POST", r"/drafts/[^/]+/publish$"),
)
KILLS: Final = (Trouble.BEFORE, Trouble.AFTER)
STORE_TROUBLES: Final = (Trouble.REFUSED, Trouble.FULL, Trouble.CUT_REQUEST, Trouble.CUT_ANSWER)


@dataclass(frozen=True)
class Point:
    """One point. ``victim`` is a process to kill, ``forget`` (the store forgets the upload), ``skew``, or nothing."""

    stage: Stage
    trouble: Trouble
    victim: str = ""
    nth: int = 1

    def __str__(self) -> str:
        """Return it as one line."""
        killed = f", {self.victim}" if self.victim else ""
        return f"{self.stage.name} #{self.nth}: {self.trouble.value}{killed}"


def _kinds() -> list[Callable[[random.Random], Point]]:
    made: list[Callable[[random.Random], Point]] = []
    for stage, trouble, victim in itertools.product(STAGES, KILLS, VICTIMS):
        made.append(lambda values, s=stage, t=trouble, v=victim: Point(s, t, v, values.randint(1, 2)))  # type: ignore[misc]
    for stage in STAGES:
        troubles = (
            STORE_TROUBLES if stage.way == "store" else (Trouble.REFUSED, Trouble.CUT_REQUEST, Trouble.CUT_ANSWER)
        )
        made += [lambda _, s=stage, t=trouble: Point(s, t) for trouble in troubles]  # type: ignore[misc]
    part = next(stage for stage in STAGES if stage.name == "part")
    made.append(lambda _: Point(part, Trouble.CORRUPT))
    made.append(lambda _: Point(part, Trouble.BEFORE, "forget"))
    made.append(lambda _: Point(part, Trouble.BEFORE, "skew"))
    return made


def points(seed: int) -> Iterator[Point]:
    """Yield points for ever: every kind once in a drawn order, then all again with other numbers."""
    values = random.Random(seed)
    while True:
        kinds = _kinds()
        values.shuffle(kinds)
        yield from (kind(values) for kind in kinds)
