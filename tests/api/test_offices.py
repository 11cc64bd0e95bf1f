"""An office's officers over HTTP: lots, ties, absence, delegation, what is due, reminders."""

from datetime import timedelta

from registry.actors.model import SIGNING_RANKS, Role
from registry.awards.reminders import remind
from registry.messages.model import Language, MailAddress
from registry.messages.records import save_mail_address
from registry.offices.rules import by_lot
from registry.values.identifiers import AccountId
from registry.values.moment import Moment
from storage import outbox
from tests import world as steps
from tests.api.bureau import activated
from tests.web import Web
from tests.world import BUYER, OFFICE, OTHER_OFFICE, PUBLISHER, World

HEAD, LEADER = f"{OFFICE}.section-head", f"{OFFICE}.leader-in-charge"
WEEK = {"first": "2026-03-02", "last": "2026-03-08"}


def registrar(world: World) -> Web:
    return world.as_(OFFICE, Role.REGISTRAR)


def add_officer(world: World, login: str, *roles: Role) -> Web:
    made = registrar(world).post("/v1/officers", {"login": login, "display_name": login, "roles": list(roles)})
    world.ids[login] = made["id"]
    return activated(world.web, login, made["activation_code"])


def due(world: World, **query: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = world.as_(OFFICE, Role.AUDITOR).get("/v1/office/due", **query)["items"]
    return [each for each in found if each["case"] == world.ids["case"]]


def test_a_reviewer_is_drawn_from_the_log_and_anyone_draws_the_same(world: World) -> None:
    others = [add_officer(world, f"reviewer-{number}", Role.REVIEWER) for number in range(3)]
    world.as_(PUBLISHER).post(f"/v1/cases/{world.ids['case']}/withdraw", {"reason": "again"}, status=200)
    case = steps.apply(world)
    draw = world.as_(OFFICE, Role.REVIEWER).get(f"/v1/cases/{case}/draws")["items"][0]
    assert len(draw["candidates"]) == 4
    again = by_lot(bytes.fromhex(draw["seed"]), f"reviewer {case} 1", draw["candidates"])
    assert again == (draw["drawn"],)
    reviewers = {world.ids[f"reviewer-{number}"]: client for number, client in enumerate(others)}
    reviewers[world.ids[f"{OFFICE}.reviewer"]] = world.as_(OFFICE, Role.REVIEWER)
    body = steps.review_body()
    for account, client in reviewers.items():
        if account != draw["drawn"]:
            refused = client.post(f"/v1/cases/{case}/review", body, status=403)
            assert refused["code"] == "reviewer_not_drawn"
    assert registrar(world).post(f"/v1/cases/{case}/draws", {"reason": "x"}, status=409)["code"] == (
        "reviewer_drawn_already"
    )
    reviewers[draw["drawn"]].post(f"/v1/cases/{case}/recusals", {"reason": "worked there"})
    second = registrar(world).post(f"/v1/cases/{case}/draws", {"reason": "recused"})
    assert second["number"] == 2
    assert draw["drawn"] not in second["candidates"]
    reviewers[second["drawn"]].post(f"/v1/cases/{case}/review", body, status=200)


def test_an_officer_who_shares_a_box_or_a_house_with_the_firm_is_not_drawn(world: World) -> None:
    tied = add_officer(world, "reviewer-tied", Role.REVIEWER)
    office, case = registrar(world), world.ids["case"]

    def reached(account: str, address: str, *, verified: bool = True) -> None:
        now = world.clock.now()
        made = MailAddress(AccountId(account), address, Language.ZH, None, now, now if verified else None, None, 1)
        with world.house.database.writing() as connection:
            save_mail_address(connection, made)

    def detected() -> list[dict[str, str]]:
        found: list[dict[str, str]] = office.get(f"/v1/cases/{case}/detected-ties")["items"]
        return found

    members = world.as_(PUBLISHER).get("/v1/members")["items"]
    owner = next(each["id"] for each in members if "owner" in each["roles"])
    reached(owner, "owner@publisher.test")
    reached(world.ids["reviewer-tied"], "li@publisher.test", verified=False)
    assert detected() == []
    reached(world.ids["reviewer-tied"], "li@publisher.test")
    (found,) = detected()
    assert (found["officer"], found["shared"]) == (world.ids["reviewer-tied"], "mail_domain")
    assert "publisher.test" not in str(found)
    drawn = office.get(f"/v1/cases/{case}/draws")["items"][-1]["drawn"]
    reached(drawn, "OWNER@publisher.test")
    assert {each["shared"] for each in detected()} == {"mail_address", "mail_domain"}
    refused = world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{case}/review", steps.review_body(), status=403)
    assert refused["code"] == "officer_tie_detected"
    (waits,) = due(world)
    assert (waits["standing"], waits["officers"]) == ("escalated", [])
    assert office.post(f"/v1/cases/{case}/draws", {"reason": "tied"}, status=422)["code"] == "no_reviewer_able"
    add_officer(world, "reviewer-free", Role.REVIEWER)
    again = office.post(f"/v1/cases/{case}/draws", {"reason": "tied"})
    assert again["candidates"] == [world.ids["reviewer-free"]]
    assert tied.get(f"/v1/cases/{case}/detected-ties")["items"] == detected()


def test_a_tie_that_is_found_stops_the_payment_until_the_act_is_void_and_done_again(world: World) -> None:
    case, leader = world.ids["case"], world.ids[LEADER]
    steps.make_payable(world, case)
    body = {"firm": world.ids[PUBLISHER], "ground": "family", "note": "spouse is a director", "officer": leader}
    assert registrar(world).post("/v1/office/ties", body)["declared"] is False
    payer = world.as_(OFFICE, Role.PAYER)
    asked = steps.instruction(steps.AWARD_LINE, "PV-1")
    refused = payer.post(f"/v1/cases/{case}/instruction", asked, status=422)
    assert [each["code"] for each in refused["obstacles"]] == ["decider_tied"]
    void = registrar(world).post(f"/v1/cases/{case}/recusals", {"reason": "tie", "officer": leader})
    assert [made["rank"] for made in void["signatures"]] == [1]
    opinion = {"opinion": "同意", "approved": True}
    tied = world.as_(OFFICE, Role.LEADER_IN_CHARGE).post(f"/v1/cases/{case}/signatures", opinion, status=403)
    assert tied["code"] == "officer_recused"
    assert [(each["step"], each["standing"]) for each in due(world)] == [("signature", "escalated")], "nobody is left"
    deputy = add_officer(world, "deputy", Role.LEADER_IN_CHARGE)
    assert [[able["login"] for able in each["officers"]] for each in due(world)] == [["deputy"]]  # type: ignore[attr-defined]
    deputy.post(f"/v1/cases/{case}/signatures", opinion, status=200)
    world.as_(OFFICE, Role.PRINCIPAL_LEADER).post(f"/v1/cases/{case}/signatures", opinion, status=200)
    steps.instruct(world, case, steps.AWARD_LINE)


def test_a_tie_to_the_group_of_a_firm_counts_and_one_to_another_firm_does_not(world: World) -> None:
    reviewer = world.as_(OFFICE, Role.REVIEWER)
    reviewer.post("/v1/office/ties", {"firm": world.ids[BUYER], "ground": "own", "note": "shares"})
    assert [each["standing"] for each in due(world)] == ["within"]
    since = {"valid_from": "2024-01-01", "valid_until": None, "source": "register", "obtained_on": steps.ISSUED_ON}
    held = {"controller": world.ids[BUYER], "controlled": world.ids[PUBLISHER], "kind": "equity", "share_bp": 6000}
    registrar(world).post("/v1/controls", held | since)
    refused = reviewer.post(f"/v1/cases/{world.ids['case']}/review", steps.review_body(), status=403)
    assert refused["code"] == "officer_tied"
    assert [each["standing"] for each in due(world)] == ["escalated"]


def test_a_delegate_signs_as_delegate_once_and_not_after_the_last_day(world: World) -> None:
    case = world.ids["case"]
    steps.review(world, case)
    head, leader = world.as_(OFFICE, Role.SECTION_HEAD), world.as_(OFFICE, Role.LEADER_IN_CHARGE)
    opinion = {"opinion": "同意", "approved": True}
    assert leader.post(f"/v1/cases/{case}/signatures", opinion, status=403)["code"] == "not_your_turn_to_sign"
    asked = {"delegate": world.ids[LEADER], "rank": "section_head", "document_number": "YZ-SQ-1", **WEEK}
    given = head.post("/v1/office/delegations", asked | {"instruments": ["yz-14a"]})
    absence = registrar(world).post("/v1/office/absences", {"officer": world.ids[HEAD], "reason": "course", **WEEK})
    assert head.post(f"/v1/cases/{case}/signatures", opinion, status=403)["code"] == "officer_absent"
    signed = leader.post(f"/v1/cases/{case}/signatures", opinion, status=200)["signatures"]
    assert [(made["role"], made["delegation"]) for made in signed] == [("section_head", given["id"])]
    assert leader.post(f"/v1/cases/{case}/signatures", opinion, status=403)["code"] == "officer_already_acted"
    leader.post(f"/v1/office/delegations/{given['id']}/end", status=404)
    assert head.post(f"/v1/office/delegations/{given['id']}/end", status=200)["ended_at"]
    head.post(f"/v1/office/delegations/{given['id']}/end", status=409)
    registrar(world).post(f"/v1/office/absences/{absence['id']}/end", status=200)


def test_an_expired_delegation_fails_by_its_days(world: World) -> None:
    case = world.ids["case"]
    steps.review(world, case)
    asked = {"delegate": world.ids[LEADER], "rank": "section_head", "document_number": "YZ-SQ-1", **WEEK}
    world.as_(OFFICE, Role.SECTION_HEAD).post("/v1/office/delegations", asked | {"instruments": None})
    world.clock.advance(timedelta(days=7))
    opinion = {"opinion": "同意", "approved": True}
    leader = world.as_(OFFICE, Role.LEADER_IN_CHARGE)
    refused = leader.post(f"/v1/cases/{case}/signatures", opinion, status=403)
    assert (refused["code"], refused["parameters"]["last"]) == ("delegation_not_in_force", "2026-03-08")


def test_what_is_overdue_is_listed_for_its_office_and_officer_only(world: World) -> None:
    reviewer = world.ids[f"{OFFICE}.reviewer"]
    assert due(world, standing="overdue") == []
    world.clock.advance(timedelta(days=8))
    assert [(each["step"], each["days_late"]) for each in due(world, standing="overdue", officer=reviewer)] == [
        ("review", 1)
    ]
    assert due(world, officer=world.ids[f"{OFFICE}.payer"]) == []
    assert world.as_(OTHER_OFFICE, Role.AUDITOR).get("/v1/office/due")["items"] == []


def test_a_ruling_gives_the_next_case_another_term(world: World) -> None:
    ruling = {"step": "review", "days": 9, "unit": "calendar", "number": "T-1", "organ": "office", "text": "nine"}
    registrar(world).post("/v1/office/terms", ruling | {"decided_on": steps.TODAY})
    registrar(world).post("/v1/office/terms", ruling | {"decided_on": steps.TODAY}, status=409)
    registrar(world).post("/v1/office/terms", ruling | {"number": "T-2", "decided_on": "2026-03-03"}, status=422)
    shown = {each["step"]: each for each in registrar(world).get("/v1/office/terms")["items"]}
    assert (shown["review"]["days"], shown["review"]["unit"], shown["review"]["number"]) == (9, "calendar", "T-1")
    assert shown["answer"]["assumption"]
    other = world.as_(OTHER_OFFICE, Role.AUDITOR).get("/v1/office/terms")["items"]
    assert next(each for each in other if each["step"] == "review")["days"] == 5


def test_an_office_says_whom_it_lacks(world: World) -> None:
    assert [each["ready"] for each in registrar(world).get("/v1/office/readiness")["items"]] == [True]
    registrar(world).post("/v1/office/absences", {"officer": world.ids[HEAD], "reason": "course", **WEEK})
    lacking = registrar(world).get("/v1/office/readiness")["items"][0]
    assert (lacking["ready"], lacking["unfilled"]) == (False, ["section_head"])
    assert len(lacking["places"]) == len(SIGNING_RANKS) + 2


def test_reminders_go_out_once_on_the_last_day_when_overdue_and_when_escalated(world: World) -> None:
    hook = registrar(world).post(
        "/v1/webhooks",
        {"url": "https://1.1.1.1/hook", "topics": ["case.due", "case.overdue", "case.escalated"]},
    )

    def reminded(at: str) -> list[str]:
        now = Moment.of_text(f"{at}+08:00")
        world.clock.advance(now.instant - world.clock.now().instant)
        remind(world.house.database, world.clock)
        remind(world.house.database, world.clock)
        with world.house.database.reading() as connection:
            sent = outbox.deliveries(connection, hook["id"], None, None, 50)
        return sorted(each.topic for each in sent if each.body["data"]["case"] == world.ids["case"])

    assert reminded("2026-03-08T22:00:00") == []
    assert reminded("2026-03-09T00:30:00") == ["case.due"]
    assert reminded("2026-03-10T00:30:00") == ["case.due", "case.overdue"]
    assert reminded("2026-03-17T00:30:00") == ["case.due", "case.escalated", "case.overdue"]
