"""A purchase is refunded after its voucher was paid: what is above the ceiling comes back, computed and not stated."""

import pytest

from registry.aftercare import recoveries, refunds
from registry.aftercare.recovery_model import OpenRecovery, Recovery, RecoveryGround, RecoveryOrigin
from registry.errors import NotFoundError
from registry.exchange.model import Verification, VerifyInvoice
from registry.house import House
from registry.policy.rules import FirmYearSoFar, VoucherTerms, excess_after_refund
from registry.values.identifiers import InvoiceId, VoucherId
from registry.values.money import Money, Rate
from registry.vouchers import service as vouchers
from tests.conftest import FixedClock
from tests.registry.aftercare.builders import a_decider, a_served_recovery, repaid, today
from tests.registry.aftercare.test_recoveries import a_paid_batch, require_books
from tests.registry.exchange.builders import Market, ask, do

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
