"""Less of a purchase stands than its redeemed voucher claims: the claim is lessened by rule, never by word."""

import pytest
from sqlalchemy import text

from registry.actors.model import Actor
from registry.awards import lessening
from registry.errors import ConflictError, CorruptContentError, NotAllowedError, NotFoundError, SancaiError
from registry.exchange import service as exchange
from registry.exchange.commands import VerifyRedLetter
from registry.exchange.model import Invoice, Order, Verification
from registry.journal import service as journal
from registry.messages.model import Topic
from registry.policy.rules import FirmYearSoFar, VoucherTerms
from registry.values.identifiers import CaseId, PoolId, VoucherId
from registry.values.money import ZERO, Money, Rate
from registry.vouchers import desk, service
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.model import DecisionStep, Voucher, VoucherState
from registry.vouchers.rules import Lessening
from registry.vouchers.rules import lessening as lessened_by_rule
from tests.registry.exchange.builders import (
    Market,
    a_listing,
    a_market,
    a_red_letter,
    a_refund,
    an_accepted_order,
    an_invoice,
    ask,
    do,
    verify,
)
from tests.registry.messages.test_announcing import a_webhook, told
from tests.registry.vouchers.builders import hold, ready_to_redeem, redeem
from tests.registry.vouchers.test_rounds import an_open_round, state_of
from tests.registry.vouchers.test_rules import a_voucher

YUAN = Money.of_yuan


def a_claim(market: Market, quantity: int = 120_000, buyer: Actor | None = None) -> tuple[Voucher, Order, Invoice]:
    """Redeem a voucher on an order of so many yuan."""
    order = an_accepted_order(market, a_listing(market), quantity, buyer)
    voucher, invoice = hold(market, order, buyer), ready_to_redeem(market, order, buyer)
    return redeem(market, voucher, invoice, buyer), order, invoice


def take_back(market: Market, invoice: Invoice, yuan: str, result: Verification = Verification.VERIFIED) -> None:
    """Let the seller take back a part of an invoice, and the reviewer look the red letter up."""
    red = a_red_letter(market, invoice, market.centre, YUAN(yuan))
    command = VerifyRedLetter(red.id, result, market.house.clock.now().civil_day())
    do(market.house, market.reviewer, lambda work: exchange.verify_red_letter(work, command))


def lessen(market: Market, voucher: Voucher, actor: Actor | None = None) -> Voucher:
    return do(
        market.house,
        actor or market.reviewer,
        lambda work: lessening.lessen_claim(work, VoucherId(voucher.id)),
    )


def require_books(market: Market, used: str, base: str) -> None:
    """Verify the whole ledger; what pool and firm-year say is used must be this."""
    with market.house.database.reading() as connection:
        verify_ledger(connection)
    (pool,) = ask(market.house, market.payer, service.pools)
    years = ask(market.house, market.payer, lambda view: service.firm_years(view, None, None))
    assert (pool.used, sum((each.used for each in years), ZERO)) == (YUAN(used), YUAN(used))
    assert sum((each.base for each in years), ZERO) == YUAN(base)


@pytest.mark.parametrize(
    ("base", "year_base", "year_used", "left", "amount"),
    [
        ("80000", "0", "0", "80000", "24000"),
        ("0.09", "0", "0", "0.09", "0.02"),
        ("0.03", "0", "0", "0.03", "0"),
        ("0", "0", "0", "0", "0"),
        # What stands beyond what was claimed raises nothing.
        ("119999.99", "1000000", "200000", "119999.99", "36000"),
        # The other purchases of the year reach the cap by themselves, or carry a part.
        ("100000", "2000000", "464000", "100000", "36000"),
        ("100000", "1600000", "490000", "100000", "10000"),
        # Its own base went untouched; that of another did not.
        ("120000", "0", "20000", "120000", "16000"),
    ],
)
def test_what_is_left_is_what_the_redemption_would_have_given(
    base: str, year_base: str, year_used: str, left: str, amount: str
) -> None:
    voucher = a_voucher(state=VoucherState.REDEEMED, base="120000", amount="36000")
    so_far, terms = FirmYearSoFar(YUAN(year_base), YUAN(year_used)), VoucherTerms(Rate(3_000), YUAN("500000"))
    found = lessened_by_rule(voucher, YUAN(base), so_far, terms, approved=so_far)
    assert found == Lessening(YUAN(left), YUAN(amount), YUAN("36000") - YUAN(amount))


