"""Tell whoever is concerned what has happened, in the transaction in which it happens."""

from typing import Final

from registry.journal.work import View
from registry.messages import records, rules
from registry.messages.model import Event, Webhook
from registry.values.canonical import Json
from registry.values.identifiers import AccountId, uuid7
from storage import outbox
from storage.outbox import Kind, Message

MAIL_LANE: Final = "mail"


def announce(work: View, event: Event) -> None:
    """Write the messages of an event for its webhooks and members, and for the feeds if it is public.

    A use case calls it beside its journal entry: what it tells exists if and only if what happened was committed. No
    message leaves before that, and none is delivered here.

    Raises:
        ValueError: What is told does not fit into a message (64 KiB).
    """
    if event.public:
        records.add_announcement(work.connection, event, work.now)
    body: dict[str, Json] = {"type": event.topic.value, "timestamp": str(work.now), "data": dict(event.data)}
    messages = [webhook_message(webhook, body) for webhook in records.webhooks_told(work.connection, event)]
    messages += [
        mail_message(account, party, body)
        for account, party, roles, chosen, follows in records.members_told(work.connection, event, work.actor.account)
        if (event.accounts is None or account in event.accounts)
        and rules.wants(event.topic, chosen, roles, follows=follows)
    ]
    outbox.post(work.connection, *messages)


def webhook_message(webhook: Webhook, body: dict[str, Json]) -> Message:
    """Return the message that tells a webhook."""
    return Message(uuid7(), Kind.WEBHOOK, webhook.lane, str(webhook.id), str(body["type"]), body)


def mail_message(account: AccountId, party: str, body: dict[str, Json]) -> Message:
    """Return the message that tells a member; it waits with the mail of the member's party."""
    return Message(uuid7(), Kind.MAIL, f"{MAIL_LANE}/{party}", str(account), str(body["type"]), body)
