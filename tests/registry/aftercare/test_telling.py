"""What is told of recoveries and remedies, and that they stand in the one list of what an office has to do."""

from sqlalchemy import select

from registry.aftercare.dues import dues, dues_within
from registry.aftercare.remedy_model import RemedyKind, RemedyState
from registry.awards import reopening
from registry.awards.reminders import remind
from registry.awards.waiting import Matter
from registry.messages.model import Topic
from registry.parties import service as parties
from registry.parties.commands import RecordSanction
from registry.parties.model import Period
from storage.outbox import outbox
from tests.conftest import FixedClock
from tests.registry.aftercare.builders import (
    a_decider,
    a_paid_case,
    a_served_recovery,
    ended,
    filed,
    repaid,
    served_today,
    today,
)
from tests.registry.awards.builders import Desk, apply, review
from tests.registry.exchange.builders import a_firm, ask, do, firm_of
from tests.registry.messages.test_announcing import a_webhook


def topics_told(desk: Desk, destination: str) -> list[str]:
    """Return what a webhook was told, in order."""
    query = select(outbox.c.topic).where(outbox.c.destination == destination).order_by(outbox.c.id)
    with desk.house.database.reading() as connection:
        return list(connection.execute(query).scalars())


def waited_for(desk: Desk) -> list[tuple[str, str]]:
    """Return what the office has to do, and about what."""
    return [(each.wait.step.value, each.case.id) for each in ask(desk.house, desk.reviewer, dues)]


def test_each_step_of_a_recovery_and_a_remedy_is_told_to_the_party_alone(desk: Desk, clock: FixedClock) -> None:
    publisher, authority = desk.scene.publisher, desk.scene.market.authority
    case = a_paid_case(desk, clock)
    watched = [topic for topic in Topic if topic.value.startswith(("recovery.", "remedy."))]
    own = [a_webhook(desk.house, publisher, topic) for topic in watched]
    stranger = a_webhook(desk.house, a_firm(desk.house, desk.scene.market.registrar), Topic.RECOVERY_OPENED)
    recovery = a_served_recovery(desk, case, publisher, a_decider(authority))
    repaid(desk, recovery.id, "20000", "BACK-1")
    remedy = filed(desk.house, publisher, recovery.id, RemedyKind.RECONSIDERATION)
    # Another organ decides; that its decision is recorded waits in the same list as the repayment.
    assert sorted(step for step, _ in waited_for(desk)) == ["reconsideration", "repayment"]
    ended(desk.house, a_decider(authority), remedy.id, RemedyState.ANNULLED)
    told = [topic for hook in own for topic in topics_told(desk, str(hook))]
    assert set(told) == {
        "recovery.opened",
        "recovery.notified",
        "recovery.heard",
        "recovery.decided",
        "recovery.served",
        "recovery.repaid",
        "recovery.annulled",
        "remedy.filed",
        "remedy.annulled",
    }
    assert (len(told), topics_told(desk, str(stranger))) == (len(set(told)), [])
    with desk.house.database.reading() as connection:
        bodies = list(connection.execute(select(outbox.c.body).where(outbox.c.topic == "recovery.opened")).scalars())
    assert all("amount_fen" not in body["data"] and "facts" not in body["data"] for body in bodies)


def test_a_refusal_waits_for_its_service_and_a_remedy_against_a_sanction_for_its_outcome(desk: Desk) -> None:
    publisher, market, day = desk.scene.publisher, desk.scene.market, today(desk.house)
    case = apply(desk)
    review(desk, case.id, found_earlier=True)
    assert waited_for(desk) == [("service", case.id)]
    hook = a_webhook(desk.house, publisher, Topic.CASE_REFUSAL_SERVED)
    do(
        desk.house,
        desk.reviewer,
        lambda work: reopening.serve_refusal(work, case.id, served_today(desk.house).as_json()),
    )
    assert (waited_for(desk), topics_told(desk, str(hook))) == ([], ["case.refusal_served"])
    sanction = RecordSanction(
        firm_of(publisher), "财政局", "罚〔2026〕1号", "427号令", ("all",), Period(day, None), day, "", "决定书", day
    )
    fact = do(desk.house, market.registrar, lambda work: parties.record_sanction(work, sanction)).id
    remedy = filed(desk.house, publisher, fact, RemedyKind.LITIGATION)
    (due,) = ask(desk.house, desk.reviewer, dues)
    assert isinstance(due.case, Matter)
    assert (due.wait.step.value, due.case.id, due.case.instrument) == ("litigation", remedy.id, "")
    # Reminded of like any step, although it belongs to no case.
    assert due.due_at is not None
    desk.house.clock.set(due.due_at)  # type: ignore[attr-defined]
    assert remind(desk.house.database, desk.house.clock, dues_within) > 0
    assert remind(desk.house.database, desk.house.clock, dues_within) == 0
