"""Firms and registers over HTTP, as a registrar, as a firm and as nobody."""

from typing import Any

import pytest

from tests.api.bureau import a_bureau, activated
from tests.registry.parties.builders import a_firm_id, a_uscc
from tests.web import Web

ORIGIN = {"source": "国家企业信用信息公示系统", "obtained_on": "2026-03-01"}
DAYS = {"valid_from": "2026-01-01", "valid_until": "2027-01-01"}


@pytest.fixture
def bureau(web: Web) -> Web:
    return a_bureau(web)[0]


def a_firm(number: int = 1, name: str = "甲公司", **more: Any) -> dict[str, Any]:
    return {"uscc": str(a_uscc(number)), "name": name, "region": "650502", "kind": "enterprise", **more}


def a_list(**more: Any) -> dict[str, Any]:
    return {
        "name": "新能源链主企业名单",
        "issuer": "工信部",
        "level": "national",
        "sectors": ["new_energy"],
        "batch": "第一批",
        "document_sha256": "sha256:" + "a" * 64,
        "admission": {
            "number": "伊数〔2026〕1号",
            "decided_on": "2026-01-05",
            "organ": "数发局",
            "criteria": "国家级名单",
        },
        "entries": [{"uscc": str(a_uscc(1)), "name": "甲公司"}],
        **DAYS,
        **more,
    }


def test_a_registered_firm_is_public(web: Web, bureau: Web) -> None:
    made = bureau.post("/v1/firms", a_firm())
    assert made["activation_code"] is None
    assert web.get(f"/v1/firms/{made['id']}")["name"] == "甲公司"
    assert [each["id"] for each in web.get("/v1/firms", uscc=made["uscc"])["items"]] == [made["id"]]


def test_a_firm_with_an_owner_can_sign_in(web: Web, bureau: Web) -> None:
    made = bureau.post("/v1/firms", a_firm(owner_login="owner.jia", owner_name="王某"))
    owner = activated(web, "owner.jia", made["activation_code"])
    assert owner.get("/v1/me")["firm"] == made["id"]


def test_a_repeated_registration_answers_again_without_the_code(bureau: Web) -> None:
    body = a_firm(owner_login="owner.jia", owner_name="王某")
    first = bureau.post("/v1/firms", body, key="registration-1")
    again = bureau.post("/v1/firms", body, key="registration-1")
    assert first["activation_code"]
    assert again == {**first, "activation_code": None}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"uscc": "91652201000000001X"}, "uscc_check_digit"),
        ({"region": "65"}, "region_malformed"),
        ({"name": "x" * 200}, "text_too_long"),
        ({"name": "  "}, "text_missing"),
    ],
)
def test_a_firm_that_cannot_be_is_refused(bureau: Web, change: dict[str, str], code: str) -> None:
    assert bureau.post("/v1/firms", {**a_firm(), **change}, 400)["code"] == code


def test_a_code_is_registered_once(bureau: Web) -> None:
    bureau.post("/v1/firms", a_firm())
    assert bureau.post("/v1/firms", a_firm(), 409)["code"] == "firm_registered_already"


