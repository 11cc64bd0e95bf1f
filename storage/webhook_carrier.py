"""Webhooks on their way: signed, sent to an address that may be called, taken only with a 2xx.

Rules:
* A webhook is signed as Standard Webhooks 1.0.0 says: ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature`` =
  ``v1,`` and base64 of HMAC-SHA256 over ``id.timestamp.body``. While a secret is being changed there are two
  signatures, apart by a space.
* Only an answer 2xx counts as received; a redirect is not followed, because it would lead the message elsewhere.
* Where the address leads is looked up and judged at every delivery (``web_targets``).
* A delivery ends after ``DEADLINE_S`` whatever the receiver does, also one that answers a byte at a time.
"""

import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from storage.outbox import Carrier, DeliveryFailedError, Message
from storage.web_targets import Target, TargetRefusedError, require_target

TIMEOUT_S: Final = 15
"""How long a receiver may be silent."""
DEADLINE_S: Final = 30
"""How long a delivery may take in all; the lease of the outbox is twice that."""
USER_AGENT: Final = "Sancai-Webhooks/1"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a webhook goes, and the secrets that sign it: the present one first."""

    url: str
    secrets: tuple[bytes, ...]


def signing_secret(installation_secret: bytes, purpose: str) -> bytes:
    """Return the secret of a receiver; derived, so that no table holds it. ``purpose`` names it and its generation."""
    return hmac.new(installation_secret, f"sancai-webhook-1\n{purpose}".encode(), hashlib.sha256).digest()


def shown_secret(secret: bytes) -> str:
    """Return a secret as receivers enter it: ``whsec_`` and base64 (Standard Webhooks, "Signature scheme")."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def signature(secret: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return one signature of ``webhook-signature``."""
    signed = hmac.new(secret, f"{message_id}.{timestamp_s}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def webhook_carrier(
    receiver_of: Callable[[Message], Receiver], now_s: Callable[[], float], *, private_allowed: bool = False
) -> Carrier:
    """Return what delivers webhooks.

    Args:
        receiver_of: Finds who gets a message, or raises DeliveryFailedError when nobody does any more.
        now_s: Seconds since 1970 by the machine's clock.
        private_allowed: Whether receivers may have addresses that are not public.
    """

    def carry(message: Message) -> None:
        receiver = receiver_of(message)
        body = json.dumps(message.body, ensure_ascii=False).encode()
        identifier, timestamp_s = f"msg_{message.id.hex}", int(now_s())
        signatures = [signature(secret, identifier, timestamp_s, body) for secret in receiver.secrets]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "webhook-id": identifier,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": " ".join(signatures),
        }
        try:
            target = require_target(receiver.url, private_allowed=private_allowed)
        except TargetRefusedError as error:
            stated = " ".join(f"{name}={value}" for name, value in error.parameters.items() if name != "url")
            raise DeliveryFailedError(f"not sent: {error.code} {stated}".strip()) from error
        status = _post(target, body, headers)
        if not 200 <= status < 300:
            raise DeliveryFailedError(f"answered {status}")

    return carry


def _post(target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    """Send a POST to the first address that can be reached and return its status. Raises DeliveryFailedError."""
    failure: Exception | None = None
    for address in target.addresses:
        connection = http.client.HTTPConnection(target.host, target.port, timeout=TIMEOUT_S)
        try:
            connection.sock = connected_to(target, address)
        except (OSError, ssl.SSLError) as error:
            failure = error
            continue
        ended = threading.Event()
        stop = threading.Timer(DEADLINE_S, cut, (connection.sock, ended))
        stop.daemon = True
        stop.start()
        try:
            connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", target.host_header)
            connection.putheader("Content-Length", str(len(body)))
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            status = int(connection.getresponse().status)
        except (OSError, http.client.HTTPException) as error:
            reason = "DeadlinePassed" if ended.is_set() else type(error).__name__
            raise DeliveryFailedError(f"no answer: {reason}") from error
        else:
            # A connection that is cut in the middle of the headers looks like one whose headers have ended.
            if ended.is_set():
                raise DeliveryFailedError("no answer: DeadlinePassed")
            return status
        finally:
            stop.cancel()
            connection.close()
    raise DeliveryFailedError(f"no answer: {type(failure).__name__}") from failure


def connected_to(target: Target, address: str) -> Any:
    """Return a connection to one judged address; the certificate must be that of the name."""
    plain = socket.create_connection((address, target.port), timeout=TIMEOUT_S)
    if target.scheme == "http":
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)
    except BaseException:
        plain.close()
        raise


def cut(connected: socket.socket, ended: threading.Event) -> None:
    """End a connection that took too long, from another thread."""
    ended.set()
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def secrets_of(installation_secret: bytes, names: Sequence[str]) -> tuple[bytes, ...]:
    """Return the secrets of several names."""
    return tuple(signing_secret(installation_secret, name) for name in names)
