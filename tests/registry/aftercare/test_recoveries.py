"""Money that was paid comes back: heard first, decided by others, to the fen, once; and back again when annulled."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from registry.actors.model import Actor, Role
from registry.adoption.model import AnswerReview, ReviewOutcome, WithdrawAdoption
from registry.aftercare import collecting, recoveries, remedies, reviews
from registry.aftercare.dues import dues
from registry.aftercare.model import DrawSample, RecordFinding
from registry.aftercare.recovery_model import (
    HearParty,
    OpenRecovery,
    Reappropriate,
    Recovery,
    RecoveryGround,
    RecoveryOrigin,
    RecoveryState,
)
from registry.aftercare.remedy_model import RemedyState, SuspendDecision
from registry.aftercare.service import draw_sample, record_finding, remedy_open
from registry.awards import register_reviews, service
from registry.awards.model import Case
from registry.awards.register_reviews import AnswerReview as AnswerRegisterReview
from registry.awards.withdrawn_adoptions import withdraw_adoption
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError, SancaiError
from registry.house import House
from registry.journal.model import Opening, commitment_of
from registry.journal.records import opening_of
from registry.offices.model import Step
from registry.values.identifiers import ReceiptId, VoucherId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money
from registry.vouchers import service as vouchers
from registry.vouchers.model import VoucherState
from tests.conftest import FixedClock
from tests.registry.aftercare.builders import (
    a_decider,
    a_paid_case,
    a_served_recovery,
    decided,
    ended,
    filed,
    notified,
    opened,
    paid_back,
    repaid,
    served,
    stated,
    today,
)
from tests.registry.awards.builders import (
    BUDGET_LINE,
    Desk,
    appropriate,
    instruct,
    pay,
    post_notice,
    review,
    rule_on_everything,
    sign_all,
)
from tests.registry.awards.test_batches import a_batch, a_desk_of
from tests.registry.awards.test_register_reviews import record_fact
from tests.registry.exchange.builders import Market, a_market, an_officer, ask, do, firm_of
from tests.registry.vouchers.builders import a_pool
from tests.registry.vouchers.test_opening import a_file, confirm, propose


@pytest.fixture
def paid(desk: Desk, clock: FixedClock) -> Case:
    """An award of ¥50,000 that was paid."""
    return a_paid_case(desk, clock)


def decider_of(desk: Desk) -> Actor:
    return a_decider(desk.scene.market.authority)


def instructed(desk: Desk) -> str:
    (line,) = ask(desk.house, desk.payer, vouchers.appropriations)
    return str(line.instructed)


def require_books(house: House, officer: Actor) -> None:
    with house.view(officer) as view:
        vouchers.verify_ledger(view.connection)


LOCK_ORDER = ("firm_years", "pools", "appropriations")


@contextmanager
def statements_of(house: House) -> Iterator[list[str]]:
    """Collect the statements a house sends to its database meanwhile."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(house.database.engine, "before_cursor_execute", note)
    yield found
    event.remove(house.database.engine, "before_cursor_execute", note)


def balances(desk: Desk, recovery: Recovery) -> dict[str, str]:
    lines = ask(desk.house, desk.payer, vouchers.ledger_lines)
    own = f"recovery/{recovery.id}/"
    return {each.account.removeprefix(own): str(each.balance) for each in lines if each.account.startswith(own)}


