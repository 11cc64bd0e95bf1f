"""What patterns of fraud find at a voucher, and what reviewers decided of it; uses of pools that are not ours."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class PatternDecision:
    """What was decided of a finding: ``cleared`` or ``upheld``, by a numbered document."""

    outcome: str
    number: str
    reason: str
    decided_by: str
    decided_at: str


@dataclass(frozen=True, slots=True)
class PatternFinding:
    """What a pattern found; ``effect`` is ``block``, ``review`` or ``flag``, ``stops``: nothing is paid for now."""

    pattern: str
    clause: str
    effect: str
    stops: bool
    figures: dict[str, Any]
    detail: str
    digest: str
    decision: PatternDecision | None = None


@dataclass(frozen=True, slots=True)
class ExternalUse:
    """What a firm had of a pool that is not ours; until it is ended it excludes like support for its purchase."""

    id: str
    authority: str
    document: str
    instrument: str
    firm: str
    organ: str
    number: str
    line: int
    decided_on: str
    amount_fen: int
    amount_text: str
    order: str | None
    invoice: str | None
    source: str
    recorded_at: str
    ended_by_number: str | None = None
    ended_reason: str | None = None
    ended_at: str | None = None


@dataclass(frozen=True, slots=True)
class NewExternalUse:
    """What a firm had of an external pool, for an order, an invoice (its number), or both."""

    document: str
    instrument: str
    firm: str
    organ: str
    number: str
    decided_on: date
    amount_fen: int
    source: str
    line: int = 1
    order: str | None = None
    invoice: str | None = None


class VoucherPatterns:
    """Findings of patterns at one service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def findings(self, voucher: str) -> tuple[PatternFinding, ...]:
        """Return what is found at a voucher of one's authority. Raises SancaiError."""
        return _findings(self._session.get(f"/vouchers/{voucher}/patterns"))

    def decide(self, voucher: str, digest: str, outcome: str, number: str, reason: str) -> tuple[PatternFinding, ...]:
        """Clear (``cleared``) or uphold (``upheld``) a finding by document ``number``. Raises SancaiError."""
        body = {"digest": digest, "outcome": outcome, "number": number, "reason": reason}
        return _findings(self._session.post(f"/vouchers/{voucher}/patterns", body))


def _findings(answer: Any) -> tuple[PatternFinding, ...]:
    return tuple(shaped(PatternFinding, item) for item in answer["items"])


class ExternalUses:
    """Recorded uses of external pools at one service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def record(self, use: NewExternalUse) -> ExternalUse:
        """Record what a firm had by a line of a numbered document. Raises SancaiError."""
        body = {**asdict(use), "decided_on": use.decided_on.isoformat()}
        return shaped(ExternalUse, self._session.post("/external-uses", body))

    def end(self, use: str, number: str, reason: str) -> ExternalUse:
        """End a use that was recorded wrongly or taken back, by document ``number``. Raises SancaiError."""
        return shaped(
            ExternalUse, self._session.post(f"/external-uses/{use}/end", {"number": number, "reason": reason})
        )

    def list(self) -> Iterator[ExternalUse]:
        """Yield recorded uses, the newest first: a firm's own, or those of one's authority. Raises SancaiError."""
        return (shaped(ExternalUse, item) for item in self._session.pages("/external-uses"))
