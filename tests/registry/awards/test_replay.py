"""A verdict that was recorded is made again from what was recorded by then, byte for byte."""

from datetime import timedelta

from registry.adoption import service as adoption
from registry.awards import records, service
from registry.awards.award_model import AwardVerdict
from registry.awards.commands import WithdrawCase
from registry.awards.model import Case
from registry.awards.verdicts import verdict_json
from registry.catalog import service as catalog
from registry.catalog.model import VersionName
from registry.errors import Finding
from registry.parties import service as parties
from registry.parties.commands import RecordFact, WithdrawLeader
from registry.parties.model import Period, Predicate
from registry.values.canonical import canonical_json
from registry.values.moment import Moment
from tests.conftest import FixedClock
from tests.registry.adoption.builders import withdraw
from tests.registry.awards.builders import INSTRUMENT, Desk, apply, check
from tests.registry.exchange.builders import ask, do, firm_of


def again(desk: Desk, as_of: Moment) -> AwardVerdict:
    """Make the verdict of an instant again."""
    return ask(
        desk.house,
        desk.scene.publisher,
        lambda view: service.check_award(view, INSTRUMENT, desk.scene.dataset.name, as_of=as_of),
    )


def test_a_recorded_verdict_is_replayed_byte_for_byte(desk: Desk, clock: FixedClock) -> None:
    clock.advance(timedelta(minutes=1))
    decided_at = clock.now()
    case = apply(desk)
    clock.advance(timedelta(days=1))
    market, publisher = desk.scene.market, firm_of(desk.scene.publisher)
    today = clock.now().civil_day()
    correction = RecordFact(
        publisher, Predicate.CREDIT_CLEAN, Finding.UNMET, Period(today.replace(day=1), None), "信用中国", today
    )
    do(desk.house, market.registrar, lambda work: parties.record_fact(work, correction))
    lists = ask(desk.house, market.registrar, lambda view: parties.leader_lists(view, None, 10))
    for found, entries in lists:
        off = WithdrawLeader(found.id, entries[0].uscc, found.valid.first or today, "更正")
        do(desk.house, market.registrar, lambda work, command=off: parties.withdraw_leader(work, command))

    with desk.house.view(desk.reviewer) as view:
        ((kept, verdict),) = records.decisions_of(view.connection, case.id)
    replayed = again(desk, decided_at)
    assert canonical_json(replayed.facts) == canonical_json(kept.facts)
    assert canonical_json(verdict_json(replayed)) == canonical_json(verdict)
    assert replayed.eligible
    assert {"adopted_by_leading_firms", "applicant_credit_clean"} <= {each.code for each in check(desk).obstacles}


def kept_of(desk: Desk, case: Case) -> tuple[bytes, bytes]:
    """Return snapshot and verdict of an application as they were recorded."""
    with desk.house.view(desk.reviewer) as view:
        decision, verdict = records.decisions_of(view.connection, case.id)[0]
    return canonical_json(decision.facts), canonical_json(verdict)


def as_bytes(verdict: AwardVerdict) -> tuple[bytes, bytes]:
    return canonical_json(verdict.facts), canonical_json(verdict_json(verdict))


def test_versions_adoptions_and_competing_cases_are_those_of_then(desk: Desk, clock: FixedClock) -> None:
    def later() -> Moment:
        clock.advance(timedelta(hours=1))
        return clock.now()

    publisher, dataset = desk.scene.publisher, desk.scene.dataset.name
    first_at = later()
    first = apply(desk)
    while_open_at = later()
    while_open = as_bytes(check(desk))
    later()
    do(desk.house, publisher, lambda work: service.withdraw(work, WithdrawCase(first.id, "a mistake")))
    second_at = later()
    second = apply(desk)
    later()
    (receipt, *_) = ask(desk.house, publisher, lambda view: adoption.receipts(view, desk.scene.dataset.id))
    adopter = next(leader for leader in desk.scene.leaders if leader.firm == receipt.adopter)
    withdraw(desk.scene, adopter, receipt.id)
    do(desk.house, publisher, lambda work: catalog.withdraw_version(work, VersionName(dataset, 1), "broken"))
    withdrawn_at = later()
    withdrawn = as_bytes(check(desk))
    later()
    do(desk.house, publisher, lambda work: service.withdraw(work, WithdrawCase(second.id, "the version is gone")))
    later()

    assert as_bytes(again(desk, first_at)) == kept_of(desk, first)
    assert as_bytes(again(desk, while_open_at)) == while_open
    assert as_bytes(again(desk, second_at)) == kept_of(desk, second)
    assert as_bytes(again(desk, withdrawn_at)) == withdrawn
    # What happened between is in them: a case that stood, a version and an adoption that were withdrawn.
    assert len({kept_of(desk, first)[0], while_open[0], withdrawn[0]}) == 3
    assert first.id in while_open[0].decode()
    assert again(desk, second_at).eligible
    assert not check(desk).eligible