def test_firms_come_in_pages(web: Web, bureau: Web) -> None:
    made = [bureau.post("/v1/firms", a_firm(number))["id"] for number in (1, 2, 3)]
    first = web.get("/v1/firms", limit=2)
    second = web.get("/v1/firms", limit=2, cursor=first["next_cursor"])
    assert [each["id"] for each in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None


def test_a_firm_keeps_the_code_it_had(web: Web, bureau: Web) -> None:
    made = bureau.post("/v1/firms", a_firm())
    bureau.post(f"/v1/firms/{made['id']}/changes", {**a_firm(2, "新名"), "valid_from": "2026-02-01", **ORIGIN})
    assert [each["name"] for each in web.get("/v1/firms", uscc=made["uscc"])["items"]] == ["新名"]


def test_an_unknown_firm_is_not_found(web: Web) -> None:
    assert web.get(f"/v1/firms/{a_firm_id(7)}", 404)["code"] == "firm_not_found"


def test_control_is_recorded(bureau: Web) -> None:
    mother, daughter = (bureau.post("/v1/firms", a_firm(number))["id"] for number in (1, 2))
    body = {"controller": mother, "controlled": daughter, "kind": "equity", "share_bp": 6_000, **DAYS, **ORIGIN}
    made = bureau.post("/v1/controls", body)
    assert (made["controller"], made["controlled"], made["share_bp"]) == (mother, daughter, 6_000)
    beyond = {**body, "controller": bureau.post("/v1/firms", a_firm(3))["id"], "share_bp": 4_001}
    assert bureau.post("/v1/controls", beyond, 422)["code"] == "shares_exceed_whole"


def test_a_fact_is_recorded(bureau: Web) -> None:
    firm = bureau.post("/v1/firms", a_firm())["id"]
    body = {"firm": firm, "predicate": "data_annotation_firm", "finding": "true", **DAYS, **ORIGIN}
    assert bureau.post("/v1/facts", body)["finding"] == "true"


def test_an_unknown_sector_is_refused(bureau: Web) -> None:
    found = bureau.post("/v1/leader-lists", a_list(sectors=["new_enery"]), 400)
    assert found["errors"][0]["pointer"] == "/sectors/0"


def test_a_withdrawn_leader_shows_its_day(web: Web, bureau: Web) -> None:
    made = bureau.post("/v1/leader-lists", a_list())
    body = {"uscc": str(a_uscc(1)), "withdrawn_on": "2026-02-01", "reason": "监测不合格"}
    bureau.post(f"/v1/leader-lists/{made['id']}/withdrawals", body)
    (shown,) = web.get("/v1/leader-lists")["items"]
    assert [entry["withdrawn_on"] for entry in shown["entries"]] == ["2026-02-01"]


def test_another_authority_withdraws_nobody(web: Web, bureau: Web) -> None:
    made = bureau.post("/v1/leader-lists", a_list())
    body = {"uscc": str(a_uscc(1)), "withdrawn_on": "2026-02-01", "reason": "监测不合格"}
    other = a_bureau(web, "hami")[0]
    assert other.post(f"/v1/leader-lists/{made['id']}/withdrawals", body, 403)["code"] == "not_yours"


def test_a_provider_is_public_with_its_certificates(web: Web, bureau: Web) -> None:
    body = {
        "firm": bureau.post("/v1/firms", a_firm())["id"],
        "kind": "compute_centre",
        "licence_number": "许可1号",
        "certificates": [{"kind": "green", "number": "绿1号", **DAYS}],
        **DAYS,
        **ORIGIN,
    }
    made = bureau.post("/v1/providers", body)
    assert web.get("/v1/providers")["items"] == [made]


def test_a_sanction_is_recorded(bureau: Web) -> None:
    body = {
        "firm": bureau.post("/v1/firms", a_firm())["id"],
        "organ": "财政局",
        "document_number": "伊财罚〔2026〕1号",
        "legal_basis": "国务院令427号第十四条",
        "scope": ["all"],
        "served_on": "2025-12-30",
        **DAYS,
        **ORIGIN,
    }
    assert bureau.post("/v1/sanctions", body)["scope"] == ["all"]


@pytest.mark.parametrize("path", ["firms", "controls", "facts", "leader-lists", "providers", "sanctions"])
def test_nobody_writes_into_a_register(web: Web, path: str) -> None:
    firms = {"firm": a_firm_id(1), "controller": a_firm_id(1), "controlled": a_firm_id(2)}
    bodies: dict[str, dict[str, Any]] = {
        "firms": a_firm(),
        "controls": {
            **DAYS,
            **ORIGIN,
            "controller": firms["controller"],
            "controlled": firms["controlled"],
            "kind": "loan",
        },
        "facts": {**DAYS, **ORIGIN, "firm": firms["firm"], "predicate": "credit_clean", "finding": "true"},
        "leader-lists": a_list(),
        "providers": {**DAYS, **ORIGIN, "firm": firms["firm"], "kind": "data_exchange", "licence_number": "1"},
        "sanctions": {
            **DAYS,
            **ORIGIN,
            "firm": firms["firm"],
            "organ": "局",
            "document_number": "1",
            "legal_basis": "条例",
            "scope": ["all"],
            "served_on": "2025-12-30",
        },
    }
    assert web.post(f"/v1/{path}", bodies[path], 401)["code"] == "unauthenticated"
