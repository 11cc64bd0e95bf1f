"""Processes that a command starts and that never outlive it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Final

PATIENCE_S: Final = 30
LOOKED_AT_EVERY_S: Final = 0.1


class StopRequestedError(BaseException):
    """SIGTERM or SIGINT came. Not an Exception: nothing on the way up may take it for a failure."""


def stop_on_signals() -> None:
    """Turn SIGTERM and SIGINT into StopRequestedError, so that every open context is left in order."""

    def stop(number: int, _: FrameType | None) -> None:
        raise StopRequestedError(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


class Processes:
    """Children in sessions of their own: Ctrl-C reaches the parent alone, which then stops them in order."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path | None = None) -> None:
        """Start ``command`` under ``name``; what it says goes to ``log``, or else where this process's words go."""
        with open(log or os.devnull, "ab") as kept:  # noqa: PTH123
            self._running[name] = subprocess.Popen(  # noqa: S603
                list(command),
                env={**os.environ, **environment},
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=kept if log else None,
                stderr=kept if log else None,
                preexec_fn=end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )

    def ended(self) -> str | None:
        """Return the name of a child that has ended, or None while all run."""
        return next((name for name, child in self._running.items() if child.poll() is not None), None)

    def wait(self) -> str:
        """Wait until one of the children ends and return its name."""
        while (name := self.ended()) is None:
            time.sleep(LOOKED_AT_EVERY_S)
        return name

    def stop(self, patience_s: float = PATIENCE_S) -> None:
        """Ask all to stop, and kill what is left when patience ends. Further signals do not interrupt this."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        for child in self._running.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + patience_s
        for child in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            # The session's name is the child's number: what the child itself has started ends with it.
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        self._running.clear()


def end_with_parent() -> None:
    """Have Linux send SIGTERM to this process when its parent dies, however that dies (prctl(2), PR_SET_PDEATHSIG)."""
    import ctypes

    ctypes.CDLL(None).prctl(1, int(signal.SIGTERM))
