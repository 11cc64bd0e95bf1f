"""A firm that was deregistered, merged or left is no payee from that day on."""

from datetime import date, timedelta
from typing import Any

import pytest

from registry.actors.model import Actor, Role
from registry.awards import granting
from registry.awards.model import Case, CaseState
from registry.errors import ConflictError, Finding, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.house import House
from registry.parties import corrections, ends, registers
from registry.parties.correction_model import Register
from registry.parties.end_model import EndKind, EnterEnd, FirmEnd, RevokeEnd
from registry.parties.model import Predicate
from registry.values.digest import Digest
from registry.values.identifiers import FirmId
from tests.conftest import FixedClock
from tests.registry.awards.grant_builders import (
    Office,
    an_application,
    an_office,
    apply,
    assess,
    instruct,
    of_another,
    pay,
    review,
    through_notice,
)
from tests.registry.exchange.builders import an_officer, ask, do, firm_of
from tests.registry.policy.applicants import YIZHOU

INSTRUMENT = "yz-8-case"


@pytest.fixture
def office(house: House, clock: FixedClock) -> Office:
    return an_office(house, clock, YIZHOU)


def command(office: Office, kind: EndKind, on: date, **changes: object) -> EnterEnd:
    stated: dict[str, Any] = {
        "firm": firm_of(office.firm),
        "kind": kind,
        "ended_on": on,
        "document_number": "注销1号",
        "document_digest": Digest.of(b"document"),
        "source": "public register",
        "obtained_on": office.house.clock.now().civil_day(),
    }
    return EnterEnd(**stated | changes)


def enter(office: Office, kind: EndKind, on: date, **changes: object) -> FirmEnd:
    """Enter the end of the firm that applies."""
    wanted = command(office, kind, on, **changes)
    return do(office.house, office.registrar, lambda work: ends.enter_end(work, wanted))


def today(office: Office) -> date:
    return office.house.clock.now().civil_day()


def obstacles(refused: pytest.ExceptionInfo[RuleError]) -> set[str]:
    return {each.code for each in refused.value.obstacles}


def noticed(office: Office, clock: FixedClock) -> Case:
    case = apply(office, an_application(office, INSTRUMENT))
    assess(office, case)
    return through_notice(office, clock, case)


def test_what_was_instructed_the_day_before_and_paid_on_the_day_is_looked_at(office: Office, clock: FixedClock) -> None:
    case = noticed(office, clock)
    tomorrow = today(office) + timedelta(days=1)
    enter(office, EndKind.DEREGISTERED, tomorrow)
    assert instruct(office, case.id).state is CaseState.INSTRUCTED
    clock.set(clock.now().plus(timedelta(days=1)))
    assert today(office) == tomorrow
    paid = pay(office, case.id)
    assert paid.payment is not None
    assert paid.state is CaseState.PAID
    assert "firm_deregistered" in paid.payment.in_spite_of


def test_on_the_day_nothing_is_instructed_until_the_entry_is_taken_back(office: Office, clock: FixedClock) -> None:
    case = noticed(office, clock)
    made = enter(office, EndKind.MOVED_AWAY, today(office))
    with pytest.raises(RuleError, match="case_not_payable") as refused:
        instruct(office, case.id)
    assert "firm_moved_away" in obstacles(refused)
    revoke = RevokeEnd(made.id, "函2号", "A namesake had left.")
    stranger = an_officer(type(office.authority).new(), Role.REGISTRAR)
    with pytest.raises(NotFoundError, match="firm_end_not_found"):
        do(office.house, stranger, lambda work: ends.revoke_end(work, revoke))
    do(office.house, office.registrar, lambda work: ends.revoke_end(work, revoke))
    with pytest.raises(NotFoundError, match="firm_end_not_found"):
        do(office.house, office.registrar, lambda work: ends.revoke_end(work, revoke))
    assert instruct(office, case.id).state is CaseState.INSTRUCTED


def test_a_firm_that_ended_applies_for_nothing_and_its_case_ends_by_a_refusal(
    office: Office, clock: FixedClock
) -> None:
    case = apply(office, an_application(office, INSTRUMENT))
    assess(office, case)
    successor = firm_of(of_another(office).firm)
    enter(office, EndKind.MERGED, today(office), successor=successor)
    with pytest.raises(RuleError, match="firm_has_ended") as refused:
        apply(office, an_application(office, INSTRUMENT, serial="2"))
    assert obstacles(refused) == {"firm_merged"}
    with pytest.raises(RuleError, match="review_incomplete") as waits:
        review(office, case.id)
    assert obstacles(waits) == {"firm_merged"}
    assert waits.value.obstacles[0].parameters["successor"] == successor
    assert review(office, case.id, passed=False).state is CaseState.REFUSED


