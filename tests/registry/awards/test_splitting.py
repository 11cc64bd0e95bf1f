"""Joint makers in the registry: who signs, who counts as independent, what stops a payment, what each one receives."""

import csv
import io
from dataclasses import replace

import pytest

from registry.actors.model import Actor
from registry.aftercare import recoveries
from registry.awards import correcting, service, splitting
from registry.awards.commands import SignSplit, WithdrawCase
from registry.awards.grant_model import AnswerCorrection, AskCorrection
from registry.awards.model import Case, CaseState
from registry.awards.payment_lists import as_csv, payment_list
from registry.dossier import service as dossiers
from registry.dossier.rules import recompute_bytes
from registry.errors import ConflictError, Finding, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.journal import service as journal
from registry.parties import service as parties
from registry.parties.commands import RecordSanction
from registry.parties.model import Period, Predicate
from registry.values.money import Money
from registry.vouchers.payee import PayeeGiven
from tests.conftest import FixedClock
from tests.registry.adoption.builders import own
from tests.registry.aftercare.builders import opened
from tests.registry.awards.builders import (
    Desk,
    an_application,
    apply,
    case_now,
    instruct,
    pay,
    post_notice,
    review,
    sign_all,
)
from tests.registry.exchange.builders import a_buyer, a_firm, ask, do, firm_of, record_fact

ACCOUNT = "6222 0200 8765 4321"


def a_maker(desk: Desk) -> Actor:
    """Return a firm that operates in the region and whose credit is clean."""
    return a_buyer(desk.house, desk.scene.market.registrar)


def name_of(desk: Desk, owner: Actor) -> str:
    return ask(desk.house, owner, lambda view: parties.firm(view, firm_of(owner))).name


def shared_with(desk: Desk, maker: Actor, share: int = 3_333) -> Case:
    """Apply for the award together with ``maker``."""
    shares = {firm_of(desk.scene.publisher): 10_000 - share, firm_of(maker): share}
    return apply(desk, replace(an_application(desk), joint_makers=shares))


def sign_split(desk: Desk, case: Case, maker: Actor, name: str | None = None) -> Case:
    """Sign the split of a case as it stands."""
    digest = case_now(desk, case.id).split_digest
    assert digest is not None
    command = SignSplit(case.id, digest, PayeeGiven(name or name_of(desk, maker), "ABC Hami", ACCOUNT))
    return do(desk.house, maker, lambda work: splitting.sign_split(work, desk.house.secret, command))


def codes(error: RuleError) -> set[str]:
    return {obstacle.code for obstacle in error.obstacles}


def test_two_makers_are_paid_by_line_to_their_own_accounts_and_the_dossier_holds(desk: Desk, clock: FixedClock) -> None:
    maker = a_maker(desk)
    case = shared_with(desk, maker)
    assert [(line.firm, line.amount.fen) for line in case.lines] == [
        (firm_of(desk.scene.publisher), 3_333_500),
        (firm_of(maker), 1_666_500),
    ]
    with pytest.raises(RuleError) as refused:
        review(desk, case.id)
    assert [(each.code, each.parameters["firm"]) for each in refused.value.obstacles] == [
        ("split_not_signed", name_of(desk, maker))
    ]
    with pytest.raises(RuleError, match="split_not_signable"):
        sign_split(desk, case, maker, name="Somebody else")
    sign_split(desk, case, maker)
    with pytest.raises(ConflictError, match="split_signed_already"):
        sign_split(desk, case, maker)
    do(desk.house, maker, lambda work: splitting.withdraw_signature(work, case.id))
    with pytest.raises(RuleError, match="review_incomplete"):
        review(desk, case.id)
    seen = sign_split(desk, case, maker)
    assert ([line.number for line in seen.lines], seen.payee) == ([2], None)
    review(desk, case.id)
    with pytest.raises(ConflictError, match="case_wrong_state"):
        do(desk.house, maker, lambda work: splitting.withdraw_signature(work, case.id))
    sign_all(desk, case.id)
    noticed = post_notice(desk, case.id)
    assert noticed.notice is not None
    clock.set(noticed.notice.ends_at)
    instruct(desk, case.id)
    listed = ask(desk.house, desk.payer, lambda view: payment_list(view, desk.house.secret, case.id))
    assert [(line.unit, line.payee.digits[-4:], line.amount.fen) for line in listed] == [
        (name_of(desk, desk.scene.publisher), "5678", 3_333_500),
        (name_of(desk, maker), "4321", 1_666_500),
    ]
    rows = list(csv.reader(io.StringIO(as_csv(listed).decode("utf-8-sig"))))
    assert [row[9] for row in rows[1:]] == ["33335.00", "16665.00", "50000.00"]
    paid = pay(desk, case.id)
    assert (paid.state, paid.amount, len(paid.lines)) == (CaseState.PAID, Money(5_000_000), 2)
    again = ask(desk.house, desk.payer, lambda view: service.replay(view, case.id))
    assert (again.amount, again.facts_digest) == (Money(5_000_000), case.facts)
    house = desk.house
    while journal.sequence(house.database, house.clock, house.signing_key):
        pass
    content = ask(house, desk.payer, lambda view: dossiers.dossier(view, house.signing_key, case.id))
    assert recompute_bytes(content, [house.signing_key.verifier]) == []
    # What was paid on a line is recovered from its firm, up to its own part.
    with pytest.raises(RuleError, match="recovery_exceeds_payment"):
        opened(desk, case.id, amount="16665.01", line=2)
    recovery = opened(desk, case.id, amount="16665", line=2)
    assert recovery.firm == firm_of(maker)
    with pytest.raises(NotFoundError):
        ask(house, desk.scene.publisher, lambda view: recoveries.recovery(view, recovery.id))


