"""What officers do with content: read it for a while, recall a version, see and show who holds it.

Rules:
* An office acts on datasets of firms that stand in its register (RULINGS 24).
* Staff read what is not open to everyone only by an access that ends by itself, at the latest after fourteen days,
  for a case or an audit, with a reason. The owner sees every such access and every read under it.
* A recall states reason, legal basis and document. From then on nobody reads, its publisher included; the page and
  search say so. Who was given addresses, and who had a grant, is listed for the publisher and the office.
"""

from dataclasses import replace
from datetime import timedelta

from registry.actors.model import Action, Resource
from registry.actors.rules import require
from registry.catalog import records, rules
from registry.catalog.access_model import (
    Holder,
    OpenStaffAccess,
    Recall,
    RecallVersion,
    StaffAccess,
    StaffRead,
)
from registry.catalog.access_rules import require_order, require_staff_access
from registry.catalog.holding import holding_firms
from registry.catalog.model import Dataset, Version, VersionName, VersionState
from registry.catalog.publishing import index_standing
from registry.catalog.reading import dataset, version_named
from registry.catalog.telling import access_event, version_event
from registry.catalog.terms import names_of, require_insight
from registry.errors import NotAllowedError, NotFoundError, RuleError
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.parties import service as parties
from registry.values.identifiers import AccountId, AuthorityId, FirmId, ReadId, StaffAccessId
from registry.values.moment import Moment
from registry.values.names import PublicName


def require_office(view: View, held: Dataset, action: Action) -> tuple[AuthorityId, AccountId]:
    """Return the office and the officer that act on a dataset. Raises NotAllowedError."""
    office = parties.concerned_office(view, frozenset({held.publisher}))
    require(view.actor, action, Resource(authority=office, dataset=held.id, subject=held.id))
    if office is None or view.actor.account is None:
        raise NotAllowedError("not_yours")
    return office, view.actor.account


def open_staff_access(work: Work, command: OpenStaffAccess) -> StaffAccess:
    """Open an access to a dataset for the officer who asks.

    Raises NotFoundError, NotAllowedError, InvalidValueError.
    """
    held = dataset(work, command.dataset)
    office, officer = require_office(work, held, Action.OPEN_STAFF_ACCESS)
    require_staff_access(command)
    made = StaffAccess(
        id=StaffAccessId.new(),
        dataset=held.id,
        authority=office,
        account=officer,
        reason=command.reason,
        case=command.case,
        opened_at=work.now,
        ends_at=work.now.plus(timedelta(days=command.days)),
    )
    records.add_staff_access(work.connection, made)
    work.journal(
        "catalog.staff_access_opened",
        made.id,
        dataset=held.id,
        reason=made.reason,
        case=made.case,
        ends_at=str(made.ends_at),
    )
    announce(work, access_event(Topic.ACCESS_USED, held, made.id, [held.publisher], ends_at=str(made.ends_at)))
    return made


def end_staff_access(work: Work, access: StaffAccessId) -> StaffAccess:
    """End an access of one's own before its time. Raises NotFoundError, NotAllowedError, RuleError."""
    found = records.staff_access_of(work.connection, access, lock=True)
    if found is None or found.account != work.actor.account:
        require(work.actor, Action.OPEN_STAFF_ACCESS)
        raise NotFoundError("staff_access_not_found", id=access)
    require(work.actor, Action.OPEN_STAFF_ACCESS, Resource(authority=found.authority, dataset=found.dataset))
    if found.ends_at <= work.now:
        raise RuleError("staff_access_over", id=access)
    records.set_staff_end(work.connection, access, work.now)
    work.journal("catalog.staff_access_closed", access, dataset=found.dataset)
    return replace(found, ends_at=work.now)


def staff_accesses(view: View, name: PublicName, after: StaffAccessId | None, limit: int) -> list[StaffAccess]:
    """Return the accesses of staff to a dataset, to its publisher and offices concerned with it, the newest first."""
    held = require_insight(view, name)
    return records.staff_accesses_page(view.connection, held.id, after, limit)


