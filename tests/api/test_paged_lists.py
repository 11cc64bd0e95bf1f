"""Lists of an office that grow without end come page by page: every item once, none twice, in one order."""

from datetime import date, timedelta
from typing import Any

from registry.actors.model import Role
from tests.api.bureau import a_bureau, activated
from tests.api.test_parties import a_firm
from tests.web import Web

COUNT, LIMIT = 5, 2


def pages_of(web: Web, path: str) -> list[list[dict[str, Any]]]:
    """Return every page of a list."""
    found, cursor = [], ""
    while True:
        page = web.get(path, limit=LIMIT, **({"cursor": cursor} if cursor else {}))
        found.append(page["items"])
        cursor = page["next_cursor"]
        if not cursor:
            return found


def assert_whole(web: Web, path: str, made: list[str]) -> None:
    pages = pages_of(web, path)
    assert [len(each) for each in pages] == [2, 2, 1]
    assert [item["id"] for page in pages for item in page] == made
    assert [each["id"] for each in web.get(path)["items"]] == made


def test_ties_absences_and_delegations_come_page_by_page(web: Web) -> None:
    registrar, _ = a_bureau(web)
    officers = {}
    for role in (Role.SECTION_HEAD, Role.LEADER_IN_CHARGE):
        login = role.replace("_", ".")
        made = registrar.post("/v1/officers", {"login": login, "display_name": login, "roles": [role]})
        officers[role] = (made["id"], activated(web, login, made["activation_code"]))
    officer, head = officers[Role.SECTION_HEAD]
    ties, absences, delegations = [], [], []
    day = date(2026, 4, 1)
    for number in range(COUNT):
        firm = registrar.post("/v1/firms", a_firm(number + 1, f"公司{number}"))["id"]
        tie = {"firm": firm, "ground": "own", "note": "持股", "officer": officer}
        ties.append(registrar.post("/v1/office/ties", tie)["id"])
        first, last = day + timedelta(days=10 * number), day + timedelta(days=10 * number + 2)
        days = {"first": first.isoformat(), "last": last.isoformat()}
        absences.append(registrar.post("/v1/office/absences", {"officer": officer, "reason": "培训", **days})["id"])
        given = {"delegate": officers[Role.LEADER_IN_CHARGE][0], "rank": "section_head", "instruments": None}
        given |= {"document_number": f"YZ-SQ-{number}", **days}
        delegations.append(head.post("/v1/office/delegations", given)["id"])
    assert_whole(head, "/v1/office/ties", ties)
    assert_whole(head, "/v1/office/absences", absences)
    assert_whole(head, "/v1/office/delegations", delegations)
