"""Questions on policy over HTTP: documents as shipped, an instrument explained, a file checked, a verdict."""

from importlib.resources import files
from typing import Any

import pytest

from registry.policy.loader import load_shipped
from tests.api.bureau import a_bureau
from tests.registry.policy.applicants import documents, good_facts
from tests.web import Web

XUNWU = "xunwu-2022-measures"
TEXT = (files("registry.policy") / "instruments" / f"{XUNWU}.toml").read_text(encoding="utf-8")


@pytest.fixture
def bureau(web: Web) -> Web:
    """Return the client of an authority that has loaded Xunwu's measures."""
    registrar = a_bureau(web)[0]
    body = {"document": XUNWU, "issued_on": "2022-05-04", "reference": "寻府办字〔2022〕59号"}
    registrar.post("/v1/policies", body)
    return registrar


def ask(web: Web, instrument: str, status: int = 200, /, **change: Any) -> Any:
    """Ask about an applicant whom every condition is met for, with something changed."""
    facts = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in good_facts(instrument).items()
    }
    facts = {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}
    facts |= change.pop("facts", {})
    found = next(each for document in documents().values() for each in document.instruments if each.id == instrument)
    body = {
        "instrument": instrument,
        "day": "2024-03-01",
        "facts": facts,
        "used": {cap.id: 0 for cap in found.caps},
        "granted_before": False,
        "benefits": [],
        **change,
    }
    answer = web.raw("POST", "/v1/policy-verdicts", json=body)
    assert answer.status_code == status, answer.get_json()
    return answer.get_json()


def ruling(assumption: str, value: str | None = None, decided_on: str = "2024-02-01") -> dict[str, Any]:
    return {
        "document": XUNWU,
        "assumption": assumption,
        "number": "寻客服决〔2024〕1号",
        "decided_on": decided_on,
        "organ": "领导小组办公室",
        "text": "释明。",
        "value": value,
    }


# Documents.


def test_every_revision_is_listed_in_pages(web: Web) -> None:
    found, cursor = [], ""
    while cursor is not None:
        page = web.get("/v1/policy-documents", limit=4, cursor=cursor)
        found += page["items"]
        cursor = page["next_cursor"]
    shipped = [each.revision for each in load_shipped()]
    assert [(e["document"], e["revision"], e["digest"]) for e in found] == [
        (each.document, each.number, str(each.digest)) for each in shipped
    ]
    assert [each["revision"] for each in found if not each["newest"]] == [1, 1]


def test_a_document_that_grants_nothing_shows_why(web: Web) -> None:
    shown = web.get("/v1/policy-documents/liaocheng-2025-measures")
    assert (shown["grants"], shown["procedure"]) == ([], None)
    vouchers = {each["id"]: each for each in shown["external"]}
    assert set(vouchers) == {f"lc-7-{kind}-voucher" for kind in ("corpus", "data", "algorithm", "compute")}
    for each in vouchers.values():
        assert (each["level"], bool(each["decided_by_zh"]), bool(each["decided_by_en"])) == ("provincial", True, True)
        assert {one["about"] for one in each["left_open"]} >= {"amount", "eligibility", "exclusivity"}
    first = web.get("/v1/policy-documents/liaocheng-2025-measures", revision=1)
    assert {each["why"] for each in first["not_computed"] if each["id"] in vouchers} == {"by_reference"}
    assert all(each["reason_zh"] and each["reason_en"] and each["quotes"] for each in shown["not_computed"])


def test_an_earlier_revision_is_still_shown(web: Web) -> None:
    first = web.get("/v1/policy-documents/yizhou-2-year-measures", revision=1)
    newest = web.get("/v1/policy-documents/yizhou-2-year-measures")
    assert (first["revision"], first["newest"], len(first["grants"])) == (1, False, 4)
    assert (newest["revision"], newest["newest"], len(newest["grants"])) == (2, True, 17)


def test_a_document_or_revision_that_is_not_there_is_not_found(web: Web) -> None:
    assert web.get("/v1/policy-documents/nowhere", 404)["code"] == "policy_document_unknown"
    assert web.get(f"/v1/policy-documents/{XUNWU}", 404, revision=2)["code"] == "policy_revision_unknown"


