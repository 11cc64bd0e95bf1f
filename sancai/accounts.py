"""Accounts of a firm or an authority, and the tokens they act with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sancai.session import Session
from sancai.shapes import shaped
from sancai.sign_in import Me, who_am_i


@dataclass(frozen=True, slots=True)
class Member:
    """An account: a person's or a machine's, of one firm or one authority."""

    id: str
    login: str
    display_name: str
    kind: str
    roles: tuple[str, ...]
    state: str
    firm: str | None
    authority: str | None
    created_at: str
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class NewMember(Member):
    """A new account with its secret: an activation code for a person, id and secret for a machine.

    Secrets are in the first answer only; a repeated request with the same key finds None here.
    """

    activation_code: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its text. ``datasets`` None reaches all that the account reaches."""

    id: str
    kind: str
    label: str
    scopes: tuple[str, ...]
    datasets: tuple[str, ...] | None
    created_at: str
    expires_at: str
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class NewToken(Token):
    """A new token with its text, which is shown once."""

    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Activation:
    """An account that was taken up, with its first token."""

    account: str
    login: str
    token: str = field(repr=False)
    scopes: tuple[str, ...]
    expires_at: str


class Accounts:
    """Members, officers, service accounts and tokens of one service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def me(self) -> Me:
        """Return who the token shows. Raises SancaiError."""
        return who_am_i(self._session)

    def activate(self, login: str, code: str, password: str) -> Activation:
        """Choose a password with an activation code. Raises SancaiError."""
        body = {"login": login, "code": code, "password": password}
        return shaped(Activation, self._session.post("/accounts/activate", body, keyed=False))

    def add_member(self, login: str, display_name: str, roles: Sequence[str], kind: str = "person") -> NewMember:
        """Give a person, or with ``kind="service"`` a machine, an account in your firm. Raises SancaiError."""
        body = {"login": login, "display_name": display_name, "roles": list(roles), "kind": kind}
        return shaped(NewMember, self._session.post("/members", body))

    def add_officer(self, login: str, display_name: str, roles: Sequence[str]) -> NewMember:
        """Give an officer, or as ``prober`` a program, an account in your authority. Raises SancaiError."""
        body = {"login": login, "display_name": display_name, "roles": list(roles)}
        return shaped(NewMember, self._session.post("/officers", body))

    def members(self) -> Iterator[Member]:
        """Yield the accounts of your firm or authority. Raises SancaiError."""
        return (shaped(Member, item) for item in self._session.pages("/members"))

    def end_member(self, account: str) -> Member:
        """Remove an account; its tokens stop at once. Raises SancaiError."""
        return shaped(Member, self._session.post(f"/members/{account}/end"))

    def create_token(
        self, label: str, scopes: Sequence[str], expires_in_days: int = 90, datasets: Sequence[str] | None = None
    ) -> NewToken:
        """Make a token for a program of yours. Raises SancaiError."""
        body = {
            "label": label,
            "scopes": list(scopes),
            "expires_in_days": expires_in_days,
            "datasets": None if datasets is None else list(datasets),
        }
        return shaped(NewToken, self._session.post("/tokens", body, keyed=False))

    def tokens(self) -> Iterator[Token]:
        """Yield your tokens, ended ones too. Raises SancaiError."""
        return (shaped(Token, item) for item in self._session.pages("/tokens"))

    def end_token(self, token: str) -> Token:
        """Stop one of your tokens. Raises SancaiError."""
        return shaped(Token, self._session.post(f"/tokens/{token}/end"))
