"""Conditions, moves and what a redemption comes to."""

from dataclasses import fields, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import ConflictError, Finding, RuleError
from registry.parties.model import ProviderKind
from registry.policy.model import Instrument
from registry.policy.rules import FirmYearSoFar, VoucherTerms, voucher_amount
from registry.policy.service import shipped
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, FirmId, OrderId, PoolId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money, Rate
from registry.vouchers.model import COUNTING, VOUCHER_MOVES, Account, Voucher, VoucherState
from registry.vouchers.rules import (
    VoucherFacts,
    accounts_of_move,
    conditions,
    counts,
    fits,
    redemption,
    require_move,
)

TERMS = VoucherTerms(Rate(3000), Money.of_yuan("500000"))
NOTHING = FirmYearSoFar(Money(0), Money(0))
NOW = Moment.of_text("2026-03-02T02:00:00Z")
LATER = Moment.of_text("2026-05-31T02:00:00Z")

GOOD = VoucherFacts(
    day=date(2026, 3, 2),
    in_force=True,
    in_term=True,
    pool_open=True,
    annotation_firm=Finding.MET,
    operates_in_region=Finding.MET,
    credit_clean=Finding.MET,
    seller_licensed=Finding.MET,
    seller_green=Finding.MET,
    related_by=(),
    product_kind="compute",
    purpose="model_training",
    order_accepted=True,
    counting_voucher=None,
)


def instrument(instrument_id: str) -> Instrument:
    return next(one for document in shipped() for one in document.instruments if one.id == instrument_id)


def a_voucher(amount: str = "36000", base: str = "120000", state: VoucherState = VoucherState.HELD) -> Voucher:
    return Voucher(
        id=VoucherId.new(),
        authority=AuthorityId.new(),
        pool=PoolId.new(),
        instrument="yz-4-data",
        group="yz-4",
        firm=FirmId.new(),
        order=OrderId.new(),
        state=state,
        year=2026,
        base=Money.of_yuan(base),
        amount=Money.of_yuan(amount),
        invoice=None,
        event_on=None,
        revision=Digest.of(b"revision"),
        facts_digest=Digest.of(b"facts"),
        held_at=NOW,
        expires_at=LATER,
        case=None,
    )


def unmet(facts: VoucherFacts, instrument_id: str = "yz-4-compute") -> dict[str, Finding]:
    found = conditions(instrument(instrument_id), facts)
    return {each.code: each.finding for each in found if each.finding is not Finding.MET}


def test_good_facts_meet_every_condition() -> None:
    assert unmet(GOOD) == {}
    assert unmet(replace(GOOD, seller_green=None, product_kind="dataset", purpose="other"), "yz-4-data") == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"in_force": False}, "voucher_policy_in_force"),
        ({"in_term": False}, "voucher_event_in_term"),
        ({"pool_open": False}, "pool_open"),
        ({"annotation_firm": Finding.UNKNOWN}, "buyer_is_annotation_firm"),
        ({"operates_in_region": Finding.UNMET}, "buyer_operates_in_region"),
        ({"credit_clean": Finding.UNKNOWN}, "buyer_credit_clean"),
        ({"seller_licensed": Finding.UNMET}, "seller_licensed"),
        ({"seller_green": Finding.UNMET}, "seller_green"),
        ({"related_by": ("A", "40%", "B")}, "seller_not_related"),
        ({"purpose": "annotation"}, "voucher_purpose_named"),
        ({"order_accepted": False}, "order_accepted"),
        ({"counting_voucher": "vch_1"}, "order_without_voucher"),
    ],
)
def test_each_fact_decides_its_condition(change: dict[str, object], code: str) -> None:
    assert set(unmet(replace(GOOD, **change))) == {code}  # type: ignore[arg-type]


def test_what_the_clause_does_not_name_waits_for_a_decision() -> None:
    data = replace(GOOD, seller_green=None, product_kind="labelling_service")
    assert unmet(data, "yz-4-data") == {"voucher_product_named": Finding.UNKNOWN}


def test_facts_are_read_back_as_they_were_kept() -> None:
    assert VoucherFacts.of_json(GOOD.as_json()) == GOOD
    related = replace(GOOD, seller_green=None, related_by=("A", "B"), counting_voucher="vch_1")
    assert VoucherFacts.of_json(related.as_json()) == related
    assert set(GOOD.as_json()) == {item.name for item in fields(VoucherFacts)}


