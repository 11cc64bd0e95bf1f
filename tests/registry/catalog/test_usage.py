"""Addresses are recorded as they are given out, digested once a day, and counted without naming anyone."""

from datetime import date, timedelta

import pytest
from sqlalchemy import create_engine, select, text

from registry.actors.model import ANONYMOUS, Actor, Role, Scope
from registry.catalog import service
from registry.catalog.model import Dataset, VersionName
from registry.catalog.usage import changed_days, digest_usage, note_reads, usage
from registry.errors import NotAllowedError, NotFoundError
from registry.house import House
from registry.journal import records as journal_records
from registry.manifests.model import FilePath
from registry.parties.records import firms
from registry.values.identifiers import AccountId, AuthorityId, EntryId
from storage.database import Connection
from tests.conftest import FixedClock
from tests.registry.catalog.builders import a_csv, a_publisher, a_version, ask, do
from tests.registry.parties.builders import found_authority

FIRST_DAY = date(2026, 3, 2)
"""The day the clock of the tests stands at."""


@pytest.fixture
def owner(house: House) -> Actor:
    return a_publisher(house)


@pytest.fixture
def dataset(house: House, owner: Actor) -> Dataset:
    return a_version(house, owner, {"a.csv": a_csv(), "b.md": b"# words\n"})[0]


def read(house: House, dataset: Dataset, actor: Actor, *paths: str) -> None:
    with house.view(actor) as view:
        name = VersionName(dataset.name, 1)
        found = service.read_locations(view, name, [FilePath(path) for path in paths])
        note_reads(house.database, view, service.version_named(view, name).id, found, "v1")


def digests(house: House) -> list[tuple[str, int, str]]:
    """Return day, number and digest of every journal entry about usage."""

    def found(connection: Connection) -> list[tuple[str, int, str]]:
        ids = connection.execute(
            text("SELECT id FROM journal_entries WHERE type = 'catalog.usage_digested' ORDER BY id")
        ).scalars()
        openings = [journal_records.opening_of(connection, EntryId.of_uuid(each)) for each in ids]
        payloads = [opening.payload for opening in openings if opening]
        return [(each["day"], each["events"], each["sha256"]) for each in payloads]  # type: ignore[index, call-overload]

    with house.database.reading() as connection:
        return found(connection)


def test_days_are_counted_by_reads_and_parties(house: House, clock: FixedClock, owner: Actor, dataset: Dataset) -> None:
    read(house, dataset, ANONYMOUS, "a.csv", "b.md")
    read(house, dataset, owner, "a.csv")
    clock.advance(timedelta(days=2))
    read(house, dataset, owner, "b.md")
    shown = ask(house, owner, lambda view: usage(view, dataset, None, 10))
    assert [(each.day, each.reads, each.parties) for each in shown] == [
        (FIRST_DAY + timedelta(days=2), 1, 1),
        (FIRST_DAY, 3, 2),
    ]
    assert shown[0].size_bytes == len(b"# words\n")
    assert [each.day for each in ask(house, owner, lambda view: usage(view, dataset, shown[0].day, 10))] == [FIRST_DAY]


def test_a_day_begins_at_midnight_in_shanghai(house: House, clock: FixedClock, owner: Actor, dataset: Dataset) -> None:
    clock.set("2026-03-03T15:59:59Z")
    read(house, dataset, owner, "a.csv")
    clock.set("2026-03-03T16:00:00Z")
    read(house, dataset, owner, "a.csv")
    shown = ask(house, owner, lambda view: usage(view, dataset, None, 10))
    assert [each.day for each in shown] == [date(2026, 3, 4), date(2026, 3, 3)]


def an_auditor(authority: AuthorityId) -> Actor:
    return Actor(AccountId.new(), "a", None, authority, frozenset({Role.AUDITOR}), frozenset({Scope.READ}))


def test_usage_is_for_the_publisher_and_auditors_of_its_office(house: House, owner: Actor, dataset: Dataset) -> None:
    other_office = do(house, Actor(name="operator"), lambda work: found_authority(work, "elsewhere"))
    for stranger in (a_publisher(house), an_auditor(other_office)):
        with pytest.raises(NotFoundError, match="usage_not_found"):
            ask(house, stranger, lambda view: usage(view, dataset, None, 10))
    with pytest.raises(NotAllowedError, match="unauthenticated"):
        ask(house, ANONYMOUS, lambda view: usage(view, dataset, None, 10))
    with house.database.reading() as connection:
        query = select(firms.c.registered_by).where(firms.c.id == owner.firm)
        registered_by = connection.execute(query).scalar_one()
    read(house, dataset, ANONYMOUS, "a.csv")
    shown = ask(house, an_auditor(registered_by), lambda view: usage(view, dataset, None, 10))
    assert [each.reads for each in shown] == [1]


def test_a_day_is_digested_once_when_it_has_ended(house: House, clock: FixedClock, dataset: Dataset) -> None:
    read(house, dataset, ANONYMOUS, "a.csv", "b.md")
    assert digest_usage(house.database, house.clock) == 0
    clock.set("2026-03-02T16:14:59Z")
    assert digest_usage(house.database, house.clock) == 0
    clock.set("2026-03-02T16:15:00Z")
    assert [digest_usage(house.database, house.clock) for _ in range(2)] == [1, 0]
    assert [each[:2] for each in digests(house)] == [("2026-03-02", 2)]


def test_missed_days_are_caught_up_and_days_without_reads_have_no_entry(
    house: House, clock: FixedClock, dataset: Dataset
) -> None:
    for _ in range(2):
        read(house, dataset, ANONYMOUS, "a.csv")
        clock.advance(timedelta(days=3))
    assert digest_usage(house.database, house.clock) == 2
    assert [each[:2] for each in digests(house)] == [("2026-03-02", 1), ("2026-03-05", 1)]
    read(house, dataset, ANONYMOUS, "a.csv")
    clock.advance(timedelta(days=1))
    assert digest_usage(house.database, house.clock) == 1


def test_a_read_added_afterwards_is_found(house: House, clock: FixedClock, owner_url: str, dataset: Dataset) -> None:
    read(house, dataset, ANONYMOUS, "a.csv")
    clock.advance(timedelta(days=1))
    digest_usage(house.database, house.clock)
    assert ask(house, ANONYMOUS, changed_days) == ()
    clock.advance(timedelta(days=-1))
    read(house, dataset, ANONYMOUS, "b.md")
    assert ask(house, ANONYMOUS, changed_days) == (FIRST_DAY,)


def test_rows_of_usage_cannot_be_changed(house: House, owner_url: str, dataset: Dataset) -> None:
    read(house, dataset, ANONYMOUS, "a.csv")
    engine = create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.begin() as connection, pytest.raises(Exception, match="append-only"):
            connection.execute(text("UPDATE usage_events SET party = 'somebody'"))
    finally:
        engine.dispose()