def test_nobody_decides_before_the_party_has_answered_and_only_who_is_new_does(
    desk: Desk, paid: Case, clock: FixedClock
) -> None:
    made, decider, party = opened(desk, paid.id), decider_of(desk), desk.scene.publisher
    for early in (lambda: decided(desk, made.id, decider), lambda: stated(desk, made.id, party)):
        with pytest.raises(ConflictError):
            early()
    until = notified(desk, made.id).answer_until
    assert until is not None
    silent = HearParty(made.id, None)
    with pytest.raises(RuleError, match="hearing_still_open"):
        do(desk.house, desk.reviewer, lambda work: recoveries.hear(work, silent))
    clock.set(Moment.start_of(until + timedelta(days=1)))
    heard = do(desk.house, desk.reviewer, lambda work: recoveries.hear(work, silent))
    assert heard.state is RecoveryState.HEARD
    opener = replace(desk.reviewer, roles=desk.reviewer.roles | {Role.SECTION_HEAD})
    for barred in (opener, *desk.signers):
        with pytest.raises(NotAllowedError, match="officer_already_acted"):
            decided(desk, made.id, barred)
    with pytest.raises(RuleError, match="recovery_exceeds_hearing"):
        decided(desk, made.id, decider, "50000.01")
    done = decided(desk, made.id, decider, "20000")
    assert (done.state, str(done.due)) == (RecoveryState.DECIDED, "¥20,000.00")
    assert balances(desk, made) == {
        "claim": "¥20,000.00",
        "collected": "¥0.00",
        "receivable": "¥20,000.00",
        "repayable": "¥0.00",
    }
    assert instructed(desk) == "¥50,000.00", "a decision reopens nothing"
    require_books(desk.house, desk.payer)


def test_the_journal_holds_a_digest_of_what_the_party_said(desk: Desk, paid: Case) -> None:
    made = opened(desk, paid.id)
    notified(desk, made.id)
    heard = stated(desk, made.id, desk.scene.publisher).acts[-1]
    with desk.house.view(desk.reviewer) as view:
        opening = opening_of(view.connection, heard.entry)
    said = Opening(bytes.fromhex(heard.content["salt"]), heard.content["statement"])
    assert opening is not None
    assert opening.payload == {"statement": f"sha256:{commitment_of(said).hex()}", "by_party": True}


def test_a_line_is_not_recovered_twice(desk: Desk, paid: Case) -> None:
    first = opened(desk, paid.id, "30000")
    with pytest.raises(RuleError, match="recovery_exceeds_payment"):
        opened(desk, paid.id, "20000.01")
    opened(desk, paid.id, "20000")
    with pytest.raises(NotFoundError, match="case_line_not_found"):
        opened(desk, paid.id, "1", line=2)
    stranger = an_officer(desk.scene.market.authority, Role.AUDITOR)
    with pytest.raises(NotAllowedError):
        do(desk.house, stranger, lambda work: recoveries.hear(work, HearParty(first.id, None)))


def test_cash_of_the_year_reopens_the_line_and_an_annulment_takes_it_again(desk: Desk, paid: Case) -> None:
    party, decider = desk.scene.publisher, decider_of(desk)
    made = a_served_recovery(desk, paid, party, decider)
    assert repaid(desk, made.id, "20000", "R-1").state is RecoveryState.PART_REPAID
    assert instructed(desk) == "¥30,000.00"
    with pytest.raises(ConflictError, match="bank_receipt_booked"):
        repaid(desk, made.id, "20000", "R-1")
    with pytest.raises(RuleError, match="repayment_exceeds_due"):
        repaid(desk, made.id, "30000.01", "R-2")
    require_books(desk.house, desk.payer)

    remedy = filed(desk.house, party, made.id)
    assert ask(desk.house, desk.reviewer, lambda view: remedy_open(view, paid.id))
    with pytest.raises(NotAllowedError, match="officer_already_acted"):
        ended(desk.house, decider, remedy.id, RemedyState.ANNULLED)
    ended(desk.house, decider_of(desk), remedy.id, RemedyState.ANNULLED)
    assert not ask(desk.house, desk.reviewer, lambda view: remedy_open(view, paid.id))
    assert balances(desk, made) == {
        "claim": "¥0.00",
        "collected": "¥20,000.00",
        "receivable": "¥0.00",
        "repayable": "¥20,000.00",
    }
    found = ask(desk.house, party, lambda view: recoveries.recovery(view, made.id))
    assert (found.state, found.due, str(found.to_pay_back)) == (RecoveryState.ANNULLED, ZERO, "¥20,000.00")
    assert [each.wait.step for each in ask(desk.house, desk.reviewer, dues)] == [Step.PAY_BACK]
    with pytest.raises(ConflictError):
        repaid(desk, made.id, "1", "R-3")
    assert paid_back(desk, made.id).to_pay_back == ZERO
    with pytest.raises(ConflictError, match="nothing_to_pay_back"):
        paid_back(desk, made.id, "BACK-2")
    assert instructed(desk) == "¥50,000.00"
    assert set(balances(desk, made).values()) == {"¥0.00"}
    require_books(desk.house, desk.payer)
    assert str(opened(desk, paid.id).amount) == "¥50,000.00", "what was annulled takes nothing of the line"


