"""Planted cases are found and honest trade is not: precision and recall of every pattern on a fixed seed."""

import random
from collections import defaultdict
from datetime import date, timedelta
from functools import cache

import pytest

from registry.exchange.model import SaleFact
from registry.values.identifiers import FirmId, VoucherId
from registry.values.money import Money
from registry.vouchers.patterns import rules
from registry.vouchers.patterns.model import EFFECT_OF, Claim, DecidedFinding, Effect, PatternCode
from registry.vouchers.patterns.terms import pattern_terms, read_terms
from tests.registry.vouchers.pattern_market import LAUNCH, MadeMarket, a_made_market

SEED = 20260302
TERMS = pattern_terms()


@cache
def market() -> MadeMarket:
    return a_made_market(SEED)


def found_by(made: MadeMarket) -> dict[PatternCode, set[VoucherId]]:
    """Return which claims each pattern finds, looking at what concerns a claim as the gathering does."""
    by_kind: dict[str, list[SaleFact]] = defaultdict(list)
    by_seller: dict[FirmId, list[SaleFact]] = defaultdict(list)
    for each in made.sales:
        by_kind[each.kind].append(each)
        by_seller[each.seller].append(each)
    at_seller: dict[FirmId, list[Claim]] = defaultdict(list)
    of_year: dict[tuple[FirmId, int], list[Claim]] = defaultdict(list)
    for claim in made.claims:
        at_seller[claim.sale.seller].append(claim)
        of_year[claim.firm, claim.year].append(claim)
    found: dict[PatternCode, set[VoucherId]] = defaultdict(set)
    for claim in made.claims:
        sale = claim.sale
        for each in (
            *rules.circular_trade(sale, made.sales, made.group_of, TERMS.circular_trade),
            *rules.price_far_above(sale, by_kind[sale.kind], LAUNCH, TERMS.price_far_above),
            *rules.claimed_elsewhere(claim, made.elsewhere.get(claim.voucher, [])),
            *rules.split_purchase(claim, at_seller[sale.seller], TERMS.split_purchase),
            *rules.year_end_bunching(claim, of_year[claim.firm, claim.year], TERMS.year_end_bunching),
            *rules.exact_cap(claim),
            *rules.vendor_collusion(claim, by_seller[sale.seller], at_seller[sale.seller], TERMS.vendor_collusion),
        ):
            found[each.code].add(claim.voucher)
    return found


@cache
def found() -> dict[PatternCode, set[VoucherId]]:
    return found_by(market())


@pytest.mark.parametrize("code", list(PatternCode))
def test_every_planted_case_is_found_and_no_other(code: PatternCode) -> None:
    planted, seen = market().planted[code], found()[code]
    assert len(planted) >= 6
    right = len(planted & seen)
    precision, recall = f"{right}/{len(seen)}", f"{right}/{len(planted)}"
    assert (precision, recall) == (f"{right}/{right}", f"{len(planted)}/{len(planted)}"), code


def test_the_market_is_large_enough_to_say_something() -> None:
    assert len(market().sales) > 1_500
    assert len(market().claims) > 800


def ring(*nets: int, days: int = 1) -> list[SaleFact]:
    """Return sales that lead from firm to firm and back to the first."""
    made = MadeMarket(random.Random(1))
    firms = [made.firm() for _ in nets]
    return [
        made.sale(firm, firms[(place + 1) % len(firms)], net, date(2026, 3, 1) + timedelta(days=days * place), price=1)
        for place, (firm, net) in enumerate(zip(firms, nets, strict=True))
    ]


@pytest.mark.parametrize(
    ("nets", "days", "is_found"),
    [
        ((1_000, 900), 1, True),
        ((1_000, 899), 1, False),
        ((1_000, 1_100), 1, True),
        ((1_000, 1_101), 1, False),
        ((1_000,) * 2, 180, True),
        ((1_000,) * 2, 181, False),
        ((1_000,) * 5, 1, True),
        ((1_000,) * 6, 1, False),
    ],
)
def test_a_ring_is_found_up_to_its_thresholds(nets: tuple[int, ...], days: int, is_found: bool) -> None:
    sales = ring(*nets, days=days)
    assert bool(rules.circular_trade(sales[0], sales, {}, TERMS.circular_trade)) is is_found


def test_a_ring_names_its_firms_and_orders() -> None:
    sales = ring(1_000, 1_000, 1_000)
    (seen,) = rules.circular_trade(sales[0], sales, {}, TERMS.circular_trade)
    assert seen.about == tuple(sorted(each.order for each in sales))
    assert str(seen.figures["chain"]).split(" → ") == [*(each.buyer for each in sales), sales[0].buyer]


def test_what_comes_later_opens_no_earlier_claim_again() -> None:
    made = market()
    code = PatternCode.SPLIT_PURCHASE
    for claim in [each for each in made.claims if each.voucher in made.planted[code]][:5]:
        every = rules.split_purchase(claim, made.claims, TERMS.split_purchase)
        until = [each for each in made.claims if each.redeemed_at <= claim.redeemed_at]
        assert [each.digest for each in every] == [
            each.digest for each in rules.split_purchase(claim, until, TERMS.split_purchase)
        ]


def test_nothing_is_cleared_that_is_blocked_and_a_flag_stops_nothing() -> None:
    claim = market().claims[0]
    (blocked,) = rules.claimed_elsewhere(claim, ["省券1号"])
    assert DecidedFinding(blocked, None).stops
    assert EFFECT_OF[PatternCode.YEAR_END_BUNCHING] is EFFECT_OF[PatternCode.EXACT_CAP] is Effect.FLAG
    exact = next(each for each in market().claims if each.voucher in market().planted[PatternCode.EXACT_CAP])
    (flagged,) = rules.exact_cap(exact)
    assert not DecidedFinding(flagged, None).stops


def test_a_price_needs_five_other_suppliers_to_stand_out_against() -> None:
    made = MadeMarket(random.Random(2))
    sale = made.sale(made.firm(), made.firm(), 1_000, date(2026, 6, 1), kind="k", price=100_000)
    peers = [made.sale(made.firm(), made.firm(), 1_000, date(2026, 5, 1), kind="k", price=10_000) for _ in range(5)]
    assert rules.price_far_above(sale, peers, None, TERMS.price_far_above)
    assert not rules.price_far_above(sale, peers[:4], None, TERMS.price_far_above)
    # The spread is at least a tenth of the median: five of them are half of it.
    for price, is_found in ((15_000, False), (15_001, True)):
        high = made.sale(made.firm(), made.firm(), 1_000, date(2026, 6, 1), kind="k", price=price)
        assert bool(rules.price_far_above(high, peers, None, TERMS.price_far_above)) is is_found


def test_thresholds_say_everything_and_nothing_else() -> None:
    with pytest.raises(ValueError, match="thresholds"):
        read_terms("[circular_trade]\ndays = 1\n")
    for group in (TERMS.circular_trade, TERMS.price_far_above, TERMS.split_purchase, TERMS.vendor_collusion):
        assert group.clause.startswith("POLICY 5 F")
        assert group.assumption
    assert Money(TERMS.circular_trade.days).fen == 180
