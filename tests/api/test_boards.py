"""Badges, boards, lists and reviews over HTTP and as pages."""

import csv
import io
import re
from typing import Any

import pytest
from werkzeug.test import Client

from api import board_pages
from registry.actors.model import Role
from tests import world as steps
from tests.api.samples import ANNOTATION, SCENE, TYPICAL_CASE
from tests.web import Web
from tests.world import ADOPTERS, AWARD_LINE, BUYER, DATASET, OFFICE, OTHER_OFFICE, PUBLISHER, World

BADGE = f"/v1/datasets/{DATASET}/adoption/badge"


@pytest.fixture
def registrar(world: World) -> Web:
    return world.as_(OFFICE, Role.REGISTRAR)


@pytest.fixture
def reader(world: World) -> Client:
    """A browser of somebody who is not signed in."""
    return world.web.app.test_client()


def refused(client: Web, path: str, body: dict[str, Any], status: int) -> str:
    answer = client.raw("POST", path, json=body, headers={"Idempotency-Key": f"refused-{path}-{len(str(body))}"})
    assert answer.status_code == status, answer.data
    return str(answer.get_json()["code"])


def test_a_badge_shows_the_count_of_its_content_and_is_sent_once(world: World, reader: Client) -> None:
    shown = world.web.get(f"{BADGE}.json", digest=world.ids[DATASET])
    assert (shown["schemaVersion"], shown["label"], shown["message"]) == (1, "adopted", "3 of 3")
    assert (shown["state"], shown["digest"], shown["isError"]) == ("current", world.ids[DATASET], False)
    assert world.web.get(f"{BADGE}.json", language="zh")["message"] == "3 / 3 家"
    drawn = reader.get(f"{BADGE}.svg?digest={world.ids[DATASET]}")
    assert drawn.content_type.startswith("image/svg+xml")
    assert "3 of 3" in drawn.text
    assert world.ids[DATASET] in drawn.text
    assert "max-age" in drawn.headers["Cache-Control"]
    again = reader.get(f"{BADGE}.svg?digest={world.ids[DATASET]}", headers={"If-None-Match": drawn.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    chinese = reader.get(f"{BADGE}.svg", headers={"Accept-Language": "zh", "If-None-Match": drawn.headers["ETag"]})
    assert (chinese.status_code, "采信" in chinese.text) == (200, True)


def test_a_badge_breaks_when_the_content_changes(world: World, reader: Client) -> None:
    before = world.ids[DATASET]
    tag = reader.get(f"{BADGE}.svg?digest={before}").headers["ETag"]
    client = world.as_(PUBLISHER)
    draft = str(client.post(f"/v1/datasets/{DATASET}/drafts", steps.draft_body(message="更正"))["id"])
    content = steps.table(77)
    steps.send(client, steps.add_file(client, draft, "data/wind.csv", len(content)), content)
    client.post(f"/v1/drafts/{draft}/submit", status=200)
    steps.run_once(world.house)
    after = client.post(f"/v1/drafts/{draft}/publish")["content_digest"]
    old = world.web.get(f"{BADGE}.json", digest=before)
    assert (old["state"], old["isError"], old["counted"]) == ("changed", True, None)
    assert old["message"] == "content has changed"
    changed = reader.get(f"{BADGE}.svg?digest={before}", headers={"If-None-Match": tag})
    assert (changed.status_code, "content has changed" in changed.text) == (200, True)
    assert world.web.get(f"{BADGE}.json", digest=after)["state"] == "current"
    assert world.web.get(f"{BADGE}.json", digest="sha256:" + "7" * 64)["state"] == "foreign"
    client.post(f"/v1/datasets/{DATASET}/versions/v1/withdraw", {"reason": "旧版"}, status=200)
    assert world.web.get(f"{BADGE}.json", digest=before)["state"] == "withdrawn"


def test_the_page_of_a_dataset_shows_its_badge_and_who_was_confirmed(world: World, reader: Client) -> None:
    receipt = world.ids[f"receipt_{ADOPTERS[0]}"]
    made = world.as_(PUBLISHER).post(f"/v1/adoptions/{receipt}/countersign", status=200)
    assert made["countersignature"]["signature"]
    shown = reader.get(f"/datasets/{DATASET}").text
    assert f"badge.svg?digest={world.ids[DATASET]}" in shown
    assert shown.count("confirmed by the publisher") == 1
    judged = world.web.get(f"/v1/datasets/{DATASET}/adoption")["receipts"]
    assert [each["countersigned"] for each in judged] == [True, False, False]


def test_a_withdrawal_after_the_payment_opens_a_review_of_the_office_that_paid(world: World) -> None:
    receipt, case = world.ids[f"receipt_{ADOPTERS[0]}"], world.ids["case"]
    steps.make_payable(world, case)
    steps.instruct(world, case, AWARD_LINE)
    steps.pay(world, case)
    reviewer = world.as_(OFFICE, Role.REVIEWER)
    assert reviewer.get("/v1/adoption-reviews")["items"] == []
    world.as_(ADOPTERS[0]).post(f"/v1/adoptions/{receipt}/withdraw", {"reason": "停用"}, status=200)
    [opened] = reviewer.get("/v1/adoption-reviews")["items"]
    assert (opened["receipt"], opened["case"], opened["outcome"]) == (receipt, case, None)
    assert (opened["counted"], opened["needed"]) == (2, 3)
    assert world.as_(OTHER_OFFICE, Role.REVIEWER).get("/v1/adoption-reviews")["items"] == []
    answer = {"case": case, "outcome": "recover", "reason": "采信不足三家"}
    path = f"/v1/adoption-reviews/{receipt}/answer"
    assert refused(world.as_(OTHER_OFFICE, Role.REVIEWER), path, answer, 404) == "review_not_found"
    assert reviewer.post(path, answer, status=200)["outcome"] == "recover"
    assert refused(reviewer, path, {**answer, "reason": "again"}, 409) == "review_answered_already"


def test_a_withdrawal_before_the_payment_needs_no_review(world: World) -> None:
    receipt = world.ids[f"receipt_{ADOPTERS[0]}"]
    world.as_(ADOPTERS[0]).post(f"/v1/adoptions/{receipt}/withdraw", {"reason": "停用"}, status=200)
    assert world.as_(OFFICE, Role.REVIEWER).get("/v1/adoption-reviews")["items"] == []


def test_boards_count_what_is_published_and_recognised(world: World, registrar: Web, reader: Client) -> None:
    industry = {"key_industry": "smart_energy"}
    world.as_(PUBLISHER).post(f"/v1/datasets/{DATASET}/versions/v1/statements/industry", industry)
    made = registrar.post("/v1/typical-cases", TYPICAL_CASE | {"dataset": DATASET})

    def energy() -> dict[str, Any]:
        [board] = world.web.get("/v1/boards")["items"]
        [line] = [each for each in board["lines"][0]["industries"] if each["industry"] == "smart_energy"]
        return dict(line)

    assert (energy()["datasets"], energy()["quality_datasets"], energy()["cases"]) == (1, 1, 1)
    [board] = world.web.get("/v1/boards")["items"]
    lines = {each["id"]: each for each in board["lines"]}
    assert (lines["models"]["reached"], lines["quality-sectors"]["reached"]) == (3, 1)
    shown = reader.get("/boards", headers={"Accept-Language": "zh"}).text
    assert "1770TB" in shown
    assert "目标看板" in shown
    path = f"/v1/typical-cases/{made['id']}/end"
    assert refused(world.as_(OTHER_OFFICE, Role.REGISTRAR), path, {"reason": "x"}, 404) == "typical_case_not_found"
    registrar.post(path, {"reason": "撤销"}, status=200)
    assert energy()["cases"] == 0


def test_statistics_follow_a_withdrawal_and_the_day(world: World) -> None:
    now = world.web.get("/v1/adoption-statistics")
    assert (now["total"]["receipts"], now["total"]["adopters"], now["total"]["models"]) == (3, 3, 3)
    assert [(each["key"], each["receipts"]) for each in now["sectors"]] == [("new_energy", 3)]
    assert now["months"] == [{"month": "2026-03", "receipts": 3, "total": 3}]
    receipt = world.ids[f"receipt_{ADOPTERS[0]}"]
    world.as_(ADOPTERS[0]).post(f"/v1/adoptions/{receipt}/withdraw", {"reason": "停用"}, status=200)
    assert world.web.get("/v1/adoption-statistics")["total"]["receipts"] == 2
    assert world.web.get("/v1/adoption-statistics", on="2026-03-01")["total"]["receipts"] == 0


def test_a_scene_is_answered_by_its_publisher_and_ended_by_who_published_it(
    world: World, registrar: Web, reader: Client
) -> None:
    scene = registrar.post("/v1/scenes", SCENE)["id"]
    answer = {"dataset": DATASET, "note": "含一年振动数据"}
    made = world.as_(PUBLISHER).post(f"/v1/scenes/{scene}/answers", answer, status=200)
    assert [each["dataset"] for each in made["answers"]] == [DATASET]
    again = refused(world.as_(PUBLISHER), f"/v1/scenes/{scene}/answers", {**answer, "note": "again"}, 409)
    assert again == "scene_answered_already"
    empty = {"dataset": "lvtu/later", "note": "x"}
    assert refused(world.as_(PUBLISHER), f"/v1/scenes/{scene}/answers", empty, 409) == "scene_answer_unpublished"
    own = world.as_(BUYER).post("/v1/scenes", SCENE | {"title": "=cmd()"})["id"]
    assert refused(world.as_(BUYER), f"/v1/scenes/{scene}/end", {"reason": "x"}, 404) == "scene_not_found"
    assert refused(registrar, f"/v1/scenes/{own}/end", {"reason": "x"}, 404) == "scene_not_found"
    assert DATASET in reader.get("/scenes").text
    assert f'href="/scenes/{scene}"' in reader.get(f"/datasets/{DATASET}").text
    shown = reader.get(f"/scenes/{scene}").text
    assert DATASET in shown
    assert own not in shown
    assert reader.get("/scenes/scn_" + "0" * 32).status_code == 404
    registrar.post(f"/v1/scenes/{scene}/end", {"reason": "已满足"}, status=200)
    assert refused(world.as_(PUBLISHER), f"/v1/scenes/{scene}/answers", answer, 409) == "list_entry_ended"
    table = reader.get("/v1/adoption-tables/scenes")
    assert table.content_type == "text/csv; charset=utf-8"
    assert table.data.startswith("\ufeff".encode())
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(table.data.decode("utf-8-sig")))}
    assert rows[scene]["datasets"] == DATASET
    assert rows[own]["title"] == "'=cmd()"


