"""Looking through versions over HTTP: pages of manifests, folders, and what one version changed against another."""

import base64
import hashlib
import json
from itertools import pairwise
from typing import Any

import pytest

from registry.catalog import manifest_pages
from registry.catalog.rereading import verify_versions
from registry.house import House
from registry.journal import rules, service
from registry.journal.checkpoints import verify_checkpoint
from registry.journal.model import Opening, commitment_of
from registry.values.canonical import canonical_json
from tests.api.test_datasets import DATASET, Member, publisher
from tests.api.test_packs import BASE, begun, published, send_pack
from tests.registry.catalog.builders import a_csv, a_table, csv_of

__all__ = ["publisher"]

FILES = {
    "README.md": b"# wind\n",
    "data/a-b.txt": b"1",
    "data/a.txt": b"2",
    "data/a/deep.txt": b"3",
    "data/a/more/deeper.txt": b"4",
    "data/风电.txt": b"5",
    "data0.txt": b"6",
    "wind.csv": a_csv(),
}


@pytest.fixture
def browsed(house: House, publisher: Member) -> Member:
    """A publisher with a version of some folders."""
    publisher.web.post("/v1/datasets", DATASET)
    draft = begun(publisher.web)
    send_pack(publisher.web, draft, FILES)
    published(house, publisher.web, draft)
    return publisher


