"""An award of two makers over HTTP, from one application to the bank and back."""

from cli.demo import cast
from registry.actors.model import Role
from registry.dossier.rules import recompute_bytes
from registry.journal import service as journal
from tests import world as steps
from tests.world import ADOPTERS, AWARD_LINE, BUYER, OFFICE, PUBLISHER, STRANGER, World


def test_two_makers_share_an_award_to_the_bank(world: World) -> None:
    publisher, maker, payer = world.as_(PUBLISHER), world.as_(BUYER), world.as_(OFFICE, Role.PAYER)
    publisher.post(f"/v1/cases/{world.ids['case']}/withdraw", {"reason": "共同申请"}, status=200)
    shares = {world.ids[PUBLISHER]: 6_000, world.ids[BUYER]: 4_000}
    made = publisher.post("/v1/awards", {**steps.award_body(), "joint_makers": shares})
    # The applicant sees its own line and the whole split.
    assert [(each["share_bp"], each["signed"]) for each in made["split"]["shares"]] == [(6_000, True), (4_000, False)]
    case = made["id"]
    refused = world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{case}/review", steps.review_body(), status=422)
    assert cast.BUYER.name in refused["obstacles"][0]["detail"]
    world.as_(STRANGER).get(f"/v1/cases/{case}", status=404)
    payee = steps.redemption("")["payee"]
    body = {"split": made["split"]["digest"], "payee": payee}
    signed = maker.post(f"/v1/cases/{case}/split-signature", body, status=200)
    assert [(each["number"], each["amount_text"]) for each in signed["lines"]] == [(2, "¥20,000.00")]
    assert signed["payee"] is None
    assert payee["account_number"] not in str(signed)
    steps.make_payable(world, case)
    page = payer.raw("GET", f"/v1/cases/{case}/form").get_data(as_text=True)
    assert f"{cast.BUYER.name}（份额 40%，¥20,000.00）" in page
    assert payee["account_number"] in page
    own = maker.raw("GET", f"/v1/cases/{case}/form").get_data(as_text=True)
    assert payee["account_number"] not in own
    assert cast.PUBLISHER.name not in own
    steps.instruct(world, case, AWARD_LINE)
    steps.pay(world, case)
    paid = payer.get(f"/v1/cases/{case}")
    assert (paid["state"], [each["amount_fen"] for each in paid["lines"]]) == ("paid", [3_000_000, 2_000_000])
    assert paid["lines"][1]["payee"]["account_number"] == payee["account_number"]
    assert [each["amount_fen"] for each in maker.get(f"/v1/cases/{case}")["lines"]] == [2_000_000]
    house = world.house
    while journal.sequence(house.database, house.clock, house.signing_key):
        pass
    content = world.as_(OFFICE, Role.REVIEWER).raw("GET", f"/v1/cases/{case}/dossier").data
    assert recompute_bytes(content, [house.signing_key.verifier]) == []
    receipt, reviewer = world.ids[f"receipt_{ADOPTERS[0]}"], world.as_(OFFICE, Role.REVIEWER)
    world.as_(ADOPTERS[0]).post(f"/v1/adoptions/{receipt}/withdraw", {"reason": "停用"}, status=200)
    answer = {"case": case, "outcome": "recover", "reason": "采信不足三家"}
    reviewer.post(f"/v1/adoption-reviews/{receipt}/answer", answer, status=200)
    opened = reviewer.get("/v1/recoveries", case=case)["items"]
    assert sorted((each["line"], each["amount_fen"]) for each in opened) == [(1, 3_000_000), (2, 2_000_000)]