@pytest.mark.parametrize(
    ("ground", "next_year", "refused"),
    [
        (RecoveryGround.FRAUD, False, "recovery_of_fault_reopens_nothing"),
        (RecoveryGround.FRAUD, True, "recovery_of_fault_reopens_nothing"),
        (RecoveryGround.REFUND, True, None),
        (RecoveryGround.REFUND, False, "nothing_to_reappropriate"),
    ],
)
def test_later_cash_is_spent_again_by_number_only_and_cash_of_fraud_never(
    desk: Desk, paid: Case, clock: FixedClock, ground: RecoveryGround, next_year: bool, refused: str | None
) -> None:
    made = a_served_recovery(desk, paid, desk.scene.publisher, decider_of(desk), ground=ground)
    if next_year:
        clock.set(Moment.of_text("2027-01-04T02:00:00Z"))
    assert repaid(desk, made.id, "50000", "R-1").state is RecoveryState.REPAID
    reopened = ground is RecoveryGround.REFUND and not next_year
    assert instructed(desk) == ("¥0.00" if reopened else "¥50,000.00")
    command = Reappropriate(made.id, 2027, BUDGET_LINE, "伊财预〔2027〕3号")
    if refused:
        with pytest.raises(RuleError, match=refused):
            do(desk.house, desk.payer, lambda work: collecting.reappropriate(work, command))
        return
    granted = do(desk.house, desk.payer, lambda work: collecting.reappropriate(work, command))
    assert str(granted.reappropriated) == "¥50,000.00"
    lines = ask(desk.house, desk.payer, vouchers.appropriations)
    assert [(each.budget_year, str(each.appropriated)) for each in lines][-1] == (2027, "¥50,000.00")
    again = replace(command, number="伊财预〔2027〕4号")
    with pytest.raises(RuleError, match="nothing_to_reappropriate"):
        do(desk.house, desk.payer, lambda work: collecting.reappropriate(work, again))
    require_books(desk.house, desk.payer)


def a_paid_batch(house: House, clock: FixedClock, *past: str) -> tuple[Market, Desk, Case, VoucherId]:
    """Return a batch of one voucher, of ¥36,000 unless ``past`` (lines of an opening) leaves less, that was paid."""
    market, desk, case, voucher = an_instructed_batch(house, clock, *past)
    return market, desk, pay(desk, case.id), voucher


def an_instructed_batch(house: House, clock: FixedClock, *past: str) -> tuple[Market, Desk, Case, VoucherId]:
    """Return such a batch that the bank was told to pay."""
    market = a_market(house)
    a_pool(market)
    if past:
        confirm(market, propose(market, a_file(market, *past)))
    rule_on_everything(market)
    appropriate(market)
    desk = a_desk_of(market)
    case, voucher = a_batch(market)
    review(desk, case.id)
    sign_all(desk, case.id)
    noticed = post_notice(desk, case.id)
    assert noticed.notice is not None
    clock.set(noticed.notice.ends_at)
    assert voucher is not None
    return market, desk, instruct(desk, case.id), VoucherId(voucher)


