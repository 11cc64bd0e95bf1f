"""Vouchers from quote to payment, on a real database."""

from registry.values.identifiers import OrderId
from registry.values.money import Money
from registry.vouchers import service
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.model import VoucherState
from tests.registry.exchange.builders import Market, a_listing, an_accepted_order, ask
from tests.registry.vouchers.builders import hold, ready_to_redeem, redeem


def test_the_figures_of_the_demo(market: Market) -> None:
    listing = a_listing(market)
    first = an_accepted_order(market, listing, 120_000)
    second = an_accepted_order(market, listing, 1_000_000)
    assert ask(market.house, market.buyer, lambda view: service.quote(view, OrderId(first.id))).amount == Money.of_yuan("36000")
    voucher = hold(market, first)
    redeemed = redeem(market, voucher, ready_to_redeem(market, first))
    assert redeemed.amount == Money.of_yuan("36000")
    assert redeemed.state is VoucherState.REDEEMED
    with market.house.database.reading() as connection:
        assert verify_ledger(connection).vouchers == 1
