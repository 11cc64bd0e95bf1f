"""What the server does with a version of two million files: build, sign, list, diff, and begin a draft with it.

``make bench SUITE=manifest SIZE=100000`` measures with so many files instead of 2,000,000; the suite ``publish`` ends
with the same rows. The files and the ranges of packs they lie in are written by SQL, their bytes do not exist; from
there on everything is real: web server, worker, client and PostgreSQL are processes of their own, and a memory is the
peak of a process over all it did.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, create_engine, text

from benchmarks.installation import Bench, bench
from benchmarks.report import Row
from registry.house import DATABASE_NAME
from registry.values.identifiers import VersionId
from sancai.client import Client
from sancai.datasets import DraftInput
from sancai.paths import Places
from sancai.pull import plan_of
from sancai.pull_memory import PullMemory
from storage.embedded_postgres import EmbeddedPostgres

FILES: Final = int(os.environ.get("SANCAI_BENCH_SIZE") or 2_000_000)
NAME: Final = "bench/manifest"
SMALL_BYTES: Final = 2_000
MEMORY_MAX_MB: Final = 300.0
TREE_MAX_MS: Final = 100.0
STATEMENT_MAX_S: Final = 120.0
"""After so long PostgreSQL ends a statement of the application (``storage/database.py``), and the client its wait."""
ROUNDS: Final = 15
PAGES: Final = 50
REMOVED: Final = 2_000
LOOKED_EVERY_S: Final = 0.2

_PATH: Final = "'images/' || lpad((n / 1000)::text, 5, '0') || '/' || lpad(n::text, 8, '0') || '.jpg'"
_BLOBS: Final = """
INSERT INTO blobs (id, digest, size_bytes, store, bucket, key, offset_bytes, length_bytes, packed, owner_firm,
                   upload_id, verified_at)
  SELECT ('019b0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, sha256(n::text::bytea), :size, b.store,
         b.bucket, 'bench/' || n / 10000, n % 10000 * CAST(:size AS bigint), :size, true, b.owner_firm,
         b.upload_id, b.verified_at
  FROM generate_series(0, :files - 1) AS n, blobs AS b
  WHERE b.id = (SELECT blob_id FROM version_files WHERE version_id = :draft LIMIT 1)
"""
_ROWS: Final = f"""
INSERT INTO version_files (version_id, path_key, path, size_bytes, digest, blob_id, format)
  SELECT :draft, {_PATH}, {_PATH}, :size, sha256(n::text::bytea),
         ('019b0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'image'
  FROM generate_series(0, :files - 1) AS n
"""
_COUNTED: Final = """
UPDATE versions SET files = files + :files, size_bytes = size_bytes + CAST(:files AS bigint) * :size WHERE id = :draft
"""
_CHANGED: Final = """
UPDATE version_files SET digest = sha256(path::bytea) WHERE version_id = :draft AND path LIKE 'images/%00.jpg'
"""
_ANALYSED: Final = "ANALYZE version_files, blobs, versions"


def rows() -> list[Row]:
    """Measure and return the rows."""
    with bench() as made:
        return measured(made, FILES)


def measured(made: Bench, files: int) -> list[Row]:
    """Return the rows of versions with so many files in a running installation."""
    seed = _seed(made)
    generated = _draft(made, 1)
    with _superuser(made) as connection:
        _generate(connection, VersionId(generated).uuid.hex, files)
    first = _published(made, generated)
    begun, second = _timed(lambda: _draft(made, 2))
    _change(made, second)
    again = _published(made, second)
    tree, page = _tree_ms(made), _page_ms(made)
    diff = statistics.median(_timed(lambda: _first_difference(made))[0] for _ in range(3))
    planned, client_mb = _client(made, "plan")
    compared, diff_mb = _client(made, "compare")
    counted = f"{files:,} files"
    part, per = files / 100_000, "per 100,000 files"
    limit_s = "limit of a statement", STATEMENT_MAX_S, STATEMENT_MAX_S
    limit = "limit", MEMORY_MAX_MB, MEMORY_MAX_MB
    timed = [("build", max(first[0], again[0])), ("sign and publish", max(first[1], again[1])),
             ("plan a pull", planned), ("difference", compared)]  # fmt: skip
    return [
        *(Row(f"{name}, {counted}", taken, "s", per, taken / part) for name, taken in timed),
        Row(f"begin with {counted}", begun, "s", *limit_s),
        Row(f"difference's sums, {counted}", diff, "s", *limit_s),
        Row(f"tree's first page, {counted}", tree, "ms", "limit", TREE_MAX_MS, TREE_MAX_MS),
        Row(f"page of 200 of {counted}", page, "ms", "version of one file", seed),
        Row("peak memory, API", _peak_mb(made, "api.serve"), "MB", *limit),
        Row("peak memory, worker", _peak_mb(made, "main(['worker'])"), "MB", *limit),
        Row("peak memory, client, pull", client_mb, "MB", *limit),
        Row("peak memory, client, difference", diff_mb, "MB", *limit),
    ]


def _seed(made: Bench) -> float:
    """Publish a version of one file, whose bytes exist; return how many ms a page of its files takes."""
    made.client.datasets.create(NAME, "基准", sector="new_energy", licence="CC0-1.0")
    place = made.folder / "seed.bin"
    place.write_bytes(os.urandom(SMALL_BYTES))
    draft = made.client.datasets.draft(NAME, DraftInput("", source="generated")).id
    made.client.uploads.send(made.client.datasets.add_file(draft, place.name, SMALL_BYTES).upload, place)
    _published(made, draft)
    asked = f"/datasets/{NAME}/versions/v1/files"
    return 1_000 * statistics.median(_timed(lambda: made.client.session.get(asked))[0] for _ in range(ROUNDS))


def _draft(made: Bench, base: int) -> str:
    return made.client.datasets.draft(NAME, DraftInput("", source="generated"), base=base).id


def _published(made: Bench, draft: str) -> tuple[float, float]:
    """Have a draft verified and publish it; return the seconds of both."""
    started = time.perf_counter()
    found = made.client.datasets.submit(draft)
    while found.state == "verifying":
        time.sleep(LOOKED_EVERY_S)
        found = made.client.datasets.show_draft(draft)
    built = time.perf_counter() - started
    if found.state != "verified":
        raise SystemExit(f"The draft is {found.state}: {found.faults}")
    return built, _timed(lambda: made.client.datasets.publish(draft))[0]


@contextmanager
def _superuser(made: Bench) -> Iterator[Connection]:
    engine = create_engine(EmbeddedPostgres(made.stage.home / "postgres").superuser_url(DATABASE_NAME))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def _generate(connection: Connection, draft: str, files: int) -> None:
    started, given = time.perf_counter(), {"draft": draft, "files": files, "size": SMALL_BYTES}
    # Nothing refers to what does not exist: the checks of references are left to the code that is measured.
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for statement in (_BLOBS, _ROWS, _COUNTED, _ANALYSED):
        named = {name: value for name, value in given.items() if f":{name}" in statement}
        connection.execute(text(statement), named)
    print(f"{files:,} files made in {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)


def _change(made: Bench, draft: str) -> None:
    """Change one file of a hundred in a draft, and take the first ones out."""
    with _superuser(made) as connection:
        connection.execute(text(_CHANGED), {"draft": VersionId(draft).uuid.hex})
    gone = [f"images/{number // 1000:05}/{number:08}.jpg" for number in range(REMOVED)]
    made.client.drafts.change(draft, remove=gone)


def _tree_ms(made: Bench) -> float:
    """Return the median of the first page of the root, of a folder of folders and of a folder of files, the slowest."""
    asked = f"/datasets/{NAME}/versions/v2/tree"
    return max(
        1_000 * statistics.median(_timed(lambda: made.client.session.get(asked, path=path))[0] for _ in range(ROUNDS))  # noqa: B023
        for path in ("", "images", "images/00003")
    )


def _page_ms(made: Bench) -> float:
    """Return the median of the pages of the list of files, from the first one on."""
    taken, cursor = [], None
    for _ in range(PAGES):
        started = time.perf_counter()
        answer = made.client.session.get(f"/datasets/{NAME}/versions/v2/files", limit=200, cursor=cursor)
        taken.append(time.perf_counter() - started)
        cursor = answer["next_cursor"]
    return 1_000 * statistics.median(taken)


def _first_difference(made: Bench) -> object:
    return made.client.session.get(f"/datasets/{NAME}/diff", **{"from": 2, "to": 3})


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    given = act()
    return time.perf_counter() - started, given


def _client(made: Bench, act: str) -> tuple[float, float]:
    """Run a function of this module in a process of its own; return its seconds and its peak memory in MB."""
    with tempfile.TemporaryDirectory(dir=made.folder) as folder:
        environment = {
            **os.environ,
            **made.stage.environment,
            "SANCAI_TOKEN": made.token,
            "XDG_CACHE_HOME": folder,
            "SANCAI_CONFIG": folder,
        }
        code = f"from benchmarks.manifest import {act}; {act}({folder!r})"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    seconds, peak_mb = done.stdout.split()
    return float(seconds), float(peak_mb)


def plan(folder: str) -> None:
    """Fetch and check the manifest of the second version and plan its pull; print seconds and peak memory in MB."""
    started = time.perf_counter()
    with Client.configured() as client, client.load(f"{NAME}@v2") as version:
        version.manifest.check()
        places = Places(Path(folder) / "target")
        with PullMemory(Path(folder) / "target") as memory:
            made = plan_of(version.files(), places, memory, check=False)
        assert len(made.missing) == version.manifest.file_count
    _print_cost(started)


def compare(_: str) -> None:
    """Read the whole difference of the second and third version; print seconds and peak memory in MB."""
    started = time.perf_counter()
    with Client.configured() as client:
        found = client.diff(f"{NAME}@v2", "@v3")
        assert sum(1 for _ in found.files) == found.summary.files_changed + found.summary.files_removed
    _print_cost(started)


def _print_cost(started: float) -> None:
    # The rusage of a process begins with that of the one it was forked from; this does not.
    print(f"{time.perf_counter() - started:.3f} {_peak_of(Path('/proc/self')):.1f}")


def _peak_of(process: Path) -> float:
    return int((process / "status").read_text().partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def _peak_mb(made: Bench, programme: str) -> float:
    """Return the peak memory of the largest process of a programme of the installation, or of what it started."""
    home, parents, peaks, wanted = f"SANCAI_HOME={made.stage.home}\0".encode(), {}, {}, set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if home not in (folder / "environ").read_bytes():
                continue
            number = int(folder.name)
            parents[number] = int((folder / "status").read_text().partition("PPid:")[2].split()[0])
            peaks[number] = _peak_of(folder)
            if programme.encode() in (folder / "cmdline").read_bytes():
                wanted.add(number)
        except (FileNotFoundError, ProcessLookupError, PermissionError, IndexError):
            continue  # It has ended meanwhile.
    return max(peak for number, peak in peaks.items() if number in wanted or parents[number] in wanted)
