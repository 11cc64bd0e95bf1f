"""The web server: granian with several processes, each of which opens the house that the environment describes.

It is started by ``sancai serve`` and lives as long as that does: a process whose parent is gone ends itself, since
granian leaves its workers behind when it is killed. Start it with ``python -P -m api.serve``, or else a folder
``api`` of the working directory would be served.
"""

import os
import signal
import threading
import time
from typing import Final

from flask import Flask
from granian.constants import Interfaces
from granian.server import Server

from api.app import create_app
from api.observe import write_json_logs
from registry.house import open_house
from storage.settings import read_settings

BACKLOG: Final = 4096
BACKPRESSURE: Final = 2048
PARENT_LOOKED_AT_EVERY_S: Final = 0.5


def application() -> Flask:
    """Return the application of this worker process."""
    end_with_parent(os.getppid())
    write_json_logs()
    return create_app(open_house(read_settings()))


def end_with_parent(parent: int) -> None:
    """End this process soon after the process ``parent`` that started it is gone."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_LOOKED_AT_EVERY_S)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10 * PARENT_LOOKED_AT_EVERY_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=look, name="parent", daemon=True).start()


def serve() -> None:
    """Serve until SIGTERM or SIGINT; requests that are being answered are finished."""
    end_with_parent(os.getppid())
    settings = read_settings()
    Server(
        "api.serve:application",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        backlog=BACKLOG,
        backpressure=BACKPRESSURE,
        respawn_failed_workers=True,
        log_enabled=False,
    ).serve(target_loader=application, wrap_loader=False)


if __name__ == "__main__":
    serve()
