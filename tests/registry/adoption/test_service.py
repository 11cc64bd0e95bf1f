"""Adoption on a real database: what the registers of the day say decides who counts."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from registry.actors.model import Actor
from registry.adoption import records, service
from registry.adoption.board_rules import Use
from registry.adoption.model import MeasuredReads, Receipt
from registry.catalog import service as catalog
from registry.catalog.delivered import ingest
from registry.catalog.model import Contributor, ContributorRole, VersionName
from registry.catalog.usage import note_reads
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.exchange import service as exchange
from registry.house import House
from registry.manifests.model import FilePath
from registry.manifests.uploads import EvidenceKind
from registry.parties.model import ProviderKind
from registry.values.identifiers import ReadId, ReceiptId
from registry.values.moment import Moment
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
    public_count,
    report,
    take_off_list,
    withdraw,
)
from tests.registry.catalog.test_delivered import line
from tests.registry.exchange.builders import (
    ALWAYS,
    a_firm,
    a_market,
    a_placed_order,
    accept,
    compute,
    do,
    firm_of,
    register_provider,
)
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


# Trade in circles, countersignatures, measured reads.


def buys(scene: Scene, seller: Actor, buyer: Actor) -> None:
    """Let a firm buy compute of another, by a contract of today."""
    listing = do(scene.house, seller, lambda work: exchange.offer_listing(work, compute(scene.house, seller)))
    accept(scene.market, a_placed_order(scene.market, listing, 10, buyer), seller)


def test_a_leader_that_sells_to_the_publisher_and_buys_of_it_does_not_count(scene: Scene, clock: FixedClock) -> None:
    leader, publisher = scene.leaders[0], scene.publisher
    for provider in (leader, publisher):
        register_provider(scene.market, provider, ProviderKind.COMPUTE_CENTRE, green=ALWAYS)
    buys(scene, leader, publisher)
    attest(scene, leader)
    assert count(scene).text == "1 of 3"
    buys(scene, publisher, leader)
    [reason] = count(scene).receipts[0].reasons
    assert reason.code == "adopter_trades_in_circle"
    assert str(reason.parameters["circle"]).count("→") == 2
    [shown] = public_count(scene).receipts[0].reasons
    assert (shown.code, dict(shown.parameters)) == ("adopter_trades_in_circle_undisclosed", {"days": "180"})
    clock.advance(timedelta(days=181))
    attest(scene, scene.leaders[1])
    withdraw(scene, leader, count(scene).receipts[0].receipt.id)
    attest(scene, leader)
    assert count(scene).text == "2 of 3"


def test_the_publisher_countersigns_once_and_nobody_else(scene: Scene) -> None:
    made = attest(scene, scene.leaders[0])

    def countersign(actor: Actor) -> Receipt:
        return do(scene.house, actor, lambda work: service.countersign(work, scene.house.signing_key, made.id))

    with pytest.raises(NotFoundError, match="receipt_not_found"):
        countersign(scene.leaders[0])
    signed = countersign(scene.publisher).countersigned
    assert signed is not None
    statement = made.countersigned_bytes(signed.at, signed.by)
    assert scene.house.signing_key.verifier.accepts(base64.b64decode(signed.signature), statement)
    assert count(scene).receipts[0].receipt.countersigned == signed
    with pytest.raises(ConflictError, match="adoption_countersigned_already"):
        countersign(scene.publisher)
    withdraw(scene, scene.leaders[0], made.id)
    with pytest.raises(ConflictError, match="adoption_withdrawn_already"):
        countersign(scene.publisher)


def test_a_use_is_proved_by_what_was_delivered_from_here(scene: Scene) -> None:
    leader, house = scene.leaders[0], scene.house
    with pytest.raises(RuleError) as refused:
        attest(scene, leader, delivery=None)
    assert [each.code for each in refused.value.obstacles] == ["adoption_not_delivered"]
    read = ReadId.new()
    with house.view(leader) as view:
        found = catalog.read_locations(view, VersionName(scene.dataset.name, 1), [FilePath("wind.csv")])
        note_reads(house.database, view, scene.version.id, found, "v1", [read])
    blob = found[0][1]
    at = f"{house.clock.now().civil_day()}T23:00:00+08:00"
    lines = [line(read, blob, 0, blob.size_bytes - 1, at)]
    ingest(house.database, house.clock, lines)
    with pytest.raises(RuleError, match="adoption_refused"):
        attest(scene, leader, delivery=None)
    ingest(house.database, house.clock, [line(read, blob, 0, blob.size_bytes, at)])
    with pytest.raises(RuleError, match="adoption_refused"):
        attest(scene, scene.leaders[1], delivery=None)
    made = attest(scene, leader, delivery=None)
    assert made.delivery is None
    today = house.clock.now().civil_day()
    assert made.measured == MeasuredReads(today, today, 1, blob.size_bytes)
    judged = count(scene).receipts[0]
    assert judged.counts
    assert judged.receipt.statement_bytes() == made.statement_bytes()
    assert house.signing_key.verifier.accepts(base64.b64decode(made.signature), judged.receipt.statement_bytes())


def test_the_table_answers_uses_however_many_receipts_there_are(scene: Scene, clock: FixedClock) -> None:
    house, adopter = scene.house, scene.leaders[0]
    made = attest(scene, adopter)
    attest(scene, scene.leaders[1])
    attested_at = clock.now()

    def standing(until: Moment) -> tuple[Use, ...]:
        with house.database.reading() as connection:
            return records.uses_standing(connection, until)

    one_moment = timedelta(microseconds=1)
    assert standing(attested_at) == ()
    before = standing(attested_at.plus(one_moment))
    assert sorted(each.receipts for each in before) == [1, 1]
    clock.advance(timedelta(days=1))
    with house.database.writing() as connection:
        for _ in range(50):
            records.add_receipt(connection, replace(made, id=ReceiptId.new(), attested_at=clock.now()))
    after = standing(clock.now().plus(one_moment))
    assert sorted(each.receipts for each in after) == [1, 51]
    assert [replace(each, receipts=1) for each in sorted(after, key=str)] == sorted(before, key=str)
    # Withdrawn at an instant it stood before.
    clock.advance(timedelta(days=1))
    withdraw(scene, adopter, made.id)
    assert sorted(each.receipts for each in standing(clock.now())) == [1, 51]
    assert sorted(each.receipts for each in standing(clock.now().plus(one_moment))) == [1, 50]
