"""What a verified pull costs beside raw ranged reads of a real MinIO, and how much memory two million files take."""

import hashlib
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import rfc8785
import urllib3
from securesystemslib.dsse import Envelope

from benchmarks.report import Row
from sancai.downloads import RANGE_BYTES, download
from sancai.fetching import GROUP_FILES
from sancai.manifests import CONTENT_DOMAIN, PAGE_FORMAT, PAYLOAD_TYPE, ROOT_FORMAT, open_manifest
from sancai.paths import Places
from sancai.pull import plan_of
from sancai.pull_memory import PullMemory
from sancai.ranges import Source
from sancai.transfers import BLOCK_BYTES, IN_FLIGHT
from storage.minio_server import MinioServer, obtain_minio
from storage.minio_store import MinioStore, create_store_keys
from storage.object_store import Bucket
from storage.settings import S3Settings

SIZE_BYTES = int(os.environ.get("SANCAI_BENCH_MIB", "1024")) << 20
ROUNDS = 5
FILES = int(os.environ.get("SANCAI_BENCH_FILES", "2000000"))
PAGE_FILES = 50_000
MEMORY_MAX_MB = 300.0


def rows() -> list[Row]:
    """Measure and return the rows."""
    raw, ours = _speeds()
    memory_mb, seconds = _planned()
    return [
        Row("pull one file, verified", ours, "MiB/s", "raw ranged GETs to disk", raw, target=0.8 * raw, at_least=True),
        Row(f"plan a pull of {FILES} files", memory_mb, "MB", "limit", MEMORY_MAX_MB, target=MEMORY_MAX_MB),
        Row(f"check and plan {FILES} files", seconds, "s", "per 100,000 files", seconds * 100_000 / FILES),
    ]


def _speeds() -> tuple[float, float]:
    """Return the median MiB/s of raw reads and of a verified pull, taken in turns."""
    with tempfile.TemporaryDirectory() as folder, MinioServer(obtain_minio(print), Path(folder) / "minio") as server:
        keys = create_store_keys(server.endpoint, server.root, "bench")
        place = server.endpoint, "bench", "us-east-1"
        store = MinioStore(S3Settings(*place, keys.catalog, keys.up, keys.down, server.endpoint))
        store.prepare()
        blocks = [secrets.token_bytes(1 << 20)] * (SIZE_BYTES >> 20)
        hashing = hashlib.sha256()
        for block in blocks:
            hashing.update(block)
        put = store.put_stream(Bucket.PUBLISHED, "bench/file", iter(blocks), SIZE_BYTES)
        url = store.read_url(put.place, 900, "file")
        target = Path(folder) / "target"
        source = Source("file", SIZE_BYTES, hashing.hexdigest(), lambda _: url)
        taken: dict[str, list[float]] = {"raw": [], "ours": []}
        for _ in range(ROUNDS):
            taken["raw"].append(_seconds(lambda: _raw(url, target), target))
            taken["ours"].append(_seconds(lambda: download(source, target), target))
    raw, ours = (SIZE_BYTES / (1 << 20) / statistics.median(taken[name]) for name in ("raw", "ours"))
    return raw, ours


def _seconds(act: Callable[[], object], target: Path) -> float:
    started = time.perf_counter()
    act()
    taken = time.perf_counter() - started
    target.unlink()
    return taken


def _raw(url: str, target: Path) -> None:
    """Fetch the same ranges, as many at once, into a file that reaches the disk, and look at nothing."""
    handle = os.open(target, os.O_RDWR | os.O_CREAT)
    os.ftruncate(handle, SIZE_BYTES)

    def fetch(start: int) -> None:
        end = min(start + RANGE_BYTES, SIZE_BYTES)
        offset = start
        answer = store.request("GET", url, headers={"Range": f"bytes={start}-{end - 1}"}, preload_content=False)
        while block := answer.read(BLOCK_BYTES):
            offset += os.pwrite(handle, block, offset)
        answer.release_conn()

    with urllib3.PoolManager(maxsize=IN_FLIGHT) as store, ThreadPoolExecutor(IN_FLIGHT) as pool:
        list(pool.map(fetch, range(0, SIZE_BYTES, RANGE_BYTES)))
    os.fsync(handle)
    os.close(handle)


def _planned() -> tuple[float, float]:
    """Return the peak memory in MB and the seconds of a process that checks a manifest and plans its pull."""
    with tempfile.TemporaryDirectory() as folder:
        _write_manifest(Path(folder))
        code = f"from benchmarks.pull import plan; plan({folder!r})"
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    memory_mb, seconds = done.stdout.split()
    return float(memory_mb), float(seconds)


def _write_manifest(folder: Path) -> None:
    references, hashing = [], hashlib.sha256(CONTENT_DOMAIN)
    for start in range(0, FILES, PAGE_FILES):
        numbers = range(start, min(start + PAGE_FILES, FILES))
        files = [
            {
                "path": f"images/{number // 1000:05}/{number:08}.jpg",
                "sha256": hashlib.sha256(str(number).encode()).hexdigest(),
                "size_bytes": 2_000,
            }
            for number in numbers
        ]
        for file in files:
            hashing.update(f"{file['sha256']} {file['size_bytes']} {file['path']}\n".encode())
        # Of ASCII and whole numbers this is the canonical form, twenty times as fast.
        content = json.dumps({"files": files, "format": PAGE_FORMAT}, separators=(",", ":"), sort_keys=True).encode()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        (folder / digest).write_bytes(content)
        ends = {"first_path": files[0]["path"], "last_path": files[-1]["path"]}
        references.append({"digest": digest, "files": len(files), "size_bytes": 2_000 * len(files), **ends})
    root = {"content_digest": f"sha256:{hashing.hexdigest()}", "files": FILES, "format": ROOT_FORMAT}
    root |= {"pages": references, "size_bytes": 2_000 * FILES}
    (folder / "envelope").write_bytes(Envelope(rfc8785.dumps(root), PAYLOAD_TYPE, {}).to_dict()["payload"].encode())


def plan(folder: str) -> None:
    """Check the manifest in ``folder``, plan its pull into an empty folder, and print peak memory and seconds."""
    place = Path(folder)
    os.environ["XDG_CACHE_HOME"] = str(place / "cache")
    envelope = {"payload": (place / "envelope").read_text(), "payloadType": PAYLOAD_TYPE, "signatures": []}
    started = time.perf_counter()
    manifest = open_manifest(envelope, (), lambda reference: (place / reference.digest).read_bytes())
    manifest.check()
    with PullMemory(place / "target") as memory:
        made = plan_of(iter(manifest), Places(place / "target"), memory, check=False)
    assert len(made.missing) == FILES > GROUP_FILES
    print(f"{_peak_mb():.1f} {time.perf_counter() - started:.2f}")


def _peak_mb() -> float:
    """Return the most memory this process had; ``ru_maxrss`` would count what its parent had when it started it."""
    [kib] = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(kib) * 1024 / 1e6
