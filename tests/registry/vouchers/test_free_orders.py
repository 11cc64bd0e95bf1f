"""An order that cost nothing: it is quoted at nothing, and nothing is held or requested for it."""

from dataclasses import replace

import pytest

from registry.errors import RuleError
from registry.exchange import service as exchange
from registry.exchange.model import Order
from registry.exchange.offer_model import PriceKind
from registry.values.identifiers import OrderId
from registry.values.money import ZERO
from registry.vouchers import service
from tests.registry.exchange.builders import Market, an_accepted_order, ask, compute, do
from tests.registry.vouchers.builders import hold


def a_free_order(market: Market) -> Order:
    offer = compute(market.house, market.centre, unit_price=ZERO)
    offer = replace(offer, conditions=replace(offer.conditions, price_kind=PriceKind.FREE))
    listing = do(market.house, market.centre, lambda work: exchange.offer_listing(work, offer))
    return an_accepted_order(market, listing, 1)


def test_a_free_order_is_quoted_at_nothing_and_nothing_is_held_for_it(market: Market) -> None:
    order = a_free_order(market)
    quoted = ask(market.house, market.buyer, lambda view: service.quote(view, OrderId(order.id)))
    assert (quoted.base, quoted.amount) == (ZERO, ZERO)
    with pytest.raises(RuleError, match="nothing_to_hold") as refused:
        hold(market, order)
    assert [each.code for each in refused.value.obstacles] == ["purchase_without_price"]
