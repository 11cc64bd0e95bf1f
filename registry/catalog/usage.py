"""Who was given addresses of which content: written with each address, digested once a day, counted for publishers.

Reads are not journaled, there are too many of them; the journal holds one entry for each day that had some, with their
number and SHA-256, so that none can be added or taken away afterwards (DESIGN §3b).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from registry.actors.model import Action, Actor, Resource
from registry.actors.rules import require_visible
from registry.catalog import records, rules
from registry.catalog.model import Dataset, VersionFile
from registry.catalog.usage_model import DeliveredReads, UsageDay, UsageDigest, UsageEvent
from registry.errors import UnavailableError
from registry.journal.work import Command, View, Work, perform
from registry.manifests.uploads import Blob
from registry.parties import service as parties
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import FirmId, ReadId, VersionId
from registry.values.moment import Clock, Moment
from storage.database import Connection, Database, DatabaseUnavailableError

DIGESTED_AFTER: Final = timedelta(minutes=15)
"""From the end of a day until its digest: longer than any request that was under way at midnight."""

DIGESTER: Final = Actor(name="worker")


def note_reads(
    database: Database,
    view: View,
    version: VersionId,
    found: Sequence[tuple[VersionFile, Blob]],
    door: str,
    ids: Sequence[ReadId] = (),
) -> None:
    """Write that addresses of files are given to the actor of ``view``, in a transaction of its own.

    To be called before the addresses leave: without this record there is none. ``ids`` are the reads that the addresses
    name, one for each file; without them the reads have no address of their own.

    Raises:
        UnavailableError: The record could not be written.
    """
    made = [
        UsageEvent(
            id=read,
            read_at=view.now,
            version=version,
            blob=blob.id,
            path=str(file.path),
            party=view.actor.party,
            account=view.actor.account,
            door=door,
            size_bytes=blob.size_bytes,
        )
        for read, (file, blob) in zip(ids or [ReadId.new() for _ in found], found, strict=True)
    ]
    try:
        with database.writing() as connection:
            records.add_usage(connection, made)
    except DatabaseUnavailableError as error:
        raise UnavailableError("database_unavailable") from error


def usage(view: View, dataset: Dataset, before: date | None, limit: int) -> tuple[UsageDay, ...]:
    """Return how many reads of a dataset were issued on which days, the newest first; never to whom.

    For the publisher's own members and for auditors of an authority that is concerned with it (RULINGS 24).

    Raises:
        NotFoundError: The actor belongs to neither; the dataset may be everyone's, its usage is not.
        NotAllowedError: The actor reads no usage.
    """
    publisher = frozenset({dataset.publisher})
    asked_by = Resource(publisher, parties.concerned_office(view, publisher), dataset.id, dataset.id)
    require_visible(view.actor, Action.READ_USAGE, asked_by, "usage")
    return records.usage_of(view.connection, dataset.id, before, limit)


def delivered_to(view: View, version: VersionId, firm: FirmId) -> DeliveredReads | None:
    """Return what of a version was sent to a firm to the last byte, as the access log shows; None when nothing was."""
    return records.delivered_to(view.connection, version, str(firm))


def digest_usage(database: Database, clock: Clock) -> int:
    """Journal the digest of every day that has ended and has none; return how many there were.

    May be repeated and raced: a day is journaled once.

    Raises:
        UnavailableError: The database does not answer.
    """
    made = 0
    while (day := _due_day(database, clock)) is not None:
        command = Command("digest_usage", f"usage-{day.isoformat()}", Digest.of_json({"day": day.isoformat()}))
        perform(database, clock, DIGESTER, command, lambda work, day=day: _digest_day(work, day))  # type: ignore[misc]
        made += 1
    return made


def _due_day(database: Database, clock: Clock) -> date | None:
    """Return the oldest day with reads that has ended and has no digest."""
    today = clock.now().plus(-DIGESTED_AFTER).civil_day()
    with database.reading() as connection:
        last = records.last_digested_day(connection)
        since = Moment.start_of(last + timedelta(days=1)) if last else None
        found = records.earliest_usage(connection, since)
    day = found.civil_day() if found else None
    return day if day is not None and day < today else None


def _digest_day(work: Work, day: date) -> dict[str, Json]:
    made = _digest_of(work.connection, day)
    records.add_usage_digest(work.connection, made, work.now)
    stated: dict[str, Json] = {"day": day.isoformat(), "events": made.events, "sha256": made.digest.hex}
    work.journal("catalog.usage_digested", "installation", **stated)
    return stated


def _digest_of(connection: Connection, day: date) -> UsageDigest:
    first, until = Moment.start_of(day), Moment.start_of(day + timedelta(days=1))
    return rules.usage_digest(day, records.usage_between(connection, first, until))


def changed_days(view: View) -> tuple[date, ...]:
    """Return the days whose reads are no longer those that were digested."""
    digested = records.digested_days(view.connection)
    return tuple(each.day for each in digested if _digest_of(view.connection, each.day) != each)
