"""A server programme that lives exactly as long as the processes that use it.

Each user holds a shared lock (``holders.lock``) in the folder of the server; a keeper (``storage.keeper``) stops the
server when the last one is gone, however it went. Starting and leaving are done one at a time (``starting.lock``).
"""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage.errors import StoreConfigurationError, StoreUnavailableError

_KEEPER = Path(__file__).with_name("keeper.py")
_LOOK_EVERY_S = 0.02
_LOG_SHOWN_BYTES = 2_000


@dataclass(frozen=True, slots=True)
class Programme:
    """What to run and how to stop it. ``user`` and ``group`` None: as we are."""

    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    stop_signal: signal.Signals
    patience_s: int = 30
    user: int | None = None
    group: int | None = None


class KeptProcess:
    """One process's hold on a server whose lock files lie in ``folder`` (which exists)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hold: int | None = None

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Be the only one who starts or leaves."""
        lock = self._locked("starting", fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(lock)

    def hold(self) -> None:
        """Keep the server alive from now on; waits while it is being stopped."""
        self._hold = self._locked("holders", fcntl.LOCK_SH)

    def is_kept(self) -> bool:
        """Whether a keeper runs, which means that the server does or is about to. Call inside ``starting``."""
        return not self._is_free("keeper", fcntl.LOCK_EX)

    def start(self, programme: Programme, is_ready: Callable[[int], bool], deadline_s: float) -> None:
        """Start a keeper with the server and wait until ``is_ready(process id)``. Call inside ``starting``, holding.

        Raises:
            StoreConfigurationError: The server ended at once; ``log`` holds its last words.
            StoreUnavailableError: It was not ready after ``deadline_s`` seconds.
        """
        end, report = os.pipe()
        try:
            order = {
                "command": list(programme.command),
                "environment": dict(programme.environment),
                "user": programme.user,
                "group": programme.group,
                "stop_signal": int(programme.stop_signal),
                "patience_s": programme.patience_s,
                "log": str(programme.log),
                "holders": str(self._folder / "holders.lock"),
                "keeper": str(self._folder / "keeper.lock"),
                "report": report,
            }
            # Isolated (-I): a folder of the user's that is named like a standard module does not matter.
            command = [sys.executable, "-I", "-S", str(_KEEPER), json.dumps(order)]
            with programme.log.open("ab") as log:
                subprocess.run(  # noqa: S603
                    command, check=True, pass_fds=(report,), stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            os.close(report)
            report = -1
            self._wait(end, programme, is_ready, time.monotonic() + deadline_s)
        finally:
            os.close(end)
            if report >= 0:
                os.close(report)

    def leave(self) -> None:
        """Let go; if nobody else holds the server, return when it has stopped. Harmless when not holding."""
        if self._hold is None:
            return
        with self.starting():
            os.close(self._hold)
            self._hold = None
            others = not self._is_free("holders", fcntl.LOCK_EX) and self._is_free("holders", fcntl.LOCK_SH)
            if not others:
                os.close(self._locked("keeper", fcntl.LOCK_EX))

    def _wait(self, end: int, programme: Programme, is_ready: Callable[[int], bool], deadline: float) -> None:
        pid = 0
        while time.monotonic() < deadline:
            if select.select([end], [], [], _LOOK_EVERY_S)[0]:
                told = os.read(end, 64)
                if not told:  # The keeper is gone, and with it the server.
                    raise StoreConfigurationError(
                        "server_did_not_start", command=str(programme.command[0]), log=_last_words(programme.log)
                    )
                pid = int(told)
            if pid and is_ready(pid):
                return
        raise StoreUnavailableError(
            "server_not_ready", command=str(programme.command[0]), log=_last_words(programme.log)
        )

    def _locked(self, name: str, how: int) -> int:
        lock = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, how)
        except BaseException:
            os.close(lock)
            raise
        return lock

    def _is_free(self, name: str, how: int) -> bool:
        try:
            os.close(self._locked(name, how | fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True


def _last_words(log: Path) -> str:
    return log.read_bytes()[-_LOG_SHOWN_BYTES:].decode(errors="replace").strip() if log.exists() else ""
