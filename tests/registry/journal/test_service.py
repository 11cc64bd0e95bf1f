"""The sequencer, proofs, the check of the log, and the clock of a demo."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from registry.actors.model import ANONYMOUS, Actor, Role, Scope
from registry.errors import ConflictError, CorruptContentError, InvalidValueError, NotFoundError, SancaiError
from registry.journal import records, rules, service
from registry.journal.checkpoints import verify_checkpoint
from registry.journal.signing import SigningKey
from registry.journal.work import Command, View, Work, perform
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, EntryId, FirmId
from registry.values.moment import SystemClock
from storage.database import Database
from tests.conftest import ORIGIN, FixedClock

CLERK = Actor(
    account=AccountId.new(),
    name="clerk",
    authority=AuthorityId.new(),
    roles=frozenset({Role.REGISTRAR}),
    scopes=frozenset(Scope),
)
KEY = SigningKey.create(ORIGIN)


def decide(database: Database, clock: FixedClock, number: int) -> EntryId:
    made: list[EntryId] = []

    def act(work: Work) -> Mapping[str, Any]:
        made.append(work.journal("parties.firm_registered", FirmId.new(), name=f"甲{number}"))
        return {}

    perform(database, clock, CLERK, Command("firms.register", f"key-{number:06d}", Digest.of(b"x")), act)
    return made[0]


def test_entries_get_their_place_and_proofs_verify(database: Database, clock: FixedClock) -> None:
    made = [decide(database, clock, number) for number in range(5)]
    before = service.sequence(database, clock, KEY)
    made += [decide(database, clock, number) for number in range(5, 12)]
    after = service.sequence(database, clock, KEY)
    assert before is not None
    assert after is not None
    assert (before.size, after.size) == (5, 12)
    with database.reading() as connection:
        view = View(connection, ANONYMOUS, clock.now())
        for entry in made:
            found = service.inclusion_of(view, entry)
            stored = records.entry_of(connection, entry)
            assert stored is not None
            leaf = rules.leaf_hash(stored.leaf_bytes())
            rules.verify_inclusion(leaf, found.leaf_index, found.size, found.proof, after.root)
        proof = service.consistency_between(view, 5, 12)
        rules.verify_consistency(5, before.root, 12, after.root, proof)
        assert verify_checkpoint(service.newest_note(view), [KEY.verifier], ORIGIN).root == after.root


def test_nothing_waiting_makes_no_checkpoint(database: Database, clock: FixedClock) -> None:
    assert service.sequence(database, clock, KEY) is None


def test_an_entry_has_no_proof_before_the_sequencer_reached_it(database: Database, clock: FixedClock) -> None:
    entry = decide(database, clock, 1)
    with database.reading() as connection, pytest.raises(NotFoundError, match="entry_not_in_log"):
        service.inclusion_of(View(connection, ANONYMOUS, clock.now()), entry)


def test_log_time_increases_though_the_clock_steps_back(database: Database, clock: FixedClock) -> None:
    decide(database, clock, 1)
    first = service.sequence(database, clock, KEY)
    clock.advance(timedelta(days=-1))
    decide(database, clock, 2)
    second = service.sequence(database, clock, KEY)
    assert first is not None
    assert second is not None
    assert second.logged_at > first.logged_at


def test_two_sequencers_and_many_writers_lose_and_double_nothing(database: Database, clock: FixedClock) -> None:
    stop = threading.Event()

    def sequence() -> None:
        while not stop.is_set():
            service.sequence(database, clock, KEY)

    def write(first: int) -> None:
        for number in range(first, first + 15):
            decide(database, clock, number)

    sequencers = [threading.Thread(target=sequence) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(start,)) for start in (0, 100, 200, 300)]
    for thread in (*sequencers, *writers):
        thread.start()
    for writer in writers:
        writer.join()
    stop.set()
    for sequencer in sequencers:
        sequencer.join()
    service.sequence(database, clock, KEY)
    with database.reading() as connection:
        checkpoint = service.verify_log(connection)
    assert checkpoint is not None
    assert checkpoint.size == 60


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE journal_entries SET subject = 'firm_' || repeat('0', 32)", "journal_entry_changed"),
        ('UPDATE journal_openings SET payload = \'{"name": "乙"}\'', "journal_opening_changed"),
        ("UPDATE journal_checkpoints SET root = decode(repeat('00', 32), 'hex')", "journal_root_differs"),
        ("DELETE FROM journal_leaves WHERE leaf_index = 1", "journal_leaf_missing"),
    ],
)
def test_whatever_is_changed_behind_the_application_is_found(
    database: Database, owner_url: str, clock: FixedClock, statement: str, code: str
) -> None:
    for number in range(3):
        decide(database, clock, number)
    service.sequence(database, clock, KEY)
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        # Somebody with the disk and the owner's rights: triggers do not stop that, the log tells it.
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(statement))
    engine.dispose()
    with database.reading() as connection, pytest.raises(CorruptContentError, match=code):
        service.verify_log(connection)


def test_an_erased_opening_keeps_the_log_valid(database: Database, clock: FixedClock) -> None:
    decide(database, clock, 1)
    service.sequence(database, clock, KEY)
    with database.writing() as connection:
        connection.execute(text("DELETE FROM journal_openings"))
    with database.reading() as connection:
        assert service.verify_log(connection) is not None


def test_a_real_database_never_becomes_a_demo_one(database: Database) -> None:
    assert service.bear(database, "demo", ORIGIN) == "real"
    assert isinstance(service.clock_of(database), SystemClock)


def test_a_real_clock_is_not_set(database: Database, clock: FixedClock) -> None:
    with database.writing() as connection, pytest.raises(ConflictError, match="clock_is_real"):
        service.advance_demo_clock(Work(connection, CLERK, clock.now()), 60)


@pytest.mark.parametrize("seconds", [0, -1, 401 * 86_400])
def test_a_demo_clock_only_moves_forward_and_not_too_far(
    database: Database, owner_url: str, clock: FixedClock, seconds: int
) -> None:
    make_demo(owner_url)
    with database.writing() as connection, pytest.raises(InvalidValueError, match="clock_step_out_of_range"):
        service.advance_demo_clock(Work(connection, CLERK, clock.now()), seconds)


def test_a_demo_clock_is_the_same_for_every_process(database: Database, owner_url: str, clock: FixedClock) -> None:
    make_demo(owner_url)
    before = service.clock_of(database).now()
    with database.writing() as connection:
        service.advance_demo_clock(Work(connection, CLERK, clock.now()), 86_400)
    gone = service.clock_of(database).now().instant - before.instant
    assert timedelta(days=1) <= gone < timedelta(days=1, minutes=5)


def make_demo(owner_url: str) -> None:
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE installation SET kind = 'demo'"))
    engine.dispose()


def test_a_checkpoint_that_another_key_signed_is_not_the_logs(database: Database, clock: FixedClock) -> None:
    decide(database, clock, 1)
    service.sequence(database, clock, KEY)
    with database.reading() as connection:
        assert service.verify_log(connection, [KEY.verifier]) is not None
        with pytest.raises(SancaiError):
            service.verify_log(connection, [SigningKey.create(ORIGIN).verifier])
