"""At a real claim: a ring stops the payment until a free reviewer clears it; uses of other pools exclude."""

from datetime import date

import pytest

from registry.actors.model import Actor, Role
from registry.awards import pattern_reviews
from registry.awards.pattern_reviews import DecidePattern
from registry.errors import ConflictError, Finding, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.exchange import service as exchange
from registry.exchange.model import Order
from registry.house import House
from registry.journal.work import Work
from registry.parties.model import ProviderKind
from registry.policy import service as policy
from registry.policy.activation import LoadPolicy
from registry.values.identifiers import OrderId, VoucherId
from registry.values.money import Money
from registry.vouchers import external, records, service
from registry.vouchers.external_model import EndExternalUse, ExternalUse, RecordExternalUse
from registry.vouchers.model import Voucher
from registry.vouchers.patterns.model import DecidedFinding, PatternCode, PatternOutcome
from tests.registry.exchange.builders import (
    ALWAYS,
    Market,
    a_buyer,
    a_firm,
    a_listing,
    a_placed_order,
    accept,
    an_accepted_order,
    an_officer,
    ask,
    compute,
    do,
    firm_of,
    register_provider,
)
from tests.registry.parties.builders import a_registrar, found_authority
from tests.registry.vouchers.builders import hold, ready_to_redeem, redeem

LIAOCHENG = "liaocheng-2025-measures"


def a_claim(market: Market, order: Order) -> Voucher:
    return redeem(market, hold(market, order), ready_to_redeem(market, order))


def sell_back(market: Market, quantity: int = 120_000) -> None:
    """Let the centre buy of the buyer what comes to the same."""
    register_provider(market, market.buyer, ProviderKind.COMPUTE_CENTRE, green=ALWAYS)
    offer = compute(market.house, market.buyer)
    listing = do(market.house, market.buyer, lambda work: exchange.offer_listing(work, offer))
    accept(market, a_placed_order(market, listing, quantity, market.centre), market.buyer)


def found(market: Market, voucher: Voucher, actor: Actor | None = None) -> tuple[DecidedFinding, ...]:
    return ask(
        market.house,
        actor or market.reviewer,
        lambda view: pattern_reviews.pattern_findings(view, VoucherId(voucher.id)),
    )


def stopped(market: Market, voucher: Voucher) -> dict[str, Finding]:
    standing = ask(market.house, market.payer, lambda view: service.standing(view, VoucherId(voucher.id)))
    return {each.code: each.finding for each in standing.obstacles}


def decide(
    market: Market, voucher: Voucher, seen: DecidedFinding, outcome: PatternOutcome, actor: Actor | None = None
) -> tuple[DecidedFinding, ...]:
    command = DecidePattern(VoucherId(voucher.id), seen.finding.digest, outcome, "核〔2026〕1号", "已核查")
    return do(market.house, actor or market.reviewer, lambda work: pattern_reviews.decide_pattern(work, command))


def test_honest_trade_finds_nothing(market: Market) -> None:
    made = a_claim(market, an_accepted_order(market, a_listing(market)))
    assert found(market, made) == ()
    assert stopped(market, made) == {}


def test_a_ring_stops_the_payment_until_it_is_cleared(market: Market) -> None:
    made = a_claim(market, an_accepted_order(market, a_listing(market)))
    sell_back(market)
    (seen,) = found(market, made)
    assert (seen.finding.code, seen.stops) == (PatternCode.CIRCULAR_TRADE, True)
    assert stopped(market, made) == {"circular_trade_found": Finding.UNKNOWN}
    (upheld,) = decide(market, made, seen, PatternOutcome.UPHELD)
    assert upheld.stops
    assert stopped(market, made) == {"circular_trade_found": Finding.UNMET}
    (cleared,) = decide(market, made, seen, PatternOutcome.CLEARED)
    assert cleared.decision is not None
    assert (cleared.stops, cleared.decision.number) == (False, "核〔2026〕1号")
    assert stopped(market, made) == {}
    assert ask(
        market.house, market.payer, lambda view: pattern_reviews.deciders(view, [VoucherId(made.id)])
    ) == frozenset({market.reviewer.account})


