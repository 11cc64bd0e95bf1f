"""A flash opening: many firms at one pool over HTTP, and beside it the least that PostgreSQL has to do for a claim."""

import asyncio
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from benchmarks._voucher_market import Place, plain, secret_of
from storage.embedded_postgres import programmes

SANCAI: Final = Path(sys.executable).with_name("sancai")
READY_WITHIN_S: Final = 600
LOADED_AFTER_S: Final = 8
"""The port answers with the first process; an opening is announced, so that all of them have loaded by then."""
PEER_CLIENTS: Final = 32
WORKERS: Final = str((os.cpu_count() or 1) + 1)
"""One more than there are processors: of two that hold, one waits for the other's pool."""
THREADS: Final = "256"

_PEER: Final = """
CREATE TABLE peer_pool (id int PRIMARY KEY, budget bigint NOT NULL, used bigint NOT NULL, CHECK (used <= budget));
CREATE TABLE peer_firm (id int PRIMARY KEY, cap bigint NOT NULL, used bigint NOT NULL, CHECK (used <= cap));
CREATE TABLE peer_claim (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, firm int NOT NULL, amount bigint NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT now());
INSERT INTO peer_pool VALUES (1, 1000000000000000, 0);
INSERT INTO peer_firm SELECT n, 1000000000000, 0 FROM generate_series(1, {firms}) AS n;
CREATE FUNCTION peer_take(asked_firm int, asked bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM peer_firm WHERE id = asked_firm AND used + asked <= cap FOR UPDATE;
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE peer_pool SET used = used + asked WHERE id = 1 AND used + asked <= budget;
  IF NOT FOUND THEN RETURN false; END IF;
  UPDATE peer_firm SET used = used + asked WHERE id = asked_firm;
  INSERT INTO peer_claim (firm, amount) VALUES (asked_firm, asked);
  RETURN true;
END $$;
"""


@dataclass(frozen=True)
class Opening:
    """What an opening came to; times in seconds."""

    held: int
    refused: Counter[str]
    statuses: Counter[int]
    latencies: list[float]
    taken: float
    taken_until_last_hold: float

    @property
    def failures(self) -> int:
        """How many answers were the server's failure, or no answer at all."""
        return sum(number for status, number in self.statuses.items() if status >= 500 or status == 0)

    def percentile_ms(self, hundredth: int) -> float:
        """Return a percentile of the time an answer took."""
        return statistics.quantiles(self.latencies, n=100)[hundredth - 1] * 1_000


def opened_to_all(place: Place, orders: list[str], connections: int) -> Opening:
    """Let every firm ask for its voucher over ``connections``, as fast as answers come."""
    with _served(place) as port:
        return asyncio.run(_storm(port, orders, connections))


@contextmanager
def _served(place: Place) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SANCAI_")},
        "SANCAI_HOME": str(place.folder),
        "SANCAI_PORT": str(port),
        "SANCAI_WEB_WORKERS": WORKERS,
        "SANCAI_WEB_THREADS": THREADS,
    }
    with (place.folder / "serve.log").open("wb") as log:
        served = subprocess.Popen([str(SANCAI), "serve"], env=environment, stdout=log, stderr=log)
        try:
            _await_port(port, served)
            time.sleep(LOADED_AFTER_S)
            yield port
        finally:
            served.terminate()
            served.wait(60)


def _await_port(port: int, served: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and served.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("sancai serve did not become ready")


async def _storm(port: int, orders: list[str], connections: int) -> Opening:
    numbers = iter(range(len(orders)))
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    refusals: list[bytes] = []
    last_hold = 0.0
    requests = [_request(number, order) for number, order in enumerate(orders)]
    gate = asyncio.Event()
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal last_hold
        await gate.wait()
        for number in numbers:
            began = time.perf_counter()
            try:
                writer.write(requests[number])
                status, body = await _answer(reader)
            except (OSError, asyncio.IncompleteReadError):
                statuses[0] += 1
                return
            ended = time.perf_counter()
            latencies.append(ended - began)
            statuses[status] += 1
            if status == 201:
                last_hold = max(last_hold, ended)
            else:
                refusals.append(body)
        writer.close()

    tasks = [asyncio.create_task(one(*each)) for each in opened]
    began = time.perf_counter()
    gate.set()
    await asyncio.gather(*tasks)
    taken = time.perf_counter() - began
    refused = Counter(json.loads(body).get("code", "") for body in refusals)
    return Opening(statuses[201], refused, statuses, latencies, taken, last_hold - began)


def _request(number: int, order: str) -> bytes:
    body = json.dumps({"order": order}).encode()
    head = (
        f"POST /v1/vouchers HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {secret_of(number)}\r\n"
        f"Idempotency-Key: flash-opening-{number}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    answer = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", answer)
    content = await reader.readexactly(int(length[1])) if length else b""
    return int(answer.split(b" ", 2)[1]), content


def peer_claims_per_second(place: Place, firms: int, seconds: int) -> float:
    """Return how many claims a bare function of the same locks and updates does under pgbench, one transaction each."""
    with psycopg.connect(plain(place.superuser_url), autocommit=True) as connection:
        connection.execute("CREATE DATABASE peer")
    url = plain(place.superuser_url).replace("/postgres?", "/peer?")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_PEER.format(firms=firms).encode())
    script = place.folder / "peer.sql"
    script.write_text(
        f"\\set firm random(1, {firms})\n\\set asked random(30000, 240000)\nSELECT peer_take(:firm, :asked);\n",
        encoding="ascii",
    )
    command = [
        str(programmes() / "pgbench"),
        *("-n", "-M", "prepared", "-c", str(PEER_CLIENTS), "-j", "2", "-T", str(seconds), "-f", str(script), url),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if found is None:
        raise SystemExit(f"pgbench said nothing of its speed: {done.stdout[-500:]}")
    return float(found[1])
