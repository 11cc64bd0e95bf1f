"""Terms in working and calendar days, who may act, lots that anyone draws again, and enough officers."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.actors.model import SIGNING_RANKS, Role
from registry.errors import (
    ConflictError,
    InvalidValueError,
    NotAllowedError,
    NotFoundError,
    RuleError,
    UnavailableError,
)
from registry.offices import rules
from registry.offices.model import (
    Absence,
    Bench,
    Delegate,
    Delegation,
    Draw,
    Ground,
    Interest,
    Officer,
    Step,
    Term,
    TermSet,
    Unit,
)
from registry.offices.terms import shipped_terms
from registry.policy import service as policy
from registry.values.identifiers import (
    AbsenceId,
    AccountId,
    AuthorityId,
    CaseId,
    DelegationId,
    EntryId,
    FirmId,
    InterestId,
)
from registry.values.moment import Moment

CALENDAR = policy.calendar()
OFFICE, CASE, FIRM = AuthorityId.new(), CaseId.new(), FirmId.new()
NOW = Moment.of_text("2026-03-10T10:00:00+08:00")
MARCH = (date(2026, 3, 9), date(2026, 3, 13))


def at(text: str) -> Moment:
    return Moment.of_text(f"{text}+08:00")


def term(days: int, unit: Unit = Unit.WORKING) -> Term:
    return Term(Step.REVIEW, days, unit, "clause")


def officer(login: str, *roles: Role) -> Officer:
    return Officer(AccountId.new(), login, login, frozenset(roles))


HEAD, LEADER = officer("head", Role.SECTION_HEAD), officer("leader", Role.LEADER_IN_CHARGE)
REVIEWER, PAYER = officer("reviewer", Role.REVIEWER), officer("payer", Role.PAYER)


def a_delegation(instruments: tuple[str, ...] | None = None) -> Delegation:
    return Delegation(
        id=DelegationId.new(),
        authority=OFFICE,
        principal=HEAD.account,
        delegate=LEADER.account,
        rank=Role.SECTION_HEAD,
        instruments=instruments,
        first=MARCH[0],
        last=MARCH[1],
        document_number="D-1",
        made_at=at("2026-03-01T09:00:00"),
    )


def a_tie(who: Officer, firm: FirmId = FIRM) -> Interest:
    return Interest(InterestId.new(), OFFICE, who.account, firm, Ground.FAMILY, "spouse", True, NOW)


def an_absence(who: Officer) -> Absence:
    return Absence(AbsenceId.new(), OFFICE, who.account, *MARCH, reason="course")


def bench(**more: object) -> Bench:
    return replace(Bench((HEAD, LEADER, REVIEWER, PAYER)), **more)


# Terms. 2026-02-14 (Saturday) is a make-up working day, 02-15 to 02-23 the Spring Festival.


@pytest.mark.parametrize(
    ("began", "days", "unit", "ends"),
    [
        ("2026-03-02T09:00:00", 1, Unit.WORKING, "2026-03-04T00:00:00"),
        ("2026-03-02T23:59:59", 1, Unit.WORKING, "2026-03-04T00:00:00"),
        ("2026-03-03T00:00:00", 1, Unit.WORKING, "2026-03-05T00:00:00"),
        ("2026-03-05T09:00:00", 5, Unit.WORKING, "2026-03-13T00:00:00"),
        ("2026-02-12T09:00:00", 2, Unit.WORKING, "2026-02-15T00:00:00"),
        ("2026-02-13T09:00:00", 2, Unit.WORKING, "2026-02-25T00:00:00"),
        ("2026-02-12T09:00:00", 2, Unit.CALENDAR, "2026-02-15T00:00:00"),
        ("2026-02-12T09:00:00", 3, Unit.CALENDAR, "2026-02-25T00:00:00"),
        ("2026-03-02T09:00:00", 7, Unit.CALENDAR, "2026-03-10T00:00:00"),
    ],
)
def test_a_term_ends_at_midnight_of_its_last_day(began: str, days: int, unit: Unit, ends: str) -> None:
    assert rules.due_at(at(began), term(days, unit), CALENDAR) == at(ends)


@given(st.integers(0, 300 * 24 * 60), st.integers(1, 40), st.sampled_from(Unit))
def test_a_longer_term_and_a_later_step_never_end_earlier(minutes: int, days: int, unit: Unit) -> None:
    began = at("2026-01-01T00:00:00").plus(timedelta(minutes=minutes))
    ends = rules.due_at(began, term(days, unit), CALENDAR)
    assert ends <= rules.due_at(began, term(days + 1, unit), CALENDAR)
    assert ends <= rules.due_at(began.plus(timedelta(days=1)), term(days, unit), CALENDAR)
    assert ends >= began.plus(timedelta(days=days))
    last = ends.plus(timedelta(microseconds=-1)).civil_day()
    assert CALENDAR.is_working_day(last)
    assert rules.working_days_late(ends, ends.plus(timedelta(microseconds=-1)), CALENDAR) == 0


def test_late_is_counted_in_working_days_from_the_end_of_the_term() -> None:
    due = rules.due_at(at("2026-03-05T09:00:00"), term(1), CALENDAR)
    assert due == at("2026-03-07T00:00:00"), "a Saturday begins"
    late = {day: rules.working_days_late(due, at(f"2026-03-{day:02}T12:00:00"), CALENDAR) for day in range(5, 12)}
    assert late == {5: 0, 6: 0, 7: 0, 8: 0, 9: 1, 10: 2, 11: 3}


def test_a_year_that_is_not_known_is_never_guessed() -> None:
    with pytest.raises(UnavailableError, match="calendar_year_unknown"):
        rules.due_at(at("2030-01-01T09:00:00"), term(1), CALENDAR)


def test_every_step_has_a_term_that_says_what_it_assumes() -> None:
    assert set(shipped_terms()) == set(Step)
    assert all(each.assumption and each.clause and not each.number for each in shipped_terms().values())


def test_a_ruling_sets_the_term_of_steps_that_begin_after_it() -> None:
    entered = at("2026-03-05T12:00:00")
    ruling = TermSet(replace(term(9), number="T-1"), "organ", date(2026, 3, 5), "nine", entered, AccountId.new())
    later = replace(ruling, term=replace(term(4), number="T-2"), entered_at=entered.plus(timedelta(days=1)))
    shipped = {Step.REVIEW: term(5)}

    def days(began: Moment) -> int:
        return rules.term_of(Step.REVIEW, began, shipped, [later, ruling]).days

    assert days(entered.plus(timedelta(microseconds=-1))) == 5
    assert days(entered) == 9
    assert days(entered.plus(timedelta(days=2))) == 4


@pytest.mark.parametrize("days", [0, -1, 366])
def test_no_term_is_of_no_days_or_of_years(days: int) -> None:
    with pytest.raises(InvalidValueError, match="term_days_out_of_range"):
        term(days)


# Who may act.


def test_a_tie_and_an_absence_bar_an_officer_and_nobody_else() -> None:
    full = bench(interests=(a_tie(HEAD),), absences=(an_absence(LEADER),))
    with pytest.raises(NotAllowedError, match="officer_tied"):
        rules.require_free(full, HEAD.account, [FIRM], NOW)
    with pytest.raises(NotAllowedError, match="officer_absent"):
        rules.require_free(full, LEADER.account, [FIRM], NOW)
    rules.require_free(full, HEAD.account, [FirmId.new()], NOW)
    rules.require_free(full, REVIEWER.account, [FIRM], NOW)
    ended = replace(full.interests[0], ended_at=NOW)
    rules.require_free(bench(interests=(ended,)), HEAD.account, [FIRM], NOW)


@pytest.mark.parametrize(
    ("when", "away"),
    [
        ("2026-03-08T23:59:59", False),
        ("2026-03-09T00:00:00", True),
        ("2026-03-13T23:59:59", True),
        ("2026-03-14T00:00:00", False),
    ],
)
def test_an_absence_and_a_delegation_hold_through_their_last_day(when: str, away: bool) -> None:
    assert rules.is_absent([an_absence(HEAD)], HEAD.account, at(when)) is away
    assert rules.acts_on(a_delegation(), ["yz-14a"], at(when)) is away


def test_an_absence_that_was_ended_early_holds_no_more() -> None:
    back = replace(an_absence(HEAD), ended_at=at("2026-03-11T09:00:00"))
    assert rules.is_absent([back], HEAD.account, NOW)
    assert not rules.is_absent([back], HEAD.account, at("2026-03-11T09:00:00"))


def signs_for(found: Bench, instruments: tuple[str, ...] = ("yz-14a",), when: Moment = NOW) -> bool:
    return rules.delegation_for(found, LEADER.account, Role.SECTION_HEAD, instruments, when) is not None


def test_a_delegate_signs_in_the_scope_and_days_of_a_delegation_that_was_not_ended() -> None:
    narrow = a_delegation(("yz-14a",))
    assert signs_for(bench(delegations=(a_delegation(),)), ("yz-14a", "yz-4-data"))
    assert signs_for(bench(delegations=(narrow,)))
    assert not signs_for(bench(delegations=(narrow,)), ("yz-14a", "yz-4-data"))
    assert not signs_for(bench(delegations=(replace(narrow, ended_at=NOW),)))
    assert not signs_for(bench(delegations=(narrow,)), when=at("2026-03-14T00:00:00"))


def test_a_delegation_ends_with_the_office_of_its_giver() -> None:
    gone = Bench((LEADER, REVIEWER), delegations=(a_delegation(),))
    assert not signs_for(gone)
    moved = Bench((replace(HEAD, roles=frozenset({Role.REVIEWER})), LEADER), delegations=(a_delegation(),))
    assert not signs_for(moved)


def test_a_delegation_that_fails_says_why() -> None:
    given_ = bench(delegations=(a_delegation(("yz-14a",)),))

    def code(instruments: tuple[str, ...], when: Moment) -> str | None:
        refused = rules.why_delegation_fails(given_, LEADER.account, Role.SECTION_HEAD, instruments, when)
        return refused.code if refused else None

    assert code(("yz-14a",), NOW) is None
    assert code(("yz-14a",), at("2026-03-14T09:00:00")) == "delegation_not_in_force"
    assert code(("yz-4-data",), NOW) == "delegation_out_of_scope"
    assert rules.why_delegation_fails(given_, PAYER.account, Role.SECTION_HEAD, (), NOW) is None


def delegate(to: AccountId, rank: Role = Role.SECTION_HEAD) -> Delegate:
    return Delegate(to, rank, None, *MARCH, document_number="D-1")


def test_only_ones_own_rank_is_delegated_and_only_to_an_officer_of_another_rank() -> None:
    own = frozenset({Role.SECTION_HEAD})
    rules.require_delegation(bench(), HEAD.account, own, delegate(LEADER.account))
    with pytest.raises(NotAllowedError, match="delegation_of_other_rank"):
        rules.require_delegation(bench(), HEAD.account, own, delegate(LEADER.account, Role.PRINCIPAL_LEADER))
    with pytest.raises(NotFoundError, match="account_not_found"):
        rules.require_delegation(bench(), HEAD.account, own, delegate(AccountId.new()))
    for taker in (REVIEWER, PAYER):
        with pytest.raises(RuleError, match="delegate_without_rank"):
            rules.require_delegation(bench(), HEAD.account, own, delegate(taker.account))
    with pytest.raises(RuleError, match="delegate_no_officer"):
        rules.require_delegation(bench(), HEAD.account, own, delegate(HEAD.account))


def test_a_delegation_lasts_a_year_at_most_and_delegates_something() -> None:
    Delegate(LEADER.account, Role.SECTION_HEAD, None, date(2026, 1, 1), date(2027, 1, 1), "D-1")
    with pytest.raises(InvalidValueError, match="delegation_too_long"):
        Delegate(LEADER.account, Role.SECTION_HEAD, None, date(2026, 1, 1), date(2027, 1, 2), "D-1")
    with pytest.raises(InvalidValueError, match="delegation_of_nothing"):
        Delegate(LEADER.account, Role.SECTION_HEAD, (), *MARCH, document_number="D-1")
    with pytest.raises(InvalidValueError, match="delegation_of_no_rank"):
        delegate(LEADER.account, Role.PAYER)
    with pytest.raises(InvalidValueError, match="office_days_unordered"):
        Delegate(LEADER.account, Role.SECTION_HEAD, None, MARCH[1], MARCH[0], "D-1")


def test_who_is_able_counts_delegates_and_leaves_out_the_tied_and_the_absent() -> None:
    def able(found: Bench) -> list[str]:
        return [each.login for each in rules.able(found, Role.SECTION_HEAD, [FIRM], ["yz-14a"], NOW)]

    assert able(bench()) == ["head"]
    given_ = bench(delegations=(a_delegation(),), absences=(an_absence(HEAD),))
    assert able(given_) == ["leader"]
    assert able(replace(given_, interests=(a_tie(LEADER),))) == []


# Lots.


@given(st.binary(min_size=32, max_size=32), st.lists(st.text("abcdef", min_size=1), min_size=1, max_size=8))
def test_whoever_has_the_seed_draws_the_same_whatever_the_order(seed: bytes, names: list[str]) -> None:
    drawn = rules.by_lot(seed, "reviewer", names, 3)
    assert drawn == rules.by_lot(seed, "reviewer", list(reversed(names)), 3)
    assert len(drawn) == min(3, len(set(names)))
    assert set(drawn) <= set(names)
    assert drawn[:1] == rules.by_lot(seed, "reviewer", names)


def test_seed_and_purpose_decide_and_everyone_is_drawn_about_as_often() -> None:
    names = ["a", "b", "c"]
    drawn = [rules.by_lot(bytes([seed, 7]), "reviewer", names)[0] for seed in range(250)]
    assert all(60 < drawn.count(name) < 107 for name in names)
    other = [rules.by_lot(bytes([seed, 7]), "sample", names)[0] for seed in range(250)]
    assert drawn != other


def a_draw(who: Officer) -> Draw:
    accounts = (who.account,)
    return Draw(CASE, 1, b"seed", accounts, who.account, "applied", NOW, who.account, EntryId.new())


def test_a_lot_is_drawn_again_only_when_the_one_who_was_drawn_may_not_act() -> None:
    draw = a_draw(REVIEWER)
    with pytest.raises(ConflictError, match="reviewer_drawn_already"):
        rules.require_redraw(draw, bench(), [FIRM], recused=False, now=NOW)
    rules.require_redraw(None, bench(), [FIRM], recused=False, now=NOW)
    rules.require_redraw(draw, bench(), [FIRM], recused=True, now=NOW)
    rules.require_redraw(draw, bench(absences=(an_absence(REVIEWER),)), [FIRM], recused=False, now=NOW)
    rules.require_redraw(draw, bench(interests=(a_tie(REVIEWER),)), [FIRM], recused=False, now=NOW)
    rules.require_redraw(draw, Bench((HEAD,)), [FIRM], recused=False, now=NOW)


# Enough officers.

PLACES = rules.places_of([rank.value for rank in SIGNING_RANKS])


def test_each_place_needs_an_officer_of_its_own() -> None:
    principal = officer("principal", Role.PRINCIPAL_LEADER)
    full = (REVIEWER, HEAD, LEADER, principal, PAYER)
    assert rules.places_unfilled(PLACES, full) == ()
    for missing in full:
        left = [each for each in full if each is not missing]
        assert rules.places_unfilled(PLACES, left) == tuple(missing.roles)
    assert rules.places_unfilled(PLACES, ()) == PLACES


def test_one_who_holds_two_ranks_fills_one_place_whichever_is_needed() -> None:
    both = officer("a both", Role.SECTION_HEAD, Role.LEADER_IN_CHARGE)
    principal = officer("principal", Role.PRINCIPAL_LEADER)
    for people in permutations((both, HEAD, principal, REVIEWER, PAYER)):
        assert rules.places_unfilled(PLACES, people) == ()
    assert rules.places_unfilled(PLACES, (both, principal, REVIEWER, PAYER)) == (Role.LEADER_IN_CHARGE,)


def test_an_absence_empties_a_place_and_a_delegation_fills_it() -> None:
    deputy = officer("deputy", Role.LEADER_IN_CHARGE)
    principal = officer("principal", Role.PRINCIPAL_LEADER)
    away = Bench((HEAD, LEADER, deputy, principal, REVIEWER, PAYER), absences=(an_absence(HEAD),))
    assert rules.places_unfilled(PLACES, rules.present(away, NOW)) == (Role.SECTION_HEAD,)
    acting = replace(away, delegations=(a_delegation(),))
    assert rules.places_unfilled(PLACES, rules.present(acting, NOW)) == ()
