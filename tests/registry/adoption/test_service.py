"""Adoption on a real database: what the registers of the day say decides who counts."""

import base64
from datetime import timedelta

import pytest

from registry.adoption import service
from registry.catalog.model import Contributor, ContributorRole
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.house import House
from registry.manifests.uploads import EvidenceKind
from tests.conftest import FixedClock
from tests.registry.adoption.builders import (
    Scene,
    a_document,
    a_leader_list,
    a_scene,
    an_attestation,
    attest,
    count,
    own,
    report,
    take_off_list,
    withdraw,
)
from tests.registry.exchange.builders import a_firm, a_market, do, firm_of
from tests.registry.parties.builders import an_owner


@pytest.fixture
def scene(house: House) -> Scene:
    return a_scene(a_market(house))


def test_three_strangers_make_three_of_three_and_a_withdrawal_two(scene: Scene) -> None:
    seen, receipts = [], []
    for leader in scene.leaders:
        receipts.append(attest(scene, leader))
        seen.append(count(scene).text)
    assert seen == ["1 of 3", "2 of 3", "3 of 3"]
    first = receipts[0]
    assert scene.house.signing_key.verifier.accepts(base64.b64decode(first.signature), first.statement_bytes())
    withdraw(scene, scene.leaders[0], first.id)
    assert count(scene).text == "2 of 3"
    with pytest.raises(ConflictError, match="adoption_withdrawn_already"):
        withdraw(scene, scene.leaders[0], first.id)


def test_a_subsidiary_a_contributor_and_a_relative_of_the_publisher_do_not_count(house: House) -> None:
    market = a_market(house)
    source = a_firm(house, market.registrar)
    contributor = Contributor(firm_of(source), "source", ContributorRole.SOURCE)
    scene = a_scene(market, contributors=(contributor,))
    subsidiary, relative = (a_firm(house, market.registrar) for _ in range(2))
    a_leader_list(market, (source, subsidiary, relative))
    own(market, scene.leaders[0], subsidiary)
    own(market, scene.publisher, relative, 2_500)
    for adopter in (scene.leaders[0], subsidiary, source, relative):
        attest(scene, adopter)
    found = count(scene)
    assert found.text == "1 of 3"
    assert [[reason.code for reason in judged.reasons] for judged in found.receipts] == [
        [],
        ["adopter_same_controller"],
        ["adopter_made_it"],
        ["adopter_related"],
    ]
    # Whoever is refused sees by which chain.
    same, related = found.receipts[1].reasons[0], found.receipts[3].reasons[0]
    assert "→" in str(same.parameters["chain"])
    assert "(25%)" in str(related.parameters["chain"])


def test_a_leader_counts_by_the_list_of_the_day_its_use_began(scene: Scene, clock: FixedClock) -> None:
    clock.advance(timedelta(days=10))
    today = clock.now().civil_day()
    yesterday = today - timedelta(days=1)
    attest(scene, scene.leaders[0], started_on=yesterday)
    attest(scene, scene.leaders[1], started_on=today)
    for leader in scene.leaders[:2]:
        take_off_list(scene, leader, today)
    judged = count(scene).receipts
    assert [[reason.code for reason in each.reasons] for each in judged] == [[], ["adopter_not_on_leader_list"]]


def test_what_an_attestation_needs(scene: Scene) -> None:
    leader, other = scene.leaders[:2]
    with pytest.raises(NotFoundError, match="evidence_not_found"):
        attest(scene, leader, contract=a_document(scene.house, other, EvidenceKind.CONTRACT))
    with pytest.raises(RuleError, match="evidence_of_other_kind"):
        attest(scene, leader, contract=a_document(scene.house, leader, EvidenceKind.OTHER))
    attest(scene, leader)
    with pytest.raises(ConflictError, match="adoption_attested_already"):
        attest(scene, leader)
    with pytest.raises(NotAllowedError):
        do(
            scene.house,
            scene.market.reviewer,
            lambda work: service.attest(work, scene.house.signing_key, an_attestation(scene, leader)),
        )


def test_only_the_adopter_withdraws_its_receipt(scene: Scene) -> None:
    made = attest(scene, scene.leaders[0])
    with pytest.raises(NotFoundError, match="receipt_not_found"):
        withdraw(scene, an_owner(firm_of(scene.leaders[1])), made.id)


def test_only_a_registered_laboratory_reports(scene: Scene) -> None:
    assert report(scene).scores_hundredths == (9750, 9000, 9500)
    with pytest.raises(RuleError, match="report_refused"):
        report(scene, laboratory=scene.leaders[0])
