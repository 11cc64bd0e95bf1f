"""A payment batch: settled vouchers go the way of an award, and back when it is refused."""

from dataclasses import replace

import pytest

from registry.awards import batches, service
from registry.awards.commands import FormBatch
from registry.awards.model import Case, CaseState
from registry.errors import ConflictError, NotAllowedError, RuleError
from registry.house import House
from registry.values.digest import Digest
from registry.vouchers import service as vouchers
from registry.vouchers.model import VoucherState
from tests.conftest import FixedClock
from tests.registry.awards.builders import (
    RANKS,
    Desk,
    appropriate,
    instruct,
    pay,
    post_notice,
    review,
    rule_on_everything,
    sign,
    sign_all,
)
from tests.registry.exchange.builders import (
    DOCUMENT,
    Market,
    a_listing,
    a_market,
    an_accepted_order,
    an_officer,
    ask,
    do,
)
from tests.registry.vouchers.builders import ACCOUNT_NUMBER, a_pool, hold, ready_to_redeem, redeem


@pytest.fixture
def market(house: House) -> Market:
    made = a_market(house)
    a_pool(made)
    rule_on_everything(made)
    appropriate(made)
    return made


def a_desk_of(market: Market) -> Desk:
    signers = tuple(an_officer(market.authority, rank) for rank in RANKS)
    return Desk(_Room(market), market.reviewer, signers, market.payer)  # type: ignore[arg-type]


class _Room:
    """The house of a market without a dataset."""

    def __init__(self, market: Market) -> None:
        self.house = market.house


def a_batch(market: Market) -> tuple[Case, str]:
    order = an_accepted_order(market, a_listing(market))
    voucher = hold(market, order)
    redeem(market, voucher, ready_to_redeem(market, order))
    case = do(market.house, market.reviewer, lambda work: batches.form_batch(work, FormBatch(DOCUMENT, None)))
    return case, voucher.id


def state_of(market: Market, voucher: str) -> VoucherState:
    return ask(market.house, market.payer, lambda view: vouchers.voucher(view, voucher)).state  # type: ignore[arg-type]


def test_a_batch_is_paid_to_the_fen_and_the_books_balance(market: Market, clock: FixedClock) -> None:
    desk = a_desk_of(market)
    case, voucher = a_batch(market)
    assert (str(case.amount), state_of(market, voucher)) == ("¥36,000.00", VoucherState.SETTLED)
    review(desk, case.id)
    sign_all(desk, case.id)
    noticed = post_notice(desk, case.id)
    assert noticed.notice is not None
    clock.set(noticed.notice.ends_at)
    instruct(desk, case.id)
    assert state_of(market, voucher) is VoucherState.INSTRUCTED
    assert pay(desk, case.id).state is CaseState.PAID
    assert state_of(market, voucher) is VoucherState.PAID
    with market.house.view(market.payer) as view:
        vouchers.verify_ledger(view.connection)


def test_a_refused_batch_gives_its_vouchers_back(market: Market) -> None:
    desk = a_desk_of(market)
    case, voucher = a_batch(market)
    review(desk, case.id)
    sign(desk, case.id, desk.signers[0], approved=False)
    assert state_of(market, voucher) is VoucherState.REDEEMED


def test_a_signed_batch_that_can_no_longer_be_paid_is_ended_by_the_last_rank(market: Market) -> None:
    desk = a_desk_of(market)
    case, voucher = a_batch(market)
    review(desk, case.id)
    sign_all(desk, case.id)
    with pytest.raises(NotAllowedError, match="not_your_turn_to_sign"):
        sign(desk, case.id, desk.signers[0], approved=False)
    with pytest.raises(ConflictError, match="case_fully_signed"):
        sign(desk, case.id, desk.signers[2])
    assert sign(desk, case.id, desk.signers[2], approved=False).state is CaseState.REFUSED
    assert state_of(market, voucher) is VoucherState.REDEEMED


def test_there_is_no_batch_of_nothing(market: Market) -> None:
    with pytest.raises(RuleError, match="nothing_to_settle"):
        do(market.house, market.reviewer, lambda work: batches.form_batch(work, FormBatch(DOCUMENT, None)))


def test_only_finance_sees_the_whole_accounts_a_batch_pays_to(market: Market) -> None:
    desk = a_desk_of(market)
    case, _ = a_batch(market)
    found = ask(market.house, market.reviewer, lambda view: service.case(view, case.id))
    assert found.lines[0].payee is not None
    assert found.lines[0].payee.masked_number == "************5678"
    secret = market.house.secret
    for actor in (market.buyer, market.reviewer, *desk.signers):
        assert ask(market.house, actor, lambda view: service.line_payees_for_finance(view, secret, found)) == {}
    whole = ask(market.house, market.payer, lambda view: service.line_payees_for_finance(view, secret, found))
    assert {number: given.account_number for number, given in whole.items()} == {1: ACCOUNT_NUMBER.replace(" ", "")}


def test_the_lines_of_a_batch_freeze_the_account_as_a_digest_alone(market: Market) -> None:
    case, _ = a_batch(market)
    (line,) = case.lines
    assert line.payee is not None
    assert line.as_json()["payee_digest"] == str(line.payee.digest)
    assert "5678" not in str(line.as_json() | {"payee_digest": ""} | {"subject": "", "firm": ""})
    elsewhere = replace(line, payee_digest=Digest.of(b"another account"))
    assert replace(case, lines=(elsewhere,)).lines_digest != case.lines_digest
