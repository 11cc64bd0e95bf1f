"""A verdict that was recorded is made again from what was recorded by then, byte for byte."""

from datetime import timedelta

from registry.awards import records, service
from registry.awards.award_model import AwardVerdict
from registry.awards.verdicts import verdict_json
from registry.errors import Finding
from registry.parties import service as parties
from registry.parties.commands import RecordFact, WithdrawLeader
from registry.parties.model import Period, Predicate
from registry.values.canonical import canonical_json
from registry.values.moment import Moment
from tests.conftest import FixedClock
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
