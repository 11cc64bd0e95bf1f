"""What was delivered of the addresses that were given out, as the access log of the proxy before the store says.

Rules:
* "Issued" is counted by us, with each address; "delivered" only by what the log shows. An address nobody used counts
  nothing there.
* One signed read is one download, however many ranges it took and however often: what is kept of it is the union of the
  spans that were sent, so a line that comes twice, in whatever order and from whatever file, changes nothing.
* A download is complete when the union covers the file, else partial; its bytes are those of the union. It counts on
  the day of its first request.
* An id that was never given out here, or that stands on the address of another file, is counted as foreign and changes
  nothing: who writes lines into a log cannot make downloads of them.
"""

import gzip
import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final
from uuid import uuid4

from registry.actors.model import Actor
from registry.catalog import records
from registry.catalog.access_log import Answered, LineMalformedError, read_line
from registry.catalog.usage_model import DeliveredSpans
from registry.journal.work import Command, Work, perform
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import ReadId
from registry.values.moment import Clock
from storage.database import Database, DatabaseUnavailableError

LINE_MAX_BYTES: Final = 64 * 1024
LINES_AT_ONCE: Final = 5_000
"""How many lines are held in memory and written in one transaction."""

_log: Final = logging.getLogger("sancai.metering")
OPERATOR: Final = Actor(name="operator")


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a log held, in lines: ``counted`` delivered bytes of a read of ours, ``other`` delivered nothing.

    ``unnamed`` name no read, ``foreign`` one that is not ours, ``malformed`` are in no known format.
    """

    lines: int = 0
    counted: int = 0
    other: int = 0
    unnamed: int = 0
    foreign: int = 0
    malformed: int = 0

    def __add__(self, other: "Ingested") -> "Ingested":
        """Return what two logs held together."""
        return Ingested(**{name: value + asdict(other)[name] for name, value in asdict(self).items()})


def lines_of(source: io.BufferedReader) -> Iterator[str]:
    """Yield the lines of a log, plain or compressed with gzip, in bounded memory; one that is too long yields empty."""
    compressed = source.peek(2)[:2] == b"\x1f\x8b"
    stream: io.BufferedIOBase = gzip.GzipFile(fileobj=source) if compressed else source
    while line := stream.readline(LINE_MAX_BYTES):
        if line.endswith(b"\n") or len(line) < LINE_MAX_BYTES:
            yield line.decode("utf-8", "replace").strip("\r\n")
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LINE_MAX_BYTES)
        yield ""


def ingest_file(database: Database, clock: Clock, path: Path) -> Ingested:
    """Ingest one log. Raises OSError, and as ``ingest``."""
    with path.open("rb") as source:
        return ingest(database, clock, lines_of(source))


def ingest(database: Database, clock: Clock, lines: Iterable[str]) -> Ingested:
    """Write what a log shows of deliveries; may be repeated and interrupted. One journal entry says what it held.

    Raises:
        DatabaseUnavailableError, UnavailableError: The database does not answer; what was written before stays.
    """
    total, held = Ingested(), []
    for line in lines:
        held.append(line)
        if len(held) >= LINES_AT_ONCE:
            total += _ingest_some(database, held)
            held = []
    total += _ingest_some(database, held)
    _journal(database, clock, total)
    return total


def _ingest_some(database: Database, lines: list[str]) -> Ingested:
    seen = Ingested(lines=len(lines))
    answered: list[tuple[ReadId, Answered]] = []
    for line in lines:
        try:
            found = read_line(line)
        except LineMalformedError:
            seen = replace(seen, malformed=seen.malformed + 1)
            continue
        if not found.delivers:
            seen = replace(seen, other=seen.other + 1)
        elif found.read is None:
            seen = replace(seen, unnamed=seen.unnamed + 1)
        else:
            answered.append((found.read, found))
    if not answered:
        return seen
    counted = note_answered(database, answered)
    return replace(seen, counted=counted, foreign=len(answered) - counted)


def note_answered(database: Database, answered: Sequence[tuple[ReadId, Answered]]) -> int:
    """Write what was sent of reads that were given out here, and meter it; return how many of ``answered`` were."""
    with database.writing() as connection:
        issued = records.issued_reads(connection, {read for read, _ in answered})
        spans: dict[ReadId, DeliveredSpans] = {}
        counted = 0
        for read, found in answered:
            of = issued.get(read)
            if of is None or not found.path.endswith(f"/{of.key}"):
                continue
            counted += 1
            last = min(found.first + found.sent_bytes, of.size_bytes)
            before = spans.get(read) or DeliveredSpans(of, found.at, ())
            span = ((found.first, last),) if found.first < last else ()
            spans[read] = DeliveredSpans(of, min(before.first_at, found.at), before.spans + span)
        # In one order for every ingestion, so that two at once do not wait for each other in a circle.
        records.meter_deliveries(connection, [spans[read] for read in sorted(spans)])
    return counted


def note_sent(database: Database, read: ReadId, answered: Answered) -> None:
    """Write and meter what we sent of a read ourselves; the bytes have left, so a failure is told to the log only."""
    try:
        note_answered(database, [(read, answered)])
    except DatabaseUnavailableError:
        _log.exception("a read was sent and could not be metered")


def _journal(database: Database, clock: Clock, total: Ingested) -> None:
    stated: dict[str, Json] = {**asdict(total)}

    def act(work: Work) -> dict[str, Json]:
        work.journal("catalog.access_log_ingested", "installation", **stated)
        return stated

    perform(database, clock, OPERATOR, Command("ingest_access_log", str(uuid4()), Digest.of_json(stated)), act)
