"""Contests of novelty over HTTP: both awards wait, both sides file, whoever is new to both decides, priority moves."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from registry.actors.model import Role
from registry.aftercare.dues import dues_within
from registry.awards.records import case_of
from registry.awards.reminders import remind
from registry.dossier.rules import recompute_bytes
from registry.journal.service import sequence
from registry.messages.model import Language, MailAddress
from registry.messages.records import save_mail_address
from registry.offices.rules import by_lot
from registry.values.identifiers import AccountId, CaseId
from storage.outbox import outbox
from tests import world as steps
from tests.api.contests import (
    EVIDENCE_DAYS,
    OWN,
    a_contest,
    a_copy,
    a_lost_award,
    a_reviewer,
    contest_body,
    decide,
    decision,
    evidence_body,
)
from tests.web import Web
from tests.world import AWARD_LINE, BUYER, DATASET, OFFICE, OTHER_OFFICE, PUBLISHER, STRANGER, World


@pytest.fixture
def draft(world: World) -> str:
    """A copy of the award's dataset that the screen refuses."""
    made = a_copy(world)
    assert world.as_(STRANGER).post(f"/v1/drafts/{made}/publish", status=422)["code"] == "near_duplicate"
    return made


@pytest.fixture
def decider(world: World) -> Web:
    """The only reviewer who did nothing in a case."""
    return a_reviewer(world)


@pytest.fixture
def contest(world: World, decider: Web) -> str:
    assert decider is not None
    return a_contest(world)


def draft_of(world: World, contest: str) -> str:
    return str(world.as_(STRANGER).get(f"/v1/contests/{contest}")["contester"]["version"])


def award_of(world: World) -> dict[str, Any]:
    return world.as_(PUBLISHER).get(f"/v1/cases/{world.ids['case']}")


def check(world: World, party: str = PUBLISHER, dataset: str = DATASET, **query: str) -> dict[str, Any]:
    return world.as_(party).get("/v1/award-check", instrument="yz-14a", dataset=dataset, **query)


def finding(verdict: dict[str, Any], code: str) -> str:
    return next(each["finding"] for each in verdict["conditions"] if each["code"] == code)


def evidence(world: World, party: str, contest: str, **stated: Any) -> dict[str, Any]:
    body = evidence_body(world, party, **stated)
    filed: dict[str, Any] = world.as_(party).post(f"/v1/contests/{contest}/evidence", body)
    return filed


def owner_of_publisher(world: World) -> str:
    members = world.as_(PUBLISHER).get("/v1/members")["items"]
    return next(str(each["id"]) for each in members if "owner" in each["roles"])


def reached(world: World, account: str, address: str) -> None:
    """Let an account be reached at an address it has verified."""
    now = world.clock.now()
    made = MailAddress(AccountId(account), address, Language.ZH, None, now, now, None, 1)
    with world.house.database.writing() as connection:
        save_mail_address(connection, made)


def test_an_open_contest_holds_the_award_and_only_one_is_open(world: World, contest: str) -> None:
    stranger, case = world.as_(STRANGER), world.ids["case"]
    shown = world.as_(OFFICE, Role.AUDITOR).get(f"/v1/contests/{contest}")
    assert (shown["state"], shown["ground"], shown["reviewer"]) == ("open", "near_duplicate", world.ids["new.reviewer"])
    assert [each["case"] for each in shown["cases"]] == [case]
    assert stranger.get(f"/v1/contests/{contest}")["cases"] == []
    refused = world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{case}/review", steps.review_body(), status=422)
    assert [each["code"] for each in refused["obstacles"]] == ["novelty_contested"]
    again = stranger.post("/v1/contests", contest_body(world, draft_of(world, contest)), status=409)
    assert again["code"] == "contest_stands"
    reached(world, owner_of_publisher(world), "owner@publisher.test")
    stranger.post(f"/v1/contests/{contest}/withdraw", {"reason": "已和解"}, status=200)
    with world.house.database.reading() as connection:
        told = connection.execute(select(outbox.c.destination).where(outbox.c.topic == "contest.withdrawn")).scalars()
        assert owner_of_publisher(world) in set(told)
    steps.review(world, case)
    assert award_of(world)["state"] == "reviewed"
    again = stranger.post("/v1/contests", contest_body(world, draft_of(world, contest)), status=409)
    assert again["code"] == "contest_stands", "nobody holds another's award by opening again and again"


