"""How fast a publisher's bytes reach the store, beside raw parts to the same MinIO and beside DVC, in one run.

``make bench SUITE=publish SIZE=64`` measures with 64 MiB, 6,250 files and a manifest of 125,000 instead of
1 GiB, 100,000 and 2,000,000.
"""

import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import urllib3
from minio import Minio

from benchmarks import manifest
from benchmarks.installation import WATCHED, Bench, bench
from benchmarks.report import Row
from sancai.client import Client
from sancai.datasets import DraftInput

SIZE_MIB = int(os.environ.get("SANCAI_BENCH_SIZE") or 1024)
SMALL_FILES = max(100, SIZE_MIB * 100_000 // 1024)
SMALL_BYTES = 2_000
MANIFEST_FILES = max(10_000, SIZE_MIB * 2_000_000 // 1024)
IN_FLIGHT = 4
ROUNDS = 3
MIB = 1 << 20
STATED = ("--title", "基准", "--sector", "new_energy", "--licence", "CC0-1.0", "--source", "generated")


def rows() -> list[Row]:
    """Measure and return the rows."""
    with bench() as made:
        return [*_large(made), *_small(made), *manifest.measured(made, MANIFEST_FILES)]


def _large(made: Bench) -> list[Row]:
    """One file of SIZE MiB: ours, raw parts and DVC."""
    place = made.folder / "large" / "scan.bin"
    place.parent.mkdir()
    with place.open("wb") as file:
        for _ in range(SIZE_MIB):
            file.write(os.urandom(MIB))
    _dataset(made.client, "bench/upload")
    raw, ours = [], []
    # In turns, so that a slow moment of the machine meets both.
    for _ in range(ROUNDS):
        raw.append(SIZE_MIB / _seconds(lambda: _raw(made.client, place)))
        ours.append(SIZE_MIB / _seconds(lambda: _ours(made.client, place)))
    best, peer = max(ours), max(raw)
    _, memory = made.command("publish", str(place.parent), "--name", "bench/large", *STATED)
    dvc = SIZE_MIB / _dvc_seconds(made, place.parent, "large")
    bare = _bare_memory()
    shutil.rmtree(place.parent)
    return [
        Row("upload with SHA-256", best, "MiB/s", "raw parts, urllib3, 16 MiB x 4", peer, 0.8 * peer, at_least=True),
        Row("upload with SHA-256", best, "MiB/s", "dvc add && dvc push", dvc, 3 * dvc, at_least=True),
        Row("peak memory of sancai publish", memory, "MiB", "python -c 'import httpx'", bare, 300),
    ]


def _small(made: Bench) -> list[Row]:
    """Many small files: to a version and beside DVC, and once more with nothing changed."""
    folder = made.folder / "small"
    for number in range(SMALL_FILES):
        below = folder / f"{number // 1000:03}"
        if number % 1000 == 0:
            below.mkdir(parents=True)
        (below / f"{number:06}.bin").write_bytes(os.urandom(SMALL_BYTES))
    stated = ("publish", str(folder), "--name", "bench/small", *STATED)
    first, memory = made.command(*stated)
    again = min(made.command(*stated)[0] for _ in range(ROUNDS))
    walked = _seconds(lambda: sum(len(files) for _, _, files in os.walk(folder)))
    dvc = _dvc_seconds(made, folder, "small")
    counted = f"{SMALL_FILES:,} files"
    return [
        Row(f"publish {counted} of 2 kB", first, "s", "dvc add && dvc push", dvc, dvc / 5),
        Row(f"publish {counted}, unchanged", again, "s", "os.walk", walked, 3.0),
        Row(f"peak memory, {counted}", memory, "MiB", "python -c 'import httpx'", _bare_memory(), 300),
    ]


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _dataset(client: Client, name: str) -> None:
    client.datasets.create(name, "基准", sector="new_energy", licence="CC0-1.0")


def _ours(client: Client, place: Path) -> None:
    draft = client.datasets.draft("bench/upload", DraftInput("", source="generated"))
    upload = client.datasets.add_file(draft.id, place.name, place.stat().st_size).upload
    client.uploads.send(upload, place)


def _raw(client: Client, place: Path) -> None:
    """Send the parts of a file with nothing but urllib3: no digest, no completion."""
    draft = client.datasets.draft("bench/upload", DraftInput("", source="generated"))
    upload = client.datasets.add_file(draft.id, place.name, place.stat().st_size).upload
    urls = [
        part
        for first in range(1, upload.part_count + 1, 100)
        for part in client.uploads.part_urls(upload.id, list(range(first, min(first + 100, upload.part_count + 1))))
    ]
    pool = urllib3.PoolManager(maxsize=IN_FLIGHT)
    handle = os.open(place, os.O_RDONLY)

    def send(number: int, url: str) -> None:
        offset, length = upload.span(number)
        answer = pool.request("PUT", url, body=os.pread(handle, length, offset), retries=False)
        if answer.status != 200:
            raise SystemExit(f"MinIO answers {answer.status}")

    with ThreadPoolExecutor(IN_FLIGHT) as threads:
        for done in [threads.submit(send, part.number, part.url) for part in urls]:
            done.result()
    os.close(handle)
    pool.clear()


def _bare_memory() -> float:
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, sys.executable, "-c", "import httpx"], stdout=subprocess.PIPE, check=True
    )
    return int(done.stdout) / 1024


def _dvc_seconds(made: Bench, folder: Path, name: str) -> float:
    """Return how long DVC takes to add a folder and push it to a bucket of the same MinIO."""
    dvc, minio = _dvc(), made.stage.minio
    if minio is None:
        raise SystemExit("The service runs without MinIO.")
    work = made.folder / f"dvc-{name}"
    shutil.copytree(folder, work / "data")
    bucket = f"dvc-{name}"
    Minio(
        minio.endpoint.removeprefix("http://"), minio.root.access_key, minio.root.secret_key, secure=False
    ).make_bucket(bucket)
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": minio.root.access_key,
        "AWS_SECRET_ACCESS_KEY": minio.root.secret_key,
        "AWS_DEFAULT_REGION": "us-east-1",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(work / ".site"),
    }

    def run(*arguments: str) -> None:
        subprocess.run([dvc, *arguments], cwd=work, env=environment, check=True, stdout=subprocess.DEVNULL)

    run("init", "--no-scm", "--quiet")
    run("remote", "add", "--quiet", "-d", "store", f"s3://{bucket}")
    run("remote", "modify", "--quiet", "store", "endpointurl", minio.endpoint)
    taken = _seconds(lambda: (run("add", "--quiet", "data"), run("push", "--quiet")))
    shutil.rmtree(work)
    return taken


def _dvc() -> Path:
    """Return DVC in an environment of its own below ``build``, made on the first run."""
    place = Path("build/dvc").resolve()
    programme = place / "bin" / "dvc"
    if not programme.exists():
        print("Installing DVC for comparison …", file=sys.stderr)
        venv.create(place, clear=True)
        installer = Path(sys.executable).with_name("uv")
        subprocess.run(
            [installer, "pip", "install", "--quiet", "--python", place / "bin" / "python", "dvc[s3]"],
            check=True,
        )
    return programme
