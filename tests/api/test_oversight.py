"""What officers do with content over HTTP: read it for a while, recall it, see who holds it."""

from datetime import timedelta
from typing import Any

import pytest

from registry.actors.model import Role
from tests.api.test_access import explained, reads
from tests.world import BUYER, DATASET, OFFICE, OPEN_DATASET, OTHER_OFFICE, PUBLISHER, STRANGER, World

BASE = f"/v1/datasets/{DATASET}"
RECALL = {"reason": "含个人信息", "legal_basis": "数据安全法 44", "document_number": "伊数〔2026〕7号"}


def opened(world: World, **stated: Any) -> Any:
    body = {"days": 3, "reason": "核验采信使用", **stated}
    return world.as_(OFFICE, Role.AUDITOR).post(f"{BASE}/staff-accesses", body)


def recalled(world: World, name: str, version: str = "v1") -> None:
    path = f"/v1/datasets/{name}/versions/{version}/recall"
    assert world.as_(OFFICE, Role.REVIEWER).post(path, RECALL, status=200)["state"] == "recalled"


def test_staff_read_only_by_an_access_whose_reason_and_reads_the_owner_sees(world: World) -> None:
    auditor, owner = world.as_(OFFICE, Role.AUDITOR), world.as_(PUBLISHER)
    assert reads(auditor, DATASET, 403) == "staff_access_missing"
    access = opened(world, case=world.ids["case"])
    assert reads(auditor, DATASET) == "read"
    assert reads(world.as_(OFFICE, Role.REVIEWER), DATASET, 403) == "staff_access_missing"
    (seen,) = owner.get(f"{BASE}/staff-accesses")["items"]
    assert (seen["reason"], seen["case"], seen["account"]) == ("核验采信使用", world.ids["case"], access["account"])
    (read,) = owner.get(f"/v1/staff-accesses/{access['id']}/reads")["items"]
    assert (read["version"], read["path"]) == (1, "data/wind.csv")
    assert world.as_(STRANGER).get(f"/v1/staff-accesses/{access['id']}/reads", status=404)
    world.clock.advance(timedelta(days=3))
    assert reads(auditor, DATASET, 403) == "staff_access_ended"
    assert explained(auditor, DATASET)["staff_access"] == "staff_access_ended"


def test_an_access_is_ended_by_its_officer_and_by_nobody_else(world: World) -> None:
    access = opened(world)["id"]
    path = f"/v1/staff-accesses/{access}/end"
    world.as_(OFFICE, Role.REVIEWER).post(path, {}, status=404)
    world.as_(OFFICE, Role.AUDITOR).post(path, {}, status=200)
    assert reads(world.as_(OFFICE, Role.AUDITOR), DATASET, 403) == "staff_access_ended"
    assert world.as_(OFFICE, Role.AUDITOR).post(path, {}, status=422)["code"] == "staff_access_over"


@pytest.mark.parametrize("body", [{"days": 15, "reason": "x"}, {"days": 0, "reason": "x"}, {"days": 1, "reason": " "}])
def test_an_access_without_a_reason_or_beyond_fourteen_days_is_refused(world: World, body: Any) -> None:
    world.as_(OFFICE, Role.AUDITOR).post(f"{BASE}/staff-accesses", body, status=400)


def test_an_office_that_is_not_concerned_opens_and_recalls_nothing(world: World) -> None:
    other = world.as_(OTHER_OFFICE, Role.REVIEWER)
    other.post(f"{BASE}/staff-accesses", {"days": 1, "reason": "x"}, status=403)
    other.post(f"{BASE}/versions/v1/recall", RECALL, status=403)


def test_nobody_reads_a_recalled_version_and_page_and_search_say_so(world: World) -> None:
    opened(world)
    recalled(world, DATASET)
    for client in (world.web, world.as_(PUBLISHER), world.as_(BUYER), world.as_(OFFICE, Role.AUDITOR)):
        assert reads(client, DATASET, 403) == "recalled"
    assert world.web.get(f"{BASE}/versions/v1/recall")["document_number"] == "伊数〔2026〕7号"
    (hit,) = [each for each in world.web.get("/v1/datasets")["items"] if each["name"] == DATASET]
    assert hit["recalled"] == [1]
    page = world.web.raw("GET", f"/datasets/{DATASET}", headers={"Accept-Language": "zh"}).text
    assert "伊数〔2026〕7号" in page
    assert "已召回" in world.web.raw("GET", "/", headers={"Accept-Language": "zh"}).text
    again = world.as_(OFFICE, Role.REVIEWER).post(f"{BASE}/versions/v1/recall", RECALL, status=409)
    assert again["code"] == "version_state"
    world.as_(PUBLISHER).post(f"{BASE}/versions/v1/withdraw", {"reason": "x"}, status=409)


def test_everyone_who_may_hold_a_recalled_version_is_listed(world: World) -> None:
    owner = world.as_(PUBLISHER)
    path = f"/v1/datasets/{OPEN_DATASET}/versions/v1/holders"
    assert owner.get(path, status=422)["code"] == "version_not_recalled"
    reads(world.web, OPEN_DATASET)
    reads(world.as_(STRANGER), OPEN_DATASET)
    reads(world.as_(STRANGER), OPEN_DATASET)
    recalled(world, OPEN_DATASET)
    found = {each["party"]: each for each in owner.get(path)["items"]}
    assert found[world.ids[STRANGER]]["reads"] == 2
    assert found["anonymous"]["reads"] == 1
    first = owner.get(path, limit=1)
    second = owner.get(path, limit=200, cursor=first["next_cursor"])
    assert [each["party"] for each in first["items"] + second["items"]] == sorted(found)
    world.as_(STRANGER).get(path, status=403)


def test_whoever_has_a_grant_holds_what_it_opened(world: World) -> None:
    recalled(world, DATASET)
    found = world.as_(OFFICE, Role.AUDITOR).get(f"{BASE}/versions/v1/holders")["items"]
    buyer = next(each for each in found if each["party"] == world.ids[BUYER])
    assert (buyer["granted"], bool(buyer["name"])) == (True, True)
