"""Pages that the links of a mail lead to: confirm an address, unsubscribe.

A link is only shown when it is opened, since programs open links of mails to look at them; the button acts. One click
of a mail program (RFC 8058) is a POST to the same address and needs no page, session or cookie.
"""

from collections.abc import Callable

from flask import Blueprint, Flask, request

from api.calls import house
from api.page import page, perform, refused, said
from registry.errors import SancaiError
from registry.messages import mail

mail_pages = Blueprint("mail_pages", __name__)
mail_pages.register_error_handler(SancaiError, refused)


def install(app: Flask) -> None:
    """Serve the pages on ``app``."""
    app.register_blueprint(mail_pages)


def _token() -> str:
    return request.args.get("token", "").replace("\0", "")[:200]


@mail_pages.get("/mail/verify")
def ask_to_verify() -> str:
    """Ask whether mail is wanted at this address."""
    return page("mail_link", act="verify", token=_token())


@mail_pages.post("/mail/verify")
def verify() -> str:
    """Confirm an address."""
    return _done("verify", mail.verify_by_link, "page_mail_verified")


@mail_pages.get("/mail/unsubscribe")
def ask_to_unsubscribe() -> str:
    """Ask whether no more mail is wanted."""
    return page("mail_link", act="unsubscribe", token=_token())


@mail_pages.post("/mail/unsubscribe")
def unsubscribe() -> str:
    """Send no more mail to an address."""
    return _done("unsubscribe", mail.unsubscribe, "page_mail_unsubscribed")


def _done(act: str, use_case: Callable[..., object], told: str) -> str:
    token, secret = _token(), house().secret
    perform(f"mail_{act}", lambda work: use_case(work, token, secret))
    return said(f"page_mail_{act}_title", told)
