"""Use cases of accounts: invite, activate, end; make and end tokens; sign in; let a device in."""

from datetime import timedelta

from registry.accounts import rules
from registry.accounts.acting import actor_of
from registry.accounts.credentials import (
    digest_of_secret,
    hash_password,
    new_activation_code,
    new_token,
    same_password,
    same_secret,
)
from registry.accounts.model import (
    ACTIVATION_LIFE,
    FAILURES_WINDOW,
    FIRST_TOKEN_LIFE,
    Account,
    AccountKind,
    AccountState,
    Activate,
    Added,
    AddMember,
    AddOfficer,
    ChangePassword,
    CreateToken,
    Issued,
    Token,
    TokenKind,
)
from registry.accounts.records import accounts as records
from registry.actors.model import MACHINE_ROLES, Action, Actor, Resource, Role, Scope
from registry.actors.rules import require
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError
from registry.journal.work import View, Work
from registry.parties.commands import RegisterFirm
from registry.parties.model import Firm
from registry.parties.service import register_firm_within
from registry.policy.activation import Authority, FoundAuthority
from registry.policy.service import found_authority
from registry.values.identifiers import AccountId, AuthorityId, DatasetId, FirmId, TokenId
from registry.values.moment import Clock
from storage.database import Connection, Database


def me(view: View) -> Account:
    """Return the actor's own account. Raises NotAllowedError for nobody."""
    if view.actor.account is None:
        raise NotAllowedError("unauthenticated")
    account = records.account_of(view.connection, view.actor.account)
    if account is None:
        raise NotAllowedError("token_invalid")
    return account


def register_owner_within(work: Work, firm: FirmId, login: str, display_name: str, role: Role = Role.OWNER) -> str:
    """Give a party its first account inside another use case and return the activation code."""
    return _invited(work, login, display_name, frozenset({role}), firm=firm).secret


def register_registrar_within(work: Work, authority: AuthorityId, login: str, display_name: str) -> str:
    """Give an authority its first registrar inside another use case and return the activation code."""
    return _invited(work, login, display_name, frozenset({Role.REGISTRAR}), authority=authority).secret


def found_authority_with_registrar(
    work: Work, command: FoundAuthority, login: str, display_name: str
) -> tuple[Authority, str]:
    """Found an authority and give it its first registrar: the operator's act. Return it and the activation code.

    The journal entry is the authority's. Raises ConflictError, InvalidValueError.
    """
    authority = found_authority(work, command)
    return authority, register_registrar_within(work, authority.id, login, display_name)


def register_firm_with_owner(work: Work, command: RegisterFirm, owner_login: str, owner_name: str) -> tuple[Firm, str]:
    """Register a firm and give it its first owner; return it and the activation code, which is shown once.

    Raises NotAllowedError, ConflictError (the code or the login is taken), InvalidValueError.
    """
    firm = register_firm_within(work, command)
    code = register_owner_within(work, firm.id, owner_login, owner_name)
    work.journal(
        "parties.firm_registered",
        firm.id,
        uscc=str(firm.uscc),
        name=firm.name,
        kind=firm.kind.value,
        owner=owner_login,
    )
    return firm, code


def add_member(work: Work, command: AddMember) -> Added:
    """Give a person or a machine an account in the actor's firm.

    Raises NotAllowedError, InvalidValueError (login, name or roles), ConflictError (``login_taken``).
    """
    firm = _own_firm(work.actor)
    require(work.actor, Action.MANAGE_MEMBERS, Resource(firms=frozenset({firm})))
    rules.require_member_roles(command.roles)
    added = _invited(work, command.login, command.display_name, command.roles, kind=command.kind, firm=firm)
    _journal_account(work, "accounts.member_added", added.account)
    return added


def add_officer(work: Work, command: AddOfficer) -> Added:
    """Give an officer an account in the actor's authority; the role of a program makes it a service account.

    Raises as ``add_member`` does.
    """
    authority = work.actor.authority
    require(work.actor, Action.MANAGE_OFFICERS, Resource(authority=authority))
    rules.require_officer_roles(command.roles)
    kind = AccountKind.SERVICE if command.roles <= MACHINE_ROLES else AccountKind.PERSON
    added = _invited(work, command.login, command.display_name, command.roles, kind=kind, authority=authority)
    _journal_account(work, "accounts.officer_added", added.account)
    return added


def members(view: View, after: AccountId | None = None, limit: int = 50) -> list[Account]:
    """Return the accounts of the actor's firm or authority, oldest first. Raises NotAllowedError."""
    _require_managing(view.actor)
    return records.accounts_page(view.connection, view.actor.firm, view.actor.authority, after, limit)


