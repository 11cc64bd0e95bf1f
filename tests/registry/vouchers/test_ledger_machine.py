"""A small run of the ledger machine against its model; ``make ledger-machine SIZE=…`` takes a long one."""

from pathlib import Path

import pytest

from tests.registry.vouchers import ledger_model
from tests.registry.vouchers.ledger_machine import run

NEEDED = (
    "hold: held", "hold: nothing_to_hold", "redeem: redeemed", "redeem: voucher_expired", "expire: expired",
    "pay: paid", "return: returned", "open: opened", "refund: due", "cash: reopened", "pay_back: paid_back",
    "lessen: lessened", "lessen: base_lessened", "lessen: released",
    "retry: same", "reuse: refused", "wait: back", "wait: runs out",
)  # fmt: skip


@pytest.mark.slow
def test_the_ledger_does_what_its_model_allows_and_nothing_else() -> None:
    taken = run(1_200, seed=3)
    # A run that never gets to the bank, nor back from it, would prove little.
    assert {name for name in NEEDED if not taken.get(name)} == set(), taken


def test_the_model_stays_small_enough_to_be_read() -> None:
    assert len(Path(ledger_model.__file__).read_text(encoding="utf-8").splitlines()) < 150
