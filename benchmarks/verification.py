"""What verification costs: digest and inventory of Parquet as the worker makes them, beside SHA-256 and decoding.

``SANCAI_BENCH_SIZE`` sets the rows of the tall table whose memory is measured (100,000,000); the file of the speed rows
has a tenth as many, about 300 MB. Each memory is the peak of a process of its own. Profile and sketch are stated apart.
"""

import hashlib
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.report import Row
from registry.catalog.inspection import inspect, inspect_hashed
from registry.manifests.inventory import inspect_file
from registry.manifests.source import DiskSource
from registry.quality.card import NO_CARD
from registry.quality.profile import TableProfiler
from registry.sketches.building import SketchBuilder
from registry.values.digest import Digest

TALL_ROWS: Final = int(os.environ.get("SANCAI_BENCH_SIZE") or 100_000_000)
WIDE_ROWS: Final = max(TALL_ROWS // 10, 1_000)
GROUP_ROWS: Final = 1_000_000
BATCH_ROWS: Final = 65_536
ROUNDS: Final = 3
MEMORY_MAX_MIB: Final = 1_024
SHARE_OF_SLOWER: Final = 0.7
FULL_SAMPLE_ROWS: Final = 2_000_000
"""Profile and sketch are timed on at most so many rows; their cost is the same for every row."""


def rows() -> list[Row]:
    """Measure and return the rows."""
    with tempfile.TemporaryDirectory() as folder:
        wide, tall, part = (Path(folder) / f"{name}.parquet" for name in ("wide", "tall", "part"))
        _write(wide, WIDE_ROWS, _wide)
        _write(part, min(WIDE_ROWS, FULL_SAMPLE_ROWS), _wide)
        _write(tall, TALL_ROWS, _tall)
        return [*_speed(wide), *_apart(part), *_memory(tall)]


def _speed(path: Path) -> list[Row]:
    mib = path.stat().st_size / 2**20
    digest = Digest(_sha256(path))
    acts: dict[str, Callable[[], object]] = {
        "ours": lambda: inspect_hashed(path, "wide.parquet", NO_CARD, digest, None),
        "hashlib.sha256": lambda: _sha256(path),
        "pyarrow iter_batches": lambda: _decode(path),
    }
    best = dict.fromkeys(acts, float("inf"))
    for _ in range(ROUNDS):  # In turns, so that whatever else the machine does falls on all of them.
        for name, act in acts.items():
            best[name] = min(best[name], _seconds(act))
    speed = {name: mib / seconds for name, seconds in best.items()}
    peer = min(("hashlib.sha256", "pyarrow iter_batches"), key=lambda name: speed[name])
    return [
        Row(
            "digest and inventory of Parquet",
            speed["ours"],
            "MiB/s",
            f"{peer} (the slower)",
            speed[peer],
            SHARE_OF_SLOWER * speed[peer],
            at_least=True,
        ),
        *(
            Row("digest and inventory of Parquet", speed["ours"], "MiB/s", name, speed[name])
            for name in acts
            if name not in ("ours", peer)
        ),
    ]


def _apart(path: Path) -> list[Row]:
    """Return what profile and sketch cost on top, in seconds for the same rows."""
    decode = _seconds(lambda: _decode(path))
    profile = _seconds(lambda: inspect_file(path, "a.parquet", feed=TableProfiler().update))
    sketch = _seconds(lambda: inspect_file(path, "a.parquet", feed=SketchBuilder().update))
    both = _seconds(lambda: inspect(DiskSource(path), "a.parquet", NO_CARD, SketchBuilder().update))
    number = pq.ParquetFile(path).metadata.num_rows
    return [
        Row(f"{name}, {number:,} rows", taken, "s", "pyarrow iter_batches", decode)
        for name, taken in (("profile", profile), ("sketch", sketch), ("profile and sketch", both))
    ]


def _memory(path: Path) -> list[Row]:
    decode = _peak_mib(partial(_decode, path))
    return [
        Row(f"{name}, {TALL_ROWS:,} rows", _peak_mib(act), "MiB", "pyarrow iter_batches", decode, MEMORY_MAX_MIB)
        for name, act in (
            ("memory of digest and inventory", partial(_inventory, path)),
            ("memory with profile and sketch", partial(_whole, path)),
        )
    ]


def _inventory(path: Path) -> None:
    inspect_hashed(path, "tall.parquet", NO_CARD, Digest(_sha256(path)), None)


def _whole(path: Path) -> None:
    inspect(DiskSource(path), "tall.parquet", NO_CARD, SketchBuilder().update)


def _peak_mib(act: Callable[[], object]) -> float:
    """Return the peak memory of a fresh process that does something."""
    spawning = multiprocessing.get_context("spawn")
    here, there = spawning.Pipe()
    process = spawning.Process(target=_measured, args=(there, act))
    process.start()
    there.close()
    peak = float(here.recv())
    process.join()
    return peak


def _measured(pipe: Connection, act: Callable[[], object]) -> None:
    act()
    # The rusage of a process begins with that of the one it was forked from; this does not.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    pipe.send(int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _decode(path: Path) -> None:
    with pq.ParquetFile(path) as opened:
        for _ in opened.iter_batches(batch_size=BATCH_ROWS):
            pass


def _write(path: Path, number: int, made: Callable[[int, int], pa.Table]) -> None:
    with pq.ParquetWriter(path, made(0, 1).schema) as writer:
        for start in range(0, number, GROUP_ROWS):
            writer.write_table(made(start, min(GROUP_ROWS, number - start)))


def _tall(start: int, number: int) -> pa.Table:
    random = np.random.default_rng(start)
    return pa.table(
        {"site": random.integers(0, 500, number).astype(np.int16), "kw": random.integers(0, 9_000, number) / 10}
    )


def _wide(start: int, number: int) -> pa.Table:
    random = np.random.default_rng(start)
    return pa.table(
        {
            "at": pa.array((np.arange(number) + start) * 1_000_000, pa.timestamp("us")),
            "site": random.integers(0, 500, number).astype(str),
            "kw": random.normal(500, 100, number).round(3),
            "on": random.random(number) < 0.5,
            "count": random.integers(0, 10**9, number),
            "note": np.char.add("场站", random.integers(0, 10**6, number).astype(str)),
        }
    )
