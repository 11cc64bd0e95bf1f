"""What periods of orders look like in answers."""

from typing import Self

from api.door import Answer
from registry.exchange.period_model import OrderPeriod, PeriodState


class OrderPeriodView(Answer):
    """What was delivered in a period, and what the buyer said of it.

    ``used`` is in whole units of the order, of a metered order in bytes or reads; ``due_fen`` is without VAT.
    """

    id: str
    order: str
    first_day: str
    last_day: str
    used: int
    due_fen: int
    due_text: str
    log_sha256: str | None
    evidence: str | None
    stated_at: str
    state: PeriodState
    reason: str
    answered_at: str | None

    @classmethod
    def of(cls, period: OrderPeriod) -> Self:
        """Return the view of a period."""
        return cls(
            id=period.id,
            order=period.order,
            first_day=period.first.isoformat(),
            last_day=period.last.isoformat(),
            used=period.used,
            due_fen=period.due.fen,
            due_text=str(period.due),
            log_sha256=None if period.log is None else str(period.log),
            evidence=period.evidence,
            stated_at=str(period.stated_at),
            state=period.state,
            reason=period.reason,
            answered_at=None if period.answered_at is None else str(period.answered_at),
        )
