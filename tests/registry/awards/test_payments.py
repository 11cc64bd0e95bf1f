"""From an application to the bank: what a payment waits for, and who makes it."""

from registry.awards.model import CaseState
from registry.errors import RuleError
from registry.vouchers import service as vouchers
from tests.conftest import FixedClock
from tests.registry.awards.builders import (
    Desk,
    instruct,
    pay,
    ready_for_payment,
)


def codes(error: RuleError) -> set[str]:
    return {obstacle.code for obstacle in error.obstacles}


def test_an_award_is_paid_after_its_notice_in_figures_and_capitals(desk: Desk, clock: FixedClock) -> None:
    case = ready_for_payment(desk, clock)
    instruct(desk, case.id)
    paid = pay(desk, case.id)
    assert paid.state is CaseState.PAID
    assert (str(paid.amount), paid.amount.in_capitals()) == ("¥50,000.00", "伍万元整")
    with desk.house.view(desk.payer) as view:
        report = vouchers.verify_ledger(view.connection)
    assert report is not None
