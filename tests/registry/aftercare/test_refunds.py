"""A purchase is refunded after its voucher was paid: what is above the ceiling comes back, computed and not stated."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import text

from registry.aftercare import recoveries, refunds, reviews
from registry.aftercare.recovery_model import OpenRecovery, Recovery, RecoveryGround, RecoveryOrigin
from registry.awards import payments
from registry.awards.came_between import ReviewPayment
from registry.awards.commands import RecordPayment
from registry.errors import NotFoundError, RuleError
from registry.exchange import service as exchange
from registry.exchange.commands import VerifyRedLetter
from registry.exchange.model import Invoice, RedLetter, Refund, Verification, VerifyInvoice
from registry.house import House
from registry.journal.work import Work
from registry.policy.rules import FirmYearSoFar, VoucherTerms, excess_after_refund
from registry.values.identifiers import InvoiceId, VoucherId
from registry.values.money import Money, Rate
from registry.vouchers import service as vouchers
from registry.vouchers.model import VoucherState
from tests.conftest import FixedClock
from tests.registry.aftercare.builders import a_decider, a_served_recovery, repaid, today
from tests.registry.aftercare.test_recoveries import a_paid_batch, an_instructed_batch, require_books
from tests.registry.awards.builders import ask_credit
from tests.registry.awards.builders import pay as pay_case
from tests.registry.exchange.builders import (
    Market,
    a_listing,
    a_market,
    a_red_letter,
    a_refund,
    an_accepted_order,
    ask,
    do,
)
from tests.registry.exchange.builders import pay as pay_order
from tests.registry.vouchers.builders import a_pool

YUAN = Money.of_yuan


@pytest.mark.parametrize(
    ("standing_base", "awarded", "amount", "excess"),
    [
        ("0", "36000", "36000", "36000"),
        ("1600000", "500000", "20000", "20000"),
        # The other purchases reach the cap by themselves.
        ("2000000", "500000", "20000", "0"),
        ("1650000", "500000", "20000", "5000"),
        # Never more than was paid on the voucher.
        ("0", "500000", "20000", "20000"),
        ("0.03", "0.01", "0.01", "0.01"),
    ],
)
def test_the_excess_is_what_is_above_the_ceiling_of_the_year(
    standing_base: str, awarded: str, amount: str, excess: str
) -> None:
    terms = VoucherTerms(Rate(3_000), YUAN("500000"))
    assert excess_after_refund(YUAN(amount), FirmYearSoFar(YUAN(standing_base), YUAN(awarded)), terms) == YUAN(excess)


def turn_red(market: Market, voucher: VoucherId, result: Verification = Verification.RED) -> InvoiceId:
    invoice = ask(market.house, market.payer, lambda view: vouchers.voucher(view, voucher)).invoice
    assert invoice is not None
    command = VerifyInvoice(invoice, result, today(market.house))
    do(market.house, market.reviewer, lambda work: refunds.verify_invoice(work, command))
    return invoice


def opened(market: Market) -> tuple[Recovery, ...]:
    return ask(market.house, market.reviewer, lambda view: recoveries.recoveries(view, None, None, 10))


@pytest.mark.parametrize(
    ("result", "ground"),
    [(Verification.RED, RecoveryGround.RED_LETTER), (Verification.VOID, RecoveryGround.REFUND)],
)
def test_an_invoice_that_turns_red_after_the_payment_opens_the_recovery(
    house: House, clock: FixedClock, result: Verification, ground: RecoveryGround
) -> None:
    market, desk, paid, voucher = a_paid_batch(house, clock)
    invoice = turn_red(market, voucher, result)
    (found,) = opened(market)
    assert (found.case, found.line, found.ground, found.amount) == (paid.id, 1, ground, YUAN("36000"))
    assert (found.origin, found.source) == (RecoveryOrigin.INVOICE, invoice)
    require_books(house, market.payer)
    stated = OpenRecovery(paid.id, 1, ground, YUAN("1"), "x", "x", RecoveryOrigin.INVOICE, invoice)
    with pytest.raises(NotFoundError, match="recovery_source_not_found"):
        do(house, desk.reviewer, lambda work: recoveries.open_recovery(work, stated))


@pytest.mark.parametrize(("base", "due"), [("1600000", "20000"), ("1650000", "5000"), ("2000000", None)])
def test_the_other_purchases_of_the_year_carry_what_they_can(
    house: House, clock: FixedClock, base: str, due: str | None
) -> None:
    market, _, paid, voucher = a_paid_batch(house, clock, f"yz-4,,BUYER,2026,{base},480000,")
    assert paid.amount == YUAN("20000")
    turn_red(market, voucher)
    assert [each.amount for each in opened(market)] == ([YUAN(due)] if due else [])


def test_an_invoice_that_turns_red_beside_the_payment_waits_for_it_and_opens_the_recovery(
    house: House, clock: FixedClock
) -> None:
    market, desk, case, voucher = an_instructed_batch(house, clock)
    ask_credit(house, market.authority, case.id)
    record = RecordPayment(case.id, "ICBC-0001", today(house))

    def until_it_waits(beside: Future[InvoiceId]) -> None:
        """Return once the look-up waits for a lock, or is done."""
        query = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        while not beside.done():
            with house.database.reading() as connection:
                if connection.execute(query).scalar():
                    return

    with ThreadPoolExecutor(1) as threads:

        def paid_beside(work: Work) -> Future[InvoiceId]:
            payments.pay(work, record)
            beside = threads.submit(turn_red, market, voucher)
            until_it_waits(beside)
            return beside

        do(house, desk.payer, paid_beside).result()
    (found,) = opened(market)
    assert (found.case, found.amount) == (case.id, YUAN("36000"))
    require_books(house, market.payer)


def test_what_another_recovery_takes_is_not_taken_twice(house: House, clock: FixedClock) -> None:
    market, desk, paid, voucher = a_paid_batch(house, clock)
    made = a_served_recovery(desk, paid, market.buyer, a_decider(market.authority), amount="10000")
    repaid(desk, made.id, "4000", "R-1")
    turn_red(market, voucher)
    assert sorted(each.amount for each in opened(market)) == [YUAN("10000"), YUAN("26000")]
    require_books(house, market.payer)
    assert ask(house, market.payer, lambda view: vouchers.voucher(view, voucher)).amount == YUAN("32000")


def test_an_invoice_that_still_stands_opens_nothing(house: House, clock: FixedClock) -> None:
    market, _, _, voucher = a_paid_batch(house, clock)
    turn_red(market, voucher, Verification.VERIFIED)
    assert opened(market) == ()


def the_invoice(market: Market, voucher: VoucherId) -> Invoice:
    found = ask(market.house, market.payer, lambda view: vouchers.voucher(view, voucher))
    issued = ask(market.house, market.buyer, lambda view: exchange.order_file(view, found.order)).invoices
    return next(each for each in issued if each.id == found.invoice)


def take_back(market: Market, voucher: VoucherId, yuan: str) -> RedLetter:
    """Let the seller take back a part of the invoice, and the reviewer look the red letter up."""
    made = a_red_letter(market, the_invoice(market, voucher), market.centre, YUAN(yuan))
    command = VerifyRedLetter(made.id, Verification.VERIFIED, today(market.house))
    return do(market.house, market.reviewer, lambda work: refunds.verify_red_letter(work, command))


def send_back(market: Market, voucher: VoucherId, yuan: str, *, arrived: bool = True) -> Refund:
    """Let the seller send money back, and the buyer say whether it arrived."""
    invoice = the_invoice(market, voucher)
    order = ask(market.house, market.buyer, lambda view: exchange.order(view, invoice.order))
    made = a_refund(market, order, market.centre, YUAN(yuan), invoice)
    return do(market.house, market.buyer, lambda work: refunds.answer_refund(work, made.id, arrived=arrived))


def test_a_red_letter_over_a_part_opens_the_recovery_of_the_excess_computed(house: House, clock: FixedClock) -> None:
    market, _, paid, voucher = a_paid_batch(house, clock)
    made = take_back(market, voucher, "40000")
    (found,) = opened(market)
    # 30 % of the 80,000 that are left are 24,000; 36,000 were paid.
    assert (found.case, found.amount, found.ground) == (paid.id, YUAN("12000"), RecoveryGround.RED_LETTER)
    assert (found.origin, found.source, found.facts) == (RecoveryOrigin.INVOICE, made.invoice, made.number)
    take_back(market, voucher, "80000")
    assert sorted(each.amount for each in opened(market)) == [YUAN("12000"), YUAN("24000")]
    require_books(house, market.payer)


def test_a_red_letter_that_nobody_looked_up_or_that_is_void_recovers_nothing(house: House, clock: FixedClock) -> None:
    market, _, _, voucher = a_paid_batch(house, clock)
    made = a_red_letter(market, the_invoice(market, voucher), market.centre, YUAN("40000"))
    assert opened(market) == ()
    command = VerifyRedLetter(made.id, Verification.VOID, today(market.house))
    do(house, market.reviewer, lambda work: refunds.verify_red_letter(work, command))
    assert opened(market) == ()


@pytest.mark.parametrize(("base", "due"), [("1600000", "8000"), ("1630000", None)])
def test_the_other_purchases_carry_what_a_part_leaves_open(
    house: House, clock: FixedClock, base: str, due: str | None
) -> None:
    market, _, _, voucher = a_paid_batch(house, clock, f"yz-4,,BUYER,2026,{base},480000,")
    # 500,000 were paid in all; 30 % of 1,600,000 + 40,000 carry 492,000, of 1,630,000 + 40,000 the cap.
    take_back(market, voucher, "80000")
    assert [each.amount for each in opened(market)] == ([YUAN(due)] if due else [])


def test_money_that_went_back_recovers_the_same_once_the_buyer_has_it(house: House, clock: FixedClock) -> None:
    market, _, paid, voucher = a_paid_batch(house, clock)
    send_back(market, voucher, "40000", arrived=False)
    assert opened(market) == ()
    made = send_back(market, voucher, "40000")
    (found,) = opened(market)
    assert (found.case, found.amount, found.ground) == (paid.id, YUAN("12000"), RecoveryGround.REFUND)
    assert (found.origin, found.source, found.facts) == (RecoveryOrigin.INVOICE, made.invoice, made.reference)
    # The red letter that follows is the same money.
    take_back(market, voucher, "40000")
    assert len(opened(market)) == 1
    require_books(house, market.payer)


def test_a_whole_refund_recovers_the_whole_voucher(house: House, clock: FixedClock) -> None:
    market, _, _, voucher = a_paid_batch(house, clock)
    send_back(market, voucher, "120000")
    assert [each.amount for each in opened(market)] == [YUAN("36000")]


def test_a_whole_refund_lets_go_what_is_held(house: House, clock: FixedClock) -> None:
    market = a_market(house)
    a_pool(market)
    order = an_accepted_order(market, a_listing(market))
    held = do(house, market.buyer, lambda work: vouchers.hold(work, order.id))
    pay_order(market, order)
    half = a_refund(market, order, market.centre, YUAN("60000"))
    do(house, market.buyer, lambda work: refunds.answer_refund(work, half.id, arrived=True))
    assert ask(house, market.payer, lambda view: vouchers.voucher(view, held.id)).state is VoucherState.HELD
    assert ask(house, market.buyer, lambda view: vouchers.quote(view, order.id)).base == YUAN("60000")
    rest = a_refund(market, order, market.centre, YUAN("60000"))
    do(house, market.buyer, lambda work: refunds.answer_refund(work, rest.id, arrived=True))
    assert ask(house, market.payer, lambda view: vouchers.voucher(view, held.id)).state is VoucherState.RELEASED
    (pool,) = ask(house, market.payer, vouchers.pools)
    assert not pool.used
    require_books(house, market.payer)
    with pytest.raises(RuleError, match="voucher_refused"):
        do(house, market.buyer, lambda work: vouchers.hold(work, order.id))


@pytest.mark.parametrize(("taken", "due"), [("40000", "12000"), ("120000", "36000")])
def test_of_a_purchase_taken_back_between_instruction_and_receipt_the_excess_is_recovered(
    house: House, clock: FixedClock, taken: str, due: str
) -> None:
    market, desk, instructed, voucher = an_instructed_batch(house, clock)
    take_back(market, voucher, taken)
    paid = pay_case(desk, instructed.id)
    assert (paid.payment and paid.payment.in_spite_of, opened(market)) == (("invoice_still_carries_claim",), ())
    answer = ReviewPayment(paid.id, stands=False, reason="Taken back before the receipt.")
    do(house, desk.reviewer, lambda work: reviews.answer_payment_review(work, answer))
    (found,) = opened(market)
    assert (found.case, found.amount, found.origin) == (paid.id, YUAN(due), RecoveryOrigin.PAYMENT_REVIEW)
    require_books(house, market.payer)


def test_of_a_refund_that_arrives_after_the_payment_the_excess_is_recovered_then(
    house: House, clock: FixedClock
) -> None:
    market, desk, instructed, voucher = an_instructed_batch(house, clock)
    invoice = the_invoice(market, voucher)
    order = ask(market.house, market.buyer, lambda view: exchange.order(view, invoice.order))
    made = a_refund(market, order, market.centre, YUAN("40000"), invoice)
    paid = pay_case(desk, instructed.id)
    answer = ReviewPayment(paid.id, stands=False, reason="Sent back before the receipt.")
    do(house, desk.reviewer, lambda work: reviews.answer_payment_review(work, answer))
    assert opened(market) == ()
    do(house, market.buyer, lambda work: refunds.answer_refund(work, made.id, arrived=True))
    assert [each.amount for each in opened(market)] == [YUAN("12000")]
