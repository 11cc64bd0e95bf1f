"""Many small files over HTTP: packs, what is held, changes, drafts that begin with a version, reading them again."""

import hashlib
from typing import Any
from urllib.parse import urlsplit

import pytest

from cli.working import run_once
from registry.catalog.records import batches
from registry.catalog.rereading import verify_versions
from registry.house import House
from tests.api.test_datasets import DATASET, DRAFT, Member, publisher, put, send, stranger
from tests.registry.catalog.builders import a_csv, objects_of
from tests.web import Web

__all__ = ["publisher", "stranger"]

BASE = "/v1/datasets/sector-lab/wind/versions/v1"
FILES = {
    "README.md": b"# wind\n",
    "empty.txt": b"",
    "images/0001.png": b"\x89PNG first",
    "images/0002.png": b"\x89PNG second",
    "wind.csv": a_csv(),
}


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def declared(files: dict[str, bytes]) -> list[dict[str, Any]]:
    return [{"path": path, "size_bytes": len(content), "sha256": digest_of(content)} for path, content in files.items()]


def begun(client: Web, **stated: Any) -> str:
    return str(client.post("/v1/datasets/sector-lab/wind/drafts", DRAFT | stated)["id"])


def send_pack(client: Web, draft: str, files: dict[str, bytes], sent: bytes | None = None) -> str:
    """Announce a pack and send its bytes, by default those that were declared."""
    upload = client.post(f"/v1/drafts/{draft}/packs", {"files": declared(files)})["upload"]
    content = b"".join(files.values()) if sent is None else sent
    signed = client.post(f"/v1/uploads/{upload['id']}/parts", {"numbers": [1]}, status=200)["urls"][0]["url"]
    assert put(client, signed, content).status_code == 200
    client.post(f"/v1/uploads/{upload['id']}/complete", {"sha256": digest_of(content)}, status=200)
    return str(upload["id"])


def verified(house: House, client: Web, draft: str) -> Any:
    client.post(f"/v1/drafts/{draft}/submit", status=200)
    run_once(house)
    return client.get(f"/v1/drafts/{draft}")


def published(house: House, client: Web, draft: str) -> Any:
    found = verified(house, client, draft)
    assert found["state"] == "verified", found["faults"]
    return client.post(f"/v1/drafts/{draft}/publish")


@pytest.fixture
def packed(house: House, publisher: Member) -> Member:
    """A publisher whose first version lies in one pack."""
    publisher.web.post("/v1/datasets", DATASET)
    draft = begun(publisher.web)
    send_pack(publisher.web, draft, FILES)
    published(house, publisher.web, draft)
    return publisher


def contents(client: Web, paths: list[str], status: int = 200) -> bytes:
    answer = client.raw("POST", f"{BASE}/contents", json={"paths": paths})
    assert answer.status_code == status, answer.data
    return answer.data


def test_a_pack_is_one_object_of_many_files_that_read_back_as_they_were_sent(house: House, packed: Member) -> None:
    # The pack and the page of the manifest.
    assert objects_of(house)["published"] == 2
    assert objects_of(house)["incoming"] == 0
    paths = ["wind.csv", "images/0001.png", "empty.txt", "images/0002.png", "README.md"]
    assert contents(packed.web, paths) == b"".join(FILES[path] for path in paths)
    shown = {file["path"]: file for file in packed.web.get(f"{BASE}/files")["items"]}
    assert {path: file["sha256"] for path, file in shown.items()} == {
        path: digest_of(content) for path, content in FILES.items()
    }
    assert (shown["wind.csv"]["format"], shown["wind.csv"]["rows"]) == ("csv", 200)
    assert list(verify_versions(house)) == []


def test_a_packed_file_has_no_address_and_its_bytes_come_by_ranges(packed: Member) -> None:
    [shown] = packed.web.post(f"{BASE}/reads", {"paths": ["images/0002.png"]}, status=200)["urls"]
    assert (shown["url"], shown["packed"]) == (None, True)
    whole = packed.web.raw("GET", f"{BASE}/content/images/0002.png")
    assert (whole.status_code, whole.data) == (200, FILES["images/0002.png"])
    piece = packed.web.raw("GET", f"{BASE}/content/images/0002.png", headers={"Range": "bytes=5-10"})
    assert (piece.status_code, piece.data) == (206, b"second")
    assert piece.headers["Content-Range"] == "bytes 5-10/11"
    beyond = packed.web.raw("GET", f"{BASE}/content/images/0002.png", headers={"Range": "bytes=11-"})
    assert beyond.status_code == 416


