"""Joint makers at the command line: a check with a split, the application, the signature, and each one's money."""

from datetime import timedelta

from sqlalchemy import select

from cli.demo import cast
from registry.actors.model import Role
from storage.outbox import outbox
from tests import world as steps
from tests.cli.desk import At
from tests.world import AWARD_LINE, BUYER, DATASET, OFFICE, PUBLISHER, STRANGER, World


def account_of(name: str) -> tuple[str, ...]:
    """Return an account in the name of a firm."""
    return ("--account-name", name, "--bank", "工商银行哈密分行", "--account-number", "6222020012345678")


def test_a_split_is_checked_filed_signed_and_paid(at: At, world: World) -> None:
    firm, maker, stranger = at(PUBLISHER), at(BUYER), at(STRANGER)
    firm("case", "withdraw", world.ids["case"], "--reason", "共同申请")
    joint = ("--joint", f"{world.ids[BUYER]}=4000")
    alone = firm("award", "check", DATASET)
    checked = firm("award", "check", DATASET, *joint)
    assert (checked["eligible"], checked["amount_fen"]) == (True, alone["amount_fen"])
    # What is asked of the applicant is asked of each maker, before anything is filed.
    unknown = firm("award", "check", DATASET, "--joint", f"{world.ids[STRANGER]}=4000")
    assert unknown["eligible"] is False
    assert firm.run("award", "check", DATASET, "--joint", f"{world.ids[BUYER]}=10001").code != 0
    assert firm.run("award", "check", DATASET, "--joint", "4000").code != 0
    hook = maker("webhook", "create", "https://1.1.1.1/hook", "--topic", "split.signature_asked")["id"]

    case = firm("award", "apply", DATASET, *account_of(cast.PUBLISHER.name), "--undertaking", *joint)["id"]
    with world.house.database.reading() as connection:
        asked = select(outbox.c.destination, outbox.c.body).where(outbox.c.topic == "split.signature_asked")
        ((told, body),) = connection.execute(asked).all()
    assert (told, body["data"]["case"]) == (hook, case)
    assert stranger.run("case", "sign-split", case, *account_of(cast.SILK.name)).code != 0
    signed = maker("case", "sign-split", case, *account_of(cast.BUYER.name))
    assert [each["signed"] for each in signed["split"]["shares"]] == [True, True]
    assert [each["signed"] for each in maker("case", "unsign-split", case)["split"]["shares"]] == [True, False]
    reviewed = ("--opinion", "无误", "--originals-seen", "--searched", "百度")
    assert at(OFFICE, Role.REVIEWER).run("case", "review", case, *reviewed).code != 0
    maker("case", "sign-split", case, *account_of(cast.BUYER.name))
    steps.review(world, case)
    steps.sign(world, case)
    steps.notice(world, case)
    world.clock.advance(timedelta(days=9))
    steps.ask_credit(world, case)
    steps.instruct(world, case, AWARD_LINE)
    paid = at(OFFICE, Role.PAYER)("case", "pay", case, "--receipt", "BANK-1", "--on", world.today())
    assert [each["amount_fen"] for each in paid["lines"]] == [3_000_000, 2_000_000]
    assert [each["amount_fen"] for each in maker("case", "show", case)["lines"]] == [2_000_000]
