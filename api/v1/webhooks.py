"""Webhooks over HTTP: where a party wants messages, how they fared, and once more."""

from typing import Self

from flask import Response
from pydantic import Field, JsonValue

from api.calls import current_actor, house, position_of, read, write
from api.door import Answer, Door, PageQuery, Strict
from api.paging import after_of, page_of
from registry.actors.model import Action
from registry.catalog import service as catalog
from registry.journal.work import View
from registry.messages import service
from registry.messages.model import CHOSEN_TOPICS, WEBHOOK_DATASETS_MAX, CreateWebhook, Topic, Webhook, WebhookState
from registry.messages.service import Shown
from registry.values.identifiers import MessageId, WebhookId
from registry.values.moment import Moment
from registry.values.names import PublicName
from storage.outbox import Delivery, DeliveryState

door = Door("webhooks", __name__, url_prefix="/v1")

SECRET_ONCE = ("secret",)


class WebhookBody(Strict):
    """An address and what is to be told there; with ``datasets`` only what concerns these, also other firms'."""

    url: str = Field(max_length=2_000, examples=["https://firm.example/hooks/sancai"])
    topics: list[Topic] = Field(min_length=1, max_length=len(CHOSEN_TOPICS) + 1)
    datasets: list[str] = Field(default_factory=list, max_length=WEBHOOK_DATASETS_MAX, examples=[["lab/wind"]])
    description: str = Field(default="", max_length=400)

    def command(self, view: View) -> CreateWebhook:
        """Return the command. Raises InvalidValueError, NotFoundError (a dataset)."""
        found = frozenset(catalog.dataset(view, PublicName.parse(name)).id for name in self.datasets)
        return CreateWebhook(self.url, frozenset(self.topics), found, self.description)


class EmptyBody(Strict):
    """Nothing beside the path."""


class WebhookView(Answer):
    """A webhook without its secret."""

    id: str
    url: str
    description: str
    topics: list[Topic]
    datasets: list[str]
    state: WebhookState
    created_at: str
    rotated_at: str | None
    disabled_at: str | None

    @classmethod
    def of(cls, found: Webhook) -> Self:
        """Return the view of a webhook."""
        return cls(**_stated(found))


class WebhookSecretView(WebhookView):
    """A webhook with the secret that its receiver checks signatures with (Standard Webhooks)."""

    secret: str | None

    @classmethod
    def of_shown(cls, shown: Shown) -> Self:
        """Return the view of a webhook and its secret."""
        return cls(secret=shown.secret, **_stated(shown.webhook))


class WebhooksView(Answer):
    """A page of webhooks."""

    items: list[WebhookView]
    next_cursor: str | None


class DeliveryView(Answer):
    """A message and how it fared. ``id`` is the ``webhook-id`` its receiver sees, the same at every attempt."""

    id: str
    topic: str
    state: DeliveryState
    attempts: int
    reason: str | None
    created_at: str
    next_attempt_at: str | None
    delivered_at: str | None
    body: dict[str, JsonValue]

    @classmethod
    def of(cls, found: Delivery) -> Self:
        """Return the view of a delivery."""
        waits = found.state is DeliveryState.WAITING
        return cls(
            id=MessageId.of_uuid(found.id),
            topic=found.topic,
            state=found.state,
            attempts=found.attempts,
            reason=found.reason,
            created_at=str(Moment(found.created_at)),
            next_attempt_at=str(Moment(found.next_at)) if waits else None,
            delivered_at=str(Moment(found.delivered_at)) if found.delivered_at else None,
            body=dict(found.body),
        )


class DeliveriesView(Answer):
    """A page of messages of a webhook, the newest first."""

    items: list[DeliveryView]
    next_cursor: str | None


class DeliveriesQuery(PageQuery):
    """Which messages: all, or those in one state."""

    state: DeliveryState | None = None


@door.operation("POST", "/webhooks", {201: WebhookSecretView}, action=Action.MANAGE_WEBHOOKS)
def create_webhook(body: WebhookBody) -> Response:
    """Ask for messages at an address; the answer shows the secret that signs them."""
    service.require_receiver(current_actor(), body.url, private_allowed=house().settings.private_webhooks)
    return write(
        lambda work: service.create_webhook(work, body.command(work), house().secret),
        WebhookSecretView.of_shown,
        once=SECRET_ONCE,
    )