def test_a_file_of_its_own_is_led_to_by_its_path(house: House, publisher: Member) -> None:
    publisher.web.post("/v1/datasets", DATASET)
    draft = begun(publisher.web)
    send(publisher.web, draft, "data/wind.csv", FILES["wind.csv"])
    published(house, publisher.web, draft)
    led = publisher.web.raw("GET", f"{BASE}/content/data/wind.csv")
    assert led.status_code == 302
    parts = urlsplit(led.headers["Location"])
    assert publisher.web.raw("GET", f"{parts.path}?{parts.query}").data == FILES["wind.csv"]
    assert contents(publisher.web, ["data/wind.csv"]) == FILES["wind.csv"]


def test_content_asks_the_gate_and_is_recorded_as_use(house: House, web: Web, packed: Member, stranger: Member) -> None:
    before = packed.web.get("/v1/datasets/sector-lab/wind/usage")["items"]
    contents(stranger.web, ["README.md", "wind.csv"])
    web.raw("GET", f"{BASE}/content/README.md")
    [day] = packed.web.get("/v1/datasets/sector-lab/wind/usage")["items"]
    assert before == []
    assert day["reads"] == 3
    packed.web.post(f"{BASE}/withdraw", {"reason": "mistake"}, status=200)
    contents(stranger.web, ["README.md"], status=403)
    assert stranger.web.raw("GET", f"{BASE}/content/README.md").status_code == 403


def test_one_wrong_file_of_a_pack_is_named_and_sending_it_again_is_enough(house: House, publisher: Member) -> None:
    publisher.web.post("/v1/datasets", DATASET)
    draft = begun(publisher.web)
    lied = FILES | {"images/0001.png": b"\x89PNG FIRST"}
    send_pack(publisher.web, draft, lied, b"".join(FILES.values()))
    found = verified(house, publisher.web, draft)
    assert [(fault["path"], fault["code"]) for fault in found["faults"]] == [("images/0001.png", "file_digest_wrong")]
    send_pack(publisher.web, draft, {"images/0001.png": FILES["images/0001.png"]})
    assert published(house, publisher.web, draft)["files"] == len(FILES)
    assert objects_of(house)["published"] == 3


def test_a_pack_of_other_bytes_than_declared_keeps_nothing(house: House, publisher: Member) -> None:
    publisher.web.post("/v1/datasets", DATASET)
    draft = begun(publisher.web)
    upload = publisher.web.post(f"/v1/drafts/{draft}/packs", {"files": declared(FILES)})["upload"]["id"]
    content = b"".join(FILES.values())
    signed = publisher.web.post(f"/v1/uploads/{upload}/parts", {"numbers": [1]}, status=200)["urls"][0]["url"]
    put(publisher.web, signed, content)
    publisher.web.post(f"/v1/uploads/{upload}/complete", {"sha256": "0" * 64}, status=200)
    found = verified(house, publisher.web, draft)
    assert {fault["code"] for fault in found["faults"]} == {"file_digest_wrong"}
    assert len(found["faults"]) == len(FILES)
    assert objects_of(house)["published"] == 0


@pytest.mark.parametrize(
    "files",
    [
        [{"path": "a", "size_bytes": 1, "sha256": "0" * 64}, {"path": "A", "size_bytes": 1, "sha256": "0" * 64}],
        [{"path": "a", "size_bytes": 2**20 + 1, "sha256": "0" * 64}],
        [{"path": f"{n}", "size_bytes": 2**20, "sha256": "0" * 64} for n in range(65)],
        [],
    ],
)
def test_what_is_no_pack_is_refused(publisher: Member, files: list[Any]) -> None:
    publisher.web.post("/v1/datasets", DATASET)
    draft = begun(publisher.web)
    publisher.web.post(f"/v1/drafts/{draft}/packs", {"files": files}, status=400)
    assert publisher.web.get(f"/v1/drafts/{draft}")["file_count"] == 0


def test_a_path_of_another_case_is_no_replacement(publisher: Member) -> None:
    publisher.web.post("/v1/datasets", DATASET)
    draft = begun(publisher.web)
    send_pack(publisher.web, draft, {"a.txt": b"1"})
    refused = publisher.web.post(f"/v1/drafts/{draft}/packs", {"files": declared({"A.txt": b"2"})}, status=400)
    assert refused["code"] == "path_duplicate"


