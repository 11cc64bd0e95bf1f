"""Accounts over HTTP: members, officers, service accounts, tokens, and oneself."""

from typing import Self

from flask import Response
from pydantic import Field

from api.auth import counting_failures
from api.calls import current_actor, read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from registry.accounts import service
from registry.accounts.model import (
    TOKEN_LIFE_DAYS_MAX,
    Account,
    AccountKind,
    AccountState,
    Activate,
    Added,
    AddMember,
    AddOfficer,
    CreateToken,
    Issued,
    Token,
    TokenKind,
)
from registry.actors.model import Action, Actor, Role, Scope
from registry.values.identifiers import AccountId, DatasetId, TokenId

door = Door("accounts", __name__, url_prefix="/v1")

SECRETS_ONCE = ("activation_code", "client_secret")


class ActivateBody(Strict):
    """An activation code, taken up with a password of one's own."""

    login: str = Field(max_length=80)
    code: str = Field(max_length=80)
    password: str = Field(max_length=400)


class MemberBody(Strict):
    """A new member or service account of the caller's firm."""

    login: str = Field(max_length=80)
    display_name: str = Field(max_length=200)
    roles: list[Role] = Field(max_length=20)
    kind: AccountKind = AccountKind.PERSON

    def command(self) -> AddMember:
        """Return the command."""
        return AddMember(self.login, self.display_name, frozenset(self.roles), self.kind)


class OfficerBody(Strict):
    """A new officer of the caller's authority."""

    login: str = Field(max_length=80)
    display_name: str = Field(max_length=200)
    roles: list[Role] = Field(max_length=20)

    def command(self) -> AddOfficer:
        """Return the command."""
        return AddOfficer(self.login, self.display_name, frozenset(self.roles))


class TokenBody(Strict):
    """A token for a program; without ``datasets`` it reaches all that the account reaches."""

    label: str = Field(max_length=200)
    scopes: list[Scope] = Field(max_length=20)
    datasets: list[str] | None = Field(default=None, max_length=100)
    expires_in_days: Whole = Field(ge=1, le=TOKEN_LIFE_DAYS_MAX)

    def command(self) -> CreateToken:
        """Return the command. Raises InvalidValueError."""
        datasets = None if self.datasets is None else frozenset(DatasetId(each) for each in self.datasets)
        return CreateToken(self.label, frozenset(self.scopes), self.expires_in_days, datasets)


class MemberView(Answer):
    """An account of a firm or an authority."""

    id: str
    login: str
    display_name: str
    kind: AccountKind
    firm: str | None
    authority: str | None
    roles: list[Role]
    state: AccountState
    created_at: str
    ended_at: str | None

    @classmethod
    def of(cls, account: Account) -> Self:
        """Return the view of an account."""
        return cls(**_stated(account))


class NewMemberView(MemberView):
    """A new account with what it proves itself by, shown in this answer only."""

    activation_code: str | None
    client_id: str | None
    client_secret: str | None

    @classmethod
    def of_added(cls, added: Added) -> Self:
        """Return the view of a new account."""
        person = added.account.kind is AccountKind.PERSON
        return cls(
            **_stated(added.account),
            activation_code=added.secret if person else None,
            client_id=None if person else added.account.id,
            client_secret=None if person else added.secret,
        )


class MembersView(Answer):
    """A page of accounts."""

    items: list[MemberView]
    next_cursor: str | None


class TokenView(Answer):
    """A token, without its text."""

    id: str
    kind: TokenKind
    label: str
    scopes: list[Scope]
    datasets: list[str] | None
    created_at: str
    expires_at: str
    ended_at: str | None

    @classmethod
    def of(cls, token: Token) -> Self:
        """Return the view of a token."""
        return cls(**_stated_token(token))


class NewTokenView(TokenView):
    """A new token with its text, shown in this answer only."""

    token: str | None

    @classmethod
    def of_issued(cls, issued: Issued) -> Self:
        """Return the view of a new token."""
        return cls(**_stated_token(issued.token), token=issued.secret)


class TokensView(Answer):
    """A page of tokens."""

    items: list[TokenView]
    next_cursor: str | None


class ActivatedView(Answer):
    """An account that was taken up, with its first token, shown in this answer only."""

    account: str
    login: str
    token: str | None
    scopes: list[Scope]
    expires_at: str

    @classmethod
    def of(cls, issued: Issued) -> Self:
        """Return the view of an activation."""
        return cls(
            account=issued.account.id,
            login=issued.account.login,
            token=issued.secret,
            scopes=sorted(issued.token.scopes),
            expires_at=str(issued.token.expires_at),
        )


