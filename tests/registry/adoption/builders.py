"""A dataset and its adopters for tests: leading firms, documents, receipts, a laboratory."""

import hashlib
import itertools
from dataclasses import dataclass
from datetime import date

from registry.actors.model import ANONYMOUS, Actor
from registry.adoption import service
from registry.adoption.model import AdoptionCount, AdoptionPurpose, AttestAdoption, Receipt, WithdrawAdoption
from registry.catalog import service as catalog
from registry.catalog.model import Contributor, CreateDataset, Dataset, OpenDraft, Openness, Origin, Sector, Version
from registry.house import House
from registry.manifests import service as manifests
from registry.manifests.uploads import EvidenceKind
from registry.parties import service as parties
from registry.parties.commands import AdmitLeaderList, RecordControl, WithdrawLeader
from registry.parties.model import Admission, LeaderList, ListedFirm, ListLevel, Period, ProviderKind
from registry.quality.model import Score
from registry.quality.reports import FileReport, QualityReport
from registry.values.digest import Digest
from registry.values.identifiers import EvidenceId, ReceiptId
from registry.values.names import PublicName
from tests.registry.catalog.builders import a_csv, complete, draft_now, publish, put_bytes, put_file
from tests.registry.exchange.builders import (
    ALWAYS,
    REGISTERED_ON,
    Market,
    a_buyer,
    a_firm,
    ask,
    do,
    firm_of,
    register_provider,
)
from tests.registry.parties.builders import equity

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Scene:
    """A market with a publisher's dataset, three leading firms on an admitted list, and a laboratory."""

    market: Market
    publisher: Actor
    dataset: Dataset
    version: Version
    leaders: tuple[Actor, ...]
    leader_list: LeaderList
    laboratory: Actor

    @property
    def house(self) -> House:
        """The installation."""
        return self.market.house


def a_scene(market: Market, *, contributors: tuple[Contributor, ...] = (), sector: Sector = Sector.NEW_ENERGY) -> Scene:
    """Publish a dataset of a firm whose credit is clean; three strangers are on a national list of its sector."""
    house = market.house
    publisher = a_buyer(house, market.registrar)
    leaders = tuple(a_firm(house, market.registrar) for _ in range(3))
    laboratory = a_firm(house, market.registrar)
    register_provider(market, laboratory, ProviderKind.QUALITY_LABORATORY)
    listed = a_leader_list(market, leaders, sector=sector.value)
    dataset, version = a_published_dataset(house, publisher, sector=sector, contributors=contributors)
    return Scene(market, publisher, dataset, version, leaders, listed, laboratory)


def a_published_dataset(
    house: House,
    publisher: Actor,
    *,
    sector: Sector = Sector.NEW_ENERGY,
    contributors: tuple[Contributor, ...] = (),
    origin: Origin = Origin.ENTERPRISE,
) -> tuple[Dataset, Version]:
    """Publish a dataset with one table that no other test data holds."""
    number = next(_numbers)
    name = PublicName.parse(f"scene-{number}/wind")
    command = CreateDataset(name, "Wind turbines", "", sector, "CC-BY-4.0", Openness.PUBLIC)
    dataset = do(house, publisher, lambda work: catalog.create_dataset(work, command))
    opened = OpenDraft(name, "first", origin, "measured by ourselves", contributors=contributors)
    draft = do(house, publisher, lambda work: catalog.open_draft(work, opened))
    put_file(house, publisher, draft, "wind.csv", a_csv(seed=100 + number))
    do(house, publisher, lambda work: catalog.submit_draft(work, draft.id))
    from cli.working import run_once

    run_once(house)
    return dataset, publish(house, publisher, draft_now(house, publisher, draft.id))


def a_leader_list(
    market: Market,
    firms: tuple[Actor, ...],
    *,
    level: ListLevel = ListLevel.NATIONAL,
    sector: str = "new_energy",
    valid: Period = ALWAYS,
) -> LeaderList:
    """Admit a list of leading firms."""
    entries = tuple(
        ListedFirm(found.uscc, found.name)
        for found in (ask(market.house, firm, lambda view, f=firm: parties.firm(view, firm_of(f))) for firm in firms)
    )
    command = AdmitLeaderList(
        name=f"Leading firms {next(_numbers)}",
        issuer="National Energy Administration",
        level=level,
        sectors=(sector,),
        batch="1",
        valid=valid,
        document_digest=Digest.of(b"list"),
        admission=Admission("伊发改〔2026〕3号", REGISTERED_ON, "区发改委", "Output and share of the market."),
        entries=entries,
    )
    return do(market.house, market.registrar, lambda work: parties.admit_leader_list(work, command))


