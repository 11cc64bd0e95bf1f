"""``sancai policy`` and ``sancai firm`` in processes of their own, against the real service."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.bureau import a_bureau
from tests.cli.runner import Ran, sancai
from tests.live import live
from tests.registry.parties.builders import a_uscc
from tests.web import Web

DOCUMENT = "yizhou-2-year-measures"
ORIGIN = ["--from", "2026-01-01", "--source", "公示系统", "--obtained-on", "2026-03-01"]

Run = Callable[..., Ran]


@pytest.fixture
def run(web: Web) -> Iterator[Run]:
    """Run a command as the registrar of an authority."""
    registrar, _ = a_bureau(web)
    with live(lambda _: web.app) as url:
        signed_in = {"SANCAI_URL": url, "SANCAI_TOKEN": str(registrar.token)}
        yield lambda *arguments: sancai(*arguments, **signed_in, SANCAI_LANG="en")


def made(run: Run, *arguments: str) -> Any:
    """Run a command with ``--json`` and return what it printed."""
    done = run(*arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_a_policy_is_loaded_ruled_upon_and_shown(run: Run, tmp_path: Path) -> None:
    text = tmp_path / "ruling.txt"
    text.write_text("公示十日。", encoding="utf-8")
    made(run, "policy", "load", DOCUMENT, "--issued-on", "2026-01-15", "--reference", "伊区政办发〔2026〕1号")
    ruling = made(
        run, "policy", "rule", DOCUMENT, "yz.notice-days", "--number", "1号", "--decided-on", "2026-03-02",
        "--organ", "数发局", "--text-file", str(text), "--value", "10",
    )  # fmt: skip
    assert [each["id"] for each in made(run, "policy", "rulings")] == [ruling["id"]]
    shown = run("policy", "show", DOCUMENT)
    assert "yz.notice-days\tS0 art.7\tHow many days does the public notice before a payment run?\t10\t1号" in shown.out
    assert "2026, 2027, 2028" in shown.err


def test_the_end_of_a_firm_is_entered_listed_and_taken_back(run: Run, tmp_path: Path) -> None:
    merged, successor = (
        made(run, "firm", "register", str(a_uscc(number)), f"企业{number}", "--region", "650502")["id"]
        for number in (1, 2)
    )
    document = tmp_path / "merger.pdf"
    document.write_bytes(b"merger")
    stated = ["--on", "2026-02-01", "--number", "合并公告1号", "--document", str(document)]
    stated += ["--source", "公示系统", "--obtained-on", "2026-03-01"]
    assert run("firm", "end", merged, "merged", *stated).code == 3, "a merger names its successor"
    end = made(run, "firm", "end", merged, "merged", *stated, "--successor", successor)
    assert end["document_sha256"] == hashlib.sha256(b"merger").hexdigest()
    assert [each["id"] for each in made(run, "firm", "ends", "--firm", merged)] == [end["id"]]
    assert "2026-02-01" in run("firm", "ends").out
    assert made(run, "firm", "revoke-end", end["id"], "--number", "函2号", "--reason", "登记有误")["id"] == end["id"]
    assert made(run, "firm", "ends") == []


def test_registers_are_kept(run: Run) -> None:
    mother, daughter = (
        made(run, "firm", "register", str(a_uscc(number)), f"企业{number}", "--region", "650502")["id"]
        for number in (1, 2)
    )
    assert made(run, "firm", "show", str(a_uscc(2)))["id"] == daughter
    control = made(run, "firm", "control", mother, daughter, "--share-bp", "6000", *ORIGIN)
    assert control["share_bp"] == 6_000
    assert made(run, "firm", "fact", daughter, "credit_clean", "true", *ORIGIN)["finding"] == "true"
    certificate = "green:绿1号:2026-01-01:2027-01-01"
    provider = made(
        run, "firm", "provider", daughter, "compute_centre", "--licence", "1号", "--certificate", certificate, *ORIGIN
    )
    assert provider["certificates"][0]["valid_until"] == "2027-01-01"
    sanction = made(
        run, "firm", "sanction", daughter, "--organ", "财政局", "--number", "1号", "--basis", "条例", "--scope", "all",
        "--served-on", "2025-12-30", *ORIGIN,
    )  # fmt: skip
    assert sanction["scope"] == ["all"]
    assert len(made(run, "firm", "list")) == 2


def test_a_leader_list_is_admitted_from_a_file_and_shrinks(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    stated = {
        "name": "新能源链主企业名单",
        "issuer": "工信部",
        "level": "national",
        "sectors": ["new_energy"],
        "batch": "第一批",
        "valid_from": "2026-01-01",
        "document_sha256": "sha256:" + "a" * 64,
        "admission": {"number": "1号", "decided_on": "2026-01-05", "organ": "数发局", "criteria": "国家级"},
        "entries": [{"uscc": str(a_uscc(1)), "name": "甲"}],
    }
    file.write_text(json.dumps(stated), encoding="utf-8")
    admitted = made(run, "firm", "leaders", str(file))
    made(run, "firm", "withdraw-leader", admitted["id"], str(a_uscc(1)), "--on", "2026-02-01", "--reason", "监测")
    (listed,) = made(run, "firm", "lists")
    assert listed["entries"][0]["withdrawn_on"] == "2026-02-01"


def test_an_unknown_firm_ends_with_the_code_of_not_found(run: Run) -> None:
    assert run("firm", "show", str(a_uscc(9))).code == 5


def test_the_registers_are_asked_on_a_day_and_as_of_an_instant(run: Run, tmp_path: Path) -> None:
    group, firm = (
        made(run, "firm", "register", str(a_uscc(number)), f"企业{number}", "--region", "650502")["id"]
        for number in (1, 2)
    )
    before = made(run, "firm", "register-sheet", firm, "--on", "2026-02-01")
    made(run, "firm", "control", group, firm, "--share-bp", "6000", *ORIGIN)
    answer = tmp_path / "credit.html"
    answer.write_bytes(b"repaired")
    asked = ["--queried-at", "2026-02-01T09:30:00+08:00", "--result", str(answer), "--source", "信用中国"]
    credit = made(run, "firm", "credit", firm, "repaired", *asked)
    assert (credit["finding"], credit["valid_from"]) == ("true", "2026-02-01")
    found = made(run, "firm", "controller", firm)
    assert (found["controller"], found["chain"]) == (group, ["企业1 → 企业2 (60%)"])
    assert made(run, "firm", "relation", group, firm)["kind"] == "equity"
    change = ["--kind", "state_holder", "--from", "2026-02-01", "--source", "国资委名录", "--obtained-on", "2026-03-01"]
    made(run, "firm", "change", group, *change)
    assert [each["id"] for each in made(run, "firm", "state-bodies")] == [group]
    now = made(run, "firm", "register-sheet", firm, "--on", "2026-02-01")
    again = made(run, "firm", "register-sheet", firm, "--on", "2026-02-01", "--as-of", now["as_of"])
    assert now["sha256"] == again["sha256"] != before["sha256"]
    assert now["control"]["state_above"] == ["企业1 → 企业2 (60%)"]
    # What reaches back is a correction, of the firm it is about and of those below.
    corrections = made(run, "case", "corrections")
    assert [each["register_name"] for each in corrections] == ["control", "fact", "firm"]
    assert set(corrections[2]["firms"]) == {group, firm}
    assert made(run, "case", "corrections", corrections[0]["id"])["undecided"] == []
    assert run("firm", "controller", firm, "--as-of", "2026-03-01").code == 2


def test_a_leader_list_comes_from_a_table_whole_or_not_at_all(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    said = [
        *("--name", "名单", "--issuer", "工信部", "--level", "national", "--sector", "new_energy", "--batch", "第一批"),
        *("--from", "2026-01-01", "--admission", "1号", "--decided-on", "2026-01-05", "--organ", "数发局"),
        *("--criteria", "国家级"),
    ]
    file.write_text(f"企业名称,统一社会信用代码\n甲,{a_uscc(1)}\n乙,错\n", encoding="utf-8")
    checked = run("firm", "check-leaders", str(file))
    assert checked.code == 7
    assert "Line 3" in checked.out
    refused = run("firm", "import-leaders", str(file), *said)
    assert refused.code == 7
    assert "Line 3" in refused.err
    assert made(run, "firm", "lists") == []
    file.write_text(f"企业名称,统一社会信用代码\n甲,{a_uscc(1)}\n", encoding="utf-8")
    assert len(made(run, "firm", "import-leaders", str(file), *said)["entries"]) == 1
