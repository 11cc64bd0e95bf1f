"""The service as an operator runs it: real processes on a fresh home, from the first start to the last byte."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.runner import sancai
from tests.cli.served import Service, start

pytestmark = pytest.mark.slow

GONE_WITHIN_S = 30


def processes_of(home: Path) -> list[str]:
    """Return the processes that know this home, by their environment or arguments."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            known = (each / "environ").read_bytes() + (each / "cmdline").read_bytes()
            state = (each / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(home).encode() in known and state != "Z":
            found.append(f"{each.name} {(each / 'cmdline').read_bytes()!r}")
    return found


def left_of(home: Path) -> list[str]:
    """Return what is still there of them when patience ends."""
    deadline = time.monotonic() + GONE_WITHIN_S
    while (left := processes_of(home)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    started = start(tmp_path / "home")
    yield started
    started.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything(service: Service, number: signal.Signals) -> None:
    service.process.send_signal(number)
    assert service.process.wait(60) == 0
    assert left_of(service.home) == []


def test_nothing_outlives_a_parent_that_is_killed(service: Service) -> None:
    service.process.kill()
    service.process.wait(60)
    assert left_of(service.home) == []


def test_a_port_that_is_taken_is_named(service: Service, tmp_path: Path) -> None:
    done = sancai("serve", SANCAI_HOME=str(tmp_path / "other"), SANCAI_PORT=str(service.port))
    assert done.code == 8
    assert str(service.port) in done.err


def test_what_is_published_is_pulled_and_verified_until_a_byte_changes(service: Service, tmp_path: Path) -> None:
    assert service.run("doctor").code == 0
    token = service.register_firm(service.found_office())
    data = tmp_path / "data"
    data.mkdir()
    (data / "t.csv").write_text("a,b\n" + "".join(f"{n},{n * n}\n" for n in range(500)))

    stated = ["--name", "hami/squares", "--title", "平方", "--sector", "new_energy", "--licence", "CC0-1.0"]
    published = service.run("publish", str(data), *stated, "--source", "own", "--json", SANCAI_TOKEN=token)
    assert published.code == 0, published.err
    assert json.loads(published.out)["report"]["rows"] == 500

    key = service.run("admin", "public-key").out.strip()
    pulled = service.run("pull", "hami/squares@v1", "--to", str(tmp_path / "out"), "--key", key, "--json")
    assert pulled.code == 0, pulled.err
    assert json.loads(pulled.out)["signed_by"] == [key.partition("+")[0]]
    assert (tmp_path / "out" / "t.csv").read_bytes() == (data / "t.csv").read_bytes()

    assert service.run("ledger", "verify").code == 0
    whole = service.run("verify")
    assert (whole.code, whole.out.splitlines()[-1]) == (0, "OK")

    [stored] = [path for path in (service.home / "objects").rglob("*") if path.is_file() and _holds(path, data)]
    content = bytearray(stored.read_bytes())
    content[100] ^= 1
    stored.chmod(0o600)
    stored.write_bytes(content)
    damaged = service.run("verify", "--json")
    assert damaged.code == 9
    [found] = json.loads(damaged.out)["damages"]
    assert (found["dataset"], found["version"], found["path"]) == ("hami/squares", "v1", "t.csv")


def _holds(path: Path, data: Path) -> bool:
    return "published" in str(path) and path.stat().st_size == (data / "t.csv").stat().st_size
