"""Rounds and experts on a database: windows, lots, sealed scores, and the amount that follows from them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.accounts.model import Account, AccountKind, AccountState
from registry.accounts.records import accounts as account_records
from registry.actors.model import Actor, Role
from registry.awards import granting, officers, payments, records, rounds, scoring, service
from registry.awards.commands import RecordReturn, WithdrawCase
from registry.awards.grant_model import AssessGrant
from registry.awards.model import Case, CaseState
from registry.awards.round_model import MoveClosing, PublishRound, Round, RoundState
from registry.awards.score_rules import commitment_of
from registry.dossier import service as dossiers
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.house import House
from registry.journal import service as journal
from registry.messages.model import Language, MailAddress
from registry.messages.records import save_mail_address
from registry.offices import rules as office_rules
from registry.offices import service as offices
from registry.offices.model import DeclareInterest, Ground
from registry.policy.model import Allocation
from registry.values.identifiers import AccountId, CaseId
from registry.values.money import ZERO, Money
from tests.conftest import FixedClock
from tests.registry.awards.builders import Desk
from tests.registry.awards.grant_builders import (
    Office,
    an_application,
    an_office,
    apply,
    assess,
    instruct,
    of_another,
    pay,
    post_notice,
    review,
    sign_all,
    through_notice,
    to_the_bank,
)
from tests.registry.awards.scoring_builders import (
    an_open_round,
    draw,
    drawn_of,
    experts,
    give,
    office_of,
    open_scores,
    registrar_of,
    scores_of,
    some_terms,
)
from tests.registry.exchange.builders import an_officer, ask, do, firm_of
from tests.registry.policy.applicants import YIZHOU


def an_application_14b(office: Office, desk: Desk) -> Case:
    asked = an_application(office, "yz-14b", dataset=desk.scene.dataset.name)
    return apply(office, replace(asked, event_on=office.house.clock.now().civil_day()))


def test_the_amount_follows_from_sealed_scores_and_from_no_officer(desk: Desk, clock: FixedClock) -> None:
    office = office_of(desk)
    with pytest.raises(RuleError, match="instrument_needs_round"):
        an_application_14b(office, desk)
    made = an_open_round(office, clock, "yz-14b")
    case = an_application_14b(office, desk)
    assert ask(office.house, office.firm, lambda view: rounds.round_of_case(view, case.id)).id == made.id
    with pytest.raises(RuleError, match="experts_too_few"):
        draw(office, case.id)
    people = experts(office, 4)
    draw(office, case.id)
    with pytest.raises(ConflictError, match="experts_drawn_already"):
        draw(office, case.id)
    panel = drawn_of(office, people, case.id)
    assert len(panel) == 3
    with pytest.raises(RuleError, match="review_incomplete"):
        assess(office, case, score=100)
    for expert, points in zip(panel, (9_999, 7_000, 5_999), strict=True):
        assert scores_of(office, case.id).seats[0].slip is None
        with pytest.raises(ConflictError, match="scores_missing"):
            open_scores(office, case.id)
        own = give(office, expert, case.id, points)
        assert own.slip is not None
        with pytest.raises(ConflictError, match="case_scored_already"):
            give(office, expert, case.id, 10_000)
    assert [seat.slip for seat in scores_of(office, case.id).seats] == [None] * 3
    opened = open_scores(office, case.id)
    assert opened.scores is not None
    assert opened.scores.total_hundredths == 7_666
    shown = scores_of(office, case.id)
    for seat in shown.seats:
        assert seat.slip is not None
        assert commitment_of(case.id, seat.expert, seat.slip.marks, seat.slip.salt) == seat.slip.commitment
    to_the_firm = scores_of(office, case.id, office.firm)
    assert (to_the_firm.seats, to_the_firm.draws, to_the_firm.given) == ((), (), 3)
    with pytest.raises(RuleError, match="grant_assessment_wrong"):
        assess(office, case, score=100)
    paid = to_the_bank(office, clock, scored(office, case))
    assert str(paid.amount) == "¥200,000.00"


def test_the_applicant_reads_no_dossier_that_names_the_experts_before_the_end(desk: Desk, clock: FixedClock) -> None:
    office = office_of(desk)
    an_open_round(office, clock, "yz-14b")
    case = an_application_14b(office, desk)
    people = experts(office, 3)

    def dossier(actor: Actor) -> bytes:
        while journal.sequence(office.house.database, clock, office.house.signing_key):
            pass
        return ask(office.house, actor, lambda view: dossiers.dossier(view, office.house.signing_key, case.id))

    assert dossier(office.firm)
    draw(office, case.id)
    with pytest.raises(ConflictError, match="dossier_names_experts"):
        dossier(office.firm)
    assert str(people[0].account).encode() in dossier(office.reviewer)
    for expert in people:
        give(office, expert, case.id, 1_000)
    assert open_scores(office, case.id).state is CaseState.REFUSED
    assert dossier(office.firm)


def scored(office: Office, case: Case) -> Case:
    """Assess what the applicant stated; the score is the experts'."""
    stated = ask(office.house, office.reviewer, lambda view: granting.claim(view, case.id)).stated
    command = AssessGrant(case.id, tuple(stated), {}, "Compared.")
    return do(office.house, office.reviewer, lambda work: granting.assess_grant(work, command))


