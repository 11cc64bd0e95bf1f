"""Grants of every kind and of each document that pays, from the application to the bank."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from registry.awards import correcting, gathering, granting, grants, officers, payments, rounds, service, verdicts
from registry.awards.commands import RecordReturn, WithdrawCase
from registry.awards.grant_model import (
    AnswerCorrection,
    AskCorrection,
    AskDepartments,
    AssessGrant,
    DeclaredBenefit,
    RecordDepartment,
)
from registry.awards.model import Case, CaseState
from registry.dossier.rules import recompute_bytes
from registry.dossier.service import dossier
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.house import House
from registry.journal import service as journal
from registry.parties import service as parties
from registry.policy import service as policy
from registry.policy.evaluation import Standing
from registry.policy.exclusivity import Benefit
from registry.policy.facts import Facts
from registry.values.money import ZERO, Money
from registry.vouchers import opening
from registry.vouchers import service as vouchers
from tests.conftest import FixedClock
from tests.registry.awards.builders import Desk, at
from tests.registry.awards.grant_builders import (
    Office,
    an_application,
    an_office,
    apply,
    assess,
    holder,
    instruct,
    know,
    of_another,
    pay,
    post_notice,
    review,
    rule,
    sign_all,
    stated,
    through_notice,
    to_the_bank,
)
from tests.registry.awards.scoring_builders import an_open_round, draw, experts, give, office_of, open_scores
from tests.registry.exchange.builders import a_firm, ask, do, firm_of
from tests.registry.policy.applicants import DATONG, EVENT, GOOD, ISSUED, TODAY, XUNWU, YIZHOU

ENDS = {
    # kind: document, instrument
    "percent": (YIZHOU, "yz-13-event"),
    "fixed": (YIZHOU, "yz-8-case"),
    "tiered": (YIZHOU, "yz-3-title"),
    "per_unit": (XUNWU, "xw-1-added"),
    "schedule": (DATONG, "dt-4-purchase"),
}


def codes(error: RuleError) -> set[str]:
    return {obstacle.code for obstacle in error.obstacles}


@pytest.mark.parametrize(("document", "instrument"), ENDS.values(), ids=ENDS.keys())
def test_a_grant_is_paid_from_its_policy_record_alone(
    house: House, clock: FixedClock, document: str, instrument: str
) -> None:
    office = an_office(house, clock, document)
    case = apply(office, an_application(office, instrument))
    paid = to_the_bank(office, clock, assess(office, case))
    assert (paid.state, str(paid.amount)) == (CaseState.PAID, GOOD[instrument][1])
    assert dossier_faults(office, paid) == []


def dossier_faults(office: Office, case: Case) -> list[object]:
    """Return what does not hold in the dossier of a case, recomputed offline."""
    house = office.house
    journal.sequence(house.database, house.clock, house.signing_key)
    content = ask(house, office.reviewer, lambda view: dossier(view, house.signing_key, case.id))
    return list(recompute_bytes(content, [house.signing_key.verifier]))


def test_a_scored_grant_waits_for_its_score_and_is_for_a_dataset_of_ones_own(desk: Desk, clock: FixedClock) -> None:
    office, scene = office_of(desk), desk.scene
    an_open_round(office, clock, "yz-14b")
    asked = replace(an_application(office, "yz-14b", dataset=scene.dataset.name), event_on=clock.now().civil_day())
    case = apply(office, asked)
    assert case.amount == ZERO
    with pytest.raises(RuleError) as refused:
        review(office, case.id)
    assert codes(refused.value) == {"grant_not_assessed"}
    people = experts(office, 3)
    draw(office, case.id)
    for expert in people:
        give(office, expert, case.id, 6_999)
    open_scores(office, case.id)
    with pytest.raises(RuleError) as refused:
        review(office, case.id)
    assert codes(refused.value) == {"grant_not_assessed"}
    names = tuple(ask(office.house, office.reviewer, lambda view: granting.claim(view, case.id)).stated)
    command = AssessGrant(case.id, names, {}, "Originals compared.")
    assessed = do(office.house, office.reviewer, lambda work: granting.assess_grant(work, command))
    paid = to_the_bank(office, clock, assessed)
    assert str(paid.amount) == "¥100,000.00"
    assert dossier_faults(office, paid) == []
    clock.set(ask(office.house, office.firm, lambda view: rounds.round_of_case(view, case.id)).now.opens_at)
    with pytest.raises(RuleError) as refused:
        apply(office, asked)
    assert "policy_not_granted_before" in codes(refused.value)
    with pytest.raises(NotAllowedError):
        apply(office, asked, firm=scene.leaders[0])


def test_an_application_names_everything_that_is_missing_at_once(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    asked = an_application(office, "yz-13-event", event_over=None, score=80, operates_in_area=True)
    wrong = replace(asked, keys={"title": ("x",)}, evidence={}, undertaking=False)
    with pytest.raises(RuleError, match="not_eligible") as refused:
        apply(office, wrong)
    assert codes(refused.value) == {
        "grant_fact_not_yours",
        "grant_fact_not_asked",
        "grant_key_missing",
        "grant_key_not_asked",
        "grant_evidence_missing",
        "undertaking_missing",
        "policy_requirement",
        "policy_not_granted_before",
    }


def test_what_nobody_confirmed_is_unknown_and_what_an_officer_found_decides(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    case = apply(office, an_application(office, "yz-13-event"))
    assert assess(office, case, but=("event_over",)).amount == ZERO
    assert str(assess(office, case, event_cost=1_000_001).amount) == "¥3,000.00"
    before = assess(office, case)
    with pytest.raises(RuleError, match="grant_assessment_wrong"):
        assess(office, case, operates_in_area=True)
    assert ask(house, office.reviewer, lambda view: gathering.stated_now(view, before)) == stated("yz-13-event")


@pytest.mark.parametrize(
    ("seats", "amount", "held"), [(299, 89_700_000, 0), (300, 90_000_000, 60_000_000), (301, 0, 0)]
)
def test_the_boundary_of_two_tiers_pays_the_undisputed_amount(
    house: House, clock: FixedClock, seats: int, amount: int, held: int
) -> None:
    office = an_office(house, clock, XUNWU)
    case = apply(office, an_application(office, "xw-1-new", seats=seats))
    assessed = assess(office, case)
    assert assessed.amount.fen == amount
    verdict = ask(house, office.reviewer, lambda view: granting.payment_verdict(view, assessed))
    assert verdict.held.fen == held
    if seats == 301:  # 最高5000元: nothing is due before the authority decides below the ceiling.
        assert assess(office, case, decided_amount=100_000_000).amount.fen == 100_000_000


def test_a_line_that_changes_on_day_six_is_noticed_and_signed_anew(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    case = apply(office, an_application(office, "yz-13-event"))
    first = assess(office, case)
    review(office, case.id)
    sign_all(office, case.id)
    noticed = post_notice(office, case.id)
    assert noticed.notice is not None
    clock.set(noticed.notice.posted_at.plus(timedelta(days=6)))
    changed = assess(office, case, event_cost=1_000_000)
    assert changed.amount.fen == 300_000 < first.amount.fen
    clock.set(noticed.notice.ends_at)
    with pytest.raises(RuleError) as refused:
        instruct(office, case.id)
    assert codes(refused.value) == {"notice_of_other_lines", "signatures_missing"}
    sign_all(office, case.id)
    again = post_notice(office, case.id)
    assert again.notice is not None
    clock.set(again.notice.ends_at)
    instruct(office, case.id)
    paid = pay(office, case.id)
    assert paid.amount.fen == 300_000
    assert dossier_faults(office, paid) == []


def test_a_cap_of_a_firm_and_year_is_used_by_what_stands(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, XUNWU)
    much = {"service_trade_usd": 50_000_000}
    first = assess(office, apply(office, an_application(office, "xw-14-service-trade", **much)))
    assert str(first.amount) == "¥200,000.00"
    other = of_another(office)
    assert str(apply(other, an_application(other, "xw-14-service-trade", **much)).amount) == "¥200,000.00"
    with pytest.raises(RuleError) as refused:
        apply(office, an_application(office, "xw-14-service-trade"))
    assert {"policy_not_granted_before", "policy_cap_room"} <= codes(refused.value)
    later = replace(an_application(office, "xw-14-service-trade", **much), event_on=date(2025, 1, 1))
    assert str(apply(office, later).amount) == "¥200,000.00"


def test_a_like_benefit_of_another_document_denies_and_the_firm_elects(house: House, clock: FixedClock) -> None:
    elsewhere = an_office(house, clock, XUNWU)
    revenue = apply(elsewhere, an_application(elsewhere, "xw-4-revenue"))
    here = an_office(house, clock, YIZHOU, firm=elsewhere.firm)
    asked = an_application(here, "yz-2-growth-20m")
    with pytest.raises(RuleError) as refused:
        apply(here, asked)
    assert codes(refused.value) == {"policy_no_like_benefit", "grant_withdraw_others"}
    do(house, here.firm, lambda work: service.withdraw(work, WithdrawCase(revenue.id, "elected the other")))
    case = assess(here, apply(here, asked))
    through_notice(here, clock, case)
    # What is filed elsewhere meanwhile is refused there, and this one is paid.
    with pytest.raises(RuleError) as refused:
        apply(elsewhere, an_application(elsewhere, "xw-4-revenue"))
    assert "policy_no_like_benefit" in codes(refused.value)
    instruct(here, case.id)
    assert pay(here, case.id).state is CaseState.PAID


def test_a_like_benefit_from_before_the_system_denies_its_firm_alone(house: House, clock: FixedClock) -> None:
    elsewhere = an_office(house, clock, XUNWU)
    code = ask(house, elsewhere.firm, lambda view: parties.firm(view, firm_of(elsewhere.firm))).uscc
    content = f"instrument,uscc,year,amount\nxw-4-revenue,{code},2025,100000\n".encode()
    proposed = do(house, elsewhere.registrar, lambda work: opening.propose(work, content)).opening
    here = an_office(house, clock, YIZHOU, firm=elsewhere.firm)
    do(house, elsewhere.payer, lambda work: opening.confirm(work, proposed.id, proposed.digest))
    with pytest.raises(RuleError) as refused:
        apply(here, an_application(here, "yz-2-growth-20m"))
    assert codes(refused.value) == {"policy_no_like_benefit"}
    other = replace(here, firm=a_firm(house, here.registrar))
    know(other, other.firm)
    assert apply(other, an_application(other, "yz-2-growth-20m")).applicant == firm_of(other.firm)


def test_a_like_benefit_that_is_declared_denies(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    had = DeclaredBenefit("另市政策", date(2026, 1, 1), Money(100))
    with pytest.raises(RuleError) as refused:
        apply(office, replace(an_application(office, "yz-13-event"), declared=(had,)))
    assert codes(refused.value) == {"policy_no_like_benefit"}


def test_a_payment_waits_for_every_ruling(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU, ruled=False)
    case = assess(office, apply(office, an_application(office, "yz-8-case")))
    through_notice(office, clock, case)
    with pytest.raises(RuleError) as refused:
        instruct(office, case.id)
    assert codes(refused.value) == {"assumption_without_ruling"}
    rule(office)
    assert instruct(office, case.id).state is CaseState.INSTRUCTED


def test_vouchers_adoptions_and_persons_are_granted_otherwise(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    for instrument in ("yz-4-data", "yz-14a"):
        with pytest.raises(RuleError, match="instrument_granted_otherwise"):
            apply(office, an_application(office, instrument))


def test_nobody_of_another_authority_sees_or_assesses_a_grant(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    case = apply(office, an_application(office, "yz-8-case"))
    other = an_office(house, clock, YIZHOU)
    with pytest.raises(NotFoundError, match="case_not_found"):
        assess(replace(other, reviewer=other.reviewer), case)
    with pytest.raises(NotFoundError, match="case_not_found"):
        ask(house, other.reviewer, lambda view: granting.claim(view, case.id))


def test_one_correction_names_every_defect_and_silence_is_withdrawal(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    case = apply(office, an_application(office, "yz-13-event"))
    asked = AskCorrection(case.id, ("cost without receipt", "no photographs"))
    waiting = do(house, office.reviewer, lambda work: correcting.ask_correction(work, asked))
    # Ten working days after Thursday 10 September: Sunday the 20th is made up for, the 25th is a holiday.
    assert (waiting.state, str(waiting.correction and waiting.correction.until)) == (CaseState.CORRECTING, "2026-09-23")
    with pytest.raises(ConflictError, match="case_wrong_state"):
        assess(office, case)
    answer = AnswerCorrection(case.id, "Attached.", {"event_cost": 2_000_000}, {})
    corrected = do(house, office.firm, lambda work: correcting.answer_correction(work, answer))
    assert (corrected.state, corrected.applied_at) == (CaseState.APPLIED, case.applied_at)
    assert assess(office, case).amount.fen == 600_000
    with pytest.raises(ConflictError, match="correction_asked_already"):
        do(house, office.reviewer, lambda work: correcting.ask_correction(work, asked))
    other = of_another(office)
    second = apply(other, an_application(other, "yz-13-event", serial="other"))
    silent = AskCorrection(second.id, ("no receipt",))
    do(house, office.reviewer, lambda work: correcting.ask_correction(work, silent))
    at(clock, "2026-09-23T23:59:59")
    with pytest.raises(ConflictError, match="correction_still_open"):
        do(house, office.reviewer, lambda work: correcting.close_silent(work, second.id))
    at(clock, "2026-09-24T00:00:00")
    late = replace(answer, case=second.id)
    with pytest.raises(RuleError, match="correction_too_late"):
        do(house, other.firm, lambda work: correcting.answer_correction(work, late))
    ended = do(house, office.reviewer, lambda work: correcting.close_silent(work, second.id))
    assert ended.state is CaseState.WITHDRAWN


def test_every_department_that_was_asked_must_agree(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    case = assess(office, apply(office, an_application(office, "yz-13-event")))
    both = AskDepartments(case.id, ("人社局", "科工局"))
    do(house, office.reviewer, lambda work: correcting.ask_departments(work, both))

    def answered(department: str, *, agrees: bool) -> None:
        command = RecordDepartment(case.id, department, agrees, "Looked at.")
        do(house, office.reviewer, lambda work: correcting.record_department(work, command))

    answered("人社局", agrees=True)
    with pytest.raises(RuleError) as refused:
        review(office, case.id)
    assert codes(refused.value) == {"department_not_answered"}
    answered("科工局", agrees=False)
    with pytest.raises(RuleError) as refused:
        review(office, case.id)
    assert codes(refused.value) == {"department_disagrees"}
    with pytest.raises(ConflictError, match="department_answered_already"):
        answered("科工局", agrees=True)
    assert review(office, case.id, passed=False).state is CaseState.REFUSED


def test_the_same_verdict_follows_from_snapshot_and_document_for_every_instrument() -> None:
    for document in policy.shipped():
        for instrument in document.instruments:
            if instrument.id not in GOOD or (document.revision.document == YIZHOU and document.revision.number == 1):
                continue
            name = document.revision.document
            facts = Facts({**GOOD[instrument.id][0], "event_on": EVENT[name]})
            kept = grants.snapshot(
                policy=verdicts.policy_snapshot(document, instrument, ISSUED[name], (), TODAY[name]),
                applicant="firm",
                facts=facts.as_json(),
                sources={},
                evidence={},
                standing=Standing({cap.id: ZERO for cap in instrument.caps}, granted_before=False, benefits=()),
            )
            verdict = grants.verdict_of(document, json.loads(json.dumps(kept)))
            assert str(verdict.amount) == GOOD[instrument.id][1], instrument.id


def test_when_the_newest_is_not_the_highest_the_firm_elects() -> None:
    older = Benefit("xunwu", "older", "seat", {}, date(2022, 5, 4), Money(200))
    newer = Benefit("yizhou", "newer", "seat", {}, date(2026, 1, 15), Money(100))
    found_for = {
        elected: [each.code for each in grants.election_obstacles(newer, (older,), elected)]
        for elected in (None, "older", "newer")
    }
    assert found_for == {
        None: ["grant_election_needed"],
        "older": ["grant_other_holds"],
        "newer": ["grant_withdraw_others"],
    }
    assert grants.election_obstacles(newer, (), None) == ()
    same = replace(older, keys={"firm": "f"}), replace(newer, keys={"firm": "f"})
    assert [each.code for each in grants.exclusive_obstacles(same[0], same[1:])] == ["policy_benefit_twice"]


# Who may act, and what a correction cannot change.


def away(office: Office) -> None:
    """Recuse the reviewer from every case there is."""
    for case in ask(office.house, office.reviewer, lambda view: service.cases(view, None, 50)):
        do(office.house, office.reviewer, lambda work, c=case: officers.recuse(work, c.id, None, "own"))


def test_who_was_recused_neither_assesses_nor_asks_and_what_was_assessed_uses_no_cap(
    house: House, clock: FixedClock
) -> None:
    office = an_office(house, clock, XUNWU)
    much = {"service_trade_usd": 50_000_000}
    case = apply(office, an_application(office, "xw-14-service-trade", **much))
    less = assess(office, case, service_trade_usd=1_000_000)
    away(office)
    standing = ask(house, office.firm, lambda view: service.case(view, case.id))
    assert (str(less.amount), standing.assessment, str(standing.amount)) == ("¥5,000.00", None, "¥200,000.00")
    for act in (
        lambda: assess(office, case),
        lambda: do(
            house, office.reviewer, lambda work: correcting.ask_correction(work, AskCorrection(case.id, ("x",)))
        ),
        lambda: do(
            house, office.reviewer, lambda work: correcting.ask_departments(work, AskDepartments(case.id, ("x",)))
        ),
    ):
        with pytest.raises(NotAllowedError, match="officer_recused"):
            act()
    # The void assessment of less does not leave room under the cap for more.
    with pytest.raises(RuleError) as refused:
        apply(office, an_application(office, "xw-14-service-trade", serial="second"))
    assert "policy_cap_room" in codes(refused.value)


def test_who_signed_assesses_no_more(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    case = assess(office, apply(office, an_application(office, "yz-13-event")))
    review(office, case.id)
    sign_all(office, case.id)
    both = replace(office.signers[0], roles=office.signers[0].roles | office.reviewer.roles)
    with pytest.raises(NotAllowedError, match="officer_already_acted"):
        assess(replace(office, reviewer=both), case)


def test_a_correction_leads_to_a_new_assessment_and_to_no_other_instalment(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, DATONG)
    case = assess(office, apply(office, an_application(office, "dt-4-purchase")))
    asked = AskCorrection(case.id, ("no receipt",))
    do(house, office.reviewer, lambda work: correcting.ask_correction(work, asked))
    other = AnswerCorrection(case.id, "Attached.", {"instalment": 2}, {})
    with pytest.raises(RuleError) as refused:
        do(house, office.firm, lambda work: correcting.answer_correction(work, other))
    assert codes(refused.value) == {"grant_fact_not_yours"}
    do(house, office.firm, lambda work: correcting.answer_correction(work, replace(other, facts={})))
    with pytest.raises(RuleError) as refused:
        review(office, case.id)
    assert codes(refused.value) == {"grant_not_assessed"}
    assess(office, case)
    assert review(office, case.id).state is CaseState.REVIEWED


def test_what_the_bank_sent_back_is_assessed_anew(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    case = assess(office, apply(office, an_application(office, "yz-13-event")))
    through_notice(office, clock, case)
    instruct(office, case.id)
    do(house, office.payer, lambda work: payments.record_return(work, RecordReturn(case.id, "account closed")))
    assert assess(office, case, event_cost=1_000_000).state is CaseState.REVIEWED
    sign_all(office, case.id)
    noticed = post_notice(office, case.id)
    assert noticed.notice is not None
    clock.set(noticed.notice.ends_at)
    instruct(office, case.id)
    assert str(pay(office, case.id).amount) == "¥3,000.00"


def test_a_return_frees_what_was_instructed_although_its_assessment_became_void(
    house: House, clock: FixedClock
) -> None:
    office = an_office(house, clock, YIZHOU)
    case = assess(office, apply(office, an_application(office, "yz-13-event")), event_cost=1_000_000)
    through_notice(office, clock, case)
    instruct(office, case.id)
    away(office)
    void = ask(house, office.firm, lambda view: service.case(view, case.id))
    assert void.amount != case.amount
    do(house, office.payer, lambda work: payments.record_return(work, RecordReturn(case.id, "account closed")))
    (line,) = ask(house, office.payer, vouchers.appropriations)
    assert line.instructed == ZERO


def test_the_same_worker_written_otherwise_is_one_worker() -> None:
    instrument = holder("yz-12-seat")
    facts = Facts({"effective_seats": 2})
    for names, told in ((("Zhang San", "李四"), []), (("Zhang San", "zhangＳan"), ["grant_roster_differs"])):
        found = grants.roster_obstacles(instrument, facts, {"worker": names})
        assert [each.code for each in found] == told
    assert grants.roster_obstacles(instrument, facts, {"worker": ("a", "b", "c")}, fewer=True) == []
