"""``sancai voucher round`` from a published round to its division, against the real service."""

from datetime import timedelta

import pytest

from registry.actors.model import Role
from registry.values.moment import Moment
from registry.vouchers import rounds
from tests.api.voucher_round_steps import voucher_round_terms
from tests.cli.desk import At
from tests.world import BUYER, OFFICE, World


def test_a_closed_round_from_the_command_line(at: At, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # The ruling of the world says first come; here nobody has ruled yet.
    monkeypatch.setattr(rounds, "ruling_in_effect", lambda *_: None)
    registrar, reviewer, buyer = at(OFFICE, Role.REGISTRAR), at(OFFICE, Role.REVIEWER), at(BUYER)
    terms = voucher_round_terms(world)
    window = ("--opens", terms["opens_at"], "--closes", terms["closes_at"])
    stated = ("voucher", "round", "publish", terms["pool"], "--title", "第一批", *window, "--budget", "1000")
    cancelled = registrar(*stated)
    assert registrar("voucher", "round", "cancel", cancelled["id"])["state"] == "cancelled"
    made = registrar(*stated, "--allocation", "pro_rata")
    assert registrar.run(*stated).code == 6, "two rounds would stand open at once"
    assert made["id"] in buyer.text("voucher", "round", "list", "--pool", terms["pool"])
    order = world.ids["order_delivered"]
    early = buyer.run("voucher", "hold", order)
    assert early.code == 7
    world.clock.advance(timedelta(minutes=11))
    assert "¥1,000.00" in buyer.text("voucher", "round", "show", made["id"])
    assert buyer.run("voucher", "hold", order).code == 7
    filed = buyer("voucher", "round", "request", order)
    assert filed["state"] == "filed"
    assert buyer("voucher", "round", "withdraw", filed["id"])["withdrawn_at"]
    assert buyer("voucher", "round", "request", order)["state"] == "filed"
    later = str(Moment.of_text(str(terms["closes_at"])).plus(timedelta(minutes=5)))
    decision = ("--closes", later, "--number", "数发〔2026〕9号", "--reason", "系统检修顺延")
    moved = registrar("voucher", "round", "move-closing", made["id"], *decision)
    assert (moved["closes_at"], moved["moved_closings"][0]["closed_before"]) == (later, str(terms["closes_at"]))
    assert "系统检修顺延" in buyer.text("voucher", "round", "show", made["id"])
    assert reviewer.run("voucher", "round", "divide", made["id"]).code == 6
    world.clock.advance(timedelta(minutes=25))
    assert reviewer("voucher", "round", "divide", made["id"])["state"] == "divided"
    assert "¥1,000.00" in buyer.text("voucher", "round", "requests", made["id"])
    withdrawn, received = buyer("voucher", "round", "requests", made["id"])
    assert withdrawn["state"] == "withdrawn"
    assert buyer("voucher", "show", received["voucher"])["amount_fen"] == 100_000
