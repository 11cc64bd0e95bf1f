"""OAuth 2 with Authlib: client credentials for machines, the device flow for a command line, revocation, introspection.

Rules:
* A client is a service account with its secret, or the command line, which has none and may only ask a person.
* The registry makes and keeps tokens; Authlib sees a text only on its way out, and its logger never falls below INFO.
* A device request is used up in the transaction that makes its token, so that a second poll gets nothing.
* A scope that does not exist, or that the client may not have, is refused and not silently left out.
* Parameters stand in the body: an address is written to logs.
* Errors keep the form of RFC 6749 §5.2, not ours.
"""
# mypy: allow-subclassing-any, allow-untyped-calls

import json
import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    AccessDeniedError,
    ClientMixin,
    InvalidGrantError,
    InvalidRequestError,
    TokenMixin,
)
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc8628 import (
    DEVICE_CODE_GRANT_TYPE,
    DeviceAuthorizationEndpoint,
    DeviceCodeGrant,
    DeviceCredentialMixin,
)
from flask import Flask, Response, request

from api.calls import house
from registry.accounts import acting, devices
from registry.accounts import service as accounts
from registry.accounts.model import (
    DEVICE_POLL_INTERVAL,
    DEVICE_REQUEST_LIFE,
    Account,
    DeviceRequest,
    DeviceState,
    Issued,
    Token,
    TokenKind,
)
from registry.accounts.rules import scopes_of
from registry.actors.model import Actor, Scope
from registry.errors import ConflictError, NotAllowedError
from registry.journal.work import Command, Work
from registry.values.digest import Digest

T = TypeVar("T")

COMMAND_LINE: Final = "sancai-cli"
"""The client id of the command line, a public client."""
NO_STORE: Final = {"Content-Type": "application/json", "Cache-Control": "no-store"}

_CONFIDENTIAL: Final = frozenset({"client_secret_basic", "client_secret_post"})
_ASKED_BY_COMMAND_LINE: Final = frozenset({"token", "device_authorization", "revocation"})


@dataclass(frozen=True, slots=True)
class Client(ClientMixin):
    """A client as Authlib asks about it; ``account`` None is the command line."""

    id: str
    account: Account | None

    def get_client_id(self) -> str:
        """Return the client id."""
        return self.id

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scopes a token gets, or None, an error, when one of them is not to be had."""
        if self.account is None:
            return scope
        open_to_it = scopes_of(self.account.roles)
        wanted = _scopes(scope) or open_to_it
        return _text(wanted) if wanted <= open_to_it else None

    def check_client_secret(self, client_secret: str) -> bool:
        """Tell whether the secret is this client's."""
        with house().view() as view:
            return accounts.client_of(view.connection, self.id, client_secret) is not None

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Tell whether the client may prove itself in this way."""
        if self.account is None:
            return method == "none" and endpoint in _ASKED_BY_COMMAND_LINE
        return method in _CONFIDENTIAL

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether the client may ask in this way."""
        return grant_type == (DEVICE_CODE_GRANT_TYPE if self.account is None else "client_credentials")


@dataclass(frozen=True, slots=True)
class Bearer(TokenMixin):
    """A token as Authlib asks about it."""

    token: Token
    account: Account

    def check_client(self, client: Client) -> bool:
        """Tell whether ``client`` got this token; a personal token is nobody's but its account's."""
        owner = {TokenKind.CLIENT: self.account.id, TokenKind.DEVICE: COMMAND_LINE}
        return owner.get(self.token.kind) == client.id

    def get_scope(self) -> str:
        """Return the scopes that still hold."""
        return _text(self.token.scopes & scopes_of(self.account.roles))

    def is_expired(self) -> bool:
        """Tell whether its time is over."""
        return self.token.expires_at <= house().clock.now()

    def is_revoked(self) -> bool:
        """Tell whether it was ended, or its account was."""
        return self.token.ended_at is not None or self.account.ended_at is not None


