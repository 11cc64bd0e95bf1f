"""Messages that leave: written in the transaction of what they tell, delivered afterwards by a worker.

Rules:
* A message exists if and only if what it tells was committed. It is delivered at least once; receivers tell repeats
  apart by its id.
* A webhook is signed as Standard Webhooks 1.0.0 says: ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature`` =
  ``v1,`` and base64 of HMAC-SHA256 over ``id.timestamp.body``.
* Only an answer 2xx counts as received; a redirect is not followed, because it would lead the message elsewhere.
* A delivery that fails is tried again, later each time; after the last attempt it is parked with the reason.
"""

import base64
import hashlib
import hmac
import http.client
import json
import smtplib
import ssl
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import CheckConstraint, Column, Connection, Index, SmallInteger, Table, Text, Uuid, func, insert, select
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from storage.database import Database, Writes, metadata, rows_may

WAITS: Final = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 600, 3_600, 6 * 3_600, 24 * 3_600))
"""How long after each failed attempt the next one comes; after the last the message is parked."""
TIMEOUT_S: Final = 15
LEASE: Final = timedelta(seconds=60)
BODY_MAX_BYTES: Final = 64 * 1024

_Name = Text(collation="C")
_Instant = TIMESTAMP(timezone=True)


class Kind(StrEnum):
    """How a message travels."""

    WEBHOOK = "webhook"
    MAIL = "mail"


class DeliveryState(StrEnum):
    """Where a message is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    PARKED = "parked"


outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", _Instant, primary_key=True, server_default=func.now()),
    Column("kind", _Name, nullable=False),
    Column("destination", Text, nullable=False),
    Column("topic", _Name, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("state", _Name, nullable=False, server_default=DeliveryState.WAITING.value),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("next_at", _Instant, nullable=False, server_default=func.now()),
    Column("reason", Text),
    Column("delivered_at", _Instant),
    CheckConstraint("kind IN ('webhook', 'mail')", "kind"),
    CheckConstraint("state IN ('waiting', 'delivered', 'parked')", "state"),
    CheckConstraint("state <> 'parked' OR reason IS NOT NULL", "a_parked_message_says_why"),
    CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", "delivered_at"),
    **rows_may(Writes.UPDATE, partitioned_by="created_at"),
)
Index("ix_outbox_waiting", outbox.c.next_at, postgresql_where=outbox.c.state == "waiting")


class DeliveryFailedError(Exception):
    """The receiver did not take the message; the text says what it answered, without anything secret."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. ``destination`` is an address on the web or of mail; ``body`` is JSON (for mail: subject, text)."""

    id: uuid.UUID
    kind: Kind
    destination: str
    topic: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, and whom it comes from."""

    host: str
    port: int
    sender: str


Carrier = Callable[[Message], None]
"""Delivers one message or raises DeliveryFailedError."""


def post(connection: Connection, message: Message) -> None:
    """Write a message within the caller's transaction. Raises ValueError for a body beyond 64 KiB."""
    if len(json.dumps(message.body).encode()) > BODY_MAX_BYTES:
        raise ValueError(f"a message holds at most {BODY_MAX_BYTES} bytes")
    connection.execute(
        insert(outbox).values(
            id=message.id,
            kind=message.kind,
            destination=message.destination,
            topic=message.topic,
            body=dict(message.body),
        )
    )


def deliver_next(database: Database, carriers: Mapping[Kind, Carrier]) -> bool:
    """Try the message whose turn it is; return False when none waits.

    The attempt is counted, and the next one set, before anything leaves: a crash in between repeats the message, never
    loses it. No transaction is open while it travels.
    """
    with database.writing() as connection:
        taken = _take(connection)
    if taken is None:
        return False
    message, created_at, attempt = taken
    try:
        carriers.get(message.kind, _nobody)(message)
    except DeliveryFailedError as error:
        last = attempt > len(WAITS)
        changes: dict[str, Any] = {"reason": str(error)[:500]}
        if last:
            changes["state"] = DeliveryState.PARKED
        else:
            changes["next_at"] = func.clock_timestamp() + WAITS[attempt - 1]
    else:
        changes = {"state": DeliveryState.DELIVERED, "delivered_at": func.clock_timestamp(), "reason": None}
    with database.writing() as connection:
        connection.execute(
            update_rows(outbox)
            .where(
                outbox.c.id == message.id,
                outbox.c.created_at == created_at,
                outbox.c.state == DeliveryState.WAITING,
            )
            .values(**changes)
        )
    return True


