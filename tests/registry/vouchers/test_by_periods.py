"""An order that goes by periods: one voucher for each invoice of a month, together never more than its price."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from registry.aftercare import refunds
from registry.errors import ConflictError, CorruptContentError, Finding, RuleError
from registry.exchange import service as exchange
from registry.exchange.billing import SupportedBase
from registry.exchange.model import Invoice, InvoiceKind, Order, OrderState
from registry.exchange.period_model import OrderPeriod
from registry.parties.model import Period, ProviderKind
from registry.policy.model import Verdict
from registry.values.identifiers import OrderId, PeriodId, VoucherId
from registry.values.money import ZERO, Money
from registry.vouchers import records, service
from registry.vouchers.earlier import Earlier, among, within_price
from registry.vouchers.holding import Claim, hold_together
from registry.vouchers.model import Voucher, VoucherQuote, VoucherState
from tests.conftest import FixedClock
from tests.registry.exchange.builders import (
    Market,
    a_listing,
    a_refund,
    an_accepted_order,
    an_invoice,
    ask,
    do,
    pay,
    register_provider,
    verify,
)
from tests.registry.exchange.test_periods import APRIL, IN_APRIL, IN_JUNE, MARCH, accepted
from tests.registry.exchange.test_rules import an_invoice as an_invoice_of
from tests.registry.exchange.test_service import codes
from tests.registry.vouchers.builders import hold, ready_to_redeem, redeem
from tests.registry.vouchers.test_lessening import take_back
from tests.registry.vouchers.test_rules import a_voucher

YUAN = Money.of_yuan
MAY = (date(2026, 5, 1), date(2026, 5, 31))


def billed(market: Market, order: Order, period: OrderPeriod) -> Invoice:
    """Invoice a period, have the invoice looked up, and pay it."""
    invoice = an_invoice(market, order, market.centre, period.due, periods=(period.id,))
    pay(market, order, period.due)
    return verify(market, invoice)


def quoted(market: Market, order: Order) -> VoucherQuote:
    return ask(market.house, market.buyer, lambda view: service.quote(view, OrderId(order.id)))


def standing(market: Market, voucher: Voucher) -> Verdict:
    return ask(market.house, market.payer, lambda view: service.standing(view, voucher.id))


def verified(market: Market) -> int:
    with market.house.database.reading() as connection:
        return service.verify_ledger(connection).vouchers


@pytest.fixture
def order(market: Market) -> Order:
    """120,000 units of compute at one yuan, under a contract of 2 March."""
    return an_accepted_order(market, a_listing(market))


@pytest.fixture
def march(market: Market, clock: FixedClock, order: Order) -> Voucher:
    """The voucher of March, redeemed on its invoice over 40,000 yuan."""
    clock.set(IN_APRIL)
    invoice = billed(market, order, accepted(market, order, MARCH))
    return redeem(market, hold(market, order), invoice)


def test_each_month_has_its_voucher_until_nothing_of_the_price_is_left(
    market: Market, clock: FixedClock, order: Order, march: Voucher
) -> None:
    clock.set(IN_JUNE)
    redeemed = [march]
    for days, left in ((APRIL, YUAN("80000")), (MAY, YUAN("40000"))):
        invoice = billed(market, order, accepted(market, order, days))
        held = hold(market, order)
        assert (held.base, held.by_periods) == (left, False)
        redeemed.append(redeem(market, held, invoice))
        assert verified(market) == len(redeemed)
    assert [(each.base, each.by_periods) for each in redeemed] == [(YUAN("40000"), True)] * 3
    assert sum((each.amount for each in redeemed), ZERO) == YUAN("36000")
    with pytest.raises(RuleError) as refusal:
        hold(market, order)
    (obstacle,) = refusal.value.obstacles
    assert (obstacle.code, obstacle.parameters["claimed"]) == ("order_price_claimed", str(YUAN("120000")))


def test_the_quote_says_what_earlier_vouchers_took(market: Market, order: Order, march: Voucher) -> None:
    found = quoted(market, order)
    assert (found.base, found.amount) == (YUAN("80000"), YUAN("24000"))
    assert all(each.finding is Finding.MET for each in found.conditions)
    (said,) = [each for each in found.statements if each.code == "quote_earlier_vouchers"]
    assert said.amounts == {"claimed": YUAN("40000"), "left": YUAN("80000")}
    assert said.parameters == {"vouchers": str(march.id)}
    (kept,) = found.facts["earlier_claims"]  # type: ignore[misc]
    assert kept["base_fen"] == 4_000_000  # type: ignore[index,call-overload]


def test_one_voucher_of_an_order_is_held_at_a_time(market: Market, order: Order, march: Voucher) -> None:
    def attempt(_: int) -> str:
        try:
            return hold(market, order).state.value
        except RuleError as refusal:
            return refusal.obstacles[0].code

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(attempt, range(4)))
    assert outcomes == ["held", *["order_without_voucher"] * 3]
    assert verified(market) == 2


def test_a_hold_is_given_back_and_made_again_beside_what_was_redeemed(
    market: Market, clock: FixedClock, order: Order, march: Voucher
) -> None:
    held = hold(market, order)
    do(market.house, market.buyer, lambda work: service.release(work, VoucherId(held.id)))
    (again,) = do(market.house, market.buyer, lambda work: hold_together([Claim(work, OrderId(order.id))]))
    assert isinstance(again, Voucher)
    assert again.base == YUAN("80000")
    clock.set(again.expires_at.instant.isoformat())
    assert quoted(market, order).base == YUAN("80000")
    assert hold(market, order).base == YUAN("80000")
    kept = ask(market.house, market.buyer, lambda view: service.voucher(view, VoucherId(march.id)))
    assert kept.state is VoucherState.REDEEMED
    assert verified(market) == 4


def test_what_is_held_is_let_go_when_the_order_ends_and_what_was_redeemed_stays(
    market: Market, order: Order, march: Voucher
) -> None:
    held = hold(market, order)
    (invoice,) = ask(market.house, market.buyer, lambda view: exchange.invoices(view, OrderId(order.id)))
    back = a_refund(market, order, market.centre, YUAN("40000"), invoice)
    do(market.house, market.buyer, lambda work: refunds.answer_refund(work, back.id, arrived=True))
    ended = ask(market.house, market.buyer, lambda view: exchange.order(view, OrderId(order.id)))
    assert ended.state is OrderState.REFUNDED
    states = [
        ask(market.house, market.buyer, lambda view, of=each: service.voucher(view, VoucherId(of.id))).state
        for each in (march, held)
    ]
    assert states == [VoucherState.REDEEMED, VoucherState.RELEASED]
    assert verified(market) == 2


def test_a_period_that_was_taken_back_whole_is_billed_anew_within_the_price(
    market: Market, clock: FixedClock, order: Order
) -> None:
    clock.set(IN_APRIL)
    first = accepted(market, order, MARCH)
    invoice = billed(market, order, first)
    redeem(market, hold(market, order), invoice)
    take_back(market, invoice, "40000")
    anew = verify(market, an_invoice(market, order, market.centre, first.due, periods=(first.id,)))
    # The claim on the first invoice counts until it is lessened, and what was taken back until all is invoiced.
    assert quoted(market, order).base == YUAN("40000")
    assert redeem(market, hold(market, order), anew).base == YUAN("40000")
    assert verified(market) == 2


def test_the_next_voucher_rests_on_another_invoice(market: Market, order: Order, march: Voucher) -> None:
    held = hold(market, order)
    (first,) = ask(market.house, market.buyer, lambda view: exchange.invoices(view, OrderId(order.id)))
    assert first.id == march.invoice
    with pytest.raises(ConflictError, match="invoice_already_claimed"):
        redeem(market, held, first)


def test_a_redemption_that_names_no_period_leaves_room_for_no_other(market: Market, order: Order) -> None:
    """An order without periods keeps the rule of one voucher, by rule and by the wall behind it."""
    redeemed = redeem(market, hold(market, order), ready_to_redeem(market, order))
    assert not redeemed.by_periods
    with pytest.raises(RuleError) as refusal:
        hold(market, order)
    assert "order_without_voucher" in codes(refusal)
    assert quoted(market, order).base == YUAN("120000")
    second = replace(redeemed, id=VoucherId.new())
    with pytest.raises(IntegrityError, match="ux_vouchers_order"):
        do(market.house, market.buyer, lambda work: records.add_vouchers(work.connection, [second]))


def test_the_next_voucher_rests_on_no_invoice_without_periods(market: Market, clock: FixedClock, order: Order) -> None:
    before = verify(market, an_invoice(market, order, market.centre, YUAN("40000")))
    pay(market, order, YUAN("40000"))
    clock.set(IN_APRIL)
    invoice = billed(market, order, accepted(market, order, MARCH))
    redeem(market, hold(market, order), invoice)
    with pytest.raises(RuleError) as refusal:
        redeem(market, hold(market, order), before)
    assert codes(refusal) == {"claim_without_periods", "order_not_delivered"}


def test_on_payment_day_the_register_is_asked_again_for_the_periods(
    market: Market, order: Order, march: Voucher
) -> None:
    assert standing(market, march).obstacles == ()
    april = Period(date(2026, 3, 20), date(2026, 12, 31))
    always = Period(date(2026, 1, 1), date(2026, 12, 31))
    register_provider(market, market.centre, ProviderKind.COMPUTE_CENTRE, always, green=april)
    (obstacle,) = standing(market, march).obstacles
    assert (obstacle.code, obstacle.parameters["day"]) == ("period_without_green_certificate", "2026-03-02")


def test_a_voucher_that_pretends_to_rest_on_periods_is_named(market: Market, order: Order) -> None:
    redeemed = redeem(market, hold(market, order), ready_to_redeem(market, order))
    with market.house.database.writing() as connection:
        connection.execute(text("UPDATE vouchers SET by_periods = true"))
    with pytest.raises(CorruptContentError, match="ledger_voucher_differs") as refusal:
        verified(market)
    assert refusal.value.parameters["voucher"] == redeemed.id


# What earlier claims leave, without a database.


def of_periods(invoice: Invoice, base: str) -> Voucher:
    voucher = a_voucher(base=base, state=VoucherState.REDEEMED)
    return replace(voucher, invoice=invoice.id, by_periods=True)


SPECIAL = an_invoice_of(1, "40000", "2400")
ORDINARY = replace(an_invoice_of(2, "40000", "2400"), kind=InvoiceKind.ORDINARY)
PERIOD = (PeriodId.new(),)


def test_a_base_with_vat_takes_of_the_price_what_it_is_without() -> None:
    """The base of an ordinary invoice is counted with VAT (RULINGS 13), the price of an order without."""
    issued = {SPECIAL.id: SPECIAL, ORDINARY.id: ORDINARY}
    found = among([of_periods(SPECIAL, "40000"), of_periods(ORDINARY, "42400")], issued)
    assert [each.price for each in found.claims] == [YUAN("40000"), YUAN("40000")]
    assert (found.taken, found.in_the_way) == (YUAN("80000"), None)


def test_a_hold_and_a_claim_without_periods_stand_in_the_way() -> None:
    held, redeemed = a_voucher(), replace(a_voucher(state=VoucherState.PAID), invoice=SPECIAL.id)
    assert among([held], {}) == Earlier(held.id)
    assert among([redeemed], {}) == Earlier(redeemed.id)


@pytest.mark.parametrize(
    ("invoice", "left", "base"),
    [
        (SPECIAL, "50000", "40000"),
        (SPECIAL, "30000", "30000"),
        (ORDINARY, "40000", "42400"),
        (ORDINARY, "20000", "21200"),
    ],
)
def test_claims_of_an_order_never_exceed_its_price(invoice: Invoice, left: str, base: str) -> None:
    """What was invoiced anew after a claim is claimed again only as far as the price reaches."""
    given = SupportedBase(invoice.net if invoice is SPECIAL else invoice.gross, None, ())
    earlier = among([of_periods(SPECIAL, "40000")], {SPECIAL.id: SPECIAL})
    named = replace(invoice, periods=PERIOD)
    assert within_price(given, named, YUAN(left), earlier) == replace(given, base=YUAN(base))
    assert within_price(given, named, ZERO, Earlier()) == given
    (obstacle,) = within_price(given, named, ZERO, earlier).obstacles
    assert obstacle.code == "order_price_claimed"