def test_a_claim_is_lessened_to_what_red_letters_leave_and_is_paid_then(market: Market) -> None:
    voucher, _, invoice = a_claim(market)
    take_back(market, invoice, "40000")
    standing = lambda: ask(market.house, market.payer, lambda view: service.standing(view, VoucherId(voucher.id)))  # noqa: E731
    assert [each.code for each in standing().obstacles] == ["invoice_still_carries_claim"]
    made = lessen(market, voucher)
    assert (made.state, made.base, made.amount) == (VoucherState.REDEEMED, YUAN("80000"), YUAN("24000"))
    assert standing().is_met
    require_books(market, "24000", "80000")
    kept = ask(market.house, market.buyer, lambda view: service.decisions(view, VoucherId(voucher.id)))
    assert [each.step for each in kept] == [DecisionStep.HELD, DecisionStep.REDEEMED, DecisionStep.LESSENED]
    assert kept[1].facts_digest == voucher.facts_digest
    assert kept[2].facts_digest == made.facts_digest
    assert kept[2].facts["before"] == {"base_fen": 12_000_000, "amount_fen": 3_600_000}


def test_it_is_lessened_as_often_as_something_is_taken_back(market: Market) -> None:
    voucher, order, invoice = a_claim(market)
    take_back(market, invoice, "40000")
    lessen(market, voucher)
    back = a_refund(market, order, market.centre, YUAN("60000.01"), invoice)
    do(market.house, market.buyer, lambda work: exchange.answer_refund(work, back.id, arrived=True))
    made = lessen(market, voucher)
    assert (made.base, made.amount) == (YUAN("59999.99"), YUAN("17999.99"))
    require_books(market, "17999.99", "59999.99")
    kept = ask(market.house, market.buyer, lambda view: service.decisions(view, VoucherId(voucher.id)))
    assert [(each.step.value, each.number) for each in kept[2:]] == [("lessened", 1), ("lessened", 2)]


def test_what_is_only_stated_lessens_nothing(market: Market) -> None:
    voucher, order, invoice = a_claim(market)
    a_red_letter(market, invoice, market.centre, YUAN("40000"))
    a_refund(market, order, market.centre, YUAN("40000"), invoice)
    take_back(market, invoice, "10000", Verification.VOID)
    with pytest.raises(ConflictError, match="nothing_to_lessen"):
        lessen(market, voucher)
    require_books(market, "36000", "120000")


@pytest.mark.parametrize("result", [Verification.RED, Verification.VOID])
def test_of_an_invoice_that_is_gone_the_voucher_is_released_and_its_order_free(
    market: Market, result: Verification
) -> None:
    voucher, order, invoice = a_claim(market)
    verify(market, invoice, result)
    assert lessen(market, voucher).state is VoucherState.RELEASED
    require_books(market, "0", "0")
    with pytest.raises(ConflictError, match="voucher_wrong_state"):
        lessen(market, voucher)
    # What was invoiced anew is supported as ever; the invoice that is gone stays claimed.
    anew = hold(market, order)
    with pytest.raises(ConflictError, match="invoice_already_claimed"):
        redeem(market, anew, invoice)
    again = an_invoice(market, order, market.centre)
    verify(market, again)
    assert redeem(market, anew, again).amount == YUAN("36000")
    require_books(market, "36000", "120000")


def test_where_the_other_purchases_reach_the_cap_the_base_alone_is_lessened(market: Market) -> None:
    first, _, invoice = a_claim(market, 1_000_000)
    second, _, _ = a_claim(market, 1_000_000)
    assert (first.amount, second.amount) == (YUAN("300000"), YUAN("200000"))
    # RULINGS 16: 30 % of 1.7 million are still above the cap.
    take_back(market, invoice, "300000")
    made = lessen(market, first)
    assert (made.base, made.amount) == (YUAN("700000"), YUAN("300000"))
    take_back(market, invoice, "100000")
    assert lessen(market, first).amount == YUAN("280000")
    with pytest.raises(ConflictError, match="nothing_to_lessen"):
        lessen(market, second)
    require_books(market, "480000", "1600000")


def test_a_voucher_in_a_batch_or_on_its_way_says_what_to_do_first(market: Market) -> None:
    voucher, _, invoice = a_claim(market)
    case = CaseId.new()

    def refusal() -> str:
        with pytest.raises(ConflictError) as refused:
            lessen(market, voucher)
        return refused.value.code

    def move(step: object) -> None:
        def act(work: object) -> None:
            step(work)  # type: ignore[operator]
            work.journal("test.batch_moved", case)  # type: ignore[attr-defined]

        do(market.house, market.payer, act)

    ids = [VoucherId(voucher.id)]
    move(lambda work: service.settle_within(work, ids, case))
    take_back(market, invoice, "40000")
    assert refusal() == "claim_settled"
    move(lambda work: service.mark_instructed_within(work, ids, case))
    assert refusal() == "claim_instructed"
    move(lambda work: service.mark_returned_within(work, ids, case))
    assert refusal() == "claim_returned"
    move(lambda work: service.unsettle_within(work, ids))
    assert lessen(market, voucher).amount == YUAN("24000")
    move(lambda work: service.settle_within(work, ids, case))
    move(lambda work: service.mark_instructed_within(work, ids, case))
    move(lambda work: service.mark_paid_within(work, ids, case))
    assert refusal() == "claim_paid"
    require_books(market, "24000", "80000")


