"""Ends of firms: who was deregistered, merged or left the area of an authority, from which day on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class FirmEnd:
    """The end of a firm (注销, 合并, 迁出); ``ended_on`` is the first day on which it is no payee any more."""

    id: str
    authority: str
    firm: str
    kind: str
    ended_on: date
    document_number: str
    document_sha256: str
    source: str
    obtained_on: date
    recorded_at: str
    successor: str | None = None


class FirmEnds:
    """The register of ends of one service."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for every request."""
        self._session: Final = session

    def enter(
        self,
        firm: str,
        kind: str,
        *,
        ended_on: date,
        document_number: str,
        document_sha256: str,
        source: str,
        obtained_on: date,
        successor: str | None = None,
    ) -> FirmEnd:
        """Enter an end: ``deregistered``, ``merged`` (with ``successor``) or ``moved_away``. Raises SancaiError."""
        body = {
            "firm": firm,
            "kind": kind,
            "ended_on": ended_on.isoformat(),
            "successor": successor,
            "document_number": document_number,
            "document_sha256": document_sha256,
            "source": source,
            "obtained_on": obtained_on.isoformat(),
        }
        return shaped(FirmEnd, self._session.post("/firm-ends", body))

    def list(self, firm: str = "") -> Iterator[FirmEnd]:
        """Yield the ends that stand recorded, the newest first; a firm sees its own. Raises SancaiError."""
        query = {"firm": firm} if firm else {}
        return (shaped(FirmEnd, item) for item in self._session.pages("/firm-ends", **query))

    def revoke(self, end: str, document_number: str, reason: str) -> FirmEnd:
        """Take back an entry of your authority by a document. Raises NotFoundError."""
        body = {"document_number": document_number, "reason": reason}
        return shaped(FirmEnd, self._session.post(f"/firm-ends/{end}/revocation", body))
