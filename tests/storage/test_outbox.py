"""Messages that leave: a real web server and a real mail server of the test take them."""

import base64
import hashlib
import hmac
import http.server
import json
import socketserver
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text

from storage import outbox
from storage import webhook_carrier as webhook_carriers
from storage.database import Database
from storage.mail_carrier import Mail, mail_carrier
from storage.outbox import Carrier, DeliveryFailedError, DeliveryState, Kind, Message
from storage.settings import MailServer
from storage.webhook_carrier import Receiver as WebhookReceiver
from storage.webhook_carrier import shown_secret, signature, webhook_carrier

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
        self.dies_after: int | None = None
        """The number of mails after which it takes one more and dies before it says so, once."""


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
                if self.server.dies_after is not None and len(self.server.mails) > self.server.dies_after:
                    self.server.dies_after = None
                    return
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            if word == b"QUIT":
                return


def post(database: Database, destination: str, kind: Kind = Kind.WEBHOOK, lane: str = "", **body: Any) -> Message:
    message = Message(uuid.uuid4(), kind, lane or destination, destination, "version.published", body)
    with database.writing() as connection:
        outbox.post(connection, message)
    return message


def state(database: Database, message: Message) -> tuple[DeliveryState, int, str | None]:
    with database.reading() as connection:
        found = outbox.delivery(connection, message.id)
    assert found is not None
    return found.state, found.attempts, found.reason


