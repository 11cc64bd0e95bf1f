"""``sancai pull --hf-cache`` with the stock ``datasets``, which then loads without any network."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from sancai.hf_cache import fill_hf_cache
from tests.sancai.library import NAME, ROWS, Library

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
PACKAGES = ("datasets==5.2.0", "huggingface-hub==2.4.0", "click", "cryptography", "httpx", "platformdirs")
OURS = ("rfc8785", "rich", "securesystemslib", "pyyaml")
# Taken before the fixture gives each test a cache of its own: the environment is kept between runs.
KEPT = Path(platformdirs.user_cache_path("sancai")) / "tests"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def python() -> Path:
    """An interpreter with the stock ``datasets`` and what our client asks for; made once and kept."""
    name = hashlib.sha256(repr((PACKAGES, OURS, sys.version)).encode()).hexdigest()[:12]
    place = KEPT / f"datasets-{name}"
    if not (place / "ready").is_file():
        environment = {**os.environ, "UV_NO_CONFIG": "1"}
        for command in (
            ["venv", "--quiet", "--clear", "--python", sys.executable, place],
            ["pip", "install", "--quiet", "--no-build", "--python", place / "bin/python", *PACKAGES, *OURS],
        ):
            done = subprocess.run([UV, *command], env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.fail(f"The stock datasets cannot be had from the package index: {done.stderr[-2000:]}")
        (place / "ready").touch()
    return place / "bin" / "python"


def run(python: Path, code: str, *arguments: str, **environment: str) -> str:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("HF_", "SANCAI_")) and n != "PYTHONPATH"}
    command = [python, "-W", "ignore", "-c", code, *arguments]
    done = subprocess.run(command, env={**kept, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_stock_library_loads_without_network_what_was_pulled(
    library: Library, python: Path, tmp_path: Path
) -> None:
    home = tmp_path / "hf"
    service = {"SANCAI_URL": library.url, "SANCAI_TOKEN": library.token, "PYTHONPATH": str(ROOT)}
    service |= {"SANCAI_CONFIG": str(tmp_path / "config"), "SANCAI_LANG": "en", "HF_HOME": str(tmp_path / "other")}
    main = "import sys; from cli import main; main(sys.argv[1:])"
    pull = ("pull", f"{NAME}@v1", "data", "--hf-cache", str(home), "--json")
    done = json.loads(run(python, main, *pull, **service))
    assert (done["files"], done["already_there"], done["configs"]) == (1, 0, ["default"])
    assert json.loads(run(python, main, *pull, **service))["already_there"] == 1

    moved = home.rename(tmp_path / "cluster")
    code = f"""
import datasets, huggingface_hub
loaded = datasets.load_dataset("{NAME}")
print(loaded["train"].num_rows, loaded["train"][5]["station"])
print(huggingface_hub.snapshot_download("{NAME}", repo_type="dataset", revision="v1"))
"""
    out = run(python, code, HF_HOME=str(moved), HF_HUB_OFFLINE="1").splitlines()
    assert out[0] == f"{ROWS} 站点5"
    snapshot = Path(out[1])
    assert (snapshot / "data/readings.parquet").read_bytes() == library.files["data/readings.parquet"]


def test_without_the_library_the_files_are_in_the_cache_of_the_hub(library: Library, tmp_path: Path) -> None:
    with library.client() as client, client.load(library.reference) as version:
        done = fill_hf_cache(version, tmp_path)
        [blob] = (tmp_path / f"hub/datasets--{NAME.replace('/', '--')}/blobs").glob(
            hashlib.sha256(library.files["small/a.csv"]).hexdigest()
        )
        blob.write_bytes(bytes(len(library.files["small/a.csv"])))
        again = fill_hf_cache(version, tmp_path, check=True)
    assert (done.configs, done.files, again.already_there) == ((), len(library.files), len(library.files) - 1)
    found = {p.relative_to(done.snapshot).as_posix(): p.read_bytes() for p in done.snapshot.rglob("*") if p.is_file()}
    assert found == library.files
    assert (tmp_path / "hub/datasets--lvtu--library/refs/main").read_text() == done.snapshot.name
