"""Bad input over HTTP: one clear refusal each, in both languages, that says what to do; nothing is left of it.

Rows of every table and objects of every bucket are counted before and after; only a refusal's kept answer may stay.
"""

import hashlib
import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from cli.demo import cast
from cli.working import run_once
from registry.actors.model import Role
from registry.journal.records import answers
from registry.values.digest import Digest
from storage.local_store import LocalStore
from tests import world as steps
from tests.conftest import CopyWorld
from tests.counting import everything_of
from tests.registry.catalog.builders import a_table, parquet_of
from tests.web import Web
from tests.world import BUYER, COMPUTE, OFFICE, PUBLISHER, STORE_SECRET, STRANGER, World

_keys = itertools.count()

Bad = Callable[[World], tuple[Web, str, dict[str, Any]]]


def posted(party: str, path: str, body: Callable[[World], dict[str, Any]], role: str = Role.OWNER) -> Bad:
    """Return a POST of a party; ``path`` may name things of the world in braces."""
    return lambda world: (world.as_(party, role), path.format_map(world.ids), body(world))


def a_firm(**change: Any) -> Bad:
    """Return a registration."""
    return posted(OFFICE, "/v1/firms", lambda _: steps.firm_body(cast.GOBI) | change, Role.REGISTRAR)


def a_dataset(**change: Any) -> Bad:
    """Return a new dataset."""
    return posted(PUBLISHER, "/v1/datasets", lambda _: steps.dataset_body("lvtu/fresh") | change)


def a_listing(**change: Any) -> Bad:
    """Return an offer of compute."""
    return posted(COMPUTE, "/v1/listings", lambda world: steps.listing_body(world, COMPUTE) | change)


def a_file(path: str, size_bytes: Any = 3) -> Bad:
    """Return a file of the open draft, which holds ``done.csv`` and ``数据/é.csv``."""
    return posted(PUBLISHER, "/v1/drafts/{draft_open}/files", lambda _: {"path": path, "size_bytes": size_bytes})


BAD: dict[str, tuple[Bad, int]] = {
    "a code with a wrong check digit": (a_firm(uscc="91650502MA7GB0H88A"), 400),
    "a code that is too short": (a_firm(uscc="91650502MA7GB0H8"), 400),
    "a code with a letter that none has": (a_firm(uscc="91650502MA7GB0H88I"), 400),
    "a firm's name of 401 characters": (a_firm(name="戈" * 401), 400),
    "an unknown sector": (a_dataset(sector="astrology"), 400),
    "a public name of 200 characters": (a_dataset(name=f"lvtu/{'x' * 195}"), 400),
    "a public name that leaves its place": (a_dataset(name="../etc"), 400),
    "an empty title": (a_dataset(title=" "), 400),
    "a negative price": (a_listing(unit_price_fen=-1), 400),
    "a fraction of a fen": (a_listing(unit_price_fen=10.5), 400),
    "a price as text": (a_listing(unit_price_fen="10"), 400),
    "a price beyond every budget": (a_listing(unit_price_fen=10**18), 400),
    "a negative appropriation": (
        posted(
            OFFICE, "/v1/appropriations", lambda _: steps.appropriation("yz-4", "F-9") | {"amount_fen": -1}, "payer"
        ),
        400,
    ),
    "a negative payment": (
        posted(
            BUYER, "/v1/orders/{order_delivered}/payments", lambda w: steps.payment_body(w, "P") | {"amount_fen": -1}
        ),
        400,
    ),
    "a path that leaves the dataset": (a_file("../secrets.csv"), 400),
    "a path that leaves it in its middle": (a_file("data/../../secrets.csv"), 400),
    "an absolute path": (a_file("/etc/passwd"), 400),
    "a path of another system": (a_file("C:\\data.csv"), 400),
    "a path with a control character": (a_file("data\n.csv"), 400),
    "a path with a NUL": (a_file("data\0.csv"), 400),
    "a path twice": (a_file("done.csv"), 400),
    "a path twice but for its case": (a_file("DONE.CSV"), 400),
    "a path twice but for its composition": (a_file("数据/e\u0301.csv"), 400),
    "a negative size": (a_file("new.csv", -1), 400),
    "a size beyond what a store holds": (a_file("new.csv", 10**15), 400),
    "another firm's draft": (
        posted(STRANGER, "/v1/drafts/{draft_open}/files", lambda _: {"path": "new.csv", "size_bytes": 3}),
        404,
    ),
    "another firm's upload": (posted(STRANGER, "/v1/uploads/{upload_open}/parts", lambda _: {"numbers": [1]}), 404),
    "another firm's order": (posted(STRANGER, "/v1/vouchers", lambda world: {"order": world.ids["order"]}), 404),
    "a part that the upload has not": (
        posted(PUBLISHER, "/v1/uploads/{upload_open}/parts", lambda _: {"numbers": [2]}),
        400,
    ),
    "an upload whose bytes have not come": (
        posted(PUBLISHER, "/v1/uploads/{upload_open}/complete", lambda _: {"sha256": "0" * 64}),
        409,
    ),
    "a draft that is not verified": (posted(PUBLISHER, "/v1/drafts/{draft_open}/publish", lambda _: {}), 409),
}


