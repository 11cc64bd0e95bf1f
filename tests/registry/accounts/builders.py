"""Authorities, firms and accounts for tests, made through the use cases themselves."""

from contextlib import AbstractContextManager
from typing import Protocol

from registry.accounts import acting, service
from registry.accounts.model import Activate, AddMember, AddOfficer, Issued
from registry.actors.model import ANONYMOUS, Actor, Role
from registry.errors import NotAllowedError
from registry.journal.work import View, Work
from registry.parties.commands import RegisterFirm
from registry.parties.model import FirmKind
from registry.policy.activation import FoundAuthority
from registry.values.uscc import Uscc

PASSWORD = "four quiet horses"
USCC = "91652201EMG3Q5GTC0"
OTHER_USCC = "91652201JH6YGDFTB0"


class WorkAs(Protocol):
    def __call__(self, actor: Actor) -> AbstractContextManager[Work]: ...


def actor_of(issued: Issued) -> Actor:
    """The actor that a token shows."""
    return acting.actor_of(issued.account, issued.token.scopes, issued.token.datasets)


def actor_of_token(view: View, secret: str) -> Actor:
    """Who acts with a token. Raises NotAllowedError."""
    [found] = acting.actors_of_tokens(view, [secret])
    if isinstance(found, NotAllowedError):
        raise found
    return found


def activated(work_as: WorkAs, login: str, code: str) -> Issued:
    """Take up an invitation."""
    with work_as(ANONYMOUS) as work:
        return service.activate(work, Activate(login, code, PASSWORD))


def a_registrar(work_as: WorkAs, login: str = "registrar", slug: str = "yizhou") -> Actor:
    """The first registrar of a new authority."""
    founding = FoundAuthority(slug, "伊州区数据发展局", "Yizhou Data Bureau", "650502")
    with work_as(ANONYMOUS) as work:
        _, code = service.found_authority_with_registrar(work, founding, login, "Registrar")
    return actor_of(activated(work_as, login, code))


def an_owner(work_as: WorkAs, registrar: Actor, uscc: str = USCC, login: str = "owner") -> Actor:
    """The owner of a new firm."""
    command = RegisterFirm(Uscc(uscc), f"{login} 数据有限公司", "650502", FirmKind.ENTERPRISE)
    with work_as(registrar) as work:
        _, code = service.register_firm_with_owner(work, command, login, "Owner")
    return actor_of(activated(work_as, login, code))


def a_member(work_as: WorkAs, owner: Actor, login: str, *roles: Role) -> Actor:
    """A member of the owner's firm."""
    with work_as(owner) as work:
        added = service.add_member(work, AddMember(login, login, frozenset(roles)))
    return actor_of(activated(work_as, login, added.secret))


def an_officer(work_as: WorkAs, registrar: Actor, login: str, *roles: Role) -> Actor:
    """An officer of the registrar's authority."""
    with work_as(registrar) as work:
        added = service.add_officer(work, AddOfficer(login, login, frozenset(roles)))
    return actor_of(activated(work_as, login, added.secret))
