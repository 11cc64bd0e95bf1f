"""A register that is corrected backward opens a review of undecided cases and lists decided ones."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from registry.awards import register_reviews as reviews
from registry.awards import service
from registry.awards.commands import WithdrawCase
from registry.awards.model import Act, ActKind, Case
from registry.awards.register_reviews import AnswerReview, Premises, RegisterReview
from registry.errors import ConflictError, Finding, NotFoundError
from registry.parties import service as parties
from registry.parties.commands import RecordControl, RecordFact
from registry.parties.correction_model import Correction, CorrectionAnswer, Register
from registry.parties.model import ControlKind, ControlLink, Period, Predicate
from registry.values.identifiers import AccountId, AuthorityId, CaseId, CorrectionId, EntryId, FirmId
from registry.values.moment import Moment
from tests.conftest import FixedClock
from tests.registry.awards.builders import Desk, apply
from tests.registry.awards.test_waiting import a_case
from tests.registry.exchange.builders import ask, do, firm_of
from tests.registry.parties.builders import a_firm_id

AT = Moment.of_text("2026-03-02T00:00:00Z")


@pytest.fixture
def case(desk: Desk, clock: FixedClock) -> Case:
    """An application; the registers are corrected a minute later."""
    made = apply(desk)
    clock.advance(timedelta(minutes=1))
    return made


def record_fact(desk: Desk, firm: FirmId, first: date, until: date | None = None) -> None:
    """Enter that a firm's credit is clean, which is what is known already."""
    today = desk.house.clock.now().civil_day()
    command = RecordFact(firm, Predicate.CREDIT_CLEAN, Finding.MET, Period(first, until), "信用中国", today)
    do(desk.house, desk.scene.market.registrar, lambda work: parties.record_fact(work, command))


def of_case(desk: Desk, case: Case) -> tuple[RegisterReview, ...]:
    return ask(desk.house, desk.reviewer, lambda view: reviews.reviews_of_case(view, case.id))


def touched(desk: Desk, correction: CorrectionId) -> tuple[RegisterReview, ...]:
    return ask(desk.house, desk.reviewer, lambda view: reviews.cases_touched(view, correction, None, 50)[1])


def obstacles(desk: Desk, case: Case) -> list[str]:
    return [each.code for each in ask(desk.house, desk.reviewer, lambda view: reviews.obstacles(view, case))]


def answer(desk: Desk, case: Case, correction: CorrectionId, *, stands: bool) -> RegisterReview:
    command = AnswerReview(case.id, correction, stands, "Looked at again.")
    return do(desk.house, desk.reviewer, lambda work: reviews.answer_review(work, command))


@pytest.mark.parametrize("stands", [True, False])
def test_a_backward_correction_opens_a_review_that_holds_the_payment(desk: Desk, case: Case, stands: bool) -> None:
    record_fact(desk, firm_of(desk.scene.publisher), date(2026, 1, 1))
    (opened,) = of_case(desk, case)
    assert (opened.is_open, opened.decided) == (True, False)
    assert touched(desk, opened.correction.id) == (opened,)
    assert obstacles(desk, case) == ["register_review_open"]
    assert not answer(desk, case, opened.correction.id, stands=stands).is_open
    assert obstacles(desk, case) == ([] if stands else ["register_review_lost"])
    with pytest.raises(ConflictError) as caught:
        answer(desk, case, opened.correction.id, stands=True)
    assert caught.value.code == "correction_answered_already"


def test_a_tie_above_an_adopter_reaches_the_case(desk: Desk, case: Case) -> None:
    registrar, today = desk.scene.market.registrar, desk.house.clock.now().civil_day()
    seller, adopter = firm_of(desk.scene.market.exchange), firm_of(desk.scene.leaders[0])
    link = ControlLink(seller, adopter, ControlKind.EQUITY, 2_500)
    command = RecordControl(link, Period(date(2026, 1, 1), None), "公示系统", today)
    do(desk.house, registrar, lambda work: parties.record_control(work, command))
    (opened,) = of_case(desk, case)
    assert opened.correction.register is Register.CONTROL


def test_what_holds_from_today_or_of_other_days_or_firms_opens_nothing(desk: Desk, case: Case) -> None:
    today = desk.house.clock.now().civil_day()
    record_fact(desk, firm_of(desk.scene.publisher), today)
    record_fact(desk, firm_of(desk.scene.publisher), date(2020, 1, 1), date(2021, 1, 1))
    record_fact(desk, firm_of(desk.scene.market.buyer), date(2026, 1, 1))
    assert of_case(desk, case) == ()
    assert obstacles(desk, case) == []


