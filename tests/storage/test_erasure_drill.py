"""What the law wants gone leaves a real store, its replica and whatever a backup brings back; typed by its officers."""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storage.minio_server import MinioServer
from tests.cli.served import Service, start
from tests.storage.minio_places import a_prefix, at, lies_on_disk

pytestmark = [pytest.mark.minio, pytest.mark.slow]

PERSON = b"Zhang San 650502-1990"
GONE_WITHIN_S = 120


@dataclass
class Town:
    """An installation on a real MinIO with a replica there, and the tokens of its people."""

    service: Service
    tokens: dict[str, str]

    def typed(self, who: str, *arguments: str, code: int = 0, **environment: str) -> Any:
        """Run a command as somebody, "" being the operator, and return what it printed."""
        token = {"SANCAI_TOKEN": self.tokens[who]} if who else {}
        done = self.service.run(*arguments, "--json", **token, **environment)
        assert done.code == code, f"{done.code}: {done.err}{done.out}"
        return json.loads(done.out) if done.out else None


def a_town(home: Path, settings: dict[str, str]) -> Town:
    service = start(home, **settings)
    registrar = service.found_office()
    tokens = {"registrar": registrar, "owner": service.register_firm(registrar)}
    for role in ("reviewer", "section_head"):
        login = role.replace("_", ".")
        made = service.post("/officers", {"login": login, "display_name": login, "roles": [role]}, registrar)
        tokens[role] = service.activate(login, made["activation_code"])
    return Town(service, tokens)


def published(town: Town, folder: Path, name: str, rows: list[bytes]) -> None:
    folder.mkdir()
    (folder / "t.csv").write_bytes(b"\n".join([b"id,who", *rows, b""]))
    stated = ["--name", name, "--title", name, "--sector", "new_energy", "--licence", "CC0-1.0", "--source", "own"]
    town.typed("owner", "publish", str(folder), *stated)


def erased(town: Town, version: str) -> str:
    """Let two officers erase a version; return the order once its bytes are gone."""
    basis = ("--reason", "含个人信息", "--basis", "个人信息保护法 47", "--document", "伊数〔2026〕9号")
    order = str(town.typed("reviewer", "admin", "erase", "request", version, *basis)["id"])
    refused = town.service.run("admin", "erase", "confirm", order, SANCAI_TOKEN=town.tokens["reviewer"])
    assert refused.code == 4, "one officer alone erases nothing"
    town.typed("section_head", "admin", "erase", "confirm", order)
    town.typed("", "worker", "--once")
    deadline = time.monotonic() + GONE_WITHIN_S  # The service has a worker of its own, which may have been first.
    while (found := town.typed("reviewer", "admin", "erase", "show", order))["state"] != "done":
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    return order


def restored(settings: dict[str, str], home: Path, keys: Path, backup: tuple[str, str]) -> Service:
    """Restore a named backup into a new home that has nothing but the keys, and serve it."""
    home.mkdir()
    shutil.copytree(keys, home / "keys")
    done = Service(None, home, 0, settings).run("admin", "restore", backup[0], "--backup", backup[1], "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["missing"] == []
    return start(home, **settings)


def assert_erased(town: Town, server: MinioServer, prefixes: list[str], order: str, folder: Path) -> None:
    """The person lies nowhere, the tombstone stands, the rest is there to the byte."""
    for prefix in prefixes:
        assert not lies_on_disk(server, prefix, PERSON), prefix
        assert lies_on_disk(server, prefix, b"turbine"), "the look at the disk sees what is kept"
    assert town.typed("", "dataset", "show", "hami/faces@v1")["state"] == "erased"
    order_now = town.typed("reviewer", "admin", "erase", "show", order)
    assert (order_now["state"], order_now["stuck"]) == ("done", None)
    refused = town.service.run(
        "pull", "hami/faces@v1", "--to", str(folder / "faces"), SANCAI_TOKEN=town.tokens["owner"]
    )
    assert refused.code != 0
    assert not (folder / "faces" / "t.csv").exists()
    key = town.service.run("admin", "public-key").out.strip()
    town.typed("", "pull", "hami/plain@v1", "--to", str(folder / "plain"), "--key", key)
    assert b"turbine" in (folder / "plain" / "t.csv").read_bytes()
    assert town.typed("", "admin", "fsck") == []


def assert_log_remembers(town: Town) -> None:
    """The log bucket, which outlived the database, tells that this one was set back; nothing else is wrong."""
    found = town.typed("", "verify", code=9)
    assert {each["check"] for each in found["damages"]} == {"log bucket"}
    assert {each["code"] for each in found["damages"]} <= {"checkpoint_contradicts_log", "checkpoint_beyond_log"}
    assert {each["name"] for each in found["checks"] if not each["ok"]} == {"log bucket"}


def test_what_was_erased_stays_gone_after_a_restore_of_an_older_backup(minio_server: MinioServer, apart: Path) -> None:
    store, replica, backup = a_prefix(), a_prefix(), a_prefix()
    settings = {
        "SANCAI_OBJECT_STORE": f"s3://{store}",
        "SANCAI_REPLICA_STORE": f"s3://{replica}",
        **at(minio_server, "SANCAI_S3"),
        **at(minio_server, "SANCAI_REPLICA_S3"),
        **at(minio_server, "SANCAI_BACKUP_S3"),
    }
    town = a_town(apart / "home", settings)
    try:
        published(town, apart / "faces", "hami/faces", [b"%d,%s" % (n, PERSON) for n in range(50)])
        published(town, apart / "plain", "hami/plain", [b"%d,turbine %d" % (n, n * n) for n in range(50)])
        town.typed("", "admin", "replicate")
        keys = apart / "keys"
        before = town.typed("", "admin", "backup", f"s3://{backup}", "--keys", str(keys))["backup"]["name"]
        assert all(lies_on_disk(minio_server, prefix, PERSON) for prefix in (store, replica, backup))
        order = erased(town, "hami/faces@v1")
        assert_erased(town, minio_server, [store, replica], order, apart / "pulled")
        assert town.typed("", "verify")["ok"]
        town.typed("", "admin", "backup", f"s3://{backup}")
    finally:
        town.service.stop()

    source = (f"s3://{backup}", before)
    town.service = restored(settings, apart / "database-lost", keys, source)
    try:
        assert_erased(town, minio_server, [store, replica], order, apart / "pulled-again")
        assert_log_remembers(town)
    finally:
        town.service.stop()

    # The store is lost as well: what was erased is known from the backup store alone.
    fresh = a_prefix()
    elsewhere = settings | {"SANCAI_OBJECT_STORE": f"s3://{fresh}"}
    town.service = restored(elsewhere, apart / "all-lost", keys, source)
    try:
        assert_erased(town, minio_server, [fresh, replica], order, apart / "pulled-at-last")
        assert town.typed("", "verify")["ok"]
    finally:
        town.service.stop()
