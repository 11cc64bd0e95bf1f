"""Use cases of adoption: attest, withdraw, count; a laboratory's report on a published content."""

import base64
from collections.abc import Collection
from dataclasses import replace
from datetime import date

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.adoption import records, rules
from registry.adoption.adopters import facts_of
from registry.adoption.model import (
    AdoptionCount,
    AttestAdoption,
    Countersignature,
    Document,
    Receipt,
    WithdrawAdoption,
)
from registry.catalog import service as catalog
from registry.catalog.holding import note_holder_within
from registry.catalog.model import Version, VersionState
from registry.catalog.usage import delivered_to
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.journal.signing import SigningKey
from registry.journal.work import View, Work
from registry.manifests import service as manifests
from registry.manifests.uploads import EvidenceKind
from registry.parties import service as parties
from registry.policy import service as policy
from registry.policy.kinds import Fixed
from registry.policy.model import Instrument
from registry.quality import service as quality
from registry.quality.reports import FileReport, QualityReport
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, DatasetId, EvidenceId, FirmId, ReceiptId
from registry.values.names import PublicName


def attest(work: Work, key: SigningKey, command: AttestAdoption) -> Receipt:
    """Attest that the actor's firm uses a published content; the registry signs what was attested.

    Whether the receipt counts is not decided here: that depends on the day somebody asks.

    Raises:
        NotAllowedError: The actor may not attest for a firm.
        NotFoundError: There is no such dataset, content or document of the firm's own.
        RuleError: The content is not public, the use has not begun or began before, a document is of another kind, or
            none of delivery is named and not all of the content was delivered from here.
        ConflictError: The firm has attested this content before and not withdrawn it.
    """
    dataset = catalog.dataset(work, command.dataset)
    firm = work.actor.firm
    require(
        work.actor,
        Action.ATTEST_ADOPTION,
        Resource(firms=frozenset({firm} if firm else ()), authority=work.actor.authority, dataset=dataset.id),
    )
    if firm is None or work.actor.account is None:
        raise NotAllowedError("not_yours")
    version = catalog.version_by_digest(work, dataset.id, command.content_digest)
    rules.require_attestable(command.started_on, _published_on(version), work.now.civil_day())
    statement = _document(work, command.statement, EvidenceKind.STATEMENT)
    contract = _document(work, command.contract, EvidenceKind.CONTRACT)
    delivery = _document(work, command.delivery, EvidenceKind.DELIVERY_RECEIPT) if command.delivery else None
    measured = None
    if delivery is None:
        reads = delivered_to(work, version.id, firm)
        measured = rules.require_measured(reads, version.files, command.started_on)
    if standing := records.standing_receipt(work.connection, dataset.id, command.content_digest, firm):
        raise ConflictError("adoption_attested_already", id=standing.id)
    made = Receipt(
        id=ReceiptId.new(),
        dataset=dataset.id,
        content_digest=command.content_digest,
        adopter=firm,
        purpose=command.purpose,
        product=command.product.strip(),
        started_on=command.started_on,
        statement=statement,
        contract=contract,
        delivery=delivery,
        measured=measured,
        attested_at=work.now,
        attested_by=work.actor.account,
    )
    signature = base64.b64encode(key.sign(made.statement_bytes())).decode()
    entry = work.journal(
        "adoption.use_attested", made.id, statement=made.as_json(), signature=signature, signed_by=str(key.verifier)
    )
    made = replace(made, signature=signature, signed_by=str(key.verifier), entry=entry)
    records.add_receipt(work.connection, made)
    note_holder_within(work, version.id, firm)
    _restate_count(work, made.dataset)
    return made


