"""Ties that nobody declared: an officer who is reached where a member of a firm is (RULINGS 32; POLICY §5 F3).

Rules:
* The same mail address ties, and so does the same domain behind it, unless it is that of a provider whom anybody uses:
  who shares a house's own domain shares the house.
* Addresses are compared in lower case, without what follows a ``+``: both reach the same box.
* Only addresses that were verified count, so that nobody makes a tie by stating somebody else's.
* A tie is told with officer, firm and what they share, never with the address.

It blocks an officer from being drawn as a reviewer, and from reviewing; it says nothing of what the two have to do with
each other, so that signing and paying wait for a tie that is declared or entered.
"""

import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files

from registry.values.identifiers import AccountId, FirmId


class Shared(StrEnum):
    """What an officer and a member of a firm have in common."""

    MAIL_ADDRESS = "mail_address"
    MAIL_DOMAIN = "mail_domain"


@dataclass(frozen=True, slots=True)
class Reach:
    """Where an account of an office (``firm`` None) or of a firm is reached."""

    account: AccountId
    firm: FirmId | None
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DetectedTie:
    """An officer who is reached where a member of a firm is; the address is not told."""

    officer: AccountId
    firm: FirmId
    shared: Shared


@cache
def public_providers() -> frozenset[str]:
    """Return the domains of providers whom anybody uses, and which therefore tie nobody."""
    stated = tomllib.loads((files("registry.offices") / "mail_providers.toml").read_text("utf-8"))
    return frozenset(stated["domains"])


def mailbox(address: str) -> str:
    """Return an address as it is compared."""
    name, _, domain = address.strip().casefold().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def domain_of(address: str) -> str:
    """Return the domain of an address as it is compared."""
    return address.strip().casefold().rpartition("@")[2]


def detected_ties(
    officers: Iterable[Reach], members: Iterable[Reach], providers: Collection[str]
) -> tuple[DetectedTie, ...]:
    """Return every tie between officers and firms, each pair once, by what they share most narrowly."""
    boxes: dict[str, set[FirmId]] = {}
    houses: dict[str, set[FirmId]] = {}
    for each in members:
        if each.firm is not None:
            boxes.setdefault(mailbox(each.address), set()).add(each.firm)
            if domain_of(each.address) not in providers:
                houses.setdefault(domain_of(each.address), set()).add(each.firm)
    found: dict[tuple[AccountId, FirmId], Shared] = {}
    for officer in officers:
        for firm in houses.get(domain_of(officer.address), set()):
            found.setdefault((officer.account, firm), Shared.MAIL_DOMAIN)
        for firm in boxes.get(mailbox(officer.address), set()):
            found[officer.account, firm] = Shared.MAIL_ADDRESS
    return tuple(DetectedTie(officer, firm, shared) for (officer, firm), shared in sorted(found.items()))