def _nobody(message: Message) -> None:
    raise DeliveryFailedError(f"no way to deliver {message.kind}")


def _take(connection: Connection) -> tuple[Message, datetime, int] | None:
    row = connection.execute(
        select(outbox)
        .where(outbox.c.state == DeliveryState.WAITING, outbox.c.next_at <= func.clock_timestamp())
        .order_by(outbox.c.next_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    connection.execute(
        update_rows(outbox)
        .where(outbox.c.id == row.id, outbox.c.created_at == row.created_at)
        .values(attempts=outbox.c.attempts + 1, next_at=func.clock_timestamp() + LEASE)
    )
    return Message(row.id, Kind(row.kind), row.destination, row.topic, row.body), row.created_at, row.attempts + 1


def signing_secret(installation_secret: bytes, destination: str) -> bytes:
    """Return the secret that signs what goes to ``destination``; derived, so that no table holds it."""
    return hmac.new(installation_secret, f"sancai-webhook-1\n{destination}".encode(), hashlib.sha256).digest()


def shown_secret(secret: bytes) -> str:
    """Return a secret as receivers enter it: ``whsec_`` and base64 (Standard Webhooks, "Signature scheme")."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def signature(secret: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``."""
    signed = hmac.new(secret, f"{message_id}.{timestamp_s}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def webhook_carrier(installation_secret: bytes, now_s: Callable[[], float]) -> Carrier:
    """Return what delivers webhooks; ``now_s`` gives seconds since 1970 by the machine's clock."""

    def carry(message: Message) -> None:
        body = json.dumps({"type": message.topic, "data": message.body}, ensure_ascii=False).encode()
        identifier, timestamp_s = f"msg_{message.id.hex}", int(now_s())
        secret = signing_secret(installation_secret, message.destination)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": identifier,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": signature(secret, identifier, timestamp_s, body),
        }
        status = _post(message.destination, body, headers)
        if not 200 <= status < 300:
            raise DeliveryFailedError(f"answered {status}")

    return carry


def _post(address: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send a POST and return its status. Raises DeliveryFailedError."""
    parts = urlsplit(address)
    makes = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if parts.scheme not in makes or not parts.hostname:
        raise DeliveryFailedError("not a web address")
    connection = makes[parts.scheme](parts.hostname, parts.port, timeout=TIMEOUT_S)
    try:
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection.request("POST", target, body, dict(headers))
        return int(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        raise DeliveryFailedError(f"no answer: {type(error).__name__}") from error
    finally:
        connection.close()


def mail_carrier(server: MailServer) -> Carrier:
    """Return what hands mail to ``server``."""

    def carry(message: Message) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"] = server.sender, message.destination
        mail["Subject"] = str(message.body.get("subject", message.topic))
        # The same id at every attempt, so that a mail program shows a repeat once.
        mail["Message-ID"] = f"<{message.id.hex}@{server.sender.rpartition('@')[2]}>"
        mail.set_content(str(message.body.get("text", "")))
        try:
            with smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S) as hand_in:
                hand_in.ehlo()
                if hand_in.has_extn("starttls"):
                    hand_in.starttls(context=ssl.create_default_context())
                hand_in.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryFailedError(f"mail server: {type(error).__name__}") from error

    return carry


def delivery_state(connection: Connection, message: uuid.UUID) -> tuple[DeliveryState, int, str | None] | None:
    """Return (state, attempts, reason) of a message, or None when there is none of this id."""
    row = connection.execute(select(outbox).where(outbox.c.id == message)).one_or_none()
    return (DeliveryState(row.state), row.attempts, row.reason) if row else None
