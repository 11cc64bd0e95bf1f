"""A firm that has ended orders, sells, holds and redeems nothing from that day; the day before it does."""

from datetime import timedelta

import pytest

from registry.actors.model import Actor
from registry.errors import Finding, RuleError
from registry.parties import ends
from registry.parties.end_model import EndKind, EnterEnd
from registry.parties.model import Predicate
from registry.values.digest import Digest
from registry.vouchers.known import Known
from tests.conftest import FixedClock
from tests.registry.exchange.builders import (
    Market,
    a_buyer,
    a_listing,
    a_placed_order,
    accept,
    an_accepted_order,
    do,
    firm_of,
    offer_contract,
    sign,
)
from tests.registry.vouchers.builders import hold, ready_to_redeem, redeem


def ends_tomorrow(market: Market, owner: Actor, kind: EndKind) -> None:
    """Enter that a firm is no more from tomorrow on."""
    today = market.house.clock.now().civil_day()
    command = EnterEnd(
        firm=firm_of(owner),
        kind=kind,
        ended_on=today + timedelta(days=1),
        document_number="注销1号",
        document_digest=Digest.of(b"document"),
        source="public register",
        obtained_on=today,
    )
    do(market.house, market.registrar, lambda work: ends.enter_end(work, command))


def test_a_buyer_that_was_deregistered_orders_holds_and_redeems_nothing(market: Market, clock: FixedClock) -> None:
    listing = a_listing(market)
    held, accepted = (an_accepted_order(market, listing) for _ in range(2))
    invoice = ready_to_redeem(market, held)
    ends_tomorrow(market, market.buyer, EndKind.DEREGISTERED)
    voucher = hold(market, held)
    placed = a_placed_order(market, listing)
    unsigned = offer_contract(market, a_placed_order(market, listing), market.centre)
    clock.advance(timedelta(days=1))
    for act in (
        lambda: a_placed_order(market, listing),
        lambda: accept(market, placed, market.centre),
        lambda: sign(market, unsigned),
        lambda: hold(market, accepted),
        lambda: redeem(market, voucher, invoice),
    ):
        with pytest.raises(RuleError, match="firm_has_ended") as refused:
            act()
        assert [each.code for each in refused.value.obstacles] == ["firm_deregistered"]


def test_of_a_seller_that_is_no_more_nothing_is_ordered(market: Market, clock: FixedClock) -> None:
    listing = a_listing(market)
    ends_tomorrow(market, market.centre, EndKind.DEREGISTERED)
    unsigned = offer_contract(market, a_placed_order(market, listing), market.centre)
    clock.advance(timedelta(days=1))
    with pytest.raises(RuleError, match="firm_has_ended"):
        a_placed_order(market, listing)
    with pytest.raises(RuleError, match="firm_has_ended"):
        sign(market, unsigned)


def test_a_buyer_that_left_the_area_still_buys_and_holds_no_voucher_there(market: Market, clock: FixedClock) -> None:
    order = an_accepted_order(market, a_listing(market))
    ends_tomorrow(market, market.buyer, EndKind.MOVED_AWAY)
    clock.advance(timedelta(days=1))
    assert a_placed_order(market, a_listing(market))
    with pytest.raises(RuleError, match="firm_has_ended"):
        hold(market, order)


def test_facts_that_are_read_at_once_know_who_has_left(market: Market, clock: FixedClock) -> None:
    order, other = an_accepted_order(market, a_listing(market)), a_buyer(market.house, market.registrar)
    stays = an_accepted_order(market, a_listing(market), buyer=other)
    ends_tomorrow(market, market.buyer, EndKind.MOVED_AWAY)
    clock.advance(timedelta(days=1))
    with market.house.view(market.reviewer) as view:
        known, day = Known(view), view.now.civil_day()
        known.read_for([order, stays], day)
        found = [
            known.fact(market.authority, each.buyer, Predicate.OPERATES_IN_REGION, day).finding
            for each in (order, stays)
        ]
    assert found == [Finding.UNMET, Finding.MET]