def test_what_the_bank_paid_is_recorded_while_a_contest_is_open_and_looked_at_when_it_is_lost(
    world: World, decider: Web
) -> None:
    case, payer = world.ids["case"], world.as_(OFFICE, Role.PAYER)
    steps.make_payable(world, case)
    steps.instruct(world, case, AWARD_LINE)
    contest = a_contest(world)
    paid = {"bank_receipt": "B-1", "paid_on": world.today()}
    made = payer.post(f"/v1/cases/{case}/payment", paid, status=200)
    assert (made["state"], made["payment"]["in_spite_of"]) == ("paid", ["novelty_contested"])
    assert world.as_(PUBLISHER).get(f"/v1/cases/{case}")["payment"]["in_spite_of"] == []
    decide(world, decider, contest, "moves", day="2025-11-03")
    body = {"outcome": "recover", "reason": "非首次公开发布"}
    path = f"/v1/contests/{contest}/reviews/{case}"
    assert world.as_(OFFICE, Role.REVIEWER).post(path, body, status=200)["outcome"] == "recover"
    (recovery,) = world.as_(OFFICE, Role.REVIEWER).get("/v1/recoveries", case=case)["items"]
    assert (recovery["origin"], recovery["amount_fen"]) == ("contest_review", 5_000_000)


@pytest.mark.parametrize("paid", [True, False], ids=["paid", "sent back"])
def test_an_instruction_that_is_out_when_a_contest_is_lost_is_settled_with_the_bank(
    world: World, decider: Web, paid: bool
) -> None:
    case, payer = world.ids["case"], world.as_(OFFICE, Role.PAYER)
    steps.make_payable(world, case)
    steps.instruct(world, case, AWARD_LINE)
    decide(world, decider, a_contest(world), "moves", day="2025-11-03")
    assert award_of(world)["state"] == "instructed"
    if paid:
        steps.ask_credit(world, case)
        steps.pay(world, case)
        assert "novelty_lost" in payer.get(f"/v1/cases/{case}")["payment"]["in_spite_of"]
        (opened,) = world.as_(OFFICE, Role.AUDITOR).get("/v1/contest-reviews")["items"]
        assert (opened["case"], opened["outcome"]) == (case, None)
        return
    payer.post(f"/v1/cases/{case}/return", {"reason": "退汇"}, status=200)
    refused = payer.post(f"/v1/cases/{case}/instruction", steps.instruction(AWARD_LINE, "PV-2"), status=422)
    assert "novelty_lost" in {each["code"] for each in refused["obstacles"]}
    back = {"opinion": "首发争议败诉", "approved": False}
    ended = world.as_(OFFICE, Role.PRINCIPAL_LEADER).post(f"/v1/cases/{case}/signatures", back, status=200)
    assert ended["state"] == "refused"


def test_priority_moves_ends_the_award_and_opens_the_screen_to_the_contester(
    world: World, contest: str, decider: Web
) -> None:
    made = decide(world, decider, contest, "moves", day="2025-11-03")["decision"]
    assert (made["number"], made["outcome"], made["decided_by"]) == (
        "2026-P0001",
        "moves",
        world.ids["new.reviewer"],
    )
    assert world.as_(STRANGER).get(f"/v1/contests/{contest}")["decision"]["decided_by"] is None
    ended = award_of(world)
    assert (ended["state"], ended["refusal"]["code"]) == ("refused", "novelty_contest_lost")
    assert finding(check(world), "first_publication") == "unmet"
    world.as_(STRANGER).post(f"/v1/drafts/{draft_of(world, contest)}/publish")
    verdict = check(world, STRANGER, OWN)
    assert (finding(verdict, "first_publication"), finding(verdict, "new_share")) == ("met", "met")
    house = world.house
    sequence(house.database, house.clock, house.signing_key)
    dossier = world.as_(OFFICE, Role.AUDITOR).raw("GET", f"/v1/cases/{world.ids['case']}/dossier")
    assert recompute_bytes(dossier.data, [house.signing_key.verifier]) == []


