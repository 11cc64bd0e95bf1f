"""How the messages of this installation are delivered: found, signed and written at the moment they leave.

A webhook that was disabled, or an address that takes no mail any more, ends what still waits for it.
"""

import time
from collections.abc import Callable
from typing import Final

from registry.messages import records
from registry.messages.model import MailAddress, WebhookState
from registry.values.identifiers import AccountId, WebhookId
from registry.values.moment import Clock
from storage.database import Database
from storage.mail_carrier import Mail, mail_carrier
from storage.outbox import Carrier, DeliveryFailedError, Kind, Message
from storage.settings import Settings
from storage.webhook_carrier import Receiver, secrets_of, webhook_carrier

CODE_TOPIC: Final = "mail.code"
"""The one mail that goes to an address before it is verified."""

Composer = Callable[[MailAddress, Message], Mail]
"""Writes the mail of a message in the language of whoever gets it."""


def carriers_of(
    database: Database, clock: Clock, settings: Settings, secret: bytes, compose: Composer | None = None
) -> dict[Kind, Carrier]:
    """Return what delivers each kind of message; mail only where a mail server and a composer are given."""

    def receiver_of(message: Message) -> Receiver:
        with database.reading() as connection:
            webhook = records.webhook_of(connection, WebhookId(message.destination))
        if webhook is None or webhook.state is not WebhookState.ACTIVE:
            raise DeliveryFailedError("the webhook is disabled", for_good=True)
        return Receiver(webhook.url, secrets_of(secret, webhook.secret_names(clock.now())))

    made: dict[Kind, Carrier] = {
        Kind.WEBHOOK: webhook_carrier(receiver_of, time.time, private_allowed=settings.private_webhooks)
    }
    if settings.mail is not None and compose is not None:
        written = compose

        def mail_of(message: Message) -> Mail:
            with database.reading() as connection:
                address = records.mail_address_of(connection, AccountId(message.destination))
            if address is None or not (address.takes_mail or message.topic == CODE_TOPIC):
                raise DeliveryFailedError("no address takes this mail any more", for_good=True)
            return written(address, message)

        made[Kind.MAIL] = mail_carrier(settings.mail, mail_of)
    return made
