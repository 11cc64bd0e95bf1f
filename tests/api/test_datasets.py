"""Datasets over HTTP: from a name to a downloaded file, as a publisher and strangers see it."""

import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import create_engine, text

from cli.working import run_once
from registry.actors.model import Actor
from registry.catalog import service
from registry.house import House
from registry.values.identifiers import DatasetId, OrderId
from tests.registry.catalog.builders import a_csv, a_publisher_with_token, do
from tests.web import Web


@dataclass(frozen=True)
class Member:
    """The owner of a firm, and a client that acts as it."""

    actor: Actor
    web: Web


@pytest.fixture
def publisher(house: House, web: Web) -> Member:
    actor, token = a_publisher_with_token(house)
    return Member(actor, web.as_token(token))


@pytest.fixture
def stranger(house: House, web: Web) -> Member:
    actor, token = a_publisher_with_token(house)
    return Member(actor, web.as_token(token))


DATASET = {"name": "sector-lab/wind", "title": "风电机组功率", "sector": "new_energy", "licence": "CC-BY-4.0"}
DRAFT = {"message": "first", "origin": "enterprise", "source": "own meters"}


def put(web: Web, url: str, content: bytes) -> Any:
    parts = urlsplit(url)
    return web.raw("PUT", f"{parts.path}?{parts.query}", data=content)


def send(client: Web, draft: str, path: str, content: bytes) -> str:
    upload = client.post(f"/v1/drafts/{draft}/files", {"path": path, "size_bytes": len(content)})["upload"]
    signed = client.post(f"/v1/uploads/{upload['id']}/parts", {"numbers": [1]}, status=200)
    assert put(client, signed["urls"][0]["url"], content).status_code == 200
    assert client.get(f"/v1/uploads/{upload['id']}")["parts"][0]["size_bytes"] == len(content)
    digest = hashlib.sha256(content).hexdigest()
    assert client.post(f"/v1/uploads/{upload['id']}/complete", {"sha256": digest}, status=200)["state"] == "received"
    return str(upload["id"])


def published(house: House, client: Web, files: dict[str, bytes], **stated: Any) -> Any:
    name = {**DATASET, **stated}["name"]
    client.post("/v1/datasets", {**DATASET, **stated})
    draft = client.post(f"/v1/datasets/{name}/drafts", DRAFT)["id"]
    for path, content in files.items():
        send(client, draft, path, content)
    assert client.post(f"/v1/drafts/{draft}/submit", status=200)["state"] == "verifying"
    run_once(house)
    assert client.get(f"/v1/drafts/{draft}")["state"] == "verified"
    return client.post(f"/v1/drafts/{draft}/publish")


def test_from_a_name_to_a_downloaded_file(house: House, web: Web, publisher: Member) -> None:
    content = a_csv()
    version = published(house, publisher.web, {"data/wind.csv": content})
    assert (version["number"], version["rows"]) == (1, 200)
    base = "/v1/datasets/sector-lab/wind/versions/v1"
    assert web.get(f"{base}/files")["items"][0]["path"] == "data/wind.csv"
    assert web.get(f"{base}/manifest")["root"]["content_digest"] == version["content_digest"]
    signed = web.post(f"{base}/reads", {"paths": ["data/wind.csv"]}, status=200)["urls"][0]
    parts = urlsplit(signed["url"])
    whole = web.raw("GET", f"{parts.path}?{parts.query}")
    assert (whole.status_code, whole.data) == (200, content)
    piece = web.raw("GET", f"{parts.path}?{parts.query}", headers={"Range": "bytes=5-9"})
    assert (piece.status_code, piece.data) == (206, content[5:10])
    assert piece.headers["Content-Range"] == f"bytes 5-9/{len(content)}"
    last = web.raw("GET", f"{parts.path}?{parts.query}", headers={"Range": "bytes=-3"})
    assert last.data == content[-3:]
    beyond = web.raw("GET", f"{parts.path}?{parts.query}", headers={"Range": f"bytes={len(content)}-"})
    assert beyond.status_code == 416


def test_an_old_name_leads_to_the_new_one_for_ever(house: House, web: Web, publisher: Member) -> None:
    client = publisher.web
    published(house, client, {"wind.csv": a_csv()})
    client.post("/v1/datasets/sector-lab/wind/rename", {"name": "sector-lab/turbines"}, status=200)
    moved = web.raw("GET", "/v1/datasets/sector-lab/wind/versions/v1?x=1")
    assert moved.status_code == 308
    assert moved.headers["Location"].endswith("/v1/datasets/sector-lab/turbines/versions/v1?x=1")
    client.post("/v1/datasets", {**DATASET, "name": "sector-lab/wind"}, status=409)


