"""A backup and a move of the store on a real MinIO that are killed again and again lose nothing and end whole."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from registry.house import House, open_house, owner_address
from registry.upkeep.scrubbing import scrub
from registry.upkeep.sweeping import sweep
from registry.values.identifiers import BlobId
from storage.minio_server import MinioServer
from storage.settings import read_settings
from tests.cli.runner import SANCAI
from tests.cli.served import start
from tests.registry.upkeep.yard import Yard
from tests.storage.minio_places import a_prefix, at, half_sent, objects_on_disk

pytestmark = [pytest.mark.minio, pytest.mark.slow]

OBJECTS = 120
KILLS = 3
WITHIN_S = 120


def begun(settings: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start a command, in a process group of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SANCAI_")}
    return subprocess.Popen(
        [SANCAI, *arguments],
        env=kept | {"SANCAI_CONFIG": os.devnull + "/none", "SANCAI_LANG": "en"} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def killed_when(running: subprocess.Popen[str], seen: Callable[[], bool]) -> None:
    """Kill a command, not to be caught, as soon as ``seen``; fail if it ends before."""
    deadline = time.monotonic() + WITHIN_S
    while not seen():
        assert running.poll() is None, f"it ended before it was killed: {running.communicate()}"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    running.kill()
    assert running.wait(30) == -signal.SIGKILL
    running.communicate()


def ended(settings: dict[str, str], *arguments: str) -> dict[str, object]:
    """Run a command to its end and return what it printed."""
    running = begun(settings, *arguments, "--json")
    out, err = running.communicate(timeout=WITHIN_S)
    assert running.returncode == 0, err
    found: dict[str, object] = json.loads(out)
    return found


@pytest.fixture
def home(apart: Path, minio_server: MinioServer) -> dict[str, str]:
    """The settings of an installation with an embedded database and its objects on a real MinIO."""
    store = {"SANCAI_HOME": str(apart / "home"), "SANCAI_OBJECT_STORE": f"s3://{a_prefix()}"}
    return store | {
        key: value for part in ("S3", "TO_S3", "BACKUP_S3") for key, value in at(minio_server, f"SANCAI_{part}").items()
    }


@pytest.fixture
def held(home: dict[str, str]) -> Iterator[tuple[Yard, dict[BlobId, bytes]]]:
    """An installation that holds many small objects; its database runs meanwhile."""
    settings = read_settings(home)
    with owner_address(settings) as owner_url, open_house(settings) as house:
        yard, chance = Yard(house, owner_url), random.Random(20_260_302)
        contents = [chance.randbytes(chance.randrange(1, 3_000)) for _ in range(OBJECTS)]
        yield yard, {yard.keep(content)[0]: content for content in contents}


@contextmanager
def reopened(yard: Yard, settings: dict[str, str]) -> Iterator[House]:
    """Let the yard look as any process does that is started now."""
    before = yard.house
    with open_house(read_settings(settings)) as house:
        yard.house = house
        try:
            yield house
        finally:
            yard.house = before


def whole(server: MinioServer, prefix: str) -> int:
    """Return how many objects of a store's published bucket have arrived."""
    return sum("published" in path.as_posix() and path.name == "xl.meta" for path in objects_on_disk(server, prefix))


def test_a_move_that_is_killed_again_and_again_is_ended_by_the_next_run(
    home: dict[str, str], held: tuple[Yard, dict[BlobId, bytes]], minio_server: MinioServer
) -> None:
    yard, contents = held
    target = a_prefix()
    for kill in range(1, KILLS + 1):
        least = kill * OBJECTS // (KILLS + 2)
        moving = begun(home, "admin", "store", "move", "--to", f"s3://{target}")
        killed_when(moving, lambda least=least: whole(minio_server, target) >= least)  # type: ignore[misc]
        led = [blob for blob in contents if yard.place(blob)[0] != yard.house.store.identity]
        assert 0 < len(led) < OBJECTS, "the kill fell into the move"
        with reopened(yard, home):  # Both stores are read.
            assert {blob: yard.held(blob) for blob in contents} == contents
    ended(home, "admin", "store", "move", "--to", f"s3://{target}")
    switched = home | {"SANCAI_OBJECT_STORE": f"s3://{target}"}
    assert ended(switched, "admin", "store", "move", "--finish")["finished"] == {"deleted": OBJECTS, "kept": 0}
    with reopened(yard, switched) as house:
        assert {blob: yard.held(blob) for blob in contents} == contents
        assert {yard.place(blob)[0] for blob in contents} == {house.store.identity}
        assert scrub(house).damaged == ()
        assert sweep(house).strays == 0, "no copy of a killed run is left beside those the rows name"


