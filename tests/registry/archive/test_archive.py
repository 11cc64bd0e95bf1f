"""A closed case is archived: the same state gives the same bytes, what is added later another revision."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from registry.archive import records, service
from registry.archive.gathering import after_of, papers_of
from registry.archive.keeping import archive_due, verify_archives
from registry.archive.model import CaseOutcome
from registry.archive.rules import package
from registry.archive.terms import archived_after, shipped_classes
from registry.awards.model import Case, CaseKind
from registry.awards.records import case_of
from registry.dossier.rules import recompute_bytes
from registry.errors import ConflictError, NotAllowedError, NotFoundError, UnavailableError
from registry.journal.records import entries
from registry.journal.work import View
from registry.values.identifiers import CaseId
from storage.errors import ObjectLockedError
from tests.conftest import FixedClock
from tests.registry.aftercare.builders import a_decider, a_paid_case, a_served_recovery
from tests.registry.archive.builders import archived, filing, sequence
from tests.registry.awards import test_parting
from tests.registry.awards.builders import Desk, apply, review
from tests.registry.exchange.builders import a_firm, ask, do

LATER = timedelta(days=200)
batch = test_parting.batch
"""The fixture: a batch of two firms, noticed and signed."""


def opened(content: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the index and every document of a package."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        held = {name: file.read(name) for name in file.namelist()}
    return json.loads(held.pop("index.json")), held


def made_now(desk: Desk, case_id: CaseId) -> bytes:
    """Make the package of a case as it is now, without keeping it."""
    how = filing(desk.house)

    def make(view: View) -> bytes:
        case = case_of(view.connection, case_id)
        assert case is not None
        retention = shipped_classes()[case.kind, CaseOutcome.PAID]
        return package({"case": case.id}, papers_of(view, how, case, after_of(view, case)), retention, how.signing_key)

    return ask(desk.house, desk.reviewer, make)


def test_every_kind_and_outcome_has_a_class_with_its_basis() -> None:
    classes = shipped_classes()
    assert {each.years for each in classes.values()} == {None, 30, 10}
    assert all(each.basis and each.assumption for each in classes.values())
    assert classes[CaseKind.AWARD, CaseOutcome.REFUSED].years == 30
    assert classes[CaseKind.VOUCHER_BATCH, CaseOutcome.REFUSED].years == 10


def test_the_same_state_gives_the_same_bytes_at_any_time(desk: Desk, clock: FixedClock) -> None:
    case = a_paid_case(desk, clock)
    sequence(desk.house)
    before = made_now(desk, case.id)
    clock.advance(LATER)
    a_firm(desk.house, desk.scene.market.registrar)
    sequence(desk.house)
    assert made_now(desk, case.id) == before


def test_a_paid_case_is_archived_with_its_documents(desk: Desk, clock: FixedClock) -> None:
    case = a_paid_case(desk, clock)
    made = archived(desk, case.id)
    found, content = ask(desk.house, desk.reviewer, lambda view: service.package(view, desk.house.store, case.id, None))
    assert (found, made.number, made.retention_class) == (made, 1, "years_30")
    assert made.keep_until is not None
    assert (made.keep_until.year, made.keep_until.month) == (made.closed_on.year + 30, 12)
    index, held = opened(content)
    names = [each["name"].partition("-")[2] for each in index["documents"]]
    assert names[:4] == ["dossier.json", "form.html", "notices.json", "payment.json"]
    assert {"statement.bin", "contract.bin"} <= set(names)
    assert {each["name"] for each in index["documents"] if each["withheld"] is None} == set(held)
    assert all(each["title"] and each["who"] and each["on"] for each in index["documents"])
    assert recompute_bytes(held["001-dossier.json"], [desk.house.signing_key.verifier]) == []
    assert b"6222020012345678" not in content
    with desk.house.view() as view:
        about = select(entries.c.type).where(entries.c.subject == str(case.id))
        assert "archive.case_archived" in view.connection.execute(about).scalars().all()
    assert list(verify_archives(desk.house)) == []


def test_a_firm_gets_its_own_case_without_what_others_filed(desk: Desk, clock: FixedClock) -> None:
    case = a_paid_case(desk, clock)
    archived(desk, case.id)
    store, own = desk.house.store, desk.scene.publisher
    _, content = ask(desk.house, own, lambda view: service.package(view, store, case.id, None))
    index, held = opened(content)
    others = {each["name"] for each in index["documents"] if each["office_only"]}
    assert others
    assert not others & set(held)
    stranger = a_firm(desk.house, desk.scene.market.registrar)
    with pytest.raises(NotFoundError, match="case_not_found"):
        ask(desk.house, stranger, lambda view: service.package(view, store, case.id, None))


def test_a_firm_does_not_get_the_archive_of_a_batch_that_pays_others(
    batch: test_parting.Batch, clock: FixedClock
) -> None:
    assert batch.case.notice is not None
    clock.set(batch.case.notice.ends_at)
    batch.instruct()
    batch.pay()
    made = archived(batch.desk, batch.case.id)
    assert (made.outcome, made.retention_class) == (CaseOutcome.PAID, "years_30")
    for buyer in batch.buyers:
        for query in (
            lambda view: service.package(view, batch.house.store, batch.case.id, None),
            lambda view: service.shelf(view, batch.case.id),
        ):
            with pytest.raises(NotAllowedError, match="not_yours"):
                ask(batch.house, buyer, query)


def test_an_open_case_is_not_archived_and_a_closed_one_waits_for_the_log(desk: Desk) -> None:
    case = apply(desk)
    with pytest.raises(ConflictError, match="case_wrong_state"):
        archived(desk, case.id)
    review(desk, case.id, passed=False)
    with pytest.raises(UnavailableError, match="dossier_not_ready"):
        do(desk.house, desk.reviewer, lambda work: service.archive_case(work, filing(desk.house), case.id))


def test_a_refused_case_is_archived_with_its_decision(desk: Desk) -> None:
    case = apply(desk)
    review(desk, case.id, passed=False)
    made = archived(desk, case.id)
    assert made.outcome is CaseOutcome.REFUSED
    _, content = ask(desk.house, desk.reviewer, lambda view: service.package(view, desk.house.store, case.id, 1))
    index, held = opened(content)
    refusal = next(each["name"] for each in index["documents"] if each["title"] == "不予支持决定")
    assert json.loads(held[refusal])["remedies"]
    assert recompute_bytes(held["001-dossier.json"], [desk.house.signing_key.verifier]) == []


def test_what_is_added_later_makes_another_revision_and_the_first_one_stays(desk: Desk, clock: FixedClock) -> None:
    case = a_paid_case(desk, clock)
    first = archived(desk, case.id)
    with pytest.raises(ConflictError, match="archive_unchanged"):
        archived(desk, case.id)
    assert desk.reviewer.authority is not None
    a_served_recovery(desk, case, desk.scene.publisher, a_decider(desk.reviewer.authority))
    second = archived(desk, case.id)
    assert (second.number, second.outcome, second.keep_until) == (2, CaseOutcome.RECOVERED, None)
    store = desk.house.store
    kept = [
        ask(desk.house, desk.reviewer, lambda view, number=number: service.package(view, store, case.id, number))
        for number in (1, 2)
    ]
    assert [each.digest for each, _ in kept] == [first.digest, second.digest]
    index, _ = opened(kept[1][1])
    assert index["previous_sha256"] == first.digest.hex
    assert "recovery.json" in {each["name"].partition("-")[2] for each in index["documents"]}


def test_only_an_officer_who_reviews_and_is_free_archives(desk: Desk, clock: FixedClock) -> None:
    case = a_paid_case(desk, clock)
    how = filing(desk.house)
    for actor in (desk.payer, desk.scene.publisher):
        with pytest.raises(NotAllowedError):
            do(desk.house, actor, lambda work: service.archive_case(work, how, case.id))
    elsewhere = a_firm(desk.house, desk.scene.market.registrar)
    with pytest.raises((NotAllowedError, NotFoundError)):
        do(desk.house, elsewhere, lambda work: service.archive_case(work, how, case.id))


def test_the_worker_archives_after_the_term_and_again_after_something_was_added(desk: Desk, clock: FixedClock) -> None:
    case, how = a_paid_case(desk, clock), filing(desk.house)
    sequence(desk.house)
    assert archive_due(desk.house, how) == 0
    clock.advance(archived_after() + timedelta(days=1))
    assert archive_due(desk.house, how) == 1
    assert archive_due(desk.house, how) == 0
    clock.advance(timedelta(hours=1))
    assert desk.reviewer.authority is not None
    a_served_recovery(desk, case, desk.scene.publisher, a_decider(desk.reviewer.authority))
    sequence(desk.house)
    assert archive_due(desk.house, how) == 0
    clock.advance(archived_after() + timedelta(days=1))
    assert archive_due(desk.house, how) == 1
    with desk.house.view() as view:
        assert [each.number for each in records.archives_of(view.connection, case.id)] == [1, 2]


def test_a_package_is_kept_from_deletion_and_damage_is_named(desk: Desk, clock: FixedClock) -> None:
    case = a_paid_case(desk, clock)
    made = archived(desk, case.id, timedelta(days=30))
    place = service.held_at(made).place
    with pytest.raises(ObjectLockedError):
        desk.house.store.delete(place)
    free = archived_other(desk, clock)
    desk.house.store.delete(service.held_at(free).place)
    assert [each.code for each in verify_archives(desk.house)] == ["archive_damaged"]


def archived_other(desk: Desk, clock: FixedClock) -> Any:
    """Archive another state of the one case of the desk, in a package the store lets go."""
    with desk.house.view() as view:
        (case_id,) = {each.case for each in records.kept_archives(view.connection, None, 10)}
        case = case_of(view.connection, case_id)
    assert isinstance(case, Case)
    assert desk.reviewer.authority is not None
    a_served_recovery(desk, case, desk.scene.publisher, a_decider(desk.reviewer.authority))
    return archived(desk, case_id)
