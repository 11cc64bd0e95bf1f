"""Runs one server programme for as long as anybody holds it, and stops it after the last.

A script of its own, started by ``storage.kept_process`` and importing the standard library only. Whoever uses the
server holds a shared lock on a file; the kernel drops it when that process ends in any way, SIGKILL included. The
keeper waits for the exclusive lock on the same file: when it gets it, nobody is left.

Argument: one JSON object, ``command``, ``environment``, ``user`` and ``group`` (numbers or null), ``stop_signal``,
``patience_s``, ``log``, ``holders`` and ``keeper`` (lock files), ``report`` (an open pipe for the server's process id).
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
from types import FrameType
from typing import Any

PR_SET_PDEATHSIG = 1


class ServerEndedError(Exception):
    """The server ended although somebody holds it."""


def keep(order: dict[str, Any]) -> None:
    """Start the server, wait until nobody holds it, stop it."""
    # Both locks are held to the end: a starter who gets the keeper's lock knows that none is running.
    keeper = os.open(order["keeper"], os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(keeper, fcntl.LOCK_EX | fcntl.LOCK_NB)
    holders = os.open(order["holders"], os.O_RDWR | os.O_CREAT, 0o600)
    with open(order["log"], "ab") as log:  # noqa: PTH123
        server = subprocess.Popen(  # noqa: S603
            order["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=order["environment"],
            cwd="/",
            user=order["user"],
            group=order["group"],
            extra_groups=None if order["user"] is None else [],
            # This process has one thread, for which alone the kernel's signal at its death is meant.
            preexec_fn=lambda: _die_with_keeper(order["stop_signal"]),  # noqa: PLW1509
        )
    try:
        signal.signal(signal.SIGCHLD, _ended)
        if server.poll() is None:
            os.write(order["report"], f"{server.pid}\n".encode())
            fcntl.flock(holders, fcntl.LOCK_EX)
    except ServerEndedError:
        pass
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        stop(server, order["stop_signal"], order["patience_s"])
        # In this order, which the kernel does not promise at our end: a starter waits for ``holders`` and then looks
        # whether a keeper is there.
        os.close(keeper)
        os.close(holders)


def stop(server: subprocess.Popen[bytes], stop_signal: int, patience_s: int) -> None:
    """End the server: kindly, and after ``patience_s`` seconds by force."""
    server.send_signal(stop_signal)
    try:
        server.wait(patience_s)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        try:
            server.wait(patience_s)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _ended(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise ServerEndedError


def _die_with_keeper(stop_signal: int) -> None:
    """Ask Linux to stop the server should the keeper itself be killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, stop_signal)


def main() -> None:
    """Leave the starter's process group, so that its Ctrl-C and its end are not ours, and keep."""
    if os.fork():
        os._exit(0)
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    keep(json.loads(sys.argv[1]))


if __name__ == "__main__":
    main()
