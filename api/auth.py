"""Who asks: the bearer token of a program, or the session of a person who signed in to the pages.

Rules:
* A token is looked up at every request, nothing is remembered: what was ended a moment ago is ended. Requests that
  come while tokens are looked up wait for the next look, which is one for all of them.
* The session cookie counts only on pages. The API takes tokens alone, so no page of another site can act through it.
* A form carries a text that only its session knows, because a cookie alone does not show who wrote a request.
* A wrong password or code is counted; too many make a login wait.
"""

import hmac
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from flask import Flask, Request, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

from api.calls import house
from registry.accounts import acting
from registry.accounts import service as accounts
from registry.accounts.model import SESSION_LIFE, Account
from registry.actors.model import ANONYMOUS, Actor
from registry.errors import InvalidValueError, NotAllowedError
from registry.house import House
from registry.journal.gate import Gate
from registry.values.identifiers import AccountId

COOKIE: Final = "sancai_session"
UNGUARDED: Final = ("/healthz", "/readyz", "/metrics", "/objects/", "/static/", "/oauth/")
"""Addresses that look at no bearer token: they answer everybody, or prove who asks in a way of their own."""

TOKENS_AT_ONCE: Final = 256

_ACCOUNT: Final = "account"
_TOKENS: Final = "tokens"
_FORM: Final = "form"


class _Sessions(SecureCookieSessionInterface):
    """Sessions in a signed cookie; who brings none, as programs do, is not looked at any further."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return the session of a request."""
        return super().open_session(app, request) if COOKIE in request.cookies else self.session_class()


def install(app: Flask) -> None:
    """Find out who asks before each request of ``app``."""
    app.session_interface = _Sessions()
    served = app.extensions["house"]
    app.secret_key = hmac.digest(served.secret, b"sancai/sessions/v1", "sha256")
    app.config.update(
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=served.settings.public_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=SESSION_LIFE,
    )
    app.extensions[_TOKENS] = Gate(lambda texts: _actors(served, texts), TOKENS_AT_ONCE)
    app.before_request(identify)


def _actors(served: House, texts: Sequence[str]) -> Sequence[Actor | NotAllowedError]:
    with served.view() as view:
        return acting.actors_of_tokens(view, texts)


def identify() -> None:
    """Set the request's actor by its token. Raises NotAllowedError for a token that is no longer good."""
    g.actor = ANONYMOUS
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or request.path.startswith(UNGUARDED):
        return
    tokens: Gate[str, Actor | NotAllowedError] = current_app.extensions[_TOKENS]
    found = tokens.through(text.strip())
    if isinstance(found, NotAllowedError):
        # Of its own: what is raised keeps where it was raised.
        raise NotAllowedError(found.code, **found.parameters)
    g.actor = found


def page_actor() -> Actor | None:
    """Return who is signed in to the pages, as the account stands now, or None."""
    if not (kept := session.get(_ACCOUNT)):
        return None
    with house().view() as view:
        actor = accounts.actor_signed_in(view, AccountId(kept))
    if actor is not None:
        g.actor = actor
    return actor


def begin_session(account: Account) -> None:
    """Sign a person in to the pages, in a session that nobody knew before."""
    session.clear()
    session.permanent = True
    session[_ACCOUNT] = account.id


def end_session() -> None:
    """Sign out of the pages."""
    session.clear()


def form_text() -> str:
    """Return the text that a form of this session must send back."""
    if _FORM not in session:
        session[_FORM] = secrets.token_urlsafe(24)
    text: str = session[_FORM]
    return text


def require_own_form() -> None:
    """Raise InvalidValueError unless the request is a form that this session was given."""
    known, given = session.get(_FORM, ""), request.form.get("form", "")
    if not known or not hmac.compare_digest(known.encode(), given.encode()):
        raise InvalidValueError("form_outdated")


@contextmanager
def counting_failures(login: str) -> Iterator[None]:
    """Run an attempt to prove who one is; raise NotAllowedError before it when there were too many wrong ones."""
    address = request.remote_addr or ""
    with house().view() as view:
        accounts.require_attempts_left(view, login, address)
    try:
        yield
    except NotAllowedError:
        accounts.note_failure(house().database, house().clock, login, address)
        raise