@dataclass(frozen=True, slots=True)
class Waiting(DeviceCredentialMixin):
    """A waiting device as Authlib asks about it."""

    code: str
    device: DeviceRequest

    def get_client_id(self) -> str:
        """Return who asked."""
        return self.device.client_id

    def get_scope(self) -> str:
        """Return what was asked for."""
        return _text(self.device.scopes)

    def get_user_code(self) -> str:
        """Return the device code: whoever looks the answer up has it, and nobody needs the other one."""
        return self.code

    def is_expired(self) -> bool:
        """Tell whether its time is over."""
        return self.device.expires_at <= house().clock.now()


class ForService(ClientCredentialsGrant):
    """A token for a service account's secret."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")


class ForDevice(DeviceCodeGrant):
    """A token for a device that a person approved."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def query_device_credential(self, device_code: str) -> Waiting:
        """Return the device that holds a code. Raises InvalidGrantError, also once it was used."""
        with house().view() as view:
            device = devices.device_of_code(view, device_code)
        if device is None:
            raise InvalidGrantError
        return Waiting(device_code, device)

    def query_user_grant(self, device_code: str) -> tuple[Account, bool] | None:
        """Return who answered and how, or None while nobody did."""
        with house().view() as view:
            device = devices.device_of_code(view, device_code)
            if device is None or device.account is None:
                return None
            return devices.account_of_device(view, device), device.state is DeviceState.APPROVED

    def should_slow_down(self, credential: Waiting) -> bool:
        """Note the poll and tell whether it came too soon."""
        return devices.polls_too_fast(house().database, house().clock, credential.code)