@pytest.fixture(scope="module")
def shared(copy_world: CopyWorld) -> Any:
    """A copy of the world for all that changes nothing in it."""
    with copy_world() as world:
        steps.add_file(world.as_(PUBLISHER), world.ids["draft_open"], "数据/\u00e9.csv", 3)
        yield world


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused_with_words_and_leaves_nothing(shared: World, what: str) -> None:
    bad, status = BAD[what]
    client, path, body = bad(shared)
    before = everything_of(shared.house)
    require_clear({tongue: send(client, path, body, tongue) for tongue in ("en", "zh")}, status)
    assert everything_of(shared.house) == before


def send(client: Web, path: str, body: dict[str, Any], tongue: str, key: str = "") -> TestResponse:
    """POST in a language, with a key of its own unless one is given."""
    headers = {"Idempotency-Key": key or f"half-state-{next(_keys)}", "Accept-Language": tongue}
    return client.raw("POST", path, json=body, headers=headers)


def require_clear(answers: dict[str, TestResponse], status: int) -> None:
    """Raise AssertionError unless both answers are one problem in two languages, each of two sentences or more."""
    said = {}
    for tongue, answer in answers.items():
        assert answer.status_code == status, answer.get_data(as_text=True)
        assert answer.content_type == "application/problem+json"
        problem = answer.get_json()
        assert problem["title"]
        said[tongue] = problem["detail"]
    # What is wrong, and what to do.
    assert said["en"].rstrip(".").count(".") >= 1 or said["en"].count(";") >= 1, said["en"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said["zh"]), said["zh"]
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in said["en"].split("“")[0]), said["en"]


def test_the_same_key_with_another_body_changes_nothing(world: World) -> None:
    client, path = world.as_(PUBLISHER), "/v1/datasets"
    assert send(client, path, steps.dataset_body("lvtu/first"), "en", "one-key-twice").status_code == 201
    before = everything_of(world.house)
    other = steps.dataset_body("lvtu/second")
    require_clear({tongue: send(client, path, other, tongue, "one-key-twice") for tongue in ("en", "zh")}, 409)
    assert everything_of(world.house) == before
    assert client.raw("GET", "/v1/datasets/lvtu/second").status_code == 404


def test_nobody_finds_out_from_a_key_what_was_asked(world: World) -> None:
    path, body = "/v1/datasets", steps.dataset_body("lvtu/first")
    assert send(world.as_(PUBLISHER), path, body, "en", "a-key-that-tells-nothing").status_code == 201
    kept = select(answers.c.body).where(answers.c.key == "a-key-that-tells-nothing")
    with world.house.database.reading() as connection:
        assert connection.execute(kept).scalar_one() != Digest.of_json({"path": path, "body": body})


def test_bytes_of_another_length_than_announced_are_not_taken(world: World) -> None:
    client = world.as_(PUBLISHER)
    url = signed(client, world.ids["upload_open"])
    before = everything_of(world.house)
    for content in (b"too short", b"rather too long"):
        assert 400 <= steps.put(client, url, content) < 500
    assert client.get(f"/v1/uploads/{world.ids['upload_open']}")["parts"] == []
    assert everything_of(world.house) == before


