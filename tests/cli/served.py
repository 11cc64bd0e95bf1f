"""``sancai serve`` as an operator runs it, on a home of its own, for tests of whole processes."""

import hashlib
import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.runner import SANCAI, Ran, sancai

PASSWORD = "a password of the tests"
READY_WITHIN_S = 90


def a_free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Service:
    """``sancai serve`` on a home; without a process it does not run, and only commands of the operator answer."""

    process: subprocess.Popen[str] | None
    home: Path
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *arguments: str, **environment: str) -> Ran:
        """Run a command of the operator, or of a user whose token ``environment`` has."""
        known = {**self.settings, "SANCAI_HOME": str(self.home), "SANCAI_URL": self.url}
        return sancai(*arguments, **{**known, **environment})

    def stop(self) -> None:
        """Stop it as an operator does, and wait until it has stopped."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        if self.process.stderr:
            self.process.stderr.close()

    def post(self, path: str, body: dict[str, Any], token: str = "") -> Any:
        """POST to the interface and return the answer."""
        sent = json.dumps(body).encode()
        key = hashlib.sha256(path.encode() + sent).hexdigest()
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"test-{key}"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(f"{self.url}/v1{path}", sent, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def activate(self, login: str, code: str) -> str:
        """Take up an account and return its token."""
        made = self.post("/accounts/activate", {"login": login, "code": code, "password": PASSWORD})
        return str(made["token"])

    def found_office(self) -> str:
        """Found an authority and return the token of its registrar."""
        stated = ("--name-zh", "数据局", "--region", "650502", "--login", "registrar.wang", "--json")
        founded = self.run("admin", "found-authority", "yizhou", *stated)
        return self.activate("registrar.wang", json.loads(founded.out)["activation_code"])

    def register_firm(self, registrar: str) -> str:
        """Register a firm and return the token of its owner."""
        firm = {"uscc": "91350100M000100Y43", "name": "甲", "region": "650502", "kind": "enterprise"}
        made = self.post("/firms", {**firm, "owner_login": "owner.li", "owner_name": "李"}, registrar)
        return self.activate("owner.li", made["activation_code"])


def start(home: Path, **settings: str) -> Service:
    """Start the service on ``home``, on any port unless one is set, and return once it is ready."""
    port = int(settings.get("SANCAI_PORT") or a_free_port())
    known = {"SANCAI_HOME": str(home), "SANCAI_PORT": str(port), "SANCAI_LANG": "en"}
    environment = {**os.environ, **settings, **known}
    process = subprocess.Popen(
        [SANCAI, "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    service = Service(process, home, port, settings)
    assert process.stderr is not None
    os.set_blocking(process.stderr.fileno(), False)
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        try:
            with urllib.request.urlopen(f"{service.url}/readyz", timeout=5):
                return service
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError("the service did not become ready")
