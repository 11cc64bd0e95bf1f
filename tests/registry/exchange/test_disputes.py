"""A dispute from its opening to its end, on a real database, and what of public money waits for it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.accounts.model import Account, AccountKind, AccountState
from registry.accounts.records import accounts as account_records
from registry.actors.model import Actor, Role
from registry.aftercare import refunds
from registry.aftercare.disputes import decide_dispute
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.exchange import service
from registry.exchange.dispute_model import (
    DecideDispute,
    Dispute,
    DisputeRemedy,
    DisputeState,
    OpenDispute,
    ProposeRemedy,
)
from registry.exchange.model import Order, OrderState
from registry.messages.model import Language, MailAddress
from registry.messages.records import save_mail_address
from registry.offices import service as offices
from registry.offices.model import DeclareInterest, Ground
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, OrderId, VoucherId
from registry.values.money import ZERO, Money
from registry.vouchers import service as vouchers
from tests.conftest import FixedClock
from tests.registry.exchange.builders import (
    Market,
    a_listing,
    a_market,
    a_refund,
    an_accepted_order,
    an_officer,
    ask,
    deliver,
    do,
    firm_of,
)
from tests.registry.vouchers.builders import a_pool, hold, ready_to_redeem, redeem

YUAN = Money.of_yuan


def a_dispute(market: Market, order: Order, buyer: Actor | None = None) -> Dispute:
    command = OpenDispute(OrderId(order.id), "Half of the rows are empty.", (Digest.of(b"photo"),))
    return do(market.house, buyer or market.buyer, lambda work: service.open_dispute(work, command))


def propose(market: Market, made: Dispute, remedy: DisputeRemedy, refund: Money = ZERO) -> Dispute:
    command = ProposeRemedy(made.id, remedy, refund, "We are sorry.")
    return do(market.house, market.centre, lambda work: service.propose_remedy(work, command))


def decide(market: Market, made: Dispute, officer: Actor, number: str = "伊数裁〔2026〕1号") -> Dispute:
    command = DecideDispute(made.id, DisputeRemedy.NOTHING, ZERO, number, "As it was ordered.")
    return do(market.house, officer, lambda work: decide_dispute(work, command))


def take_office(market: Market, officer: Actor) -> None:
    """Give an officer an account at the market's authority."""
    have_account(market, officer, "section-head")


def have_account(market: Market, actor: Actor, login: str) -> None:
    """Give somebody of the market an account."""
    assert actor.account is not None
    made = Account(
        id=actor.account,
        login=login,
        display_name=login,
        kind=AccountKind.PERSON,
        firm=actor.firm,
        authority=actor.authority,
        roles=actor.roles,
        state=AccountState.ACTIVE,
        created_at=market.house.clock.now(),
    )
    with market.house.database.writing() as connection:
        account_records.add_account(connection, made, None)


def test_claims_wait_for_a_dispute_until_the_refund_that_was_agreed_has_arrived(market: Market) -> None:
    house = market.house
    a_pool(market)
    order = an_accepted_order(market, a_listing(market))
    voucher, invoice = hold(market, order), ready_to_redeem(market, order)
    made = a_dispute(market, order)

    def refused() -> set[str]:
        with pytest.raises(RuleError) as refusal:
            redeem(market, voucher, invoice)
        return {each.code for each in refusal.value.obstacles}

    assert refused() == {"order_disputed"}
    propose(market, made, DisputeRemedy.REFUND, YUAN("40000"))
    settled = do(house, market.buyer, lambda work: service.settle_dispute(work, made.id))
    assert settled.state is DisputeState.SETTLED
    assert refused() == {"order_disputed"}
    back = a_refund(market, order, market.centre, YUAN("40000"), invoice)
    do(house, market.buyer, lambda work: refunds.answer_refund(work, back.id, arrived=True))
    redeemed = redeem(market, voucher, invoice)
    assert (redeemed.base, redeemed.amount) == (YUAN("80000"), YUAN("24000"))
    standing = lambda: ask(house, market.payer, lambda view: vouchers.standing(view, VoucherId(voucher.id)))  # noqa: E731
    assert standing().is_met
    a_dispute(market, order)
    assert [each.code for each in standing().obstacles] == ["order_disputed"]


