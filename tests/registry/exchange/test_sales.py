"""What counts as a contract, for rules that compare trades: both have signed, and nobody cancelled."""

from datetime import timedelta

from registry.exchange import sales, service
from registry.values.identifiers import OrderId
from tests.registry.exchange.builders import (
    Market,
    a_listing,
    a_placed_order,
    ask,
    do,
    firm_of,
    offer_contract,
    sign,
)


def test_what_the_buyer_did_not_sign_or_cancelled_is_no_contract(market: Market) -> None:
    listing = a_listing(market)
    signed, unsigned, cancelled = (
        offer_contract(market, a_placed_order(market, listing, 100 + place), market.centre) for place in range(3)
    )
    sign(market, signed)
    do(market.house, market.buyer, lambda work: service.cancel_order(work, OrderId(cancelled.id)))
    today = market.house.clock.now().civil_day()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    every = [OrderId(each.id) for each in (signed, unsigned, cancelled)]

    named = ask(market.house, market.reviewer, lambda view: sales.sales_named(view, every))
    assert set(named) == {signed.id}
    (sale,) = named.values()
    sold = ask(
        market.house,
        market.reviewer,
        lambda view: sales.sales_of(view, [firm_of(market.centre)], yesterday, tomorrow),
    )
    assert [each.order for each in sold] == [signed.id]
    like = ask(market.house, market.reviewer, lambda view: sales.sales_like(view, sale, yesterday, tomorrow))
    assert [each.order for each in like] == [signed.id]
    trades = ask(
        market.house, market.reviewer, lambda view: service.trades(view, [firm_of(market.centre)], yesterday, tomorrow)
    )
    assert [each.net for each in trades] == [signed.net]