def test_a_verdict_sees_that_nobody_operates_here_any_more(office: Office) -> None:
    firm, day = firm_of(office.firm), today(office)

    def operates(on: date) -> Finding:
        asked = Predicate.OPERATES_IN_REGION
        return ask(
            office.house, office.registrar, lambda v: registers.fact(v, office.authority, firm, asked, on)
        ).finding

    assert operates(day) is Finding.MET
    enter(office, EndKind.DEREGISTERED, day)
    assert (operates(day - timedelta(days=1)), operates(day)) == (Finding.MET, Finding.UNMET)
    asked = an_application(office, INSTRUMENT)
    verdict = ask(
        office.house,
        office.firm,
        lambda view: granting.check_grant(view, office.house.secret, asked, office.authority),
    )
    assert "operates_in_area" in {each.parameters.get("id") for each in verdict.obstacles}


def test_leaving_an_area_ends_nothing_elsewhere_and_a_firm_that_is_no_more_is_no_more_everywhere(
    office: Office,
) -> None:
    firm, day, elsewhere = firm_of(office.firm), today(office), type(office.authority).new()

    def acts(authority: object) -> FirmEnd | None:
        return ask(office.house, office.registrar, lambda v: ends.ended(v, authority, firm, day))  # type: ignore[arg-type]

    made = enter(office, EndKind.MOVED_AWAY, day)
    assert (acts(office.authority), acts(elsewhere), acts(None)) == (made, None, None)
    do(office.house, office.registrar, lambda work: ends.revoke_end(work, RevokeEnd(made.id, "函2号", "Wrong.")))
    gone = enter(office, EndKind.DEREGISTERED, day)
    assert (acts(office.authority), acts(elsewhere), acts(None)) == (gone, gone, gone)


def test_what_cannot_stand_is_refused(office: Office) -> None:
    day, other = today(office), firm_of(of_another(office).firm)
    for kind, successor in ((EndKind.MERGED, None), (EndKind.DEREGISTERED, other)):
        with pytest.raises(InvalidValueError, match="firm_end_successor"):
            command(office, kind, day, successor=successor)
    with pytest.raises(InvalidValueError, match="firm_end_successor_itself"):
        command(office, EndKind.MERGED, day, successor=firm_of(office.firm))
    with pytest.raises(NotAllowedError):
        do(office.house, office.reviewer, lambda work: ends.enter_end(work, command(office, EndKind.MOVED_AWAY, day)))
    with pytest.raises(NotFoundError, match="firm_not_found"):
        enter(office, EndKind.MOVED_AWAY, day, firm=FirmId.new())
    enter(office, EndKind.MERGED, day, successor=other)
    with pytest.raises(ConflictError, match="firm_end_stands"):
        enter(office, EndKind.DEREGISTERED, day)
    with pytest.raises(ConflictError, match="firm_end_successor_ended"):
        enter(office, EndKind.MERGED, day, firm=other, successor=firm_of(office.firm))


def test_an_end_of_before_opens_reviews_and_a_firm_reads_its_own(office: Office, clock: FixedClock) -> None:
    firm, other = firm_of(office.firm), of_another(office)
    made = enter(office, EndKind.DEREGISTERED, today(office) - timedelta(days=3))
    found = ask(office.house, office.registrar, lambda v: corrections.corrections_touching(v, office.authority, [firm]))
    noted = [(each.line, each.firms) for each in found if each.register is Register.END]
    assert noted == [(made.id, frozenset({firm}))]

    def listed(actor: Actor, of: FirmId | None = None) -> list[FirmEnd]:
        return ask(office.house, actor, lambda v: ends.ends_page(v, of, None, 50))

    assert listed(office.registrar) == listed(office.firm) == listed(office.firm, firm) == [made]
    assert listed(other.firm) == []
    with pytest.raises(NotAllowedError, match="not_yours"):
        listed(other.firm, firm)
    clock.advance(timedelta(hours=1))
    do(office.house, office.registrar, lambda work: ends.revoke_end(work, RevokeEnd(made.id, "函2号", "Wrong.")))
    before = clock.now().plus(-timedelta(minutes=1))
    assert listed(office.registrar) == []
    then = ask(
        office.house, office.registrar, lambda v: ends.ended(v.as_of(before), office.authority, firm, made.ended_on)
    )
    assert then == made, "what stood recorded is asked again as of then"