def test_a_decided_case_is_listed_and_has_no_review(
    desk: Desk, case: Case, clock: FixedClock, withdraw: Callable[[Case], None]
) -> None:
    withdraw(case)
    clock.advance(timedelta(minutes=1))
    record_fact(desk, firm_of(desk.scene.publisher), date(2026, 1, 1))
    (listed,) = of_case(desk, case)
    assert (listed.decided, listed.is_open) == (True, False)
    with pytest.raises(ConflictError) as caught:
        answer(desk, case, listed.correction.id, stands=True)
    assert caught.value.code == "register_review_of_decided"


def test_an_unknown_correction_is_not_found(desk: Desk, case: Case) -> None:
    with pytest.raises(NotFoundError):
        answer(desk, case, CorrectionId.new(), stands=True)


def test_an_answer_goes_with_lines_that_were_set_apart_after_it() -> None:
    origin, wanted, at = CaseId.new(), CorrectionId.new(), AT.plus(timedelta(hours=2))
    alone = a_case()
    part = {"from": str(origin), "into": str(alone.id), "lines": [2]}
    apart = replace(alone, acts=(Act(1, ActKind.OBJECTED, AccountId.new(), at, {"set_apart": part}, EntryId.new()),))

    def given(subject: CaseId, hours: int, *, stands: bool, to: CorrectionId = wanted) -> CorrectionAnswer:
        when = AT.plus(timedelta(hours=hours))
        return CorrectionAnswer(to, subject, stands, "x", AccountId.new(), when, EntryId.new())

    before, after = given(origin, 1, stands=False), given(origin, 3, stands=True)
    own, other = given(apart.id, 4, stands=True), given(origin, 1, stands=True, to=CorrectionId.new())
    assert reviews.answer_that_holds(apart, wanted, [other, before]) == before
    assert reviews.answer_that_holds(apart, wanted, [before, after]) == before, "of what stayed behind only"
    assert reviews.answer_that_holds(apart, wanted, [own, before]) == own
    assert reviews.answer_that_holds(alone, wanted, [before]) is None


@pytest.fixture
def withdraw(desk: Desk) -> Callable[[Case], None]:
    """Return what withdraws a case."""
    from registry.awards import service
    from registry.awards.commands import WithdrawCase

    def act(case: Case) -> None:
        command = WithdrawCase(case.id, "No longer wanted.")
        do(desk.house, desk.scene.publisher, lambda work: service.withdraw(work, command))

    return act


@pytest.mark.parametrize(
    ("firm", "day", "touches"),
    [
        (1, date(2026, 1, 1), True),
        (1, date(2026, 1, 31), True),
        (1, date(2026, 2, 1), False),
        (2, date(2026, 1, 1), False),
    ],
)
def test_a_correction_touches_who_and_when_it_says(firm: int, day: date, touches: bool) -> None:
    made = Correction(
        CorrectionId.new(), AuthorityId.new(), Register.FACT, "fact", frozenset({a_firm_id(1)}),
        Period(date(2026, 1, 1), date(2026, 2, 1)), None, AT,
    )  # fmt: skip
    assert Premises(frozenset({a_firm_id(firm)}), frozenset({day})).touched_by(made) is touches


@pytest.mark.parametrize("register", Register)
def test_only_who_controls_whom_what_a_firm_is_and_that_it_is_no_more_act_everywhere(register: Register) -> None:
    own, other = AuthorityId.new(), AuthorityId.new()
    made = Correction(CorrectionId.new(), own, register, "", frozenset(), Period(date(2026, 1, 1), None), None, AT)
    assert made.acts_for(own)
    assert made.acts_for(other) is (register in {Register.CONTROL, Register.END, Register.FIRM})


def test_the_cases_of_a_correction_come_page_by_page(
    desk: Desk, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied = []
    for _ in range(3):
        applied.append(apply(desk).id)
        clock.advance(timedelta(minutes=1))
        command = WithdrawCase(applied[-1], "a mistake")
        do(desk.house, desk.scene.publisher, lambda work, c=command: service.withdraw(work, c))
    record_fact(desk, firm_of(desk.scene.publisher), date(2026, 1, 1))
    clock.advance(timedelta(minutes=1))
    # What is applied for after the correction rests on it already.
    apply(desk)
    correction = ask(desk.house, desk.reviewer, lambda view: reviews.corrections_page(view, None, 100))[-1]

    def pages(limit: int) -> list[list[CaseId]]:
        found, after = [], None
        while True:
            _, page, after = ask(
                desk.house,
                desk.reviewer,
                lambda view, a=after: reviews.cases_touched(view, correction.id, a, limit),
            )
            found.append([each.case.id for each in page])
            if after is None:
                return found

    newest_first = applied[::-1]
    assert pages(50) == [newest_first]
    assert pages(2) == [newest_first[:2], newest_first[2:]]
    monkeypatch.setattr(reviews, "CASES_AT_ONCE", 1)
    assert pages(50) == [[each] for each in newest_first]
