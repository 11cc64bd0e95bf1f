"""Lines of a batch that end otherwise than the others: through objections, withdrawals, payments and returns."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from registry.accounts.model import Account, AccountKind, AccountState
from registry.accounts.records import accounts as account_records
from registry.actors.model import Actor, Role
from registry.aftercare import recoveries, refunds
from registry.awards import batches, officers, payments, procedure, records, service
from registry.awards.commands import (
    AnswerObjection,
    DecideLateObjection,
    FormBatch,
    InstructPayment,
    RaiseObjection,
    RecordPayment,
    RecordReturn,
    WithdrawCase,
)
from registry.awards.model import Case, CaseState, Outcome
from registry.dossier import service as dossiers
from registry.dossier.rules import recompute_bytes
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError, SancaiError
from registry.exchange.model import Verification, VerifyInvoice
from registry.house import House
from registry.journal import service as journal
from registry.values.identifiers import AccountId, CaseId
from registry.values.money import Money
from registry.vouchers import service as vouchers
from registry.vouchers.model import VoucherState
from tests.conftest import FixedClock
from tests.registry.awards.builders import (
    BUDGET_LINE,
    RANKS,
    Desk,
    an_instruction,
    appropriate,
    ask_credit,
    case_now,
    post_notice,
    review,
    rule_on_everything,
    sign_all,
)
from tests.registry.exchange.builders import (
    DOCUMENT,
    Market,
    a_buyer,
    a_firm,
    a_listing,
    a_market,
    an_accepted_order,
    an_officer,
    ask,
    do,
)
from tests.registry.vouchers.builders import a_pool, hold, ready_to_redeem, redeem


@dataclass(frozen=True)
class _Room:
    """The house of a market without a dataset."""

    house: House


@dataclass(frozen=True)
class Batch:
    """A batch of two firms, noticed and signed, whose notice ends now."""

    market: Market
    desk: Desk
    buyers: tuple[Actor, Actor]
    case: Case

    @property
    def house(self) -> House:
        return self.market.house

    def state_of(self, number: int) -> VoucherState:
        voucher = next(line.subject for line in self.case.lines if line.number == number)
        return ask(self.house, self.market.payer, lambda view: vouchers.voucher(view, voucher)).state  # type: ignore[arg-type]

    def object(self, *numbers: int, case: CaseId | None = None) -> None:
        command = RaiseObjection(case or self.case.id, "Never delivered.", numbers)
        do(self.house, self.buyers[0], lambda work: procedure.raise_objection(work, command))

    def answer(self, outcome: Outcome, case: CaseId | None = None) -> Case:
        command = AnswerObjection(case or self.case.id, 1, outcome, "Looked into.")
        return do(self.house, self.desk.reviewer, lambda work: procedure.answer_objection(work, command))

    def decide(self, *, hold: bool, actor: Actor | None = None, case: CaseId | None = None) -> Case:
        command = DecideLateObjection(case or self.case.id, 1, hold, "The delivery is on record.")
        return do(self.house, actor or self.desk.reviewer, lambda work: procedure.decide_late(work, command))

    def instruct(self, *numbers: int, case: CaseId | None = None) -> Case:
        ask_credit(self.house, self.market.authority, case or self.case.id)
        command = InstructPayment(case or self.case.id, 2026, BUDGET_LINE, "30299", "V-2026-0001", numbers)
        return do(self.house, self.desk.payer, lambda work: payments.instruct(work, command))

    def pay(self, *numbers: int, case: CaseId | None = None) -> Case:
        command = RecordPayment(case or self.case.id, "ICBC-1", self.house.clock.now().civil_day(), numbers)
        return do(self.house, self.desk.payer, lambda work: payments.pay(work, command))

    def returned(self, *numbers: int, case: CaseId | None = None) -> Case:
        command = RecordReturn(case or self.case.id, "closed", numbers)
        return do(self.house, self.desk.payer, lambda work: payments.record_return(work, command))

    def set_apart(self) -> Case:
        """Return the newest case that lines left for."""
        act = case_now(self.desk, self.case.id).acts[-1]
        return case_now(self.desk, CaseId(act.content["set_apart"]["into"]))

    def verify(self, *cases: CaseId) -> None:
        """Check the books, and the dossiers that anyone recomputes."""
        with self.house.view(self.desk.reviewer) as view:
            vouchers.verify_ledger(view.connection)
        while journal.sequence(self.house.database, self.house.clock, self.house.signing_key):
            pass
        for each in cases:
            content = ask(
                self.house,
                self.desk.reviewer,
                lambda view, e=each: dossiers.dossier(view, self.house.signing_key, e),  # type: ignore[misc]
            )
            assert recompute_bytes(content, [self.house.signing_key.verifier]) == []


@pytest.fixture
def batch(house: House) -> Batch:
    return a_batch(house)


def a_batch(house: House, first: Callable[[Market], object] = lambda _: None) -> Batch:
    """Return a batch of two firms that was noticed; ``first`` is done before."""
    market = a_market(house)
    first(market)
    a_pool(market)
    rule_on_everything(market)
    appropriate(market)
    buyers = (market.buyer, a_buyer(house, market.registrar))
    listing = a_listing(market)
    for buyer in buyers:
        order = an_accepted_order(market, listing, buyer=buyer)
        voucher = hold(market, order, buyer)
        redeem(market, voucher, ready_to_redeem(market, order, buyer), buyer)
    signers = tuple(an_officer(market.authority, rank) for rank in RANKS)
    desk = Desk(_Room(house), market.reviewer, signers, market.payer)  # type: ignore[arg-type]
    made = do(house, market.reviewer, lambda work: batches.form_batch(work, FormBatch(DOCUMENT, None)))
    review(desk, made.id)
    sign_all(desk, made.id)
    noticed = post_notice(desk, made.id)
    assert noticed.notice is not None
    return Batch(market, desk, buyers, noticed)


def to_the_end(batch: Batch, clock: FixedClock) -> None:
    assert batch.case.notice is not None
    clock.set(batch.case.notice.ends_at)


def test_a_line_that_is_objected_to_waits_and_the_other_is_paid(batch: Batch, clock: FixedClock) -> None:
    batch.object(2)
    to_the_end(batch, clock)
    with pytest.raises(RuleError) as refused:
        batch.instruct(1, 2)
    assert [each.code for each in refused.value.obstacles] == ["objection_open"]
    instructed = batch.instruct()
    assert ([line.number for line in instructed.lines], str(instructed.amount)) == ([1], "¥36,000.00")
    waits = batch.set_apart()
    assert (waits.state, waits.objections_open, [line.number for line in waits.lines]) == (CaseState.REVIEWED, 1, [2])
    assert batch.pay().state is CaseState.PAID
    assert (batch.state_of(1), batch.state_of(2)) == (VoucherState.PAID, VoucherState.SETTLED)
    assert batch.answer(Outcome.DISMISSED, waits.id).state is CaseState.REVIEWED
    # Its line did not change, so neither notice nor signatures begin anew.
    batch.instruct(case=waits.id)
    assert batch.pay(case=waits.id).state is CaseState.PAID
    assert batch.state_of(2) is VoucherState.PAID
    batch.verify(batch.case.id, waits.id)


def test_an_invoice_that_turns_red_is_recovered_of_its_own_line(batch: Batch, clock: FixedClock) -> None:
    to_the_end(batch, clock)
    batch.instruct(2)
    paid = batch.pay()
    assert [line.number for line in paid.lines] == [2]
    voucher = paid.lines[0].subject
    found = ask(batch.house, batch.market.payer, lambda view: vouchers.voucher(view, voucher))  # type: ignore[arg-type]
    assert found.invoice is not None
    command = VerifyInvoice(found.invoice, Verification.RED, clock.now().civil_day())
    do(batch.house, batch.market.reviewer, lambda work: refunds.verify_invoice(work, command))
    (opened,) = ask(batch.house, batch.market.reviewer, lambda view: recoveries.recoveries(view, None, None, 10))
    assert (opened.case, opened.line, opened.firm) == (paid.id, 2, found.firm)


def test_an_objection_that_is_upheld_refuses_its_line_alone(batch: Batch, clock: FixedClock) -> None:
    batch.object(2)
    refused = batch.answer(Outcome.UPHELD)
    assert refused.id != batch.case.id
    assert (refused.state, refused.refusal and refused.refusal.number) == (CaseState.REFUSED, "2026-0001")
    assert (batch.state_of(1), batch.state_of(2)) == (VoucherState.SETTLED, VoucherState.REDEEMED)
    to_the_end(batch, clock)
    batch.instruct()
    assert batch.pay().amount == Money.of_yuan("36000")
    batch.verify(batch.case.id, refused.id)
    with pytest.raises(ConflictError, match="line_set_apart"):
        batch.object(2)
    # What was refused may be claimed in a batch of its own again.
    again = do(batch.house, batch.desk.reviewer, lambda work: batches.form_batch(work, FormBatch(DOCUMENT, None)))
    assert [line.subject for line in again.lines] == [batch.case.lines[1].subject]


def test_a_late_objection_holds_its_line_until_an_officer_decides(batch: Batch, clock: FixedClock) -> None:
    to_the_end(batch, clock)
    batch.object(1)
    tied = an_officer(batch.market.authority, Role.REVIEWER, *RANKS)
    with pytest.raises(NotAllowedError, match="role_missing"):
        batch.decide(hold=False, actor=batch.desk.payer)
    elsewhere = a_market(batch.house).reviewer
    with pytest.raises(NotFoundError, match="case_not_found"):
        batch.decide(hold=False, actor=elsewhere)
    with pytest.raises(RuleError, match="case_not_payable"):
        batch.instruct(1)
    assert batch.decide(hold=False, actor=tied).objections_open == 0
    assert [line.number for line in batch.instruct().lines] == [1, 2]
    assert batch.pay().state is CaseState.PAID
    batch.verify(batch.case.id)


def test_a_late_objection_to_an_instructed_line_is_upheld_only_once_the_money_is_back(
    batch: Batch, clock: FixedClock
) -> None:
    to_the_end(batch, clock)
    batch.instruct()
    batch.object(2)
    assert [line.number for line in batch.pay().lines] == [1]
    waits = batch.set_apart()
    assert (waits.state, batch.state_of(2)) == (CaseState.INSTRUCTED, VoucherState.INSTRUCTED)
    batch.decide(hold=True, case=waits.id)
    with pytest.raises(ConflictError, match="instruction_is_out"):
        batch.answer(Outcome.UPHELD, waits.id)
    batch.returned(case=waits.id)
    assert batch.answer(Outcome.UPHELD, waits.id).state is CaseState.REFUSED
    assert (batch.state_of(1), batch.state_of(2)) == (VoucherState.PAID, VoucherState.REDEEMED)
    batch.verify(batch.case.id, waits.id)


def test_the_bank_returns_one_line_of_a_batch(batch: Batch, clock: FixedClock) -> None:
    to_the_end(batch, clock)
    batch.instruct()
    back = batch.returned(2)
    assert (back.state, [line.number for line in back.lines]) == (CaseState.RETURNED, [2])
    assert [line.number for line in batch.pay().lines] == [1]
    batch.instruct(case=back.id)
    assert batch.pay(case=back.id).state is CaseState.PAID
    batch.verify(batch.case.id, back.id)


def test_a_line_that_comes_back_to_be_reviewed_anew_has_a_reviewer_drawn(batch: Batch, clock: FixedClock) -> None:
    to_the_end(batch, clock)
    batch.instruct()
    other = AccountId.new()
    with batch.house.database.writing() as connection:
        made = Account(
            id=other,
            login="other-reviewer",
            display_name="reviewer",
            kind=AccountKind.PERSON,
            firm=None,
            authority=batch.market.authority,
            roles=frozenset({Role.REVIEWER}),
            state=AccountState.ACTIVE,
            created_at=clock.now(),
        )
        account_records.add_account(connection, made, None)
    do(batch.house, batch.desk.reviewer, lambda work: officers.recuse(work, batch.case.id, None, "Tied."))
    back = batch.returned(2)
    assert back.state is CaseState.APPLIED
    (lot,) = ask(batch.house, batch.desk.reviewer, lambda view: officers.draws(view, back.id))
    assert (lot.drawn, lot.reason) == (other, "set_apart")


def test_a_firm_withdraws_its_line_and_sees_no_other(batch: Batch, clock: FixedClock) -> None:
    command = WithdrawCase(batch.case.id, "Refunded.")
    stranger = a_firm(batch.house, batch.market.registrar)
    with pytest.raises(NotFoundError, match="case_not_found"):
        do(batch.house, stranger, lambda work: service.withdraw(work, command))
    gone = do(batch.house, batch.buyers[1], lambda work: service.withdraw(work, command))
    assert (gone.state, [line.number for line in gone.lines]) == (CaseState.WITHDRAWN, [2])
    assert (batch.state_of(1), batch.state_of(2)) == (VoucherState.SETTLED, VoucherState.REDEEMED)
    with pytest.raises(NotFoundError, match="case_not_found"):
        ask(batch.house, batch.buyers[0], lambda view: service.case(view, gone.id))
    for buyer, own in zip(batch.buyers, (batch.case.id, gone.id), strict=True):
        listed = ask(batch.house, buyer, lambda view: service.cases(view, None, 1))
        assert [case.id for case in listed] == [own]
        # What is decided of a batch tells of others, also when their lines have left.
        with pytest.raises(NotAllowedError, match="not_yours"):
            ask(batch.house, buyer, lambda view, c=own: dossiers.dossier(view, batch.house.signing_key, c))  # type: ignore[misc]
    to_the_end(batch, clock)
    batch.instruct()
    assert batch.pay().state is CaseState.PAID
    batch.verify(batch.case.id, gone.id)


def test_two_who_act_on_one_batch_at_once_leave_each_line_in_one_case(batch: Batch, clock: FixedClock) -> None:
    to_the_end(batch, clock)
    said: list[str] = []

    def attempt(*numbers: int) -> None:
        try:
            batch.instruct(*numbers)
            said.append("instructed")
        except SancaiError as refused:
            said.append(refused.code)

    both = [threading.Thread(target=attempt, args=(number,)) for number in (1, 2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    said.remove("instructed")
    assert said[0] in {"case_wrong_state", "line_set_apart"}
    with batch.house.view(batch.desk.payer) as view:
        found = records.cases_page(view.connection, authority=batch.market.authority, firm=None, after=None, limit=10)
        vouchers.verify_ledger(view.connection)
    assert sorted(line.number for case in found for line in case.lines) == [1, 2]
    assert sorted(case.state.value for case in found) == ["instructed", "reviewed"]


def test_an_instruction_of_a_single_case_names_nothing_else(batch: Batch) -> None:
    with pytest.raises(NotFoundError, match="line_not_found"):
        batch.instruct(3)
    assert an_instruction(batch.case.id).lines == ()
