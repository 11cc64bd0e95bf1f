"""What comes between an instruction and the bank's receipt: the payment is recorded, and looked at afterwards."""

from datetime import timedelta

import pytest

from registry.actors.model import Role
from registry.adoption.model import WithdrawAdoption
from registry.aftercare import recoveries, reviews
from registry.aftercare.dues import dues
from registry.aftercare.recovery_model import OpenRecovery, Recovery, RecoveryGround, RecoveryOrigin
from registry.awards import payments, procedure
from registry.awards.came_between import ReviewPayment
from registry.awards.commands import AnswerObjection, DecideLateObjection, RaiseObjection, RecordPayment, RecordReturn
from registry.awards.model import Case, CaseState, Outcome
from registry.awards.withdrawn_adoptions import withdraw_adoption
from registry.dossier import service as dossiers
from registry.dossier.rules import recompute_bytes
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, RuleError
from registry.journal import service as journal
from registry.messages.model import Topic
from registry.parties import service as parties
from registry.parties.commands import RecordCredit, RecordSanction
from registry.parties.model import CreditAnswer, CreditStanding, Period
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, ReceiptId
from tests.conftest import FixedClock
from tests.registry.aftercare.builders import a_decider
from tests.registry.awards.builders import Desk, an_instruction, case_now, check, instruct, pay, ready_for_payment
from tests.registry.exchange.builders import a_firm, an_officer, ask, do, firm_of
from tests.registry.messages.test_announcing import a_webhook, told


def an_instructed_case(desk: Desk, clock: FixedClock) -> Case:
    """Return an award that the bank was told to pay."""
    return instruct(desk, ready_for_payment(desk, clock).id)


def object_to(desk: Desk, case: CaseId) -> None:
    """Object as a firm that has nothing to do with it."""
    rival = a_firm(desk.house, desk.scene.market.registrar)
    do(desk.house, rival, lambda work: procedure.raise_objection(work, RaiseObjection(case, "Published in 2024.")))


def answer(desk: Desk, case: CaseId, outcome: Outcome) -> Case:
    """Answer the objection."""
    command = AnswerObjection(case, 1, outcome, "Looked into.")
    return do(desk.house, desk.reviewer, lambda work: reviews.answer_objection(work, command))


def sanction(desk: Desk) -> None:
    """Sanction the publisher today."""
    day = desk.house.clock.now().civil_day()
    who, term = firm_of(desk.scene.publisher), Period(day, None)
    command = RecordSanction(who, "财政局", "罚〔2026〕1号", "427号令", ("all",), term, day, "", "决定书", day)
    do(desk.house, desk.scene.market.registrar, lambda work: parties.record_sanction(work, command))


def waited_for(desk: Desk) -> list[str]:
    """Return the steps the office has to do."""
    return [each.wait.step.value for each in ask(desk.house, desk.reviewer, dues)]


def opened_on(desk: Desk, case: CaseId) -> list[Recovery]:
    """Return the recoveries of a case."""
    return list(ask(desk.house, desk.reviewer, lambda view: recoveries.recoveries(view, case, None, 10)))


def the_dossier_holds(desk: Desk, case: CaseId) -> None:
    """Recompute the dossier of a case as anyone would."""
    house = desk.house
    while journal.sequence(house.database, house.clock, house.signing_key):
        pass
    content = ask(house, desk.payer, lambda view: dossiers.dossier(view, house.signing_key, case))
    assert recompute_bytes(content, [house.signing_key.verifier]) == []


def test_an_objection_hinders_no_receipt_and_recovers_the_money_when_it_is_upheld(
    desk: Desk, clock: FixedClock
) -> None:
    case = an_instructed_case(desk, clock).id
    object_to(desk, case)
    paid = pay(desk, case)
    assert (paid.state, paid.payment and paid.payment.in_spite_of) == (CaseState.PAID, ("objection_open",))
    # Nothing is left to hold; it is answered, and until then the office is told so.
    late = DecideLateObjection(case, 1, hold=True, reason="x")
    with pytest.raises(ConflictError, match="case_wrong_state"):
        do(desk.house, desk.reviewer, lambda work: procedure.decide_late(work, late))
    assert waited_for(desk) == ["answer"]
    with pytest.raises(ConflictError, match="payment_review_not_open"):
        do(desk.house, desk.reviewer, lambda work: reviews.answer_payment_review(work, ReviewPayment(case, True, "x")))
    the_dossier_holds(desk, case)
    assert answer(desk, case, Outcome.UPHELD).state is CaseState.PAID
    (recovery,) = opened_on(desk, case)
    assert (recovery.origin, recovery.source, str(recovery.amount)) == (RecoveryOrigin.OBJECTION, "1", "¥50,000.00")
    assert waited_for(desk) == ["hearing"]
    the_dossier_holds(desk, case)


def test_an_objection_that_is_dismissed_after_the_payment_leaves_it_as_it_is(desk: Desk, clock: FixedClock) -> None:
    case = an_instructed_case(desk, clock).id
    object_to(desk, case)
    pay(desk, case)
    answer(desk, case, Outcome.DISMISSED)
    assert (opened_on(desk, case), waited_for(desk)) == ([], [])
    claimed = OpenRecovery(
        case, 1, RecoveryGround.MISTAKE, case_now(desk, case).amount, "x", "x", RecoveryOrigin.OBJECTION, "1"
    )
    with pytest.raises(RuleError, match="source_asks_no_recovery"):
        do(desk.house, desk.reviewer, lambda work: recoveries.open_recovery(work, claimed))


