"""``sancai policy list --shipped | show --shipped | explain | check | verdict`` in processes, in both languages."""

import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from tests.cli.runner import Ran, sancai
from tests.live import live
from tests.web import Web

TEXT = (files("registry.policy") / "instruments" / "xunwu-2022-measures.toml").read_text(encoding="utf-8")

Run = Callable[..., Ran]


@pytest.fixture
def run(web: Web) -> Iterator[Run]:
    """Run a command as anybody, in English or in the language stated."""
    with live(lambda _: web.app) as url:
        yield lambda *arguments, language="en": sancai(*arguments, SANCAI_URL=url, SANCAI_LANG=language)


def test_the_documents_that_come_with_the_service_are_listed(run: Run) -> None:
    listed = [line.split("\t") for line in run("policy", "list", "--shipped").out.splitlines()]
    assert [(row[0], row[1], row[4], row[5]) for row in listed[1:]] == [
        ("datong-2022-policies", "1", "7", "5"),
        ("datong-2024-base-plan", "1", "0", "10"),
        ("liaocheng-2025-measures", "1", "0", "14"),
        ("liaocheng-2025-measures", "2", "0", "10"),
        ("xunwu-2022-measures", "1", "19", "5"),
        ("yizhou-2-year-measures", "1", "4", "0"),
        ("yizhou-2-year-measures", "2", "17", "5"),
    ]


@pytest.mark.parametrize(
    ("language", "amount", "reason"),
    [
        ("en", "xw-4-revenue\tAward for the revenue of the first year\tS2 cl.4\t", "xw-16-special\tCase by case"),
        ("zh", "xw-4-revenue\t首年营业收入奖励\tS2 cl.4\t", "xw-16-special\t“一事一议”“一企一策”\tS2 cl.16\t"),
    ],
)
def test_a_document_is_shown_with_what_is_not_computed(run: Run, language: str, amount: str, reason: str) -> None:
    shown = run("policy", "show", "xunwu-2022-measures", "--shipped", language=language).out
    assert amount in shown
    assert reason in shown


def test_an_earlier_revision_is_shown(run: Run) -> None:
    shown = run("policy", "show", "yizhou-2-year-measures", "--shipped", "--revision", "1", "--json")
    assert len(json.loads(shown.out)["grants"]) == 4


def test_an_instrument_is_explained_in_english(run: Run) -> None:
    said = run("policy", "explain", "yz-11-school").out
    assert "20" in said
    assert "S1 cl.11" in said
    assert "(borrowed from S0 art.7)" in said
    assert "Payable only after a ruling on: " in said
    assert "“对每年为区域内合法运营的数据标注企业稳定输送实习生" in said


def test_an_instrument_is_explained_in_chinese(run: Run) -> None:
    said = run("policy", "explain", "yz-11-school", language="zh").out
    assert "超过20" in said
    assert "借用 S0 art.7" in said
    assert "须先就下列事项作出决定，方可支付：" in said


def test_a_file_is_checked(run: Run, tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(TEXT, encoding="utf-8")
    assert run("policy", "check", str(mine)).out.splitlines()[-1].startswith("OK: 19 instruments")
    mine.write_text(TEXT.replace("fen = 500_000_000", "fen = 0"), encoding="utf-8")
    line = TEXT[: TEXT.index("fen = 500_000_000")].count("\n") + 1
    wrong = run("policy", "check", str(mine))
    assert (wrong.code, f"mine.toml:{line} " in wrong.err) == (3, True)
    mine.write_text(TEXT.replace("fen = 500_000_000", "fen = 600_000_000"), encoding="utf-8")
    edited = run("policy", "check", str(mine), language="zh")
    assert (edited.code, "第 2 版" in edited.err) == (6, True)
    mine.write_bytes(TEXT.encode("gb18030"))
    assert run("policy", "check", str(mine)).code == 2


def test_a_verdict_is_asked_for(run: Run, tmp_path: Path) -> None:
    facts = {
        "registered_and_taxed": True,
        "new_firm": True,
        "self_invested": True,
        "operated_months": 12,
        "seats": 300,
        "event_on": "2024-02-01",
    }
    known = {"facts": facts, "used": {"xw-1-new-firm": 0, "xw-pool": 0}, "granted_before": False, "benefits": []}
    stated = tmp_path / "facts.json"
    stated.write_text(json.dumps(known), encoding="utf-8")
    said = run("policy", "verdict", "xw-1-new", str(stated), "--day", "2024-03-01").out
    assert "¥900,000.00 玖拾万元整" in said
    assert "¥600,000.00 xw-1.at-300" in said
    assert "✗" not in said
    made = run("policy", "verdict", "xw-1-new", str(stated), "--day", "2024-03-01", "--json")
    assert json.loads(made.out)["amount_fen"] == 90_000_000
    stated.write_text(json.dumps({"facts": {**facts, "seats": 99}}), encoding="utf-8")
    said = run("policy", "verdict", "xw-1-new", str(stated), "--day", "2024-03-01").out
    assert "✗ policy_requirement (S2 cl.1)\n    seats of the firm: more than 100. Found: 99." in said
    assert "? policy_no_like_benefit (S2 三)" in said
    assert "¥0.00 零元整" in said


@pytest.mark.parametrize("text", ["{", "[]", '{"fact": {}}'])
def test_a_file_of_something_else_is_wrong_usage(run: Run, tmp_path: Path, text: str) -> None:
    stated = tmp_path / "facts.json"
    stated.write_text(text, encoding="utf-8")
    assert run("policy", "verdict", "xw-1-new", str(stated)).code == 2