def test_an_instrument_is_chosen_by_the_register_of_its_sellers() -> None:
    fitting = {
        each.id for document in shipped() for each in document.instruments if fits(each, ProviderKind.DATA_EXCHANGE)
    }
    assert fitting == {"yz-4-data"}
    fitting = {
        each.id for document in shipped() for each in document.instruments if fits(each, ProviderKind.COMPUTE_CENTRE)
    }
    assert fitting == {"yz-4-compute"}
    assert not any(
        fits(each, ProviderKind.QUALITY_LABORATORY) for document in shipped() for each in document.instruments
    )


@pytest.mark.parametrize("state", list(VoucherState))
@pytest.mark.parametrize("to", list(VoucherState))
def test_a_voucher_moves_only_as_the_table_says(state: VoucherState, to: VoucherState) -> None:
    voucher = a_voucher(state=state)
    if to in VOUCHER_MOVES[state]:
        require_move(voucher, to)
    else:
        with pytest.raises(ConflictError, match="voucher_wrong_state"):
            require_move(voucher, to)


def test_what_leaves_the_counting_states_goes_back_to_what_is_available() -> None:
    for before, moves in VOUCHER_MOVES.items():
        for after in moves:
            debited, credited = accounts_of_move(before, after)
            assert debited is not credited
            assert (debited is Account.AVAILABLE) == (not counts(after))
    assert accounts_of_move(None, VoucherState.HELD) == (Account.HELD, Account.AVAILABLE)
    assert VoucherState.RELEASED not in COUNTING


def test_no_more_is_redeemed_than_was_held() -> None:
    found = redemption(a_voucher(), Money.of_yuan("200000"), 2026, NOTHING, TERMS, NOW, approved=NOTHING)
    assert (found.amount, found.released) == (Money.of_yuan("36000"), Money(0))


def test_a_hold_ends_at_its_instant() -> None:
    before = Moment(LATER.instant.replace(hour=1))
    redemption(a_voucher(), Money.of_yuan("120000"), 2026, NOTHING, TERMS, before, approved=NOTHING)
    with pytest.raises(ConflictError, match="voucher_expired"):
        redemption(a_voucher(), Money.of_yuan("120000"), 2026, NOTHING, TERMS, LATER, approved=NOTHING)


def test_a_full_year_leaves_nothing_to_redeem() -> None:
    full = FirmYearSoFar(Money.of_yuan("2000000"), Money.of_yuan("500000"))
    with pytest.raises(RuleError, match="nothing_to_redeem"):
        redemption(a_voucher(), Money.of_yuan("120000"), 2027, full, TERMS, NOW, approved=NOTHING)


@given(st.lists(st.integers(1, 100_000_000), min_size=1, max_size=12))
def test_however_a_year_is_split_the_vouchers_sum_to_the_same(bases: list[int]) -> None:
    base, awarded = Money(0), Money(0)
    for fen in bases:
        awarded += voucher_amount(Money(fen), FirmYearSoFar(base, awarded), TERMS)
        base += Money(fen)
    assert awarded == voucher_amount(base, FirmYearSoFar(Money(0), Money(0)), TERMS)
    assert awarded <= TERMS.firm_year_cap
    assert awarded.fen * 10_000 <= base.fen * 3000


@given(st.integers(1, 12_000_000), st.integers(0, 200_000_000), st.integers(0, 50_000_000))
def test_redeemed_and_released_are_what_was_held(base: int, so_far_base: int, so_far_awarded: int) -> None:
    so_far = FirmYearSoFar(Money(so_far_base), Money(so_far_awarded))
    voucher = a_voucher()
    try:
        found = redemption(voucher, Money(base), 2026, so_far, TERMS, NOW, approved=so_far)
    except RuleError:
        assert not voucher_amount(Money(base), so_far, TERMS)
        return
    assert found.amount + found.released == voucher.amount
    assert so_far.awarded + found.amount <= TERMS.firm_year_cap
    more = redemption(voucher, Money(base + 1), 2026, so_far, TERMS, NOW, approved=so_far)
    assert more.amount >= found.amount