def test_what_the_bank_sends_back_is_recorded_and_not_instructed_again_while_an_objection_is_open(
    desk: Desk, clock: FixedClock
) -> None:
    case = an_instructed_case(desk, clock).id
    object_to(desk, case)
    back = RecordReturn(case, "account closed")
    assert do(desk.house, desk.payer, lambda work: payments.record_return(work, back)).instruction is None
    with pytest.raises(RuleError) as refused:
        instruct(desk, case)
    assert [each.code for each in refused.value.obstacles] == ["objection_open"]
    with pytest.raises(RuleError, match="case_not_payable"):
        pay(desk, case)
    late = DecideLateObjection(case, 1, hold=False, reason="It is of another dataset.")
    do(desk.house, desk.reviewer, lambda work: procedure.decide_late(work, late))
    assert instruct(desk, case).state is CaseState.INSTRUCTED


def test_a_sanction_hinders_no_receipt_and_is_looked_at_once(desk: Desk, clock: FixedClock) -> None:
    ready = ready_for_payment(desk, clock)
    authority = desk.scene.market.authority
    case = instruct(desk, ready.id).id
    sanction(desk)
    publisher = desk.scene.publisher
    hook = a_webhook(desk.house, publisher, Topic.CASE_REVIEW_OPENED)
    paid = pay(desk, case)
    assert paid.payment is not None
    assert paid.payment.in_spite_of == ("sanction_stops_payment",)
    seen = case_now(desk, case, publisher).payment
    assert (seen and seen.in_spite_of, hook in told(desk.house)) == ((), False)
    assert waited_for(desk) == ["payment_review"]
    the_dossier_holds(desk, case)
    with pytest.raises(NotAllowedError):
        do(desk.house, a_decider(authority), lambda work: reviews.answer_payment_review(work, _recover(case)))
    do(desk.house, desk.reviewer, lambda work: reviews.answer_payment_review(work, _recover(case)))
    (recovery,) = opened_on(desk, case)
    assert (recovery.origin, recovery.source) == (RecoveryOrigin.PAYMENT_REVIEW, case)
    assert waited_for(desk) == ["hearing"]
    with pytest.raises(ConflictError, match="payment_review_not_open"):
        do(desk.house, desk.reviewer, lambda work: reviews.answer_payment_review(work, _recover(case)))
    with pytest.raises(InvalidValueError, match="payment_stands_with_lines"):
        ReviewPayment(case, stands=True, reason="x", lines=(1,))
    the_dossier_holds(desk, case)


def _recover(case: CaseId) -> ReviewPayment:
    return ReviewPayment(case, stands=False, reason="The fraud is of before.")


def test_the_same_sanction_stops_an_instruction(desk: Desk, clock: FixedClock) -> None:
    case = ready_for_payment(desk, clock)
    sanction(desk)
    with pytest.raises(RuleError) as refused:
        instruct(desk, case.id)
    assert [each.code for each in refused.value.obstacles] == ["sanction_stops_payment"]


def test_credit_that_is_found_bad_hinders_no_receipt_and_credit_that_was_not_asked_does(
    desk: Desk, clock: FixedClock
) -> None:
    case = an_instructed_case(desk, clock).id
    clock.advance(timedelta(days=1))
    receipt = RecordPayment(case, "ICBC-0001", clock.now().civil_day())
    with pytest.raises(RuleError) as refused:
        do(desk.house, desk.payer, lambda work: payments.pay(work, receipt))
    assert [each.code for each in refused.value.obstacles] == ["credit_not_asked"]
    found = RecordCredit(
        firm_of(desk.scene.publisher),
        CreditAnswer(CreditStanding.LISTED, clock.now(), Digest.of(b"answer")),
        "信用中国",
    )
    registrar = an_officer(desk.scene.market.authority, Role.REGISTRAR)
    do(desk.house, registrar, lambda work: parties.record_credit(work, found))
    paid = do(desk.house, desk.payer, lambda work: payments.pay(work, receipt))
    assert paid.payment is not None
    assert paid.payment.in_spite_of == ("applicant_credit_clean",)
    stands = ReviewPayment(case, stands=True, reason="Listed for something that was mended.")
    do(desk.house, desk.reviewer, lambda work: reviews.answer_payment_review(work, stands))
    assert (opened_on(desk, case), waited_for(desk)) == ([], [])


def test_an_adoption_withdrawn_between_is_looked_at_after_the_payment(desk: Desk, clock: FixedClock) -> None:
    case = an_instructed_case(desk, clock).id
    found = check(desk).facts["adoption"]
    first = ReceiptId(found["receipts"][0]["receipt"]["id"])  # type: ignore[index, call-overload, arg-type]
    do(desk.house, desk.scene.leaders[0], lambda work: withdraw_adoption(work, WithdrawAdoption(first, "stopped")))
    paid = pay(desk, case)
    assert paid.payment is not None
    assert "adopted_by_leading_firms" in paid.payment.in_spite_of
    assert waited_for(desk) == ["payment_review"]
    the_dossier_holds(desk, case)


def test_nothing_is_recorded_of_a_case_that_was_never_instructed(desk: Desk, clock: FixedClock) -> None:
    case = ready_for_payment(desk, clock).id
    object_to(desk, case)
    with pytest.raises(RuleError) as refused:
        pay(desk, case)
    assert [each.code for each in refused.value.obstacles] == ["objection_open"]
    late = DecideLateObjection(case, 1, hold=False, reason="x")
    do(desk.house, desk.reviewer, lambda work: procedure.decide_late(work, late))
    with pytest.raises(ConflictError, match="case_wrong_state"):
        pay(desk, case)
    assert do(desk.house, desk.payer, lambda work: payments.instruct(work, an_instruction(case))).instruction
