"""The write path: one outcome per key for ever, nothing left of a refusal, one entry per command."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from registry.actors.model import Actor, Role, Scope
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError, Obstacle, RuleError
from registry.journal import records
from registry.journal.work import Command, UseCase, Work, perform
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, FirmId
from registry.values.moment import Clock
from storage.database import Database

CLERK = Actor(
    account=AccountId.new(),
    name="clerk",
    authority=AuthorityId.new(),
    roles=frozenset({Role.REGISTRAR}),
    scopes=frozenset(Scope),
)
COLLEAGUE = replace(CLERK, account=AccountId.new())
COMMAND = Command("firms.register", "key-0001", Digest.of(b"body"))


class Counter:
    """A use case that counts how often it ran."""

    def __init__(self) -> None:
        self.ran = 0

    def __call__(self, work: Work) -> Mapping[str, Any]:
        self.ran += 1
        work.journal("parties.firm_registered", FirmId.new(), name="甲公司")
        return {"number": self.ran}


def refusing(error: Exception) -> UseCase:
    def act(work: Work) -> Mapping[str, Any]:
        work.journal("parties.firm_registered", FirmId.new())
        raise error

    return act


def count(database: Database, table: Any) -> int:
    with database.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_the_same_key_and_body_give_the_first_outcome_and_act_once(database: Database, clock: Clock) -> None:
    act = Counter()
    first = perform(database, clock, CLERK, COMMAND, act)
    again = perform(database, clock, CLERK, COMMAND, act)
    assert (first.result, first.replayed) == ({"number": 1}, False)
    assert (again.result, again.replayed) == ({"number": 1}, True)
    assert act.ran == 1
    assert count(database, records.entries) == 1


def test_the_same_key_with_another_body_is_a_conflict_without_effect(database: Database, clock: Clock) -> None:
    act = Counter()
    perform(database, clock, CLERK, COMMAND, act)
    with pytest.raises(ConflictError, match="idempotency_key_reused"):
        perform(database, clock, CLERK, replace(COMMAND, body=Digest.of(b"other")), act)
    assert act.ran == 1


def test_a_colleague_with_the_same_key_acts_not_twice_and_is_not_shown_the_answer(
    database: Database, clock: Clock
) -> None:
    act = Counter()
    perform(database, clock, CLERK, COMMAND, act)
    with pytest.raises(ConflictError, match="idempotency_key_of_colleague"):
        perform(database, clock, COLLEAGUE, COMMAND, act)
    assert act.ran == 1


def test_a_key_belongs_to_party_and_operation(database: Database, clock: Clock) -> None:
    act = Counter()
    perform(database, clock, CLERK, COMMAND, act)
    perform(database, clock, CLERK, replace(COMMAND, operation="firms.change"), act)
    perform(database, clock, replace(CLERK, authority=AuthorityId.new()), COMMAND, act)
    assert act.ran == 3


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("firm_not_found", id="x"),
        ConflictError("case_wrong_state", state="paid"),
        RuleError("refused", (Obstacle("notice_not_posted", "S0 art.7", parameters={"n": 1}, evidence=("notice",)),)),
    ],
)
def test_a_refusal_by_rule_or_state_stays_a_refusal_and_leaves_nothing(
    database: Database, clock: Clock, error: Exception
) -> None:
    with pytest.raises(type(error)):
        perform(database, clock, CLERK, COMMAND, refusing(error))
    with pytest.raises(type(error)) as again:
        perform(database, clock, CLERK, COMMAND, Counter())
    assert str(again.value) == str(error)
    assert getattr(again.value, "obstacles", ()) == getattr(error, "obstacles", ())
    assert count(database, records.entries) == count(database, records.openings) == 0


@pytest.mark.parametrize("error", [InvalidValueError("money_not_whole_fen"), NotAllowedError("role_missing")])
def test_malformed_input_and_missing_rights_are_not_kept(database: Database, clock: Clock, error: Exception) -> None:
    with pytest.raises(type(error)):
        perform(database, clock, CLERK, COMMAND, refusing(error))
    assert perform(database, clock, CLERK, COMMAND, Counter()).result == {"number": 1}


def test_a_crash_half_way_leaves_nothing_and_the_retry_succeeds(database: Database, clock: Clock) -> None:
    with pytest.raises(ZeroDivisionError):
        perform(database, clock, CLERK, COMMAND, refusing(ZeroDivisionError()))
    assert count(database, records.answers) == count(database, records.entries) == 0
    assert not perform(database, clock, CLERK, COMMAND, Counter()).replayed


def test_a_command_without_a_journal_entry_does_not_commit(database: Database, clock: Clock) -> None:
    with pytest.raises(AssertionError, match="no journal entry"):
        perform(database, clock, CLERK, COMMAND, lambda _: {})
    assert count(database, records.answers) == 0


def test_a_command_makes_one_entry_and_no_more(database: Database, clock: Clock) -> None:
    def twice(work: Work) -> Mapping[str, Any]:
        work.journal("parties.firm_registered", FirmId.new())
        work.journal("parties.firm_registered", FirmId.new())
        return {}

    with pytest.raises(AssertionError, match="one journal entry"):
        perform(database, clock, CLERK, COMMAND, twice)


def test_of_many_racers_with_one_key_one_acts_and_all_get_its_outcome(database: Database, clock: Clock) -> None:
    act, results, gate = Counter(), [], threading.Barrier(8)

    def race() -> None:
        gate.wait()
        results.append(perform(database, clock, CLERK, COMMAND, act))

    racers = [threading.Thread(target=race) for _ in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert [found.result for found in results] == [{"number": 1}] * 8
    assert sum(not found.replayed for found in results) == 1
