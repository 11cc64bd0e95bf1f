"""When a buyer may dispute, what settles it, and what waits meanwhile."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.errors import ConflictError, RuleError
from registry.exchange.billing import require_invoice
from registry.exchange.dispute_model import Dispute, DisputeRemedy, DisputeState, Outcome, Proposal
from registry.exchange.dispute_rules import (
    holds,
    refund_due,
    require_disputable,
    require_dispute_move,
    require_proposal,
    require_remedy,
    window_ends,
)
from registry.exchange.model import OrderFile, OrderState, RefundState
from registry.exchange.steps import waits
from registry.values.digest import Digest
from registry.values.identifiers import DisputeId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money
from tests.registry.exchange.test_billing import back
from tests.registry.exchange.test_rules import NOW, ORDER_ID, SELLER, TODAY, a_payment, an_invoice, an_issue, an_order

YUAN = Money.of_yuan
OPEN = Dispute(DisputeId.new(), ORDER_ID, "Half is empty.", (Digest.of(b"photo"),), DisputeState.OPEN, NOW)


def ended(remedy: DisputeRemedy, yuan: str = "0", state: DisputeState = DisputeState.SETTLED) -> Dispute:
    return replace(OPEN, state=state, outcome=Outcome(remedy, YUAN(yuan), "", NOW, None))


def test_the_window_ends_at_midnight_in_shanghai_after_the_fifteenth_day() -> None:
    order = an_order()
    # Delivered on 2 March: the 17th is the fifteenth day after it.
    assert window_ends(order) == Moment.of_text("2026-03-17T16:00:00Z")
    require_disputable(order, [], [], Moment.of_text("2026-03-17T15:59:59.999999Z"))
    with pytest.raises(RuleError) as refusal:
        require_disputable(order, [], [], Moment.of_text("2026-03-17T16:00:00Z"))
    assert [each.code for each in refusal.value.obstacles] == ["dispute_window_over"]


@pytest.mark.parametrize("state", sorted(set(OrderState) - {OrderState.DELIVERED, OrderState.CLOSED}))
def test_what_was_not_delivered_or_has_ended_is_not_disputed(state: OrderState) -> None:
    with pytest.raises(ConflictError, match="order_not_disputable"):
        require_disputable(an_order(state=state), [], [], NOW)


def test_one_dispute_is_open_at_a_time() -> None:
    with pytest.raises(ConflictError, match="dispute_open_already"):
        require_disputable(an_order(), [OPEN], [], NOW)
    require_disputable(an_order(state=OrderState.CLOSED), [ended(DisputeRemedy.REDELIVERY)], [], NOW)


def test_one_refund_settles_one_dispute() -> None:
    agreed = ended(DisputeRemedy.REFUND, "42400")
    short, whole = back("42399.99", None), back("42400", None)
    for refunds in ([], [short], [replace(whole, state=RefundState.RECORDED)]):
        with pytest.raises(ConflictError, match="dispute_refund_awaited"):
            require_disputable(an_order(), [agreed], refunds, NOW)
    require_disputable(an_order(), [agreed], [whole], NOW)


def test_the_buyer_agrees_to_what_was_proposed_and_a_dispute_ends_once() -> None:
    with pytest.raises(ConflictError, match="dispute_without_proposal"):
        require_proposal(OPEN)
    offer = Proposal(DisputeRemedy.REDELIVERY, ZERO, "", NOW)
    assert require_proposal(replace(OPEN, proposal=offer)) == offer
    for state in (DisputeState.SETTLED, DisputeState.DECIDED, DisputeState.WITHDRAWN):
        with pytest.raises(ConflictError, match="dispute_ended"):
            require_dispute_move(ended(DisputeRemedy.NOTHING, state=state), DisputeState.DECIDED)


@pytest.mark.parametrize(
    ("remedy", "yuan", "fits"),
    [
        (DisputeRemedy.REFUND, "0.01", True),
        (DisputeRemedy.REFUND, "84800", True),
        (DisputeRemedy.REFUND, "84800.01", False),
        (DisputeRemedy.REFUND, "0", False),
        (DisputeRemedy.REDELIVERY, "0", True),
        (DisputeRemedy.REDELIVERY, "0.01", False),
        (DisputeRemedy.NOTHING, "0", True),
    ],
)
def test_a_refund_is_of_what_was_paid_and_did_not_go_back(remedy: DisputeRemedy, yuan: str, fits: bool) -> None:
    before = [back("42400", None)]
    if fits:
        require_remedy(remedy, YUAN(yuan), [a_payment()], before)
    else:
        with pytest.raises(RuleError) as refusal:
            require_remedy(remedy, YUAN(yuan), [a_payment()], before)
        assert [each.code for each in refusal.value.obstacles] == ["dispute_refund_wrong"]


def test_what_hangs_on_the_order_waits_until_the_refund_has_arrived() -> None:
    assert holds(OPEN, [])
    agreed = ended(DisputeRemedy.REFUND, "42400")
    assert refund_due(agreed, [back("42399.99", None)]) == Money(1)
    assert holds(agreed, [back("42400", None, RefundState.RECORDED)])
    assert not holds(agreed, [back("42400", None)])
    # What went back before the dispute does not count for it.
    earlier = replace(back("42400", None), recorded_at=NOW.plus(-timedelta(seconds=1)))
    assert holds(agreed, [earlier])
    for remedy in (DisputeRemedy.REDELIVERY, DisputeRemedy.NOTHING):
        assert not holds(ended(remedy), [])


def test_a_disputed_order_is_not_invoiced() -> None:
    require_invoice(an_issue(), an_order(), SELLER, [], TODAY)
    with pytest.raises(RuleError) as refusal:
        require_invoice(an_issue(), an_order(), SELLER, [], TODAY, disputed=True)
    assert [each.code for each in refusal.value.obstacles] == ["order_disputed"]


def test_who_acts_on_a_dispute() -> None:
    def steps(dispute: Dispute, *refunds: object) -> list[str]:
        file = OrderFile(an_order(), None, (an_invoice(),), (), refunds, disputes=(dispute,))  # type: ignore[arg-type]
        return [each.step.value for each in waits(file)]

    assert steps(OPEN) == ["dispute_decision", "dispute_proposal"]
    offered = replace(OPEN, proposal=Proposal(DisputeRemedy.NOTHING, ZERO, "", NOW))
    assert steps(offered) == ["dispute_decision", "dispute_agreement"]
    assert steps(ended(DisputeRemedy.REFUND, "42400")) == ["refund_payment"]
    # Once it has ended, the order goes on where it was.
    assert steps(ended(DisputeRemedy.REDELIVERY)) == ["order_payment"]
