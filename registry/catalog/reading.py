"""Queries of the catalog. Whatever leads to content asks the one gate, ``rules.access``."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from registry.actors.model import Action, Actor, Resource, Role, Scope
from registry.actors.rules import require, require_visible
from registry.catalog import records, rules
from registry.catalog.access_model import ReadWay
from registry.catalog.gate import ReadFacts, Required, conditions
from registry.catalog.model import (
    Dataset,
    DraftProgress,
    FoundOverlap,
    Openness,
    Search,
    SearchPage,
    Verdict,
    Version,
    VersionFile,
    VersionName,
    VersionState,
)
from registry.catalog.search import query_words
from registry.errors import InvalidValueError, NotAllowedError, NotFoundError
from registry.journal import service as journal
from registry.journal.service import Proof
from registry.journal.work import View
from registry.manifests import service as manifests
from registry.manifests.model import FilePath
from registry.manifests.uploads import Blob, UploadState
from registry.parties import service as parties
from registry.sketches import service as sketches
from registry.values.digest import Digest
from registry.values.identifiers import BlobId, DatasetId, FirmId, VersionId
from registry.values.moment import Moment
from registry.values.names import PublicName

READ_PATHS_MAX = 100
PUBLISHED_ENTRY = "catalog.version_published"
# The later state first: what was recalled may have been withdrawn before.
_ENTRIES: Final = {
    VersionState.RECALLED: "catalog.version_recalled",
    VersionState.WITHDRAWN: "catalog.version_withdrawn",
}


def dataset(view: View, wanted: PublicName | DatasetId) -> Dataset:
    """Return a dataset by id or by any name it ever had. One without a published version is known to its firm only.

    Raises:
        NotFoundError: There is none that the actor may know of.
    """
    found = records.dataset_of(view.connection, wanted)
    if found is None or not _known(view, found):
        raise NotFoundError("dataset_not_found", name=str(wanted))
    return found


def _known(view: View, found: Dataset) -> bool:
    if found.newest is None and view.actor.firm != found.publisher:
        return False
    states = [held.state for held in records.versions_of(view.connection, found.id)]
    return rules.is_known(view.actor, found.publisher, states)


def versions(view: View, dataset_id: DatasetId) -> tuple[Version, ...]:
    """Return the versions of a dataset that were ever published, the oldest first; a lineage is one dataset."""
    dataset(view, dataset_id)
    return records.versions_of(view.connection, dataset_id)


def versions_page(view: View, dataset_id: DatasetId, after: int, limit: int) -> tuple[Version, ...]:
    """Return a page of the versions of a dataset that were ever published, behind a number, the oldest first."""
    return records.versions_page(view.connection, dataset_id, after, limit)


def versions_then(view: View, dataset_id: DatasetId) -> tuple[Version, ...]:
    """Return the versions of a dataset as they stood at the instant of the view, which may have passed.

    When a version was withdrawn or recalled, the journal says. What was erased since stays erased: of that nothing but
    a tombstone is left to judge by.
    """
    return tuple(
        replace(version, state=_state_then(view, version))
        for version in versions(view, dataset_id)
        if not version.published_at or version.published_at <= view.now
    )


def _state_then(view: View, version: Version) -> VersionState:
    if version.state not in _ENTRIES:
        return version.state
    for state, entry in _ENTRIES.items():
        at = journal.decided_at(view, entry, version.id)
        if at is not None and at <= view.now:
            return state
    return VersionState.PUBLISHED


def latest(view: View, dataset_id: DatasetId) -> Version | None:
    """Return the newest version that stands published, or None."""
    standing = [held for held in versions(view, dataset_id) if rules.is_listed(held.state)]
    return standing[-1] if standing else None


def version(view: View, version_id: VersionId) -> Version:
    """Return a version; a draft only to its own firm. Raises NotFoundError."""
    found = records.version_of(view.connection, version_id)
    if found is None or (found.is_draft and found.publisher != view.actor.firm):
        raise NotFoundError("version_not_found", name=version_id)
    return found


def version_named(view: View, name: VersionName) -> Version:
    """Return a published version by its name. Raises NotFoundError."""
    held = dataset(view, name.dataset)
    found = records.numbered(view.connection, held.id, name.number)
    if found is None:
        raise NotFoundError("version_not_found", name=str(name))
    return found


def publication(view: View, name: VersionName) -> Proof:
    """Return the entry of the journal by which a version was published, with all that proves it. Raises NotFoundError.

    Whoever may see the version may see what the entry commits to: its name and digests.
    """
    return journal.proof_about(view, PUBLISHED_ENTRY, version_named(view, name).id)


def version_by_digest(view: View, dataset_id: DatasetId, digest: Digest) -> Version:
    """Return the version of a dataset with this content. Raises NotFoundError."""
    found = records.same_content(view.connection, digest, dataset_id)
    if found is None:
        raise NotFoundError("version_not_found", name=str(digest))
    return found


def draft(view: View, draft_id: VersionId) -> Version:
    """Return a draft, or the version it became, to its own firm. Raises NotFoundError, NotAllowedError."""
    found = records.version_of(view.connection, draft_id)
    if found is None:
        raise NotFoundError("draft_not_found", id=draft_id)
    owned = Resource(firms=frozenset({found.publisher}), dataset=found.dataset, subject=found.id)
    require_visible(view.actor, Action.DRAFT_VERSION, owned, "draft")
    return found


def draft_files(
    view: View, draft_id: VersionId, limit: int, after: str = ""
) -> tuple[tuple[VersionFile, UploadState | None], ...]:
    """Return files of a draft of one's own by path, each with the state of its upload if it has one."""
    draft(view, draft_id)
    return tuple(records.draft_files(view.connection, draft_id, after, limit))


