"""The log over HTTP: what anyone may ask it, the public keys, and the clock of a demo."""

import base64
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from api.app import create_app
from registry.actors.model import Actor, Role, Scope
from registry.house import House, application_url
from registry.journal import rules, service
from registry.journal.records import entry_of, installation_row
from registry.journal.signing import SigningKey, Verifier
from registry.journal.work import Work
from registry.values.identifiers import AccountId, EntryId
from registry.values.moment import Moment
from storage.database import Connection, Database
from storage.local_store import LocalStore
from storage.settings import read_settings
from tests.api.bureau import a_bureau
from tests.conftest import ORIGIN, STORE_SECRET
from tests.web import Web


def entries_of(web: Web) -> list[EntryId]:
    with web.house.database.reading() as connection:
        rows = connection.execute(text("SELECT id FROM journal_entries ORDER BY id"))
        return [EntryId.of_uuid(row.id) for row in rows]


def log_all(web: Web) -> None:
    service.sequence(web.house.database, web.house.clock, web.house.signing_key)


def test_an_empty_log_says_so(web: Web) -> None:
    assert web.get("/log/checkpoint", 404)["code"] == "log_is_empty"


def test_anyone_can_check_that_a_decision_is_in_the_log(web: Web) -> None:
    a_bureau(web)
    log_all(web)
    entry_id = entries_of(web)[0]
    with web.house.database.reading() as connection:
        entry = entry_of(connection, entry_id)
    assert entry is not None
    found = web.get(f"/v1/log/entries/{entry_id}/inclusion")
    note = web.raw("GET", "/log/checkpoint").get_data(as_text=True)
    assert found["checkpoint"] == note
    rules.verify_inclusion(
        rules.leaf_hash(entry.leaf_bytes()),
        found["leaf_index"],
        found["size"],
        [base64.b64decode(each) for each in found["proof"]],
        base64.b64decode(note.split("\n")[2]),
    )


def test_an_entry_that_waits_is_not_in_the_log_yet(web: Web) -> None:
    a_bureau(web)
    waiting = entries_of(web)[0]
    assert web.get(f"/v1/log/entries/{waiting}/inclusion", 404)["code"] == "entry_not_in_log"


def test_a_later_log_proves_that_it_continues_an_earlier_one(web: Web) -> None:
    registrar, _ = a_bureau(web)
    log_all(web)
    before = web.raw("GET", "/log/checkpoint").get_data(as_text=True).split("\n")
    registrar.post("/v1/tokens", {"label": "one", "scopes": ["read"], "expires_in_days": 1})
    log_all(web)
    after = web.raw("GET", "/log/checkpoint").get_data(as_text=True).split("\n")
    found = web.get("/v1/log/consistency", **{"from": int(before[1]), "to": int(after[1])})
    rules.verify_consistency(
        int(before[1]),
        base64.b64decode(before[2]),
        int(after[1]),
        base64.b64decode(after[2]),
        [base64.b64decode(each) for each in found["proof"]],
    )


@pytest.mark.parametrize(("first", "last"), [(2, 1), (1, 99)])
def test_sizes_the_log_never_had_are_refused(web: Web, first: int, last: int) -> None:
    a_bureau(web)
    log_all(web)
    assert web.get("/v1/log/consistency", 400, **{"from": first, "to": last})["code"] == "log_sizes_out_of_range"


def test_the_clock_says_what_kind_of_installation_this_is(web: Web) -> None:
    assert web.get("/v1/clock") == {"now": "2026-03-02T02:00:00.000000Z", "kind": "real"}


def test_the_clock_of_a_real_installation_cannot_be_moved(web: Web) -> None:
    registrar, _ = a_bureau(web)
    assert registrar.post("/v1/demo/clock", {"seconds": 60}, 409)["code"] == "clock_is_real"


@pytest.fixture
def demo(owner_url: str, tmp_path: Path) -> Iterator[Web]:
    """The HTTP interface of an installation that was born as a demo."""
    database = Database(application_url(owner_url), pool_size=4)
    service.bear(database, "demo", ORIGIN)
    settings = read_settings({"SANCAI_HOME": str(tmp_path), "SANCAI_PUBLIC_URL": f"http://{ORIGIN}"})
    installed = House(
        settings=settings,
        database=database,
        clock=service.clock_of(database),
        store=LocalStore(settings.objects_folder, settings.public_url, STORE_SECRET),
        signing_key=SigningKey.create(ORIGIN),
        secret=STORE_SECRET,
        _opened=ExitStack(),
    )
    yield Web(create_app(installed), installed)
    database.dispose()


def offset_of(demo: Web) -> timedelta:
    with demo.house.database.reading() as connection:
        row = installation_row(connection)
    assert row is not None
    return row[2]


def wait_until_one_waits(demo: Web) -> None:
    """Return once a transaction waits for a lock of another."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(3_000):
        with demo.house.database.reading() as connection:
            if connection.execute(waiting).scalar():
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_the_clock_of_a_demo_is_moved(demo: Web) -> None:
    registrar, _ = a_bureau(demo)
    before = Moment.of_text(demo.get("/v1/clock")["now"])
    assert registrar.post("/v1/demo/clock", {"seconds": 86_400})["advanced_seconds"] == 86_400
    assert demo.get("/v1/clock")["kind"] == "demo"
    assert Moment.of_text(demo.get("/v1/clock")["now"]) >= before.plus(timedelta(days=1))


def test_two_moves_of_a_demo_clock_at_once_both_count(demo: Web) -> None:
    registrar = Actor(
        name="registrar", account=AccountId.new(), roles=frozenset({Role.REGISTRAR}), scopes=frozenset(Scope)
    )

    def move(connection: Connection, seconds: int) -> None:
        service.advance_demo_clock(Work(connection, registrar, demo.house.clock.now()), seconds)

    def move_later() -> None:
        with demo.house.database.writing() as connection:
            move(connection, 3_600)

    with ThreadPoolExecutor(1) as pool:
        with demo.house.database.writing() as connection:
            move(connection, 86_400)
            later = pool.submit(move_later)
            wait_until_one_waits(demo)
        later.result()
    assert offset_of(demo) == timedelta(days=1, hours=1)


def test_the_keys_of_the_service_are_public(web: Web) -> None:
    found = web.get("/v1/keys")
    [key] = found["keys"]
    verifier = Verifier.parse(key["verifier"])
    assert (found["origin"], key["algorithm"], key["key_id"]) == (ORIGIN, "Ed25519", verifier.key_id)
    assert base64.b64decode(key["public_key"]) == web.house.signing_key.verifier.public_bytes


def test_nobody_else_moves_the_clock(web: Web) -> None:
    assert web.post("/v1/demo/clock", {"seconds": 60}, 401)["code"] == "unauthenticated"
