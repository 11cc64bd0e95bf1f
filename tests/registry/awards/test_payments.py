"""From an application to the bank: what a payment waits for, and who makes it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.actors.model import Role
from registry.awards import payments, procedure, service
from registry.awards.commands import AnswerObjection, RaiseObjection, RecordReturn, WithdrawCase
from registry.awards.model import CaseState, Outcome
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.parties import service as parties
from registry.vouchers import opening
from registry.vouchers import service as vouchers
from tests.conftest import FixedClock
from tests.registry.adoption.builders import attest, withdraw
from tests.registry.awards.builders import (
    ACCOUNT_NUMBER,
    INSTRUMENT,
    Desk,
    an_application,
    apply,
    at,
    case_now,
    check,
    instruct,
    pay,
    post_notice,
    ready_for_payment,
    review,
    sign,
    sign_all,
)
from tests.registry.exchange.builders import a_firm, an_officer, ask, do, firm_of


def codes(error: RuleError) -> set[str]:
    return {obstacle.code for obstacle in error.obstacles}


def test_an_award_is_paid_after_its_notice_in_figures_and_capitals(desk: Desk, clock: FixedClock) -> None:
    case = ready_for_payment(desk, clock)
    instruct(desk, case.id)
    paid = pay(desk, case.id)
    assert paid.state is CaseState.PAID
    assert (str(paid.amount), paid.amount.in_capitals()) == ("¥50,000.00", "伍万元整")
    with desk.house.view(desk.payer) as view:
        vouchers.verify_ledger(view.connection)
    again = ask(desk.house, desk.payer, lambda view: service.replay(view, case.id))
    assert (again.amount, again.facts_digest) == (case.amount, case.facts)
    with pytest.raises(ConflictError, match="case_wrong_state"):
        pay(desk, case.id)
    with pytest.raises(RuleError) as refused:
        apply(desk)
    assert "not_awarded_before" in codes(refused.value)


def test_a_notice_ends_at_midnight_after_the_seventh_day_and_not_an_hour_before(desk: Desk, clock: FixedClock) -> None:
    case = apply(desk)
    review(desk, case.id)
    sign_all(desk, case.id)
    at(clock, "2026-03-02T10:00:00")
    noticed = post_notice(desk, case.id)
    assert noticed.notice is not None
    assert str(noticed.notice.ends_at) == "2026-03-09T16:00:00.000000Z"
    # Day 6; 168 hours after posting; the last second of the seventh day.
    for instant in ("2026-03-08T12:00:00", "2026-03-09T10:00:00", "2026-03-09T23:59:59"):
        at(clock, instant)
        for attempt in (instruct, pay):
            with pytest.raises(RuleError) as refused:
                attempt(desk, case.id)
            assert [found.parameters for found in refused.value.obstacles] == [{"ends_at": str(noticed.notice.ends_at)}]
    at(clock, "2026-03-10T00:00:00")
    assert instruct(desk, case.id).state is CaseState.INSTRUCTED


def test_a_notice_whose_seventh_day_is_a_holiday_ends_with_the_next_working_day(desk: Desk, clock: FixedClock) -> None:
    case = apply(desk)
    review(desk, case.id)
    # The seventh day is 1 May; offices rest from the 1st to the 5th.
    at(clock, "2026-04-24T10:00:00")
    noticed = post_notice(desk, case.id)
    assert noticed.notice is not None
    assert str(noticed.notice.ends_at) == "2026-05-06T16:00:00.000000Z"


def test_an_adoption_withdrawn_before_the_payment_stops_it(desk: Desk, clock: FixedClock) -> None:
    extra = desk.scene.leaders[0]
    case = ready_for_payment(desk, clock)
    found = check(desk).facts["adoption"]
    first = found["receipts"][0]["receipt"]["id"]  # type: ignore[index, call-overload]
    withdraw(desk.scene, extra, first)  # type: ignore[arg-type]
    with pytest.raises(RuleError) as refused:
        instruct(desk, case.id)
    assert "adopted_by_leading_firms" in codes(refused.value)
    attest(desk.scene, extra)
    instruct(desk, case.id)
    assert pay(desk, case.id).state is CaseState.PAID


def test_an_open_objection_stops_the_payment_and_an_upheld_one_ends_the_case(desk: Desk, clock: FixedClock) -> None:
    case = apply(desk)
    review(desk, case.id)
    sign_all(desk, case.id)
    rival = a_firm(desk.house, desk.scene.market.registrar)
    objection = RaiseObjection(case.id, "Published in 2024 elsewhere.")
    with pytest.raises(NotFoundError, match="case_not_found"):
        do(desk.house, rival, lambda work: procedure.raise_objection(work, objection))
    noticed = post_notice(desk, case.id)
    assert noticed.notice is not None
    assert do(desk.house, rival, lambda work: procedure.raise_objection(work, objection)).number == 1
    clock.set(noticed.notice.ends_at)
    with pytest.raises(RuleError) as refused:
        instruct(desk, case.id)
    assert codes(refused.value) == {"objection_open"}
    assert do(desk.house, rival, lambda work: procedure.raise_objection(work, objection)).late
    answer = AnswerObjection(case.id, 1, Outcome.UPHELD, "It was.")
    ended = do(desk.house, desk.reviewer, lambda work: procedure.answer_objection(work, answer))
    assert (ended.state, ended.refusal and ended.refusal.number) == (CaseState.REFUSED, "2026-0001")


def test_an_earlier_publication_or_a_refused_signature_ends_a_case_in_a_numbered_decision(desk: Desk) -> None:
    first = apply(desk)
    ended = review(desk, first.id, found_earlier=True)
    assert (ended.state, ended.refusal and ended.refusal.code) == (CaseState.REFUSED, "earlier_publication_found")
    second = apply(desk)
    review(desk, second.id)
    ended = sign(desk, second.id, desk.signers[0], approved=False)
    assert (ended.refusal and ended.refusal.code, ended.refusal and ended.refusal.number) == (
        "signature_refused",
        "2026-0002",
    )


def test_an_application_lists_every_obstacle_at_once(desk: Desk) -> None:
    asked = an_application(desk)
    wrong = replace(asked, undertaking=False, payee=replace(asked.payee, account_name="Someone else"))
    with pytest.raises(RuleError, match="not_eligible") as refused:
        apply(desk, wrong)
    assert codes(refused.value) == {"undertaking_missing", "payee_name_differs"}
    with pytest.raises(NotAllowedError, match="not_yours"):
        apply(desk, asked, actor=desk.scene.leaders[0])
    apply(desk)
    with pytest.raises(RuleError) as again:
        apply(desk)
    assert codes(again.value) == {"no_other_case"}


def test_an_award_from_before_the_system_stands_in_the_way_of_a_second(desk: Desk) -> None:
    market, publisher = desk.scene.market, desk.scene.publisher
    code = ask(desk.house, publisher, lambda view: parties.firm(view, firm_of(publisher))).uscc
    content = (
        f"instrument,uscc,year,amount,dataset\n{INSTRUMENT},{code},2025,50000,{desk.scene.dataset.name}\n".encode()
    )
    made = do(desk.house, market.registrar, lambda work: opening.propose(work, content)).opening
    standing = apply(desk)
    do(desk.house, publisher, lambda work: service.withdraw(work, WithdrawCase(standing.id, "Not yet.")))
    do(desk.house, market.payer, lambda work: opening.confirm(work, made.id, made.digest))
    with pytest.raises(RuleError) as refused:
        apply(desk)
    assert codes(refused.value) == {"not_awarded_before"}


def test_an_award_by_score_needs_a_round(desk: Desk) -> None:
    with pytest.raises(RuleError, match="instrument_needs_round"):
        apply(desk, replace(an_application(desk), instrument="yz-14b"))


def test_only_finance_sees_the_whole_account(desk: Desk) -> None:
    case = apply(desk)
    assert case.payee is not None
    assert case.payee.masked_number == "************5678"
    secret = desk.house.secret
    shown = {
        actor.name: ask(desk.house, actor, lambda view: service.payee_for_finance(view, secret, case))
        for actor in (desk.scene.publisher, desk.reviewer)
    }
    assert set(shown.values()) == {None}
    whole = ask(desk.house, desk.payer, lambda view: service.payee_for_finance(view, secret, case))
    assert whole is not None
    assert whole.account_number == ACCOUNT_NUMBER.replace(" ", "")


def test_whoever_reviewed_or_signed_neither_signs_again_nor_pays(desk: Desk, clock: FixedClock) -> None:
    authority = desk.scene.market.authority
    everything = an_officer(authority, Role.REVIEWER, Role.SECTION_HEAD, Role.LEADER_IN_CHARGE, Role.PAYER)
    case = apply(desk)
    with pytest.raises(ConflictError, match="case_wrong_state"):
        sign(desk, case.id, desk.signers[0])
    review(replace(desk, reviewer=everything), case.id)
    with pytest.raises(NotAllowedError, match="officer_already_acted"):
        sign(desk, case.id, everything)
    with pytest.raises(NotAllowedError, match="not_your_turn_to_sign"):
        sign(desk, case.id, desk.signers[1])
    sign_all(desk, case.id)
    with pytest.raises(ConflictError, match="case_fully_signed"):
        sign(desk, case.id, desk.signers[2])
    noticed = post_notice(desk, case.id)
    assert noticed.notice is not None
    clock.set(noticed.notice.ends_at)
    with pytest.raises(NotAllowedError, match="payer_already_acted"):
        instruct(desk, case.id, payer=everything)
    with pytest.raises(NotAllowedError, match="role_missing"):
        instruct(desk, case.id, payer=desk.reviewer)


def test_a_returned_payment_is_instructed_again_and_never_twice_at_once(desk: Desk, clock: FixedClock) -> None:
    case = ready_for_payment(desk, clock)
    instruct(desk, case.id)
    with pytest.raises(ConflictError, match="case_wrong_state"):
        instruct(desk, case.id)
    returned = do(desk.house, desk.payer, lambda work: payments.record_return(work, RecordReturn(case.id, "closed")))
    assert (returned.state, returned.instruction) == (CaseState.RETURNED, None)
    with pytest.raises(ConflictError, match="case_wrong_state"):
        pay(desk, case.id)
    instruct(desk, case.id)
    with pytest.raises(RuleError, match="paid_on_out_of_range"):
        pay(desk, case.id, paid_on=clock.now().civil_day() + timedelta(days=1))
    pay(desk, case.id)
    assert case_now(desk, case.id).state is CaseState.PAID


def test_the_notice_is_public_while_it_runs(desk: Desk, clock: FixedClock) -> None:
    case = ready_for_payment(desk, clock)
    assert case.notice is not None
    nobody = replace(desk.payer, account=None, authority=None, roles=frozenset(), scopes=frozenset())
    assert ask(desk.house, nobody, lambda view: service.notices(view, 10)) == ()
    clock.set(case.notice.ends_at.plus(-timedelta(seconds=1)))
    assert [each.id for each in ask(desk.house, nobody, lambda view: service.notices(view, 10))] == [case.id]
