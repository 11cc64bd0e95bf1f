"""Remedies against adverse decisions: review (复核), reconsideration (复议), litigation (诉讼)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class RemedyAct:
    """What was done to a remedy."""

    kind: str
    account: str
    at: str
    number: str | None
    decided_on: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Remedy:
    """A remedy; ``until`` None: its term has not begun, since what it is against was not served."""

    id: str
    authority: str
    kind: str
    subject_kind: str
    subject: str
    case: str | None
    firm: str
    organ: str
    number: str
    grounds: str
    filed_on: date
    until: date | None
    late: bool
    late_reason: str | None
    state: str
    suspends: bool
    filed_by: str
    filed_at: str
    acts: tuple[RemedyAct, ...]


class Remedies:
    """Remedies of a service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session: Final = session

    def file(
        self,
        subject: str,
        kind: str,
        *,
        organ: str,
        grounds: str,
        number: str = "",
        filed_on: date | None = None,
        late_reason: str | None = None,
    ) -> Remedy:
        """File a remedy against a refused case, a recovery or a sanction. Raises SancaiError.

        ``kind`` is review, reconsideration or litigation. ``filed_on`` and ``late_reason`` are an officer's to state.
        """
        body = {
            "subject": subject,
            "kind": kind,
            "organ": organ,
            "number": number,
            "grounds": grounds,
            "filed_on": filed_on.isoformat() if filed_on else None,
            "late_reason": late_reason,
        }
        return shaped(Remedy, self._session.post("/remedies", body))

    def remedies(self, subject: str = "") -> Iterator[Remedy]:
        """Yield the remedies of your office or firm, or against one decision, the newest first. Raises SancaiError."""
        asked = {"subject": subject} if subject else {}
        return (shaped(Remedy, item) for item in self._session.pages("/remedies", **asked))

    def remedy(self, remedy: str) -> Remedy:
        """Return a remedy. Raises NotFoundError."""
        return shaped(Remedy, self._session.get(f"/remedies/{remedy}"))

    def suspend(self, remedy: str, number: str, reason: str, *, suspended: bool = True) -> Remedy:
        """Record that a decision suspends what is attacked, or that it goes on. Raises SancaiError."""
        return self._act(remedy, "suspension", {"suspended": suspended, "number": number, "reason": reason})

    def end(self, remedy: str, *, annulled: bool, number: str, decided_on: date, reasons: str) -> Remedy:
        """Record the decision on a remedy; one that annuls takes effect at once. Raises SancaiError."""
        body = {
            "outcome": "annulled" if annulled else "upheld",
            "number": number,
            "decided_on": decided_on.isoformat(),
            "reasons": reasons,
        }
        return self._act(remedy, "outcome", body)

    def withdraw(self, remedy: str, reason: str) -> Remedy:
        """Take a remedy back. Raises SancaiError."""
        return self._act(remedy, "withdrawal", {"reason": reason})

    def _act(self, remedy: str, step: str, body: dict[str, Any]) -> Remedy:
        return shaped(Remedy, self._session.post(f"/remedies/{remedy}/{step}", body))
