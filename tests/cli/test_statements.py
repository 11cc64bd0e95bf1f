"""What is stated of datasets and versions as people type it, against the real service."""

from pathlib import Path

from cli.working import run_once
from tests.cli.desk import At
from tests.world import DATASET, OPEN_DATASET, PUBLISHER, STRANGER, World

VERSION = f"{OPEN_DATASET}@v1"


def test_everything_is_stated_shown_and_proved(at: At, tmp_path: Path) -> None:
    publisher = at(PUBLISHER)
    document = tmp_path / "contract.txt"
    document.write_text("合同", encoding="utf-8")
    right = publisher(
        "dataset", "rights", VERSION, "--right", "holding=自有测风塔", "--evidence", f"holding={document}"
    )
    assert right["body"]["rights"][0]["evidence"].startswith("evd_")
    number = ("data_ip", "知登 2026-1", "登记中心", "2026-01-15")
    publisher("dataset", "registrations", VERSION, "--registration", *number)
    publisher("dataset", "industry", VERSION, "--industry", "D4415", "--key-industry", "smart_energy")
    stranger = at(STRANGER)
    shown = stranger.text("dataset", "show", VERSION)
    for told in ("自有测风塔", "知登 2026-1", "D4415 电力、热力生产和供应业", "智慧能源"):
        assert told in shown
    history = stranger("dataset", "statements", VERSION)
    assert [each["kind"] for each in history][:3] == ["industry", "registrations", "rights"]
    assert all(each["signed_by"] for each in history)
    assert "知登 2026-1" in stranger.text("dataset", "statements", VERSION)


def test_a_grade_is_raised_at_once_and_lowered_by_a_document(at: At, tmp_path: Path) -> None:
    publisher = at(PUBLISHER)
    publisher("dataset", "grade", VERSION, "important", "--basis", "GB/T 43697")
    assert at(STRANGER)("dataset", "access", VERSION)["may_read"] is False
    refused = publisher.run("dataset", "grade", VERSION, "general", "--basis", "aggregated")
    assert refused.code == 7
    assert "file the document of the assessment" in refused.err
    document = tmp_path / "assessment.txt"
    document.write_text("评估报告", encoding="utf-8")
    publisher("dataset", "grade", VERSION, "general", "--basis", "aggregated", "--assessment", str(document))
    assert "(assessed)" in publisher.text("dataset", "show", VERSION)
    assert at(STRANGER)("dataset", "access", VERSION)["may_read"] is True


def test_a_dataset_is_corrected_deprecated_and_restored(at: At, world: World, tmp_path: Path) -> None:
    publisher, stranger = at(PUBLISHER), at(STRANGER)
    publisher.text(
        "dataset", "correct", OPEN_DATASET, "--title", "风电功率", "--licence", "CC0-1.0", "--reason", "更正"
    )
    shown = stranger("dataset", "show", OPEN_DATASET)
    assert (shown["title"], shown["licence"]) == ("风电功率", "CC0-1.0")
    publisher("dataset", "deprecate", OPEN_DATASET, "--reason", "已更换", "--successor", f"{DATASET}@v1")
    assert f"已更换; use {DATASET}@v1" in stranger.text("dataset", "show", OPEN_DATASET)
    assert f"deprecated, use {DATASET}@v1" in stranger.text("search", "风电功率")
    assert f'href="/datasets/{DATASET}">{DATASET}@v1</a>' in world.web.raw("GET", "/?q=风电功率").text
    publisher("dataset", "deprecate", VERSION, "--reason", "仪表有误")
    assert "仪表有误" in stranger.text("dataset", "versions", OPEN_DATASET)
    key = str(world.house.signing_key.verifier)
    pulled = stranger.run("pull", VERSION, "--to", str(tmp_path / "copy"), "--key", key)
    assert pulled.code == 0
    assert f"{VERSION} is deprecated: 仪表有误" in pulled.err
    publisher("dataset", "deprecate", OPEN_DATASET, "--reason", "仍可用", "--take-back")
    assert stranger("dataset", "show", OPEN_DATASET)["deprecation"] is None
    assert publisher.run("dataset", "correct", OPEN_DATASET).code == 2