@pytest.mark.parametrize("share", ["36000", "12000.01"])
def test_cash_of_a_voucher_reopens_pool_and_firm_year_with_its_share_of_the_base(
    house: House, clock: FixedClock, share: str
) -> None:
    market, desk, paid, voucher = a_paid_batch(house, clock)

    def used() -> tuple[str, str, str]:
        (pool,) = ask(house, market.payer, vouchers.pools)
        (year,) = ask(house, market.payer, lambda view: vouchers.firm_years(view, None, None))
        return str(pool.used), str(year.used), str(year.base)

    before = used()
    assert before == ("¥36,000.00", "¥36,000.00", "¥120,000.00")
    made = a_served_recovery(desk, paid, market.buyer, a_decider(market.authority), amount=share)
    assert used() == before
    with statements_of(house) as said:
        repaid(desk, made.id, share, "R-1")
    # In the order of an instruction and a payment, so that none waits for the other for ever.
    locked = [next(at for at, each in enumerate(said) if each.startswith(f"UPDATE {table} ")) for table in LOCK_ORDER]
    assert locked == sorted(locked)
    left = Money.of_yuan("36000") - Money.of_yuan(share)
    base = Money(12_000_000 - 12_000_000 * Money.of_yuan(share).fen // 3_600_000)
    assert used() == (str(left), str(left), str(base))
    found = ask(house, market.payer, lambda view: vouchers.voucher(view, voucher))
    assert (found.state, found.amount, found.base) == (VoucherState.PAID, left, base)
    require_books(house, market.payer)
    remedy = filed(house, market.buyer, made.id)
    ended(house, a_decider(market.authority), remedy.id, RemedyState.ANNULLED)
    paid_back(desk, made.id)
    assert used() == before
    require_books(house, market.payer)


def test_the_books_agree_after_every_step_of_the_money(house: House, clock: FixedClock) -> None:
    market, desk, paid, voucher = a_paid_batch(house, clock)
    decider = a_decider(market.authority)
    made = opened(desk, paid.id, "36000")
    notified(desk, made.id)
    stated(desk, made.id, market.buyer)

    def amount() -> str:
        require_books(house, market.payer)
        return str(ask(house, market.payer, lambda view: vouchers.voucher(view, voucher)).amount)

    for number in range(2):
        if number:
            made = a_served_recovery(desk, paid, market.buyer, decider, amount="36000")
        else:
            decided(desk, made.id, decider, "36000")
            assert amount() == "¥36,000.00"
            served(desk, made.id)
        repaid(desk, made.id, "0.01", f"A-{number}")
        assert amount() == "¥35,999.99"
        repaid(desk, made.id, "20000", f"B-{number}")
        assert amount() == "¥15,999.99"
        repaid(desk, made.id, "15999.99", f"C-{number}")
        assert amount() == "¥0.00"
        remedy = filed(house, market.buyer, made.id)
        ended(house, a_decider(market.authority), remedy.id, RemedyState.ANNULLED)
        assert amount() == "¥0.00"
        paid_back(desk, made.id, f"BACK-{number}")
        assert amount() == "¥36,000.00"


def test_two_officers_who_book_at_once_book_no_more_than_is_due(desk: Desk, paid: Case) -> None:
    made = a_served_recovery(desk, paid, desk.scene.publisher, decider_of(desk))

    def book(number: int) -> str:
        try:
            return repaid(desk, made.id, "30000", f"R-{number}").state.value
        except SancaiError as refused:
            return refused.code

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(book, range(4)))
    assert found == ["part_repaid", *["repayment_exceeds_due"] * 3]
    assert instructed(desk) == "¥20,000.00"
    require_books(desk.house, desk.payer)


def test_what_is_suspended_waits_and_is_still_booked(desk: Desk, paid: Case) -> None:
    made = a_served_recovery(desk, paid, desk.scene.publisher, decider_of(desk))
    assert [each.wait.step for each in ask(desk.house, desk.reviewer, dues)] == [Step.REPAYMENT]
    remedy = filed(desk.house, desk.scene.publisher, made.id)
    assert [each.wait.step for each in ask(desk.house, desk.reviewer, dues)] == [Step.REPAYMENT, Step.REMEDY]
    command = SuspendDecision(remedy.id, True, "停〔2026〕1号", "Hardship.")
    do(desk.house, decider_of(desk), lambda work: remedies.suspend(work, command))
    assert [each.wait.step for each in ask(desk.house, desk.reviewer, dues)] == [Step.REMEDY]
    assert repaid(desk, made.id, "1", "R-1").suspended
    ended(desk.house, decider_of(desk), remedy.id, RemedyState.UPHELD)
    assert [each.wait.step for each in ask(desk.house, desk.reviewer, dues)] == [Step.REPAYMENT]


