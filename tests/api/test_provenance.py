"""Where a version comes from is corrected by its owner, as a signed statement that keeps what was stated before."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cli.working import run_once
from registry.journal.records import entries
from registry.journal.service import sequence, verify_log
from registry.manifests import signatures
from registry.values.identifiers import EvidenceId
from tests import world as steps
from tests.world import DATASET, OPEN_DATASET, PUBLISHER, STRANGER, World

BASE = f"/v1/datasets/{OPEN_DATASET}/versions/v1"
EARLY = {"where": "省数据开放平台", "published_on": "2024-05-01", "url": None}
STATED = {"origin": "enterprise", "source": "自建测风塔", "reason": "更正"}
STATEMENT = "application/vnd.sancai.statement+json"


def corrected(world: World, status: int = 201, base: str = BASE, party: str = PUBLISHER, **stated: Any) -> Any:
    return world.as_(party).post(f"{base}/statements/provenance", STATED | stated, status=status)


def history(world: World) -> list[Any]:
    """Return what was stated of where the version comes from, the newest first."""
    found: list[Any] = world.web.get(f"{BASE}/statements", limit=100)["items"]
    return [each for each in found if each["kind"] == "provenance"]


def derived(world: World, name: str, seed: int, *parents: str) -> str:
    """Publish a dataset of ``parents`` and return the path of its version."""
    client, content = world.as_(PUBLISHER), steps.table(seed)
    client.post("/v1/datasets", steps.dataset_body(name))
    draft = client.post(f"/v1/datasets/{name}/drafts", steps.draft_body(parents=list(parents)))["id"]
    steps.send(client, steps.add_file(client, draft, "data.csv", len(content)), content)
    client.post(f"/v1/drafts/{draft}/submit", status=200)
    run_once(world.house)
    client.post(f"/v1/drafts/{draft}/publish", {})
    return f"/v1/datasets/{name}/versions/v1"


def test_a_correction_is_signed_journaled_and_leaves_what_was_stated_in_the_history(world: World) -> None:
    before = world.web.get(BASE)
    made = corrected(world, source="自建测风塔与气象站", earlier_publications=[EARLY])
    now = world.web.get(BASE)
    assert (now["source"], now["earlier_publications"]) == ("自建测风塔与气象站", [EARLY])
    kept = ("content_digest", "manifest_digest", "message", "contributors", "desensitised", "published_at", "grade")
    assert {name: now[name] for name in kept} == {name: before[name] for name in kept}
    latest, first = history(world)
    assert (latest["id"], latest["body"]["reason"], latest["body"]["evidence"]) == (made["id"], "更正", None)
    assert (first["body"]["source"], first["body"]["earlier_publications"]) == (before["source"], [])
    opened = signatures.verify(json.dumps(latest["envelope"]).encode(), [world.house.signing_key.public_key], STATEMENT)
    assert json.loads(opened)["body"] == latest["body"]
    assert sequence(world.house.database, world.house.clock, world.house.signing_key)
    with world.house.view() as view:
        types = view.connection.execute(select(entries.c.type)).scalars().all()
        assert verify_log(view.connection, [world.house.signing_key.verifier]) is not None
    assert types.count("catalog.provenance_stated") == 1


def test_an_earliest_publication_moves_to_a_later_day_only_with_a_document(world: World) -> None:
    corrected(world, earlier_publications=[EARLY])
    corrected(world, earlier_publications=[EARLY | {"published_on": "2024-04-01"}])
    later = {"earlier_publications": [EARLY]}
    for moved in (later, {"earlier_publications": []}):
        refused = corrected(world, 422, **moved)
        assert (refused["code"], refused["obstacles"][0]["parameters"]["stated"]) == (
            "earlier_publication_unproved",
            "2024-04-01",
        )
    made = corrected(world, evidence=steps.file_evidence(world.as_(PUBLISHER), "other", b"letter"), **later)
    assert made["body"]["evidence"]["sha256"]
    assert world.web.get(BASE)["earlier_publications"] == [EARLY]
    assert len(history(world)) == 4


def test_data_of_a_third_party_is_said_at_once_and_unsaid_only_with_a_document(world: World) -> None:
    theirs = {"origin": "third_party", "source_licence": "CC-BY-4.0"}
    assert corrected(world, 422, origin="third_party")["code"] == "source_licence_missing"
    corrected(world, origin="self_built")
    corrected(world, **theirs)
    assert world.web.get(BASE)["origin"] == "third_party"
    for own in ("enterprise", "self_built"):
        assert corrected(world, 422, origin=own)["code"] == "origin_unproved"
    corrected(world, evidence=steps.file_evidence(world.as_(PUBLISHER), "other", b"letter"), origin="self_built")
    assert world.web.get(BASE)["origin"] == "self_built"


def test_a_parent_is_added_and_its_grade_holds_for_all_that_derives(world: World) -> None:
    world.clock.advance(timedelta(hours=1))
    child = derived(world, "lvtu/child", 61)
    grandchild = derived(world, "lvtu/grandchild", 62, "lvtu/child@v1")
    grade = {"grade": "important", "basis": "GB/T 43697"}
    world.as_(PUBLISHER).post(f"{BASE}/statements/grade", grade)
    corrected(world, base=child, parents=[f"{OPEN_DATASET}@v1"])
    shown = [world.web.get(each) for each in (child, grandchild)]
    assert [each["grade"] for each in shown] == ["important", "important"]
    assert (shown[0]["parents"], shown[0]["new_share_bp"]) == ([f"{OPEN_DATASET}@v1"], None)
    nodes = world.web.get(f"{grandchild}/lineage")["nodes"]
    assert {each["name"] for each in nodes} == {"lvtu/grandchild@v1", "lvtu/child@v1", f"{OPEN_DATASET}@v1"}
    # A parent that was stated stays, whatever a later correction names.
    corrected(world, base=child, source="另一来源")
    assert world.web.get(child)["parents"] == [f"{OPEN_DATASET}@v1"]


def test_nothing_derives_from_itself_or_from_what_came_later(world: World) -> None:
    derived(world, "lvtu/child", 61, f"{OPEN_DATASET}@v1")
    for parent in (f"{OPEN_DATASET}@v1", "lvtu/child@v1"):
        refused = corrected(world, 422, parents=[parent])
        assert (refused["code"], refused["parameters"]["parent"]) == ("parent_not_before", parent)


@pytest.mark.parametrize(
    ("stated", "status", "code"),
    [
        ({}, 409, "provenance_unchanged"),
        ({"reason": " "}, 400, "text_characters"),
        ({"source": ""}, 400, "text_length"),
        ({"source": "行\x07"}, 400, "text_characters"),
        ({"origin": "stolen"}, 400, "request_invalid"),
        ({"invented": 1}, 400, "request_invalid"),
        ({"earlier_publications": [EARLY | {"published_on": "2999-01-01"}]}, 400, "day_to_come"),
        ({"earlier_publications": [EARLY | {"published_on": "2024-02-30"}]}, 400, "day_malformed"),
        ({"earlier_publications": [EARLY | {"where": ""}]}, 400, "text_length"),
        ({"parents": [f"{DATASET}@v1", f"{DATASET}@v1"]}, 400, "parent_twice"),
        ({"parents": ["lvtu/none@v1"]}, 404, "dataset_not_found"),
        ({"parents": [DATASET]}, 400, "version_malformed"),
        ({"source": "x", "evidence": "evd_0"}, 400, "identifier_malformed"),
        ({"source": "x", "evidence": str(EvidenceId.new())}, 404, "evidence_not_found"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused_and_leaves_nothing(
    world: World, stated: dict[str, Any], status: int, code: str
) -> None:
    before = world.web.get(BASE)
    given = {"source": before["source"], "origin": before["origin"]} | stated
    assert corrected(world, status, **given)["code"] == code
    assert (world.web.get(BASE), len(history(world))) == (before, 1)


def test_only_the_owner_of_a_version_that_is_there_corrects_it(world: World) -> None:
    assert corrected(world, 404, party=STRANGER)["code"] == "dataset_not_found"
    assert corrected(world, 404, base=f"/v1/datasets/{OPEN_DATASET}/versions/v9")["code"] == ("version_not_found")
    world.as_(PUBLISHER).post(f"{BASE}/withdraw", {"reason": "仪表有误"}, status=200)
    corrected(world, earlier_publications=[EARLY])
    assert len(history(world)) == 2, "what was withdrawn is corrected as well, since others derive from it"
