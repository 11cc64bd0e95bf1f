"""Use cases of webhooks: make, list, show the secret of, rotate, disable, test; list deliveries and replay one."""

from dataclasses import dataclass, replace

from registry.actors.model import Action, Actor, Resource
from registry.actors.rules import require, require_visible
from registry.errors import ConflictError, InvalidValueError, NotFoundError
from registry.journal.work import View, Work
from registry.messages import records, rules
from registry.messages.announcing import webhook_message
from registry.messages.model import CreateWebhook, Topic, Webhook, WebhookState
from registry.values.canonical import Json
from registry.values.identifiers import AuthorityId, FirmId, MessageId, WebhookId
from registry.values.moment import Moment
from storage import outbox
from storage.outbox import Delivery, DeliveryState
from storage.web_targets import TargetRefusedError, require_target
from storage.webhook_carrier import shown_secret, signing_secret


@dataclass(frozen=True, slots=True)
class Shown:
    """A webhook with its present secret, as receivers enter it."""

    webhook: Webhook
    secret: str


def require_receiver(actor: Actor, url: str, *, private_allowed: bool) -> None:
    """Raise unless the actor may have messages sent to ``url``. Looks its host up, so no transaction may be open.

    Raises:
        NotAllowedError: The actor manages no webhooks.
        InvalidValueError: ``webhook_url_malformed``, ``webhook_host_unknown``, ``webhook_target_private``.
    """
    _own(actor)
    try:
        require_target(url, private_allowed=private_allowed)
    except TargetRefusedError as error:
        raise InvalidValueError(error.code, **error.parameters) from error


def create_webhook(work: Work, command: CreateWebhook, secret: bytes) -> Shown:
    """Ask for messages at an address; ``require_receiver`` has judged it.

    Raises:
        NotAllowedError: The actor manages no webhooks.
        InvalidValueError: No topic, one that does not exist, or too many datasets.
        ConflictError: The party has as many webhooks as it may have.
    """
    firm, authority = _own(work.actor)
    rules.require_webhook(command, records.count_active_webhooks(work.connection, firm, authority))
    made = Webhook(
        id=WebhookId.new(),
        firm=firm,
        authority=authority,
        url=command.url,
        description=command.description,
        topics=command.topics,
        datasets=command.datasets,
        state=WebhookState.ACTIVE,
        generation=1,
        created_at=work.now,
    )
    records.add_webhook(work.connection, made, work.actor.account)
    work.journal("messages.webhook_created", made.id, url=made.url, topics=sorted(made.topics))
    return _shown(made, work.now, secret)


def _own(actor: Actor) -> tuple[FirmId | None, AuthorityId | None]:
    firms = frozenset({actor.firm} if actor.firm else ())
    require(actor, Action.MANAGE_WEBHOOKS, Resource(firms=firms, authority=actor.authority))
    return actor.firm, None if actor.firm else actor.authority


def _shown(webhook: Webhook, now: Moment, secret: bytes) -> Shown:
    return Shown(webhook, shown_secret(signing_secret(secret, webhook.secret_names(now)[0])))


def webhook(view: View, webhook_id: WebhookId, *, lock: bool = False) -> Webhook:
    """Return a webhook of the actor's party. Raises NotFoundError, NotAllowedError."""
    found = records.webhook_of(view.connection, webhook_id, lock=lock)
    if found is None:
        raise NotFoundError("webhook_not_found", id=webhook_id)
    firms = frozenset({found.firm} if found.firm else ())
    owned = Resource(firms=firms, authority=found.authority, subject=found.id)
    require_visible(view.actor, Action.MANAGE_WEBHOOKS, owned, "webhook")
    return found


def webhooks(view: View, after: WebhookId | None, limit: int) -> list[Webhook]:
    """Return the webhooks of the actor's party, disabled ones too, oldest first. Raises NotAllowedError."""
    return records.webhooks_of(view.connection, *_own(view.actor), after, limit)


def secret_of(view: View, webhook_id: WebhookId, secret: bytes) -> Shown:
    """Return a webhook with its present secret. Raises NotFoundError, NotAllowedError."""
    return _shown(webhook(view, webhook_id), view.now, secret)


def rotate_secret(work: Work, webhook_id: WebhookId, secret: bytes) -> Shown:
    """Give a webhook a new secret; for a day the former one signs as well, so that no message is lost on the way.

    Raises:
        NotFoundError, NotAllowedError: It is not the actor's.
        ConflictError: It is disabled.
    """
    found = webhook(work, webhook_id, lock=True)
    rules.require_active(found)
    rotated = replace(found, generation=found.generation + 1, rotated_at=work.now)
    records.set_webhook(work.connection, found.id, generation=rotated.generation, rotated_at=work.now)
    work.journal("messages.webhook_secret_rotated", found.id, generation=rotated.generation)
    return _shown(rotated, work.now, secret)


def disable_webhook(work: Work, webhook_id: WebhookId) -> Webhook:
    """Send nothing more to a webhook; what waits is parked. Raises NotFoundError, NotAllowedError, ConflictError."""
    found = webhook(work, webhook_id, lock=True)
    rules.require_active(found)
    records.set_webhook(work.connection, found.id, state=WebhookState.DISABLED, disabled_at=work.now)
    work.journal("messages.webhook_disabled", found.id)
    return replace(found, state=WebhookState.DISABLED, disabled_at=work.now)


def try_webhook(work: Work, webhook_id: WebhookId) -> Delivery:
    """Send a webhook a message that tells nothing but itself. Raises NotFoundError, NotAllowedError, ConflictError."""
    found = webhook(work, webhook_id, lock=True)
    rules.require_active(found)
    data: dict[str, Json] = {"webhook": found.id, "topics": sorted(found.topics)}
    body: dict[str, Json] = {"type": Topic.WEBHOOK_TESTED.value, "timestamp": str(work.now), "data": data}
    message = webhook_message(found, body)
    outbox.post(work.connection, message)
    work.journal("messages.webhook_tested", found.id)
    return _found_delivery(work, found, MessageId.of_uuid(message.id))


def deliveries(
    view: View,
    webhook_id: WebhookId,
    state: DeliveryState | None,
    before: tuple[Moment, MessageId] | None,
    limit: int,
) -> list[Delivery]:
    """Return the messages of a webhook with how they fared, the newest first. Raises NotFoundError, NotAllowedError."""
    found = webhook(view, webhook_id)
    position = (before[0].instant, before[1].uuid) if before else None
    return outbox.deliveries(view.connection, found.lane, state, position, limit)


def replay_delivery(work: Work, webhook_id: WebhookId, message: MessageId) -> Delivery:
    """Let a message leave again under its own id, delivered or not.

    Raises:
        NotFoundError, NotAllowedError: The webhook is not the actor's, or has no such message.
        ConflictError: The webhook is disabled, or the message is under way at this moment.
    """
    found = webhook(work, webhook_id, lock=True)
    rules.require_active(found)
    before = _found_delivery(work, found, message)
    if not outbox.replay(work.connection, found.lane, message.uuid):
        raise ConflictError("delivery_under_way", id=message)
    work.journal("messages.delivery_replayed", message, webhook=found.id, state=before.state.value)
    return _found_delivery(work, found, message)


def _found_delivery(view: View, found: Webhook, message: MessageId) -> Delivery:
    delivery = outbox.delivery(view.connection, message.uuid, found.lane)
    if delivery is None:
        raise NotFoundError("delivery_not_found", id=message)
    return delivery
