"""``sancai contest`` against the real service, for both sides, the registrar and the reviewer who decides."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cli.checkup import _contests
from registry.actors.model import Role
from tests import world as steps
from tests.api import contests
from tests.cli.runner import sancai
from tests.cli.test_office import made
from tests.live import live
from tests.world import DATASET, OFFICE, PUBLISHER, STRANGER, World

OWNER, OTHER = f"{STRANGER}/owner", f"{PUBLISHER}/owner"
REGISTRAR = f"{OFFICE}/{Role.REGISTRAR}"


@pytest.fixture
def run(world: World) -> Iterator[Callable[..., object]]:
    """Run a command as the member ``who`` of the world."""
    with live(lambda _: world.web.app) as url:

        def ran(who: str, *arguments: str) -> object:
            return sancai(*arguments, SANCAI_URL=url, SANCAI_TOKEN=world.tokens[who], SANCAI_LANG="en")

        yield ran


def test_a_contest_from_its_opening_to_the_decision(run: Callable[..., object], world: World, tmp_path: Path) -> None:
    draft, office = contests.a_copy(world), world.ids[OFFICE]
    said = ("--against", f"{DATASET}@v1", "--statement", "we were first", "--authority", office)
    contest = made(run, OWNER, "contest", "open", draft, *said)["id"]
    assert [each.ok for each in _contests(world.house)] == [False], "the only reviewer was drawn for the award"
    assert made(run, REGISTRAR, "office", "due", "--escalated")[0]["case"] == contest
    world.tokens["decider"] = contests.a_reviewer(world).token
    drawn = made(run, REGISTRAR, "contest", "draw", contest, "--reason", "a new reviewer")["drawn"]
    assert (drawn, list(_contests(world.house))) == (world.ids["new.reviewer"], [])
    assert made(run, REGISTRAR, "contest", "draws", contest)[0]["drawn"] == drawn
    own, other = (steps.file_evidence(world.as_(firm), "other", firm.encode()) for firm in (STRANGER, PUBLISHER))
    stated = ("--day", "2025-11-03", "--shows", "the log of the mast")
    secret = ("--confidential", "--summary", "a log")
    assert made(run, OWNER, "contest", "file", contest, own, *stated, *secret)["number"] == 1
    assert made(run, OTHER, "contest", "file", contest, other, *stated)["number"] == 2
    assert [each["shows"] for each in made(run, OTHER, "contest", "show", contest)["evidence"]] == [None, stated[-1]]
    copy = tmp_path / "copy.txt"
    made(run, OWNER, "contest", "document", contest, "2", "--to", str(copy))
    assert copy.read_text(encoding="utf-8") == PUBLISHER
    assert [each["id"] for each in made(run, OTHER, "contest", "list")] == [contest]
    world.clock.advance(timedelta(days=22))
    decision = ("--outcome", "moves", "--day", "2025-11-03", "--reason", "the log is sound")
    assert made(run, "decider", "contest", "decide", contest, *decision)["decision"]["number"] == "2026-P0001"
    assert made(run, REGISTRAR, "contest", "reviews") == []


def test_a_contest_is_withdrawn_from_the_command_line(run: Callable[..., object], world: World) -> None:
    contest = contests.a_contest(world)
    assert made(run, OWNER, "contest", "withdraw", contest, "--reason", "agreed")["state"] == "withdrawn"
