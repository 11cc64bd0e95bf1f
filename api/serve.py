"""The web server: Granian with several processes, each of which opens the house that the environment describes.

Started by ``sancai serve`` as ``python -P -m api.serve``; without ``-P`` a folder ``api`` of the working folder would
be served.

Rules:
* A process whose parent is gone ends: Granian leaves its workers behind when it is killed.
* Stopping waits for the requests that are being answered, at most 30 seconds. Granian's own limit is not used: it makes
  a stop before the first request as long as the limit.
* The workers add up their figures in a folder of their own, which must be named before ``prometheus_client`` is loaded;
  for that reason the application is imported where a worker begins.
"""

import gc
import os
import shutil
import signal
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Final

from granian.constants import Interfaces
from granian.server.mp import MPServer

from storage.settings import read_settings

if TYPE_CHECKING:
    from flask import Flask

BACKLOG: Final = 4096
BACKPRESSURE: Final = 2048
PARENT_LOOKED_AT_EVERY_S: Final = 0.5
STOP_WITHIN_S: Final = 30
METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"


def application() -> "Flask":
    """Return the application of this worker process."""
    # Until Granian listens to signals here, those of the process it was forked from would swallow a stop.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    end_with_parent(os.getppid())
    from api.app import create_app
    from api.logs import write_json_logs
    from api.wording import vocabulary
    from registry.house import open_house
    from registry.policy.service import shipped

    write_json_logs()
    made = create_app(open_house(read_settings()))
    # Else the first requests, each in a thread of its own, would all read words and policies at the same time.
    vocabulary()
    shipped()
    # What lives as long as the process is looked at in no collection of garbage, which took longer than a search.
    gc.collect()
    gc.freeze()
    return made


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
    """Serve until SIGTERM or SIGINT."""
    end_with_parent(os.getppid())
    settings = read_settings()
    server = MPServer(
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
    )
    _limit_stop(server)
    figures = tempfile.mkdtemp(prefix="sancai-metrics-")
    os.environ[METRICS_FOLDER] = figures
    try:
        server.serve(target_loader=application, wrap_loader=False)
    finally:
        shutil.rmtree(figures, ignore_errors=True)


def _limit_stop(server: MPServer) -> None:
    """Once a stop was asked for, end workers that are still busy when the limit is over."""

    def look() -> None:
        while not server.interrupt_signal:
            time.sleep(PARENT_LOOKED_AT_EVERY_S)
        time.sleep(STOP_WITHIN_S)
        for worker in list(server.wrks):
            worker.inner.kill()

    threading.Thread(target=look, name="stop limit", daemon=True).start()


if __name__ == "__main__":
    serve()
