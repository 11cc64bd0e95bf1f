"""Tables of accounts and tokens, and of failed sign-ins, which pass."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    Row,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.accounts.model import (
    Account,
    AccountKind,
    AccountState,
    Token,
    TokenKind,
)
from registry.actors.model import Role, Scope
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, DatasetId, FirmId, TokenId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Writes, metadata, rows_may

FAILURES_KEPT: Final = timedelta(days=1)
ERASED_LABEL: Final = "*"

accounts = Table(
    "accounts",
    metadata,
    Column("id", IdColumn(AccountId), primary_key=True),
    Column("login", Key, nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("kind", Key, CheckConstraint("kind IN ('person', 'service')", "kind"), nullable=False),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), index=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), index=True),
    Column("roles", ARRAY(Key), nullable=False),
    Column("state", Key, CheckConstraint("state IN ('invited', 'active', 'ended')", "state"), nullable=False),
    Column("password_hash", Text),
    Column("secret_digest", DigestColumn),
    Column("activation_digest", DigestColumn),
    Column("activation_expires_at", MomentColumn),
    Column("created_at", MomentColumn, nullable=False),
    Column("created_by", IdColumn(AccountId), ForeignKey("accounts.id", ondelete="RESTRICT")),
    Column("ended_at", MomentColumn),
    Column("ended_by", IdColumn(AccountId), ForeignKey("accounts.id", ondelete="RESTRICT")),
    CheckConstraint("num_nonnulls(firm_id, authority_id) = 1", "one_home"),
    CheckConstraint("cardinality(roles) > 0", "some_role"),
    CheckConstraint(
        "NOT ('payer' = ANY (roles)"
        " AND roles && ARRAY['registrar', 'reviewer', 'section_head', 'leader_in_charge', 'principal_leader'])",
        "review_and_pay_are_apart",
    ),
    CheckConstraint("cardinality(roles) = 1 OR NOT (roles && ARRAY['expert', 'prober', 'person'])", "held_alone"),
    CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", "ended_when"),
    **rows_may(Writes.UPDATE),
)
"""The wall behind the rule that whoever checks never pays stands here as well."""

tokens = Table(
    "tokens",
    metadata,
    Column("id", IdColumn(TokenId), primary_key=True),
    Column("account_id", IdColumn(AccountId), ForeignKey("accounts.id", ondelete="RESTRICT"), nullable=False),
    Column("kind", Key, CheckConstraint("kind IN ('personal', 'client', 'device')", "kind"), nullable=False),
    Column("label", Text, nullable=False),
    Column("digest", DigestColumn, nullable=False, unique=True),
    Column("scopes", ARRAY(Key), nullable=False),
    Column("datasets", ARRAY(Uuid)),
    Column("created_at", MomentColumn, nullable=False),
    Column("expires_at", MomentColumn, nullable=False),
    Column("ended_at", MomentColumn),
    Index("ix_tokens_account_id_id", "account_id", "id"),
    **rows_may(Writes.UPDATE),
)

_TOKEN_COLUMNS: Final = tuple(column.name for column in tokens.c)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("login_digest", DigestColumn, nullable=False),
    Column("address_digest", DigestColumn, nullable=False),
    Column("failed_at", MomentColumn, nullable=False, index=True),
    Index("ix_sign_in_failures_login", "login_digest", "failed_at"),
    **rows_may(Writes.DELETE),
)
"""Passing: kept for a day, as digests, since a login typed by mistake may be a password."""


def _account(row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        login=row.login,
        display_name=row.display_name,
        kind=AccountKind(row.kind),
        firm=row.firm_id,
        authority=row.authority_id,
        roles=_roles(tuple(row.roles)),
        state=AccountState(row.state),
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


# An installation knows a few sets of roles and scopes, which are read at every request.


@lru_cache(1_000)
def _roles(stored: tuple[str, ...]) -> frozenset[Role]:
    return frozenset(map(Role, stored))


@lru_cache(1_000)
def _scopes(stored: tuple[str, ...]) -> frozenset[Scope]:
    return frozenset(map(Scope, stored))


def _token(row: Sequence[Any]) -> Token:
    """Return the token of the values of its columns, in their order."""
    stated = dict(zip(_TOKEN_COLUMNS, row, strict=True))
    datasets = stated["datasets"]
    return Token(
        id=stated["id"],
        account=stated["account_id"],
        kind=TokenKind(stated["kind"]),
        label=stated["label"],
        scopes=_scopes(tuple(stated["scopes"])),
        datasets=None if datasets is None else frozenset(DatasetId.of_uuid(found) for found in datasets),
        created_at=stated["created_at"],
        expires_at=stated["expires_at"],
        ended_at=stated["ended_at"],
    )


def add_account(
    connection: Connection,
    account: Account,
    created_by: AccountId | None,
    *,
    activation: tuple[Digest, Moment] | None = None,
    secret: Digest | None = None,
) -> bool:
    """Write a new account with what it proves itself by; False when its login is taken."""
    made = connection.execute(
        insert_or(accounts)
        .values(
            id=account.id,
            login=account.login,
            display_name=account.display_name,
            kind=account.kind.value,
            firm_id=account.firm,
            authority_id=account.authority,
            roles=sorted(role.value for role in account.roles),
            state=account.state.value,
            secret_digest=secret,
            activation_digest=activation[0] if activation else None,
            activation_expires_at=activation[1] if activation else None,
            created_at=account.created_at,
            created_by=created_by,
        )
        .on_conflict_do_nothing(index_elements=["login"])
        .returning(accounts.c.id)
    )
    return made.one_or_none() is not None


def account_of(connection: Connection, account: AccountId) -> Account | None:
    """Return an account."""
    row = connection.execute(select(accounts).where(accounts.c.id == account)).one_or_none()
    return _account(row) if row else None


def accounts_to_change(connection: Connection, firm: FirmId | None, authority: AuthorityId | None) -> list[Account]:
    """Return every account of a firm or an authority, locked in a fixed order until the transaction ends."""
    rows = connection.execute(select(accounts).where(_home(firm, authority)).order_by(accounts.c.id).with_for_update())
    return [_account(row) for row in rows]


def accounts_page(
    connection: Connection, firm: FirmId | None, authority: AuthorityId | None, after: AccountId | None, limit: int
) -> list[Account]:
    """Return up to ``limit`` accounts of a firm or an authority, oldest first, behind ``after``."""
    query = select(accounts).where(_home(firm, authority)).order_by(accounts.c.id).limit(limit)
    if after is not None:
        query = query.where(accounts.c.id > after)
    return [_account(row) for row in connection.execute(query)]


def _home(firm: FirmId | None, authority: AuthorityId | None) -> Any:
    return accounts.c.firm_id == firm if firm else accounts.c.authority_id == authority


def invitation_to_take_up(connection: Connection, login: str) -> tuple[Account, Digest | None, Moment | None] | None:
    """Return (account, digest of its code, end of the code), locked, for a login."""
    row = connection.execute(select(accounts).where(accounts.c.login == login).with_for_update()).one_or_none()
    return (_account(row), row.activation_digest, row.activation_expires_at) if row else None


def activate(connection: Connection, account: AccountId, password_hash: str) -> None:
    """Set the first password; the code is used up."""
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account)
        .values(
            state=AccountState.ACTIVE.value,
            password_hash=password_hash,
            activation_digest=None,
            activation_expires_at=None,
        )
    )


def set_password(connection: Connection, account: AccountId, password_hash: str) -> None:
    """Set another password."""
    connection.execute(update(accounts).where(accounts.c.id == account).values(password_hash=password_hash))


def end_account(connection: Connection, account: AccountId, ended_by: AccountId | None, now: Moment) -> None:
    """Remove an account; its tokens stop with it, because every use of one looks here."""
    connection.execute(
        update(accounts)
        .where(accounts.c.id == account)
        .values(
            state=AccountState.ENDED.value,
            ended_at=now,
            ended_by=ended_by,
            password_hash=None,
            secret_digest=None,
            activation_digest=None,
            activation_expires_at=None,
        )
    )


def password_of(connection: Connection, login: str) -> tuple[Account, str | None] | None:
    """Return (account, kept password) of a login."""
    row = connection.execute(select(accounts).where(accounts.c.login == login)).one_or_none()
    return (_account(row), row.password_hash) if row else None


def client_of(connection: Connection, account: AccountId) -> tuple[Account, Digest | None] | None:
    """Return (service account, digest of its secret)."""
    row = connection.execute(
        select(accounts).where(accounts.c.id == account, accounts.c.kind == AccountKind.SERVICE.value)
    ).one_or_none()
    return (_account(row), row.secret_digest) if row else None


def add_token(connection: Connection, token: Token, digest: Digest) -> None:
    """Write a new token; of its text only the digest."""
    connection.execute(
        insert(tokens).values(
            id=token.id,
            account_id=token.account,
            kind=token.kind.value,
            label=token.label,
            digest=digest,
            scopes=sorted(scope.value for scope in token.scopes),
            datasets=None if token.datasets is None else [found.uuid for found in sorted(token.datasets)],
            created_at=token.created_at,
            expires_at=token.expires_at,
        )
    )


_TOKENS_OF_DIGESTS: Final = (
    select(accounts, *(column.label(f"token_{column.name}") for column in tokens.c))
    .join(tokens, tokens.c.account_id == accounts.c.id)
    .where(tokens.c.digest == any_(bindparam("digests", type_=ARRAY(DigestColumn))))
)
"""Made once: it is asked at every request."""


def tokens_of_digests(connection: Connection, digests: Collection[Digest]) -> dict[Digest, tuple[Token, Account]]:
    """Return tokens with their accounts: two look-ups by index for each, in one query, at each request."""
    found = connection.execute(_TOKENS_OF_DIGESTS, {"digests": list(digests)})
    return {row.token_digest: (_token(row[-len(_TOKEN_COLUMNS) :]), _account(row)) for row in found}


def token_to_end(connection: Connection, token: TokenId, account: AccountId) -> Token | None:
    """Return a token of an account, locked."""
    row = connection.execute(
        select(tokens).where(tokens.c.id == token, tokens.c.account_id == account).with_for_update()
    ).one_or_none()
    return _token(row) if row else None


def end_token(connection: Connection, token: TokenId, now: Moment) -> None:
    """Stop a token; a second time changes nothing."""
    connection.execute(update(tokens).where(tokens.c.id == token, tokens.c.ended_at.is_(None)).values(ended_at=now))


def tokens_page(connection: Connection, account: AccountId, after: TokenId | None, limit: int) -> list[Token]:
    """Return up to ``limit`` tokens of an account, oldest first, behind ``after``."""
    query = select(tokens).where(tokens.c.account_id == account).order_by(tokens.c.id).limit(limit)
    if after is not None:
        query = query.where(tokens.c.id > after)
    return [_token(row) for row in connection.execute(query)]


def erase_labels(connection: Connection, account: AccountId) -> None:
    """Take from the tokens of an account what somebody called them."""
    connection.execute(update(tokens).where(tokens.c.account_id == account).values(label=ERASED_LABEL))


def add_failure(connection: Connection, login: Digest, address: Digest, now: Moment) -> None:
    """Note a wrong password, and forget those of more than a day ago."""
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.failed_at < now.plus(-FAILURES_KEPT)))
    connection.execute(insert(sign_in_failures).values(login_digest=login, address_digest=address, failed_at=now))


def count_failures(connection: Connection, login: Digest, address: Digest, since: Moment) -> tuple[int, int]:
    """Return how often a login failed since an instant: (from this address, from anywhere)."""
    here = func.count().filter(sign_in_failures.c.address_digest == address)
    row = connection.execute(
        select(here, func.count()).where(sign_in_failures.c.login_digest == login, sign_in_failures.c.failed_at > since)
    ).one()
    return int(row[0]), int(row[1])
