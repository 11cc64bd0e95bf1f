"""What officers do with content: read it for a while, recall a version; who holds what was recalled."""

from collections.abc import Iterator
from dataclasses import dataclass

from sancai.datasets import Version, address_of
from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class StaffAccess:
    """An officer's access to a dataset; without a case it is for an audit."""

    id: str
    dataset: str
    authority: str
    account: str
    reason: str
    opened_at: str
    ends_at: str
    case: str | None = None


@dataclass(frozen=True, slots=True)
class StaffRead:
    """One address of one file that was given to an officer."""

    id: str
    read_at: str
    version: int
    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Recall:
    """Which authority recalled a version, when and why."""

    authority: str
    reason: str
    legal_basis: str
    document_number: str
    recalled_at: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who may hold content of a version; ``party`` is ``anonymous`` for all who did not sign in."""

    party: str
    name: str
    reads: int
    first_read_at: str | None
    last_read_at: str | None
    granted: bool


class Oversight:
    """Oversight of datasets of one service."""

    def __init__(self, session: Session) -> None:
        """Ask through ``session``."""
        self._session = session

    def open_access(self, name: str, days: int, reason: str, case: str | None = None) -> StaffAccess:
        """Open an access to a dataset for yourself as an officer, for at most 14 days. Raises SancaiError."""
        body = {"days": days, "reason": reason, "case": case}
        return shaped(StaffAccess, self._session.post(f"{address_of(name)}/staff-accesses", body))

    def end_access(self, access: str) -> StaffAccess:
        """End an access of yours before its time. Raises SancaiError."""
        return shaped(StaffAccess, self._session.post(f"/staff-accesses/{access}/end"))

    def accesses(self, name: str) -> Iterator[StaffAccess]:
        """Yield the accesses of staff to a dataset of yours, newest first. Raises SancaiError."""
        return (shaped(StaffAccess, item) for item in self._session.pages(f"{address_of(name)}/staff-accesses"))

    def reads(self, access: str) -> Iterator[StaffRead]:
        """Yield what was read under an access. Raises SancaiError."""
        return (shaped(StaffRead, item) for item in self._session.pages(f"/staff-accesses/{access}/reads"))

    def recall(self, name: str, version: int, reason: str, legal_basis: str, document_number: str) -> Version:
        """Recall a version: from then on nobody reads it. Raises SancaiError."""
        body = {"reason": reason, "legal_basis": legal_basis, "document_number": document_number}
        return shaped(Version, self._session.post(f"{address_of(name)}/versions/v{version}/recall", body))

    def recall_of(self, name: str, version: int) -> Recall:
        """Return the recall of a version. Raises NotFoundError."""
        return shaped(Recall, self._session.get(f"{address_of(name)}/versions/v{version}/recall"))

    def holders(self, name: str, version: int) -> Iterator[Holder]:
        """Yield who may hold content of a recalled or erased version. Raises SancaiError."""
        return (shaped(Holder, item) for item in self._session.pages(f"{address_of(name)}/versions/v{version}/holders"))