class DeviceDoor(DeviceAuthorizationEndpoint):
    """Where a device begins."""

    CLIENT_AUTH_METHODS = ("none",)

    def create_endpoint_response(self, request: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Let a device wait and tell it what to show."""
        client: Client = self.authenticate_client(request)
        self.server.validate_requested_scope(request.payload.scope)
        scopes = _scopes(request.payload.scope) or frozenset(Scope)
        code, device = devices.begin_device_request(house().database, house().clock, client.id, scopes)
        page = f"{house().settings.public_url}/device"
        answer = {
            "device_code": code,
            "user_code": device.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={device.user_code}",
            "expires_in": int(DEVICE_REQUEST_LIFE.total_seconds()),
            "interval": int(DEVICE_POLL_INTERVAL.total_seconds()),
        }
        return 200, answer, NO_STORE


class RevocationDoor(RevocationEndpoint):
    """Where a client gives a token back (RFC 7009)."""

    CLIENT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def query_token(self, token_string: str, token_type_hint: str | None) -> Bearer | None:  # noqa: ARG002
        """Return a token by its text."""
        return _bearer(token_string)

    def revoke_token(self, token: Bearer, request: Any) -> None:  # noqa: ARG002
        """Stop a token; one that is stopped stays so."""
        if token.is_revoked():
            return

        def act(work: Work) -> dict[str, Any]:
            devices.revoke_token(work, token.token)
            return {}

        _performed("oauth.revoke", acting.actor_of(token.account, token.token.scopes), act)


class IntrospectionDoor(IntrospectionEndpoint):
    """Where a service account asks about a token of its own firm or authority (RFC 7662)."""

    CLIENT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")

    def query_token(self, token_string: str, token_type_hint: str | None) -> Bearer | None:  # noqa: ARG002
        """Return a token by its text."""
        return _bearer(token_string)

    def check_permission(self, token: Bearer, client: Client, request: Any) -> bool:  # noqa: ARG002
        """Tell whether the client belongs where the token does."""
        asks = client.account
        return asks is not None and (asks.firm, asks.authority) == (token.account.firm, token.account.authority)

    def introspect_token(self, token: Bearer) -> dict[str, Any]:
        """Return what the token may do and until when."""
        return {
            "active": True,
            "token_type": "Bearer",
            "scope": token.get_scope(),
            "username": token.account.login,
            "sub": token.account.id,
            "iat": int(token.token.created_at.instant.timestamp()),
            "exp": int(token.token.expires_at.instant.timestamp()),
        }


def install(app: Flask) -> None:
    """Serve the OAuth endpoints on ``app``."""
    # At DEBUG, Authlib writes whole tokens.
    logging.getLogger("authlib").setLevel(logging.INFO)
    app.config.update(
        OAUTH2_SCOPES_SUPPORTED=[scope.value for scope in Scope],
        # The registry makes the text in the transaction that keeps its digest; until then there is none.
        OAUTH2_ACCESS_TOKEN_GENERATOR=_no_text_yet,
    )
    server = AuthorizationServer(app, query_client=_client, save_token=_save_token)
    server.register_grant(ForService)
    server.register_grant(ForDevice)
    for endpoint in (DeviceDoor, RevocationDoor, IntrospectionDoor):
        server.register_endpoint(endpoint)

    def answer(name: str) -> Callable[[], Response]:
        def respond() -> Response:
            if request.query_string:
                raise InvalidRequestError("Send the parameters in the body as application/x-www-form-urlencoded.")
            made: Response = (
                server.create_token_response() if name == "token" else server.create_endpoint_response(name)
            )
            return made

        return respond

    for path, name in (
        ("token", "token"),
        ("device_authorization", DeviceDoor.ENDPOINT_NAME),
        ("revoke", RevocationDoor.ENDPOINT_NAME),
        ("introspect", IntrospectionDoor.ENDPOINT_NAME),
    ):
        app.add_url_rule(f"/oauth/{path}", f"oauth.{path}", answer(name), methods=["POST"])

    @app.errorhandler(OAuth2Error)
    def refused(error: Any) -> Response:
        status, body, headers = error()
        return Response(json.dumps(dict(body)), status, headers=headers)


def _client(client_id: str) -> Client | None:
    if client_id == COMMAND_LINE:
        return Client(COMMAND_LINE, None)
    with house().view() as view:
        account = accounts.client_of(view.connection, client_id)
    return Client(account.id, account) if account else None


def _bearer(text: str) -> Bearer | None:
    with house().view() as view:
        found = acting.token_of_text(view, text)
    return Bearer(*found) if found else None


def _save_token(token: dict[str, Any], asked: Any) -> None:
    """Make the token in the registry and put its text into the answer. Raises OAuth2Error."""
    if asked.client.account is not None:
        account, scopes = asked.client.account, _scopes(token["scope"])
        issued = _issued("oauth.client_token", account, lambda work: devices.issue_client_token(work, scopes))
    else:
        account, code = asked.user, asked.credential.code
        issued = _issued("oauth.device_token", account, lambda work: devices.issue_device_token(work, code))
    life = issued.token.expires_at.instant - issued.token.created_at.instant
    token.update(access_token=issued.secret, expires_in=int(life.total_seconds()), scope=_text(issued.token.scopes))


def _issued(operation: str, account: Account, use_case: Callable[[Work], Issued]) -> Issued:
    made: list[Issued] = []

    def act(work: Work) -> dict[str, Any]:
        made[:] = [use_case(work)]
        return {"token": made[0].token.id}

    try:
        _performed(operation, acting.actor_of(account, frozenset(Scope)), act)
    except ConflictError as error:
        raise InvalidGrantError from error
    except NotAllowedError as error:
        raise AccessDeniedError from error
    return made[0]


def _performed(operation: str, actor: Actor, act: Callable[[Work], dict[str, Any]]) -> None:
    """Run a use case on the write path under a key of its own: these requests are not replayed."""
    house().perform(actor, Command(operation, secrets.token_urlsafe(24), Digest.of(os.urandom(32))), act)


def _scopes(text: str | None) -> frozenset[Scope]:
    return frozenset(Scope(each) for each in (text or "").split())


def _text(scopes: frozenset[Scope]) -> str:
    return " ".join(sorted(scope.value for scope in scopes))


def _no_text_yet(**_: object) -> str:
    return ""
