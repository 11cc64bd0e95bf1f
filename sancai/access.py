"""Who may read a dataset: the gate explained, terms to accept, grants on request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sancai.datasets import address_of
from sancai.errors import NotFoundError
from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of reading; ``code`` and ``detail`` say what would meet it where it is not met."""

    name: str
    met: bool
    detail: str
    code: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessVerdict:
    """Whether a version may be read, and every condition of it in the order they are asked."""

    version: str
    may_read: bool
    reason: str | None
    conditions: tuple[Condition, ...]
    firm: str | None = None


@dataclass(frozen=True, slots=True)
class Consequence:
    """Something that holds after a change of access, in words and with its figures."""

    code: str
    detail: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessChange:
    """That a dataset was opened or gated, and what holds for whoever read it before or wants to.

    ``access`` is ``public``, ``terms`` (open to firms that accept them) or ``gated``. What was downloaded before cannot
    be called back by this; ``consequences`` says so, too.
    """

    name: str
    before: str
    access: str
    changed_at: str
    consequences: tuple[Consequence, ...]
    terms: int | None = None
    terms_accepted: int = 0
    grants: int = 0
    requests_waiting: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """One text of the terms of a dataset; ``text`` is None where they ended."""

    number: int
    text: str | None
    sha256: str | None
    set_at: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That a firm accepted a text of the terms."""

    terms: int
    sha256: str
    firm: str
    firm_name: str
    account: str
    accepted_at: str


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """A request for a grant: asked, granted, refused, taken_back or ended."""

    id: str
    dataset: str
    dataset_id: str
    firm: str
    firm_name: str
    purpose: str
    contact: str
    state: str
    asked_at: str
    answered_at: str | None = None
    ends_at: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What opens a gated dataset to a firm; ``source`` is the order or the request it comes from."""

    firm: str
    firm_name: str
    source: str
    granted_at: str
    ends_at: str | None = None


class Access:
    """Access to datasets of one service."""

    def __init__(self, session: Session) -> None:
        """Ask through ``session``."""
        self._session = session

    def explain(self, name: str, version: int, firm: str | None = None) -> AccessVerdict:
        """Say whether a version may be read and why: by you, or, for a dataset of yours, by another firm.

        Raises NotFoundError, NotAllowedError.
        """
        path = f"{address_of(name)}/versions/v{version}/access"
        return shaped(AccessVerdict, self._session.get(path, firm=firm))

    def set(self, name: str, access: str, reason: str) -> AccessChange:
        """Open a dataset of yours to everybody (``public``) or let only firms with a grant read it (``gated``).

        Terms that stand go on binding; grants go on, too. Raises SancaiError; ConflictError when it is so already.
        """
        body = {"access": access, "reason": reason}
        return shaped(AccessChange, self._session.post(f"{address_of(name)}/access", body))

    def terms(self, name: str) -> Terms:
        """Return the terms that stand. Raises NotFoundError where there are none."""
        page = self._session.get(f"{address_of(name)}/terms", limit=1)
        found = [shaped(Terms, item) for item in page.get("items", [])]
        if not found or found[0].text is None:
            raise NotFoundError("terms_not_found", f"{name} has no terms to accept.", name=name)
        return found[0]

    def terms_history(self, name: str) -> Iterator[Terms]:
        """Yield every text the terms had, the newest first."""
        return (shaped(Terms, item) for item in self._session.pages(f"{address_of(name)}/terms"))

    def set_terms(self, name: str, text: str | None) -> Terms:
        """Give a dataset of yours another text of its terms, or (None) end them. Raises SancaiError."""
        return shaped(Terms, self._session.post(f"{address_of(name)}/terms", {"text": text}))

    def accept_terms(self, name: str, terms: Terms) -> Acceptance:
        """Accept a text for your firm, exactly as it was read. Raises SancaiError."""
        path = f"{address_of(name)}/terms/{terms.number}/accept"
        return shaped(Acceptance, self._session.post(path, {"sha256": terms.sha256}))

    def acceptances(self, name: str) -> Iterator[Acceptance]:
        """Yield who accepted which text of a dataset of yours. Raises SancaiError."""
        return (shaped(Acceptance, item) for item in self._session.pages(f"{address_of(name)}/acceptances"))

    def ask(self, name: str, purpose: str, contact: str) -> GrantRequest:
        """Ask the owner of a gated dataset for a grant to your firm. Raises SancaiError."""
        body = {"purpose": purpose, "contact": contact}
        return shaped(GrantRequest, self._session.post(f"{address_of(name)}/requests", body))

    def requests(self, side: str = "both", state: str | None = None) -> Iterator[GrantRequest]:
        """Yield the requests your firm ``made``, ``received``, or ``both``, newest first. Raises SancaiError."""
        pages = self._session.pages("/grant-requests", side=side, state=state)
        return (shaped(GrantRequest, item) for item in pages)

    def request(self, request: str) -> GrantRequest:
        """Return a request. Raises NotFoundError."""
        return shaped(GrantRequest, self._session.get(f"/grant-requests/{request}"))

    def grant(self, request: str, until: date | None = None) -> GrantRequest:
        """Grant what was asked for, through the day ``until`` or without end. Raises SancaiError."""
        body = {"until": until.isoformat() if until else None}
        return shaped(GrantRequest, self._session.post(f"/grant-requests/{request}/grant", body))

    def refuse(self, request: str, reason: str) -> GrantRequest:
        """Refuse what was asked for. Raises SancaiError."""
        return shaped(GrantRequest, self._session.post(f"/grant-requests/{request}/refuse", {"reason": reason}))

    def end(self, request: str, reason: str) -> GrantRequest:
        """End what was granted on request, at once. Raises SancaiError."""
        return shaped(GrantRequest, self._session.post(f"/grant-requests/{request}/end", {"reason": reason}))

    def take_back(self, request: str) -> GrantRequest:
        """Take a request of your firm back. Raises SancaiError."""
        return shaped(GrantRequest, self._session.post(f"/grant-requests/{request}/take-back"))

    def grants(self, name: str) -> Iterator[Grant]:
        """Yield every grant of a dataset of yours, by order and by request. Raises SancaiError."""
        return (shaped(Grant, item) for item in self._session.pages(f"{address_of(name)}/grants"))
