"""A bundle from the real service, checked and unpacked by a command that reaches no network."""

import hashlib
import json
from pathlib import Path

from registry.journal import service
from tests.cli.desk import At
from tests.cli.runner import Ran, sancai
from tests.world import BUYER, DATASET, OPEN_DATASET, STRANGER, World


def key_of(world: World) -> str:
    return str(world.house.signing_key.verifier)


def offline(*arguments: str) -> Ran:
    """Run a command that could reach nobody."""
    return sancai(*arguments, SANCAI_URL="http://127.0.0.1:9", SANCAI_LANG="en")


def test_a_buyer_takes_data_proofs_licence_and_order_along(world: World, at: At, tmp_path: Path) -> None:
    service.sequence(world.house.database, world.house.clock, world.house.signing_key)
    file, key = str(tmp_path / "wind.tar"), key_of(world)
    made = at(BUYER)("pull", f"{DATASET}@v1", "--bundle", file, "--key", key)
    assert made["papers"][0] == "manifest.json"
    assert {"order.json", "publication.json", "statements/version.json"} < set(made["papers"])
    again = at(BUYER)("pull", f"{DATASET}@v1", "--bundle", file, "--key", key)
    assert again["already_there"] == again["size_bytes"] > 0
    done = offline("verify", file, "--key", key, "--extract", str(tmp_path / "out"), "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["name"], found["version"], found["whole"]) == (DATASET, 1, True)
    papers = found["papers"]
    assert papers["publication"]["name"] == f"{DATASET}@v1"
    assert papers["publication"]["log_size"] > papers["publication"]["leaf_index"] >= 0
    assert (papers["licence"], papers["order"][:4]) == ("CC-BY-4.0", "ord_")
    assert papers["statements"] >= 3
    content = (tmp_path / "out" / "data" / "wind.csv").read_bytes()
    [shown] = world.as_(BUYER).get(f"/v1/datasets/{DATASET}/versions/v1/files")["items"]
    assert hashlib.sha256(content).hexdigest() == shown["sha256"]


def test_people_read_what_a_bundle_holds(world: World, at: At, tmp_path: Path) -> None:
    file, key = str(tmp_path / "wind.tar"), key_of(world)
    assert "wind.tar: 1 files" in at(STRANGER).text("pull", OPEN_DATASET, "--bundle", file, "--key", key)
    done = offline("verify", file, "--key", key)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith(f"OK  {OPEN_DATASET}@v1: 1 files")
    assert any(line.startswith("licence") and "CC-BY-4.0" in line for line in lines)
    assert any(line.startswith("order") and line.endswith("—") for line in lines)


def test_a_bundle_is_refused_without_its_key_and_with_a_changed_byte(world: World, at: At, tmp_path: Path) -> None:
    file = tmp_path / "wind.tar"
    at(STRANGER).text("pull", OPEN_DATASET, "--bundle", str(file), "--key", key_of(world))
    refused = offline("verify", str(file))
    assert (refused.code, key_of(world) in refused.err) == (4, True)
    content = bytearray(file.read_bytes())
    content[-2_000] ^= 1
    file.write_bytes(content)
    refused = offline("verify", str(file), "--key", key_of(world), "--extract", str(tmp_path / "out"))
    assert (refused.code, "data/wind.csv is not what was signed" in refused.err) == (9, True)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_one_place_is_chosen_at_a_time(tmp_path: Path) -> None:
    done = offline("pull", OPEN_DATASET, "--bundle", str(tmp_path / "a.tar"), "--to", str(tmp_path))
    assert done.code == 2
    assert offline("verify", "--key", "x").code == 2
