"""Make a mutant in a copy of the source, run the tests named for it, and say which of them noticed."""

import compileall
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

from tests.mutants.seeded import MUTANTS, Mutant

ROOT: Final = Path(__file__).parents[2]
COPIED: Final = ("registry", "storage", "api", "cli", "sancai", "tests", "docs", "pyproject.toml")
SECONDS_MAX: Final = 300
WHOLE_SECONDS_MAX: Final = 3_600
_FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (?P<test>\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant: the tests that noticed it; none, and it lives."""

    mutant: Mutant
    killers: tuple[str, ...]


def chosen(size: int, seed: int) -> Sequence[Mutant]:
    """Return ``size`` mutants, drawn by ``seed``; all when there are no more."""
    return MUTANTS if size >= len(MUTANTS) else random.Random(seed).sample(MUTANTS, size)


def kill(mutants: Sequence[Mutant]) -> Iterator[Fate]:
    """Yield the fate of each mutant. Before, the copy must pass every test that is named, or a kill proves nothing."""
    with tempfile.TemporaryDirectory(prefix="sancai-mutants-") as folder:
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy / name)
        # Compiled once, by content: of what a mutant changes the byte code does not fit, and is not used.
        compileall.compile_dir(folder, quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
        whole = run(copy, sorted({test for each in mutants for test in each.tests}), WHOLE_SECONDS_MAX)
        if whole.returncode:
            raise AssertionError(f"the source as it is fails:\n{whole.stdout[-4_000:]}{whole.stderr[-2_000:]}")
        for each in mutants:
            path = copy / each.path
            original = path.read_text(encoding="utf-8")
            path.write_text(mutated(original, each), encoding="utf-8")
            done = run(copy, each.tests)
            path.write_text(original, encoding="utf-8")
            # 1: tests failed. Anything else, such as an import that breaks, would be noticed by any test and no proof.
            killers = tuple(found["test"] for found in _FAILED.finditer(done.stdout)) if done.returncode == 1 else ()
            yield Fate(each, killers)


def mutated(source: str, mutant: Mutant) -> str:
    """Return the source with the change of a mutant."""
    if source.count(mutant.before) != 1:
        raise AssertionError(f"{mutant.name}: {mutant.path} has {source.count(mutant.before)} times: {mutant.before}")
    return source.replace(mutant.before, mutant.after)


def run(folder: Path, tests: Sequence[str], within_s: int = SECONDS_MAX) -> "subprocess.CompletedProcess[str]":
    """Run tests on the copy, without writing byte code: a mutant must not meet that of another."""
    command = [
        sys.executable,
        "-B",
        "-m",
        "pytest",
        "-q",
        "-x",
        "--no-header",
        "-rfE",
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    # Plugins that these tests do not use take most of the time of a run.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=within_s, check=False
    )
