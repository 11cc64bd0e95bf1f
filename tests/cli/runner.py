"""Run the command line as a user does, in a process of its own or in this one."""

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SANCAI = Path(sys.executable).with_name("sancai")


@dataclass(frozen=True)
class Ran:
    """What a run left."""

    code: int
    out: str
    err: str


def sancai(*arguments: str, terminal: bool = False, **environment: str) -> Ran:
    """Run ``sancai`` with nothing of this user's configuration; on a ``terminal``, what it prints there is ``out``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SANCAI_", "LC_", "LANG"))}
    kept |= {"SANCAI_CONFIG": os.devnull + "/none", "NO_COLOR": "1", **environment}
    if terminal:
        return _on_terminal([str(SANCAI), *arguments], kept)
    done = subprocess.run([SANCAI, *arguments], env=kept, capture_output=True, text=True, timeout=60, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


def _on_terminal(command: list[str], environment: dict[str, str]) -> Ran:
    ours, theirs = os.openpty()
    with subprocess.Popen(command, env=environment, stdout=theirs, stderr=subprocess.PIPE) as running:
        os.close(theirs)
        printed = bytearray()
        with suppress(OSError):  # A terminal whose other side was closed ends with an error.
            while block := os.read(ours, 1 << 16):
                printed += block
        os.close(ours)
        _, err = running.communicate(timeout=60)
    return Ran(running.returncode, printed.decode().replace("\r\n", "\n"), err.decode())
