"""MinIO found or pinned, and its life. The build itself happens once, in the fixture of the stores' suite."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from storage.errors import StoreConfigurationError
from storage.minio_server import MinioServer, find_minio, minio_version, obtain_minio
from tests.storage.test_embedded_postgres import becomes

USER = """
import sys
from pathlib import Path
from storage.minio_server import MinioServer, obtain_minio
with MinioServer(obtain_minio(print), Path(sys.argv[1])) as server:
    print("up", flush=True)
    sys.stdin.read()
"""


def servers_on(folder: Path) -> list[psutil.Process]:
    named = str(folder / "data")
    return [process for process in psutil.process_iter(["cmdline"]) if named in (process.info["cmdline"] or [])]


def test_the_version_is_the_one_of_the_pinned_module() -> None:
    assert minio_version() == "v0.0.0-20260212201848-7aac2a2c5b7c"


def test_every_module_of_the_build_is_pinned_by_hash() -> None:
    folder = Path(__file__).parents[2] / "storage" / "minio_module"
    sums = (folder / "go.sum").read_text()
    required = [line.split()[:2] for line in (folder / "go.mod").read_text().splitlines() if line.startswith("\t")]
    assert len(required) > 200
    assert not [name for name, version in required if f"{name} {version}/go.mod h1:" not in sums]


def test_a_named_minio_comes_first(tmp_path: Path) -> None:
    named = tmp_path / "my-minio"
    named.write_text("#!/bin/sh\n")
    named.chmod(0o755)
    assert find_minio({"MINIO_BIN": str(named), "PATH": ""}) == named


def test_a_named_minio_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreConfigurationError, match="minio_not_runnable"):
        find_minio({"MINIO_BIN": str(tmp_path / "none")})


@pytest.mark.parametrize("name", ["minio", "silo"])
def test_a_minio_on_the_path_is_found(tmp_path: Path, name: str) -> None:
    programme = tmp_path / name
    programme.write_text("#!/bin/sh\n")
    programme.chmod(0o755)
    assert find_minio({"PATH": str(tmp_path)}) == programme


def test_a_build_that_cannot_be_done_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("MINIO_BIN", raising=False)
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text("#!/bin/sh\n[ $1 = version ] && echo go version go1.26.0 || { echo no proxy; exit 1; }\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(go.parent))
    with pytest.raises(StoreConfigurationError) as raised:
        obtain_minio(lambda _: None)
    assert "no proxy" in str(raised.value.parameters["log"])
    assert "MINIO_BIN" in str(raised.value.parameters["remedy"])
    assert [path.name for path in (tmp_path / "cache" / "sancai" / "bin").iterdir()] == ["build.lock"]


@pytest.mark.minio
def test_it_keeps_its_data_and_root_key(tmp_path: Path) -> None:
    programme = obtain_minio(print)
    with MinioServer(programme, tmp_path) as first:
        root = first.root
    assert (tmp_path / "root.json").stat().st_mode & 0o077 == 0
    with MinioServer(programme, tmp_path) as second:
        assert second.root == root
    assert servers_on(tmp_path) == []


@pytest.mark.minio
def test_a_folder_has_one_server(tmp_path: Path) -> None:
    programme = obtain_minio(print)
    with MinioServer(programme, tmp_path):
        with pytest.raises(StoreConfigurationError, match="minio_folder_in_use"), MinioServer(programme, tmp_path):
            pass
        assert len(servers_on(tmp_path)) == 1


@pytest.mark.minio
def test_it_does_not_outlive_who_started_it(tmp_path: Path) -> None:
    user = subprocess.Popen([sys.executable, "-c", USER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with user:
        assert user.stdout is not None
        assert user.stdout.readline() == b"up\n"
        assert len(servers_on(tmp_path)) == 1
        user.send_signal(signal.SIGKILL)
    assert becomes(lambda: not servers_on(tmp_path))


@pytest.mark.minio
def test_a_server_that_does_not_start_is_told_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(StoreConfigurationError) as raised:
        MinioServer(obtain_minio(print), tmp_path, {"MINIO_ROOT_PASSWORD": "short"}).__enter__()
    assert raised.value.parameters["log"]
    assert servers_on(tmp_path) == []
