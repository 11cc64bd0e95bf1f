"""What cash reopens, what a share of a base is, until when a remedy may be filed, and how a sanction hears its firm."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.aftercare.recovery_model import (
    OF_FAULT,
    Recovery,
    RecoveryAct,
    RecoveryActKind,
    RecoveryGround,
    RecoveryOrigin,
    RecoveryState,
)
from registry.aftercare.recovery_rules import left_of_line, line_paying, lines_touched, paid_line, reopens
from registry.aftercare.remedy_model import Remedy, RemedyAct, RemedyActKind, RemedyKind, RemedyState, RemedySubject
from registry.aftercare.remedy_rules import last_day, months_after
from registry.awards import lines
from registry.awards.model import Case, CaseKind, CaseState
from registry.errors import InvalidValueError, NotFoundError
from registry.parties.commands import RecordSanction
from registry.parties.hearing import Hearing, ServiceWay
from registry.parties.model import Period
from registry.policy import service as policy
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId, FirmId, RecoveryId, RemedyId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.vouchers.receivables import base_of_share
from tests.registry.awards.line_builders import a_case

CALENDAR = policy.calendar()
AT = Moment.of_text("2026-03-02T02:00:00Z")
PROOF = Digest.of(b"receipt")


@pytest.mark.parametrize("ground", RecoveryGround)
@pytest.mark.parametrize("year", [2025, 2026, 2027])
def test_only_cash_of_the_payments_year_without_fault_reopens(ground: RecoveryGround, year: int) -> None:
    assert reopens(ground, date(year, 12, 31), 2026) is (year == 2026 and ground not in OF_FAULT)
    assert len(OF_FAULT) == 3


@given(st.data(), st.integers(1, 10**12), st.integers(1, 10_000))
def test_what_is_left_of_a_base_still_carries_what_is_left_of_the_amount(
    data: st.DataObject, base: int, rate: int
) -> None:
    amount = max(1, base * rate // 10_000)
    back = data.draw(st.integers(1, amount))
    left_base, left = base - base_of_share(Money(base), Money(amount), Money(back)).fen, amount - back
    assert left <= left_base
    # The rate at which it was granted is not exceeded by what is left.
    assert left * base <= left_base * amount
    assert (left_base == 0) is (left == 0)


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2026, 3, 2), date(2026, 9, 2)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2026, 12, 31), date(2027, 6, 30)),
    ],
)
def test_six_months_end_on_the_same_day_or_on_the_last(day: date, later: date) -> None:
    assert months_after(day, 6) == later


def a_remedy(kind: RemedyKind, decided_on: date) -> Remedy:
    case = CaseId.new()
    act = RemedyAct(1, RemedyActKind.UPHELD, AccountId.new(), AT, {"decided_on": decided_on.isoformat()}, EntryId.new())
    return Remedy(
        RemedyId.new(), AuthorityId.new(), kind, RemedySubject.REFUSAL, case, case, FirmId.new(), "区人民政府", "", "x",
        decided_on, None, None, RemedyState.UPHELD, AccountId.new(), AT, EntryId.new(), (act,),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "before", "last"),
    [
        (RemedyKind.REVIEW, (), date(2026, 4, 1)),
        # The sixtieth day is 1 May: offices rest to the fifth.
        (RemedyKind.RECONSIDERATION, (), date(2026, 5, 6)),
        (RemedyKind.LITIGATION, (), date(2026, 9, 2)),
        (RemedyKind.RECONSIDERATION, (RemedyKind.REVIEW,), date(2026, 6, 1)),
        (RemedyKind.LITIGATION, (RemedyKind.REVIEW, RemedyKind.RECONSIDERATION), date(2026, 4, 16)),
    ],
)
def test_terms_run_from_service_or_from_the_answer_before(
    kind: RemedyKind, before: tuple[RemedyKind, ...], last: date
) -> None:
    answered = [a_remedy(each, date(2026, 4, 1)) for each in before]
    assert last_day(kind, date(2026, 3, 2), answered, CALENDAR) == last


def test_what_was_not_served_starts_no_term_and_an_unknown_year_keeps_the_plain_day() -> None:
    assert last_day(RemedyKind.REVIEW, None, (), CALENDAR) is None
    far = date(2090, 1, 1)
    assert last_day(RemedyKind.REVIEW, far, (), CALENDAR) == far + timedelta(days=30)


def a_sanction(hearing: Hearing, statement: str) -> RecordSanction:
    served = date(2026, 3, 20)
    return RecordSanction(
        FirmId.new(),
        "财政局",
        "1号",
        "条例",
        ("all",),
        Period(served, None),
        served,
        statement,
        "决定书",
        served,
        hearing,
    )


@pytest.mark.parametrize(
    ("until", "answered", "statement", "refused"),
    [
        (date(2026, 3, 19), None, "", None),
        (date(2026, 3, 20), None, "", "sanction_before_hearing"),
        (date(2026, 3, 30), date(2026, 3, 20), "We object.", None),
        (date(2026, 3, 30), date(2026, 3, 21), "We object.", "sanction_before_hearing"),
        (date(2026, 3, 19), None, "We object.", "sanction_statement_and_day"),
        (date(2026, 3, 19), date(2026, 3, 10), " ", "sanction_statement_and_day"),
        (date(2026, 3, 2), None, "", "sanction_hearing_without_term"),
    ],
)
def test_a_sanction_is_served_after_the_firm_has_spoken_or_its_term(
    until: date, answered: date | None, statement: str, refused: str | None
) -> None:
    hearing = Hearing(date(2026, 3, 2), until, answered, ServiceWay.MAIL, PROOF)
    if refused is None:
        assert a_sanction(hearing, statement).hearing == hearing
        return
    with pytest.raises(InvalidValueError, match=refused):
        a_sanction(hearing, statement)


def a_paid_batch(count: int) -> Case:
    return replace(a_case(count), state=CaseState.PAID)


def test_a_line_is_found_by_its_number_after_others_were_set_apart() -> None:
    whole = a_paid_batch(3)
    case = lines.only(whole, {2, 3})
    assert [paid_line(case, number).firm for number in (2, 3)] == [line.firm for line in whole.lines[1:]]
    assert line_paying(case, whole.lines[2].subject).number == 3  # type: ignore[arg-type]
    with pytest.raises(NotFoundError, match="case_line_not_found"):
        paid_line(case, 1)


@pytest.mark.parametrize(
    ("kind", "of_line", "fall"),
    [
        (CaseKind.VOUCHER_BATCH, 2, [2]),
        (CaseKind.VOUCHER_BATCH, None, [1, 2]),
        (CaseKind.AWARD, 2, [1, 2]),
        (CaseKind.GRANT, 1, [1, 2]),
    ],
)
def test_a_correction_lets_its_lines_of_a_batch_fall_and_a_shared_benefit_as_a_whole(
    kind: CaseKind, of_line: int | None, fall: list[int]
) -> None:
    case = a_case(2, kind)
    firms = {FirmId.new()} if of_line is None else {case.lines[of_line - 1].firm}
    assert [line.number for line in lines_touched(case, firms)] == fall


def an_annulled_recovery(case: Case, repaid: int, *, paid_back: bool) -> Recovery:
    cash = {"amount_fen": repaid, "bank_receipt": "R-1", "received_on": "2026-03-02", "reopened": True}
    done: list[tuple[RecoveryActKind, dict[str, Any]]] = [
        (RecoveryActKind.DECIDED, {"amount_fen": 100}),
        (RecoveryActKind.REPAID, cash),
        (RecoveryActKind.ANNULLED, {}),
    ]
    if paid_back:
        done.append((RecoveryActKind.PAID_BACK, {}))
    officer = AccountId.new()
    acts = [RecoveryAct(number, kind, officer, AT, kept, EntryId.new()) for number, (kind, kept) in enumerate(done, 1)]
    return Recovery(
        RecoveryId.new(), case.authority, case.id, 1, case.lines[0].firm, RecoveryGround.MISTAKE, RecoveryOrigin.OWN,
        None, Money(100), "x", "x", RecoveryState.ANNULLED, officer, AT, EntryId.new(), tuple(acts),
    )  # fmt: skip


@pytest.mark.parametrize(("paid_back", "left"), [(False, 70), (True, 100)])
def test_what_is_owed_after_an_annulment_is_recovered_by_no_other(paid_back: bool, left: int) -> None:
    case = a_paid_batch(1)
    annulled = an_annulled_recovery(case, 30, paid_back=paid_back)
    assert left_of_line(case.lines[0], [annulled]).fen == left
    assert annulled.open is not paid_back


@pytest.mark.parametrize("state", [each for each in RecoveryState if each is not RecoveryState.ANNULLED])
def test_a_recovery_is_open_until_it_is_dropped_or_repaid(state: RecoveryState) -> None:
    made = replace(an_annulled_recovery(a_paid_batch(1), 30, paid_back=False), state=state)
    assert made.open is (state not in {RecoveryState.DROPPED, RecoveryState.REPAID})