@pytest.mark.parametrize("instrument", [each.id for document in documents().values() for each in document.instruments])
def test_every_instrument_is_explained_in_both_languages_with_its_clause(web: Web, instrument: str) -> None:
    shown = web.get(f"/v1/policy-instruments/{instrument}")
    grant = shown["grant"]
    assert grant["clause"]
    assert grant["quotes"]
    named = [grant["beneficiary"], *grant["evidence"], *grant["requirements"], *grant["exclusivity_keys"]]
    for each in [*named, *(one for required in grant["requirements"] for one in required["evidence"])]:
        assert any("\u4e00" <= character <= "\u9fff" for character in each["text_zh"]), each
        assert each["text_en"] != each["text_zh"]
        assert each["text_en"].isprintable()
    assert {each["id"] for each in shown["places"]} >= set(shown["rulings_needed"])
    assert all(each["reason_zh"] and each["reason_en"] and each["clause"] for each in shown["places"])


def test_a_payment_waits_for_rulings_and_says_which(web: Web, bureau: Web) -> None:
    before = web.get("/v1/policy-instruments/xw-6-hired")
    assert before["payment"].startswith("Payable only after a ruling on: ")
    assert all(each in before["payment"] for each in before["rulings_needed"])
    for each in before["rulings_needed"]:
        bureau.post("/v1/rulings", ruling(each))
    after = web.get("/v1/policy-instruments/xw-6-hired")
    assert (after["rulings_needed"], after["payment"]) == ([], "No ruling is needed for the amount that is due.")
    assert {each["ruling"] for each in after["places"]} == {"寻客服决〔2024〕1号"}


def test_the_sentence_is_chinese_for_who_reads_chinese(web: Web, bureau: Web) -> None:
    answer = web.raw("GET", "/v1/policy-instruments/xw-6-hired", headers={"Accept-Language": "zh"})
    assert answer.get_json()["payment"].startswith("须先就下列事项作出决定，方可支付：")


# Files.


def check(web: Web, text: str, status: int = 200) -> Any:
    answer = web.raw("POST", "/v1/policy-checks", json={"name": "mine.toml", "text": text})
    assert answer.status_code == status
    return answer.get_json()


def test_a_released_file_is_right(web: Web) -> None:
    shown = check(web, TEXT)
    assert (shown["document"], shown["revision"], shown["released"], len(shown["instruments"])) == (XUNWU, 1, True, 19)


def test_a_next_revision_is_right_and_not_released(web: Web) -> None:
    shown = check(
        web, TEXT.replace("revision = 1\n", "revision = 2\n").replace("fen = 500_000_000", "fen = 600_000_000")
    )
    assert (shown["revision"], shown["released"], shown["newest"]) == (2, False, True)


def test_a_released_revision_that_was_edited_is_refused(web: Web) -> None:
    refused = check(web, TEXT.replace("fen = 500_000_000", "fen = 600_000_000"), 409)
    assert (refused["code"], refused["parameters"]["next"]) == ("policy_revision_released", 2)


def test_a_wrong_file_is_refused_with_the_line(web: Web) -> None:
    line = TEXT[: TEXT.index("fen = 500_000_000")].count("\n") + 1
    refused = check(web, TEXT.replace("fen = 500_000_000", "fen = 0"), 400)
    assert (refused["code"], refused["parameters"]["line"]) == ("policy_number_out_of_range", line)
    assert f"mine.toml:{line}" in refused["detail"]


# Verdicts.


def test_a_verdict_says_what_is_due_and_what_waits(web: Web, bureau: Web) -> None:
    found = ask(web, "xw-1-new", facts={"seats": 300})
    assert (found["met"], found["amount_text"], found["held_text"]) == (True, "¥900,000.00", "¥600,000.00")
    assert found["amount_capitals"] == "玖拾万元整"
    assert (found["payable_fen"], "xw-1.at-300" in found["disputed"]) == (0, True)
    assert found["payment"].startswith("Payable only after a ruling on: ")
    assert "xw-1.at-300" not in found["rulings_needed"]
    assert found["facts"]["seats"] == 300


