"""Use cases of archives: archive a case, read and fetch packages, hold them, propose and decide their disposal.

The case is locked first, as by everything that changes it. A package is put into the store before its row is written:
the same state has the same bytes and the same key, so what a crash leaves there is found by the next attempt.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from registry.actors.model import Action
from registry.aftercare import service as aftercare
from registry.archive import records, rules
from registry.archive.gathering import After, Filing, after_of, papers_of
from registry.archive.model import (
    Archive,
    DecideDisposal,
    Disposal,
    DisposalState,
    HoldOrder,
    LiftHold,
    ProposeDisposal,
    SetHold,
    Shelf,
)
from registry.archive.terms import shipped_classes
from registry.awards import officers
from registry.awards.acting import account_of, found_case
from registry.awards.model import Case
from registry.dossier.exporting import read_export
from registry.dossier.service import require_alone
from registry.errors import ConflictError, CorruptContentError, NotAllowedError, NotFoundError, UnavailableError
from registry.journal.work import View, Work
from registry.offices.service import require_office
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import ArchiveHoldId, CaseId, DisposalId
from registry.values.moment import Moment, SystemClock
from storage.errors import ObjectMissingError, StoreConfigurationError, StoreUnavailableError
from storage.object_store import Bucket, ObjectStore, Place

ARCHIVES: Final = "archives/"


@dataclass(frozen=True, slots=True)
class Held:
    """Where a package lies, as ``read_export`` asks for it."""

    store: str
    place: Place


def held_at(archive: Archive) -> Held:
    """Return where a package lies."""
    return Held(archive.store, Place(Bucket.LOG, archive.key, archive.version_id))


# Archiving.


def archive_case(work: Work, filing: Filing, case_id: CaseId) -> Archive:
    """Archive a closed case as it is now, as its next revision.

    Raises:
        NotAllowedError, NotFoundError: The actor reviews no cases of this authority, is tied to it or recused.
        ConflictError: The case is open (``case_wrong_state``), archived as it is (``archive_unchanged``), disposed of.
        UnavailableError: Its newest entries are not in the log yet, or the store does not answer.
    """
    case = found_case(work, case_id, Action.REVIEW_CASE, lock=True)
    officers.require_free(work, case)
    return archive_within(work, filing, case)


def archive_within(work: Work, filing: Filing, case: Case) -> Archive:
    """Archive a case that is locked, for whoever was found to be let do it. Raises as ``archive_case``."""
    rules.require_closed(case)
    after = after_of(work, case)
    shelf = _shelf(work, case.id, after)
    rules.require_not_disposed(shelf)
    outcome = rules.outcome_of(case, after.recoveries)
    retention = shipped_classes()[case.kind, outcome]
    papers = papers_of(work, filing, case, after)
    content_digest = rules.content_digest(papers, retention)
    rules.require_new(shelf, content_digest)
    closed_on = rules.closed_at(case).civil_day()
    keep_until = rules.keep_until(closed_on, retention)
    number = len(shelf.revisions) + 1
    head: dict[str, Json] = {
        "service": filing.public_url,
        "case": case.id,
        "authority": case.authority,
        "kind": case.kind.value,
        "document": case.document,
        "instrument": case.instrument,
        "outcome": outcome.value,
        "closed_on": closed_on.isoformat(),
        "keep_until": keep_until.isoformat() if keep_until else None,
        "revision": number,
        "previous_sha256": shelf.newest.digest.hex if shelf.newest else None,
    }
    content = rules.package(head, papers, retention, filing.signing_key)
    digest, until = Digest.of(content), SystemClock().now().plus(filing.retention)
    place = _put(filing.store, f"{ARCHIVES}{case.id}/{number}-{digest.hex}.zip", content, until)
    entry = work.journal(
        "archive.case_archived",
        case.id,
        number=number,
        sha256=digest.hex,
        content_sha256=content_digest.hex,
        retention_class=retention.id,
        keep_until=keep_until.isoformat() if keep_until else None,
    )
    made = Archive(
        case=case.id,
        authority=case.authority,
        number=number,
        outcome=outcome,
        retention_class=retention.id,
        closed_on=closed_on,
        keep_until=keep_until,
        digest=digest,
        content_digest=content_digest,
        size_bytes=len(content),
        store=filing.store.identity,
        key=place.key,
        version_id=place.version_id,
        retain_until=until,
        made_by=work.actor.account,
        made_at=work.now,
        entry=entry,
    )
    records.add_archive(work.connection, made)
    return made


def _put(store: ObjectStore, key: str, content: bytes, until: Moment) -> Place:
    try:
        return store.put(Bucket.LOG, key, content, until.instant).place
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error


# Reading.


def shelf(view: View, case_id: CaseId) -> Shelf:
    """Return what is known of the archive of a case. Raises NotFoundError, NotAllowedError: not the firm's case alone.

    A firm sees revisions; orders and disposals are the office's own affair.
    """
    case = found_case(view, case_id, Action.READ_CASE)
    require_alone(view, case)
    found = _shelf(view, case.id, after_of(view, case))
    return replace(found, orders=(), disposals=()) if view.actor.authority is None else found


def package(view: View, store: ObjectStore, case_id: CaseId, number: int | None) -> tuple[Archive, bytes]:
    """Return a revision with its package, the newest by default.

    A firm gets its own case without the documents that other parties filed; the index names them all the same.

    Raises:
        NotFoundError: There is no such case, or no such revision.
        NotAllowedError: The case pays other firms, too.
        ConflictError: The archive is disposed of.
        CorruptContentError: The store holds something else.
    """
    case = found_case(view, case_id, Action.READ_CASE)
    require_alone(view, case)
    found = _shelf(view, case.id, After((), ()))
    rules.require_not_disposed(found)
    wanted = [each for each in found.revisions if number in {None, each.number}]
    if not wanted:
        raise NotFoundError("archive_not_found", id=case_id)
    content = content_of(store, wanted[-1])
    if view.actor.authority is None:
        content = rules.without(content, rules.office_only(content))
    return wanted[-1], content


def content_of(store: ObjectStore, archive: Archive) -> bytes:
    """Return the package of a revision. Raises CorruptContentError, UnavailableError."""
    try:
        content = read_export(store, held_at(archive))
    except ObjectMissingError as error:
        raise CorruptContentError("archive_damaged", id=archive.case, number=archive.number) from error
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error
    if Digest.of(content) != archive.digest:
        raise CorruptContentError("archive_damaged", id=archive.case, number=archive.number)
    return content


def archives(view: View, *, disposable: bool, after: CaseId | None, limit: int) -> tuple[Archive, ...]:
    """Return a page of the newest revisions of the actor's office, or of those that may be disposed of today.

    Raises NotAllowedError.
    """
    office = require_office(view.actor, Action.READ_OFFICE)
    today: date | None = view.now.civil_day() if disposable else None
    return records.archives_page(view.connection, office, disposable_on=today, after=after, limit=limit)


def _shelf(view: View, case: CaseId, after: After) -> Shelf:
    orders = records.holds_of(view.connection, case)
    in_force = any(each.lifted_at is None for each in orders)
    return Shelf(
        case=case,
        revisions=records.archives_of(view.connection, case),
        held=rules.held(aftercare.remedy_open(view, case), after.recoveries, in_force),
        orders=orders,
        disposals=records.disposals_of(view.connection, case),
    )


# Holding.


def set_hold(work: Work, command: SetHold) -> HoldOrder:
    """Hold the archive of a case by a numbered order, also of one that is not archived yet.

    Raises:
        NotAllowedError, NotFoundError: The actor signs nothing here, is tied to it or recused.
        ConflictError: The number is taken, or the archive is disposed of.
    """
    case = _free_for(work, command.case, Action.SIGN_CASE)
    rules.require_not_disposed(_shelf(work, case.id, After((), ())))
    hold, number = ArchiveHoldId.new(), command.number.strip()
    # The reason is free text and stays out of the log's entry.
    entry = work.journal("archive.hold_set", case.id, hold=hold, number=number)
    made = HoldOrder(
        id=hold,
        case=case.id,
        authority=case.authority,
        number=number,
        reason=command.reason.strip(),
        set_by=account_of(work.actor),
        set_at=work.now,
        entry=entry,
    )
    if not records.add_hold(work.connection, made):
        raise ConflictError("archive_hold_number_taken", id=case.id, number=number)
    return made


def lift_hold(work: Work, command: LiftHold) -> HoldOrder:
    """End an order that holds an archive. Raises NotAllowedError, NotFoundError, ConflictError: it was ended."""
    seen = records.hold_of(work.connection, command.hold)
    if seen is None or seen.authority != work.actor.authority:
        require_office(work.actor, Action.SIGN_CASE)
        raise NotFoundError("archive_hold_not_found", id=command.hold)
    case = _free_for(work, seen.case, Action.SIGN_CASE)
    found = records.hold_of(work.connection, command.hold)
    if found is None or found.lifted_at is not None:
        raise ConflictError("archive_hold_lifted", id=command.hold)
    made = replace(
        found,
        lifting_number=command.number.strip(),
        lifting_reason=command.reason.strip(),
        lifted_by=account_of(work.actor),
        lifted_at=work.now,
    )
    work.journal("archive.hold_lifted", case.id, hold=found.id, number=command.number.strip())
    records.lift_hold(work.connection, made)
    return made


# Disposal.


def propose_disposal(work: Work, command: ProposeDisposal) -> Disposal:
    """Propose that an archive is disposed of, every revision of it.

    Raises:
        NotAllowedError, NotFoundError: The actor reviews no cases of this authority, is tied to it or recused.
        ConflictError: It is not archived, or a disposal stands already.
        RuleError: ``archive_not_disposable`` with everything that stands against it.
    """
    case = _free_for(work, command.case, Action.REVIEW_CASE)
    after = after_of(work, case)
    found = _shelf(work, case.id, after)
    rules.require_not_disposed(found)
    _require_disposable(work, case, found, after)
    disposal = DisposalId.new()
    digests: list[Json] = [each.digest.hex for each in found.revisions]
    entry = work.journal("archive.disposal_proposed", case.id, disposal=disposal, packages=digests)
    made = Disposal(
        id=disposal,
        case=case.id,
        authority=case.authority,
        reason=command.reason.strip(),
        state=DisposalState.PROPOSED,
        proposed_by=account_of(work.actor),
        proposed_at=work.now,
        entry=entry,
    )
    if not records.add_disposal(work.connection, made):
        raise ConflictError("archive_disposal_proposed", id=case.id)
    return made


def decide_disposal(work: Work, command: DecideDisposal) -> Disposal:
    """Confirm a proposed disposal, or reject it. What is confirmed is removed by the worker, all or later again.

    Raises:
        NotAllowedError, NotFoundError: The actor signs nothing here, or proposed it (``archive_disposal_own``).
        ConflictError: None is proposed.
        RuleError: ``archive_not_disposable``: something has come to stand against it meanwhile.
    """
    case = _free_for(work, command.case, Action.SIGN_CASE)
    after = after_of(work, case)
    found = _shelf(work, case.id, after)
    proposed = next((each for each in found.disposals if each.state is DisposalState.PROPOSED), None)
    if proposed is None:
        raise ConflictError("archive_disposal_missing", id=case.id)
    officer = account_of(work.actor)
    if proposed.proposed_by == officer:
        raise NotAllowedError("archive_disposal_own", id=case.id)
    if command.confirmed:
        _require_disposable(work, case, found, after)
    state = DisposalState.CONFIRMED if command.confirmed else DisposalState.REJECTED
    made = replace(
        proposed, state=state, decision_reason=command.reason.strip(), decided_by=officer, decided_at=work.now
    )
    work.journal(f"archive.disposal_{state.value}", case.id, disposal=proposed.id)
    records.save_disposal(work.connection, made)
    return made


def _require_disposable(work: Work, case: Case, found: Shelf, after: After) -> None:
    # A case that was archived and then reopened has no archive of what it will come to.
    rules.require_newest(found)
    rules.require_closed(case)
    outcome = rules.outcome_of(case, after.recoveries)
    rules.require_disposable(found, outcome, work.now.civil_day(), SystemClock().now())


def _free_for(work: Work, case_id: CaseId, action: Action) -> Case:
    """Return a case, locked, for an officer who may act in it. Raises NotAllowedError, NotFoundError."""
    case = found_case(work, case_id, action, lock=True)
    officers.require_free(work, case)
    return case