def test_only_the_firm_that_sent_bytes_holds_them(packed: Member, stranger: Member) -> None:
    stranger.web.post("/v1/datasets", DATASET | {"name": "others/wind"})
    asked = [
        {"size_bytes": len(FILES["README.md"]), "sha256": digest_of(FILES["README.md"])},
        {"size_bytes": len(FILES["README.md"]), "sha256": None},
        {"size_bytes": len(FILES["README.md"]), "sha256": "0" * 64},
        {"size_bytes": 123_456, "sha256": None},
    ]
    theirs = str(stranger.web.post("/v1/datasets/others/wind/drafts", DRAFT)["id"])
    own = begun(packed.web)
    assert packed.web.post(f"/v1/drafts/{own}/holdings", {"files": asked}, status=200)["held"] == [
        True,
        True,
        False,
        False,
    ]
    assert not any(stranger.web.post(f"/v1/drafts/{theirs}/holdings", {"files": asked}, status=200)["held"])
    attach = {"attach": declared({"README.md": FILES["README.md"]})}
    assert packed.web.post(f"/v1/drafts/{own}/changes", attach, status=200)["missing"] == []
    assert stranger.web.post(f"/v1/drafts/{theirs}/changes", attach, status=200) == {
        "attached": 0,
        "removed": 0,
        "missing": ["README.md"],
    }


def test_a_draft_that_begins_with_a_version_sends_only_what_changed(house: House, packed: Member) -> None:
    draft = begun(packed.web, base=1)
    shown = packed.web.get(f"/v1/drafts/{draft}")
    assert (shown["file_count"], shown["size_bytes"]) == (len(FILES), sum(map(len, FILES.values())))
    changed = packed.web.post(
        f"/v1/drafts/{draft}/changes",
        {
            "attach": declared({"images/copy.png": FILES["images/0001.png"], "new.png": b"never sent"}),
            "remove": ["images/0002.png", "nothing.png"],
        },
        status=200,
    )
    assert changed == {"attached": 1, "removed": 1, "missing": ["new.png"]}
    send_pack(packed.web, draft, {"new.png": b"never sent"})
    made = published(house, packed.web, draft)
    assert (made["number"], made["files"], made["rows"]) == (2, len(FILES) + 1, 200)
    answer = packed.web.raw(
        "POST",
        "/v1/datasets/sector-lab/wind/versions/v2/contents",
        json={"paths": ["images/copy.png", "new.png", "wind.csv"]},
    )
    assert answer.data == FILES["images/0001.png"] + b"never sent" + FILES["wind.csv"]
    packed.web.post("/v1/datasets/sector-lab/wind/drafts", DRAFT | {"base": 9}, status=404)


def test_the_files_of_a_version_are_copied_some_at_a_time(
    house: House, packed: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "COPIED_AT_ONCE", 2)
    draft = begun(packed.web, base=1)
    items = packed.web.get(f"/v1/drafts/{draft}/files")["items"]
    assert {item["path"]: item["sha256"] for item in items} == {
        path: digest_of(content) for path, content in FILES.items()
    }
    assert verified(house, packed.web, draft)["state"] == "verified"


def test_files_of_a_draft_are_paged_with_what_has_arrived(packed: Member) -> None:
    draft = begun(packed.web, base=1)
    packed.web.post(f"/v1/drafts/{draft}/packs", {"files": declared({"later.txt": b"1"})})
    first = packed.web.get(f"/v1/drafts/{draft}/files", limit=4)
    rest = packed.web.get(f"/v1/drafts/{draft}/files", limit=4, cursor=first["next_cursor"])
    items = first["items"] + rest["items"]
    assert rest["next_cursor"] is None
    assert [item["path"] for item in items] == sorted([*FILES, "later.txt"])
    assert [item["path"] for item in items if not item["received"]] == ["later.txt"]
    assert next(item for item in items if item["path"] == "later.txt")["sha256"] == digest_of(b"1")


def test_a_pack_that_no_file_comes_from_any_more_is_given_up(packed: Member) -> None:
    draft = begun(packed.web)
    upload = send_pack(packed.web, draft, {"a.txt": b"1", "b.txt": b"2"})
    packed.web.post(f"/v1/drafts/{draft}/changes", {"remove": ["a.txt"]}, status=200)
    assert packed.web.get(f"/v1/uploads/{upload}")["state"] == "received"
    send_pack(packed.web, draft, {"b.txt": b"3"})
    assert packed.web.get(f"/v1/uploads/{upload}")["state"] == "aborted"


def test_a_batch_may_be_longer_than_other_bodies_but_has_a_limit(packed: Member) -> None:
    draft = begun(packed.web)
    names = {f"{'deep/' * 60}{number:05}.bin": b"x" for number in range(4_500)}
    assert packed.web.post(f"/v1/drafts/{draft}/packs", {"files": declared(names)})["upload"]["size_bytes"] == 4_500
    packed.web.post(f"/v1/drafts/{draft}/changes", {"remove": list(names)}, status=200)
    answer = packed.web.raw(
        "POST", f"/v1/drafts/{draft}/changes", data=b" " * (17 << 20), content_type="application/json"
    )
    assert answer.status_code == 413
