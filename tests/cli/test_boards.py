"""Boards, scenes, the annotation catalog, badges and reviews as people type them."""

from pathlib import Path

from registry.actors.model import Role
from tests import world as small
from tests.cli.desk import At
from tests.world import ADOPTERS, AWARD_LINE, DATASET, OFFICE, PUBLISHER, World


def test_boards_statistics_and_tables(at: At, world: World, tmp_path: Path) -> None:
    registrar = at(OFFICE, Role.REGISTRAR)
    stated = ["--industry", "smart_energy", "--title", "功率预测", "--by", "国家数据局", "--document", "1号"]
    case = registrar("board", "case-add", *stated, "--on", "2026-02-01", "--dataset", DATASET)
    assert case["dataset"] == DATASET
    assert "智慧能源" in registrar.text("board", "show")
    assert registrar("board", "show")[0]["lines"][2]["needed"] == 8
    assert "2026-03" in registrar.text("board", "statistics")
    assert registrar("board", "statistics", "--on", "2026-03-01")["total"]["receipts"] == 0
    target = tmp_path / "cases.csv"
    registrar("board", "export", "typical-cases", "--output", str(target))
    assert case["id"] in target.read_text(encoding="utf-8-sig")
    assert registrar("board", "case-end", case["id"], "--reason", "撤销")["ended_at"]
    assert case["id"] in registrar.text("board", "cases")


def test_a_scene_is_published_answered_and_ended(at: At, world: World) -> None:
    registrar, publisher = at(OFFICE, Role.REGISTRAR), at(PUBLISHER)
    stated = ["--batch", "2026-1", "--title", "故障预警", "--sector", "new_energy", "--need", "振动数据"]
    scene = registrar("scene", "publish", *stated)["id"]
    assert publisher("scene", "answer", scene, DATASET, "--note", "一年")["answers"][0]["dataset"] == DATASET
    assert DATASET in publisher.text("scene", "list")
    assert registrar("scene", "end", scene, "--reason", "已满足")["ended_reason"] == "已满足"


def test_the_annotation_catalog_is_kept(at: At, world: World) -> None:
    registrar = at(OFFICE, Role.REGISTRAR)
    stated = [
        "--department",
        "区交通局",
        "--title",
        "路口视频",
        "--basis",
        "7号",
        "--need",
        "框",
        "--sector",
        "transport",
    ]
    entry = registrar("annotation", "add", *stated, "--size-bytes", "5000")["id"]
    for state in ("authorised", "annotating"):
        registrar("annotation", "move", entry, state, "--note", "进展")
    assert DATASET in registrar.text("annotation", "move", entry, "done", "--note", "验收", "--dataset", DATASET)
    assert "路口视频" in registrar.text("annotation", "list")


def test_an_adoption_is_confirmed_shown_on_a_badge_and_reviewed_after_payment(at: At, world: World) -> None:
    receipt, case = world.ids[f"receipt_{ADOPTERS[0]}"], world.ids["case"]
    assert at(PUBLISHER)("adopt", "countersign", receipt)["countersignature"]["signature"]
    assert "3 of 3" in at(PUBLISHER).text("adopt", "badge", DATASET)
    small.make_payable(world, case)
    small.instruct(world, case, AWARD_LINE)
    small.pay(world, case)
    at(ADOPTERS[0])("adopt", "withdraw", receipt, "--reason", "停用")
    reviewer = at(OFFICE, Role.REVIEWER)
    assert case in reviewer.text("adopt", "reviews")
    ended = reviewer("adopt", "review", receipt, case, "--outcome", "stands", "--reason", "另有第四家")
    assert ended["outcome"] == "stands"