@pytest.mark.parametrize(
    ("path", "body", "web_page"),
    [
        ("/v1/scenes", SCENE, "/scenes"),
        ("/v1/annotation-catalog", ANNOTATION, "/annotation-catalog"),
        ("/v1/typical-cases", TYPICAL_CASE, ""),
    ],
)
def test_lists_come_page_by_page_the_newest_first(
    registrar: Web, reader: Client, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, Any], web_page: str
) -> None:
    made = [registrar.post(path, body | {"title": f"{number}"})["id"] for number in range(3)]
    first = registrar.get(path, limit=2)
    second = registrar.get(path, limit=2, cursor=first["next_cursor"])
    assert [each["id"] for each in (*first["items"], *second["items"])] == made[::-1]
    assert second["next_cursor"] is None
    if web_page:
        monkeypatch.setattr(board_pages, "SHOWN_AT_ONCE", 2)
        [link] = re.findall(r'rel="next" href="([^"]+)"', reader.get(web_page).text)
        assert 'rel="next"' not in reader.get(link).text
        assert reader.get(f"{web_page}?cursor=nonsense").status_code == 400


def test_the_annotation_catalog_moves_step_by_step(world: World, registrar: Web, reader: Client) -> None:
    entry = registrar.post("/v1/annotation-catalog", ANNOTATION)
    assert (entry["state"], entry["department"], entry["authorisation_basis"]) == (
        "planned",
        "区交通局",
        "伊数发〔2026〕7号",
    )
    path = f"/v1/annotation-catalog/{entry['id']}/steps"
    early = {"state": "annotating", "note": "开始"}
    assert refused(registrar, path, early, 409) == "annotation_move_refused"
    named = {"state": "authorised", "note": "已签", "dataset": DATASET}
    assert refused(registrar, path, named, 400) == "annotation_dataset_early"
    other = world.as_(OTHER_OFFICE, Role.REGISTRAR)
    assert refused(other, path, {"state": "authorised", "note": "x"}, 404) == "annotation_not_found"
    for state in ("authorised", "annotating"):
        registrar.post(path, {"state": state, "note": "进展"}, status=200)
    done = registrar.post(path, {"state": "done", "note": "验收", "dataset": DATASET}, status=200)
    assert (done["state"], done["dataset"], len(done["steps"])) == ("done", DATASET, 4)
    assert world.web.get("/v1/annotation-catalog")["items"] == [done]
    assert "路口视频" in reader.get("/annotation-catalog").text
    table = reader.get("/v1/adoption-tables/annotation-catalog").data.decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(table))
    assert (row["state"], row["dataset"], row["size_bytes"]) == ("done", DATASET, "5000")


@pytest.mark.parametrize("table", ["boards", "sectors", "adopters", "months", "typical-cases"])
def test_every_table_is_exported_with_as_many_cells_as_columns(reader: Client, table: str) -> None:
    rows = list(csv.reader(io.StringIO(reader.get(f"/v1/adoption-tables/{table}").data.decode("utf-8-sig"))))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) > 1 or table == "typical-cases"


def test_a_table_that_is_not_there_names_those_that_are(reader: Client) -> None:
    answer = reader.get("/v1/adoption-tables/money")
    assert (answer.status_code, "annotation-catalog" in answer.get_json()["detail"]) == (404, True)
