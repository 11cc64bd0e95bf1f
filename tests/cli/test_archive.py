"""``sancai case archive`` and ``sancai verify`` of a package against the real service."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api import aftercare_samples as aftercare
from tests.cli.runner import Ran, sancai
from tests.live import live
from tests.world import OFFICE, OTHER_OFFICE, PUBLISHER, STRANGER, World

Run = Callable[..., Ran]
REVIEWER, HEAD = f"{OFFICE}/reviewer", f"{OFFICE}/section_head"
FIRM, OTHER_FIRM, OTHER = f"{PUBLISHER}/owner", f"{STRANGER}/owner", f"{OTHER_OFFICE}/reviewer"
ARCHIVE = ("case", "archive")


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


def test_a_refused_case_is_archived_fetched_checked_and_held(run: Run, world: World, tmp_path: Path) -> None:
    case = aftercare.archivable(world)
    assert run(FIRM, *ARCHIVE, "make", case).code != 0
    assert run(OTHER, *ARCHIVE, "make", case).code != 0
    first = made(run, REVIEWER, *ARCHIVE, "make", case)
    assert (first["number"], first["outcome"], first["retention_class"]) == (1, "refused", "years_30")
    assert "Revision 1" in run(REVIEWER, *ARCHIVE, "make", case).err
    assert case in run(HEAD, *ARCHIVE, "list").out
    assert case not in run(OTHER, *ARCHIVE, "list").out
    assert case not in run(HEAD, *ARCHIVE, "list", "--disposable").out

    package, key = tmp_path / "case.zip", str(world.house.signing_key.verifier)
    assert run(OTHER_FIRM, *ARCHIVE, "fetch", case, str(package)).code != 0
    assert run(FIRM, *ARCHIVE, "fetch", case, str(package)).code == 0
    checked = run(FIRM, "verify", str(package), "--key", key)
    assert checked.code == 0, checked.err
    assert f"OK  {case} r1" in checked.out
    assert "left out" in checked.out
    content = bytearray(package.read_bytes())
    content[len(content) // 2] ^= 1
    package.write_bytes(content)
    assert run(FIRM, "verify", str(package), "--key", key).code == 9

    order = ("--number", "H-1", "--reason", "a court asks for it")
    hold = made(run, HEAD, *ARCHIVE, "hold", case, *order)["id"]
    shown = made(run, HEAD, *ARCHIVE, "show", case)
    assert (shown["held"], [each["id"] for each in shown["orders"]]) == (["order"], [hold])
    assert made(run, FIRM, *ARCHIVE, "show", case)["orders"] == []
    refused = run(REVIEWER, *ARCHIVE, "dispose", case, "--reason", "full")
    assert refused.code != 0
    assert "An order of the office holds it" in refused.err
    assert "It is kept through" in refused.err
    assert made(run, HEAD, *ARCHIVE, "lift", hold, "--number", "L-1", "--reason", "closed")["lifted_at"]
    assert run(HEAD, *ARCHIVE, "decide", case, "--confirm", "--reason", "yes").code != 0