@pytest.mark.parametrize(
    ("outcome", "stated", "kept", "published"),
    [
        ("stays", {}, "applied", False),
        ("independent", {}, "applied", True),
        ("earlier", {"day": "2024-05-01", "place": "某开放数据平台"}, "refused", False),
    ],
)
def test_each_outcome_has_its_effect(
    world: World,
    contest: str,
    decider: Web,
    outcome: str,
    stated: dict[str, str],
    kept: str,
    published: bool,
) -> None:
    world.clock.advance(timedelta(seconds=1))
    before, at = check(world)["facts_digest"], str(world.clock.now())
    decide(world, decider, contest, outcome, **stated)
    assert award_of(world)["state"] == kept
    if kept == "applied":  # What was decided before is replayed without what was decided since.
        assert check(world, as_of=at)["facts_digest"] == before != check(world)["facts_digest"]
    assert finding(check(world), "first_publication") == ("unmet" if kept == "refused" else "met")
    world.as_(STRANGER).post(f"/v1/drafts/{draft_of(world, contest)}/publish", status=201 if published else 422)
    again = world.as_(STRANGER).post("/v1/contests", contest_body(world, draft_of(world, contest)), status=409)
    assert again["code"] == "contest_stands"


def test_both_sides_file_and_a_secret_is_shown_by_its_summary(world: World, contest: str) -> None:
    secret = evidence(world, STRANGER, contest, confidential=True, summary="合同摘要")
    plain = evidence(world, PUBLISHER, contest)
    assert (secret["number"], plain["number"]) == (1, 2)
    seen = {party: world.as_(party).get(f"/v1/contests/{contest}")["evidence"] for party in (STRANGER, PUBLISHER)}
    assert [each["shows"] for each in seen[STRANGER]] == ["采集日志", "采集日志"]
    hidden = seen[PUBLISHER][0]
    assert (hidden["document"], hidden["shows"], hidden["summary"]) == (None, None, "合同摘要")
    assert hidden["sha256"] == secret["sha256"]

    def read(party: str, number: int, role: str = Role.OWNER) -> int:
        path = f"/v1/contests/{contest}/evidence/{number}/content"
        return int(world.as_(party, role).raw("GET", path).status_code)

    assert (read(PUBLISHER, 1), read(STRANGER, 1), read(STRANGER, 2)) == (404, 200, 200)
    assert (read(OFFICE, 1, Role.AUDITOR), read(OTHER_OFFICE, 1, Role.REVIEWER), read(BUYER, 2)) == (200, 404, 404)
    document = steps.file_evidence(world.as_(BUYER), "other", b"x")
    body = {"document": document, "claimed_on": "2025-11-03", "shows": "x"}
    assert world.as_(BUYER).post(f"/v1/contests/{contest}/evidence", body, status=404)["code"] == "contest_not_found"
    own = {**body, "document": steps.file_evidence(world.as_(STRANGER), "other", b"late")}
    path, stranger = f"/v1/contests/{contest}/evidence", world.as_(STRANGER)
    ahead = stranger.post(path, {**own, "claimed_on": "2027-01-01"}, status=422)
    assert ahead["code"] == "contest_evidence_of_future"
    world.clock.advance(timedelta(days=EVIDENCE_DAYS))
    late = stranger.post(path, own, status=422)
    assert late["code"] == "contest_evidence_closed"


