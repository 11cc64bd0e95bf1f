"""Tokens by OAuth 2: for a service account's secret (RFC 6749 §4.4) and for a device that a person approved (RFC 8628).

A device request is no decision: it is written outside the write path and passes away. What a person answers, and each
token that follows, goes through the write path and is journaled.
"""

from registry.accounts import rules
from registry.accounts.credentials import digest_of_secret, new_device_code, new_user_code, tidy_user_code
from registry.accounts.model import (
    CLIENT_TOKEN_LIFE,
    DEVICE_POLL_INTERVAL,
    DEVICE_REQUEST_LIFE,
    DEVICE_TOKEN_LIFE,
    Account,
    AccountState,
    DeviceRequest,
    DeviceState,
    Issued,
    Token,
    TokenKind,
)
from registry.accounts.records import accounts as records
from registry.accounts.records import devices as device_records
from registry.accounts.service import issue_within, journal_token, me
from registry.actors.model import Action, Scope
from registry.actors.rules import require
from registry.errors import ConflictError, NotAllowedError, NotFoundError
from registry.journal.work import View, Work
from registry.values.moment import Clock
from storage.database import Database


def issue_client_token(work: Work, scopes: frozenset[Scope]) -> Issued:
    """Give the acting service account a token for an hour. Raises NotAllowedError, InvalidValueError (no scope)."""
    account = me(work)
    rules.require_token_scopes(work.actor, scopes)
    issued = issue_within(work, account, TokenKind.CLIENT, "client credentials", scopes, CLIENT_TOKEN_LIFE)
    journal_token(work, issued.token)
    return issued


def begin_device_request(
    database: Database, clock: Clock, client_id: str, scopes: frozenset[Scope]
) -> tuple[str, DeviceRequest]:
    """Let a device wait for a person; return its device code, which is kept only as a digest, and the request."""
    now = clock.now()
    code = new_device_code()
    device = DeviceRequest(
        user_code=new_user_code(),
        client_id=client_id,
        scopes=scopes,
        state=DeviceState.PENDING,
        account=None,
        created_at=now,
        expires_at=now.plus(DEVICE_REQUEST_LIFE),
    )
    with database.writing() as connection:
        device_records.add_device_request(connection, device, digest_of_secret(code))
    return code, device


def device_of_code(view: View, code: str) -> DeviceRequest | None:
    """Return the device that holds a device code, expired or not."""
    return device_records.device_of_code(view.connection, digest_of_secret(code))


def polls_too_fast(database: Database, clock: Clock, code: str) -> bool:
    """Note that a device asked, and tell whether it did so before its interval was over (RFC 8628 §3.5)."""
    now = clock.now()
    with database.writing() as connection:
        return not device_records.note_poll(connection, digest_of_secret(code), now, now.plus(-DEVICE_POLL_INTERVAL))


def device_to_answer(view: View, user_code: str) -> DeviceRequest:
    """Return the device that shows a user code and still waits. Raises NotAllowedError, NotFoundError."""
    require(view.actor, Action.MANAGE_TOKENS)
    return rules.require_answerable(
        device_records.device_of_user_code(view.connection, tidy_user_code(user_code)), view.now
    )


def answer_device(work: Work, user_code: str, *, approved: bool) -> DeviceRequest:
    """Approve or deny a device for the actor's own account. Raises NotAllowedError, NotFoundError."""
    require(work.actor, Action.MANAGE_TOKENS)
    account = me(work)
    code = tidy_user_code(user_code)
    device = rules.require_answerable(
        device_records.device_of_user_code(work.connection, code, to_change=True), work.now
    )
    state = DeviceState.APPROVED if approved else DeviceState.DENIED
    device_records.answer_device(work.connection, code, state, account.id)
    work.journal(
        f"accounts.device_{state.value}",
        account.id,
        client=device.client_id,
        scopes=sorted(scope.value for scope in device.scopes),
    )
    return device


def issue_device_token(work: Work, code: str) -> Issued:
    """Turn an approved device request into a token for 30 days; the request is used up in the same transaction.

    The token carries those of the requested scopes that the account's roles open. Raises ConflictError when the request
    was used, never approved or is over, NotAllowedError when the account may no longer sign in.
    """
    device = device_records.consume_device(work.connection, digest_of_secret(code))
    if device is None or device.account is None or device.expires_at <= work.now:
        raise ConflictError("device_code_used")
    account = records.account_of(work.connection, device.account)
    if account is None or account.state is not AccountState.ACTIVE:
        raise NotAllowedError("token_invalid")
    scopes = device.scopes & rules.scopes_of(account.roles)
    issued = issue_within(work, account, TokenKind.DEVICE, device.client_id, scopes, DEVICE_TOKEN_LIFE)
    journal_token(work, issued.token)
    return issued


def revoke_token(work: Work, token: Token) -> None:
    """Stop a token that its client gives back (RFC 7009). Raises ConflictError when it is ended already."""
    if token.ended_at is not None:
        raise ConflictError("token_already_ended", ended_at=str(token.ended_at))
    records.end_token(work.connection, token.id, work.now)
    work.journal("accounts.token_ended", token.id, account=token.account)


def account_of_device(view: View, device: DeviceRequest) -> Account:
    """Return who answered a device. Raises NotFoundError when nobody did."""
    account = records.account_of(view.connection, device.account) if device.account else None
    if account is None:
        raise NotFoundError("device_code_not_found")
    return account
