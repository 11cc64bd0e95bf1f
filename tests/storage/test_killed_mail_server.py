"""A mail server is killed in the middle of a mail, at every place in turn: none is lost, at most one comes twice."""

import re
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from storage import outbox
from storage.database import Database
from storage.mail_carrier import Mail, mail_carrier
from storage.outbox import Kind, Message
from storage.settings import MailServer
from tests.storage.mail_office import SEPARATOR

PLACES = ("greeting", "recipient", "data", "half", "taken", "told")
MAILS_OF_A_PLACE = 3
STARTED_WITHIN_S = 60


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def mail_office(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the mail server, until it ends or the block does."""
    with subprocess.Popen([sys.executable, "-m", "tests.storage.mail_office", str(port), str(folder)]) as running:
        try:
            deadline = time.monotonic() + STARTED_WITHIN_S
            while time.monotonic() < deadline:
                try:
                    with socket.create_connection(("127.0.0.1", port)) as probe:
                        assert probe.recv(100)
                    break
                except OSError:
                    time.sleep(0.02)
            yield running
        finally:
            running.kill()


def times_taken(folder: Path) -> Counter[str]:
    """Return how often the server took each mail, by its Message-ID."""
    file = folder / "mails"
    mails = file.read_bytes().split(SEPARATOR)[:-1] if file.exists() else []
    return Counter(re.findall(rb"^Message-ID: <([0-9a-f]{32})@", mail, re.MULTILINE)[0].decode() for mail in mails)


def deliver_all(database: Database, carriers: dict[Kind, outbox.Carrier]) -> None:
    while outbox.deliver_next(database, carriers):
        pass


def now_due(database: Database) -> None:
    """Let the waits after a failure pass."""
    with database.writing() as connection:
        connection.execute(text("UPDATE outbox SET next_at = now() WHERE state = 'waiting'"))
        connection.execute(text("UPDATE outbox_lanes SET rests_until = NULL, busy_until = NULL"))


@pytest.mark.parametrize("place", PLACES)
def test_a_mail_server_that_is_killed_in_the_middle_of_a_mail_loses_none(
    place: str, database: Database, port: int, tmp_path: Path
) -> None:
    carrier = mail_carrier(
        MailServer("127.0.0.1", port, "desk@x.test"), lambda message: Mail(message.destination, "公示", "七天。" * 500)
    )
    carriers = {Kind.MAIL: carrier}
    messages = [
        Message(uuid.uuid4(), Kind.MAIL, f"party-{number}", "owner@firm.test", "notice.posted", {})
        for number in range(MAILS_OF_A_PLACE)
    ]
    with database.writing() as connection:
        outbox.post(connection, *messages)
    with mail_office(port, tmp_path) as office:
        (tmp_path / "dies").write_text(place)
        deliver_all(database, carriers)
        # It was killed, and what was on its way failed, as what came after it did.
        assert office.wait(STARTED_WITHIN_S) < 0
    with mail_office(port, tmp_path):
        now_due(database)
        deliver_all(database, carriers)
    taken = times_taken(tmp_path)
    assert set(taken) == {message.id.hex for message in messages}
    twice = [count for count in taken.values() if count > 1]
    # Only a mail that the server had and did not say so comes again, under the same Message-ID.
    assert twice == ([2] if place == "taken" else [])
    with database.reading() as connection:
        states = connection.execute(text("SELECT state, count(*) FROM outbox GROUP BY state")).all()
    assert [tuple(row) for row in states] == [("delivered", MAILS_OF_A_PLACE)]
