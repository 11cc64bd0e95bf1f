"""The HTTP interface on a port of this machine, for clients that speak HTTP and for commands in their own process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from registry.house import House
from storage.local_store import LocalStore
from tests.world import STORE_SECRET

Application = Callable[..., Any]


def _nothing(*_: object) -> list[bytes]:
    """Answer nothing; a server wants an application before its address is known."""
    return []


def application_of(house: House, url: str) -> Flask:
    """Return the HTTP interface of a house whose store signs addresses under ``url``."""
    from api.app import create_app

    store = LocalStore(house.settings.objects_folder, url, STORE_SECRET)
    return create_app(replace(house, store=store))


@contextmanager
def live(application_at: Callable[[str], Application]) -> Iterator[str]:
    """Serve the WSGI application that ``application_at`` makes for an address, and yield that address."""
    server = make_server("127.0.0.1", 0, _nothing, threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        server.app = application_at(url)
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
