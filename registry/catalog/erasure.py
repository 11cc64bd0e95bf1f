"""Erasure by law: two officers order it, nobody reads any more, a tombstone stays.

Rules:
* One officer requests, another of the same authority confirms, of an authority that is concerned with every publisher
  (RULINGS 24). The order states reason, legal basis and document number.
* Erased is content, not a name: all bytes with the digests of the versions named, wherever they lie. Another version
  or draft that holds some of them is named to the officers; it is erased by the same order or explicitly kept, and what
  is kept keeps the bytes it shares.
* A tombstone stays: who, when, on which basis, the content and manifest digests. What was read in the content (profile,
  labels, search words) goes; names and sizes of the files go if the order says so, with what the journal's entries of
  the version open to. The journal's proofs hold all the same.
* From the confirmation on nobody reads. Bytes leave store and replicas after the transaction (``erasing``).
"""

from collections.abc import Sequence
from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require
from registry.catalog import records, rules
from registry.catalog.access_rules import require_order
from registry.catalog.drafting import give_uploads_up_within
from registry.catalog.erasure_model import (
    ERASURE_MOVES,
    ERASURE_VERSIONS_MAX,
    SHARING_SHOWN_MAX,
    Erasure,
    ErasureState,
    RequestErasure,
)
from registry.catalog.holding import holding_firms
from registry.catalog.model import DRAFT_STATES, Version, VersionName, VersionState
from registry.catalog.publishing import index_standing
from registry.catalog.reading import version_named
from registry.catalog.telling import version_event
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError, Obstacle, RuleError
from registry.journal.records import erase_openings
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.parties import service as parties
from registry.values.identifiers import AccountId, AuthorityId, ErasureId, VersionId
from registry.values.names import PublicName


def request_erasure(work: Work, command: RequestErasure) -> Erasure:
    """Ask to erase versions.

    Raises:
        NotAllowedError: The actor is not such an officer, or the authority is not concerned with a publisher.
        NotFoundError: There is no such version.
        RuleError: ``content_held_elsewhere``, naming what else holds content and is neither erased nor kept.
        ConflictError: A version cannot be erased as it stands.
        InvalidValueError: No version, too many, or one named twice.
    """
    require(work.actor, Action.ORDER_ERASURE)
    require_order(command.reason, command.legal_basis, command.document_number)
    named = [*command.versions, *command.keep]
    if not command.versions or len(named) > ERASURE_VERSIONS_MAX or len(set(named)) != len(named):
        raise InvalidValueError("erasure_versions", given=len(named), limit=ERASURE_VERSIONS_MAX)
    covered = [_version_of(work, each) for each in command.versions]
    kept = [_version_of(work, each) for each in command.keep]
    office, officer = _office(work, covered, Action.ORDER_ERASURE)
    for each in covered:
        _require_erasable(each)
    _require_told(work, [each.id for each in covered], [each.id for each in kept])
    made = Erasure(
        id=ErasureId.new(),
        authority=office,
        state=ErasureState.REQUESTED,
        reason=command.reason,
        legal_basis=command.legal_basis,
        document_number=command.document_number,
        hide_files=command.hide_files,
        requested_by=officer,
        requested_at=work.now,
        versions=command.versions,
        keep=command.keep,
    )
    records.add_erasure(work.connection, made, [each.id for each in covered], [each.id for each in kept])
    work.journal(
        "catalog.erasure_requested",
        made.id,
        versions=[each.id for each in covered],
        keep=[each.id for each in kept],
        legal_basis=made.legal_basis,
        document_number=made.document_number,
        hide_files=made.hide_files,
    )
    return made


def confirm_erasure(work: Work, erasure: ErasureId) -> Erasure:
    """Confirm an order of a colleague: from now on nobody reads, and the bytes leave the store.

    Raises:
        NotAllowedError: The actor is not such an officer, or is the one who requested it.
        NotFoundError: There is no such order of the actor's authority.
        RuleError: Content has come to be held elsewhere since the request.
        ConflictError: It is not waiting, or a version cannot be erased as it stands.
    """
    found = _own(work, erasure, Action.CONFIRM_ERASURE, lock=True)
    _require_move(found, ErasureState.CONFIRMED)
    if work.actor.account is None or work.actor.account == found.requested_by:
        raise NotAllowedError("erasure_same_officer")
    covered = records.erasure_version_ids(work.connection, erasure, kept=False)
    kept = records.erasure_version_ids(work.connection, erasure, kept=True)
    versions = [each for each in (records.version_of(work.connection, v, lock=True) for v in covered) if each]
    for each in versions:
        _require_erasable(each)
    records.condemn_contents(work.connection, erasure, covered, kept, hide_files=found.hide_files)
    _require_told(work, covered, kept)
    erase_versions_within(work, versions, hide_files=found.hide_files)
    made = replace(found, state=ErasureState.CONFIRMED, confirmed_by=work.actor.account, confirmed_at=work.now)
    records.set_erasure(
        work.connection, erasure, state=made.state, confirmed_by=made.confirmed_by, confirmed_at=made.confirmed_at
    )
    work.journal(
        "catalog.erasure_confirmed",
        erasure,
        versions=[{"id": each.id, "content_digest": _digest(each)} for each in versions],
        keep=list(kept),
        legal_basis=found.legal_basis,
        document_number=found.document_number,
    )
    _tell(work, versions)
    return records.erasure_of(work.connection, erasure) or made