def test_what_is_lessened_of_a_round_is_there_for_others_in_it(market: Market) -> None:
    made = an_open_round(market, "36000")
    voucher, _, invoice = a_claim(market)
    assert not state_of(market, made).left
    take_back(market, invoice, "40000")
    lessen(market, voucher)
    assert state_of(market, made).left == YUAN("12000")
    assert hold(market, an_accepted_order(market, a_listing(market))).amount == YUAN("12000")


def to_lessen(market: Market, after: VoucherId | None = None, limit: int = 10) -> list[tuple[str, Money]]:
    found = ask(market.house, market.payer, lambda view: desk.claims_to_lessen(view, after, limit))
    return [(each.voucher.id, each.lacking) for each in found]


def test_the_desk_lists_what_is_to_be_lessened_and_says_what_was(market: Market) -> None:
    first, _, invoice = a_claim(market)
    second, _, other = a_claim(market, 10_000)
    a_claim(market, 20_000)
    take_back(market, invoice, "40000")
    verify(market, other, Verification.RED)
    waiting = [(first.id, YUAN("40000")), (second.id, YUAN("10000"))]
    assert to_lessen(market) == waiting
    assert to_lessen(market, limit=1) == waiting[:1]
    assert to_lessen(market, first.id, 1) == waiting[1:]
    lessen(market, first)
    # It is passed over, and the page filled all the same.
    assert to_lessen(market, limit=1) == waiting[1:]
    lessen(market, second)
    assert to_lessen(market) == []
    journal.sequence(market.house.database, market.house.clock, market.house.signing_key)
    (pool,) = ask(market.house, market.reviewer, service.pools)
    (month,) = ask(market.house, market.reviewer, lambda view: desk.burn_down(view, PoolId(pool.id), 1)).months
    assert (month.lessened, month.left) == (YUAN("15000"), pool.left)


def test_the_firm_is_told(market: Market) -> None:
    voucher, _, invoice = a_claim(market)
    hooks = [a_webhook(market.house, each, Topic.VOUCHER_CLAIM_LESSENED) for each in (market.buyer, market.centre)]
    take_back(market, invoice, "40000")
    assert not set(hooks) & set(told(market.house))
    lessen(market, voucher)
    assert [each for each in told(market.house) if each in hooks] == [hooks[0]]


def test_a_hold_is_not_lessened_and_a_claim_not_given_back(market: Market) -> None:
    held = hold(market, an_accepted_order(market, a_listing(market)))
    with pytest.raises(ConflictError, match="voucher_wrong_state"):
        lessen(market, held)
    claimed, _, _ = a_claim(market)
    with pytest.raises(ConflictError, match="voucher_wrong_state"):
        do(market.house, market.buyer, lambda work: service.release(work, VoucherId(claimed.id)))


def test_only_a_free_reviewer_of_the_authority_lessens(market: Market) -> None:
    voucher, _, invoice = a_claim(market)
    take_back(market, invoice, "40000")
    for refused, error in (
        (market.buyer, NotAllowedError),
        (market.payer, NotAllowedError),
        (a_market(market.house).reviewer, NotFoundError),
    ):
        expected: type[SancaiError] = error
        with pytest.raises(expected):
            lessen(market, voucher, refused)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE vouchers SET base = base + 1 WHERE state = 'redeemed'", "ledger_firm_year_differs"),
        (
            "UPDATE vouchers SET facts_digest = (SELECT facts_digest FROM voucher_decisions WHERE step = 'redeemed')",
            "ledger_decision_missing",
        ),
        ("UPDATE vouchers SET state = 'released' WHERE state = 'redeemed'", "ledger_pool_differs"),
        ("UPDATE vouchers SET amount = amount - 1; UPDATE pools SET used = used - 1", "ledger_account_differs"),
    ],
)
def test_a_lessened_voucher_that_was_changed_is_named(market: Market, change: str, code: str) -> None:
    voucher, _, invoice = a_claim(market)
    take_back(market, invoice, "40000")
    lessen(market, voucher)
    with market.house.database.writing() as connection:
        for statement in change.split("; "):
            connection.execute(text(statement))
    with pytest.raises(CorruptContentError, match=code), market.house.database.reading() as connection:
        verify_ledger(connection)