def now_due(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE outbox SET next_at = now()"))
        connection.execute(text("UPDATE outbox_lanes SET rests_until = NULL, busy_until = NULL"))


def carrier_of(*secrets: bytes) -> Carrier:
    """Return what delivers a message to the address that it names."""

    def receiver_of(message: Message) -> WebhookReceiver:
        return WebhookReceiver(message.destination, secrets)

    return webhook_carrier(receiver_of, lambda: 1_772_000_000, private_allowed=True)


def composed(message: Message) -> Mail:
    return Mail(message.destination, message.body["subject"], message.body["text"])


@pytest.fixture
def webhooks() -> Mapping[Kind, Carrier]:
    return {Kind.WEBHOOK: carrier_of(SECRET)}


def test_a_webhook_carries_a_signature_that_the_receiver_can_check(
    database: Database, webhooks: Mapping[Kind, Carrier]
) -> None:
    receiver = Receiver()
    with served(receiver):
        message = post(database, receiver.address, version="lab/wind@v1", 标题="风")
        assert outbox.deliver_next(database, webhooks)
    headers, body = receiver.received[0]
    secret = base64.b64decode(shown_secret(SECRET)[6:])
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(body) == {"version": "lab/wind@v1", "标题": "风"}
    assert state(database, message)[0] is DeliveryState.DELIVERED


def test_the_published_example_of_standard_webhooks_holds() -> None:
    # From the specification's own libraries: secret, id, time and payload with the signature they must give.
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
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
        carriers = {Kind.MAIL: mail_carrier(MailServer("127.0.0.1", server.server_address[1], "desk@x.test"), composed)}
        message = post(database, "owner@firm.test", Kind.MAIL, subject="公示开始", text="七天。")
        assert outbox.deliver_next(database, carriers)
    assert state(database, message)[0] is DeliveryState.DELIVERED
    assert f"Message-ID: <{message.id.hex}@x.test>" in server.mails[0]
    assert "To: owner@firm.test" in server.mails[0]


def test_two_secrets_sign_while_one_is_being_changed(database: Database) -> None:
    receiver = Receiver()
    with served(receiver):
        post(database, receiver.address)
        outbox.deliver_next(database, {Kind.WEBHOOK: carrier_of(SECRET, b"o" * 32)})
    headers, body = receiver.received[0]
    stamp = int(headers["webhook-timestamp"])
    signatures = [signature(secret, headers["webhook-id"], stamp, body) for secret in (SECRET, b"o" * 32)]
    assert headers["webhook-signature"].split(" ") == signatures


def test_lanes_are_served_in_turn_however_many_messages_wait_in_one(database: Database) -> None:
    served_lanes: list[str] = []
    for _ in range(5):
        post(database, "a", lane="busy")
    post(database, "b", lane="quiet")
    carriers: Mapping[Kind, Carrier] = {Kind.WEBHOOK: lambda message: served_lanes.append(message.lane)}
    while outbox.deliver_next(database, carriers):
        pass
    assert served_lanes.index("quiet") <= 1
    assert len(served_lanes) == 6


def test_a_receiver_that_fails_rests_and_the_others_go_on(database: Database) -> None:
    tried: list[str] = []

    def carry(message: Message) -> None:
        tried.append(message.lane)
        if message.lane == "down":
            raise DeliveryFailedError("answered 503")

    for _ in range(3):
        post(database, "a", lane="down")
        post(database, "b", lane="up")
    while outbox.deliver_next(database, {Kind.WEBHOOK: carry}):
        pass
    assert sorted(tried) == ["down", "up", "up", "up"]


def test_a_lane_that_failed_is_left_out_by_carriers_of_steady_ones(database: Database) -> None:
    def refuse(_: Message) -> None:
        raise DeliveryFailedError("answered 503")

    post(database, "a", lane="down")
    assert outbox.deliver_next(database, {Kind.WEBHOOK: refuse})
    now_due(database)
    assert not outbox.deliver_next(database, {Kind.WEBHOOK: refuse}, steady_only=True)
    assert outbox.deliver_next(database, {Kind.WEBHOOK: refuse})


def test_one_message_of_a_lane_travels_at_a_time(database: Database) -> None:
    second: list[bool] = []

    def carry(_: Message) -> None:
        second.append(outbox.deliver_next(database, {Kind.WEBHOOK: lambda _: None}))

    post(database, "a", lane="one")
    post(database, "a", lane="one")
    outbox.deliver_next(database, {Kind.WEBHOOK: carry})
    assert second == [False]


def test_a_process_that_dies_on_the_way_repeats_the_message_when_its_lease_is_over(database: Database) -> None:
    def die(_: Message) -> None:
        raise KeyboardInterrupt

    message = post(database, "a")
    with pytest.raises(KeyboardInterrupt):
        outbox.deliver_next(database, {Kind.WEBHOOK: die})
    assert not outbox.deliver_next(database, {Kind.WEBHOOK: lambda _: None})
    now_due(database)
    assert outbox.deliver_next(database, {Kind.WEBHOOK: lambda _: None})
    assert state(database, message) == (DeliveryState.DELIVERED, 2, None)


def test_a_message_is_replayed_under_its_own_id(database: Database, webhooks: Mapping[Kind, Carrier]) -> None:
    receiver = Receiver()
    with served(receiver):
        message = post(database, receiver.address)
        outbox.deliver_next(database, webhooks)
        with database.writing() as connection:
            assert outbox.replay(connection, message.lane, message.id)
            assert not outbox.replay(connection, "another", message.id)
        outbox.deliver_next(database, webhooks)
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    assert len(receiver.received) == 2


class Dripping(socketserver.TCPServer):
    """Answers a byte at a time and never comes to an end."""

    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Drip)


class _Drip(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(200):
            time.sleep(0.05)
            try:
                self.request.sendall(b"x")
            except OSError:
                return


def test_a_receiver_that_answers_a_byte_at_a_time_is_cut_off(
    database: Database, webhooks: Mapping[Kind, Carrier], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_carriers, "DEADLINE_S", 0.3)
    server = Dripping()
    with served(server):
        message = post(database, f"http://127.0.0.1:{server.server_address[1]}/")
        outbox.deliver_next(database, webhooks)
    assert state(database, message)[2] == "no answer: DeadlinePassed"


def test_a_message_of_a_rolled_back_transaction_does_not_leave(
    database: Database, webhooks: Mapping[Kind, Carrier]
) -> None:
    with database.engine.connect() as connection:
        outbox.post(connection, Message(uuid.uuid4(), Kind.WEBHOOK, "lane", "http://127.0.0.1:1/", "t", {}))
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