class MeView(Answer):
    """Who asks, and what the token may do."""

    account: str
    login: str
    display_name: str
    kind: AccountKind
    firm: str | None
    authority: str | None
    roles: list[Role]
    scopes: list[Scope]
    datasets: list[str] | None

    @classmethod
    def of(cls, account: Account, actor: Actor) -> Self:
        """Return the view of an account as a token shows it."""
        return cls(
            account=account.id,
            login=account.login,
            display_name=account.display_name,
            kind=account.kind,
            firm=account.firm,
            authority=account.authority,
            roles=sorted(actor.roles),
            scopes=sorted(actor.scopes),
            datasets=None if actor.datasets is None else sorted(actor.datasets),
        )


@door.operation("POST", "/accounts/activate", {201: ActivatedView}, public=True, keyed=False, problems=(403,))
def activate_account(body: ActivateBody) -> Response:
    """Choose a password with an activation code and get a first token."""
    command = Activate(body.login, body.code, body.password)
    with counting_failures(body.login):
        return write(lambda work: service.activate(work, command), ActivatedView.of, once=("token",), keyed=False)


@door.operation("POST", "/members", {201: NewMemberView}, action=Action.MANAGE_MEMBERS)
def add_member(body: MemberBody) -> Response:
    """Give a person or a machine an account in your firm."""
    return write(lambda work: service.add_member(work, body.command()), NewMemberView.of_added, once=SECRETS_ONCE)


@door.operation("POST", "/officers", {201: NewMemberView}, action=Action.MANAGE_OFFICERS)
def add_officer(body: OfficerBody) -> Response:
    """Give an officer an account in your authority."""
    return write(lambda work: service.add_officer(work, body.command()), NewMemberView.of_added, once=SECRETS_ONCE)


@door.operation("GET", "/members", {200: MembersView}, action=Action.MANAGE_MEMBERS)
def list_members(query: PageQuery) -> Response:
    """List the accounts of your firm or authority."""
    after = after_of(query, AccountId)

    def present(found: list[Account]) -> MembersView:
        page, following = page_of(found, query, lambda each: [each.id])
        return MembersView(items=[MemberView.of(each) for each in page], next_cursor=following)

    return read(
        lambda view: service.members(view, after, query.limit + 1),
        present,
    )


@door.operation("POST", "/members/<account>/end", {200: MemberView}, action=Action.MANAGE_MEMBERS)
def end_member(account: str) -> Response:
    """Remove an account of your firm or authority; its tokens stop at once."""
    account_id = AccountId(account)
    return write(lambda work: service.end_account(work, account_id), MemberView.of, 200)


@door.operation("POST", "/tokens", {201: NewTokenView}, action=Action.MANAGE_TOKENS, keyed=False)
def create_token(body: TokenBody) -> Response:
    """Make a token for a program of yours; its text is shown once."""
    command = body.command()
    return write(lambda work: service.create_token(work, command), NewTokenView.of_issued, once=("token",), keyed=False)


@door.operation("GET", "/tokens", {200: TokensView}, action=Action.MANAGE_TOKENS)
def list_tokens(query: PageQuery) -> Response:
    """List your tokens, ended ones too."""
    after = after_of(query, TokenId)

    def present(found: list[Token]) -> TokensView:
        page, following = page_of(found, query, lambda each: [each.id])
        return TokensView(items=[TokenView.of(each) for each in page], next_cursor=following)

    return read(
        lambda view: service.tokens(view, after, query.limit + 1),
        present,
    )


@door.operation("POST", "/tokens/<token>/end", {200: TokenView}, action=Action.MANAGE_TOKENS)
def end_token(token: str) -> Response:
    """Stop one of your tokens."""
    token_id = TokenId(token)
    return write(lambda work: service.end_token(work, token_id), TokenView.of, 200)


@door.operation("GET", "/me", {200: MeView})
def show_me() -> Response:
    """Say who you are and what your token may do."""
    return read(service.me, lambda account: MeView.of(account, current_actor()))


def _stated(account: Account) -> dict[str, object]:
    return {
        "id": account.id,
        "login": account.login,
        "display_name": account.display_name,
        "kind": account.kind,
        "firm": account.firm,
        "authority": account.authority,
        "roles": sorted(account.roles),
        "state": account.state,
        "created_at": str(account.created_at),
        "ended_at": str(account.ended_at) if account.ended_at else None,
    }


def _stated_token(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "kind": token.kind,
        "label": token.label,
        "scopes": sorted(token.scopes),
        "datasets": None if token.datasets is None else sorted(token.datasets),
        "created_at": str(token.created_at),
        "expires_at": str(token.expires_at),
        "ended_at": str(token.ended_at) if token.ended_at else None,
    }