def staff_reads(view: View, access: StaffAccessId, after: tuple[Moment, ReadId] | None, limit: int) -> list[StaffRead]:
    """Return what was read under an access, to whoever may see the access. Raises NotFoundError, NotAllowedError."""
    found = records.staff_access_of(view.connection, access)
    held = records.dataset_of(view.connection, found.dataset) if found else None
    publisher = frozenset({held.publisher} if held else ())
    office = parties.concerned_office(view, publisher) if held else None
    seen_by = Resource(publisher, office, held.id if held else None)
    require(view.actor, Action.READ_ACCESS)
    if found is None or held is None or not (view.actor.firm in publisher or office):
        raise NotFoundError("staff_access_not_found", id=access)
    require(view.actor, Action.READ_ACCESS, seen_by)
    return records.staff_reads_page(view.connection, found, after, limit)


def recall_version(work: Work, command: RecallVersion) -> Version:
    """Recall a version of a firm that the officer's authority is concerned with.

    Raises NotFoundError, NotAllowedError, ConflictError, InvalidValueError.
    """
    name = VersionName(command.dataset, command.number)
    held = records.dataset_of(work.connection, dataset(work, command.dataset).id, lock=True)
    if held is None:
        raise NotFoundError("dataset_not_found", name=str(command.dataset))
    office, officer = require_office(work, held, Action.RECALL_VERSION)
    require_order(command.reason, command.legal_basis, command.document_number)
    found = version_named(work, name)
    rules.require_move(found.state, VersionState.RECALLED)
    records.set_version(work.connection, found.id, state=VersionState.RECALLED)
    made = Recall(found.id, office, officer, command.reason, command.legal_basis, command.document_number, work.now)
    records.add_recall(work.connection, made)
    newest = index_standing(work, held)
    if newest and newest.number:
        records.set_newest(work.connection, held.id, newest.number)
    work.journal(
        "catalog.version_recalled",
        found.id,
        name=str(name),
        authority=office,
        reason=command.reason,
        legal_basis=command.legal_basis,
        document_number=command.document_number,
    )
    recalled = replace(found, state=VersionState.RECALLED)
    announce(work, version_event(Topic.VERSION_RECALLED, held, recalled, holding_firms(work, recalled)))
    return recalled


def recall(view: View, name: VersionName) -> Recall:
    """Return the recall of a version; everyone may know of it. Raises NotFoundError."""
    found = records.recall_of(view.connection, version_named(view, name).id)
    if found is None:
        raise NotFoundError("recall_not_found", version=str(name))
    return found


def recall_shown(view: View, found: Version) -> Recall | None:
    """Return the recall of a version that the actor was shown, None where it was not recalled."""
    return records.recall_of(view.connection, found.id) if found.state is VersionState.RECALLED else None


def holders(view: View, name: VersionName, after: str, limit: int) -> list[Holder]:
    """Return who may hold content of a recalled or erased version, by party.

    For its publisher and offices concerned with it; of a version that stands, who read it is not told.

    Raises NotFoundError, NotAllowedError, RuleError.
    """
    held = require_insight(view, name.dataset)
    found = version_named(view, name)
    if found.state not in (VersionState.RECALLED, VersionState.ERASED):
        raise RuleError("version_not_recalled", version=str(name))
    rows = records.holders_page(view.connection, found.id, held.id, after, limit)
    firms = [FirmId(each.party) for each in rows if each.party.startswith(f"{FirmId.prefix}_")]
    names = names_of(view, firms)
    return [replace(each, name=_name_of(each.party, names)) for each in rows]


def _name_of(party: str, names: dict[FirmId, str]) -> str:
    return names.get(FirmId(party), "") if party.startswith(f"{FirmId.prefix}_") else ""
