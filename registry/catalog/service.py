"""Use cases of datasets and drafts: name, describe, draft, submit, publish, withdraw, open to a buyer.

Queries stand in ``reading.py``, publication in ``publishing.py``, the worker's part in ``verification.py``.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from registry.actors.model import Action
from registry.catalog import records, rules, statement_rules
from registry.catalog.access_model import EVERY_WAY, ReadWay
from registry.catalog.access_rules import require_openness
from registry.catalog.drafting import (
    add_file,
    add_pack,
    begin_with_within,
    change_files,
    give_uploads_up_within,
    holdings,
    remove_file,
)
from registry.catalog.manifest_pages import manifest
from registry.catalog.model import (
    CreateDataset,
    Dataset,
    OpenDraft,
    Openness,
    Version,
    VersionState,
)
from registry.catalog.ownership import own_dataset, own_draft, own_firm
from registry.catalog.packing import verification_units
from registry.catalog.provenance import correct_provenance, readable_parent
from registry.catalog.publishing import publish_draft, withdraw_version
from registry.catalog.reading import (
    count_open_drafts,
    dataset,
    draft,
    draft_file,
    draft_files,
    draft_progress,
    explained,
    latest,
    may_read,
    overlap_of,
    read_locations,
    search,
    version,
    version_by_digest,
    version_file,
    version_files,
    version_named,
    versions,
    versions_page,
    versions_then,
)
from registry.catalog.stating import (
    correct_card,
    deprecate_dataset,
    deprecate_version,
    require_rights_within,
    restore_dataset,
    restore_version,
    state_embargo,
    state_grade,
    state_industry,
    state_licence,
    state_registrations,
    state_rights,
    statements,
)
from registry.catalog.terms import set_terms_within
from registry.errors import ConflictError, RuleError
from registry.journal.work import Work
from registry.quotas import service as quotas
from registry.quotas.model import Figure
from registry.values.identifiers import DatasetId, FirmId, OrderId, VersionId
from registry.values.names import PublicName

__all__ = [
    "abandon_draft",
    "add_file",
    "add_pack",
    "change_files",
    "correct_card",
    "correct_provenance",
    "count_open_drafts",
    "create_dataset",
    "dataset",
    "deprecate_dataset",
    "deprecate_version",
    "draft",
    "draft_file",
    "draft_files",
    "draft_progress",
    "end_grant_within",
    "explained",
    "grant_within",
    "holdings",
    "latest",
    "manifest",
    "may_read",
    "open_draft",
    "overlap_of",
    "publish_draft",
    "read_locations",
    "remove_file",
    "rename_dataset",
    "restore_dataset",
    "restore_version",
    "search",
    "set_adopters_within",
    "set_price_within",
    "state_embargo",
    "state_grade",
    "state_industry",
    "state_licence",
    "state_registrations",
    "state_rights",
    "statements",
    "submit_draft",
    "version",
    "version_by_digest",
    "version_file",
    "version_files",
    "version_named",
    "versions",
    "versions_page",
    "versions_then",
    "withdraw_version",
]


def create_dataset(work: Work, command: CreateDataset) -> Dataset:
    """Take a public name. A namespace belongs to the firm that uses it first; a name is never used twice.

    Raises:
        NotAllowedError: The namespace is another firm's (``namespace_taken``), or the actor may not publish.
        ConflictError: The name is or was in use.
        InvalidValueError: Title, description, licence or keywords are beyond their limits.
    """
    firm = own_firm(work.actor, Action.DRAFT_VERSION)
    rules.require_described(command)
    require_openness(command)
    _take_namespace(work, command.name, firm)
    # Whoever gives a text wants it accepted: with terms a dataset is not open to everyone.
    open_to_all = command.access is Openness.PUBLIC and command.terms is None
    access = command.access if open_to_all or command.access is Openness.GATED else Openness.TERMS
    made = Dataset(
        id=DatasetId.new(),
        name=command.name,
        title=command.title,
        description=command.description,
        sector=command.sector,
        licence=command.licence,
        access=access,
        keywords=command.keywords,
        publisher=firm,
        created_at=work.now,
        newest=None,
    )
    records.add_dataset(work.connection, made)
    if not records.add_name(work.connection, made.id, command.name, work.now):
        raise ConflictError("name_taken", name=str(command.name))
    terms = set_terms_within(work, made, command.terms) if command.terms is not None else None
    work.journal(
        "catalog.dataset_created",
        made.id,
        name=str(made.name),
        title=made.title,
        licence=made.licence,
        access=access.value,
        terms_sha256=terms.digest.hex if terms and terms.digest else None,
    )
    return made


def _take_namespace(work: Work, name: PublicName, firm: FirmId) -> None:
    if records.take_namespace(work.connection, name.namespace, firm, work.now) != firm:
        raise ConflictError("namespace_taken", namespace=name.namespace)


def rename_dataset(work: Work, name: PublicName, new_name: PublicName) -> Dataset:
    """Give a dataset another name; the old one leads to it for ever. Raises ConflictError for a name ever used."""
    found = own_dataset(work, name, Action.DRAFT_VERSION)
    _take_namespace(work, new_name, found.publisher)
    if not records.add_name(work.connection, found.id, new_name, work.now):
        raise ConflictError("name_taken", name=str(new_name))
    records.set_name(work.connection, found.id, new_name)
    work.journal("catalog.dataset_renamed", found.id, before=str(found.name), after=str(new_name))
    return replace(found, name=new_name)


def open_draft(work: Work, command: OpenDraft) -> Version:
    """Begin a version of a dataset of one's own.

    Raises:
        NotFoundError: The dataset, or a parent that the actor may read, does not exist.
        InvalidValueError, RuleError: As ``rules.require_draft``; ``grade_core_refused`` for core data or a core parent.
    """
    found = own_dataset(work, command.dataset, Action.DRAFT_VERSION)
    rules.require_draft(command)
    quotas.lock_within(work, found.publisher)
    drafts = records.count_open_drafts(work.connection, found.publisher)
    quotas.require_room(work, found.publisher, Figure.DRAFTS_OPEN, drafts, 1)
    require_rights_within(work, command.rights)
    statement_rules.require_registrations(command.registrations, work.now.civil_day())
    statement_rules.require_industry(command.industry)
    statement_rules.require_embargo(command.embargo_until, work.now)
    statement_rules.require_grade_taken(command.grade)
    parents = tuple(readable_parent(work, name) for name in command.parents)
    made = _begun(work, command, found, parents)
    records.add_version(work.connection, made, work.actor.account)
    if command.base is not None:
        base = begin_with_within(work, made.id, found, command.base)
        made = replace(made, files=base.files, size_bytes=base.size_bytes)
    work.journal(
        "catalog.draft_opened", made.id, dataset=str(found.name), parents=list(made.parent_names), base=command.base
    )
    return made


def _begun(work: Work, command: OpenDraft, found: Dataset, parents: Sequence[Version]) -> Version:
    """Return a draft without files, as it was stated; its grade is at least that of its parents."""
    return Version(
        id=VersionId.new(),
        dataset=found.id,
        publisher=found.publisher,
        number=None,
        state=VersionState.OPEN,
        message=command.message,
        origin=command.origin,
        source=command.source,
        source_url=command.source_url,
        source_licence=command.source_licence,
        earlier_publications=command.earlier_publications,
        parents=tuple(parent.id for parent in parents),
        parent_names=tuple(map(str, command.parents)),
        contributors=command.contributors,
        grade=statement_rules.grade_of(command.grade, (parent.grade for parent in parents)),
        stated_grade=command.grade,
        rights=command.rights,
        registrations=command.registrations,
        industry=command.industry,
        desensitised=command.desensitised,
        embargo_until=command.embargo_until,
        files=0,
        size_bytes=0,
        rows=None,
        report={},
        faults=(),
        overlap=(),
        new_share_bp=None,
        content_digest=None,
        manifest_digest=None,
        created_at=work.now,
        published_at=None,
        withdrawn_reason=None,
    )


def abandon_draft(work: Work, draft_id: VersionId) -> Version:
    """Give a draft up with all its uploads. Raises NotFoundError, ConflictError."""
    found = own_draft(work, draft_id)
    rules.require_move(found.state, VersionState.ABANDONED)
    give_uploads_up_within(work, draft_id)
    records.set_version(work.connection, draft_id, state=VersionState.ABANDONED)
    work.journal("catalog.draft_abandoned", draft_id)
    return replace(found, state=VersionState.ABANDONED)


def submit_draft(work: Work, draft_id: VersionId) -> Version:
    """Hand a draft to the worker for verification.

    Raises:
        RuleError: It has no file, or the bytes of some have not arrived; every one is named.
        NotFoundError, ConflictError: There is no such draft, or it is not open.
    """
    found = own_draft(work, draft_id)
    rules.require_move(found.state, VersionState.VERIFYING)
    if not found.files:
        raise RuleError("draft_empty", draft=draft_id)
    left = records.unread(work.connection, draft_id, records.TABLES)
    if left.waiting:
        raise RuleError("files_not_received", files=left.waiting, path=left.first_waiting or "")
    units = verification_units(found.files, left.size_bytes, left.files, left.table_bytes)
    job = records.queue_verification(work.connection, draft_id, found.publisher, units)
    records.set_version(work.connection, draft_id, state=VersionState.VERIFYING, job_id=job, faults=[], overlap=[])
    work.journal("catalog.draft_submitted", draft_id, files=found.files, size_bytes=found.size_bytes)
    return replace(found, state=VersionState.VERIFYING)


def grant_within(
    work: Work,
    dataset: DatasetId,
    firm: FirmId,
    order: OrderId,
    version: VersionId | None = None,
    ways: AbstractSet[ReadWay] = EVERY_WAY,
) -> None:
    """Open a dataset to the firm whose order was accepted; part of the exchange's use case.

    ``version`` None: every version that stands while the grant lasts, those published later among them.
    """
    records.add_grant(work.connection, order, dataset, firm, work.now, version, ways)


def end_grant_within(work: Work, order: OrderId) -> None:
    """End what an order opened; new URLs are refused at once."""
    records.end_grant(work.connection, order, work.now)


def set_price_within(work: Work, dataset: DatasetId, fen: int | None) -> None:
    """State the lowest price of a dataset for search; None is free. The exchange calls it when a listing changes."""
    records.set_price(work.connection, dataset, fen)


def set_adopters_within(work: Work, dataset: DatasetId, adopters: int) -> None:
    """State how many adopters of a dataset count, for the order of search."""
    records.set_adopters(work.connection, dataset, adopters)
