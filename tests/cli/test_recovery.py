"""``sancai case recovery`` and ``sancai case remedy`` against the real service, from the opening to the pay-back."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.actors.model import Role
from tests import world as steps
from tests.api import aftercare_samples as aftercare
from tests.api.bureau import activated
from tests.cli.runner import Ran, sancai
from tests.live import live
from tests.world import OFFICE, OTHER_OFFICE, PUBLISHER, STRANGER, World

Run = Callable[..., Ran]
REVIEWER, PAYER, REGISTRAR = (f"{OFFICE}/{role}" for role in ("reviewer", "payer", "registrar"))
FIRM, OTHER_FIRM, OTHER = f"{PUBLISHER}/owner", f"{STRANGER}/owner", f"{OTHER_OFFICE}/reviewer"
NEW, SECOND = "new.head", "second.head"


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


def appoint(world: World, login: str) -> None:
    """Appoint an officer of a rank who is new to everything."""
    body = {"login": login, "display_name": login, "roles": [Role.SECTION_HEAD]}
    added = world.as_(OFFICE, Role.REGISTRAR).post("/v1/officers", body)
    token = activated(world.web, login, added["activation_code"]).token
    assert token is not None
    world.tokens[login] = token


def test_a_payment_comes_back_and_goes_out_again(run: Run, world: World, tmp_path: Path) -> None:
    case = aftercare.paid(world)
    for login in (NEW, SECOND):
        appoint(world, login)
    proof = tmp_path / "receipt.pdf"
    proof.write_bytes(b"signed for")
    served = ("--on", world.today(), "--way", "mail", "--proof", str(proof))
    recovery = ("case", "recovery")
    opening = ("--ground", "mistake", "--amount", "20000.00", "--facts", "twice", "--clause", "S1 cl.14")
    found = made(run, REVIEWER, *recovery, "open", case, *opening)["id"]
    assert "20,000.00" in run(FIRM, *recovery, "list").out
    assert found not in run(OTHER_FIRM, *recovery, "list").out
    assert run(OTHER, *recovery, "show", found).code == run(OTHER_FIRM, *recovery, "show", found).code != 0
    assert "hearing" in run(REGISTRAR, "office", "due").out
    assert made(run, REVIEWER, *recovery, "notify", found, *served)["answer_until"]
    assert run(REVIEWER, *recovery, "hear", found, "--silent").code != 0
    assert made(run, FIRM, *recovery, "state", found, "--statement", "no")["state"] == "heard"
    deciding = ("--amount", "20000.00", "--reasons", "counted twice")
    assert run(f"{OFFICE}/section_head", *recovery, "decide", found, *deciding).code != 0
    decision = made(run, NEW, *recovery, "decide", found, *deciding)["decision"]
    assert (decision["amount_fen"], [each["kind"] for each in decision["remedies"]]) == (
        2_000_000,
        ["review", "reconsideration", "litigation"],
    )
    assert made(run, REVIEWER, *recovery, "serve", found, *served)["state"] == "served"
    cash = ("--amount", "5000.00", "--receipt", "ICBC-9", "--on", world.today())
    assert made(run, PAYER, *recovery, "repay", found, *cash)["due_fen"] == 1_500_000

    remedy = ("case", "remedy")
    filing = ("--kind", "review", "--organ", "bureau", "--grounds", "no facts")
    attack = made(run, FIRM, *remedy, "file", found, *filing)["id"]
    assert attack in run(FIRM, *remedy, "list", "--subject", found).out
    assert attack not in run(OTHER_FIRM, *remedy, "list").out
    assert run(OTHER, *remedy, "show", attack).code != 0
    stopping = ("--number", "S-1", "--reason", "hardship")
    assert made(run, SECOND, *remedy, "suspend", attack, *stopping)["suspends"]
    assert "yes" in run(FIRM, *recovery, "show", found).out
    assert not made(run, SECOND, *remedy, "suspend", attack, *stopping, "--resume")["suspends"]
    ending = ("--annulled", "--number", "A-1", "--decided-on", world.today(), "--reasons", "no facts")
    assert run(NEW, *remedy, "end", attack, *ending).code != 0
    assert made(run, SECOND, *remedy, "end", attack, *ending)["state"] == "annulled"
    assert made(run, FIRM, *recovery, "show", found)["to_pay_back_fen"] == 500_000
    line = ("--year", "2026", "--line", steps.AWARD_LINE, "--voucher-number", "V-9")
    out = ("--receipt", "ICBC-10", "--on", world.today())
    assert made(run, PAYER, *recovery, "pay-back", found, *line, *out)["to_pay_back_fen"] == 0
    assert run(PAYER, *recovery, "pay-back", found, *line, *out).code != 0
    again = made(run, REVIEWER, *recovery, "open", case, *opening)["id"]
    made(run, REVIEWER, *recovery, "notify", again, *served)
    assert made(run, REVIEWER, *recovery, "hear", again, "--statement", "on paper")["statement"] == "on paper"
    assert made(run, NEW, *recovery, "drop", again, "--reasons", "cleared")["state"] == "dropped"


def test_a_refusal_is_served_attacked_and_decided_anew(run: Run, world: World, tmp_path: Path) -> None:
    case = aftercare.refused(world)
    appoint(world, NEW)
    proof = tmp_path / "receipt.pdf"
    proof.write_bytes(b"signed for")
    served = ("--on", world.today(), "--way", "in_person", "--proof", str(proof))
    assert made(run, REVIEWER, "case", "serve-refusal", case, *served)["refusal"]["service_way"] == "in_person"
    filing = ("--kind", "reconsideration", "--organ", "government", "--grounds", "wrong")
    officers_only = ("--filed-on", world.today())
    assert run(FIRM, "case", "remedy", "file", case, *filing, *officers_only).code != 0
    attack = made(run, REVIEWER, "case", "remedy", "file", case, *filing, *officers_only)
    assert (attack["late"], attack["until"] > world.today()) == (False, True)
    made(run, FIRM, "case", "remedy", "withdraw", attack["id"], "--reason", "mistaken organ")
    attack = made(run, FIRM, "case", "remedy", "file", case, "--kind", "litigation", *filing[2:])
    ending = ("--annulled", "--number", "A-1", "--decided-on", world.today(), "--reasons", "no facts")
    assert made(run, NEW, "case", "remedy", "end", attack["id"], *ending)["state"] == "annulled"
    assert made(run, FIRM, "case", "show", case)["state"] == "applied"
    assert run(REVIEWER, "case", "sign", case, "--opinion", "yes").code != 0


def test_a_sanction_says_how_its_firm_was_heard(run: Run, world: World, tmp_path: Path) -> None:
    proof = tmp_path / "receipt.pdf"
    proof.write_bytes(b"signed for")
    command = (
        *("firm", "sanction", world.ids[PUBLISHER], "--organ", "office", "--number", "1", "--basis", "law"),
        *("--scope", "all", "--served-on", "2026-02-01", "--from", "2026-02-01", "--source", "paper"),
        *("--obtained-on", "2026-02-01", "--notified-on", "2026-01-05"),
    )
    rest = ("--answer-until", "2026-01-20", "--way", "mail", "--proof", str(proof))
    assert run(REGISTRAR, *command).code == 2
    assert made(run, REGISTRAR, *command, *rest)["hearing"]["way"] == "mail"
    late = ("--answer-until", "2026-02-01", *rest[2:])
    assert run(REGISTRAR, *command, *late).code != 0
