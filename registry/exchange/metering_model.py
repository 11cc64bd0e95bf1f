"""What was read, as orders are charged with it and as parties may look at it."""

from dataclasses import dataclass
from datetime import date

from registry.exchange.offer_model import PriceKind
from registry.values.identifiers import OrderId, VersionId
from registry.values.money import Money


@dataclass(frozen=True, slots=True)
class MeteredLine:
    """What was read of a version through a door: reads by which anything was sent, and bytes that were sent."""

    version: VersionId
    door: str
    reads: int
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class MeteredTotal:
    """What a party read of a version through a door in the month that begins with ``month``."""

    month: date
    party: str
    version: VersionId
    door: str
    reads: int
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class MeterStatement:
    """What an order is charged with from ``first`` to ``last``, both days included.

    ``before`` and ``used`` are bytes or reads, whichever the price counts, before and in the period; ``due`` is without
    VAT. All three are None where the price is not metered.
    """

    order: OrderId
    first: date
    last: date
    price_kind: PriceKind
    lines: tuple[MeteredLine, ...]
    before: int | None
    used: int | None
    due: Money | None
