"""The operator's commands over stored bytes, typed one after the other on a real installation."""

import json
from pathlib import Path

import pytest

from cli import root
from cli.failures import run
from registry.house import open_house, owner_address
from storage.settings import read_settings
from tests.registry.upkeep.yard import Yard


def test_an_operator_looks_after_the_store_backs_it_up_restores_and_moves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def typed(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        assert run(root, ["admin", *arguments]) == code, capsys.readouterr()
        return capsys.readouterr().out

    monkeypatch.setenv("SANCAI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SANCAI_CONFIG", str(tmp_path / "none"))
    backup, keys, second = tmp_path / "backup", tmp_path / "keys", tmp_path / "second"
    settings = read_settings()
    with owner_address(settings) as owner_url, open_house(settings) as house:
        yard = Yard(house, owner_url)
        (blob,) = yard.keep(b"kept")
        assert typed("fsck").strip() == "OK"
        assert json.loads(typed("scrub", "--json"))["objects"] == 1
        assert json.loads(typed("sweep", "--json"))["refused"] == ""
        assert "SANCAI_REPLICA_STORE" in capsys.readouterr().err or run(root, ["admin", "replicate"]) == 2
        monkeypatch.setenv("SANCAI_REPLICA_STORE", f"file://{tmp_path / 'replica'}")
        assert json.loads(typed("replicate", "--json")) == {"objects": 1}
        assert json.loads(typed("backup", str(backup), "--keys", str(keys), "--json"))["copied"] == 1
        assert {path.name for path in keys.iterdir()} == {"secret", "signing.pem"}
        moved = json.loads(typed("store", "move", "--to", f"file://{second}", "--json"))
        assert moved["moved"]["objects"] == 1
        monkeypatch.setenv("SANCAI_OBJECT_STORE", f"file://{second}")
        assert json.loads(typed("store", "move", "--finish", "--json"))["finished"]["deleted"] == 1
        path = second / "sancai-published" / yard.place(blob)[1].key
        path.chmod(0o644)
        path.write_bytes(b"cut")
        assert json.loads(typed("fsck", "--json", code=9))[0]["code"] == "object_size_differs"
    monkeypatch.delenv("SANCAI_OBJECT_STORE")
    monkeypatch.setenv("SANCAI_HOME", str(tmp_path / "other"))
    (tmp_path / "other").mkdir()
    keys.rename(tmp_path / "other" / "keys")
    with owner_address(read_settings()):
        assert json.loads(typed("restore", str(backup), "--json"))["objects"] == 1
        assert typed("fsck").strip() == "OK"
        assert json.loads(typed("sweep", "--json"))["refused"] == "sweep_database_set_back"
        assert json.loads(typed("sweep", "--accept", "--json"))["refused"] == ""
