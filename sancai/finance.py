"""Reconciliation with finance and the close of budget years."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference on one payment: what stands here, what at finance, and in which row of its file."""

    kind: str
    line: str
    number: str
    here: str
    there: str
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A comparison of a budget year with a file of finance; nothing is changed by it."""

    id: str
    authority: str
    budget_year: int
    file: str
    ours: str
    payments: int
    rows: int
    differing: int
    differences: tuple[Difference, ...]
    made_by: str
    made_at: str
    signed_by: str | None = None
    signed_at: str | None = None
    statement: str | None = None


@dataclass(frozen=True, slots=True)
class ClosingLine:
    """What a budget line came to; ``lapsed_fen`` was granted and never instructed."""

    line: str
    granted_fen: int
    paid_fen: int
    instructed_fen: int
    lapsed_fen: int


@dataclass(frozen=True, slots=True)
class Carried:
    """An instruction that is carried over the close by a numbered document."""

    case: str
    number: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class OpenHolds:
    """Holds of the year that are open, and what the close does to them."""

    count: int
    amount_fen: int
    fate: str


@dataclass(frozen=True, slots=True)
class ClosingNotes:
    """What stood open beside the payments of the year, and goes on after its close."""

    unpaid_cases: int
    unbatched_fen: int
    open_holds: OpenHolds


@dataclass(frozen=True, slots=True)
class Closing:
    """The close of a budget year; it holds once it is confirmed by another officer."""

    id: str
    authority: str
    budget_year: int
    digest: str
    lines: tuple[ClosingLine, ...]
    payments: int
    paid_fen: int
    carried: tuple[Carried, ...]
    reconciliation: str
    differences: int
    noted: ClosingNotes
    proposed_by: str
    proposed_at: str
    confirmed_by: str | None = None
    confirmed_at: str | None = None


class Finance:
    """What finance does with a budget year at one service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def payments(self, budget_year: int, kind: str = "xlsx") -> bytes:
        """Return what was instructed and paid of a year as a file, ``csv`` or ``xlsx``. Raises SancaiError."""
        return self._session.content(f"/finance/years/{budget_year}/payments.{kind}")

    def reconcile(self, budget_year: int, content: bytes) -> Reconciliation:
        """Compare a year with a file of finance (CSV or XLSX). Raises SancaiError; ``RuleError`` lists bad lines."""
        body = {"budget_year": budget_year, "content_base64": base64.b64encode(content).decode()}
        return shaped(Reconciliation, self._session.post("/finance/reconciliations", body))

    def sign(self, reconciliation: str, file: str, statement: str) -> Reconciliation:
        """Sign a comparison off; ``file`` is the digest of the file one has looked at. Raises SancaiError."""
        body = {"file": file, "statement": statement}
        return shaped(Reconciliation, self._session.post(f"/finance/reconciliations/{reconciliation}/sign", body))

    def reconciliation(self, reconciliation: str) -> Reconciliation:
        """Return a comparison. Raises SancaiError."""
        return shaped(Reconciliation, self._session.get(f"/finance/reconciliations/{reconciliation}"))

    def reconciliations(self) -> Iterator[Reconciliation]:
        """Yield the comparisons of one's authority, the newest first. Raises SancaiError."""
        return (shaped(Reconciliation, item) for item in self._session.pages("/finance/reconciliations"))

    def close(self, budget_year: int, carried: Mapping[str, str] | None = None) -> Closing:
        """Propose to close a year; ``carried`` says by which document the instruction of a case is carried over.

        Raises SancaiError; ``RuleError`` lists everything in the way.
        """
        over = [{"case": case, "number": number} for case, number in (carried or {}).items()]
        return shaped(Closing, self._session.post("/finance/closings", {"budget_year": budget_year, "carried": over}))

    def confirm_close(self, closing: str, digest: str) -> Closing:
        """Close a year with what another officer proposed, by its digest. Raises SancaiError."""
        return shaped(Closing, self._session.post(f"/finance/closings/{closing}/confirm", {"digest": digest}))

    def closing(self, closing: str) -> Closing:
        """Return the close of a year. Raises SancaiError."""
        return shaped(Closing, self._session.get(f"/finance/closings/{closing}"))

    def closings(self) -> Iterator[Closing]:
        """Yield the closes of one's authority, the newest first. Raises SancaiError."""
        return (shaped(Closing, item) for item in self._session.pages("/finance/closings"))