def test_a_joint_maker_signs_nothing_else_and_nobody_else_signs_the_split(desk: Desk) -> None:
    maker, stranger = a_maker(desk), a_maker(desk)
    case = shared_with(desk, maker)
    assert not [each for each in ask(desk.house, stranger, lambda view: service.cases(view, None, 9)) if each]
    with pytest.raises(NotFoundError, match="case_not_found"):
        sign_split(desk, case, stranger)
    with pytest.raises(NotAllowedError, match="split_signed_by_filing"):
        sign_split(desk, case, desk.scene.publisher)
    with pytest.raises(NotFoundError, match="case_not_found"):
        do(desk.house, maker, lambda work: service.withdraw(work, WithdrawCase(case.id, "mine")))
    with pytest.raises(NotAllowedError, match="not_yours"):
        ask(desk.house, maker, lambda view: dossiers.dossier(view, desk.house.signing_key, case.id))
    assert [each.id for each in ask(desk.house, maker, lambda view: service.cases(view, None, 9))] == [case.id]
    # One award for the lineage, whoever files it.
    with pytest.raises(RuleError) as refused:
        shared_with(desk, stranger)
    assert "no_other_case" in codes(refused.value)


def test_adopters_of_a_joint_makers_group_never_count(desk: Desk) -> None:
    maker = a_maker(desk)
    own(desk.scene.market, maker, desk.scene.leaders[0])
    with pytest.raises(RuleError) as refused:
        shared_with(desk, maker)
    assert [each.parameters for each in refused.value.obstacles if each.code == "adopted_by_leading_firms"] == [
        {"counted": 2, "needed": 3}
    ]
    # The publisher alone is tied to none of them.
    assert apply(desk).state is CaseState.APPLIED


def test_each_maker_is_asked_what_the_applicant_is_asked(desk: Desk) -> None:
    unknown = a_firm(desk.house, desk.scene.market.registrar)
    with pytest.raises(RuleError) as refused:
        shared_with(desk, unknown)
    assert {"applicant_credit_clean", "applicant_operates_in_region"} <= codes(refused.value)
    for predicate in (Predicate.CREDIT_CLEAN, Predicate.OPERATES_IN_REGION):
        record_fact(desk.house, desk.scene.market.registrar, unknown, predicate, Finding.MET)
    assert len(shared_with(desk, unknown).lines) == 2


def test_a_split_without_the_applicant_is_refused(desk: Desk) -> None:
    makers = {firm_of(a_maker(desk)): 5_000, firm_of(a_maker(desk)): 5_000}
    with pytest.raises(RuleError) as refused:
        apply(desk, replace(an_application(desk), joint_makers=makers))
    assert "grant_split_without_applicant" in codes(refused.value)


def test_a_sanction_on_one_maker_holds_the_whole_case_and_names_its_line(desk: Desk, clock: FixedClock) -> None:
    maker = a_maker(desk)
    case = shared_with(desk, maker)
    sign_split(desk, case, maker)
    review(desk, case.id)
    sign_all(desk, case.id)
    noticed = post_notice(desk, case.id)
    assert noticed.notice is not None
    clock.set(noticed.notice.ends_at)
    day = clock.now().civil_day()
    sanction = RecordSanction(
        firm_of(maker), "财政局", "罚〔2026〕1号", "427号令", ("all",), Period(day, None), day, "", "决定书", day
    )
    do(desk.house, desk.scene.market.registrar, lambda work: parties.record_sanction(work, sanction))
    with pytest.raises(RuleError) as refused:
        instruct(desk, case.id)
    assert [(each.code, each.parameters["line"]) for each in refused.value.obstacles] == [("sanction_stops_payment", 2)]


def test_another_split_in_the_answer_to_a_correction_is_signed_anew(desk: Desk) -> None:
    maker = a_maker(desk)
    case = shared_with(desk, maker)
    signed = sign_split(desk, case, maker)
    do(desk.house, desk.reviewer, lambda work: correcting.ask_correction(work, AskCorrection(case.id, ("split",))))
    publisher = desk.scene.publisher
    others = AnswerCorrection(case.id, "so", {}, {}, {firm_of(publisher): 5_000, firm_of(a_maker(desk)): 5_000})
    with pytest.raises(InvalidValueError, match="split_of_other_makers"):
        do(desk.house, publisher, lambda work: correcting.answer_correction(work, others))
    answer = replace(others, joint_makers={firm_of(publisher): 5_000, firm_of(maker): 5_000})
    changed = do(desk.house, publisher, lambda work: correcting.answer_correction(work, answer))
    assert [line.amount.fen for line in changed.lines] == [2_500_000, 2_500_000]
    assert [each.signed for each in changed.split] == [True, False]
    assert signed.split_digest is not None
    old = SignSplit(case.id, signed.split_digest, PayeeGiven(name_of(desk, maker), "ABC Hami", ACCOUNT))
    with pytest.raises(ConflictError, match="split_changed"):
        do(desk.house, maker, lambda work: splitting.sign_split(work, desk.house.secret, old))
    with pytest.raises(RuleError, match="review_incomplete"):
        review(desk, case.id)
    sign_split(desk, case, maker)
    assert review(desk, case.id).state is CaseState.REVIEWED
