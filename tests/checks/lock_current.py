"""Whether the two locks hold what their sources ask for: each is compiled onto a copy of itself and compared.

A copy that is compiled again keeps its pins as long as they fit, so newer releases alone make no difference. Needs a
package index; the flags are those of the Makefile.
"""

import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
LOCKS = {
    "requirements.lock": ["--extra", "demo", "--group", "dev", "pyproject.toml"],
    "uv.lock.txt": ["uv.in"],
}


def flags() -> list[str]:
    """Return the arguments of uv as the Makefile states them."""
    stated = re.search(r"^COMPILE := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    if stated is None:
        sys.exit("The Makefile no longer states COMPILE. Mend tests/checks/lock_current.py.")
    return stated[1].split()


def difference(name: str, sources: list[str]) -> str:
    """Return what would change in the lock ``name``; an empty text when it is current."""
    lock = ROOT / name
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / name
        shutil.copyfile(lock, copy)
        environment = {**os.environ, "UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": sys.prefix}
        done = subprocess.run(
            [str(UV), *flags(), *sources, "-o", str(copy)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{name} could not be compiled; this check needs a package index.\n{done.stderr.strip()}")
        old, new = (path.read_text(encoding="utf-8").splitlines() for path in (lock, copy))
    return "\n".join(difflib.unified_diff(old, new, name, f"{name} as it should be", lineterm="", n=0))


def main() -> None:
    """Exit with the difference of the first lock that is not current."""
    for name, sources in LOCKS.items():
        if found := difference(name, sources):
            sys.exit(f"{found}\n{name} does not hold what {sources[-1]} asks for. Renew it with: make lock")


if __name__ == "__main__":
    main()
