"""What experts read of the cases they were drawn for, and when: nothing before the lot, nothing after the last slip."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.actors.model import Actor
from registry.awards import expert_evidence, scoring
from registry.awards.expert_evidence import OF_PERSONS, ExpertDocument, shown_to_experts
from registry.awards.model import Case
from registry.errors import NotAllowedError, NotFoundError
from registry.manifests.uploads import EvidenceKind
from registry.policy.vocabulary import vocabulary
from registry.values.identifiers import CaseId, EvidenceId
from tests.conftest import FixedClock
from tests.registry.adoption.builders import a_document
from tests.registry.awards.builders import Desk
from tests.registry.awards.grant_builders import Office, an_application, apply
from tests.registry.awards.scoring_builders import an_open_round, draw, drawn_of, experts, give, office_of, open_scores
from tests.registry.exchange.builders import ask, do


def read(office: Office, expert: Actor, case: CaseId) -> tuple[ExpertDocument, ...]:
    return ask(office.house, expert, lambda view: expert_evidence.documents(view, case, None, 50))


def applied(office: Office, desk: Desk, **more: tuple[EvidenceId, ...]) -> Case:
    asked = an_application(office, "yz-14b", dataset=desk.scene.dataset.name)
    evidence = {**asked.evidence, **more}
    return apply(office, replace(asked, evidence=evidence, event_on=office.house.clock.now().civil_day()))


def test_a_document_that_names_persons_or_accounts_is_withheld_however_else_it_was_filed() -> None:
    filed = {"contract": ["evd_a", "evd_b"], "wage_records": ["evd_b"], "bank_payment": ["evd_c"], "invoice": ["evd_a"]}
    assert shown_to_experts(filed) == {"evd_a": ("contract", "invoice")}
    assert set(vocabulary().evidence) >= OF_PERSONS


def test_who_holds_a_seat_reads_from_the_lot_until_the_last_slip(desk: Desk, clock: FixedClock) -> None:
    office = office_of(desk)
    an_open_round(office, clock, "yz-14b")
    secret = a_document(office.house, office.firm, EvidenceKind.OTHER)
    case = applied(office, desk, wage_records=(secret,))
    people = experts(office, 4)
    for expert in people:
        with pytest.raises(NotFoundError, match="case_not_found"):
            read(office, expert, case.id)
    draw(office, case.id)
    panel = drawn_of(office, people, case.id)
    (outsider,) = (each for each in people if each not in panel)
    for expert in panel:
        (document,) = read(office, expert, case.id)
        assert document.id != secret
        _, blob = ask(office.house, expert, lambda view, d=document: expert_evidence.document(view, case.id, d.id))
        assert blob.digest == document.digest
        with pytest.raises(NotFoundError, match="evidence_not_found"):
            ask(office.house, expert, lambda view: expert_evidence.document(view, case.id, secret))
    with pytest.raises(NotFoundError, match="case_not_found"):
        read(office, outsider, case.id)
    with pytest.raises(NotAllowedError, match="role_missing"):
        read(office, office.reviewer, case.id)
    for number, expert in enumerate(panel):
        assert read(office, panel[0], case.id), f"{number} of three scored"
        give(office, expert, case.id, 8_000)
    for expert in panel:
        with pytest.raises(NotAllowedError, match="expert_evidence_closed"):
            read(office, expert, case.id)
    open_scores(office, case.id)
    with pytest.raises(NotAllowedError, match="expert_evidence_closed"):
        read(office, panel[0], case.id)


def test_a_seat_that_was_drawn_anew_reads_no_more(desk: Desk, clock: FixedClock) -> None:
    office = office_of(desk)
    an_open_round(office, clock, "yz-14b")
    case = applied(office, desk)
    people = experts(office, 4)
    draw(office, case.id)
    late = drawn_of(office, people, case.id)[0]
    assert read(office, late, case.id)
    clock.set(clock.now().plus(timedelta(days=20)))
    wanted = late.account
    assert wanted is not None
    do(office.house, office.reviewer, lambda work: scoring.replace_expert(work, case.id, wanted, "Silent."))
    with pytest.raises(NotAllowedError, match="expert_evidence_closed"):
        read(office, late, case.id)
    for expert in drawn_of(office, people, case.id):
        assert read(office, expert, case.id)
