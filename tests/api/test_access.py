"""Terms and grants on request over HTTP, as readers and owners see them."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from registry.actors.model import Role
from registry.journal.records import entries
from tests.web import Web
from tests.world import BUYER, DATASET, OFFICE, OPEN_DATASET, OTHER_OFFICE, PUBLISHER, STRANGER, World

READS = {"paths": ["data/wind.csv"]}
TEXT = "仅限研究，不得转让。\n"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def reads(client: Web, name: str, status: int = 200) -> str:
    answer = client.post(f"/v1/datasets/{name}/versions/v1/reads", READS, status=status)
    return str(answer.get("code", "read"))


def explained(client: Web, name: str, **query: str) -> dict[str, str | None]:
    """Return each condition with the code of what is missing, None where it is met."""
    found = client.get(f"/v1/datasets/{name}/versions/v1/access", **query)
    assert found["may_read"] is all(each["met"] for each in found["conditions"])
    return {each["name"]: each["code"] for each in found["conditions"]}


def requested(world: World) -> str:
    body = {"purpose": "模型训练", "contact": "王工"}
    return str(world.as_(STRANGER).post(f"/v1/datasets/{DATASET}/requests", body)["id"])


def test_terms_are_accepted_once_for_each_text_by_whoever_binds_the_firm(world: World) -> None:
    owner, reader = world.as_(PUBLISHER), world.as_(STRANGER)
    base = f"/v1/datasets/{OPEN_DATASET}"
    assert reads(world.web, OPEN_DATASET) == "read"
    set_ = owner.post(f"{base}/terms", {"text": TEXT})
    assert (set_["number"], set_["sha256"]) == (1, digest(TEXT))
    assert world.web.get(base)["access"] == "terms"
    assert reads(world.web, OPEN_DATASET, 401) == "unauthenticated"
    refused = reader.post(f"{base}/versions/v1/reads", READS, status=403)
    assert refused["code"] == "terms_not_accepted"
    stated = {"terms": 1, "address": f"{base}/terms", "sha256": digest(TEXT)}
    assert refused["parameters"] | {"version": ""} == {**stated, "version": ""}
    assert explained(reader, OPEN_DATASET)["terms"] == "terms_not_accepted"
    accept = {"sha256": digest(TEXT)}
    world.as_(STRANGER, Role.READER).post(f"{base}/terms/1/accept", accept, status=403)
    assert reader.post(f"{base}/terms/1/accept", {"sha256": "0" * 64}, status=400)["code"] == "terms_digest_wrong"
    assert reader.post(f"{base}/terms/1/accept", accept)["firm"] == world.ids[STRANGER]
    assert reader.post(f"{base}/terms/1/accept", accept, status=409)["code"] == "terms_accepted_already"
    assert reads(world.as_(STRANGER, Role.READER), OPEN_DATASET) == "read"
    assert reads(world.as_(BUYER), OPEN_DATASET, 403) == "terms_not_accepted"
    assert [each["firm"] for each in owner.get(f"{base}/acceptances")["items"]] == [world.ids[STRANGER]]
    changed = TEXT + "不得用于人脸识别。"
    owner.post(f"{base}/terms", {"text": changed})
    assert reads(reader, OPEN_DATASET, 403) == "terms_not_accepted"
    assert reader.post(f"{base}/terms/1/accept", accept, status=422)["code"] == "terms_outdated"
    reader.post(f"{base}/terms/2/accept", {"sha256": digest(changed)})
    assert reads(reader, OPEN_DATASET) == "read"
    assert [each["number"] for each in world.web.get(f"{base}/terms")["items"]] == [2, 1]
    owner.post(f"{base}/terms", {"text": None})
    assert world.web.get(base)["access"] == "public"
    assert reads(world.web, OPEN_DATASET) == "read"


def test_terms_that_make_no_sense_leave_everything_as_it_was(world: World) -> None:
    owner, base = world.as_(PUBLISHER), f"/v1/datasets/{OPEN_DATASET}"
    assert owner.post(f"{base}/terms", {"text": None}, status=409)["code"] == "terms_unchanged"
    for text in ("", " ", "a\x1bb", "长" * 50_001):
        owner.post(f"{base}/terms", {"text": text}, status=400)
    assert world.as_(STRANGER).post(f"{base}/terms", {"text": TEXT}, status=404)["code"] == "dataset_not_found"
    assert world.as_(STRANGER).post(f"{base}/terms/1/accept", {"sha256": "0" * 64}, status=404)["code"] == (
        "terms_not_found"
    )
    owner.post(f"{base}/terms", {"text": TEXT})
    assert owner.post(f"{base}/terms/1/accept", {"sha256": digest(TEXT)}, status=422)["code"] == "terms_of_own"
    assert world.web.get(base)["access"] == "terms"


def test_a_dataset_is_made_with_its_terms_and_never_with_terms_but_no_text(world: World) -> None:
    owner = world.as_(PUBLISHER)
    stated = {"name": "lvtu/termed", "title": "条款", "sector": "energy", "licence": "x"}
    assert owner.post("/v1/datasets", {**stated, "access": "terms"}, status=400)["code"] == "terms_text_missing"
    assert owner.post("/v1/datasets", {**stated, "terms": TEXT})["access"] == "terms"
    assert owner.get("/v1/datasets/lvtu/termed/terms")["items"][0]["text"] == TEXT


def test_a_request_is_granted_and_its_end_refuses_new_addresses_at_once(world: World) -> None:
    owner, reader = world.as_(PUBLISHER), world.as_(STRANGER)
    assert reads(reader, DATASET, 403) == "grant_missing"
    made = requested(world)
    again = reader.post(f"/v1/datasets/{DATASET}/requests", {"purpose": "x", "contact": "y"}, status=409)
    assert again["code"] == "request_waits_already"
    assert [each["id"] for each in owner.get("/v1/grant-requests", side="received", state="asked")["items"]] == [made]
    assert [each["id"] for each in reader.get("/v1/grant-requests", side="made")["items"]] == [made]
    assert owner.get("/v1/grant-requests", side="made")["items"] == []
    assert world.as_(BUYER).get(f"/v1/grant-requests/{made}", status=404)["code"] == "request_not_found"
    granted = owner.post(f"/v1/grant-requests/{made}/grant", {"until": world.today()}, status=200)
    assert granted["state"] == "granted"
    assert reads(reader, DATASET) == "read"
    grants = owner.get(f"/v1/datasets/{DATASET}/grants")["items"]
    assert made in {each["source"] for each in grants}
    assert any(each["source"].startswith("ord_") for each in grants)
    ended = owner.post(f"/v1/grant-requests/{made}/end", {"reason": "合同终止"}, status=200)
    assert (ended["state"], ended["reason"]) == ("ended", "合同终止")
    assert reads(reader, DATASET, 403) == "grant_ended"
    assert owner.post(f"/v1/grant-requests/{made}/grant", {}, status=409)["code"] == "request_state"
    assert requested(world) != made


def test_a_grant_with_a_last_day_ends_after_that_day(world: World) -> None:
    owner, reader, made = world.as_(PUBLISHER), world.as_(STRANGER), requested(world)
    refused = owner.post(f"/v1/grant-requests/{made}/grant", {"until": "2026-03-01"}, status=422)
    assert refused["code"] == "grant_ends_before"
    granted = owner.post(f"/v1/grant-requests/{made}/grant", {"until": world.today()}, status=200)
    assert granted["ends_at"] == "2026-03-02T16:00:00.000000Z"
    world.clock.advance(timedelta(hours=13, minutes=59))
    assert reads(reader, DATASET) == "read"
    world.clock.advance(timedelta(minutes=1))
    assert reads(reader, DATASET, 403) == "grant_ended"


def test_a_request_is_refused_with_a_reason_or_taken_back(world: World) -> None:
    owner, reader, made = world.as_(PUBLISHER), world.as_(STRANGER), requested(world)
    refused = owner.post(f"/v1/grant-requests/{made}/refuse", {"reason": "用途不符"}, status=200)
    assert (refused["state"], refused["reason"]) == ("refused", "用途不符")
    assert reader.get(f"/v1/grant-requests/{made}")["reason"] == "用途不符"
    other = requested(world)
    assert reader.post(f"/v1/grant-requests/{other}/take-back", {}, status=200)["state"] == "taken_back"
    assert owner.post(f"/v1/grant-requests/{other}/grant", {}, status=409)["code"] == "request_state"
    assert reads(reader, DATASET, 403) == "grant_missing"


@pytest.mark.parametrize(("party", "name"), [(PUBLISHER, DATASET), (BUYER, DATASET), (STRANGER, OPEN_DATASET)])
def test_a_grant_that_is_not_missing_is_not_asked_for(world: World, party: str, name: str) -> None:
    body = {"purpose": "x", "contact": "y"}
    assert world.as_(party).post(f"/v1/datasets/{name}/requests", body, status=422)["code"] == "grant_not_needed"


def test_lists_go_page_by_page(world: World) -> None:
    owner, reader = world.as_(PUBLISHER), world.as_(STRANGER)
    made = []
    for _ in range(3):
        made.append(requested(world))
        owner.post(f"/v1/grant-requests/{made[-1]}/refuse", {"reason": "x"}, status=200)
    first = reader.get("/v1/grant-requests", limit=2)
    second = reader.get("/v1/grant-requests", limit=2, cursor=first["next_cursor"])
    assert [each["id"] for each in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None
    owner.post(f"/v1/grant-requests/{requested(world)}/grant", {}, status=200)
    path, seen, cursor = f"/v1/datasets/{DATASET}/grants", [], ""
    while cursor is not None:
        page = owner.get(path, limit=1, cursor=cursor)
        seen += [each["source"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [each["source"] for each in owner.get(path)["items"]]


def test_the_gate_is_explained_to_oneself_and_to_the_publisher_for_another_firm(world: World) -> None:
    assert explained(world.web, DATASET)["signed_in"] == "unauthenticated"
    own = explained(world.as_(STRANGER), DATASET)
    assert own == {"standing": None, "token": None, "signed_in": None, "role": None, "grant": "grant_missing"}
    assert explained(world.as_(PUBLISHER), DATASET, firm=world.ids[STRANGER]) == own
    assert explained(world.as_(OFFICE, Role.AUDITOR), DATASET, firm=world.ids[STRANGER]) == own
    assert explained(world.as_(PUBLISHER), DATASET) == {"standing": None, "token": None}
    path = f"/v1/datasets/{DATASET}/versions/v1/access"
    for client in (world.web, world.as_(BUYER), world.as_(OTHER_OFFICE, Role.AUDITOR)):
        client.get(path, status=401 if client is world.web else 403, firm=world.ids[STRANGER])
    granted = requested(world)
    world.as_(PUBLISHER).post(f"/v1/grant-requests/{granted}/grant", {}, status=200)
    assert explained(world.as_(PUBLISHER), DATASET, firm=world.ids[STRANGER])["grant"] is None


def changed(world: World, name: str, access: str, status: int = 200, role: Role = Role.OWNER) -> dict[str, Any]:
    body = {"access": access, "reason": "合同要求"}
    answer: dict[str, Any] = world.as_(PUBLISHER, role).post(f"/v1/datasets/{name}/access", body, status=status)
    return answer


def said(answer: dict[str, Any]) -> list[str]:
    return [each["code"] for each in answer["consequences"]]


def test_a_dataset_is_gated_and_opened_again_and_the_answer_says_what_stays(world: World) -> None:
    assert reads(world.web, OPEN_DATASET) == "read"
    gated = changed(world, OPEN_DATASET, "gated")
    assert (gated["before"], gated["access"]) == ("public", "gated")
    assert said(gated) == ["access_by_grant_now", "access_grants_open", "access_downloaded_stays"]
    assert reads(world.web, OPEN_DATASET, 401) == "unauthenticated"
    assert reads(world.as_(STRANGER), OPEN_DATASET, 403) == "grant_missing"
    assert reads(world.as_(PUBLISHER), OPEN_DATASET) == "read"
    assert world.web.get(f"/v1/datasets/{OPEN_DATASET}")["access"] == "gated"
    asked = {"purpose": "训练", "contact": "王工"}
    made = world.as_(STRANGER).post(f"/v1/datasets/{OPEN_DATASET}/requests", asked)["id"]
    world.as_(BUYER).post(f"/v1/datasets/{OPEN_DATASET}/requests", asked)
    world.as_(PUBLISHER).post(f"/v1/grant-requests/{made}/grant", {}, status=200)
    opened = changed(world, OPEN_DATASET, "public")
    assert (opened["grants"], opened["requests_waiting"]) == (1, 1)
    assert said(opened) == [
        "access_open_now", "access_grants_kept", "access_requests_wait", "access_opened_for_good",
    ]  # fmt: skip
    assert reads(world.web, OPEN_DATASET) == "read"
    changed(world, OPEN_DATASET, "gated")
    assert reads(world.as_(STRANGER), OPEN_DATASET) == "read", "the grant counts again"
    assert reads(world.as_(BUYER), OPEN_DATASET, 403) == "grant_missing"


def test_terms_that_were_accepted_hold_through_every_change_of_access(world: World) -> None:
    owner, reader, base = world.as_(PUBLISHER), world.as_(STRANGER), f"/v1/datasets/{OPEN_DATASET}"
    owner.post(f"{base}/terms", {"text": TEXT})
    reader.post(f"{base}/terms/1/accept", {"sha256": digest(TEXT)})
    gated = changed(world, OPEN_DATASET, "gated")
    assert (gated["before"], gated["terms"], gated["terms_accepted"]) == ("terms", 1, 1)
    assert "access_terms_stay" in said(gated)
    asked = explained(reader, OPEN_DATASET)
    assert (asked["terms"], asked["grant"]) == (None, "grant_missing")
    opened = changed(world, OPEN_DATASET, "public")
    assert (opened["access"], said(opened)[0]) == ("terms", "access_on_terms_now")
    assert reads(reader, OPEN_DATASET) == "read"
    assert reads(world.as_(BUYER), OPEN_DATASET, 403) == "terms_not_accepted"
    assert changed(world, OPEN_DATASET, "public", 409)["code"] == "access_unchanged"


def test_important_data_needs_a_grant_also_where_everything_is_open(world: World) -> None:
    grade = {"grade": "important", "basis": "GB/T 43697"}
    world.as_(PUBLISHER).post(f"/v1/datasets/{DATASET}/versions/v1/statements/grade", grade)
    opened = changed(world, DATASET, "public")
    assert "access_important_stays" in said(opened)
    assert "access_still_on_sale" in said(opened), "the small world sells it"
    assert reads(world.as_(STRANGER), DATASET, 403) == "grade_important"
    assert reads(world.as_(BUYER), DATASET) == "read"


def test_access_is_changed_once_by_its_owner_alone_and_stands_in_the_journal(world: World) -> None:
    assert changed(world, OPEN_DATASET, "public", 409)["code"] == "access_unchanged"
    assert changed(world, OPEN_DATASET, "gated", 403, Role.PUBLISHER)["code"] == "role_missing"
    body, path = {"access": "gated", "reason": "合同"}, f"/v1/datasets/{OPEN_DATASET}/access"
    assert world.as_(STRANGER).post(path, body, status=404)["code"] == "dataset_not_found"
    owner = world.as_(PUBLISHER)
    owner.post(path, {"access": "terms", "reason": "x"}, status=400)
    owner.post(path, {"access": "gated", "reason": " "}, status=400)
    first = owner.post(path, body, status=200, key="one-change")
    assert owner.post(path, body, status=200, key="one-change") == first
    with world.house.database.reading() as connection:
        found = connection.execute(select(entries.c.id).where(entries.c.type == "catalog.access_set")).all()
    assert len(found) == 1