def test_below_the_pass_score_nothing_is_due_and_the_case_ends(desk: Desk, clock: FixedClock) -> None:
    office = office_of(desk)
    an_open_round(office, clock, "yz-14b")
    case = an_application_14b(office, desk)
    people = experts(office, 3)
    draw(office, case.id)
    for expert, points in zip(people, (6_000, 6_000, 5_999), strict=True):
        give(office, expert, case.id, points)
    ended = open_scores(office, case.id)
    assert (ended.state, ended.amount) == (CaseState.REFUSED, ZERO)
    assert ended.refusal is not None
    assert ended.refusal.code == "scores_below_pass"


def test_anyone_who_has_the_seed_draws_the_same_experts_and_none_is_tied(desk: Desk, clock: FixedClock) -> None:
    office = office_of(desk)
    an_open_round(office, clock, "yz-14b")
    case = an_application_14b(office, desk)
    people = experts(office, 6)
    tied = people[0]
    interest = DeclareInterest(firm_of(office.firm), Ground.FORMER, "Worked there.")
    do(office.house, tied, lambda work: offices.declare_interest(work, interest))
    draw(office, case.id)
    lot = scores_of(office, case.id).draws[0]
    assert tied.account not in lot.candidates
    again = office_rules.by_lot(lot.seed, f"experts {case.id} 1", lot.candidates, 3)
    assert tuple(again) == lot.drawn
    strangers = [each for each in people if each.account not in lot.drawn]
    for stranger in strangers:
        with pytest.raises(NotFoundError, match="case_not_found"):
            do(office.house, stranger, lambda work, s=stranger: officers.recuse(work, case.id, s.account, "Curious."))
        with pytest.raises(NotFoundError):
            give(office, stranger, case.id, 8_000)
        with pytest.raises(NotFoundError):
            ask(office.house, stranger, lambda view: scoring.own_sheet(view, case.id))


def reached_at(office: Office, account: AccountId, address: str) -> None:
    now = office.house.clock.now()
    with office.house.database.writing() as connection:
        save_mail_address(connection, MailAddress(account, address, Language.ZH, None, now, now, None))


