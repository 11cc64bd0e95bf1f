"""How datasets were read: addresses given out, and what was delivered."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class UsageDay:
    """A day of Asia/Shanghai.

    ``reads`` addresses were given out to ``parties``, for ``size_bytes``; ``downloads`` of them were used, ``complete``
    to the last byte, and ``sent_bytes`` were sent.
    """

    day: str
    reads: int
    parties: int
    size_bytes: int
    downloads: int = 0
    complete: int = 0
    sent_bytes: int = 0


@dataclass(frozen=True, slots=True)
class MeteredLine:
    """What was read of a version through a door: reads by which anything was sent, and bytes that were sent."""

    version: str
    door: str
    reads: int
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class MeterStatement:
    """What an order is charged with in a period, both days included.

    ``before`` and ``used`` are the bytes or reads the price counts, ``due_fen`` what they come to without VAT; None
    where the price is neither by volume nor by call.
    """

    order: str
    first: str
    last: str
    price_kind: str
    lines: tuple[MeteredLine, ...]
    before: int | None
    used: int | None
    due_fen: int | None
    due_text: str | None


@dataclass(frozen=True, slots=True)
class MeteredTotal:
    """What a party read of a version through a door in the month that begins with ``month``."""

    month: str
    party: str
    version: str
    door: str
    reads: int
    sent_bytes: int


class Usage:
    """Usage of one service's datasets."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def of(self, name: str) -> Iterator[UsageDay]:
        """Yield the days on which a dataset of yours was read, the newest first. Raises SancaiError."""
        return (shaped(UsageDay, item) for item in self._session.pages(f"/datasets/{quote(name)}/usage"))

    def metered(self, order: str, first: date, last: date) -> MeterStatement:
        """Return what an order is charged with from one day through another. Raises SancaiError."""
        period = {"first": first.isoformat(), "last": last.isoformat()}
        return shaped(MeterStatement, self._session.get(f"/orders/{quote(order)}/metering", **period))

    def totals(self, dataset: str | None = None) -> Iterator[MeteredTotal]:
        """Yield what you read, what buyers of yours read, or what firms of your register read, by month.

        Raises SancaiError.
        """
        return (shaped(MeteredTotal, item) for item in self._session.pages("/metering", dataset=dataset))