def test_a_version_is_withdrawn_with_its_reason(at: At) -> None:
    at(PUBLISHER)("dataset", "withdraw", VERSION, "--reason", "仪表有误")
    assert at(STRANGER)("dataset", "show", VERSION)["withdrawn_reason"] == "仪表有误"
    assert at(STRANGER)("dataset", "access", VERSION)["reason"] == "withdrawn"
    assert at(PUBLISHER).run("dataset", "embargo", VERSION, "--now").code == 6
    assert at(PUBLISHER).run("dataset", "withdraw", OPEN_DATASET, "--reason", "x").code == 2


def test_a_lineage_is_printed_as_a_tree(at: At, world: World, tmp_path: Path) -> None:
    publisher = at(PUBLISHER)
    place = tmp_path / "power.csv"
    place.write_text(
        "day,power\n" + "".join(f"2026-01-{day:02d},{day * 7}\n" for day in range(1, 31)), encoding="utf-8"
    )
    stated = (
        "publish", str(place), "--name", "lvtu/daily", "--title", "日功率", "--sector", "new_energy",
        "--licence", "CC-BY-4.0", "--source", "自有", "--message", "首次", "--parent", VERSION,
        "--right", "holding=自有", "--registration", "data_ip", "知登 1", "登记中心", "2026-01-15",
        "--industry", "D44", "--key-industry", "smart_energy", "--embargo-until", "2026-09-01",
    )  # fmt: skip
    assert publisher.run(*stated, "--wait", "1").code == 8
    run_once(world.house)
    publisher(*stated)
    assert at(STRANGER)("dataset", "access", "lvtu/daily@v1")["reason"] == "embargo"
    shown = publisher("dataset", "show", "lvtu/daily@v1")
    assert shown["embargo_until"] == "2026-08-31T16:00:00.000000Z"
    assert (shown["rights"][0]["basis"], shown["industry"]["key_industry"]) == ("自有", "smart_energy")
    tree = publisher.text("dataset", "lineage", VERSION)
    assert tree.splitlines() == [VERSION, "derived from it:", "└─ lvtu/daily@v1, new share 100.00%"]
    assert publisher.text("dataset", "lineage", "lvtu/daily").splitlines()[1:] == ["derives from:", f"└─ {VERSION}"]
    publisher("dataset", "embargo", "lvtu/daily@v1", "--now")
    assert at(STRANGER)("dataset", "access", "lvtu/daily@v1")["may_read"] is True


def test_where_a_version_comes_from_is_corrected_and_what_is_not_named_stays(at: At, tmp_path: Path) -> None:
    publisher = at(PUBLISHER)
    before = publisher("dataset", "show", VERSION)
    correct = ("dataset", "provenance", VERSION, "--reason", "补充")
    publisher(*correct, "--published-before", "2024-05-01 省数据开放平台", "--source-url", "https://data.example.org/1")
    shown = at(STRANGER)("dataset", "show", VERSION)
    assert shown["earlier_publications"] == [{"where": "省数据开放平台", "published_on": "2024-05-01", "url": None}]
    assert (shown["source"], shown["source_url"]) == (before["source"], "https://data.example.org/1")
    assert publisher.run(*correct).code == 6, "nothing is changed"
    assert publisher.run(*correct, "--published-before", "2024-05-01 x", "--never-before").code == 2
    assert publisher.run(*correct, "--published-before", "May 2024").code == 2
    refused = publisher.run(*correct, "--never-before")
    assert refused.code == 7
    assert "file a document that shows it was wrong" in refused.err
    document = tmp_path / "letter.txt"
    document.write_text("平台函", encoding="utf-8")
    made = publisher(*correct, "--never-before", "--origin", "self_built", "--document", str(document))
    assert (made["body"]["origin"], made["body"]["earlier_publications"]) == ("self_built", [])
    history = [each for each in publisher("dataset", "statements", VERSION) if each["kind"] == "provenance"]
    assert [len(each["body"]["earlier_publications"]) for each in history] == [0, 1, 0]