def test_an_expert_who_is_reached_where_the_firm_is_neither_stands_for_the_lot_nor_scores(
    desk: Desk, clock: FixedClock
) -> None:
    office = office_of(desk)
    an_open_round(office, clock, "yz-14b")
    case = an_application_14b(office, desk)
    people = experts(office, 5)
    member = AccountId.new()
    with office.house.database.writing() as connection:
        made = Account(
            id=member,
            login="member-of-the-firm",
            display_name="member",
            kind=AccountKind.PERSON,
            firm=firm_of(office.firm),
            authority=None,
            roles=frozenset({Role.OWNER}),
            state=AccountState.ACTIVE,
            created_at=clock.now(),
        )
        account_records.add_account(connection, made, None)
    reached_at(office, member, "desk@firm.example")
    first = people[0].account
    assert first is not None
    reached_at(office, first, "desk@firm.example")
    draw(office, case.id)
    assert first not in scores_of(office, case.id).draws[0].candidates
    panel = drawn_of(office, people, case.id)
    second = panel[0].account
    assert second is not None
    reached_at(office, second, "other@firm.example")
    with pytest.raises(NotAllowedError, match="officer_tie_detected"):
        give(office, panel[0], case.id, 8_000)
    do(office.house, office.reviewer, lambda work: scoring.replace_expert(work, case.id, second, "Tied."))
    assert {seat.expert for seat in scores_of(office, case.id).seats}.isdisjoint({first, second})


def test_an_expert_who_turns_out_to_be_tied_stops_the_payment_until_others_decided(
    desk: Desk, clock: FixedClock
) -> None:
    office = office_of(desk)
    an_open_round(office, clock, "yz-14b")
    case = an_application_14b(office, desk)
    people = experts(office, 4)
    draw(office, case.id)
    panel = drawn_of(office, people, case.id)
    for expert in panel:
        give(office, expert, case.id, 8_000)
    open_scores(office, case.id)
    through_notice(office, clock, scored(office, case))
    tied = panel[0]
    assert tied.account is not None
    interest = DeclareInterest(firm_of(office.firm), Ground.OWN, "Holds a share.", officer=tied.account)
    do(office.house, registrar_of(office), lambda work: offices.declare_interest(work, interest))
    with pytest.raises(RuleError) as refused:
        instruct(office, case.id)
    assert "decider_tied" in {each.code for each in refused.value.obstacles}
    back = do(
        office.house, registrar_of(office), lambda work: officers.recuse(work, case.id, tied.account, "Holds a share.")
    )
    assert (back.state, back.scores, back.assessment) == (CaseState.APPLIED, None, None)
    with pytest.raises(ConflictError, match="experts_barred"):
        open_scores(office, case.id)
    replaced = tied.account
    do(office.house, office.reviewer, lambda work: scoring.replace_expert(work, case.id, replaced, "Tied."))
    (newcomer,) = (each for each in people if each not in panel)
    give(office, newcomer, case.id, 9_500)
    assert open_scores(office, case.id).scores is not None
    # The amount is what it was, so that the notice stands; review and signatures are given anew.
    again = scored(office, case)
    review(office, again.id)
    sign_all(office, again.id)
    instruct(office, again.id)
    assert str(pay(office, again.id).amount) == "¥300,000.00"


def test_whoever_lets_the_days_pass_is_replaced_and_nobody_before(desk: Desk, clock: FixedClock) -> None:
    office = office_of(desk)
    an_open_round(office, clock, "yz-14b")
    case = an_application_14b(office, desk)
    people = experts(office, 4)
    draw(office, case.id)
    late, *others = drawn_of(office, people, case.id)
    for expert in others:
        give(office, expert, case.id, 8_000)
    wanted = late.account
    assert wanted is not None

    def replace_late() -> None:
        do(office.house, office.reviewer, lambda work: scoring.replace_expert(work, case.id, wanted, "Silent."))

    with pytest.raises(ConflictError, match="expert_may_score"):
        replace_late()
    clock.set(clock.now().plus(timedelta(days=20)))
    replace_late()
    with pytest.raises(NotFoundError):
        give(office, late, case.id, 8_000)
    (newcomer,) = (each for each in people if each.account not in {late.account, *(one.account for one in others)})
    give(office, newcomer, case.id, 8_000)
    assert open_scores(office, case.id).scores is not None