def countersign(work: Work, key: SigningKey, receipt: ReceiptId) -> Receipt:
    """Confirm, as the publisher, a receipt on a dataset of one's own; the registry signs that it was confirmed.

    Raises:
        NotFoundError: There is no such receipt on a dataset of the actor's firm.
        NotAllowedError: The actor may not sign for its firm.
        ConflictError: It was countersigned or withdrawn before.
    """
    found = records.receipt_of(work.connection, receipt)
    if found is None:
        raise NotFoundError("receipt_not_found", id=receipt)
    publisher = catalog.dataset(work, found.dataset).publisher
    own = Resource(firms=frozenset({publisher}), dataset=found.dataset, subject=found.id)
    require_visible(work.actor, Action.COUNTERSIGN_ADOPTION, own, "receipt")
    if work.actor.account is None:
        raise NotAllowedError("not_yours")
    if found.withdrawn_at is not None:
        raise ConflictError("adoption_withdrawn_already", id=found.id)
    statement = found.countersigned_bytes(work.now, work.actor.account)
    signature = base64.b64encode(key.sign(statement)).decode()
    made = Countersignature(work.now, work.actor.account, signature, str(key.verifier))
    entry = work.journal(
        "adoption.use_countersigned",
        found.id,
        statement=statement.decode(),
        signature=signature,
        signed_by=made.signed_by,
    )
    if not records.add_countersignature(work.connection, found.id, made, entry):
        raise ConflictError("adoption_countersigned_already", id=found.id)
    return replace(found, countersigned=made)


def withdraw(work: Work, command: WithdrawAdoption) -> Receipt:
    """Take an attestation back. Raises NotFoundError, NotAllowedError, ConflictError (withdrawn before)."""
    found = records.receipt_of(work.connection, command.receipt)
    if found is None:
        raise NotFoundError("receipt_not_found", id=command.receipt)
    own = Resource(firms=frozenset({found.adopter}), dataset=found.dataset, subject=found.id)
    require_visible(work.actor, Action.ATTEST_ADOPTION, own, "receipt")
    if not records.add_withdrawal(work.connection, found.id, command.reason.strip(), work.now, work.actor.account):
        raise ConflictError("adoption_withdrawn_already", id=found.id)
    work.journal("adoption.use_withdrawn", found.id, reason=command.reason.strip())
    _restate_count(work, found.dataset)
    return replace(found, withdrawn_at=work.now, withdrawn_reason=command.reason.strip())


def count(
    view: View,
    authority: AuthorityId,
    dataset: DatasetId,
    day: date,
    needed: int | None = None,
    levels: frozenset[str] | None = None,
    makers: Collection[FirmId] = (),
) -> AdoptionCount:
    """Return which receipts of a lineage count on ``day`` by the registers of ``authority``, with every reason.

    Args:
        view: One state of the database.
        authority: Whose registers and rulings are asked.
        dataset: The lineage.
        day: The day of the question; of an adopter that is known which holds on the day its use began.
        needed: How many an award needs; by default what the policy of ``authority`` says.
        levels: The levels of leader lists that count; by default what the policy says, with its rulings.
        makers: Who shares an award with the publisher: their groups are as little independent as its own.
    """
    if needed is None or levels is None:
        policy_needed, policy_levels = _needed_and_levels(view, authority, day)
        needed, levels = needed or policy_needed, levels or policy_levels
    counted = catalog.dataset(view, dataset)
    found = _recorded_by(view, records.receipts_of(view.connection, dataset))
    names = {firm: each.name for firm, each in parties.firms(view, {each.adopter for each in found}).items()}
    # A count of an earlier instant knows no version of after it.
    versions = [
        each for each in catalog.versions(view, dataset) if not each.published_at or each.published_at <= view.now
    ]
    facts = {
        receipt.id: (
            facts_of(view, authority, counted, versions, receipt, names[receipt.adopter], makers),
            names[receipt.adopter],
        )
        for receipt in found
    }
    return rules.count(dataset, found, facts, needed=needed, levels=levels, day=day)


