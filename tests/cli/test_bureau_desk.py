"""The desk of a bureau, external pools, reconciliation and the close of a year from the command line."""

import csv
from pathlib import Path

from registry.actors.model import Role
from registry.journal import service as journal
from tests.api.bureau import activated
from tests.api.desk_samples import claim_to_lessen
from tests.cli.desk import At
from tests.world import BUYER, OFFICE, World

LIAOCHENG = "liaocheng-2025-measures"


def test_the_desk_is_read_by_officers(at: At, world: World) -> None:
    journal.sequence(world.house.database, world.house.clock, world.house.signing_key)
    payer = at(OFFICE, Role.PAYER)
    found = payer("desk", "pool", world.ids["pool"], "--months", "2")
    assert [each["month"] for each in found["months"]] == ["2026-02", "2026-03"]
    assert found["standing"]["position"]["size"] > 0
    assert found["months"][-1]["left_fen"] == found["standing"]["left_fen"]
    assert "2026-03" in payer.text("desk", "pool", world.ids["pool"])
    shown = at(BUYER)("pool", "show", world.ids["pool"])
    assert shown["checkpoint"]["left_fen"] == found["standing"]["left_fen"]
    queue = payer("desk", "queue", "2026")
    assert world.ids["case"] in {each["case"] for each in queue["items"]}
    assert [each["line"] for each in queue["lines"]] == ["yz-14a", "yz-4"]
    assert world.ids["case"] in payer.text("desk", "queue", "2026")
    holds = payer("desk", "holds")
    assert world.ids["voucher_held"] in {each["voucher"] for each in holds["items"]}
    assert sum(each["count"] for each in holds["ages"]) == len(holds["items"])
    assert world.ids["voucher_held"] in payer.text("desk", "holds")
    assert {each["firm"] for each in payer("desk", "firms", "--year", "2026")} == {world.ids[BUYER]}
    assert world.ids[BUYER] in payer.text("desk", "firms")
    assert payer("voucher", "patterns", "show", world.ids["voucher_redeemed"]) == []


def test_a_claim_is_listed_and_lessened(at: At, world: World) -> None:
    reviewer, voucher = at(OFFICE, Role.REVIEWER), claim_to_lessen(world)
    (waiting,) = reviewer("desk", "claims")
    assert (waiting["voucher"], waiting["standing_fen"]) == (voucher, 0)
    assert voucher in reviewer.text("desk", "claims")
    assert reviewer("voucher", "lessen", voucher)["state"] == "released"
    assert reviewer("desk", "claims") == []


def test_a_use_of_an_external_pool_is_recorded_and_ended(at: At, world: World) -> None:
    registrar = at(OFFICE, Role.REGISTRAR)
    registrar("policy", "load", LIAOCHENG, "--issued-on", "2025-12-24", "--reference", "聊政办字〔2025〕19号")
    stated = ["--organ", "省大数据局", "--number", "鲁数5号", "--on", "2026-03-01", "--source", "公示"]
    what = [LIAOCHENG, "lc-7-data-voucher", world.ids[BUYER], "--invoice", "26650000000000000009", "--amount", "30"]
    made = registrar("voucher", "external", "record", *what, *stated)
    assert made["amount_fen"] == 3_000
    assert made["id"] in at(BUYER).text("voucher", "external", "list")
    assert registrar("voucher", "external", "end", made["id"], "--number", "9号", "--reason", "收回")["ended_at"]


def test_a_year_is_exported_compared_signed_and_closed(at: At, world: World, tmp_path: Path) -> None:
    payer = at(OFFICE, Role.PAYER)
    for name in ("payments.csv", "payments.xlsx"):
        payer.text("ledger", "payments", "2026", str(tmp_path / name))
    rows = list(csv.reader((tmp_path / "payments.csv").read_text("utf-8-sig").splitlines()))
    assert rows[0][0] == "科目 line"
    file = tmp_path / "finance.csv"
    file.write_text("line,number,amount,paid_on\nyz-9,PV-7,12.50,2025-12-01\n", encoding="utf-8")
    made = payer("ledger", "reconcile", "2025", str(file))
    assert [(each["kind"], each["there"], each["row"]) for each in made["differences"]] == [
        ("missing_here", "¥12.50", 2)
    ]
    assert "PV-7" in payer.text("ledger", "reconciliations", made["id"])
    assert payer("ledger", "sign", made["id"], "--file", made["file"], "--statement", "上年遗留")["signed_at"]
    assert made["id"] in payer.text("ledger", "reconciliations")
    body = {"login": "second.payer", "display_name": "second", "roles": [Role.PAYER]}
    second = world.as_(OFFICE, Role.REGISTRAR).post("/v1/officers", body)
    activated(world.web, "second.payer", second["activation_code"])
    proposed = payer("ledger", "close", "2025")
    assert (proposed["budget_year"], proposed["confirmed_at"], proposed["carried"]) == (2025, None, [])
    assert proposed["id"] in payer.text("ledger", "closings")
    assert payer.text("ledger", "closings", proposed["id"])
    refused = payer.run("ledger", "confirm-close", proposed["id"], "--digest", proposed["digest"])
    assert refused.code != 0
    assert "another officer" in refused.err