def end_account(work: Work, account_id: AccountId) -> Account:
    """Remove an account of the actor's firm or authority; every token of it stops at once.

    Raises NotAllowedError, NotFoundError (also for another party's), ConflictError (already ended, or the last owner).
    """
    _require_managing(work.actor)
    colleagues = records.accounts_to_change(work.connection, work.actor.firm, work.actor.authority)
    account = next((found for found in colleagues if found.id == account_id), None)
    if account is None:
        raise NotFoundError("account_not_found", id=account_id)
    rules.require_move(account, AccountState.ENDED)
    rules.require_not_the_last(account, colleagues)
    records.end_account(work.connection, account.id, work.actor.account, work.now)
    _journal_account(work, "accounts.account_ended", account)
    ended = records.account_of(work.connection, account.id)
    if ended is None:
        raise NotFoundError("account_not_found", id=account_id)
    return ended


def activate(work: Work, command: Activate) -> Issued:
    """Take up an invitation: choose a password and get a first token.

    An unknown login, a wrong code and one that is over or used are the same refusal. Raises NotAllowedError,
    InvalidValueError (password).
    """
    rules.require_password(command.login, command.password)
    found = records.invitation_to_take_up(work.connection, command.login)
    if found is None:
        raise NotAllowedError("activation_refused")
    account, code, ends_at = found
    usable = account.state is AccountState.INVITED and ends_at is not None and work.now < ends_at
    if not usable or not same_secret(command.code.strip().upper(), code):
        raise NotAllowedError("activation_refused")
    records.activate(work.connection, account.id, hash_password(command.password))
    issued = issue_within(
        work, account, TokenKind.PERSONAL, "activation", rules.scopes_of(account.roles), FIRST_TOKEN_LIFE
    )
    work.journal("accounts.account_activated", account.id, token=issued.token.id)
    return issued


def change_password(work: Work, command: ChangePassword) -> Account:
    """Change the password of one's own account; tokens stay, since each is ended by itself.

    Raises NotAllowedError (``password_wrong``), InvalidValueError (the new password).
    """
    require(work.actor, Action.MANAGE_TOKENS)
    known = records.password_of(work.connection, work.actor.name)
    if known is None or known[0].id != work.actor.account or not same_password(command.password, known[1]):
        raise NotAllowedError("password_wrong")
    rules.require_password(known[0].login, command.new_password)
    records.set_password(work.connection, known[0].id, hash_password(command.new_password))
    work.journal("accounts.password_changed", known[0].id)
    return known[0]


def create_token(work: Work, command: CreateToken) -> Issued:
    """Make a token for the actor's own account. Raises NotAllowedError, InvalidValueError."""
    require(work.actor, Action.MANAGE_TOKENS)
    rules.require_label(command.label)
    rules.require_token_scopes(work.actor, command.scopes)
    rules.require_token_life(command.expires_in_days)
    issued = issue_within(
        work,
        me(work),
        TokenKind.PERSONAL,
        command.label,
        command.scopes,
        timedelta(days=command.expires_in_days),
        command.datasets,
    )
    journal_token(work, issued.token)
    return issued


def tokens(view: View, after: TokenId | None = None, limit: int = 50) -> list[Token]:
    """Return the tokens of the actor's own account, ended ones too, oldest first. Raises NotAllowedError."""
    require(view.actor, Action.MANAGE_TOKENS)
    return records.tokens_page(view.connection, me(view).id, after, limit)


def end_token(work: Work, token_id: TokenId) -> Token:
    """Stop a token of the actor's own account. Raises NotAllowedError, NotFoundError, ConflictError (ended already)."""
    require(work.actor, Action.MANAGE_TOKENS)
    account = me(work)
    token = records.token_to_end(work.connection, token_id, account.id)
    if token is None:
        raise NotFoundError("token_not_found", id=token_id)
    if token.ended_at is not None:
        raise ConflictError("token_already_ended", ended_at=str(token.ended_at))
    records.end_token(work.connection, token.id, work.now)
    work.journal("accounts.token_ended", token.id, account=account.id)
    ended = records.token_to_end(work.connection, token_id, account.id)
    if ended is None:
        raise NotFoundError("token_not_found", id=token_id)
    return ended