def test_a_backup_that_is_killed_again_and_again_is_none_until_a_run_ends(
    home: dict[str, str], held: tuple[Yard, dict[BlobId, bytes]], minio_server: MinioServer, apart: Path
) -> None:
    yard, contents = held
    backup, copied = a_prefix(), 0
    for kill in range(1, KILLS + 1):
        least = kill * OBJECTS // (KILLS + 2)
        backing = begun(home, "admin", "backup", f"s3://{backup}", "--keys", str(apart / "keys"))
        killed_when(backing, lambda least=least: whole(minio_server, backup) >= least)  # type: ignore[misc]
        copied = whole(minio_server, backup)
        assert copied < OBJECTS, "the kill fell into the backup"
    refused = begun(home, "admin", "restore", f"s3://{backup}")
    refused.communicate(timeout=WITHIN_S)
    assert refused.returncode == 5, "what was killed is no backup"
    made = ended(home, "admin", "backup", f"s3://{backup}", "--keys", str(apart / "keys"))
    assert made["copied"] <= OBJECTS - copied + 1, "only the rest is copied"  # type: ignore[operator]
    other = home | {"SANCAI_HOME": str(apart / "other"), "SANCAI_OBJECT_STORE": f"s3://{a_prefix()}"}
    (apart / "other").mkdir()
    (apart / "keys").rename(apart / "other" / "keys")
    killed = begun(other, "admin", "restore", f"s3://{backup}")
    killed_when(killed, lambda: whole(minio_server, other["SANCAI_OBJECT_STORE"].removeprefix("s3://")) >= OBJECTS // 2)
    assert ended(other, "admin", "restore", f"s3://{backup}")["objects"] == OBJECTS
    with reopened(yard, other) as house:
        assert {blob: yard.held(blob) for blob in contents} == contents
        assert scrub(house).damaged == ()


def test_an_upload_half_sent_when_the_store_moves_is_published_from_the_new_one(
    home: dict[str, str], minio_server: MinioServer, apart: Path
) -> None:
    target, folder = a_prefix(), apart / "large"
    folder.mkdir()
    content = random.Random(7).randbytes(16 << 20) * 16
    (folder / "large.bin").write_bytes(content)
    settings = {name: value for name, value in home.items() if name != "SANCAI_HOME"}
    service = start(Path(home["SANCAI_HOME"]), **settings)
    try:
        token = service.register_firm(service.found_office())
        stated = ["--name", "hami/large", "--title", "大", "--sector", "new_energy", "--licence", "CC0-1.0"]
        publish = ("publish", str(folder), *stated, "--source", "own")
        known = settings | {"SANCAI_URL": service.url, "SANCAI_TOKEN": token, "XDG_CACHE_HOME": str(apart / "cache")}
        killed_when(begun(known, *publish), lambda: bool(half_sent(minio_server)))
        assert half_sent(minio_server), "the upload is open, some of its parts are there"
        moved = service.run("admin", "store", "move", "--to", f"s3://{target}", "--json")
        assert moved.code == 0, moved.err
    finally:
        service.stop()
    switched = settings | {"SANCAI_OBJECT_STORE": f"s3://{target}"}
    service = start(Path(home["SANCAI_HOME"]), SANCAI_PORT=str(service.port), **switched)
    try:
        ended(known, *publish)
        finished = service.run("admin", "store", "move", "--finish", "--json")
        assert finished.code == 0, finished.err
        key = service.run("admin", "public-key").out.strip()
        pulled = service.run("pull", "hami/large@v1", "--to", str(apart / "out"), "--key", key, SANCAI_TOKEN=token)
        assert pulled.code == 0, pulled.err
        assert (apart / "out" / "large.bin").read_bytes() == content
        verified = json.loads(service.run("verify", "--json").out)
        assert verified["damages"] == []
        assert json.loads(service.run("admin", "fsck", "--json").out) == []
        backed_up = service.run("admin", "backup", str(apart / "backup"), "--json")
        assert backed_up.code == 0, backed_up.err
    finally:
        service.stop()
