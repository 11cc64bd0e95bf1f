"""Periods of orders: what a seller states it delivered, and what the buyer says of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OrderPeriod:
    """What was delivered from ``first_day`` to ``last_day``, both included.

    ``used`` is in whole units of the order, of a metered order in bytes or reads; ``due_fen`` is without VAT. ``state``
    is ``stated``, ``accepted`` or ``objected``.
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
    state: str
    reason: str
    answered_at: str | None
