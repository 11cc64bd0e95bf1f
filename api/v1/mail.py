"""Mail over HTTP: where oneself takes it, about what, and which datasets one follows."""

from typing import Self

from flask import Response
from pydantic import Field

from api.calls import house, read, write
from api.door import Answer, Door, Strict
from registry.actors.model import Action
from registry.catalog import service as catalog
from registry.catalog.feeding import announced_datasets
from registry.journal.work import View, Work
from registry.messages import mail as service
from registry.messages.model import CHOSEN_TOPICS, Language, MailAddress, StateMailAddress, Topic
from registry.values.names import PublicName

door = Door("mail", __name__, url_prefix="/v1")


class MailBody(Strict):
    """An address, a language and what about; ``topics`` null means what your roles concern."""

    address: str = Field(max_length=400)
    language: Language = Language.ZH
    topics: list[Topic] | None = Field(default=None, max_length=len(CHOSEN_TOPICS) + 1)

    def command(self) -> StateMailAddress:
        """Return the command."""
        return StateMailAddress(self.address, self.language, None if self.topics is None else frozenset(self.topics))


class MailCodeBody(Strict):
    """The code that was mailed."""

    code: str = Field(max_length=80)


class EmptyMailBody(Strict):
    """Nothing beside the path."""


class MailView(Answer):
    """Where a member takes mail. Nothing but a code is sent before ``verified_at`` or after ``unsubscribed_at``."""

    address: str
    language: Language
    topics: list[Topic] | None
    verified_at: str | None
    unsubscribed_at: str | None

    @classmethod
    def of(cls, found: MailAddress) -> Self:
        """Return the view of an address."""
        return cls(
            address=found.address,
            language=found.language,
            topics=None if found.topics is None else sorted(found.topics),
            verified_at=str(found.verified_at) if found.verified_at else None,
            unsubscribed_at=str(found.unsubscribed_at) if found.unsubscribed_at else None,
        )


class MailRemovedView(Answer):
    """That an address was forgotten."""

    removed: bool


class FollowView(Answer):
    """Whether one follows a dataset."""

    name: str
    following: bool


class FollowedView(Answer):
    """The names of the datasets one follows."""

    items: list[str]


@door.operation("GET", "/me/mail", {200: MailView}, action=Action.TAKE_MAIL, problems=(404,))
def show_mail_address() -> Response:
    """Show where you take mail."""
    return read(service.mail_address, MailView.of)


@door.operation("POST", "/me/mail", {200: MailView}, action=Action.TAKE_MAIL)
def state_mail_address(body: MailBody) -> Response:
    """State where you take mail; a new address gets a code first."""
    sent = house().settings.mail is not None
    return write(lambda work: service.state_mail_address(work, body.command(), mail_is_sent=sent), MailView.of, 200)


@door.operation("POST", "/me/mail/verify", {200: MailView}, action=Action.TAKE_MAIL)
def verify_mail_address(body: MailCodeBody) -> Response:
    """Show with the mailed code that the address is yours."""
    return write(lambda work: service.verify_mail_address(work, body.code, house().secret), MailView.of, 200)


@door.operation("POST", "/me/mail/remove", {200: MailRemovedView}, action=Action.TAKE_MAIL)
def remove_mail_address(body: EmptyMailBody) -> Response:  # noqa: ARG001
    """Forget where you take mail."""
    return write(service.remove_mail_address, lambda _: MailRemovedView(removed=True), 200)


@door.operation("GET", "/me/follows", {200: FollowedView}, action=Action.TAKE_MAIL)
def list_followed() -> Response:
    """List the datasets you follow."""

    def named(view: View) -> list[str]:
        held = announced_datasets(view, service.followed(view))
        return sorted(str(each.name) for each in held.values())

    return read(named, lambda names: FollowedView(items=names))


@door.operation("POST", "/datasets/<namespace>/<slug>/follow", {200: FollowView}, action=Action.TAKE_MAIL)
def follow_dataset(namespace: str, slug: str, body: EmptyMailBody) -> Response:  # noqa: ARG001
    """Hear what is public of a dataset."""
    return _following(PublicName(namespace, slug), wanted=True)


@door.operation("POST", "/datasets/<namespace>/<slug>/unfollow", {200: FollowView}, action=Action.TAKE_MAIL)
def unfollow_dataset(namespace: str, slug: str, body: EmptyMailBody) -> Response:  # noqa: ARG001
    """Hear no more of a dataset."""
    return _following(PublicName(namespace, slug), wanted=False)


def _following(name: PublicName, *, wanted: bool) -> Response:
    def act(work: Work) -> str:
        held = catalog.dataset(work, name)
        (service.follow if wanted else service.unfollow)(work, held.id)
        return str(held.name)

    return write(act, lambda shown: FollowView(name=shown, following=wanted), 200)