def test_only_who_was_drawn_decides_and_anyone_draws_the_same(world: World, contest: str, decider: Web) -> None:
    early = decider.post(f"/v1/contests/{contest}/decision", decision("stays"), status=422)
    assert early["code"] == "contest_evidence_open"
    world.clock.advance(timedelta(days=EVIDENCE_DAYS))
    other = world.as_(OFFICE, Role.REVIEWER).post(f"/v1/contests/{contest}/decision", decision("stays"), status=403)
    assert other["code"] == "contest_reviewer_not_drawn"
    (draw,) = world.as_(OFFICE, Role.AUDITOR).get(f"/v1/contests/{contest}/draws")["items"]
    assert by_lot(bytes.fromhex(draw["seed"]), f"contest {contest} 1", draw["candidates"]) == (draw["drawn"],)
    tie = {"firm": world.ids[STRANGER], "ground": "family", "note": "配偶任职"}
    decider.post("/v1/office/ties", tie)
    refused = decider.post(f"/v1/contests/{contest}/decision", decision("stays"), status=403)
    assert refused["code"] == "officer_tied"
    none = world.as_(OFFICE, Role.REGISTRAR).post(f"/v1/contests/{contest}/draws", {"reason": "回避"}, status=422)
    assert none["code"] == "contest_no_reviewer"
    second = a_reviewer(world, "second.reviewer")
    drawn = world.as_(OFFICE, Role.REGISTRAR).post(f"/v1/contests/{contest}/draws", {"reason": "回避"})
    assert (drawn["number"], drawn["candidates"]) == (2, [world.ids["second.reviewer"]])
    made = second.post(f"/v1/contests/{contest}/decision", decision("stays"), status=200)
    assert made["state"] == "decided"


def test_a_tie_that_nobody_declared_bars_from_a_contest(world: World, contest: str, decider: Web) -> None:
    reached(world, owner_of_publisher(world), "owner@publisher.test")
    reached(world, world.ids["new.reviewer"], "li@publisher.test")
    world.clock.advance(timedelta(days=EVIDENCE_DAYS))
    refused = decider.post(f"/v1/contests/{contest}/decision", decision("stays"), status=403)
    assert refused["code"] == "officer_tie_detected"
    office = world.as_(OFFICE, Role.REGISTRAR)
    path = f"/v1/contests/{contest}/draws"
    assert office.post(path, {"reason": "tied"}, status=422)["code"] == "contest_no_reviewer"
    a_reviewer(world, "another.reviewer")
    assert office.post(path, {"reason": "tied"})["candidates"] == [world.ids["another.reviewer"]]


def test_without_a_reviewer_new_to_both_it_escalates(world: World, draft: str) -> None:
    contest = world.as_(STRANGER).post("/v1/contests", contest_body(world, draft))["id"]
    auditor = world.as_(OFFICE, Role.AUDITOR)
    escalated = auditor.get("/v1/office/due", standing="escalated")["items"]
    assert remind(world.house.database, world.house.clock, dues_within) == 1
    assert [(each["case"], each["step"], each["officers"]) for each in escalated] == [(contest, "contest_decision", [])]
    a_reviewer(world)
    world.as_(OFFICE, Role.REGISTRAR).post(f"/v1/contests/{contest}/draws", {"reason": "新增初审人员"})
    assert auditor.get("/v1/office/due", standing="escalated")["items"] == []


def test_a_paid_award_of_whoever_lost_is_looked_at_again(world: World) -> None:
    case, contest = world.ids["case"], a_lost_award(world)
    (opened,) = world.as_(OFFICE, Role.AUDITOR).get("/v1/contest-reviews")["items"]
    assert (opened["case"], opened["outcome"]) == (case, None)
    body = {"outcome": "recover", "reason": "非首次公开发布"}
    path = f"/v1/contests/{contest}/reviews/{case}"
    world.as_(OTHER_OFFICE, Role.REVIEWER).post(path, body, status=404)
    assert world.as_(OFFICE, Role.REVIEWER).post(path, body, status=200)["outcome"] == "recover"
    (recovery,) = world.as_(OFFICE, Role.REVIEWER).get("/v1/recoveries", case=case)["items"]
    assert (recovery["origin"], recovery["source"], recovery["state"]) == ("contest_review", contest, "opened")
    assert world.as_(OFFICE, Role.REVIEWER).post(path, body, status=409)["code"] == "contest_review_answered"


