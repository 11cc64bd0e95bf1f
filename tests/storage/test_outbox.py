"""Messages that leave: a real web server and a real mail server of the test take them."""

import base64
import hashlib
import hmac
import http.server
import json
import socketserver
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from storage import outbox
from storage.database import Database
from storage.outbox import Carrier, DeliveryState, Kind, MailServer, Message

SECRET = b"s" * 32


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Receiver(http.server.HTTPServer):
    """Keeps what it was sent and answers with the statuses it was given, then 204."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = list(statuses)
        self.received: list[tuple[Mapping[str, str], bytes]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?of=firm"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.send_header("Location", self.server.address)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class MailReceiver(socketserver.TCPServer):
    """Speaks as much SMTP (RFC 5321) as handing in a mail needs, and keeps the mails."""

    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.mails: list[str] = []


class _Mail(socketserver.StreamRequestHandler):
    server: MailReceiver

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            word = line.split()[0].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (line := self.rfile.readline()) != b".\r\n":
                    lines.append(line.decode())
                self.server.mails.append("".join(lines))
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            if word == b"QUIT":
                return


def post(database: Database, destination: str, kind: Kind = Kind.WEBHOOK, **body: Any) -> Message:
    message = Message(uuid.uuid4(), kind, destination, "catalog.version_published", body)
    with database.writing() as connection:
        outbox.post(connection, message)
    return message


def state(database: Database, message: Message) -> tuple[DeliveryState, int, str | None]:
    with database.reading() as connection:
        found = outbox.delivery_state(connection, message.id)
    assert found is not None
    return found


def now_due(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE outbox SET next_at = now()"))


@pytest.fixture
def webhooks() -> Mapping[Kind, Carrier]:
    return {Kind.WEBHOOK: outbox.webhook_carrier(SECRET, lambda: 1_772_000_000)}


def test_a_webhook_carries_a_signature_that_the_receiver_can_check(
    database: Database, webhooks: Mapping[Kind, Carrier]
) -> None:
    receiver = Receiver()
    with served(receiver):
        message = post(database, receiver.address, version="lab/wind@v1", 标题="风")
        assert outbox.deliver_next(database, webhooks)
    headers, body = receiver.received[0]
    secret = base64.b64decode(outbox.shown_secret(outbox.signing_secret(SECRET, receiver.address))[6:])
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(body)["data"] == {"version": "lab/wind@v1", "标题": "风"}
    assert state(database, message)[0] is DeliveryState.DELIVERED


def test_the_published_example_of_standard_webhooks_holds() -> None:
    # From the specification's own libraries: secret, id, time and payload with the signature they must give.
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    made = outbox.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_refused_message_is_sent_again_under_the_same_id(
    database: Database, webhooks: Mapping[Kind, Carrier]
) -> None:
    receiver = Receiver(503)
    with served(receiver):
        message = post(database, receiver.address)
        outbox.deliver_next(database, webhooks)
        assert state(database, message) == (DeliveryState.WAITING, 1, "answered 503")
        assert not outbox.deliver_next(database, webhooks)
        now_due(database)
        outbox.deliver_next(database, webhooks)
    ids = {headers["webhook-id"] for headers, _ in receiver.received}
    assert (len(receiver.received), len(ids)) == (2, 1)
    assert state(database, message)[0] is DeliveryState.DELIVERED


def test_a_redirect_is_not_followed(database: Database, webhooks: Mapping[Kind, Carrier]) -> None:
    receiver = Receiver(307)
    with served(receiver):
        message = post(database, receiver.address)
        outbox.deliver_next(database, webhooks)
    assert len(receiver.received) == 1
    assert state(database, message)[2] == "answered 307"


def test_a_message_nobody_takes_is_parked_with_the_reason(database: Database, webhooks: Mapping[Kind, Carrier]) -> None:
    message = post(database, "http://127.0.0.1:1/closed")
    attempts = 0
    while state(database, message)[0] is DeliveryState.WAITING:
        now_due(database)
        assert outbox.deliver_next(database, webhooks)
        attempts += 1
    assert attempts == len(outbox.WAITS) + 1
    assert state(database, message) == (DeliveryState.PARKED, attempts, "no answer: ConnectionRefusedError")


def test_mail_is_handed_in_with_one_id_for_all_attempts(database: Database) -> None:
    server = MailReceiver()
    with served(server):
        carriers = {Kind.MAIL: outbox.mail_carrier(MailServer("127.0.0.1", server.server_address[1], "desk@x.test"))}
        message = post(database, "owner@firm.test", Kind.MAIL, subject="公示开始", text="七天。")
        assert outbox.deliver_next(database, carriers)
    assert state(database, message)[0] is DeliveryState.DELIVERED
    assert f"Message-ID: <{message.id.hex}@x.test>" in server.mails[0]
    assert "To: owner@firm.test" in server.mails[0]


def test_a_message_of_a_rolled_back_transaction_does_not_leave(
    database: Database, webhooks: Mapping[Kind, Carrier]
) -> None:
    with database.engine.connect() as connection:
        outbox.post(connection, Message(uuid.uuid4(), Kind.WEBHOOK, "http://127.0.0.1:1/", "t", {}))
        connection.rollback()
    assert not outbox.deliver_next(database, webhooks)


def test_no_transaction_is_open_while_a_message_travels(database: Database) -> None:
    seen: list[int] = []

    def carry(_: Message) -> None:
        with database.reading() as connection:
            busy = text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
            )
            seen.append(int(connection.execute(busy).scalar_one()))

    carriers: Mapping[Kind, Callable[[Message], None]] = {Kind.WEBHOOK: carry}
    post(database, "http://127.0.0.1:1/")
    outbox.deliver_next(database, carriers)
    assert seen == [0]
