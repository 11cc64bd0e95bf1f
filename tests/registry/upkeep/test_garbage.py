"""Bytes go when nobody refers to them, after two graces, and never while somebody might."""

import itertools
import threading
from collections.abc import Callable
from datetime import timedelta
from queue import SimpleQueue

import pytest

from registry.manifests.records import revive_blobs
from registry.upkeep import records
from registry.upkeep.garbage import Collected, collect
from registry.upkeep.model import ObjectName, StoredObject
from registry.upkeep.rules import GRACE, before_grace
from registry.values.identifiers import BlobId
from registry.values.moment import Moment
from storage.errors import ObjectLockedError
from storage.object_store import Place
from tests.conftest import FixedClock
from tests.registry.upkeep.yard import Yard

A_MOMENT = timedelta(seconds=1)


def test_bytes_that_nobody_refers_to_are_condemned_and_go_after_a_second_grace(yard: Yard, clock: FixedClock) -> None:
    (blob,) = yard.keep(b"nobody's")
    assert collect(yard.house) == Collected(condemned=1, deleted=0, kept=0, size_bytes=0)
    assert (yard.state(blob), yard.held(blob)) == ("condemned", b"nobody's")
    clock.advance(GRACE - A_MOMENT)
    assert collect(yard.house).deleted == 0
    clock.advance(A_MOMENT)
    assert collect(yard.house) == Collected(condemned=0, deleted=1, kept=0, size_bytes=8)
    assert (yard.state(blob), yard.held(blob)) == ("gone", None)
    assert collect(yard.house).deleted == 0


def test_bytes_are_not_condemned_before_the_grace_is_over(yard: Yard, clock: FixedClock) -> None:
    (blob,) = yard.keep(b"young", verified_at=clock.now().plus(A_MOMENT - GRACE))
    collect(yard.house)
    assert yard.state(blob) == "verified"


def test_a_reference_in_any_table_of_the_database_keeps_bytes(yard: Yard, clock: FixedClock) -> None:
    (blob,) = yard.keep(b"somebody's")
    yard.refer(blob)
    for _ in range(3):
        collect(yard.house)
        clock.advance(GRACE)
    assert (yard.state(blob), yard.held(blob)) == ("verified", b"somebody's")


def test_a_pack_goes_only_when_nobody_refers_to_any_file_of_it(yard: Yard, clock: FixedClock) -> None:
    first, second = yard.keep(b"first", b"second")
    yard.refer(second)
    for _ in range(3):
        collect(yard.house)
        clock.advance(GRACE)
    assert (yard.state(first), yard.state(second), yard.held(first)) == ("condemned", "verified", b"firstsecond")
    yard.let_go(second)
    for _ in range(2):
        collect(yard.house)
        clock.advance(GRACE)
    collect(yard.house)
    assert (yard.state(first), yard.state(second), yard.held(first)) == ("gone", "gone", None)


def test_condemned_bytes_that_are_referred_to_again_are_verified_again(yard: Yard, clock: FixedClock) -> None:
    (blob,) = yard.keep(b"again")
    collect(yard.house)
    with yard.house.database.writing() as connection:
        assert revive_blobs(connection, [blob]) == {blob}
        yard.refer(blob, connection)
    clock.advance(GRACE)
    collect(yard.house)
    assert (yard.state(blob), yard.held(blob)) == ("verified", b"again")


def test_bytes_on_their_way_out_are_to_be_sent_again(yard: Yard, clock: FixedClock) -> None:
    (blob,) = yard.keep(b"late")
    collect(yard.house)
    clock.advance(GRACE)
    collect(yard.house)
    with yard.house.database.writing() as connection:
        assert revive_blobs(connection, [blob]) == set()


