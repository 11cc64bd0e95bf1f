"""What was sent, metered by party, version, day and door.

Rules:
* Every read that is given out has one record (``usage``); what was sent of it is the union of the spans that were sent,
  each byte once, whatever a client asks for again under the same read (``delivered``). Another read of the same file
  is another read.
* Bytes count as they are sent, not as they are asked for. What we send ourselves we count as it leaves, a piece once
  the next is taken: a client that hangs up owes at most what it got. What the store sends the access log shows.
* The meter holds one row for each party, version, day and door, however many reads there were.
"""

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from registry.catalog import records
from registry.catalog.usage_model import DeliveredSpans, IssuedRead
from registry.values.identifiers import ReadId
from registry.values.moment import Moment
from storage.database import Database, DatabaseUnavailableError

_log: Final = logging.getLogger("sancai.metering")


@dataclass(frozen=True, slots=True)
class SentPart:
    """A part of one read as it goes out: ``length`` bytes of its file from ``first`` on."""

    read: ReadId
    first: int
    length: int


def spans_sent(parts: Sequence[SentPart], read_at: Moment, sent_bytes: int) -> list[DeliveredSpans]:
    """Return what was sent of each read when ``sent_bytes`` of some parts, one behind the other, have left."""
    spans: dict[ReadId, tuple[tuple[int, int], ...]] = {}
    for part in parts:
        length = min(part.length, sent_bytes)
        sent_bytes -= length
        if length:
            spans[part.read] = (*spans.get(part.read, ()), (part.first, part.first + length))
    # The place and size of a file matter only to what is read in a log.
    return [DeliveredSpans(IssuedRead(read, read_at, "", 0), read_at, spans[read]) for read in sorted(spans)]


def metered(
    database: Database, content: Iterator[bytes], parts: Sequence[SentPart], read_at: Moment
) -> Iterator[bytes]:
    """Return ``content`` as it is; when it ends, or whoever takes it goes away, what was sent of ``parts`` is metered.

    The bytes have left by then: a database that does not answer is told to the log, and they are not metered.
    """
    return Counted(content, lambda sent: _meter(database, spans_sent(parts, read_at, sent)))


class Counted(Iterator[bytes]):
    """An iterator that says at its end, once, how many bytes were taken from it."""

    def __init__(self, content: Iterator[bytes], done: Callable[[int], None]) -> None:
        self._content, self._done = content, done
        self._taken = self._last = 0
        self._open = True

    def __next__(self) -> bytes:
        """Return the next piece; that it is asked for says that the piece before has been sent."""
        self._taken, self._last = self._taken + self._last, 0
        try:
            piece = next(self._content)
        except BaseException:
            self.close()
            raise
        self._last = len(piece)
        return piece

    def close(self) -> None:
        """Say how many bytes were sent; the server calls it also when the client has gone away."""
        if self._open:
            self._open = False
            if isinstance(self._content, Generator):
                self._content.close()
            self._done(self._taken)


def _meter(database: Database, made: list[DeliveredSpans]) -> None:
    if not made:
        return
    try:
        with database.writing() as connection:
            records.meter_deliveries(connection, made)
    except DatabaseUnavailableError:
        _log.exception("%d reads were sent and could not be metered", len(made))