@door.operation("GET", "/webhooks", {200: WebhooksView}, action=Action.MANAGE_WEBHOOKS)
def list_webhooks(query: PageQuery) -> Response:
    """List the webhooks of your firm or authority, disabled ones too."""
    after = after_of(query, WebhookId)

    def present(found: list[Webhook]) -> WebhooksView:
        page, following = page_of(found, query, lambda each: [each.id])
        return WebhooksView(items=[WebhookView.of(each) for each in page], next_cursor=following)

    return read(lambda view: service.webhooks(view, after, query.limit + 1), present)


@door.operation("GET", "/webhooks/<webhook>/secret", {200: WebhookSecretView}, action=Action.MANAGE_WEBHOOKS)
def show_webhook_secret(webhook: str) -> Response:
    """Show the present secret of a webhook."""
    webhook_id = WebhookId(webhook)
    return read(lambda view: service.secret_of(view, webhook_id, house().secret), WebhookSecretView.of_shown)


@door.operation("POST", "/webhooks/<webhook>/rotate", {200: WebhookSecretView}, action=Action.MANAGE_WEBHOOKS)
def rotate_webhook_secret(webhook: str, body: EmptyBody) -> Response:  # noqa: ARG001
    """Give a webhook a new secret; for a day the former one signs as well."""
    webhook_id = WebhookId(webhook)
    return write(
        lambda work: service.rotate_secret(work, webhook_id, house().secret),
        WebhookSecretView.of_shown,
        200,
        once=SECRET_ONCE,
    )


@door.operation("POST", "/webhooks/<webhook>/disable", {200: WebhookView}, action=Action.MANAGE_WEBHOOKS)
def disable_webhook(webhook: str, body: EmptyBody) -> Response:  # noqa: ARG001
    """Send nothing more to a webhook."""
    webhook_id = WebhookId(webhook)
    return write(lambda work: service.disable_webhook(work, webhook_id), WebhookView.of, 200)


@door.operation("POST", "/webhooks/<webhook>/test", {201: DeliveryView}, action=Action.MANAGE_WEBHOOKS)
def send_test_message(webhook: str, body: EmptyBody) -> Response:  # noqa: ARG001
    """Send a webhook a message that tells nothing but itself."""
    webhook_id = WebhookId(webhook)
    return write(lambda work: service.try_webhook(work, webhook_id), DeliveryView.of)


@door.operation("GET", "/webhooks/<webhook>/deliveries", {200: DeliveriesView}, action=Action.MANAGE_WEBHOOKS)
def list_deliveries(webhook: str, query: DeliveriesQuery) -> Response:
    """List the messages of a webhook with state, attempts and reason, the newest first."""
    webhook_id = WebhookId(webhook)
    position = position_of(query.cursor, 2)
    before = (Moment.of_text(str(position[0])), MessageId(str(position[1]))) if position else None

    def present(found: list[Delivery]) -> DeliveriesView:
        page, following = page_of(found, query, lambda each: [str(Moment(each.created_at)), MessageId.of_uuid(each.id)])
        return DeliveriesView(items=[DeliveryView.of(each) for each in page], next_cursor=following)

    return read(lambda view: service.deliveries(view, webhook_id, query.state, before, query.limit + 1), present)


@door.operation(
    "POST", "/webhooks/<webhook>/deliveries/<message>/replay", {200: DeliveryView}, action=Action.MANAGE_WEBHOOKS
)
def replay_delivery(webhook: str, message: str, body: EmptyBody) -> Response:  # noqa: ARG001
    """Send a message once more under its own id."""
    webhook_id, message_id = WebhookId(webhook), MessageId(message)
    return write(lambda work: service.replay_delivery(work, webhook_id, message_id), DeliveryView.of, 200)


def _stated(found: Webhook) -> dict[str, object]:
    return {
        "id": found.id,
        "url": found.url,
        "description": found.description,
        "topics": sorted(found.topics),
        "datasets": sorted(found.datasets),
        "state": found.state,
        "created_at": str(found.created_at),
        "rotated_at": str(found.rotated_at) if found.rotated_at else None,
        "disabled_at": str(found.disabled_at) if found.disabled_at else None,
    }
