"""Red letters and refunds on a real database: numbers, who may, and what a whole refund ends."""

import pytest

from registry.catalog import service as catalog
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.exchange import service
from registry.exchange.commands import VerifyRedLetter
from registry.exchange.model import OrderFile, OrderState, RefundState, Verification
from registry.values.identifiers import OrderId
from registry.values.money import Money
from tests.registry.exchange.builders import (
    Market,
    a_listing,
    a_market,
    a_red_letter,
    a_refund,
    an_accepted_order,
    an_invoice,
    ask,
    deliver,
    do,
    pay,
    verify,
)
from tests.registry.exchange.test_service import Shop

YUAN = Money.of_yuan


def file_of(market: Market, order: OrderId) -> OrderFile:
    return ask(market.house, market.buyer, lambda view: service.order_file(view, order))


def test_a_number_is_used_once_by_blue_and_red_letters_together(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    blue = an_invoice(market, order, market.centre, YUAN("60000"))
    red = a_red_letter(market, blue, market.centre, YUAN("1000"))
    with pytest.raises(ConflictError, match="invoice_number_known"):
        an_invoice(market, order, market.centre, YUAN("1000"), number=red.number)


def test_a_red_letter_is_looked_up_by_a_reviewer_and_stays_on_its_invoice(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    blue = an_invoice(market, order, market.centre)
    red = a_red_letter(market, blue, market.centre, YUAN("40000"))
    command = VerifyRedLetter(red.id, Verification.VERIFIED, market.house.clock.now().civil_day())
    for stranger in (market.buyer, market.centre):
        with pytest.raises(NotAllowedError):
            do(market.house, stranger, lambda work: service.verify_red_letter(work, command))
    neighbour = a_market(market.house).reviewer
    with pytest.raises(NotFoundError):
        do(market.house, neighbour, lambda work: service.verify_red_letter(work, command))
    do(market.house, market.reviewer, lambda work: service.verify_red_letter(work, command))
    (found,) = file_of(market, order.id).invoices
    assert [(each.number, each.verification) for each in found.red_letters] == [(red.number, Verification.VERIFIED)]
    assert found.red_net == YUAN("40000")


def test_only_the_seller_takes_back_and_only_the_buyer_says_that_it_arrived(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    pay(market, order)
    blue = an_invoice(market, order, market.centre)
    with pytest.raises(NotAllowedError):
        a_red_letter(market, blue, market.buyer, YUAN("1"))
    with pytest.raises(NotFoundError):
        a_red_letter(market, blue, market.exchange, YUAN("1"))
    with pytest.raises(NotAllowedError):
        a_refund(market, order, market.buyer, YUAN("1"), blue)
    refund = a_refund(market, order, market.centre, YUAN("1"), blue)
    with pytest.raises(NotAllowedError):
        do(market.house, market.centre, lambda work: service.answer_refund(work, refund.id, arrived=True))
    with pytest.raises(NotFoundError):
        do(market.house, market.exchange, lambda work: service.answer_refund(work, refund.id, arrived=True))


def test_a_refund_in_part_closes_the_order_once_the_red_letter_says_the_same(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    deliver(market, order)
    pay(market, order)
    blue = an_invoice(market, order, market.centre)
    refund = a_refund(market, order, market.centre, YUAN("40000"), blue)
    verify(market, blue)
    do(market.house, market.buyer, lambda work: service.answer_refund(work, refund.id, arrived=True))
    assert file_of(market, order.id).order.state is OrderState.DELIVERED
    red = a_red_letter(market, blue, market.centre, YUAN("40000"))
    command = VerifyRedLetter(red.id, Verification.VERIFIED, market.house.clock.now().civil_day())
    do(market.house, market.reviewer, lambda work: service.verify_red_letter(work, command))
    assert file_of(market, order.id).order.state is OrderState.CLOSED


def test_a_refund_that_did_not_arrive_changes_nothing_and_is_said_once(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    pay(market, order)
    refund = a_refund(market, order, market.centre, order.gross)
    with pytest.raises(RuleError):
        a_refund(market, order, market.centre, YUAN("1"))
    do(market.house, market.buyer, lambda work: service.answer_refund(work, refund.id, arrived=False))
    found = file_of(market, order.id)
    assert found.order.state is OrderState.ACCEPTED
    assert [each.state for each in found.refunds] == [RefundState.REFUSED]
    with pytest.raises(ConflictError, match="refund_answered"):
        do(market.house, market.buyer, lambda work: service.answer_refund(work, refund.id, arrived=True))
    a_refund(market, order, market.centre, YUAN("1"))


def test_a_whole_refund_ends_the_order_and_its_grant(market: Market) -> None:
    shop = Shop(market)
    order = shop.ordered()
    deliver(market, order, shop.version.content_digest)
    pay(market, order)
    version = ask(market.house, market.buyer, lambda view: catalog.version(view, shop.version.id))
    reads = lambda: ask(market.house, market.buyer, lambda view: catalog.may_read(view, version)).allowed  # noqa: E731
    parts = [a_refund(market, order, market.exchange, each) for each in (YUAN("27200"), YUAN("100000"))]
    do(market.house, market.buyer, lambda work: service.answer_refund(work, parts[0].id, arrived=True))
    assert reads()
    assert file_of(market, order.id).order.state is OrderState.DELIVERED
    do(market.house, market.buyer, lambda work: service.answer_refund(work, parts[1].id, arrived=True))
    assert file_of(market, order.id).order.state is OrderState.REFUNDED
    assert not reads()