def test_an_expert_neither_reviews_nor_signs_nor_pays_the_case(desk: Desk, clock: FixedClock) -> None:
    office = office_of(desk)
    an_open_round(office, clock, "yz-14b")
    case = an_application_14b(office, desk)
    people = experts(office, 3)
    draw(office, case.id)
    # Whatever the account may become later.
    turned = replace(people[0], roles=frozenset({Role.REVIEWER, Role.SECTION_HEAD}))
    as_reviewer = replace(office, reviewer=turned)
    for act in (lambda: review(as_reviewer, case.id, passed=False), lambda: assess(as_reviewer, case)):
        with pytest.raises(NotAllowedError):
            act()
    held = ask(office.house, office.reviewer, lambda view: records.case_of(view.connection, case.id))
    assert held is not None
    assert held.experts == {each.account for each in people}


def test_applications_outside_a_window_are_refused_and_rounds_are_the_authoritys_own(
    desk: Desk, clock: FixedClock
) -> None:
    office = office_of(desk)
    terms = some_terms(office, clock)
    made = do(office.house, office.registrar, lambda work: rounds.publish_round(work, PublishRound("yz-14b", terms)))
    with pytest.raises(RuleError, match="round_opens_later"):
        an_application_14b(office, desk)
    later = replace(terms, title="更正", closes_at=terms.closes_at.plus(timedelta(days=1)))
    stranger = an_officer(type(office.authority).new(), Role.REGISTRAR)
    with pytest.raises(NotFoundError):
        do(office.house, stranger, lambda work: rounds.revise_round(work, made.id, later))
    revised = do(office.house, office.registrar, lambda work: rounds.revise_round(work, made.id, later))
    assert (revised.now.number, len(revised.revisions), revised.now.title) == (2, 2, "更正")
    clock.set(revised.now.opens_at)
    with pytest.raises(ConflictError, match="round_has_opened"):
        do(office.house, office.registrar, lambda work: rounds.revise_round(work, made.id, terms))
    case = an_application_14b(office, desk)
    early = MoveClosing(made.id, clock.now().plus(timedelta(hours=2)), "函1号", "资金用完")
    closed = do(office.house, office.registrar, lambda work: rounds.move_closing(work, early))
    assert (closed.now.decision_number, closed.now.opens_at) == ("函1号", revised.now.opens_at)
    clock.set(early.closes_at)
    with pytest.raises(RuleError, match="round_closed"):
        an_application_14b(office, desk)
    by_state = {
        state: ask(office.house, office.firm, lambda view, s=state: rounds.rounds(view, None, 10, state=s))
        for state in RoundState
    }
    assert {state: [each.id for each in found] for state, found in by_state.items()} == {
        RoundState.COMING: [],
        RoundState.OPEN: [],
        RoundState.CLOSED: [made.id],
    }
    (share,) = ask(office.house, office.reviewer, lambda view: rounds.division(view, made.id, None, 50))
    assert share == (ask(office.house, office.reviewer, lambda view: records.case_of(view.connection, case.id)), ZERO)
    with pytest.raises(NotFoundError):
        ask(
            office.house,
            an_officer(type(office.authority).new(), Role.REVIEWER),
            lambda view: rounds.division(view, made.id, None, 50),
        )


def shares_of(office: Office, made: Round) -> dict[CaseId, Money]:
    """Return what each case of a round receives, read in pages of one."""
    found: dict[CaseId, Money] = {}
    after = None
    while True:
        page = ask(office.house, office.reviewer, lambda view, a=after: rounds.division(view, made.id, a, 1))
        if not page:
            return found
        [(case, share)] = page
        assert case.id not in found
        found[case.id] = share
        after = (case.applied_at, case.id)


