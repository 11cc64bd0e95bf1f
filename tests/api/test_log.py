"""The log over HTTP: what anyone may ask it, and the clock of a demo."""

import base64

import pytest
from sqlalchemy import text

from registry.journal import rules, service
from registry.journal.records import entry_of
from registry.values.identifiers import EntryId
from tests.api.bureau import a_bureau
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


def test_nobody_else_moves_the_clock(web: Web) -> None:
    assert web.post("/v1/demo/clock", {"seconds": 60}, 401)["code"] == "unauthenticated"
