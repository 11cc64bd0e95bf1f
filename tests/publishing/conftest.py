"""A whole service for publishers: interface, store and worker, which can be stopped and come back at its address."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from werkzeug.serving import make_server

from cli.working import run_once
from registry.actors.model import Role
from sancai import Client
from tests.cli.runner import SANCAI
from tests.live import application_of
from tests.world import PUBLISHER, World

Application = Callable[..., Any]


@dataclass
class Service:
    """The service at one address; ``before`` may answer a request in its place."""

    world: World
    cache: Path
    url: str = ""
    before: Callable[[dict[str, Any]], int | None] = lambda _: None
    asked: list[str] = field(default_factory=list)

    @property
    def token(self) -> str:
        return self.world.tokens[f"{PUBLISHER}/{Role.OWNER}"]

    def start(self) -> ExitStack:
        """Serve, at the address of before if there was one; closing ends it."""
        port = int(self.url.rpartition(":")[2]) if self.url else 0
        server = make_server("127.0.0.1", port, lambda *_: [], threaded=True)
        self.url = f"http://127.0.0.1:{server.server_port}"
        application = application_of(self.world.house, self.url)
        server.app = lambda environ, begin: self._answer(application, environ, begin)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        opened = ExitStack()
        opened.callback(server.server_close)
        opened.callback(thread.join)
        opened.callback(server.shutdown)
        return opened

    def _answer(self, application: Application, environ: dict[str, Any], begin: Callable[..., Any]) -> Any:
        self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if status := self.before(environ):
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            begin(f"{status} FAULT", [("Content-Length", "0")])
            return [b""]
        return application(environ, begin)

    def count(self, what: str) -> int:
        """Return how many requests began with ``what``."""
        return sum(each.startswith(what) for each in self.asked)

    def command(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command as the publisher."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SANCAI_", "XDG_"))}
        environment = kept | {
            "SANCAI_URL": self.url,
            "SANCAI_TOKEN": self.token,
            "SANCAI_LANG": "en",
            "XDG_CACHE_HOME": str(self.cache.parent),
        }
        return subprocess.Popen(
            [SANCAI, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def ran(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command to its end."""
        running = self.command(*arguments)
        out, err = running.communicate(timeout=60)
        return running.returncode, out, err


@pytest.fixture
def service(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    cache = tmp_path / "cache" / "sancai"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: cache)
    made, stop = Service(world, cache), threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            run_once(world.house)

    worker = threading.Thread(target=work)
    with made.start():
        worker.start()
        try:
            yield made
        finally:
            stop.set()
            worker.join()


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url, service.token) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two tables and a card; of a file of two parts, see ``with_large``."""
    made = tmp_path / "turbines"
    (made / "data").mkdir(parents=True)
    for number in (1, 2):
        rows = "".join(f"{number}{row},{row * number % 97},{row % 7}.5\n" for row in range(300))
        (made / "data" / f"{number}.csv").write_text(f"id,speed,power\n{rows}")
    (made / "README.md").write_text(
        "---\npretty_name: 风机\nlicense: cc-by-4.0\nunknown: kept\nsancai:\n  name: lvtu/turbines\n"
        "  sector: new_energy\n  source: SCADA\n---\n\n# Turbines\n\nWords.\n",
        encoding="utf-8",
    )
    return made
