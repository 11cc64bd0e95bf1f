"""Firms, links and officers for tests."""

from datetime import date

from registry.actors.model import Actor, Role, Scope
from registry.journal.work import Work
from registry.parties.model import ControlKind, ControlLink, FirmKind
from registry.parties.rules import ControlGraph
from registry.policy import service as policy
from registry.policy.activation import FoundAuthority
from registry.values.identifiers import AccountId, AuthorityId, FirmId
from registry.values.uscc import Uscc

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def a_uscc(number: int, region: str = "652201") -> Uscc:
    """Return a code with a right check digit (GB 32100-2015); ``number`` makes it different."""
    body = f"91{region}{number:09d}"
    total = sum(_ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return Uscc(body + _ALPHABET[-total % 31])


def a_firm_id(number: int) -> FirmId:
    """Return an identifier whose order is that of ``number``."""
    return FirmId(f"firm_{number:032x}")


def equity(holder: FirmId, held: FirmId, share_bp: int) -> ControlLink:
    """Return a shareholding."""
    return ControlLink(holder, held, ControlKind.EQUITY, share_bp)


def a_graph(*links: ControlLink, **kinds: FirmKind) -> ControlGraph:
    """Return a graph of ``links``; firms are named by their last hex digits, ``f3=FirmKind.…`` gives one a kind."""
    ids = {firm for link in links for firm in (link.holder, link.held)}
    named = {a_firm_id(int(name[1:])): kind for name, kind in kinds.items()}
    return ControlGraph({firm: f"F{int(firm[5:], 16)}" for firm in ids}, named, frozenset(links))


def found_authority(work: Work, slug: str = "yizhou") -> AuthorityId:
    """Found an authority."""
    return policy.found_authority(work, FoundAuthority(slug, "伊州区发改委（数发局）", "Yizhou", "650502")).id


def a_registrar(authority: AuthorityId) -> Actor:
    """Return an officer who keeps the registers of an authority."""
    return Actor(
        account=AccountId.new(),
        name="registrar",
        authority=authority,
        roles=frozenset({Role.REGISTRAR}),
        scopes=frozenset({Scope.REGISTER, Scope.READ}),
    )


def an_owner(firm: FirmId) -> Actor:
    """Return the owner of a firm."""
    return Actor(
        account=AccountId.new(), name="owner", firm=firm, roles=frozenset({Role.OWNER}), scopes=frozenset(Scope)
    )


DAY = date(2026, 3, 2)