def test_a_ring_of_other_amounts_is_none(market: Market) -> None:
    made = a_claim(market, an_accepted_order(market, a_listing(market)))
    sell_back(market, 100_000)
    assert found(market, made) == ()


def test_only_free_reviewers_of_the_authority_see_and_decide(market: Market) -> None:
    made = a_claim(market, an_accepted_order(market, a_listing(market)))
    sell_back(market)
    (seen,) = found(market, made)
    elsewhere = an_officer(type(market.authority).new(), Role.REVIEWER)
    for refused in (market.buyer, elsewhere):
        with pytest.raises((NotAllowedError, NotFoundError)):
            found(market, made, refused)
    with pytest.raises(NotAllowedError):
        decide(market, made, seen, PatternOutcome.CLEARED, market.payer)
    with pytest.raises(NotFoundError):
        decide(market, made, seen, PatternOutcome.CLEARED, elsewhere)
    with pytest.raises(InvalidValueError):
        DecidePattern(VoucherId(made.id), seen.finding.digest, PatternOutcome.CLEARED, "n", " ")


# Pools that are not ours.


def record(market: Market, bought: Order, actor: Actor | None = None, **changes: object) -> ExternalUse:
    stated = {
        "document": LIAOCHENG,
        "instrument": "lc-7-compute-voucher",
        "firm": firm_of(market.buyer),
        "organ": "省大数据局",
        "number": "鲁数〔2026〕5号",
        "line": 1,
        "decided_on": date(2026, 3, 1),
        "amount": Money.of_yuan("3000"),
        "order": OrderId(bought.id),
        "invoice": None,
        "source": "省平台公示",
    } | changes
    command = RecordExternalUse(**stated)  # type: ignore[arg-type]
    return do(market.house, actor or market.registrar, lambda work: external.record(work, command))


def load(market: Market) -> None:
    command = LoadPolicy(LIAOCHENG, date(2025, 12, 24), "聊政办字〔2025〕19号")
    do(market.house, market.registrar, lambda work: policy.load_policy(work, command))


def test_a_use_of_an_external_pool_excludes_a_voucher_until_it_is_ended(market: Market) -> None:
    load(market)
    order = an_accepted_order(market, a_listing(market))
    use = record(market, order)
    quoted = ask(market.house, market.buyer, lambda view: service.quote(view, OrderId(order.id)))
    assert "quote_excluded" in {each.code for each in quoted.statements}
    with pytest.raises(RuleError) as refusal:
        hold(market, order)
    assert [each.code for each in refusal.value.obstacles] == ["purchase_not_supported_elsewhere"]
    with market.house.database.reading() as connection:
        assert service.verify_ledger(connection).vouchers == 0
    ended = do(market.house, market.registrar, lambda work: external.end(work, EndExternalUse(use.id, "9号", "收回")))
    assert ended.ended_at is not None
    assert hold(market, order).amount == Money.of_yuan("36000")
    with pytest.raises(ConflictError, match="external_use_ended"):
        do(market.house, market.registrar, lambda work: external.end(work, EndExternalUse(use.id, "9号", "收回")))


def test_a_use_that_names_the_invoice_is_found_at_the_claim_and_blocks(market: Market) -> None:
    load(market)
    order = an_accepted_order(market, a_listing(market))
    held, invoice = hold(market, order), ready_to_redeem(market, order)
    made = redeem(market, held, invoice)
    # As people write it: full-width digits and blanks.
    written = " ".join(chr(ord(each) + 0xFEE0) for each in invoice.number)
    record(market, order, order=None, invoice=written)
    (seen,) = found(market, made)
    assert seen.finding.code is PatternCode.CLAIMED_ELSEWHERE
    assert stopped(market, made) == {"claimed_elsewhere_found": Finding.UNMET}
    with pytest.raises(ConflictError, match="pattern_finding_not_decided"):
        decide(market, made, seen, PatternOutcome.CLEARED)