def test_a_review_that_ends_in_recovery_opens_it_at_once(desk: Desk, paid: Case) -> None:
    scene = desk.scene
    facts = ask(desk.house, desk.reviewer, lambda view: service.decisions(view, paid.id))[0].facts
    counted = facts["adoption"]["receipts"][0]["receipt"]
    leader = next(each for each in scene.leaders if firm_of(each) == counted["adopter"])
    taken_back = WithdrawAdoption(ReceiptId(counted["id"]), "stopped using it")
    receipt = do(desk.house, leader, lambda work: withdraw_adoption(work, taken_back))
    command = AnswerReview(receipt.id, paid.id, ReviewOutcome.RECOVER, "Two are left.")
    do(desk.house, desk.reviewer, lambda work: reviews.answer_adoption_review(work, command))
    (found,) = ask(desk.house, scene.publisher, lambda view: recoveries.recoveries(view, None, None, 10))
    assert (found.origin, found.source, found.amount) == (RecoveryOrigin.ADOPTION_REVIEW, receipt.id, paid.amount)
    other = desk.scene.market.exchange
    assert ask(desk.house, other, lambda view: recoveries.recoveries(view, None, None, 10)) == ()
    with pytest.raises(NotFoundError, match="recovery_not_found"):
        ask(desk.house, other, lambda view: recoveries.recovery(view, found.id))


def test_a_paid_case_that_falls_by_a_corrected_register_is_recovered(desk: Desk, paid: Case, clock: FixedClock) -> None:
    clock.advance(timedelta(minutes=1))
    record_fact(desk, firm_of(desk.scene.publisher), today(desk.house).replace(day=1))
    (touching,) = ask(desk.house, desk.reviewer, lambda view: register_reviews.reviews_of_case(view, paid.id))
    command = AnswerRegisterReview(paid.id, touching.correction.id, stands=False, opinion="It was not clean.")
    do(desk.house, desk.reviewer, lambda work: reviews.answer_register_review(work, command))
    (found,) = ask(desk.house, desk.reviewer, lambda view: recoveries.recoveries(view, paid.id, None, 10))
    assert (found.origin, found.source) == (RecoveryOrigin.REGISTER_REVIEW, touching.correction.id)


def test_a_finding_that_is_in_order_asks_for_nothing(desk: Desk, paid: Case) -> None:
    auditor = an_officer(desk.scene.market.authority, Role.AUDITOR)
    day = today(desk.house)
    sample = do(desk.house, auditor, lambda work: draw_sample(work, DrawSample(day, day, 10_000, 1, "yearly")))

    def asked() -> Recovery:
        amount = Money.of_yuan("100")
        command = OpenRecovery(
            paid.id, 1, RecoveryGround.MISUSE, amount, "spent elsewhere", "S0 art.12", RecoveryOrigin.SAMPLE, sample.id
        )
        return do(desk.house, desk.reviewer, lambda work: recoveries.open_recovery(work, command))

    with pytest.raises(NotFoundError, match="recovery_source_not_found"):
        asked()
    do(desk.house, auditor, lambda work: record_finding(work, RecordFinding(sample.id, paid.id, True, "fine")))
    with pytest.raises(RuleError, match="source_asks_no_recovery"):
        asked()


def test_service_of_the_decision_comes_before_the_money(desk: Desk, paid: Case) -> None:
    made = opened(desk, paid.id)
    notified(desk, made.id)
    stated(desk, made.id, desk.scene.publisher)
    decided(desk, made.id, decider_of(desk))
    with pytest.raises(ConflictError, match="recovery_wrong_state"):
        repaid(desk, made.id, "1", "R-1")
    served(desk, made.id)
    with pytest.raises(ConflictError, match="recovery_wrong_state"):
        served(desk, made.id)