def _recorded_by(view: View, found: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
    """Return receipts as the instant of the view finds them: what came later, a withdrawal too, is not seen."""
    return tuple(
        replace(each, withdrawn_at=None, withdrawn_reason=None)
        if each.withdrawn_at and each.withdrawn_at > view.now
        else each
        for each in found
        if each.attested_at <= view.now
    )


def receipt(view: View, wanted: ReceiptId) -> Receipt | None:
    """Return a receipt, or None when there is none."""
    return records.receipt_of(view.connection, wanted)


def receipts(view: View, dataset: DatasetId) -> tuple[Receipt, ...]:
    """Return every receipt of a lineage, withdrawn ones too, oldest first. Raises NotFoundError."""
    catalog.dataset(view, dataset)
    return records.receipts_of(view.connection, dataset)


def count_for_public(view: View, name: PublicName, authority: AuthorityId | None = None) -> AdoptionCount:
    """Return the count of a dataset today, by the authority that has an award for it.

    Raises NotFoundError: no such dataset, or no authority has loaded such an award.
    """
    dataset = catalog.dataset(view, name)
    found = count(view, authority or awarding_authority(view), dataset.id, view.now.civil_day())
    return replace(found, receipts=tuple(map(rules.for_everybody, found.receipts)))


def awarding_authority(view: View) -> AuthorityId:
    """Return the first authority, by slug, that has loaded an award for adopted datasets. Raises NotFoundError."""
    document, _ = _award_for_adopters()
    loaded = {each.authority for each in policy.loaded_policies(view) if each.document.revision.document == document}
    for each in policy.authorities(view):
        if each.id in loaded:
            return each.id
    raise NotFoundError("policy_not_loaded", document=document)


def _restate_count(work: Work, dataset: DatasetId) -> None:
    """Tell the catalog how many adopters count now, for the order of search; nothing is decided by it."""
    try:
        authority = awarding_authority(work)
    except NotFoundError:
        return
    catalog.set_adopters_within(work, dataset, count(work, authority, dataset, work.now.civil_day()).counted)


def _award_for_adopters() -> tuple[str, Instrument]:
    """Return the newest shipped instrument that pays by the count of adopters, and its document."""
    for document in sorted(policy.shipped(), key=lambda each: -each.revision.number):
        for instrument in document.instruments:
            if isinstance(instrument.terms, Fixed) and instrument.terms.measure == rules.ADOPTERS_MEASURE:
                return document.revision.document, instrument
    raise NotFoundError("policy_instrument_unknown", given=rules.ADOPTERS_MEASURE)


def _needed_and_levels(view: View, authority: AuthorityId, day: date) -> tuple[int, frozenset[str]]:
    _, instrument = _award_for_adopters()
    reading = next((each.default for each in instrument.assumptions if each.id.endswith(".leader-lists")), "")
    try:
        active = policy.in_force(view, authority, instrument.id, day)
    except RuleError:
        # A count is shown before a policy begins and after it ends; no award follows from it.
        pass
    else:
        instrument = active.instrument
        reading = next(
            (active.value(each.id) for each in instrument.assumptions if each.id.endswith(".leader-lists")), reading
        )
    if not isinstance(instrument.terms, Fixed):
        raise NotFoundError("policy_instrument_unknown", given=instrument.id)
    return instrument.terms.tiers[0].interval.first, rules.levels_counted(str(reading))


def _published_on(version: Version) -> date | None:
    if version.state is not VersionState.PUBLISHED or version.published_at is None:
        return None
    return version.published_at.civil_day()


def _document(work: Work, document: EvidenceId, kind: EvidenceKind) -> Document:
    found = manifests.require_evidence(work, [document], kind=kind, owner=work.actor.firm)[0]
    return Document(found.id, found.digest)


# Reports of laboratories.


def file_quality_report(work: Work, command: FileReport) -> QualityReport:
    """File a laboratory's report on a published content. Raises as ``quality.file_report``, and NotFoundError."""
    dataset = catalog.dataset(work, command.dataset)
    catalog.version_by_digest(work, dataset.id, command.content_digest)
    return quality.file_report(work, dataset.id, command)


def quality_report(view: View, digest: Digest, authority: AuthorityId | None = None) -> QualityReport | None:
    """Return the newest report on a content, of any laboratory or of one in the register of ``authority``."""
    return quality.report(view, digest, authority)