def test_an_expired_address_takes_nothing(world: World) -> None:
    from api.app import create_app

    url = signed(world.as_(PUBLISHER), world.ids["upload_open"])
    settings = world.house.settings
    late = LocalStore(settings.objects_folder, settings.public_url, STORE_SECRET, now=lambda: time.time() + 86_400)
    house = replace(world.house, store=late)
    before = everything_of(world.house)
    assert steps.put(Web(create_app(house), house), url, b"0123456789") == 403
    assert everything_of(world.house) == before


def signed(client: Web, upload: str) -> str:
    """Return the address of an upload's only part."""
    urls = client.post(f"/v1/uploads/{upload}/parts", {"numbers": [1]}, status=200)["urls"]
    return str(urls[0]["url"])


def test_a_document_with_other_bytes_than_declared_is_not_filed(world: World) -> None:
    client, content = world.as_(PUBLISHER), b"%PDF-1.7"
    body = {"kind": "other", "file_name": "a.pdf", "size_bytes": len(content), "sha256": "1" * 64}
    begun = client.post("/v1/evidence", body)
    steps.put(client, signed(client, begun["upload"]["id"]), content)
    before = everything_of(world.house)
    path = f"/v1/uploads/{begun['upload']['id']}/complete"
    true = {"sha256": hashlib.sha256(content).hexdigest()}
    require_clear({tongue: send(client, path, true, tongue) for tongue in ("en", "zh")}, 400)
    # The bytes that were sent stay with the open upload until it is swept; nothing has come of them.
    after = everything_of(world.house)
    assert after | {"incoming": 0} == before | {"incoming": 0}
    assert client.get(f"/v1/evidence/{begun['id']}")["state"] != "verified"


def test_bad_files_are_named_in_both_languages_and_nothing_of_them_is_kept(world: World) -> None:
    client = world.as_(PUBLISHER)
    draft = steps.begin_draft(client, "lvtu/broken")
    good = steps.table(11)
    files = {
        "cut.parquet": (parquet_of(a_table())[:-40], None),
        "mixed.csv": ("站点,功率\n哈密,12\n".encode() + "伊州,9\n".encode("gbk"), None),
        "long.jsonl": (b'{"a":1}\n' * 1_000_000 + b'{"a":\n', None),
        "other.csv": (good, "0" * 64),
    }
    for path, (content, digest) in files.items():
        steps.send(client, steps.add_file(client, draft, path, len(content)), content, digest)
    client.post(f"/v1/drafts/{draft}/submit", status=200)
    kept = ("blobs", "table_sketches", "sketch_hashes", "search", "published")
    before = everything_of(world.house)
    run_once(world.house)
    after = everything_of(world.house)
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    for tongue in ("en", "zh"):
        answer = client.raw("GET", f"/v1/drafts/{draft}", headers={"Accept-Language": tongue}).get_json()
        assert answer["state"] == "faulty"
        assert {fault["path"]: fault["code"] for fault in answer["faults"]} == {
            "cut.parquet": "parquet_truncated",
            "mixed.csv": "csv_encoding_unknown",
            "long.jsonl": "jsonl_line_broken",
            "other.csv": "file_digest_wrong",
        }
        assert all(
            any("\u4e00" <= x <= "\u9fff" for x in fault["detail"]) is (tongue == "zh") for fault in answer["faults"]
        )
    assert "1,000,001" in str(answer) or "1000001" in str(answer)
    require_clear({tongue: send(client, f"/v1/drafts/{draft}/publish", {}, tongue) for tongue in ("en", "zh")}, 409)
    assert everything_of(world.house) == after


def test_a_path_that_is_another_in_disguise_is_named_with_the_other(shared: World) -> None:
    answer = shared.as_(PUBLISHER).post(
        f"/v1/drafts/{shared.ids['draft_open']}/files", {"path": "DONE.csv", "size_bytes": 3}, status=400
    )
    assert answer["parameters"] == {"path": "DONE.csv", "other": "done.csv"}
