"""How datasets were read: addresses given out, and what was delivered."""

from collections.abc import Iterator
from dataclasses import dataclass
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


class Usage:
    """Usage of one service's datasets."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def of(self, name: str) -> Iterator[UsageDay]:
        """Yield the days on which a dataset of yours was read, the newest first. Raises SancaiError."""
        return (shaped(UsageDay, item) for item in self._session.pages(f"/datasets/{quote(name)}/usage"))