def take_back_erasure(work: Work, erasure: ErasureId) -> Erasure:
    """Take an order back before it is confirmed. Raises NotFoundError, NotAllowedError, ConflictError."""
    found = _own(work, erasure, Action.ORDER_ERASURE, lock=True)
    _require_move(found, ErasureState.TAKEN_BACK)
    records.set_erasure(work.connection, erasure, state=ErasureState.TAKEN_BACK)
    work.journal("catalog.erasure_taken_back", erasure)
    return replace(found, state=ErasureState.TAKEN_BACK)


def erasures(view: View, after: ErasureId | None, limit: int) -> list[Erasure]:
    """Return the orders of the officer's authority, the newest first. Raises NotAllowedError."""
    require(view.actor, Action.READ_ERASURE)
    office = view.actor.authority
    return records.erasures_page(view.connection, office, after, limit) if office else []


def erasure_order(view: View, erasure: ErasureId) -> Erasure:
    """Return an order of the officer's authority. Raises NotFoundError, NotAllowedError."""
    return _own(view, erasure, Action.READ_ERASURE)


def tombstone(view: View, name: VersionName) -> Erasure:
    """Return the order that erased a version; everyone may know of it. Raises NotFoundError."""
    found = records.erasure_that_erased(view.connection, version_named(view, name).id)
    if found is None:
        raise NotFoundError("erasure_not_found", id=str(name))
    return found


def erasure_shown(view: View, found: Version) -> Erasure | None:
    """Return the order that erased a version the actor was shown, None where it was not erased."""
    erased = found.state is VersionState.ERASED
    return records.erasure_that_erased(view.connection, found.id) if erased else None


def erase_versions_within(work: Work, versions: Sequence[Version], *, hide_files: bool) -> None:
    """Turn versions into tombstones and give drafts up; their bytes are condemned by the caller."""
    for each in versions:
        drafted = each.state in DRAFT_STATES
        if drafted:
            give_uploads_up_within(work, each.id)
        state = VersionState.ABANDONED if drafted else VersionState.ERASED
        emptied = {"files": 0, "size_bytes": 0, "rows": None} if hide_files or drafted else {}
        records.set_version(work.connection, each.id, state=state, report={}, faults=[], overlap=[], **emptied)
        records.empty_version(work.connection, each.id, hide_files=hide_files or drafted)
        if hide_files:
            erase_openings(work.connection, each.id, but="catalog.version_")
    for dataset in {each.dataset for each in versions}:
        held = records.dataset_of(work.connection, dataset, lock=True)
        newest = index_standing(work, held) if held else None
        if held and newest and newest.number:
            records.set_newest(work.connection, held.id, newest.number)


def _tell(work: Work, erased: Sequence[Version]) -> None:
    """Tell everybody of the versions that were erased, and whoever may hold them."""
    for each in erased:
        held = records.dataset_of(work.connection, each.dataset)
        if held is not None and each.number is not None:
            stone = replace(each, state=VersionState.ERASED)
            announce(work, version_event(Topic.VERSION_ERASED, held, stone, holding_firms(work, stone)))


def _version_of(work: Work, text: str) -> Version:
    """Return a version by its name, or a version or draft by its id. Raises NotFoundError, InvalidValueError."""
    if text.startswith(f"{VersionId.prefix}_"):
        found = records.version_of(work.connection, VersionId(text))
    else:
        name, _, number = text.partition("@v")
        if not (number.isascii() and number.isdecimal() and len(number) < 9):
            raise InvalidValueError("version_malformed", given=text[:40])
        held = records.dataset_of(work.connection, PublicName.parse(name))
        found = records.numbered(work.connection, held.id, int(number)) if held else None
    if found is None:
        raise NotFoundError("version_not_found", name=text)
    return found


def _office(work: Work, covered: Sequence[Version], action: Action) -> tuple[AuthorityId, AccountId]:
    """Return office and officer, if the office is concerned with every publisher. Raises NotAllowedError."""
    office = work.actor.authority
    for publisher in {each.publisher for each in covered}:
        concerned = parties.concerned_office(work, frozenset({publisher}))
        require(work.actor, action, Resource(authority=concerned, firms=frozenset()))
        if concerned is None:
            raise NotAllowedError("not_yours")
    if office is None or work.actor.account is None:
        raise NotAllowedError("not_yours")
    return office, work.actor.account


def _require_erasable(found: Version) -> None:
    if found.state in (VersionState.VERIFYING, VersionState.ABANDONED):
        raise ConflictError("version_state", state=found.state.value, wanted=VersionState.ERASED.value)
    if found.state not in DRAFT_STATES:
        rules.require_move(found.state, VersionState.ERASED)


def _require_told(work: Work, covered: Sequence[VersionId], kept: Sequence[VersionId]) -> None:
    """Raise RuleError unless everything that holds some of the content is erased by the same order or kept."""
    others = records.sharing(work.connection, covered, kept, SHARING_SHOWN_MAX)
    if others:
        raise RuleError(
            "content_held_elsewhere",
            tuple(
                Obstacle(
                    "content_also_in",
                    "",
                    parameters={"version": each.name, "files": each.files, "size_bytes": each.size_bytes},
                    evidence=("keep", "versions"),
                )
                for each in others
            ),
            version=others[0].name,
        )


def _own(view: View, erasure: ErasureId, action: Action, *, lock: bool = False) -> Erasure:
    require(view.actor, action)
    found = records.erasure_of(view.connection, erasure, lock=lock)
    if found is None or found.authority != view.actor.authority:
        raise NotFoundError("erasure_not_found", id=erasure)
    return found


def _require_move(found: Erasure, wanted: ErasureState) -> None:
    if wanted not in ERASURE_MOVES[found.state]:
        raise ConflictError("erasure_state", id=found.id, state=found.state.value, wanted=wanted.value)


def _digest(found: Version) -> str | None:
    return str(found.content_digest) if found.content_digest else None
