"""Run the command line as a user does, in a process of its own or in this one."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SANCAI = Path(sys.executable).with_name("sancai")


@dataclass(frozen=True)
class Ran:
    """What a run left."""

    code: int
    out: str
    err: str


def sancai(*arguments: str, **environment: str) -> Ran:
    """Run ``sancai`` with nothing of this user's configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SANCAI_", "LC_", "LANG"))}
    kept |= {"SANCAI_CONFIG": os.devnull + "/none", "NO_COLOR": "1", **environment}
    done = subprocess.run([SANCAI, *arguments], env=kept, capture_output=True, text=True, timeout=60, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)
