"""The table and the file every suite writes: rows of name, value, unit, peer, peer_value, ratio, target, met."""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path("build/bench")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its peer or limit. ``target`` is what ``value`` must stay below (or above, ``at_least``)."""

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float
    target: float | None = None
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """Ours divided by the peer's."""
        return self.value / self.peer_value

    @property
    def met(self) -> bool | None:
        """Whether the target was reached; None without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


def median_seconds(act: Callable[[], object], rounds: int) -> float:
    """Return the median wall time of ``act`` over ``rounds``, after one round that is not counted."""
    act()
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        act()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def publish(suite: str, rows: list[Row]) -> bool:
    """Print the table, write ``build/bench/<suite>.json`` and return whether every target was reached."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    stated = [asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows]
    for item in stated:
        item.pop("at_least")
    (FOLDER / f"{suite}.json").write_text(json.dumps(stated, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{'name':34} {'value':>10} {'unit':8} {'peer':28} {'peer value':>10} {'ratio':>7} {'target':>8} met")
    for row in rows:
        target = "" if row.target is None else f"{row.target:g}"
        met = {True: "yes", False: "NO", None: ""}[row.met]
        print(
            f"{row.name:34} {row.value:>10.3f} {row.unit:8} {row.peer:28} {row.peer_value:>10.3f} "
            f"{row.ratio:>7.2f} {target:>8} {met}"
        )
    return all(row.met is not False for row in rows)