def test_a_namespace_belongs_to_the_firm_that_used_it_first(publisher: Member, stranger: Member) -> None:
    publisher.web.post("/v1/datasets", DATASET)
    refused = stranger.web.post("/v1/datasets", {**DATASET, "name": "Sector-Lab/other"}, status=409)
    assert refused["code"] == "namespace_taken"


def test_drafts_uploads_and_unpublished_datasets_do_not_exist_for_strangers(
    web: Web, publisher: Member, stranger: Member
) -> None:
    owner, other = publisher.web, stranger.web
    owner.post("/v1/datasets", DATASET)
    draft = owner.post("/v1/datasets/sector-lab/wind/drafts", DRAFT)["id"]
    upload = owner.post(f"/v1/drafts/{draft}/files", {"path": "a.csv", "size_bytes": 3})["upload"]["id"]
    other.get(f"/v1/drafts/{draft}", status=404)
    other.post(f"/v1/drafts/{draft}/files", {"path": "b.csv", "size_bytes": 3}, status=404)
    other.post(f"/v1/drafts/{draft}/submit", status=404)
    other.post(f"/v1/drafts/{draft}/publish", status=404)
    other.get(f"/v1/uploads/{upload}", status=404)
    other.post(f"/v1/uploads/{upload}/parts", {"numbers": [1]}, status=404)
    other.post(f"/v1/uploads/{upload}/complete", {"sha256": "0" * 64}, status=404)
    other.delete(f"/v1/uploads/{upload}", status=404)
    web.get("/v1/datasets/sector-lab/wind", status=404)
    owner.get("/v1/datasets/sector-lab/wind")


def test_gated_content_opens_with_a_grant_and_closes_with_it(
    house: House, web: Web, publisher: Member, stranger: Member
) -> None:
    published(house, publisher.web, {"wind.csv": a_csv()}, access="gated")
    dataset = DatasetId(web.get("/v1/datasets/sector-lab/wind")["id"])
    reads = "/v1/datasets/sector-lab/wind/versions/v1/reads"
    body = {"paths": ["wind.csv"]}
    buyer = stranger.web
    assert web.post(reads, body, status=401)["code"] == "unauthenticated"
    assert buyer.post(reads, body, status=403)["code"] == "grant_missing"
    order = OrderId.new()
    assert stranger.actor.firm is not None

    def opened(work: Any) -> None:
        service.grant_within(work, dataset, stranger.actor.firm, order)

    def ended(work: Any) -> None:
        service.end_grant_within(work, order)

    do(house, stranger.actor, opened)
    assert buyer.post(reads, body, status=200)["urls"][0]["path"] == "wind.csv"
    do(house, stranger.actor, ended)
    assert buyer.post(reads, body, status=403)["code"] == "grant_ended"


def test_a_withdrawn_version_stays_in_the_list_but_is_not_read(house: House, web: Web, publisher: Member) -> None:
    client = publisher.web
    published(house, client, {"wind.csv": a_csv()})
    base = "/v1/datasets/sector-lab/wind/versions"
    client.post(f"{base}/v1/withdraw", {"reason": "wrong meter"}, status=200)
    assert web.get(base)["items"][0]["state"] == "withdrawn"
    assert web.post(f"{base}/v1/reads", {"paths": ["wind.csv"]}, status=403)["code"] == "withdrawn"
    assert web.get("/v1/datasets", q="风电")["items"] == []


def test_the_same_request_again_gives_the_same_upload_and_another_body_a_conflict(publisher: Member) -> None:
    client = publisher.web
    client.post("/v1/datasets", DATASET)
    draft = client.post("/v1/datasets/sector-lab/wind/drafts", DRAFT)["id"]
    body = {"path": "a.csv", "size_bytes": 3}
    first = client.post(f"/v1/drafts/{draft}/files", body, key="same-key")
    assert client.post(f"/v1/drafts/{draft}/files", body, key="same-key") == first
    client.post(f"/v1/drafts/{draft}/files", {"path": "a.csv", "size_bytes": 4}, key="same-key", status=409)


