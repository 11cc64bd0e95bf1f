"""Remedies: filed in time or taken late, one after the other; what an annulment does to what was decided."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from registry.actors.model import Actor, Role
from registry.aftercare import remedies
from registry.aftercare.remedy_model import (
    EndRemedy,
    FileRemedy,
    Remedy,
    RemedyKind,
    RemedyState,
    Subject,
    WithdrawRemedy,
)
from registry.awards import officers, procedure, reopening, service
from registry.awards.commands import FormBatch
from registry.awards.model import ActKind, Case, CaseState
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.house import House
from registry.journal.work import Work
from registry.parties import service as parties
from registry.parties.commands import RecordSanction
from registry.parties.model import Period
from registry.values.identifiers import CaseId
from registry.vouchers import service as vouchers
from tests.conftest import FixedClock
from tests.registry.aftercare.builders import a_decider, ended, filed, served_today, today
from tests.registry.awards import test_batches
from tests.registry.awards.builders import (
    Desk,
    a_review,
    an_application,
    apply,
    appropriate,
    case_now,
    review,
    rule_on_everything,
)
from tests.registry.exchange.builders import a_market, an_officer, ask, do, firm_of
from tests.registry.vouchers.builders import a_pool


@pytest.fixture
def refused(desk: Desk) -> Case:
    """An award that the reviewer refused."""
    return review(desk, apply(desk).id, passed=False)


def served(desk: Desk, case: CaseId) -> Case:
    proof = served_today(desk.house).as_json()
    return do(desk.house, desk.reviewer, lambda work: reopening.serve_refusal(work, case, proof))


def decider_of(desk: Desk) -> Actor:
    return a_decider(desk.scene.market.authority)


def entered(desk: Desk, subject: Subject, *, late: str | None = None, days_ago: int = 0) -> Remedy:
    """Let an officer enter what another organ received."""
    day = today(desk.house) - timedelta(days=days_ago)
    command = FileRemedy(subject, RemedyKind.RECONSIDERATION, "区人民政府", "复〔2026〕1号", "Wrong.", day, late)
    return do(desk.house, desk.reviewer, lambda work: remedies.file_remedy(work, command))


def test_a_refusal_that_is_annulled_is_decided_anew_by_others(desk: Desk, refused: Case) -> None:
    assert served(desk, refused.id).refusal.served_on == today(desk.house)  # type: ignore[union-attr]
    with pytest.raises(ConflictError, match="decision_served_already"):
        served(desk, refused.id)
    publisher = desk.scene.publisher
    remedy = filed(desk.house, publisher, refused.id)
    both = replace(desk.reviewer, roles=desk.reviewer.roles | {Role.SECTION_HEAD})
    with pytest.raises(NotAllowedError, match="officer_already_acted"):
        ended(desk.house, both, remedy.id, RemedyState.ANNULLED)
    ended(desk.house, decider_of(desk), remedy.id, RemedyState.ANNULLED)
    case = case_now(desk, refused.id)
    assert (case.state, case.refusal, case.review) == (CaseState.APPLIED, None, None)
    assert [act.kind for act in case.acts] == [
        ActKind.REVIEWED,
        ActKind.REFUSED,
        ActKind.REFUSAL_SERVED,
        ActKind.REOPENED,
    ]
    with pytest.raises(NotAllowedError, match="officer_recused"):
        review(desk, case.id)
    other = an_officer(desk.scene.market.authority, Role.REVIEWER)
    draws = ask(desk.house, desk.reviewer, lambda view: officers.draws(view, case.id))
    assert all(each.reason != "reopened" or each.drawn != desk.reviewer.account for each in draws)
    again = do(desk.house, other, lambda work: procedure.review(work, a_review(case.id, passed=False)))
    assert again.state is CaseState.REFUSED, "refused again, by somebody new"
    assert again.refusal is not None
    assert again.refusal.number != refused.refusal.number  # type: ignore[union-attr]
    assert again.refusal.served_on is None
    assert filed(desk.house, publisher, case.id).until is None, "its term begins with service"


def test_an_annulment_waits_where_another_case_has_taken_the_place(desk: Desk, refused: Case) -> None:
    remedy = filed(desk.house, desk.scene.publisher, refused.id)
    apply(desk)
    with pytest.raises(ConflictError, match="award_case_stands"):
        ended(desk.house, decider_of(desk), remedy.id, RemedyState.ANNULLED)
    assert case_now(desk, refused.id).state is CaseState.REFUSED


def test_an_annulment_waits_for_an_application_that_is_being_written(desk: Desk, refused: Case) -> None:
    remedy = filed(desk.house, desk.scene.publisher, refused.id)
    written, go_on, said = threading.Event(), threading.Event(), list[str]()

    def apply_slowly() -> None:
        def act(work: Work) -> Case:
            made = service.apply(work, desk.house.secret, an_application(desk))
            written.set()
            go_on.wait(60)
            return made

        do(desk.house, desk.scene.publisher, act)

    def annul() -> None:
        try:
            ended(desk.house, decider_of(desk), remedy.id, RemedyState.ANNULLED)
            said.append("annulled")
        except ConflictError as refusal:
            said.append(refusal.code)

    applying, annulling = threading.Thread(target=apply_slowly), threading.Thread(target=annul)
    applying.start()
    assert written.wait(60)
    annulling.start()
    annulling.join(2)
    go_on.set()
    applying.join()
    annulling.join()
    assert said == ["award_case_stands"]
    assert case_now(desk, refused.id).state is CaseState.REFUSED


def test_an_application_waits_for_an_annulment_that_is_being_written(desk: Desk, refused: Case) -> None:
    remedy = filed(desk.house, desk.scene.publisher, refused.id)
    command = EndRemedy(remedy.id, RemedyState.ANNULLED, "复〔2026〕2号", today(desk.house), "As the file shows.")
    written, go_on, said = threading.Event(), threading.Event(), list[str]()

    def annul_slowly() -> None:
        def act(work: Work) -> Remedy:
            made = remedies.end(work, command)
            written.set()
            go_on.wait(60)
            return made

        do(desk.house, decider_of(desk), act)

    def apply_now() -> None:
        try:
            apply(desk)
            said.append("applied")
        except (ConflictError, RuleError) as refusal:
            said.append(refusal.code)

    annulling, applying = threading.Thread(target=annul_slowly), threading.Thread(target=apply_now)
    annulling.start()
    assert written.wait(60)
    applying.start()
    applying.join(2)
    go_on.set()
    annulling.join()
    applying.join()
    assert said == ["award_case_stands"]
    assert case_now(desk, refused.id).state is CaseState.APPLIED


def test_a_refused_batch_settles_its_vouchers_again_unless_another_batch_has_them(house: House) -> None:
    market = a_market(house)
    a_pool(market)
    rule_on_everything(market)
    appropriate(market)
    desk = test_batches.a_desk_of(market)
    case, voucher = test_batches.a_batch(market)
    review(desk, case.id, passed=False)
    remedy = filed(house, market.buyer, case.id)
    ended(house, a_decider(market.authority), remedy.id, RemedyState.ANNULLED)
    assert case_now(desk, case.id).state is CaseState.APPLIED
    assert test_batches.state_of(market, voucher).value == "settled"
    other = an_officer(market.authority, Role.REVIEWER)
    do(house, other, lambda work: procedure.review(work, a_review(case.id, passed=False)))
    second = do(
        house,
        market.reviewer,
        lambda work: test_batches.batches.form_batch(work, FormBatch(test_batches.DOCUMENT, None)),
    )
    moot = ended(house, a_decider(market.authority), filed(house, market.buyer, case.id).id, RemedyState.ANNULLED)
    assert moot.state is RemedyState.ANNULLED
    assert case_now(desk, case.id).state is CaseState.REFUSED, "its vouchers are decided anew in another batch"
    assert case_now(desk, second.id).state is CaseState.APPLIED
    with house.view(market.payer) as view:
        vouchers.verify_ledger(view.connection)


def test_one_after_the_other_and_late_only_by_an_officers_decision(
    desk: Desk, refused: Case, clock: FixedClock
) -> None:
    publisher = desk.scene.publisher
    served(desk, refused.id)
    first = filed(desk.house, publisher, refused.id)
    with pytest.raises(ConflictError, match="remedy_open_already"):
        entered(desk, refused.id)
    ended(desk.house, decider_of(desk), first.id, RemedyState.UPHELD)
    with pytest.raises(ConflictError, match="remedy_ended_already"):
        ended(desk.house, decider_of(desk), first.id, RemedyState.ANNULLED)
    with pytest.raises(ConflictError, match="remedy_of_earlier_kind"):
        filed(desk.house, publisher, refused.id)
    clock.advance(timedelta(days=70))
    with pytest.raises(RuleError, match="remedy_too_late"):
        filed(desk.house, publisher, refused.id, RemedyKind.RECONSIDERATION)
    with pytest.raises(RuleError, match="remedy_too_late"):
        entered(desk, refused.id)
    with pytest.raises(InvalidValueError, match="remedy_not_late"):
        entered(desk, refused.id, late="ill", days_ago=60)
    own = FileRemedy(refused.id, RemedyKind.RECONSIDERATION, "区人民政府", "", "Wrong.", None, "ill")
    with pytest.raises(InvalidValueError, match="remedy_day_is_the_offices"):
        do(desk.house, publisher, lambda work: remedies.file_remedy(work, own))
    taken = entered(desk, refused.id, late="Force majeure.")
    assert (taken.is_late, taken.firm) == (True, firm_of(publisher))
    withdrawn = WithdrawRemedy(taken.id, "settled")
    other = desk.scene.market.exchange
    with pytest.raises(NotFoundError):
        do(desk.house, other, lambda work: remedies.withdraw(work, withdrawn))
    assert do(desk.house, publisher, lambda work: remedies.withdraw(work, withdrawn)).state is RemedyState.WITHDRAWN
    found = ask(desk.house, publisher, lambda view: remedies.remedies(view, refused.id, None, 10))
    assert [each.kind for each in found] == [RemedyKind.RECONSIDERATION, RemedyKind.REVIEW]
    assert ask(desk.house, other, lambda view: remedies.remedies(view, None, None, 10)) == ()


def test_a_sanction_that_is_annulled_ends(desk: Desk) -> None:
    firm, day = firm_of(desk.scene.publisher), today(desk.house)
    registrar, authority = desk.scene.market.registrar, desk.scene.market.authority
    command = RecordSanction(firm, "财政局", "1号", "条例", ("all",), Period(day, None), day, "", "决定书", day)
    sanction = do(desk.house, registrar, lambda work: parties.record_sanction(work, command))

    def in_force() -> int:
        return len(ask(desk.house, desk.payer, lambda view: parties.sanctions(view, authority, firm, day)))

    assert in_force() == 1
    with pytest.raises(NotFoundError):
        filed(desk.house, desk.scene.market.exchange, sanction.id)
    remedy = filed(desk.house, desk.scene.publisher, sanction.id)
    assert (remedy.case, remedy.until) != (None, None)
    ended(desk.house, decider_of(desk), remedy.id, RemedyState.ANNULLED)
    assert in_force() == 0
    with pytest.raises(NotFoundError):
        filed(desk.house, desk.scene.publisher, sanction.id, RemedyKind.LITIGATION)
