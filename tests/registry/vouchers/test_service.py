"""Vouchers from quote to payment, on a real database."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from registry.actors.model import Actor
from registry.errors import ConflictError, Finding, NotAllowedError, NotFoundError, RuleError
from registry.exchange.model import InvoiceKind, Verification
from registry.journal.work import Work
from registry.parties import service as parties
from registry.parties.commands import RecordControl, RegisterProvider
from registry.parties.model import ControlKind, ControlLink, Period, Predicate, ProviderKind
from registry.policy import service as policy
from registry.policy.rules import FirmYearSoFar, LimitKind, VoucherTerms, voucher_amount
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, OrderId, VoucherId
from registry.values.money import Money, Rate
from registry.vouchers import service
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.model import Appropriate, DecisionStep, OpenPool, Voucher, VoucherState
from registry.vouchers.payee import PayeeGiven
from registry.vouchers.rules import VoucherFacts, conditions
from tests.conftest import FixedClock
from tests.registry.exchange.builders import (
    ALWAYS,
    DOCUMENT,
    REGISTERED_ON,
    Market,
    a_firm,
    a_listing,
    a_market,
    a_placed_order,
    a_red_letter,
    a_refund,
    an_accepted_order,
    an_invoice,
    ask,
    deliver,
    do,
    firm_of,
    pay,
    record_fact,
    register_provider,
    verify,
)
from tests.registry.vouchers.builders import ACCOUNT_NUMBER, hold, ready_to_redeem, redeem, redeem_to

WorkAs = Callable[[Actor], AbstractContextManager[Work]]


def codes(refusal: pytest.ExceptionInfo[RuleError]) -> set[str]:
    """Return the codes of every obstacle."""
    return {obstacle.code for obstacle in refusal.value.obstacles}


def books_are_right(market: Market) -> None:
    """Verify the whole ledger."""
    with market.house.database.reading() as connection:
        verify_ledger(connection)


def test_the_figures_of_the_demo(market: Market) -> None:
    listing = a_listing(market)
    first = an_accepted_order(market, listing, 120_000)
    second = an_accepted_order(market, listing, 1_000_000)
    third = an_accepted_order(market, listing, 1_000_000)
    quoted = ask(market.house, market.buyer, lambda view: service.quote(view, OrderId(first.id)))
    assert quoted.amount == Money.of_yuan("36000")
    assert [limit.kind for limit in quoted.limits if limit.binds] == [LimitKind.RATE]
    assert redeem(market, hold(market, first), ready_to_redeem(market, first)).amount == Money.of_yuan("36000")
    assert hold(market, second).amount == Money.of_yuan("300000")
    capped = ask(market.house, market.buyer, lambda view: service.quote(view, OrderId(third.id)))
    assert capped.amount == Money.of_yuan("164000")
    assert [limit.kind for limit in capped.limits if limit.binds] == [LimitKind.FIRM_YEAR]
    books_are_right(market)


def test_two_million_of_compute_after_the_first_voucher_is_bound_by_the_year(market: Market) -> None:
    data = an_accepted_order(market, a_listing(market), 120_000)
    hold(market, data)
    compute_order = an_accepted_order(market, a_listing(market, unit_price=Money.of_yuan("10000")), 200)
    assert hold(market, compute_order).amount == Money.of_yuan("464000")


def test_a_quote_goes_by_defaults_and_names_what_is_open(market: Market) -> None:
    order = a_placed_order(market, a_listing(market))
    quoted = ask(market.house, market.buyer, lambda view: service.quote(view, OrderId(order.id)))
    assert "yz-4.pool" in {each.id for each in quoted.open_assumptions}
    assert {each.code for each in quoted.conditions if each.finding is not Finding.MET} == {"order_accepted"}


def test_a_quote_is_for_the_buyer_and_officers_only(market: Market) -> None:
    order = a_placed_order(market, a_listing(market))
    assert ask(market.house, market.reviewer, lambda view: service.quote(view, OrderId(order.id))).firm == order.buyer
    with pytest.raises(NotFoundError, match="order_not_found"):
        ask(market.house, market.exchange, lambda view: service.quote(view, OrderId(order.id)))


def test_a_hold_is_refused_with_every_obstacle_at_once(market: Market) -> None:
    stranger = a_firm(market.house, market.registrar)
    order = a_placed_order(market, a_listing(market), buyer=stranger)
    record_fact(market.house, market.registrar, stranger, Predicate.CREDIT_CLEAN, Finding.UNMET)
    with pytest.raises(RuleError, match="voucher_refused") as refusal:
        hold(market, order, stranger)
    assert codes(refusal) == {
        "buyer_is_annotation_firm",
        "buyer_operates_in_region",
        "buyer_credit_clean",
        "order_accepted",
    }
    findings = {each.code: each.finding for each in refusal.value.obstacles}
    assert findings["buyer_is_annotation_firm"] is Finding.UNKNOWN
    assert findings["buyer_credit_clean"] is Finding.UNMET


def test_a_related_seller_is_refused_and_the_chain_is_shown(market: Market) -> None:
    middle = a_firm(market.house, market.registrar)
    for holder, held in ((firm_of(market.buyer), firm_of(middle)), (firm_of(middle), firm_of(market.centre))):
        link = ControlLink(holder, held, ControlKind.EQUITY, 4000)
        command = RecordControl(link, ALWAYS, "register", REGISTERED_ON)
        do(market.house, market.registrar, lambda work, command=command: parties.record_control(work, command))
    order = an_accepted_order(market, a_listing(market))
    with pytest.raises(RuleError) as refusal:
        hold(market, order)
    assert codes(refusal) == {"seller_not_related"}
    assert " → " in str(refusal.value.obstacles[0].parameters["chain"])


def test_compute_needs_a_green_certificate_on_the_day(market: Market, clock: FixedClock) -> None:
    until = clock.now().civil_day()
    register_provider(market, market.centre, ProviderKind.COMPUTE_CENTRE, green=Period(REGISTERED_ON, until))
    order = an_accepted_order(market, a_listing(market))
    with pytest.raises(RuleError) as refusal:
        hold(market, order)
    assert codes(refusal) == {"seller_green"}


def test_without_a_pool_nothing_is_held(house: object) -> None:
    market = a_market(house)  # type: ignore[arg-type]
    order = an_accepted_order(market, a_listing(market))
    with pytest.raises(RuleError) as refusal:
        hold(market, order)
    assert codes(refusal) == {"pool_open"}


def test_a_full_firm_year_holds_nothing_more(market: Market) -> None:
    listing = a_listing(market, unit_price=Money.of_yuan("10000"))
    hold(market, an_accepted_order(market, listing, 200))
    with pytest.raises(RuleError, match="nothing_to_hold") as refusal:
        hold(market, an_accepted_order(market, listing, 200))
    assert codes(refusal) == {"firm_year_full"}


def test_the_pool_is_opened_once_with_the_budget_of_the_policy(market: Market) -> None:
    assert ask(market.house, market.buyer, service.pools)[0].budget == Money.of_yuan("10000000")
    with pytest.raises(ConflictError, match="pool_open_already"):
        do(market.house, market.registrar, lambda work: service.open_pool(work, OpenPool(DOCUMENT, "yz-4")))
    with pytest.raises(NotFoundError, match="pool_not_in_policy"):
        do(market.house, market.registrar, lambda work: service.open_pool(work, OpenPool(DOCUMENT, "yz-5")))
    with pytest.raises(NotAllowedError):
        do(market.house, market.reviewer, lambda work: service.open_pool(work, OpenPool(DOCUMENT, "yz-4")))


# Redemption.


def test_what_the_real_base_does_not_earn_is_released(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market), 120_000)
    voucher = hold(market, order)
    deliver(market, order)
    invoice = an_invoice(market, order, market.centre, Money.of_yuan("50000"))
    verify(market, invoice)
    pay(market, order)
    redeemed = redeem(market, voucher, invoice)
    assert redeemed.amount == Money.of_yuan("15000")
    assert ask(market.house, market.buyer, service.pools)[0].used == Money.of_yuan("15000")
    books_are_right(market)


def test_a_hold_that_is_given_back_has_earned_nothing_for_another(market: Market) -> None:
    listing = a_listing(market, unit_price=Money(5))
    first, second = an_accepted_order(market, listing, 1), an_accepted_order(market, listing, 1)
    given_back = hold(market, first)
    redeemed = redeem(market, hold(market, second), ready_to_redeem(market, second))
    do(market.house, market.buyer, lambda work: service.release(work, VoucherId(given_back.id)))
    assert redeemed.amount == Rate(3000).of_rounded_down(Money(5))
    books_are_right(market)


def test_vat_counts_only_where_it_cannot_be_deducted_and_never_beyond_the_hold(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market, vat_rate=Rate(600)), 120_000)
    voucher = hold(market, order)
    deliver(market, order)
    invoice = an_invoice(market, order, market.centre, kind=InvoiceKind.ORDINARY)
    verify(market, invoice)
    pay(market, order)
    redeemed = redeem(market, voucher, invoice)
    assert redeemed.base == Money.of_yuan("127200")
    assert redeemed.amount == Money.of_yuan("36000")
    books_are_right(market)


def test_an_invoice_counts_when_it_is_verified_paid_and_delivered(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    voucher = hold(market, order)
    invoice = an_invoice(market, order, market.centre)
    pay(market, order, from_own_account=False)
    with pytest.raises(RuleError) as refusal:
        redeem(market, voucher, invoice)
    assert codes(refusal) == {"invoice_not_verified", "order_not_delivered", "invoice_not_paid"}


def test_an_invoice_is_claimed_once(market: Market) -> None:
    listing = a_listing(market)
    order, other = an_accepted_order(market, listing), an_accepted_order(market, listing)
    voucher, second = hold(market, order), hold(market, other)
    invoice = ready_to_redeem(market, order)
    redeem(market, voucher, invoice)
    with pytest.raises(ConflictError, match="invoice_already_claimed") as refusal:
        redeem(market, second, invoice)
    assert refusal.value.parameters["voucher"] == voucher.id


def test_the_invoice_of_another_order_is_not_there(market: Market) -> None:
    listing = a_listing(market)
    order, other = an_accepted_order(market, listing), an_accepted_order(market, listing)
    voucher = hold(market, other)
    with pytest.raises(NotFoundError, match="invoice_not_found"):
        redeem(market, voucher, ready_to_redeem(market, order))


@pytest.mark.parametrize(
    ("invoiced", "paid", "year"),
    [
        (date(2026, 12, 31), date(2026, 12, 31), 2026),
        (date(2026, 12, 31), date(2027, 1, 4), 2027),
        (date(2027, 1, 4), date(2026, 12, 31), 2027),
    ],
)
def test_a_voucher_of_december_moves_to_the_year_of_the_later_day(
    market: Market, clock: FixedClock, invoiced: date, paid: date, year: int
) -> None:
    clock.set("2026-12-20T02:00:00Z")
    order = an_accepted_order(market, a_listing(market), 120_000)
    voucher = hold(market, order)
    deliver(market, order)
    clock.set("2027-01-05T02:00:00Z")
    invoice = an_invoice(market, order, market.centre, issued_on=invoiced)
    verify(market, invoice)
    pay(market, order, paid_on=paid)
    redeemed = redeem(market, voucher, invoice)
    assert (voucher.year, redeemed.year) == (2026, year)
    years = ask(market.house, market.buyer, lambda view: service.firm_years(view, None, None))
    used = {each.year: each.used for each in years if each.used}
    assert used == {year: Money.of_yuan("36000")}
    books_are_right(market)


def test_a_day_is_reckoned_in_shanghai(market: Market, clock: FixedClock) -> None:
    clock.set("2026-12-31T16:30:00Z")
    assert hold(market, an_accepted_order(market, a_listing(market))).year == 2027


def test_what_does_not_fit_into_the_year_of_the_claim_is_released(market: Market, clock: FixedClock) -> None:
    listing = a_listing(market, unit_price=Money.of_yuan("10000"))
    clock.set("2026-12-20T02:00:00Z")
    december = an_accepted_order(market, listing, 100)
    voucher = hold(market, december)
    clock.set("2027-01-05T02:00:00Z")
    hold(market, an_accepted_order(market, listing, 150))
    redeemed = redeem(market, voucher, ready_to_redeem(market, december))
    assert voucher.amount == Money.of_yuan("300000")
    assert redeemed.amount == Money.of_yuan("50000")
    books_are_right(market)


def test_the_licence_is_asked_for_on_the_day_of_the_event(market: Market, clock: FixedClock) -> None:
    order = an_accepted_order(market, a_listing(market))
    voucher = hold(market, order)
    invoice = ready_to_redeem(market, order)
    until = clock.now().civil_day() + timedelta(days=1)
    clock.advance(timedelta(days=10))
    period = Period(REGISTERED_ON, until)
    register_provider(market, market.centre, ProviderKind.COMPUTE_CENTRE, licence=period, green=period)
    assert redeem(market, voucher, invoice).state is VoucherState.REDEEMED


def test_a_licence_that_ended_before_the_event_does_not_help(market: Market, clock: FixedClock) -> None:
    order = an_accepted_order(market, a_listing(market))
    voucher = hold(market, order)
    until = clock.now().civil_day() + timedelta(days=1)
    clock.advance(timedelta(days=10))
    invoice = ready_to_redeem(market, order)
    do(
        market.house,
        market.registrar,
        lambda work: parties.register_provider(
            work,
            RegisterProvider(
                firm_of(market.centre),
                ProviderKind.COMPUTE_CENTRE,
                "L-2",
                Period(until, None),
                (),
                "register",
                REGISTERED_ON,
            ),
        ),
    )
    with pytest.raises(RuleError) as refusal:
        redeem(market, voucher, invoice)
    assert codes(refusal) == {"seller_green"}


# Decisions.


def test_a_decision_can_be_made_again_from_what_is_kept(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    voucher = redeem(market, hold(market, order), ready_to_redeem(market, order))
    kept = ask(market.house, market.buyer, lambda view: service.decisions(view, VoucherId(voucher.id)))
    assert [each.step for each in kept] == [DecisionStep.HELD, DecisionStep.REDEEMED]
    decision = kept[1]
    assert Digest.of_json(decision.facts) == decision.facts_digest == voucher.facts_digest
    facts, amounts = decision.facts["facts"], decision.facts["amounts"]
    instrument = next(each for each in policy.shipped() if each.revision.digest == decision.revision).instrument(
        voucher.instrument
    )
    again = conditions(instrument, VoucherFacts.of_json(facts))  # type: ignore[arg-type]
    assert {each.finding for each in again} == {Finding.MET}
    assert isinstance(amounts, dict)
    so_far = FirmYearSoFar(Money(amounts["year_base_fen"]), Money(amounts["year_used_fen"]))
    terms = VoucherTerms(Rate(amounts["rate_bp"]), Money(amounts["firm_year_cap_fen"]))
    assert voucher_amount(Money(amounts["base_fen"]), so_far, terms) == voucher.amount


# Expiry and release.


def test_a_hold_runs_out_and_its_money_comes_back(market: Market, clock: FixedClock) -> None:
    order = an_accepted_order(market, a_listing(market))
    voucher = hold(market, order)
    invoice = ready_to_redeem(market, order)
    clock.advance(timedelta(days=90) - timedelta(microseconds=1))
    assert service.expire_due(market.house.database, clock) == 0
    clock.advance(timedelta(microseconds=1))
    with pytest.raises(ConflictError, match="voucher_expired"):
        redeem(market, voucher, invoice)
    assert service.expire_due(market.house.database, clock) == 1
    assert service.expire_due(market.house.database, clock) == 0
    found = ask(market.house, market.buyer, lambda view: service.voucher(view, VoucherId(voucher.id)))
    assert found.state is VoucherState.EXPIRED
    assert not ask(market.house, market.buyer, service.pools)[0].used
    books_are_right(market)


def test_a_new_hold_clears_away_what_has_run_out(market: Market, clock: FixedClock) -> None:
    listing = a_listing(market, unit_price=Money.of_yuan("10000"))
    hold(market, an_accepted_order(market, listing, 200))
    clock.advance(timedelta(days=90))
    again = hold(market, an_accepted_order(market, listing, 200))
    assert again.amount == Money.of_yuan("500000")
    assert ask(market.house, market.buyer, service.pools)[0].used == Money.of_yuan("500000")
    books_are_right(market)


def test_an_order_whose_own_hold_ran_out_can_be_held_for_again(market: Market, clock: FixedClock) -> None:
    order = an_accepted_order(market, a_listing(market))
    voucher = hold(market, order)
    clock.advance(timedelta(days=90))
    quoted = ask(market.house, market.buyer, lambda view: service.quote(view, OrderId(order.id)))
    assert "order_without_voucher" not in {each.code for each in quoted.conditions if each.finding is not Finding.MET}
    assert hold(market, order).amount == voucher.amount
    assert ask(market.house, market.buyer, service.pools)[0].used == voucher.amount
    books_are_right(market)


def test_no_hold_outlives_the_term(market: Market, clock: FixedClock) -> None:
    clock.set("2028-01-03T02:00:00Z")
    voucher = hold(market, an_accepted_order(market, a_listing(market)))
    assert str(voucher.expires_at) == "2028-01-04T16:00:00.000000Z"
    clock.set(voucher.expires_at)
    with pytest.raises(RuleError, match="instrument_not_in_force"):
        hold(market, an_accepted_order(market, a_listing(market)))


def test_a_released_order_can_be_held_for_again(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    voucher = hold(market, order)
    released = do(market.house, market.buyer, lambda work: service.release(work, VoucherId(voucher.id)))
    assert released.state is VoucherState.RELEASED
    with pytest.raises(ConflictError, match="voucher_wrong_state"):
        do(market.house, market.buyer, lambda work: service.release(work, VoucherId(voucher.id)))
    assert hold(market, order).amount == voucher.amount
    books_are_right(market)


def test_a_voucher_is_not_there_for_strangers_and_other_authorities(market: Market) -> None:
    voucher = hold(market, an_accepted_order(market, a_listing(market)))
    neighbour = a_market(market.house)
    for stranger in (market.exchange, neighbour.reviewer, neighbour.buyer):
        with pytest.raises(NotFoundError, match="voucher_not_found"):
            ask(market.house, stranger, lambda view: service.voucher(view, VoucherId(voucher.id)))
        assert not ask(market.house, stranger, lambda view: service.vouchers(view, None, 10))


# Settling, payment and budget lines.


def a_redeemed(market: Market) -> Voucher:
    """Return a redeemed voucher of ¥36,000."""
    order = an_accepted_order(market, a_listing(market))
    return redeem(market, hold(market, order), ready_to_redeem(market, order))


def state_of(market: Market, voucher: Voucher) -> VoucherState:
    """Return the state of a voucher now."""
    return ask(market.house, market.buyer, lambda view: service.voucher(view, VoucherId(voucher.id))).state


def test_a_voucher_is_settled_instructed_returned_instructed_again_and_paid(market: Market, work_as: WorkAs) -> None:
    voucher, case = a_redeemed(market), CaseId.new()
    waiting = ask(market.house, market.reviewer, lambda view: service.redeemed(view, market.authority, DOCUMENT))
    assert [each.id for each in waiting] == [voucher.id]
    with work_as(market.reviewer) as work:
        (line,) = service.settle_within(work, [voucher.id], case)
        work.journal("test.batch_settled", case)
    assert (line.amount, line.clause, line.instrument) == (Money.of_yuan("36000"), "S1 cl.4", "yz-4-compute")
    steps = (
        (service.mark_instructed_within, VoucherState.INSTRUCTED),
        (service.mark_returned_within, VoucherState.RETURNED),
        (service.mark_instructed_within, VoucherState.INSTRUCTED),
        (service.mark_paid_within, VoucherState.PAID),
    )
    for step, state in steps:
        with work_as(market.payer) as work:
            step(work, [voucher.id], case)
            work.journal("test.batch_moved", case)
        assert state_of(market, voucher) is state
        books_are_right(market)


def test_a_second_instruction_or_settlement_is_refused(market: Market, work_as: WorkAs) -> None:
    voucher, case = a_redeemed(market), CaseId.new()
    with work_as(market.reviewer) as work:
        service.settle_within(work, [voucher.id], case)
        work.journal("test.batch_settled", case)
    with pytest.raises(ConflictError, match="voucher_wrong_state"), work_as(market.reviewer) as work:
        service.settle_within(work, [voucher.id], CaseId.new())
    with pytest.raises(ConflictError, match="voucher_in_other_case"), work_as(market.payer) as work:
        service.mark_instructed_within(work, [voucher.id], CaseId.new())
    with work_as(market.reviewer) as work:
        service.unsettle_within(work, [voucher.id])
        work.journal("test.batch_refused", case)
    assert state_of(market, voucher) is VoucherState.REDEEMED
    books_are_right(market)


def test_another_authority_settles_nothing(market: Market, work_as: WorkAs) -> None:
    voucher, neighbour = a_redeemed(market), a_market(market.house)
    with pytest.raises(NotFoundError, match="voucher_not_found"), work_as(neighbour.reviewer) as work:
        service.settle_within(work, [voucher.id])


def test_on_payment_day_the_invoice_must_still_stand(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    voucher, invoice = hold(market, order), ready_to_redeem(market, order)
    redeem(market, voucher, invoice)
    standing = lambda: ask(market.house, market.payer, lambda view: service.standing(view, VoucherId(voucher.id)))  # noqa: E731
    assert standing().is_met
    verify(market, invoice, Verification.RED)
    assert [each.code for each in standing().obstacles] == ["invoice_still_verified"]
    record_fact(market.house, market.registrar, market.buyer, Predicate.OPERATES_IN_REGION, Finding.UNMET)
    assert {each.code for each in standing().obstacles} == {"invoice_still_verified", "buyer_operates_in_region"}


def test_what_is_redeemed_and_paid_is_net_of_red_letters_and_refunds(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    voucher, invoice = hold(market, order), ready_to_redeem(market, order)
    a_red_letter(market, invoice, market.centre, Money.of_yuan("40000"))
    made = redeem(market, voucher, invoice)
    assert (made.base, made.amount) == (Money.of_yuan("80000"), Money.of_yuan("24000"))
    standing = lambda: ask(market.house, market.payer, lambda view: service.standing(view, VoucherId(voucher.id)))  # noqa: E731
    assert standing().is_met
    # The refund is the same money as the red letter; one fen more is not.
    a_refund(market, order, market.centre, Money.of_yuan("40000"), invoice)
    assert standing().is_met
    a_refund(market, order, market.centre, Money.of_yuan("0.01"), invoice)
    assert [each.code for each in standing().obstacles] == ["invoice_still_carries_claim"]
    books_are_right(market)


def test_no_more_is_instructed_than_appropriated(market: Market, work_as: WorkAs) -> None:
    case, line = CaseId.new(), "2150805"
    command = Appropriate(2026, line, Money.of_yuan("50000"), "财预〔2026〕1号")
    do(market.house, market.payer, lambda work: service.appropriate(work, command))
    with pytest.raises(ConflictError, match="appropriation_known"):
        do(market.house, market.payer, lambda work: service.appropriate(work, command))
    place = (market.authority, 2026, line)
    with work_as(market.payer) as work:
        service.instruct_within(work, *place, Money.of_yuan("36000"), case)
        work.journal("test.instructed", case)
    with pytest.raises(RuleError, match="instruction_refused") as refusal, work_as(market.payer) as work:
        service.instruct_within(work, *place, Money.of_yuan("14000.01"), case)
    assert refusal.value.obstacles[0].parameters["left"] == "¥14,000.00"
    with work_as(market.payer) as work:
        service.appropriation_returned_within(work, *place, Money.of_yuan("36000"), case)
        service.instruct_within(work, *place, Money.of_yuan("50000"), case)
        service.appropriation_paid_within(work, *place, Money.of_yuan("50000"), case)
        work.journal("test.paid", case)
    (found,) = ask(market.house, market.payer, service.appropriations)
    assert (found.instructed, found.appropriated) == (Money.of_yuan("50000"), Money.of_yuan("50000"))
    books_are_right(market)
    with pytest.raises(DBAPIError), work_as(market.payer) as work:
        service.appropriation_paid_within(work, *place, Money(1), case)


def test_a_voucher_is_paid_to_an_account_in_the_firms_own_name_only(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    voucher, invoice = hold(market, order), ready_to_redeem(market, order)
    with pytest.raises(RuleError) as refused:
        redeem_to(market, voucher, invoice, PayeeGiven("Someone else", "ICBC Hami", ACCOUNT_NUMBER))
    assert [each.code for each in refused.value.obstacles] == ["payee_name_differs"]
    assert redeem(market, voucher, invoice).state is VoucherState.REDEEMED
