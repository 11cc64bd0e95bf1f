"""Archives of closed cases (归档): packages, what holds them, and their disposal."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Archive:
    """One revision of the archive of a case; ``keep_until`` None: for ever.

    ``retain_until`` is when the store lets the package go. ``made_by`` None: the service itself.
    """

    case: str
    authority: str
    number: int
    outcome: str
    retention_class: str
    closed_on: date
    keep_until: date | None
    sha256: str
    size_bytes: int
    retain_until: str
    made_by: str | None
    made_at: str


@dataclass(frozen=True, slots=True)
class ArchiveHold:
    """A numbered order that an archive is held; ``lifted_at`` None: it still is."""

    id: str
    case: str
    number: str
    reason: str
    set_by: str
    set_at: str
    lifting_number: str | None
    lifting_reason: str | None
    lifted_by: str | None
    lifted_at: str | None


@dataclass(frozen=True, slots=True)
class Disposal:
    """The disposal of an archive: proposed, rejected, confirmed, removed."""

    id: str
    case: str
    state: str
    reason: str
    proposed_by: str
    proposed_at: str
    decision_reason: str | None
    decided_by: str | None
    decided_at: str | None
    removed_at: str | None


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is known of the archive of a case: revisions, what holds it now, orders, disposals."""

    case: str
    revisions: tuple[Archive, ...]
    held: tuple[str, ...]
    orders: tuple[ArchiveHold, ...]
    disposals: tuple[Disposal, ...]
    disposed: bool


class Archives:
    """Archives of a service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session: Final = session

    def archive(self, case: str) -> Archive:
        """Archive a closed case as it is now, as its next revision. Raises SancaiError."""
        return shaped(Archive, self._session.post(f"/cases/{case}/archive"))

    def of_case(self, case: str) -> Shelf:
        """Return what is known of the archive of a case. Raises SancaiError."""
        return shaped(Shelf, self._session.get(f"/cases/{case}/archive"))

    def fetch(self, case: str, number: int | None = None) -> bytes:
        """Return a package, the newest by default; ``verify_package`` checks it offline. Raises SancaiError."""
        asked = {"number": number} if number else {}
        return self._session.content(f"/cases/{case}/archive/package", **asked)

    def archives(self, *, disposable: bool = False) -> Iterator[Archive]:
        """Yield the archives of your office, or those that may be disposed of today. Raises SancaiError."""
        asked = {"disposable": True} if disposable else {}
        return (shaped(Archive, item) for item in self._session.pages("/archives", **asked))

    def hold(self, case: str, number: str, reason: str) -> ArchiveHold:
        """Hold the archive of a case by a numbered order. Raises SancaiError."""
        body = {"number": number, "reason": reason}
        return shaped(ArchiveHold, self._session.post(f"/cases/{case}/archive/holds", body))

    def lift(self, hold: str, number: str, reason: str) -> ArchiveHold:
        """End an order that holds an archive. Raises SancaiError."""
        body = {"number": number, "reason": reason}
        return shaped(ArchiveHold, self._session.post(f"/archive-holds/{hold}/lifting", body))

    def propose_disposal(self, case: str, reason: str) -> Disposal:
        """Propose that an archive is disposed of. Raises SancaiError."""
        return shaped(Disposal, self._session.post(f"/cases/{case}/archive/disposal", {"reason": reason}))

    def decide_disposal(self, case: str, reason: str, *, confirmed: bool) -> Disposal:
        """Confirm a disposal that another officer proposed, or reject it. Raises SancaiError."""
        body = {"confirmed": confirmed, "reason": reason}
        return shaped(Disposal, self._session.post(f"/cases/{case}/archive/disposal/decision", body))
