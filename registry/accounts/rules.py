"""Who may hold which roles, what a token may be for, and when a door stays shut.

Rules:
* A login is lower-case ASCII, 3 to 64 characters; two people never share one, also not one after the other.
* The roles of an account are roles of a firm or offices of an authority, never both (RULINGS 24).
* Whoever checks or signs never pays: an officer holds the payer's office, or reviewer's and signing offices, not both
  (POLICY §4.3, invariants 10 and 23).
* Owners manage the accounts of their own firm, registrars those of their own authority; the last owner and the last
  registrar stay, or nobody could let anybody in again.
* A scope is open to an account when some action its roles may do needs that scope. A token carries at most the scopes
  that are open to its account and that the token which makes it carries, and lives at most 365 days.
* A password has at least 12 characters and does not contain the login (NIST SP 800-63B §3.1.1.2: length, and no
  rules of composition).
* After too many wrong passwords a login waits; a right one does not help before the window has passed.
"""

import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import Final

from registry.accounts.model import (
    FAILURES_PER_ADDRESS_MAX,
    FAILURES_PER_LOGIN_MAX,
    FAILURES_WINDOW,
    MOVES,
    TOKEN_LIFE_DAYS_MAX,
    Account,
    AccountState,
    DeviceRequest,
    DeviceState,
    Token,
)
from registry.actors.model import (
    FIRM_ROLES,
    MACHINE_ROLES,
    OFFICE_ROLES,
    PERMISSIONS,
    SIGNING_RANKS,
    Actor,
    Role,
    Scope,
)
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError
from registry.values.moment import Moment

LOGIN_FORM: Final = r"[a-z0-9][a-z0-9._@-]{1,62}[a-z0-9]"
LABEL_LENGTH_MAX: Final = 80
PASSWORD_LENGTH_MIN: Final = 12
PASSWORD_LENGTH_MAX: Final = 200
DECIDING: Final = frozenset({Role.REGISTRAR, Role.REVIEWER, *SIGNING_RANKS})

_LOGIN: Final = re.compile(LOGIN_FORM, re.ASCII)


def scopes_of(roles: Collection[Role]) -> frozenset[Scope]:
    """Return the scopes that are open to an account with ``roles``."""
    return _scopes_of(frozenset(roles))


@cache
def _scopes_of(held: frozenset[Role]) -> frozenset[Scope]:
    return frozenset(
        permission.scope
        for permission in PERMISSIONS.values()
        if held & (permission.firm_roles | permission.office_roles)
    )


def is_login(text: str) -> bool:
    """Tell whether ``text`` has the form of a login."""
    return _LOGIN.fullmatch(text) is not None


def require_login(login: str) -> None:
    """Raise InvalidValueError unless ``login`` has the form of one."""
    if not is_login(login):
        raise InvalidValueError("login_malformed", given=login[:80])


def require_label(label: str) -> None:
    """Raise InvalidValueError unless ``label`` may name a person, a machine or a token on a page."""
    if not 1 <= len(label.strip()) <= LABEL_LENGTH_MAX or not label.isprintable():
        raise InvalidValueError("label_malformed", length_max=LABEL_LENGTH_MAX)


def require_password(login: str, password: str) -> None:
    """Raise InvalidValueError unless ``password`` may protect ``login``."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise InvalidValueError("password_length", length_min=PASSWORD_LENGTH_MIN, length_max=PASSWORD_LENGTH_MAX)
    if login in password.lower():
        raise InvalidValueError("password_contains_login")


def require_member_roles(roles: frozenset[Role]) -> None:
    """Raise InvalidValueError unless a member of a firm may hold ``roles`` together."""
    if not roles or not roles <= FIRM_ROLES:
        raise InvalidValueError("roles_not_of_a_firm", given=_listed(roles), known=_listed(FIRM_ROLES))


def require_officer_roles(roles: frozenset[Role]) -> None:
    """Raise InvalidValueError unless an officer, or a program of an authority, may hold ``roles`` together."""
    if len(roles) == 1 and roles <= MACHINE_ROLES:
        return
    if not roles or not roles <= OFFICE_ROLES:
        raise InvalidValueError("roles_not_of_an_authority", given=_listed(roles), known=_listed(OFFICE_ROLES))
    if Role.PAYER in roles and roles & DECIDING:
        raise InvalidValueError("roles_review_and_pay", given=_listed(roles))
    # Whoever scores a case decides nothing else in it (RULINGS 32).
    if Role.EXPERT in roles and len(roles) > 1:
        raise InvalidValueError("roles_expert_alone", given=_listed(roles))


def require_move(account: Account, to: AccountState) -> None:
    """Raise ConflictError unless ``account`` may go to state ``to``."""
    if to not in MOVES[account.state]:
        raise ConflictError("account_state", state=account.state.value, wanted=to.value)


def require_not_the_last(account: Account, colleagues: Sequence[Account]) -> None:
    """Raise ConflictError when nobody would be left to manage accounts once ``account`` is ended.

    Only an active person counts: an invitation may never be taken up.
    """
    for role in (Role.OWNER, Role.REGISTRAR):
        if role in account.roles and not any(
            role in other.roles and other.state is AccountState.ACTIVE and other.id != account.id
            for other in colleagues
        ):
            raise ConflictError("last_of_role", role=role.value)


def require_token_scopes(actor: Actor, wanted: frozenset[Scope]) -> None:
    """Raise NotAllowedError unless the actor may hand on every scope in ``wanted``, InvalidValueError for none."""
    if not wanted:
        raise InvalidValueError("token_without_scope")
    if missing := wanted - (scopes_of(actor.roles) & actor.scopes):
        raise NotAllowedError("scope_not_yours", scopes=_listed(missing))


def require_token_life(days: int) -> None:
    """Raise InvalidValueError unless a token may live for ``days``."""
    if not 1 <= days <= TOKEN_LIFE_DAYS_MAX:
        raise InvalidValueError("token_life", days=days, days_max=TOKEN_LIFE_DAYS_MAX)


def require_token_alive(token: Token, account: Account, now: Moment) -> None:
    """Raise NotAllowedError unless ``token`` still speaks for ``account``."""
    if token.ended_at is not None or account.state is not AccountState.ACTIVE:
        raise NotAllowedError("token_invalid")
    if token.expires_at <= now:
        raise NotAllowedError("token_expired", expired_at=str(token.expires_at))


def require_attempts_left(from_address: int, from_anywhere: int) -> None:
    """Raise NotAllowedError when a login has failed too often within the window."""
    if from_address >= FAILURES_PER_ADDRESS_MAX or from_anywhere >= FAILURES_PER_LOGIN_MAX:
        raise NotAllowedError("too_many_attempts", minutes=int(FAILURES_WINDOW.total_seconds()) // 60)


def require_answerable(device: DeviceRequest | None, now: Moment) -> DeviceRequest:
    """Return ``device`` when a person may still approve or deny it. Raises NotFoundError."""
    if device is None or device.state is not DeviceState.PENDING or device.expires_at <= now:
        raise NotFoundError("device_code_not_found")
    return device


def _listed(values: Collection[Role] | Collection[Scope]) -> str:
    return ", ".join(sorted(value.value for value in values))
