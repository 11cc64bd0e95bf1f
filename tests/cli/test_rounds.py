"""``sancai round`` and ``sancai expert`` from a published round to opened scores, against the real service."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path

from registry.actors.model import Role
from registry.values.moment import Moment
from tests.api import round_steps
from tests.api.samples import SAMPLES
from tests.cli.desk import At
from tests.world import OFFICE, PUBLISHER, World


def test_a_round_and_its_scores_from_the_command_line(at: At, world: World, tmp_path: Path) -> None:
    registrar, reviewer, expert = at(OFFICE, Role.REGISTRAR), at(OFFICE, Role.REVIEWER), at(OFFICE, Role.EXPERT)
    file = tmp_path / "round.json"
    terms = round_steps.round_terms(world)
    file.write_text(json.dumps(terms), encoding="utf-8")
    made = registrar("round", "publish", round_steps.INSTRUMENT, str(file))
    file.write_text(json.dumps({**terms, "title": "更正"}), encoding="utf-8")
    assert registrar("round", "revise", made["id"], str(file))["now"]["number"] == 2
    refused = registrar.run("round", "publish", round_steps.INSTRUMENT, str(file))
    assert refused.code == 6, "two rounds would stand open at once"
    assert "更正" in at(PUBLISHER).text("round", "list", "--state", "coming")
    world.clock.advance(timedelta(minutes=11))
    longer = str(Moment.of_text(str(terms["closes_at"])).plus(timedelta(days=1)))
    moved = registrar("round", "close-at", made["id"], longer, "--number", "函1号", "--reason", "延期")
    assert moved["now"]["decision_number"] == "函1号"
    shown = at(PUBLISHER).text("round", "show", made["id"])
    assert "Asia/Shanghai" in shown
    assert "函1号" in shown
    case = SAMPLES["apply_for_grant"].make(world).body
    assert case is not None
    applied = world.as_(PUBLISHER).post("/v1/grants", case)["id"]
    assert applied in reviewer.text("round", "division", made["id"])
    assert reviewer.run("round", "divide", made["id"]).code == 6
    registrar("expert", "enter", world.ids[f"{OFFICE}.expert"], "--note", "教授", "--field", "new_energy")
    others = [round_steps.an_expert(world) for _ in range(2)]
    assert "教授" in registrar.text("expert", "list")
    reviewer("expert", "draw", applied)
    assert applied in expert.text("expert", "cases")
    [document, *_] = expert("expert", "evidence", applied)
    expert.text("expert", "evidence", applied, document["id"], "--to", str(tmp_path / "document.bin"))
    assert hashlib.sha256((tmp_path / "document.bin").read_bytes()).hexdigest() == document["sha256"]
    assert reviewer.run("expert", "evidence", applied).code == 4
    marks = ("--mark", "scale=35.5:规模充分", "--mark", "value=40:可直接训练")
    given = expert("expert", "score", applied, *marks)
    assert given["slip"]["total_hundredths"] == 7_550
    assert expert.run("expert", "score", applied, *marks).code == 6
    assert "规模充分" not in reviewer.text("expert", "scores", applied)
    assert reviewer.run("expert", "open", applied).code == 6
    round_steps.score_all(others, applied)
    assert expert.run("expert", "evidence", applied).code == 4, "all have scored"
    reviewer("expert", "open", applied)
    assert "规模充分" in reviewer.text("expert", "scores", applied)
    to_the_firm = at(PUBLISHER)("expert", "scores", applied)
    assert (to_the_firm["total_hundredths"], to_the_firm["seats"], to_the_firm["draws"]) == (7_550, [], [])
    assert registrar("expert", "end", others[0]["account"])["ended_at"]