def draft_progress(view: View, found: Version) -> DraftProgress | None:
    """Return how far the verification of a draft has come, or None for one that is not being verified."""
    if found.state is not VersionState.VERIFYING:
        return None
    job = records.verification_of(view.connection, found.id)
    # Units are bytes and what a file costs beside them, so that the share holds for both.
    done = found.size_bytes * min(job.done_units, job.total_units) // job.total_units if job and job.total_units else 0
    return DraftProgress(done, found.size_bytes)


def draft_file(view: View, draft_id: VersionId, path: FilePath) -> VersionFile:
    """Return a file of a draft of one's own. Raises NotFoundError."""
    draft(view, draft_id)
    files = records.files_at(view.connection, draft_id, [path])
    if not files:
        raise NotFoundError("file_not_found", path=str(path))
    return files[0]


def may_read(view: View, found: Version, way: ReadWay = ReadWay.DOWNLOAD) -> Verdict:
    """Return whether the actor may read the content of a version: the gate, with the facts it asks for."""
    return rules.access(view.actor, _facts(view, found, way))


def explained(view: View, name: VersionName, firm: FirmId | None = None) -> tuple[Required, ...]:
    """Return every condition of the gate for the actor, or for a member of ``firm`` with a role to read, in order.

    What follows from them is what ``may_read`` says. For another firm it is told to the publisher's own members and
    to auditors of an authority that is concerned with it.

    Raises:
        NotFoundError: There is no such version.
        NotAllowedError: The actor may not ask for another firm.
    """
    found = version_named(view, name)
    if firm is None or firm == view.actor.firm:
        return conditions(view.actor, _facts(view, found))
    publisher = frozenset({found.publisher})
    asked = Resource(publisher, parties.concerned_office(view, publisher), found.dataset, found.id)
    require(view.actor, Action.READ_ACCESS, asked)
    reader = Actor(view.actor.account, "", firm, None, frozenset({Role.READER}), frozenset({Scope.READ}))
    return conditions(reader, _facts(View(view.connection, reader, view.now), found))


def lacks_grant(view: View, held: Dataset) -> bool:
    """Return whether a grant is what the actor's firm is missing, for the newest version that stands."""
    newest = latest(view, held.id)
    if newest is None:
        return False
    return any(each.name == "grant" and not each.met for each in conditions(view.actor, _facts(view, newest)))


def _facts(view: View, found: Version, way: ReadWay = ReadWay.DOWNLOAD) -> ReadFacts:
    held = records.dataset_of(view.connection, found.dataset)
    if held is None:
        raise NotFoundError("dataset_not_found", name=found.dataset)
    firm, connection = view.actor.firm, view.connection
    standing = records.text_standing(connection, held.id) if held.access is not Openness.PUBLIC else None
    accepted = records.text_accepted(connection, held.id, firm) if firm and standing else None
    return ReadFacts(
        dataset=held.id,
        publisher=held.publisher,
        state=found.state,
        access=held.access,
        grade=found.grade,
        embargo_until=found.embargo_until,
        now=view.now,
        grant_ends=tuple(records.grant_ends(connection, held.id, firm, found.id, way)) if firm else (),
        terms=standing[0] if standing else None,
        terms_accepted=accepted[0] if accepted else None,
        terms_digest=standing[1] if standing else None,
        accepted_digest=accepted[1] if accepted else None,
        terms_address=f"/v1/datasets/{held.name}/terms",
        staff_ends=_staff_ends(view, held.id),
    )