def test_the_money_of_a_round_is_divided_once_all_are_checked_and_nobody_is_paid_before(
    house: House, clock: FixedClock
) -> None:
    office = an_office(house, clock, YIZHOU)
    terms = replace(some_terms(office, clock, None), budget=Money.of_yuan("300000"))
    publish = PublishRound("yz-8-case", terms)
    made = do(office.house, office.registrar, lambda work: rounds.publish_round(work, publish))
    assert made.now.allocation is Allocation.FIRST_COME
    clock.set(made.now.opens_at)
    offices_of = (office, of_another(office))
    first, second = (
        apply(each, an_application(each, "yz-8-case", serial=str(number))) for number, each in enumerate(offices_of)
    )

    def divide() -> None:
        do(office.house, office.reviewer, lambda work: rounds.allot(work, made.id))

    with pytest.raises(ConflictError, match="round_takes_applications"):
        divide()
    clock.set(made.now.closes_at)
    assess(office, first)
    review(office, first.id)
    with pytest.raises(RuleError, match="notice_too_early"):
        post_notice(office, first.id)
    with pytest.raises(ConflictError, match="round_cases_unchecked"):
        divide()
    assess(office, second)
    review(office, second.id)
    divide()
    divide()
    stranger = an_officer(type(office.authority).new(), Role.REVIEWER)
    with pytest.raises(NotFoundError):
        do(office.house, stranger, lambda work: rounds.allot(work, made.id))
    shares = shares_of(office, made)
    assert {case: str(share) for case, share in shares.items()} == {
        first.id: "¥200,000.00",
        second.id: "¥100,000.00",
    }
    sign_all(office, second.id)
    noticed = post_notice(office, second.id)
    assert noticed.notice is not None
    clock.set(noticed.notice.ends_at)
    instruct(office, second.id)
    assert str(pay(office, second.id).amount) == "¥100,000.00"
    # What was paid comes off the budget; what is left is still enough for the other.
    divide()
    left = shares_of(office, made)
    assert left == shares


def test_a_returned_case_whose_share_changes_is_noticed_and_signed_anew(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    terms = replace(some_terms(office, clock, None), budget=Money.of_yuan("300000"))
    publish = PublishRound("yz-8-case", terms)
    made = do(office.house, office.registrar, lambda work: rounds.publish_round(work, publish))
    clock.set(made.now.opens_at)
    first, second = (
        apply(each, an_application(each, "yz-8-case", serial=str(number)))
        for number, each in enumerate((office, of_another(office)))
    )
    clock.set(made.now.closes_at)
    for each in (first, second):
        assess(office, each)
        review(office, each.id)
    do(house, office.reviewer, lambda work: rounds.allot(work, made.id))
    sign_all(office, second.id)
    noticed = post_notice(office, second.id)
    assert noticed.notice is not None
    clock.set(noticed.notice.ends_at)
    instruct(office, second.id)
    back = RecordReturn(second.id, "account closed")
    assert do(house, office.payer, lambda work: payments.record_return(work, back)).state is CaseState.RETURNED
    do(house, office.firm, lambda work: service.withdraw(work, WithdrawCase(first.id, "not needed")))
    do(house, office.reviewer, lambda work: rounds.allot(work, made.id))
    ((case, share),) = ask(house, office.reviewer, lambda view: rounds.division(view, made.id, None, 50))
    assert (case.state, str(share), str(case.amount)) == (CaseState.REVIEWED, "¥200,000.00", "¥200,000.00")


def test_a_round_of_what_is_scored_needs_a_sheet_that_passes_only_what_earns_something(
    desk: Desk, clock: FixedClock
) -> None:
    office = office_of(desk)
    terms = some_terms(office, clock)
    assert terms.sheet is not None
    for wrong, code in (
        (replace(terms, sheet=None), "round_without_score_sheet"),
        (replace(terms, sheet=replace(terms.sheet, pass_score=59)), "round_pass_score_too_low"),
        (replace(terms, opens_at=terms.opens_at.plus(-timedelta(hours=2))), "round_opens_too_early"),
    ):
        with pytest.raises(RuleError, match=code):
            do(
                office.house,
                office.registrar,
                lambda work, t=wrong: rounds.publish_round(work, PublishRound("yz-14b", t)),
            )
