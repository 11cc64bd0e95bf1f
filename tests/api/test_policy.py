"""Policy over HTTP: loading, rulings, and what anyone may read of them."""

from typing import Any

import pytest

from tests.api.bureau import a_bureau
from tests.web import Web

DOCUMENT = "yizhou-2-year-measures"


@pytest.fixture
def bureau(web: Web) -> Web:
    return a_bureau(web)[0]


def load(bureau: Web, status: int = 201, **change: str) -> Any:
    body = {"document": DOCUMENT, "issued_on": "2026-01-15", "reference": "伊区政办发〔2026〕1号", **change}
    return bureau.post("/v1/policies", body, status)


def a_ruling(assumption: str = "yz.notice-days", value: str | None = "10", **change: str) -> dict[str, Any]:
    return {
        "document": DOCUMENT,
        "assumption": assumption,
        "number": "伊数决〔2026〕1号",
        "decided_on": "2026-03-02",
        "organ": "数发局",
        "text": "公示十日。",
        "value": value,
        **change,
    }


def test_a_loaded_document_is_public_with_its_term(web: Web, bureau: Web) -> None:
    load(bureau)
    (shown,) = web.get("/v1/policies")["items"]
    assert (shown["document"], shown["last_day"], shown["status"]) == (DOCUMENT, "2028-01-14", "in_force")
    assert shown["years"] == [2026, 2027, 2028]


def test_a_document_that_nobody_loaded_is_not_found(web: Web) -> None:
    assert web.get(f"/v1/policies/{DOCUMENT}", 404)["code"] == "policy_not_loaded"


def test_every_silent_place_is_shown_with_its_reason(web: Web, bureau: Web) -> None:
    load(bureau)
    shown = web.get(f"/v1/policies/{DOCUMENT}")
    by_id = {each["id"]: each for each in shown["assumptions"]}
    assert by_id["yz.notice-days"]["value"] == 7
    assert by_id["yz.notice-days"]["open"] is True
    assert by_id["yz.issue-date"]["open"] is False
    assert by_id["yz-14b.score-table"]["default"][0]["amount_fen"] == 10_000_000


def test_a_ruling_is_public_and_answers_its_assumption(web: Web, bureau: Web) -> None:
    load(bureau)
    entered = bureau.post("/v1/rulings", a_ruling())
    assert web.get("/v1/rulings", document=DOCUMENT)["items"] == [entered]
    shown = web.get(f"/v1/policies/{DOCUMENT}")
    (notice,) = [each for each in shown["assumptions"] if each["id"] == "yz.notice-days"]
    assert (notice["open"], notice["value"], notice["rulings"]) == (False, 10, [entered])
    assert all("yz.notice-days" not in each["open_assumptions"] for each in shown["instruments"])


def test_rulings_come_in_pages(web: Web, bureau: Web) -> None:
    load(bureau)
    made = [
        bureau.post("/v1/rulings", a_ruling(each, None))["id"]
        for each in ("yz.notice-days", "yz.claims-window", "yz.allocation")
    ]
    first = web.get("/v1/rulings", limit=2)
    second = web.get("/v1/rulings", limit=2, cursor=first["next_cursor"])
    assert [each["id"] for each in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None


def test_policies_come_in_pages(web: Web, bureau: Web) -> None:
    load(bureau)
    load(a_bureau(web, "hami")[0])
    first = web.get("/v1/policies", limit=1)
    second = web.get("/v1/policies", limit=1, cursor=first["next_cursor"])
    assert len({each["authority"] for each in first["items"] + second["items"]}) == 2
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"document": "nowhere"}, 404, "policy_document_unknown"),
        ({"issued_on": "2026-03-03"}, 422, "policy_issued_ahead"),
        ({"issued_on": "0001-01-01"}, 400, "day_out_of_range"),
        ({"issued_on": "2026-02-30"}, 400, "request_invalid"),
        ({"reference": ""}, 400, "text_missing"),
    ],
)
def test_a_loading_that_cannot_be_is_refused(
    web: Web, bureau: Web, change: dict[str, str], status: int, code: str
) -> None:
    assert load(bureau, status, **change)["code"] == code
    assert web.get("/v1/policies")["items"] == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (a_ruling("yz.unheard-of"), 404, "policy_assumption_unknown"),
        (a_ruling(value="a week"), 400, "policy_type_wrong"),
        (a_ruling(decided_on="2026-03-03"), 422, "ruling_dated_ahead"),
        (a_ruling("yz.issue-date", "2026-01-16"), 422, "policy_issue_date_differs"),
    ],
)
def test_a_ruling_that_cannot_be_is_refused(
    web: Web, bureau: Web, body: dict[str, Any], status: int, code: str
) -> None:
    load(bureau)
    assert bureau.post("/v1/rulings", body, status)["code"] == code
    assert web.get("/v1/rulings")["items"] == []


def test_nobody_loads_or_rules(web: Web) -> None:
    assert load(web, 401)["code"] == "unauthenticated"
    assert web.post("/v1/rulings", a_ruling(), 401)["code"] == "unauthenticated"


@pytest.mark.parametrize("cursor", ["x", "WzEsMiwzXQ", "WzEsMl0"])
def test_a_cursor_of_another_list_is_refused(web: Web, cursor: str) -> None:
    assert web.get("/v1/policies", 400, cursor=cursor)["code"] == "cursor_malformed"