def test_data_that_has_nothing_in_common_is_not_contested(world: World) -> None:
    draft = steps.verified_draft(world, world.as_(STRANGER), OWN, {"own.csv": steps.table(77)})
    refused = world.as_(STRANGER).post("/v1/contests", contest_body(world, draft), status=422)
    assert refused["code"] == "contest_without_ground"
    own = world.as_(PUBLISHER).post("/v1/contests", contest_body(world, world.ids["draft_verified"]), status=422)
    assert own["code"] == "contest_of_own"
    foreign = world.as_(BUYER).post("/v1/contests", contest_body(world, draft), status=404)
    assert foreign["code"] == "version_not_found"


def test_another_office_and_a_stranger_know_of_no_contest(world: World, contest: str) -> None:
    for client in (world.as_(OTHER_OFFICE, Role.REVIEWER), world.as_(BUYER)):
        assert client.get(f"/v1/contests/{contest}", status=404)["code"] == "contest_not_found"
        assert client.get("/v1/contests")["items"] == []
    assert [each["id"] for each in world.as_(PUBLISHER).get("/v1/contests")["items"]] == [contest]


def dossier_faults(world: World, case: str) -> list[Any]:
    """Return what does not hold in the dossier of a case."""
    house = world.house
    while sequence(house.database, house.clock, house.signing_key):
        pass
    dossier = world.as_(OFFICE, Role.AUDITOR).raw("GET", f"/v1/cases/{case}/dossier")
    return list(recompute_bytes(dossier.data, [house.signing_key.verifier]))


def test_a_decider_who_is_found_tied_decided_nothing_and_another_decides(
    world: World, contest: str, decider: Web
) -> None:
    case, office = world.ids["case"], world.as_(OFFICE, Role.REGISTRAR)
    decide(world, decider, contest, "moves", day="2025-11-03")
    assert award_of(world)["state"] == "refused"
    world.clock.advance(timedelta(hours=1))
    at = str(world.clock.now())
    world.clock.advance(timedelta(hours=1))
    path, why = f"/v1/contests/{contest}/recusal", {"reason": "配偶任职"}
    assert office.post(path, why, status=422)["code"] == "contest_decider_free"
    # Neither declared nor seen until now: a tie that nobody declared counts as well.
    reached(world, owner_of_publisher(world), "owner@publisher.test")
    reached(world, world.ids["new.reviewer"], "li@publisher.test")
    second = a_reviewer(world, "second.reviewer")
    due = world.as_(OFFICE, Role.AUDITOR).get("/v1/office/due")["items"]
    assert [each["step"] for each in due if each["case"] == contest] == ["contest_recusal"]
    again = office.post(path, why, status=200)
    assert (again["state"], again["decision"], again["reviewer"]) == ("open", None, world.ids["second.reviewer"])
    (fallen,) = again["void_decisions"]
    assert (fallen["number"], fallen["outcome"], fallen["void_ground"]) == ("2026-P0001", "moves", "decider_tied")
    # The refusal rested on it alone: the case waits where it stood, and the contest holds it.
    assert (award_of(world)["state"], award_of(world)["refusal"]) == ("applied", None)
    refused = world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{case}/review", steps.review_body(), status=422)
    assert [each["code"] for each in refused["obstacles"]] == ["novelty_contested"]
    assert finding(check(world), "first_publication") == "met"
    assert finding(check(world, as_of=at), "first_publication") == "unmet", "what was decided then is replayed with it"
    assert dossier_faults(world, case) == []
    barred = decider.post(f"/v1/contests/{contest}/decision", decision("stays"), status=403)
    assert barred["code"] == "contest_reviewer_not_drawn"
    made = second.post(f"/v1/contests/{contest}/decision", decision("stays"), status=200)
    assert (made["decision"]["number"], award_of(world)["state"]) == ("2026-P0002", "applied")
    assert office.post(path, why, status=422)["code"] == "contest_decider_free"
    assert dossier_faults(world, case) == []


