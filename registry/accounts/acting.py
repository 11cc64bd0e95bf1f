"""Who acts: an account as an actor, and the account that a token speaks for, as things stand at this instant."""

from collections.abc import Sequence

from registry.accounts import rules
from registry.accounts.credentials import digest_of_secret
from registry.accounts.model import Account, Token
from registry.accounts.records import accounts as records
from registry.actors.model import Actor, Scope
from registry.errors import NotAllowedError
from registry.journal.work import View
from registry.values.identifiers import DatasetId


def actor_of(account: Account, scopes: frozenset[Scope], datasets: frozenset[DatasetId] | None = None) -> Actor:
    """Return an account as an actor, with those of ``scopes`` that its roles still open."""
    return Actor(
        account=account.id,
        name=account.login,
        firm=account.firm,
        authority=account.authority,
        roles=account.roles,
        scopes=scopes & rules.scopes_of(account.roles),
        datasets=datasets,
    )


def actors_of_tokens(view: View, texts: Sequence[str]) -> list[Actor | NotAllowedError]:
    """Return who acts with each token, or why nobody does; in one query."""
    digests = [digest_of_secret(text) for text in texts]
    known = records.tokens_of_digests(view.connection, digests)
    return [_acting(view, known.get(digest)) for digest in digests]


def _acting(view: View, found: tuple[Token, Account] | None) -> Actor | NotAllowedError:
    if found is None:
        return NotAllowedError("token_invalid")
    token, account = found
    try:
        rules.require_token_alive(token, account, view.now)
    except NotAllowedError as refusal:
        return refusal
    return actor_of(account, token.scopes, token.datasets)


def token_of_text(view: View, text: str) -> tuple[Token, Account] | None:
    """Return a token, alive or not, and its account."""
    digest = digest_of_secret(text)
    return records.tokens_of_digests(view.connection, [digest]).get(digest)
