"""``sancai grant`` and ``sancai person`` against the real service: from a check to the bank, and a person's data."""

import json
from datetime import timedelta
from pathlib import Path

from registry.actors.model import Role
from tests import world as steps
from tests.api.person_office import an_identity_number
from tests.api.samples import grant_body
from tests.cli.desk import At
from tests.world import OFFICE, OTHER_OFFICE, PUBLISHER, World

LINE = "T-grants"


def ruled(world: World, instrument: str) -> None:
    """Confirm the default of every assumption an instrument rests on, and appropriate money."""
    registrar = world.as_(OFFICE, Role.REGISTRAR)
    for number, found in enumerate(registrar.get(f"/v1/policies/{steps.cast.DOCUMENT}")["assumptions"]):
        if found["open"] and instrument in found["applies_to"]:
            registrar.post("/v1/rulings", steps.ruling(found["id"], f"G-{number}"))
    world.as_(OFFICE, Role.PAYER).post("/v1/appropriations", steps.appropriation(LINE, "G-money"))


def test_a_grant_goes_from_a_check_to_the_bank(at: At, world: World, tmp_path: Path) -> None:
    ruled(world, "yz-8-case")
    firm, reviewer, payer = at(PUBLISHER), at(OFFICE, Role.REVIEWER), at(OFFICE, Role.PAYER)
    file, facts = tmp_path / "application.json", tmp_path / "facts.json"
    file.write_text(json.dumps(grant_body(world)), encoding="utf-8")
    checked = firm("grant", "check", str(file))
    assert checked["eligible"]
    assert "eligible" in firm.text("grant", "check", str(file))
    case = firm("grant", "apply", str(file))
    assert (case["state"], case["amount_fen"]) == ("applied", checked["amount_fen"])
    assert firm.run("grant", "assess", case["id"], "--all", "--opinion", "ours").code != 0

    told = reviewer("grant", "ask-correction", case["id"], "--defect", "行业应为电力，不是煤炭")
    assert told["state"] == "correcting"
    facts.write_text(json.dumps({"facts": {"case_sector": "electricity"}}), encoding="utf-8")
    corrected = firm("grant", "correct", case["id"], "--statement", "已更正", "--file", str(facts))
    assert corrected["state"] == "applied"
    reviewer("grant", "ask-departments", case["id"], "--department", "科工局")
    reviewer("grant", "department", case["id"], "科工局", "--agree", "--opinion", "无异议")
    # What was filed stays as it was filed; what counts is what was confirmed.
    assert reviewer("grant", "claim", case["id"])["facts"]["case_sector"] == "coal"
    assessed = reviewer("grant", "assess", case["id"], "--all", "--opinion", "核对原件")
    assert assessed["amount_fen"] == checked["amount_fen"] == 20_000_000

    steps.review(world, case["id"])
    steps.sign(world, case["id"])
    steps.notice(world, case["id"])
    world.clock.advance(timedelta(days=9))
    budget = ("--year", "2026", "--project", LINE, "--subject", "2150299", "--voucher-number", "V-1")
    assert payer("case", "instruct", case["id"], *budget)["state"] == "instructed"
    paid = payer("case", "pay", case["id"], "--receipt", "BANK-1", "--on", world.today())
    assert (paid["state"], paid["amount_fen"]) == ("paid", assessed["amount_fen"])
    again = firm.run("grant", "apply", str(file))
    assert again.code != 0
    assert "yz-8-case" in again.err


def test_a_person_is_registered_shown_and_erased(at: At) -> None:
    registrar = at(OFFICE, Role.REGISTRAR)
    number = an_identity_number()
    stated = ("--name", "张三", "--identity-number", number, "--phone", "13907971234", "--original-seen")
    made = registrar("person", "register", *stated)
    assert made["masked_name"] == "张*"
    assert made["activation_code"]
    assert number in registrar.text("person", "show", made["id"])
    assert at(OTHER_OFFICE, Role.REGISTRAR).run("person", "show", made["id"]).code != 0
    assert registrar("person", "erase", made["id"], "--yes")["masked_name"] == "*"
    assert number not in registrar.text("person", "show", made["id"])
