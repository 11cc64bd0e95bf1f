"""What a case waits for and what a recusal takes back, from acts alone."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from registry.actors.model import SIGNING_RANKS, Role
from registry.awards import lines, recusal, rules, waiting
from registry.awards.history import with_acts
from registry.awards.model import Act, ActKind, Case, CaseKind, CaseState, Line
from registry.awards.waiting import Desk, Standing, Wait
from registry.offices.model import Bench, Draw, Officer, Step
from registry.offices.terms import shipped_terms
from registry.policy import service as policy
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, DatasetId, EntryId, FirmId
from registry.values.moment import Moment
from registry.values.money import Money

FIRM, PUBLISHER = FirmId.new(), AccountId.new()
START = Moment.of_text("2026-03-02T10:00:00+08:00")
LEVELS = tuple(rank.value for rank in SIGNING_RANKS)


def officer(login: str, *roles: Role) -> Officer:
    return Officer(AccountId.new(), login, login, frozenset(roles))


REVIEWER, OTHER = officer("reviewer", Role.REVIEWER), officer("other", Role.REVIEWER)
HEAD, LEADER, PRINCIPAL = (officer(rank.value, rank) for rank in SIGNING_RANKS)
PAYER = officer("payer", Role.PAYER)
BENCH = Bench((REVIEWER, OTHER, HEAD, LEADER, PRINCIPAL, PAYER))
DESK = Desk(BENCH, shipped_terms(), (), policy.calendar())
LINE = Line(FIRM, "Firm", DatasetId.new(), "yz-14a", "S1 cl.14", "", Money(5_000_000))


def a_case(state: CaseState = CaseState.APPLIED) -> Case:
    return Case(
        id=CaseId.new(),
        authority=AuthorityId.new(),
        kind=CaseKind.AWARD,
        document="d",
        instrument="yz-14a",
        state=state,
        applicant=FIRM,
        applied_by=PUBLISHER,
        applied_at=START,
        lines=(LINE,),
        revision=Digest.of(b"r"),
        facts=Digest.of(b"f"),
        sign_off_levels=LEVELS,
        notice_days=7,
    )


def later(hours: int) -> Moment:
    return START.plus(timedelta(hours=hours))


def done(case: Case, kind: ActKind, who: AccountId, to: CaseState | None = None, **content: Any) -> Case:
    made = Act(len(case.acts) + 1, kind, who, later(len(case.acts) + 1), content, EntryId.new())
    folded = with_acts(case, (*case.acts, made))
    return folded if to is None else _moved(folded, to)


def _moved(case: Case, state: CaseState) -> Case:
    from dataclasses import replace

    return replace(case, state=state)


def reviewed(case: Case, who: Officer = REVIEWER) -> Case:
    content: Mapping[str, Any] = {"passed": True, "opinion": "x", "originals_seen": True, "outside_search": None}
    return done(case, ActKind.REVIEWED, who.account, CaseState.REVIEWED, **content)


def signed(case: Case, who: Officer, rank: int) -> Case:
    stated = {"rank": rank, "role": LEVELS[rank - 1], "lines": str(case.lines_digest), "opinion": "x", "approved": True}
    return done(case, ActKind.SIGNED, who.account, **stated)


def noticed(case: Case, ends_at: Moment) -> Case:
    stated = {"lines": str(case.lines_digest), "page_url": "https://x.test", "capture": str(Digest.of(b"c"))}
    return done(case, ActKind.NOTICED, REVIEWER.account, **stated, ends_at=str(ends_at))


def objected(case: Case) -> Case:
    return done(case, ActKind.OBJECTED, AccountId.new(), reason="older")


def answered(case: Case, who: Officer) -> Case:
    return done(case, ActKind.ANSWERED, who.account, number=1, outcome="dismissed", answer="no")


def instructed(case: Case) -> Case:
    stated = {"budget_year": 2026, "project_code": "p", "subject_code": "s", "payment_voucher_number": "v"}
    return done(case, ActKind.INSTRUCTED, PAYER.account, CaseState.INSTRUCTED, **stated)


def recused(case: Case, who: Officer) -> Case:
    void = recusal.voided_by(case, who.account)
    to = recusal.state_after(case, void)
    return done(case, ActKind.RECUSED, AccountId.new(), to, officer=str(who.account), voids=list(void))


def fully_signed(case: Case) -> Case:
    for rank, who in enumerate((HEAD, LEADER, PRINCIPAL), 1):
        case = signed(case, who, rank)
    return case


def steps(case: Case, now: Moment = START) -> list[tuple[Step, int]]:
    return [(wait.step, wait.number) for wait in waiting.waits(case, now)]


def test_a_case_waits_for_one_step_after_the_other() -> None:
    ends = later(200)
    case = a_case()
    assert steps(case) == [(Step.REVIEW, 0)]
    case = reviewed(case)
    assert steps(case) == [(Step.NOTICE, 0), (Step.SIGNATURE, 1)]
    case = signed(noticed(case, ends), HEAD, 1)
    assert steps(case) == [(Step.SIGNATURE, 2)]
    case = signed(signed(case, LEADER, 2), PRINCIPAL, 3)
    assert steps(case, ends.plus(timedelta(microseconds=-1))) == [], "the notice runs"
    assert steps(case, ends) == [(Step.INSTRUCTION, 0)]
    assert steps(objected(case), ends) == [(Step.ANSWER, 1)]
    assert steps(instructed(case), ends) == [(Step.PAYMENT, 0)]
    returned = done(instructed(case), ActKind.RETURNED, PAYER.account, CaseState.RETURNED, reason="x")
    assert steps(returned) == [(Step.INSTRUCTION, 0)]
    for state in (CaseState.PAID, CaseState.REFUSED, CaseState.WITHDRAWN):
        assert steps(_moved(case, state)) == []


def test_each_step_begins_when_the_one_before_it_ended() -> None:
    case = noticed(reviewed(a_case()), later(3))
    assert [wait.began_at for wait in waiting.waits(case, START)] == [later(1)]
    assert [wait.began_at for wait in waiting.waits(signed(case, HEAD, 1), START)] == [later(3)]
    full = fully_signed(case)
    assert [wait.began_at for wait in waiting.waits(full, later(99))] == [later(5)], "the last of notice and signatures"
    assert [wait.began_at for wait in waiting.waits(answered(objected(full), OTHER), later(99))] == [later(7)]


def due(case: Case, now: Moment, desk: Desk = DESK, draw: Draw | None = None) -> waiting.Due:
    return waiting.due(desk, case, waiting.waits(case, now)[-1], case.firms, draw, now)


def test_a_step_is_within_its_term_then_overdue_then_escalated() -> None:
    case = a_case()
    ends = Moment.of_text("2026-03-10T00:00:00+08:00")
    assert due(case, START).due_at == ends
    assert due(case, ends.plus(timedelta(microseconds=-1))).standing is Standing.WITHIN
    assert due(case, ends).standing is Standing.OVERDUE
    late = Moment.of_text("2026-03-16T23:59:59+08:00")
    assert (due(case, late).days_late, due(case, late).standing) == (5, Standing.OVERDUE)
    assert due(case, late.plus(timedelta(seconds=1))).standing is Standing.ESCALATED


def test_a_step_that_nobody_may_do_escalates_at_once() -> None:
    nobody = Desk(Bench((HEAD,)), shipped_terms(), (), policy.calendar())
    found = due(a_case(), START, nobody)
    assert (found.officers, found.standing) == ((), Standing.ESCALATED)


def test_a_year_without_calendar_leaves_the_day_open() -> None:
    from dataclasses import replace

    old = replace(a_case(), applied_at=Moment.of_text("2020-01-02T09:00:00Z"))
    found = due(old, START)
    assert (found.due_at, found.days_late, found.standing) == (None, 0, Standing.UNKNOWN)


def able(case: Case, draw: Draw | None = None) -> list[str]:
    return [each.login for each in due(case, later(500), draw=draw).officers]


def test_whoever_was_drawn_reviews_and_whoever_decided_neither_signs_nor_pays() -> None:
    case = a_case()
    accounts = (OTHER.account, REVIEWER.account)
    draw = Draw(case.id, 1, b"s", accounts, OTHER.account, "applied", START, PUBLISHER, EntryId.new())
    assert able(case) == ["other", "reviewer"]
    assert able(case, draw) == ["other"]
    assert able(recused(case, OTHER), draw) == [], "who was drawn may not: a new lot is needed"
    both = officer("both", Role.REVIEWER, Role.SECTION_HEAD)
    desk = Desk(Bench((both, HEAD)), shipped_terms(), (), policy.calendar())
    assert [each.login for each in due(reviewed(case, both), START, desk).officers] == ["section_head"]


# Recusal.


def test_a_void_review_takes_every_signature_and_the_case_is_reviewed_again() -> None:
    case = recused(fully_signed(noticed(reviewed(a_case()), later(200))), REVIEWER)
    assert case.state is CaseState.APPLIED
    assert (case.review, case.signatures) == (None, ())
    assert case.notice is not None, "the page stood"
    assert waiting.waits(case, START) == (Wait(Step.REVIEW, Role.REVIEWER, later(6)),)
    again = reviewed(case, OTHER)
    assert (again.review.account if again.review else None) == OTHER.account
    assert rules.rank_to_sign(again) == 1


def test_a_void_signature_takes_those_of_the_ranks_above_and_no_other() -> None:
    case = recused(fully_signed(reviewed(a_case())), LEADER)
    assert [made.rank for made in case.signatures] == [1]
    assert case.state is CaseState.REVIEWED
    assert rules.rank_to_sign(case) == 2


def test_a_void_answer_leaves_the_objection_open() -> None:
    case = answered(objected(noticed(reviewed(a_case()), later(200))), OTHER)
    assert case.objections_open == 0
    assert recused(case, OTHER).objections_open == 1


def test_an_instruction_stays_out_and_the_return_leads_back_to_what_is_void() -> None:
    case = instructed(fully_signed(noticed(reviewed(a_case()), later(3))))
    assert recusal.state_when_returned(case) is CaseState.RETURNED
    by_leader, by_reviewer = recused(case, LEADER), recused(case, REVIEWER)
    assert by_leader.state is by_reviewer.state is CaseState.INSTRUCTED
    assert not lines.signatures_complete(by_leader)
    assert recusal.state_when_returned(by_leader) is CaseState.REVIEWED
    assert recusal.state_when_returned(by_reviewer) is CaseState.APPLIED


def test_nothing_of_a_case_that_has_ended_becomes_void() -> None:
    paid = _moved(fully_signed(reviewed(a_case())), CaseState.PAID)
    case = recused(paid, REVIEWER)
    assert case.review == paid.review
    assert case.signatures == paid.signatures
    assert recusal.recused_from(case) == {REVIEWER.account}


@given(st.permutations([REVIEWER, HEAD, LEADER, PRINCIPAL]), st.integers(1, 4))
def test_after_any_recusals_nothing_rests_on_the_recused_and_ranks_have_no_gap(who: list[Officer], count: int) -> None:
    case = fully_signed(noticed(reviewed(a_case()), later(200)))
    for each in who[:count]:
        case = recused(case, each)
    gone = {each.account for each in who[:count]}
    assert not recusal.deciders(case) & gone
    assert [made.rank for made in case.signatures] == list(range(1, len(case.signatures) + 1))
    assert (case.review is None) is (REVIEWER.account in gone)
    assert (case.state is CaseState.APPLIED) is (case.review is None)
    assert case.review is not None or not case.signatures
