"""The check of a form, the probe of notices and performance reviews from the command line, against the real service."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.actors.model import Role
from registry.awards import records
from registry.awards.probe_model import Sighting
from registry.dossier.service import bound_digest
from registry.values.identifiers import CaseId
from tests import world as steps
from tests.cli.desk import At, Desk
from tests.cli.runner import Ran, sancai
from tests.live import application_of, live
from tests.world import AWARD_LINE, OFFICE, PUBLISHER, STRANGER, World

Machine = Callable[..., Ran]


@pytest.fixture
def machine(world: World) -> Iterator[Machine]:
    """Run a command as a service account of the office with the role of a probe."""
    stated = {"login": "yizhou.probe-2", "display_name": "probe", "roles": ["prober"]}
    made = world.as_(OFFICE, Role.REGISTRAR).post("/v1/officers", stated)
    identity = {"SANCAI_CLIENT_ID": made["client_id"], "SANCAI_CLIENT_SECRET": made["client_secret"]}
    with live(lambda url: application_of(world.house, url)) as url:
        yield lambda *given: sancai(*given, SANCAI_URL=url, SANCAI_LANG="en", **identity)


def test_a_probe_runs_in_a_process_of_its_own(at: At, machine: Machine, world: World, tmp_path: Path) -> None:
    case, kept = world.ids["case"], str(tmp_path / "probe.json")
    registrar = at(OFFICE, Role.REGISTRAR)
    ruling = ("--number", "P-1", "--organ", "office", "--decided", steps.TODAY, "--text", "hourly")
    assert registrar("office", "probe", *ruling)["limit_hours"] == 24
    assert "P-1" in registrar.text("office", "probes")
    steps.review(world, case)

    def page(_: Any, start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/html"), ("Content-Length", "7")])
        return [b"capture"]

    with live(lambda _: page) as board:
        body = {"page_url": f"{board}/1", "capture_sha256": hashlib.sha256(b"capture").hexdigest()}
        world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{case}/notice", body, status=200)
        record = at(PUBLISHER)("case", "notice-record", case)
        assert (record["limit_hours"], record["gaps"]) == (24, [])
        assert "unseen from" in at(PUBLISHER).text("case", "notice-record", case)
        # The probe has the clock of its machine.
        world.clock.advance(datetime.now(UTC) - world.clock.now().instant)
        private = machine("notice-probe", "--once", "--file", kept)
        assert (private.code, "seen: 0" in private.err + private.out) == (0, True), private.err
        seen = machine("notice-probe", "--once", "--file", kept, "--allow-private")
        assert (seen.code, "seen: 1; sent: 1, waiting: 0" in seen.err + seen.out) == (0, True), seen.err
    with world.house.view() as view:
        found = records.probes_page(view.connection, CaseId(case), None, None)
    assert [(each.sighting, each.late) for each in found] == [(Sighting.UNREACHABLE, False), (Sighting.SAME, False)]
    nowhere = sancai("notice-probe", "--once", "--file", kept, SANCAI_URL="http://127.0.0.1:1", SANCAI_TOKEN="x")
    assert nowhere.code == 8, nowhere.err


def test_a_paper_is_checked_by_whoever_holds_it(at: At, world: World) -> None:
    with world.house.view() as view:
        case = records.case_of(view.connection, CaseId(world.ids["case"]))
    assert case is not None
    stranger: Desk = at(STRANGER)
    checked = stranger("case", "check-form", case.id, bound_digest(case).hex)
    assert (checked["genuine"], checked["state"]) == (True, "applied")
    assert stranger("case", "check-form", case.id, "0" * 64)["genuine"] is False
    assert "no" in stranger.text("case", "check-form", case.id, "0" * 64)


def test_performance_is_stated_evaluated_and_shown(at: At, world: World, tmp_path: Path) -> None:
    case, report = world.ids["case"], tmp_path / "report.pdf"
    report.write_bytes(b"report")
    auditor = at(OFFICE, Role.AUDITOR)
    target = ("--target", "服务企业=20家", "--target", "产出=1.5", "--report", str(report))
    stated = at(PUBLISHER)("case", "performance", "targets", case, *target)
    assert [(each["indicator"], each["figure"], each["unit"]) for each in stated["targets"]["targets"]] == [
        ("服务企业", "20", "家"),
        ("产出", "1.5", ""),
    ]
    steps.make_payable(world, case)
    steps.instruct(world, case, AWARD_LINE)
    steps.pay(world, case)
    assert [each["case"] for each in auditor("case", "performance", "due")] == [case]
    assert case in auditor.text("case", "performance", "due")
    reached = ("--figure", "服务企业=23", "--figure", "产出=1.4", "--score", "88", "--opinion", "ok")
    made = auditor("case", "performance", "evaluate", case, *reached, "--report", str(report))
    assert [each["grade"] for each in made["evaluations"]] == ["good"]
    assert auditor("case", "performance", "due") == []
    shown = at(PUBLISHER).text("case", "performance", "show", case)
    assert "good (88)" in shown
    assert "23" in shown
    refused = auditor.run("case", "performance", "evaluate", case, "--figure", "x", "--score", "1", "--opinion", "x")
    assert refused.code == 2