def test_a_dispute_keeps_an_order_open_and_its_end_closes_it(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    deliver(market, order)
    made = a_dispute(market, order)
    with pytest.raises(ConflictError, match="dispute_open_already"):
        a_dispute(market, order)
    with pytest.raises(ConflictError, match="dispute_without_proposal"):
        do(market.house, market.buyer, lambda work: service.settle_dispute(work, made.id))
    do(market.house, market.buyer, lambda work: service.withdraw_dispute(work, made.id))
    found = ask(market.house, market.centre, lambda view: service.order_file(view, OrderId(order.id)))
    assert [each.state for each in found.disputes] == [DisputeState.WITHDRAWN]
    assert found.order.state is OrderState.DELIVERED
    a_dispute(market, order)


def test_each_step_of_a_dispute_is_for_one_side_and_for_nobody_else(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    deliver(market, order)
    with pytest.raises(NotAllowedError):
        a_dispute(market, order, market.centre)
    made = a_dispute(market, order)
    offer = ProposeRemedy(made.id, DisputeRemedy.REDELIVERY, ZERO, "")
    with pytest.raises(NotAllowedError):
        do(market.house, market.buyer, lambda work: service.propose_remedy(work, offer))
    with pytest.raises(NotFoundError, match="dispute_not_found"):
        do(market.house, market.exchange, lambda work: service.propose_remedy(work, offer))
    propose(market, made, DisputeRemedy.REDELIVERY)
    with pytest.raises(NotAllowedError):
        do(market.house, market.centre, lambda work: service.settle_dispute(work, made.id))


def test_an_officer_who_is_tied_to_neither_side_decides_with_a_number_of_its_own(market: Market) -> None:
    house, listing = market.house, a_listing(market)
    head = an_officer(market.authority, Role.SECTION_HEAD)
    order = an_accepted_order(market, listing)
    deliver(market, order)
    made = a_dispute(market, order)
    with pytest.raises(NotAllowedError):
        decide(market, made, market.reviewer)
    with pytest.raises(NotFoundError, match="dispute_not_found"):
        decide(market, made, an_officer(a_market(house).authority, Role.SECTION_HEAD))
    tied = an_officer(market.authority, Role.SECTION_HEAD)
    take_office(market, tied)
    interest = DeclareInterest(firm_of(market.centre), Ground.FAMILY, "brother")
    do(house, tied, lambda work: offices.declare_interest(work, interest))
    with pytest.raises(NotAllowedError):
        decide(market, made, tied)
    decided = decide(market, made, head)
    assert decided.outcome is not None
    assert (decided.state, decided.outcome.number) == (DisputeState.DECIDED, "伊数裁〔2026〕1号")
    again = an_accepted_order(market, listing)
    deliver(market, again)
    another = a_dispute(market, again)
    with pytest.raises(ConflictError, match="dispute_number_known"):
        decide(market, another, head)


def test_an_officer_who_is_reached_where_a_side_is_decides_nothing(market: Market) -> None:
    house = market.house
    order = an_accepted_order(market, a_listing(market))
    deliver(market, order)
    made = a_dispute(market, order)
    head = an_officer(market.authority, Role.SECTION_HEAD)
    have_account(market, head, "head")
    member = replace(market.centre, account=AccountId.new())
    have_account(market, member, "member-of-the-centre")
    now = house.clock.now()
    for each in (head, member):
        assert each.account is not None
        reached = MailAddress(each.account, "desk@centre.example", Language.ZH, None, now, now, None)
        with house.database.writing() as connection:
            save_mail_address(connection, reached)
    with pytest.raises(NotAllowedError, match="officer_tie_detected"):
        decide(market, made, head)


def test_a_dispute_comes_too_late_after_the_window(market: Market, clock: FixedClock) -> None:
    order = an_accepted_order(market, a_listing(market))
    deliver(market, order)
    clock.set(clock.now().plus(timedelta(days=16)))
    with pytest.raises(RuleError, match="dispute_refused"):
        a_dispute(market, order)
