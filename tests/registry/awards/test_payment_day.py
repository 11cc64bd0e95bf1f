"""What is asked anew on the day of a payment."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from registry.awards import payments
from registry.awards.commands import RecordPayment
from registry.awards.model import CaseState
from registry.awards.payment_day import AskedFrom, credit_asked_from, credit_missing, credit_since
from registry.errors import Finding, RuleError
from registry.parties.model import CreditAnswer, CreditStanding, KnownFact, Predicate
from registry.values.digest import Digest
from registry.values.identifiers import FirmId
from registry.values.moment import Moment
from tests.conftest import FixedClock
from tests.registry.awards.builders import Desk, an_instruction, ask_credit, pay, ready_for_payment
from tests.registry.exchange.builders import do

DAY = date(2026, 3, 10)
KNOWN = KnownFact(FirmId.new(), Predicate.CREDIT_CLEAN, Finding.MET)


def asked(instant: str) -> KnownFact:
    return replace(KNOWN, credit=CreditAnswer(CreditStanding.CLEAN, Moment.of_text(instant), Digest.of(b"answer")))


@pytest.mark.parametrize(
    ("known", "enough"),
    [
        (KNOWN, False),
        (asked("2026-03-09T23:59:59+08:00"), False),
        # The day is that of Shanghai, not of Greenwich.
        (asked("2026-03-10T00:00:00+08:00"), True),
        (asked("2026-03-11T09:00:00+08:00"), True),
    ],
)
def test_an_answer_of_the_day_is_needed_and_a_register_line_without_one_is_not_enough(
    known: KnownFact, enough: bool
) -> None:
    found = credit_missing(known, "Firm", DAY)
    assert (found is None) is enough
    assert found is None or found.finding is Finding.UNKNOWN


def test_the_day_that_counts_is_data() -> None:
    instructed, paid = DAY, DAY + timedelta(days=3)
    assert credit_since(AskedFrom.PAYMENT, instructed, paid) == paid
    assert credit_since(AskedFrom.INSTRUCTION, instructed, paid) == instructed
    assert credit_asked_from() is AskedFrom.PAYMENT


def test_credit_is_asked_when_instructed_and_again_when_paid(desk: Desk, clock: FixedClock) -> None:
    case = ready_for_payment(desk, clock)

    def instruct() -> CaseState:
        return do(desk.house, desk.payer, lambda work: payments.instruct(work, an_instruction(case.id))).state

    with pytest.raises(RuleError) as refused:
        instruct()
    assert [each.code for each in refused.value.obstacles] == ["credit_not_asked"]
    ask_credit(desk.house, desk.payer.authority, case.id)
    assert instruct() is CaseState.INSTRUCTED
    clock.set(clock.now().plus(timedelta(days=1)))
    later = RecordPayment(case.id, "ICBC-1", clock.now().civil_day())
    with pytest.raises(RuleError) as refused:
        do(desk.house, desk.payer, lambda work: payments.pay(work, later))
    assert [each.code for each in refused.value.obstacles] == ["credit_not_asked"]
    assert pay(desk, case.id).state is CaseState.PAID