def test_rulings_make_the_undisputed_amount_payable_forward_only(web: Web, bureau: Web) -> None:
    needed = ask(web, "xw-1-new", facts={"seats": 300})["rulings_needed"]
    for each in needed:
        bureau.post("/v1/rulings", ruling(each))
    found = ask(web, "xw-1-new", facts={"seats": 300})
    assert (found["payable_fen"], found["rulings_needed"]) == (90_000_000, [])
    assert {each["assumption"] for each in found["rulings"]} == set(needed)
    # The day before the rulings nothing has changed.
    before = ask(web, "xw-1-new", facts={"seats": 300, "event_on": "2024-01-10"}, day="2024-01-31")
    assert (before["payable_fen"], before["rulings"], set(before["rulings_needed"])) == (0, [], set(needed))


def test_a_ruling_on_a_contradiction_leaves_one_reading(web: Web, bureau: Web) -> None:
    bureau.post("/v1/rulings", ruling("xw-1.at-300", "upper_tier"))
    found = ask(web, "xw-1-new", facts={"seats": 300, "decided_amount": 150_000_000})
    assert (found["amount_text"], found["held_fen"]) == ("¥1,500,000.00", 0)
    assert {each["readings"][0] for each in found["readings"]} == {"upper_tier"}


def test_what_is_unknown_is_named_and_helps_nobody(web: Web, bureau: Web) -> None:
    found = ask(web, "xw-1-new", facts={"seats": None}, granted_before=None, benefits=None, used={})
    unknown = {each["parameters"]["id"] for each in found["conditions"] if each["finding"] == "unknown"}
    assert unknown == {"seats", "once_per", "exclusivity", "xw-1-new-firm", "xw-pool"}
    assert (found["amount_fen"], found["held_fen"], found["would_be_fen"]) == (0, 0, None)
    assert all(each["clause"] for each in found["conditions"])


def test_a_like_benefit_of_another_policy_excludes(web: Web, bureau: Web) -> None:
    other = {
        "document": "yizhou-2-year-measures",
        "instrument": "yz-12-seat",
        "group": "seat-subsidy",
        "keys": {},
        "issued_on": "2026-01-15",
        "amount_fen": 1,
    }
    assert ask(web, "xw-1-new", benefits=[other])["amount_fen"] == 0
    assert ask(web, "xw-1-new", benefits=[{**other, "active": False}])["amount_fen"] == 75_000_000


def test_the_same_question_has_the_same_answer(web: Web, bureau: Web) -> None:
    assert ask(web, "xw-1-new") == ask(web, "xw-1-new")


def test_a_suspended_instrument_says_so(web: Web, bureau: Web) -> None:
    (holds, *_) = ask(web, "xw-3-tax", day="2024-09-02")["conditions"]
    assert (holds["finding"], holds["parameters"]["status"]) == ("unmet", "suspended")


def test_nobody_has_loaded_it_and_the_issue_date_is_not_stated(web: Web) -> None:
    (holds, *_) = ask(web, "yz-12-seat", day="2026-09-10")["conditions"]
    assert (holds["finding"], holds["parameters"]["status"]) == ("unmet", "not_issued")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"facts": {"seat": 300}}, 400, "policy_fact_unknown"),
        ({"facts": {"seats": "300"}}, 400, "policy_type_wrong"),
        ({"facts": {"seats": -1}}, 400, "policy_type_wrong"),
        ({"instrument": "xw-99"}, 404, "policy_instrument_unknown"),
        ({"authority": "auth_00000000000000000000000000000000"}, 404, "policy_not_loaded"),
        ({"day": "0001-01-01"}, 400, "day_out_of_range"),
    ],
)
def test_a_question_that_cannot_be_is_refused(web: Web, change: dict[str, Any], status: int, code: str) -> None:
    assert ask(web, "xw-1-new", status, **change)["code"] == code


def test_an_open_ended_document_has_no_last_day(web: Web, bureau: Web) -> None:
    shown = web.get(f"/v1/policies/{XUNWU}")
    assert (shown["last_day"], shown["claims_until"]) == (None, None)
    assert shown["years"] == [2022, 2023, 2024, 2025, 2026]
