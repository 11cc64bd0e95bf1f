"""Messages to a party: webhooks, and how their deliveries fared."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that gets messages; ``datasets`` are ids, none means all that is the party's affair."""

    id: str
    url: str
    description: str
    topics: tuple[str, ...]
    datasets: tuple[str, ...]
    state: str
    created_at: str
    rotated_at: str | None
    disabled_at: str | None


@dataclass(frozen=True, slots=True)
class WebhookSecret(Webhook):
    """A webhook with the secret its receiver checks signatures with; None when a repeated request asked again."""

    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message and how it fared; ``state`` is waiting, delivered or parked."""

    id: str
    topic: str
    state: str
    attempts: int
    reason: str | None
    created_at: str
    next_attempt_at: str | None
    delivered_at: str | None
    body: Mapping[str, Any]


class Messages:
    """Webhooks of one service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def create_webhook(
        self, url: str, topics: Sequence[str], datasets: Sequence[str] = (), description: str = ""
    ) -> WebhookSecret:
        """Ask for messages at ``url``; ``datasets`` are names. The answer holds the secret. Raises SancaiError."""
        body = {"url": url, "topics": list(topics), "datasets": list(datasets), "description": description}
        return shaped(WebhookSecret, self._session.post("/webhooks", body))

    def webhooks(self) -> Iterator[Webhook]:
        """Yield the webhooks of your firm or authority, disabled ones too. Raises SancaiError."""
        return (shaped(Webhook, item) for item in self._session.pages("/webhooks"))

    def webhook_secret(self, webhook: str) -> WebhookSecret:
        """Return a webhook with its present secret. Raises SancaiError."""
        return shaped(WebhookSecret, self._session.get(f"/webhooks/{webhook}/secret"))

    def rotate_webhook(self, webhook: str) -> WebhookSecret:
        """Give a webhook a new secret; for a day the former one signs as well. Raises SancaiError."""
        return shaped(WebhookSecret, self._session.post(f"/webhooks/{webhook}/rotate", {}))

    def disable_webhook(self, webhook: str) -> Webhook:
        """Send nothing more to a webhook. Raises SancaiError."""
        return shaped(Webhook, self._session.post(f"/webhooks/{webhook}/disable", {}))

    def test_webhook(self, webhook: str) -> Delivery:
        """Send a webhook a message that tells nothing but itself. Raises SancaiError."""
        return shaped(Delivery, self._session.post(f"/webhooks/{webhook}/test", {}))

    def deliveries(self, webhook: str, state: str | None = None) -> Iterator[Delivery]:
        """Yield the messages of a webhook, the newest first, all or those in one state. Raises SancaiError."""
        query = {"state": state} if state else {}
        return (shaped(Delivery, item) for item in self._session.pages(f"/webhooks/{webhook}/deliveries", **query))

    def replay(self, webhook: str, message: str) -> Delivery:
        """Send a message once more under its own id. Raises SancaiError."""
        return shaped(Delivery, self._session.post(f"/webhooks/{webhook}/deliveries/{message}/replay", {}))