def listed(member: Member, path: str, limit: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    cursor = ""
    while cursor is not None:
        page = member.web.get(f"{BASE}/tree", path=path, limit=limit, cursor=cursor)
        found += [(item["name"], item["kind"]) for item in page["items"]]
        cursor = page["next_cursor"]
    return found


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_folder_shows_its_own_children_once_whatever_the_page(browsed: Member, limit: int) -> None:
    assert listed(browsed, "", limit) == [
        ("README.md", "file"),
        ("data", "folder"),
        ("data0.txt", "file"),
        ("wind.csv", "file"),
    ]
    assert listed(browsed, "data", limit) == [
        ("a-b.txt", "file"),
        ("a.txt", "file"),
        ("a", "folder"),
        ("风电.txt", "file"),
    ]
    assert listed(browsed, "data/a/", limit) == [("deep.txt", "file"), ("more", "folder")]


def test_a_folder_that_is_not_there_is_not_found(browsed: Member) -> None:
    browsed.web.get(f"{BASE}/tree", status=404, path="nothing")
    browsed.web.get(f"{BASE}/tree", status=404, path="README.md")
    browsed.web.get(f"{BASE}/tree", status=400, path="../up")


def test_a_file_in_a_folder_says_what_it_is(browsed: Member) -> None:
    shown = {item["name"]: item for item in browsed.web.get(f"{BASE}/tree")["items"]}
    assert (shown["wind.csv"]["format"], shown["wind.csv"]["size_bytes"]) == ("csv", len(FILES["wind.csv"]))
    assert (shown["data"]["format"], shown["data"]["size_bytes"]) == (None, None)


def test_a_manifest_is_a_root_and_pages_that_have_its_digests(
    house: House, publisher: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest_pages, "PAGE_FILES_MAX", 3)
    publisher.web.post("/v1/datasets", DATASET)
    draft = begun(publisher.web)
    send_pack(publisher.web, draft, FILES)
    version = published(house, publisher.web, draft)
    made = publisher.web.get(f"{BASE}/manifest")
    assert set(made) == {"envelope", "root"}
    pages = [publisher.web.raw("GET", f"{BASE}/manifest/pages/{page['digest']}") for page in made["root"]["pages"]]
    assert [page.status_code for page in pages] == [200, 200, 200]
    for page, reference in zip(pages, made["root"]["pages"], strict=True):
        assert f"sha256:{hashlib.sha256(page.data).hexdigest()}" == reference["digest"]
    entries = [entry for page in pages for entry in json.loads(page.data)["files"]]
    assert [entry["path"] for entry in entries] == sorted(FILES)
    assert all(one["path"] < other["path"] for one, other in pairwise(entries))
    hashing = hashlib.sha256(b"sancai.content/1\n")
    for entry in entries:
        hashing.update(f"{entry['sha256']} {entry['size_bytes']} {entry['path']}\n".encode())
    assert f"sha256:{hashing.hexdigest()}" == made["root"]["content_digest"] == version["content_digest"]
    assert list(verify_versions(house)) == []
    refused = publisher.web.get(f"{BASE}/manifest/pages/sha256:{'0' * 64}", status=404)
    assert refused["code"] == "manifest_page_not_found"


def test_a_version_of_an_earlier_release_gives_the_same_pages(house: House, browsed: Member, owner_url: str) -> None:
    from sqlalchemy import create_engine, text

    [reference] = browsed.web.get(f"{BASE}/manifest")["root"]["pages"]
    before = browsed.web.raw("GET", f"{BASE}/manifest/pages/{reference['digest']}").data
    engine = create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM manifest_pages"))
    engine.dispose()
    assert browsed.web.raw("GET", f"{BASE}/manifest/pages/{reference['digest']}").data == before


def test_a_difference_names_each_file_and_sums_them_up(house: House, browsed: Member) -> None:
    draft = begun(browsed.web, base=1)
    table = a_table(150, seed=3)
    changed = csv_of(table.append_column("gust", table.column("power")))
    browsed.web.post(f"/v1/drafts/{draft}/changes", {"remove": ["data/a.txt", "wind.csv"]}, status=200)
    send_pack(browsed.web, draft, {"wind.csv": changed, "new.txt": b"new!"})
    published(house, browsed.web, draft)
    found: list[dict[str, Any]] = []
    cursor, summaries = "", []
    while cursor is not None:
        page = browsed.web.get("/v1/datasets/sector-lab/wind/diff", cursor=cursor, limit=1, **{"from": 1, "to": 2})
        found += page["items"]
        summaries.append(page["summary"])
        cursor = page["next_cursor"]
    assert [(item["path"], item["change"]) for item in found] == [
        ("data/a.txt", "removed"),
        ("new.txt", "added"),
        ("wind.csv", "changed"),
    ]
    assert (found[2]["rows_before"], found[2]["rows_after"]) == (200, 150)
    assert summaries[1:] == [None, None]
    assert (summaries[0]["files_added"], summaries[0]["files_removed"], summaries[0]["files_changed"]) == (1, 1, 1)
    assert summaries[0]["bytes"] == {
        "added": 4,
        "removed": 1,
        "changed_before": len(FILES["wind.csv"]),
        "changed_after": len(changed),
    }
    assert summaries[0]["schema_changes"] == [
        {"path": "wind.csv", "added": [{"name": "gust", "type": "number"}], "removed": [], "changed": []}
    ]
    nothing = browsed.web.get("/v1/datasets/sector-lab/wind/diff", **{"from": 2, "to": 2})
    assert nothing["items"] == []


def test_a_publication_is_proved_down_to_the_signed_checkpoint(house: House, browsed: Member) -> None:
    waiting = browsed.web.get(f"{BASE}/publication")
    assert waiting["inclusion"] is None
    service.sequence(house.database, house.clock, house.signing_key)
    found = browsed.web.get(f"{BASE}/publication")
    included = found["inclusion"]
    verifier = house.signing_key.verifier
    checkpoint = verify_checkpoint(included["checkpoint"], [verifier], verifier.name)
    rules.verify_inclusion(
        rules.leaf_hash(canonical_json(found["entry"])),
        included["leaf_index"],
        included["size"],
        [base64.b64decode(each) for each in included["proof"]],
        checkpoint.root,
    )
    opening = Opening(bytes.fromhex(found["opening"]["salt"]), found["opening"]["payload"])
    assert commitment_of(opening).hex() == found["entry"]["commitment"]
    root = canonical_json(browsed.web.get(f"{BASE}/manifest")["root"])
    assert opening.payload["manifest_digest"] == f"sha256:{hashlib.sha256(root).hexdigest()}"
    browsed.web.get("/v1/datasets/sector-lab/wind/versions/v9/publication", status=404)