def test_what_the_store_keeps_under_retention_goes_later(
    yard: Yard, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (blob,) = yard.keep(b"locked")
    collect(yard.house)
    clock.advance(GRACE)

    def refuse(place: Place, **_: object) -> None:
        raise ObjectLockedError("object_locked", key=place.key)

    with monkeypatch.context() as locked:
        locked.setattr(yard.house.store, "delete", refuse)
        assert collect(yard.house).kept == 1
    assert (yard.state(blob), yard.held(blob)) == ("condemned", b"locked")
    assert collect(yard.house).deleted == 1


def test_a_collection_that_was_killed_before_the_delete_is_finished_by_the_next(yard: Yard, clock: FixedClock) -> None:
    (blob,) = yard.keep(b"half")
    collect(yard.house)
    clock.advance(GRACE)
    store, place = yard.place(blob)
    name = ObjectName(store, place.bucket, place.key)
    with yard.house.database.writing() as connection:
        assert records.take_for_deletion(connection, name, before_grace(clock.now()))
    collect(yard.house)
    assert (yard.state(blob), yard.held(blob)) == ("gone", None)


class Actor:
    """Takes its steps one by one in a thread of its own, when it is told to."""

    def __init__(self, steps: list[Callable[[], None]]) -> None:
        self._steps, self._told = steps, SimpleQueue[bool]()
        self._done = [threading.Event() for _ in steps]
        self._next = 0
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._act, daemon=True)
        self._thread.start()

    def step(self) -> None:
        """Begin the next step, and go on when it is done or waits for a lock."""
        self._told.put(True)
        self._done[self._next].wait(0.03)
        self._next += 1

    def end(self) -> None:
        """Wait for what was begun."""
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()
        if self.failure:
            raise self.failure

    def _act(self) -> None:
        for step, done in zip(self._steps, self._done, strict=True):
            self._told.get()
            try:
                step()
            except BaseException as error:  # noqa: BLE001
                self.failure = error
                return
            done.set()


class Contest:
    """A collection and a reference to the same bytes, each in steps of its own transactions."""

    def __init__(self, yard: Yard, now: Moment) -> None:
        self.yard, self.now = yard, now
        (self.blob,) = yard.keep(b"contested")
        store, self.place = yard.place(self.blob)
        self.name = ObjectName(store, self.place.bucket, self.place.key)
        self.database = yard.house.database
        self.connection = self.database.engine.connect()
        self.taken: list[StoredObject] = []
        self.held: set[BlobId] = set()

    def run(self, order: tuple[str, ...]) -> None:
        """Let both take their steps in this order, as far as locks allow."""
        collection = Actor([self.condemn, self.take, self.delete, self.settle])
        reference = Actor([self.hold, self.refer, self.connection.commit])
        for who in order:
            (collection if who == "c" else reference).step()
        collection.end()
        reference.end()
        self.connection.close()

    def condemn(self) -> None:
        with self.database.writing() as connection:
            records.condemn(connection, None, before_grace(self.now), self.now.plus(-GRACE), 100)

    def take(self) -> None:
        with self.database.writing() as connection:
            found = records.take_for_deletion(connection, self.name, before_grace(self.now))
        self.taken.extend([found] if found else [])

    def delete(self) -> None:
        for item in self.taken:
            self.yard.house.store.delete(Place(self.place.bucket, item.name.key, item.version_id))

    def settle(self) -> None:
        for item in self.taken:
            with self.database.writing() as connection:
                records.settle_deleted(connection, item, self.now, gone=True)

    def hold(self) -> None:
        self.held = revive_blobs(self.connection, [self.blob])

    def refer(self) -> None:
        for found in self.held:
            self.yard.refer(found, self.connection)


def test_however_a_collection_and_a_reference_interleave_nobody_refers_to_what_is_missing(
    yard: Yard, clock: FixedClock
) -> None:
    ends = set()
    for order in sorted(set(itertools.permutations("ccccaaa"))):
        contest = Contest(yard, clock.now())
        contest.run(order)
        end = (bool(contest.held), yard.state(contest.blob), yard.held(contest.blob))
        assert end in {
            (True, "verified", b"contested"),
            (True, "condemned", b"contested"),
            (False, "gone", None),
        }, order
        ends.add(end[0])
    assert ends == {True, False}, "both ends were seen"