def take_off_list(scene: Scene, firm: Actor, day: date) -> None:
    """Take a firm off the list of the scene."""
    found = ask(scene.house, firm, lambda view: parties.firm(view, firm_of(firm)))
    command = WithdrawLeader(scene.leader_list.id, found.uscc, day, "merged")
    do(scene.house, scene.market.registrar, lambda work: parties.withdraw_leader(work, command))


def own(market: Market, holder: Actor, held: Actor, share_bp: int = 10_000) -> None:
    """Let one firm hold shares of another."""
    command = RecordControl(equity(firm_of(holder), firm_of(held), share_bp), ALWAYS, "register", REGISTERED_ON)
    do(market.house, market.registrar, lambda work: parties.record_control(work, command))


def a_document(house: House, owner: Actor, kind: EvidenceKind) -> EvidenceId:
    """File a document whose bytes have arrived."""
    content = f"{kind.value} {next(_numbers)}".encode()
    digest = Digest(hashlib.sha256(content).hexdigest())
    made, upload = do(
        house, owner, lambda work: manifests.file_evidence(work, kind, "document.pdf", len(content), digest)
    )
    put_bytes(house, owner, upload, content)
    complete(house, owner, upload.id, digest)
    return made.id


def an_attestation(scene: Scene, adopter: Actor, **changes: object) -> AttestAdoption:
    """Return what an adopter attests of the scene's dataset from today on."""
    stated: dict[str, object] = {
        "dataset": scene.dataset.name,
        "content_digest": scene.version.content_digest,
        "purpose": AdoptionPurpose.MODEL_TRAINING,
        "product": "power forecast",
        "started_on": scene.house.clock.now().civil_day(),
        "statement": a_document(scene.house, adopter, EvidenceKind.STATEMENT),
        "contract": a_document(scene.house, adopter, EvidenceKind.CONTRACT),
        "delivery": a_document(scene.house, adopter, EvidenceKind.DELIVERY_RECEIPT),
    }
    return AttestAdoption(**{**stated, **changes})  # type: ignore[arg-type]


def attest(scene: Scene, adopter: Actor, **changes: object) -> Receipt:
    """Attest the use of the scene's dataset."""
    command = an_attestation(scene, adopter, **changes)
    return do(scene.house, adopter, lambda work: service.attest(work, scene.house.signing_key, command))


def withdraw(scene: Scene, adopter: Actor, receipt: ReceiptId) -> None:
    """Withdraw a receipt."""
    do(scene.house, adopter, lambda work: service.withdraw(work, WithdrawAdoption(receipt, "stopped using it")))


def public_count(scene: Scene) -> AdoptionCount:
    """Count the adopters as everybody is told."""
    return ask(scene.house, ANONYMOUS, lambda view: service.count_for_public(view, scene.dataset.name))


def count(scene: Scene) -> AdoptionCount:
    """Count the adopters today."""
    today = scene.house.clock.now().civil_day()
    return ask(
        scene.house,
        scene.publisher,
        lambda view: service.count(view, scene.market.authority, scene.dataset.id, today),
    )


def report(scene: Scene, lowest: str = "90", laboratory: Actor | None = None) -> QualityReport:
    """Let a laboratory report on the scene's content."""
    lab = laboratory or scene.laboratory
    assert scene.version.content_digest is not None
    command = FileReport(
        dataset=scene.dataset.name,
        content_digest=scene.version.content_digest,
        documentation=Score.of_points("97.5"),
        data_quality=Score.of_points(lowest),
        model_application=Score.of_points("95"),
        method="TC609-5-2025-04",
        report=a_document(scene.house, lab, EvidenceKind.QUALITY_REPORT),
    )
    return do(scene.house, lab, lambda work: service.file_quality_report(work, command))