def test_an_annulled_refusal_takes_the_decision_of_its_contest_with_it(
    world: World, contest: str, decider: Web
) -> None:
    # The case that is brought back has a reviewer drawn as well, and that one does not decide the contest.
    made = {login: a_reviewer(world, login) for login in ("second.reviewer", "third.reviewer")}
    case, others = world.ids["case"], {world.ids[login]: web for login, web in made.items()}
    drawn = world.as_(OFFICE, Role.REVIEWER).get(f"/v1/contests/{contest}")["reviewer"]
    assert drawn == world.ids["new.reviewer"]
    decide(world, decider, contest, "earlier", day="2024-05-01", place="某开放数据平台")
    body = {"subject": case, "kind": "reconsideration", "organ": "区人民政府", "grounds": "首发认定有误"}
    remedy = world.as_(PUBLISHER).post("/v1/remedies", body)["id"]
    ended = {"outcome": "annulled", "number": "伊政复决〔2026〕7号", "decided_on": world.today(), "reasons": "证据不足"}
    world.as_(OFFICE, Role.SECTION_HEAD).post(f"/v1/remedies/{remedy}/outcome", ended, status=200)
    again = world.as_(OFFICE, Role.AUDITOR).get(f"/v1/contests/{contest}")
    assert (again["state"], again["decision"]) == ("open", None)
    other = others[again["reviewer"]]
    assert (award_of(world)["state"], finding(check(world), "first_publication")) == ("applied", "met")
    assert dossier_faults(world, case) == []
    assert other.post(f"/v1/contests/{contest}/decision", decision("stays"), status=200)["state"] == "decided"


def test_money_recovered_by_a_decision_that_falls_is_looked_at_again(world: World) -> None:
    case, contest = world.ids["case"], a_lost_award(world)
    reviewer = world.as_(OFFICE, Role.REVIEWER)
    body = {"outcome": "recover", "reason": "非首次公开发布"}
    reviewer.post(f"/v1/contests/{contest}/reviews/{case}", body, status=200)
    world.clock.advance(timedelta(hours=1))
    office = world.as_(OFFICE, Role.REGISTRAR)
    tie = {"firm": world.ids[STRANGER], "ground": "former", "note": "曾任职", "officer": world.ids["new.reviewer"]}
    office.post("/v1/office/ties", tie)
    office.post(f"/v1/contests/{contest}/recusal", {"reason": "曾任职"}, status=200)
    opened = world.as_(OFFICE, Role.AUDITOR).get("/v1/contest-reviews")["items"]
    assert [(each["case"], each["outcome"]) for each in opened] == [(case, None), (case, "recover")]
    stands = {"outcome": "stands", "reason": "决定失效"}
    assert reviewer.post(f"/v1/contests/{contest}/reviews/{case}", stands, status=200)["outcome"] == "stands"
    assert award_of(world)["state"] == "paid"


def test_a_reviewer_and_a_decider_who_act_at_one_moment_end_a_case_once(
    world: World, contest: str, decider: Web
) -> None:
    case, gate = world.ids["case"], threading.Barrier(2)
    world.clock.advance(timedelta(days=EVIDENCE_DAYS))
    reviewer = world.as_(OFFICE, Role.REVIEWER)
    asked = [
        (reviewer, f"/v1/cases/{case}/review", steps.review_body() | {"passed": False}),
        (decider, f"/v1/contests/{contest}/decision", decision("moves", day="2025-11-03")),
    ]

    def act(number: int) -> int:
        client, path, body = asked[number]
        gate.wait()
        headers = {"Idempotency-Key": f"at-once-{number}"}
        return int(client.raw("POST", path, headers=headers, json=body).status_code)

    with ThreadPoolExecutor(2) as threads:
        statuses = list(threads.map(act, range(2)))
    # Whoever comes second finds the case ended: the decision stands all the same, the review is refused then.
    assert statuses in ([200, 200], [409, 200]), statuses
    ended = award_of(world)
    assert ended["state"] == "refused"
    assert (ended["refusal"]["code"] == "novelty_contest_lost") is (statuses[0] == 409)
    with world.house.database.reading() as connection:
        found = case_of(connection, CaseId(case))
    assert found is not None
    assert [each.number for each in found.acts] == list(range(1, len(found.acts) + 1))
    assert [each.kind.value for each in found.acts].count("refused") == 1
    assert dossier_faults(world, case) == []
