"""Accounts, tokens and the devices that ask for one.

An account is one person's or one machine's. It belongs to exactly one firm or one authority, and what it may do follows
from its roles there. A token acts for an account and can only narrow what the account may do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from registry.actors.model import Role, Scope
from registry.values.identifiers import AccountId, AuthorityId, DatasetId, FirmId, TokenId
from registry.values.moment import Moment

ACTIVATION_LIFE: Final = timedelta(days=14)
"""How long the code that lets a person choose a password is good."""
FIRST_TOKEN_LIFE: Final = timedelta(days=30)
"""How long the token lives that a person gets with the activation."""
TOKEN_LIFE_DAYS_MAX: Final = 365
CLIENT_TOKEN_LIFE: Final = timedelta(hours=1)
DEVICE_TOKEN_LIFE: Final = timedelta(days=30)
DEVICE_REQUEST_LIFE: Final = timedelta(minutes=15)
DEVICE_POLL_INTERVAL: Final = timedelta(seconds=5)
"""How often a device may ask whether it was approved (RFC 8628 §3.5)."""
SESSION_LIFE: Final = timedelta(minutes=30)
"""How long somebody stays signed in to the pages."""

FAILURES_WINDOW: Final = timedelta(minutes=15)
FAILURES_PER_ADDRESS_MAX: Final = 10
"""Wrong passwords for one login from one address within the window."""
FAILURES_PER_LOGIN_MAX: Final = 50
"""Wrong passwords for one login from anywhere within the window."""


class AccountKind(StrEnum):
    """Who is behind an account."""

    PERSON = "person"
    SERVICE = "service"


class AccountState(StrEnum):
    """Where an account stands."""

    INVITED = "invited"
    """A person has an activation code and no password yet."""
    ACTIVE = "active"
    ENDED = "ended"
    """Removed; every token of it stops at once, and the login is never used again."""


MOVES: Final[Mapping[AccountState, frozenset[AccountState]]] = {
    AccountState.INVITED: frozenset({AccountState.ACTIVE, AccountState.ENDED}),
    AccountState.ACTIVE: frozenset({AccountState.ENDED}),
    AccountState.ENDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Account:
    """An account; ``firm`` and ``authority`` exclude each other."""

    id: AccountId
    login: str
    display_name: str
    kind: AccountKind
    firm: FirmId | None
    authority: AuthorityId | None
    roles: frozenset[Role]
    state: AccountState
    created_at: Moment
    ended_at: Moment | None = None


class TokenKind(StrEnum):
    """How a token came to be."""

    PERSONAL = "personal"
    """Made by its account, for a program of its own."""
    CLIENT = "client"
    """Given to a service account for its secret (RFC 6749 §4.4)."""
    DEVICE = "device"
    """Given to a command line that a person approved in a browser (RFC 8628)."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner sees it; the secret is shown once and kept only as a digest."""

    id: TokenId
    account: AccountId
    kind: TokenKind
    label: str
    scopes: frozenset[Scope]
    datasets: frozenset[DatasetId] | None
    created_at: Moment
    expires_at: Moment
    ended_at: Moment | None = None


class DeviceState(StrEnum):
    """What a person said to a device that asks for a token."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """A device that waits for a person to approve it (RFC 8628)."""

    user_code: str
    client_id: str
    scopes: frozenset[Scope]
    state: DeviceState
    account: AccountId | None
    created_at: Moment
    expires_at: Moment
    last_polled_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class AddMember:
    """Give somebody, or a machine, an account in the actor's firm."""

    login: str
    display_name: str
    roles: frozenset[Role]
    kind: AccountKind = AccountKind.PERSON


@dataclass(frozen=True, slots=True)
class AddOfficer:
    """Give an officer an account in the actor's authority."""

    login: str
    display_name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Activate:
    """Choose a password with an activation code."""

    login: str
    code: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChangePassword:
    """Choose another password; the present one shows that it is oneself who asks."""

    password: str = field(repr=False)
    new_password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CreateToken:
    """Make a token for the actor's own account; ``datasets`` None means all the account may reach."""

    label: str
    scopes: frozenset[Scope]
    expires_in_days: int
    datasets: frozenset[DatasetId] | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """A new account and the secret to hand over once: a person's activation code or a machine's client secret."""

    account: Account
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token and its text, shown once."""

    account: Account
    token: Token
    secret: str = field(repr=False)
