"""What a firm may hold and send, and what of it is used."""

from collections.abc import Mapping
from dataclasses import dataclass

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class QuotaLine:
    """One limit; ``used`` is None where each draft is counted by itself. ``set_by``: release, installation or firm."""

    figure: str
    limit: int
    used: int | None
    set_by: str


@dataclass(frozen=True, slots=True)
class Quota:
    """All limits of a firm."""

    firm: str
    lines: tuple[QuotaLine, ...]


class Quotas:
    """Quotas of one service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def own(self) -> Quota:
        """Return what your firm may hold and send. Raises SancaiError."""
        return shaped(Quota, self._session.get("/quota"))

    def of_firm(self, firm: str) -> Quota:
        """Return what a firm of your register may hold and send. Raises SancaiError."""
        return shaped(Quota, self._session.get(f"/firms/{firm}/quota"))

    def set(self, firm: str, figures: Mapping[str, int | None]) -> Quota:
        """Set figures of a firm of your register; None takes one back. Raises SancaiError."""
        return shaped(Quota, self._session.post(f"/firms/{firm}/quota", dict(figures)))
