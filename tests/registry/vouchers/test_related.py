"""Nobody is supported for buying of itself: in the quote, at the hold, at redemption and on payment day."""

from dataclasses import replace

import pytest

from registry.errors import Finding, RuleError
from registry.exchange import service as exchange
from registry.parties import service as parties
from registry.parties.commands import RecordControl
from registry.parties.model import ControlKind, ControlLink, Period
from registry.policy.service import shipped
from registry.values.identifiers import ListingId, OrderId, VoucherId
from registry.vouchers import service
from registry.vouchers.rules import VoucherFacts, conditions
from tests.registry.exchange.builders import (
    ALWAYS,
    REGISTERED_ON,
    Market,
    a_document,
    a_firm,
    a_listing,
    an_accepted_order,
    ask,
    compute,
    do,
    firm_of,
)
from tests.registry.vouchers.builders import hold, ready_to_redeem, redeem


def tie(market: Market, valid: Period = ALWAYS) -> None:
    """Let the buyer hold the compute centre through a firm in the middle, by 40 % and 40 %."""
    middle = a_firm(market.house, market.registrar)
    for holder, held in ((firm_of(market.buyer), firm_of(middle)), (firm_of(middle), firm_of(market.centre))):
        command = RecordControl(ControlLink(holder, held, ControlKind.EQUITY, 4000), valid, "register", REGISTERED_ON)
        do(market.house, market.registrar, lambda work, command=command: parties.record_control(work, command))


def chain_of(refusal: pytest.ExceptionInfo[RuleError]) -> str:
    (found,) = refusal.value.obstacles
    assert found.code == "seller_not_related"
    return str(found.parameters["chain"])


def test_the_quote_shows_the_chain(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    tie(market)
    quoted = ask(market.house, market.buyer, lambda view: service.quote(view, OrderId(order.id)))
    found = {each.code: each for each in quoted.conditions}["seller_not_related"]
    assert found.finding is Finding.UNMET
    assert str(found.parameters["chain"]).count("(40%)") == 2


def test_a_tie_that_is_entered_after_the_hold_refuses_the_redemption(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    held, invoice = hold(market, order), ready_to_redeem(market, order)
    tie(market)
    with pytest.raises(RuleError) as refusal:
        redeem(market, held, invoice)
    assert "(40%)" in chain_of(refusal)


def standing_of(market: Market, voucher: str) -> tuple[str, ...]:
    found = ask(market.house, market.payer, lambda view: service.standing(view, VoucherId(voucher)))
    return tuple(each.code for each in found.obstacles)


def test_a_tie_that_is_entered_after_the_redemption_stops_the_payment(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    made = redeem(market, hold(market, order), ready_to_redeem(market, order))
    assert standing_of(market, made.id) == ()
    tie(market)
    assert standing_of(market, made.id) == ("seller_not_related",)


def test_a_tie_of_other_days_stops_nothing(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    tie(market, Period(REGISTERED_ON, market.house.clock.now().civil_day()))
    made = redeem(market, hold(market, order), ready_to_redeem(market, order))
    assert standing_of(market, made.id) == ()


def test_the_verdict_is_made_again_from_its_facts(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    tie(market)
    quoted = ask(market.house, market.buyer, lambda view: service.quote(view, OrderId(order.id)))
    kept = quoted.facts["facts"]
    assert isinstance(kept, dict)
    instrument = next(one for each in shipped() for one in each.instruments if one.id == quoted.instrument)
    assert conditions(instrument, VoucherFacts.of_json(kept)) == quoted.conditions


def test_a_firm_that_offers_through_a_seller_does_not_buy_of_itself(market: Market) -> None:
    paper, command = a_document(market.house, market.buyer), compute(market.house, market.centre)
    papers = replace(command.conditions, source_evidence=paper, rights_evidence=paper)
    command = replace(command, conditions=papers)
    offered = do(market.house, market.buyer, lambda work: exchange.offer_listing(work, command))
    listing = do(market.house, market.centre, lambda work: exchange.accept_listing(work, ListingId(offered.id)))
    with pytest.raises(RuleError) as refusal:
        hold(market, an_accepted_order(market, listing))
    assert chain_of(refusal)