def issue_within(
    work: Work,
    account: Account,
    kind: TokenKind,
    label: str,
    scopes: frozenset[Scope],
    life: timedelta,
    datasets: frozenset[DatasetId] | None = None,
) -> Issued:
    """Write a token inside another use case, which journals it; its text is in the answer and nowhere else."""
    secret = new_token()
    token = Token(
        id=TokenId.new(),
        account=account.id,
        kind=kind,
        label=label,
        scopes=scopes,
        datasets=datasets,
        created_at=work.now,
        expires_at=work.now.plus(life),
    )
    records.add_token(work.connection, token, digest_of_secret(secret))
    return Issued(account, token, secret)


def journal_token(work: Work, token: Token) -> None:
    """Journal a new token: what it may do, never its text."""
    work.journal(
        "accounts.token_created",
        token.id,
        account=token.account,
        kind=token.kind.value,
        scopes=sorted(scope.value for scope in token.scopes),
        datasets=None if token.datasets is None else sorted(token.datasets),
        expires_at=str(token.expires_at),
    )


def sign_in(view: View, login: str, password: str) -> Account:
    """Return the person that a login and a password show. Raises NotAllowedError (``sign_in_refused``)."""
    known = records.password_of(view.connection, login) if rules.is_login(login) else None
    account, kept = known or (None, None)
    right = same_password(password, kept)
    if account is None or not right or account.state is not AccountState.ACTIVE:
        raise NotAllowedError("sign_in_refused")
    return account


def actor_signed_in(view: View, account_id: AccountId) -> Actor | None:
    """Return who is signed in to the pages, or None when the account is no longer active."""
    account = records.account_of(view.connection, account_id)
    if account is None or account.state is not AccountState.ACTIVE:
        return None
    return actor_of(account, frozenset(Scope))


def require_attempts_left(view: View, login: str, address: str) -> None:
    """Raise NotAllowedError when ``login`` has failed too often lately."""
    since = view.now.plus(-FAILURES_WINDOW)
    rules.require_attempts_left(
        *records.count_failures(view.connection, digest_of_secret(login), digest_of_secret(address), since)
    )


def note_failure(database: Database, clock: Clock, login: str, address: str) -> None:
    """Note that ``login`` failed from ``address``: outside the write path, because a refusal writes nothing there."""
    with database.writing() as connection:
        records.add_failure(connection, digest_of_secret(login), digest_of_secret(address), clock.now())


def client_of(connection: Connection, client_id: str, secret: str | None = None) -> Account | None:
    """Return the active service account that a client id names; with ``secret`` only if it is right."""
    try:
        wanted = AccountId(client_id)
    except InvalidValueError:
        return None
    found = records.client_of(connection, wanted)
    if found is None or found[0].state is not AccountState.ACTIVE:
        return None
    return found[0] if secret is None or same_secret(secret, found[1]) else None


def _invited(
    work: Work,
    login: str,
    display_name: str,
    roles: frozenset[Role],
    *,
    kind: AccountKind = AccountKind.PERSON,
    firm: FirmId | None = None,
    authority: AuthorityId | None = None,
) -> Added:
    """Write a new account: a person gets an activation code, a machine its client secret."""
    rules.require_login(login)
    rules.require_label(display_name)
    person = kind is AccountKind.PERSON
    secret = new_activation_code() if person else new_token()
    account = Account(
        id=AccountId.new(),
        login=login,
        display_name=display_name,
        kind=kind,
        firm=firm,
        authority=authority,
        roles=roles,
        state=AccountState.INVITED if person else AccountState.ACTIVE,
        created_at=work.now,
    )
    kept = digest_of_secret(secret)
    added = records.add_account(
        work.connection,
        account,
        work.actor.account,
        activation=(kept, work.now.plus(ACTIVATION_LIFE)) if person else None,
        secret=None if person else kept,
    )
    if not added:
        raise ConflictError("login_taken", login=login)
    return Added(account, secret)


def _own_firm(actor: Actor) -> FirmId:
    if actor.firm is None:
        require(actor, Action.MANAGE_MEMBERS)
        raise NotAllowedError("not_yours", action=Action.MANAGE_MEMBERS.value, scope="", roles="")
    return actor.firm


def _require_managing(actor: Actor) -> None:
    if actor.authority:
        require(actor, Action.MANAGE_OFFICERS, Resource(authority=actor.authority))
    else:
        firms = frozenset({actor.firm}) if actor.firm else frozenset[FirmId]()
        require(actor, Action.MANAGE_MEMBERS, Resource(firms=firms))


def _journal_account(work: Work, entry_type: str, account: Account) -> None:
    work.journal(
        entry_type,
        account.id,
        login=account.login,
        display_name=account.display_name,
        kind=account.kind.value,
        firm=account.firm,
        authority=account.authority,
        roles=sorted(role.value for role in account.roles),
    )