def _staff_ends(view: View, dataset_id: DatasetId) -> tuple[Moment, ...]:
    actor = view.actor
    if actor.authority is None or actor.account is None:
        return ()
    return tuple(records.staff_ends(view.connection, dataset_id, actor.account))


def version_files(view: View, name: VersionName, after: str, limit: int) -> tuple[VersionFile, ...]:
    """Return the files of a version in ascending order of path, from after ``after`` on."""
    return records.files_of(view.connection, version_named(view, name).id, after, limit)


def version_file(view: View, name: VersionName, path: FilePath) -> VersionFile:
    """Return one file of a version. Raises NotFoundError."""
    found = records.files_at(view.connection, version_named(view, name).id, [path])
    if not found:
        raise NotFoundError("file_not_found", path=str(path))
    return found[0]


def read_locations(
    view: View, name: VersionName, paths: Sequence[FilePath], paths_max: int = READ_PATHS_MAX
) -> tuple[tuple[VersionFile, Blob], ...]:
    """Return where files of a version lie, for whoever may read them.

    Raises:
        NotAllowedError: The gate refuses; the code is its reason.
        NotFoundError: There is no such version, or a file it does not have.
        InvalidValueError: No path, or more than ``paths_max``.
    """
    if not 1 <= len(paths) <= paths_max:
        raise InvalidValueError("too_many", field="paths", given=len(paths), limit=paths_max)
    found = version_named(view, name)
    verdict = may_read(view, found)
    if not verdict.allowed:
        raise NotAllowedError(verdict.reason, version=str(name), **verdict.parameters)
    files = {file.path: file for file in records.files_at(view.connection, found.id, paths)}
    for path in paths:
        if path not in files:
            raise NotFoundError("file_not_found", path=str(path))
    wanted = [(files[path], blob) for path in dict.fromkeys(paths) if (blob := files[path].blob) is not None]
    blobs = manifests.blobs(view, [blob for _, blob in wanted])
    return tuple((file, _blob(blobs, blob)) for file, blob in wanted)


def _blob(found: Mapping[BlobId, Blob], blob: BlobId) -> Blob:
    if blob not in found:
        raise NotFoundError("blob_not_found", id=blob)
    return found[blob]


def search(view: View, wanted: Search, after: tuple[int, int, str] | None = None) -> SearchPage:
    """Return published datasets, public and gated alike: descriptions are open, content asks the gate.

    Those with the words in their title come first, then those with the most adopters. ``after`` is the position of the
    last hit of the page before.
    """
    rules.require_search(wanted)
    words = query_words(wanted.text)
    if wanted.text.strip() and not words:
        return SearchPage((), {name: {} for name in ("sector", "licence", "key_industry", "format", "price")})
    return records.search_page(view.connection, wanted, words, after)


def overlap_of(view: View, found: Version) -> tuple[rules.Likeness, ...]:
    """Return the published versions a draft is like, the most alike first."""
    sketch = sketches.sketch_of(view, found.id)
    if sketch is None:
        return ()
    likenesses = sketches.likenesses(view, sketch, without=found.id)
    held = records.versions_by_id(view.connection, [like.version for like in likenesses])
    names = records.datasets_of(view.connection, {other.dataset for other in held.values()})
    return tuple(
        rules.Likeness(
            like.version,
            f"{names[held[like.version].dataset].name}@v{held[like.version].number}",
            held[like.version].dataset,
            like.overlap,
            frozenset(held[like.version].parents),
        )
        for like in likenesses
        if like.version in held
    )


def shown_overlap(likenesses: tuple[rules.Likeness, ...]) -> tuple[FoundOverlap, ...]:
    """Return likenesses as a draft shows them."""
    return tuple(
        FoundOverlap(
            like.version,
            like.name,
            like.overlap.row_containment.basis_points,
            like.overlap.column_containment.basis_points,
        )
        for like in likenesses
    )


def count_open_drafts(view: View, firm: FirmId) -> int:
    """Return how many drafts of a firm are neither published nor given up; the caller has asked who may know."""
    return records.count_open_drafts(view.connection, firm)