def test_a_number_of_another_firm_s_invoice_blocks_nothing(market: Market) -> None:
    load(market)
    order = an_accepted_order(market, a_listing(market))
    invoice = ready_to_redeem(market, order)
    record(market, order, order=None, invoice=invoice.number, firm=firm_of(market.centre))
    with market.house.database.reading() as connection:
        assert records.externally_used(connection, [OrderId(order.id)]) == set()
        assert records.external_uses_for(connection, OrderId(order.id)) == []
    use = record(market, order, order=None, invoice=invoice.number, line=2)
    with market.house.database.reading() as connection:
        assert records.externally_used(connection, [OrderId(order.id)]) == {order.id}
        assert [each.id for each in records.external_uses_for(connection, OrderId(order.id))] == [use.id]


def test_a_line_is_recorded_again_once_its_record_was_ended_and_numbers_are_an_organ_s(market: Market) -> None:
    load(market)
    order = an_accepted_order(market, a_listing(market))
    wrong = record(market, order)
    record(market, order, organ="市大数据局")
    do(market.house, market.registrar, lambda work: external.end(work, EndExternalUse(wrong.id, "9号", "录入有误")))
    record(market, order)
    with pytest.raises(ConflictError, match="external_use_known"):
        record(market, order)


def test_a_use_is_recorded_once_by_who_keeps_the_registers_for_a_purchase_of_the_firm(market: Market) -> None:
    order = an_accepted_order(market, a_listing(market))
    with pytest.raises(NotFoundError):  # The document is not loaded.
        record(market, order)
    load(market)
    use = record(market, order)
    with pytest.raises(ConflictError, match="external_use_known"):
        record(market, order)
    with pytest.raises(NotAllowedError):
        record(market, order, market.payer, line=2)
    for wrong in ({"instrument": "lc-7-tax"}, {"firm": firm_of(market.centre)}, {"order": OrderId.new()}):
        with pytest.raises(NotFoundError):
            record(market, order, line=2, **wrong)
    for wrong in ({"order": None}, {"amount": Money(0)}, {"line": 0}, {"number": " "}, {"invoice": "12a4567890"}):
        with pytest.raises(InvalidValueError):
            record(market, order, **{"line": 2, **wrong})

    def listed(actor: Actor) -> list[str]:
        return [each.id for each in ask(market.house, actor, lambda view: external.uses(view, None, 10))]

    assert listed(market.buyer) == listed(market.reviewer) == [use.id]
    assert listed(market.centre) == listed(an_officer(type(market.authority).new(), Role.REVIEWER)) == []


def test_without_a_pool_of_its_own_a_quote_says_who_decides(house: House) -> None:
    with house.database.writing() as connection:
        authority = found_authority(Work(connection, Actor(name="operator"), house.clock.now()), "liaocheng")
    registrar = a_registrar(authority)
    officers = [an_officer(authority, role) for role in (Role.REVIEWER, Role.PAYER)]
    buyer, centre = a_buyer(house, registrar), a_firm(house, registrar)
    market = Market(house, authority, registrar, *officers, buyer=buyer, centre=centre, exchange=centre)
    register_provider(market, centre, ProviderKind.COMPUTE_CENTRE, green=ALWAYS)
    load(market)
    order = an_accepted_order(market, a_listing(market))
    with pytest.raises(RuleError) as refusal:
        ask(house, buyer, lambda view: service.quote(view, OrderId(order.id)))
    assert [each.code for each in refusal.value.obstacles] == ["no_policy_for_purchase", "others_decide_on_voucher"]
    told = refusal.value.obstacles[1]
    assert (told.clause, told.parameters["title_zh"]) == ("S4 七", "省级算力券")
    assert "省级主管部门" in str(told.parameters["decided_by_zh"])
