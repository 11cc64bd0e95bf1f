"""How a voucher moves, written out: a table that is compared with itself notices nothing."""

import pytest

from registry.errors import ConflictError
from registry.vouchers.model import COUNTING, VOUCHER_MOVES, VoucherState
from registry.vouchers.rules import require_claimed, require_move
from tests.registry.vouchers.test_rules import a_voucher

MOVES = {
    "held": "redeemed released expired",
    "redeemed": "settled released",
    "settled": "instructed redeemed",
    "instructed": "paid returned",
    "returned": "instructed redeemed",
    "paid": "",
    "released": "",
    "expired": "",
}


def test_each_hold_is_resolved_once_and_nothing_is_paid_twice() -> None:
    """Invariant 6 (single resolution)."""
    assert {before.value: {each.value for each in after} for before, after in VOUCHER_MOVES.items()} == {
        before: set(after.split()) for before, after in MOVES.items()
    }


@pytest.mark.parametrize("state", list(VoucherState))
def test_no_step_is_taken_twice(state: VoucherState) -> None:
    with pytest.raises(ConflictError, match="voucher_wrong_state"):
        require_move(a_voucher(state=state), state)


def test_a_hold_counts_from_the_first_instant_until_it_is_given_back() -> None:
    """Invariant 2 (pool), counting what is pending."""
    assert {each.value for each in COUNTING} == MOVES.keys() - {"released", "expired"}


@pytest.mark.parametrize("to", ["settled", "redeemed", "instructed", "paid", "returned"])
def test_no_batch_and_no_bank_redeems_a_hold(to: str) -> None:
    """Invariant 6 (single resolution): the way back from a batch ends in the state an invoice leads to."""
    with pytest.raises(ConflictError, match="voucher_wrong_state"):
        require_claimed(a_voucher(state=VoucherState.HELD), VoucherState(to))
    require_claimed(a_voucher(state=VoucherState.SETTLED), VoucherState(to))
