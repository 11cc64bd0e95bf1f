"""An archive is disposed of past its term, with nothing that holds it, by two officers; the store may refuse."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from registry.actors.model import Actor
from registry.aftercare.remedy_model import RemedyState
from registry.archive import records, service
from registry.archive.keeping import carry_out_disposals, kept
from registry.archive.model import (
    CaseOutcome,
    DecideDisposal,
    Disposal,
    DisposalState,
    HoldReason,
    LiftHold,
    ProposeDisposal,
    SetHold,
)
from registry.archive.rules import require_disposable
from registry.errors import ConflictError, NotAllowedError, RuleError
from registry.journal.records import entries
from registry.journal.work import Command
from registry.values.digest import Digest
from registry.values.identifiers import CaseId
from registry.values.moment import SystemClock
from storage.errors import ObjectLockedError, StoreUnavailableError
from storage.object_store import Bucket
from tests.conftest import FixedClock
from tests.registry.aftercare.builders import ended, filed
from tests.registry.archive.builders import a_signer, archived, filing, sequence
from tests.registry.awards.builders import Desk, apply, review
from tests.registry.exchange.builders import ask, do

AGES = timedelta(days=31 * 366)


@pytest.fixture
def refused(desk: Desk) -> CaseId:
    """Return a case that was refused: its archive is kept for thirty years."""
    case = apply(desk)
    review(desk, case.id, passed=False)
    return case.id


@pytest.fixture
def signer(desk: Desk) -> Actor:
    """Return an officer of a rank who is new to everything."""
    assert desk.reviewer.authority is not None
    return a_signer(desk.reviewer.authority)


def proposed(desk: Desk, case: CaseId, actor: Actor | None = None) -> Disposal:
    return do(
        desk.house,
        actor or desk.reviewer,
        lambda work: service.propose_disposal(work, ProposeDisposal(case, "Its term has ended.")),
    )


def decided(desk: Desk, case: CaseId, actor: Actor, *, confirmed: bool = True) -> Disposal:
    command = DecideDisposal(case, confirmed, "As the list says.")
    return do(desk.house, actor, lambda work: service.decide_disposal(work, command))


def obstacles(refusal: pytest.ExceptionInfo[RuleError]) -> set[str]:
    return {each.code for each in refusal.value.obstacles}


def listed(desk: Desk) -> list[CaseId]:
    found = ask(
        desk.house,
        desk.reviewer,
        lambda view: service.archives(view, disposable=True, after=None, limit=10),
    )
    return [each.case for each in found]


def test_an_archive_whose_term_runs_is_not_disposed_of(desk: Desk, clock: FixedClock, refused: CaseId) -> None:
    with pytest.raises(ConflictError, match="archive_missing"):
        proposed(desk, refused)
    archived(desk, refused, timedelta(days=30))
    with pytest.raises(RuleError, match="archive_not_disposable") as refusal:
        proposed(desk, refused)
    assert obstacles(refusal) == {"archive_term_runs", "archive_retained_by_store"}
    assert listed(desk) == []
    until = {each.code: each.parameters.get("until") for each in refusal.value.obstacles}
    assert until["archive_term_runs"] == "2056-12-31"
    clock.advance(AGES)
    with pytest.raises(RuleError) as refusal:
        proposed(desk, refused)
    assert obstacles(refusal) == {"archive_retained_by_store"}


def test_two_officers_dispose_of_it_and_its_tombstone_stays(
    desk: Desk, clock: FixedClock, refused: CaseId, signer: Actor
) -> None:
    made = archived(desk, refused)
    clock.advance(AGES)
    assert listed(desk) == [refused]
    proposed(desk, refused)
    with pytest.raises(ConflictError, match="archive_disposal_proposed"):
        proposed(desk, refused)
    with pytest.raises(NotAllowedError):
        decided(desk, refused, desk.reviewer)
    assert decided(desk, refused, signer).state is DisposalState.CONFIRMED
    assert listed(desk) == []
    assert carry_out_disposals(desk.house) == 1
    assert carry_out_disposals(desk.house) == 0
    assert [found.place.key for found in desk.house.store.list(Bucket.LOG, "archives/")] == []
    shelf = ask(desk.house, desk.reviewer, lambda view: service.shelf(view, refused))
    assert ([each.digest for each in shelf.revisions], shelf.disposed) == ([made.digest], True)
    assert shelf.disposals[0].state is DisposalState.REMOVED
    assert list(kept(desk.house)) == []
    for attempt in (
        lambda: archived(desk, refused),
        lambda: ask(desk.house, desk.reviewer, lambda view: service.package(view, desk.house.store, refused, None)),
    ):
        with pytest.raises(ConflictError, match="archive_disposed"):
            attempt()
    with desk.house.view() as view:
        about = select(entries.c.type).where(entries.c.subject == str(refused), entries.c.type.like("archive.%"))
        assert view.connection.execute(about.order_by(entries.c.id)).scalars().all() == [
            "archive.case_archived",
            "archive.disposal_proposed",
            "archive.disposal_confirmed",
            "archive.packages_removed",
        ]


def test_whoever_proposed_it_does_not_confirm_it_in_another_role(
    desk: Desk, clock: FixedClock, refused: CaseId, signer: Actor
) -> None:
    archived(desk, refused)
    clock.advance(AGES)
    both = Actor(
        account=desk.reviewer.account,
        name="both",
        authority=desk.reviewer.authority,
        roles=desk.reviewer.roles | signer.roles,
        scopes=signer.scopes,
    )
    proposed(desk, refused, both)
    with pytest.raises(NotAllowedError, match="archive_disposal_own"):
        decided(desk, refused, both)
    assert decided(desk, refused, signer, confirmed=False).state is DisposalState.REJECTED
    assert carry_out_disposals(desk.house) == 0
    proposed(desk, refused)


def test_an_order_holds_it_until_another_lifts_it(
    desk: Desk, clock: FixedClock, refused: CaseId, signer: Actor
) -> None:
    archived(desk, refused)
    clock.advance(AGES)
    proposed(desk, refused)
    order = SetHold(refused, "封〔2056〕1号", "A court asks for the file.")
    hold = do(desk.house, signer, lambda work: service.set_hold(work, order))
    with pytest.raises(ConflictError, match="archive_hold_number_taken"):
        do(desk.house, signer, lambda work: service.set_hold(work, order))
    assert listed(desk) == []
    with pytest.raises(RuleError) as refusal:
        decided(desk, refused, signer)
    assert obstacles(refusal) == {"archive_held_by_order"}
    lifting = LiftHold(hold.id, "解〔2056〕1号", "The court has closed its case.")
    elsewhere = a_signer(desk.scene.market.authority)
    assert elsewhere.authority == signer.authority
    do(desk.house, elsewhere, lambda work: service.lift_hold(work, lifting))
    with pytest.raises(ConflictError, match="archive_hold_lifted"):
        do(desk.house, signer, lambda work: service.lift_hold(work, lifting))
    assert listed(desk) == [refused]
    assert decided(desk, refused, signer).state is DisposalState.CONFIRMED
    with pytest.raises(NotAllowedError):
        do(desk.house, desk.payer, lambda work: service.set_hold(work, order))


def test_a_remedy_holds_it_while_it_is_open(desk: Desk, clock: FixedClock, refused: CaseId, signer: Actor) -> None:
    remedy = filed(desk.house, desk.scene.publisher, refused)
    archived(desk, refused)
    clock.advance(AGES)
    shelf = ask(desk.house, desk.reviewer, lambda view: service.shelf(view, refused))
    assert (shelf.held, listed(desk)) == ((HoldReason.REMEDY,), [])
    with pytest.raises(RuleError) as refusal:
        proposed(desk, refused)
    assert obstacles(refusal) == {"archive_held_by_remedy"}
    ended(desk.house, signer, remedy.id, RemedyState.UPHELD)
    assert listed(desk) == [refused]
    assert archived(desk, refused).number == 2


def test_a_store_that_refuses_leaves_it_confirmed_and_whole(
    desk: Desk, clock: FixedClock, refused: CaseId, signer: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    archived(desk, refused)
    clock.advance(AGES)
    proposed(desk, refused)
    decided(desk, refused, signer)
    for refusal in (ObjectLockedError("object_locked"), StoreUnavailableError("store_unavailable")):

        def refuse(*_: object, refusal: Exception = refusal, **__: object) -> None:
            raise refusal

        with monkeypatch.context() as patched:
            patched.setattr(type(desk.house.store), "delete", refuse)
            assert carry_out_disposals(desk.house) == 0
        with desk.house.view() as view:
            (found,) = records.disposals_of(view.connection, refused)
        assert (found.state, found.removed_at) == (DisposalState.CONFIRMED, None)
        assert len(list(desk.house.store.list(Bucket.LOG, "archives/"))) == 1
    assert carry_out_disposals(desk.house) == 1


def test_the_same_key_gives_the_first_answer(desk: Desk, refused: CaseId) -> None:
    sequence(desk.house)
    how = filing(desk.house)
    command = Command("archive_case", "the key of the test", Digest.of(refused.encode()))

    def answer() -> tuple[object, bool]:
        done = desk.house.perform(
            desk.reviewer, command, lambda work: {"number": service.archive_case(work, how, refused).number}
        )
        return done.result["number"], done.replayed

    assert [answer(), answer()] == [(1, False), (1, True)]


def test_the_list_of_an_office_is_paged_and_its_own(desk: Desk, clock: FixedClock, refused: CaseId) -> None:
    archived(desk, refused)
    clock.advance(AGES)
    page = ask(desk.house, desk.reviewer, lambda view: service.archives(view, disposable=True, after=refused, limit=10))
    assert page == ()
    with pytest.raises(NotAllowedError):
        ask(desk.house, desk.scene.publisher, lambda view: service.archives(view, disposable=True, after=None, limit=1))
    shelf = ask(desk.house, desk.reviewer, lambda view: service.shelf(view, refused))
    today, store_now = clock.now().civil_day(), SystemClock().now()
    require_disposable(shelf, CaseOutcome.REFUSED, today, store_now)
    with pytest.raises(RuleError) as refusal:
        require_disposable(shelf, CaseOutcome.RECOVERED, today, store_now)
    assert obstacles(refusal) == {"archive_outdated"}
