"""``sancai office``, the papers of a case and what doctor says of an office, against the real service."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.checkup import _offices
from tests import world as steps
from tests.cli.runner import Ran, sancai
from tests.live import live
from tests.world import OFFICE, OTHER_OFFICE, STRANGER, World

Run = Callable[..., Ran]
REGISTRAR, HEAD, PAYER = f"{OFFICE}/registrar", f"{OFFICE}/section_head", f"{OFFICE}/payer"


@pytest.fixture
def run(world: World) -> Iterator[Run]:
    """Run a command as the member ``who`` of the world."""
    with live(lambda _: world.web.app) as url:

        def ran(who: str, *arguments: str) -> Ran:
            return sancai(*arguments, SANCAI_URL=url, SANCAI_TOKEN=world.tokens[who], SANCAI_LANG="en")

        yield ran


def made(run: Run, who: str, *arguments: str) -> Any:
    """Run a command with ``--json`` and return what it printed."""
    done = run(who, *arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_an_office_is_kept_from_the_command_line(run: Run, world: World) -> None:
    case, leader = world.ids["case"], world.ids[f"{OFFICE}.leader-in-charge"]
    assert case in run(REGISTRAR, "office", "due").out
    assert "RULINGS 26" in run(REGISTRAR, "office", "terms").out
    ruling = ("--number", "T-1", "--organ", "office", "--decided", steps.TODAY, "--text", "nine")
    assert made(run, REGISTRAR, "office", "term", "review", "9", "--calendar", *ruling)["unit"] == "calendar"
    tie = made(run, PAYER, "office", "tie", world.ids[STRANGER], "--ground", "own", "--note", "shares")
    assert tie["id"] in run(REGISTRAR, "office", "ties").out
    assert made(run, REGISTRAR, "office", "untie", tie["id"])["ended_at"]
    days = ("2026-03-09", "2026-03-13")
    given = made(run, HEAD, "office", "delegate", leader, "section_head", *days, "--document", "D-1")
    assert given["id"] in run(REGISTRAR, "office", "delegations").out
    assert made(run, HEAD, "office", "undelegate", given["id"])["ended_at"]
    away = made(run, REGISTRAR, "office", "away", leader, steps.TODAY, steps.TODAY, "--reason", "course")
    assert away["id"] in run(REGISTRAR, "office", "absences").out
    assert "leader_in_charge" in run(REGISTRAR, "office", "ready").out
    found = {each.name: each for each in _offices(world.house)}
    assert [each.ok for each in found.values()] == [False]
    assert "leader_in_charge" in next(iter(found.values())).detail
    assert made(run, REGISTRAR, "office", "back", away["id"])["ended_at"]
    assert [each.ok for each in _offices(world.house)] == [True], f"{OTHER_OFFICE} has loaded no policy"
    assert made(run, REGISTRAR, "office", "detected", case) == []
    draw = made(run, REGISTRAR, "office", "draws", case)[0]
    assert run(REGISTRAR, "office", "draw", case, "--reason", "again").code == 6
    gone = ("--reason", "tied", "--officer", draw["drawn"])
    assert made(run, REGISTRAR, "office", "recuse", case, *gone)["state"] == "applied"
    assert run(REGISTRAR, "office", "draw", case, "--reason", "recused").code == 7, "the office has no other reviewer"
    assert case in run(REGISTRAR, "office", "due", "--escalated").out


def test_papers_of_a_case_are_written_to_files(run: Run, world: World, tmp_path: Path) -> None:
    case = world.ids["case"]
    form, sheet = tmp_path / "form.html", tmp_path / "list.xlsx"
    assert made(run, PAYER, "case", "form", case, "--to", str(form))["size_bytes"] == form.stat().st_size
    assert "专项资金申请表" in form.read_text("utf-8")
    assert run(PAYER, "case", "payments", case, "--to", str(sheet)).code == 0
    assert sheet.read_bytes().startswith(b"PK")
    assert stat.S_IMODE(sheet.stat().st_mode) == 0o600
    assert run(PAYER, "case", "payments", case, "--to", str(tmp_path / "list.txt")).code == 2
    assert run(REGISTRAR, "case", "payments", case, "--to", str(sheet)).code == 4
    year = ("2026-01-01", "2026-12-31", "--share-bp", "500", "--reason", "yearly")
    assert run(f"{OFFICE}/auditor", "office", "sample", *year).code == 7, "nothing was paid yet"
    assert run(f"{OFFICE}/auditor", "office", "samples").code == 0