def test_a_lost_answer_to_complete_can_be_asked_for_again(publisher: Member) -> None:
    client = publisher.web
    client.post("/v1/datasets", DATASET)
    draft = client.post("/v1/datasets/sector-lab/wind/drafts", DRAFT)["id"]
    content = a_csv()
    upload = send(client, draft, "wind.csv", content)
    body = {"sha256": hashlib.sha256(content).hexdigest()}
    assert client.post(f"/v1/uploads/{upload}/complete", body, status=200)["state"] == "received"
    other = {"sha256": "0" * 64}
    assert client.post(f"/v1/uploads/{upload}/complete", other, status=409)["code"] == "upload_received_as_other"


def test_a_removed_file_can_be_added_again(publisher: Member) -> None:
    client = publisher.web
    client.post("/v1/datasets", DATASET)
    draft = client.post("/v1/datasets/sector-lab/wind/drafts", DRAFT)["id"]
    for _ in range(2):
        client.post(f"/v1/drafts/{draft}/files", {"path": "数据/a.csv", "size_bytes": 3})
        assert client.raw("DELETE", f"/v1/drafts/{draft}/files", query_string={"path": "数据/a.csv"}).status_code == 204
    assert client.get(f"/v1/drafts/{draft}")["files"] == []


def test_a_document_is_verified_when_it_is_complete(publisher: Member, stranger: Member) -> None:
    client, content = publisher.web, b"%PDF-1.7 contract"
    digest = hashlib.sha256(content).hexdigest()
    body = {"kind": "contract", "file_name": "合同.pdf", "size_bytes": len(content), "sha256": digest}
    begun = client.post("/v1/evidence", body)
    signed = client.post(f"/v1/uploads/{begun['upload']['id']}/parts", {"numbers": [1]}, status=200)
    put(client, signed["urls"][0]["url"], content)
    client.post(f"/v1/uploads/{begun['upload']['id']}/complete", {"sha256": digest}, status=200)
    found = client.get(f"/v1/evidence/{begun['id']}")
    assert found["state"] == "verified"
    assert client.raw("GET", found["url"]).data == content
    stranger.web.get(f"/v1/evidence/{begun['id']}", status=404)


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "WzksIDEsICJ4Il0"},
        {"cursor": "WzAsIDk5OTk5OTk5OTk5OTk5OTk5OTk5LCAieCJd"},
        {"cursor": "WzAsIDEsICJ4Il0"},
        {"sector": "\x00"},
        {"licence": "\x00"},
        {"unknown": "1"},
    ],
)
def test_a_search_that_makes_no_sense_is_refused(web: Web, query: dict[str, str]) -> None:
    web.get("/v1/datasets", status=400, **query)


def test_a_draft_with_control_characters_is_refused(publisher: Member) -> None:
    publisher.web.post("/v1/datasets", DATASET)
    for field in ("source_url", "source_licence", "source", "message"):
        body = {**DRAFT, field: "a\x1bb"}
        assert publisher.web.post("/v1/datasets/sector-lab/wind/drafts", body, status=400)["code"] == "text_characters"


def test_every_address_that_is_given_out_is_counted_for_the_publisher(
    house: House, web: Web, publisher: Member, stranger: Member
) -> None:
    published(house, publisher.web, {"a.csv": a_csv(), "b.md": b"# words"})
    base = "/v1/datasets/sector-lab/wind"
    web.post(f"{base}/versions/v1/reads", {"paths": ["a.csv", "b.md"]}, status=200)
    stranger.web.post(f"{base}/versions/v1/reads", {"paths": ["b.md"]}, status=200)
    day = house.clock.now().civil_day().isoformat()
    size_bytes = len(a_csv()) + 2 * len(b"# words")
    assert publisher.web.get(f"{base}/usage") == {
        "items": [
            {"day": day, "reads": 3, "parties": 2, "size_bytes": size_bytes}
            | {"downloads": 0, "complete": 0, "sent_bytes": 0}
        ],
        "next_cursor": None,
    }
    assert stranger.web.get(f"{base}/usage", status=404)["code"] == "usage_not_found"


def test_without_a_record_there_is_no_address(house: House, web: Web, publisher: Member, owner_url: str) -> None:
    published(house, publisher.web, {"a.csv": a_csv()})
    engine = create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("REVOKE INSERT ON usage_events FROM sancai_app"))
    engine.dispose()
    path = "/v1/datasets/sector-lab/wind/versions/v1/reads"
    refused = web.raw("POST", path, json={"paths": ["a.csv"]})
    assert refused.status_code >= 500
    assert b"/objects/" not in refused.data
